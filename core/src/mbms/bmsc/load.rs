//! Start of a BM-SC: what it knew is read, its Restart-Counter goes up, and what was acknowledged goes on.

use std::collections::BTreeSet;

use protocol::Instant;
use protocol::diameter::{ConnectionId, DiameterInput, ResultCode};
use serde::de::DeserializeOwned;

use super::book::{Bearer, Bearers};
use super::mb2::Work;
use super::records::{BearerRecord, BearerState, LegState, OWN_COUNTER, PEER, PeerRecord, Service, put_counter};
use super::services::Services;
use super::sgmb::{Action, Job};
use super::{After, BmscNode};
use crate::node::{NodeStoreOp, Rows, Table};

/// Inputs that are kept until the store has answered.
const MAX_EARLY: usize = 10_000;

/// What came before the store had answered.
#[derive(Debug, Default)]
pub(super) struct Early {
    inputs: Vec<EarlyInput>,
    /// The node runs, and only reads again what it knew.
    is_reload: bool,
}

#[derive(Debug)]
enum EarlyInput {
    Connected { conn: ConnectionId, peer: Option<usize> },
    Received { conn: ConnectionId, bytes: Vec<u8> },
    Closed { conn: ConnectionId },
    ConnectFailed { peer: usize },
}

impl Early {
    pub(super) fn keep(&mut self, input: DiameterInput<'_>) {
        if self.inputs.len() >= MAX_EARLY {
            return;
        }
        self.inputs.push(match input {
            DiameterInput::Connected { conn, peer } => EarlyInput::Connected { conn, peer },
            DiameterInput::Received { conn, bytes } => EarlyInput::Received { conn, bytes: bytes.to_vec() },
            DiameterInput::Closed { conn } => EarlyInput::Closed { conn },
            DiameterInput::ConnectFailed { peer } => EarlyInput::ConnectFailed { peer },
        });
    }
}

impl EarlyInput {
    fn as_input(&self) -> DiameterInput<'_> {
        match self {
            &Self::Connected { conn, peer } => DiameterInput::Connected { conn, peer },
            Self::Received { conn, bytes } => DiameterInput::Received { conn: *conn, bytes },
            &Self::Closed { conn } => DiameterInput::Closed { conn },
            &Self::ConnectFailed { peer } => DiameterInput::ConnectFailed { peer },
        }
    }
}

impl BmscNode {
    pub(super) fn read(&mut self) {
        let tables = [
            Table::MbmsTmgi,
            Table::MbmsBearer,
            Table::MbmsState,
            Table::XmbService,
            Table::XmbSession,
            Table::XmbFile,
            Table::XmbNotification,
            Table::XmbReport,
        ];
        self.store(tables.map(|table| NodeStoreOp::Scan { table }).to_vec(), After::Load);
    }

    /// What is in memory is not on the disk: what is there counts.
    pub(super) fn reload(&mut self, now: Instant) {
        if self.early.is_none() {
            self.early = Some(Early { inputs: Vec::new(), is_reload: true });
            for (_, after) in std::mem::take(&mut self.stores) {
                if let After::Then(then) | After::Request { then, .. } = after {
                    self.not_done(now, then);
                }
            }
            self.read();
        }
    }

    pub(super) fn load(&mut self, now: Instant, tables: Vec<Rows>) {
        let mut tables = tables.into_iter();
        let mut unreadable = Vec::new();
        self.services = Services::new(self.config.pool.clone());
        for (_, service) in read_all::<Service>(tables.next(), "TMGI", &mut unreadable) {
            self.services.put(service);
        }
        self.bearers = Bearers::default();
        for (_, record) in read_all::<BearerRecord>(tables.next(), "bearer", &mut unreadable) {
            if self.services.get(record.tmgi).is_some() {
                self.bearers.put(Bearer::new(record));
            }
        }
        let mut counter = 0;
        self.peers.clear();
        for (key, value) in tables.next().unwrap_or_default() {
            if key == OWN_COUNTER {
                counter = serde_json::from_slice::<u32>(&value).unwrap_or_default();
            } else if let Some(host) = key.strip_prefix(PEER)
                && let Ok(peer) = serde_json::from_slice::<PeerRecord>(&value)
            {
                self.peers.insert(host.to_owned(), peer);
            }
        }
        unreadable.extend(self.load_xmb(tables));
        unreadable.into_iter().for_each(|what| self.say(format!("what is stored is unreadable: {what}")));
        if self.early.as_ref().is_some_and(|early| early.is_reload) {
            return self.begin_service(now);
        }
        self.restart_counter = counter.wrapping_add(1);
        // Session-Ids do not come again: they have the number of the start in them (RFC 6733 clause 8.8).
        self.endpoint.set_origin_state(self.restart_counter);
        self.store(put_counter(self.restart_counter).into_iter().collect(), After::Counter);
    }

    /// All is there: what was going on goes on.
    pub(super) fn begin_service(&mut self, now: Instant) {
        let Some(early) = self.early.take() else { return };
        self.heartbeat_at = self.config.heartbeat.map(|interval| now + interval);
        if !early.is_reload {
            let gateways: Vec<String> = self.config.gateways.iter().map(|gateway| gateway.host.clone()).collect();
            gateways.iter().for_each(|host| self.gateway_down(now, host));
        }
        self.forget_requests();
        self.resume(now);
        self.resume_xmb(now);
        early.inputs.iter().for_each(|input| self.endpoint.handle_input(now, input.as_input()));
        self.run_clock(now);
    }

    /// Requests to MBMS-GWs from before a reload: their answers find nobody.
    fn forget_requests(&mut self) {
        self.asked.retain(|_, asked| matches!(asked, super::Asked::Heartbeat(_) | super::Asked::Server(_)));
        self.sgmb.forget_jobs();
    }

    fn resume(&mut self, now: Instant) {
        let mut work = Work::own(self.outcome(ResultCode::SUCCESS));
        let keys: Vec<_> = self.bearers.all().map(|bearer| bearer.record.key()).collect();
        let live = self.bearers.all().filter(|bearer| bearer.record.state != BearerState::Stopping);
        let ports: BTreeSet<u16> = live.map(|bearer| bearer.record.port).collect();
        self.user_plane.retain(&ports);
        for key in keys {
            let Some(bearer) = self.bearers.get(key) else { continue };
            let (state, port, qci) = (bearer.record.state, bearer.record.port, bearer.record.qos.qci);
            let to = bearer.record.destinations();
            let Some(service) = self.services.get(key.tmgi) else { continue };
            if state != BearerState::Stopping && !self.user_plane.has(port) {
                let plan = self.config.sync_of(&bearer.record.area, qci);
                self.user_plane.add(port, service.destination, plan);
            }
            match state {
                // Nobody was told that it is there.
                BearerState::Asked => self.end_bearer(now, &mut work, key),
                BearerState::Active => self.user_plane.reopen(now, port, to, self.config.sgi_mb),
                BearerState::Ongoing | BearerState::Scheduled | BearerState::Stopping => {}
            }
            if state != BearerState::Asked {
                self.resume_sessions(&mut work, key);
            }
            self.plan_bearer(key);
        }
        let released = self.services.all().filter(|service| service.is_released).map(|service| service.tmgi);
        let idle: Vec<_> = released.filter(|tmgi| self.bearers.of(*tmgi).next().is_none()).collect();
        for tmgi in idle {
            self.services.remove(tmgi);
            work.ops.push(super::records::delete_service(tmgi));
        }
        self.apply(now, work);
    }

    /// Sessions of a bearer: those that are to be are started again, the others stopped.
    fn resume_sessions(&mut self, work: &mut Work, key: super::records::BearerKey) {
        let Some(mut bearer) = self.bearers.take(key) else { return };
        let again = bearer.record.state == BearerState::Active;
        let served: Vec<&str> =
            self.config.gateways_of(&bearer.record.area).map(|gateway| gateway.host.as_str()).collect();
        for leg in &mut bearer.record.legs {
            if !served.contains(&leg.gateway.as_str()) {
                leg.state = LegState::Stopping;
            }
            let action = if leg.state == LegState::Stopping { Action::Stop } else { Action::Start { again } };
            work.then.jobs.push(Job::of(key, leg, action));
        }
        self.put_or_bury(work, bearer);
    }
}

pub(super) fn read_all<T: DeserializeOwned>(
    rows: Option<Rows>,
    what: &str,
    unreadable: &mut Vec<String>,
) -> Vec<(String, T)> {
    let mut all = Vec::new();
    for (key, value) in rows.unwrap_or_default() {
        match serde_json::from_slice(&value) {
            Ok(value) => all.push((key, value)),
            Err(error) => unreadable.push(format!("{what} {key}: {error}")),
        }
    }
    all
}
