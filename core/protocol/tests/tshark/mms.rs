//! Multimedia messages as another program reads them: in HTTP, in SIP, and pushed in short messages.

use std::collections::{BTreeMap, BTreeSet};

use etherparse::PacketBuilder;
use protocol::UdpDatagram;
use protocol::mms::{
    AcknowledgeInd, Charset, ContentType, DeliveryInd, Disposition, EncodedString, ForwardConf, ForwardReq, From,
    MMS_MEDIA_TYPE, MessageClass, MmsAddress, MmsPdu, MmsStatus, MmsTime, MmsVersion, NotificationInd, NotifyRespInd,
    Part, PreviouslySentBy, PreviouslySentDate, Priority, ReadOrigInd, ReadRecInd, ReadStatus, ReplyCharging,
    ResponseStatus, RetrieveConf, RetrieveStatus, SendConf, SendReq, SenderVisibility, WapPush, emit_parts,
};
use protocol::sms::{Address, ConcatenationReference, Deliver, RpMessage, SMS_MEDIA_TYPE, Timestamp, Tpdu};

use super::RAW_IP;
use super::capture::{capture, tshark};

/// 2026-11-12T21:21:00Z.
const DATE: u64 = 1_794_518_460;

/// A PDU, its body, and what tshark is to say of its fields.
type Case = (MmsPdu, Vec<u8>, Vec<(&'static str, &'static str)>);

fn phone(number: &str) -> MmsAddress {
    MmsAddress::phone(number)
}

fn body() -> Vec<u8> {
    let smil = ContentType::new("application/smil");
    let mut image = Part::new(ContentType::new("image/jpeg"), vec![0xFF; 300]).named("i", "i.jpg");
    image.disposition = Some(Disposition::attachment("i.jpg"));
    emit_parts(&[
        Part::new(smil, &b"<smil/>"[..]).named("smil", "s.smil"),
        Part::text("hello").named("t", "t.txt"),
        image,
    ])
}

fn send_req() -> Case {
    let pdu = SendReq {
        date: Some(DATE),
        cc: vec![MmsAddress::mail("ann@example.net")],
        bcc: vec![MmsAddress::short_code("1337")],
        subject: Some("hello".into()),
        message_class: Some(MessageClass::Informational),
        expiry: Some(MmsTime::Relative(259_200)),
        delivery_time: Some(MmsTime::Absolute(DATE + 60)),
        priority: Some(Priority::HIGH),
        sender_visibility: Some(SenderVisibility::SHOW),
        delivery_report: Some(true),
        read_report: Some(false),
        reply_charging: Some(ReplyCharging::REQUESTED_TEXT_ONLY),
        reply_charging_deadline: Some(MmsTime::Relative(3600)),
        reply_charging_size: Some(100_000),
        ..SendReq::new(
            "T1",
            vec![phone("+358401111111"), phone("+358402222222")],
            ContentType::related("smil", "application/smil"),
        )
    };
    let said = vec![
        ("mmse.message_type", "0x80"),
        ("mmse.transaction_id", "T1"),
        ("mmse.mms_version", "1.2"),
        ("mmse.date", "Nov 12, 2026 21:21:00.000000000 UTC"),
        ("mmse.from", "<insert address>"),
        ("mmse.to", "+358401111111/TYPE=PLMN;+358402222222/TYPE=PLMN"),
        ("mmse.cc", "ann@example.net"),
        ("mmse.bcc", "1337"),
        ("mmse.subject", "hello"),
        ("mmse.message_class.id", "0x82"),
        ("mmse.expiry.rel", "259200.000000000"),
        ("mmse.delivery_time.abs", "Nov 12, 2026 21:22:00.000000000 UTC"),
        ("mmse.priority", "0x82"),
        ("mmse.sender_visibility", "0x81"),
        ("mmse.delivery_report", "0x80"),
        ("mmse.read_report", "0x81"),
        ("mmse.reply_charging", "0x81"),
        ("mmse.reply_charging_deadline.rel", "3600.000000000"),
        ("mmse.reply_charging_size", "100000"),
        ("wsp.multipart", "1;2;3"),
        ("wsp.header.content_id", "\"<smil>\";\"<t>\";\"<i>\""),
        ("wsp.header.content_location", "s.smil;t.txt;i.jpg"),
    ];
    (pdu.into(), body(), said)
}

fn retrieve_conf() -> Case {
    let pdu = RetrieveConf {
        transaction_id: Some("R1".into()),
        from: Some(From::Address(phone("+358401111111"))),
        to: vec![phone("+358402222222")],
        cc: vec![phone("+358403333333")],
        previously_sent_by: vec![PreviouslySentBy { forwarded_count: 1, address: phone("+358404444444") }],
        previously_sent_date: vec![PreviouslySentDate { forwarded_count: 1, date: DATE }],
        subject: EncodedString::in_charset(Charset::US_ASCII, "hello"),
        message_class: Some(MessageClass::Named("x-own".into())),
        priority: Some(Priority::LOW),
        delivery_report: Some(false),
        read_report: Some(true),
        retrieve_text: Some("here".into()),
        reply_charging: Some(ReplyCharging::ACCEPTED),
        reply_charging_deadline: Some(MmsTime::Absolute(DATE)),
        reply_charging_id: Some("m0".into()),
        ..RetrieveConf::new("m1@relay", DATE, ContentType::new(ContentType::MIXED))
    };
    let said = vec![
        ("mmse.message_type", "0x84"),
        ("mmse.transaction_id", "R1"),
        ("mmse.message_id", "m1@relay"),
        ("mmse.date", "Nov 12, 2026 21:21:00.000000000 UTC"),
        ("mmse.from", "+358401111111/TYPE=PLMN"),
        ("mmse.to", "+358402222222/TYPE=PLMN"),
        ("mmse.cc", "+358403333333/TYPE=PLMN"),
        ("mmse.previously_sent_by.forward_count", "1"),
        ("mmse.previously_sent_by.address", "+358404444444/TYPE=PLMN"),
        ("mmse.previously_sent_date.forward_count", "1"),
        ("mmse.subject", "hello"),
        ("mmse.message_class.str", "x-own"),
        ("mmse.priority", "0x80"),
        ("mmse.delivery_report", "0x81"),
        ("mmse.read_report", "0x80"),
        ("mmse.retrieve_status", "0x80"),
        ("mmse.retrieve_text", "here"),
        ("mmse.reply_charging", "0x82"),
        ("mmse.reply_charging_deadline.abs", "Nov 12, 2026 21:21:00.000000000 UTC"),
        ("mmse.reply_charging_id", "m0"),
        ("wsp.multipart", "1;2;3"),
    ];
    (pdu.into(), body(), said)
}

fn notification() -> NotificationInd {
    NotificationInd {
        from: Some(From::Address(phone("+358401111111"))),
        subject: Some("hello".into()),
        delivery_report: Some(true),
        priority: Some(Priority::NORMAL),
        ..NotificationInd::new("N1", "http://relay.example.net/a1b2", 654_321, MmsTime::Absolute(DATE))
    }
}

const NOTIFIED: [(&str, &str); 10] = [
    ("mmse.message_type", "0x82"),
    ("mmse.transaction_id", "N1"),
    ("mmse.from", "+358401111111/TYPE=PLMN"),
    ("mmse.subject", "hello"),
    ("mmse.delivery_report", "0x80"),
    ("mmse.message_class.id", "0x80"),
    ("mmse.priority", "0x81"),
    ("mmse.message_size", "654321"),
    ("mmse.expiry.abs", "Nov 12, 2026 21:21:00.000000000 UTC"),
    ("mmse.content_location", "http://relay.example.net/a1b2"),
];

fn cases() -> Vec<Case> {
    let alone = |pdu: MmsPdu, said: &[(&'static str, &'static str)]| (pdu, Vec::new(), said.to_vec());
    let partial = SendConf {
        response_text: Some("one of two".into()),
        ..SendConf::new("T2", MmsVersion::V1_3, ResponseStatus::TRANSIENT_PARTIAL_SUCCESS)
    };
    let deferred =
        NotifyRespInd { report_allowed: Some(true), ..NotifyRespInd::new("N1", MmsVersion::V1_1, MmsStatus::DEFERRED) };
    let taken = AcknowledgeInd { report_allowed: Some(false), ..AcknowledgeInd::new("R1", MmsVersion::V1_0) };
    let read = ReadRecInd { date: Some(DATE), ..ReadRecInd::new("m1", phone("+1"), ReadStatus::READ) };
    let deleted = ReadStatus::DELETED_WITHOUT_BEING_READ;
    let refused = RetrieveConf::failed(RetrieveStatus::PERMANENT_MESSAGE_NOT_FOUND, "gone", DATE);
    let forward = ForwardReq {
        delivery_report: Some(true),
        report_allowed: Some(false),
        ..ForwardReq::new("F1", vec![phone("+2")], "http://relay/1")
    };
    vec![
        send_req(),
        alone(
            SendConf::ok("T1", MmsVersion::V1_2, "m1@relay").into(),
            &[("mmse.message_type", "0x81"), ("mmse.response_status", "0x80"), ("mmse.message_id", "m1@relay")],
        ),
        alone(
            partial.into(),
            &[("mmse.mms_version", "1.3"), ("mmse.response_status", "0xc4"), ("mmse.response_text", "one of two")],
        ),
        alone(notification().into(), &NOTIFIED),
        alone(
            deferred.into(),
            &[("mmse.message_type", "0x83"), ("mmse.status", "0x83"), ("mmse.report_allowed", "0x80")],
        ),
        retrieve_conf(),
        (
            refused.0.into(),
            refused.1,
            vec![("mmse.retrieve_status", "0xe2"), ("mmse.retrieve_text", "gone"), ("mmse.message_id", "")],
        ),
        alone(
            taken.into(),
            &[("mmse.message_type", "0x85"), ("mmse.report_allowed", "0x81"), ("mmse.mms_version", "1.0")],
        ),
        alone(
            DeliveryInd::new("m1@relay", phone("+358402222222"), DATE, MmsStatus::RETRIEVED).into(),
            &[
                ("mmse.message_type", "0x86"),
                ("mmse.message_id", "m1@relay"),
                ("mmse.to", "+358402222222/TYPE=PLMN"),
                ("mmse.date", "Nov 12, 2026 21:21:00.000000000 UTC"),
                ("mmse.status", "0x81"),
            ],
        ),
        alone(
            read.into(),
            &[("mmse.message_type", "0x87"), ("mmse.read_status", "0x80"), ("mmse.from", "<insert address>")],
        ),
        alone(
            ReadOrigInd::new("m1", phone("+1"), phone("+2"), DATE, deleted).into(),
            &[("mmse.message_type", "0x88"), ("mmse.read_status", "0x81"), ("mmse.from", "+2/TYPE=PLMN")],
        ),
        alone(
            forward.into(),
            &[
                ("mmse.message_type", "0x89"),
                ("mmse.to", "+2/TYPE=PLMN"),
                ("mmse.content_location", "http://relay/1"),
                ("mmse.delivery_report", "0x80"),
                ("mmse.report_allowed", "0x81"),
            ],
        ),
        alone(
            ForwardConf::new("F1", MmsVersion::V1_2, ResponseStatus::PERMANENT_MESSAGE_NOT_FOUND).into(),
            &[("mmse.message_type", "0x8a"), ("mmse.transaction_id", "F1"), ("mmse.response_status", "0xe4")],
        ),
    ]
}

/// A POST in a connection of its own.
fn posted(at: usize, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: relay\r\nContent-Type: {MMS_MEDIA_TYPE}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let builder = PacketBuilder::ipv4([10, 45, 0, 1], [10, 46, 0, 1], 64).tcp(40_000 + at as u16, 80, 1, 65_000);
    let mut packet = Vec::new();
    builder.ack(1).psh().write(&mut packet, &[head.as_bytes(), body].concat()).expect("a packet");
    packet
}

/// A MESSAGE that carries it.
fn message(at: usize, media_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "MESSAGE sip:ue@10.45.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.46.0.1:5060;branch=z9hG4bK{at}\r\nMax-Forwards: 70\r\n\
         From: <sip:relay@home1.net>;tag=1\r\nTo: <sip:ue@home1.net>\r\nCall-ID: {at}@home1.net\r\nCSeq: 1 MESSAGE\r\n\
         Content-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (source, destination) = ("10.46.0.1:5060".parse().unwrap(), "10.45.0.1:5060".parse().unwrap());
    UdpDatagram { source, destination, payload: &[head.as_bytes(), body].concat() }.emit().unwrap()
}

/// Compares what tshark says of each packet with what it is to say; nothing may be malformed.
fn judged(packets: &[Vec<u8>], wanted: &[&[(&str, &str)]]) {
    let pcap = capture(RAW_IP, packets);
    let Some(malformed) = tshark(&pcap, &["-Y", "_ws.malformed or mmse.oversized_uintvar"]) else { return };
    assert_eq!(malformed, "");
    let fields: BTreeSet<_> = wanted.iter().flat_map(|wanted| wanted.iter().map(|(field, _)| *field)).collect();
    let mut arguments = vec!["-T", "fields", "-E", "separator=|", "-E", "aggregator=;"];
    arguments.extend(fields.iter().flat_map(|field| ["-e", field]));
    let said = tshark(&pcap, &arguments).unwrap();
    assert_eq!(said.lines().count(), packets.len(), "{said}");
    for (line, wanted) in said.lines().zip(wanted) {
        let said: BTreeMap<_, _> = fields.iter().copied().zip(line.split('|')).collect();
        let said: Vec<_> = wanted.iter().map(|(field, _)| (*field, said[field])).collect();
        assert_eq!(said, *wanted);
    }
}

#[test]
fn every_pdu_in_http() {
    let cases = cases();
    let packets = cases.iter().enumerate().map(|(at, (pdu, body, _))| posted(at, &pdu.emit(body)));
    let wanted: Vec<_> = cases.iter().map(|(_, _, said)| said.as_slice()).collect();
    judged(&packets.collect::<Vec<_>>(), &wanted);
}

#[test]
fn every_pdu_in_sip() {
    let cases = cases();
    let packets = cases.iter().enumerate().map(|(at, (pdu, body, _))| message(at, MMS_MEDIA_TYPE, &pdu.emit(body)));
    let wanted: Vec<_> = cases.iter().map(|(_, _, said)| said.as_slice()).collect();
    judged(&packets.collect::<Vec<_>>(), &wanted);
}

/// The push of a PDU in short messages to a terminal.
fn pushed(pdu: &MmsPdu) -> Vec<Vec<u8>> {
    let number = |digits| Address::international(digits).unwrap();
    let segments = WapPush::mms(1, pdu.emit(b"")).segments(ConcatenationReference::Short(7)).unwrap();
    let parts = segments.parts.into_iter().enumerate();
    let packets = parts.map(|(at, part)| {
        let time = Timestamp::from_utc_ms(DATE * 1000, 8);
        let deliver = Deliver::new(number("358401111111"), time, segments.coding, part);
        let relay = RpMessage::mobile_terminated(at as u8, number("358405202000"), &Tpdu::Deliver(deliver));
        message(at, SMS_MEDIA_TYPE, &relay.emit())
    });
    packets.collect()
}

#[test]
fn notifications_pushed_in_short_messages() {
    let push = [("gsm_sms.destination_port", "2948"), ("gsm_sms.originator_port", "9200"), ("wsp.pdu_type", "0x06")];
    let wanted: Vec<_> = push.iter().chain(&NOTIFIED).copied().collect();
    let short = NotificationInd { subject: None, ..notification() };
    let without_subject: Vec<_> = wanted.iter().filter(|(field, _)| *field != "mmse.subject").copied().collect();
    let short = pushed(&short.into());
    assert_eq!(short.len(), 1, "it does not fit");
    judged(&short, &[&without_subject]);
    if let Some(said) = tshark(&capture(RAW_IP, &short), &["-V"]) {
        assert!(said.contains("X-Wap-Application-Id: x-wap-application:mms.ua"), "{said}");
    }
    // The last part is where tshark puts it together.
    let long =
        NotificationInd { content_location: format!("http://relay.example.net/{}", "x".repeat(250)), ..notification() };
    let packets = pushed(&long.clone().into());
    assert_eq!(packets.len(), 3);
    let whole = [("wsp.pdu_type", "0x06"), ("mmse.content_location", long.content_location.as_str()), NOTIFIED[7]];
    judged(&packets, &[&[], &[], &whole]);
    let report = DeliveryInd::new("m1@relay", phone("+358402222222"), DATE, MmsStatus::EXPIRED);
    judged(&pushed(&report.into()), &[&[("mmse.message_type", "0x86"), ("mmse.status", "0x80")]]);
}
