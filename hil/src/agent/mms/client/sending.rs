//! Messages that are sent and passed on, and what the relay answers: OMA-MMS-ENC clauses 6.1 and 6.7.

use protocol::Instant;
use protocol::mms::{
    ContentType, EncodedString, ForwardConf, ForwardReq, MmsAddress, MmsPdu, ResponseStatus, SendConf, SendReq,
};

use super::super::failure::MmsFailure;
use super::super::io::{MmsEvent, OutgoingMms};
use super::super::memory::NoticeState;
use super::MmsClient;
use super::exchange::{Exchange, Task};

/// What the relay says to M-Send.req and M-Forward.req.
#[derive(Debug)]
pub(super) struct Answer {
    status: ResponseStatus,
    text: String,
    message_id: Option<String>,
}

impl From<SendConf> for Answer {
    fn from(conf: SendConf) -> Self {
        Self::new(conf.response_status, conf.response_text, conf.message_id)
    }
}

impl From<ForwardConf> for Answer {
    fn from(conf: ForwardConf) -> Self {
        Self::new(conf.response_status, conf.response_text, conf.message_id)
    }
}

impl Answer {
    fn new(status: ResponseStatus, text: Option<EncodedString>, message_id: Option<String>) -> Self {
        Self { status, text: text.map_or_else(String::new, |text| text.text().into_owned()), message_id }
    }

    /// May it help to say it again? After a partial success those that have it would get it twice.
    fn is_temporary(&self) -> bool {
        let status = self.status;
        status.is_transient() && status != ResponseStatus::TRANSIENT_PARTIAL_SUCCESS
            || status == ResponseStatus::ERROR_NETWORK_PROBLEM
    }
}

impl MmsClient {
    pub(super) fn send(&mut self, own: &OutgoingMms) {
        let message = own.message;
        let why = match own.content.compose() {
            _ if own.to.is_empty() && own.cc.is_empty() && own.bcc.is_empty() => MmsFailure::NoRecipient,
            Ok((_, body)) if body.len() > self.config.largest => MmsFailure::TooLarge { octets: body.len() as u64 },
            Ok((content_type, body)) => {
                let transaction_id = self.entropy.token(TRANSACTION_OCTETS);
                let pdu = MmsPdu::from(request(own, &transaction_id, content_type)).emit(&body);
                match self.enqueue(Task::Send { message, number: None, transaction_id, pdu }) {
                    Ok(()) => return,
                    Err(_) => MmsFailure::TooMany,
                }
            }
            Err(problem) => MmsFailure::Content(problem),
        };
        self.event(MmsEvent::Failed { message, why });
    }

    /// A message that waits goes to others.
    pub(super) fn forward(&mut self, message: u64, number: u64, own: (Vec<MmsAddress>, bool, bool)) {
        let (to, delivery_report, read_report) = own;
        let notice = self.memory.get(number).filter(|notice| notice.state == NoticeState::Waiting);
        let Some(location) = notice.map(|notice| notice.location.clone()) else {
            return self.event(MmsEvent::Failed { message, why: MmsFailure::NotWaiting });
        };
        if to.is_empty() {
            return self.event(MmsEvent::Failed { message, why: MmsFailure::NoRecipient });
        }
        let transaction_id = self.entropy.token(TRANSACTION_OCTETS);
        let mut request = ForwardReq::new(&transaction_id, to, &location);
        request.report_allowed = self.config.report_allowed;
        request.delivery_report = Some(delivery_report);
        request.read_report = Some(read_report);
        let pdu = MmsPdu::from(request).emit(&[]);
        if let Err(task) = self.enqueue(Task::Send { message, number: Some(number), transaction_id, pdu }) {
            self.given_up(task, MmsFailure::TooMany);
        }
    }

    /// M-Send.conf or M-Forward.conf came.
    pub(super) fn confirmed(&mut self, now: Instant, id: u64, answer: Answer) {
        let Some(exchange) = self.exchanges.get(&id) else { return };
        if answer.is_temporary() && exchange.attempts < self.config.attempts {
            // As if nothing had been answered.
            return self.failed(now, id, MmsFailure::NoAnswer);
        }
        let Some(Exchange { task: Task::Send { message, .. }, access, attempts, .. }) = self.exchanges.remove(&id)
        else {
            return;
        };
        let Answer { status, text, message_id } = answer;
        if let Some(message_id) = &message_id {
            self.memory.sent(message_id, message);
        }
        self.event(match status.is_ok() {
            true => MmsEvent::Sent { message, message_id, access, attempts },
            false => MmsEvent::Refused { message, status, text },
        });
    }
}

/// M-Send.req.
fn request(own: &OutgoingMms, transaction_id: &str, content_type: ContentType) -> SendReq {
    SendReq {
        date: own.date,
        cc: own.cc.clone(),
        bcc: own.bcc.clone(),
        subject: own.subject.as_deref().map(EncodedString::new),
        message_class: own.class.clone(),
        expiry: own.expiry,
        delivery_time: own.delivery_time,
        priority: own.priority,
        sender_visibility: own.sender_visibility,
        delivery_report: Some(own.delivery_report),
        read_report: Some(own.read_report),
        ..SendReq::new(transaction_id, own.to.clone(), content_type)
    }
}

/// Of X-Mms-Transaction-ID: enough not to come again.
const TRANSACTION_OCTETS: usize = 20;
