//! Relays between Diameter nodes in a fabric: each message on its way, each way that one can fail.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::Joint;
use protocol::diameter::cx::{Lia, Lir};
use protocol::diameter::{Avp, DiameterConfig, Flags, Outcome, PeerConfig, ResultCode};

use super::*;
use crate::node::testing::{Shared, TestNetwork, store};
use crate::node::{Fabric, FabricOutput, Latency, Role, WireMessage};

const HOME: &str = "home.test";
const ABROAD: &str = "abroad.test";

fn ip(last: u8) -> IpAddr {
    IpAddr::from([10, 46, 0, last])
}

/// A Diameter node that answers LIR, when it wants to, and asks.
#[derive(Debug)]
struct End {
    endpoint: DiameterEndpoint,
    /// It answers nobody.
    is_silent: bool,
    orders: VecDeque<Message>,
    answers: Vec<Result<Message, RequestFailure>>,
    requests: Vec<Message>,
    out: VecDeque<NodeOutput>,
}

impl End {
    fn drain(&mut self, now: Instant) {
        while let Some(order) = self.orders.pop_front() {
            self.endpoint.send_request(now, 1, order);
        }
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(transport) => self.out.push_back(NodeOutput::Diameter(transport)),
                DiameterOutput::Request { handle, message } => {
                    if !self.is_silent {
                        let (host, realm) = self.endpoint.origin();
                        let (origin_host, origin_realm) = (host.to_owned(), realm.to_owned());
                        let outcome = Outcome { origin_host, origin_realm, result: ResultCode::SUCCESS };
                        let lia = Lia { outcome, server: Some("sip:s.home.test".to_owned()), capabilities: None };
                        self.endpoint.send_answer(now, handle, lia.to_message(&message));
                    }
                    self.requests.push(message);
                }
                DiameterOutput::Answer { result, .. } => self.answers.push(result),
                _ => {}
            }
        }
    }
}

impl Node for End {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        if let NodeInput::Diameter(input) = input {
            self.endpoint.handle_input(now, input);
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.endpoint.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

/// A client, a relay at home, a relay abroad with another beside it, and two servers abroad:
/// `client - dra.home - dra.abroad|drb.abroad - server1.abroad|server2.abroad`.
struct Net {
    fabric: Fabric,
    now: Instant,
    ends: Vec<Arc<Mutex<End>>>,
    wire: Vec<(String, String, Message)>,
    notes: Vec<String>,
    /// Whose answer is held back on its way, and that.
    held: Option<&'static str>,
    late: Vec<WireMessage>,
    /// Octets that are no header follow the next request from here to there, in the same segment.
    spoilt: Option<(&'static str, &'static str)>,
}

impl TestNetwork for Net {
    fn fabric(&mut self) -> (&mut Fabric, &mut Instant) {
        (&mut self.fabric, &mut self.now)
    }

    fn on_output(&mut self, output: FabricOutput) {
        match output {
            FabricOutput::Message(mut message) => {
                let parsed = Message::parse(&message.bytes).unwrap();
                assert!([Joint::Cx, Joint::Migration].contains(&message.joint), "{}", message.joint);
                let is_of_peers = parsed.application == dictionary::APP_BASE;
                let is_answer = !parsed.is_request();
                if !is_of_peers {
                    self.wire.push((message.from.clone(), message.to.clone(), parsed));
                    if !is_answer && self.spoilt == Some((message.from.as_str(), message.to.as_str())) {
                        self.spoilt = None;
                        message.bytes.extend([0xff; 20]);
                    }
                }
                if !is_of_peers && is_answer && self.held.is_some_and(|from| from == message.from) {
                    self.late.push(message);
                } else {
                    self.fabric.carry(self.now, message);
                }
            }
            FabricOutput::Note { from, note } => self.notes.push(format!("{from}: {note}")),
            _ => {}
        }
    }
}

/// Names, their places, and whom they connect to.
const BOXES: [(&str, u8, &[&str]); 6] = [
    ("server1.abroad.test", 1, &[]),
    ("server2.abroad.test", 2, &[]),
    ("dra.abroad.test", 3, &["server1.abroad.test", "server2.abroad.test"]),
    ("drb.abroad.test", 4, &["server1.abroad.test", "server2.abroad.test"]),
    ("dra.home.test", 5, &["dra.abroad.test", "drb.abroad.test"]),
    ("client.home.test", 6, &["dra.home.test"]),
];

fn realm_of(name: &str) -> &str {
    name.split_once('.').unwrap().1
}

fn diameter(name: &str) -> DiameterConfig {
    let place = |name: &str| ip(BOXES.iter().find(|(own, ..)| *own == name).unwrap().1);
    let mut config = DiameterConfig::new(name, realm_of(name), place(name), vec![dictionary::APP_CX]);
    let (_, _, connects) = BOXES.iter().find(|(own, ..)| *own == name).unwrap();
    let peer = |(other, _, theirs): &(&str, u8, &[&str])| {
        let (own, accepted) = (connects.contains(other), theirs.contains(&name));
        (own || accepted).then(|| PeerConfig {
            host: (*other).to_owned(),
            realm: realm_of(other).to_owned(),
            connect: own.then(|| SocketAddr::new(place(other), 3868)),
        })
    };
    config.peers = BOXES.iter().filter_map(peer).collect();
    config.retry = Duration::from_secs(3);
    config
}

fn route(realm: &str, next_hops: &[&str]) -> RealmRoute {
    let next_hops = next_hops.iter().map(|hop| (*hop).to_owned()).collect();
    RealmRoute { realm: realm.to_owned(), application: None, next_hops }
}

/// What the relay of the client may do abroad.
fn interconnect(reaches: &[&str]) -> Interconnect {
    Interconnect {
        peer: "dra.home.test".to_owned(),
        realms: vec![HOME.to_owned()],
        reaches: reaches.iter().map(|host| (*host).to_owned()).collect(),
    }
}

fn relay(name: &str) -> RelayConfig {
    let mut config = RelayConfig::new(diameter(name));
    config.routes = match name {
        "dra.home.test" => vec![route(ABROAD, &["dra.abroad.test", "drb.abroad.test"])],
        _ => vec![route(ABROAD, &["server1.abroad.test", "server2.abroad.test"]), route(HOME, &["dra.home.test"])],
    };
    config
}

impl Net {
    fn new() -> Self {
        Self::with(|_, _| {})
    }

    fn with(change: impl Fn(&str, &mut RelayConfig)) -> Self {
        let mut net = Self {
            fabric: Fabric::new(Latency::default()),
            now: Instant::ZERO,
            ends: Vec::new(),
            wire: Vec::new(),
            notes: Vec::new(),
            held: None,
            late: Vec::new(),
            spoilt: None,
        };
        for (name, place, _) in BOXES {
            let entropy = Entropy::of_box(5, name);
            let (role, node): (_, Box<dyn Node>) = if name.starts_with("dr") {
                let mut config = relay(name);
                change(name, &mut config);
                (Role::DiameterRelay, Box::new(DiameterRelay::new(config, entropy)))
            } else {
                let end = Arc::new(Mutex::new(End {
                    endpoint: DiameterEndpoint::new(diameter(name), entropy),
                    is_silent: false,
                    orders: VecDeque::new(),
                    answers: Vec::new(),
                    requests: Vec::new(),
                    out: VecDeque::new(),
                }));
                net.ends.push(Arc::clone(&end));
                (Role::Hss, Box::new(Shared(end)))
            };
            net.fabric.add(net.now, name, role, ip(place), node, store());
        }
        // Who was not there yet is tried again.
        net.run_ms(10_000);
        net.wire.clear();
        net
    }

    /// The client asks; what becomes of it within eight seconds.
    fn ask(&mut self, host: Option<&str>, realm: &str) -> Option<Result<Message, RequestFailure>> {
        let message = self.lir(host, realm);
        self.send(message);
        self.run_ms(8_000);
        self.ends[2].lock().unwrap().answers.pop()
    }

    fn lir(&self, host: Option<&str>, realm: &str) -> Message {
        let routing = self.ends[2].lock().unwrap().endpoint.routing(host, realm);
        Lir { routing, impu: "sip:a@abroad.test".to_owned(), originating: false, authorization: None }.to_message()
    }

    fn send(&mut self, message: Message) {
        self.ends[2].lock().unwrap().orders.push_back(message);
        self.poke("client.home.test");
    }

    /// Boxes that requests and answers went to, in their order.
    fn path(&self) -> Vec<&str> {
        self.wire.iter().map(|(_, to, _)| to.split('.').next().unwrap()).collect()
    }

    fn requests(&self, end: usize) -> Vec<Message> {
        self.ends[end].lock().unwrap().requests.clone()
    }
}

fn code(answer: Option<Result<Message, RequestFailure>>) -> (u32, String) {
    let answer = answer.expect("an answer").expect("an answer that can be used");
    let origin = answer.text(&dictionary::ORIGIN_HOST).unwrap().unwrap().to_owned();
    (answer.number(&dictionary::RESULT_CODE).unwrap().unwrap(), origin)
}

fn records(message: &Message) -> Vec<&str> {
    message.all(&dictionary::ROUTE_RECORD).map(|avp| avp.as_text().unwrap()).collect()
}

#[test]
fn a_request_goes_by_realm_and_its_answer_the_same_way_back() {
    let mut net = Net::new();
    // What no dictionary knows is passed on as it is.
    let mut message = net.lir(None, ABROAD);
    message.avps.push(Avp { code: 9_999_999, flags: 0x20, vendor: Some(32_473), data: vec![1, 2, 3] });
    net.send(message.clone());
    net.run_ms(1_000);
    let answer = net.ends[2].lock().unwrap().answers.pop();
    assert_eq!(code(answer), (2001, "server1.abroad.test".to_owned()), "{:?}", net.notes);
    assert_eq!(net.path(), ["dra", "dra", "server1", "dra", "dra", "client"]);
    let [first, second, third, back3, back2, back1] = [0, 1, 2, 3, 4, 5].map(|n| &net.wire[n].2);
    assert_eq!(first.avps, message.avps);
    // RFC 6733 clause 6.1.9: each relay adds whom it has it from, and nothing else changes.
    assert_eq!(records(second), ["client.home.test"]);
    assert_eq!(records(third), ["client.home.test", "dra.home.test"]);
    assert_eq!(third.avps[..message.avps.len()], message.avps[..]);
    assert!([second, third].iter().all(|m| m.flags == first.flags && m.end_to_end == first.end_to_end));
    assert!(first.hop_by_hop != second.hop_by_hop && second.hop_by_hop != third.hop_by_hop);
    // Clause 6.2: the answer has the identifiers of the request on each connection, and is the same on all.
    for (request, answer) in [(first, back1), (second, back2), (third, back3)] {
        assert_eq!((answer.hop_by_hop, answer.end_to_end), (request.hop_by_hop, request.end_to_end));
        assert_eq!(answer.avps, back3.avps);
    }
}

#[test]
fn a_request_goes_to_the_host_that_it_names() {
    let mut net = Net::new();
    let answer = net.ask(Some("server2.abroad.test"), ABROAD);
    assert_eq!(code(answer), (2001, "server2.abroad.test".to_owned()), "{:?}", net.notes);
    // Nobody else answers for a host that is not there.
    let answer = net.ask(Some("server3.abroad.test"), ABROAD);
    assert_eq!(code(answer), (3002, "drb.abroad.test".to_owned()), "{:?}", net.notes);
    assert_eq!((net.requests(0).len(), net.requests(1).len()), (0, 1));
}

#[test]
fn a_realm_without_a_route_is_not_served() {
    let mut net = Net::new();
    assert_eq!(code(net.ask(None, "nowhere.test")), (3003, "dra.home.test".to_owned()));
    let mut net = Net::with(|name, config| {
        if name == "dra.home.test" {
            config.routes = vec![route("*", &["dra.abroad.test"])];
        }
    });
    // The entry for all realms leads to one that has none for it.
    assert_eq!(code(net.ask(None, "nowhere.test")), (3003, "dra.abroad.test".to_owned()));
}

#[test]
fn a_request_that_was_here_before_is_a_loop() {
    let mut net = Net::with(|name, config| {
        if name != "dra.home.test" {
            config.routes = vec![route(ABROAD, &["dra.home.test"])];
        }
    });
    let mut message = net.lir(None, ABROAD);
    message.avps.push(Avp::text(&dictionary::ROUTE_RECORD, "dra.abroad.test"));
    message.avps.push(Avp::text(&dictionary::ROUTE_RECORD, "drb.abroad.test"));
    net.send(message);
    net.run_ms(1_000);
    // It goes back to nobody that it was at: the first relay has nobody left.
    assert_eq!(code(net.ends[2].lock().unwrap().answers.pop()), (3002, "dra.home.test".to_owned()));
    // One that comes to a relay again is told so.
    let mut message = net.lir(None, ABROAD);
    message.avps.push(Avp::text(&dictionary::ROUTE_RECORD, "dra.home.test"));
    net.send(message);
    net.run_ms(1_000);
    assert_eq!(code(net.ends[2].lock().unwrap().answers.pop()), (3005, "dra.home.test".to_owned()));
}

#[test]
fn what_is_for_a_relay_itself_finds_no_application() {
    let mut net = Net::new();
    assert_eq!(code(net.ask(Some("dra.home.test"), HOME)), (3007, "dra.home.test".to_owned()));
    let mut message = net.lir(None, ABROAD);
    message.flags = message.flags.without(Flags::PROXIABLE);
    net.send(message);
    net.run_ms(1_000);
    assert_eq!(code(net.ends[2].lock().unwrap().answers.pop()), (3007, "dra.home.test".to_owned()));
}

#[test]
fn another_relay_takes_over_and_the_request_says_so() {
    let mut net = Net::new();
    net.ends[0].lock().unwrap().is_silent = true;
    let message = net.lir(None, ABROAD);
    net.send(message);
    net.run_ms(100);
    assert_eq!(net.requests(0).len(), 1);
    net.ends[0].lock().unwrap().is_silent = false;
    assert!(net.fabric.set_down(net.now, "dra.abroad.test", true));
    net.run_ms(1_000);
    let answer = net.ends[2].lock().unwrap().answers.pop();
    assert_eq!(code(answer), (2001, "server1.abroad.test".to_owned()), "{:?}", net.notes);
    let requests = net.requests(0);
    assert_eq!(requests.len(), 2);
    // RFC 6733 clauses 3 and 5.5.4: the same End-to-End Identifier, the T bit.
    assert!(!requests[0].flags.has(Flags::RETRANSMITTED) && requests[1].flags.has(Flags::RETRANSMITTED));
    assert_eq!(requests[0].end_to_end, requests[1].end_to_end);
    // With nobody left, it cannot be delivered.
    assert!(net.fabric.set_down(net.now, "drb.abroad.test", true));
    assert_eq!(code(net.ask(None, ABROAD)), (3002, "dra.home.test".to_owned()));
    assert!(net.fabric.set_down(net.now, "dra.abroad.test", false));
    // It takes its old connection for open until its watchdog ends (RFC 3539 clause 3.4.1), and turns a second one away.
    net.run_ms(120_000);
    assert_eq!(code(net.ask(None, ABROAD)).0, 2001, "{:?}", net.notes);
}

#[test]
fn nobody_waits_for_ever_and_not_too_many_wait() {
    let mut net = Net::with(|name, config| {
        if name == "dra.home.test" {
            (config.max_pending, config.diameter.answer_timeout) = (2, Duration::from_secs(3));
        }
    });
    net.ends[0].lock().unwrap().is_silent = true;
    for _ in 0..3 {
        let message = net.lir(None, ABROAD);
        net.send(message);
    }
    net.run_ms(1_000);
    let answers = |net: &Net| {
        let answers = net.ends[2].lock().unwrap().answers.clone();
        answers.into_iter().map(|answer| code(Some(answer))).collect::<Vec<_>>()
    };
    let of_home = |code| (code, "dra.home.test".to_owned());
    assert_eq!(answers(&net), [of_home(3004)]);
    net.run_ms(3_000);
    assert_eq!(answers(&net), [of_home(3004), of_home(5012), of_home(5012)]);
    net.ends[0].lock().unwrap().is_silent = false;
    assert_eq!(code(net.ask(None, ABROAD)).0, 2001);
}

#[test]
fn a_late_answer_does_not_come_twice() {
    let mut net = Net::with(|name, config| {
        // Less than the client waits.
        if name == "dra.home.test" {
            config.diameter.answer_timeout = Duration::from_secs(3);
        }
    });
    net.held = Some("dra.abroad.test");
    assert_eq!(code(net.ask(None, ABROAD)), (5012, "dra.home.test".to_owned()));
    net.held = None;
    let late = std::mem::take(&mut net.late);
    assert_eq!(late.len(), 1);
    for answer in late {
        net.fabric.carry(net.now, answer);
    }
    net.run_ms(1_000);
    let to_client = net.wire.iter().filter(|(_, to, message)| to == "client.home.test" && !message.is_request());
    assert_eq!(to_client.count(), 1);
    assert!(net.notes.iter().any(|note| note.starts_with("dra.home.test") && note.contains("nobody waits for")));
    assert_eq!(code(net.ask(None, ABROAD)).0, 2001, "{:?}", net.notes);
}

#[test]
fn what_may_have_been_delivered_is_not_asked_of_another() {
    let mut net = Net::with(|name, config| {
        if name != "dra.home.test" {
            config.diameter.answer_timeout = Duration::from_secs(1);
        }
    });
    for server in [0, 1] {
        net.ends[server].lock().unwrap().is_silent = true;
    }
    assert_eq!(code(net.ask(None, ABROAD)), (5012, "dra.abroad.test".to_owned()));
    assert_eq!((net.requests(0).len(), net.requests(1).len()), (1, 0));
    let answer = &net.wire.last().unwrap().2;
    assert!(answer.flags.has(Flags::ERROR), "{answer:?}");
}

#[test]
fn what_went_with_a_connection_is_not_asked_of_another_when_the_next_relay_refuses_it() {
    let mut net = Net::with(|name, config| {
        if name == "drb.abroad.test" {
            config.interconnects = vec![interconnect(&[])];
        }
    });
    net.ends[0].lock().unwrap().is_silent = true;
    let message = net.lir(None, ABROAD);
    net.send(message);
    net.run_ms(100);
    assert_eq!(net.requests(0).len(), 1);
    assert!(net.fabric.set_down(net.now, "dra.abroad.test", true));
    net.run_ms(1_000);
    let refusal = net.wire.iter().find(|(from, to, _)| from == "drb.abroad.test" && to == "dra.home.test");
    let refusal = refusal.map(|(.., message)| Ok(message.clone()));
    assert_eq!(code(refusal), (3002, "drb.abroad.test".to_owned()), "{:?}", net.notes);
    let answer = net.ends[2].lock().unwrap().answers.pop();
    assert_eq!(code(answer), (5012, "dra.home.test".to_owned()), "{:?}", net.notes);
    assert_eq!((net.requests(0).len(), net.requests(1).len()), (1, 0));
    // What has gone nowhere is answered as that relay does.
    assert_eq!(code(net.ask(None, ABROAD)), (3002, "drb.abroad.test".to_owned()));
}

#[test]
fn another_network_reaches_only_whom_it_may() {
    let mut net = Net::with(|name, config| {
        if name != "dra.home.test" {
            config.interconnects = vec![interconnect(&["server2.abroad.test"])];
        }
    });
    assert_eq!(code(net.ask(Some("server2.abroad.test"), ABROAD)).0, 2001);
    assert_eq!(code(net.ask(Some("server1.abroad.test"), ABROAD)).0, 3002);
    assert_eq!(code(net.ask(None, ABROAD)).0, 3002);
    // And says who it is.
    let mut message = net.lir(Some("server2.abroad.test"), ABROAD);
    let origin = message.avps.iter_mut().find(|avp| avp.is(&dictionary::ORIGIN_REALM)).unwrap();
    *origin = Avp::text(&dictionary::ORIGIN_REALM, ABROAD);
    net.send(message);
    net.run_ms(1_000);
    assert_eq!(code(net.ends[2].lock().unwrap().answers.pop()).0, 3002);
    assert_eq!((net.requests(0).len(), net.requests(1).len()), (0, 1));
}

#[test]
fn another_network_is_not_taken_for_the_own_when_its_connection_goes() {
    let mut net = Net::with(|name, config| {
        if name != "dra.home.test" {
            config.interconnects = vec![interconnect(&["server2.abroad.test"])];
        }
    });
    net.spoilt = Some(("dra.home.test", "dra.abroad.test"));
    net.ask(Some("server1.abroad.test"), ABROAD);
    assert_eq!(net.spoilt, None);
    assert_eq!((net.requests(0).len(), net.requests(1).len()), (0, 0));
    let refused = |note: &String| note.starts_with("dra.abroad.test") && note.contains("whoever sent it is gone");
    assert!(net.notes.iter().any(refused), "{:?}", net.notes);
}
