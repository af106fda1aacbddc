//! What a UE does, through all nodes of its network.

use core_network::ims::GmSecurity;
use core_network::node::AccessEvent;
use hil::agent::sip::*;
use hil::sim::{Key, SimCard, SimUsim};

use super::network::{Network, PASSWORD, impu};

const OFFER: &[u8] =
    b"v=0\r\no=- 1 1 IN IP4 10.45.0.1\r\ns=-\r\nc=IN IP4 10.45.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 97\r\na=rtpmap:97 AMR/8000\r\n";
const ANSWER: &[u8] =
    b"v=0\r\no=- 2 1 IN IP4 10.45.0.2\r\ns=-\r\nc=IN IP4 10.45.0.2\r\nt=0 0\r\nm=audio 5000 RTP/AVP 97\r\na=rtpmap:97 AMR/8000\r\n";
const CALL: CallId = CallId(1);

/// What does not depend on the network is the same on an IMS and on a plain SIP network.
fn both() -> [Network; 2] {
    let mut plain = Network::plain(2);
    plain.register();
    [Network::registered(2), plain]
}

fn registrations(network: &Network, n: usize) -> usize {
    network.told(n).iter().filter(|event| matches!(event, AgentEvent::Registered(_))).count()
}

fn ended(network: &Network, n: usize) -> EndedWhy {
    network.find(n, |event| if let AgentEvent::Ended { why, .. } = event { Some(why.clone()) } else { None })
}

fn call(network: &mut Network) -> CallId {
    network.command(
        0,
        AgentCommand::Call { call: CALL, to: impu(1), sdp: OFFER.to_vec(), headers: Vec::new(), parts: Vec::new() },
    );
    network.run(1);
    let (callee, from) = network.find(1, |event| match event {
        AgentEvent::Incoming { call, from, sdp: Some(_), .. } => Some((*call, from.clone())),
        _ => None,
    });
    assert_eq!(from, impu(0), "P-Asserted-Identity");
    network.command(1, AgentCommand::Ring(callee));
    network.run(1);
    network.find(0, |event| matches!(event, AgentEvent::Progress { status: 180, .. }).then_some(()));
    callee
}

fn established(network: &mut Network) -> CallId {
    let callee = call(network);
    network.command(1, AgentCommand::Answer { call: callee, sdp: ANSWER.to_vec() });
    network.run(1);
    let sdp =
        |event: &AgentEvent| if let AgentEvent::Established { sdp, .. } = event { Some(sdp.clone()) } else { None };
    assert_eq!((network.find(0, sdp), network.find(1, sdp)), (ANSWER.to_vec(), OFFER.to_vec()));
    callee
}

#[test]
fn ues_register_subscribe_refresh_and_deregister() {
    let mut network = Network::with(3, GmSecurity::Off, false, |_, config| config.expires_s = 3600);
    for n in 0..3 {
        network.command(n, AgentCommand::Register);
    }
    network.run(5);
    for n in 0..3 {
        let registered = network.find(n, |e| if let AgentEvent::Registered(r) = e { Some(r.clone()) } else { None });
        assert_eq!((registered.associated[0].as_str(), registered.expires_s), (impu(n).as_str(), 3600));
        assert!(!registered.service_route.is_empty());
        network.find(n, |e| if let AgentEvent::RegInfo(info) = e { Some(info.clone()) } else { None });
    }
    network.run(3100);
    assert!((0..3).all(|n| registrations(&network, n) == 2), "refreshed 600 s before the end");
    for n in 0..3 {
        network.command(n, AgentCommand::Deregister);
    }
    network.run(5);
    for n in 0..3 {
        let why = network.find(n, |e| if let AgentEvent::Unregistered(why) = e { Some(why.clone()) } else { None });
        assert_eq!(why, UnregisteredWhy::Asked);
        network.find(n, |e| matches!(e, AgentEvent::SubscriptionEnded { .. }).then_some(()));
    }
}

#[test]
fn a_security_agreement_is_made_kept_and_shown() {
    let mut network = Network::with(2, GmSecurity::SecAgree, false, |_, config| {
        (config.security, config.expires_s) = (SecurityMode::SecAgree, 1000);
    });
    for n in 0..2 {
        network.command(n, AgentCommand::Register);
    }
    network.run(3);
    assert_eq!((registrations(&network, 0), registrations(&network, 1)), (1, 1), "{:#?}", network.told(0));
    network.run(510);
    assert_eq!(registrations(&network, 0), 2, "{:#?}", network.told(0));
}

#[test]
fn a_password_registers_too() {
    let mut network = Network::with(1, GmSecurity::Off, true, |_, config| {
        config.authentication = Authentication::Digest { password: PASSWORD.into() };
    });
    network.command(0, AgentCommand::Register);
    network.run(3);
    assert_eq!(registrations(&network, 0), 1, "{:#?}\n{:#?}", network.told(0), network.notes);
}

#[test]
fn a_plain_sip_network_registers_refreshes_and_forgets() {
    let mut network = Network::plain(2);
    network.command(0, AgentCommand::Register);
    network.run(3);
    let registered = network.find(0, |e| if let AgentEvent::Registered(r) = e { Some(r.clone()) } else { None });
    assert_eq!((registered.associated.len(), registered.expires_s), (0, 7200), "{:#?}", network.gm);
    // Its nonce is old by then.
    network.run(7000);
    assert_eq!(registrations(&network, 0), 2, "{:#?}", network.gm);
    network.command(0, AgentCommand::Deregister);
    network.run(3);
    let why = network.find(0, |e| if let AgentEvent::Unregistered(why) = e { Some(why.clone()) } else { None });
    assert_eq!(why, UnregisteredWhy::Asked);
}

#[test]
fn a_sim_that_is_ahead_is_followed_and_a_foreign_one_is_not_served() {
    let mut network = Network::new(1);
    network.ues[0].usim = SimUsim::new(&SimCard { sqn: 1 << 30, ..SimCard::default() });
    network.command(0, AgentCommand::Register);
    network.run(3);
    assert_eq!(registrations(&network, 0), 1, "{:#?}\n{:#?}", network.told(0), network.gm);
    let mut network = Network::new(1);
    network.ues[0].usim = SimUsim::new(&SimCard { k: Key([9; 16]), ..SimCard::default() });
    network.command(0, AgentCommand::Register);
    network.run(3);
    network.find(0, |e| matches!(e, AgentEvent::RegistrationFailed { retry_s: None, .. }).then_some(()));
    assert_eq!(registrations(&network, 0), 0);
}

#[test]
fn messages_go_from_one_ue_to_the_other() {
    // On plain SIP a number is an address of record of its own, which nobody has registered.
    for (mut network, by_its_number) in both().into_iter().zip([Ok(200), Err(480)]) {
        let message = |to: String| {
            let (content_type, body) = ("application/vnd.3gpp.sms".to_owned(), vec![0, 1, 2, 0, 255]);
            AgentCommand::Message(OutgoingMessage { token: 7, to, content_type, body, headers: Vec::new() })
        };
        network.command(0, message(impu(1)));
        network.run(2);
        let result = |e: &AgentEvent| {
            if let AgentEvent::MessageResult { token: 7, result } = e { Some(result.clone()) } else { None }
        };
        assert_eq!(network.find(0, result), Ok(200));
        let received = network.find(1, |e| if let AgentEvent::MessageReceived(m) = e { Some(m.clone()) } else { None });
        assert_eq!((received.from.as_str(), received.to.as_str()), (impu(0).as_str(), impu(1).as_str()));
        assert_eq!(received.body, [0, 1, 2, 0, 255]);
        network.command(1, message("tel:+999700000000".into()));
        network.run(2);
        let status = |result: Result<u16, Refusal>| match result {
            Err(Refusal::Status { status, .. }) => Err(status),
            other => Ok(other.unwrap()),
        };
        assert_eq!(status(network.find(1, result)), by_its_number);
        network.command(1, message(impu(9)));
        network.run(40);
        assert!(
            matches!(network.find(1, result), Err(Refusal::Status { status: 404, .. })),
            "{:?}",
            network.find(1, result)
        );
    }
}

#[test]
fn a_session_is_set_up_held_resumed_and_ended() {
    for mut network in both() {
        let callee = established(&mut network);
        let hold = |e: &AgentEvent| if let AgentEvent::Modified { hold, .. } = e { Some(*hold) } else { None };
        for (command, on) in [(AgentCommand::Hold(CALL), true), (AgentCommand::Resume(CALL), false)] {
            network.command(0, command);
            network.run(1);
            assert_eq!(network.find(0, hold), HoldState { local: on, remote: false });
            assert_eq!(network.find(1, hold), HoldState { local: false, remote: on });
        }
        network.command(1, AgentCommand::HangUp(callee));
        network.run(1);
        assert_eq!(
            (ended(&network, 1), ended(&network, 0)),
            (EndedWhy::HungUp, EndedWhy::RemoteHungUp { reason: None })
        );
    }
}

#[test]
fn a_session_is_refreshed_as_long_as_it_stands() {
    let mut network = Network::with(2, GmSecurity::Off, false, |_, config| {
        config.session.session_expires_s = Some(90);
    });
    for n in 0..2 {
        network.command(n, AgentCommand::Register);
    }
    network.run(3);
    established(&mut network);
    network.run(300);
    network.find(1, |e| matches!(e, AgentEvent::Refreshed(_)).then_some(()));
    assert!(network.told(0).iter().all(|e| !matches!(e, AgentEvent::Ended { .. })), "{:#?}", network.told(0));
}

#[test]
fn a_call_is_given_up_or_refused() {
    for mut network in both() {
        call(&mut network);
        network.command(0, AgentCommand::HangUp(CALL));
        network.run(1);
        assert_eq!(ended(&network, 0), EndedWhy::Cancelled);
        assert!(matches!(ended(&network, 1), EndedWhy::RemoteCancelled { .. }));
    }
    for mut network in both() {
        let callee = call(&mut network);
        network.command(1, AgentCommand::Reject { call: callee, status: 486 });
        network.run(1);
        assert!(matches!(ended(&network, 0), EndedWhy::Refused(Refusal::Status { status: 486, .. })));
    }
}

#[test]
fn the_network_ends_a_registration() {
    let mut network = Network::registered(1);
    network.deregister_by_hss(0, 0);
    network.run(3);
    let why = network.find(0, |e| if let AgentEvent::Unregistered(why) = e { Some(why.clone()) } else { None });
    assert!(matches!(why, UnregisteredWhy::Network { .. }), "{why:?}");
}

#[test]
fn the_loss_of_a_bearer_ends_the_session_of_the_other_one() {
    let mut network = Network::registered(2);
    established(&mut network);
    let ue = network.ues[0].address;
    network.command(0, AgentCommand::Vanish);
    assert!(network.fabric.access(network.now, "pcscf", AccessEvent::BearerLost { ue }));
    network.run(2);
    assert!(matches!(ended(&network, 1), EndedWhy::RemoteHungUp { reason: Some(_) }), "{:?}", ended(&network, 1));
    assert_eq!(ended(&network, 0), EndedWhy::Lost);
}

#[test]
fn a_session_goes_on_over_datagrams_where_the_registration_went_over_a_stream() {
    let mut network = Network::with(2, GmSecurity::SecAgree, false, |_, config| {
        config.security = SecurityMode::SecAgree;
    });
    for n in 0..2 {
        network.command(n, AgentCommand::Register);
    }
    network.run(3);
    established(&mut network);
    network.command(0, AgentCommand::HangUp(CALL));
    network.run(1);
    assert_eq!((ended(&network, 0), ended(&network, 1)), (EndedWhy::HungUp, EndedWhy::RemoteHungUp { reason: None }));
}
