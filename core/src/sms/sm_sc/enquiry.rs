//! What ESMEs ask about their messages: query_sm, cancel_sm and replace_sm (SMPP 3.4 clauses 4.8 to 4.10).

use protocol::Instant;
use protocol::smpp::{
    Body, CancelSm, CommandStatus, MessageState, Pdu, QuerySm, QuerySmResp, ReplaceSm, ShortMessage, SmppTime,
    TimeString,
};
use protocol::sms::{Deliver, Timestamp};

use super::SmSc;
use super::admission::{Admission, Answer, Reply};
use super::keys::origin;
use super::lookup::{Found, Then};
use super::message::{Content, Entry, Final, Message, Party};
use super::submit::user_data;
use crate::node::StreamId;

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
                    self.finish_elsewhere(now, found.number, &message, Final::DELETED, Vec::new(), pending.take());
                    refused = CommandStatus::OK;
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
        let held = found.and_then(|found| Some((found.number, found.message.clone()?)));
        let held = held.filter(|(_, (_, message))| {
            let is_alone = message.parts.is_none() && !message.body.is_report();
            let source = Party::of(&replace.source).map(|source| source.text);
            is_alone && message.account.as_deref() == Some(own) && source.as_ref() == Some(&message.source.text)
        });
        let (conn, sequence_number) = (reply.conn, reply.sequence_number);
        let failed = CommandStatus::REPLACE_FAILED;
        let Some((number, (key, message))) = held else { return self.refuse(conn, sequence_number, failed) };
        let Some(message) = self.replaced(now, replace, message) else {
            return self.refuse(conn, sequence_number, failed);
        };
        if !self.rewrite(now, number, key, message, reply, Vec::new()) {
            self.refuse(conn, sequence_number, failed);
        }
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
        let held = found.iter().filter_map(|found| Some((found.number, found.message.as_ref()?)));
        let mut held =
            held.filter(|(_, (_, message))| message.parts.is_none() && message.account.as_deref() == Some(own));
        let Some((number, (key, old))) =
            held.next_back().map(|(number, (key, old))| (number, (key.clone(), old.clone())))
        else {
            return self.admit(now, admission);
        };
        let (Some(add), Some(reply)) = (admission.adds.pop(), admission.reply.take()) else { return };
        let message = Message { origin: old.origin, priority: old.priority, ..add.message.clone() };
        let answer = Answer::Replaced(number, Box::new(reply.answer.clone()));
        if !self.rewrite(now, number, key, message, Reply { answer, ..reply.clone() }, Vec::new()) {
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
