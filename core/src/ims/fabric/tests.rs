//! Nodes that do next to nothing, so that the fabric itself is seen.

use super::*;
use crate::StoreToken;
use crate::ims::store::{ImsStoreOp, Table};

/// Answers what it gets with the same octets in capitals; asks its store first when the octets begin with `s`.
#[derive(Debug, Default)]
struct Echo {
    outputs: VecDeque<ImsOutput>,
    waiting: Option<(Target, Vec<u8>)>,
    timer: Option<Instant>,
    ended: u32,
}

impl ImsNode for Echo {
    fn handle_input(&mut self, now: Instant, input: ImsInput<'_>) {
        match input {
            ImsInput::Sip { flow, bytes } if bytes.starts_with(b"s") => {
                self.waiting = Some((flow.into(), bytes.to_ascii_uppercase()));
                let ops = vec![ImsStoreOp::Scan { table: Table::Sqn }];
                self.outputs.push_back(ImsOutput::Store(ImsStoreRequest { token: StoreToken(1), ops }));
            }
            ImsInput::Sip { flow, bytes } => {
                self.timer = Some(now + Duration::from_secs(1));
                self.outputs.push_back(ImsOutput::Sip { target: flow.into(), bytes: bytes.to_ascii_uppercase() });
            }
            ImsInput::Store(_) => {
                let (target, bytes) = self.waiting.take().unwrap();
                self.outputs.push_back(ImsOutput::Sip { target, bytes });
            }
            ImsInput::Diameter(DiameterInput::Received { conn, bytes }) if bytes.is_ascii() => {
                let bytes = vec![0x80];
                self.outputs.push_back(ImsOutput::Diameter(DiameterTransport::Send { conn, bytes }));
            }
            ImsInput::Diameter(DiameterInput::Connected { conn, peer: Some(_) }) => {
                let bytes = b"cer".to_vec();
                self.outputs.push_back(ImsOutput::Diameter(DiameterTransport::Send { conn, bytes }));
            }
            ImsInput::Diameter(DiameterInput::Closed { .. } | DiameterInput::ConnectFailed { .. }) => self.ended += 1,
            ImsInput::Admin(Admin::Shutdown) => {
                let address = SocketAddr::new(ip(4), 3868);
                self.outputs.push_back(ImsOutput::Diameter(DiameterTransport::Connect { peer: 0, address }));
            }
            ImsInput::SipFailed { why, .. } => self.outputs.push_back(ImsOutput::Note(NodeNote::Said(why))),
            _ => {}
        }
    }

    fn handle_timeout(&mut self, _: Instant) {
        self.timer = None;
        self.outputs.push_back(ImsOutput::Note(NodeNote::Said("time".into())));
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.timer
    }

    fn poll_output(&mut self) -> Option<ImsOutput> {
        self.outputs.pop_front()
    }
}

fn ip(n: u8) -> IpAddr {
    IpAddr::from([10, 46, 0, n])
}

fn fabric() -> Fabric {
    let mut fabric = Fabric::new(Latency::default());
    for (n, name, role) in [(1, "P-CSCF", Role::Pcscf), (3, "S-CSCF", Role::Scscf), (4, "HSS", Role::Hss)] {
        let store: StoreDriver = Box::new(|r| ImsStoreAnswer { token: r.token, result: Ok(vec![Vec::new()]) });
        fabric.add(Instant::ZERO, name, role, ip(n), Box::<Echo>::default(), store);
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
