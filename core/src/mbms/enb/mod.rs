//! eNB as a node, as far as MBMS goes (TS 36.300 clause 15.1.1): M2AP towards its MCE (TS 36.443), M1 in, and for the radio
//! what to broadcast when.
//!
//! The radio takes its part from a [`RadioQueue`], so that the node can be in a fabric or outside of it.

mod m2;
mod radio;
mod schedule;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use protocol::diameter::mbms::MbmsServiceArea;
use protocol::m2ap::{EnbMbmsConfiguration, EnbMbmsM2apId, GlobalEnbId, M2apPdu};
use protocol::mbms_ap::TnlInformation;
use protocol::{GTPU_PORT, GtpuPacket, Instant, SyncPlan, Tmgi};

use self::schedule::Schedules;
use super::association::Association;
use super::enb_agent::{EnbAgent, EnbAgentConfig, EnbAgentInput, EnbAgentOutput, MbmsBearer};
use super::mce::is_in;
use crate::node::{Admin, Membership, Node, NodeInput, NodeNote, NodeOutput, StreamInput, StreamOutput};

pub use radio::{EnbRadio, MtchPlace, RadioQueue};

/// Settings of an eNB.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnbNodeConfig {
    /// Who it is.
    pub id: GlobalEnbId,
    /// Its name, for humans.
    pub name: String,
    /// Cells that take part in MBMS.
    pub cells: Vec<EnbMbmsConfiguration>,
    /// M2 of its MCE.
    pub mce: SocketAddr,
    /// Its user plane.
    pub agent: EnbAgentConfig,
    /// Time until a lost MCE is tried again.
    pub retry: Duration,
    /// Sessions at a time.
    pub max_sessions: usize,
    /// Somebody takes what the radio has to do; else it is counted only.
    pub has_radio: bool,
}

impl EnbNodeConfig {
    /// With what is usual.
    #[must_use]
    pub fn new(id: GlobalEnbId, cells: Vec<EnbMbmsConfiguration>, mce: SocketAddr) -> Self {
        Self {
            id,
            name: "castbench".to_owned(),
            cells,
            mce,
            agent: EnbAgentConfig { processing_time: Duration::from_millis(5), max_held_octets: 1 << 20 },
            retry: Duration::from_secs(1),
            max_sessions: 1024,
            has_radio: true,
        }
    }
}

/// Datagrams of a session that are held while the MCCH does not list it.
const MAX_EARLY: usize = 64;

/// MBMS bearer context.
#[derive(Debug)]
struct Session {
    enb_id: EnbMbmsM2apId,
    tmgi: Tmgi,
    tnl: TnlInformation,
    /// It is in the group: one of its cells is in the service area.
    is_member: bool,
    /// Its synchronisation sequences, once scheduling has said of which PMCH; before that what has come.
    plan: Result<SyncPlan, VecDeque<Vec<u8>>>,
}

#[derive(Debug, Default)]
struct Counters {
    strangers: u64,
    early_dropped: u64,
    unlisted: u64,
}

/// The node.
#[derive(Debug)]
pub struct EnbNode {
    config: EnbNodeConfig,
    mce: Association,
    /// By MCE MBMS M2AP ID.
    sessions: BTreeMap<u32, Session>,
    next_id: u16,
    schedules: Schedules,
    agent: EnbAgent,
    radio: RadioQueue,
    counters: Counters,
    out: VecDeque<NodeOutput>,
}

impl EnbNode {
    /// An eNB that connects to its MCE at its first timeout, which it wants at once.
    #[must_use]
    pub fn new(config: EnbNodeConfig) -> Self {
        let radio = if config.has_radio { RadioQueue::default() } else { RadioQueue::nowhere() };
        Self {
            mce: Association::new(config.mce, config.retry),
            agent: EnbAgent::new(config.agent),
            config,
            sessions: BTreeMap::new(),
            next_id: 0,
            schedules: Schedules::default(),
            radio,
            counters: Counters::default(),
            out: VecDeque::new(),
        }
    }

    /// What the radio has to do, for who holds the node.
    pub fn poll_radio(&self) -> Option<EnbRadio> {
        self.radio.poll()
    }

    /// The same for who has put the node into a fabric.
    #[must_use]
    pub fn radio(&self) -> RadioQueue {
        self.radio.clone()
    }

    fn say(&mut self, text: impl Into<String>) {
        self.out.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    fn ignored(&mut self, event: impl Into<String>) {
        let state = if self.mce.up().is_some() { "M2 is set up" } else { "M2 is not set up" };
        self.out.push_back(NodeOutput::Note(NodeNote::Ignored { state: state.into(), event: event.into() }));
    }

    fn send(&mut self, pdu: &M2apPdu) {
        let Some(conn) = self.mce.open() else { return };
        match pdu.emit() {
            Ok(bytes) => self.out.push_back(NodeOutput::Stream(StreamOutput::Send { conn, bytes })),
            Err(e) => self.say(format!("{} cannot be written: {e}", pdu.name())),
        }
    }

    fn on_stream(&mut self, now: Instant, input: StreamInput<'_>) {
        match input {
            StreamInput::Connected { conn, token, .. } => {
                if token.is_some_and(|token| self.mce.on_connected(now, token, conn)) {
                    self.send_setup();
                } else {
                    self.out.push_back(NodeOutput::Stream(StreamOutput::Close { conn }));
                }
            }
            StreamInput::ConnectFailed { token, why } => {
                self.mce.on_connect_failed(now, token);
                self.say(format!("no association with the MCE: {why}"));
            }
            StreamInput::Received { conn, bytes } if self.mce.open() == Some(conn) => self.on_m2(now, bytes),
            // What is on air goes on: only a new setup erases it (TS 36.443 clause 8.6.1).
            StreamInput::Closed { conn } if self.mce.open() == Some(conn) => {
                self.mce.on_closed(now, conn);
                self.say("the association with the MCE is lost");
            }
            StreamInput::Received { .. } | StreamInput::Closed { .. } => {}
        }
    }

    /// M1 (TS 36.445 clause 5): the tunnel says which session it is, and the group where the driver knows it.
    fn on_m1(&mut self, now: Instant, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) {
        let teid = GtpuPacket::new_checked(bytes).ok().map(|packet| packet.teid());
        let session = self.sessions.values_mut().find(|session| {
            let is_group = !local.ip().is_multicast() || local.ip() == session.tnl.group;
            Some(session.tnl.teid) == teid && session.tnl.source == remote.ip() && is_group
        });
        let Some(session) = session.filter(|_| local.port() == GTPU_PORT) else {
            self.counters.strangers += 1;
            return;
        };
        match &mut session.plan {
            Ok(_) => {
                let multicast = session.tnl.group;
                self.agent.handle_input(now, EnbAgentInput::Gtpu { multicast, packet: bytes });
                self.drain_agent(now);
            }
            Err(early) if early.len() < MAX_EARLY => early.push_back(bytes.to_vec()),
            Err(_) => self.counters.early_dropped += 1,
        }
    }

    /// Sessions that scheduling knows get their user plane; one whose scheduling period is another gets it anew.
    fn plan_sessions(&mut self, now: Instant) {
        for session in self.sessions.values_mut() {
            let Some(plan) = self.schedules.scheduling_period(session.tmgi).and_then(SyncPlan::new) else { continue };
            if session.plan.as_ref().is_ok_and(|own| *own == plan) {
                continue;
            }
            let (IpAddr::V4(multicast), c_teid) = (session.tnl.group, session.tnl.teid) else { continue };
            let bearer = MbmsBearer { tmgi: session.tmgi, sync: plan, multicast, c_teid };
            self.agent.handle_input(now, EnbAgentInput::SessionStart(bearer));
            if let Err(early) = std::mem::replace(&mut session.plan, Ok(plan)) {
                for packet in early {
                    let multicast = session.tnl.group;
                    self.agent.handle_input(now, EnbAgentInput::Gtpu { multicast, packet: &packet });
                }
            }
        }
        self.drain_agent(now);
    }

    fn drain_agent(&mut self, now: Instant) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                EnbAgentOutput::Sdu { tmgi, sdu, due } => {
                    let places = self.schedules.places(tmgi, due);
                    if places.is_empty() {
                        self.counters.unlisted += 1;
                        self.radio.push(EnbRadio::Unlisted { tmgi, due });
                    }
                    for place in places {
                        self.radio.push(EnbRadio::Sdu { tmgi, place, sdu: sdu.clone(), due });
                    }
                }
                EnbAgentOutput::Lost(report) => self.radio.push(EnbRadio::Lost(report)),
                EnbAgentOutput::Discarded(discard) => self.radio.push(EnbRadio::Discarded(discard)),
            }
        }
        self.schedules.prune(now);
    }

    /// A session is over: what is held goes out, and nothing more is heard.
    fn end_session(&mut self, now: Instant, mce_id: u32) -> Option<EnbMbmsM2apId> {
        let session = self.sessions.remove(&mce_id)?;
        if session.is_member {
            self.member(&session.tnl, false);
        }
        self.agent.handle_input(now, EnbAgentInput::SessionStop { tmgi: session.tmgi });
        self.drain_agent(now);
        self.radio.push(EnbRadio::Stopped(session.tmgi));
        Some(session.enb_id)
    }

    fn member(&mut self, tnl: &TnlInformation, is_member: bool) {
        let membership = Membership { group: tnl.group, source: Some(tnl.source), is_member };
        self.out.push_back(NodeOutput::Membership(membership));
    }

    fn has_cell_in(&self, area: &MbmsServiceArea) -> bool {
        self.config.cells.iter().any(|cell| is_in(cell, area))
    }
}

impl Node for EnbNode {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Stream(input) => self.on_stream(now, input),
            NodeInput::Datagram { local, remote, bytes } => self.on_m1(now, local, remote, bytes),
            NodeInput::Admin(Admin::Shutdown) => self.out.extend(self.mce.end().map(NodeOutput::Stream)),
            NodeInput::Store(_) => self.ignored("an answer of the store to nothing"),
            _ => self.ignored("what is not for an eNB"),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if let Some(output) = self.mce.handle_timeout(now) {
            self.out.push_back(NodeOutput::Stream(output));
        }
        self.agent.handle_timeout(now);
        self.drain_agent(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        [self.mce.poll_timeout(), self.agent.poll_timeout()].into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let counters = self.agent.counters();
        vec![
            ("mbms_sessions", self.sessions.len() as u64),
            ("m1_datagrams", counters.datagrams),
            ("m1_discarded", counters.discarded + self.counters.early_dropped),
            ("m1_packets_lost", counters.lost_packets),
            ("m1_of_others", self.counters.strangers),
            ("mtch_sdus", counters.sdus),
            ("mtch_sdus_unlisted", self.counters.unlisted),
        ]
    }
}
