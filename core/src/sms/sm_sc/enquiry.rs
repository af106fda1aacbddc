//! What ESMEs ask about their messages: query_sm, cancel_sm and replace_sm (SMPP 3.4 clauses 4.8 to 4.10).

use protocol::Instant;
use protocol::smpp::{
    Body, CancelSm, CommandStatus, MessageState, Pdu, QuerySm, QuerySmResp, ReplaceSm, ShortMessage, SmppTime,
    TimeString,
};
use protocol::sms::{Deliver, Timestamp};

use super::SmSc;
use super::admission::{Add, Admission, Answer, Reply};
use super::finish::OnItsWay;
use super::keys::{origin, timer_key};
use super::lookup::{Found, Then};
use super::message::{Content, Entry, Final, Message, Party};
use super::schedule::millis;
use super::submit::user_data;
use crate::node::{NodeStoreOp, StreamId, Table};

impl SmSc {
    pub(super) fn ask_query(
        &mut self,
        conn: StreamId,
        sequence_number: u32,
        account: usize,
        query: QuerySm,
    ) -> Result<(), CommandStatus> {
        let number = number_of(query.message_id.as_bytes())?;
        self.look_up(vec![number], Then::Query { conn, sequence_number, account, query });
        Ok(())
    }

    pub(super) fn ask_cancel(&mut self, account: usize, cancel: &CancelSm, reply: Reply) -> Result<(), CommandStatus> {
        let source = Party::of(&cancel.source).ok_or(CommandStatus::INVALID_SOURCE)?;
        let destination = Party::of(&cancel.destination);
        if !cancel.message_id.is_empty() {
            let number = number_of(cancel.message_id.as_bytes())?;
            self.look_up(vec![number], Then::Cancel { account, source, destination, reply });
            return Ok(());
        }
        let destination = destination.ok_or(CommandStatus::INVALID_DESTINATION)?;
        let reference = format!("{} {}", self.config.accounts[account].system_id, cancel.service_type);
        let prefix = origin(&self.routes.name(&source), &self.routes.name(&destination), &reference);
        self.find_origin(&prefix, Then::Cancel { account, source, destination: Some(destination), reply });
        Ok(())
    }

    pub(super) fn ask_replace(
        &mut self,
        account: usize,
        replace: ReplaceSm,
        reply: Reply,
    ) -> Result<(), CommandStatus> {
        let number = number_of(replace.message_id.as_bytes())?;
        self.look_up(vec![number], Then::Replace { account, replace: Box::new(replace), reply });
        Ok(())
    }

    pub(super) fn query(
        &mut self,
        conn: StreamId,
        sequence_number: u32,
        account: usize,
        query: &QuerySm,
        found: Option<&Found>,
    ) {
        let own = self.config.accounts[account].system_id.as_str();
        let source = Party::of(&query.source);
        let is_own = |account: Option<&str>, from: &Party| {
            account == Some(own) && source.as_ref().is_none_or(|source| source.text == from.text)
        };
        let answer = found.and_then(|found| match (&found.entry, &found.message) {
            (Entry::Held { .. }, Some((_, message))) => {
                is_own(message.account.as_deref(), &message.source).then_some((MessageState::ENROUTE, None, 0))
            }
            (Entry::Scheduled { message, .. } | Entry::Forwarded { message, .. }, _) => {
                is_own(message.account.as_deref(), &message.source).then_some((MessageState::ENROUTE, None, 0))
            }
            (Entry::Done(done), _) => is_own(done.account.as_deref(), &done.source).then_some((
                MessageState(done.state),
                Some(done.done_ms),
                done.error,
            )),
            _ => None,
        });
        let Some((message_state, done_ms, error_code)) = answer else {
            return self.refuse(conn, sequence_number, CommandStatus::QUERY_FAILED);
        };
        let final_date = done_ms.map_or_else(TimeString::default, |ms| SmppTime::absolute(ms).to_time_string());
        let body = QuerySmResp { message_id: query.message_id.clone(), final_date, message_state, error_code };
        let body = Body::QuerySmResp(Some(body));
        self.respond(conn, Pdu::response(sequence_number, CommandStatus::OK, body));
    }

    /// One message by its number, or all that wait from one to the other.
    pub(super) fn cancel(
        &mut self,
        now: Instant,
        account: usize,
        source: &Party,
        destination: Option<&Party>,
        reply: &Reply,
        found: Vec<Found>,
    ) {
        let own = self.config.accounts[account].system_id.clone();
        let is_own = |message: &Message| {
            message.account.as_deref() == Some(&own)
                && message.source.text == source.text
                && destination.is_none_or(|destination| destination.text == message.destination.text)
        };
        let mut pending = Some(reply.clone());
        let mut refused = CommandStatus::CANCEL_FAILED;
        for found in found {
            match (found.entry, found.message) {
                (Entry::Held { .. }, Some((key, message))) if is_own(&message) => {
                    let (number, end) = (found.number, Final::DELETED);
                    let waiting = pending.clone();
                    if self.finish_held(now, number, &key, &message, end, waiting, Vec::new()).is_ok() {
                        pending = None;
                        refused = CommandStatus::OK;
                    }
                }
                (Entry::Scheduled { message, .. }, _) if is_own(&message) => {
                    let (number, end) = (found.number, Final::DELETED);
                    let waiting = pending.clone();
                    if self.finish_elsewhere(now, number, &message, end, Vec::new(), waiting).is_ok() {
                        pending = None;
                        refused = CommandStatus::OK;
                    }
                }
                _ => {}
            }
        }
        if !refused.is_ok() {
            self.refuse(reply.conn, reply.sequence_number, refused);
        }
    }

    pub(super) fn replace(
        &mut self,
        now: Instant,
        account: usize,
        replace: &ReplaceSm,
        reply: Reply,
        found: Option<&Found>,
    ) {
        let own = self.config.accounts[account].system_id.as_str();
        let waiting = found.and_then(Found::waiting).filter(|message| {
            let is_alone = message.parts.is_none() && !message.body.is_report();
            let source = Party::of(&replace.source).map(|source| source.text);
            is_alone && message.account.as_deref() == Some(own) && source.as_ref() == Some(&message.source.text)
        });
        let (conn, sequence_number) = (reply.conn, reply.sequence_number);
        let failed = CommandStatus::REPLACE_FAILED;
        let Some((found, old)) = found.zip(waiting.cloned()) else {
            return self.refuse(conn, sequence_number, failed);
        };
        let now_ms = self.shell.utc_ms(now);
        let at_ms = match (replace.schedule_delivery_time.as_bytes(), &found.entry) {
            // Nothing: as it was.
            ([], Entry::Scheduled { at_ms, .. }) => Some(*at_ms),
            ([], _) => None,
            (text, _) => match SmppTime::parse(text) {
                Some(time) => Some(time.at(now_ms)),
                None => return self.refuse(conn, sequence_number, CommandStatus::INVALID_SCHEDULE),
            },
        };
        let most_ms = now_ms + millis(self.config.validity.maximum);
        if at_ms.is_some_and(|at_ms| at_ms > most_ms) {
            return self.refuse(conn, sequence_number, CommandStatus::INVALID_SCHEDULE);
        }
        let Some(message) = self.replaced(now, replace, old) else {
            return self.refuse(conn, sequence_number, failed);
        };
        if at_ms.is_some_and(|at_ms| at_ms >= message.expires_ms) {
            return self.refuse(conn, sequence_number, CommandStatus::INVALID_SCHEDULE);
        }
        if !self.exchange(now, found, (message, at_ms), reply) {
            self.refuse(conn, sequence_number, failed);
        }
    }

    /// Another message in the place and under the number of one that waits, not to be delivered before its time; false: that
    /// one is on its way, or about to end.
    fn exchange(
        &mut self,
        now: Instant,
        found: &Found,
        (message, not_before_ms): (Message, Option<u64>),
        reply: Reply,
    ) -> bool {
        let number = found.number;
        let not_before_ms = not_before_ms.filter(|at_ms| *at_ms > self.shell.utc_ms(now));
        let delete = |table, key: String| NodeStoreOp::Delete { table, key };
        let (step, mut ops) = match (&found.entry, &found.message) {
            (Entry::Held { .. }, Some((key, _))) if not_before_ms.is_none() => {
                return self.rewrite(now, number, key.clone(), message, reply, Vec::new());
            }
            (Entry::Held { .. }, Some((key, old))) => match self.take_out(number, key, old) {
                Ok(step) => (step, vec![delete(Table::SmScMessage, key.clone())]),
                Err(OnItsWay) => return false,
            },
            (Entry::Scheduled { at_ms, .. }, _) if self.is_free((number, number)).is_ok() => {
                (None, vec![delete(Table::SmScTimer, timer_key(*at_ms, number))])
            }
            _ => return false,
        };
        ops.extend(found.waiting().map(|old| delete(Table::SmScTimer, timer_key(old.expires_ms, number))));
        let Some(lane) = self.routes.lane(&message.source, &message.destination) else { return false };
        let adds = vec![Add { number: Some(number), lane, message, not_before_ms, group: 0 }];
        let ends = vec![(number, number)];
        self.admit(now, Admission { adds, ops, step, ends, reply: Some(reply), ..Admission::default() });
        true
    }

    /// The message with another text. data_coding stays what it was, for replace_sm has none.
    fn replaced(&mut self, now: Instant, replace: &ReplaceSm, message: Message) -> Option<Message> {
        let now_ms = self.shell.utc_ms(now);
        let Content::Deliver(octets) = &message.body else { return None };
        let mut deliver = Deliver::parse(octets).ok()?;
        let short = ShortMessage {
            data_coding: protocol::smpp::data_coding_of(deliver.coding),
            message: replace.message.clone(),
            ..ShortMessage::default()
        };
        let (coding, mut parts) = user_data(&short, &[], 0).ok()?;
        let data = parts.pop().filter(|_| parts.is_empty())?;
        let until = match replace.validity_period.as_bytes() {
            [] => None,
            text => Some(SmppTime::parse(text)?.at(now_ms)),
        };
        let period = until.map(|until| std::time::Duration::from_millis(until.saturating_sub(now_ms)));
        let expires_ms =
            if period.is_some() { self.config.validity.until(now_ms, period)? } else { message.expires_ms };
        // It says something else, and is no repetition of what may have come to the UE.
        let lane = self.routes.lane(&message.source, &message.destination)?;
        let accepted_ms = self.stamp(&message.source, &lane, now_ms);
        deliver.service_centre_time = Timestamp::from_utc_ms(accepted_ms, self.config.quarters);
        (deliver.coding, deliver.user_data) = (coding, data);
        let receipt = replace.registered_delivery.0;
        Some(Message { body: Content::Deliver(deliver.emit()), expires_ms, accepted_ms, receipt, ..message })
    }

    /// replace_if_present_flag: what waits from the one to the other with the same service_type becomes the new message.
    pub(super) fn instead(&mut self, now: Instant, mut admission: Admission, account: usize, found: &[Found]) {
        let own = self.config.accounts[account].system_id.as_str();
        let is_it = |old: &Message| old.parts.is_none() && old.account.as_deref() == Some(own);
        let waiting = found.iter().filter_map(|found| Some((found, found.waiting().filter(|old| is_it(old))?)));
        let Some((found, old)) = waiting.max_by_key(|(found, _)| found.number) else {
            return self.admit(now, admission);
        };
        let (Some(add), Some(reply)) = (admission.adds.pop(), admission.reply.take()) else { return };
        let message = Message { origin: old.origin.clone(), priority: old.priority, ..add.message.clone() };
        let answer = Answer::Replaced(found.number, Box::new(reply.answer.clone()));
        if !self.exchange(now, found, (message, add.not_before_ms), Reply { answer, ..reply.clone() }) {
            // It is on its way: the new one comes behind.
            self.admit(now, Admission { adds: vec![add], reply: Some(reply), ..admission });
        }
    }
}

/// The number of a message by its message_id.
fn number_of(id: &[u8]) -> Result<u64, CommandStatus> {
    let text = std::str::from_utf8(id).ok().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
    text.and_then(|text| u64::from_str_radix(text, 16).ok()).ok_or(CommandStatus::INVALID_MESSAGE_ID)
}
