//! Multimedia messages over the IMS: TR 23.804 clause 8.11, with MM1 as TS 23.140 has it.
//!
//! The gateway carries PDUs of MM1 between MESSAGEs and the MMS Relay/Server, on whose HTTP it speaks for the user whom the
//! IMS asserts; and it is the push proxy gateway that turns PAP into MESSAGEs. It keeps nothing: a MESSAGE is answered with
//! 202 when the relay has answered, and what the relay has said OK to is durable there.

mod config;
mod push;
mod retrieval;
mod submission;

use std::collections::BTreeMap;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response};
use protocol::mms::MMS_MEDIA_TYPE;
use protocol::sip::ServerKey;
use protocol::sip::proxy::Refusal;
use protocol::{Due, Instant, Latest};

pub use config::{GatewayMms, GatewayRelay};

use super::letter::{Letter, LetterName};
use super::users::User;
use super::{ClientUse, IpMessageGw};
use crate::ims::service::media_type;
use crate::mms::IP_ACCESS_HEADER;
use crate::node::{HttpExchange, NodeOutput};
use push::{Pushed, Told};

/// A request in a MESSAGE: the retrieval of a message names it as MM1 does (RFC 9112 clause 10.1).
pub(super) const HTTP_MEDIA_TYPE: &str = "message/http";

/// What is on its way between MESSAGEs and relays.
#[derive(Debug)]
pub(super) struct Mms {
    exchanges: BTreeMap<u64, Exchange>,
    deadlines: Due<Instant, u64>,
    last: u64,
    /// Pushes that relays have asked for, by relay and name.
    pushes: Latest<(String, String)>,
    pub(super) counters: MmsCounters,
}

/// What is counted since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MmsCounters {
    pub(super) submitted: u64,
    pub(super) retrieved: u64,
    pub(super) pushed: u64,
    pub(super) refused: u64,
}

/// A MESSAGE of a UE that waits for an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Waiting {
    key: ServerKey,
    imsi: String,
    call_id: String,
    /// When it is answered at the latest, whatever is still to come.
    deadline: Instant,
}

#[derive(Debug)]
enum Exchange {
    /// A relay is asked to take a PDU of a UE.
    Submission(Waiting),
    /// A relay is asked for a message.
    Retrieval(Waiting),
    /// That message is on its way to the UE.
    Content(Waiting),
    /// A push is on its way to a UE.
    Push(Pushed),
    /// A relay is told what became of a push.
    Told(Told),
}

impl Mms {
    /// Nothing, with room for so many names of pushes.
    pub(super) fn new(pushes: usize) -> Self {
        let counters = MmsCounters::default();
        Self { exchanges: BTreeMap::new(), deadlines: Due::default(), last: 0, pushes: Latest::new(pushes), counters }
    }

    /// Keeps an exchange, to be looked at then, under a number of its own.
    fn keep(&mut self, exchange: Exchange, deadline: Option<Instant>) -> u64 {
        self.last += 1;
        self.put(self.last, exchange, deadline);
        self.last
    }

    fn put(&mut self, number: u64, exchange: Exchange, deadline: Option<Instant>) {
        self.exchanges.insert(number, exchange);
        self.deadlines.set(&number, deadline);
    }

    fn take(&mut self, number: u64) -> Option<Exchange> {
        self.deadlines.set(&number, None);
        self.exchanges.remove(&number)
    }

    /// When something is to be looked at.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first()
    }

    /// How many exchanges are under way.
    pub(super) fn len(&self) -> usize {
        self.exchanges.len()
    }
}

impl IpMessageGw {
    /// What a relay has said, or why it has said nothing.
    pub(super) fn relay_answered(&mut self, now: Instant, token: u64, result: Result<Response<Vec<u8>>, String>) {
        match self.mms.take(token) {
            Some(Exchange::Submission(waiting)) => self.mms_submitted(now, &waiting, result),
            Some(Exchange::Retrieval(waiting)) => self.mms_retrieved(now, waiting, result),
            Some(Exchange::Told(told)) => self.push_told(now, told, result),
            // What is answered after its time was refused then.
            Some(Exchange::Content(_) | Exchange::Push(_)) | None => {
                self.shell.ignore("nobody waits for it", "answer of a relay");
            }
        }
    }

    /// A UE has answered a MESSAGE with a PDU, or has not.
    pub(super) fn mms_answered(&mut self, now: Instant, number: u64, status: u16) {
        match self.mms.take(number) {
            Some(Exchange::Content(waiting)) => self.mms_content_answered(now, &waiting, status),
            Some(Exchange::Push(pushed)) => self.push_answered(pushed, status),
            Some(exchange) => self.mms.put(number, exchange, None),
            None => {}
        }
    }

    /// Whoever has waited for too long is told.
    pub(super) fn end_mms_waits(&mut self, now: Instant) {
        while let Some(number) = self.mms.deadlines.next(now) {
            match self.mms.take(number) {
                Some(Exchange::Submission(waiting) | Exchange::Retrieval(waiting)) => {
                    self.refuse_mms(now, waiting.key, &slow());
                }
                // It may come yet; a UE to which it does not come asks again.
                Some(Exchange::Content(waiting)) => self.shell.reply(now, waiting.key, 202),
                Some(Exchange::Told(told)) => self.tell_result(told),
                Some(Exchange::Push(pushed)) => self.push_answered(pushed, 408),
                None => {}
            }
        }
    }

    fn refuse_mms(&mut self, now: Instant, key: ServerKey, refusal: &Refusal) {
        self.mms.counters.refused += 1;
        self.shell.refuse(now, key, refusal);
    }

    /// The relay that serves a subscriber; 404 where there is none.
    fn relay_of(&self, msisdn: &str) -> Result<GatewayRelay, Refusal> {
        let mms = self.config.mms.as_ref();
        let relay = mms.and_then(|mms| mms.relay_of(msisdn)).cloned();
        relay.ok_or_else(|| Refusal::new(404).because("No MMS Relay/Server serves this number"))
    }

    /// Room for one more exchange; 503 without.
    fn check_room(&self) -> Result<(), Refusal> {
        let most = self.config.mms.as_ref().map_or(0, |mms| mms.exchanges);
        match self.mms.len() < most {
            true => Ok(()),
            false => Err(Refusal::new(503).because("Too many at a time").with("Retry-After", "5")),
        }
    }

    /// Asks a relay for a user.
    fn ask_relay(
        &mut self,
        (relay, method, path): (&GatewayRelay, Method, &str),
        (user, body): (&User, Vec<u8>),
        exchange: Exchange,
    ) -> Result<(), Refusal> {
        let kind = HeaderValue::from_static(MMS_MEDIA_TYPE);
        let has_body = !body.is_empty();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", relay.url))
            // TS 24.109 clause 6.5: the gateway vouches for him.
            .header(ASSERTED, format!("\"tel:+{}\"", user.msisdn))
            // TR 23.804 clause 7: whoever comes through it is on an IP access.
            .header(IP_ACCESS_HEADER, "1")
            .header(http::header::ACCEPT, kind.clone())
            .body(body)
            .map_err(|_| Refusal::new(400).because("The relay has no such address"))?;
        if has_body {
            request.headers_mut().insert(CONTENT_TYPE, kind);
        }
        let deadline = match &exchange {
            Exchange::Submission(waiting) | Exchange::Retrieval(waiting) => Some(waiting.deadline),
            _ => None,
        };
        let token = self.mms.keep(exchange, deadline);
        self.shell.output(NodeOutput::HttpRequest { token, request });
        Ok(())
    }

    /// Answers a request of HTTP.
    fn answer_http(&mut self, exchange: HttpExchange, status: u16, (kind, body): (&'static str, Vec<u8>)) {
        let mut response = Response::new(body);
        // Each status here is a constant of this program that exists.
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        self.shell.output(NodeOutput::Http { exchange, response });
    }

    /// Sends a PDU to a user; the exchange waits for what he says. False if it cannot be sent: then nothing waits.
    fn send_pdu(
        &mut self,
        now: Instant,
        user: &User,
        (in_reply_to, pdu): (Option<&str>, &[u8]),
        exchange: Option<(Exchange, Instant)>,
    ) -> bool {
        let name = LetterName::new(&mut self.shell.entropy);
        let number = exchange.map(|(exchange, deadline)| self.mms.keep(exchange, Some(deadline)));
        let usage = number.map_or(ClientUse::Aside, ClientUse::Mms);
        let letter = Letter { name: &name, in_reply_to, media: MMS_MEDIA_TYPE, body: pdu };
        let is_sent = self.send(now, user, &letter, usage);
        if let (false, Some(number)) = (is_sent, number) {
            self.mms.take(number);
        }
        is_sent
    }
}

/// True if what a relay has answered is a PDU of MM1.
fn is_pdu(response: &Response<Vec<u8>>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| media_type(kind).eq_ignore_ascii_case(MMS_MEDIA_TYPE)) && !response.body().is_empty()
}

/// What the UE is told of a relay that refuses, or that is not there: the same status where SIP has it.
fn refusal_of(result: &Result<Response<Vec<u8>>, String>) -> Refusal {
    let Ok(response) = result else { return slow() };
    let status = response.status().as_u16();
    let says = |own: u16, what: &str| Refusal::new(own).because(&format!("The MMS Relay/Server {what}: {status}"));
    match status {
        400 | 403 | 404 | 410 | 413 | 415 => Refusal::new(status).because("The MMS Relay/Server has refused it"),
        401 | 407 => Refusal::new(403).because("The MMS Relay/Server does not believe the gateway"),
        // It may be over soon (RFC 9110 clause 15, RFC 6585 clause 4).
        408 | 425 | 429 | 500..=599 => says(503, "cannot do it now").with("Retry-After", "10"),
        400..=499 => says(403, "has refused it"),
        _ => says(502, "answers something else"),
    }
}

fn slow() -> Refusal {
    Refusal::new(503).because("The MMS Relay/Server does not answer").with("Retry-After", "10")
}

/// TS 24.109 clause 6.5.
const ASSERTED: &str = "X-3GPP-Asserted-Identity";
