//! SMPP as another program reads it: a whole session, every kind of PDU, and what becomes of messages.

use etherparse::PacketBuilder;
use protocol::smpp::{
    AlertNotification, Bind, BindKind, Body, COctetString, CancelSm, CommandStatus, DataSm, DeliveryReceipt,
    Destination, Destinations, EsmClass, MessageId, MessageOctets, MessageState, Outbind, Pdu, QuerySm, QuerySmResp,
    RegisteredDelivery, ReplaceSm, ShortMessage, SmeAddress, SmppTime, SubmitMulti, SubmitMultiResp, SystemId, Tlv,
    TlvTag, Unsuccessful, data_coding_of, octets_of,
};
use protocol::sms::{ConcatenationReference, Content, UserDataHeader, segment};

use super::RAW_IP;
use super::capture::{capture, tshark};

/// 2026-11-12T21:21:00Z.
const TIME: u64 = 1_794_518_460_000;

/// Streams of TCP from an ESME, and from a message centre, one PDU in a packet.
fn packets(pdus: &[(bool, Pdu)]) -> Vec<Vec<u8>> {
    let mut next = [1_u32, 1];
    let packet = |(is_centre, pdu): &(bool, Pdu)| {
        let from = usize::from(*is_centre);
        let (port, host) = ([40_000, 2775], [10, 0, 0, from as u8 + 1]);
        let builder = PacketBuilder::ipv4(host, [10, 0, 0, 2 - from as u8], 64)
            .tcp(port[from], port[1 - from], next[from], 65_000)
            .ack(next[1 - from])
            .psh();
        let (octets, mut packet) = (pdu.emit(), Vec::new());
        builder.write(&mut packet, &octets).unwrap();
        next[from] += octets.len() as u32;
        packet
    };
    pdus.iter().map(packet).collect()
}

/// What tshark says of them, in words; nothing may be wrong.
fn words(pdus: &[(bool, Pdu)]) -> Option<String> {
    let said = tshark(&capture(RAW_IP, packets(pdus)), &["-d", "tcp.port==2775,smpp", "-V"])?;
    assert!(!said.contains("Malformed") && !said.contains("Expert Info"), "{said}");
    Some(said)
}

fn in_order(said: &str, wanted: &[&str]) {
    let mut rest = said;
    for words in wanted {
        let at = rest.find(words).unwrap_or_else(|| panic!("{words:?} is missing, in this order, in:\n{said}"));
        rest = &rest[at..];
    }
}

fn number<const MAX: usize>(digits: &str) -> SmeAddress<MAX> {
    SmeAddress::international(digits).unwrap()
}

fn id(text: &str) -> MessageId {
    MessageId::new(text).unwrap()
}

fn message(text: &str) -> ShortMessage {
    ShortMessage {
        source: number("358401111111"),
        destination: number("358402222222"),
        message: MessageOctets::new(text).unwrap(),
        ..ShortMessage::default()
    }
}

/// What comes from the message centre, or from the ESME.
const CENTRE: bool = true;
const ESME: bool = false;
const OK: CommandStatus = CommandStatus::OK;

/// tshark says these words of the PDUs, in this order, and they are read as they were written.
fn says(pdus: &[(bool, Pdu)], wanted: &[&str]) {
    for (_, pdu) in pdus {
        assert_eq!(Pdu::parse(&pdu.emit()).map(|read| read.emit()), Ok(pdu.emit()), "{pdu:?}");
    }
    if let Some(said) = words(pdus) {
        in_order(&said, wanted);
    }
}

#[test]
fn sessions() {
    let version = Tlv::octet(TlvTag::SC_INTERFACE_VERSION, 0x34);
    let system_id = SystemId::new("centre");
    let pdus = [
        (CENTRE, Pdu::request(1, Body::Outbind(Outbind::new("centre", "pw").unwrap()))),
        (ESME, Pdu::request(1, Body::Bind(BindKind::Transceiver, Bind::new("esme", "secret").unwrap()))),
        (CENTRE, Pdu::response(1, OK, Body::BindResp(BindKind::Transceiver, system_id)).with([version])),
        (ESME, Pdu::request(2, Body::Bind(BindKind::Receiver, Bind::new("esme", "").unwrap()))),
        (CENTRE, Pdu::response(2, CommandStatus::ALREADY_BOUND, Body::BindResp(BindKind::Receiver, None))),
        (ESME, Pdu::request(11, Body::EnquireLink)),
        (CENTRE, Pdu::response(11, OK, Body::EnquireLinkResp)),
        (ESME, Pdu::response(12, CommandStatus::INVALID_COMMAND_ID, Body::GenericNack)),
        (ESME, Pdu::request(13, Body::Unbind)),
        (CENTRE, Pdu::response(13, OK, Body::UnbindResp)),
    ];
    let wanted = [
        "Operation: Outbind (0x0000000b)",
        "System ID: centre",
        "Operation: Bind_transceiver (0x00000009)",
        "System ID: esme",
        "Password: secret",
        "Version (if): 3.4",
        "Operation: Bind_transceiver - resp (0x80000009)",
        "SMSC-supported version: 3.4",
        "Operation: Bind_receiver (0x00000001)",
        "Result: ESME already in bound state (0x00000005)",
        "Operation: Enquire_link (0x00000015)",
        "Operation: Enquire_link - resp (0x80000015)",
        "Operation: Generic_nack (0x80000000)",
        "Result: Invalid command ID",
        "Operation: Unbind (0x00000006)",
        "Operation: Unbind - resp (0x80000006)",
    ];
    says(&pdus, &wanted);
}

#[test]
fn messages_of_one_and_of_either_side() {
    let submit = ShortMessage {
        esm_class: EsmClass(EsmClass::FORWARD).with_features(false, true),
        priority: 1,
        validity_period: SmppTime::after(std::time::Duration::from_secs(90_000)).unwrap().to_time_string(),
        schedule_delivery_time: SmppTime::Absolute { utc_ms: TIME, quarters: 8 }.to_time_string(),
        registered_delivery: RegisteredDelivery::ALWAYS,
        ..message("hello")
    };
    let data = DataSm { source: number("358401111111"), destination: number("358402222222"), ..DataSm::default() };
    let failure = [Tlv::new(TlvTag::NETWORK_ERROR_CODE, [3, 0, 27]), Tlv::octet(TlvTag::DELIVERY_FAILURE_REASON, 3)];
    let vendor = [Tlv::octet(TlvTag(0x1400), 1), Tlv::new(TlvTag(0x1401), [0x51, 0])];
    let payload = [Tlv::new(TlvTag::MESSAGE_PAYLOAD, b"payload".to_vec())];
    let pdus = [
        (ESME, Pdu::request(3, Body::SubmitSm(submit)).with(vendor)),
        (CENTRE, Pdu::response(3, CommandStatus::DELIVERY_FAILURE, Body::SubmitSmResp(None)).with(failure.clone())),
        (CENTRE, Pdu::request(4, Body::DeliverSm(message("hi")))),
        (ESME, Pdu::response(4, OK, Body::DeliverSmResp(Some(MessageId::default())))),
        (ESME, Pdu::request(5, Body::DataSm(data)).with(payload)),
        (CENTRE, Pdu::response(5, OK, Body::DataSmResp(Some(id("5")))).with(failure)),
    ];
    let wanted = [
        "Operation: Submit_sm (0x00000004)",
        "Type of number (originator): International (0x01)",
        "Originator address: 358401111111",
        "Recipient address: 358402222222",
        "Messaging mode: Forward mode",
        "GSM features: Reply path",
        "Priority level: GSM: priority",
        "Scheduled delivery time: Nov 12, 2026 21:21:00",
        "Validity period: 90000.000000000 seconds",
        "Delivery receipt: Delivery receipt requested (for success or failure)",
        "Message bytes: 68656c6c6f",
        "Tag: 0x1401",
        "Operation: Submit_sm - resp (0x80000004)",
        "Result: (Transaction) Delivery failure",
        // What follows a status other than 0 is not looked at.
        "Operation: Deliver_sm (0x00000005)",
        "Operation: Deliver_sm - resp (0x80000005)",
        "Operation: Data_sm (0x00000103)",
        "Payload: 7061796c6f6164",
        "Operation: Data_sm - resp (0x80000103)",
        "Error type: GSM (3)",
        "Error code: 0x001b",
        "Delivery failure reason: Temporary network error (3)",
    ];
    says(&pdus, &wanted);
}

#[test]
fn messages_to_several_and_what_becomes_of_them() {
    let list = Destination::List(COctetString::new("all").unwrap());
    let destinations = Destinations::new([Destination::Sme(number("358402222222")), list]).unwrap();
    let unsuccessful = Unsuccessful::new([(number("358402222222"), CommandStatus::INVALID_DESTINATION)]).unwrap();
    let failed = SubmitMultiResp { message_id: id("8"), unsuccessful };
    let (final_date, message_state) = (SmppTime::absolute(TIME).to_time_string(), MessageState::EXPIRED);
    let state = QuerySmResp { message_id: id("7"), final_date, message_state, error_code: 9 };
    let query = QuerySm { message_id: id("7"), source: number("358401111111") };
    let cancel = CancelSm { message_id: id("7"), source: number("1"), destination: number("2"), ..CancelSm::default() };
    let replace =
        ReplaceSm { message_id: id("7"), message: MessageOctets::new("other").unwrap(), ..ReplaceSm::default() };
    let alert = AlertNotification { source: number("358402222222"), esme: number("358401111111") };
    let available = [Tlv::octet(TlvTag::MS_AVAILABILITY_STATUS, 0)];
    let pdus = [
        (ESME, Pdu::request(6, Body::SubmitMulti(SubmitMulti { message: message("to all"), destinations }))),
        (CENTRE, Pdu::response(6, OK, Body::SubmitMultiResp(Some(failed)))),
        (ESME, Pdu::request(7, Body::QuerySm(query))),
        (CENTRE, Pdu::response(7, OK, Body::QuerySmResp(Some(state)))),
        (ESME, Pdu::request(8, Body::CancelSm(cancel))),
        (CENTRE, Pdu::response(8, CommandStatus::CANCEL_FAILED, Body::CancelSmResp)),
        (ESME, Pdu::request(9, Body::ReplaceSm(replace))),
        (CENTRE, Pdu::response(9, OK, Body::ReplaceSmResp)),
        (CENTRE, Pdu::request(10, Body::AlertNotification(alert)).with(available)),
    ];
    let wanted = [
        "Operation: Submit_multi (0x00000021)",
        "Distr. list name: all",
        "Message bytes: 746f20616c6c",
        "Operation: Submit_multi - resp (0x80000021)",
        "Invalid destination address",
        "Operation: Query_sm (0x00000003)",
        "Message id.: 7",
        "Operation: Query_sm - resp (0x80000003)",
        "Final date: Nov 12, 2026 21:21:00",
        "Message state: EXPIRED (3)",
        "Operation: Cancel_sm (0x00000008)",
        "Result: Cancel SM failed",
        "Operation: Replace_sm (0x00000007)",
        "Message bytes: 6f74686572",
        "Operation: Alert_notification (0x00000102)",
        "ESME address: 358401111111",
        "Availability status: Available",
    ];
    says(&pdus, &wanted);
}

/// A receipt, and a text in eight parts whose header tshark finds in front of each.
#[test]
fn receipts_and_parts() {
    let receipt = DeliveryReceipt::new(id("42"), MessageState::DELIVERED, TIME, TIME + 60_000);
    let told = ShortMessage {
        esm_class: EsmClass(EsmClass::DELIVERY_RECEIPT),
        message: MessageOctets::new(receipt.emit()).unwrap(),
        ..message("")
    };
    let mut pdus = vec![(true, Pdu::request(1, Body::DeliverSm(told)).with(receipt.tlvs()))];
    let content = Content::Text("длинный текст ".repeat(37));
    let segments = segment(&content, &UserDataHeader::default(), ConcatenationReference::Short(0x42)).unwrap();
    assert_eq!(segments.parts.len(), 8);
    for (part, number) in segments.parts.iter().zip(2..) {
        let submit = ShortMessage {
            esm_class: EsmClass::default().with_features(part.has_header(), false),
            data_coding: data_coding_of(segments.coding),
            message: MessageOctets::new(octets_of(segments.coding, part)).unwrap(),
            ..message("")
        };
        pdus.push((false, Pdu::request(number, Body::SubmitSm(submit))));
    }
    let Some(said) = words(&pdus) else { return };
    let wanted = [
        "Message type: Short message contains SMSC Delivery Receipt",
        "Message bytes: 69643a3432207375623a30303120646c7672643a303031207375626d697420646174653a",
        "SMSC identifier: 42",
        "Message state: DELIVERED (2)",
        "GSM features: UDHI indicator",
        "Data coding: UCS2 (ISO/IEC-10646) (0x08)",
        "Message: длинный текст",
        "Message identifier: 66",
        "Message parts: 8",
        "Message part number: 1",
        "Message part number: 8",
    ];
    in_order(&said, &wanted);
}
