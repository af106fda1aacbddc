//! The end of messages: their time is over (TS 23.140 clause 7.1.3), and they are forgotten.

use protocol::Instant;
use protocol::mms::MmsStatus;

use super::MmsRelay;
use super::accept::millis;
use super::keys::{delete, piece_key};
use super::message::{Message, State};
use super::task::{Task, UPKEEP_WAY, Work};
use super::work::{Change, Effect, Event};
use crate::node::Table;
use crate::node::rows::number_key;

impl MmsRelay {
    /// The time of a message is over: for those who have not got it, and their senders.
    pub(super) fn expire(&mut self, now: Instant, number: u64, message: Option<Message>, task: u64) -> Change {
        let mut change = Change::release(task);
        self.end_task(&mut change.ops, task);
        let Some(mut message) = message else { return change };
        for at in 0..message.recipients.len() {
            let status = match message.recipients[at].state {
                // It went out, and nobody has said that it is there.
                State::Given => MmsStatus::INDETERMINATE,
                State::Waiting | State::Deferred | State::Leaving => MmsStatus::EXPIRED,
                State::Left | State::Done(_) => continue,
            };
            self.charge_deleted(now, number, &message, at, status);
            self.set_state(&mut change, number, &mut message, at, State::done(status));
            self.report(now, &mut change.ops, number, &mut message, at, status, None);
        }
        self.drop_content(&mut change, number, &mut message);
        change.save(number, &message);
        let due_ms = message.expires_ms.saturating_add(millis(self.config.times.remembered));
        let task = Task::new(Work::Forget { message: number }, UPKEEP_WAY, self.shell.utc_ms(now), due_ms);
        self.add_task(&mut change.ops, &task);
        change
    }

    /// A message is forgotten, once nobody needs its content.
    pub(super) fn forget(&mut self, number: u64, message: Option<Message>, task: u64) -> Change {
        let mut change = Change::release(task);
        let Some(message) = message else {
            self.end_task(&mut change.ops, task);
            return change;
        };
        let Some(mut own) = self.running.get(&task).map(|running| running.task.clone()) else { return change };
        let is_told = own.attempts > 0;
        if !message.holders.is_empty() || message.content_of.is_some() && !is_told {
            own.due_ms += if message.holders.is_empty() {
                MOMENT_MS
            } else {
                millis(self.config.times.remembered).max(MOMENT_MS)
            };
            own.attempts += 1;
            self.put_off(&mut change.ops, task, own);
            // The message that has the content may not have heard it: a kill came between.
            let root = message.content_of.map(|root| Effect::Tell(root, Box::new(Event::Unshare(number))));
            change.then.extend(root);
            return change;
        }
        self.end_task(&mut change.ops, task);
        if message.has_content && message.content_of.is_none() {
            let pieces = 0..message.pieces;
            change.ops.extend(pieces.map(|piece| delete(Table::MmsContent, piece_key(number, piece))));
            change.then.push(Effect::Freed(number, message.octets));
        }
        change.ops.push(delete(Table::MmsMessage, number_key(number)));
        change.ops.extend(message.origin_keys.into_iter().map(|key| delete(Table::MmsOrigin, key)));
        change
    }
}

/// How long what is told to another message may take.
const MOMENT_MS: u64 = 10_000;
