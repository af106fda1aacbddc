//! The end of a message: what stays of it for a while, and who is told (TS 23.040 clauses 3.2.9 and 9.2.2.3, SMPP 3.4
//! appendix B).

use protocol::Instant;
use protocol::smpp::{Body, MessageState, Pdu, RegisteredDelivery};
use protocol::sms::{Deliver, StatusReport, Submit, Timestamp};

use super::SmSc;
use super::admission::{Add, Admission, Reply, Step, lane_of};
use super::keys::{message_key, of_message_key, origin_key, timer_key};
use super::lanes::{Head, Phase};
use super::message::{Content, Done, Entry, Final, Message, Origin, Party, Receipt};
use super::schedule::millis;
use crate::node::rows::{number_key, part, row};
use crate::node::{NodeStoreOp, Table};

/// A message that cannot be changed any more, for it is on its way, or about to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct OnItsWay;

impl SmSc {
    /// The first message of a lane is over.
    pub(super) fn finish_head(&mut self, now: Instant, name: &str, end: Final) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        let Some(Head { number, key, message }) = lane.head.clone() else { return };
        lane.phase = Phase::Closing;
        if end.state != MessageState::DELIVERED && message.parts.is_some_and(|(_, last)| last > number) {
            // The other parts go with it.
            lane.more = true;
        }
        let step = Some(Step::Next { lane: name.to_owned() });
        let admission = self.end_of(now, number, Some(&key), &message, end);
        self.admit(now, Admission { step, ..admission });
    }

    /// A message is over that is held in a lane; what else comes in with its end.
    #[expect(clippy::too_many_arguments, reason = "a message, where it is held, and what follows from its end")]
    pub(super) fn finish_held(
        &mut self,
        now: Instant,
        number: u64,
        key: &str,
        message: &Message,
        end: Final,
        reply: Option<Reply>,
        adds: Vec<Add>,
    ) -> Result<(), OnItsWay> {
        let step = self.take_out(number, key, message)?;
        let mut admission = self.end_of(now, number, Some(key), message, end);
        admission.adds.extend(adds);
        self.admit(now, Admission { step, reply, ..admission });
        Ok(())
    }

    /// A message is about to leave its lane: what becomes of that.
    pub(super) fn take_out(&mut self, number: u64, key: &str, message: &Message) -> Result<Option<Step>, OnItsWay> {
        let name = lane_of(key).unwrap_or_default().to_owned();
        let parts = message.parts.unwrap_or((number, number));
        self.is_free(parts)?;
        let Some(lane) = self.lanes.get_mut(&name) else { return Ok(None) };
        if lane.is_busy_with(parts) {
            return Err(OnItsWay);
        }
        let is_head = lane.head.as_ref().is_some_and(|head| (parts.0..=parts.1).contains(&head.number));
        if lane.phase == Phase::Ready && is_head {
            (lane.phase, lane.more) = (Phase::Closing, true);
            let way = lane.way();
            self.queues[way].forget(&name);
            return Ok(Some(Step::Next { lane: name }));
        }
        if lane.phase == Phase::Loading {
            lane.is_stale = true;
        }
        Ok(None)
    }

    /// Whether a message that was looked up is still what it was: the store may be writing meanwhile that it is over.
    pub(super) fn is_free(&self, (first, last): (u64, u64)) -> Result<(), OnItsWay> {
        if self.ending.range(first..=last).next().is_some() { Err(OnItsWay) } else { Ok(()) }
    }

    /// A message is over that is in no lane.
    pub(super) fn finish_elsewhere(
        &mut self,
        now: Instant,
        number: u64,
        message: &Message,
        end: Final,
        ops: Vec<NodeStoreOp>,
        reply: Option<Reply>,
    ) -> Result<(), OnItsWay> {
        self.is_free(message.parts.unwrap_or((number, number)))?;
        let mut admission = self.end_of(now, number, None, message, end);
        admission.ops.extend(ops);
        self.admit(now, Admission { reply, ..admission });
        Ok(())
    }

    /// What the end of a message takes with it and brings. The end of one part, unless it is delivered, is that of all.
    fn end_of(&mut self, now: Instant, number: u64, key: Option<&str>, message: &Message, end: Final) -> Admission {
        let now_ms = self.shell.utc_ms(now);
        let (first, last) = message.parts.unwrap_or((number, number));
        let is_good = matches!(end.state, MessageState::DELIVERED | MessageState::ACCEPTED);
        let gone = if is_good { number..=number } else { first..=last };
        let lane = key.and_then(of_message_key).map(|(lane, _)| lane);
        let mut admission = Admission { ends: vec![(*gone.start(), *gone.end())], ..Admission::default() };
        let delete = |table, key: String| NodeStoreOp::Delete { table, key };
        for other in gone {
            if let Some(lane) = lane {
                admission.ops.push(delete(Table::SmScMessage, message_key(lane, message.priority > 0, other)));
            }
            admission.ops.push(delete(Table::SmScNumber, number_key(other)));
            admission.ops.push(delete(Table::SmScTimer, timer_key(message.expires_ms, other)));
        }
        if is_good && number < last {
            return admission;
        }
        admission.over.push((last, message.account.clone()));
        self.count(end);
        if message.body.is_report() {
            return admission;
        }
        let done = Done {
            source: message.source.clone(),
            destination: message.destination.clone(),
            account: message.account.clone(),
            accepted_ms: message.accepted_ms,
            done_ms: now_ms,
            state: end.state.0,
            status: end.status.0,
            error: end.error,
            origin: message.origin.clone(),
        };
        self.remember(&mut admission.ops, last, &message.digest, done);
        admission.adds.extend(self.status_report(now_ms, message, end));
        admission.adds.extend(self.receipt(now_ms, last, message, end));
        admission
    }

    /// What became of a message is known for a while.
    fn remember(&mut self, ops: &mut Vec<NodeStoreOp>, number: u64, digest: &str, done: Done) {
        let until_ms = done.done_ms + millis(self.config.limits.remembered);
        let put = |table, key: String, value: Vec<u8>| NodeStoreOp::Put { table, key, value };
        if let Some(origin) = &done.origin {
            let value = row(&Origin { accepted_ms: done.accepted_ms, digest: digest.to_owned() });
            ops.push(NodeStoreOp::Delete { table: Table::SmScOrigin, key: origin_key(origin, true, number) });
            ops.push(put(Table::SmScOrigin, origin_key(origin, false, number), value));
        }
        ops.push(put(Table::SmScNumber, number_key(number), row(&Entry::Done(done))));
        ops.push(put(Table::SmScTimer, timer_key(until_ms, number), Vec::new()));
        self.timers.wake(&timer_key(until_ms, number), until_ms);
    }

    /// SMS-STATUS-REPORT for the mobile that has asked for it.
    fn status_report(&self, now_ms: u64, message: &Message, end: Final) -> Option<Add> {
        let reference = message.report?;
        let (scts, quarters) = (message.accepted_ms, self.config.quarters);
        let recipient = message.destination.to_sms()?;
        let Content::Deliver(octets) = &message.body else { return None };
        let deliver = Deliver::parse(octets).ok()?;
        let submit = Submit::new(reference, recipient, deliver.coding, deliver.user_data);
        let stamp = |ms| Timestamp::from_utc_ms(ms, quarters);
        let report = StatusReport::of_submit(&submit, stamp(scts), stamp(now_ms), end.status);
        self.report_to(now_ms, &message.source, &message.destination, &report)
    }

    /// A report for a mobile as a message of its own.
    pub(super) fn report_to(&self, now_ms: u64, to: &Party, about: &Party, report: &StatusReport) -> Option<Add> {
        let lane = self.routes.mobile_lane(to)?;
        let message = Message {
            source: about.clone(),
            destination: to.clone(),
            body: Content::Report(report.emit()),
            accepted_ms: now_ms,
            expires_ms: now_ms + millis(self.config.validity.reports),
            priority: 0,
            single_shot: false,
            report: None,
            receipt: 0,
            account: None,
            service_type: String::new(),
            user_reference: None,
            id: None,
            parts: None,
            origin: None,
            digest: String::new(),
        };
        Some(Add { number: None, lane, message, not_before_ms: None, group: GROUP_OF_REPORTS })
    }

    /// Delivery receipt for the ESME that has asked for it.
    fn receipt(&self, now_ms: u64, number: u64, message: &Message, end: Final) -> Option<Add> {
        let account = message.account.as_ref()?;
        if !RegisteredDelivery(message.receipt).wants_receipt(end.state) {
            return None;
        }
        let parts = message.parts.map_or(1, |(first, last)| u16::try_from(last - first + 1).unwrap_or(u16::MAX));
        let text = match &message.body {
            Content::Deliver(octets) => Deliver::parse(octets).ok().and_then(|d| d.user_data.text(d.coding)),
            _ => None,
        };
        let text =
            text.unwrap_or_default().chars().take(20).map(|c| if c.is_ascii() { c as u8 } else { b'?' }).collect();
        let receipt = Receipt {
            message: message.id.unwrap_or(number),
            state: end.state.0,
            error: end.error,
            submitted: parts,
            delivered: if end.state == MessageState::DELIVERED { parts } else { 0 },
            submit_ms: message.accepted_ms,
            done_ms: now_ms,
            text,
            user_reference: message.user_reference,
        };
        let message = Message {
            source: message.destination.clone(),
            destination: message.source.clone(),
            body: Content::Receipt(receipt),
            accepted_ms: now_ms,
            expires_ms: now_ms + millis(self.config.validity.reports),
            priority: 0,
            single_shot: false,
            report: None,
            receipt: 0,
            account: None,
            service_type: message.service_type.clone(),
            user_reference: None,
            id: None,
            parts: None,
            origin: None,
            digest: String::new(),
        };
        let lane = format!("E:{}/-/{}", part(account), part(&self.routes.name(&message.source)));
        Some(Add { number: None, lane, message, not_before_ms: None, group: GROUP_OF_RECEIPTS })
    }

    /// Another SM-SC has taken the first message of a lane: what becomes of it is told there, if anybody wants to know.
    pub(super) fn forwarded(&mut self, now: Instant, name: &str, smsc: usize, response: &Pdu) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        let Some(Head { number, key, message }) = lane.head.clone() else { return };
        lane.phase = Phase::Closing;
        let id = match &response.body {
            Body::SubmitSmResp(Some(id)) if !id.is_empty() => id.to_string(),
            _ => return self.finish_head(now, name, Final::FORWARDED),
        };
        // Of several parts the last one tells.
        if !wants_to_know(&message) || message.parts.is_some_and(|(_, last)| last > number) {
            return self.finish_head(now, name, Final::FORWARDED);
        }
        let own = self.config.smscs.get(smsc).map_or("", |smsc| smsc.peer.name.as_str());
        let forwarded = super::forwarded_key(own, &id);
        let entry = Entry::Forwarded { message: Box::new(message), row: forwarded.clone() };
        let put = |table, key: String, value: Vec<u8>| NodeStoreOp::Put { table, key, value };
        let ops = vec![
            NodeStoreOp::Delete { table: Table::SmScMessage, key },
            put(Table::SmScNumber, number_key(number), row(&entry)),
            put(Table::SmScForwarded, forwarded, number_key(number).into_bytes()),
        ];
        let step = Some(Step::Next { lane: name.to_owned() });
        self.admit(now, Admission { ops, step, ends: vec![(number, number)], ..Admission::default() });
    }

    const fn count(&mut self, end: Final) {
        match end.state {
            MessageState::DELIVERED | MessageState::ACCEPTED => self.counters.delivered += 1,
            MessageState::EXPIRED => self.counters.expired += 1,
            MessageState::DELETED => self.counters.deleted += 1,
            _ => self.counters.failed += 1,
        }
    }
}

/// Somebody wants to hear of what becomes of a message.
pub(super) fn wants_to_know(message: &Message) -> bool {
    message.report.is_some() || message.receipt & 3 != 0
}

/// Parts are grouped from 0 on.
const GROUP_OF_REPORTS: usize = usize::MAX - 1;
pub(super) const GROUP_OF_COMMANDS: usize = usize::MAX - 2;
const GROUP_OF_RECEIPTS: usize = usize::MAX;
