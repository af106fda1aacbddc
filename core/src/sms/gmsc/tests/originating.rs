//! Messages to service centres.

use protocol::map::{IpAccess, MoForwardSmArg, SmDeliveryFailure, SmDeliveryFailureCause, SmRpDa, SmRpOa};
use protocol::smpp::TlvTag;
use protocol::sms::{Carrier, Command, CommandType, Direction, Submit, SubmitReport, Tpdu};

use super::*;

fn submit(text: &str) -> Vec<u8> {
    let (coding, data) = UserData::of_text(text).unwrap();
    let destination = Address::of_number("+358402").unwrap();
    let mut submit = Submit::new(7, destination, coding, data);
    submit.status_report = true;
    submit.emit()
}

/// The MSC sends it for the subscriber.
fn send(net: &mut Net, centre: &str, tpdu: Vec<u8>) {
    let own = SccpAddress::e164(MSC, ssn::MSC).unwrap();
    let called = SccpAddress::e164(centre, ssn::MSC).unwrap();
    let from = SmRpOa::Msisdn(number(SUBSCRIBER));
    let mut argument = MoForwardSmArg::new(SmRpDa::ServiceCentreAddress(number(centre)), from, tpdu);
    argument.extensions = vec![IpAccess(true).to_extension()];
    let operation = Operation::MoForwardSm(argument);
    // Whatever number is called, this node has it.
    net.peers.get_mut(MSC).unwrap().request(net.now, own, called, &operation).unwrap();
    net.turn();
}

/// What the MSC hears of it.
#[track_caller]
fn heard(net: &mut Net) -> Result<Option<Vec<u8>>, UserError> {
    let found = net.events.iter().position(|event| matches!(event, MapEvent::Returned { .. }));
    let event = net.events.remove(found.unwrap_or_else(|| panic!("nothing returned: {:#?}", net.notes)));
    let MapEvent::Returned { result, .. } = event else { unreachable!() };
    match result {
        Ok(OperationResult::MoForwardSm(result)) => Ok(result.sm_rp_ui),
        Err(protocol::map::InvokeFailure::User(error)) => Err(error),
        other => panic!("{other:?}"),
    }
}

/// The request that the service centre has.
#[track_caller]
fn request(net: &mut Net) -> Pdu {
    match net.heard(1) {
        Some(SmppEvent::Request(pdu)) => *pdu,
        other => panic!("{other:?}, {:#?}", net.notes),
    }
}

fn respond(net: &mut Net, number: u32, status: CommandStatus, tlvs: Vec<Tlv>) {
    let response = Pdu::response(number, status, Body::DeliverSmResp(None)).with(tlvs);
    assert!(net.centres.get_mut(&conn(1)).unwrap().respond(response));
    net.turn();
}

fn failed(cause: SmDeliveryFailureCause) -> UserError {
    UserError::SmDeliveryFailure(SmDeliveryFailure::new(cause))
}

#[test]
fn the_service_centre_stores_it() {
    let mut net = Net::bound(|_| {});
    send(&mut net, CENTRE, submit("hello"));
    let pdu = request(&mut net);
    let Body::DeliverSm(message) = &pdu.body else { panic!("{pdu:?}") };
    assert_eq!(message.source, SmeAddress::international(SUBSCRIBER).unwrap());
    assert_eq!(message.destination, SmeAddress::international("358402").unwrap());
    assert_eq!((message.message.as_bytes(), message.registered_delivery.0), (&b"hello"[..], 1));
    assert_eq!(pdu.tlvs.integer(TlvTag::USER_MESSAGE_REFERENCE), Some(7));
    assert!(tlv::is_ip_access(&pdu.tlvs));
    assert_eq!(tlv::tpdu_of(&pdu.tlvs), Some(&submit("hello")[..]));
    // Nothing is acknowledged before.
    assert!(!net.events.iter().any(|event| matches!(event, MapEvent::Returned { .. })));
    let time = Timestamp::from_utc_ms(0, 0);
    let report = SubmitReport::new(None, time, protocol::sms::Parameters::default()).emit();
    respond(&mut net, pdu.sequence_number, CommandStatus::OK, vec![tlv::tpdu(report.clone())]);
    assert_eq!(heard(&mut net), Ok(Some(report)));
    net.is_clean();
    assert_eq!(net.figure("sms_gmsc_originated"), 1);
}

#[test]
fn a_command_goes_the_same_way() {
    let mut net = Net::bound(|_| {});
    let command = Command::new(9, CommandType::DELETE, 7, Address::of_number("+358402").unwrap()).emit();
    send(&mut net, CENTRE, command.clone());
    let pdu = request(&mut net);
    assert_eq!(tlv::tpdu_of(&pdu.tlvs), Some(&command[..]));
    respond(&mut net, pdu.sequence_number, CommandStatus::OK, Vec::new());
    assert_eq!(heard(&mut net), Ok(None));
}

#[test]
fn what_the_service_centre_refuses() {
    use SmDeliveryFailureCause as Cause;
    let mut net = Net::bound(|_| {});
    for (status, tlvs, expected) in [
        (CommandStatus::QUEUE_FULL, vec![], failed(Cause::ScCongestion)),
        (CommandStatus::THROTTLED, vec![], failed(Cause::ScCongestion)),
        (CommandStatus::TEMPORARY_APPLICATION_ERROR, vec![], failed(Cause::ScCongestion)),
        (CommandStatus::INVALID_DESTINATION, vec![], failed(Cause::InvalidSmeAddress)),
        (CommandStatus::INVALID_SOURCE, vec![], failed(Cause::SubscriberNotScSubscriber)),
        (CommandStatus::REJECTED_BY_APPLICATION, vec![], failed(Cause::EquipmentProtocolError)),
        (CommandStatus::SYSTEM_ERROR, vec![], UserError::SystemFailure(None)),
        (CommandStatus::SYSTEM_ERROR, vec![tlv::cause(6)], failed(Cause::SubscriberNotScSubscriber)),
        (CommandStatus::SYSTEM_ERROR, vec![tlv::cause(77)], UserError::SystemFailure(None)),
    ] {
        send(&mut net, CENTRE, submit("hello"));
        let pdu = request(&mut net);
        respond(&mut net, pdu.sequence_number, status, tlvs);
        assert_eq!(heard(&mut net), Err(expected), "{status}");
    }
    let report =
        SmDeliveryFailure { diagnostic_info: Some(vec![1, 0xc0, 0]), ..SmDeliveryFailure::new(Cause::ScCongestion) };
    send(&mut net, CENTRE, submit("hello"));
    let pdu = request(&mut net);
    respond(&mut net, pdu.sequence_number, CommandStatus::QUEUE_FULL, vec![tlv::tpdu([1, 0xc0, 0])]);
    assert_eq!(heard(&mut net), Err(UserError::SmDeliveryFailure(report)));
    net.is_clean();
}

#[test]
fn what_does_not_come_to_a_service_centre() {
    let mut net = Net::bound(|config| config.window = 2);
    send(&mut net, "491719999", submit("hello"));
    assert_eq!(heard(&mut net), Err(failed(SmDeliveryFailureCause::UnknownServiceCentre)));
    send(&mut net, "491710001", submit("hello"));
    assert_eq!(heard(&mut net), Err(UserError::SystemFailure(None)), "the other service centre is not there");
    // SMS-DELIVER-REPORT is none.
    send(&mut net, CENTRE, vec![0, 0]);
    let Err(UserError::SmDeliveryFailure(failure)) = heard(&mut net) else { panic!() };
    assert_eq!(failure.cause, SmDeliveryFailureCause::EquipmentProtocolError);
    let report = Tpdu::parse(Direction::ToMs, Carrier::Error, &failure.diagnostic_info.unwrap());
    assert!(matches!(report, Ok(Tpdu::SubmitReport(report)) if report.failure_cause().is_some()));
    for _ in 0..3 {
        send(&mut net, CENTRE, submit("hello"));
    }
    assert_eq!(heard(&mut net), Err(failed(SmDeliveryFailureCause::ScCongestion)));
    // It never answers for the two.
    net.wait(31);
    assert_eq!([heard(&mut net), heard(&mut net)], [const { Err(UserError::SystemFailure(None)) }; 2]);
    net.is_clean();
}

#[test]
fn a_service_centre_that_goes_leaves_the_message_with_its_sender() {
    let mut net = Net::bound(|_| {});
    send(&mut net, CENTRE, submit("hello"));
    request(&mut net);
    net.gmsc.handle_input(net.now, NodeInput::Stream(StreamInput::Closed { conn: conn(1) }));
    net.turn();
    assert_eq!(heard(&mut net), Err(UserError::SystemFailure(None)));
    assert_eq!(net.figure("sms_gmsc_sessions"), 0);
    net.is_clean();
}
