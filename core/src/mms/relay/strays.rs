//! Tasks on ways that the settings do not have any more, looked for once, at the start: pushes go another way, and what was
//! for another relay ends.

use protocol::Instant;
use protocol::mms::MmsStatus;

use super::keys::{delete, of_due_key};
use super::message::{Message, State};
use super::mm4_forward::Loss;
use super::task::{Task, UPKEEP_WAY, Work};
use super::work::{Change, Written};
use super::{Job, MmsRelay};
use crate::node::rows::{behind, number_key, of_row};
use crate::node::{NodeStoreOp, Rows, Table};

impl MmsRelay {
    /// Looks at the first task from a key on.
    pub(super) fn seek_strays(&mut self, from: String) {
        let op = NodeStoreOp::Range { table: Table::MmsDue, from, below: END.to_owned(), limit: 1 };
        self.shell.store(vec![op], Job::Stray);
    }

    /// Tasks of a way that is there are passed over, all at once.
    pub(super) fn stray_found(&mut self, rows: &Rows) {
        let Some((key, _)) = rows.first() else { return };
        let way = key.split('/').next().unwrap_or_default();
        match of_due_key(key) {
            _ if self.ways.iter().any(|own| own.name == way) => self.seek_strays(behind(way)),
            Some((_, number)) => {
                let op = NodeStoreOp::get(Table::MmsTask, &number_key(number));
                self.shell.store(vec![op], Job::StrayTask(number, key.clone()));
            }
            None => self.seek_strays(format!("{key}\0")),
        }
    }

    pub(super) fn stray_read(&mut self, now: Instant, number: u64, key: &str, rows: &Rows) {
        let task = rows.first().and_then(|(_, value)| of_row::<Task>(value));
        let mut ops = Vec::new();
        match task.filter(|task| task.due_key(number) == key) {
            Some(task) => self.settle_stray(now, &mut ops, number, task),
            None => ops.push(delete(Table::MmsDue, key.to_owned())),
        }
        self.write(ops, Written::default());
        self.seek_strays(format!("{key}\0"));
    }

    fn settle_stray(&mut self, now: Instant, ops: &mut Vec<NodeStoreOp>, number: u64, mut task: Task) {
        let now_ms = self.shell.utc_ms(now);
        task.delete(ops, number);
        let way = match &mut task.work {
            Work::Notify { msisdn, .. } => self.first_push(msisdn),
            Work::Tell { msisdn, then, .. } => {
                let way = self.first_push(msisdn);
                if let (None, Some(letter)) = (way, then.take()) {
                    self.add_letter(ops, now_ms, letter);
                }
                way
            }
            Work::Forward { message, recipients } => {
                task.work = Work::Lost { message: *message, recipients: std::mem::take(recipients) };
                Some(UPKEEP_WAY)
            }
            Work::Write(_) => None,
            Work::Expire { .. } | Work::Forget { .. } | Work::SentOn { .. } | Work::Lost { .. } => Some(UPKEEP_WAY),
        };
        let Some(way) = way else {
            return self.shell.say(format!("task {number:x} is over: the settings have no {} any more", task.way));
        };
        self.shell.say(format!("task {number:x} goes by {way}: the settings have no {} any more", task.way));
        task.due_ms = task.due_ms.max(now_ms);
        (task.way, task.is_with_other) = (way.to_owned(), false);
        self.put_new(ops, number, &task);
    }

    /// Nobody takes a message to where these recipients are.
    pub(super) fn lost(&mut self, now: Instant, number: u64, message: Option<Message>, task: u64) -> Change {
        let mut change = Change::release(task);
        self.end_task(&mut change.ops, task);
        let work = self.running.get(&task).map(|running| running.task.work.clone());
        let (Some(mut message), Some(Work::Lost { recipients, .. })) = (message, work) else { return change };
        for at in recipients {
            if message.recipients.get(at).is_some_and(|recipient| recipient.state == State::Leaving) {
                let loss = Loss { status: MmsStatus::UNREACHABLE, text: NO_RELAY };
                self.lose(now, &mut change, number, &mut message, at, loss);
            }
        }
        self.drop_content(&mut change, number, &mut message);
        change.save(number, &message);
        change
    }
}

/// Behind all ways.
const END: &str = "~";
const NO_RELAY: &str = "the other relay is not known any more";
