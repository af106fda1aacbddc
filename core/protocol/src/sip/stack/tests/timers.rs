//! Each timer of RFC 3261 table 4 and RFC 6026: what is sent when, and when it ends.

use super::{answers, assert_empty, idle};
use crate::Instant;
use crate::sip::net::{Net, Sent, request};
use crate::sip::{Method, NextHop, SipStack, StackOutput, Target, Transport};

/// Where a request goes over TCP.
fn over(transport: Transport, to: usize) -> Option<NextHop> {
    Some(NextHop::Target(Target { transport, remote: crate::sip::net::address(to), flow: None }))
}

/// Two nodes and a request that the first sends the second.
fn exchange(
    method: Method,
    transport: Transport,
    user: impl FnMut(Instant, &mut SipStack, &StackOutput) + 'static,
    loses: impl FnMut(&Sent) -> bool + 'static,
) -> Net {
    let mut net = Net::new(1);
    net.add(|c| c, idle);
    net.add(|c| c, user);
    net.loses = Box::new(loses);
    let now = net.now;
    net.stack(0).send_request(now, request(method, 0, 1, 1), over(transport, 1)).unwrap();
    net.run_to_the_end();
    assert_empty(&net);
    net
}

fn lose(what: &'static str) -> impl FnMut(&Sent) -> bool {
    move |sent| sent.what == what
}

fn lose_first(what: &'static str, n: usize) -> impl FnMut(&Sent) -> bool {
    let mut left = n;
    move |sent| {
        let hit = sent.what == what && left > 0;
        left -= usize::from(hit);
        hit
    }
}

#[test]
fn invite_that_nobody_gets_timers_a_and_b() {
    let net = exchange(Method::INVITE, Transport::Udp, idle, lose("INVITE"));
    assert_eq!(net.times(0, "INVITE"), [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    assert_eq!(net.told(0), [(32_000, "timeout".into()), (32_000, "over".into())]);
    let net = exchange(Method::INVITE, Transport::Tcp, idle, lose("INVITE"));
    assert_eq!(net.times(0, "INVITE"), [0], "a stream repeats by itself");
    assert_eq!(net.told(0)[0], (32_000, "timeout".into()));
}

#[test]
fn request_that_nobody_gets_timers_e_and_f() {
    let net = exchange(Method::MESSAGE, Transport::Udp, idle, lose("MESSAGE"));
    let times = net.times(0, "MESSAGE");
    assert_eq!(times[..5], [0, 500, 1500, 3500, 7500]);
    assert!(times[5..].windows(2).all(|pair| pair[1] - pair[0] == 4000), "T2 at most: {times:?}");
    assert_eq!(net.told(0), [(32_000, "timeout".into()), (32_000, "over".into())]);
    let net = exchange(Method::MESSAGE, Transport::Tcp, idle, lose("MESSAGE"));
    assert_eq!(net.times(0, "MESSAGE"), [0]);
    assert_eq!(net.told(0)[0], (32_000, "timeout".into()));
}

#[test]
fn a_provisional_response_slows_a_request_down() {
    let net = exchange(Method::MESSAGE, Transport::Udp, answers(182), lose("-"));
    let times = net.times(0, "MESSAGE");
    assert_eq!(times[..3], [0, 500, 4500], "T2 after a provisional response");
    assert_eq!(net.told(0)[0], (20, "182".into()));
    assert!(net.told(0).contains(&(32_000, "timeout".into())));
}

#[test]
fn lost_answers_come_again_timers_j_and_k() {
    let net = exchange(Method::MESSAGE, Transport::Udp, answers(200), lose_first("200 MESSAGE", 2));
    assert_eq!(net.times(0, "MESSAGE"), [0, 500, 1500]);
    assert_eq!(net.times(1, "200 MESSAGE"), [10, 510, 1510]);
    assert_eq!(net.told(0), [(1520, "200".into()), (6520, "over".into())], "K is T4");
    assert_eq!(net.told(1), [(10, "MESSAGE".into()), (32_010, "over".into())], "J is 64 T1");
    let net = exchange(Method::MESSAGE, Transport::Tcp, answers(200), lose("-"));
    assert_eq!(net.told(0), [(20, "200".into()), (20, "over".into())]);
    assert_eq!(net.told(1), [(10, "MESSAGE".into()), (10, "over".into())]);
}

#[test]
fn a_lost_ack_timers_g_h_and_i() {
    let net = exchange(Method::INVITE, Transport::Udp, answers(486), lose_first("ACK", 3));
    assert_eq!(net.times(1, "486 INVITE"), [10, 510, 1510, 3510]);
    assert_eq!(net.times(0, "ACK"), [20, 520, 1520, 3520], "every 486 has its ACK");
    assert_eq!(net.told(0), [(20, "486".into()), (32_020, "over".into())], "D is 32 s");
    assert_eq!(net.told(1), [(10, "INVITE".into()), (8530, "over".into())], "I is T4");
    let net = exchange(Method::INVITE, Transport::Tcp, answers(486), lose("-"));
    assert_eq!(net.told(0), [(20, "486".into()), (20, "over".into())]);
    assert_eq!(net.told(1), [(10, "INVITE".into()), (30, "over".into())]);
}

#[test]
fn an_ack_that_never_comes_timer_h() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let net = exchange(Method::INVITE, transport, answers(486), lose("ACK"));
        let repeats = net.times(1, "486 INVITE");
        assert_eq!(repeats.len(), if transport == Transport::Udp { 11 } else { 1 }, "{repeats:?}");
        assert!(net.told(1).contains(&(32_010, "no ACK of 486".into())), "{:?}", net.told(1));
    }
}

#[test]
fn hundred_after_200_ms() {
    let net = exchange(Method::INVITE, Transport::Udp, idle, lose("-"));
    assert_eq!(net.times(1, "100 INVITE"), [210]);
    assert_eq!(net.times(0, "INVITE"), [0], "100 stops timer A");
    assert!(
        net.told(1).contains(&(900_010, "ignored an INVITE that its user left unanswered: answered with 408".into()))
    );
    assert_eq!(net.times(1, "408 INVITE"), [900_010]);
}
