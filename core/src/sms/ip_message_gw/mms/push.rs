//! Push over SIP: TR 23.804 clauses 8.11.3.2 steps 5 to 8 and 8.11.3.3 steps 2 to 5, with the gateway as the push proxy
//! gateway of WAP-247 (PAP): a relay POSTs a push, the UE gets it in a MESSAGE, and the relay hears what became of it.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, Request, Response};
use protocol::Instant;
use protocol::mms::pap::{
    BadMessageResponse, MessageState, PAP_CONTENT_TYPE, Pap, PapCode, PapSubmission, PushAddress, PushResponse,
    ResultNotificationMessage,
};

use super::{Exchange, GatewayRelay};
use crate::node::{HttpExchange, NodeOutput};
use crate::sms::ip_message_gw::IpMessageGw;
use crate::sms::ip_message_gw::users::User;

/// Where relays POST pushes to.
const PATH: &str = "/pap";
/// Pauses before a relay is told again what became of a push; it has a patience of its own.
const RETELL: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(16)];

/// A push on its way to a UE.
#[derive(Debug)]
pub(super) struct Pushed {
    push_id: String,
    address: String,
    /// Where its relay wants to hear of it.
    notify: Option<String>,
}

/// What a relay is told of a push.
#[derive(Debug)]
pub(super) struct Told {
    url: String,
    result: ResultNotificationMessage,
    tries: usize,
}

impl IpMessageGw {
    /// A request of HTTP: only relays have anything to say, and only PAP.
    pub(in crate::sms::ip_message_gw) fn push(
        &mut self,
        now: Instant,
        exchange: HttpExchange,
        peer: SocketAddr,
        request: &Request<Vec<u8>>,
    ) {
        let plain = |status, words: &str| (status, ("text/plain", format!("{words}\n").into_bytes()));
        let relay = self.config.mms.as_ref().and_then(|mms| mms.relay_from(peer, None)).cloned();
        let (status, content) = match relay {
            None => plain(403, "Not a relay of this gateway"),
            Some(_) if request.uri().path() != PATH => plain(404, "Only /pap is here"),
            Some(_) if request.method() != Method::POST => plain(405, "Only POST"),
            Some(_) if !self.is_ready => plain(503, "Not ready"),
            // WAP-247 clause 14: 202 says that the PAP message was read, whatever becomes of it.
            Some(relay) => {
                let answer = self.take_push(now, (relay, peer), request).to_document().into_bytes();
                (202, (PAP_CONTENT_TYPE, answer))
            }
        };
        self.answer_http(exchange, status, content);
    }

    /// The answer to what a relay has POSTed.
    fn take_push(
        &mut self,
        now: Instant,
        (relay, peer): (GatewayRelay, SocketAddr),
        request: &Request<Vec<u8>>,
    ) -> Pap {
        let kind = request.headers().get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let push = match PapSubmission::parse(kind.unwrap_or_default(), request.body()) {
            Ok(push) => push,
            Err(problem) => {
                return Pap::BadMessageResponse(BadMessageResponse::new(&problem.to_string(), request.body()));
            }
        };
        let told = push.message.notify_to.as_deref().and_then(authority);
        let relay =
            self.config.mms.as_ref().and_then(|mms| mms.relay_from(peer, told.as_deref())).cloned().unwrap_or(relay);
        let mut response = PushResponse::new(&push.message.push_id, PapCode::ACCEPTED);
        if let Err((code, why)) = self.start_push(now, &relay, &push) {
            self.mms.counters.refused += 1;
            (response.code, response.description) = (code, Some(why.to_owned()));
        }
        Pap::PushResponse(response)
    }

    /// Sends a push to its UE.
    fn start_push(
        &mut self,
        now: Instant,
        relay: &GatewayRelay,
        push: &PapSubmission,
    ) -> Result<(), (PapCode, &'static str)> {
        let message = &push.message;
        let Some(pdu) = push.mms_pdu() else {
            return Err((PapCode::NOT_IMPLEMENTED, "only application/vnd.wap.mms-message is pushed here"));
        };
        let is_own = |url: &str| authority(url).is_some_and(|own| own.eq_ignore_ascii_case(relay.authority()));
        if message.notify_to.as_deref().is_some_and(|url| !is_own(url)) {
            return Err((PapCode::FORBIDDEN, "results are told to the relay alone"));
        }
        let [address] = message.addresses.as_slice() else {
            return Err((PapCode::MULTIPLE_ADDRESSES_NOT_SUPPORTED, "one address is wanted"));
        };
        let user = self.push_target(address)?;
        let Some(mms) = &self.config.mms else { return Err((PapCode::NOT_IMPLEMENTED, "no multimedia messages here")) };
        let deadline = now + mms.patience;
        if self.mms.len() >= mms.exchanges {
            return Err((PapCode::SERVICE_UNAVAILABLE, "too many at a time"));
        }
        if pdu.len() > mms.largest {
            return Err((PapCode::FORBIDDEN, "larger than a MESSAGE carries"));
        }
        let known = (relay.url.clone(), message.push_id.clone());
        if self.mms.pushes.contains(&known) {
            return Err((PapCode::DUPLICATE_PUSH_ID, "this push is known"));
        }
        let (push_id, notify) = (message.push_id.clone(), message.notify_to.clone());
        let exchange = Exchange::Push(Pushed { push_id, address: address.clone(), notify });
        if !self.send_pdu(now, &user, (None, pdu), Some((exchange, deadline))) {
            return Err((PapCode::SERVICE_FAILURE, "the MESSAGE cannot be sent"));
        }
        self.mms.pushes.insert(known);
        Ok(())
    }

    /// The registered user of an address of push.
    fn push_target(&self, address: &str) -> Result<User, (PapCode, &'static str)> {
        let address = PushAddress::parse(address);
        let number = address.as_ref().and_then(PushAddress::number);
        let number = number.ok_or((PapCode::ADDRESS_ERROR, "no WAPPUSH address of a number"))?;
        let user = self.users.of_identity(&format!("tel:+{}", number.trim_start_matches('+')));
        match user {
            None => Err((PapCode::ADDRESS_NOT_FOUND, "not registered in the IMS")),
            Some(user) if user.rules.is_barred => Err((PapCode::FORBIDDEN, "barred by the operator")),
            Some(user) => Ok(user.clone()),
        }
    }

    /// The UE has the push, or has it not: its relay is told.
    pub(super) fn push_answered(&mut self, pushed: Pushed, status: u16) {
        let is_delivered = (200..300).contains(&status);
        self.mms.counters.pushed += u64::from(is_delivered);
        let Some(url) = pushed.notify else { return };
        let (state, code, words) = match is_delivered {
            true => (MessageState::Delivered, PapCode::OK, None),
            false => (MessageState::Undeliverable, PapCode::SERVICE_FAILURE, Some(format!("SIP status {status}"))),
        };
        let mut result = ResultNotificationMessage::new(&pushed.push_id, &pushed.address, state, code);
        result.description = words;
        self.tell_result(Told { url, result, tries: 0 });
    }

    /// Tells a relay what became of a push.
    pub(super) fn tell_result(&mut self, told: Told) {
        let request = Request::builder()
            .method(Method::POST)
            .uri(&told.url)
            .header(http::header::CONTENT_TYPE, PAP_CONTENT_TYPE)
            .body(Pap::ResultNotificationMessage(told.result.clone()).to_document().into_bytes());
        // What is no URL was refused with its push.
        let Ok(request) = request else { return };
        let token = self.mms.keep(Exchange::Told(told), None);
        self.shell.output(NodeOutput::HttpRequest { token, request });
    }

    /// The relay has heard it, or has not.
    pub(super) fn push_told(&mut self, now: Instant, told: Told, result: Result<Response<Vec<u8>>, String>) {
        if result.is_ok_and(|response| response.status().is_success()) {
            return;
        }
        match RETELL.get(told.tries) {
            Some(pause) => {
                let told = Told { tries: told.tries + 1, ..told };
                self.mms.keep(Exchange::Told(told), Some(now + *pause));
            }
            None => self.shell.say(format!("{} does not hear what became of a push", told.url)),
        }
    }
}

/// Host and port of a URL.
fn authority(url: &str) -> Option<String> {
    url.parse::<http::Uri>().ok()?.authority().map(ToString::to_string)
}
