//! Messages enter the store, and others leave it: what belongs together is one transaction, and who waits for it is answered
//! when it is durable.

use std::collections::{BTreeMap, VecDeque};

use protocol::Instant;
use protocol::smpp::{Body, CommandStatus, MessageId, Pdu, SmeAddress, SubmitMultiResp, Unsuccessful};
use protocol::sms::{FailureCause, Parameters, SubmitReport, Timestamp};

use super::keys::{message_key, of_message_key, of_origin_key, origin_key, timer_key};
use super::lanes::Phase;
use super::message::{Entry, LaneState, Message, Origin};
use super::{Job, SmSc};
use crate::node::rows::{below, number_key, of_row, row};
use crate::node::{NodeStoreOp, Rows, StreamId, Table};
use crate::sms::tlv;
use crate::store::StoreError;

/// A transaction that is to be.
#[derive(Debug, Default)]
pub(super) struct Admission {
    /// Messages that come in.
    pub(super) adds: Vec<Add>,
    /// What else is written.
    pub(super) ops: Vec<NodeStoreOp>,
    /// What becomes of a lane whose first message it is about.
    pub(super) step: Option<Step>,
    /// Who waits for it.
    pub(super) reply: Option<Reply>,
    /// Whether the message is new is to be found out.
    pub(super) guard: Option<Guard>,
    /// Numbers of messages that leave where they are, as the first and the last of each: nobody else changes them until the
    /// store has answered.
    pub(super) ends: Vec<(u64, u64)>,
    /// Accounts of messages that are over.
    pub(super) over: Vec<(u64, Option<String>)>,
}

/// A message that comes in.
#[derive(Debug)]
pub(super) struct Add {
    /// That it has already: it was held elsewhere.
    pub(super) number: Option<u64>,
    pub(super) lane: String,
    pub(super) message: Message,
    /// UTC before which it is not delivered.
    pub(super) not_before_ms: Option<u64>,
    /// Parts of one message follow each other and have the same number here, which nothing else in the transaction has.
    pub(super) group: usize,
}

/// What becomes of a lane.
#[derive(Debug)]
pub(super) enum Step {
    /// Its first message is over: the next one, if there is one.
    Next { lane: String },
    /// Its first message is tried again.
    Retry { lane: String, state: LaneState },
}

/// Who waits for a transaction, and for which answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) conn: StreamId,
    pub(super) sequence_number: u32,
    pub(super) answer: Answer,
}

#[derive(Clone, Debug)]
pub(super) enum Answer {
    Submit,
    Data,
    /// To whom it was not submitted.
    Multi(Vec<(SmeAddress, CommandStatus)>),
    /// SMS-SUBMIT-REPORT to who has sent it.
    Deliver(Vec<u8>),
    Cancel,
    Replace,
    /// The message with this number is another one now.
    Replaced(u64, Box<Self>),
}

/// Whether a message of a mobile is new, or of an ESME that has given it a reference.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) origin: String,
    pub(super) digest: String,
    /// TP-RD.
    pub(super) rejects: bool,
}

/// What of a message is known that came before.
#[derive(Clone, Copy, Debug)]
enum Known {
    /// It was taken, under this number.
    Accepted { number: u64, accepted_ms: u64 },
    /// Nobody wants it twice (TP-RD).
    Refused,
}

/// What is told when the store has written.
#[derive(Debug, Default)]
pub(super) struct Written {
    reply: Option<(StreamId, Pdu, Answer)>,
    lane: Option<String>,
    origin: Option<String>,
    accepted: u64,
    /// Numbers of messages that are gone now.
    ends: Vec<(u64, u64)>,
}

impl SmSc {
    /// Begins a transaction: first it is read what it depends on.
    pub(super) fn admit(&mut self, now: Instant, admission: Admission) {
        if let Some(guard) = &admission.guard {
            // The same may come twice at once.
            if let Some(waiting) = self.origins.get_mut(&guard.origin) {
                return waiting.push_back(admission);
            }
            self.origins.insert(guard.origin.clone(), VecDeque::new());
        }
        for (first, last) in &admission.ends {
            self.ending.extend(*first..=*last);
        }
        let mut lanes: Vec<&String> = admission.adds.iter().map(|add| &add.lane).collect();
        lanes.sort_unstable();
        lanes.dedup();
        let mut reads: Vec<NodeStoreOp> = lanes.iter().map(|lane| NodeStoreOp::get(Table::SmScLane, lane)).collect();
        reads.extend(admission.guard.as_ref().map(|guard| below(Table::SmScOrigin, &guard.origin, ORIGINS)));
        for lane in lanes {
            self.admitting.entry(lane.clone()).or_default().pending += 1;
        }
        if reads.is_empty() {
            return self.write(now, admission, &BTreeMap::new());
        }
        self.shell.store(reads, Job::Check(Box::new(admission)));
    }

    /// What a transaction depends on is read.
    pub(super) fn checked(&mut self, now: Instant, admission: Admission, rows: Result<Vec<Rows>, StoreError>) {
        let mut lanes: Vec<String> = admission.adds.iter().map(|add| add.lane.clone()).collect();
        lanes.sort_unstable();
        lanes.dedup();
        match rows {
            Err(error) => {
                self.shell.say(format!("messages are not taken: {error}"));
                let written = self.not_written(&admission);
                self.written(now, written, Err(error));
            }
            Ok(rows) => {
                let state = |rows: &Rows| rows.first().and_then(|(_, value)| of_row::<LaneState>(value));
                let found = lanes.iter().zip(&rows).filter_map(|(lane, rows)| Some((lane.clone(), state(rows)?)));
                let found: BTreeMap<String, LaneState> = found.collect();
                match self.verdict(now, &admission, rows.get(lanes.len())) {
                    None => self.write(now, admission, &found),
                    Some(known) => self.known_already(now, admission, known),
                }
            }
        }
        lanes.iter().for_each(|lane| self.leave_admitting(lane));
    }

    /// TS 23.040 clause 9.2.3.25, and what was repeated because its answer was lost: how it is answered, unless it is new.
    fn verdict(&self, now: Instant, admission: &Admission, rows: Option<&Rows>) -> Option<Known> {
        let guard = admission.guard.as_ref()?;
        let read = |(key, value): &(String, Vec<u8>)| Some((of_origin_key(key)?, of_row::<Origin>(value)?));
        let rows: Vec<((bool, u64), Origin)> = rows?.iter().filter_map(read).collect();
        // TP-RD means what has the same originator, destination and TP-MR. A UE that has used its 256 references has that of
        // something else: it has to say the same, too.
        if guard.rejects && rows.iter().any(|((is_held, _), row)| *is_held && row.digest == guard.digest) {
            return Some(Known::Refused);
        }
        let (now_ms, window) = (self.shell.utc_ms(now), super::schedule::millis(self.config.limits.repeated));
        let mut same = rows.iter().filter(|(_, row)| row.digest == guard.digest && row.accepted_ms + window > now_ms);
        same.next().map(|((_, number), row)| Known::Accepted { number: *number, accepted_ms: row.accepted_ms })
    }

    fn known_already(&mut self, now: Instant, admission: Admission, known: Known) {
        self.counters.duplicates += 1;
        let origin = admission.guard.map(|guard| guard.origin);
        if let Some(reply) = admission.reply {
            let quarters = self.config.quarters;
            let pdu = match (reply.answer, known) {
                (Answer::Deliver(_), Known::Accepted { accepted_ms, .. }) => {
                    let report = tlv::tpdu(acceptance(accepted_ms, quarters));
                    let body = Body::DeliverSmResp(None);
                    Pdu::response(reply.sequence_number, CommandStatus::OK, body).with([report])
                }
                (answer, Known::Accepted { number, .. }) => answer.pdu(reply.sequence_number, number),
                (_, Known::Refused) => {
                    let report = refusal(FailureCause::DUPLICATE, self.shell.utc_ms(now), quarters);
                    let (status, body) = (CommandStatus::REJECTED_BY_APPLICATION, Body::DeliverSmResp(None));
                    Pdu::response(reply.sequence_number, status, body).with([tlv::tpdu(report)])
                }
            };
            self.respond(reply.conn, pdu);
        }
        self.free_origin(now, origin);
    }

    /// Everything is known: the transaction goes to the store.
    fn write(&mut self, now: Instant, admission: Admission, found: &BTreeMap<String, LaneState>) {
        let now_ms = self.shell.utc_ms(now);
        let Admission { adds, mut ops, step, reply, guard, ends, over } = admission;
        let mut written = Written { origin: guard.as_ref().map(|guard| guard.origin.clone()), ..Written::default() };
        let id = self.write_messages(&mut ops, now_ms, adds, found, &mut written);
        self.numbers.reserve(&mut ops);
        written.ends = ends;
        over.iter().for_each(|(number, account)| self.census.leave(*number, account.as_deref()));
        written.lane = step.and_then(|step| self.step(&mut ops, step));
        written.reply = reply.map(|reply| {
            let Reply { conn, sequence_number, answer } = reply;
            (conn, answer.clone().pdu(sequence_number, id), answer)
        });
        self.shell.store(ops, Job::Write(Box::new(written)));
    }

    /// Rows of messages that come in; the number by which whoever has submitted them knows them.
    fn write_messages(
        &mut self,
        ops: &mut Vec<NodeStoreOp>,
        now_ms: u64,
        adds: Vec<Add>,
        found: &BTreeMap<String, LaneState>,
        written: &mut Written,
    ) -> u64 {
        let mut groups: BTreeMap<usize, u64> = BTreeMap::new();
        adds.iter().for_each(|add| *groups.entry(add.group).or_default() += 1);
        let mut ranges: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        let mut id = None;
        let mut next: BTreeMap<usize, u64> = BTreeMap::new();
        for Add { number, lane, mut message, not_before_ms, group } in adds {
            let count = groups.get(&group).copied().unwrap_or(1);
            let (first, last) = *ranges.entry(group).or_insert_with(|| match number {
                Some(number) => (number, number),
                None => self.numbers.take(count),
            });
            let is_new = number.is_none();
            let own = next.entry(group).or_insert(first);
            let number = *own;
            *own += 1;
            if message.parts.is_none() && count > 1 {
                message.parts = Some((first, last));
            }
            // Whoever has submitted several messages at once knows them all by the first.
            let known = *id.get_or_insert(last);
            if message.account.is_some() && known != number {
                message.id = Some(known);
            }
            if number == last && is_new {
                written.accepted += u64::from(!message.body.is_report());
                self.census.enter(message.account.as_deref());
                Self::write_origin(ops, number, &message);
            }
            self.write_message(ops, now_ms, number, &lane, &message, not_before_ms, found);
        }
        id.unwrap_or_default()
    }

    #[expect(clippy::too_many_arguments, reason = "each is another thing of what is written")]
    fn write_message(
        &mut self,
        ops: &mut Vec<NodeStoreOp>,
        now_ms: u64,
        number: u64,
        lane: &str,
        message: &Message,
        not_before_ms: Option<u64>,
        found: &BTreeMap<String, LaneState>,
    ) {
        let put = |table, key: String, value: Vec<u8>| NodeStoreOp::Put { table, key, value };
        ops.push(put(Table::SmScTimer, timer_key(message.expires_ms, number), Vec::new()));
        self.timers.wake(&timer_key(message.expires_ms, number), message.expires_ms);
        if let Some(at_ms) = not_before_ms.filter(|at| *at > now_ms) {
            let entry = Entry::Scheduled { at_ms, message: Box::new(message.clone()) };
            ops.push(put(Table::SmScNumber, number_key(number), row(&entry)));
            ops.push(put(Table::SmScTimer, timer_key(at_ms, number), Vec::new()));
            return self.timers.wake(&timer_key(at_ms, number), at_ms);
        }
        let is_urgent = message.priority > 0;
        let key = message_key(lane, is_urgent, number);
        let is_last = message.parts.is_none_or(|(_, last)| last == number);
        let entry = Entry::Held { key: key.clone(), account: message.account.clone(), is_last };
        ops.push(put(Table::SmScNumber, number_key(number), row(&entry)));
        ops.push(put(Table::SmScMessage, key, row(message)));
        self.enter_lane(ops, now_ms, lane, is_urgent, found.get(lane).copied());
    }

    fn write_origin(ops: &mut Vec<NodeStoreOp>, number: u64, message: &Message) {
        let Some(origin) = &message.origin else { return };
        let digest = message.digest.clone();
        let value = row(&Origin { accepted_ms: message.accepted_ms, digest });
        ops.push(NodeStoreOp::Put { table: Table::SmScOrigin, key: origin_key(origin, true, number), value });
    }

    /// A message has come into a lane, which is due when it was not there, or at once for something urgent.
    fn enter_lane(
        &mut self,
        ops: &mut Vec<NodeStoreOp>,
        now_ms: u64,
        name: &str,
        is_urgent: bool,
        found: Option<LaneState>,
    ) {
        let found = self.admitted(name).unwrap_or(found);
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.more = true;
            lane.has_urgent |= is_urgent;
            return;
        }
        if found.is_none() || is_urgent {
            // Before all that has waited for its turn.
            let due_ms = if is_urgent { 0 } else { now_ms };
            let (attempts, cause) = found.map_or((0, None), |state| (state.attempts, state.cause));
            self.put_lane(ops, name, found, Some(LaneState { due_ms, attempts, cause }));
        }
    }

    /// What becomes of a lane; its name, if its next message is read in the same transaction.
    fn step(&mut self, ops: &mut Vec<NodeStoreOp>, step: Step) -> Option<String> {
        match step {
            Step::Retry { lane, state } => {
                let old = self.lanes.remove(&lane)?.state;
                let due_ms = state.due_ms;
                self.put_lane(ops, &lane, Some(old), Some(LaneState { due_ms, ..state }));
                None
            }
            Step::Next { lane: name } => {
                let lane = self.lanes.get_mut(&name)?;
                let old = lane.state;
                if !lane.more {
                    self.lanes.remove(&name);
                    self.put_lane(ops, &name, Some(old), None);
                    return None;
                }
                lane.begin_reading();
                if old.attempts > 0 {
                    let state = LaneState { attempts: 0, cause: None, ..old };
                    lane.state = state;
                    self.put_lane(ops, &name, Some(old), Some(state));
                }
                ops.push(below(Table::SmScMessage, &name, 2));
                Some(name)
            }
        }
    }

    /// Lanes that have waited until messages are gone.
    fn parked(&mut self) -> Vec<String> {
        let is_parked = |name: &String| self.lanes.get(name).is_some_and(|lane| lane.phase == Phase::Parked);
        std::mem::take(&mut self.parked).into_iter().filter(is_parked).collect()
    }

    /// A transaction that did not come about.
    fn not_written(&mut self, admission: &Admission) -> Written {
        if let Some(Step::Next { lane } | Step::Retry { lane, .. }) = &admission.step {
            self.lanes.remove(lane);
        }
        let reply = admission.reply.as_ref().map(|reply| {
            let body = reply.answer.clone().pdu(reply.sequence_number, 0);
            (reply.conn, body, reply.answer.clone())
        });
        let origin = admission.guard.as_ref().map(|guard| guard.origin.clone());
        Written { reply, origin, ends: admission.ends.clone(), ..Written::default() }
    }

    /// The store has answered a transaction.
    pub(super) fn written(&mut self, now: Instant, written: Written, result: Result<Vec<Rows>, StoreError>) {
        let Written { reply, lane, origin, accepted, ends } = written;
        ends.iter().flat_map(|(first, last)| *first..=*last).for_each(|number| {
            self.ending.remove(&number);
        });
        let parked = if ends.is_empty() { Vec::new() } else { self.parked() };
        match result {
            Ok(rows) => {
                self.counters.accepted += accepted;
                if let Some((conn, pdu, _)) = reply {
                    self.respond(conn, pdu);
                }
                if let Some(name) = lane {
                    self.filled(now, &name, rows.into_iter().next_back().unwrap_or_default());
                }
                parked.iter().for_each(|name| self.reload(name));
            }
            Err(error) => {
                self.store_failed(now, &error);
                lane.iter().chain(&parked).for_each(|name| drop(self.lanes.remove(name)));
                if let Some((conn, pdu, answer)) = reply {
                    match answer {
                        Answer::Deliver(_) => {
                            let (now_ms, quarters) = (self.shell.utc_ms(now), self.config.quarters);
                            let report = refusal(FailureCause::SC_SYSTEM_FAILURE, now_ms, quarters);
                            let report = tlv::tpdu(report);
                            let status = CommandStatus::TEMPORARY_APPLICATION_ERROR;
                            let body = Body::DeliverSmResp(None);
                            self.respond(conn, Pdu::response(pdu.sequence_number, status, body).with([report]));
                        }
                        _ => self.refuse(conn, pdu.sequence_number, CommandStatus::SYSTEM_ERROR),
                    }
                }
            }
        }
        self.free_origin(now, origin);
    }

    /// The store does not write: nothing goes for a moment, and then everything is looked for again.
    pub(super) fn store_failed(&mut self, now: Instant, error: &StoreError) {
        self.shell.say(format!("the store does not take what has happened: {error}"));
        self.numbers.distrust();
        self.paused_until = Some(now + super::STORE_PAUSE);
        self.queues.iter_mut().for_each(|queue| queue.scan.rewind());
        self.timers.rewind();
    }

    fn free_origin(&mut self, now: Instant, origin: Option<String>) {
        let Some(mut waiting) = origin.and_then(|origin| self.origins.remove(&origin)) else { return };
        while let Some(next) = waiting.pop_front() {
            self.admit(now, next);
        }
    }
}

impl Answer {
    fn pdu(self, sequence_number: u32, id: u64) -> Pdu {
        let message_id = MessageId::new(message_id(id));
        let body = match self {
            Self::Submit => Body::SubmitSmResp(message_id),
            Self::Data => Body::DataSmResp(message_id),
            Self::Multi(unsuccessful) => {
                let message_id = message_id.unwrap_or_default();
                // There are no more than destinations, 254.
                let unsuccessful = Unsuccessful::new(unsuccessful).unwrap_or_default();
                Body::SubmitMultiResp(Some(SubmitMultiResp { message_id, unsuccessful }))
            }
            Self::Deliver(report) => {
                // Who has said nothing in a TPDU gets none.
                let report = (!report.is_empty()).then(|| tlv::tpdu(report));
                let body = Body::DeliverSmResp(Some(MessageId::default()));
                return Pdu::response(sequence_number, CommandStatus::OK, body).with(report);
            }
            Self::Replaced(number, answer) => return answer.pdu(sequence_number, number),
            Self::Cancel => Body::CancelSmResp,
            Self::Replace => Body::ReplaceSmResp,
        };
        Pdu::response(sequence_number, CommandStatus::OK, body)
    }
}

/// message_id of a message: its number in hexadecimal digits.
pub(super) fn message_id(number: u64) -> String {
    format!("{number:x}")
}

/// SMS-SUBMIT-REPORT for RP-ACK.
pub(super) fn acceptance(accepted_ms: u64, quarters: i8) -> Vec<u8> {
    SubmitReport::new(None, Timestamp::from_utc_ms(accepted_ms, quarters), Parameters::default()).emit()
}

/// SMS-SUBMIT-REPORT for RP-ERROR.
pub(super) fn refusal(cause: FailureCause, now_ms: u64, quarters: i8) -> Vec<u8> {
    SubmitReport::new(Some(cause), Timestamp::from_utc_ms(now_ms, quarters), Parameters::default()).emit()
}

/// The lane of a message that is held.
pub(super) fn lane_of(key: &str) -> Option<&str> {
    of_message_key(key).map(|(lane, _)| lane)
}

/// Messages with the same originator, destination and TP-MR that are looked at: the last ones, those that are held first.
const ORIGINS: usize = 64;
