//! SM-SC: store and forward of short messages (TS 23.040 clause 3; TR 23.804 clauses 8.3 to 8.6).
//!
//! What was acknowledged is durable: responses wait for the commit of the process's store, whose `synchronous = FULL` lets a
//! commit survive a kill of the process and a loss of power. The queue is in the store and only a window of it in memory, so
//! that memory does not grow with it. What is cut off goes out again with the same TP-SCTS, by which a UE knows it.
//!
//! - Order: messages for one mobile go one after the other, in the order in which they came; those with priority_flag 1 and
//!   more before the others. What one has sent to a number of an ESME or of another SM-SC comes in order, too.
//! - Attempts: the cause of a failure decides when the next one is ([`RetrySchedule`]); an alert of the network makes it due at
//!   once; a permanent cause, a single shot and the end of the validity period end it.
//! - Message waiting (TR 23.804 clause 8.5 step 8) is asked for when the message will be tried again.
//! - Repetitions: an SMS-SUBMIT with TP-RD that says the same as one that is held, of the same originator and destination and
//!   with the same TP-MR, is refused with TP-FCS 0xC5 (TS 23.040 clause 9.2.3.25 does not look at what it says, and a UE that
//!   uses a TP-MR again would lose a message); the same SMS-SUBMIT again, within some minutes and without TP-RD, is answered as
//!   before and not stored.
//! - A message for nobody (no number, no way there) is refused with TP-FCS 0xC3, or ESME_RINVDSTADR.

mod access;
mod admission;
mod census;
mod command;
mod config;
mod enquiry;
mod finish;
mod keys;
mod lanes;
mod links;
mod lookup;
mod message;
mod mobile;
mod numbers;
mod outcome;
mod routes;
mod schedule;
mod send;
mod stamp;
mod submit;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use protocol::{Entropy, Instant};

use self::access::Rates;
use self::admission::{Admission, Written};
use self::census::Census;
use self::lanes::{Lane, Queue};
use self::links::Links;
use self::lookup::{Lookup, Then};
use self::message::LaneState;
use self::numbers::Numbers;
use self::routes::Routes;
use self::stamp::Stamps;
use crate::node::rows::part;
use crate::node::{Admin, DueScan, Node, NodeInput, NodeOutput, NodeShell, NodeStoreAnswer, NodeStoreOp, Rows, Table};
use crate::sms::binding::Binding;
use crate::store::StoreError;
pub use config::{EsmeAccount, Numbering, OtherSmSc, SmScConfig, SmScLimits, SmppPeer};
pub use schedule::{Cause, RetrySchedule, Validity};

/// An SM-SC.
#[derive(Debug)]
pub struct SmSc {
    config: SmScConfig,
    routes: Routes,
    binding: Binding,
    rates: Rates,
    entropy: Entropy,
    shell: NodeShell<Job>,
    links: Links,
    queues: Vec<Queue>,
    /// Lanes in memory.
    lanes: BTreeMap<String, Lane>,
    /// Messages on their way, and their lanes.
    in_flight: BTreeMap<u64, String>,
    /// Lanes that messages are about to enter.
    admitting: BTreeMap<String, Admitting>,
    /// Messages of mobiles that are about to enter, and repetitions that wait until they have.
    origins: BTreeMap<String, VecDeque<Admission>>,
    /// Messages that are about to end, or to leave where they are, which the store has not written yet.
    ending: BTreeSet<u64>,
    /// Lanes whose first messages are among them.
    parked: BTreeSet<String>,
    numbers: Numbers,
    timers: DueScan,
    census: Census,
    stamps: Stamps,
    counters: Counters,
    /// What was given out before has been read; nobody binds before.
    is_ready: bool,
    /// The store does not write: nothing goes until then.
    paused_until: Option<Instant>,
}

/// A lane that messages are about to enter, or that is about to be due.
#[derive(Debug, Default)]
struct Admitting {
    pending: usize,
    /// What was written of it since it was read: none, nothing; else what it is, or that it is gone.
    known: Option<Option<LaneState>>,
}

/// What is counted since the start.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    accepted: u64,
    /// Of what mobiles have sent, what came over IP.
    over_ip: u64,
    refused: u64,
    duplicates: u64,
    attempts: u64,
    retries: u64,
    delivered: u64,
    failed: u64,
    expired: u64,
    deleted: u64,
    alerts: u64,
}

/// What waits for the store.
#[derive(Debug)]
enum Job {
    /// What was given out by an earlier run.
    Start,
    Census,
    /// Lanes of a queue that are due.
    Scan(usize),
    /// Lanes, and the rows that led there.
    Load(Vec<(String, String)>),
    Reload(String),
    /// What a transaction depends on.
    Check(Box<Admission>),
    Write(Box<Written>),
    Alert(String),
    Timers,
    Origins(Box<Then>),
    Forwarded(Box<Then>),
    Entries(Box<Lookup>),
    Messages(Box<Lookup>),
    /// Nobody waits.
    Settle,
}

impl SmSc {
    /// An SM-SC.
    ///
    /// # Errors
    /// A name or a password is too long for SMPP, or two have the same name.
    pub fn new(config: SmScConfig, mut entropy: Entropy) -> Result<Self, String> {
        config::check(&config)?;
        let routes = Routes::new(&config);
        let queues = routes.ways().map(|(name, way)| Queue::new(name, way)).collect();
        let mut shell = NodeShell::new(config.utc_ms_at_zero);
        shell.store(vec![NodeStoreOp::get(Table::SmScState, numbers::KEY)], Job::Start);
        let binding = Binding::new(entropy.split());
        let links = Links::new(&config);
        let (lanes, in_flight, admitting, origins) = Default::default();
        let (ending, parked) = Default::default();
        let (numbers, census, stamps, counters) = Default::default();
        Ok(Self {
            config,
            routes,
            binding,
            rates: Rates::default(),
            entropy,
            shell,
            links,
            queues,
            lanes,
            in_flight,
            admitting,
            origins,
            ending,
            parked,
            numbers,
            timers: timers::scan(),
            census,
            stamps,
            counters,
            is_ready: false,
            paused_until: None,
        })
    }

    /// Messages that the memory holds, whatever the store holds: for those who watch that it does not grow.
    #[must_use]
    pub fn in_memory(&self) -> usize {
        self.lanes.len() + self.admitting.len() + self.origins.len() + self.ending.len()
    }

    fn store_answered(&mut self, now: Instant, answer: NodeStoreAnswer) {
        let Some((job, result)) = self.shell.take_answer(answer) else { return };
        match (job, result) {
            (Job::Write(written), result) => self.written(now, *written, result),
            (Job::Check(admission), result) => self.checked(now, *admission, result),
            (job, Ok(rows)) => self.read(now, job, rows),
            (job, Err(error)) => self.not_read(now, job, &error),
        }
    }

    fn read(&mut self, now: Instant, job: Job, mut rows: Vec<Rows>) {
        let first = if rows.is_empty() { Rows::new() } else { std::mem::take(&mut rows[0]) };
        match job {
            Job::Start => self.started(now, &first),
            Job::Census => self.counted(&first),
            Job::Scan(queue) => self.scanned(now, queue, &first),
            Job::Reload(lane) => self.filled(now, &lane, first),
            Job::Alert(lane) => self.alert_read(now, &lane, &[first]),
            Job::Timers => self.timers_read(now, &first),
            Job::Origins(then) => self.origins_read(&[first], *then),
            Job::Forwarded(then) => self.forwarded_read(&[first], *then),
            Job::Load(lanes) => {
                rows[0] = first;
                self.loaded(now, lanes, rows);
            }
            Job::Entries(lookup) => {
                if let Some(own) = rows.first_mut() {
                    *own = first;
                }
                self.entries_read(now, *lookup, &rows);
            }
            Job::Messages(lookup) => {
                rows[0] = first;
                self.messages_read(now, *lookup, rows);
            }
            Job::Check(_) | Job::Write(_) | Job::Settle => {}
        }
    }

    fn not_read(&mut self, now: Instant, job: Job, error: &StoreError) {
        self.store_failed(now, error);
        match job {
            // Without it a number could be given out twice.
            Job::Start => self.shell.store(vec![NodeStoreOp::get(Table::SmScState, numbers::KEY)], Job::Start),
            Job::Scan(queue) => self.queues[queue].scan.failed(),
            Job::Load(lanes) => lanes.iter().for_each(|(lane, _)| self.not_loaded(lane)),
            Job::Reload(lane) => drop(self.lanes.remove(&lane)),
            Job::Alert(lane) => self.leave_admitting(&lane),
            Job::Timers => self.timers.failed(),
            Job::Origins(then) | Job::Forwarded(then) => self.lookup_failed(*then),
            Job::Entries(lookup) | Job::Messages(lookup) => self.lookup_failed(lookup.then),
            Job::Census | Job::Check(_) | Job::Write(_) | Job::Settle => {}
        }
    }

    /// The store has told which numbers were given out: sessions may be opened.
    fn started(&mut self, now: Instant, rows: &Rows) {
        self.numbers = Numbers::after(rows.first().map(|(_, value)| value.as_slice()));
        self.is_ready = true;
        self.begin_census();
        self.timers.rewind();
        self.links.open_all(now);
    }

    fn drain(&mut self, now: Instant) {
        self.flush(now);
        self.pump(now);
        self.look_at_timers(now);
        self.flush(now);
    }
}

impl Node for SmSc {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Stream(input) => self.take_stream(now, input),
            NodeInput::Store(answer) => self.store_answered(now, answer),
            NodeInput::Admin(Admin::Shutdown) => self.links.unbind_all(now),
            // What it holds may be a secret.
            _ => self.shell.ignore("SM-SC", "an input that is neither a stream nor of the store"),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.links_timeout(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let work = self.next_due().into_iter().chain(self.timers.next_ms()).min().filter(|_| self.is_ready);
        let work = work.map(|ms| self.shell.instant_of(ms).max(self.paused_until.unwrap_or(Instant::ZERO)));
        [self.links.poll_timeout(), work].into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.shell.poll_output()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let Counters {
            accepted,
            over_ip,
            refused,
            duplicates,
            attempts,
            retries,
            delivered,
            failed,
            expired,
            deleted,
            alerts,
        } = self.counters;
        vec![
            ("sm_sc_messages_held", self.census.total()),
            ("sm_sc_messages_in_memory", self.in_memory() as u64),
            ("sm_sc_sessions_bound", self.links.bound() as u64),
            ("sm_sc_messages_accepted", accepted),
            ("sm_sc_messages_over_ip", over_ip),
            ("sm_sc_messages_refused", refused),
            ("sm_sc_messages_repeated", duplicates),
            ("sm_sc_attempts", attempts),
            ("sm_sc_attempts_again", retries),
            ("sm_sc_messages_delivered", delivered),
            ("sm_sc_messages_failed", failed),
            ("sm_sc_messages_expired", expired),
            ("sm_sc_messages_deleted", deleted),
            ("sm_sc_alerts", alerts),
        ]
    }
}

/// The row of a message that another SM-SC has named.
fn forwarded_key(smsc: &str, id: &str) -> String {
    format!("{}/{}", part(smsc), part(id))
}

/// How long nothing goes when the store has failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);
