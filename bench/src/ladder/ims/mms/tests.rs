use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use protocol::mm4::Mm4MessageType;
use protocol::mms::{
    MMS_MEDIA_TYPE, MessageType, MmsPdu, MmsStatus, NotifyRespInd, ResponseStatus, RetrieveConf, RetrieveStatus,
    SendConf,
};
use protocol::{Instant, Joint, TapEvent};

use super::*;
use crate::ladder::ims::find::Bound;
use crate::ladder::ims::{HttpSeen, ImsActor, ImsCast};

fn cast() -> ImsCast {
    let ue = ImsActor {
        name: "anna".into(),
        impi: "001010000000001@ims.test".into(),
        impu: "sip:anna@ims.test".into(),
        msisdn: "99900000001".into(),
        ip: IpAddr::V4(Ipv4Addr::new(10, 45, 0, 1)),
        pcscf: String::new(),
        mms_relay: "MMS Relay/Server".into(),
        system: None,
    };
    ImsCast::new(0, ue, None, None)
}

const FORWARD: &str = "From: +99900000001/TYPE=PLMN@mmsc.a\r\nTo: +99900000002/TYPE=PLMN@mmsc.b,\r\n \
                       +99900000003/TYPE=PLMN@mmsc.b\r\nX-Mms-Message-Type: MM4_forward.REQ\r\n\
                       X-Mms-Transaction-ID: \"7\"\r\nX-Mms-Message-ID: \"1f@mmsc.a\"\r\n\r\nX-Mms-Message-Type: x\r\n";

#[test]
fn a_mail_is_that_of_its_sender_and_its_report_that_of_the_message() {
    let (cast, nothing) = (cast(), Bound::new());
    let seen = Mm4Seen::of(FORWARD.as_bytes()).unwrap();
    assert_eq!(seen.kind, "MM4_forward.REQ");
    let mail = |kind, of| Mm4 { kind, of, exchange: "x" };
    let learned = mail("MM4_forward.REQ", Mm4Of::Sender).sees(&seen, &cast, &nothing).unwrap();
    let bound: Bound = learned.into_iter().collect();
    assert_eq!((bound["MM4 x"].as_str(), bound["X-Mms-Message-ID"].as_str()), ("7", "1f@mmsc.a"));
    assert_eq!(mail("MM4_forward.REQ", Mm4Of::Recipient).sees(&seen, &cast, &nothing), None);
    let mut other = cast.clone();
    other.ue.msisdn = "99900000003".into();
    assert!(mail("MM4_forward.REQ", Mm4Of::Recipient).sees(&seen, &other, &nothing).is_some());
    let report = |id: &str| {
        let text = format!(
            "X-Mms-Message-Type: MM4_delivery_report.REQ\r\nX-Mms-Transaction-ID: 7\r\nX-Mms-Message-ID: {id}\r\n\r\n"
        );
        let seen = Mm4Seen::of(text.as_bytes()).unwrap();
        mail("MM4_delivery_report.REQ", Mm4Of::Message).sees(&seen, &cast, &bound).is_some()
    };
    assert_eq!((report("1f@mmsc.a"), report("2f@mmsc.a")), (true, false));
    assert_eq!(Mm4Seen::of(b"EHLO mmsc.a\r\n"), None);
    let filter = mail("MM4_forward.REQ", Mm4Of::Sender).filter(&cast, &bound);
    assert!(filter.ends_with("frame contains \"1f@mmsc.a\" && frame contains \"7\""), "{filter}");
}

#[test]
fn a_pdu_is_that_of_the_user_whom_the_gateway_names() {
    let pdu = MmsPdu::from(NotifyRespInd::new("t", Default::default(), MmsStatus::DEFERRED)).emit(&[]);
    let event = |asserted: &str| {
        let head = format!("POST / HTTP/1.1\r\nContent-Type: {MMS_MEDIA_TYPE}\r\n{asserted}\r\n");
        let event = TapEvent {
            at: Instant::ZERO,
            joint: Joint::Mm1,
            from: String::new(),
            to: String::new(),
            channel: "tcp 10.45.0.1:40001 10.46.0.71:80".into(),
            lcid: 0,
            bytes: [head.as_bytes(), &pdu].concat(),
        };
        HttpSeen::of(&event).unwrap()
    };
    let is = |kind, is_asserted| Mm1 { is: Mm1Is::Post(kind), exchange: "x", is_asserted };
    let nothing = Bound::new();
    for kind in [MessageType::NOTIFYRESP_IND, MessageType::SEND_REQ] {
        let is_seen = is(kind, false).sees(&event(""), &cast(), &nothing).is_some();
        assert_eq!(is_seen, kind == MessageType::NOTIFYRESP_IND);
    }
    let sees = |asserted: &str, kind| is(kind, true).sees(&event(asserted), &cast(), &nothing).is_some();
    assert!(!sees("", MessageType::NOTIFYRESP_IND));
    let of = |number: &str| format!("X-3GPP-Asserted-Identity: \"tel:+{number}\"\r\n");
    assert!(sees(&of("99900000001"), MessageType::NOTIFYRESP_IND));
    assert!(!sees(&of("99900000002"), MessageType::NOTIFYRESP_IND));
    assert!(!sees(&of("999000000012"), MessageType::NOTIFYRESP_IND));
    // That of another notification, and what is no deferral.
    let other: Bound = [("M-Notification X-Mms-Transaction-ID".to_owned(), "u".to_owned())].into();
    assert_eq!(said(&pdu, MessageType::NOTIFYRESP_IND, &other), None);
    let rejected = MmsPdu::from(NotifyRespInd::new("t", Default::default(), MmsStatus::REJECTED)).emit(&[]);
    assert_eq!(said(&rejected, MessageType::NOTIFYRESP_IND, &nothing), None);
}

#[test]
fn a_refusal_is_no_confirmation_and_a_failure_no_retrieval() {
    let nothing = Bound::new();
    let conf = |status| {
        let conf = SendConf { message_id: Some("1f@mmsc.a".into()), ..SendConf::new("t", Default::default(), status) };
        MmsPdu::from(conf).emit(&[])
    };
    let learned = said(&conf(ResponseStatus::OK), MessageType::SEND_CONF, &nothing).unwrap();
    assert_eq!(learned, [("X-Mms-Message-ID".to_owned(), "1f@mmsc.a".to_owned())]);
    let refused = conf(ResponseStatus::ERROR_CONTENT_NOT_ACCEPTED);
    assert_eq!(said(&refused, MessageType::SEND_CONF, &nothing), None);
    let (failed, body) = RetrieveConf::failed(RetrieveStatus::PERMANENT_MESSAGE_NOT_FOUND, "gone", 1);
    assert_eq!(said(&MmsPdu::from(failed).emit(&body), MessageType::RETRIEVE_CONF, &nothing), None);
}

#[test]
fn a_push_is_for_the_port_and_has_the_pdu_of_the_message() {
    let header = [0x06, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0];
    let push = [&header[..], &[1, 6, 0x8c, 0x86, 0x8d, 0x92, 0x8b], b"1f@mmsc.a\0"].concat();
    let bound = |id: &str| -> Bound { [("X-Mms-Message-ID".to_owned(), id.to_owned())].into() };
    assert!(is_push(&push, MessageType::DELIVERY_IND, &bound("1f@mmsc.a")));
    assert!(!is_push(&push, MessageType::DELIVERY_IND, &bound("2f@mmsc.a")));
    assert!(!is_push(&push, MessageType::NOTIFICATION_IND, &Bound::new()));
    assert!(!is_push(&push[7..], MessageType::DELIVERY_IND, &Bound::new()));
    let filter = push_filter(MessageType::DELIVERY_IND, &bound("1f@mmsc.a"));
    assert_eq!(filter, " && frame contains 05:04:0b:84 && frame contains 8c:86 && frame contains \"1f@mmsc.a\"");
}

#[test]
fn mails_of_ladders_are_those_of_the_standard() {
    let rows = mms_procedures().flat_map(|own| own.steps);
    let kinds = rows.filter_map(|row| match row.see {
        See::Mm4(mail) => Some(mail.kind),
        _ => None,
    });
    let kinds: BTreeSet<_> = kinds.collect();
    assert!(kinds.len() >= 3, "{kinds:?}");
    assert!(kinds.iter().all(|kind| Mm4MessageType::WORDS.contains(kind)), "{kinds:?}");
}
