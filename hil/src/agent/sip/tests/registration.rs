//! Registration in all its branches.

use protocol::sip::{Algorithm, Credentials, Method};

use super::network::{DOMAIN, Network, PASSWORD, Quirk, impu};
use crate::agent::sip::*;

fn registrations(network: &Network) -> Vec<Registered> {
    let of = |event: &AgentEvent| match event {
        AgentEvent::Registered(registered) => Some(registered.clone()),
        _ => None,
    };
    network.told(0).iter().filter_map(of).collect()
}

fn failure(network: &Network) -> (Option<u16>, String, Option<u32>) {
    let of = |event: &AgentEvent| match event {
        AgentEvent::RegistrationFailed { status, why, retry_s } => Some((*status, why.clone(), *retry_s)),
        _ => None,
    };
    network.told(0).iter().find_map(of).unwrap_or_else(|| panic!("{:?}", network.told(0)))
}

fn unregistered(network: &Network) -> Option<UnregisteredWhy> {
    let of = |event: &AgentEvent| if let AgentEvent::Unregistered(why) = event { Some(why.clone()) } else { None };
    network.told(0).iter().find_map(of)
}

fn credentials(network: &Network, at: usize) -> Credentials {
    let register = network.of_method(&Method::REGISTER)[at];
    Credentials::parse(register.headers.get("Authorization").unwrap()).unwrap()
}

fn register(network: &mut Network) {
    network.command(0, AgentCommand::Register);
    network.run(1);
}

#[test]
fn a_ue_registers_with_aka_and_subscribes() {
    let mut network = Network::new(1);
    register(&mut network);
    let granted = registrations(&network);
    assert_eq!(granted.len(), 1);
    assert_eq!((granted[0].expires_s, granted[0].refreshed), (600_000, false));
    assert_eq!(granted[0].associated, [impu(0), "tel:+999000".to_owned()]);
    let first = network.of_method(&Method::REGISTER)[0];
    let contact = first.headers.get("Contact").unwrap();
    assert!(contact.contains("+sip.instance=\"<urn:gsma:imei:") && contact.contains("+g.3gpp.smsip"), "{contact}");
    assert_eq!(first.uri.to_string(), format!("sip:{DOMAIN}"));
    assert!(first.headers.contains("P-Access-Network-Info") && !first.headers.contains("Route"));
    assert!(!first.headers.contains("Security-Client") && !first.headers.contains("Require"));
    let introduction = credentials(&network, 0);
    assert_eq!((introduction.nonce().as_deref(), introduction.response().as_deref()), (Some(""), Some("")));
    let second = network.of_method(&Method::REGISTER)[1];
    assert_eq!((first.call_id(), second.cseq().unwrap().unwrap().seq), (second.call_id(), 2));
    let subscribe = network.of_method(&Method::SUBSCRIBE)[0];
    let routes: Vec<_> = subscribe.headers.values("Route").collect();
    assert_eq!(routes, ["<sip:10.46.0.1:5060;lr>".to_owned(), format!("<sip:orig@scscf.{DOMAIN};lr>")]);
    assert_eq!(subscribe.headers.get("P-Preferred-Identity"), Some(format!("<{}>", impu(0)).as_str()));
    assert!(network.told(0).iter().any(|e| matches!(e, AgentEvent::RegInfo(_))), "{:?}", network.told(0));
    assert!(network.told(0).iter().any(|e| matches!(e, AgentEvent::Subscribed { .. })));
}

#[test]
fn a_ue_registers_with_a_password() {
    let mut network = Network::with(1, |_, config| {
        config.authentication = Authentication::Digest { password: PASSWORD.into() };
    });
    network.ues[0].use_digest();
    register(&mut network);
    assert_eq!(registrations(&network).len(), 1);
    // A wrong one is tried twice, not more.
    let mut network = Network::with(1, |_, config| {
        config.authentication = Authentication::Digest { password: "wrong".into() };
    });
    network.ues[0].use_digest();
    register(&mut network);
    network.run(10_000);
    let (status, why, retry) = failure(&network);
    assert_eq!((status, retry), (Some(401), None), "{why}");
    assert_eq!(network.of_method(&Method::REGISTER).len(), 3);
}

#[test]
fn a_plain_sip_network_hears_nothing_of_the_ims() {
    let mut network = Network::with(1, |_, config| {
        let user = ("ue0", PASSWORD.to_owned());
        *config = AgentConfig::plain(user, &impu(0), "sip.example", config.pcscf, config.contact);
    });
    let challenge = "Digest realm=\"sip.example\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"";
    network.quirks.push_back(Quirk::Says(401, "WWW-Authenticate", challenge));
    network.quirks.push_back(Quirk::Says(200, "Contact", "<sip:ue0@10.45.0.1:5060>;expires=3600"));
    register(&mut network);
    assert_eq!(registrations(&network).len(), 1, "{:#?}", network.told(0));
    assert!(!network.requests[0].headers.contains("Authorization"));
    let answer = credentials(&network, 1);
    assert_eq!((answer.algorithm(), &*answer.username().unwrap()), (Algorithm::Sha256, "ue0"));
    assert!(answer.verify(PASSWORD.as_bytes(), &Method::REGISTER, &[]).unwrap());
    let (to, content_type, body) = (impu(0), "text/plain".to_owned(), b"x".to_vec());
    let message = OutgoingMessage { token: 1, to, content_type, body, headers: Vec::new() };
    network.command(0, AgentCommand::Message(message));
    network.run(1);
    assert_eq!(network.requests.len(), 3, "no subscription to the state of the registration");
    for request in &network.requests {
        let text = String::from_utf8(request.to_bytes()).unwrap();
        let is_of_ims = |line: &str| ["P-", "Security-", "Require"].iter().any(|start| line.starts_with(start));
        assert!(!text.lines().any(is_of_ims), "{text}");
    }
}

#[test]
fn a_foreign_challenge_is_told_with_an_empty_response_and_no_auts() {
    let mut network = Network::new(1);
    network.quirks.push_back(Quirk::ForeignChallenge);
    register(&mut network);
    let told = credentials(&network, 1);
    assert_eq!((told.response().as_deref(), told.auts()), (Some(""), None));
    assert!(!told.nonce().unwrap().is_empty());
    assert_eq!(registrations(&network).len(), 1, "the next challenge is good");
    // Two are answered, the third is not.
    let mut network = Network::new(1);
    network.quirks.extend([Quirk::ForeignChallenge; 5]);
    register(&mut network);
    network.run(10_000);
    assert_eq!(network.of_method(&Method::REGISTER).len(), 3);
    assert_eq!(failure(&network).2, None);
}

#[test]
fn a_sequence_number_out_of_range_is_resynchronised() {
    let mut network = Network::new(1);
    network.ues[0].is_ahead();
    register(&mut network);
    assert!(credentials(&network, 1).auts().is_some());
    assert_eq!(registrations(&network).len(), 1);
    assert_eq!(network.answers, [401, 401, 200]);
    // An old challenge in the middle of a good series.
    let mut network = Network::new(1);
    register(&mut network);
    network.quirks.push_back(Quirk::OldChallenge);
    register(&mut network);
    assert_eq!(network.answers, [401, 200, 401, 401, 200]);
}

#[test]
fn a_stale_nonce_is_no_failure() {
    let mut network = Network::new(1);
    network.quirks.extend([Quirk::Stale, Quirk::Stale, Quirk::Stale, Quirk::Stale]);
    register(&mut network);
    assert_eq!((registrations(&network).len(), network.answers.len()), (1, 5));
}

#[test]
fn an_interval_that_is_too_brief_is_raised() {
    let mut network = Network::with(1, |_, config| config.expires_s = 60);
    network.min_expires = 300;
    register(&mut network);
    assert_eq!(network.answers, [423, 401, 200]);
    assert_eq!(registrations(&network)[0].expires_s, 300);
}

#[test]
fn a_registration_is_refreshed_600_s_before_its_end_or_at_half_of_it() {
    for (expires, after) in [(600_000, 599_400), (7200, 6600), (1200, 600), (100, 50)] {
        for trusts in [false, true] {
            let mut network = Network::new(1);
            (network.expires, network.trusts) = (expires, trusts);
            register(&mut network);
            network.run(after - 3);
            assert_eq!(registrations(&network).len(), 1, "{expires}");
            network.run(5);
            let all = registrations(&network);
            assert_eq!((all.len(), all[1].refreshed), (2, true), "{expires}");
            assert_eq!(network.answers.len(), if trusts { 3 } else { 4 });
        }
    }
}

#[test]
fn what_was_agreed_is_shown_in_every_request() {
    let mut network = Network::with(1, |_, config| config.security = SecurityMode::SecAgree);
    network.sec_agree = true;
    network.expires = 1000;
    register(&mut network);
    let server = "ipsec-3gpp;q=0.9;alg=hmac-sha-1-96;ealg=null;spi-c=1;spi-s=2;port-c=5060;port-s=5060";
    let registers = network.of_method(&Method::REGISTER);
    assert!(!registers[0].headers.contains("Security-Verify") && registers[0].headers.lists("Require", "sec-agree"));
    assert_eq!(registers[1].headers.get("Security-Verify"), Some(server));
    assert_eq!(registers[0].headers.get("Security-Client"), registers[1].headers.get("Security-Client"));
    let subscribe = network.of_method(&Method::SUBSCRIBE)[0];
    assert_eq!(subscribe.headers.get("Security-Verify"), Some(server));
    assert!(subscribe.headers.lists("Proxy-Require", "sec-agree"));
    network.run(510);
    let refresh = network.of_method(&Method::REGISTER)[2];
    assert_eq!(refresh.headers.get("Security-Verify"), Some(server));
    assert_ne!(
        refresh.headers.get("Security-Client"),
        network.of_method(&Method::REGISTER)[0].headers.get("Security-Client")
    );
    assert_eq!(registrations(&network).len(), 2);
    // A P-CSCF that offers nothing is not trusted with an answer.
    let mut network = Network::with(1, |_, config| config.security = SecurityMode::SecAgree);
    register(&mut network);
    assert!(failure(&network).1.contains("security mechanism"));
    assert_eq!(network.of_method(&Method::REGISTER).len(), 1);
}

#[test]
fn failures_are_borne_with_pauses_that_grow_and_refusals_are_not() {
    let mut network = Network::new(1);
    network.quirks.extend([Quirk::Says(503, "Retry-After", "100"), Quirk::Silent]);
    network.quirks.extend([Quirk::Silent; 11]);
    register(&mut network);
    let (status, _, retry) = failure(&network);
    assert_eq!((status, retry), (Some(503), Some(100)));
    network.run(1000);
    assert_eq!(registrations(&network).len(), 1, "{:?}", network.told(0));
    let retries: Vec<_> = network
        .told(0)
        .iter()
        .filter_map(|e| if let AgentEvent::RegistrationFailed { retry_s, .. } = e { *retry_s } else { None })
        .collect();
    assert_eq!(retries.len(), 2);
    assert!((30..=60).contains(&retries[1]), "{retries:?}");
    for quirk in [Quirk::Says(403, "Warning", "399 a \"no\""), Quirk::Empty] {
        let mut network = Network::new(1);
        network.quirks.push_back(quirk);
        register(&mut network);
        assert_eq!(failure(&network).2, None);
        network.run(10_000);
        assert_eq!(network.of_method(&Method::REGISTER).len(), 1);
    }
}

#[test]
fn a_refresh_that_fails_is_followed_by_a_new_registration() {
    let mut network = Network::new(1);
    network.expires = 1000;
    register(&mut network);
    let first = network.of_method(&Method::REGISTER)[0].call_id().unwrap().to_owned();
    network.quirks.push_back(Quirk::Says(504, "Warning", "399 a \"b\""));
    network.run(502);
    let all = registrations(&network);
    assert_eq!((all.len(), all[1].refreshed), (2, false));
    assert_eq!(unregistered(&network), None);
    assert_ne!(network.of_method(&Method::REGISTER).last().unwrap().call_id().unwrap(), first);
    // Refused for good: not registered any more.
    network.quirks.push_back(Quirk::Says(403, "Warning", "399 a \"b\""));
    network.run(502);
    assert_eq!(unregistered(&network), Some(UnregisteredWhy::Refused { status: 403 }));
    assert!(!network.ues[0].agent.is_registered());
}

#[test]
fn a_registration_that_nobody_refreshes_expires() {
    let mut network = Network::with(1, |_, config| config.persistent = false);
    network.expires = 100;
    register(&mut network);
    network.quirks.extend([Quirk::Silent; 100]);
    network.run(200);
    assert!(unregistered(&network).is_some());
    assert!(!network.ues[0].agent.is_registered());
}

#[test]
fn a_ue_deregisters_and_hears_the_last_of_its_subscription() {
    let mut network = Network::new(1);
    register(&mut network);
    network.command(0, AgentCommand::Deregister);
    network.run(1);
    assert_eq!(unregistered(&network), Some(UnregisteredWhy::Asked));
    assert_eq!(network.of_method(&Method::REGISTER).last().unwrap().expires().unwrap(), Some(0));
    network.notify(0, ("terminated;reason=noresource", "unregistered", None));
    network.run(1);
    assert!(
        network
            .told(0)
            .iter()
            .any(|e| matches!(e, AgentEvent::SubscriptionEnded { why } if why.contains("noresource")))
    );
    network.run(1000);
    assert_eq!(network.ues[0].agent.poll_timeout(), None);
    // And registers again.
    register(&mut network);
    assert!(network.ues[0].agent.is_registered());
}

#[test]
fn the_network_ends_a_registration_as_it_says() {
    for (event, retry, again) in [
        ("deactivated", None, Some(1)),
        ("rejected", None, None),
        ("probation", Some(50), Some(52)),
        ("unregistered", None, None),
    ] {
        let mut network = Network::new(1);
        register(&mut network);
        network.notify(0, ("terminated;reason=noresource", event, retry));
        network.run(0);
        network.run(1);
        assert_eq!(unregistered(&network), Some(UnregisteredWhy::Network { event: event.into() }), "{event}");
        network.run(again.unwrap_or(5000));
        assert_eq!(registrations(&network).len(), 1 + usize::from(again.is_some()), "{event}");
    }
}

#[test]
fn a_shortened_registration_is_refreshed_at_half_of_what_is_left() {
    let mut network = Network::new(1);
    register(&mut network);
    network.notify(0, ("active", "shortened", Some(60)));
    network.run(25);
    assert_eq!(registrations(&network).len(), 1);
    network.run(10);
    assert_eq!(registrations(&network).len(), 2);
}

#[test]
fn registration_stands_over_a_net_that_loses() {
    let mut network = Network::new(20);
    network.loss = 300;
    for n in 0..20 {
        network.command(n, AgentCommand::Register);
    }
    network.run(60);
    assert!(network.ues.iter().all(|ue| ue.agent.is_registered()));
}

#[test]
fn no_secret_is_shown() {
    let mut network = Network::with(1, |_, config| {
        config.authentication = Authentication::Digest { password: PASSWORD.into() };
    });
    network.ues[0].use_digest();
    register(&mut network);
    let shown = format!("{:?}", network.ues[0].agent);
    assert!(!shown.contains(PASSWORD), "{shown}");
    let octets = format!("{:?}", PASSWORD.as_bytes());
    assert!(!shown.contains(octets.trim_matches(['[', ']'])));
}
