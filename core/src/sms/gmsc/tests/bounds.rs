//! Who may bind, what may be submitted, and how much.

use protocol::smpp::{SmppEnd, TimeString, TlvTag};

use super::*;

#[test]
fn names_passwords_and_addresses_are_those_of_the_configuration() {
    let mut net = Net::new(|_| {});
    let mut refused =
        |name: &str, password: &str, range: &str| match net.bind(1, name, password, range, BindKind::Transceiver) {
            Some(SmppEvent::BindRefused(status)) => status,
            other => panic!("{other:?}"),
        };
    // Which of them is wrong is not told.
    assert_eq!(refused("nobody", "secret", ""), CommandStatus::INVALID_PASSWORD);
    assert_eq!(refused("smsc", "guess", ""), CommandStatus::INVALID_PASSWORD);
    assert_eq!(refused("smsc", "secret", "491710001"), CommandStatus::BIND_FAILED);
    let told = net.bind(2, "other", "secret", "^491710001$", BindKind::Transceiver);
    assert!(matches!(told, Some(SmppEvent::Bound { .. })), "{told:?}");
    assert_eq!(net.figure("sms_gmsc_sessions"), 1);
    // Who does not bind is not waited for.
    net.wait(11);
    assert_eq!(net.gmsc.links.len(), 1);
}

#[test]
fn passwords_are_not_guessed() {
    let mut net = Net::new(|_| {});
    let mut refused = |password: &str| net.bind(1, "smsc", password, "", BindKind::Transceiver);
    for n in 0..5 {
        let told = refused(&format!("guess{n}"));
        assert_eq!(told, Some(SmppEvent::BindRefused(CommandStatus::INVALID_PASSWORD)));
    }
    assert_eq!(refused("secret"), Some(SmppEvent::BindRefused(CommandStatus::BIND_FAILED)));
    // And from elsewhere not at all.
    let mut net = Net::new(|config| config.service_centres[0].from = vec!["192.0.2.7".parse().unwrap()]);
    let told = net.bind(1, "smsc", "secret", "", BindKind::Transceiver);
    assert_eq!(told, Some(SmppEvent::BindRefused(CommandStatus::INVALID_PASSWORD)));
}

#[test]
fn there_are_so_many_connections() {
    let mut net = Net::new(|config| config.max_sessions = 1);
    assert!(matches!(net.bind(1, "smsc", "secret", "", BindKind::Transceiver), Some(SmppEvent::Bound { .. })));
    assert_eq!(
        net.bind(2, "smsc", "secret", "", BindKind::Transceiver),
        Some(SmppEvent::Ended(SmppEnd::ConnectionLost))
    );
}

#[test]
fn what_cannot_be_delivered_is_refused() {
    let tpdu = || vec![tlv::tpdu(deliver("x"))];
    let message = || submit_sm(SUBSCRIBER);
    let class = |class| ShortMessage { esm_class: EsmClass(class), ..message() };
    let to = |to: &str| ShortMessage { destination: SmeAddress::international(to).unwrap(), ..message() };
    let later = ShortMessage { schedule_delivery_time: TimeString::new("000001000000000R").unwrap(), ..message() };
    let long = ShortMessage { message: MessageOctets::new([b'x'; 161]).unwrap(), ..message() };
    let mut net = Net::bound(|_| {});
    for (message, tlvs, status) in [
        (class(EsmClass::DATAGRAM), tpdu(), CommandStatus::INVALID_ESM_CLASS),
        (class(EsmClass::STORE_AND_FORWARD), tpdu(), CommandStatus::INVALID_ESM_CLASS),
        (later, tpdu(), CommandStatus::INVALID_SCHEDULE),
        (to(""), tpdu(), CommandStatus::INVALID_DESTINATION),
        (to("49172111122223333"), tpdu(), CommandStatus::INVALID_DESTINATION),
        (to("nobody"), tpdu(), CommandStatus::INVALID_DESTINATION),
        (message(), vec![tlv::tpdu([1, 2, 3])], CommandStatus::INVALID_OPTIONAL_VALUE),
        (long, vec![], CommandStatus::INVALID_MESSAGE_LENGTH),
    ] {
        net.submit(1, message, tlvs);
        assert_eq!(net.response().status, status);
    }
    net.centres.get_mut(&conn(1)).unwrap().request(net.now, 1, Body::QuerySm(Default::default()), vec![]).unwrap();
    net.turn();
    assert_eq!(net.response().status, CommandStatus::INVALID_COMMAND_ID);
    net.is_clean();
    assert!(!net.is_asked(HLR));
}

#[test]
fn too_much_is_refused_at_once() {
    let mut net = Net::bound(|config| (config.peer_window, config.max_deliveries) = (4, 3));
    for token in 0..5 {
        net.submit(token, submit_sm(&format!("49172000{token}")), vec![tlv::tpdu(deliver("x"))]);
    }
    assert_eq!(net.response().status, CommandStatus::QUEUE_FULL);
    net.submit(9, submit_sm("491720009"), vec![tlv::tpdu(deliver("x"))]);
    assert_eq!(net.response().status, CommandStatus::QUEUE_FULL);
    let mut net = Net::bound(|config| config.peer_window = 2);
    for token in 0..3 {
        net.submit(token, submit_sm(SUBSCRIBER), vec![tlv::tpdu(deliver("x"))]);
    }
    assert_eq!(net.response().status, CommandStatus::THROTTLED);
    let mut net = Net::bound(|config| config.max_dialogues = 1);
    net.deliver("x", []);
    net.submit(2, submit_sm("491720001"), vec![tlv::tpdu(deliver("x"))]);
    let response = net.response();
    assert_eq!((response.status, tlv::network_error_of(&response.tlvs)), (CommandStatus::DELIVERY_FAILURE, Some(34)));
    net.route(at_msc());
    net.forward(MSC, Ok(()));
    net.report();
    assert_eq!(net.response().status, CommandStatus::OK);
    net.is_clean();
}

#[test]
fn what_has_begun_ends_without_its_service_centre() {
    let mut net = Net::bound(|_| {});
    net.deliver("one", [Tlv::octet(TlvTag::MORE_MESSAGES_TO_SEND, 1)]);
    net.deliver("two", []);
    net.gmsc.handle_input(net.now, NodeInput::Stream(StreamInput::Closed { conn: conn(1) }));
    net.turn();
    assert_eq!(net.figure("sms_gmsc_delivering"), 1);
    net.route(at_msc());
    net.forward(MSC, Ok(()));
    net.report();
    net.is_clean();
    assert!(!net.is_asked(HLR));
}

#[test]
fn sessions_end_in_order() {
    let mut net = Net::bound(|_| {});
    net.gmsc.handle_input(net.now, NodeInput::Admin(Admin::Shutdown));
    net.turn();
    assert_eq!(net.heard(1), Some(SmppEvent::Ended(SmppEnd::UnboundByPeer)));
    assert_eq!(net.figure("sms_gmsc_sessions"), 0);
}

#[test]
fn odd_octets_do_no_harm() {
    let mut net = Net::bound(|_| {});
    net.gmsc.handle_input(net.now, NodeInput::Sccp { bytes: &[9, 1, 2] });
    net.gmsc.handle_input(net.now, NodeInput::Stream(StreamInput::Received { conn: conn(9), bytes: &[1] }));
    net.gmsc.handle_input(net.now, NodeInput::Stream(StreamInput::Received { conn: conn(1), bytes: &[0xff; 40] }));
    net.turn();
    assert_eq!(net.figure("sms_gmsc_sessions"), 0);
    assert!(SmsGmsc::new(SmsGmscConfig::new("+49", HLR, Vec::new()), Entropy::of_box(1, "x")).is_err());
    assert!(SmsGmsc::new(SmsGmscConfig::new(GMSC, "", Vec::new()), Entropy::of_box(1, "x")).is_err());
}
