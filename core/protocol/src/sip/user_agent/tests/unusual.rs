//! Forked answers and peers that a user agent of ours would not be.

use std::time::Duration;

use super::net::{ANSWER, Net, OFFER, Script, uri};
use crate::sip::*;

/// A branch of a forking proxy that answers.
fn branch(invite: &Request, status: u16, tag: &str, sdp: bool) -> SipMessage {
    let mut response = Response::to(invite, status, None);
    response.set_to_tag(tag);
    response.headers.append("Contact", "<sip:branch@10.0.0.2:5060>");
    if sdp {
        response.set_body("application/sdp", ANSWER);
    }
    SipMessage::Response(response)
}

fn forks(answers: Vec<(u16, &'static str, bool)>) -> Script {
    Box::new(move |message| match message {
        SipMessage::Request(request) if request.method == Method::INVITE => {
            answers.iter().map(|(status, tag, sdp)| branch(&request, *status, tag, *sdp)).collect()
        }
        SipMessage::Request(request) if request.method != Method::ACK => {
            vec![SipMessage::Response(Response::to(&request, 200, None))]
        }
        _ => Vec::new(),
    })
}

#[test]
fn of_two_branches_that_answer_the_second_is_acknowledged_and_ended() {
    let mut net = Net::new(2, 1);
    let script = forks(vec![
        (180, "one", false),
        (180, "two", false),
        (200, "one", true),
        (200, "two", true),
        (200, "two", true),
    ]);
    net.scripts.insert(1, script);
    let caller = net.agents[0].invite(net.now, uri(1), OFFER, &[]);
    net.run_ms(500);
    assert_eq!(net.sessions(0).iter().filter(|e| matches!(e, SessionEvent::Progress { .. })).count(), 2);
    assert!(matches!(net.sessions(0).last(), Some(SessionEvent::Established { .. })));
    // One ACK for the first, two for the second, which was repeated; one BYE.
    assert_eq!((net.count(0, "ACK"), net.count(0, "BYE")), (3, 1));
    assert!(net.newest(0, "BYE").headers().get("To").unwrap().ends_with("tag=two"));
    net.agents[0].hang_up(net.now, caller).unwrap();
    net.run_ms(100);
    assert!(net.newest(0, "BYE").headers().get("To").unwrap().ends_with("tag=one"));
    assert_eq!(net.ended(0), Some(EndedWhy::HungUp));
    net.run(Duration::from_secs(200));
    assert!(net.agents[0].sessions.is_empty());
}

#[test]
fn the_end_of_a_second_branch_goes_on_from_its_pracks() {
    let mut net = Net::new(2, 4);
    let script: Script = Box::new(|message| match message {
        SipMessage::Request(request) if request.method == Method::INVITE => {
            let ringing = ["one", "two"].map(|tag| {
                let SipMessage::Response(mut response) = branch(&request, 180, tag, false) else { unreachable!() };
                response.headers.append("Require", "100rel");
                response.headers.append("RSeq", "1");
                SipMessage::Response(response)
            });
            let answers = ["one", "two"].map(|tag| branch(&request, 200, tag, true));
            ringing.into_iter().chain(answers).collect()
        }
        SipMessage::Request(request) if request.method != Method::ACK => {
            vec![SipMessage::Response(Response::to(&request, 200, None))]
        }
        _ => Vec::new(),
    });
    net.scripts.insert(1, script);
    net.agents[0].invite(net.now, uri(1), OFFER, &[]);
    net.run_ms(500);
    assert_eq!((net.count(0, "PRACK"), net.count(0, "BYE")), (2, 1));
    let bye = net.newest(0, "BYE");
    assert!(bye.headers().get("To").unwrap().ends_with("tag=two"));
    assert_eq!(bye.headers().get("CSeq"), Some("3 BYE"));
}

#[test]
fn an_answer_that_is_none_ends_the_session() {
    for (sdp, why) in [(false, "without the SDP answer"), (true, "m=")] {
        let mut net = Net::new(2, 2);
        let script: Script = Box::new(move |message| match message {
            SipMessage::Request(request) if request.method == Method::INVITE => {
                let SipMessage::Response(mut response) = branch(&request, 200, "x", sdp) else { unreachable!() };
                if sdp {
                    response
                        .set_body("application/sdp", &b"v=0\r\no=b 2 1 IN IP4 10.0.0.2\r\ns=-\r\nm=nonsense\r\n"[..]);
                }
                vec![SipMessage::Response(response)]
            }
            SipMessage::Request(request) if request.method != Method::ACK => {
                vec![SipMessage::Response(Response::to(&request, 200, None))]
            }
            _ => Vec::new(),
        });
        net.scripts.insert(1, script);
        net.agents[0].invite(net.now, uri(1), OFFER, &[]);
        net.run_ms(500);
        assert_eq!((net.count(0, "ACK"), net.count(0, "BYE")), (1, 1));
        let ended = net.ended(0).unwrap().to_string();
        assert!(ended.contains(why), "{ended}");
    }
}

#[test]
fn reliable_responses_out_of_order_are_not_acknowledged() {
    let mut net = Net::new(2, 3);
    let reliable = |invite: &Request, rseq: u32| {
        let SipMessage::Response(mut response) = branch(invite, 180, "x", false) else { unreachable!() };
        response.headers.append("Require", "100rel");
        response.headers.append("RSeq", &rseq.to_string());
        SipMessage::Response(response)
    };
    let script: Script = Box::new(move |message| match message {
        SipMessage::Request(request) if request.method == Method::INVITE => {
            [7, 7, 9, 8].map(|rseq| reliable(&request, rseq)).to_vec()
        }
        SipMessage::Request(request) => vec![SipMessage::Response(Response::to(&request, 200, None))],
        SipMessage::Response(_) => Vec::new(),
    });
    net.scripts.insert(1, script);
    net.agents[0].invite(net.now, uri(1), OFFER, &[]);
    net.run_ms(200);
    let pracks: Vec<_> = net
        .bytes
        .iter()
        .filter_map(|(_, bytes)| SipMessage::parse(bytes).ok()?.headers().get("RAck").map(ToOwned::to_owned))
        .collect();
    assert_eq!(pracks, ["7 1 INVITE", "8 1 INVITE"]);
}

/// An INVITE as a peer would send it, with what is wrong with it.
fn odd(net: &mut Net, branch: &str, change: impl FnOnce(&mut Request)) -> u16 {
    let before = net.log.len();
    call(net, branch, change);
    let last = net.log[before..].iter().rfind(|(from, what)| *from == 0 && what.ends_with("INVITE")).unwrap();
    last.1.split(' ').next().unwrap().parse().unwrap()
}

fn call(net: &mut Net, branch: &str, change: impl FnOnce(&mut Request)) {
    let mut invite = Request::new(Method::INVITE, uri(0));
    for (name, value) in [
        ("Via", format!("SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK{branch}").as_str()),
        ("From", "<sip:b@home>;tag=b"),
        ("To", "<sip:a@home>"),
        ("Call-ID", branch),
        ("CSeq", "1 INVITE"),
        ("Contact", "<sip:b@10.0.0.2:5060>"),
        ("Max-Forwards", "70"),
    ] {
        invite.headers.append(name, value);
    }
    invite.set_body("application/sdp", OFFER);
    change(&mut invite);
    net.inject(1, 0, invite.to_bytes());
    net.run_ms(100);
}

#[test]
fn invites_that_cannot_be_are_refused_with_their_status() {
    let mut net = Net::new(2, 4);
    net.scripts.insert(1, Box::new(|_| Vec::new()));
    assert_eq!(odd(&mut net, "a", |i| i.headers.append("Require", "100rel, secrets, magic")), 420);
    assert_eq!(net.newest(0, "420 INVITE").headers().get("Unsupported"), Some("secrets, magic"));
    assert_eq!(odd(&mut net, "b", |i| i.set_body("text/plain", "hello")), 415);
    assert_eq!(net.newest(0, "415 INVITE").headers().get("Accept"), Some("application/sdp"));
    assert_eq!(odd(&mut net, "c", |i| i.set_body("application/sdp", "hello")), 488);
    assert_eq!(
        odd(&mut net, "d", |i| {
            i.headers.append("Supported", "timer");
            i.headers.append("Session-Expires", "60");
        }),
        422
    );
    assert_eq!(net.newest(0, "422 INVITE").headers().get("Min-SE"), Some("90"));
    assert!(net.told[0].iter().all(|e| !matches!(e, UserAgentEvent::Incoming { .. })), "{:?}", net.told[0]);
    // And a request in a dialog that nobody has.
    assert_eq!(odd(&mut net, "e", |i| i.headers.set("To", "<sip:a@home>;tag=gone")), 481);
}

/// A peer that has called and whose INVITE was accepted: what it says in the dialog.
struct Peer {
    invite: Request,
    tag: String,
    seq: u32,
}

impl Peer {
    fn new(net: &mut Net, sdp: &[u8], change: impl FnOnce(&mut Request)) -> Self {
        net.scripts.insert(1, Box::new(|_| Vec::new()));
        let mut kept = None;
        call(net, "peer", |invite| {
            invite.body = sdp.to_vec();
            if sdp.is_empty() {
                invite.headers.remove("Content-Type");
            }
            change(invite);
            kept = Some(invite.clone());
        });
        Self { invite: kept.unwrap(), tag: String::new(), seq: 1 }
    }

    fn say(&mut self, net: &mut Net, method: Method, seq: Option<u32>, sdp: &[u8], field: (&str, &str)) -> String {
        if self.tag.is_empty() {
            let at = net
                .log
                .iter()
                .rposition(|(from, what)| *from == 0 && what.ends_with(" INVITE") && !what.starts_with("100"));
            let answer = SipMessage::parse(&net.bytes[at.unwrap()].1).unwrap();
            self.tag = answer.headers().to().unwrap().unwrap().tag().unwrap().to_owned();
        }
        self.seq += u32::from(seq.is_none());
        let seq = seq.unwrap_or(self.seq);
        let mut request = Request::new(method.clone(), uri(0));
        request.headers.append("Via", &format!("SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK{method}{seq}"));
        for name in ["From", "Call-ID", "Contact", "Max-Forwards"] {
            request.headers.copy_from(&self.invite.headers, name);
        }
        request.headers.append("To", &format!("<sip:a@home>;tag={}", self.tag));
        request.headers.append("CSeq", &format!("{seq} {method}"));
        if !field.0.is_empty() {
            request.headers.append(field.0, field.1);
        }
        if !sdp.is_empty() {
            request.set_body("application/sdp", sdp);
        }
        let before = net.log.len();
        net.inject(1, 0, request.to_bytes());
        net.run_ms(50);
        let answer = net.log[before..].iter().rfind(|(from, what)| *from == 0 && what.ends_with(method.as_str()));
        answer.map_or_else(String::new, |(_, what)| what.clone())
    }
}

const NOTHING: (&str, &str) = ("", "");

#[test]
fn offers_at_the_wrong_time_are_refused_as_rfc_3261_and_3311_say() {
    let mut net = Net::new(2, 21);
    let mut peer = Peer::new(&mut net, OFFER, |_| {});
    let session = net.offered(0);
    net.agents[0].accept(net.now, session, ANSWER).unwrap();
    net.run_ms(20);
    // Before the ACK of the 2xx: no second INVITE (RFC 3261 clause 14.2).
    assert_eq!(peer.say(&mut net, Method::INVITE, None, OFFER, NOTHING), "500 INVITE");
    assert!(net.newest(0, "500 INVITE").headers().contains("Retry-After"));
    peer.say(&mut net, Method::ACK, Some(1), &[], NOTHING);
    assert!(matches!(net.sessions(0).last(), Some(SessionEvent::Established { .. })), "{:?}", net.told[0]);
    // Our UPDATE is not answered: theirs crosses it.
    net.agents[0].change(net.now, session, Change::Update(ANSWER.to_vec())).unwrap();
    net.run_ms(20);
    assert_eq!(peer.say(&mut net, Method::UPDATE, None, OFFER, NOTHING), "491 UPDATE");
    // An old number; what is no method of a session; an INFO goes to the user.
    assert_eq!(peer.say(&mut net, Method::OPTIONS, Some(1), &[], NOTHING), "500 OPTIONS");
    assert_eq!(peer.say(&mut net, Method::OPTIONS, None, &[], NOTHING), "200 OPTIONS");
    peer.say(&mut net, Method::INFO, None, &[], NOTHING);
    assert!(
        matches!(net.told[0].last(), Some(UserAgentEvent::Request { request, .. }) if request.method == Method::INFO)
    );
    assert_eq!(peer.say(&mut net, Method::PRACK, None, &[], ("RAck", "1 1 INVITE")), "481 PRACK");
    assert_eq!(peer.say(&mut net, Method::BYE, None, &[], ("Reason", "SIP;cause=503")), "200 BYE");
    assert_eq!(net.ended(0), Some(EndedWhy::RemoteHungUp { reason: Some("SIP;cause=503".into()) }));
    assert_eq!(peer.say(&mut net, Method::INVITE, None, OFFER, NOTHING), "481 INVITE");
}

#[test]
fn an_offer_may_come_in_a_prack_and_a_wrong_prack_changes_nothing() {
    let mut net = Net::new(2, 22);
    let mut peer = Peer::new(&mut net, OFFER, |invite| invite.headers.append("Supported", "100rel"));
    let session = net.offered(0);
    net.agents[0].progress(net.now, session, 183, Some(ANSWER)).unwrap();
    net.run_ms(20);
    let rseq = net.newest(0, "183 INVITE").headers().get("RSeq").unwrap().to_owned();
    assert!(net.agents[0].progress(net.now, session, 180, None).is_err(), "one at a time");
    assert_eq!(peer.say(&mut net, Method::PRACK, None, &[], ("RAck", &format!("{rseq} 9 INVITE"))), "481 PRACK");
    let newer = String::from_utf8(OFFER.to_vec()).unwrap().replace("o=a 1 1", "o=a 1 2");
    let rack = format!("{rseq} 1 INVITE");
    assert_eq!(peer.say(&mut net, Method::PRACK, None, newer.as_bytes(), ("RAck", &rack)), "200 PRACK");
    assert!(!net.newest(0, "200 PRACK").as_response().unwrap().body.is_empty());
    assert_eq!(peer.say(&mut net, Method::PRACK, None, &[], ("RAck", &rack)), "481 PRACK");
    // An UPDATE before the answer, from either side.
    assert_eq!(peer.say(&mut net, Method::UPDATE, None, OFFER, NOTHING), "200 UPDATE");
    net.agents[0].change(net.now, session, Change::Update(ANSWER.to_vec())).unwrap();
    net.run_ms(20);
    assert_eq!(net.count(0, "UPDATE"), 1);
    // Gone before the answer: BYE, and 487 for the INVITE.
    assert_eq!(peer.say(&mut net, Method::BYE, None, &[], NOTHING), "200 BYE");
    assert_eq!(net.count(0, "487 INVITE"), 1);
}

#[test]
fn a_provisional_response_without_prack_ends_the_call() {
    let mut net = Net::new(2, 23);
    Peer::new(&mut net, OFFER, |invite| invite.headers.append("Require", "100rel"));
    let session = net.offered(0);
    net.agents[0].progress(net.now, session, 180, None).unwrap();
    net.run(Duration::from_secs(40));
    assert!(net.count(0, "180 INVITE") > 4);
    assert!(net.count(0, "504 INVITE") > 0);
    assert!(matches!(net.ended(0), Some(EndedWhy::TimedOut(why)) if why.contains("PRACK")));
}

#[test]
fn a_peer_that_has_lost_the_session_ends_it() {
    for status in [481, 408] {
        let mut net = Net::new(2, 24);
        let script: Script = Box::new(move |message| match message {
            SipMessage::Request(request) if request.method == Method::INVITE => {
                let first = request.to().unwrap().unwrap().tag().is_none();
                vec![branch(&request, if first { 200 } else { status }, "x", first)]
            }
            SipMessage::Request(request) if request.method != Method::ACK => {
                vec![SipMessage::Response(Response::to(&request, 200, None))]
            }
            _ => Vec::new(),
        });
        net.scripts.insert(1, script);
        let id = net.agents[0].invite(net.now, uri(1), OFFER, &[]);
        net.run_ms(100);
        net.agents[0].change(net.now, id, Change::Hold(true)).unwrap();
        net.run_ms(500);
        assert!(matches!(net.ended(0), Some(EndedWhy::TimedOut(_))), "{:?}", net.told[0]);
        assert_eq!(net.count(0, "BYE"), 1);
    }
}

#[test]
fn a_refused_change_leaves_the_session_as_it_was() {
    let mut net = Net::new(2, 25);
    let script: Script = Box::new(move |message| match message {
        SipMessage::Request(request) if request.method == Method::INVITE => {
            let first = request.to().unwrap().unwrap().tag().is_none();
            vec![branch(&request, if first { 200 } else { 488 }, "x", first)]
        }
        SipMessage::Request(request) if request.method != Method::ACK => {
            vec![SipMessage::Response(Response::to(&request, 200, None))]
        }
        _ => Vec::new(),
    });
    net.scripts.insert(1, script);
    let id = net.agents[0].invite(net.now, uri(1), OFFER, &[]);
    net.run_ms(100);
    for _ in 0..2 {
        net.agents[0].change(net.now, id, Change::Hold(true)).unwrap();
        net.run_ms(200);
        let last = net.sessions(0).pop();
        assert!(
            matches!(last, Some(SessionEvent::ModifyRefused { why: Refusal::Status { status: 488, .. } })),
            "{last:?}"
        );
    }
    assert_eq!((net.ended(0), net.count(0, "BYE")), (None, 0));
}

#[test]
fn an_answer_that_was_told_unreliably_is_told_again() {
    let mut net = Net::new(2, 26);
    Peer::new(&mut net, OFFER, |_| {});
    let session = net.offered(0);
    net.agents[0].progress(net.now, session, 183, Some(ANSWER)).unwrap();
    net.agents[0].accept(net.now, session, ANSWER).unwrap();
    net.run_ms(20);
    assert!(net.newest(0, "183 INVITE").headers().get("RSeq").is_none());
    assert_eq!(net.newest(0, "200 INVITE").as_response().unwrap().body, ANSWER);
}
