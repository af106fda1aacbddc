//! Messages and sessions of registered UEs.

use protocol::sip::Method;

use super::network::{Network, impu};
use crate::agent::sip::*;

const OFFER: &[u8] =
    b"v=0\r\no=- 1 1 IN IP4 10.45.0.1\r\ns=-\r\nc=IN IP4 10.45.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 97\r\n";
const ANSWER: &[u8] =
    b"v=0\r\no=- 2 1 IN IP4 10.45.0.2\r\ns=-\r\nc=IN IP4 10.45.0.2\r\nt=0 0\r\nm=audio 5000 RTP/AVP 97\r\n";
const CALL: CallId = CallId(1);

fn message(to: String) -> AgentCommand {
    AgentCommand::Message(OutgoingMessage {
        token: 5,
        to,
        content_type: "application/vnd.3gpp.sms".into(),
        body: vec![0, 1, 2, 255],
        headers: vec![("Request-Disposition".into(), "no-fork".into())],
    })
}

fn call(network: &mut Network) -> CallId {
    network.command(
        0,
        AgentCommand::Call { call: CALL, to: impu(1), sdp: OFFER.to_vec(), headers: Vec::new(), parts: Vec::new() },
    );
    network.run(1);
    let incoming = network.told(1).iter().find_map(|event| match event {
        AgentEvent::Incoming { call, from, sdp, .. } => Some((*call, from.clone(), sdp.clone())),
        _ => None,
    });
    let (callee, from, sdp) = incoming.unwrap();
    assert_eq!((from, sdp), (impu(0), Some(OFFER.to_vec())));
    callee
}

fn established(network: &mut Network) -> CallId {
    let callee = call(network);
    network.command(1, AgentCommand::Ring(callee));
    network.command(1, AgentCommand::Answer { call: callee, sdp: ANSWER.to_vec() });
    network.run(1);
    for (n, call, sdp) in [(0, CALL, ANSWER), (1, callee, OFFER)] {
        let contact = format!("sip:ue{}@10.45.0.{}:5060", 1 - n, 2 - n);
        let stands = AgentEvent::Established { call, sdp: sdp.to_vec(), contact };
        assert!(network.told(n).contains(&stands), "{:?}", network.told(n));
    }
    callee
}

fn ended(network: &Network, n: usize) -> Option<EndedWhy> {
    let of = |event: &AgentEvent| if let AgentEvent::Ended { why, .. } = event { Some(why.clone()) } else { None };
    let all: Vec<_> = network.told(n).iter().filter_map(of).collect();
    assert!(all.len() < 2, "{all:?}");
    all.into_iter().next()
}

#[test]
fn a_message_comes_as_it_was_sent() {
    let mut network = Network::registered(2);
    network.command(0, message(impu(1)));
    network.run(1);
    assert_eq!(network.told(0), [AgentEvent::MessageResult { token: 5, result: Ok(200) }]);
    let [AgentEvent::MessageReceived(received)] = network.told(1) else { panic!("{:?}", network.told(1)) };
    assert_eq!((received.from.as_str(), received.to.as_str()), (impu(0).as_str(), impu(1).as_str()));
    assert_eq!(
        (received.content_type.as_str(), received.body.as_slice()),
        ("application/vnd.3gpp.sms", &[0, 1, 2, 255][..])
    );
    let sent = network.of_method(&Method::MESSAGE)[0];
    assert_eq!(sent.headers.get("Request-Disposition"), Some("no-fork"));
    assert!(sent.headers.contains("P-Access-Network-Info"));
}

#[test]
fn a_message_names_itself_and_its_sender() {
    let mut network = Network::registered(2);
    let AgentCommand::Message(mut own) = message(impu(1)) else { unreachable!() };
    own.headers.extend([
        ("Call-ID".to_owned(), "a-name-of-its-own".to_owned()),
        ("P-Preferred-Identity".to_owned(), "<tel:+999000>".to_owned()),
    ]);
    network.command(0, AgentCommand::Message(own));
    network.run(1);
    let sent = network.of_method(&Method::MESSAGE)[0].clone();
    for (name, value) in [("Call-ID", "a-name-of-its-own"), ("P-Preferred-Identity", "<tel:+999000>")] {
        assert_eq!(sent.headers.all(name).collect::<Vec<_>>(), [value]);
    }
    let [AgentEvent::MessageReceived(received)] = network.told(1) else { panic!("{:?}", network.told(1)) };
    assert_eq!((received.from.as_str(), received.call_id.as_str()), ("tel:+999000", "a-name-of-its-own"));
}

#[test]
fn short_messages_that_come_again_are_handed_on() {
    for (content_type, times) in [("application/vnd.3gpp.sms", 2), ("text/plain", 1)] {
        let mut network = Network::registered(2);
        let AgentCommand::Message(mut own) = message(impu(1)) else { unreachable!() };
        own.content_type = content_type.to_owned();
        network.command(0, AgentCommand::Message(own));
        network.run(1);
        let said = network.said.iter().rfind(|bytes| bytes.starts_with(b"MESSAGE")).unwrap().clone();
        // The transaction is over by then.
        network.run(60);
        network.say(1, said);
        network.run(1);
        let came = network.told(1).iter().filter(|event| matches!(event, AgentEvent::MessageReceived(_)));
        assert_eq!(came.count(), times, "{content_type}");
    }
}

#[test]
fn a_message_that_cannot_go_says_why() {
    let mut network = Network::registered(2);
    network.command(0, message(format!("sip:nobody@{}", super::network::DOMAIN)));
    network.run(1);
    assert!(matches!(
        network.told(0),
        [AgentEvent::MessageResult { result: Err(Refusal::Status { status: 404, .. }), .. }]
    ));
    network.ues[1].vanished = true;
    network.ues[0].told.clear();
    network.command(0, message(impu(1)));
    network.run(40);
    assert_eq!(network.told(0), [AgentEvent::MessageResult { token: 5, result: Err(Refusal::Timeout) }]);
    let mut fresh = Network::new(1);
    fresh.command(0, message(impu(1)));
    fresh.run(1);
    assert!(matches!(fresh.told(0), [AgentEvent::MessageResult { result: Err(Refusal::NotSent(_)), .. }]));
}

#[test]
fn a_session_is_held_resumed_and_ended() {
    let mut network = Network::registered(2);
    let callee = established(&mut network);
    for (command, local) in [(AgentCommand::Hold(CALL), true), (AgentCommand::Resume(CALL), false)] {
        network.command(0, command);
        network.run(1);
        let hold = HoldState { local: false, remote: local };
        let told =
            |e: &AgentEvent| matches!(e, AgentEvent::Modified { call, hold: of, .. } if *call == callee && *of == hold);
        assert!(network.told(1).iter().any(told), "{:?}", network.told(1));
    }
    network.command(1, AgentCommand::HangUp(callee));
    network.run(1);
    assert_eq!(
        (ended(&network, 1), ended(&network, 0)),
        (Some(EndedWhy::HungUp), Some(EndedWhy::RemoteHungUp { reason: None }))
    );
    assert!(network.ues.iter().all(|ue| ue.agent.calls().is_empty()));
}

#[test]
fn a_session_is_refused_or_given_up() {
    let mut network = Network::registered(2);
    let callee = call(&mut network);
    network.command(1, AgentCommand::Reject { call: callee, status: 486 });
    network.run(1);
    assert!(matches!(ended(&network, 0), Some(EndedWhy::Refused(Refusal::Status { status: 486, .. }))));
    let mut network = Network::registered(2);
    let callee = call(&mut network);
    network.command(1, AgentCommand::Ring(callee));
    network.run(1);
    network.command(0, AgentCommand::HangUp(CALL));
    network.run(1);
    assert_eq!(ended(&network, 0), Some(EndedWhy::Cancelled));
    assert!(matches!(ended(&network, 1), Some(EndedWhy::RemoteCancelled { .. })));
}

#[test]
fn sessions_end_before_the_registration_does() {
    let mut network = Network::registered(2);
    established(&mut network);
    network.requests.clear();
    network.command(0, AgentCommand::Deregister);
    network.run(1);
    let methods: Vec<_> = network.requests.iter().map(|request| request.method.to_string()).collect();
    assert_eq!(methods, ["BYE", "REGISTER", "REGISTER"]);
    assert_eq!(ended(&network, 0), Some(EndedWhy::HungUp));
    assert!(network.told(0).contains(&AgentEvent::Unregistered(UnregisteredWhy::Asked)));
}

#[test]
fn a_ue_that_loses_its_bearer_says_nothing_more() {
    let mut network = Network::registered(2);
    established(&mut network);
    network.requests.clear();
    network.command(0, AgentCommand::Vanish);
    network.run(100);
    assert_eq!(ended(&network, 0), Some(EndedWhy::Lost));
    assert!(network.requests.iter().all(|request| request.method == Method::ACK), "{:?}", network.requests);
    assert_eq!(network.ues[0].agent.poll_timeout(), None);
    network.command(0, AgentCommand::Register);
    network.run(1);
    assert!(network.ues[0].agent.is_registered());
}

#[test]
fn what_is_not_understood_is_refused() {
    let mut network = Network::registered(2);
    network.command(0, AgentCommand::Hold(CallId(77)));
    network.command(
        0,
        AgentCommand::Call {
            call: CALL,
            to: "nonsense".into(),
            sdp: OFFER.to_vec(),
            headers: Vec::new(),
            parts: Vec::new(),
        },
    );
    network.run(1);
    assert!(matches!(network.told(0)[0], AgentEvent::ModifyRefused { call: CallId(77), .. }));
    assert!(matches!(ended(&network, 0), Some(EndedWhy::Refused(Refusal::NotSent(_)))));
    // A stranger's datagram.
    let now = network.now;
    let flow = protocol::sip::Flow {
        transport: protocol::sip::Transport::Udp,
        local: "10.45.0.1:5060".parse().unwrap(),
        remote: "10.9.9.9:5060".parse().unwrap(),
    };
    network.ues[0].agent.handle_input(now, AgentInput::Sip { flow, bytes: b"OPTIONS sip:x SIP/2.0\r\n\r\n" });
    network.run(1);
    assert!(matches!(network.told(0).last(), Some(AgentEvent::Ignored { why, .. }) if why.contains("P-CSCF")));
}

#[test]
fn ten_thousand_broken_messages_leave_the_ue_as_it_was() {
    let mut network = Network::registered(2);
    let callee = established(&mut network);
    network.command(0, AgentCommand::Hold(CALL));
    network.command(1, message(impu(0)));
    network.run(1);
    let said = std::mem::take(&mut network.said);
    assert!(said.len() > 10);
    let flow = |transport, n: u8| protocol::sip::Flow {
        transport,
        local: std::net::SocketAddr::from(([10, 45, 0, n + 1], 5060)),
        remote: "10.46.0.1:5060".parse().unwrap(),
    };
    let mut entropy = protocol::Entropy::of_box(3, "mutations");
    for turn in 0..10_000_usize {
        let mut bytes = said[turn % said.len()].clone();
        for _ in 0..1 + entropy.below(4) {
            let at = entropy.below(bytes.len() as u32) as usize;
            match entropy.below(4) {
                0 => bytes[at] = entropy.below(256) as u8,
                1 if bytes.len() > 1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, entropy.below(256) as u8),
                _ => bytes.truncate(at.max(1)),
            }
        }
        // Answers that end what stands are no mistake of the UE.
        if bytes.starts_with(b"BYE") || bytes.windows(10).any(|words| words == b"terminated") {
            continue;
        }
        let transport = if turn % 5 == 0 { protocol::sip::Transport::Tcp } else { protocol::sip::Transport::Udp };
        let (now, n) = (network.now, turn % 2);
        let input = AgentInput::Sip { flow: flow(transport, n as u8), bytes: &bytes };
        network.ues[n].agent.handle_input(now, input);
        if turn % 100 == 0 {
            network.run(1);
        }
    }
    network.run(200);
    assert!(network.ues.iter().all(|ue| ue.agent.is_registered()));
    network.command(1, AgentCommand::HangUp(callee));
    network.run(40);
    assert!(network.ues.iter().all(|ue| !ue.agent.calls().contains(&CALL)));
    network.ues.iter_mut().for_each(|ue| ue.told.clear());
    network.command(0, message(impu(1)));
    network.run(1);
    assert!(
        network.told(0).contains(&AgentEvent::MessageResult { token: 5, result: Ok(200) }),
        "{:?}",
        network.told(0)
    );
}

#[test]
fn a_state_is_published_and_kept_under_its_tag() {
    let mut network = Network::registered(1);
    let publish = |etag: Option<&str>, body: &str| {
        AgentCommand::Publish(Publication {
            token: 7,
            event: "presence".into(),
            content_type: "application/pidf+xml".into(),
            body: body.into(),
            expires_s: 600,
            etag: etag.map(str::to_owned),
            ..Publication::default()
        })
    };
    network.command(0, publish(None, "<presence/>"));
    network.run(1);
    let stands = Published { etag: "1".into(), expires_s: 60 };
    assert_eq!(network.told(0), [AgentEvent::PublishResult { token: 7, result: Ok(stands) }]);
    let sent = network.of_method(&Method::PUBLISH)[0].clone();
    assert_eq!((sent.uri.to_string(), sent.body.as_slice()), (impu(0), &b"<presence/>"[..]));
    assert_eq!((sent.headers.get("Event"), sent.headers.get("Expires")), (Some("presence"), Some("600")));
    network.ues[0].told.clear();
    network.command(0, publish(Some("2"), ""));
    network.run(1);
    let sent = network.of_method(&Method::PUBLISH)[1].clone();
    assert_eq!((sent.headers.get("SIP-If-Match"), sent.headers.contains("Content-Type")), (Some("2"), false));
    assert!(matches!(
        network.told(0),
        [AgentEvent::PublishResult { token: 7, result: Err(Refusal::Status { status: 412, .. }) }]
    ));
    network.ues[0].told.clear();
    network.command(0, AgentCommand::Vanish);
    network.command(0, publish(None, "<presence/>"));
    network.run(1);
    assert!(
        network.told(0).contains(&AgentEvent::PublishResult {
            token: 7,
            result: Err(Refusal::NotNow("the UE is not registered"))
        })
    );
}

#[test]
fn a_watch_is_told_until_it_is_not_wanted() {
    let mut network = Network::registered(1);
    let watch = WatchId(3);
    let wanted = SubscriptionRequest {
        to: impu(0),
        event: "presence".into(),
        accept: "application/pidf+xml".into(),
        expires_s: 600,
        headers: Vec::new(),
    };
    network.command(0, AgentCommand::Watch { watch, wanted });
    network.run(1);
    let told = network.told(0).to_vec();
    assert!(told.contains(&AgentEvent::Watching { watch, expires_s: 600 }), "{told:?}");
    let kind = "application/pidf+xml".to_owned();
    let body = b"<presence/>".to_vec();
    assert!(
        told.contains(&AgentEvent::Notified { watch, state: "active".into(), content_type: kind, body }),
        "{told:?}"
    );
    network.command(0, AgentCommand::Unwatch(watch));
    network.run(1);
    let why = "unsubscribed".to_owned();
    assert!(network.told(0).contains(&AgentEvent::WatchEnded { watch, why }), "{:?}", network.told(0));
    network.command(0, AgentCommand::Unwatch(watch));
    network.run(1);
    assert!(matches!(network.told(0).last(), Some(AgentEvent::Ignored { .. })));
}

#[test]
fn what_comes_of_a_referral_is_told() {
    let mut network = Network::registered(2);
    let refer_to = format!("<{};method=INVITE>", impu(0));
    let wanted = ReferRequest { to: impu(1), refer_to: refer_to.clone(), ..ReferRequest::default() };
    network.command(0, AgentCommand::Refer { watch: WatchId(1), wanted: wanted.clone() });
    network.command(0, AgentCommand::Refer { watch: WatchId(1), wanted });
    network.run(1);
    let sent = network.of_method(&Method::REFER)[0];
    assert_eq!(sent.headers.get("Refer-To"), Some(refer_to.as_str()));
    assert!(sent.headers.get("Referred-By").is_some_and(|by| by.contains(&impu(0))));
    // A UE is no focus.
    assert!(
        network
            .told(0)
            .iter()
            .any(|e| matches!(e, AgentEvent::WatchEnded { watch: WatchId(1), why } if why.contains("405")))
    );
    assert!(network.told(0).iter().any(|e| matches!(e, AgentEvent::Ignored { .. })));
}
