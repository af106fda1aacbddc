//! The bearers of a BM-SC, and what is found by what: names, MB2-U ports, Session-Ids of SGmb, requests, times.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use protocol::Tmgi;
use protocol::diameter::mb2c::mask::MbmsBearerResult;
use protocol::diameter::mbms::FlowId;

use super::records::{BearerKey, BearerRecord, BearerState, Qos};
use super::services::positions;

/// A modification that MBMS-GWs are asked for.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) qos: Qos,
    pub(super) area: Vec<u16>,
    /// Session-Ids that no answer has come for.
    pub(super) waits: BTreeSet<String>,
    /// Session-Ids of MBMS-GWs that have made it.
    pub(super) done: BTreeSet<String>,
    /// Session-Ids that it brings.
    pub(super) new: BTreeSet<String>,
    pub(super) failed: MbmsBearerResult,
}

impl Change {
    pub(super) fn new(qos: Qos, area: Vec<u16>) -> Self {
        let (waits, done, new) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { qos, area, waits, done, new, failed: MbmsBearerResult::default() }
    }
}

/// A bearer and what is being done to it.
#[derive(Debug)]
pub(super) struct Bearer {
    pub(super) record: BearerRecord,
    pub(super) change: Option<Change>,
    /// UTC in milliseconds of its start or its end.
    pub(super) due: Option<u64>,
}

impl Bearer {
    pub(super) const fn new(record: BearerRecord) -> Self {
        Self { record, change: None, due: None }
    }

    /// QoS and area that MBMS-GWs are told.
    pub(super) fn told(&self) -> (Qos, &[u16]) {
        match &self.change {
            Some(change) => (change.qos, &change.area),
            None => (self.record.qos, &self.record.area),
        }
    }
}

/// All bearers.
#[derive(Debug, Default)]
pub(super) struct Bearers {
    all: BTreeMap<BearerKey, Bearer>,
    ports: BTreeMap<u16, BearerKey>,
    sessions: BTreeMap<String, BearerKey>,
    /// Of those that are not gone for their application servers.
    requests: BTreeMap<(String, usize), BearerKey>,
    due: BTreeSet<(u64, BearerKey)>,
    /// Position from which the next free port is sought.
    next_port: u64,
}

impl Bearers {
    pub(super) fn get(&self, key: BearerKey) -> Option<&Bearer> {
        self.all.get(&key)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Bearer> {
        self.all.values()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Bearers of a TMGI.
    pub(super) fn of(&self, tmgi: Tmgi) -> impl Iterator<Item = &Bearer> {
        let [first, last] = [0, u16::MAX].map(|flow| BearerKey { tmgi, flow: FlowId(flow) });
        self.all.range(first..=last).map(|(_, bearer)| bearer)
    }

    /// Bearers of a TMGI that its application server has.
    pub(super) fn live(&self, tmgi: Tmgi) -> impl Iterator<Item = &Bearer> {
        self.of(tmgi).filter(|bearer| bearer.record.state != BearerState::Stopping)
    }

    pub(super) fn of_session(&self, session: &str) -> Option<BearerKey> {
        self.sessions.get(session).copied()
    }

    pub(super) fn of_request(&self, session: &str, at: usize) -> Option<BearerKey> {
        self.requests.get(&(session.to_owned(), at)).copied()
    }

    /// The first bearer that starts or ends.
    pub(super) fn first_due(&self) -> Option<(u64, BearerKey)> {
        self.due.first().copied()
    }

    /// A bearer, to be changed and put back.
    pub(super) fn take(&mut self, key: BearerKey) -> Option<Bearer> {
        let bearer = self.all.remove(&key)?;
        self.ports.remove(&bearer.record.port);
        for leg in &bearer.record.legs {
            self.sessions.remove(&leg.session);
        }
        if self.requests.get(&bearer.record.request) == Some(&key) {
            self.requests.remove(&bearer.record.request);
        }
        if let Some(due) = bearer.due {
            self.due.remove(&(due, key));
        }
        Some(bearer)
    }

    pub(super) fn put(&mut self, bearer: Bearer) {
        let key = bearer.record.key();
        self.take(key);
        self.ports.insert(bearer.record.port, key);
        let sessions = bearer.record.legs.iter().map(|leg| (leg.session.clone(), key));
        self.sessions.extend(sessions);
        if bearer.record.state != BearerState::Stopping {
            self.requests.insert(bearer.record.request.clone(), key);
        }
        self.due.extend(bearer.due.map(|due| (due, key)));
        self.all.insert(key, bearer);
    }

    /// A port of MB2-U that no bearer has; it rests as long as possible.
    pub(super) fn free_port(&mut self, ports: &RangeInclusive<u16>) -> Option<u16> {
        let count = (u64::from(*ports.end()) + 1).saturating_sub(u64::from(*ports.start()));
        let at = positions(self.next_port, count, self.ports.len() as u64)
            .find(|at| !self.ports.contains_key(&(ports.start() + *at as u16)))?;
        self.next_port = at + 1;
        Some(ports.start() + at as u16)
    }

    /// Whether all indices say the same.
    pub(super) fn audit(&self) -> Result<(), String> {
        let legs: usize = self.all.values().map(|bearer| bearer.record.legs.len()).sum();
        let live = self.all.values().filter(|bearer| bearer.record.state != BearerState::Stopping).count();
        let due = self.all.values().filter(|bearer| bearer.due.is_some()).count();
        let counts = [self.ports.len(), self.sessions.len(), self.requests.len(), self.due.len()];
        let wanted = [self.all.len(), legs, live, due];
        if counts == wanted { Ok(()) } else { Err(format!("indices of bearers: {counts:?}, not {wanted:?}")) }
    }
}
