//! Nodes joined in memory: sockets by address, Diameter connections, the store inline (TS 23.228 clause 4).
//!
//! HTTP requests, streams and datagrams of media go the same way, a [`WireMessage`] each.
//!
//! Every message comes out as [`FabricOutput::Message`] before it arrives anywhere: the caller looks at it, may change it,
//! and gives it back with [`Fabric::carry`]: not at all, later, or twice. What happens at the same instant happens in the
//! order in which it was given.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use protocol::Instant;
use protocol::diameter::{ConnectionId, DiameterInput};
use protocol::sip::{Flow, Target, Transport};

use self::diameter::Connection;
use self::http::Exchange;
use self::message::Way;
use self::streams::Streams;
use super::carried::{HttpExchange, StreamEvent, StreamId};
use super::store::{NodeStoreAnswer, NodeStoreRequest};
use crate::node::{AccessEvent, Admin, Node, NodeInput, NodeNote, NodeOutput, Role};

mod diameter;
mod http;
mod message;
mod ss7;
mod streams;

pub use message::{OutsideEvent, WireMessage};

/// Executes what a node asks of its store.
pub type StoreDriver = Box<dyn FnMut(NodeStoreRequest) -> NodeStoreAnswer + Send>;

/// How long messages are on their way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Latency {
    /// Between UE and P-CSCF: the access network.
    pub gm: Duration,
    /// Between nodes.
    pub core: Duration,
}

impl Default for Latency {
    fn default() -> Self {
        Self { gm: Duration::from_millis(10), core: Duration::from_millis(1) }
    }
}

/// What the fabric has to say.
#[derive(Clone, Debug)]
pub enum FabricOutput {
    /// A message was sent. It arrives when it is given back.
    Message(WireMessage),
    /// A SIP message has arrived at a box outside.
    Outside {
        /// Name of the box.
        to: String,
        /// How it came.
        flow: Flow,
        /// Its octets.
        bytes: Vec<u8>,
    },
    /// Something else has come to a box outside.
    AtOutside {
        /// Name of the box.
        to: String,
        /// What.
        event: OutsideEvent,
    },
    /// A SIP message of a box outside found nobody.
    OutsideFailed {
        /// Name of the box that sent it.
        from: String,
        /// Where it was to go.
        target: Target,
        /// Why not.
        why: String,
    },
    /// A node has a word for the log.
    Note {
        /// Name of the node.
        from: String,
        /// The word.
        note: NodeNote,
    },
}

/// Nodes and what is on its way between them.
#[derive(Debug)]
pub struct Fabric {
    latency: Latency,
    places: Vec<Place>,
    by_ip: BTreeMap<IpAddr, usize>,
    /// Places of nodes, few among many boxes outside, and of these.
    nodes: Vec<usize>,
    node_names: BTreeMap<String, usize>,
    outside_names: BTreeMap<String, usize>,
    /// Streams of SIP that were opened: from whom to where, from which address.
    streams: BTreeMap<(usize, Transport, SocketAddr), SocketAddr>,
    connections: BTreeMap<ConnectionId, Connection>,
    media: Streams,
    exchanges: BTreeMap<HttpExchange, Exchange>,
    /// Digits of global titles, and who has them.
    global_titles: BTreeMap<String, usize>,
    arrivals: BTreeMap<(Instant, u64), Arrival>,
    /// Ephemeral ports and connections that were given out, and messages that were carried.
    streams_opened: u16,
    connections_opened: u64,
    exchanges_begun: u64,
    carried: u64,
    outputs: VecDeque<Said>,
}

/// What waits to be said, in order.
#[derive(Debug)]
enum Said {
    Output(Box<FabricOutput>),
    /// Nothing to say: what went over a stream before is on its way now, and so is its end.
    StreamEnd {
        of: StreamId,
        at: Instant,
    },
}

/// A box with its address.
struct Place {
    name: String,
    role: Role,
    ip: IpAddr,
    /// None: outside.
    node: Option<(Box<dyn Node>, StoreDriver)>,
    is_down: bool,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("name", &self.name).field("ip", &self.ip).finish_non_exhaustive()
    }
}

/// What happens at a place when its time comes.
#[derive(Debug)]
enum Arrival {
    Message(WireMessage),
    Connect { from: usize, peer: usize, address: SocketAddr },
    Closed { at: usize, conn: ConnectionId },
    SipFailed { at: usize, target: Target, why: String },
    Stream { at: usize, event: StreamEvent },
    StreamConnect { from: usize, token: u64, remote: SocketAddr },
    RequestFailed { exchange: HttpExchange, why: String },
}

impl Fabric {
    /// Without any node.
    #[must_use]
    pub fn new(latency: Latency) -> Self {
        Self {
            latency,
            places: Vec::new(),
            by_ip: BTreeMap::new(),
            nodes: Vec::new(),
            node_names: BTreeMap::new(),
            outside_names: BTreeMap::new(),
            streams: BTreeMap::new(),
            connections: BTreeMap::new(),
            media: Streams::default(),
            exchanges: BTreeMap::new(),
            global_titles: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            streams_opened: 0,
            connections_opened: 0,
            exchanges_begun: 0,
            carried: 0,
            outputs: VecDeque::new(),
        }
    }

    /// Adds a node, whose ports are all of one IP address, with its store; what it says first is taken at once.
    pub fn add(&mut self, now: Instant, name: &str, role: Role, ip: IpAddr, node: Box<dyn Node>, store: StoreDriver) {
        let index = self.place(name, role, ip, Some((node, store)));
        self.drain(now, index);
    }

    /// Adds a box outside of the fabric: what comes for it comes out.
    pub fn add_outside(&mut self, name: &str, role: Role, ip: IpAddr) {
        self.place(name, role, ip, None);
    }

    fn place(&mut self, name: &str, role: Role, ip: IpAddr, node: Option<(Box<dyn Node>, StoreDriver)>) -> usize {
        let index = self.places.len();
        self.nodes.extend(node.is_some().then_some(index));
        let names = if node.is_some() { &mut self.node_names } else { &mut self.outside_names };
        names.entry(name.to_owned()).or_insert(index);
        self.places.push(Place { name: name.to_owned(), role, ip, node, is_down: false });
        self.by_ip.insert(ip, index);
        index
    }

    /// A box outside sends a SIP message from an address of its own.
    pub fn send(&mut self, now: Instant, from: SocketAddr, target: Target, bytes: Vec<u8>) {
        if let Some(&index) = self.by_ip.get(&from.ip()) {
            self.sip(now, index, Some(from), target, bytes);
        }
    }

    /// A message goes on its way at `at`: the one that came out, or what has become of it.
    ///
    /// Octets of a stream that are not given back leave a hole, and those that are held back come late: whoever does the
    /// one or the other is no TCP any more, and the protocol in the stream has to notice.
    pub fn carry(&mut self, at: Instant, message: WireMessage) {
        let arrives = at + self.latency(message.source.ip(), message.destination.ip());
        if let Way::Stream(to) = message.way {
            self.media.carried(to, arrives);
        }
        self.schedule(arrives, Arrival::Message(message));
    }

    /// The access network lies before a UE.
    fn latency(&self, a: IpAddr, b: IpAddr) -> Duration {
        let is_ue = |ip| self.by_ip.get(&ip).is_some_and(|&index| self.places[index].role == Role::Ue);
        if is_ue(a) || is_ue(b) { self.latency.gm } else { self.latency.core }
    }

    /// The access network tells a node something; false when there is no such node.
    pub fn access(&mut self, now: Instant, name: &str, event: AccessEvent) -> bool {
        self.tell(now, name, NodeInput::Access(event))
    }

    /// The operator wants something of a node; false when there is no such node.
    pub fn admin(&mut self, now: Instant, name: &str, admin: Admin) -> bool {
        self.tell(now, name, NodeInput::Admin(admin))
    }

    /// A box is gone, or there again with what it knew: nothing reaches it meanwhile, its connections break.
    pub fn set_down(&mut self, now: Instant, name: &str, is_down: bool) -> bool {
        let Some(index) = self.named(name) else { return false };
        self.places[index].is_down = is_down;
        let broken: Vec<ConnectionId> =
            self.connections.iter().filter(|(_, c)| c.ends.iter().any(|e| e.0 == index)).map(|(id, _)| *id).collect();
        for conn in broken.into_iter().filter(|_| is_down) {
            self.close(now, conn, None);
        }
        if is_down {
            self.break_streams(now, index);
            self.break_exchanges(now, index);
        }
        true
    }

    /// A node is killed and another one comes in its place, with the same store: its connections break, and what it knew and
    /// did not store is gone. False when there is no such node.
    pub fn restart(&mut self, now: Instant, name: &str, node: Box<dyn Node>) -> bool {
        if !self.set_down(now, name, true) {
            return false;
        }
        let Some(&index) = self.node_names.get(name) else { return false };
        let place = &mut self.places[index];
        let Some((_, store)) = place.node.take() else { return false };
        place.node = Some((node, store));
        place.is_down = false;
        self.drain(now, index);
        true
    }

    fn named(&self, name: &str) -> Option<usize> {
        self.node_names.get(name).or_else(|| self.outside_names.get(name)).copied()
    }

    fn tell(&mut self, now: Instant, name: &str, input: NodeInput<'_>) -> bool {
        self.node_names.get(name).copied().is_some_and(|index| {
            self.input(now, index, input);
            true
        })
    }

    /// When the fabric wants to be called at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let arrival = self.arrivals.first_key_value().map(|((at, _), _)| *at);
        let nodes = self.nodes.iter().map(|&index| &self.places[index]).filter(|p| !p.is_down);
        let nodes = nodes.filter_map(|p| p.node.as_ref()?.0.poll_timeout());
        nodes.chain(arrival).min()
    }

    /// Time has come to `now`: what arrives does, then timers run out, in the order of the nodes.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(entry) = self.arrivals.first_entry().filter(|e| e.key().0 <= now) {
            let arrival = entry.remove();
            self.arrive(now, arrival);
        }
        for at in 0..self.nodes.len() {
            let index = self.nodes[at];
            let place = &mut self.places[index];
            let is_down = place.is_down;
            let Some((node, _)) = place.node.as_mut().filter(|_| !is_down) else { continue };
            if node.poll_timeout().is_some_and(|t| t <= now) {
                node.handle_timeout(now);
                self.drain(now, index);
            }
        }
    }

    /// What there is to say, in order.
    pub fn poll_output(&mut self) -> Option<FabricOutput> {
        loop {
            match self.outputs.pop_front()? {
                Said::Output(output) => return Some(*output),
                Said::StreamEnd { of, at } => self.end_stream(at, of),
            }
        }
    }

    fn say(&mut self, output: FabricOutput) {
        self.outputs.push_back(Said::Output(Box::new(output)));
    }

    /// Sends octets from a box to another, past the tap.
    fn emit(
        &mut self,
        way: Way,
        transport: Transport,
        from: (usize, SocketAddr),
        to: (usize, SocketAddr),
        bytes: Vec<u8>,
    ) {
        let (sender, receiver) = (&self.places[from.0], &self.places[to.0]);
        let message = WireMessage {
            joint: sender.role.joint_of(receiver.role, way.carried()),
            from: sender.name.clone(),
            to: receiver.name.clone(),
            transport,
            source: from.1,
            destination: to.1,
            bytes,
            way,
        };
        self.say(FabricOutput::Message(message));
    }

    fn schedule(&mut self, at: Instant, arrival: Arrival) {
        self.arrivals.insert((at, self.carried), arrival);
        self.carried += 1;
    }

    fn input(&mut self, now: Instant, index: usize, input: NodeInput<'_>) {
        let place = &mut self.places[index];
        let is_down = place.is_down;
        let Some((node, _)) = place.node.as_mut().filter(|_| !is_down) else { return };
        node.handle_input(now, input);
        self.drain(now, index);
    }

    fn drain(&mut self, now: Instant, index: usize) {
        loop {
            let Some((node, store)) = self.places[index].node.as_mut() else { return };
            let Some(output) = node.poll_output() else { return };
            match output {
                NodeOutput::Sip { target, bytes } => self.sip(now, index, None, target, bytes),
                NodeOutput::Diameter(transport) => self.diameter(now, index, transport),
                NodeOutput::Store(request) => {
                    let answer = store(request);
                    node.handle_input(now, NodeInput::Store(answer));
                }
                NodeOutput::Http { exchange, response } => {
                    self.answer(index, exchange, &response);
                }
                NodeOutput::HttpRequest { token, request } => self.node_asks(now, index, token, request),
                NodeOutput::Stream(output) => self.stream_output(now, index, output),
                NodeOutput::Datagram { local, remote, bytes } => self.media_datagram(index, local, remote, bytes),
                NodeOutput::Sccp { bytes } => self.sccp(index, bytes),
                NodeOutput::Membership(membership) => self.media.set_member(index, membership),
                NodeOutput::Note(note) => {
                    let from = self.places[index].name.clone();
                    self.say(FabricOutput::Note { from, note });
                }
            }
        }
    }

    /// A box sends a SIP message; `from` is its address when it says so.
    fn sip(&mut self, now: Instant, index: usize, from: Option<SocketAddr>, target: Target, bytes: Vec<u8>) {
        let Some(&to) = self.by_ip.get(&target.remote.ip()) else {
            let why = format!("{} belongs to no box", target.remote.ip());
            return self.schedule(now, Arrival::SipFailed { at: index, target, why });
        };
        if self.places[to].is_down && target.transport.is_reliable() {
            let why = format!("{} refuses the connection", self.places[to].name);
            return self.schedule(now, Arrival::SipFailed { at: index, target, why });
        }
        let own = SocketAddr::new(self.places[index].ip, SIP_PORT);
        let source = match (target.flow, target.transport) {
            (Some(flow), _) => flow.local,
            (None, Transport::Udp) => from.unwrap_or(own),
            (None, _) => self.stream(index, target),
        };
        self.emit(Way::Sip, target.transport, (index, source), (to, target.remote), bytes);
    }

    /// Local address of the stream of a box to a remote address: the one that there is, or a new one.
    fn stream(&mut self, index: usize, target: Target) -> SocketAddr {
        let ip = self.places[index].ip;
        let opened = &mut self.streams_opened;
        *self.streams.entry((index, target.transport, target.remote)).or_insert_with(|| {
            *opened = (*opened + 1) % (u16::MAX - FIRST_EPHEMERAL_PORT);
            SocketAddr::new(ip, FIRST_EPHEMERAL_PORT + *opened)
        })
    }

    fn arrive(&mut self, now: Instant, arrival: Arrival) {
        match arrival {
            Arrival::Message(message) => self.deliver(now, message),
            Arrival::Connect { from, peer, address } => self.connect(now, from, peer, address),
            Arrival::Closed { at, conn } => self.input(now, at, NodeInput::Diameter(DiameterInput::Closed { conn })),
            Arrival::SipFailed { at, target, why } => match &self.places[at] {
                Place { node: None, name, .. } => {
                    let from = name.clone();
                    self.say(FabricOutput::OutsideFailed { from, target, why });
                }
                _ => self.input(now, at, NodeInput::SipFailed { target, why }),
            },
            Arrival::Stream { at, event } => self.stream_event(now, at, event),
            Arrival::StreamConnect { from, token, remote } => self.stream_connect(now, from, token, remote),
            Arrival::RequestFailed { exchange, why } => self.request_failed(now, exchange, why),
        }
    }

    fn deliver(&mut self, now: Instant, message: WireMessage) {
        let WireMessage { transport, source, destination, bytes, way, .. } = message;
        match way {
            Way::Multicast(to) => return self.datagram_arrives(now, to, destination, source, bytes),
            Way::Sccp => return self.sccp_arrives(now, source, destination, &bytes),
            _ => {}
        }
        let Some(&to) = self.by_ip.get(&destination.ip()) else { return };
        match way {
            Way::Sip | Way::Multicast(_) | Way::Sccp => {}
            Way::Diameter(conn) => {
                if self.connections.contains_key(&conn) {
                    self.input(now, to, NodeInput::Diameter(DiameterInput::Received { conn, bytes: &bytes }));
                }
                return;
            }
            Way::Request(exchange) => {
                return self.request_arrives(now, to, exchange, (source, destination), &bytes);
            }
            Way::Response(exchange) => return self.response_arrives(now, exchange, &bytes),
            Way::Stream(conn) => return self.stream_arrives(now, to, conn, bytes),
            Way::Datagram => return self.datagram_arrives(now, to, destination, source, bytes),
        }
        let flow = Flow { transport, local: destination, remote: source };
        match &self.places[to] {
            Place { node: None, name, .. } => {
                let to = name.clone();
                self.say(FabricOutput::Outside { to, flow, bytes });
            }
            _ => self.input(now, to, NodeInput::Sip { flow, bytes: &bytes }),
        }
    }

    fn at_outside(&mut self, index: usize, event: OutsideEvent) {
        let to = self.places[index].name.clone();
        self.say(FabricOutput::AtOutside { to, event });
    }
}

/// Where datagrams of SIP come from (RFC 3261 clause 19.1.2).
const SIP_PORT: u16 = 5060;
/// RFC 6335 clause 6.
const FIRST_EPHEMERAL_PORT: u16 = 49152;

#[cfg(test)]
mod tests;
