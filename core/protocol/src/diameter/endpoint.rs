//! A Diameter node: its peers, and its requests among them (RFC 6733 clauses 5.5.4, 6.1 and 6.2).
//!
//! One that advertises the application of relays hands requests of others out, and passes them on when it is told where
//! ([`DiameterEndpoint::relay_request`]); any other neither relays nor redirects. A request goes to the peer that it names, to
//! a peer of the realm, or to a relay; when the connection fails it goes to another one, with the T bit. A connection that was
//! lost and is there again is used only when there is no other until its watchdog trusts it: RFC 3539 would hold requests back,
//! which with one peer helps nobody.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::base::{DisconnectCause, Framer, Identity};
use super::dictionary as d;
use super::link::{ConnectionId, DiameterInput, DiameterTransport};
use super::message::{DiameterProblem, Message};
use super::peer::{EXCHANGE, Io, Peer};
use super::result;
use super::session::{Routing, problem_answer};
use super::watchdog::Health;
use crate::{Entropy, Instant};

mod io;
mod pending;
mod relay;

use pending::Pending;

pub use io::{DiameterConfig, DiameterOutput, PeerConfig, RequestFailure, RequestHandle};

#[derive(Debug)]
enum Owner {
    /// A connection that somebody made; its first message has to be CER.
    Unknown {
        until: Instant,
    },
    Peer(usize),
}

#[derive(Debug)]
struct Connection {
    framer: Framer,
    owner: Owner,
}

/// The machine.
#[derive(Debug)]
pub struct DiameterEndpoint {
    me: Identity,
    config: DiameterConfig,
    entropy: Entropy,
    peers: Vec<Peer>,
    connections: BTreeMap<ConnectionId, Connection>,
    pending: Vec<Pending>,
    /// Requests of others that wait for our answer.
    asked: BTreeSet<(ConnectionId, u32)>,
    up: BTreeSet<usize>,
    /// A connection, a peer or a request has changed: requests may have to go elsewhere.
    is_restless: bool,
    next_id: u32,
    next_session: u32,
    out: VecDeque<DiameterOutput>,
}

impl DiameterEndpoint {
    /// An endpoint that connects at its first [`Self::handle_timeout`], which it wants at once.
    pub fn new(config: DiameterConfig, mut entropy: Entropy) -> Self {
        let peers = config.peers.iter().enumerate().map(|(index, peer)| Peer::new(index, peer)).collect();
        let me = Identity {
            host: config.origin_host.clone(),
            realm: config.origin_realm.clone(),
            addresses: config.addresses.clone(),
            product: config.product.clone(),
            applications: config.applications.clone(),
            origin_state: config.origin_state,
        };
        let next_id = first_id(config.origin_state, &mut entropy);
        Self {
            me,
            config,
            entropy,
            peers,
            connections: BTreeMap::new(),
            pending: Vec::new(),
            asked: BTreeSet::new(),
            up: BTreeSet::new(),
            is_restless: false,
            next_id,
            next_session: 0,
            out: VecDeque::new(),
        }
    }

    /// Another Origin-State-Id, before the first connection: for who has to look up how often it has started.
    pub fn set_origin_state(&mut self, origin_state: u32) {
        self.me.origin_state = origin_state;
        self.config.origin_state = origin_state;
        self.next_id = first_id(origin_state, &mut self.entropy);
    }

    /// Something has happened to a connection.
    pub fn handle_input(&mut self, now: Instant, input: DiameterInput<'_>) {
        match input {
            DiameterInput::Connected { conn, peer: None } => {
                let owner = Owner::Unknown { until: now + EXCHANGE };
                self.connections.insert(conn, Connection { framer: Framer::default(), owner });
            }
            DiameterInput::Connected { conn, peer: Some(peer) } if peer < self.peers.len() => {
                let connection = Connection { framer: Framer::default(), owner: Owner::Peer(peer) };
                self.connections.insert(conn, connection);
                self.with_peer(peer, |peer, io| peer.on_connected(now, conn, io));
            }
            DiameterInput::Connected { conn, .. } => self.close(conn),
            DiameterInput::Received { conn, bytes } => self.received(now, conn, bytes),
            DiameterInput::Closed { conn } => {
                self.is_restless = true;
                if let Some(Connection { owner: Owner::Peer(peer), .. }) = self.connections.remove(&conn) {
                    self.with_peer(peer, |peer, io| peer.on_closed(now, conn, io));
                }
                self.asked.retain(|(of, _)| *of != conn);
            }
            DiameterInput::ConnectFailed { peer } if peer < self.peers.len() => {
                self.with_peer(peer, |peer, io| peer.on_connect_failed(now, io));
            }
            DiameterInput::ConnectFailed { .. } => {}
        }
        self.settle(now);
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        for peer in 0..self.peers.len() {
            self.with_peer(peer, |peer, io| peer.on_timeout(now, io));
        }
        let silent = |c: &Connection| matches!(c.owner, Owner::Unknown { until } if until <= now);
        let late: Vec<_> = self.connections.iter().filter(|(_, c)| silent(c)).map(|(&conn, _)| conn).collect();
        for conn in late {
            self.ignored("Closed", "a connection without CER");
            self.close(conn);
        }
        self.settle(now);
    }

    /// When it wants [`Self::handle_timeout`] at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let peers = self.peers.iter().filter_map(Peer::poll_timeout);
        // All wait for as long: the first ends first.
        let pending = self.pending.first().map(|p| p.until);
        let unknown = self.connections.values().filter_map(|c| match c.owner {
            Owner::Unknown { until } => Some(until),
            Owner::Peer(_) => None,
        });
        peers.chain(pending).chain(unknown).min()
    }

    /// What it has to say.
    pub fn poll_output(&mut self) -> Option<DiameterOutput> {
        self.out.pop_front()
    }

    /// Sends a request; `token` comes back with what becomes of it. While the only peers that take it are being connected
    /// to, it waits.
    pub fn send_request(&mut self, now: Instant, token: u64, mut message: Message) {
        self.next_id = self.next_id.wrapping_add(1);
        message.end_to_end = self.next_id;
        self.pend(now, token, message, None);
    }

    /// Answers a request. An answer to a connection that is gone is dropped: the peer asks again elsewhere.
    pub fn send_answer(&mut self, _now: Instant, handle: RequestHandle, mut message: Message) {
        let RequestHandle { conn, hop_by_hop } = handle;
        if !self.asked.remove(&(conn, hop_by_hop)) {
            return self.ignored("Closed", format!("{} for a connection that is gone", message.name()));
        }
        message.hop_by_hop = hop_by_hop;
        self.transport(DiameterTransport::Send { conn, bytes: message.emit() });
    }

    /// Disconnects from all peers in order, for good.
    pub fn disconnect(&mut self, now: Instant, cause: DisconnectCause) {
        for peer in 0..self.peers.len() {
            self.with_peer(peer, |peer, io| peer.stop(now, cause, io));
        }
        self.settle(now);
    }

    /// Whether all connections are closed.
    pub fn is_idle(&self) -> bool {
        self.connections.is_empty()
    }

    /// Names of the peers that can be used.
    pub fn peers_up(&self) -> impl Iterator<Item = &str> {
        self.up.iter().map(|&i| self.peers[i].host.as_str())
    }

    /// Header of a new request to a realm, with a Session-Id of its own (RFC 6733 clause 8.8).
    pub fn routing(&mut self, destination_host: Option<&str>, destination_realm: &str) -> Routing {
        self.next_session = self.next_session.wrapping_add(1);
        Routing {
            session_id: format!("{};{};{}", self.me.host, self.me.origin_state, self.next_session),
            origin_host: self.me.host.clone(),
            origin_realm: self.me.realm.clone(),
            destination_host: destination_host.map(str::to_owned),
            destination_realm: destination_realm.to_owned(),
        }
    }

    /// Our Origin-Host and Origin-Realm.
    pub fn origin(&self) -> (&str, &str) {
        (&self.me.host, &self.me.realm)
    }

    fn with_peer<T>(&mut self, peer: usize, act: impl FnOnce(&mut Peer, &mut Io<'_>) -> T) -> T {
        let mut io = Io {
            me: &self.me,
            tw: self.config.watchdog,
            tc: self.config.retry,
            entropy: &mut self.entropy,
            out: &mut self.out,
            next_id: &mut self.next_id,
        };
        act(&mut self.peers[peer], &mut io)
    }

    fn received(&mut self, now: Instant, conn: ConnectionId, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.framer.push(bytes);
        // A message may end the connection: it is looked up anew for each.
        while let Some(connection) = self.connections.get_mut(&conn) {
            match connection.framer.next() {
                Ok(Some(octets)) => self.on_octets(now, conn, &octets),
                Ok(None) => return,
                Err(problem) => {
                    self.ignored("Open", problem.to_string());
                    return self.lost(now, conn);
                }
            }
            self.settle(now);
        }
    }

    /// A connection that is of no use any more.
    fn lost(&mut self, now: Instant, conn: ConnectionId) {
        let owner = self.connections.get(&conn).map(|c| match c.owner {
            Owner::Peer(peer) => Some(peer),
            Owner::Unknown { .. } => None,
        });
        self.close(conn);
        if let Some(Some(peer)) = owner {
            self.with_peer(peer, |peer, io| peer.on_closed(now, conn, io));
        }
    }

    fn on_octets(&mut self, now: Instant, conn: ConnectionId, octets: &[u8]) {
        let message = match Message::parse(octets) {
            Ok(message) => message,
            Err(problem) => return self.on_unreadable(now, conn, octets, problem),
        };
        let peer = match self.connections.get(&conn) {
            Some(Connection { owner: Owner::Peer(peer), .. }) => *peer,
            Some(_) => return self.on_first(now, conn, message),
            None => return,
        };
        let Some(message) = self.with_peer(peer, |peer, io| peer.on_message(now, conn, message, io)) else { return };
        if message.is_request() {
            self.on_request(conn, message);
        } else {
            self.on_answer(now, conn, peer, message);
        }
    }

    /// The header can be read, the AVPs cannot.
    fn on_unreadable(&mut self, now: Instant, conn: ConnectionId, octets: &[u8], problem: DiameterProblem) {
        self.ignored("Open", problem.to_string());
        let Ok(header) = Message::parse_header(octets) else { return self.lost(now, conn) };
        match self.connections.get(&conn) {
            Some(Connection { owner: Owner::Peer(peer), .. }) if !header.is_request() => {
                let peer = *peer;
                if let Some(i) = self.pending_at(conn, peer, &header) {
                    let pending = self.pending.remove(i);
                    let result = Err(RequestFailure::Malformed(problem));
                    self.out.push_back(DiameterOutput::Answer { token: pending.token, result });
                }
            }
            Some(Connection { owner: Owner::Peer(_), .. }) => self.answer_problem(conn, &header, &problem),
            _ => self.lost(now, conn),
        }
    }

    /// The first message of a connection that somebody made: it has to be CER, and says who it is.
    fn on_first(&mut self, now: Instant, conn: ConnectionId, message: Message) {
        if message.command != d::CAPABILITIES_EXCHANGE || !message.is_request() {
            self.ignored("Closed", message.name());
            return self.close(conn);
        }
        let host = message.text(&d::ORIGIN_HOST).ok().flatten().unwrap_or("").to_owned();
        let known = self.peers.iter().position(|p| p.host.eq_ignore_ascii_case(&host));
        let problem = if host.is_empty() {
            Some(DiameterProblem::missing(&d::ORIGIN_HOST))
        } else if known.is_none() && !self.config.accept_unknown || host.eq_ignore_ascii_case(&self.me.host) {
            Some(DiameterProblem::new(result::UNKNOWN_PEER, format!("{host} is not a peer of this node")))
        } else {
            None
        };
        if let Some(problem) = problem {
            self.ignored("Closed", problem.to_string());
            let refusal = self.me.refusal(&message, &problem);
            self.transport(DiameterTransport::Send { conn, bytes: refusal.emit() });
            return self.close(conn);
        }
        let peer = known.unwrap_or_else(|| {
            self.peers.push(Peer::unknown(self.peers.len(), host));
            self.peers.len() - 1
        });
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.owner = Owner::Peer(peer);
        }
        self.with_peer(peer, |peer, io| peer.on_cer(now, conn, message, io));
    }

    fn on_request(&mut self, conn: ConnectionId, message: Message) {
        let judged = match self.me.is_relay() {
            true => self.for_others(&message),
            false => self.for_us(&message).and_then(|()| super::grammar::check_request(&message)),
        };
        if let Err(problem) = judged {
            return self.answer_problem(conn, &message, &problem);
        }
        let handle = RequestHandle { conn, hop_by_hop: message.hop_by_hop };
        self.asked.insert((conn, message.hop_by_hop));
        self.out.push_back(DiameterOutput::Request { handle, message });
    }

    /// Whether a request has come to the right node (RFC 6733 clauses 6.1.3 to 6.1.6).
    fn for_us(&self, message: &Message) -> Result<(), DiameterProblem> {
        let problem = |code, what: String| Err(DiameterProblem::new(code, what));
        self.no_loop(message)?;
        if !self.me.applications.contains(&message.application) {
            let what = format!("application {} is not supported", message.application);
            return problem(result::APPLICATION_UNSUPPORTED, what);
        }
        if let Some(realm) = message.text(&d::DESTINATION_REALM)?.filter(|r| !r.eq_ignore_ascii_case(&self.me.realm)) {
            return problem(result::REALM_NOT_SERVED, format!("realm {realm} is not served"));
        }
        match message.text(&d::DESTINATION_HOST)? {
            Some(host) if !host.eq_ignore_ascii_case(&self.me.host) => {
                problem(result::UNABLE_TO_DELIVER, format!("{host} is not this host, and nothing is relayed"))
            }
            _ => Ok(()),
        }
    }

    fn answer_problem(&mut self, conn: ConnectionId, request: &Message, problem: &DiameterProblem) {
        let answer = problem_answer(request, &self.me.host, &self.me.realm, problem);
        self.transport(DiameterTransport::Send { conn, bytes: answer.emit() });
    }

    fn note_peers(&mut self) {
        // Connections that a machine has closed are gone for us, whatever the driver still says of them.
        let closed = self.out.iter().filter_map(|o| match o {
            DiameterOutput::Transport(DiameterTransport::Close { conn }) => Some(*conn),
            _ => None,
        });
        for conn in closed.collect::<Vec<_>>() {
            self.is_restless |= self.connections.remove(&conn).is_some();
            self.asked.retain(|(of, _)| *of != conn);
        }
        for peer in &self.peers {
            let usable = peer.open().is_some_and(|(_, _, health)| health != Health::Suspect);
            if usable && self.up.insert(peer.index) {
                self.is_restless = true;
                self.out.push_back(DiameterOutput::PeerUp { host: peer.host.clone() });
            } else if !usable && self.up.remove(&peer.index) {
                self.is_restless = true;
                self.out.push_back(DiameterOutput::PeerDown { host: peer.host.clone() });
            }
        }
    }

    fn close(&mut self, conn: ConnectionId) {
        self.is_restless |= self.connections.remove(&conn).is_some();
        self.asked.retain(|(of, _)| *of != conn);
        self.transport(DiameterTransport::Close { conn });
    }

    fn transport(&mut self, transport: DiameterTransport) {
        self.out.push_back(DiameterOutput::Transport(transport));
    }

    fn ignored(&mut self, state: &str, event: impl Into<String>) {
        self.out.push_back(DiameterOutput::Ignored { state: state.to_owned(), event: event.into() });
    }
}

/// RFC 6733 clause 3: End-to-End Identifiers do not repeat for four minutes, whatever happens between.
fn first_id(origin_state: u32, entropy: &mut Entropy) -> u32 {
    origin_state << 20 | (entropy.next_u64() as u32 & 0xf_ffff)
}

#[cfg(test)]
mod tests;
