//! What happens to messages, one thing after the other, and what is done once it is durable.

use std::collections::VecDeque;

use http::{Response, StatusCode};
use protocol::Instant;
use protocol::mms::MmsStatus;
use protocol::smtp::SmtpReply;

use super::accept::Draft;
use super::keys::{delete, piece_key, put};
use super::message::{Destination, Message, State};
use super::mm1::refusal;
use super::mm4::{Answer, AnswerFor};
use super::mm4_report::PeerReport;
use super::push::PushResult;
use super::retrieve::{Acknowledged, Giving};
use super::{Job, MmsRelay, mm4_forward};
use crate::node::rows::{number_key, of_row};
use crate::node::{HttpExchange, NodeOutput, NodeStoreOp, Rows, StreamId, Table};
use crate::store::StoreError;

/// Something that happens to a message.
#[derive(Debug)]
pub(super) enum Event {
    /// Its recipient asks for it.
    Retrieve(Box<Giving>),
    /// Its recipient has it, does not want it, or fetches it later.
    Acknowledged(Box<Acknowledged>),
    /// Its recipient has read it.
    Read(Box<super::report::ReadBy>),
    /// Its recipient sends it on.
    SendOn(Box<super::forward::Wanted>),
    /// It shares its content with a new one.
    Share(Box<Draft>),
    /// A message that shared its content does not need it any more.
    Unshare(u64),
    /// A task: it was sent on by a recipient, and its sender is told.
    SentOn { task: u64, recipient: usize },
    /// A task: it was to go to a relay that the settings do not have any more.
    Lost(u64),
    /// A task: its recipient is to be told.
    Notify(u64),
    /// A task: it is to go to another relay.
    Forward(u64),
    /// What became of that.
    Forwarded(u64, Vec<mm4_forward::Sent>),
    /// The other relay has answered.
    Answered(u64, Answer),
    /// Another relay reports.
    Reported(Box<PeerReport>),
    /// A task: its time is over.
    Expire(u64),
    /// A task: it is forgotten.
    Forget(u64),
}

/// What comes of it.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) ops: Vec<NodeStoreOp>,
    pub(super) then: Vec<Effect>,
    /// Tasks that leave the memory.
    pub(super) release: Vec<u64>,
}

/// What is done once something is durable.
#[derive(Debug)]
pub(super) enum Effect {
    /// An HTTP client is answered.
    Answer(HttpExchange, Box<Response<Vec<u8>>>),
    /// A mail is taken, or not.
    Mail(StreamId, Option<SmtpReply>),
    /// A message is given out: its content is what was read last.
    Give(Box<Giving>),
    /// Something happens to another message.
    Tell(u64, Box<Event>),
    /// The content of this message is gone.
    Freed(u64, u64),
    /// This message does not wait for this subscriber any more.
    Left(u64, String, u64),
}

/// A transaction on its way.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) then: Vec<Effect>,
    /// What is done when it does not come about, besides telling all who wait.
    pub(super) otherwise: Vec<Effect>,
    pub(super) release: Vec<u64>,
    /// The message that other things may happen to now.
    pub(super) unlock: Option<u64>,
    /// The sender's name for a message that came in.
    pub(super) origin: Option<String>,
    pub(super) is_start: bool,
    /// Tasks that it brings.
    pub(super) woken: Vec<(String, String, u64)>,
    /// Records that it brings.
    pub(super) records: Vec<u64>,
}

/// Why a task is looked for that is not due.
#[derive(Debug)]
pub(super) enum Claim {
    /// The gateway tells what became of a push.
    Result(PushResult),
    /// Another relay answers.
    Answer(AnswerFor),
}

impl Change {
    pub(super) fn answer(exchange: HttpExchange, response: Response<Vec<u8>>) -> Self {
        Self { then: vec![Effect::Answer(exchange, Box::new(response))], ..Self::default() }
    }

    pub(super) fn release(task: u64) -> Self {
        Self { release: vec![task], ..Self::default() }
    }

    pub(super) fn save(&mut self, number: u64, message: &Message) {
        self.ops.push(put(Table::MmsMessage, number_key(number), message));
    }
}

impl MmsRelay {
    /// Something happens to a message: now, or after what happens before it.
    pub(super) fn on_message(&mut self, number: u64, event: Event) {
        if let Some(queue) = self.busy.get_mut(&number) {
            return queue.push_back(event);
        }
        self.busy.insert(number, VecDeque::from([event]));
        self.load(number);
    }

    fn load(&mut self, number: u64) {
        self.shell.store(vec![NodeStoreOp::get(Table::MmsMessage, &number_key(number))], Job::Load(number));
    }

    pub(super) fn loaded(&mut self, now: Instant, number: u64, rows: &Rows) {
        let message: Option<Message> = rows.first().and_then(|(_, value)| of_row(value));
        if message.is_none() && !rows.is_empty() {
            self.shell.say(format!("message {number:x} in the store is unreadable and stays as it is"));
        }
        let Some(event) = self.busy.get_mut(&number).and_then(VecDeque::pop_front) else { return self.unlock(number) };
        match event {
            Event::Share(draft) => self.share(now, number, message, *draft),
            event => {
                let change = self.handle(now, number, message, event);
                let Change { ops, then, release } = change;
                self.write(ops, Written { then, release, unlock: Some(number), ..Written::default() });
            }
        }
    }

    fn handle(&mut self, now: Instant, number: u64, message: Option<Message>, event: Event) -> Change {
        match event {
            Event::Retrieve(giving) => self.retrieve(now, number, message, *giving),
            Event::Acknowledged(own) => self.acknowledged(now, number, message, *own),
            Event::Read(read) => self.read_by(now, number, message, *read),
            Event::SendOn(wanted) => self.send_on(now, number, message, *wanted),
            Event::SentOn { task, recipient } => self.sent_on(now, number, message, task, recipient),
            Event::Lost(task) => self.lost(now, number, message, task),
            Event::Unshare(child) => self.unshare(number, message, child),
            Event::Notify(task) => self.notify(now, number, message, task),
            Event::Forward(task) => self.forward(now, number, message, task),
            Event::Forwarded(task, sent) => self.forwarded(now, number, message, task, &sent),
            Event::Answered(task, answer) => self.forward_answered(now, number, message, task, &answer),
            Event::Reported(report) => self.reported(now, number, message, *report),
            Event::Expire(task) => self.expire(now, number, message, task),
            Event::Forget(task) => self.forget(number, message, task),
            // It was taken before.
            Event::Share(_) => Change::default(),
        }
    }

    /// A message is free for what happens next.
    pub(super) fn unlock(&mut self, number: u64) {
        match self.busy.get(&number) {
            Some(queue) if queue.is_empty() => drop(self.busy.remove(&number)),
            Some(_) => self.load(number),
            None => {}
        }
    }

    /// A message could not be read: who waits is told, the others come again.
    pub(super) fn not_loaded(&mut self, now: Instant, number: u64) {
        let Some(event) = self.busy.get_mut(&number).and_then(VecDeque::pop_front) else { return self.unlock(number) };
        match event {
            Event::Retrieve(giving) => self.unavailable(giving.exchange),
            Event::Acknowledged(own) => self.unavailable(own.exchange),
            Event::Read(read) => self.unavailable(read.exchange),
            Event::SendOn(wanted) => self.unavailable(wanted.exchange),
            Event::Share(draft) => self.not_accepted(now, *draft),
            Event::Reported(report) => self.answer_mail(now, report.conn, Some(SmtpReply::later(TRY_LATER))),
            Event::Notify(task)
            | Event::Forward(task)
            | Event::Forwarded(task, _)
            | Event::Answered(task, _)
            | Event::Expire(task)
            | Event::Forget(task)
            | Event::Lost(task)
            | Event::SentOn { task, .. } => self.release(task),
            Event::Unshare(_) => {}
        }
        self.unlock(number);
    }

    /// Makes a transaction; without anything to write what follows is done at once.
    pub(super) fn write(&mut self, mut ops: Vec<NodeStoreOp>, mut written: Written) {
        written.woken = std::mem::take(&mut self.woken);
        let (records, kept): (Vec<u64>, Vec<NodeStoreOp>) = std::mem::take(&mut self.records).into_iter().unzip();
        written.records = records;
        // What was read last is what is looked at.
        ops.splice(0..0, kept);
        self.shell.store(ops, Job::Write(Box::new(written)));
    }

    pub(super) fn written(&mut self, now: Instant, written: Written, result: Result<Vec<Rows>, StoreError>) {
        let Written { then, otherwise, release, unlock, origin, is_start, woken, records } = written;
        match result {
            Ok(rows) => {
                // Tasks are found where they are now, before they are forgotten where they were.
                self.wake_all(woken);
                records.into_iter().for_each(|record| self.charging.event_kept(now, record));
                release.into_iter().for_each(|task| self.release(task));
                let mut last = rows.into_iter().next_back();
                for effect in then {
                    self.take_effect(now, effect, &mut last);
                }
                if is_start {
                    self.started(now, &Rows::new());
                }
            }
            Err(error) => {
                self.store_failed(now, &error);
                records.into_iter().for_each(|record| self.charging.event_dropped(record));
                release.into_iter().for_each(|task| self.release(task));
                for effect in then {
                    self.undo(now, effect);
                }
                for effect in otherwise {
                    self.take_effect(now, effect, &mut None);
                }
                if is_start {
                    (self.start, self.start_at) = (0, self.paused_until);
                }
            }
        }
        if let Some(number) = unlock {
            self.unlock(number);
        }
        if let Some(origin) = origin {
            self.arrived(&origin);
        }
    }

    fn take_effect(&mut self, now: Instant, effect: Effect, last: &mut Option<Rows>) {
        match effect {
            Effect::Answer(exchange, response) => {
                self.shell.output(NodeOutput::Http { exchange, response: *response });
            }
            Effect::Mail(conn, reply) => self.answer_mail(now, conn, reply),
            Effect::Give(giving) => self.give(now, *giving, last.take().unwrap_or_default()),
            Effect::Tell(number, event) => self.on_message(number, *event),
            Effect::Freed(number, octets) => self.census.leave(number, octets),
            Effect::Left(number, msisdn, octets) => self.census.leave_user(number, &msisdn, octets),
        }
    }

    /// Who waits for something that has not become durable is told.
    fn undo(&mut self, now: Instant, effect: Effect) {
        match effect {
            Effect::Answer(exchange, _) => self.unavailable(exchange),
            Effect::Give(giving) => self.unavailable(giving.exchange),
            Effect::Mail(conn, _) => self.answer_mail(now, conn, Some(SmtpReply::later(TRY_LATER))),
            Effect::Tell(..) | Effect::Freed(..) | Effect::Left(..) => {}
        }
    }

    /// An HTTP client is to come again.
    pub(super) fn unavailable(&mut self, exchange: HttpExchange) {
        let response = refusal(StatusCode::SERVICE_UNAVAILABLE, TRY_LATER);
        self.shell.output(NodeOutput::Http { exchange, response });
    }

    pub(super) fn claim_read(&mut self, now: Instant, number: u64, claim: Claim, rows: &Rows) {
        match claim {
            Claim::Result(result) => self.push_result(now, number, result, rows),
            Claim::Answer(answer) => self.answer_read(now, number, answer, rows),
        }
    }

    pub(super) fn claim_failed(&mut self, now: Instant, claim: Claim) {
        match claim {
            Claim::Result(result) => self.unavailable(result.exchange),
            Claim::Answer(AnswerFor { conn: Some(conn), .. }) => {
                self.answer_mail(now, conn, Some(SmtpReply::later(TRY_LATER)));
            }
            Claim::Answer(_) => {}
        }
    }

    /// A recipient's part of a message has come to an end, or goes on.
    pub(super) fn set_state(
        &mut self,
        change: &mut Change,
        number: u64,
        message: &mut Message,
        at: usize,
        state: State,
    ) {
        let octets = message.octets;
        let Some(recipient) = message.recipients.get_mut(at) else { return };
        let was_waiting = recipient.state.is_waiting();
        recipient.state = state;
        if let (true, false, Destination::Own(msisdn)) = (was_waiting, state.is_waiting(), &recipient.to) {
            change.then.push(Effect::Left(number, msisdn.clone(), octets));
        }
        if let State::Done(status) = state {
            let status = MmsStatus(status);
            match status {
                MmsStatus::RETRIEVED => self.counters.delivered += 1,
                MmsStatus::REJECTED => self.counters.rejected += 1,
                MmsStatus::EXPIRED => self.counters.expired += 1,
                MmsStatus::UNREACHABLE | MmsStatus::INDETERMINATE => self.counters.lost += 1,
                _ => {}
            }
        }
    }

    /// Takes the content away when nobody needs it any more.
    pub(super) fn drop_content(&self, change: &mut Change, number: u64, message: &mut Message) {
        if !message.has_content || !message.is_over() {
            return;
        }
        message.has_content = false;
        match message.content_of {
            Some(root) => change.then.push(Effect::Tell(root, Box::new(Event::Unshare(number)))),
            None => {
                let pieces = 0..message.pieces;
                change.ops.extend(pieces.map(|piece| delete(Table::MmsContent, piece_key(number, piece))));
                change.then.push(Effect::Freed(number, message.octets));
            }
        }
    }

    fn unshare(&self, number: u64, message: Option<Message>, child: u64) -> Change {
        let mut change = Change::default();
        if let Some(mut message) = message.filter(|message| message.holders.contains(&child)) {
            message.holders.remove(&child);
            self.drop_content(&mut change, number, &mut message);
            change.save(number, &message);
        }
        change
    }
}

/// What is said when the store fails.
pub(super) const TRY_LATER: &str = "nothing was changed: the disk fails, try again later";
