//! What is said to the relay, over whatever way, until it has answered or is given up: OMA-MMS-CTR has a terminal repeat what
//! was not answered, with the same transaction.

use http::{Response, StatusCode};
use protocol::Instant;
use protocol::http::encode_request;
use protocol::mms::{MMS_MEDIA_TYPE, MessageType, MmsPdu, MmsStatus};
use protocol::sip::Refusal;

use super::super::failure::MmsFailure;
use super::super::io::{MmsAccess, MmsEvent, MmsOutput};
use super::super::web::{failure_of, is_pdu, retrieval};
use super::{FIRST_TOKEN, LAST_TOKEN, MOST_QUEUED, MOST_UNDER_WAY, MmsClient};
use crate::agent::sip::{AgentCommand, OutgoingMessage};

/// A request in a MESSAGE (RFC 9112 clause 10.1).
const HTTP_MEDIA_TYPE: &str = "message/http; msgtype=request";

/// What is to be said.
#[derive(Debug)]
pub(super) enum Task {
    /// M-Send.req, or M-Forward.req with the number of the message that waits: they are answered by a PDU.
    Send { message: u64, number: Option<u64>, transaction_id: String, pdu: Vec<u8> },
    /// A message is retrieved, of so many octets.
    Retrieve { number: u64, location: String, octets: u64 },
    /// What is not answered by a PDU.
    Say { number: Option<u64>, what: Said, pdu: Vec<u8> },
}

/// What is said of a message that waits or has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Said {
    Response(MmsStatus),
    Acknowledge,
    Read,
}

impl Said {
    const fn message_type(self) -> MessageType {
        match self {
            Self::Response(_) => MessageType::NOTIFYRESP_IND,
            Self::Acknowledge => MessageType::ACKNOWLEDGE_IND,
            Self::Read => MessageType::READ_REC_IND,
        }
    }
}

impl Task {
    /// The message that waits or has come and that it is about: of that one thing is said at a time.
    pub(super) const fn number(&self) -> Option<u64> {
        match self {
            Self::Send { number, .. } | Self::Say { number, .. } => *number,
            Self::Retrieve { number, .. } => Some(*number),
        }
    }

    const fn octets(&self) -> usize {
        match self {
            Self::Send { pdu, .. } | Self::Say { pdu, .. } => pdu.len(),
            Self::Retrieve { .. } => 0,
        }
    }
}

/// Something that is being said.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) task: Task,
    pub(super) access: MmsAccess,
    /// It was begun so many times.
    pub(super) attempts: usize,
    state: State,
    /// Of its requests; the last one is under way.
    tokens: Vec<u64>,
    /// Of its MESSAGEs.
    call_ids: Vec<String>,
    /// The relay has asked who this is, and was told.
    was_challenged: bool,
    /// The gateway finds it too large.
    avoids_ims: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// The answer to the request is awaited.
    Sent(Instant),
    /// The MESSAGE was taken; the PDU is awaited.
    Taken(Instant),
    /// It is said again then.
    Pausing(Instant),
}

impl Exchange {
    pub(super) const fn due(&self) -> Instant {
        match self.state {
            State::Sent(until) | State::Taken(until) | State::Pausing(until) => until,
        }
    }

    const fn is_sent(&self) -> bool {
        matches!(self.state, State::Sent(_))
    }
}

impl MmsClient {
    /// Something is to be said, when it is its turn; it comes back where too much waits.
    pub(super) fn enqueue(&mut self, task: Task) -> Result<(), Task> {
        let under_way = self.exchanges.values().map(|exchange| exchange.task.octets());
        let octets = self.queue.iter().map(Task::octets).chain(under_way).sum::<usize>();
        if self.queue.len() >= MOST_QUEUED || octets.saturating_add(task.octets()) > self.config.waiting_octets {
            return Err(task);
        }
        self.queue.push_back(task);
        Ok(())
    }

    /// Is something being said about this message, or waits to be?
    pub(super) fn is_busy(&self, number: u64) -> bool {
        self.is_under_way(number) || self.queue.iter().any(|task| task.number() == Some(number))
    }

    fn is_under_way(&self, number: u64) -> bool {
        self.exchanges.values().any(|exchange| exchange.task.number() == Some(number))
    }

    /// The next ones that may be said.
    pub(super) fn begin_next(&mut self, now: Instant) {
        while self.exchanges.len() < MOST_UNDER_WAY {
            let is_free = |task: &Task| task.number().is_none_or(|number| !self.is_under_way(number));
            let Some(place) = self.queue.iter().position(is_free) else { return };
            let Some(task) = self.queue.remove(place) else { return };
            let exchange = Exchange {
                task,
                access: self.config.access,
                attempts: 0,
                state: State::Pausing(now),
                tokens: Vec::new(),
                call_ids: Vec::new(),
                was_challenged: false,
                avoids_ims: false,
            };
            self.last_exchange += 1;
            self.attempt(now, self.last_exchange, exchange);
        }
    }

    pub(super) fn exchanges_timeout(&mut self, now: Instant) {
        let due = self.exchanges.iter().filter(|(_, exchange)| exchange.due() <= now);
        for id in due.map(|(id, _)| *id).collect::<Vec<_>>() {
            let Some(exchange) = self.exchanges.remove(&id) else { continue };
            if matches!(exchange.state, State::Pausing(_)) {
                self.attempt(now, id, exchange);
            } else {
                self.exchanges.insert(id, exchange);
                self.failed(now, id, MmsFailure::NoAnswer);
            }
        }
    }

    fn attempt(&mut self, now: Instant, id: u64, mut exchange: Exchange) {
        exchange.attempts += 1;
        exchange.was_challenged = false;
        self.transmit(now, id, exchange);
    }

    fn transmit(&mut self, now: Instant, id: u64, mut exchange: Exchange) {
        match self.request(&mut exchange) {
            Ok(()) => {
                exchange.state = State::Sent(now + self.config.timers.answer);
                self.exchanges.insert(id, exchange);
            }
            Err(why) => self.given_up(exchange.task, why),
        }
    }

    /// The way that it goes: over the IMS what the IMS may carry, if the UE is there.
    fn access(&self, exchange: &Exchange) -> Option<MmsAccess> {
        let octets = match &exchange.task {
            Task::Retrieve { octets, .. } => usize::try_from(*octets).unwrap_or(usize::MAX),
            task => task.octets(),
        };
        let is_for_ims = self.config.access == MmsAccess::Ims && !exchange.avoids_ims && self.is_registered;
        if is_for_ims && octets <= self.config.ims_largest {
            return Some(MmsAccess::Ims);
        }
        (!self.config.relay.is_empty()).then_some(MmsAccess::Http)
    }

    fn request(&mut self, exchange: &mut Exchange) -> Result<(), MmsFailure> {
        exchange.access = self.access(exchange).ok_or(MmsFailure::NoAccess)?;
        let token = self.next_token;
        let output = match (exchange.access, &exchange.task) {
            (MmsAccess::Http, Task::Retrieve { location, .. }) => {
                MmsOutput::Http { token, request: Box::new(self.web.get(&self.config, location)?) }
            }
            (MmsAccess::Http, Task::Send { pdu, .. } | Task::Say { pdu, .. }) => {
                MmsOutput::Http { token, request: Box::new(self.web.post(&self.config, pdu.clone())?) }
            }
            (MmsAccess::Ims, task) => {
                let (content_type, body) = match task {
                    Task::Retrieve { location, .. } => (HTTP_MEDIA_TYPE, encode_request(&retrieval(location)?)),
                    Task::Send { pdu, .. } | Task::Say { pdu, .. } => (MMS_MEDIA_TYPE, pdu.clone()),
                };
                // What answers it will name it.
                let call_id = self.entropy.token(24);
                exchange.call_ids.push(call_id.clone());
                let headers = vec![("Call-ID".to_owned(), call_id)];
                let (to, content_type) = (self.config.gateway.clone(), content_type.to_owned());
                MmsOutput::Agent(AgentCommand::Message(OutgoingMessage { token, to, content_type, body, headers }))
            }
        };
        self.next_token = if token == LAST_TOKEN { FIRST_TOKEN } else { token + 1 };
        exchange.tokens.push(token);
        self.outputs.push_back(output);
        Ok(())
    }

    /// What has a token, and whether its answer is awaited still.
    fn of_token(&self, token: u64) -> Option<(u64, bool)> {
        let (id, exchange) = self.exchanges.iter().find(|(_, exchange)| exchange.tokens.contains(&token))?;
        Some((*id, exchange.tokens.last() == Some(&token) && exchange.is_sent()))
    }

    pub(super) fn of_transaction(&self, id: &str) -> Option<u64> {
        let is_it =
            |exchange: &Exchange| matches!(&exchange.task, Task::Send { transaction_id, .. } if transaction_id == id);
        self.exchanges.iter().find(|(_, exchange)| is_it(exchange)).map(|(id, _)| *id)
    }

    /// What a MESSAGE answers, by its In-Reply-To.
    pub(super) fn of_call_id(&self, call_id: &str) -> Option<u64> {
        let is_it = |exchange: &Exchange| exchange.call_ids.iter().any(|own| own == call_id);
        self.exchanges.iter().find(|(_, exchange)| is_it(exchange)).map(|(id, _)| *id)
    }

    /// What the SIP agent tells of a MESSAGE.
    pub(super) fn message_answered(&mut self, now: Instant, token: u64, result: &Result<u16, Refusal>) {
        // What is over, or is said again already, does not wait for it.
        let Some((id, true)) = self.of_token(token) else { return };
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        match (result, &exchange.task) {
            (Ok(_), Task::Say { .. }) => self.said(id),
            (Ok(_), _) => exchange.state = State::Taken(now + self.config.timers.confirmation),
            (Err(refusal), _) if refusal.status() == Some(413) && !self.config.relay.is_empty() => {
                exchange.avoids_ims = true;
                if let Some(exchange) = self.exchanges.remove(&id) {
                    self.transmit(now, id, exchange);
                }
            }
            (Err(refusal), _) => self.failed(now, id, MmsFailure::Message(refusal.clone())),
        }
    }

    pub(super) fn http_failed(&mut self, now: Instant, token: u64, why: String) {
        if let Some((id, true)) = self.of_token(token) {
            self.failed(now, id, MmsFailure::NoResponse(why));
        }
    }

    pub(super) fn http_answered(&mut self, now: Instant, token: u64, response: &Response<Vec<u8>>) {
        let Some((id, is_awaited)) = self.of_token(token) else {
            return self.ignored("a response of HTTP", "nothing waits for it");
        };
        let Some(exchange) = self.exchanges.get_mut(&id) else { return };
        let place = match &exchange.task {
            Task::Retrieve { location, .. } => location,
            Task::Send { .. } | Task::Say { .. } => &self.config.relay,
        };
        let is_challenge = response.status() == StatusCode::UNAUTHORIZED && is_awaited && !exchange.was_challenged;
        if is_challenge && self.web.challenged(&self.config, place, response) {
            exchange.was_challenged = true;
            if let Some(exchange) = self.exchanges.remove(&id) {
                self.transmit(now, id, exchange);
            }
            return;
        }
        let is_said = matches!(exchange.task, Task::Say { .. });
        let why = match response.status().is_success() {
            true if is_said => return self.said(id),
            _ if is_pdu(response) && !is_said => match self.pdu_answered(now, id, response.body()) {
                Ok(()) => return,
                Err(why) => MmsFailure::Wrong(why),
            },
            true => MmsFailure::Wrong("there is no PDU in it".to_owned()),
            false => failure_of(response),
        };
        // What comes late helps, or does nothing.
        if is_awaited {
            self.failed(now, id, why);
        }
    }

    /// The answer of HTTP to what is answered by a PDU.
    fn pdu_answered(&mut self, now: Instant, id: u64, octets: &[u8]) -> Result<(), String> {
        let Some(exchange) = self.exchanges.get(&id) else { return Ok(()) };
        let (pdu, body) = MmsPdu::parse(octets).map_err(|problem| problem.to_string())?;
        match (pdu, &exchange.task) {
            (MmsPdu::SendConf(conf), Task::Send { transaction_id, .. }) if conf.transaction_id == *transaction_id => {
                self.confirmed(now, id, conf.into());
            }
            (MmsPdu::ForwardConf(conf), Task::Send { transaction_id, .. })
                if conf.transaction_id == *transaction_id =>
            {
                self.confirmed(now, id, conf.into());
            }
            (MmsPdu::RetrieveConf(conf), Task::Retrieve { .. }) => self.retrieved(now, id, *conf, body),
            (other, _) => return Err(format!("{} is not what was asked for", other.message_type())),
        }
        Ok(())
    }

    /// Something went wrong: it is said again where that may help.
    pub(super) fn failed(&mut self, now: Instant, id: u64, why: MmsFailure) {
        let Some(mut exchange) = self.exchanges.remove(&id) else { return };
        if !why.is_temporary() || exchange.attempts >= self.config.attempts {
            return self.given_up(exchange.task, why);
        }
        let timers = self.config.timers;
        let doublings = u32::try_from(exchange.attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
        let asked = match why {
            MmsFailure::Http { retry_after, .. } => retry_after.unwrap_or_default(),
            _ => Default::default(),
        };
        let pause = timers.pause.saturating_mul(1 << doublings).max(asked).min(timers.longest_pause);
        exchange.state = State::Pausing(now + pause);
        self.exchanges.insert(id, exchange);
    }

    pub(super) fn given_up(&mut self, task: Task, why: MmsFailure) {
        match task {
            Task::Send { message, .. } => self.event(MmsEvent::Failed { message, why }),
            Task::Retrieve { number, .. } => self.not_retrieved(number, why),
            Task::Say { number, what, .. } => {
                let notice = number.and_then(|number| self.memory.get_mut(number));
                if let (Said::Response(_), Some(notice)) = (what, notice) {
                    // The relay has not heard it.
                    notice.said = None;
                }
                self.event(MmsEvent::NotSaid { number, what: what.message_type(), why });
            }
        }
    }

    /// The relay has heard it.
    fn said(&mut self, id: u64) {
        let Some(Exchange { task: Task::Say { number, what, .. }, .. }) = self.exchanges.remove(&id) else { return };
        // Of what is not understood there is nothing to tell.
        let Some(number) = number else { return };
        self.event(match what {
            Said::Response(status) => MmsEvent::Responded { number, status },
            Said::Acknowledge => MmsEvent::Acknowledged { number },
            Said::Read => MmsEvent::ReadReported { number },
        });
    }

    /// It is to be said.
    pub(super) fn say(&mut self, number: Option<u64>, what: Said, pdu: &MmsPdu) {
        if let Err(task) = self.enqueue(Task::Say { number, what, pdu: pdu.emit(&[]) }) {
            self.given_up(task, MmsFailure::TooMany);
        }
    }
}
