//! Bounded fuzz runs of MAP, short messages and SMPP.

use protocol::fuzz;
use protocol::smpp::{
    AlertNotification, Bind, BindKind, Body, CancelSm, CommandStatus, DataSm, DeliveryReceipt, Destination,
    Destinations, EsmClass, MessageId, MessageOctets, MessageState, Outbind, Pdu, QuerySm, ReplaceSm, ShortMessage,
    SmeAddress, SmppTime, SubmitMulti, SubmitMultiResp, SystemId, Tlv, TlvTag, Unsuccessful,
};

use super::run;

const MAP_WORDS: [&[u8]; 12] = [
    &[0x80],
    &[0, 0],
    &[0x84, 0xff, 0xff, 0xff, 0xff],
    &[0x30, 0x80],
    &[0x24, 0x80],
    &[0x9f, 0x7f, 0],
    &[0x03, 2, 7, 0x80],
    &[0x02, 9, 0x80, 0, 0, 0, 0, 0, 0, 0, 0],
    &[0x06, 1, 0x80],
    &[0x82, 1, 0],
    &[0x0a, 1, 0xff],
    &[0xa0, 0],
];

#[test]
fn map() {
    run("map", fuzz::map, &fuzz::map_corpus(), &MAP_WORDS);
}

#[test]
fn map_endpoint() {
    run("map_endpoint", fuzz::map_endpoint, &fuzz::map_endpoint_corpus(), &MAP_WORDS);
}

#[test]
fn sms() {
    use protocol::sms::{
        Address, CommandType, ConcatenationReference, Content, DeliverReport, Direction, FailureCause, Parameters,
        Ports, RpCause, RpMessage, Status, StatusReport, Submit, SubmitReport, Timestamp, Tpdu, UserDataHeader,
        ValidityPeriod, segment,
    };
    let number = |digits| Address::international(digits).unwrap();
    let time = Timestamp::from_utc_ms(1_794_518_460_000, -20);
    let header = UserDataHeader::default().with_ports(Ports { destination: 2948, originator: 9200 });
    let texts = ["hello {€}".to_owned(), "long ".repeat(50), "äж😀".repeat(40)];
    let mut tpdus = Vec::new();
    for text in &texts {
        let content = Content::Text(text.clone());
        let segments = segment(&content, &header, ConcatenationReference::Short(7)).unwrap();
        for part in segments.parts {
            let mut submit = Submit::new(1, number("358401234567"), segments.coding, part);
            submit.validity_period = Some(ValidityPeriod::Absolute(time));
            let deliver = protocol::sms::Deliver::of_submit(&submit, Address::alphanumeric("castbench").unwrap(), time);
            let report = StatusReport::of_submit(&submit, time, time, Status::VALIDITY_EXPIRED);
            tpdus.extend([Tpdu::Submit(submit), Tpdu::Deliver(deliver), Tpdu::StatusReport(report)]);
        }
    }
    let refused = Some(FailureCause::MEMORY_EXCEEDED);
    tpdus.push(Tpdu::DeliverReport(DeliverReport::new(refused, Parameters::of_text("full"))));
    tpdus.push(Tpdu::SubmitReport(SubmitReport::new(None, time, Parameters::of_text("später"))));
    tpdus.push(Tpdu::Command(protocol::sms::Command::new(1, CommandType::DELETE, 2, number("1"))));
    let mut relay = vec![RpMessage::smma(1).emit()];
    for tpdu in &tpdus {
        relay.push(RpMessage::mobile_originated(1, number("358405202000"), tpdu).emit());
        relay.push(RpMessage::mobile_terminated(2, number("358405202000"), tpdu).emit());
        relay.push(RpMessage::ack(Direction::ToMs, 3, Some(tpdu)).emit());
        relay.push(RpMessage::error(Direction::ToNetwork, 4, RpCause::MEMORY_EXCEEDED, Some(tpdu)).emit());
    }
    let words: [&[u8]; 10] = [
        &[0x41],
        &[0x91],
        &[0xD0],
        &[0x00, 0x03, 0x07, 0x02, 0x01],
        &[0x08, 0x04, 0x00, 0x07, 0x02, 0x02],
        &[0x80, 0x80],
        &[0xFF; 7],
        &[140],
        &[160],
        &[5],
    ];
    run("sms_relay", fuzz::sms_relay, &relay, &words);
    let transfer: Vec<_> = tpdus.iter().map(Tpdu::emit).collect();
    run("sms_transfer", fuzz::sms_transfer, &transfer, &words);
    let corpus: Vec<_> = texts.into_iter().map(String::into_bytes).chain(transfer).collect();
    run(
        "sms_parts",
        fuzz::sms_parts,
        &corpus,
        &["€".as_bytes(), "😀".as_bytes(), b"\x1b", &[0, 3, 7, 2, 1], &[5, 0, 3]],
    );
}

/// A PDU of each kind.
fn bodies() -> Vec<Body> {
    let receipt = DeliveryReceipt::new(MessageId::new("42").unwrap(), MessageState::EXPIRED, 1 << 40, 1 << 40);
    let message = ShortMessage {
        source: SmeAddress::international("+358401111111").unwrap(),
        destination: SmeAddress::international("+358402222222").unwrap(),
        validity_period: SmppTime::parse(b"020610233429000R").unwrap().to_time_string(),
        schedule_delivery_time: SmppTime::absolute(1 << 40).to_time_string(),
        message: MessageOctets::new("hello").unwrap(),
        ..ShortMessage::default()
    };
    let told = ShortMessage {
        esm_class: EsmClass(EsmClass::DELIVERY_RECEIPT),
        message: MessageOctets::new(receipt.emit()).unwrap(),
        ..message.clone()
    };
    let parts = ShortMessage {
        esm_class: EsmClass::default().with_features(true, false),
        message: MessageOctets::new([5, 0, 3, 7, 2, 1, 0x68, 0x1B, 0x65]).unwrap(),
        ..message.clone()
    };
    let destinations = Destinations::new(vec![Destination::Sme(message.destination.clone()); 3]).unwrap();
    let multi = SubmitMultiResp {
        unsuccessful: Unsuccessful::new([(message.source.clone(), CommandStatus::INVALID_DESTINATION)]).unwrap(),
        ..SubmitMultiResp::default()
    };
    vec![
        Body::Bind(BindKind::Transceiver, Bind::new("esme", "secret").unwrap()),
        Body::BindResp(BindKind::Transceiver, SystemId::new("centre")),
        Body::Outbind(Outbind::new("centre", "secret").unwrap()),
        Body::SubmitSm(message.clone()),
        Body::SubmitSm(parts),
        Body::SubmitSmResp(MessageId::new("42")),
        Body::DeliverSm(told),
        Body::DataSm(DataSm::default()),
        Body::SubmitMulti(SubmitMulti { message, destinations }),
        Body::SubmitMultiResp(Some(multi)),
        Body::QuerySm(QuerySm::default()),
        Body::QuerySmResp(None),
        Body::CancelSm(CancelSm::default()),
        Body::ReplaceSm(ReplaceSm::default()),
        Body::AlertNotification(AlertNotification::default()),
        Body::EnquireLink,
        Body::GenericNack,
        Body::Unbind,
    ]
}

#[test]
fn smpp() {
    let vendor = [Tlv::new(TlvTag(0x1401), [1, 2, 3]), Tlv::octet(TlvTag::MESSAGE_STATE, 2)];
    let mut corpus: Vec<_> =
        bodies().into_iter().zip(1..).map(|(body, number)| Pdu::request(number, body).emit()).collect();
    corpus.push(Pdu::request(99, Body::DeliverSm(ShortMessage::default())).with(vendor).emit());
    let words: [&[u8]; 8] = [
        &[0, 0, 0, 16],
        &[0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 1],
        &[0x80, 0, 0, 4],
        &[0, 0, 1, 2],
        &[0x04, 0x24, 0xFF, 0xFF],
        &[0],
        b"id:1 stat:DELIVRD text:",
        b"991231235959948+",
    ];
    run("smpp", fuzz::smpp, &corpus, &words);
    let streams: Vec<_> =
        (0..corpus.len()).map(|at| [&corpus[0][..], &corpus[1], &corpus[at..].concat()].concat()).collect();
    run("smpp_session", fuzz::smpp_session, &streams, &words);
}
