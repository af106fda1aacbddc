//! What comes without having been asked for: notifications (OMA-MMS-ENC clause 6.2), delivery and read reports (clauses 6.5
//! and 6.6), in short messages (WAP-235) and in MESSAGEs; and PDUs that answer MESSAGEs.

use protocol::Instant;
use protocol::mms::{
    DeliveryInd, EncodedString, MmsPdu, MmsProblem, MmsStatus, NotificationInd, NotifyRespInd, ReadOrigInd, WapPush,
};
use protocol::sip::Uri;
use protocol::sms::Content;

use super::super::config::OnNotification;
use super::super::failure::MmsFailure;
use super::super::io::{MmsEvent, MmsNotice, MmsReport};
use super::super::memory::{Notice, NoticeState};
use super::MmsClient;
use super::exchange::Said;
use crate::agent::sip::IncomingMessage;
use crate::agent::sms::ReceivedSms;

impl MmsClient {
    pub(super) fn short_message(&mut self, sms: &ReceivedSms) {
        let octets = match &sms.content {
            Content::Octets(octets) if Self::is_push(sms) => octets,
            _ => return self.ignored("a short message", "it is no push"),
        };
        match WapPush::parse(octets) {
            Ok(push) if push.is_mms() => match MmsPdu::parse(&push.body) {
                Ok((pdu, _)) => self.pushed(pdu),
                Err(problem) => self.not_understood(&problem),
            },
            Ok(push) => self.ignored("a push", format!("{} is not for multimedia messages", push.content_type)),
            Err(problem) => self.ignored("a push", problem.to_string()),
        }
    }

    /// A MESSAGE came, and was answered with 200.
    pub(super) fn message_received(&mut self, now: Instant, message: &IncomingMessage) {
        if !self.is_of_gateway(&message.from) {
            return self.ignored("a MESSAGE with a PDU", format!("{} is not the gateway", message.from));
        }
        let answered = message.in_reply_to.as_deref().and_then(|call_id| self.of_call_id(call_id));
        let (pdu, body) = match (MmsPdu::parse(&message.body), answered) {
            (Ok(read), _) => read,
            (Err(problem), Some(id)) => return self.failed(now, id, MmsFailure::Wrong(problem.to_string())),
            (Err(problem), None) => return self.not_understood(&problem),
        };
        match pdu {
            MmsPdu::SendConf(conf) => match self.of_transaction(&conf.transaction_id) {
                Some(id) => self.confirmed(now, id, conf.into()),
                None => self.ignored("M-Send.conf", "nothing of this transaction is being sent"),
            },
            MmsPdu::ForwardConf(conf) => match self.of_transaction(&conf.transaction_id) {
                Some(id) => self.confirmed(now, id, conf.into()),
                None => self.ignored("M-Forward.conf", "nothing of this transaction is being passed on"),
            },
            MmsPdu::RetrieveConf(conf) => {
                let known = conf.message_id.as_deref().filter(|id| self.memory.has_come(id)).map(ToOwned::to_owned);
                match (answered, known) {
                    (Some(id), _) => self.retrieved(now, id, *conf, body),
                    (None, Some(message_id)) => {
                        self.duplicate(protocol::mms::MessageType::RETRIEVE_CONF, &message_id);
                    }
                    (None, None) => self.ignored("M-Retrieve.conf", "it was not asked for"),
                }
            }
            other => self.pushed(other),
        }
    }

    /// Anybody may send a MESSAGE: the network asserts who it is (TS 24.229 clause 5.2.6.4).
    fn is_of_gateway(&self, from: &str) -> bool {
        let identity = |uri: &str| Uri::parse(uri).map(|uri| uri.identity());
        identity(&self.config.gateway).is_ok_and(|gateway| identity(from).is_ok_and(|from| from == gateway))
    }

    fn pushed(&mut self, pdu: MmsPdu) {
        let what = pdu.message_type();
        match pdu {
            MmsPdu::NotificationInd(ind) => self.notified(*ind),
            MmsPdu::DeliveryInd(ind) => self.delivered(ind),
            MmsPdu::ReadOrigInd(ind) => self.was_read(ind),
            _ => self.ignored(what.to_string(), "it is nothing that a terminal is told"),
        }
    }

    /// OMA-MMS-ENC clause 6.2: a notification that is not understood is answered so.
    fn not_understood(&mut self, problem: &MmsProblem) {
        self.ignored("a PDU", problem.to_string());
        let is_silent = self.config.on_notification == OnNotification::Ignore;
        if let Some(pdu) = problem.answer_of_terminal().filter(|_| !is_silent) {
            self.say(None, Said::Response(MmsStatus::UNRECOGNISED), &pdu);
        }
    }

    fn notified(&mut self, ind: NotificationInd) {
        if let Some(number) = self.memory.known(&ind.transaction_id, &ind.content_location) {
            self.duplicate(protocol::mms::MessageType::NOTIFICATION_IND, &ind.transaction_id);
            return self.notified_again(number);
        }
        let from = ind.from.as_ref().and_then(|from| from.address()).cloned();
        let given_up = self.memory.waiting().find(|number| !self.is_busy(*number));
        let notice = Notice {
            number: 0,
            transaction_id: ind.transaction_id.clone(),
            location: ind.content_location.clone(),
            from: from.clone(),
            octets: ind.message_size,
            state: NoticeState::Waiting,
            said: None,
            message_id: None,
            read_report: false,
        };
        let Some(number) = self.memory.keep(notice, given_up) else {
            return self.event(MmsEvent::MemoryFull { transaction_id: ind.transaction_id });
        };
        self.event(MmsEvent::Notified(Box::new(MmsNotice {
            number,
            from,
            subject: ind.subject.as_ref().map(EncodedString::text).map(|text| text.into_owned()),
            class: ind.message_class,
            octets: ind.message_size,
            expiry: ind.expiry,
            location: ind.content_location,
        })));
        self.decide(number);
    }

    /// What is to become of a message that waits.
    fn decide(&mut self, number: u64) {
        let Some(octets) = self.memory.get(number).map(|notice| notice.octets) else { return };
        match self.config.on_notification {
            // The user may want it when there is more room.
            OnNotification::Retrieve if octets > self.config.largest as u64 => {
                self.respond(number, MmsStatus::DEFERRED);
            }
            OnNotification::Retrieve => self.retrieve(number),
            OnNotification::Defer => self.respond(number, MmsStatus::DEFERRED),
            OnNotification::Reject => self.respond(number, MmsStatus::REJECTED),
            OnNotification::Ignore => {}
        }
    }

    /// The relay has not heard what was said, or reminds.
    fn notified_again(&mut self, number: u64) {
        if self.is_busy(number) || self.config.on_notification == OnNotification::Ignore {
            return;
        }
        match self.memory.get(number).map(|notice| notice.state) {
            Some(NoticeState::Waiting) => self.decide(number),
            Some(NoticeState::Retrieved) => self.respond(number, MmsStatus::RETRIEVED),
            Some(NoticeState::Rejected) => self.respond(number, MmsStatus::REJECTED),
            Some(NoticeState::Retrieving | NoticeState::Gone) | None => {}
        }
    }

    /// M-NotifyResp.ind.
    pub(super) fn respond(&mut self, number: u64, status: MmsStatus) {
        let report_allowed = self.config.report_allowed;
        let Some(notice) = self.memory.get_mut(number) else { return };
        notice.said = Some(status);
        if status == MmsStatus::REJECTED {
            notice.state = NoticeState::Rejected;
        }
        let ind = NotifyRespInd::new(&notice.transaction_id, Default::default(), status);
        self.say(Some(number), Said::Response(status), &NotifyRespInd { report_allowed, ..ind }.into());
    }

    /// The user does not want a message that waits.
    pub(super) fn reject_by_user(&mut self, number: u64) {
        match self.memory.get(number).map(|notice| notice.state) {
            Some(NoticeState::Waiting) => self.respond(number, MmsStatus::REJECTED),
            _ => self.ignored("a message to be rejected", "it does not wait"),
        }
    }

    fn delivered(&mut self, ind: DeliveryInd) {
        let recipient = ind.to.into_iter().next();
        let name = format!("{} {recipient:?} {}", ind.message_id, ind.status);
        if !self.memory.is_new_report(name) {
            return self.duplicate(protocol::mms::MessageType::DELIVERY_IND, &ind.message_id);
        }
        let message = self.memory.message(&ind.message_id);
        let (message_id, status, date) = (ind.message_id, ind.status, ind.date);
        self.event(MmsEvent::Delivered(MmsReport { message, message_id, recipient, status, date }));
    }

    fn was_read(&mut self, ind: ReadOrigInd) {
        let recipient = ind.from.address().cloned();
        let name = format!("{} {recipient:?} {}", ind.message_id, ind.read_status);
        if !self.memory.is_new_report(name) {
            return self.duplicate(protocol::mms::MessageType::READ_ORIG_IND, &ind.message_id);
        }
        let message = self.memory.message(&ind.message_id);
        let (message_id, status, date) = (ind.message_id, ind.read_status, ind.date);
        self.event(MmsEvent::Read(MmsReport { message, message_id, recipient, status, date }));
    }
}
