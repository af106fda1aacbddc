//! What mobiles send, by way of the SMS-IWMSC (TR 23.804 clause 8.3 steps 4 and 5; TS 23.040 clauses 9.2.2.2 and 9.2.3.25), and
//! what other SM-SCs deliver here.

use protocol::Instant;
use protocol::smpp::{
    Body, CommandStatus, DeliveryReceipt, MessageState, Pdu, ShortMessage, Tlv, TlvTag, Tlvs, user_data_of,
};
use protocol::sms::{Carrier, Deliver, Direction, FailureCause, ProtocolIdentifier, Submit, Timestamp, Tpdu};
use sha2::{Digest, Sha256};

use super::SmSc;
use super::admission::{Add, Admission, Answer, Guard, Reply, acceptance, refusal};
use super::links::Side;
use super::lookup::Then;
use super::message::{Content, Final, Message, Party};
use super::outcome;
use crate::node::StreamId;
use crate::sms::tlv;

impl SmSc {
    /// A request has come.
    pub(super) fn on_request(&mut self, now: Instant, conn: StreamId, pdu: Pdu) {
        let number = pdu.sequence_number;
        match (self.links.side(conn), pdu.body) {
            (Some(Side::Gmsc(_) | Side::SmSc(_)), Body::DeliverSm(message)) => {
                self.deliver_sm(now, conn, number, &message, &pdu.tlvs);
            }
            (Some(Side::Esme(account)), body) => self.of_esme(now, conn, account, number, body, &pdu.tlvs),
            _ => self.refuse(conn, number, CommandStatus::INVALID_COMMAND_ID),
        }
    }

    fn deliver_sm(&mut self, now: Instant, conn: StreamId, number: u32, message: &ShortMessage, tlvs: &[Tlv]) {
        if let Some(Side::SmSc(smsc)) = self.links.side(conn)
            && let Some(receipt) = DeliveryReceipt::of(message, tlvs)
        {
            return self.receipt_of(conn, number, smsc, &receipt);
        }
        let Some(source) = Party::of(&message.source) else {
            return self.refuse_mobile(now, conn, number, FailureCause::INVALID_SME_ADDRESS);
        };
        let tpdu = tlv::tpdu_of(tlvs).map(|octets| Tpdu::parse(Direction::ToNetwork, Carrier::Data, octets));
        match tpdu {
            Some(Ok(Tpdu::Submit(submit))) => {
                // TR 23.804 clause 7.
                self.counters.over_ip += u64::from(tlv::is_ip_access(tlvs));
                self.submitted(now, conn, number, &source, &submit);
            }
            Some(Ok(Tpdu::Command(command))) => self.commanded(now, conn, number, source, command),
            Some(Ok(_)) => self.refuse_mobile(now, conn, number, FailureCause::TPDU_NOT_SUPPORTED),
            Some(Err(error)) => self.refuse_mobile(now, conn, number, error.failure_cause()),
            None => self.delivered_here(now, conn, number, source, message, tlvs),
        }
    }

    /// SMS-SUBMIT.
    fn submitted(&mut self, now: Instant, conn: StreamId, number: u32, source: &Party, submit: &Submit) {
        match self.of_submit(now, source, submit) {
            Ok((add, guard)) => {
                let report = acceptance(add.message.accepted_ms, self.config.quarters);
                let reply = Some(Reply { conn, sequence_number: number, answer: Answer::Deliver(report) });
                self.admit(now, Admission { adds: vec![add], reply, guard: Some(guard), ..Admission::default() });
            }
            Err(cause) => self.refuse_mobile(now, conn, number, cause),
        }
    }

    fn of_submit(&mut self, now: Instant, source: &Party, submit: &Submit) -> Result<(Add, Guard), FailureCause> {
        let now_ms = self.shell.utc_ms(now);
        let destination = Party::of_sms(&submit.destination).ok_or(FailureCause::INVALID_SME_ADDRESS)?;
        let originator = source.to_sms().ok_or(FailureCause::INVALID_SME_ADDRESS)?;
        let lane = self.routes.lane(source, &destination).ok_or(FailureCause::INVALID_SME_ADDRESS)?;
        if self.census.is_full(self.config.limits.messages) {
            return Err(FailureCause::SC_BUSY);
        }
        let period = submit.validity_period;
        let expires_ms = self.config.validity.until_of(now_ms, period).ok_or(FailureCause::VP_NOT_SUPPORTED)?;
        let accepted_ms = self.stamp(source, &lane, now_ms);
        let stamp = Timestamp::from_utc_ms(accepted_ms, self.config.quarters);
        let deliver = Deliver::of_submit(submit, originator, stamp);
        let reference = format!("{:02x}", submit.reference);
        let origin = super::keys::origin(&self.routes.name(source), &self.routes.name(&destination), &reference);
        let digest = digest(submit);
        let message = Message {
            source: source.clone(),
            destination,
            body: Content::Deliver(deliver.emit()),
            accepted_ms,
            expires_ms,
            priority: 0,
            single_shot: period.is_some_and(protocol::sms::ValidityPeriod::is_single_shot),
            report: submit.status_report.then_some(submit.reference),
            receipt: 0,
            account: None,
            service_type: String::new(),
            user_reference: None,
            id: None,
            parts: None,
            origin: Some(origin.clone()),
            digest: digest.clone(),
        };
        let add = Add { number: None, lane, message, not_before_ms: None, group: 0 };
        Ok((add, Guard { origin, digest, rejects: submit.reject_duplicates }))
    }

    /// A message without TPDU: of an IWMSC that has no such optional parameter, or of another SM-SC.
    fn delivered_here(
        &mut self,
        now: Instant,
        conn: StreamId,
        number: u32,
        source: Party,
        message: &ShortMessage,
        tlvs: &[Tlv],
    ) {
        let now_ms = self.shell.utc_ms(now);
        let octets = tlvs.octets(TlvTag::MESSAGE_PAYLOAD).unwrap_or(message.message.as_bytes());
        let data = user_data_of(message.data_coding, message.esm_class.has_header(), octets);
        let route = Party::of(&message.destination).and_then(|to| Some((self.routes.lane(&source, &to)?, to)));
        let Some((coding, data)) = data else {
            return self.refuse_mobile(now, conn, number, FailureCause::DATA_CODING);
        };
        let (Some((lane, destination)), Some(originator)) = (route, source.to_sms()) else {
            return self.refuse_mobile(now, conn, number, FailureCause::INVALID_SME_ADDRESS);
        };
        let Some(expires_ms) = self.config.validity.until(now_ms, None) else {
            return self.refuse_mobile(now, conn, number, FailureCause::VP_NOT_SUPPORTED);
        };
        if self.census.is_full(self.config.limits.messages) {
            return self.refuse_mobile(now, conn, number, FailureCause::SC_BUSY);
        }
        let accepted_ms = self.stamp(&source, &lane, now_ms);
        let stamp = Timestamp::from_utc_ms(accepted_ms, self.config.quarters);
        let mut deliver = Deliver::new(originator, stamp, coding, data);
        deliver.protocol_identifier = ProtocolIdentifier(message.protocol_id);
        deliver.reply_path = message.esm_class.has_reply_path();
        let message = Message {
            source,
            destination,
            body: Content::Deliver(deliver.emit()),
            accepted_ms,
            expires_ms,
            priority: message.priority,
            single_shot: false,
            report: None,
            receipt: 0,
            account: None,
            service_type: message.service_type.to_string(),
            user_reference: None,
            id: None,
            parts: None,
            origin: None,
            digest: String::new(),
        };
        let add = Add { number: None, lane, message, not_before_ms: None, group: 0 };
        let reply = Some(Reply { conn, sequence_number: number, answer: Answer::Deliver(Vec::new()) });
        self.admit(now, Admission { adds: vec![add], reply, ..Admission::default() });
    }

    /// TP-SCTS of a new message.
    pub(super) fn stamp(&mut self, source: &Party, lane: &str, now_ms: u64) -> u64 {
        self.stamps.next(&format!("{lane} {}", source.text), now_ms)
    }

    /// A delivery report that says no, in SMS-SUBMIT-REPORT too.
    pub(super) fn refuse_mobile(&mut self, now: Instant, conn: StreamId, number: u32, cause: FailureCause) {
        self.counters.refused += 1;
        let status = match cause {
            FailureCause::SC_BUSY | FailureCause::SC_SYSTEM_FAILURE => CommandStatus::TEMPORARY_APPLICATION_ERROR,
            _ => CommandStatus::REJECTED_BY_APPLICATION,
        };
        let report = tlv::tpdu(refusal(cause, self.shell.utc_ms(now), self.config.quarters));
        self.respond(conn, Pdu::response(number, status, Body::DeliverSmResp(None)).with([report]));
    }

    /// Another SM-SC tells what became of a message.
    fn receipt_of(&mut self, conn: StreamId, number: u32, smsc: usize, receipt: &DeliveryReceipt) {
        let name = self.config.smscs.get(smsc).map_or("", |smsc| smsc.peer.name.as_str());
        let key = super::forwarded_key(name, &receipt.message_id.to_string());
        let reply = Reply { conn, sequence_number: number, answer: Answer::Deliver(Vec::new()) };
        let end = (receipt.state != MessageState::ENROUTE).then(|| Final {
            state: receipt.state,
            status: outcome::status_of(receipt.state),
            error: receipt.error.parse().unwrap_or(0),
        });
        let Some(end) = end else {
            // What is still under way stays as it is.
            return self.respond(conn, Pdu::response(number, CommandStatus::OK, Body::DeliverSmResp(None)));
        };
        self.find_forwarded(key, Then::Receipt { end, reply });
    }
}

/// A hash of what was sent, whether or not it was said to be a repetition: TP-RD is bit 2 of the first octet.
fn digest(submit: &Submit) -> String {
    let mut plain = submit.clone();
    plain.reject_duplicates = false;
    hex::encode(&Sha256::digest(plain.emit())[..12])
}
