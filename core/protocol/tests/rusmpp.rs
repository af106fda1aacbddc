//! SMPP against another implementation, rusmpp: what one makes the other reads, and makes the same of it.

use proptest::prelude::*;
use protocol::smpp::{
    AlertNotification, Bind, BindKind, Body, COctetString, CancelSm, CommandStatus, DataSm, Destination, Destinations,
    EsmClass, MessageId, MessageOctets, MessageState, Outbind, Pdu, QuerySm, QuerySmResp, RegisteredDelivery,
    ReplaceSm, ShortMessage, SmeAddress, SmppTime, SubmitMulti, SubmitMultiResp, SystemId, TimeString, Tlv, TlvTag,
    Unsuccessful,
};
use protocol::sms::{NumberingPlan, TypeOfNumber};
use rusmpp_core::command::owned::Command;
use rusmpp_core::decode::owned::DecodeWithLength;
use rusmpp_core::encode::{Encode, Length};
use rusmpp_core::{CommandId, pdus::owned as theirs};

/// What the other one reads and writes again.
fn there_and_back(octets: &[u8]) -> (Command, Vec<u8>) {
    let mut buffer = octets[4..].into();
    let (command, read) =
        Command::decode(&mut buffer, octets.len() - 4).unwrap_or_else(|why| panic!("{why:?}: {octets:02X?}"));
    assert_eq!(read, octets.len() - 4);
    (command.clone(), written(&command))
}

fn written(command: &Command) -> Vec<u8> {
    let mut out = vec![0; command.length() + 4];
    let length = u32::try_from(out.len()).unwrap();
    out[..4].copy_from_slice(&length.to_be_bytes());
    assert_eq!(command.encode(&mut out[4..]), command.length());
    out
}

/// The example of SMPP 3.4 clause 3.2.
#[test]
fn the_example_of_the_standard() {
    let octets = b"\0\0\0\x2F\0\0\0\x02\0\0\0\0\0\0\0\x01SMPP3TEST\0secret08\0SUBMIT1\0\x50\x01\x01\0";
    let pdu = Pdu::parse(octets).unwrap();
    let Body::Bind(BindKind::Transmitter, bind) = &pdu.body else { panic!("{pdu:?}") };
    assert_eq!(
        (bind.system_id.to_string().as_str(), bind.password.expose().to_string().as_str()),
        ("SMPP3TEST", "secret08")
    );
    assert_eq!((bind.system_type.to_string().as_str(), bind.interface_version, bind.addr_ton), ("SUBMIT1", 0x50, 1));
    assert_eq!((pdu.emit(), there_and_back(octets).0.id()), (octets.to_vec(), CommandId::BindTransmitter));
}

#[test]
fn empty_pdus_of_the_other_one() {
    let pdus: [theirs::Pdu; 19] = [
        theirs::BindTransmitter::default().into(),
        theirs::BindTransmitterResp::default().into(),
        theirs::BindReceiver::default().into(),
        theirs::BindTransceiver::default().into(),
        theirs::Outbind::default().into(),
        theirs::SubmitSm::default().into(),
        theirs::SubmitSmResp::default().into(),
        theirs::DeliverSm::default().into(),
        theirs::DeliverSmResp::default().into(),
        theirs::DataSm::default().into(),
        theirs::DataSmResp::default().into(),
        theirs::SubmitMultiResp::default().into(),
        theirs::QuerySm::default().into(),
        theirs::QuerySmResp::default().into(),
        theirs::CancelSm::default().into(),
        theirs::ReplaceSm::default().into(),
        theirs::AlertNotification::default().into(),
        theirs::Pdu::EnquireLink,
        theirs::Pdu::Unbind,
    ];
    for pdu in pdus {
        let octets = written(&Command::new(rusmpp_core::CommandStatus::EsmeRok, 7, pdu.clone()));
        let read = Pdu::parse(&octets).unwrap_or_else(|why| panic!("{why}: {pdu:?}"));
        assert!(!matches!(read.body, Body::Other(..)), "{pdu:?}");
        assert_eq!((read.sequence_number, read.emit()), (7, octets));
    }
    // It has no destination.
    let empty = theirs::Pdu::from(theirs::SubmitMulti::default());
    let octets = written(&Command::new(rusmpp_core::CommandStatus::EsmeRok, 7, empty));
    assert_eq!(Pdu::parse(&octets).map_err(|why| why.status), Err(CommandStatus::INVALID_DESTINATIONS));
}

fn text<const MAX: usize>() -> impl Strategy<Value = COctetString<MAX>> {
    proptest::collection::vec(32_u8..127, 0..MAX).prop_map(|octets| COctetString::new(octets).unwrap())
}

fn address<const MAX: usize>() -> impl Strategy<Value = SmeAddress<MAX>> {
    // The other one knows no other types and plans, and no longer addresses anywhere.
    let (ton, npi) = (0_u8..7, proptest::sample::select(vec![0_u8, 1, 3, 4, 6, 8, 9, 10, 14, 18]));
    (ton, npi, text::<21>()).prop_map(|(ton, npi, address)| {
        let address = COctetString::new(address.as_bytes()).unwrap();
        SmeAddress { ton: TypeOfNumber(ton), npi: NumberingPlan(npi), address }
    })
}

fn time() -> impl Strategy<Value = TimeString> {
    let time =
        (10_000_000_000_u64..40_000_000_000).prop_map(|tenths| SmppTime::absolute(tenths * 100).to_time_string());
    prop_oneof![Just(TimeString::default()), time]
}

fn octets() -> impl Strategy<Value = MessageOctets> {
    proptest::collection::vec(any::<u8>(), 0..255).prop_map(|octets| MessageOctets::new(octets).unwrap())
}

fn message() -> impl Strategy<Value = ShortMessage> {
    let head = (text(), address(), address(), any::<u8>(), any::<u8>());
    (head, time(), time(), any::<[u8; 5]>(), octets()).prop_map(|(head, schedule, validity, rest, message)| {
        let (service_type, source, destination, esm_class, protocol_id) = head;
        ShortMessage {
            service_type,
            source,
            destination,
            esm_class: EsmClass(esm_class),
            protocol_id,
            priority: rest[0],
            schedule_delivery_time: schedule,
            validity_period: validity,
            registered_delivery: RegisteredDelivery(rest[1] & 0x1F),
            replace_if_present: rest[2] & 1,
            data_coding: rest[3],
            default_message: rest[4],
            message,
        }
    })
}

fn bind() -> impl Strategy<Value = Bind> {
    let part = (text(), text::<9>(), text(), 0_u8..7, text());
    part.prop_map(|(system_id, password, system_type, addr_ton, address_range)| Bind {
        system_id,
        password: password.into(),
        system_type,
        interface_version: 0x34,
        addr_ton,
        addr_npi: 1,
        address_range,
    })
}

fn kind() -> impl Strategy<Value = BindKind> {
    proptest::sample::select(vec![BindKind::Receiver, BindKind::Transmitter, BindKind::Transceiver])
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![of_sessions(), messages(), to_several(), about_messages()]
}

fn of_sessions() -> impl Strategy<Value = Body> {
    prop_oneof![
        (kind(), bind()).prop_map(|(kind, bind)| Body::Bind(kind, bind)),
        (kind(), text()).prop_map(|(kind, id): (_, SystemId)| Body::BindResp(kind, Some(id))),
        (text(), text::<9>())
            .prop_map(|(system_id, password)| Body::Outbind(Outbind { system_id, password: password.into() })),
        proptest::sample::select(vec![
            Body::Unbind,
            Body::UnbindResp,
            Body::EnquireLink,
            Body::EnquireLinkResp,
            Body::GenericNack,
            Body::CancelSmResp,
            Body::ReplaceSmResp,
        ]),
    ]
}

fn messages() -> impl Strategy<Value = Body> {
    let resp = |body: fn(Option<MessageId>) -> Body| text().prop_map(move |id| body(Some(id)));
    prop_oneof![
        message().prop_map(Body::SubmitSm),
        message().prop_map(Body::DeliverSm),
        resp(Body::SubmitSmResp),
        resp(Body::DeliverSmResp),
        resp(Body::DataSmResp),
        (text(), address(), address(), any::<[u8; 2]>()).prop_map(|(service_type, source, destination, rest)| {
            Body::DataSm(DataSm {
                service_type,
                source,
                destination,
                esm_class: EsmClass(rest[0]),
                registered_delivery: RegisteredDelivery(1),
                data_coding: rest[1],
            })
        }),
    ]
}

fn to_several() -> impl Strategy<Value = Body> {
    let one = prop_oneof![address().prop_map(Destination::Sme), text().prop_map(Destination::List)];
    let multi = (message(), proptest::collection::vec(one, 1..5)).prop_map(|(message, destinations)| {
        let destinations = Destinations::new(destinations).unwrap();
        // The destination of the message is none of the PDU.
        let message = ShortMessage { destination: SmeAddress::default(), ..message };
        Body::SubmitMulti(SubmitMulti { message, destinations })
    });
    let unsuccessful = proptest::collection::vec((address(), Just(CommandStatus::INVALID_DESTINATION)), 0..4)
        .prop_map(|all| Unsuccessful::new(all).unwrap());
    prop_oneof![
        multi,
        (text(), unsuccessful).prop_map(|(message_id, unsuccessful)| Body::SubmitMultiResp(Some(SubmitMultiResp {
            message_id,
            unsuccessful
        }))),
    ]
}

fn about_messages() -> impl Strategy<Value = Body> {
    let replace = (text(), address(), time(), time(), octets());
    prop_oneof![
        (text(), address()).prop_map(|(message_id, source)| Body::QuerySm(QuerySm { message_id, source })),
        (text(), time(), 1_u8..9, any::<u8>()).prop_map(|(message_id, final_date, state, error_code)| {
            Body::QuerySmResp(Some(QuerySmResp {
                message_id,
                final_date,
                message_state: MessageState(state),
                error_code,
            }))
        }),
        (text(), text(), address(), address()).prop_map(|(service_type, message_id, source, destination)| {
            Body::CancelSm(CancelSm { service_type, message_id, source, destination })
        }),
        replace.prop_map(|(message_id, source, schedule, validity, message)| Body::ReplaceSm(ReplaceSm {
            message_id,
            source,
            schedule_delivery_time: schedule,
            validity_period: validity,
            registered_delivery: RegisteredDelivery(0),
            default_message: 0,
            message,
        })),
        (address(), address()).prop_map(|(source, esme)| Body::AlertNotification(AlertNotification { source, esme })),
    ]
}

proptest! {
    /// Vendors' parameters stay, too.
    #[test]
    fn the_other_one_reads_ours(body in body(), number in 1_u32.., vendor in proptest::collection::vec(any::<u8>(), 0..30), has_vendor: bool) {
        let mut pdu = Pdu::request(number, body);
        let takes_parameters = matches!(pdu.body, Body::SubmitSm(_) | Body::DeliverSm(_) | Body::DataSm(_) | Body::SubmitSmResp(_));
        if has_vendor && takes_parameters {
            pdu.tlvs = vec![Tlv::new(TlvTag(0x1401), vendor), Tlv::word(TlvTag::USER_MESSAGE_REFERENCE, 7)];
        }
        let octets = pdu.emit();
        let read = Pdu::parse(&octets);
        prop_assert_eq!(read.as_ref(), Ok(&pdu));
        let (command, again) = there_and_back(&octets);
        prop_assert_eq!((command.sequence_number(), u32::from(command.id())), (number, pdu.command_id().0));
        prop_assert_eq!(again, octets);
    }
}
