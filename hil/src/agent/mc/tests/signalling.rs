//! Authorisation, affiliation, calls.

use super::*;

fn published(rig: &Rig) -> &crate::agent::sip::Publication {
    let of = |command: &AgentCommand| matches!(command, AgentCommand::Publish(_));
    match rig.commands.iter().rfind(|command| of(command)) {
        Some(AgentCommand::Publish(publication)) => publication,
        _ => panic!("no PUBLISH"),
    }
}

fn info(content_type: &str, body: &[u8]) -> String {
    String::from_utf8(part(content_type, body, "application/vnd.3gpp.mcptt-info+xml")).unwrap()
}

#[test]
fn it_is_authorised_with_its_token() {
    let mut rig = Rig::new();
    rig.command(McCommand::Authorise { access_token: Some("eyJ.token".into()) });
    rig.run_ms(50);
    assert!(rig.client.is_authorised());
    assert_eq!(rig.events, [McEvent::Authorised(Ok(()))]);
    let sent = published(&rig);
    assert_eq!((sent.event.as_str(), sent.to.as_deref(), sent.expires_s), ("poc-settings", Some(SERVER), u32::MAX));
    assert!(sent.headers.contains(&("P-Preferred-Service".into(), "urn:urn-7:3gpp-service.ims.icsi.mcptt".into())));
    let info = info(&sent.content_type, &sent.body);
    assert!(info.contains("<mcpttString>eyJ.token</mcpttString>"), "{info}");
    assert!(info.contains("<mcpttString>urn:uuid:1</mcpttString>"), "{info}");
    let settings = part(&sent.content_type, &sent.body, "application/poc-settings+xml");
    assert!(String::from_utf8(settings).unwrap().contains("<answer-mode>automatic</answer-mode>"));
    // The registration is over, and so is what was built on it.
    let gone = AgentEvent::Unregistered(crate::agent::sip::UnregisteredWhy::Expired);
    rig.client.handle_input(rig.now, McInput::Agent(&gone));
    assert!(!rig.client.is_authorised());
}

#[test]
fn a_refusal_is_told() {
    let mut rig = Rig::new();
    rig.answers = Some(403);
    rig.command(McCommand::Authorise { access_token: None });
    rig.command(McCommand::Affiliate { groups: vec![GROUP.into()] });
    rig.run_ms(50);
    assert!(!rig.client.is_authorised() && rig.client.affiliated().is_empty());
    assert!(matches!(&rig.events[0], McEvent::Authorised(Err(Refusal::Status { status: 403, .. }))));
    assert!(matches!(&rig.events[1], McEvent::Affiliated { result: Err(_), .. }));
}

#[test]
fn it_is_affiliated_to_what_it_names_and_nothing_else() {
    let mut rig = Rig::new();
    let other = "sip:police@groups.example";
    rig.command(McCommand::Affiliate { groups: vec![GROUP.into(), other.into()] });
    rig.run_ms(50);
    assert_eq!(rig.client.affiliated(), [GROUP, other]);
    let sent = published(&rig).clone();
    assert_eq!((sent.event.as_str(), sent.etag), ("presence", None));
    let document = String::from_utf8(part(&sent.content_type, &sent.body, "application/pidf+xml")).unwrap();
    assert!(document.contains(&format!("group=\"{GROUP}\"")) && document.contains(other), "{document}");
    assert!(document.contains(&format!("entity=\"{ME}\"")) && document.contains("id=\"urn:uuid:1\""), "{document}");
    assert!(info(&sent.content_type, &sent.body).contains(&format!("<mcpttURI>{ME}</mcpttURI>")));
    // The server has forgotten the publication: it is made anew.
    rig.answers = Some(412);
    rig.command(McCommand::Affiliate { groups: vec![other.into()] });
    assert_eq!(published(&rig).etag.as_deref(), Some("e1"));
    rig.answers = Some(200);
    rig.run_ms(5);
    let lost = AgentEvent::PublishResult {
        token: published(&rig).token,
        result: Err(Refusal::Status { status: 412, reason: String::new() }),
    };
    rig.coming.clear();
    rig.soon(Coming::Agent(lost));
    rig.run_ms(50);
    assert_eq!(published(&rig).etag, None);
    assert_eq!(rig.client.affiliated(), [other]);
}

#[test]
fn who_is_interested_in_no_group_takes_the_publication_away() {
    let mut rig = Rig::new();
    rig.command(McCommand::Affiliate { groups: vec![GROUP.into()] });
    rig.run_ms(50);
    assert_eq!(published(&rig).expires_s, u32::MAX);
    rig.command(McCommand::Affiliate { groups: Vec::new() });
    rig.run_ms(50);
    assert_eq!((published(&rig).expires_s, published(&rig).etag.as_deref()), (0, Some("e1")));
    // What comes next is a publication of its own.
    rig.command(McCommand::Affiliate { groups: vec![GROUP.into()] });
    assert_eq!((published(&rig).expires_s, published(&rig).etag.as_deref()), (u32::MAX, None));
}

#[test]
fn what_lasts_no_longer_is_published_again_in_time() {
    let mut rig = Rig::new();
    rig.expires_s = 600;
    rig.command(McCommand::Authorise { access_token: Some("eyJ.token".into()) });
    rig.command(McCommand::Affiliate { groups: vec![GROUP.into()] });
    rig.run_ms(299_000);
    assert_eq!(rig.commands.len(), 2);
    rig.run_ms(2000);
    assert_eq!(rig.commands.len(), 4);
    let sent = published(&rig);
    assert_eq!((sent.event.as_str(), sent.etag.as_deref()), ("presence", Some("e1")));
    rig.command(McCommand::Vanish);
    assert_eq!(rig.client.poll_timeout(), None);
}

#[test]
fn a_call_is_made_and_left() {
    let mut rig = Rig::in_call();
    let Some(AgentCommand::Call { to, sdp, headers, parts, call }) = rig.commands.first().cloned() else { panic!() };
    assert_eq!(to, SERVER);
    let sdp = String::from_utf8(sdp).unwrap();
    assert!(sdp.contains(&format!("m=audio {RTP} RTP/AVP 8 0\r\n")), "{sdp}");
    assert!(sdp.contains(&format!("m=application {FLOOR} udp MCPTT\r\na=fmtp:MCPTT mc_queueing")), "{sdp}");
    let document = String::from_utf8(parts[0].body.clone()).unwrap();
    assert!(document.contains("<session-type>prearranged</session-type>"), "{document}");
    assert!(document.contains(&format!("<mcpttURI>{GROUP}</mcpttURI>")), "{document}");
    assert!(headers.iter().any(|(name, value)| name == "Accept-Contact" && value.contains("+g.3gpp.mcptt")));
    assert_eq!(rig.standing().session.as_deref(), Some(SESSION));
    rig.command(McCommand::Call { group: GROUP.into() });
    assert!(matches!(rig.events.last(), Some(McEvent::Ignored { .. })), "one call of a group");
    rig.command(McCommand::HangUp { group: GROUP.into() });
    rig.run_ms(50);
    assert_eq!(rig.commands.last(), Some(&AgentCommand::HangUp(call)));
    assert!(matches!(rig.events.last(), Some(McEvent::Ended { why: EndedWhy::HungUp, .. })));
    assert!(!rig.standing().is_established);
    assert_eq!(rig.client.poll_timeout(), None);
}

/// The INVITE of a server, with this session type and offer.
fn invite(kind: &str, sdp: &str) -> Coming {
    let document = format!(
        "<?xml version=\"1.0\"?><mcpttinfo xmlns=\"urn:3gpp:ns:mcpttInfo:1.0\"><mcptt-Params>\
         <session-type>{kind}</session-type>\
         <mcptt-request-uri type=\"Normal\"><mcpttURI>{ME}</mcpttURI></mcptt-request-uri>\
         <mcptt-calling-user-id type=\"Normal\"><mcpttURI>sip:bob@mcptt.example</mcpttURI></mcptt-calling-user-id>\
         <mcptt-calling-group-id type=\"Normal\"><mcpttURI>{GROUP}</mcpttURI></mcptt-calling-group-id>\
         </mcptt-Params></mcpttinfo>"
    );
    Coming::Agent(AgentEvent::Incoming {
        call: CallId::FIRST_INCOMING,
        from: SERVER.into(),
        sdp: Some(sdp.into()),
        contact: "sip:call-9@mc1.example".into(),
        parts: vec![Part::new("application/vnd.3gpp.mcptt-info+xml", document)],
    })
}

#[test]
fn a_call_of_a_group_is_accepted_at_once() {
    let mut rig = Rig::new();
    // Video before speech: each line of the offer is answered in its place.
    let offer = server_sdp().replace("m=audio", "m=video 5000 RTP/AVP 99\r\nm=audio");
    rig.soon(invite("prearranged", &offer));
    rig.run_ms(15);
    let caller = Some("sip:bob@mcptt.example".to_owned());
    assert_eq!(rig.events, [McEvent::Incoming { group: GROUP.into(), caller }]);
    let Some(AgentCommand::Answer { sdp, .. }) = rig.commands.first().cloned() else { panic!("{:?}", rig.commands) };
    let sdp = String::from_utf8(sdp).unwrap();
    let lines: Vec<_> = sdp.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(lines, ["m=video 0 RTP/AVP 99", "m=audio 49300 RTP/AVP 8", "m=application 49302 udp MCPTT"]);
    // Floor control may be faster than the ACK.
    rig.soon(Coming::Unicast(FLOOR, floor(2, &[(4, b"sip:bob@mcptt.example"), (5, &[0, 1])])));
    rig.run_ms(50);
    assert!(rig.standing().is_established);
    assert_eq!(rig.standing().talker.as_deref(), Some("sip:bob@mcptt.example"));
    // A server that has lost the call makes another one.
    let mut again = invite("prearranged", &server_sdp());
    if let Coming::Agent(AgentEvent::Incoming { call, .. }) = &mut again {
        *call = CallId(CallId::FIRST_INCOMING.0 + 1);
    }
    rig.soon(again);
    rig.run_ms(50);
    assert!(rig.commands.contains(&AgentCommand::HangUp(CallId::FIRST_INCOMING)));
    assert!(rig.standing().is_established);
}

#[test]
fn what_is_no_call_of_a_group_is_refused() {
    let without_floor = server_sdp().split("m=application").next().unwrap().to_owned();
    let no_codec = server_sdp().replace("RTP/AVP 8", "RTP/AVP 96");
    for (kind, sdp) in [("private", server_sdp()), ("prearranged", without_floor), ("prearranged", no_codec)] {
        let mut rig = Rig::new();
        rig.soon(invite(kind, &sdp));
        rig.run_ms(50);
        let refused = AgentCommand::Reject { call: CallId::FIRST_INCOMING, status: 488 };
        assert_eq!(rig.commands, [refused], "{kind}");
    }
    // And what is not for the client at all.
    let rig = Rig::new();
    let modified = AgentEvent::Modified { call: CallId(3), sdp: Vec::new(), hold: HoldState::default() };
    let message = AgentEvent::MessageReceived(IncomingMessage {
        content_type: "text/plain".into(),
        body: b"hi".to_vec(),
        ..IncomingMessage::default()
    });
    assert!(!rig.client.is_own(&modified) && !rig.client.is_own(&message));
}

#[test]
fn groups_are_bounded_and_have_ports_of_their_own() {
    let mut rig = Rig::new();
    for number in 0..20 {
        rig.command(McCommand::Call { group: format!("sip:g{number}@groups.example") });
    }
    rig.run_ms(50);
    assert_eq!(rig.client.groups().count(), 16);
    let ports: std::collections::BTreeSet<_> = rig.client.ports().into_iter().collect();
    assert_eq!(ports.len(), 48);
    rig.command(McCommand::Vanish);
    assert_eq!(rig.client.poll_timeout(), None);
}
