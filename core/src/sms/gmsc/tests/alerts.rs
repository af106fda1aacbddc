//! Alerts.

use protocol::map::InvokeFailure;

use super::*;

fn alert(net: &mut Net, centre: &str) -> Result<OperationResult, InvokeFailure> {
    let (own, called) = (SccpAddress::e164(HLR, ssn::HLR).unwrap(), SccpAddress::e164(GMSC, ssn::MSC).unwrap());
    let operation = Operation::AlertServiceCentre(AlertServiceCentreArg::new(number(SUBSCRIBER), number(centre)));
    net.peers.get_mut(HLR).unwrap().request(net.now, own, called, &operation).unwrap();
    net.turn();
    let found = net.events.iter().position(|event| matches!(event, MapEvent::Returned { .. })).unwrap();
    let MapEvent::Returned { result, .. } = net.events.remove(found) else { unreachable!() };
    result
}

#[test]
fn the_service_centre_of_the_address_is_told() {
    let mut net = Net::bound(|_| {});
    assert_eq!(alert(&mut net, CENTRE), Ok(OperationResult::AlertServiceCentre));
    let Some(SmppEvent::Alert(told, tlvs)) = net.heard(1) else { panic!("{:?}", net.notes) };
    assert_eq!(told.source, SmeAddress::international(SUBSCRIBER).unwrap());
    assert_eq!(told.esme, SmeAddress::international(CENTRE).unwrap());
    assert_eq!(tlvs.integer(protocol::smpp::TlvTag::MS_AVAILABILITY_STATUS), Some(0));
    assert_eq!(net.figure("sms_gmsc_alerts"), 1);
    net.is_clean();
}

#[test]
fn an_alert_that_nobody_takes_is_not_acknowledged() {
    let mut net = Net::new(|_| {});
    let not_there = Err(InvokeFailure::User(UserError::SystemFailure(None)));
    assert_eq!(alert(&mut net, CENTRE), not_there);
    net.bind(1, "smsc", "secret", "", BindKind::Transmitter);
    assert_eq!(alert(&mut net, CENTRE), not_there, "a transmitter hears nothing");
    net.bind(2, "smsc", "secret", "", BindKind::Receiver);
    assert_eq!(alert(&mut net, CENTRE), Ok(OperationResult::AlertServiceCentre));
    assert_eq!(alert(&mut net, "491719999"), Err(InvokeFailure::User(UserError::UnexpectedDataValue)));
    net.is_clean();
}
