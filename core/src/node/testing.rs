//! What tests of joined nodes share: nodes that a test looks into, a network in memory that time is let pass in, and UEs with a
//! user agent.

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::Instant;
use protocol::rtp::RtpPacket;
use protocol::sip::{StackInput, UserAgent, UserAgentEvent, UserAgentOutput};

use super::{Admin, Fabric, FabricOutput, Node, NodeInput, NodeOutput, NodeStore, StoreDriver};

/// A node that the test can look into.
#[derive(Debug)]
pub(crate) struct Shared<N>(pub(crate) Arc<Mutex<N>>);

impl<N: Node> Node for Shared<N> {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        self.0.lock().unwrap().handle_input(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.0.lock().unwrap().handle_timeout(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.0.lock().unwrap().poll_timeout()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.0.lock().unwrap().poll_output()
    }
}

/// A store that is gone with its test. It is made when it is asked for something: its tables take a while, and many a node has
/// no use for it.
pub(crate) fn store() -> StoreDriver {
    let mut store = None;
    Box::new(move |request| store.get_or_insert_with(|| NodeStore::in_memory().unwrap()).execute(&request))
}

/// Nodes of a test, joined by a fabric.
pub(crate) trait TestNetwork {
    /// The fabric, and what time it is there.
    fn fabric(&mut self) -> (&mut Fabric, &mut Instant);

    /// What the fabric says. A message that is not carried is lost.
    fn on_output(&mut self, output: FabricOutput);

    /// Everything at this instant has been said.
    fn on_turn(&mut self) {}

    /// Lets time pass.
    fn run_ms(&mut self, span: u64) {
        let end = *self.fabric().1 + Duration::from_millis(span);
        let mut turns = 0;
        loop {
            while let Some(output) = self.fabric().0.poll_output() {
                self.on_output(output);
            }
            self.on_turn();
            let (fabric, now) = self.fabric();
            let Some(at) = fabric.poll_timeout().filter(|at| *at <= end) else { break };
            turns = if at > *now { 0 } else { turns + 1 };
            assert!(turns < MAX_TURNS, "time stands still at {now}");
            *now = at.max(*now);
            fabric.handle_timeout(*now);
        }
        *self.fabric().1 = end;
    }

    /// A node looks at what a test has put on its desk.
    fn poke(&mut self, name: &str) {
        let (fabric, now) = self.fabric();
        assert!(fabric.admin(*now, name, Admin::RemoveSubscriber { impi: String::new() }), "no {name}");
    }
}

/// A UE with a user agent, and who uses it.
#[derive(Debug)]
pub(crate) struct Phone<P> {
    pub(crate) ua: UserAgent,
    pub(crate) ip: IpAddr,
    /// The SSRC of what is said, too.
    pub(crate) number: u8,
    pub(crate) person: P,
    out: VecDeque<NodeOutput>,
}

/// Who uses a phone.
pub(crate) trait Person: fmt::Debug + Send + Sized {
    /// Does what is on the desk.
    fn obey(phone: &mut Phone<Self>, now: Instant);
    /// The user agent has something to say.
    fn on_event(phone: &mut Phone<Self>, now: Instant, event: UserAgentEvent);
    /// Media have come in at this port.
    fn on_media(phone: &mut Phone<Self>, port: u16, bytes: &[u8]);
}

impl<P: Person> Phone<P> {
    pub(crate) const fn of(ua: UserAgent, ip: IpAddr, number: u8, person: P) -> Self {
        Self { ua, ip, number, person, out: VecDeque::new() }
    }

    /// Sends media from this port.
    pub(crate) fn send(&mut self, port: u16, remote: SocketAddr, bytes: Vec<u8>) {
        self.out.push_back(NodeOutput::Datagram { local: SocketAddr::new(self.ip, port), remote, bytes });
    }

    /// Sends the packet of speech with this number: 20 ms of silence in PCMA (RFC 3551 section 4.5.14).
    pub(crate) fn say(&mut self, port: u16, remote: SocketAddr, sequence: u16) {
        let packet = RtpPacket {
            payload_type: 8,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc: self.number.into(),
            payload: vec![0xd5; 160],
            ..RtpPacket::default()
        };
        self.send(port, remote, packet.to_bytes());
    }

    fn drain(&mut self, now: Instant) {
        P::obey(self, now);
        while let Some(output) = self.ua.poll_output() {
            match output {
                UserAgentOutput::Transmit { target, bytes } => self.out.push_back(NodeOutput::Sip { target, bytes }),
                UserAgentOutput::Event(event) => P::on_event(self, now, event),
            }
        }
    }
}

impl<P: Person> Node for Phone<P> {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sip { flow, bytes } => self.ua.handle_input(now, StackInput::Received { flow, bytes }),
            NodeInput::SipFailed { target, why } => self.ua.handle_input(now, StackInput::Failed { target, why }),
            NodeInput::Datagram { local, bytes, .. } => P::on_media(self, local.port(), bytes),
            _ => {}
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.ua.handle_timeout(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.ua.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

/// What is done at one instant, at most.
const MAX_TURNS: usize = 10_000;
