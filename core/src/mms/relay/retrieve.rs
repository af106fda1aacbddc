//! Retrieval (TS 23.140 clause 8.1.5, OMA-MMS-ENC clause 6.3), and what recipients say of notifications and messages.

use http::Response;
use protocol::Instant;
use protocol::mms::{
    EncodedString, From, MessageClass, MmsAddress, MmsPdu, MmsStatus, PreviouslySentBy, PreviouslySentDate, Priority,
    RetrieveConf, RetrieveStatus,
};

use super::MmsRelay;
use super::content::type_of;
use super::keys::pieces;
use super::message::{Message, State};
use super::mm1::{answer_octets, transaction_id, unknown};
use super::work::{Change, Effect};
use crate::node::{HttpExchange, NodeOutput, Rows};

/// A subscriber asks for a message.
#[derive(Debug)]
pub(super) struct Giving {
    pub(super) exchange: HttpExchange,
    pub(super) msisdn: String,
    pub(super) number: u64,
    pub(super) recipient: usize,
    pub(super) location: String,
    /// The IP-Message-GW asks for it.
    pub(super) is_ip: bool,
    /// Once it is known.
    pub(super) message: Option<Box<Message>>,
}

/// M-NotifyResp.ind or M-Acknowledge.ind.
#[derive(Debug)]
pub(super) struct Acknowledged {
    pub(super) exchange: HttpExchange,
    pub(super) msisdn: String,
    pub(super) recipient: usize,
    pub(super) status: MmsStatus,
    pub(super) report_allowed: Option<bool>,
    pub(super) is_acknowledge: bool,
    /// It comes through the IP-Message-GW.
    pub(super) is_ip: bool,
}

impl MmsRelay {
    pub(super) fn retrieve(
        &mut self,
        now: Instant,
        number: u64,
        message: Option<Message>,
        mut giving: Giving,
    ) -> Change {
        let now_ms = self.shell.utc_ms(now);
        let refused = |text: &str| Change::answer(giving.exchange, not_given(now_ms, text));
        let mut own = message.filter(|message| {
            // Somebody else's location is as good as none.
            message.recipients.get(giving.recipient).is_some_and(|recipient| {
                recipient.own() == Some(&giving.msisdn) && recipient.location == giving.location
            })
        });
        let Some(message) = own.as_mut() else { return refused("there is no such message for you") };
        let state = message.recipients[giving.recipient].state;
        if !state.is_waiting() || message.expires_ms <= now_ms {
            let text = match state {
                State::Done(status) if status == MmsStatus::RETRIEVED.0 => "the message was retrieved before",
                State::Done(status) if status == MmsStatus::REJECTED.0 => "the message was rejected before",
                _ => "the time of the message is over",
            };
            return refused(text);
        }
        if !message.has_content {
            return refused("the message has no content any more");
        }
        let mut change = Change::default();
        if state != State::Given {
            self.set_state(&mut change, number, message, giving.recipient, State::Given);
            self.charge_retrieved(now, number, (&*message, giving.recipient), giving.is_ip);
            change.save(number, message);
        }
        change.ops.push(pieces(message.content_number(number)));
        giving.message = own.map(Box::new);
        change.then.push(Effect::Give(Box::new(giving)));
        change
    }

    /// The content has been read.
    pub(super) fn give(&mut self, now: Instant, giving: Giving, rows: Rows) {
        let Giving { exchange, number, recipient, message, .. } = giving;
        let mut rows = rows.into_iter().map(|(_, piece)| piece);
        let content_type = rows.next().and_then(|piece| type_of(&piece));
        let (Some(message), Some(content_type)) = (message, content_type) else {
            self.shell.say(format!("message {number:x} has no content in the store"));
            let (pdu, body) = RetrieveConf::failed(
                RetrieveStatus::TRANSIENT_FAILURE,
                "the content cannot be read: try again later",
                self.shell.utc_ms(now) / 1000,
            );
            let response = answer_octets(MmsPdu::from(pdu).emit(&body));
            return self.shell.output(NodeOutput::Http { exchange, response });
        };
        let mut conf = RetrieveConf::new(&self.message_id(number), message.date_s, content_type);
        // An M-Acknowledge.ind is wanted.
        conf.transaction_id = Some(transaction_id(number, recipient));
        conf.from = message.from.as_deref().filter(|_| !message.is_hidden).map(|from| From::Address(address(from)));
        conf.to = message.to.iter().map(|to| address(to)).collect();
        conf.cc = message.cc.iter().map(|cc| address(cc)).collect();
        conf.subject = message.subject.as_deref().map(EncodedString::new);
        conf.message_class = Some(MessageClass::of_name(&message.class));
        conf.priority = message.priority.map(Priority);
        conf.delivery_report = Some(message.delivery_report);
        conf.read_report = Some(message.read_report);
        for (count, (sender, date)) in (1..).zip(&message.previously) {
            let by = PreviouslySentBy { forwarded_count: count, address: address(sender) };
            conf.previously_sent_by.push(by);
            conf.previously_sent_date.push(PreviouslySentDate { forwarded_count: count, date: *date });
        }
        let mut octets = MmsPdu::from(conf).emit_head();
        octets.reserve(usize::try_from(message.octets).unwrap_or_default());
        rows.for_each(|piece| octets.extend_from_slice(&piece));
        self.counters.retrieved += 1;
        self.shell.output(NodeOutput::Http { exchange, response: answer_octets(octets) });
    }

    /// TS 23.140 clauses 8.1.4.2 and 8.1.5.3.
    pub(super) fn acknowledged(
        &mut self,
        now: Instant,
        number: u64,
        message: Option<Message>,
        own: Acknowledged,
    ) -> Change {
        let Acknowledged { exchange, recipient: at, status, .. } = own;
        let of_user = |message: &Message| {
            message.recipients.get(at).is_some_and(|recipient| recipient.own() == Some(&own.msisdn))
        };
        let Some(mut message) = message.filter(of_user) else { return Change::answer(exchange, unknown()) };
        let state = message.recipients[at].state;
        let mut change = Change::answer(exchange, Response::new(Vec::new()));
        let next = match status {
            MmsStatus::RETRIEVED if state == State::Given => State::done(MmsStatus::RETRIEVED),
            MmsStatus::RETRIEVED if state.is_waiting() => {
                let text = "the message was not given out: it waits to be retrieved";
                return Change::answer(exchange, super::mm1::refusal(http::StatusCode::CONFLICT, text));
            }
            MmsStatus::REJECTED | MmsStatus::UNRECOGNISED if state.is_waiting() => State::done(status),
            MmsStatus::DEFERRED if state == State::Waiting => State::Deferred,
            // It is over, or nothing new.
            _ => return change,
        };
        if own.is_acknowledge || status != MmsStatus::DEFERRED {
            self.shell.say(format!("message {number:x}: recipient {at} says {status}"));
        }
        self.charge_acknowledged(now, number, &message, &own);
        self.set_state(&mut change, number, &mut message, at, next);
        if matches!(next, State::Done(_)) && own.report_allowed != Some(false) {
            self.report(now, &mut change.ops, number, &mut message, at, status, None);
        }
        self.drop_content(&mut change, number, &mut message);
        change.save(number, &message);
        change
    }
}

/// M-Retrieve.conf without a message.
pub(super) fn not_given(now_ms: u64, text: &str) -> Response<Vec<u8>> {
    let (pdu, body) = RetrieveConf::failed(RetrieveStatus::PERMANENT_MESSAGE_NOT_FOUND, text, now_ms / 1000);
    answer_octets(MmsPdu::from(pdu).emit(&body))
}

pub(super) fn address(text: &str) -> MmsAddress {
    MmsAddress::of_text(text)
}
