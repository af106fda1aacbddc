//! MBMS-GW as a node (TS 23.246 clause 5.4): SGmb towards BM-SCs (TS 29.061 clause 20), M3AP towards MCEs (TS 36.444),
//! SYNC PDUs in on SGi-mb and out on M1 (TS 29.281).
//!
//! The MME and its Sm reference point are in it: what an MME does for MBMS is to hand sessions on to its MCEs. A session that
//! was acknowledged is durable; after a restart it is there with the same addresses, and MCEs get it again
//! (TS 23.007: re-establishment), without the BM-SC having to do anything.

mod m3;
mod pool;
mod session;
mod sgmb;
mod work;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::ops::RangeInclusive;
use std::time::Duration;

use protocol::diameter::{
    DiameterConfig, DiameterEndpoint, DiameterOutput, DisconnectCause, Message, RequestHandle, dictionary,
};
use protocol::{Due, Entropy, GTPU_PORT, GtpuRepr, Instant, Tmgi};

use self::m3::Mce;
use self::pool::Pools;
use self::session::Live;
use crate::node::{
    Admin, Node, NodeInput, NodeNote, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Rows, StreamId,
    StreamInput, StreamOutput, Table,
};
use crate::store::StoreToken;

/// Settings of an MBMS-GW.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MbmsGwNodeConfig {
    /// Its Diameter side. The application is SGmb, whatever is in there.
    pub diameter: DiameterConfig,
    /// Address at which it takes SYNC PDUs of BM-SCs (SGi-mb).
    pub sgi_mb: Ipv4Addr,
    /// UDP ports of SGi-mb, one for each session.
    pub sgi_mb_ports: RangeInclusive<u16>,
    /// Source address on M1.
    pub m1_source: Ipv4Addr,
    /// Groups of IP multicast on M1, one for each session.
    pub m1_groups: RangeInclusive<Ipv4Addr>,
    /// How long MCEs may take to answer. Shorter than the BM-SC waits.
    pub m3_timeout: Duration,
    /// How long a BM-SC that has restarted may take to say which sessions go on.
    pub restoration: Duration,
    /// How long a session may be without any MCE until the BM-SC is told that it is over.
    pub mce_loss: Duration,
    /// Sessions at a time.
    pub max_sessions: usize,
    /// Associations of MCEs at a time.
    pub max_mces: usize,
}

impl MbmsGwNodeConfig {
    /// With what is usual.
    #[must_use]
    pub fn new(diameter: DiameterConfig, address: Ipv4Addr, m1_groups: RangeInclusive<Ipv4Addr>) -> Self {
        Self {
            diameter,
            sgi_mb: address,
            sgi_mb_ports: 20_000..=39_999,
            m1_source: address,
            m1_groups,
            m3_timeout: Duration::from_secs(3),
            restoration: Duration::from_secs(60),
            mce_loss: Duration::from_secs(60),
            max_sessions: 20_000,
            max_mces: 64,
        }
    }
}

/// What waits for the store.
#[derive(Debug)]
enum Waiting {
    /// Everything that there is.
    Load,
    /// That this start is counted.
    Counted,
    /// What a session was asked for is durable.
    Session(String),
    /// Nothing: the change is ours.
    Change,
}

#[derive(Debug, Default)]
struct Counters {
    requests: u64,
    refused: u64,
    m1_datagrams: u64,
    m1_octets: u64,
    dropped: u64,
}

/// The node.
#[derive(Debug)]
pub struct MbmsGwNode {
    config: MbmsGwNodeConfig,
    endpoint: DiameterEndpoint,
    /// Own restarts; none until they are counted.
    restarts: Option<u32>,
    /// Restart-Counter of each BM-SC.
    bmscs: BTreeMap<String, u32>,
    sessions: BTreeMap<String, Live>,
    by_mme_id: BTreeMap<u16, String>,
    by_port: BTreeMap<u16, String>,
    by_flow: BTreeMap<(Tmgi, Option<u16>), String>,
    pools: Pools,
    mces: BTreeMap<StreamId, Mce>,
    /// Connections of M3 that are given up before their MCE has said so.
    ending: BTreeSet<(StreamId, u16)>,
    due: Due<Instant, String>,
    early: Vec<(RequestHandle, Message)>,
    waiting: BTreeMap<u64, Waiting>,
    next_token: u64,
    counters: Counters,
    out: VecDeque<NodeOutput>,
}

/// Requests that are kept until the data are there.
const MAX_EARLY: usize = 10_000;
/// Key of the own restarts in the store.
const RESTARTS: &str = "restarts";
/// Before the name of a BM-SC in the store.
const BMSC: &str = "bmsc ";

impl MbmsGwNode {
    /// A gateway that first reads its sessions.
    #[must_use]
    pub fn new(mut config: MbmsGwNodeConfig, entropy: Entropy) -> Self {
        config.diameter.applications = vec![dictionary::APP_SGMB];
        let endpoint = DiameterEndpoint::new(config.diameter.clone(), entropy);
        let pools = Pools::new(&config);
        let mut gateway = Self {
            config,
            endpoint,
            restarts: None,
            bmscs: BTreeMap::new(),
            sessions: BTreeMap::new(),
            by_mme_id: BTreeMap::new(),
            by_port: BTreeMap::new(),
            by_flow: BTreeMap::new(),
            pools,
            mces: BTreeMap::new(),
            ending: BTreeSet::new(),
            due: Due::default(),
            early: Vec::new(),
            waiting: BTreeMap::new(),
            next_token: 0,
            counters: Counters::default(),
            out: VecDeque::new(),
        };
        let tables = [Table::MbmsGwState, Table::MbmsGwSession];
        gateway.store(tables.map(|table| NodeStoreOp::Scan { table }).to_vec(), Waiting::Load);
        gateway
    }

    /// Whether addresses, ports and identities given out are those of the sessions, each once.
    ///
    /// # Errors
    /// What does not hold.
    pub fn audit(&self) -> Result<(), String> {
        let reserved = self.ending.iter().map(|(_, mme_id)| *mme_id);
        self.pools.audit(self.sessions.values().map(|live| &live.session), reserved)?;
        let indexes = [self.by_port.len(), self.by_mme_id.len(), self.by_flow.len()];
        if indexes.iter().any(|len| *len != self.sessions.len()) {
            return Err(format!("{} sessions, found by {indexes:?}", self.sessions.len()));
        }
        Ok(())
    }

    /// Session-Ids of the sessions that there are.
    pub fn sessions(&self) -> impl Iterator<Item = &str> {
        self.sessions.keys().map(String::as_str)
    }

    fn store(&mut self, ops: Vec<NodeStoreOp>, waiting: Waiting) {
        self.next_token += 1;
        self.waiting.insert(self.next_token, waiting);
        self.out.push_back(NodeOutput::Store(NodeStoreRequest { token: StoreToken(self.next_token), ops }));
    }

    fn say(&mut self, text: impl Into<String>) {
        self.out.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    fn ignored(&mut self, event: impl Into<String>) {
        self.out.push_back(NodeOutput::Note(NodeNote::Ignored { state: "running".into(), event: event.into() }));
    }

    fn on_stored(&mut self, now: Instant, answer: NodeStoreAnswer) {
        match (self.waiting.remove(&answer.token.0), answer.result) {
            (Some(Waiting::Load), Ok(tables)) => self.load(tables),
            (Some(Waiting::Load | Waiting::Counted), Err(e)) => {
                // Sessions that it does not know of would be taken for new ones.
                self.say(format!("the sessions cannot be read: {e}"));
                self.endpoint.disconnect(now, DisconnectCause::Busy);
            }
            (Some(Waiting::Counted), Ok(_)) => {
                for id in self.sessions.keys().cloned().collect::<Vec<_>>() {
                    self.check(now, &id);
                }
                for (handle, message) in std::mem::take(&mut self.early) {
                    self.on_request(now, handle, message);
                }
            }
            (Some(Waiting::Session(id)), result) => self.on_session_stored(now, &id, result.err()),
            (Some(Waiting::Change), Err(e)) => self.say(format!("a change is not durable: {e}")),
            (Some(Waiting::Change), Ok(_)) => {}
            (None, _) => self.ignored("an answer of the store to nothing"),
        }
    }

    fn load(&mut self, tables: Vec<Rows>) {
        let mut tables = tables.into_iter();
        let number = |value: &[u8]| std::str::from_utf8(value).ok().and_then(|text| text.parse::<u32>().ok());
        let mut restarts = 0;
        for (key, value) in tables.next().unwrap_or_default() {
            match (number(&value), key.strip_prefix(BMSC)) {
                (Some(counter), Some(host)) => drop(self.bmscs.insert(host.to_owned(), counter)),
                (Some(counter), None) if key == RESTARTS => restarts = counter,
                _ => self.say(format!("what is stored of {key} is unreadable and left alone")),
            }
        }
        for (key, value) in tables.next().unwrap_or_default() {
            match serde_json::from_slice(&value) {
                Ok(session) => self.insert(Live::restored(session)),
                Err(e) => self.say(format!("session {key} is unreadable and left alone: {e}")),
            }
        }
        // TS 23.007 clause 18: it goes up by one with each start.
        let restarts = restarts.wrapping_add(1);
        self.restarts = Some(restarts);
        let value = restarts.to_string().into_bytes();
        let op = NodeStoreOp::Put { table: Table::MbmsGwState, key: RESTARTS.to_owned(), value };
        self.store(vec![op], Waiting::Counted);
        self.say(format!("{} sessions, start {restarts}", self.sessions.len()));
    }

    /// Its own Restart-Counter is durable: it may answer.
    fn is_ready(&self) -> bool {
        self.restarts.is_some() && !self.waiting.values().any(|w| matches!(w, Waiting::Load | Waiting::Counted))
    }

    fn insert(&mut self, live: Live) {
        let session = &live.session;
        self.pools.take(session);
        self.by_mme_id.insert(session.mme_id, session.id.clone());
        self.by_port.insert(session.port, session.id.clone());
        self.by_flow.insert((session.tmgi, session.flow), session.id.clone());
        self.sessions.insert(session.id.clone(), live);
    }

    /// A session is no more: its connections of M3 end, its addresses are free.
    fn release(&mut self, id: &str) {
        let Some(live) = self.sessions.remove(id) else { return };
        self.due.set(&id.to_owned(), None);
        let session = &live.session;
        self.by_mme_id.remove(&session.mme_id);
        self.by_port.remove(&session.port);
        self.by_flow.remove(&(session.tmgi, session.flow));
        self.pools.give_back(session);
        for (conn, leg) in live.legs.clone() {
            self.end_leg(conn, session.mme_id, leg);
        }
        if !self.ending.iter().any(|(_, mme_id)| *mme_id == session.mme_id) {
            self.pools.give_back_mme_id(session.mme_id);
        }
    }

    /// SGi-mb in, M1 out (TS 36.445 clause 5).
    fn forward(&mut self, port: u16, pdu: &[u8]) {
        let session = self.by_port.get(&port).and_then(|id| self.sessions.get(id)).map(|live| &live.session);
        let packet = session.and_then(|session| Some((session, GtpuRepr::g_pdu(session.c_teid).emit(pdu).ok()?)));
        let Some((session, bytes)) = packet else {
            self.counters.dropped += 1;
            return;
        };
        self.counters.m1_datagrams += 1;
        self.counters.m1_octets += bytes.len() as u64;
        let local = SocketAddrV4::new(self.config.m1_source, GTPU_PORT).into();
        let remote = SocketAddr::from((session.multicast, GTPU_PORT));
        self.out.push_back(NodeOutput::Datagram { local, remote, bytes });
    }

    /// What the endpoint has to say, until it has nothing.
    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(transport) => self.out.push_back(NodeOutput::Diameter(transport)),
                DiameterOutput::Request { handle, message } if self.is_ready() => {
                    self.on_request(now, handle, message);
                }
                DiameterOutput::Request { handle, message } if self.early.len() < MAX_EARLY => {
                    self.early.push((handle, message));
                }
                DiameterOutput::Request { .. } => self.ignored("a request, before the sessions are read"),
                DiameterOutput::Answer { result, .. } => self.on_answer(now, result),
                DiameterOutput::PeerUp { host } => self.on_peer_up(now, &host),
                DiameterOutput::PeerDown { host } => self.say(format!("Diameter peer {host} is down")),
                DiameterOutput::Ignored { state, event } => {
                    self.out.push_back(NodeOutput::Note(NodeNote::Ignored { state, event }));
                }
            }
        }
    }
}

impl Node for MbmsGwNode {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Diameter(input) => self.endpoint.handle_input(now, input),
            NodeInput::Store(answer) => self.on_stored(now, answer),
            NodeInput::Stream(StreamInput::Connected { conn, .. }) => self.on_association(conn),
            NodeInput::Stream(StreamInput::Received { conn, bytes }) => self.on_m3(now, conn, bytes),
            NodeInput::Stream(StreamInput::Closed { conn }) => self.on_association_lost(now, conn),
            NodeInput::Stream(StreamInput::ConnectFailed { .. }) => self.ignored("a connection that nobody asked for"),
            NodeInput::Datagram { local, bytes, .. } => self.forward(local.port(), bytes),
            NodeInput::Admin(Admin::Shutdown) => {
                self.endpoint.disconnect(now, DisconnectCause::Rebooting);
                for conn in std::mem::take(&mut self.mces).into_keys() {
                    self.out.push_back(NodeOutput::Stream(StreamOutput::Close { conn }));
                }
            }
            NodeInput::Admin(_) | NodeInput::Access(_) => self.ignored("an order that is not for an MBMS-GW"),
            NodeInput::Sip { .. }
            | NodeInput::SipFailed { .. }
            | NodeInput::Http { .. }
            | NodeInput::HttpResponse { .. }
            | NodeInput::Sccp { .. } => {
                self.ignored("SIP or HTTP at an MBMS-GW");
            }
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
        for id in self.due.until(now) {
            self.on_due(now, &id);
        }
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        [self.endpoint.poll_timeout(), self.due.first()].into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("mbms_sessions", self.sessions.len() as u64),
            ("mces", self.mces.values().filter(|mce| mce.is_up()).count() as u64),
            ("diameter_requests", self.counters.requests),
            ("diameter_requests_refused", self.counters.refused),
            ("m1_datagrams", self.counters.m1_datagrams),
            ("m1_octets", self.counters.m1_octets),
            ("sgi_mb_datagrams_dropped", self.counters.dropped),
        ]
    }
}
