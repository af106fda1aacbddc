//! PDUs octet for octet, and what is refused.

use super::hex;
use crate::mms::{
    AcknowledgeInd, ContentClass, ContentType, DeliveryInd, ForwardReq, From, MessageClass, MmsAddress, MmsPdu,
    MmsProblem, MmsProblemKind, MmsStatus, MmsTime, MmsVersion, NotificationInd, NotifyRespInd, Part, Priority,
    ReadOrigInd, ReadRecInd, ReadStatus, ResponseStatus, RetrieveConf, RetrieveStatus, SendConf, SendReq,
    SenderVisibility, emit_parts,
};

fn phone(number: &str) -> MmsAddress {
    MmsAddress::phone(number)
}

fn is(pdu: impl Into<MmsPdu>, octets: &str) {
    let pdu = pdu.into();
    assert_eq!(pdu.emit(b""), hex(octets), "{pdu}");
    assert_eq!(MmsPdu::parse(&hex(octets)), Ok((pdu, &b""[..])));
}

#[test]
fn what_a_terminal_sends() {
    let mut send = SendReq::new("T1", vec![phone("+491")], ContentType::new(ContentType::MIXED));
    (send.cc, send.bcc) = (vec![MmsAddress::mail("a@b")], vec![MmsAddress::short_code("99")]);
    send.date = Some(0x6500_0000);
    send.subject = Some("Hé".into());
    send.message_class = Some(MessageClass::Named("x".into()));
    (send.expiry, send.delivery_time) = (Some(MmsTime::Relative(3600)), Some(MmsTime::Absolute(0x6500_0001)));
    (send.priority, send.sender_visibility) = (Some(Priority::HIGH), Some(SenderVisibility::HIDE));
    (send.delivery_report, send.read_report) = (Some(true), Some(false));
    send.content_class = Some(ContentClass::IMAGE_RICH);
    is(
        send,
        "8C80 98 5431 00 8D92 85 04 65000000 89 01 81 97 2B3439312F545950453D504C4D4E 00 82 614062 00 81 3939 00
         96 05 EA 48C3A9 00 8A 78 00 88 04 81 02 0E10 87 06 80 04 65000001 8F82 9480 8680 9081 BA82 84 A3",
    );
    is(NotifyRespInd::new("n", MmsVersion::V1_0, MmsStatus::DEFERRED), "8C83 98 6E 00 8D90 9583");
    let allowed = AcknowledgeInd { report_allowed: Some(false), ..AcknowledgeInd::new("r", MmsVersion::V1_2) };
    is(allowed, "8C85 98 72 00 8D92 9181");
    let read = ReadRecInd::new("m@r", phone("+491"), ReadStatus::READ);
    is(read, "8C87 8D92 8B 6D4072 00 97 2B3439312F545950453D504C4D4E 00 89 01 81 9B80");
    let forward = ForwardReq::new("f", vec![phone("+491")], "http://r/1");
    is(forward, "8C89 98 66 00 8D92 89 01 81 97 2B3439312F545950453D504C4D4E 00 83 687474703A2F2F722F31 00");
}

#[test]
fn what_a_relay_sends() {
    is(SendConf::ok("T1", MmsVersion::V1_2, "m@r"), "8C81 98 5431 00 8D92 9280 8B 6D4072 00");
    let mut notification = NotificationInd::new("n", "http://r/1", 0x0001_0203, MmsTime::Relative(60));
    notification.from = Some(From::Address(phone("+491")));
    notification.subject = Some("s".into());
    is(
        notification,
        "8C82 98 6E 00 8D92 89 10 80 2B3439312F545950453D504C4D4E 00 96 73 00 8A80 8E 03 010203 88 03 81 01 3C
         83 687474703A2F2F722F31 00",
    );
    let report = DeliveryInd::new("m@r", phone("+491"), 1, MmsStatus::RETRIEVED);
    is(report, "8C86 8D92 8B 6D4072 00 97 2B3439312F545950453D504C4D4E 00 85 01 01 9581");
    let read = ReadOrigInd::new("m", phone("+1"), phone("+2"), 1, ReadStatus::DELETED_WITHOUT_BEING_READ);
    is(read, "8C88 8D92 8B 6D 00 97 2B312F545950453D504C4D4E 00 89 0E 80 2B322F545950453D504C4D4E 00 85 01 01 9B81");
    let (failed, body) = RetrieveConf::failed(RetrieveStatus::PERMANENT_MESSAGE_NOT_FOUND, "gone", 1);
    assert!(!failed.is_ok());
    let octets = MmsPdu::from(failed.clone()).emit(&body);
    assert_eq!(octets, hex("8C84 8D92 85 01 01 99E2 9A 676F6E65 00 84 03 83 81 EA 676F6E65"));
    assert_eq!(MmsPdu::parse(&octets), Ok((failed.into(), &b"gone"[..])));
}

#[test]
fn a_message_with_parts_in_words() {
    let parts = [Part::text("hi").named("t", "t.txt"), Part::new(ContentType::new("image/jpeg"), &[0xFF; 10][..])];
    let body = emit_parts(&parts);
    let pdu = MmsPdu::from(SendReq::new("T1", vec![phone("+491")], ContentType::related("t", "text/plain")));
    assert_eq!(
        pdu.describe(&body),
        "M-Send.req 1.2, transaction T1, from whom the relay knows, to +491/TYPE=PLMN, parts: text/plain t.txt \
         (2 octets), image/jpeg (10 octets)"
    );
    assert_eq!(pdu.describe(&body[..5]), format!("{pdu}, the body ends within part 1"));
}

fn problem(octets: &str) -> MmsProblem {
    MmsPdu::parse(&hex(octets)).expect_err("it is taken")
}

#[test]
fn another_major_version_is_refused() {
    let other = problem("8C80 98 5431 00 8DA0 97 31 00 84 A3 00");
    assert_eq!((other.kind, other.version), (MmsProblemKind::UnsupportedVersion, Some(MmsVersion(0x20))));
    assert_eq!(other.to_string(), "M-Send.req: version 2.0 is not spoken");
    let Some(MmsPdu::SendConf(conf)) = other.answer_of_relay() else { panic!("it is not answered") };
    assert_eq!((conf.response_status, conf.version), (ResponseStatus::ERROR_UNSUPPORTED_MESSAGE, MmsVersion::V1_2));
    assert_eq!(conf.transaction_id, "T1");
    let Some(MmsPdu::NotifyRespInd(response)) = problem("8C82 98 6E 00 8DA0").answer_of_terminal() else {
        panic!("it is not answered")
    };
    assert_eq!((response.status, response.transaction_id.as_str()), (MmsStatus::UNRECOGNISED, "n"));
    // A minor version that is not known is no problem, and neither is one that is not told.
    for version in ["9E", "9F"] {
        let octets = hex(&format!("8C83 98 6E 00 8D{version} 9581"));
        assert_eq!(MmsPdu::parse(&octets).unwrap().0.version().major(), 1);
    }
    assert_eq!(MmsVersion(0x1F).to_string(), "1");
}

#[test]
fn what_is_not_supported_is_refused_by_its_name() {
    for (kind, name) in [("8B", "M-Mbox-Store.req"), ("93", "M-Mbox-Descr"), ("96", "M-Cancel.req"), ("C5", "0xc5")] {
        let refused = problem(&format!("8C{kind} 98 5431 00 8D92"));
        assert_eq!((refused.kind, refused.why), (MmsProblemKind::UnsupportedPdu, format!("{name} is not supported")));
        assert_eq!(refused.message_type.map(|kind| kind.to_string()).as_deref(), Some(name));
    }
}

#[test]
fn what_is_broken_is_answered_as_far_as_it_is_known() {
    let cases = [
        ("", "MM1: it has no message type"),
        ("8D92 98 31 00", "MM1: it has no message type"),
        ("8C80 8D92 89 01 81 84 A3 00", "M-Send.req: X-Mms-Transaction-ID is missing, or is none"),
        ("8C80 98 31 00 89 01 81 84 A3 00", "M-Send.req: X-Mms-MMS-Version is missing, or is none"),
        ("8C80 98 31 00 8D92 84 A3 00", "M-Send.req: From is missing, or is none"),
        ("8C80 98 31 00 8D92 89 01 82 84 A3 00", "M-Send.req: From is missing, or is none"),
        ("8C80 98 31 00 8D92 89 01 81", "M-Send.req: Content-Type is missing, or is none"),
        ("8C80 98 31 00 8D92 89 01 81 84 05", "M-Send.req: its Content-Type is not understood"),
        ("8C80 98 31 00 8D92 89 05 81", "M-Send.req: its headers are not understood"),
        ("8C83 98 31 00 8D92", "M-NotifyResp.ind: X-Mms-Status is missing, or is none"),
        ("8C83 98 31 00 8D92 95 31 00", "M-NotifyResp.ind: X-Mms-Status is missing, or is none"),
        ("8C83 98 310A32 00 8D92 9581", "M-NotifyResp.ind: X-Mms-Transaction-ID is missing, or is none"),
        ("8C83 98 FF31 00 8D92 9581", "M-NotifyResp.ind: X-Mms-Transaction-ID is missing, or is none"),
    ];
    for (octets, wanted) in cases {
        let problem = problem(octets);
        assert_eq!((problem.to_string().as_str(), problem.kind), (wanted, MmsProblemKind::Corrupt), "{octets}");
    }
    let known = problem("8C80 98 31 00 8D90 89 05 81").answer_of_relay();
    let Some(MmsPdu::SendConf(conf)) = known else { panic!("it is not answered") };
    assert_eq!(conf.response_status, ResponseStatus::ERROR_MESSAGE_FORMAT_CORRUPT);
    let known = problem("8C89 98 31 00 8D92 89 05 81").answer_of_relay();
    let Some(MmsPdu::ForwardConf(conf)) = known else { panic!("it is not answered") };
    assert_eq!(conf.response_status, ResponseStatus::PERMANENT_MESSAGE_FORMAT_CORRUPT);
    assert_eq!(problem("8C83 98 31 00 8D92").answer_of_relay(), None);
}

#[test]
fn headers_that_make_no_sense_stay_as_they_came() {
    // A priority of two octets, a second subject, one with a number, two with names.
    let octets = hex("8C81 98 31 00 8D92 9280 8F 41 00 93 61 00 93 62 00 BF 02 0102 582D41 00 62 00 582D42 00 81");
    let (MmsPdu::SendConf(conf), _) = MmsPdu::parse(&octets).unwrap() else { panic!("it is another PDU") };
    assert_eq!((conf.response_text.clone(), conf.other.len()), (Some("a".into()), 5));
    assert_eq!((conf.other[0].text().as_deref(), conf.other[1].text().as_deref()), (Some("A"), Some("b")));
    assert_eq!((conf.other[2].value(), conf.other[2].text()), (&[2, 1, 2][..], None));
    assert!(conf.other[3].is_named("x-a") && conf.other[4].is_named("X-B"));
    assert_eq!(MmsPdu::parse(&MmsPdu::from(conf.clone()).emit(b"")), Ok((conf.into(), &b""[..])));
    // An unquoted text.
    let octets = hex("8C82 98 31 00 8D92 96 C3A9 00 8A80 8E 01 05 88 03 81 01 3C 83 61 00");
    let (MmsPdu::NotificationInd(pdu), _) = MmsPdu::parse(&octets).unwrap() else { panic!("it is another PDU") };
    assert_eq!(pdu.subject.unwrap().text(), "é");
}

#[test]
fn headers_have_bounds() {
    let head = hex("8C83 98 31 00 8D92 9581");
    let many = |count: usize| [head.clone(), [0x86, 0x80].repeat(count)].concat();
    assert!(MmsPdu::parse(&many(900)).is_ok());
    let problem = MmsPdu::parse(&many(1100)).expect_err("it is taken");
    assert_eq!(problem.why, "it has more headers than are taken");
    let long = [head, vec![0xB7], vec![b'a'; 70_000], vec![0]].concat();
    assert!(MmsPdu::parse(&long).is_err());
}

#[test]
fn terminals_of_version_1_0_are_told_what_they_know() {
    use ResponseStatus as Status;
    let pairs = [
        (Status::OK, 0x80),
        (Status::TRANSIENT_FAILURE, 0x81),
        (Status::PERMANENT_SERVICE_DENIED, 0x82),
        (Status::PERMANENT_MESSAGE_FORMAT_CORRUPT, 0x83),
        (Status::PERMANENT_SENDING_ADDRESS_UNRESOLVED, 0x84),
        (Status::PERMANENT_MESSAGE_NOT_FOUND, 0x85),
        (Status::TRANSIENT_NETWORK_PROBLEM, 0x86),
        (Status::PERMANENT_CONTENT_NOT_ACCEPTED, 0x87),
        (Status::ERROR_UNSUPPORTED_MESSAGE, 0x88),
    ];
    for (status, old) in pairs {
        assert_eq!((status.for_version(MmsVersion::V1_0).0, status.for_version(MmsVersion::V1_1)), (old, status));
    }
    assert!(Status(0xC9).is_transient() && !Status::PERMANENT_FAILURE.is_transient() && Status::OK.is_ok());
}
