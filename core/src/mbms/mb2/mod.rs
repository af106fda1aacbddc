//! MB2-C at a server (TS 29.468; an IMS AS, an MC service server): its TMGIs and bearers, from the first request to the last,
//! and what a BM-SC tells of them.
//!
//! Before anything is asked for, the store knows that it will be. A server that was killed has lost its sessions: it gives back
//! all that it has at the BM-SC before it asks for anything new, if the store knows of anything. Its Restart-Counter, in each
//! message, says so as well (TS 23.007 clause 29).

mod answers;
mod assign;
mod bearer;
mod config;
mod requests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use protocol::diameter::dictionary::{APP_MB2C, GCS_NOTIFICATION};
use protocol::diameter::mb2c::{GcsActionRequest, GcsNotificationAnswer, GcsNotificationRequest};
use protocol::diameter::{
    DiameterEndpoint, DiameterInput, DiameterOutput, DiameterProblem, DisconnectCause, Message, Outcome, RequestHandle,
    ResultCode, problem_answer, result,
};
use protocol::{Entropy, Instant};
use serde::{Deserialize, Serialize};

use self::assign::Assigner;
use self::bearer::{Bearer, Step};
use crate::node::{NodeNote, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Rows, Table};
use crate::store::StoreToken;

pub use self::config::{Mb2Allocation, Mb2Config};

pub(crate) use self::bearer::{BearerPlace, Demand};
pub(crate) use self::requests::mode_of;

/// What has become of a bearer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum BearerEvent {
    /// It is there, or in other service areas than before.
    Up(u64),
    /// It is not there, or no longer. What it had is given back.
    Lost(u64),
}

/// Whom the store answers.
#[derive(Debug)]
enum Stored {
    Loaded,
    Counter,
    Bearer(u64, Step),
    Cleaned,
}

/// What a request was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    /// The step that a bearer is in.
    Step(u64, Step),
    /// More time for its TMGI.
    Refresh(u64),
    Cleaning,
    Heartbeat,
}

/// What it is doing.
#[derive(Debug)]
enum Phase {
    /// What was stored is being read.
    Loading,
    /// What sessions had before the restart is being given back.
    Cleaning {
        keys: Vec<String>,
        again_at: Option<Instant>,
    },
    Ready,
    /// The store does not work: nothing is asked for.
    Dead,
}

/// What the store knows of a bearer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BearerRecord {
    pub(crate) group: String,
    pub(crate) tmgi: Option<protocol::Tmgi>,
    pub(crate) flow: Option<u16>,
}

/// The side of MB2 that is at the server.
#[derive(Debug)]
pub(crate) struct Mb2Client {
    config: Mb2Config,
    endpoint: DiameterEndpoint,
    phase: Phase,
    /// How often this AS has started.
    counter: u32,
    /// Restart-Counter of the BM-SC, when it is known.
    bmsc_counter: Option<u32>,
    heartbeat_at: Option<Instant>,
    bearers: BTreeMap<u64, Bearer>,
    assigner: Assigner,
    asked: BTreeMap<u64, Asked>,
    stores: BTreeMap<u64, Stored>,
    /// The last number of a bearer, a request, or a change of the store.
    next: u64,
    events: VecDeque<BearerEvent>,
    out: VecDeque<NodeOutput>,
}

impl Mb2Client {
    /// One that first reads what it knew.
    pub(crate) fn new(mut config: Mb2Config, entropy: Entropy) -> Self {
        config.diameter.applications = vec![APP_MB2C];
        let mut mb2 = Self {
            endpoint: DiameterEndpoint::new(config.diameter.clone(), entropy),
            assigner: Assigner::new(&config.allocation),
            config,
            phase: Phase::Loading,
            counter: 0,
            bmsc_counter: None,
            heartbeat_at: None,
            bearers: BTreeMap::new(),
            asked: BTreeMap::new(),
            stores: BTreeMap::new(),
            next: 0,
            events: VecDeque::new(),
            out: VecDeque::new(),
        };
        let tables = [Table::Mb2Bearer, Table::Mb2State];
        mb2.store(tables.map(|table| NodeStoreOp::Scan { table }).to_vec(), Stored::Loaded);
        mb2
    }

    /// Wants a bearer; events tell what becomes of it.
    pub(crate) fn start(&mut self, now: Instant, demand: Demand) -> u64 {
        self.next += 1;
        let id = self.next;
        if matches!(self.phase, Phase::Dead) {
            self.events.push_back(BearerEvent::Lost(id));
            return id;
        }
        self.bearers.insert(id, Bearer::new(demand));
        self.run(now, id);
        self.drain(now);
        id
    }

    /// Wants it in these service areas.
    pub(crate) fn change(&mut self, now: Instant, id: u64, areas: &BTreeSet<u16>) {
        if let Some(bearer) = self.bearers.get_mut(&id).filter(|bearer| bearer.demand.areas != *areas) {
            bearer.demand.areas.clone_from(areas);
            self.run(now, id);
            self.drain(now);
        }
    }

    /// Wants it no longer.
    pub(crate) fn stop(&mut self, now: Instant, id: u64) {
        let Some(bearer) = self.bearers.get_mut(&id) else { return };
        bearer.is_wanted = false;
        // Nobody knows of it, not even the store.
        if bearer.step == Step::Record && !bearer.is_busy {
            self.bearers.remove(&id);
        }
        self.run(now, id);
        self.drain(now);
    }

    /// Where a bearer is, when it is there.
    pub(crate) fn place(&self, id: u64) -> Option<&BearerPlace> {
        self.bearers.get(&id)?.place()
    }

    /// Where MB2-U comes from.
    pub(crate) const fn local(&self) -> SocketAddr {
        self.config.local
    }

    /// Bearers that are there, asked for, or being given back.
    pub(crate) fn len(&self) -> usize {
        self.bearers.len()
    }

    pub(crate) fn diameter(&mut self, now: Instant, input: DiameterInput<'_>) {
        self.endpoint.handle_input(now, input);
        self.drain(now);
    }

    pub(crate) fn stored(&mut self, now: Instant, answer: NodeStoreAnswer) {
        match (self.stores.remove(&answer.token.0), answer.result) {
            (Some(Stored::Loaded), Ok(tables)) => self.load(tables),
            (Some(Stored::Counter), Ok(_)) => self.begin(now),
            (Some(Stored::Loaded | Stored::Counter), Err(error)) => {
                self.phase = Phase::Dead;
                let all = std::mem::take(&mut self.bearers);
                self.events.extend(all.into_keys().map(BearerEvent::Lost));
                self.say(format!("what was stored cannot be read, there are no bearers: {error}"));
            }
            (Some(Stored::Bearer(id, step)), result) => {
                if let Err(error) = &result {
                    self.say(format!("a bearer is not durable: {error}"));
                }
                self.recorded(now, id, step, result.is_ok());
            }
            (Some(Stored::Cleaned), _) => {
                self.phase = Phase::Ready;
                self.run_all(now);
            }
            (None, _) => {}
        }
        self.drain(now);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Loading | Phase::Dead) {
            return;
        }
        if self.endpoint.poll_timeout().is_some_and(|at| at <= now) {
            self.endpoint.handle_timeout(now);
        }
        if let Phase::Cleaning { again_at, .. } = &mut self.phase
            && again_at.take_if(|at| *at <= now).is_some()
        {
            self.clean(now);
        }
        self.run_all(now);
        self.refresh(now);
        if self.heartbeat_at.is_some_and(|at| at <= now) {
            self.heartbeat_at = self.config.heartbeat.map(|interval| now + interval);
            let request = GcsActionRequest::default();
            self.ask(now, Asked::Heartbeat, request, false);
        }
        self.drain(now);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let cleaning = match &self.phase {
            Phase::Loading | Phase::Dead => return None,
            Phase::Cleaning { again_at, .. } => *again_at,
            Phase::Ready => None,
        };
        let bearers = self.bearers.values().filter_map(Bearer::due);
        let own = [self.endpoint.poll_timeout(), cleaning, self.heartbeat_at];
        own.into_iter().flatten().chain(bearers).min()
    }

    pub(crate) fn poll_event(&mut self) -> Option<BearerEvent> {
        self.events.pop_front()
    }

    pub(crate) fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }

    pub(crate) fn disconnect(&mut self, now: Instant) {
        self.endpoint.disconnect(now, DisconnectCause::Rebooting);
        self.drain(now);
    }

    fn load(&mut self, tables: Vec<Rows>) {
        let mut tables = tables.into_iter();
        let keys = tables.next().unwrap_or_default().into_iter().map(|(key, _)| key).collect();
        let state: BTreeMap<_, _> = tables.next().unwrap_or_default().into_iter().collect();
        let before: u32 =
            state.get(OWN_COUNTER).and_then(|value| serde_json::from_slice(value).ok()).unwrap_or_default();
        self.counter = before.saturating_add(1);
        self.endpoint.set_origin_state(self.counter);
        self.phase = Phase::Cleaning { keys, again_at: None };
        let value = self.counter.to_string().into_bytes();
        let put = NodeStoreOp::Put { table: Table::Mb2State, key: OWN_COUNTER.to_owned(), value };
        self.store(vec![put], Stored::Counter);
    }

    fn begin(&mut self, now: Instant) {
        self.heartbeat_at = self.config.heartbeat.map(|interval| now + interval);
        match &self.phase {
            Phase::Cleaning { keys, .. } if !keys.is_empty() => {
                self.say(format!("{} bearers of sessions before the restart are given back", keys.len()));
                self.clean(now);
            }
            _ => {
                self.phase = Phase::Ready;
                self.run_all(now);
            }
        }
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(transport) => self.out.push_back(NodeOutput::Diameter(transport)),
                DiameterOutput::Request { handle, message } => self.on_request(now, handle, &message),
                DiameterOutput::Answer { token, result } => {
                    if let Some(asked) = self.asked.remove(&token) {
                        self.answered(now, asked, result);
                    }
                }
                DiameterOutput::PeerUp { host } => self.say(format!("Diameter peer {host} is up")),
                DiameterOutput::PeerDown { host } => self.say(format!("Diameter peer {host} is down")),
                DiameterOutput::Ignored { state, event } => {
                    self.out.push_back(NodeOutput::Note(NodeNote::Ignored { state, event }));
                }
            }
        }
    }

    /// GNR (TS 29.468 clause 6.6.4).
    fn on_request(&mut self, now: Instant, handle: RequestHandle, message: &Message) {
        let read = match message.command {
            GCS_NOTIFICATION => GcsNotificationRequest::from_message(message),
            _ => Err(DiameterProblem::new(result::COMMAND_UNSUPPORTED, "this is a GCS AS: send GNR")),
        };
        let (host, realm) = self.endpoint.origin();
        let answer = match &read {
            Ok(_) => {
                let (origin_host, origin_realm) = (host.to_owned(), realm.to_owned());
                let outcome = Outcome { origin_host, origin_realm, result: ResultCode::SUCCESS };
                GcsNotificationAnswer { outcome, restart_counter: Some(self.counter) }.to_message(message)
            }
            Err(problem) => problem_answer(message, host, realm, problem),
        };
        self.endpoint.send_answer(now, handle, answer);
        match read {
            Ok(gnr) if gnr.routing.origin_host.eq_ignore_ascii_case(&self.config.bmsc) => self.notified(now, &gnr),
            Ok(gnr) => {
                self.say(format!("{} is not the BM-SC: what it says of bearers is ignored", gnr.routing.origin_host))
            }
            Err(problem) => self.say(format!("{} is refused: {problem}", message.name())),
        }
    }

    fn store(&mut self, ops: Vec<NodeStoreOp>, stored: Stored) {
        self.next += 1;
        self.stores.insert(self.next, stored);
        self.out.push_back(NodeOutput::Store(NodeStoreRequest { token: StoreToken(self.next), ops }));
    }

    fn say(&mut self, text: impl Into<String>) {
        self.out.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }
}

/// Key of the own Restart-Counter.
const OWN_COUNTER: &str = "restart-counter";

#[cfg(test)]
mod tests;
