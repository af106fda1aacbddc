use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::super::cx::{Lia, Lir};
use super::super::message::{Avp, Flags};
use super::super::session::{Outcome, ResultCode};
use super::*;

const REALM: &str = "ims.test";

/// Endpoints joined in memory; what is put out arrives at once, in order.
struct Net {
    now: Instant,
    nodes: Vec<DiameterEndpoint>,
    /// By connection: the two ends, and whether octets still go through.
    wires: BTreeMap<ConnectionId, (usize, usize, bool)>,
    next: u64,
    /// Nodes that nobody can connect to.
    unreachable: BTreeSet<usize>,
    /// Requests that nodes hold back.
    held: Vec<(usize, RequestHandle, Message)>,
    answers_held: BTreeSet<usize>,
    log: Vec<(usize, DiameterOutput)>,
    sent: Vec<(usize, Message)>,
}

fn address(node: usize) -> SocketAddr {
    SocketAddr::from(([10, 46, 0, node as u8], 3868))
}

fn name(node: usize) -> String {
    format!("node{node}.{REALM}")
}

impl Net {
    /// `links[n]`: peers of node n, and whether it connects to them.
    fn new(links: &[&[(usize, bool)]]) -> Self {
        let nodes = links.iter().enumerate().map(|(n, peers)| {
            let mut config = DiameterConfig::new(&name(n), REALM, address(n).ip(), vec![d::APP_CX]);
            config.peers = peers
                .iter()
                .map(|&(peer, connect)| PeerConfig {
                    host: name(peer),
                    realm: REALM.to_owned(),
                    connect: connect.then(|| address(peer)),
                })
                .collect();
            DiameterEndpoint::new(config, Entropy::of_box(3, &name(n)))
        });
        Self {
            now: Instant::ZERO,
            nodes: nodes.collect(),
            wires: BTreeMap::new(),
            next: 0,
            unreachable: BTreeSet::new(),
            held: Vec::new(),
            answers_held: BTreeSet::new(),
            log: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// Drains all nodes until they have nothing to say.
    fn drain(&mut self) {
        while let Some((node, output)) =
            self.nodes.iter_mut().enumerate().find_map(|(n, e)| e.poll_output().map(|output| (n, output)))
        {
            match &output {
                DiameterOutput::Transport(transport) => self.carry(node, transport),
                DiameterOutput::Request { handle, message } if self.answers_held.contains(&node) => {
                    self.held.push((node, *handle, message.clone()));
                }
                DiameterOutput::Request { handle, message } => self.answer(node, *handle, message),
                _ => {}
            }
            if !matches!(output, DiameterOutput::Transport(_)) {
                self.log.push((node, output));
            }
        }
    }

    fn answer(&mut self, node: usize, handle: RequestHandle, request: &Message) {
        let outcome = Outcome { origin_host: name(node), origin_realm: REALM.to_owned(), result: ResultCode::SUCCESS };
        let lia = Lia { outcome, server: Some(format!("sip:{}", name(node))), capabilities: None };
        self.nodes[node].send_answer(self.now, handle, lia.to_message(request));
    }

    fn carry(&mut self, node: usize, transport: &DiameterTransport) {
        match transport {
            DiameterTransport::Connect { peer, address: to } => {
                let to = (0..self.nodes.len()).find(|&n| address(n) == *to).unwrap();
                if self.unreachable.contains(&to) {
                    return self.nodes[node].handle_input(self.now, DiameterInput::ConnectFailed { peer: *peer });
                }
                let conn = ConnectionId(self.next);
                self.next += 1;
                self.wires.insert(conn, (node, to, true));
                self.nodes[to].handle_input(self.now, DiameterInput::Connected { conn, peer: None });
                self.nodes[node].handle_input(self.now, DiameterInput::Connected { conn, peer: Some(*peer) });
            }
            DiameterTransport::Send { conn, bytes } => {
                let Some(&(a, b, through)) = self.wires.get(conn) else { return };
                self.sent.push((node, Message::parse(bytes).unwrap()));
                if through {
                    let to = if node == a { b } else { a };
                    // In two pieces: the stream has no message boundaries.
                    let (first, second) = bytes.split_at(bytes.len() / 3);
                    for bytes in [first, second] {
                        self.nodes[to].handle_input(self.now, DiameterInput::Received { conn: *conn, bytes });
                    }
                }
            }
            DiameterTransport::Close { conn } => {
                if let Some((a, b, _)) = self.wires.remove(conn) {
                    let to = if node == a { b } else { a };
                    self.nodes[to].handle_input(self.now, DiameterInput::Closed { conn: *conn });
                }
            }
        }
    }

    /// Lets time pass, with all that happens in it.
    fn run(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        self.drain();
        while let Some(at) = self.nodes.iter().filter_map(DiameterEndpoint::poll_timeout).min().filter(|at| *at <= end)
        {
            self.now = self.now.max(at);
            for node in 0..self.nodes.len() {
                self.nodes[node].handle_timeout(self.now);
                self.drain();
            }
        }
        self.now = end;
    }

    fn request(&mut self, node: usize, token: u64, host: Option<&str>) {
        let routing = self.nodes[node].routing(host, REALM);
        let lir = Lir { routing, impu: "sip:a@ims".to_owned(), originating: false, authorization: None };
        self.nodes[node].send_request(self.now, token, lir.to_message());
        self.drain();
    }

    /// Who answered a request of node 0, or why nobody did.
    fn result(&self, wanted: u64) -> Option<Result<String, RequestFailure>> {
        self.log.iter().find_map(|(_, output)| match output {
            DiameterOutput::Answer { token, result } if *token == wanted => {
                Some(result.clone().map(|m| m.text(&d::ORIGIN_HOST).unwrap().unwrap().to_owned()))
            }
            _ => None,
        })
    }

    fn up(&self, node: usize) -> Vec<&str> {
        self.nodes[node].peers_up().collect()
    }

    fn requests_from(&self, node: usize) -> Vec<&Message> {
        self.sent.iter().filter(|(n, m)| *n == node && m.command == d::LOCATION_INFO).map(|(_, m)| m).collect()
    }
}

#[test]
fn capabilities_are_exchanged_and_requests_answered() {
    let mut net = Net::new(&[&[(1, true)], &[(0, false)]]);
    // Before there is a connection, a request waits for it.
    net.request(0, 1, None);
    net.run(1);
    assert_eq!((net.up(0), net.up(1)), (vec!["node1.ims.test"], vec!["node0.ims.test"]));
    assert_eq!(net.result(1), Some(Ok(name(1))));
    net.request(0, 2, Some(&name(1)));
    assert_eq!(net.result(2), Some(Ok(name(1))));
    net.request(0, 3, Some("elsewhere.ims.test"));
    assert_eq!(net.result(3), Some(Err(RequestFailure::NoPeer)));
    // The other way as well, on the same connection.
    net.request(1, 4, None);
    assert_eq!(net.result(4), Some(Ok(name(0))));
    assert_eq!(net.wires.len(), 1);
}

#[test]
fn a_peer_is_of_the_realm_that_it_is_configured_with() {
    // Who answers says another one, then who asks does.
    for (own, other) in [(0, 1), (1, 0)] {
        let mut net = Net::new(&[&[(1, true)], &[(0, false)]]);
        net.nodes[other].me.realm = "other.test".to_owned();
        net.run(1);
        assert_eq!((net.up(0).len(), net.up(1).len(), net.wires.len()), (0, 0, 0));
        let said = format!("{} says that it is of the realm other.test", name(other));
        let is_said = |(node, output): &(usize, DiameterOutput)| {
            *node == own && matches!(output, DiameterOutput::Ignored { event, .. } if event.contains(&said))
        };
        assert!(net.log.iter().any(is_said), "{:?}", net.log);
        // Of one that is not configured nothing is expected.
        net.nodes[own].peers[0].realm = None;
        net.run(60);
        assert_eq!((net.up(0).len(), net.up(1).len()), (1, 1));
    }
}

#[test]
fn two_that_connect_to_each_other_keep_one_connection() {
    let mut net = Net::new(&[&[(1, true)], &[(0, true)]]);
    // Both connections come about before any octet goes through.
    let (a, b) = (ConnectionId(100), ConnectionId(101));
    for node in 0..2 {
        net.nodes[node].handle_timeout(Instant::ZERO);
        while net.nodes[node].poll_output().is_some() {}
    }
    net.wires.insert(a, (0, 1, true));
    net.wires.insert(b, (1, 0, true));
    for (node, conn, peer) in [(1, a, None), (0, b, None), (0, a, Some(0)), (1, b, Some(0))] {
        net.nodes[node].handle_input(net.now, DiameterInput::Connected { conn, peer });
    }
    net.run(1);
    // The greater name keeps the connection that the other one made.
    assert_eq!(net.wires.keys().collect::<Vec<_>>(), [&a]);
    assert_eq!((net.up(0).len(), net.up(1).len()), (1, 1));
    net.request(0, 1, None);
    net.request(1, 2, None);
    assert_eq!((net.result(1), net.result(2)), (Some(Ok(name(1))), Some(Ok(name(0)))));
    net.run(600);
    assert_eq!((net.up(0).len(), net.up(1).len(), net.wires.len()), (1, 1, 1));
}

#[test]
fn a_silent_peer_is_suspected_then_given_up_and_trusted_again_after_three_answers() {
    let mut net = Net::new(&[&[(1, true)], &[(0, false)]]);
    net.run(1000);
    assert_eq!(net.up(0).len(), 1, "idle connections live by their watchdogs");
    let dwrs = net.sent.iter().filter(|(n, m)| *n == 0 && m.command == d::DEVICE_WATCHDOG && m.is_request()).count();
    assert!((15..=36).contains(&dwrs), "{dwrs}");
    net.wires.values_mut().for_each(|w| w.2 = false);
    net.unreachable.insert(1);
    net.run(66);
    assert_eq!(net.up(0).len(), 0, "two Tw without an answer");
    net.request(0, 1, None);
    net.run(40);
    assert!(net.result(1).unwrap().is_err());
    assert!(net.wires.is_empty(), "closed after the third");
    net.unreachable.clear();
    net.run(40);
    let health = |net: &Net| net.nodes[0].peers[0].open().map(|(_, _, health)| health);
    assert!(matches!(health(&net), Some(Health::Reopen { .. })), "{:?}", health(&net));
    // With no other peer it is used all the same.
    net.request(0, 2, None);
    assert_eq!(net.result(2), Some(Ok(name(1))));
    net.run(70);
    assert_eq!(health(&net), Some(Health::Okay));
}

#[test]
fn requests_go_to_another_peer_with_the_t_bit_when_a_connection_fails() {
    let mut net = Net::new(&[&[(1, true), (2, true)], &[(0, false)], &[(0, false)]]);
    net.run(1);
    net.answers_held.insert(1);
    net.request(0, 1, None);
    assert_eq!((net.held.len(), net.result(1)), (1, None), "the first of the configuration has it");
    let conn = *net.wires.iter().find(|(_, w)| w.1 == 1).unwrap().0;
    net.wires.remove(&conn);
    for node in [0, 1] {
        net.nodes[node].handle_input(net.now, DiameterInput::Closed { conn });
    }
    net.unreachable.insert(1);
    net.drain();
    assert_eq!(net.result(1), Some(Ok(name(2))));
    let sent = net.requests_from(0);
    let of = |m: &Message| (m.flags.has(Flags::RETRANSMITTED), m.end_to_end);
    assert_eq!((of(sent[0]), of(sent[1])), ((false, sent[0].end_to_end), (true, sent[0].end_to_end)));
    assert_ne!(sent[0].hop_by_hop, sent[1].hop_by_hop);
    // What the first one answers now is for nobody.
    let (node, handle, message) = net.held.remove(0);
    net.answer(node, handle, &message);
    net.drain();
    assert_eq!(net.log.iter().filter(|(_, o)| matches!(o, DiameterOutput::Answer { .. })).count(), 1);
    // With the other one gone too there is nobody.
    net.unreachable.insert(2);
    net.answers_held.insert(2);
    net.request(0, 2, None);
    let conn = *net.wires.keys().next().unwrap();
    net.nodes[0].handle_input(net.now, DiameterInput::Closed { conn });
    net.run(60);
    // It had gone out.
    assert_eq!(net.result(2), Some(Err(RequestFailure::Lost)));
}

#[test]
fn a_suspect_connection_fails_over_and_a_slow_answer_times_out() {
    let mut net = Net::new(&[&[(1, true), (2, true)], &[(0, false)], &[(0, false)]]);
    net.nodes[0].config.answer_timeout = Duration::from_secs(100);
    net.run(1);
    net.answers_held.insert(1);
    net.request(0, 1, None);
    net.wires.iter_mut().find(|(_, w)| w.1 == 1).unwrap().1.2 = false;
    net.run(65);
    assert_eq!(net.result(1), Some(Ok(name(2))), "after two Tw");
    net.answers_held.insert(2);
    net.request(0, 2, None);
    net.run(99);
    assert_eq!(net.result(2), None);
    net.run(2);
    assert_eq!(net.result(2), Some(Err(RequestFailure::Timeout)));
}

#[test]
fn peers_part_in_order_and_come_back_after_a_restart() {
    let mut net = Net::new(&[&[(1, true)], &[(0, false)]]);
    net.run(1);
    net.nodes[1].disconnect(net.now, DisconnectCause::Rebooting);
    net.run(1);
    assert_eq!((net.up(0).len(), net.wires.len()), (0, 0));
    assert!(net.nodes.iter().all(DiameterEndpoint::is_idle));
    let dpr = net.sent.iter().find(|(_, m)| m.command == d::DISCONNECT_PEER).unwrap();
    assert_eq!(dpr.1.number(&d::DISCONNECT_CAUSE), Ok(Some(0)));
    net.run(31);
    assert_eq!(net.up(0).len(), 1);
    // Who does not want to talk is left alone.
    net.nodes[1].disconnect(net.now, DisconnectCause::DoNotWantToTalkToYou);
    net.run(1000);
    assert_eq!(net.up(0).len(), 0);
}

/// A connection of a peer whose octets the test writes itself.
struct Raw {
    node: DiameterEndpoint,
    conn: ConnectionId,
    now: Instant,
}

impl Raw {
    fn new() -> Self {
        let mut config = DiameterConfig::new("hss.test", REALM, address(1).ip(), vec![d::APP_CX]);
        config.peers = vec![PeerConfig { host: "peer.test".to_owned(), realm: REALM.to_owned(), connect: None }];
        let mut node = DiameterEndpoint::new(config, Entropy::from_seed([0; 32]));
        let conn = ConnectionId(7);
        node.handle_input(Instant::ZERO, DiameterInput::Connected { conn, peer: None });
        Self { node, conn, now: Instant::ZERO }
    }

    fn cer(host: &str, application: u32) -> Message {
        Self::cer_of(host, REALM, application)
    }

    fn cer_of(host: &str, realm: &str, application: u32) -> Message {
        let me = Identity {
            host: host.to_owned(),
            realm: realm.to_owned(),
            addresses: vec![address(2).ip()],
            product: "test".to_owned(),
            applications: vec![application],
            origin_state: 1,
        };
        me.cer()
    }

    fn open() -> Self {
        let mut raw = Self::new();
        let (answers, closed) = raw.say(&Self::cer("peer.test", d::APP_CX).emit());
        assert_eq!((answers[0].number(&d::RESULT_CODE), closed), (Ok(Some(2001)), false));
        raw
    }

    /// Messages that come back, and whether the connection was closed.
    fn say(&mut self, bytes: &[u8]) -> (Vec<Message>, bool) {
        self.node.handle_input(self.now, DiameterInput::Received { conn: self.conn, bytes });
        let (mut messages, mut closed) = (Vec::new(), false);
        while let Some(output) = self.node.poll_output() {
            match output {
                DiameterOutput::Transport(DiameterTransport::Send { bytes, .. }) => {
                    messages.push(Message::parse(&bytes).unwrap());
                }
                DiameterOutput::Transport(DiameterTransport::Close { .. }) => closed = true,
                _ => {}
            }
        }
        (messages, closed)
    }

    fn lir() -> Message {
        let routing = Routing {
            session_id: "peer.test;1".to_owned(),
            origin_host: "peer.test".to_owned(),
            origin_realm: REALM.to_owned(),
            destination_host: Some("hss.test".to_owned()),
            destination_realm: REALM.to_owned(),
        };
        Lir { routing, impu: "sip:a@ims".to_owned(), originating: false, authorization: None }.to_message()
    }
}

#[test]
fn strangers_and_peers_without_common_application_are_refused() {
    for (cer, code) in [
        (Raw::cer("stranger.test", d::APP_CX), result::UNKNOWN_PEER),
        (Raw::cer_of("peer.test", "other.test", d::APP_CX), result::UNKNOWN_PEER),
        (Raw::cer("peer.test", d::APP_SH), result::NO_COMMON_APPLICATION),
        (Raw::lir(), 0),
    ] {
        let (answers, closed) = Raw::new().say(&cer.emit());
        let codes: Vec<_> = answers.iter().map(|m| m.number(&d::RESULT_CODE).unwrap().unwrap()).collect();
        assert_eq!((codes, closed), (if code == 0 { vec![] } else { vec![code] }, true));
    }
    // Names have no case.
    let (answers, closed) = Raw::new().say(&Raw::cer_of("Peer.test", "IMS.test", d::APP_CX).emit());
    assert_eq!((answers[0].number(&d::RESULT_CODE), closed), (Ok(Some(2001)), false));
    // A relay takes everything.
    let (answers, closed) = Raw::new().say(&Raw::cer("peer.test", d::APP_RELAY).emit());
    assert_eq!((answers[0].number(&d::RESULT_CODE), closed), (Ok(Some(2001)), false));
    // Who says nothing is closed after a while.
    let mut raw = Raw::new();
    raw.node.handle_timeout(Instant::ZERO + EXCHANGE);
    assert!(raw.say(&[]).1);
}

#[test]
fn requests_that_are_not_for_us_or_break_the_standard_are_answered_so() {
    let of = |def| move |a: &&mut Avp| a.is(def);
    let set = |message: &mut Message, def: &'static d::AvpDef, text: &str| {
        message.avps.iter_mut().find(of(def)).unwrap().data = text.as_bytes().to_vec();
    };
    type Case<'a> = (&'a str, &'a dyn Fn(&mut Message), u32);
    let cases: [Case<'_>; 8] = [
        ("application", &|m| m.application = d::APP_SH, result::APPLICATION_UNSUPPORTED),
        ("command", &|m| m.command = 399, result::COMMAND_UNSUPPORTED),
        ("realm", &|m| set(m, &d::DESTINATION_REALM, "other.test"), result::REALM_NOT_SERVED),
        ("host", &|m| set(m, &d::DESTINATION_HOST, "other.test"), result::UNABLE_TO_DELIVER),
        ("loop", &|m| m.avps.push(Avp::text(&d::ROUTE_RECORD, "HSS.test")), result::LOOP_DETECTED),
        ("missing", &|m| m.avps.retain(|a| a.code != 601), result::MISSING_AVP),
        (
            "unknown",
            &|m| m.avps.push(Avp { code: 5, flags: 0x40, vendor: Some(1), data: vec![] }),
            result::AVP_UNSUPPORTED,
        ),
        ("e bit", &|m| m.flags = m.flags.with(Flags::ERROR), result::INVALID_HDR_BITS),
    ];
    for (what, change, code) in cases {
        let mut message = Raw::lir();
        (message.hop_by_hop, message.end_to_end) = (17, 18);
        change(&mut message);
        let (answers, closed) = Raw::open().say(&message.emit());
        let answer = &answers[0];
        assert_eq!((answer.number(&d::RESULT_CODE), closed), (Ok(Some(code)), false), "{what}");
        assert_eq!(answer.flags.has(Flags::ERROR), code / 1000 == 3, "{what}");
        assert_eq!((answer.hop_by_hop, answer.end_to_end, answer.is_request()), (17, 18, false), "{what}");
        assert_eq!(answer.text(&d::SESSION_ID), Ok(Some("peer.test;1")), "{what}");
        assert_eq!(answer.get(&d::FAILED_AVP).is_some(), matches!(code, 5001 | 5005), "{what}");
    }
    // A length that cannot be ends the connection: nothing after it can be found.
    let mut raw = Raw::open();
    assert_eq!(raw.say(&[1, 0, 0, 3]), (vec![], true));
    // AVPs that cannot be read are answered: the message has an end.
    let mut octets = Raw::lir().emit();
    octets[HEADER + 6] = 0xff;
    let (answers, closed) = Raw::open().say(&octets);
    assert_eq!((answers[0].number(&d::RESULT_CODE), closed), (Ok(Some(result::INVALID_AVP_LENGTH)), false));
}

const HEADER: usize = super::super::message::HEADER_OCTETS;

#[test]
fn a_relay_that_cannot_deliver_is_passed_over() {
    let mut net = Net::new(&[&[(1, true), (2, true)], &[(0, false)], &[(0, false)]]);
    net.run(1);
    net.answers_held.extend([1, 2]);
    net.request(0, 1, None);
    let refuse = |net: &mut Net| {
        let (node, handle, message) = net.held.remove(0);
        let problem = DiameterProblem::new(result::UNABLE_TO_DELIVER, "no");
        let answer = problem_answer(&message, &name(node), REALM, &problem);
        net.nodes[node].send_answer(net.now, handle, answer);
        net.drain();
    };
    refuse(&mut net);
    assert_eq!((net.result(1), net.held.len()), (None, 1));
    assert!(net.requests_from(0).iter().all(|m| !m.flags.has(Flags::RETRANSMITTED)));
    refuse(&mut net);
    assert_eq!(net.result(1), Some(Ok(name(2))), "the last refusal is the answer");
}
