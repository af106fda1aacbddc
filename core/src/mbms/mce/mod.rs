//! MCE as a node (TS 36.300 clause 15.1.1): M3AP towards the MBMS-GW (TS 36.444), M2AP towards eNBs (TS 36.443).
//!
//! It admits sessions, gives them PMCHs and logical channels, and tells the eNBs what their MCCHs list from which
//! modification period on. A session that makes room for another is suspended: the eNBs learn it by MBMS scheduling
//! information (TS 36.443 clause 8.4), nobody above does, and it is resumed when there is room. What is not on air needs no
//! memory: after a restart the MBMS-GW gives all sessions again.

mod calendar;
mod config;
mod m2;
mod m3;
mod scheduling;
mod session;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocol::Instant;
use protocol::m2ap::M2apPdu;
use protocol::m3ap::M3apPdu;

use self::m2::Enb;
use self::session::Session;
use super::admission::Admission;
use super::association::Association;
use crate::node::{Admin, Node, NodeInput, NodeNote, NodeOutput, StreamId, StreamInput, StreamOutput};

pub(super) use m2::is_in;

pub use calendar::{
    Mce, MceArea, MceConfig, MceInput, MceNotification, MceOutput, MceRefusal, MtchId, OnAirFrom, PmchId,
};
pub use config::{MbsfnArea, MceNodeConfig, PmchCapacity};

/// The node.
#[derive(Debug)]
pub struct MceNode {
    config: MceNodeConfig,
    gateway: Association,
    enbs: BTreeMap<StreamId, Enb>,
    admission: Admission,
    mce: Mce,
    /// By MCE MBMS M3AP ID, which is their MCE MBMS M2AP ID too.
    sessions: BTreeMap<u16, Session>,
    next_id: u16,
    /// Where the scheduling machine has sessions: area and session, PMCH.
    placed: BTreeMap<(usize, u16), usize>,
    /// Connections of M2 whose end the eNB has not confirmed.
    ending: BTreeSet<(StreamId, u16)>,
    counters: Counters,
    out: VecDeque<NodeOutput>,
}

#[derive(Debug, Default)]
struct Counters {
    started: u64,
    refused: u64,
    suspended: u64,
    resumed: u64,
}

impl MceNode {
    /// An MCE that connects to its gateway at its first timeout, which it wants at once.
    #[must_use]
    pub fn new(config: MceNodeConfig) -> Self {
        Self {
            gateway: Association::new(config.gateway, config.retry),
            admission: Admission::new(config.admission()),
            mce: Mce::new(config.scheduling()),
            config,
            enbs: BTreeMap::new(),
            sessions: BTreeMap::new(),
            next_id: 0,
            placed: BTreeMap::new(),
            ending: BTreeSet::new(),
            counters: Counters::default(),
            out: VecDeque::new(),
        }
    }

    /// What is admitted, with its sums.
    #[must_use]
    pub const fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Whether capacity adds up, and what is admitted is what is known and on air.
    ///
    /// # Errors
    /// What does not hold.
    pub fn audit(&self) -> Result<(), String> {
        self.admission.audit()?;
        if self.admission.len() != self.sessions.len() {
            return Err(format!("{} sessions, {} admitted", self.sessions.len(), self.admission.len()));
        }
        let wrong =
            self.placed.iter().find(|((area, id), pmch)| self.admission.pmch(u32::from(*id), *area) != Some(**pmch));
        wrong.map_or(Ok(()), |(place, _)| Err(format!("{place:?} is on air and not admitted")))
    }

    fn say(&mut self, text: impl Into<String>) {
        self.out.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    fn ignored(&mut self, event: impl Into<String>) {
        let state = if self.gateway.up().is_some() { "M3 is set up" } else { "M3 is not set up" };
        self.out.push_back(NodeOutput::Note(NodeNote::Ignored { state: state.into(), event: event.into() }));
    }

    fn send_m3(&mut self, pdu: &M3apPdu) {
        let Some(conn) = self.gateway.open() else { return };
        match pdu.emit() {
            Ok(bytes) => self.out.push_back(NodeOutput::Stream(StreamOutput::Send { conn, bytes })),
            Err(e) => self.say(format!("{} cannot be written: {e}", pdu.name())),
        }
    }

    fn send_m2(&mut self, conn: StreamId, pdu: &M2apPdu) {
        match pdu.emit() {
            Ok(bytes) => self.out.push_back(NodeOutput::Stream(StreamOutput::Send { conn, bytes })),
            Err(e) => self.say(format!("{} cannot be written: {e}", pdu.name())),
        }
    }

    fn on_stream(&mut self, now: Instant, input: StreamInput<'_>) {
        match input {
            StreamInput::Connected { conn, token: Some(token), .. } => {
                if self.gateway.on_connected(now, token, conn) {
                    self.send_setup();
                } else {
                    self.out.push_back(NodeOutput::Stream(StreamOutput::Close { conn }));
                }
            }
            StreamInput::Connected { conn, token: None, .. } => self.on_enb(conn),
            StreamInput::ConnectFailed { token, why } => {
                self.gateway.on_connect_failed(now, token);
                self.say(format!("no association with the MBMS-GW: {why}"));
            }
            StreamInput::Received { conn, bytes } if self.gateway.open() == Some(conn) => self.on_m3(now, bytes),
            StreamInput::Received { conn, bytes } => self.on_m2(now, conn, bytes),
            StreamInput::Closed { conn } if self.gateway.open() == Some(conn) => {
                self.gateway.on_closed(now, conn);
                self.say("the association with the MBMS-GW is lost");
                self.orphan_all(now);
            }
            StreamInput::Closed { conn } => self.on_enb_lost(now, conn),
        }
    }
}

impl Node for MceNode {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Stream(input) => self.on_stream(now, input),
            NodeInput::Admin(Admin::Shutdown) => {
                let gateway = self.gateway.end();
                let enbs = std::mem::take(&mut self.enbs).into_keys().map(|conn| StreamOutput::Close { conn });
                self.out.extend(gateway.into_iter().chain(enbs).map(NodeOutput::Stream));
            }
            NodeInput::Store(_) => self.ignored("an answer of the store to nothing"),
            _ => self.ignored("what is not for an MCE"),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if let Some(output) = self.gateway.handle_timeout(now) {
            self.out.push_back(NodeOutput::Stream(output));
        }
        if self.mce.poll_timeout().is_some_and(|at| at <= now) {
            self.mce.handle_timeout(now);
            self.drain_scheduling(now);
            self.place_waiting(now);
        }
        self.sessions_due(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let sessions = self.sessions.values().filter_map(Session::due);
        sessions.chain(self.gateway.poll_timeout()).chain(self.mce.poll_timeout()).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let areas = 0..self.config.areas.len();
        vec![
            ("mbms_sessions", self.sessions.len() as u64),
            ("mbms_sessions_suspended", areas.map(|area| self.admission.suspended(area) as u64).sum()),
            ("enbs", self.enbs.values().filter(|enb| enb.is_up()).count() as u64),
            ("mbms_sessions_started", self.counters.started),
            ("mbms_sessions_refused", self.counters.refused),
            ("mbms_suspensions", self.counters.suspended),
            ("mbms_resumptions", self.counters.resumed),
        ]
    }
}
