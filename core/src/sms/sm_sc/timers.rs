//! What happens to messages in their time without an attempt: they expire, they may go, they are forgotten.

use protocol::Instant;

use super::admission::{Add, Admission};
use super::keys::{of_timer_key, origin_key, timer_key};
use super::lookup::{Found, Then};
use super::message::{Entry, Final};
use super::schedule::millis;
use super::{Job, SmSc};
use crate::node::rows::number_key;
use crate::node::{DueScan, NodeStoreOp, Rows, Table};

/// Over rows of [`Table::SmScTimer`].
pub(super) fn scan() -> DueScan {
    // Behind all hexadecimal digits.
    DueScan::new(String::new(), "g".to_owned())
}

impl SmSc {
    pub(super) fn look_at_timers(&mut self, now: Instant) {
        let now_ms = self.shell.utc_ms(now);
        let is_paused = self.paused_until.is_some_and(|until| until > now);
        if is_paused || !self.is_ready {
            return;
        }
        if let Some(op) = self.timers.begin(now_ms, Table::SmScTimer, LIMIT) {
            self.shell.store(vec![op], Job::Timers);
        }
    }

    pub(super) fn timers_read(&mut self, now: Instant, rows: &Rows) {
        let due = self.timers.found(self.shell.utc_ms(now), rows, of_timer_key);
        if !due.is_empty() {
            self.look_up(due.iter().map(|(number, _)| *number).collect(), Then::Timer { rows: due });
        }
    }

    pub(super) fn timers_looked_up(&mut self, now: Instant, rows: Vec<(u64, String)>, found: Vec<Found>) {
        let now_ms = self.shell.utc_ms(now);
        let delete = |key: String| NodeStoreOp::Delete { table: Table::SmScTimer, key };
        // What the end of another part has taken with it is not found again.
        let mut gone: Vec<(u64, u64)> = Vec::new();
        let mut ops: Vec<NodeStoreOp> = Vec::new();
        for (number, row) in rows {
            let Some(found) = found.iter().find(|found| found.number == number).cloned() else {
                ops.push(delete(row));
                continue;
            };
            if gone.iter().any(|(first, last)| (*first..=*last).contains(&number)) {
                continue;
            }
            if self.is_free((number, number)).is_err() {
                // It is looked at again when it is known what became of it.
                self.timers.wake(&row, now_ms);
                continue;
            }
            // What goes on takes its row with it, in the same transaction.
            match (found.entry, found.message) {
                (Entry::Held { .. }, Some((key, message))) if message.expires_ms <= now_ms => {
                    gone.push(message.parts.unwrap_or((number, number)));
                    // What is on its way ends with its attempt.
                    let _ = self.finish_held(now, number, &key, &message, Final::EXPIRED, None, Vec::new());
                }
                (Entry::Scheduled { message, .. }, _) if message.expires_ms <= now_ms => {
                    gone.push(message.parts.unwrap_or((number, number)));
                    let _ = self.finish_elsewhere(now, number, &message, Final::EXPIRED, vec![delete(row)], None);
                }
                (Entry::Scheduled { at_ms, message }, _) if at_ms <= now_ms => {
                    let Some(lane) = self.routes.lane(&message.source, &message.destination) else { continue };
                    let add = Add { number: Some(number), lane, message: *message, not_before_ms: None, group: 0 };
                    let (ops, ends) = (vec![delete(row)], vec![(number, number)]);
                    self.admit(now, Admission { adds: vec![add], ops, ends, ..Admission::default() });
                }
                (Entry::Forwarded { message, row: forwarded }, _) if message.expires_ms <= now_ms => {
                    let op = NodeStoreOp::Delete { table: Table::SmScForwarded, key: forwarded };
                    let _ = self.finish_elsewhere(now, number, &message, Final::FORWARDED, vec![op], None);
                }
                (Entry::Done(done), _) => {
                    let until_ms = done.done_ms + millis(self.config.limits.remembered);
                    if until_ms > now_ms {
                        // This row is of the time when it was held.
                        let (table, key) = (Table::SmScTimer, timer_key(until_ms, number));
                        self.timers.wake(&key, until_ms);
                        ops.push(NodeStoreOp::Put { table, key, value: Vec::new() });
                    } else {
                        ops.push(NodeStoreOp::Delete { table: Table::SmScNumber, key: number_key(number) });
                        let origin = done.origin.map(|origin| origin_key(&origin, false, number));
                        ops.extend(origin.map(|key| NodeStoreOp::Delete { table: Table::SmScOrigin, key }));
                    }
                    ops.push(delete(row));
                }
                // It was changed since.
                _ => ops.push(delete(row)),
            }
        }
        if !ops.is_empty() {
            self.shell.store(ops, Job::Settle);
        }
    }
}

/// Rows that are read at a time.
const LIMIT: usize = 64;
