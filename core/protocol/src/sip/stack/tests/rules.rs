//! What a stack takes, refuses and drops (RFC 3261 clauses 8.2, 17.2.3, 18), and where its answers go.

use std::net::SocketAddr;

use super::{answers, assert_empty, idle};
use crate::Instant;
use crate::sip::net::{Net, address, request};
use crate::sip::{
    Flow, HostTable, Method, NextHop, Request, ResolveError, SendError, SipStack, StackConfig, StackInput, StackOutput,
    Target, Transport, Uri,
};

/// A stack of its own, fed by hand.
struct Bench {
    stack: SipStack,
    now: Instant,
    flow: Flow,
}

impl Bench {
    fn new(config: impl FnOnce(StackConfig) -> StackConfig) -> Self {
        let local: SocketAddr = "192.0.2.1:5060".parse().unwrap();
        let sockets = vec![(Transport::Udp, local), (Transport::Tcp, local)];
        let config = config(StackConfig::user_agent(sockets, "bench.example"));
        let flow = Flow { transport: Transport::Udp, local, remote: "192.0.2.99:40000".parse().unwrap() };
        Self { stack: SipStack::new(config, crate::Entropy::from_seed([7; 32])), now: Instant::ZERO, flow }
    }

    fn feed(&mut self, text: &str) -> Vec<StackOutput> {
        let bytes = text.replace('\n', "\r\n").into_bytes();
        self.stack.handle_input(self.now, StackInput::Received { flow: self.flow, bytes: &bytes });
        std::iter::from_fn(|| self.stack.poll_output()).collect()
    }

    /// Start line, headers and target of the only message that goes out.
    fn answer(&mut self, text: &str) -> (String, Target) {
        let mut sent = sent(self.feed(text));
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }
}

fn sent(outputs: Vec<StackOutput>) -> Vec<(String, Target)> {
    let transmits = outputs.into_iter().filter_map(|output| match output {
        StackOutput::Transmit { target, bytes } => Some((String::from_utf8(bytes).unwrap(), target)),
        _ => None,
    });
    transmits.collect()
}

fn options(via: &str, extra: &str) -> String {
    format!(
        "OPTIONS sip:bench.example SIP/2.0\nVia: {via}\nFrom: <sip:a@x>;tag=1\nTo: <sip:b@y>\nCall-ID: c\nCSeq: 1 OPTIONS\n{extra}\n"
    )
}

#[test]
fn answers_go_where_the_via_and_the_flow_say() {
    for (via, expected) in [
        ("SIP/2.0/UDP 192.0.2.99:5080;branch=z9hG4bKa", "192.0.2.99:5080"),
        ("SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKa", "192.0.2.99:5060"),
        ("SIP/2.0/UDP 10.1.1.1:5080;branch=z9hG4bKa", "192.0.2.99:5080"),
        ("SIP/2.0/UDP host.invalid;branch=z9hG4bKa", "192.0.2.99:5060"),
        ("SIP/2.0/UDP 10.1.1.1;rport;branch=z9hG4bKa", "192.0.2.99:40000"),
        ("SIP/2.0/UDP 10.1.1.1:5080;maddr=192.0.2.77;branch=z9hG4bKa", "192.0.2.77:5080"),
    ] {
        let mut bench = Bench::new(|c| c);
        bench.feed(&options(via, ""));
        bench.stack.reply(bench.now, crate::sip::ServerKey(1), 200, None).unwrap();
        let (text, target) = sent(std::iter::from_fn(|| bench.stack.poll_output()).collect()).remove(0);
        assert_eq!(target.remote, expected.parse().unwrap(), "{via}: {text}");
        let is_elsewhere = !via.contains("192.0.2.99");
        assert_eq!(text.contains("received=192.0.2.99"), is_elsewhere, "{text}");
        assert_eq!(text.contains("rport=40000"), via.contains("rport"), "{text}");
    }
}

#[test]
fn over_tcp_answers_take_the_connection_and_else_the_port_of_the_via() {
    let mut bench = Bench::new(|c| c);
    bench.flow.transport = Transport::Tcp;
    bench.feed(&options("SIP/2.0/TCP 10.1.1.1:5070;branch=z9hG4bKa", "Content-Length: 0\n"));
    bench.stack.reply(bench.now, crate::sip::ServerKey(1), 200, None).unwrap();
    let (_, target) = sent(std::iter::from_fn(|| bench.stack.poll_output()).collect()).remove(0);
    assert_eq!((target.remote, target.flow), ("192.0.2.99:5070".parse().unwrap(), Some(bench.flow)));
}

#[test]
fn malformed_requests_are_answered_and_malformed_responses_are_not() {
    let mut bench = Bench::new(|c| c);
    let good = options("SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKa", "");
    for (wrong, status) in [
        (good.replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"), "SIP/2.0 400 "),
        (good.replace("SIP/2.0\n", "SIP/3.0\n"), "SIP/2.0 505 "),
        (good.replace("From: <sip:a@x>;tag=1\n", ""), "SIP/2.0 400 "),
        (good.replace("sip:bench.example SIP", &format!("sip:{}@x SIP", "u".repeat(9000))), "SIP/2.0 414 "),
    ] {
        let (text, _) = bench.answer(&wrong);
        assert!(text.starts_with(status), "{text}");
        assert!(text.contains(";tag="), "{text}");
    }
    for nothing in ["", "\n\n", "OPTIONS\n\n", "SIP/2.0 200 OK\n\n", "SIP/2.0 999 OK\n\n", "ACK sip:a SIP/2.0\n\n"] {
        assert!(sent(bench.feed(nothing)).is_empty(), "{nothing:?}");
    }
    let counters = bench.stack.counters();
    assert_eq!((counters.malformed_requests, counters.malformed_responses), (5, 3));
    assert!(bench.stack.is_idle());
}

#[test]
fn requests_of_rfc_2543_are_told_apart_without_a_cookie() {
    let mut bench = Bench::new(|c| c);
    let old = options("SIP/2.0/UDP 192.0.2.99", "");
    let up = |outputs: Vec<StackOutput>| outputs.iter().any(|o| matches!(o, StackOutput::Request { .. }));
    assert!(up(bench.feed(&old)));
    assert!(!up(bench.feed(&old)), "a repeated one is swallowed");
    assert!(up(bench.feed(&old.replace("CSeq: 1", "CSeq: 2"))));
    assert!(up(bench.feed(&old.replace("Call-ID: c", "Call-ID: d"))));
    assert_eq!(bench.stack.counters().repeated_requests, 1);
}

#[test]
fn a_user_agent_refuses_the_second_way_of_a_request_and_a_proxy_does_not() {
    for refuses_merged in [true, false] {
        let mut bench = Bench::new(|c| StackConfig { refuses_merged, ..c });
        bench.feed(&options("SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKa", ""));
        let outputs = bench.feed(&options("SIP/2.0/UDP 192.0.2.98;branch=z9hG4bKb", ""));
        let up = outputs.iter().any(|o| matches!(o, StackOutput::Request { .. }));
        assert_eq!(up, !refuses_merged);
        let merged = sent(outputs).iter().any(|(text, _)| text.starts_with("SIP/2.0 482 Merged Request"));
        assert_eq!(merged, refuses_merged);
        let in_dialog = options("SIP/2.0/UDP 192.0.2.98;branch=z9hG4bKc", "").replace("<sip:b@y>", "<sip:b@y>;tag=2");
        assert!(bench.feed(&in_dialog).iter().any(|o| matches!(o, StackOutput::Request { .. })));
    }
}

#[test]
fn a_full_stack_says_503_and_swallows_the_ack_of_it() {
    let mut bench = Bench::new(|mut c| {
        c.limits.server_transactions = 1;
        c
    });
    bench.feed(&options("SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKa", ""));
    let second = options("SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKb", "").replace("OPTIONS", "INVITE");
    let (text, _) = bench.answer(&second);
    assert!(text.starts_with("SIP/2.0 503 ") && text.contains("Retry-After: "), "{text}");
    let to = text.lines().find(|line| line.starts_with("To:")).unwrap();
    let ack = second.replace("INVITE", "ACK").replace("To: <sip:b@y>", to);
    assert!(bench.feed(&ack).is_empty());
    assert!(!bench.feed(&ack.replace("tag=", "tag=x")).is_empty(), "another ACK goes up");
    assert_eq!(bench.stack.counters().refused, 1);
    let mut bench = Bench::new(|mut c| {
        c.limits.client_transactions = 0;
        c
    });
    let error = bench.stack.send_request(Instant::ZERO, request(Method::OPTIONS, 0, 1, 1), None);
    assert_eq!(error, Err(SendError::Full(0)));
}

#[test]
fn only_responses_to_what_we_sent_go_up() {
    let mut net = Net::new(1);
    net.add(|c| c, idle);
    net.add(|c| c, answers(200));
    net.stack(0).send_request(Instant::ZERO, request(Method::OPTIONS, 0, 1, 1), None).unwrap();
    net.run_until(Instant::from_millis(15));
    let answer = net.log.iter().find(|sent| sent.what == "200 OPTIONS").unwrap().bytes.clone();
    let text = String::from_utf8(answer).unwrap();
    let flow = Flow { transport: Transport::Udp, local: address(0), remote: address(1) };
    for wrong in [
        text.replace("10.0.0.1", "10.0.0.7"),
        text.replace("z9hG4bK", "z9hG4bKx"),
        text.replace("1 OPTIONS", "1 MESSAGE"),
    ] {
        let input = StackInput::Received { flow, bytes: wrong.as_bytes() };
        net.nodes[0].stack.handle_input(Instant::from_millis(15), input);
    }
    net.run_to_the_end();
    assert_eq!(net.stack(0).counters().stray_responses, 3);
    assert_eq!(net.told(0).iter().filter(|(_, what)| what == "200").count(), 1);
    assert_empty(&net);
}

#[test]
fn names_lead_to_addresses() {
    let a: SocketAddr = "192.0.2.5:5060".parse().unwrap();
    let b: SocketAddr = "192.0.2.6:5070".parse().unwrap();
    let t: SocketAddr = "192.0.2.7:5061".parse().unwrap();
    let table = HostTable::new()
        .with("Home.Example", a, Transport::Udp)
        .with("home.example", b, Transport::Tcp)
        .with("home.example", t, Transport::Tls)
        .with("home.example:6000", t, Transport::Udp);
    for (uri, transport, remote) in [
        ("sip:u@home.example", Transport::Udp, "192.0.2.5:5060"),
        ("sip:home.EXAMPLE;transport=tcp", Transport::Tcp, "192.0.2.6:5070"),
        ("sips:u@home.example", Transport::Tls, "192.0.2.7:5061"),
        ("sip:home.example:7000", Transport::Udp, "192.0.2.5:7000"),
        ("sip:home.example:6000", Transport::Udp, "192.0.2.7:5061"),
        ("sip:198.51.100.1", Transport::Udp, "198.51.100.1:5060"),
        ("sip:198.51.100.1;transport=TLS", Transport::Tls, "198.51.100.1:5061"),
        ("sip:u@[2001:db8::1]:5080;transport=tcp", Transport::Tcp, "[2001:db8::1]:5080"),
        ("sip:u@nowhere;maddr=198.51.100.2", Transport::Udp, "198.51.100.2:5060"),
    ] {
        let target = table.resolve(&Uri::parse(uri).unwrap()).unwrap();
        assert_eq!((target.transport, target.remote), (transport, remote.parse().unwrap()), "{uri}");
    }
    let fails = |uri: &str| table.resolve(&Uri::parse(uri).unwrap()).unwrap_err();
    assert_eq!(fails("sip:elsewhere"), ResolveError::UnknownHost("elsewhere".into()));
    assert!(matches!(fails("tel:+15551234"), ResolveError::NotSip(_)));
    assert!(matches!(fails("sip:home.example;transport=sctp"), ResolveError::NoTransport { .. }));
}

#[test]
fn what_cannot_be_sent_is_said() {
    let mut bench = Bench::new(|c| c);
    let mut send =
        |request: Request, hop: Option<NextHop>| bench.stack.send_request(Instant::ZERO, request, hop).unwrap_err();
    assert!(matches!(send(request(Method::ACK, 0, 1, 1), None), SendError::Method(_)));
    assert!(matches!(send(request(Method::CANCEL, 0, 1, 1), None), SendError::Method(_)));
    let mut tel = request(Method::INVITE, 0, 1, 1);
    tel.uri = Uri::parse("tel:+15551234").unwrap();
    assert!(matches!(send(tel, None), SendError::Unresolved(ResolveError::NotSip(_))));
    let tls = Target { transport: Transport::Tls, remote: address(1), flow: None };
    assert_eq!(send(request(Method::INVITE, 0, 1, 1), Some(NextHop::Target(tls))), SendError::NoSocket(Transport::Tls));
}
