//! Messages to other relays (TS 23.140 clause 8.4.1): MM4_forward.REQ, what becomes of it at each recipient, and
//! MM4_forward.RES.

use protocol::Instant;
use protocol::mm4::{ForwardReq, Mm4Address, Mm4Body, Mm4Mail, MmContent, PreviousSender, RequestStatus};
use protocol::mms::{MmsAddress, MmsStatus};
use protocol::smtp::{SmtpFailure, SmtpSend, is_mailbox};

use super::accept::millis;
use super::content::type_of;
use super::keys::pieces;
use super::message::{Destination, Message, State};
use super::mm4::Answer;
use super::mm4_out::RESPONSES;
use super::mm4_words::of_priority;
use super::routes::{is_same, mm1_text};
use super::task::{Task, Work};
use super::ways::pause;
use super::work::{Change, Event};
use super::{Job, MmsRelay};
use crate::node::{NodeStoreOp, Rows};

/// A message that goes out, by its task.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    pub(super) task: u64,
    number: u64,
    message: Message,
    recipients: Vec<usize>,
}

/// What has become of a mail at a recipient; none: it was taken.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) recipient: usize,
    pub(super) failure: Option<SmtpFailure>,
}

/// Why a recipient elsewhere does not get a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loss<'a> {
    pub(super) status: MmsStatus,
    pub(super) text: &'a str,
}

impl MmsRelay {
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
            let (status, text) = match own.is_with_other {
                true => (MmsStatus::INDETERMINATE, "the other relay has it and does not answer"),
                false => (MmsStatus::UNREACHABLE, "the other relay was not reached in time"),
            };
            self.shell.say(format!("MM4: message {number:x} is given up: {text}"));
            for at in recipients {
                self.lose(now, &mut change, number, &mut message, at, Loss { status, text });
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
    pub(super) fn lose(
        &mut self,
        now: Instant,
        change: &mut Change,
        number: u64,
        message: &mut Message,
        at: usize,
        Loss { status, text }: Loss<'_>,
    ) {
        self.set_state(change, number, message, at, State::done(status));
        self.charge_deleted(now, number, message, at, status);
        self.report(now, &mut change.ops, number, message, at, status, Some(text));
    }

    pub(super) fn read_content(&mut self, leaving: Leaving) {
        let op = pieces(leaving.message.content_number(leaving.number));
        self.shell.store(vec![op], Job::Content(Box::new(leaving)));
    }

    /// The store has failed: the task is found again.
    pub(super) fn not_sent(&mut self, leaving: Leaving) {
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
        let content = mail.emit(&mut self.entropy);
        drop(mail);
        let (mut going, mut paths) = (Vec::new(), Vec::new());
        for at in recipients {
            let address = message.recipients.get(at).map(|recipient| recipient.address.as_str()).unwrap_or_default();
            let path = path_of(address, &domain);
            // One that is no address does not keep the message from the others.
            let failure = path.is_none().then(|| SmtpFailure::Unfit("the recipient has no address on MM4".to_owned()));
            going.push(Sent { recipient: at, failure });
            paths.extend(path);
        }
        if paths.is_empty() {
            self.free_mail(task);
            return self.on_message(number, Event::Forwarded(task, going));
        }
        self.mails.going.insert(task, going);
        let from = self.system().to_string();
        self.send_mail(now, relay, SmtpSend { token: task, from, recipients: paths, content });
    }

    /// MM4_forward.REQ.
    fn forward_mail(&self, task: u64, number: u64, message: &Message, content: MmContent, domain: &str) -> Mm4Mail {
        let own = &self.config.domain;
        let previous = |(at, (sender, date)): (usize, &(String, u64))| PreviousSender {
            index: u32::try_from(at + 1).unwrap_or(u32::MAX),
            sender: Some(sender.clone()),
            date: Some(protocol::mm4::to_date(date.saturating_mul(1000))),
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
            let text_of = |text: &String| mm1_text(&MmsAddress::of_text(text));
            texts.iter().filter_map(|text| Mm4Address::from_mm1(&text_of(text), domain)).collect()
        };
        let attempts = self.running.get(&task).map_or(0, |running| running.task.attempts);
        let mut mail = Mm4Mail::new(&format!("{task:x}"), &self.message_id(number), Mm4Body::ForwardReq(Box::new(req)));
        mail.from = message.from.as_deref().and_then(|from| Mm4Address::from_mm1(from, own));
        (mail.to, mail.cc) = (addresses(&message.to), addresses(&message.cc));
        mail.sender = Some(self.system());
        mail.mail_id = Some(self.mail_id(task, attempts));
        mail.date = Some(message.date_s.saturating_mul(1000));
        mail
    }

    pub(super) fn mail_id(&self, task: u64, attempt: u32) -> String {
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
        let own = running.task.clone();
        let is_taken = sent.iter().any(|sent| sent.failure.is_none());
        // A response that came so early is for what was taken: it is looked at when that is known, see `release`.
        let early = running.answer.take_if(|answer| answer.only.is_empty() && (own.delivered > 0 || !is_taken));
        let Some(mut message) = message else {
            self.end_task(&mut change.ops, task);
            return change;
        };
        let is_leaving = |at: usize| message.recipients.get(at).is_some_and(|own| own.state == State::Leaving);
        let new = sent.iter().filter(|sent| sent.failure.is_none() && own.delivered == 0 && is_leaving(sent.recipient));
        let new: Vec<usize> = new.map(|sent| sent.recipient).collect();
        self.charge_sent(now, number, &message, &new);
        // Whatever became of this attempt: an earlier one was taken for all that are left, and is answered now.
        if let Some(answer) = early.filter(|_| own.delivered > 0) {
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
                    let loss = Loss { status: MmsStatus::UNREACHABLE, text: &failure.to_string() };
                    self.lose(now, &mut change, number, &mut message, *at, loss);
                }
                Some(failure) => {
                    self.shell.say(format!("MM4: message {number:x} goes again to recipient {at}: {failure}"));
                    again.push(*at);
                }
            }
        }
        self.attempted(now_ms, &mut change.ops, number, (task, own), (taken, again));
        self.drop_content(&mut change, number, &mut message);
        change.save(number, &message);
        change
    }

    /// What is to be done after an attempt: for those it was taken for, and for the others.
    fn attempted(
        &mut self,
        now_ms: u64,
        ops: &mut Vec<NodeStoreOp>,
        number: u64,
        (task, mut own): (u64, Task),
        (mut taken, mut again): (Vec<usize>, Vec<usize>),
    ) {
        own.attempts += 1;
        if own.delivered > 0 && !taken.is_empty() {
            // The other relay had it for all of them before, and is asked what became of it.
            taken.append(&mut again);
        }
        if taken.is_empty() && again.is_empty() {
            self.end_task(ops, task);
        } else if taken.is_empty() {
            (own.is_with_other, own.failed) = (false, own.failed + 1);
            own.due_ms = now_ms + millis(pause(&self.config.times.mm4_retry, own.failed));
            own.work = Work::Forward { message: number, recipients: again };
            self.put_off(ops, task, own);
        } else {
            if !again.is_empty() {
                // A request of their own: the response to this one is not for them.
                let failed = own.failed + 1;
                let due_ms = now_ms + millis(pause(&self.config.times.mm4_retry, failed));
                let work = Work::Forward { message: number, recipients: again };
                let others = Task { failed, ..Task::new(work, &own.way, own.begun_ms, due_ms) };
                self.add_task(ops, &others);
            }
            own.is_with_other = true;
            own.delivered += 1;
            own.due_ms = now_ms + millis(self.config.times.mm4_response);
            own.work = Work::Forward { message: number, recipients: taken };
            self.put_off(ops, task, own);
        }
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
            recipient.is_some_and(|own| {
                let is_meant = answer.only.is_empty() || answer.only.iter().any(|only| is_same(only, &own.address));
                is_meant && own.state == State::Leaving && own.to == Destination::Relay(answer.relay.clone())
            })
        };
        let open: Vec<usize> = recipients.iter().copied().filter(|at| of_relay(&message, *at)).collect();
        let text = answer.text.clone().unwrap_or_else(|| answer.status.as_str().to_owned());
        let is_transient =
            matches!(answer.status, RequestStatus::ErrorNetworkProblem | RequestStatus::ErrorUnspecified);
        if open.is_empty() {
            let to = Destination::Relay(answer.relay.clone());
            let is_late = |at: &usize| message.recipients.get(*at).is_some_and(|own| own.to == to);
            let late: Vec<usize> = recipients.into_iter().filter(is_late).collect();
            if late.is_empty() || !answer.only.is_empty() {
                // Somebody else's answer.
                self.put_off(&mut change.ops, task, own);
            } else {
                // What became of it was reported before: the request has nothing to wait for any more.
                self.charge_answered(now, number, &message, &late, answer);
                self.end_task(&mut change.ops, task);
            }
            return change;
        }
        if answer.only.is_empty() {
            self.charge_answered(now, number, &message, &open, answer);
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
            let rest: Vec<usize> = recipients.into_iter().filter(|at| !open.contains(at)).collect();
            for at in open {
                self.lose(now, &mut change, number, &mut message, at, Loss { status, text: &text });
            }
            if answer.only.is_empty() || rest.is_empty() {
                self.end_task(&mut change.ops, task);
            } else {
                own.work = Work::Forward { message: number, recipients: rest };
                self.put_off(&mut change.ops, task, own);
            }
        }
        self.drop_content(&mut change, number, &mut message);
        change.save(number, &message);
        change
    }
}

/// Where an address of MM1 is on MM4, as SMTP has it; none: nowhere.
pub(super) fn path_of(address: &str, domain: &str) -> Option<String> {
    let path = Mm4Address::from_mm1(address, domain)?.to_path(domain);
    is_mailbox(&path).then_some(path)
}

/// What a content takes while it goes out: as it is, and as a mail.
const COPIES: usize = 3;
