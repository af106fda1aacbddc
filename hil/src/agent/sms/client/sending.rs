//! Messages that are sent: SM-over-IP sender (TS 24.341 clauses 5.3.1.2, 5.3.1.3 and 5.3.2.5), the relay layer's timers
//! (TS 24.011 clauses 5.3.1, 5.3.3 and 10.1), and what the transfer layer repeats (TS 23.040 clause 9.2.3.6).

use std::collections::VecDeque;

use protocol::Instant;
use protocol::sip::Refusal;
use protocol::sms::{
    Address, ConcatenationReference, DataCodingScheme, Direction, FailureCause, RpBody, RpMessage, SmsAccess, Submit,
    Tpdu, ValidityPeriod, segment,
};

use super::super::io::{OutgoingSms, SendFailure, SmsEvent, SmsOutput};
use super::{SmsClient, header_of};

/// Parts that may wait.
const MOST_QUEUED: usize = 4096;
/// Parts whose status reports are awaited: TP-MR tells no more of them apart.
const MOST_AWAITED: usize = 256;
/// RP-SMMA is sent again once (TS 24.011 clause 5.3.3).
const SMMA_ATTEMPTS: usize = 2;

/// What waits to be sent.
#[derive(Debug, Default)]
pub(super) struct Queue(VecDeque<Task>);

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Clone, Debug)]
enum Task {
    Part { message: u64, part: u8, parts: u8, submit: Box<Submit> },
    MemoryAvailable,
}

/// A part whose status report is awaited.
#[derive(Clone, Debug)]
pub(super) struct Awaited {
    pub(super) message: u64,
    pub(super) part: u8,
    pub(super) reference: u8,
    pub(super) to: Address,
}

/// What is being sent.
#[derive(Debug)]
pub(super) struct Transfer {
    task: Task,
    attempts: Vec<Attempt>,
    state: State,
}

#[derive(Debug)]
struct Attempt {
    access: SmsAccess,
    /// RP-MR.
    reference: u8,
    /// Call-ID and token of the MESSAGE.
    call_id: String,
    token: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The report is awaited: TR1M.
    Sent(Instant),
    /// It is sent again then.
    Pausing(Instant),
}

impl Transfer {
    pub(super) const fn due(&self) -> Instant {
        match self.state {
            State::Sent(until) | State::Pausing(until) => until,
        }
    }

    const fn is_smma(&self) -> bool {
        matches!(self.task, Task::MemoryAvailable)
    }
}

impl SmsClient {
    /// A message in its parts, each an SMS-SUBMIT.
    pub(super) fn enqueue(&mut self, sms: &OutgoingSms) {
        let message = sms.message;
        let reference = ConcatenationReference::Short(self.concatenation.wrapping_add(1));
        let segments = match segment(&sms.content, &header_of(sms.ports), reference) {
            Ok(segments) => segments,
            Err(problem) => return self.sent(message, Err(SendFailure::Content(problem))),
        };
        if self.queue.0.len() + segments.parts.len() > MOST_QUEUED {
            return self.sent(message, Err(SendFailure::TooMany));
        }
        let parts = segments.parts.len() as u8;
        if parts > 1 {
            self.concatenation = self.concatenation.wrapping_add(1);
        }
        let coding = match sms.class {
            Some(class) => DataCodingScheme::with_class(segments.coding.alphabet(), class),
            None => segments.coding,
        };
        for (part, user_data) in (1..=parts).zip(segments.parts) {
            self.memory.last_reference = self.memory.last_reference.wrapping_add(1);
            let mut submit = Submit::new(self.memory.last_reference, sms.to, coding, user_data);
            submit.status_report = sms.status_report;
            submit.protocol_identifier = sms.protocol_identifier;
            submit.validity_period = sms.validity.map(ValidityPeriod::relative);
            self.queue.0.push_back(Task::Part { message, part, parts, submit: Box::new(submit) });
        }
    }

    /// There is memory again after a message was refused: the network is to know (TS 24.341 clause 5.3.2.5). It is told
    /// once each time that something has changed, whatever comes of it.
    pub(super) fn tell_of_memory(&mut self) {
        let is_due = self.memory.has_refused && self.has_changed && !self.memory.is_full();
        if is_due && self.access(&[]).is_some() && !self.transfer.as_ref().is_some_and(Transfer::is_smma) {
            (self.has_changed, self.has_refused_again) = (false, false);
            self.queue.0.retain(|task| !matches!(task, Task::MemoryAvailable));
            self.queue.0.push_front(Task::MemoryAvailable);
        }
    }

    /// One after the other.
    pub(super) fn begin_next(&mut self, now: Instant) {
        while self.transfer.is_none()
            && let Some(task) = self.queue.0.pop_front()
        {
            self.transfer = Some(Transfer { task, attempts: Vec::new(), state: State::Pausing(now) });
            self.attempt(now);
        }
    }

    pub(super) fn sending_timeout(&mut self, now: Instant) {
        match self.transfer.as_ref().map(|transfer| transfer.state) {
            Some(State::Sent(until)) if until <= now => self.failed(now, SendFailure::NoReport),
            Some(State::Pausing(until)) if until <= now => self.attempt(now),
            _ => {}
        }
    }

    /// What the SIP agent tells of a MESSAGE: the message itself is where it should be only when its report says so.
    pub(super) fn message_answered(&mut self, now: Instant, token: u64, result: &Result<u16, Refusal>) {
        let is_report = self.reports.remove(&token);
        let Err(refusal) = result else { return };
        if is_report {
            return self.event(SmsEvent::ReportFailed { why: refusal.to_string() });
        }
        let last = self.transfer.as_ref().and_then(|transfer| transfer.attempts.last());
        if last.is_some_and(|attempt| attempt.token == Some(token)) && self.is_sent() {
            self.failed(now, SendFailure::Request(refusal.clone()));
        }
    }

    /// A report came: it is about the request that In-Reply-To names, else about the message with its RP-MR.
    pub(super) fn reported(
        &mut self,
        now: Instant,
        (access, in_reply_to): (SmsAccess, Option<&str>),
        message: &RpMessage,
    ) {
        let Some(transfer) = &self.transfer else {
            return self.ignored(message.name(), "nothing is being sent");
        };
        let attempts = &transfer.attempts;
        let named = in_reply_to.and_then(|id| attempts.iter().position(|attempt| attempt.call_id == id));
        let is_its = |attempt: &Attempt| (attempt.reference, attempt.access) == (message.reference, access);
        let Some(place) = named.or_else(|| attempts.iter().position(is_its)) else {
            return self.ignored(message.name(), "it is about no message that is being sent");
        };
        let is_last = place + 1 == attempts.len();
        match failure_of(message) {
            None => self.succeeded(),
            // Clause 9.2.3.25: the service centre has it from an attempt before.
            Some(SendFailure::Relay { failure: Some(FailureCause::DUPLICATE), .. }) if attempts.len() > 1 => {
                self.succeeded();
            }
            Some(why) if is_last && self.is_sent() => self.failed(now, why),
            Some(_) => self.ignored(message.name(), "it is about an attempt that was given up"),
        }
    }

    fn is_sent(&self) -> bool {
        self.transfer.as_ref().is_some_and(|transfer| matches!(transfer.state, State::Sent(_)))
    }

    /// The first access that the user prefers and the UE has, not tried before where there is one.
    fn access(&self, tried: &[Attempt]) -> Option<SmsAccess> {
        let there = || self.config.preference.iter().filter(|access| self.accesses.contains(access));
        let is_new = |access: &&SmsAccess| !tried.iter().any(|attempt| attempt.access == **access);
        there().find(is_new).or_else(|| there().next()).copied()
    }

    fn attempt(&mut self, now: Instant) {
        let Some(mut transfer) = self.transfer.take() else { return };
        let Some(access) = self.access(&transfer.attempts) else {
            self.transfer = Some(transfer);
            return self.given_up(SendFailure::NoAccess);
        };
        self.relay_reference = self.relay_reference.wrapping_add(1);
        let reference = self.relay_reference;
        let to_gateway = if transfer.is_smma() { self.gateway.clone() } else { None };
        let message = match &mut transfer.task {
            Task::MemoryAvailable => RpMessage::smma(reference),
            Task::Part { message, part, submit, .. } => {
                if submit.status_report && transfer.attempts.is_empty() {
                    // The status report may overtake the submit report.
                    let (reference, to) = (submit.reference, submit.destination);
                    self.await_status(Awaited { message: *message, part: *part, reference, to });
                }
                // Clause 9.2.3.25: the same TP-MR, and what the service centre has it rejects.
                submit.reject_duplicates = !transfer.attempts.is_empty();
                let tpdu = Tpdu::Submit(Submit::clone(submit));
                RpMessage::mobile_originated(reference, self.config.service_centre, &tpdu)
            }
        };
        let octets = message.emit();
        let (mut token, mut call_id) = (None, String::new());
        if access == SmsAccess::Ip {
            // The report will name it.
            call_id = self.entropy.token(24);
            let headers = vec![("Call-ID".to_owned(), call_id.clone())];
            let to = to_gateway.unwrap_or_else(|| self.config.centre());
            token = Some(self.message(to, octets, headers));
        } else {
            self.outputs.push_back(SmsOutput::Relay { access, octets });
        }
        transfer.attempts.push(Attempt { access, reference, call_id, token });
        transfer.state = State::Sent(now + self.config.timers.tr1m);
        self.transfer = Some(transfer);
    }

    fn succeeded(&mut self) {
        let Some(Transfer { task, attempts, .. }) = self.transfer.take() else { return };
        let (access, attempts) = attempts.last().map_or((SmsAccess::Ip, 0), |last| (last.access, attempts.len()));
        match task {
            Task::MemoryAvailable => {
                self.memory.has_refused = self.has_refused_again;
                self.event(SmsEvent::MemoryAvailable { result: Ok(()) });
            }
            Task::Part { message, part, parts, submit } => {
                let reference = submit.reference;
                self.event(SmsEvent::PartSent { message, part, parts, reference, access, attempts });
                if part == parts {
                    self.sent(message, Ok(()));
                }
            }
        }
    }

    /// An attempt has failed: another one follows where that may help.
    fn failed(&mut self, now: Instant, why: SendFailure) {
        let Some(transfer) = &mut self.transfer else { return };
        let (most, pause) = match transfer.task {
            Task::MemoryAvailable => (SMMA_ATTEMPTS, self.config.timers.tram),
            Task::Part { .. } => (self.config.attempts, self.config.pause),
        };
        if transfer.attempts.len() < most && why.is_temporary() {
            transfer.state = State::Pausing(now + pause);
            return;
        }
        self.given_up(why);
    }

    /// The other parts of the message are not sent either.
    fn given_up(&mut self, why: SendFailure) {
        match self.transfer.take().map(|transfer| transfer.task) {
            Some(Task::MemoryAvailable) => {
                if matches!(why, SendFailure::Relay { .. }) && !why.is_temporary() {
                    // The flag is unset as by an acknowledgement (TS 23.040 clause 10.3, ReadyForSM).
                    self.memory.has_refused = self.has_refused_again;
                }
                self.event(SmsEvent::MemoryAvailable { result: Err(why) });
            }
            Some(Task::Part { message, .. }) => {
                self.queue.0.retain(|task| !matches!(task, Task::Part { message: other, .. } if *other == message));
                self.sent(message, Err(why));
            }
            None => {}
        }
    }

    fn await_status(&mut self, awaited: Awaited) {
        if self.awaited.len() >= MOST_AWAITED {
            self.awaited.pop_front();
        }
        self.awaited.push_back(awaited);
    }

    fn sent(&mut self, message: u64, result: Result<(), SendFailure>) {
        self.event(SmsEvent::Sent { message, result });
    }
}

/// What a report says; none: the service centre has the message.
fn failure_of(message: &RpMessage) -> Option<SendFailure> {
    debug_assert_eq!(message.direction, Direction::ToMs);
    let RpBody::Error(error) = &message.body else { return None };
    let failure = match message.tpdu() {
        Some(Ok(Tpdu::SubmitReport(report))) => report.failure_cause(),
        _ => None,
    };
    Some(SendFailure::Relay { cause: error.cause, failure })
}
