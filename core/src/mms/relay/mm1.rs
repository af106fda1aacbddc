//! MM1 over HTTP (TS 23.140 clause 8.1, OMA-MMS-CTR clause 8): PDUs by POST to the root, messages by GET.
//!
//! Whatever is wrong with a PDU is told by the PDU that answers it, with the standard's own status; what has no answer of its
//! own (M-NotifyResp.ind, M-Acknowledge.ind, M-Read-Rec.ind) by the status of HTTP.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use protocol::Instant;
use protocol::mms::{
    HeaderName, MMS_MEDIA_TYPE, MmsAddress, MmsPdu, MmsStatus, MmsVersion, ReplyCharging, ResponseStatus, SendReq,
    SenderVisibility,
};
use sha2::{Digest as _, Sha256};

use super::MmsRelay;
use super::accept::{Draft, Refusal, Reply, refused};
use super::content::{Unfit, media_of, pieces_of};
use super::message::{Destination, Message, Origin, Recipient, State};
use super::mm4_forward::path_of;
use super::report::ReadBy;
use super::retrieve::{Acknowledged, Giving, not_given};
use super::routes::mm1_text;
use super::work::Event;
use crate::node::rows::part;
use crate::node::{HttpExchange, NodeOutput};

/// A request on MM1 of a subscriber.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    pub(super) exchange: HttpExchange,
    /// Which of the settings' subscribers.
    pub(super) subscriber: usize,
    /// The IP-Message-GW asks for it, and says that it is on an IP access (TR 23.804 clause 7).
    pub(super) is_ip: bool,
}

impl MmsRelay {
    pub(super) fn on_http(
        &mut self,
        now: Instant,
        exchange: HttpExchange,
        peer: SocketAddr,
        request: Request<Vec<u8>>,
    ) {
        if let Some(response) = self.serve(now, exchange, peer, request) {
            self.shell.output(NodeOutput::Http { exchange, response });
        }
    }

    /// The answer, if there is one already.
    fn serve(
        &mut self,
        now: Instant,
        exchange: HttpExchange,
        peer: SocketAddr,
        request: Request<Vec<u8>>,
    ) -> Option<Response<Vec<u8>>> {
        if !self.is_ready || self.is_over {
            return Some(refusal(StatusCode::SERVICE_UNAVAILABLE, "the relay is starting or stopping: try again"));
        }
        let path = request.uri().path().to_owned();
        if path == PAP {
            return self.on_pap(exchange, peer, &request);
        }
        let asked = self.access.subscriber(now, &self.config, &self.routes, peer, &request);
        let subscriber = match asked {
            Ok(subscriber) => subscriber,
            Err(response) => return Some(*response),
        };
        let is_ip = self.access.is_ip(&self.config, peer, &request);
        let asking = Asking { exchange, subscriber, is_ip };
        match (request.method(), path.as_str()) {
            (&Method::POST, "/") => {
                let is_pdu = request.headers().get(CONTENT_TYPE).is_some_and(is_mms);
                match is_pdu {
                    true => self.on_pdu(now, asking, request.into_body()),
                    false => {
                        Some(refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, &format!("only {MMS_MEDIA_TYPE} is taken")))
                    }
                }
            }
            (&Method::GET, path) if path.len() > 1 => self.on_get(now, asking, &path[1..]),
            (_, "/") => Some(not_allowed("POST")),
            (&Method::POST, _) => Some(refusal(StatusCode::NOT_FOUND, "PDUs are POSTed to /")),
            _ => Some(not_allowed("GET")),
        }
    }

    fn on_get(&mut self, now: Instant, asking: Asking, location: &str) -> Option<Response<Vec<u8>>> {
        let Some((number, recipient)) = of_location(location) else {
            return Some(not_given(self.shell.utc_ms(now), "there is no such message for you"));
        };
        let msisdn = self.config.subscribers.get(asking.subscriber)?.msisdn.clone();
        let (exchange, location) = (asking.exchange, location.to_owned());
        let giving = Giving { exchange, msisdn, recipient, location, is_ip: asking.is_ip, message: None, number };
        self.on_message(number, Event::Retrieve(Box::new(giving)));
        None
    }

    fn on_pdu(&mut self, now: Instant, asking: Asking, octets: Vec<u8>) -> Option<Response<Vec<u8>>> {
        let (pdu, body) = match MmsPdu::parse(&octets) {
            Ok(read) => read,
            Err(problem) => {
                self.counters.refused += 1;
                self.shell.say(format!("MM1: a PDU is refused: {problem}"));
                let answer = problem.answer_of_relay();
                return Some(
                    answer
                        .map_or_else(|| refusal(StatusCode::BAD_REQUEST, &problem.to_string()), |pdu| answer_pdu(&pdu)),
                );
            }
        };
        let exchange = asking.exchange;
        let msisdn = self.config.subscribers.get(asking.subscriber)?.msisdn.clone();
        match pdu {
            MmsPdu::SendReq(req) => {
                let (transaction_id, version) = (req.transaction_id.clone(), req.version);
                let drafted = self.draft(now, asking, *req, body, &octets);
                drop(octets);
                match drafted {
                    Ok(draft) => self.admit(draft),
                    Err(refusal) => return Some(self.refuse(&transaction_id, version, false, &refusal)),
                }
            }
            MmsPdu::ForwardReq(req) => return self.on_forward_req(now, asking, *req, &octets),
            MmsPdu::NotifyRespInd(ind) => {
                let own = (ind.status, ind.report_allowed, false);
                return self.on_acknowledgement(asking, msisdn, &ind.transaction_id, own);
            }
            MmsPdu::AcknowledgeInd(ind) => {
                let own = (MmsStatus::RETRIEVED, ind.report_allowed, true);
                return self.on_acknowledgement(asking, msisdn, &ind.transaction_id, own);
            }
            MmsPdu::ReadRecInd(ind) => {
                let Some(number) = self.of_message_id(&ind.message_id) else { return Some(unknown()) };
                let date_ms = sent_s(ind.date, self.shell.utc_ms(now)) * 1000;
                let read = ReadBy { exchange, msisdn, status: ind.read_status, date_ms, is_ip: asking.is_ip };
                self.on_message(number, Event::Read(Box::new(read)));
            }
            other => {
                let what = format!("{} is nothing for a relay", other.message_type());
                return Some(refusal(StatusCode::BAD_REQUEST, &what));
            }
        }
        None
    }

    fn on_acknowledgement(
        &mut self,
        asking: Asking,
        msisdn: String,
        transaction_id: &str,
        (status, report_allowed, is_acknowledge): (MmsStatus, Option<bool>, bool),
    ) -> Option<Response<Vec<u8>>> {
        let Some((number, recipient)) = of_transaction(transaction_id) else { return Some(unknown()) };
        let (exchange, is_ip) = (asking.exchange, asking.is_ip);
        let own = Acknowledged { exchange, msisdn, recipient, status, report_allowed, is_acknowledge, is_ip };
        self.on_message(number, Event::Acknowledged(Box::new(own)));
        None
    }

    pub(super) fn refuse(
        &mut self,
        transaction_id: &str,
        version: MmsVersion,
        is_forward: bool,
        refusal: &Refusal,
    ) -> Response<Vec<u8>> {
        self.counters.refused += 1;
        answer_pdu(&refused(transaction_id, version, is_forward, refusal))
    }

    /// What a subscriber wants to send.
    fn draft(&self, now: Instant, asking: Asking, req: SendReq, body: &[u8], whole: &[u8]) -> Result<Draft, Refusal> {
        let limits = &self.config.limits;
        let head = whole.len().saturating_sub(body.len());
        if head > limits.header_octets {
            let text = format!("header fields of {head} octets: {} are taken", limits.header_octets);
            return Err(Refusal::new(ResponseStatus::PERMANENT_FAILURE, text));
        }
        let wants_reply =
            |charging: ReplyCharging| matches!(charging, ReplyCharging::REQUESTED | ReplyCharging::REQUESTED_TEXT_ONLY);
        if req.reply_charging.is_some_and(wants_reply) {
            let status = ResponseStatus::PERMANENT_REPLY_CHARGING_NOT_SUPPORTED;
            return Err(Refusal::new(status, "reply charging is not supported"));
        }
        if let Some((status, text)) = unsupported(&req) {
            return Err(Refusal::new(status, text));
        }
        let from = self.sender(asking, req.from.address())?;
        let checked = self.config.check_content(&req.content_type, body);
        checked.map_err(|unfit| match unfit {
            Unfit::Corrupt(text) => Refusal::new(ResponseStatus::PERMANENT_MESSAGE_FORMAT_CORRUPT, text),
            Unfit::NotAccepted(text) => Refusal::new(ResponseStatus::PERMANENT_CONTENT_NOT_ACCEPTED, text),
        })?;
        let recipients = self.recipients(req.recipients())?;
        let now_ms = self.shell.utc_ms(now);
        let (expires_ms, not_before_ms, unless_known) = self.times(now_ms, req.expiry, req.delivery_time);
        let msisdn = self.msisdn(asking);
        let key = origin_key(&msisdn, &req.transaction_id, whole);
        let texts = |addresses: &[MmsAddress]| addresses.iter().map(MmsAddress::text).collect();
        let message = Message {
            origin: Origin::Subscriber(msisdn),
            origin_keys: vec![key.clone()],
            from: Some(from),
            is_hidden: req.sender_visibility == Some(SenderVisibility::HIDE),
            to: texts(&req.to),
            cc: texts(&req.cc),
            subject: req.subject.map(|subject| subject.text().into_owned()),
            class: req.message_class.unwrap_or_default().to_string(),
            priority: req.priority.map(|priority| priority.0),
            delivery_report: req.delivery_report.unwrap_or_default(),
            read_report: req.read_report.unwrap_or_default(),
            relay_report: false,
            previously: Vec::new(),
            date_s: sent_s(req.date, now_ms),
            accepted_ms: now_ms,
            expires_ms,
            octets: body.len() as u64,
            media: media_of(&req.content_type, body),
            is_ip: asking.is_ip,
            pieces: 0,
            content_of: None,
            has_content: true,
            holders: Default::default(),
            recipients,
        };
        let (transaction_id, version) = (req.transaction_id, req.version);
        let exchange = asking.exchange;
        let reply = Reply::Mm1 { exchange, transaction_id, version, is_forward: false, unless_known };
        let pieces = pieces_of(&req.content_type, body);
        Ok(Draft { message, lock: key, pieces, not_before_ms, reply, source: None, reference: None })
    }

    pub(super) fn msisdn(&self, asking: Asking) -> String {
        self.config.subscribers.get(asking.subscriber).map(|own| own.msisdn.clone()).unwrap_or_default()
    }

    /// The sender as recipients see it: nobody sends in the name of another.
    pub(super) fn sender(&self, asking: Asking, said: Option<&MmsAddress>) -> Result<String, Refusal> {
        let own = self.config.subscribers.get(asking.subscriber).map(|own| own.address().text()).unwrap_or_default();
        let Some(said) = said else { return Ok(own) };
        match self.routes.destination(&self.config, said) {
            Some(Destination::Own(msisdn)) if msisdn == self.msisdn(asking) => Ok(mm1_text(said)),
            _ => Err(Refusal::new(ResponseStatus::PERMANENT_SERVICE_DENIED, "From is not who sends")),
        }
    }

    /// Where recipients are, each once; all of them are known, or nothing goes.
    pub(super) fn recipients<'a>(&self, all: impl Iterator<Item = &'a MmsAddress>) -> Result<Vec<Recipient>, Refusal> {
        let mut recipients: Vec<Recipient> = Vec::new();
        for (count, address) in all.enumerate() {
            if count >= self.config.limits.recipients {
                let text = format!("more than {} recipients", self.config.limits.recipients);
                return Err(Refusal::new(ResponseStatus::PERMANENT_FAILURE, text));
            }
            let Some(to) = self.routes.destination(&self.config, address) else {
                let text = format!("{} is nobody here, nor of a network that is known", address.text());
                return Err(Refusal::new(ResponseStatus::PERMANENT_SENDING_ADDRESS_UNRESOLVED, text));
            };
            let text = mm1_text(address);
            if let Destination::Relay(name) = &to {
                let relay = self.config.relays.iter().find(|relay| relay.name == *name);
                if relay.is_none_or(|relay| path_of(&text, &relay.domain).is_none()) {
                    let text = format!("{} has no place in a mail to {name}", address.text());
                    return Err(Refusal::new(ResponseStatus::PERMANENT_SENDING_ADDRESS_UNRESOLVED, text));
                }
            }
            let recipient = Recipient::new(text, to);
            let is_same = |own: &Recipient| match (&own.to, &recipient.to) {
                (Destination::Own(one), Destination::Own(other)) => one == other,
                _ => super::routes::is_same(&own.address, &recipient.address),
            };
            if !recipients.iter().any(is_same) {
                recipients.push(recipient);
            }
        }
        match recipients.is_empty() {
            true => {
                let status = ResponseStatus::PERMANENT_SENDING_ADDRESS_UNRESOLVED;
                Err(Refusal::new(status, "there is no recipient"))
            }
            false => Ok(recipients),
        }
    }

    /// When a message is over, and when it may go; and why it is too late for it.
    pub(super) fn times(
        &self,
        now_ms: u64,
        expiry: Option<protocol::mms::MmsTime>,
        delivery: Option<protocol::mms::MmsTime>,
    ) -> (u64, u64, Option<Refusal>) {
        let at_ms = |time: protocol::mms::MmsTime| time.at(now_ms / 1000).saturating_mul(1000);
        let expires_ms = self.expires_ms(now_ms, expiry.map(at_ms));
        let not_before_ms = delivery.map_or(now_ms, at_ms).max(now_ms);
        let why = if expires_ms <= now_ms {
            Some("its time is over already")
        } else if not_before_ms >= expires_ms {
            Some("its time is over before it may go")
        } else {
            None
        };
        (expires_ms, not_before_ms, why.map(|why| Refusal::new(ResponseStatus::PERMANENT_FAILURE, why)))
    }
}

impl Recipient {
    pub(super) const fn new(address: String, to: Destination) -> Self {
        let state = match to {
            Destination::Own(_) => State::Waiting,
            Destination::Relay(_) => State::Leaving,
        };
        Self { address, to, state, location: String::new(), told: BTreeSet::new(), is_read: false }
    }
}

/// What a message wants that is not done, and what must not be left out silently.
fn unsupported(req: &SendReq) -> Option<(ResponseStatus, &'static str)> {
    let has = |code: u8| req.other.iter().any(|header| *header.name() == HeaderName::Code(code));
    if req.drm_content == Some(true) {
        return Some((ResponseStatus::PERMANENT_CONTENT_NOT_ACCEPTED, "protected content (DRM) is not accepted"));
    }
    if has(APPLIC_ID) {
        return Some((ResponseStatus::PERMANENT_FAILURE, "messages to applications are not supported"));
    }
    has(REPLACE_ID).then_some((ResponseStatus::PERMANENT_FAILURE, "replacing a message is not supported"))
}

/// When something was sent, as a terminal says: in seconds since 1970. What is of times to come is of a clock that nobody can
/// go by.
pub(super) fn sent_s(said: Option<u64>, now_ms: u64) -> u64 {
    let now = now_ms / 1000;
    said.filter(|date| *date <= now.saturating_add(DAY)).unwrap_or(now)
}

/// A message of a subscriber by what its terminal calls it. A terminal that begins to count anew has other octets.
pub(super) fn origin_key(msisdn: &str, transaction_id: &str, whole: &[u8]) -> String {
    let digest = hex::encode(&Sha256::digest(whole)[..16]);
    format!("M:{msisdn}/{}/{digest}", part(transaction_id))
}

/// X-Mms-Transaction-ID of a notification: message and recipient.
pub(super) fn transaction_id(number: u64, recipient: usize) -> String {
    format!("{number:x}-{recipient}")
}

pub(super) fn of_transaction(text: &str) -> Option<(u64, usize)> {
    let (number, recipient) = text.split_once('-')?;
    Some((u64::from_str_radix(number, 16).ok()?, recipient.parse().ok()?))
}

/// The last part of X-Mms-Content-Location: message, recipient and what nobody guesses.
pub(super) fn of_location(text: &str) -> Option<(u64, usize)> {
    of_transaction(text.rsplit_once('-')?.0)
}

/// A PDU as an answer.
pub(super) fn answer_pdu(pdu: &MmsPdu) -> Response<Vec<u8>> {
    answer_octets(pdu.emit(&[]))
}

pub(super) fn answer_octets(octets: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(octets);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MMS_MEDIA_TYPE));
    response
}

/// An answer with a text for a human.
pub(super) fn refusal(status: StatusCode, text: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(format!("{text}\n").into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Nothing that the relay has given out has this name, or it is somebody else's.
pub(super) fn unknown() -> Response<Vec<u8>> {
    refusal(StatusCode::NOT_FOUND, "there is no such message for you")
}

fn not_allowed(methods: &'static str) -> Response<Vec<u8>> {
    let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, "PDUs are POSTed to /, messages are fetched by GET");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

fn is_mms(value: &HeaderValue) -> bool {
    let essence = value.as_bytes().split(|octet| *octet == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(MMS_MEDIA_TYPE.as_bytes())
}

/// X-Mms-Applic-ID (OMA-MMS-ENC 1.3 clause 7.4).
const APPLIC_ID: u8 = 0x37;
/// X-Mms-Replace-ID (OMA-MMS-ENC 1.3 clause 7.4).
const REPLACE_ID: u8 = 0x3D;
/// Seconds by which clocks may differ: of zones that were mistaken, too.
const DAY: u64 = 86_400;
/// Where the gateway tells results of pushes.
pub(super) const PAP: &str = "/pap";
