//! Sessions between two user agents.

use std::time::Duration;

use super::net::{ANSWER, Net, OFFER, uri};
use crate::mime::{MediaType, Multipart, Part};
use crate::sip::*;

fn called(net: &mut Net) -> (SessionId, SessionId) {
    let now = net.now;
    let caller = net.agents[0].invite(now, uri(1), OFFER, &[]);
    net.run_ms(100);
    (caller, net.offered(1))
}

fn established(net: &mut Net) -> (SessionId, SessionId) {
    let (caller, callee) = called(net);
    let now = net.now;
    net.agents[1].accept(now, callee, ANSWER).unwrap();
    net.run_ms(200);
    assert!(
        matches!(net.sessions(0).last(), Some(SessionEvent::Established { sdp }) if sdp == ANSWER),
        "{:?}",
        net.told[0]
    );
    assert!(matches!(net.sessions(1).last(), Some(SessionEvent::Established { sdp }) if sdp == OFFER));
    (caller, callee)
}

fn nothing_is_left(net: &mut Net) {
    net.run(Duration::from_secs(200));
    for agent in &net.agents {
        assert_eq!((agent.sessions().len(), agent.poll_timeout()), (0, None), "{agent:#?}");
        assert!(agent.sessions.is_empty());
    }
}

#[test]
fn a_call_rings_reliably_is_answered_and_ended() {
    let mut net = Net::new(2, 1);
    let (caller, callee) = called(&mut net);
    assert_eq!(net.sessions(1), [SessionEvent::Offered { sdp: Some(OFFER.to_vec()) }]);
    net.agents[1].progress(net.now, callee, 180, None).unwrap();
    net.run_ms(100);
    assert_eq!(net.sessions(0), [SessionEvent::Progress { status: 180, sdp: None }]);
    assert_eq!((net.count(0, "PRACK"), net.count(1, "200 PRACK"), net.count(1, "180 INVITE")), (1, 1, 1));
    net.agents[1].accept(net.now, callee, ANSWER).unwrap();
    net.run_ms(5000);
    assert_eq!((net.count(1, "200 INVITE"), net.count(0, "ACK")), (1, 1));
    net.agents[0].hang_up(net.now, caller).unwrap();
    net.run_ms(100);
    assert_eq!(net.ended(0), Some(EndedWhy::HungUp));
    assert_eq!(net.ended(1), Some(EndedWhy::RemoteHungUp { reason: None }));
    nothing_is_left(&mut net);
}

/// TS 24.379 clause 10.1.1.2.1.1: what the service has to say comes beside the SDP.
#[test]
fn the_sdp_is_one_of_several_parts() {
    let mut net = Net::new(2, 1);
    let info = Part::new("application/vnd.3gpp.mcptt-info+xml", "<mcpttinfo/>");
    let caller = net.agents[0].invite_with(net.now, uri(1), OFFER, &[], std::slice::from_ref(&info));
    net.run_ms(100);
    let callee = net.offered(1);
    assert_eq!(net.sessions(1), [SessionEvent::Offered { sdp: Some(OFFER.to_vec()) }]);
    let SipMessage::Request(invite) = net.newest(0, "INVITE") else { panic!("no INVITE") };
    assert_eq!(sdp_of(&invite.headers, &invite.body).as_deref(), Some(OFFER));
    let media = MediaType::of(&invite.headers).unwrap().unwrap();
    assert_eq!(Multipart::parse(&media, &invite.body).unwrap().parts[1], info);
    net.agents[1].accept(net.now, callee, ANSWER).unwrap();
    net.run_ms(200);
    assert!(matches!(net.sessions(0).last(), Some(SessionEvent::Established { sdp }) if sdp == ANSWER));
    assert_eq!(net.agents[0].remote_target(caller), Some(uri(1)));
    assert_eq!(net.agents[1].remote_target(callee), Some(uri(0)));
    net.agents[0].hang_up(net.now, caller).unwrap();
    nothing_is_left(&mut net);
    let mut without = invite;
    without.set_body("multipart/mixed;boundary=b", "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n");
    assert_eq!(sdp_of(&without.headers, &without.body), None);
}

#[test]
fn a_call_stands_whatever_is_lost_once() {
    for what in ["INVITE", "180 INVITE", "PRACK", "200 PRACK", "200 INVITE", "ACK", "BYE", "200 BYE"] {
        let mut net = Net::new(2, 2);
        net.loses = Box::new(move |sent, times| sent == what && times == 0);
        let now = net.now;
        net.agents[0].invite(now, uri(1), OFFER, &[]);
        net.run_ms(1500);
        let callee = net.offered(1);
        net.agents[1].progress(net.now, callee, 180, None).unwrap();
        net.agents[1].accept(net.now, callee, ANSWER).unwrap();
        net.run_ms(5000);
        net.agents[1].hang_up(net.now, callee).unwrap();
        net.run_ms(5000);
        assert_eq!(net.ended(1), Some(EndedWhy::HungUp), "{what}: {:?} {:?}", net.log, net.told);
        assert_eq!(net.ended(0), Some(EndedWhy::RemoteHungUp { reason: None }), "{what}: {:?}", net.log);
        assert!(net.log.iter().filter(|(_, sent)| sent == what).count() >= 2, "{what}");
        nothing_is_left(&mut net);
    }
}

#[test]
fn sessions_stand_over_a_net_that_loses_a_fifth() {
    for seed in 0..40 {
        let mut net = Net::new(2, seed);
        net.loss = 200;
        let now = net.now;
        let caller = net.agents[0].invite(now, uri(1), OFFER, &[]);
        net.run(Duration::from_secs(20));
        let callee = net.offered(1);
        net.agents[1].progress(net.now, callee, 180, None).unwrap();
        net.agents[1].accept(net.now, callee, ANSWER).unwrap();
        net.run(Duration::from_secs(20));
        net.agents[0].change(net.now, caller, Change::Hold(true)).unwrap();
        net.run(Duration::from_secs(40));
        net.agents[0].hang_up(net.now, caller).unwrap();
        net.run(Duration::from_secs(40));
        assert!(
            net.sessions(1).iter().any(|e| matches!(e, SessionEvent::Modified { hold, .. } if hold.remote)),
            "{seed}"
        );
        assert_eq!(net.ended(0), Some(EndedWhy::HungUp), "{seed}");
        assert_eq!(net.ended(1), Some(EndedWhy::RemoteHungUp { reason: None }), "{seed}");
        nothing_is_left(&mut net);
    }
}

#[test]
fn hold_and_resume_from_either_side() {
    let mut net = Net::new(2, 3);
    let (caller, callee) = established(&mut net);
    let last = |net: &Net, n: usize| match net.sessions(n).last() {
        Some(SessionEvent::Modified { hold, .. }) => (hold.local, hold.remote),
        other => panic!("{other:?}"),
    };
    for (who, on, wanted) in [
        (0, true, [(true, false), (false, true)]),
        (1, true, [(true, true), (true, true)]),
        (0, false, [(false, true), (true, false)]),
        (1, false, [(false, false), (false, false)]),
    ] {
        let id = [caller, callee][who];
        net.agents[who].change(net.now, id, Change::Hold(on)).unwrap();
        net.run_ms(500);
        assert_eq!([last(&net, 0), last(&net, 1)], wanted, "{who} {on}");
    }
    assert_eq!(net.count(0, "INVITE") + net.count(1, "INVITE"), 5);
}

#[test]
fn an_update_offers_too_before_and_after_the_answer() {
    let mut net = Net::new(2, 4);
    let (caller, callee) = called(&mut net);
    net.agents[1].progress(net.now, callee, 183, Some(ANSWER)).unwrap();
    net.run_ms(100);
    assert_eq!(net.sessions(0), [SessionEvent::Progress { status: 183, sdp: Some(ANSWER.to_vec()) }]);
    let newer = String::from_utf8(OFFER.to_vec()).unwrap().replace("o=a 1 1", "o=a 1 2").replace("4000", "4100");
    net.agents[0].change(net.now, caller, Change::Update(newer.clone().into_bytes())).unwrap();
    net.run_ms(100);
    assert!(matches!(net.sessions(1).last(), Some(SessionEvent::Modified { sdp, .. }) if *sdp == newer.as_bytes()));
    assert!(matches!(net.sessions(0).last(), Some(SessionEvent::Modified { .. })));
    net.agents[1].accept(net.now, callee, ANSWER).unwrap();
    net.run_ms(100);
    assert!(net.newest(1, "200 INVITE").as_response().unwrap().body.is_empty(), "the answer was told before");
    let newest = newer.replace("o=a 1 2", "o=a 1 3").replace("4100", "4200");
    net.agents[0].change(net.now, caller, Change::Update(newest.clone().into_bytes())).unwrap();
    net.run_ms(100);
    assert!(matches!(net.sessions(1).last(), Some(SessionEvent::Modified { sdp, .. }) if *sdp == newest.as_bytes()));
    assert_eq!((net.count(0, "UPDATE"), net.count(0, "INVITE")), (2, 1));
}

#[test]
fn two_re_invites_that_cross_are_both_refused_and_both_come_again() {
    let mut net = Net::new(2, 5);
    let (caller, callee) = established(&mut net);
    net.agents[0].change(net.now, caller, Change::Hold(true)).unwrap();
    net.agents[1].change(net.now, callee, Change::Hold(true)).unwrap();
    net.run_ms(100);
    assert_eq!((net.count(0, "491 INVITE"), net.count(1, "491 INVITE")), (1, 1));
    let refused = net.now;
    net.run(Duration::from_secs(5));
    assert!(refused < net.now);
    let both = |n: usize| {
        net.sessions(n).iter().any(|e| matches!(e, SessionEvent::Modified { hold, .. } if hold.local && hold.remote))
    };
    assert!(both(0) && both(1), "{:?}", net.told);
    assert_eq!((net.count(0, "INVITE"), net.count(1, "INVITE")), (3, 2));
}

#[test]
fn a_call_is_given_up_refused_or_not_answered() {
    // Given up while it rings.
    let mut net = Net::new(2, 6);
    let (caller, callee) = called(&mut net);
    net.agents[1].progress(net.now, callee, 180, None).unwrap();
    net.run_ms(100);
    net.agents[0].hang_up(net.now, caller).unwrap();
    net.run_ms(100);
    assert_eq!(net.ended(0), Some(EndedWhy::Cancelled));
    assert!(matches!(net.ended(1), Some(EndedWhy::RemoteCancelled { reason: Some(_) })));
    assert_eq!((net.count(1, "200 CANCEL"), net.count(1, "487 INVITE")), (1, 1));
    nothing_is_left(&mut net);
    // Refused.
    let mut net = Net::new(2, 7);
    let (_, callee) = called(&mut net);
    net.agents[1].reject(net.now, callee, 486).unwrap();
    net.run_ms(100);
    assert!(matches!(net.ended(0), Some(EndedWhy::Refused(Refusal::Status { status: 486, .. }))));
    assert_eq!(net.ended(1), Some(EndedWhy::Rejected { status: 486 }));
    nothing_is_left(&mut net);
    // Nobody answers: the called side gives up first, or the calling one.
    for (unanswered, status) in [(20, Some(480)), (60, None)] {
        let settings = SessionSettings {
            no_answer: Duration::from_secs(30),
            unanswered: Duration::from_secs(unanswered),
            ..SessionSettings::default()
        };
        let mut net = Net::with(2, 8, |_| settings.clone());
        called(&mut net);
        net.run(Duration::from_secs(70));
        match status {
            Some(_) => assert!(matches!(net.ended(0), Some(EndedWhy::Refused(Refusal::Status { status: 480, .. })))),
            None => assert_eq!(net.ended(0), Some(EndedWhy::NoAnswer)),
        }
        nothing_is_left(&mut net);
    }
    // Nobody is there.
    let mut net = Net::new(2, 9);
    net.loses = Box::new(|what, _| what == "INVITE");
    net.agents[0].invite(net.now, uri(1), OFFER, &[]);
    net.run(Duration::from_secs(40));
    assert_eq!(net.ended(0), Some(EndedWhy::Refused(Refusal::Timeout)));
    nothing_is_left(&mut net);
}

#[test]
fn a_cancel_that_crosses_the_answer_ends_the_session_with_bye() {
    let mut net = Net::new(2, 10);
    let (caller, callee) = called(&mut net);
    net.agents[1].progress(net.now, callee, 180, None).unwrap();
    net.run_ms(100);
    net.agents[1].accept(net.now, callee, ANSWER).unwrap();
    net.agents[0].hang_up(net.now, caller).unwrap();
    net.run_ms(300);
    assert_eq!((net.count(0, "CANCEL"), net.count(0, "ACK"), net.count(0, "BYE")), (1, 1, 1));
    assert_eq!(net.ended(0), Some(EndedWhy::Cancelled));
    assert!(matches!(net.ended(1), Some(EndedWhy::RemoteHungUp { reason: Some(_) })));
    nothing_is_left(&mut net);
}

#[test]
fn a_session_is_refreshed_by_who_said_so_and_ends_when_nobody_does() {
    let short = |_| SessionSettings { session_expires_s: Some(90), ..SessionSettings::default() };
    let mut net = Net::with(2, 11, short);
    established(&mut net);
    net.run(Duration::from_secs(600));
    assert!(net.count(0, "UPDATE") >= 12, "half of 90 s: {}", net.count(0, "UPDATE"));
    assert_eq!(net.count(1, "UPDATE"), 0);
    assert!(net.sessions(1).contains(&SessionEvent::Refreshed));
    assert_eq!(net.ended(0), None);
    // The refreshes get lost: who waits for them says BYE.
    net.loses = Box::new(|what, _| what == "UPDATE" || what == "200 UPDATE");
    net.run(Duration::from_secs(200));
    assert!(matches!(net.ended(1), Some(EndedWhy::TimedOut(_))), "{:?}", net.ended(1));
    assert!(matches!(net.ended(0), Some(EndedWhy::RemoteHungUp { .. })), "{:?}", net.ended(0));
    nothing_is_left(&mut net);
}

#[test]
fn an_interval_that_is_too_short_is_asked_for_again_longer() {
    let mut net = Net::with(2, 12, |n| match n {
        0 => SessionSettings { session_expires_s: Some(100), ..SessionSettings::default() },
        _ => SessionSettings { min_se_s: 300, ..SessionSettings::default() },
    });
    established(&mut net);
    assert_eq!((net.count(1, "422 INVITE"), net.count(0, "INVITE")), (1, 2));
    let accepted = net.newest(1, "200 INVITE");
    assert_eq!(accepted.headers().get("Session-Expires"), Some("300;refresher=uac"));
}

#[test]
fn a_2xx_without_ack_ends_with_bye() {
    let mut net = Net::new(2, 13);
    let (_, callee) = called(&mut net);
    net.loses = Box::new(|what, _| what == "ACK");
    net.agents[1].accept(net.now, callee, ANSWER).unwrap();
    net.run(Duration::from_secs(40));
    assert!(net.count(1, "200 INVITE") > 5);
    assert!(matches!(net.ended(1), Some(EndedWhy::TimedOut(why)) if why.contains("ACK")));
    assert!(matches!(net.ended(0), Some(EndedWhy::RemoteHungUp { reason: Some(_) })));
    nothing_is_left(&mut net);
}

#[test]
fn hanging_up_waits_for_the_ack() {
    let mut net = Net::new(2, 14);
    let (_, callee) = called(&mut net);
    net.loses = Box::new(|what, times| what == "ACK" && times == 0);
    net.agents[1].accept(net.now, callee, ANSWER).unwrap();
    net.agents[1].hang_up(net.now, callee).unwrap();
    net.run_ms(400);
    assert_eq!(net.count(1, "BYE"), 0);
    net.run_ms(2000);
    assert_eq!(net.count(1, "BYE"), 1);
    assert_eq!(net.ended(1), Some(EndedWhy::HungUp));
}

#[test]
fn an_invite_without_offer_gets_one_in_the_2xx() {
    let mut net = Net::new(2, 15);
    net.agents[0].invite(net.now, uri(1), b"", &[]);
    net.run_ms(100);
    assert_eq!(net.sessions(1), [SessionEvent::Offered { sdp: None }]);
    let callee = net.offered(1);
    net.agents[1].accept(net.now, callee, ANSWER).unwrap();
    net.run_ms(100);
    assert!(matches!(net.sessions(0).last(), Some(SessionEvent::Established { sdp }) if sdp == ANSWER));
    assert!(matches!(net.sessions(1).last(), Some(SessionEvent::Established { sdp }) if !sdp.is_empty()));
}
