//! What tests of charging share: servers of Diameter, real ones or one that says what a test wants, joined to a node.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::diameter::dictionary::{APP_RF, APP_RO};
use protocol::diameter::{
    ConnectionId, DiameterConfig, DiameterEndpoint, DiameterInput, DiameterOutput, DiameterTransport, Message,
    PeerConfig,
};
use protocol::{Entropy, Instant};

use super::{SmsChargingConfig, SmsCreditConfig};
use crate::charging::{
    Account, Cdf, CdfConfig, Cdr, ChargingConfig, Ocs, OcsConfig, TariffTable, find_account, list_records,
};
use crate::node::{Node, NodeInput, NodeOutput, NodeStore};

/// 2026-01-01.
pub(crate) const UTC: u64 = 1_767_225_600_000;
pub(crate) const REALM: &str = "ims.test";
pub(crate) const GATEWAY_HOST: &str = "ipsmgw.ims.test";
pub(crate) const OCS: &str = "127.0.0.2:3868";
pub(crate) const CDF: &str = "127.0.0.3:3868";
/// Price of a piece.
pub(crate) const PRICE: u64 = 7;

/// Requests that a server has got, one after the other.
pub(crate) type Log = Arc<Mutex<Vec<Message>>>;
/// What a server answers to a request, of which so many came before; nothing: silence.
pub(crate) type Script = fn(&Message, usize) -> Option<Message>;

/// A server that says what a test wants.
#[derive(Debug)]
pub(crate) struct Scripted {
    endpoint: DiameterEndpoint,
    says: Script,
    log: Log,
}

impl Scripted {
    pub(crate) fn new(host: &str, says: Script) -> (Self, Log) {
        let applications = vec![APP_RF, APP_RO];
        let config = DiameterConfig { accept_unknown: true, applications, ..diameter(host, APP_RO) };
        let log = Log::default();
        (Self { endpoint: DiameterEndpoint::new(config, Entropy::of_box(1, host)), says, log: log.clone() }, log)
    }
}

impl Node for Scripted {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        if let NodeInput::Diameter(input) = input {
            self.endpoint.handle_input(now, input);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.endpoint.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        loop {
            match self.endpoint.poll_output()? {
                DiameterOutput::Transport(transport) => return Some(NodeOutput::Diameter(transport)),
                DiameterOutput::Request { handle, message } => {
                    let mut log = self.log.lock().unwrap();
                    let answer = (self.says)(&message, log.len());
                    log.push(message);
                    if let Some(answer) = answer {
                        self.endpoint.send_answer(Instant::ZERO, handle, answer);
                    }
                }
                _ => {}
            }
        }
    }
}

/// What comes to the node.
#[derive(Debug)]
pub(crate) enum Near {
    Connected(ConnectionId, usize),
    Failed(usize),
    Received(ConnectionId, Vec<u8>),
    Closed(ConnectionId),
}

impl Near {
    pub(crate) fn input(&self) -> DiameterInput<'_> {
        match self {
            Self::Connected(conn, peer) => DiameterInput::Connected { conn: *conn, peer: Some(*peer) },
            Self::Failed(peer) => DiameterInput::ConnectFailed { peer: *peer },
            Self::Received(conn, bytes) => DiameterInput::Received { conn: *conn, bytes },
            Self::Closed(conn) => DiameterInput::Closed { conn: *conn },
        }
    }
}

struct Server {
    node: Box<dyn Node>,
    store: NodeStore,
}

/// The servers, by their addresses.
#[derive(Default)]
pub(crate) struct Far {
    servers: BTreeMap<SocketAddr, Server>,
    connections: BTreeMap<ConnectionId, SocketAddr>,
    last: u64,
    dead: BTreeSet<SocketAddr>,
}

impl Far {
    pub(crate) fn add(&mut self, at: &str, node: Box<dyn Node>) {
        self.servers.insert(at.parse().unwrap(), Server { node, store: NodeStore::in_memory().unwrap() });
        self.run(Instant::ZERO);
    }

    /// An OCS with an account, and a CDF.
    pub(crate) fn real(msisdn: &str, balance: u64) -> Self {
        let mut far = Self::default();
        let tariffs = format!("[[tariff]]\nname = 'sms'\nrating_group = 3\nunit = 'pieces'\nprice = {PRICE}\n");
        let server = |host: &str| DiameterConfig { accept_unknown: true, ..diameter(host, APP_RO) };
        let mut ocs = OcsConfig::new(server("ocs.ims.test"), TariffTable::parse(&tariffs).unwrap());
        (ocs.accounts, ocs.utc_ms_at_zero) = (vec![Account::new(&format!("tel:+{msisdn}"), balance)], UTC);
        far.add(OCS, Box::new(Ocs::new(ocs, Entropy::of_box(1, "ocs"))));
        let mut cdf = CdfConfig::new(server("cdf.ims.test"));
        cdf.utc_ms_at_zero = UTC;
        far.add(CDF, Box::new(Cdf::new(cdf, Entropy::of_box(1, "cdf"))));
        far
    }

    pub(crate) fn records(&self) -> Vec<Cdr> {
        list_records(&self.servers[&CDF.parse().unwrap()].store).unwrap()
    }

    pub(crate) fn account(&self, msisdn: &str) -> Account {
        find_account(&self.servers[&OCS.parse().unwrap()].store, &format!("tel:+{msisdn}")).unwrap()
    }

    /// A server is not there any more, or is there again.
    pub(crate) fn set_dead(&mut self, now: Instant, at: &str, is_dead: bool) -> Vec<Near> {
        let at: SocketAddr = at.parse().unwrap();
        if !is_dead {
            self.dead.remove(&at);
            return Vec::new();
        }
        self.dead.insert(at);
        let gone: Vec<_> = self.connections.iter().filter(|(_, own)| **own == at).map(|(conn, _)| *conn).collect();
        gone.iter().for_each(|conn| self.close(now, *conn));
        gone.into_iter().map(Near::Closed).collect()
    }

    /// The node was killed: its connections are.
    pub(crate) fn forget_node(&mut self, now: Instant) {
        for conn in self.connections.keys().copied().collect::<Vec<_>>() {
            self.close(now, conn);
        }
        self.run(now);
    }

    fn close(&mut self, now: Instant, conn: ConnectionId) {
        let Some(at) = self.connections.remove(&conn) else { return };
        self.tell(now, at, DiameterInput::Closed { conn });
    }

    fn tell(&mut self, now: Instant, at: SocketAddr, input: DiameterInput<'_>) {
        self.servers.get_mut(&at).unwrap().node.handle_input(now, NodeInput::Diameter(input));
    }

    /// What the node wants of the transport.
    pub(crate) fn transport(&mut self, now: Instant, transport: DiameterTransport) -> Vec<Near> {
        let mut near = Vec::new();
        match transport {
            DiameterTransport::Connect { peer, address } if self.is_up(address) => {
                self.last += 1;
                let conn = ConnectionId(self.last);
                self.connections.insert(conn, address);
                self.tell(now, address, DiameterInput::Connected { conn, peer: None });
                near.push(Near::Connected(conn, peer));
            }
            DiameterTransport::Connect { peer, .. } => near.push(Near::Failed(peer)),
            DiameterTransport::Send { conn, bytes } => {
                if let Some(at) = self.connections.get(&conn).copied() {
                    self.tell(now, at, DiameterInput::Received { conn, bytes: &bytes });
                }
            }
            DiameterTransport::Close { conn } => self.close(now, conn),
        }
        near.extend(self.run(now));
        near
    }

    fn is_up(&self, address: SocketAddr) -> bool {
        self.servers.contains_key(&address) && !self.dead.contains(&address)
    }

    fn run(&mut self, now: Instant) -> Vec<Near> {
        let mut near = Vec::new();
        for server in self.servers.values_mut() {
            while let Some(output) = server.node.poll_output() {
                match output {
                    NodeOutput::Diameter(DiameterTransport::Send { conn, bytes }) => {
                        near.push(Near::Received(conn, bytes))
                    }
                    NodeOutput::Diameter(DiameterTransport::Close { conn }) => {
                        self.connections.remove(&conn);
                        near.push(Near::Closed(conn));
                    }
                    NodeOutput::Store(request) => {
                        let answer = server.store.execute(&request);
                        server.node.handle_input(now, NodeInput::Store(answer));
                    }
                    _ => {}
                }
            }
        }
        near
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Vec<Near> {
        for server in self.servers.values_mut().filter(|own| own.node.poll_timeout().is_some_and(|at| at <= now)) {
            server.node.handle_timeout(now);
        }
        self.run(now)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.servers.values().filter_map(|own| own.node.poll_timeout()).min()
    }
}

fn diameter(host: &str, application: u32) -> DiameterConfig {
    DiameterConfig::new(host, REALM, std::net::IpAddr::from([127, 0, 0, 1]), vec![application])
}

fn peer(host: &str, at: &str) -> PeerConfig {
    PeerConfig { host: host.to_owned(), realm: REALM.to_owned(), connect: Some(at.parse().unwrap()) }
}

/// Charging on both, in a run that has started so many times.
pub(crate) fn charging(gateway: &str, run: u32) -> SmsChargingConfig {
    let client = |application, server: &str, at: &str| DiameterConfig {
        peers: vec![peer(server, at)],
        retry: Duration::from_secs(3),
        origin_state: run + 1,
        ..diameter(GATEWAY_HOST, application)
    };
    let node = protocol::diameter::charging::NodeFunctionality::As;
    SmsChargingConfig {
        rf: Some(ChargingConfig::new(node, client(APP_RF, "cdf.ims.test", CDF), REALM)),
        ro: Some(SmsCreditConfig::new(client(APP_RO, "ocs.ims.test", OCS), REALM)),
        gateway: gateway.to_owned(),
        utc_ms_at_zero: UTC,
    }
}
