//! Nodes that do next to nothing, so that the fabric itself is seen.

use ::http::{Method, Request, Response, StatusCode};
use protocol::Joint;
use protocol::diameter::DiameterTransport;

use super::*;
use crate::StoreToken;
use crate::node::{Membership, NodeStoreOp, StreamInput, StreamOutput, Table};

mod ss7;

/// Answers what it gets with the same octets in capitals; asks its store first when the octets begin with `s`.
#[derive(Debug, Default)]
struct Echo {
    outputs: VecDeque<NodeOutput>,
    waiting: Option<(Target, Vec<u8>)>,
    timer: Option<Instant>,
    ended: u32,
}

impl Node for Echo {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sip { flow, bytes } if bytes.starts_with(b"s") => {
                self.waiting = Some((flow.into(), bytes.to_ascii_uppercase()));
                let ops = vec![NodeStoreOp::Scan { table: Table::Sqn }];
                self.outputs.push_back(NodeOutput::Store(NodeStoreRequest { token: StoreToken(1), ops }));
            }
            NodeInput::Sip { flow, bytes } => {
                self.timer = Some(now + Duration::from_secs(1));
                self.outputs.push_back(NodeOutput::Sip { target: flow.into(), bytes: bytes.to_ascii_uppercase() });
            }
            NodeInput::Store(_) => {
                let (target, bytes) = self.waiting.take().unwrap();
                self.outputs.push_back(NodeOutput::Sip { target, bytes });
            }
            NodeInput::Diameter(DiameterInput::Received { conn, bytes }) if bytes.is_ascii() => {
                let bytes = vec![0x80];
                self.outputs.push_back(NodeOutput::Diameter(DiameterTransport::Send { conn, bytes }));
            }
            NodeInput::Diameter(DiameterInput::Connected { conn, peer: Some(_) }) => {
                let bytes = b"cer".to_vec();
                self.outputs.push_back(NodeOutput::Diameter(DiameterTransport::Send { conn, bytes }));
            }
            NodeInput::Diameter(DiameterInput::Closed { .. } | DiameterInput::ConnectFailed { .. }) => self.ended += 1,
            NodeInput::Admin(Admin::Shutdown) => {
                let address = SocketAddr::new(ip(4), 3868);
                self.outputs.push_back(NodeOutput::Diameter(DiameterTransport::Connect { peer: 0, address }));
            }
            NodeInput::SipFailed { why, .. } => self.outputs.push_back(NodeOutput::Note(NodeNote::Said(why))),
            NodeInput::Http { exchange, peer, request } => {
                let body = format!("{} {} from {peer}", request.method(), request.uri());
                self.outputs.push_back(NodeOutput::Http { exchange, response: Response::new(body.into()) });
                // Twice is once.
                self.outputs.push_back(NodeOutput::Http { exchange, response: Response::default() });
            }
            NodeInput::Stream(StreamInput::Received { conn, bytes }) => {
                let ends = bytes.ends_with(b".");
                let bytes = bytes.to_ascii_uppercase();
                self.outputs.push_back(NodeOutput::Stream(StreamOutput::Send { conn, bytes }));
                if ends {
                    self.outputs.push_back(NodeOutput::Stream(StreamOutput::Close { conn }));
                }
            }
            NodeInput::Stream(StreamInput::Closed { .. }) => self.ended += 1,
            NodeInput::Datagram { local, remote, bytes } => {
                self.outputs.push_back(NodeOutput::Datagram { local, remote, bytes: bytes.to_ascii_uppercase() });
            }
            _ => {}
        }
    }

    fn handle_timeout(&mut self, _: Instant) {
        self.timer = None;
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said("time".into())));
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.timer
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.outputs.pop_front()
    }
}

fn ip(n: u8) -> IpAddr {
    IpAddr::from([10, 46, 0, n])
}

/// A store that holds nothing.
fn nothing() -> StoreDriver {
    Box::new(|r| NodeStoreAnswer { token: r.token, result: Ok(vec![Vec::new()]) })
}

fn fabric() -> Fabric {
    let mut fabric = Fabric::new(Latency::default());
    for (n, name, role) in [(1, "P-CSCF", Role::Pcscf), (3, "S-CSCF", Role::Scscf), (4, "HSS", Role::Hss)] {
        fabric.add(Instant::ZERO, name, role, ip(n), Box::<Echo>::default(), nothing());
    }
    fabric.add_outside("alice", Role::Ue, ip(100));
    fabric
}

fn send(fabric: &mut Fabric, now: Instant, transport: Transport, to: u8, bytes: &[u8]) {
    let target = Target { transport, remote: SocketAddr::new(ip(to), 5060), flow: None };
    fabric.send(now, SocketAddr::new(ip(100), 5080), target, bytes.to_vec());
}

/// Carries every message on and gives what was seen.
fn run(fabric: &mut Fabric, mut now: Instant) -> Vec<(Instant, FabricOutput)> {
    let mut seen = Vec::new();
    loop {
        while let Some(output) = fabric.poll_output() {
            if let FabricOutput::Message(message) = &output {
                fabric.carry(now, message.clone());
            }
            seen.push((now, output));
        }
        let Some(next) = fabric.poll_timeout() else { return seen };
        now = next.max(now);
        fabric.handle_timeout(now);
    }
}

#[test]
fn a_message_comes_out_goes_in_and_is_answered_at_exact_instants() {
    let mut fabric = fabric();
    send(&mut fabric, Instant::ZERO, Transport::Udp, 1, b"x");
    let seen = run(&mut fabric, Instant::ZERO);
    let told: Vec<_> = seen
        .iter()
        .map(|(at, output)| match output {
            FabricOutput::Message(m) => format!("{} {} {}>{} {}", at.as_nanos(), m.joint, m.from, m.to, m.channel()),
            FabricOutput::Outside { to, bytes, .. } => format!("{} {to} {bytes:?}", at.as_nanos()),
            other => format!("{} {other:?}", at.as_nanos()),
        })
        .collect();
    assert_eq!(
        told,
        [
            "0 Gm alice>P-CSCF udp 10.46.0.100:5080 10.46.0.1:5060",
            "10000000 Gm P-CSCF>alice udp 10.46.0.1:5060 10.46.0.100:5080",
            "20000000 alice [88]",
            "1010000000 Note { from: \"P-CSCF\", note: Said(\"time\") }",
        ]
    );
}

#[test]
fn the_store_answers_before_anything_else() {
    let mut fabric = fabric();
    send(&mut fabric, Instant::ZERO, Transport::Udp, 3, b"s");
    let seen = run(&mut fabric, Instant::ZERO);
    assert!(matches!(&seen[2].1, FabricOutput::Outside { bytes, .. } if bytes == b"S"));
}

#[test]
fn a_stream_has_one_source_and_the_answer_comes_back_over_it() {
    let mut fabric = fabric();
    send(&mut fabric, Instant::ZERO, Transport::Tcp, 1, b"x");
    send(&mut fabric, Instant::ZERO, Transport::Tcp, 1, b"y");
    let seen = run(&mut fabric, Instant::ZERO);
    let channels: Vec<_> = seen
        .iter()
        .filter_map(|(_, o)| if let FabricOutput::Message(m) = o { Some((m.source, m.destination)) } else { None })
        .collect();
    assert_eq!(channels[0], channels[1]);
    assert_eq!((channels[2].1, channels[2].0), channels[0]);
}

#[test]
fn who_is_not_there_is_told() {
    let mut fabric = fabric();
    send(&mut fabric, Instant::ZERO, Transport::Udp, 77, b"x");
    let seen = run(&mut fabric, Instant::ZERO);
    assert!(matches!(&seen[..], [(_, FabricOutput::OutsideFailed { why, .. })] if why.contains("10.46.0.77")));
    assert!(fabric.set_down(Instant::ZERO, "P-CSCF", true) && !fabric.set_down(Instant::ZERO, "X-CSCF", true));
    send(&mut fabric, Instant::ZERO, Transport::Udp, 1, b"x");
    assert_eq!(run(&mut fabric, Instant::ZERO).len(), 1, "a datagram to a box that is down is lost");
}

#[test]
fn diameter_connects_carries_and_breaks() {
    let mut fabric = fabric();
    assert!(fabric.admin(Instant::ZERO, "S-CSCF", Admin::Shutdown));
    let seen = run(&mut fabric, Instant::ZERO);
    let cx: Vec<_> = seen
        .iter()
        .filter_map(|(_, o)| if let FabricOutput::Message(m) = o { Some(m) } else { None })
        .map(|m| (m.joint, m.from.as_str(), m.destination.port() == 3868, m.bytes.clone()))
        .collect();
    assert_eq!(cx, [(Joint::Cx, "S-CSCF", true, b"cer".to_vec()), (Joint::Cx, "HSS", false, vec![0x80])]);
    fabric.set_down(Instant::ZERO, "HSS", true);
    run(&mut fabric, Instant::ZERO);
    assert!(fabric.connections.is_empty());
    assert!(fabric.admin(Instant::ZERO, "S-CSCF", Admin::Shutdown));
    assert_eq!(run(&mut fabric, Instant::ZERO).len(), 0);
}

#[test]
fn what_the_caller_drops_or_doubles_is_dropped_or_doubled() {
    let mut fabric = fabric();
    send(&mut fabric, Instant::ZERO, Transport::Udp, 1, b"x");
    let Some(FabricOutput::Message(message)) = fabric.poll_output() else { panic!("a message") };
    assert_eq!(fabric.poll_timeout(), None);
    fabric.carry(Instant::ZERO, message.clone());
    fabric.carry(Instant::from_millis(5), message);
    let seen = run(&mut fabric, Instant::ZERO);
    assert_eq!(seen.iter().filter(|(_, o)| matches!(o, FabricOutput::Outside { .. })).count(), 2);
}

/// What came to boxes outside besides SIP.
fn outside(seen: &[(Instant, FabricOutput)]) -> Vec<(u64, &OutsideEvent)> {
    let outside = seen.iter().filter_map(|(at, output)| match output {
        FabricOutput::AtOutside { event, .. } => Some((at.as_nanos() / 1_000_000, event)),
        _ => None,
    });
    outside.collect()
}

fn messages(seen: &[(Instant, FabricOutput)]) -> Vec<&WireMessage> {
    seen.iter().filter_map(|(_, o)| if let FabricOutput::Message(m) = o { Some(m) } else { None }).collect()
}

fn at(n: u8, port: u16) -> SocketAddr {
    SocketAddr::new(ip(n), port)
}

#[test]
fn a_request_of_http_is_answered_once_with_its_octets_past_the_tap() {
    let mut fabric = fabric();
    let request = Request::builder().uri("http://xcap.example/a?b").body(Vec::new()).unwrap();
    let asked = fabric.http(Instant::ZERO, at(100, 40_000), at(3, 80), request);
    let seen = run(&mut fabric, Instant::ZERO);
    let wire = messages(&seen);
    assert_eq!(wire.len(), 2);
    assert_eq!(wire[0].bytes, b"GET /a?b HTTP/1.1\r\nhost: xcap.example\r\n\r\n");
    assert_eq!((wire[0].joint, wire[0].channel().as_str()), (Joint::Ut, "tcp 10.46.0.100:40000 10.46.0.3:80"));
    assert_eq!((wire[1].joint, wire[1].from.as_str(), wire[1].to.as_str()), (Joint::Ut, "S-CSCF", "alice"));
    assert!(wire[1].bytes.starts_with(b"HTTP/1.1 200 OK\r\ncontent-length: 31\r\n\r\nGET /a?b from"));
    let told = outside(&seen);
    let [(20, OutsideEvent::Response { exchange, response })] = told[..] else { panic!("{told:?}") };
    assert_eq!((*exchange, response.body().as_slice()), (asked, &b"GET /a?b from 10.46.0.100:40000"[..]));
    assert!(fabric.exchanges.is_empty());
}

#[test]
fn what_is_wrong_with_http_is_told_to_the_client() {
    let mut fabric = fabric();
    fabric.http(Instant::ZERO, at(100, 40_000), at(3, 80), Request::new(Vec::new()));
    let Some(FabricOutput::Message(mut message)) = fabric.poll_output() else { panic!("a message") };
    message.bytes[0] = b' ';
    fabric.carry(Instant::ZERO, message);
    let seen = run(&mut fabric, Instant::ZERO);
    let told = outside(&seen);
    assert!(
        matches!(told[..], [(20, OutsideEvent::Response { response, .. })] if response.status() == StatusCode::BAD_REQUEST)
    );

    fabric.http(Instant::ZERO, at(100, 40_000), at(77, 80), Request::new(Vec::new()));
    let seen = run(&mut fabric, Instant::ZERO);
    assert!(matches!(outside(&seen)[..], [(0, OutsideEvent::RequestFailed { why, .. })] if why.contains("10.46.0.77")));

    let mut request = Request::new(Vec::new());
    *request.method_mut() = Method::HEAD;
    fabric.http(Instant::ZERO, at(100, 40_000), at(3, 80), request);
    fabric.set_down(Instant::ZERO, "S-CSCF", true);
    let seen = run(&mut fabric, Instant::ZERO);
    assert!(matches!(outside(&seen)[..], [(1, OutsideEvent::RequestFailed { why, .. })] if why == "S-CSCF is gone"));
}

#[test]
fn a_stream_is_opened_carries_both_ways_and_is_closed_after_its_last_octets() {
    let mut fabric = fabric();
    let connect = StreamOutput::Connect { token: 7, remote: at(3, 2855) };
    assert!(fabric.stream_from_outside(Instant::ZERO, "alice", connect));
    assert!(!fabric.stream_from_outside(Instant::ZERO, "S-CSCF", StreamOutput::Close { conn: StreamId(1) }));
    let seen = run(&mut fabric, Instant::ZERO);
    let told = outside(&seen);
    let [(20, OutsideEvent::Stream(StreamEvent::Connected { conn, token: Some(7), .. }))] = told[..] else {
        panic!("{told:?}")
    };
    for bytes in [b"a".to_vec(), b"b.".to_vec()] {
        fabric.stream_from_outside(Instant::ZERO, "alice", StreamOutput::Send { conn: *conn, bytes });
    }
    let seen = run(&mut fabric, Instant::ZERO);
    let wire: Vec<_> = messages(&seen).iter().map(|m| (m.joint, m.transport, m.bytes.clone())).collect();
    let mb = |bytes: &[u8]| (Joint::Mb, Transport::Tcp, bytes.to_vec());
    assert_eq!(wire, [mb(b"a"), mb(b"b."), mb(b"A"), mb(b"B.")]);
    let told: Vec<_> = outside(&seen).into_iter().map(|(at, event)| format!("{at} {event:?}")).collect();
    let conn = format!("conn: {conn:?}");
    let received = |bytes: &[u8]| format!("20 Stream(Received {{ {conn}, bytes: {bytes:?} }})");
    assert_eq!(told, [received(b"A"), received(b"B."), format!("20 Stream(Closed {{ {conn} }})")]);
    assert!(fabric.media.is_empty());
}

#[test]
fn octets_of_a_stream_that_are_lost_leave_a_hole() {
    let mut fabric = fabric();
    fabric.stream_from_outside(Instant::ZERO, "alice", StreamOutput::Connect { token: 7, remote: at(3, 2855) });
    run(&mut fabric, Instant::ZERO);
    for bytes in [b"a".to_vec(), b"b".to_vec()] {
        fabric.stream_from_outside(Instant::ZERO, "alice", StreamOutput::Send { conn: StreamId(1), bytes });
    }
    assert!(matches!(fabric.poll_output(), Some(FabricOutput::Message(m)) if m.bytes == b"a"));
    let seen = run(&mut fabric, Instant::ZERO);
    assert!(
        matches!(outside(&seen)[..], [(_, OutsideEvent::Stream(StreamEvent::Received { bytes, .. }))] if bytes == b"B")
    );
}

#[test]
fn a_stream_to_nobody_fails_and_one_to_a_box_that_goes_is_closed() {
    let mut fabric = fabric();
    fabric.stream_from_outside(Instant::ZERO, "alice", StreamOutput::Connect { token: 7, remote: at(77, 2855) });
    let seen = run(&mut fabric, Instant::ZERO);
    assert!(matches!(outside(&seen)[..], [(20, OutsideEvent::Stream(StreamEvent::ConnectFailed { token: 7, .. }))]));
    fabric.stream_from_outside(Instant::ZERO, "alice", StreamOutput::Connect { token: 8, remote: at(3, 2855) });
    run(&mut fabric, Instant::ZERO);
    fabric.set_down(Instant::ZERO, "S-CSCF", true);
    let seen = run(&mut fabric, Instant::ZERO);
    assert!(matches!(outside(&seen)[..], [(_, OutsideEvent::Stream(StreamEvent::Closed { conn: StreamId(1) }))]));
    assert!(fabric.media.is_empty());
}

#[test]
fn a_datagram_of_media_goes_from_port_to_port() {
    let mut fabric = fabric();
    fabric.datagram_from_outside(at(100, 4000), at(3, 49152), b"rtp".to_vec());
    fabric.datagram_from_outside(at(100, 4000), at(77, 49152), b"rtp".to_vec());
    let seen = run(&mut fabric, Instant::ZERO);
    let channels: Vec<_> = messages(&seen).iter().map(|m| (m.joint, m.channel())).collect();
    let mb = |channel: &str| (Joint::Mb, channel.to_owned());
    let there = [mb("udp 10.46.0.100:4000 10.46.0.3:49152"), mb("udp 10.46.0.3:49152 10.46.0.100:4000")];
    assert_eq!(channels, there);
    assert!(matches!(outside(&seen)[..], [(20, OutsideEvent::Datagram { bytes, .. })] if bytes == b"RTP"));
}

#[test]
fn datagrams_to_a_group_reach_its_members_that_hear_their_sender() {
    let (a, b) = (SocketAddr::from(([10, 0, 0, 1], 2152)), SocketAddr::from(([10, 0, 0, 2], 2152)));
    let group = SocketAddr::from(([232, 0, 0, 1], 2152));
    let mut fabric = Fabric::new(Latency::default());
    fabric.add_outside("gw", Role::MbmsGw, a.ip());
    for (name, ip, hears) in [("near", 2, a), ("other", 3, b)] {
        let ip = IpAddr::from([10, 0, 0, ip]);
        let node = Member(Some(Membership { group: group.ip(), source: Some(hears.ip()), is_member: true }));
        fabric.add(Instant::ZERO, name, Role::Enb, ip, Box::new(node), nothing());
    }
    fabric.datagram_from_outside(a, group, b"to all".to_vec());
    let Some(FabricOutput::Message(message)) = fabric.poll_output() else { panic!("nothing was sent") };
    assert_eq!((&*message.to, message.joint, message.destination), ("near", Joint::M1, group));
    assert!(fabric.poll_output().is_none());
    fabric.set_down(Instant::ZERO, "near", true);
    fabric.datagram_from_outside(a, group, b"to nobody".to_vec());
    assert!(fabric.poll_output().is_none());
}

/// Is in a group.
#[derive(Debug)]
struct Member(Option<Membership>);

impl Node for Member {
    fn handle_input(&mut self, _: Instant, _: NodeInput<'_>) {}
    fn handle_timeout(&mut self, _: Instant) {}
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.0.take().map(NodeOutput::Membership)
    }
}

/// Asks at once, and says what becomes of it.
#[derive(Debug)]
struct Asker(VecDeque<NodeOutput>);

impl Asker {
    fn of(uris: &[&str]) -> Box<Self> {
        let ask = |(token, uri): (usize, &&str)| NodeOutput::HttpRequest {
            token: token as u64,
            request: Request::post(*uri).body(b"{}".to_vec()).unwrap(),
        };
        Box::new(Self(uris.iter().enumerate().map(ask).collect()))
    }
}

impl Node for Asker {
    fn handle_input(&mut self, _: Instant, input: NodeInput<'_>) {
        let NodeInput::HttpResponse { token, result } = input else { return };
        let said = result.map(|response| format!("{} {}", response.status(), response.body().len()));
        self.0.push_back(NodeOutput::Note(NodeNote::Said(format!("{token}: {}", said.unwrap_or_else(|why| why)))));
    }
    fn handle_timeout(&mut self, _: Instant) {}
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.0.pop_front()
    }
}

fn notes(seen: &[(Instant, FabricOutput)]) -> Vec<(u64, String)> {
    let notes = seen.iter().filter_map(|(at, output)| match output {
        FabricOutput::Note { note, .. } => Some((at.as_nanos() / 1_000_000, note.to_string())),
        _ => None,
    });
    notes.collect()
}

#[test]
fn a_node_asks_boxes_outside_and_other_nodes_by_http() {
    let mut fabric = fabric();
    let asker =
        Asker::of(&["http://10.46.0.50:8080/told?a", "http://S-CSCF/b", "http://nobody/", "https://10.46.0.3/"]);
    fabric.add_outside("provider", Role::ThirdParty, ip(50));
    fabric.add(Instant::ZERO, "BM-SC", Role::Bmsc, ip(31), asker, nothing());
    let mut seen = Vec::new();
    for ms in 0..10 {
        let now = Instant::from_millis(ms);
        fabric.handle_timeout(now);
        while let Some(output) = fabric.poll_output() {
            if let FabricOutput::Message(message) = &output {
                fabric.carry(now, message.clone());
            }
            seen.push((now, output));
        }
    }
    let wire = messages(&seen);
    assert_eq!((wire[0].joint, wire[0].to.as_str(), wire[0].destination), (Joint::XmbC, "provider", at(50, 8080)));
    let octets = b"POST /told?a HTTP/1.1\r\nhost: 10.46.0.50:8080\r\ncontent-length: 2\r\n\r\n{}";
    assert_eq!(wire[0].bytes, octets);
    let told = outside(&seen);
    let [(1, OutsideEvent::Request { exchange, local, remote, request })] = told[..] else { panic!("{told:?}") };
    assert_eq!((*local, remote.ip(), request.uri().to_string().as_str()), (at(50, 8080), ip(31), "/told?a"));
    let said = notes(&seen);
    assert_eq!(said[0], (0, "2: \"nobody\" belongs to no box".to_owned()));
    assert!(said[1].1.starts_with("3: https://"), "{said:?}");
    assert_eq!((said[2].0, said[2].1.starts_with("1: 200 OK ")), (2, true), "{said:?}");

    let exchange = *exchange;
    let now = Instant::from_millis(10);
    assert!(fabric.respond(exchange, &Response::new(b"taken".to_vec())));
    assert!(!fabric.respond(exchange, &Response::new(Vec::new())), "twice is once");
    assert_eq!(notes(&run(&mut fabric, now))[0].1, "0: 200 OK 5");
}

#[test]
fn a_node_that_gets_no_answer_is_told_so_and_one_that_was_killed_hears_no_other_ones() {
    let mut fabric = fabric();
    fabric.add_outside("provider", Role::ThirdParty, ip(50));
    let ask = || Asker::of(&["http://provider/"]);
    fabric.add(Instant::ZERO, "BM-SC", Role::Bmsc, ip(31), ask(), nothing());
    let Some(FabricOutput::Message(lost)) = fabric.poll_output() else { panic!("a request") };
    drop(lost);
    let seen = run(&mut fabric, Instant::ZERO);
    assert_eq!(notes(&seen), [(30_000, "0: no answer within 30 s".to_owned())]);

    let now = Instant::from_millis(30_000);
    fabric.restart(now, "BM-SC", ask());
    let Some(FabricOutput::Message(first)) = fabric.poll_output() else { panic!("a request") };
    fabric.restart(now, "BM-SC", ask());
    let Some(FabricOutput::Message(second)) = fabric.poll_output() else { panic!("a request") };
    fabric.carry(now, first);
    fabric.carry(now, second);
    fabric.set_down(now, "provider", true);
    let seen = run(&mut fabric, now);
    assert_eq!(notes(&seen), [(30_001, "0: provider is gone".to_owned())]);
}
