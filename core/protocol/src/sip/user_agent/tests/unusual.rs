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
    let before = net.log.len();
    net.inject(1, 0, invite.to_bytes());
    net.run_ms(100);
    let last = net.log[before..].iter().rfind(|(from, what)| *from == 0 && what.ends_with("INVITE")).unwrap();
    last.1.split(' ').next().unwrap().parse().unwrap()
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
