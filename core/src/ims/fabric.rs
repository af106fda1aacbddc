//! IMS nodes joined in memory: sockets by address, Diameter connections, the store inline (TS 23.228 clause 4).
//!
//! Every message comes out as [`FabricOutput::Message`] before it arrives anywhere: the caller looks at it, may change it,
//! and gives it back with [`Fabric::carry`]: not at all, later, or twice. What happens at the same instant happens in the
//! order in which it was given.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use protocol::diameter::{ConnectionId, DiameterInput, DiameterTransport};
use protocol::sip::{Flow, Target, Transport};
use protocol::{Instant, Joint};

use super::node::{AccessEvent, Admin, ImsInput, ImsNode, ImsOutput, NodeNote, Role};
use super::store::{ImsStoreAnswer, ImsStoreRequest};

/// Executes what a node asks of its store.
pub type StoreDriver = Box<dyn FnMut(ImsStoreRequest) -> ImsStoreAnswer + Send>;

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

/// A message on a reference point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WireMessage {
    /// Which reference point.
    pub joint: Joint,
    /// Name of the sending box.
    pub from: String,
    /// Name of the receiving box.
    pub to: String,
    /// Transport protocol.
    pub transport: Transport,
    /// Source address.
    pub source: SocketAddr,
    /// Destination address.
    pub destination: SocketAddr,
    /// The message.
    pub bytes: Vec<u8>,
    /// The Diameter connection that it goes over.
    connection: Option<ConnectionId>,
}

impl WireMessage {
    /// Transport, source and destination, as the tap of the message names them.
    #[must_use]
    pub fn channel(&self) -> String {
        format!("{} {} {}", self.transport, self.source, self.destination)
    }
}

/// What the fabric has to say.
#[derive(Clone, PartialEq, Eq, Debug)]
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
    /// Streams of SIP that were opened: from whom to where, from which address.
    streams: BTreeMap<(usize, Transport, SocketAddr), SocketAddr>,
    connections: BTreeMap<ConnectionId, Connection>,
    arrivals: BTreeMap<(Instant, u64), Arrival>,
    /// Ephemeral ports and connections that were given out, and messages that were carried.
    streams_opened: u16,
    connections_opened: u64,
    carried: u64,
    outputs: VecDeque<FabricOutput>,
}

/// A box with its address.
struct Place {
    name: String,
    role: Role,
    ip: IpAddr,
    /// None: outside.
    node: Option<(Box<dyn ImsNode>, StoreDriver)>,
    is_down: bool,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("name", &self.name).field("ip", &self.ip).finish_non_exhaustive()
    }
}

/// A Diameter connection: place and address of who opened it, and of whom it was opened to.
#[derive(Clone, Copy, Debug)]
struct Connection {
    ends: [(usize, SocketAddr); 2],
}

/// What happens at a place when its time comes.
#[derive(Debug)]
enum Arrival {
    Message(WireMessage),
    Connect { from: usize, peer: usize, address: SocketAddr },
    Closed { at: usize, conn: ConnectionId },
    SipFailed { at: usize, target: Target, why: String },
}

impl Fabric {
    /// Without any node.
    #[must_use]
    pub fn new(latency: Latency) -> Self {
        Self {
            latency,
            places: Vec::new(),
            by_ip: BTreeMap::new(),
            streams: BTreeMap::new(),
            connections: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            streams_opened: 0,
            connections_opened: 0,
            carried: 0,
            outputs: VecDeque::new(),
        }
    }

    /// Adds a node, whose ports are all of one IP address, with its store; what it says first is taken at once.
    pub fn add(
        &mut self,
        now: Instant,
        name: &str,
        role: Role,
        ip: IpAddr,
        node: Box<dyn ImsNode>,
        store: StoreDriver,
    ) {
        let index = self.place(name, role, ip, Some((node, store)));
        self.drain(now, index);
    }

    /// Adds a box outside of the fabric: what comes for it comes out.
    pub fn add_outside(&mut self, name: &str, role: Role, ip: IpAddr) {
        self.place(name, role, ip, None);
    }

    fn place(&mut self, name: &str, role: Role, ip: IpAddr, node: Option<(Box<dyn ImsNode>, StoreDriver)>) -> usize {
        let index = self.places.len();
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
    pub fn carry(&mut self, at: Instant, message: WireMessage) {
        let latency = if message.joint == Joint::Gm { self.latency.gm } else { self.latency.core };
        self.schedule(at + latency, Arrival::Message(message));
    }

    /// The access network tells a node something; false when there is no such node.
    pub fn access(&mut self, now: Instant, name: &str, event: AccessEvent) -> bool {
        self.tell(now, name, ImsInput::Access(event))
    }

    /// The operator wants something of a node; false when there is no such node.
    pub fn admin(&mut self, now: Instant, name: &str, admin: Admin) -> bool {
        self.tell(now, name, ImsInput::Admin(admin))
    }

    /// A box is gone, or there again with what it knew: nothing reaches it meanwhile, its connections break.
    pub fn set_down(&mut self, now: Instant, name: &str, is_down: bool) -> bool {
        let Some(index) = self.places.iter().position(|p| p.name == name) else { return false };
        self.places[index].is_down = is_down;
        let broken: Vec<ConnectionId> =
            self.connections.iter().filter(|(_, c)| c.ends.iter().any(|e| e.0 == index)).map(|(id, _)| *id).collect();
        for conn in broken.into_iter().filter(|_| is_down) {
            self.close(now, conn, None);
        }
        true
    }

    fn tell(&mut self, now: Instant, name: &str, input: ImsInput<'_>) -> bool {
        let index = self.places.iter().position(|p| p.name == name && p.node.is_some());
        index.is_some_and(|index| {
            self.input(now, index, input);
            true
        })
    }

    /// When the fabric wants to be called at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let arrival = self.arrivals.first_key_value().map(|((at, _), _)| *at);
        let nodes = self.places.iter().filter(|p| !p.is_down).filter_map(|p| p.node.as_ref()?.0.poll_timeout());
        nodes.chain(arrival).min()
    }

    /// Time has come to `now`: what arrives does, then timers run out, in the order of the nodes.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(entry) = self.arrivals.first_entry().filter(|e| e.key().0 <= now) {
            let arrival = entry.remove();
            self.arrive(now, arrival);
        }
        for index in 0..self.places.len() {
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
        self.outputs.pop_front()
    }

    fn schedule(&mut self, at: Instant, arrival: Arrival) {
        self.arrivals.insert((at, self.carried), arrival);
        self.carried += 1;
    }

    fn input(&mut self, now: Instant, index: usize, input: ImsInput<'_>) {
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
                ImsOutput::Sip { target, bytes } => self.sip(now, index, None, target, bytes),
                ImsOutput::Diameter(transport) => self.diameter(now, index, transport),
                ImsOutput::Store(request) => {
                    let answer = store(request);
                    node.handle_input(now, ImsInput::Store(answer));
                }
                ImsOutput::Http { .. } | ImsOutput::Stream(_) | ImsOutput::Datagram { .. } => {}
                ImsOutput::Note(note) => {
                    let from = self.places[index].name.clone();
                    self.outputs.push_back(FabricOutput::Note { from, note });
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
        let message = WireMessage {
            joint: self.places[index].role.joint(self.places[to].role),
            from: self.places[index].name.clone(),
            to: self.places[to].name.clone(),
            transport: target.transport,
            source,
            destination: target.remote,
            bytes,
            connection: None,
        };
        self.outputs.push_back(FabricOutput::Message(message));
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

    fn diameter(&mut self, now: Instant, index: usize, transport: DiameterTransport) {
        match transport {
            DiameterTransport::Connect { peer, address } => {
                self.schedule(now + self.latency.core, Arrival::Connect { from: index, peer, address });
            }
            DiameterTransport::Close { conn } => self.close(now, conn, Some(index)),
            DiameterTransport::Send { conn, bytes } => {
                let Some(connection) = self.connections.get(&conn) else { return };
                let [a, b] = connection.ends;
                let (own, other) = if a.0 == index { (a, b) } else { (b, a) };
                let message = WireMessage {
                    joint: self.places[index].role.joint(self.places[other.0].role),
                    from: self.places[index].name.clone(),
                    to: self.places[other.0].name.clone(),
                    transport: Transport::Tcp,
                    source: own.1,
                    destination: other.1,
                    bytes,
                    connection: Some(conn),
                };
                self.outputs.push_back(FabricOutput::Message(message));
            }
        }
    }

    fn close(&mut self, now: Instant, conn: ConnectionId, by: Option<usize>) {
        let Some(connection) = self.connections.remove(&conn) else { return };
        for (at, _) in connection.ends.into_iter().filter(|(at, _)| Some(*at) != by) {
            self.schedule(now + self.latency.core, Arrival::Closed { at, conn });
        }
    }

    fn arrive(&mut self, now: Instant, arrival: Arrival) {
        match arrival {
            Arrival::Message(message) => self.deliver(now, message),
            Arrival::Connect { from, peer, address } => self.connect(now, from, peer, address),
            Arrival::Closed { at, conn } => self.input(now, at, ImsInput::Diameter(DiameterInput::Closed { conn })),
            Arrival::SipFailed { at, target, why } => match &self.places[at] {
                Place { node: None, name, .. } => {
                    let from = name.clone();
                    self.outputs.push_back(FabricOutput::OutsideFailed { from, target, why });
                }
                _ => self.input(now, at, ImsInput::SipFailed { target, why }),
            },
        }
    }

    fn deliver(&mut self, now: Instant, message: WireMessage) {
        let WireMessage { transport, source, destination, bytes, connection, .. } = message;
        let Some(&to) = self.by_ip.get(&destination.ip()) else { return };
        if let Some(conn) = connection {
            if self.connections.contains_key(&conn) {
                self.input(now, to, ImsInput::Diameter(DiameterInput::Received { conn, bytes: &bytes }));
            }
            return;
        }
        let flow = Flow { transport, local: destination, remote: source };
        match &self.places[to] {
            Place { node: None, name, .. } => {
                let to = name.clone();
                self.outputs.push_back(FabricOutput::Outside { to, flow, bytes });
            }
            _ => self.input(now, to, ImsInput::Sip { flow, bytes: &bytes }),
        }
    }

    fn connect(&mut self, now: Instant, from: usize, peer: usize, address: SocketAddr) {
        let to = self.by_ip.get(&address.ip()).copied();
        let Some(to) = to.filter(|&to| self.places[to].node.is_some() && !self.places[to].is_down) else {
            return self.input(now, from, ImsInput::Diameter(DiameterInput::ConnectFailed { peer }));
        };
        self.connections_opened += 1;
        let conn = ConnectionId(self.connections_opened);
        let port = FIRST_EPHEMERAL_PORT + (self.connections_opened % 10_000) as u16;
        let own = SocketAddr::new(self.places[from].ip, port);
        self.connections.insert(conn, Connection { ends: [(from, own), (to, address)] });
        self.input(now, to, ImsInput::Diameter(DiameterInput::Connected { conn, peer: None }));
        self.input(now, from, ImsInput::Diameter(DiameterInput::Connected { conn, peer: Some(peer) }));
    }
}

/// Where datagrams of SIP come from (RFC 3261 clause 19.1.2).
const SIP_PORT: u16 = 5060;
/// RFC 6335 clause 6.
const FIRST_EPHEMERAL_PORT: u16 = 49152;

#[cfg(test)]
mod tests;
