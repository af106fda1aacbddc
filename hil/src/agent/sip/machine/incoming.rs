//! What requests of the other side say of it and of themselves.

use std::borrow::Cow;

use protocol::mime::{MediaType, Multipart, Part};
use protocol::sip::{Request, sdp_of};

use super::super::io::{AgentEvent, CallId, IncomingMessage};

/// A session is offered.
pub(super) fn offered(call: CallId, invite: &Request) -> AgentEvent {
    AgentEvent::Incoming {
        call,
        from: sender(invite),
        sdp: sdp_of(&invite.headers, &invite.body).map(Cow::into_owned),
        contact: invite.contact().ok().flatten().map_or_else(String::new, |contact| contact.uri.to_string()),
        parts: other_parts(invite),
    }
}

/// Who sent it, as the network says, else as it says itself.
fn sender(request: &Request) -> String {
    let asserted = request.headers.address("P-Asserted-Identity").ok().flatten();
    let from = asserted.or_else(|| request.from().ok().flatten());
    from.map_or_else(String::new, |from| from.uri.to_string())
}

pub(in crate::agent::sip) fn received(request: &Request) -> IncomingMessage {
    let text = |name: &str| request.headers.get(name).map(ToOwned::to_owned);
    let called = request.headers.address("P-Called-Party-ID").ok().flatten();
    let to = called.or_else(|| request.to().ok().flatten());
    IncomingMessage {
        from: sender(request),
        to: to.map_or_else(String::new, |to| to.uri.to_string()),
        call_id: text("Call-ID").unwrap_or_default(),
        in_reply_to: text("In-Reply-To"),
        content_type: text("Content-Type").unwrap_or_default(),
        body: request.body.clone(),
    }
}

/// What a body of several parts has beside the SDP.
fn other_parts(request: &Request) -> Vec<Part> {
    let media = MediaType::of(&request.headers).ok().flatten().filter(MediaType::is_multipart);
    let body = media.and_then(|media| Multipart::parse(&media, &request.body).ok()).unwrap_or_default();
    body.parts.into_iter().filter(|part| !part.is("application/sdp")).collect()
}
