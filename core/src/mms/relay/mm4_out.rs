//! SMTP to other relays (TS 23.140 clauses 8.4.1 and 8.4.5): connections of the relay's own, a mail at a time on each; what is
//! not taken goes again, until its time is over.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use protocol::Instant;
use protocol::mm4::{ForwardReq, Mm4Address, Mm4Body, Mm4Mail, MmContent, PreviousSender, RequestStatus};
use protocol::mms::MmsStatus;
use protocol::smtp::{
    SmtpClient, SmtpClientConfig, SmtpClientEvent, SmtpClientOutput, SmtpFailure, SmtpInput, SmtpOutcome, SmtpSend,
};

use super::accept::millis;
use super::budget::Budget;
use super::config::MmsRelayConfig;
use super::content::type_of;
use super::keys::pieces;
use super::message::{Destination, Message, State};
use super::mm4::{Answer, of_priority};
use super::task::{Letter, Task, Work};
use super::ways::{WayKind, pause};
use super::work::{Change, Event, Written};
use super::{Job, MmsRelay};
use crate::node::{NodeOutput, Rows, StreamId, StreamOutput};

/// Connections to other relays, and what waits for them.
#[derive(Debug)]
pub(super) struct Mails {
    open: BTreeMap<StreamId, Out>,
    dirty: BTreeSet<StreamId>,
    /// Connections that are wanted, and to which relay.
    wanted: BTreeMap<u64, usize>,
    next_token: u64,
    /// Mails that wait for a connection.
    waiting: BTreeMap<usize, VecDeque<SmtpSend>>,
    /// Octets of messages that go out.
    pub(super) budget: Budget<u64>,
    /// Messages that wait for their turn in memory.
    turns: BTreeMap<u64, Leaving>,
    client: SmtpClientConfig,
}

#[derive(Debug)]
struct Out {
    client: SmtpClient,
    relay: usize,
}

/// A message that goes out, by its task.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    task: u64,
    number: u64,
    message: Message,
    recipients: Vec<usize>,
}

/// What has become of a mail at a recipient; none: it was taken.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    recipient: usize,
    failure: Option<SmtpFailure>,
}

impl Mails {
    pub(super) fn new(config: &MmsRelayConfig) -> Self {
        let (open, dirty, wanted, waiting, turns) = Default::default();
        let mut client = SmtpClientConfig::new(&config.domain);
        client.idle_time = config.times.idle;
        let budget = Budget::new(config.limits.memory / 2);
        Self { open, dirty, wanted, next_token: super::SMS_TOKEN, waiting, budget, turns, client }
    }

    pub(super) fn received(&mut self, now: Instant, conn: StreamId, bytes: &[u8]) -> bool {
        self.input(now, conn, SmtpInput::Received(bytes))
    }

    pub(super) fn closed(&mut self, now: Instant, conn: StreamId) -> bool {
        self.input(now, conn, SmtpInput::Closed)
    }

    fn input(&mut self, now: Instant, conn: StreamId, input: SmtpInput<'_>) -> bool {
        let Some(out) = self.open.get_mut(&conn) else { return false };
        out.client.handle_input(now, input);
        self.dirty.insert(conn);
        true
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.open.values().filter_map(|out| out.client.poll_timeout()).min()
    }

    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    pub(super) fn shut_down(&mut self, now: Instant) {
        self.waiting.clear();
        for (conn, out) in &mut self.open {
            out.client.quit(now);
            self.dirty.insert(*conn);
        }
    }
}

impl MmsRelay {
    pub(super) fn mails_timeout(&mut self, now: Instant) {
        for (conn, out) in &mut self.mails.open {
            if out.client.poll_timeout().is_some_and(|at| at <= now) {
                out.client.handle_timeout(now);
                self.mails.dirty.insert(*conn);
            }
        }
    }

    pub(super) fn mails_opened(&mut self, now: Instant, conn: StreamId, token: u64) {
        let Some(relay) = self.mails.wanted.remove(&token).filter(|_| !self.is_over) else {
            return self.shell.output(NodeOutput::Stream(StreamOutput::Close { conn }));
        };
        let client = SmtpClient::new(now, self.mails.client.clone());
        self.mails.open.insert(conn, Out { client, relay });
        self.mails.dirty.insert(conn);
        if let Some(mail) = self.mails.waiting.get_mut(&relay).and_then(VecDeque::pop_front) {
            self.give_mail(now, conn, mail);
        }
    }

    pub(super) fn mails_not_opened(&mut self, now: Instant, token: u64, why: &str) {
        let Some(relay) = self.mails.wanted.remove(&token) else { return };
        let name = self.config.relays.get(relay).map(|relay| relay.name.clone()).unwrap_or_default();
        self.shell.say(format!("MM4: no connection to {name}: {why}"));
        // What waits there fails, and what is due later is not tried in vain meanwhile.
        if let Some(way) = self.ways.iter_mut().find(|way| way.kind == WayKind::Relay(relay)) {
            way.paused_until = Some(now + NO_CONNECTION);
        }
        if let Some(mail) = self.mails.waiting.get_mut(&relay).and_then(VecDeque::pop_front) {
            let failure = SmtpFailure::NotSent(why.to_owned());
            let results = mail.recipients.iter().map(|_| Err(failure.clone())).collect();
            self.mail_done(now, SmtpOutcome { token: mail.token, results });
        }
    }

    /// A mail goes over a connection that has nothing to do, or a new one.
    fn send_mail(&mut self, now: Instant, relay: usize, mail: SmtpSend) {
        let is_idle = |out: &Out| out.relay == relay && out.client.pending() == 0 && !out.client.is_closed();
        let idle = self.mails.open.iter().find(|(_, out)| is_idle(out)).map(|(conn, _)| *conn);
        if let Some(conn) = idle {
            return self.give_mail(now, conn, mail);
        }
        let Some(remote) = self.config.relays.get(relay).map(|relay| relay.next_hop) else { return };
        self.mails.waiting.entry(relay).or_default().push_back(mail);
        self.mails.next_token += 1;
        let token = self.mails.next_token;
        self.mails.wanted.insert(token, relay);
        self.shell.output(NodeOutput::Stream(StreamOutput::Connect { token, remote }));
    }

    fn give_mail(&mut self, now: Instant, conn: StreamId, mail: SmtpSend) {
        let Some(out) = self.mails.open.get_mut(&conn) else { return };
        self.mails.dirty.insert(conn);
        if let Err((mail, failure)) = out.client.send(now, mail) {
            let results = mail.recipients.iter().map(|_| Err(failure.clone())).collect();
            self.mail_done(now, SmtpOutcome { token: mail.token, results });
        }
    }

    /// Does what connections have to say.
    pub(super) fn flush_mails(&mut self, now: Instant) {
        while let Some(conn) = self.mails.dirty.pop_first() {
            while let Some(output) = self.mails.open.get_mut(&conn).and_then(|out| out.client.poll_output()) {
                match output {
                    SmtpClientOutput::Send(bytes) => {
                        self.shell.output(NodeOutput::Stream(StreamOutput::Send { conn, bytes }));
                    }
                    SmtpClientOutput::Close => self.shell.output(NodeOutput::Stream(StreamOutput::Close { conn })),
                    SmtpClientOutput::Event(SmtpClientEvent::Done(outcome)) => self.mail_done(now, outcome),
                    SmtpClientOutput::Event(SmtpClientEvent::Ignored { state, event }) => {
                        self.shell.ignore(state, &event);
                    }
                    SmtpClientOutput::Event(SmtpClientEvent::Ready { .. } | SmtpClientEvent::Ended(_)) => {}
                }
            }
            if self.mails.open.get(&conn).is_some_and(|out| out.client.is_closed()) {
                self.mails.open.remove(&conn);
            }
        }
    }

    /// What has become of a mail.
    fn mail_done(&mut self, now: Instant, outcome: SmtpOutcome) {
        let SmtpOutcome { token: number, results } = outcome;
        self.free_mail(number);
        match results.iter().all(Result::is_ok) {
            true => self.counters.mails_sent += 1,
            false => self.counters.mails_failed += 1,
        }
        let Some(task) = self.running.get(&number).map(|running| running.task.clone()) else { return };
        match task.work {
            Work::Forward { message, recipients } => {
                let failures = results.into_iter().map(Result::err);
                let sent = recipients.into_iter().zip(failures);
                let sent = sent.map(|(recipient, failure)| Sent { recipient, failure }).collect();
                self.on_message(message, Event::Forwarded(number, sent));
            }
            Work::Write(letter) => self.letter_sent(now, number, &letter, results.into_iter().find_map(Result::err)),
            _ => {}
        }
    }

    fn free_mail(&mut self, task: u64) {
        self.mails.budget.free(&task);
        self.mails.turns.remove(&task);
        while let Some(next) = self.mails.budget.next() {
            match self.mails.turns.remove(&next) {
                Some(leaving) => self.read_content(leaving),
                None => self.mails.budget.free(&next),
            }
        }
    }

    /// A letter is due.
    pub(super) fn write_letter(&mut self, now: Instant, number: u64, letter: &Letter) {
        let now_ms = self.shell.utc_ms(now);
        let Some(task) = self.running.get(&number).map(|running| running.task.clone()) else { return };
        if task.is_with_other {
            // Its response did not come.
            return self.letter_again(now_ms, number, task, "the other relay does not answer", true);
        }
        let relay = self.config.relays.iter().position(|relay| relay.name == letter.relay);
        let mut mail = letter.mail(&format!("{number:x}"), &self.system());
        mail.mail_id = Some(self.mail_id(number, task.attempts));
        let path = mail.to.first().map(|to| to.to_path(&self.config.domain));
        let (Some(relay), Some(path)) = (relay, path) else {
            return self.letter_over(number, "there is nobody to send it to");
        };
        let content = mail.emit(&mut self.entropy);
        let from = self.system().to_string();
        self.send_mail(now, relay, SmtpSend { token: number, from, recipients: vec![path], content });
    }

    fn letter_sent(&mut self, now: Instant, number: u64, letter: &Letter, failure: Option<SmtpFailure>) {
        let now_ms = self.shell.utc_ms(now);
        let Some(running) = self.running.get_mut(&number) else { return };
        let (mut task, answer) = (running.task.clone(), running.answer.take());
        match failure {
            None if !letter.asks() => self.letter_done(number),
            None => {
                if let Some(answer) = answer {
                    return self.answer_taken(number, answer);
                }
                task.is_with_other = true;
                task.attempts += 1;
                task.delivered += 1;
                task.due_ms = now_ms + millis(self.config.times.mm4_response);
                self.put_task_off(number, task);
            }
            Some(failure) if failure.is_permanent() => self.letter_over(number, &failure.to_string()),
            Some(failure) => self.letter_again(now_ms, number, task, &failure.to_string(), false),
        }
    }

    fn letter_again(&mut self, now_ms: u64, number: u64, mut task: Task, why: &str, was_taken: bool) {
        let end_ms = task.begun_ms.saturating_add(millis(self.config.times.mm4));
        if now_ms >= end_ms || was_taken && task.delivered >= RESPONSES {
            return self.letter_over(number, why);
        }
        self.shell.say(format!("MM4: mail {number:x} goes again: {why}"));
        task.is_with_other = false;
        task.failed += 1;
        task.attempts += 1;
        task.due_ms = match was_taken {
            true => now_ms,
            false => now_ms + millis(pause(&self.config.times.mm4_retry, task.failed)),
        };
        self.put_task_off(number, task);
    }

    /// The other relay has said what it makes of a letter.
    pub(super) fn letter_answered(&mut self, number: u64, answer: &Answer) {
        if answer.status != RequestStatus::Ok {
            let text = answer.text.as_deref().unwrap_or_default();
            self.shell.say(format!("MM4: {} answers {}: {text}", answer.relay, answer.status));
        }
        self.letter_done(number);
    }

    fn letter_over(&mut self, number: u64, why: &str) {
        self.shell.say(format!("MM4: mail {number:x} is given up: {why}"));
        self.letter_done(number);
    }

    fn letter_done(&mut self, number: u64) {
        let mut ops = Vec::new();
        self.end_task(&mut ops, number);
        self.write(ops, Written { release: vec![number], ..Written::default() });
    }

    fn put_task_off(&mut self, number: u64, task: Task) {
        let mut ops = Vec::new();
        self.put_off(&mut ops, number, task);
        self.write(ops, Written { release: vec![number], ..Written::default() });
    }

    /// A message is due to go: those of its recipients that it still has to go to.
    pub(super) fn forward(&mut self, now: Instant, number: u64, message: Option<Message>, task: u64) -> Change {
        let now_ms = self.shell.utc_ms(now);
        let mut change = Change::default();
        let Some(own) = self.running.get(&task).map(|running| running.task.clone()) else { return change };
        let Work::Forward { recipients, .. } = &own.work else { return change };
        let is_open = |message: &Message, at: usize| {
            message.recipients.get(at).is_some_and(|recipient| recipient.state == State::Leaving)
        };
        let open = message.filter(|message| message.has_content).and_then(|message| {
            let open: Vec<usize> = recipients.iter().copied().filter(|at| is_open(&message, *at)).collect();
            (!open.is_empty()).then_some((message, open))
        });
        let Some((mut message, recipients)) = open else {
            change.release.push(task);
            self.end_task(&mut change.ops, task);
            return change;
        };
        let end_ms = own.begun_ms.saturating_add(millis(self.config.times.mm4));
        if now_ms >= end_ms || own.is_with_other && own.delivered >= RESPONSES {
            // TS 23.140 clause 8.4.2: nobody knows, or nobody was reached.
            let status = if own.is_with_other { MmsStatus::INDETERMINATE } else { MmsStatus::UNREACHABLE };
            let text = match own.is_with_other {
                true => "the other relay has it and does not answer",
                false => "the other relay was not reached in time",
            };
            self.shell.say(format!("MM4: message {number:x} is given up: {text}"));
            for at in recipients {
                self.lose(now, &mut change, number, &mut message, at, status, text);
            }
            change.release.push(task);
            self.end_task(&mut change.ops, task);
            self.drop_content(&mut change, number, &mut message);
            change.save(number, &message);
            return change;
        }
        let octets = usize::try_from(message.octets).unwrap_or(usize::MAX / 4) * COPIES;
        let leaving = Leaving { task, number, message, recipients };
        match self.mails.budget.take(task, octets) {
            true => self.read_content(leaving),
            false => drop(self.mails.turns.insert(task, leaving)),
        }
        change
    }

    /// A recipient elsewhere does not get it.
    #[expect(clippy::too_many_arguments, reason = "each is another thing of what is told")]
    fn lose(
        &mut self,
        now: Instant,
        change: &mut Change,
        number: u64,
        message: &mut Message,
        at: usize,
        status: MmsStatus,
        text: &str,
    ) {
        self.set_state(change, number, message, at, State::done(status));
        self.report(now, &mut change.ops, number, message, at, status, Some(text));
    }

    fn read_content(&mut self, leaving: Leaving) {
        let op = pieces(leaving.message.content_number(leaving.number));
        self.shell.store(vec![op], Job::Content(Box::new(leaving)));
    }

    /// The store has failed: the task is found again.
    pub(super) fn not_sent(&mut self, _now: Instant, leaving: Leaving) {
        self.free_mail(leaving.task);
        self.release(leaving.task);
    }

    /// The content is there: the mail goes.
    pub(super) fn content_read(&mut self, now: Instant, leaving: Leaving, rows: Rows) {
        let Leaving { task, number, message, recipients } = leaving;
        let mut rows = rows.into_iter().map(|(_, piece)| piece);
        let content_type = rows.next().and_then(|piece| type_of(&piece));
        let mut body = Vec::with_capacity(usize::try_from(message.octets).unwrap_or_default());
        rows.for_each(|piece| body.extend_from_slice(&piece));
        let content = content_type.and_then(|content_type| MmContent::from_mm1(&content_type, &body).ok());
        drop(body);
        let relay = recipients.first().and_then(|at| match &message.recipients.get(*at)?.to {
            Destination::Relay(name) => self.config.relays.iter().position(|relay| relay.name == *name),
            Destination::Own(_) => None,
        });
        let (Some(content), Some(relay)) = (content, relay) else {
            // It was taken from there: the store has something else than it had.
            self.shell.say(format!("message {number:x} cannot be sent: its content or its relay is not there"));
            let why = SmtpFailure::Unfit("the content is not there".to_owned());
            let failed = |at: &usize| Sent { recipient: *at, failure: Some(why.clone()) };
            let sent = recipients.iter().map(failed).collect();
            self.free_mail(task);
            return self.on_message(number, Event::Forwarded(task, sent));
        };
        let domain = self.config.relays.get(relay).map(|relay| relay.domain.clone()).unwrap_or_default();
        let mail = self.forward_mail(task, number, &message, content, &domain);
        let path = |at: &usize| {
            let address = message.recipients.get(*at).map(|recipient| recipient.address.as_str()).unwrap_or_default();
            Mm4Address::from_mm1(address, &domain).map(|own| own.to_path(&domain)).unwrap_or_default()
        };
        let recipients = recipients.iter().map(path).collect();
        let content = mail.emit(&mut self.entropy);
        drop(mail);
        let from = self.system().to_string();
        self.send_mail(now, relay, SmtpSend { token: task, from, recipients, content });
    }

    /// MM4_forward.REQ.
    fn forward_mail(&self, task: u64, number: u64, message: &Message, content: MmContent, domain: &str) -> Mm4Mail {
        let own = &self.config.domain;
        let previous = |(at, (sender, date)): (usize, &(String, u64))| PreviousSender {
            index: u32::try_from(at + 1).unwrap_or(u32::MAX),
            sender: Some(sender.clone()),
            date: Some(protocol::mm4::to_date(date * 1000)),
        };
        let req = ForwardReq {
            message_class: Some(message.class.clone()),
            expiry: Some(protocol::mm4::Expiry::At(message.expires_ms)),
            delivery_report: Some(message.delivery_report),
            originator_rs_delivery_report: Some(message.delivery_report),
            read_reply: Some(message.read_report),
            priority: message.priority.and_then(of_priority),
            sender_visible: message.is_hidden.then_some(false),
            subject: message.subject.clone(),
            ack_request: Some(true),
            forward_counter: u32::try_from(message.previously.len()).ok().filter(|count| *count > 0),
            previously_sent: message.previously.iter().enumerate().map(previous).collect(),
            originator_system: Some(self.system()),
            adaptation_allowed: None,
            content,
        };
        let addresses = |texts: &[String]| {
            // Numbers without a domain are at the relay that the mail goes to: none else can be meant.
            texts.iter().filter_map(|text| Mm4Address::from_mm1(text, domain)).collect()
        };
        let attempts = self.running.get(&task).map_or(0, |running| running.task.attempts);
        let mut mail = Mm4Mail::new(&format!("{task:x}"), &self.message_id(number), Mm4Body::ForwardReq(Box::new(req)));
        mail.from = message.from.as_deref().and_then(|from| Mm4Address::from_mm1(from, own));
        (mail.to, mail.cc) = (addresses(&message.to), addresses(&message.cc));
        mail.sender = Some(self.system());
        mail.mail_id = Some(self.mail_id(task, attempts));
        mail.date = Some(message.date_s * 1000);
        mail
    }

    fn mail_id(&self, task: u64, attempt: u32) -> String {
        format!("{task:x}.{attempt}@{}", self.config.domain)
    }

    /// What has become of an attempt.
    pub(super) fn forwarded(
        &mut self,
        now: Instant,
        number: u64,
        message: Option<Message>,
        task: u64,
        sent: &[Sent],
    ) -> Change {
        let now_ms = self.shell.utc_ms(now);
        let mut change = Change::release(task);
        let Some(running) = self.running.get_mut(&task) else { return change };
        let (mut own, answer) = (running.task.clone(), running.answer.take());
        let Some(mut message) = message else {
            self.end_task(&mut change.ops, task);
            return change;
        };
        if let Some(answer) = answer.filter(|_| sent.iter().any(|sent| sent.failure.is_none())) {
            return self.forward_answered(now, number, Some(message), task, &answer);
        }
        let mut again = Vec::new();
        let mut taken = Vec::new();
        for Sent { recipient: at, failure } in sent {
            let is_open = message.recipients.get(*at).is_some_and(|recipient| recipient.state == State::Leaving);
            match failure {
                _ if !is_open => {}
                None => taken.push(*at),
                Some(failure) if failure.is_permanent() => {
                    self.shell.say(format!("MM4: message {number:x} is refused for recipient {at}: {failure}"));
                    let text = failure.to_string();
                    self.lose(now, &mut change, number, &mut message, *at, MmsStatus::UNREACHABLE, &text);
                }
                Some(failure) => {
                    self.shell.say(format!("MM4: message {number:x} goes again to recipient {at}: {failure}"));
                    again.push(*at);
                }
            }
        }
        own.attempts += 1;
        if again.is_empty() && taken.is_empty() {
            self.end_task(&mut change.ops, task);
        } else if again.is_empty() {
            own.is_with_other = true;
            own.delivered += 1;
            own.due_ms = now_ms + millis(self.config.times.mm4_response);
            own.work = Work::Forward { message: number, recipients: taken };
            self.put_off(&mut change.ops, task, own);
        } else {
            // The others have it: only those are asked for that have it not.
            for at in taken {
                self.counters.forwarded += 1;
                self.set_state(&mut change, number, &mut message, at, State::Left);
            }
            (own.is_with_other, own.failed) = (false, own.failed + 1);
            own.due_ms = now_ms + millis(pause(&self.config.times.mm4_retry, own.failed));
            own.work = Work::Forward { message: number, recipients: again };
            self.put_off(&mut change.ops, task, own);
        }
        self.drop_content(&mut change, number, &mut message);
        change.save(number, &message);
        change
    }

    /// MM4_forward.RES.
    pub(super) fn forward_answered(
        &mut self,
        now: Instant,
        number: u64,
        message: Option<Message>,
        task: u64,
        answer: &Answer,
    ) -> Change {
        let now_ms = self.shell.utc_ms(now);
        let mut change = Change::release(task);
        let Some(mut own) = self.running.get(&task).map(|running| running.task.clone()) else { return change };
        let (Some(mut message), Work::Forward { recipients, .. }) = (message, own.work.clone()) else {
            self.end_task(&mut change.ops, task);
            return change;
        };
        let of_relay = |message: &Message, at: usize| {
            let recipient = message.recipients.get(at);
            recipient
                .is_some_and(|own| own.state == State::Leaving && own.to == Destination::Relay(answer.relay.clone()))
        };
        let open: Vec<usize> = recipients.into_iter().filter(|at| of_relay(&message, *at)).collect();
        let text = answer.text.clone().unwrap_or_else(|| answer.status.as_str().to_owned());
        let is_transient =
            matches!(answer.status, RequestStatus::ErrorNetworkProblem | RequestStatus::ErrorUnspecified);
        if open.is_empty() {
            // Somebody else's answer, or one that comes late.
            self.put_off(&mut change.ops, task, own);
            return change;
        }
        if answer.status == RequestStatus::Ok {
            for at in open {
                self.counters.forwarded += 1;
                self.set_state(&mut change, number, &mut message, at, State::Left);
            }
            self.end_task(&mut change.ops, task);
        } else if is_transient {
            self.shell.say(format!("MM4: message {number:x} goes again: {} answers {text}", answer.relay));
            (own.is_with_other, own.failed) = (false, own.failed + 1);
            own.due_ms = now_ms + millis(pause(&self.config.times.mm4_retry, own.failed));
            self.put_off(&mut change.ops, task, own);
        } else {
            self.shell.say(format!("MM4: message {number:x} is refused: {} answers {text}", answer.relay));
            let status = match answer.status {
                RequestStatus::ErrorSendingAddressUnresolved => MmsStatus::UNREACHABLE,
                RequestStatus::ErrorServiceDenied | RequestStatus::ErrorContentNotAccepted => MmsStatus::REJECTED,
                _ => MmsStatus::INDETERMINATE,
            };
            for at in open {
                self.lose(now, &mut change, number, &mut message, at, status, &text);
            }
            self.end_task(&mut change.ops, task);
        }
        self.drop_content(&mut change, number, &mut message);
        change.save(number, &message);
        change
    }
}

/// How often a mail goes that was taken and not answered.
const RESPONSES: u32 = 3;
/// How long nothing new goes to a relay that was not reached.
const NO_CONNECTION: Duration = Duration::from_secs(5);
/// What a content takes while it goes out: as it is, and as a mail.
const COPIES: usize = 3;
