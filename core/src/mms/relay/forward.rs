//! M-Forward.req: a message that waits is sent on, and its recipient does not fetch it (TS 23.140 clause 8.1.6, OMA-MMS-ENC
//! clause 6.7).

use http::Response;
use protocol::Instant;
use protocol::mms::{ForwardReq, MmsAddress, MmsStatus, MmsVersion, ReplyCharging, ResponseStatus};

use super::accept::{Draft, Refusal, Reply, not_there};
use super::message::{Message, Origin, Recipient};
use super::mm1::{Asking, of_location, origin_key, sent_s};
use super::work::{Change, Event};
use super::{Job, MmsRelay};
use crate::node::{HttpExchange, NodeStoreOp, Table};

/// What a subscriber wants to send on.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) exchange: HttpExchange,
    msisdn: String,
    at: usize,
    location: String,
    is_ip: bool,
    transaction_id: String,
    version: MmsVersion,
    from: String,
    to: Vec<String>,
    cc: Vec<String>,
    recipients: Vec<Recipient>,
    expires_ms: u64,
    not_before_ms: u64,
    /// It is too late for it, unless it came before.
    unless_known: Option<Refusal>,
    date_s: u64,
    delivery_report: bool,
    read_report: bool,
    report_allowed: bool,
    key: String,
}

impl MmsRelay {
    pub(super) fn on_forward_req(
        &mut self,
        now: Instant,
        asking: Asking,
        req: ForwardReq,
        whole: &[u8],
    ) -> Option<Response<Vec<u8>>> {
        let (transaction_id, version) = (req.transaction_id.clone(), req.version);
        match self.wanted(now, asking, req, whole) {
            Ok((number, wanted)) => {
                self.on_message(number, Event::SendOn(Box::new(wanted)));
                None
            }
            Err(refusal) => Some(self.refuse(&transaction_id, version, true, &refusal)),
        }
    }

    fn wanted(&self, now: Instant, asking: Asking, req: ForwardReq, whole: &[u8]) -> Result<(u64, Wanted), Refusal> {
        let wants_reply =
            |charging: ReplyCharging| matches!(charging, ReplyCharging::REQUESTED | ReplyCharging::REQUESTED_TEXT_ONLY);
        if req.reply_charging.is_some_and(wants_reply) {
            let status = ResponseStatus::PERMANENT_REPLY_CHARGING_NOT_SUPPORTED;
            return Err(Refusal::new(status, "reply charging is not supported"));
        }
        // The URI that the notification had, or its last part alone.
        let location = req.content_location.rsplit('/').next().unwrap_or_default().to_owned();
        let (number, at) = of_location(&location).ok_or_else(not_there)?;
        let (from, recipients) = (self.sender(asking, req.from.address())?, self.recipients(req.recipients())?);
        let now_ms = self.shell.utc_ms(now);
        let (expires_ms, not_before_ms, unless_known) = self.times(now_ms, req.expiry, req.delivery_time);
        let msisdn = self.msisdn(asking);
        let texts = |addresses: &[MmsAddress]| addresses.iter().map(MmsAddress::text).collect();
        let wanted = Wanted {
            exchange: asking.exchange,
            key: origin_key(&msisdn, &req.transaction_id, whole),
            msisdn,
            at,
            location,
            is_ip: asking.is_ip,
            version: req.version,
            from,
            to: texts(&req.to),
            cc: texts(&req.cc),
            recipients,
            expires_ms,
            not_before_ms,
            unless_known,
            date_s: sent_s(req.date, now_ms),
            delivery_report: req.delivery_report.unwrap_or_default(),
            read_report: req.read_report.unwrap_or_default(),
            report_allowed: req.report_allowed.unwrap_or(true),
            transaction_id: req.transaction_id,
        };
        Ok((number, wanted))
    }

    /// The message is there, or not: the new one comes in.
    pub(super) fn send_on(&mut self, now: Instant, number: u64, message: Option<Message>, wanted: Wanted) -> Change {
        let now_ms = self.shell.utc_ms(now);
        let is_there = |message: &Message| {
            let recipient = message.recipients.get(wanted.at);
            let is_own = recipient.is_some_and(|own| {
                own.own() == Some(&wanted.msisdn) && own.location == wanted.location && own.state.is_waiting()
            });
            is_own && message.has_content && message.expires_ms > now_ms
        };
        let found = message.filter(is_there);
        let Wanted { exchange, transaction_id, version, key, unless_known, .. } = wanted;
        let reply = Reply::Mm1 { exchange, transaction_id, version, is_forward: true, unless_known };
        let Some(message) = found else {
            // It may have been there when this came before.
            self.shell.store(vec![NodeStoreOp::get(Table::MmsOrigin, &key)], Job::SentBefore(Box::new(reply)));
            return Change::default();
        };
        let mut previously = message.previously.clone();
        previously.extend(message.from.clone().filter(|_| !message.is_hidden).map(|from| (from, message.date_s)));
        let root = message.content_number(number);
        let draft = Draft {
            message: Message {
                origin: Origin::Subscriber(wanted.msisdn),
                origin_keys: vec![key.clone()],
                from: Some(wanted.from),
                is_hidden: false,
                to: wanted.to,
                cc: wanted.cc,
                delivery_report: wanted.delivery_report,
                read_report: wanted.read_report,
                relay_report: false,
                previously,
                date_s: wanted.date_s,
                accepted_ms: now_ms,
                expires_ms: wanted.expires_ms,
                is_ip: wanted.is_ip,
                pieces: 0,
                content_of: Some(root),
                holders: Default::default(),
                recipients: wanted.recipients,
                ..message
            },
            lock: key,
            pieces: Vec::new(),
            not_before_ms: wanted.not_before_ms,
            reply,
            source: Some((number, wanted.at, wanted.report_allowed)),
            reference: Some(wanted.location),
        };
        // The message that has the content has its turn behind this one.
        self.on_message(root, Event::Share(Box::new(draft)));
        Change::default()
    }

    pub(super) fn sent_on(
        &mut self,
        now: Instant,
        number: u64,
        message: Option<Message>,
        task: u64,
        recipient: usize,
    ) -> Change {
        let mut change = Change::release(task);
        self.end_task(&mut change.ops, task);
        if let Some(mut message) = message {
            self.report_sent_on(now, &mut change, number, &mut message, recipient, true);
            change.save(number, &message);
        }
        change
    }

    /// The sender learns that its message went on (TS 23.140 clause 8.1.6): its recipient may still fetch it.
    pub(super) fn report_sent_on(
        &mut self,
        now: Instant,
        change: &mut Change,
        number: u64,
        message: &mut Message,
        recipient: usize,
        report_allowed: bool,
    ) {
        if report_allowed {
            self.report(now, &mut change.ops, number, message, recipient, MmsStatus::FORWARDED, None);
        }
    }
}
