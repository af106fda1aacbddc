//! Ways on which the relay does what it has to do: few tasks of each are in memory at a time, and a way that fails does not
//! hold the others.

use std::time::Duration;

use protocol::Instant;

use super::keys::{delete, of_due_key};
use super::task::{GATEWAY_WAY, SMS_WAY, Task, UPKEEP_WAY, Work, relay_way};
use super::{Job, MmsRelay, MmsRelayConfig};
use crate::node::rows::{number_key, of_row};
use crate::node::{DueScan, NodeStoreOp, Rows, Table};

/// A way.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) name: String,
    pub(super) kind: WayKind,
    /// Over rows of [`Table::MmsDue`].
    pub(super) scan: DueScan,
    /// Tasks in memory.
    pub(super) running: usize,
    /// Nothing begins until then.
    pub(super) paused_until: Option<Instant>,
}

/// What goes on a way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WayKind {
    /// The end of messages.
    Upkeep,
    /// PAP to the gateway.
    Gateway,
    /// SMPP to the SM-SC.
    Sms,
    /// MM4 to another relay, of these settings.
    Relay(usize),
}

/// A task in memory: nobody else takes it meanwhile.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) task: Task,
    /// The way that it is counted on.
    pub(super) way: usize,
    /// Its answer came before it had gone: what became of it.
    pub(super) answer: Option<super::mm4::Answer>,
    /// It is asked for the result of a push, which came before it was known that the push was taken.
    pub(super) result: Option<super::push::PushResult>,
    /// Requests of a push over SMS that are unanswered, and whether all so far were taken.
    pub(super) parts: usize,
    pub(super) is_refused: bool,
}

impl Way {
    fn new(name: &str, kind: WayKind) -> Self {
        Self { name: name.to_owned(), kind, scan: DueScan::below(name), running: 0, paused_until: None }
    }

    pub(super) fn all(config: &MmsRelayConfig) -> Vec<Self> {
        let mut ways = vec![Self::new(UPKEEP_WAY, WayKind::Upkeep)];
        ways.extend(config.gateway.is_some().then(|| Self::new(GATEWAY_WAY, WayKind::Gateway)));
        ways.extend(config.sm_sc.is_some().then(|| Self::new(SMS_WAY, WayKind::Sms)));
        let relays = config.relays.iter().enumerate();
        ways.extend(relays.map(|(n, relay)| Self::new(&relay_way(&relay.name), WayKind::Relay(n))));
        ways
    }
}

impl MmsRelay {
    /// Tasks that may begin on a way now.
    fn room(&self, way: &Way) -> usize {
        let most = match way.kind {
            WayKind::Upkeep => UPKEEP,
            WayKind::Gateway => PUSHES,
            WayKind::Sms => self.sms.room().min(PUSHES),
            WayKind::Relay(n) => self.config.relays.get(n).map_or(0, |relay| relay.connections.max(1)),
        };
        most.saturating_sub(way.running)
    }

    /// Looks for what is due.
    pub(super) fn look(&mut self, now: Instant) {
        if !self.is_ready || self.is_over || self.paused_until.is_some_and(|until| until > now) {
            return;
        }
        self.paused_until = None;
        let now_ms = self.shell.utc_ms(now);
        for number in 0..self.ways.len() {
            let limit = self.room(&self.ways[number]);
            let way = &mut self.ways[number];
            if way.paused_until.is_some_and(|until| until > now) {
                continue;
            }
            way.paused_until = None;
            if limit > 0
                && let Some(op) = way.scan.begin(now_ms, Table::MmsDue, limit)
            {
                self.shell.store(vec![op], Job::Scan(number));
            }
        }
    }

    /// When there may be something to do.
    pub(super) fn next_look(&self) -> Option<Instant> {
        if !self.is_ready || self.is_over {
            return None;
        }
        let idle = self.ways.iter().filter(|way| self.room(way) > 0);
        let due = idle.filter_map(|way| {
            let at = self.shell.instant_of(way.scan.next_ms()?);
            Some(at.max(way.paused_until.unwrap_or(Instant::ZERO)))
        });
        due.min().map(|at| at.max(self.paused_until.unwrap_or(Instant::ZERO)))
    }

    pub(super) fn scanned(&mut self, now: Instant, number: usize, rows: &Rows) {
        let way = &mut self.ways[number];
        let mut found = way.scan.found(self.shell.utc_ms(now), rows, of_due_key);
        found.retain(|(task, _)| !self.running.contains_key(task));
        if found.is_empty() {
            return;
        }
        way.running += found.len();
        let ops = found.iter().map(|(task, _)| NodeStoreOp::get(Table::MmsTask, &number_key(*task))).collect();
        self.shell.store(ops, Job::Tasks { way: number, found });
    }

    pub(super) fn tasks_read(&mut self, now: Instant, way: usize, found: Vec<(u64, String)>, rows: Vec<Rows>) {
        let mut stray = Vec::new();
        for ((number, key), rows) in found.into_iter().zip(rows) {
            let task = rows.first().and_then(|(_, value)| of_row::<Task>(value));
            match task {
                // What has been claimed or was put off meanwhile is somebody else's.
                _ if self.running.contains_key(&number) => self.ways[way].running -= 1,
                Some(task) if task.due_key(number) == key => {
                    self.running.insert(number, Running::new(task, way));
                    self.begin(now, number);
                }
                task => {
                    self.ways[way].running -= 1;
                    if task.is_none() && !rows.is_empty() {
                        self.shell.say(format!("task {number:x} in the store is unreadable and stays undone"));
                    }
                    stray.push(delete(Table::MmsDue, key));
                }
            }
        }
        if !stray.is_empty() {
            self.shell.store(stray, Job::Settle);
        }
    }

    /// Claims a task that something has come for; what becomes of it when it is there.
    pub(super) fn claim(&mut self, number: u64, then: super::Claim) {
        self.shell.store(vec![NodeStoreOp::get(Table::MmsTask, &number_key(number))], Job::Claim(number, then));
    }

    /// A task that was claimed: it is in memory now, unless it is gone or somebody has it.
    pub(super) fn claimed(&mut self, number: u64, rows: &Rows) -> Option<&mut Running> {
        if !self.running.contains_key(&number) {
            let task: Task = rows.first().and_then(|(_, value)| of_row(value))?;
            let way = self.ways.iter().position(|way| way.name == task.way)?;
            self.ways[way].running += 1;
            self.running.insert(number, Running::new(task, way));
        }
        self.running.get_mut(&number)
    }

    /// Begins what is due.
    fn begin(&mut self, now: Instant, number: u64) {
        let Some(running) = self.running.get(&number) else { return };
        match running.task.work.clone() {
            Work::Notify { message, .. } => self.on_message(message, super::Event::Notify(number)),
            Work::Forward { message, .. } => self.on_message(message, super::Event::Forward(number)),
            Work::Tell { msisdn, pdu, .. } => self.tell(now, number, &msisdn, &pdu),
            Work::Write(letter) => self.write_letter(now, number, &letter),
            Work::Expire { message } => self.on_message(message, super::Event::Expire(number)),
            Work::Forget { message } => self.on_message(message, super::Event::Forget(number)),
            Work::SentOn { message, recipient } => {
                self.on_message(message, super::Event::SentOn { task: number, recipient });
            }
            Work::Lost { message, .. } => self.on_message(message, super::Event::Lost(number)),
        }
    }

    /// A new task, in a transaction that is about to be made.
    pub(super) fn add_task(&mut self, ops: &mut Vec<NodeStoreOp>, task: &Task) -> u64 {
        let number = self.new_number();
        self.put_new(ops, number, task);
        number
    }

    /// The same of a task that has a number, and is not in memory.
    pub(super) fn put_new(&mut self, ops: &mut Vec<NodeStoreOp>, number: u64, task: &Task) {
        task.put(ops, number);
        self.woken.push((task.way.clone(), task.due_key(number), task.due_ms));
    }

    /// A task is done: in a transaction that is about to be made, after which it is to be released.
    pub(super) fn end_task(&self, ops: &mut Vec<NodeStoreOp>, number: u64) {
        if let Some(running) = self.running.get(&number) {
            running.task.delete(ops, number);
        }
    }

    /// A task comes again: with what has changed.
    pub(super) fn put_off(&mut self, ops: &mut Vec<NodeStoreOp>, number: u64, changed: Task) {
        if let Some(running) = self.running.get_mut(&number) {
            running.task.delete(ops, number);
            changed.put(ops, number);
            self.woken.push((changed.way.clone(), changed.due_key(number), changed.due_ms));
            running.task = changed;
        }
    }

    /// A task leaves the memory: what is in the store is right.
    pub(super) fn release(&mut self, number: u64) {
        let Some(running) = self.running.remove(&number) else { return };
        self.ways[running.way].running -= 1;
        // What has come meanwhile is for what the task is now.
        if let Some(result) = running.result {
            self.claim(number, super::Claim::Result(result));
        }
        if let Some(answer) = running.answer {
            self.claim(number, super::Claim::Answer(super::mm4::AnswerFor { conn: None, answer }));
        }
    }

    /// What was written is looked for when it is due.
    pub(super) fn wake_all(&mut self, woken: Vec<(String, String, u64)>) {
        for (name, key, due_ms) in woken {
            if let Some(way) = self.ways.iter_mut().find(|way| way.name == name) {
                way.scan.wake(&key, due_ms);
            }
        }
    }
}

impl Running {
    fn new(task: Task, way: usize) -> Self {
        Self { task, way, answer: None, result: None, parts: 0, is_refused: false }
    }
}

/// The pause after so many attempts that failed; the last one is taken for all that follow.
pub(super) fn pause(pauses: &[Duration], failed: u32) -> Duration {
    let at = usize::try_from(failed.saturating_sub(1)).unwrap_or(usize::MAX);
    // A pause of nothing would be a loop.
    pauses.get(at).or_else(|| pauses.last()).map_or(SHORTEST, |pause| (*pause).max(SHORTEST))
}

const SHORTEST: Duration = Duration::from_secs(1);
/// Tasks of one kind at a time.
const UPKEEP: usize = 16;
const PUSHES: usize = 32;
