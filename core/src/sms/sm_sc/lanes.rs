//! The queue: lanes of messages that go one after the other, of which few are in memory at a time.
//!
//! A lane is what comes in order: all for one mobile, or all from one number to one number of an ESME or another SM-SC. Its
//! messages are rows of the store with ascending keys; its first one is on its way before the next is looked at. Lanes are
//! found by when they are due, way by way, from a cursor on: all that is due before the cursor is in memory already.

use std::collections::VecDeque;

use protocol::Instant;
use protocol::smpp::{AlertNotification, Pdu};

use super::SmSc;
use super::admission::{Admission, Step};
use super::keys::{due_key, of_due_key, of_message_key};
use super::message::{Final, LaneState, Message, Party};
use super::outcome::{self, Failure};
use super::routes::Way;
use super::schedule::millis;
use super::{Admitting, Job};
use crate::node::rows::{below, of_row, row};
use crate::node::{DueScan, NodeStoreOp, Rows, Table};

/// Lanes of one way.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) way: Way,
    /// Over rows of [`Table::SmScDue`].
    pub(super) scan: DueScan,
    /// Lanes whose first message may go.
    ready: VecDeque<String>,
    loading: usize,
}

/// A lane that is in memory.
#[derive(Debug)]
pub(super) struct Lane {
    way: usize,
    pub(super) state: LaneState,
    pub(super) head: Option<Head>,
    pub(super) phase: Phase,
    /// There is a message behind the first, or one may have come since it was looked for.
    pub(super) more: bool,
    /// What was read is not right any more.
    pub(super) is_stale: bool,
    /// The subscriber can be reached, as was told while an attempt was under way.
    is_alerted: bool,
    /// Something urgent has come since its first message was looked for.
    pub(super) has_urgent: bool,
}

/// The first message of a lane.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) number: u64,
    pub(super) key: String,
    pub(super) message: Message,
}

/// How far a lane is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// The store is asked for its first message.
    Loading,
    /// The first message is being taken away: it is looked for again afterwards.
    Parked,
    /// The first message may go.
    Ready,
    /// It is on its way.
    InFlight,
    /// It is done, which the store does not know yet.
    Closing,
}

impl Queue {
    pub(super) fn new(name: &str, way: Way) -> Self {
        Self { way, scan: DueScan::below(name), ready: VecDeque::new(), loading: 0 }
    }

    pub(super) fn forget(&mut self, lane: &str) {
        self.ready.retain(|own| own != lane);
    }
}

impl SmSc {
    /// Sends what can go, and looks for more.
    pub(super) fn pump(&mut self, now: Instant) {
        if !self.is_ready || self.paused_until.is_some_and(|until| until > now) {
            return;
        }
        self.paused_until = None;
        let now_ms = self.shell.utc_ms(now);
        for number in 0..self.queues.len() {
            let way = self.queues[number].way;
            while !self.queues[number].ready.is_empty() {
                let Some(conn) = self.links.with_room(way) else { break };
                let Some(lane) = self.queues[number].ready.pop_front() else { break };
                self.send(now, conn, &lane);
            }
            let room = self.links.room(way);
            let queue = &mut self.queues[number];
            let is_wanting = room > 0 && queue.ready.len() + queue.loading <= AHEAD / 2;
            if is_wanting && let Some(op) = queue.scan.begin(now_ms, Table::SmScDue, room.min(AHEAD) + AHEAD) {
                self.shell.store(vec![op], Job::Scan(number));
            }
        }
    }

    /// When there may be something to send.
    pub(super) fn next_due(&self) -> Option<u64> {
        let queues = self.queues.iter().filter(|queue| self.links.room(queue.way) > 0);
        let idle = queues.filter(|queue| queue.ready.len() + queue.loading <= AHEAD / 2);
        idle.filter_map(|queue| queue.scan.next_ms()).min()
    }

    pub(super) fn scanned(&mut self, now: Instant, number: usize, rows: &Rows) {
        let now_ms = self.shell.utc_ms(now);
        let queue = &mut self.queues[number];
        let mut found = queue.scan.found(now_ms, rows, of_due_key);
        found.retain(|(lane, _)| !self.lanes.contains_key(lane));
        queue.loading += found.len();
        for (lane, _) in &found {
            self.lanes.insert(lane.clone(), Lane::loading(number));
        }
        for chunk in found.chunks(LOADED) {
            let ops = chunk
                .iter()
                .flat_map(|(lane, _)| [below(Table::SmScMessage, lane, 2), NodeStoreOp::get(Table::SmScLane, lane)]);
            self.shell.store(ops.collect(), Job::Load(chunk.to_vec()));
        }
    }

    /// The first messages of some lanes, and what is known of these.
    pub(super) fn loaded(&mut self, now: Instant, lanes: Vec<(String, String)>, rows: Vec<Rows>) {
        let now_ms = self.shell.utc_ms(now);
        let mut rows = rows.into_iter();
        for (name, found) in lanes {
            let (messages, state) = (rows.next().unwrap_or_default(), rows.next().unwrap_or_default());
            let state: Option<LaneState> = state.first().and_then(|(_, value)| of_row(value));
            let Some(lane) = self.lanes.get_mut(&name) else { continue };
            self.queues[lane.way].loading -= 1;
            match state {
                Some(state) if state.due_ms > now_ms && due_key(&name, state.due_ms) != found && !lane.more => {
                    // It led here from an earlier time.
                    self.lanes.remove(&name);
                    let op = NodeStoreOp::Delete { table: Table::SmScDue, key: found };
                    self.shell.store(vec![op], Job::Settle);
                }
                Some(state) => {
                    lane.state = state;
                    self.filled(now, &name, messages);
                }
                None => {
                    lane.state = LaneState { due_ms: of_due_key(&found).map_or(0, |(due, _)| due), ..lane.state };
                    self.filled(now, &name, messages);
                }
            }
        }
    }

    /// The first messages of a lane: the first may go.
    pub(super) fn filled(&mut self, now: Instant, name: &str, messages: Rows) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        if lane.is_stale {
            return self.reload(name);
        }
        lane.more |= messages.len() > 1;
        let Some((key, value)) = messages.into_iter().next() else {
            if lane.more {
                return self.reload(name);
            }
            let (state, mut ops) = (lane.state, Vec::new());
            self.lanes.remove(name);
            self.put_lane(&mut ops, name, Some(state), None);
            return self.shell.store(ops, Job::Settle);
        };
        let number = of_message_key(&key).map(|(_, number)| number);
        let (Some(number), Some(message)) = (number, of_row::<Message>(&value)) else {
            self.shell.say(format!("the message {key} in the store is unreadable and is put aside"));
            let aside = NodeStoreOp::Put { table: Table::SmScState, key: format!("unreadable {key}"), value };
            let ops = vec![aside, NodeStoreOp::Delete { table: Table::SmScMessage, key }];
            self.shell.store(ops, Job::Settle);
            return self.reload(name);
        };
        if self.ending.contains(&number) {
            lane.phase = Phase::Parked;
            self.parked.insert(name.to_owned());
            return;
        }
        let is_over = message.expires_ms <= self.shell.utc_ms(now);
        lane.head = Some(Head { number, key, message });
        if is_over {
            lane.phase = Phase::Closing;
            return self.finish_head(now, name, Final::EXPIRED);
        }
        lane.phase = Phase::Ready;
        let way = lane.way;
        self.queues[way].ready.push_back(name.to_owned());
    }

    /// What was to be read of a lane was not.
    pub(super) fn not_loaded(&mut self, name: &str) {
        if let Some(lane) = self.lanes.remove(name) {
            self.queues[lane.way].loading -= 1;
        }
    }

    /// Looks for the first message of a lane once more.
    pub(super) fn reload(&mut self, name: &str) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        lane.begin_reading();
        self.shell.store(vec![below(Table::SmScMessage, name, 2)], Job::Reload(name.to_owned()));
    }

    /// A response has come for a message.
    pub(super) fn answered(&mut self, now: Instant, number: u64, response: &Pdu) {
        let Some(name) = self.in_flight.remove(&number) else { return };
        let way = self.lanes.get(&name).and_then(|lane| self.routes.way(lane.way));
        let outcome = match way {
            Some(Way::Mobile) => outcome::of_gmsc(response),
            Some(Way::SmSc(smsc)) if response.status.is_ok() => {
                return self.forwarded(now, &name, smsc, response);
            }
            _ => outcome::of_status_alone(response.status),
        };
        match outcome {
            Ok(()) => self.finish_head(now, &name, Final::DELIVERED),
            Err(failure) => self.failed(now, &name, failure),
        }
    }

    /// Nobody knows what became of a message.
    pub(super) fn unanswered(&mut self, now: Instant, number: u64) {
        if let Some(name) = self.in_flight.remove(&number) {
            self.failed(now, &name, Failure::UNKNOWN);
        }
    }

    /// The first message of a lane is tried again, or given up.
    pub(super) fn failed(&mut self, now: Instant, name: &str, failure: Failure) {
        let now_ms = self.shell.utc_ms(now);
        let Some(lane) = self.lanes.get_mut(name) else { return };
        let Some(head) = &lane.head else { return };
        lane.phase = Phase::Closing;
        let attempts = if lane.state.cause == Some(failure.cause) { lane.state.attempts.saturating_add(1) } else { 1 };
        let pause = self.config.retry.pause(failure.cause, attempts);
        let is_over = head.message.expires_ms <= now_ms;
        let Some(pause) = pause.filter(|_| !head.message.single_shot && !is_over) else {
            let end = if is_over { Final::EXPIRED } else { failure.given_up() };
            return self.finish_head(now, name, end);
        };
        // Who was told meanwhile that the subscriber is there need not wait, nor does something urgent.
        let pause = if lane.is_alerted || lane.has_urgent { AT_ONCE_MS } else { millis(pause) };
        let state = LaneState { due_ms: now_ms + pause, attempts, cause: Some(failure.cause) };
        self.counters.retries += 1;
        let step = Some(Step::Retry { lane: name.to_owned(), state });
        self.admit(now, Admission { step, ..Admission::default() });
    }

    /// A subscriber can be reached (TS 23.040 clause 3.2.6): what waits for him is due.
    pub(super) fn alerted(&mut self, alert: &AlertNotification) {
        let lane = Party::of(&alert.source).and_then(|party| self.routes.mobile_lane(&party));
        let Some(lane) = lane else { return self.shell.ignore("alert", "no number") };
        self.counters.alerts += 1;
        self.admitting.entry(lane.clone()).or_default().pending += 1;
        self.shell.store(vec![NodeStoreOp::get(Table::SmScLane, &lane)], Job::Alert(lane));
    }

    pub(super) fn alert_read(&mut self, now: Instant, name: &str, rows: &[Rows]) {
        let found = rows.first().and_then(|rows| rows.first()).and_then(|(_, value)| of_row(value));
        let state = self.admitted(name).unwrap_or(found);
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.is_alerted = true;
        } else if let Some(state) = state {
            let due_ms = self.shell.utc_ms(now).min(state.due_ms);
            let mut ops = Vec::new();
            self.put_lane(&mut ops, name, Some(state), Some(LaneState { due_ms, attempts: 0, cause: None }));
            self.shell.store(ops, Job::Settle);
        }
        self.leave_admitting(name);
    }

    /// Writes what is known of a lane, and leads to it from when it is due.
    pub(super) fn put_lane(
        &mut self,
        ops: &mut Vec<NodeStoreOp>,
        name: &str,
        old: Option<LaneState>,
        new: Option<LaneState>,
    ) {
        let (old_key, new_key) =
            (old.map(|state| due_key(name, state.due_ms)), new.map(|state| due_key(name, state.due_ms)));
        if let Some(key) = old_key.filter(|key| Some(key) != new_key.as_ref()) {
            ops.push(NodeStoreOp::Delete { table: Table::SmScDue, key });
        }
        let key = name.to_owned();
        match (new, new_key) {
            (Some(state), Some(due)) => {
                ops.push(NodeStoreOp::Put { table: Table::SmScLane, key, value: row(&state) });
                if let Some(number) = self.routes.of_lane(name) {
                    self.queues[number].scan.wake(&due, state.due_ms);
                }
                ops.push(NodeStoreOp::Put { table: Table::SmScDue, key: due, value: Vec::new() });
            }
            _ => ops.push(NodeStoreOp::Delete { table: Table::SmScLane, key }),
        }
        if let Some(admitting) = self.admitting.get_mut(name) {
            admitting.known = Some(new);
        }
    }

    /// What is known of a lane beyond what was read.
    pub(super) fn admitted(&self, name: &str) -> Option<Option<LaneState>> {
        self.admitting.get(name).and_then(|admitting: &Admitting| admitting.known)
    }

    pub(super) fn leave_admitting(&mut self, name: &str) {
        if let Some(admitting) = self.admitting.get_mut(name) {
            admitting.pending -= 1;
            if admitting.pending == 0 {
                self.admitting.remove(name);
            }
        }
    }
}

impl Lane {
    const fn loading(way: usize) -> Self {
        Self {
            way,
            state: LaneState { due_ms: 0, attempts: 0, cause: None },
            head: None,
            phase: Phase::Loading,
            more: false,
            is_stale: false,
            is_alerted: false,
            has_urgent: false,
        }
    }

    pub(super) const fn way(&self) -> usize {
        self.way
    }

    /// The store is asked for the first message.
    pub(super) fn begin_reading(&mut self) {
        (self.phase, self.head, self.more) = (Phase::Loading, None, false);
        (self.is_stale, self.is_alerted, self.has_urgent) = (false, false, false);
    }

    /// Whether this message, or one that belongs to it, is beyond being changed.
    pub(super) fn is_busy_with(&self, numbers: (u64, u64)) -> bool {
        let is_it = |head: &Head| (numbers.0..=numbers.1).contains(&head.number);
        matches!(self.phase, Phase::InFlight | Phase::Closing) && self.head.as_ref().is_some_and(is_it)
    }
}

/// Lanes that are read ahead of what can be sent now.
const AHEAD: usize = 64;
/// Lanes that are read in one request.
const LOADED: usize = 32;
/// Time between an attempt that an alert, or something urgent, has overtaken, and the next one.
const AT_ONCE_MS: u64 = 1000;
