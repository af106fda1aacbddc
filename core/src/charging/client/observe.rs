//! What a SIP message says for charging (TS 32.260 clause 6.3): IMS-Information of a request and of the response to it.

use protocol::diameter::charging::{
    ImsInformation, InterOperator, MediaComponent, NodeFunctionality, RoleOfNode, ServerUse,
};
use protocol::sip::{Headers, Method, PChargingVector, Request, Response};

/// Lines of a session description, components of it and values of a header that are kept: a record has its bounds.
const MOST: usize = 16;
/// Octets of one value.
const MOST_OCTETS: usize = 1024;

/// What a request says. `vector`: its P-Charging-Vector, where that is not in its headers any more.
pub(in crate::charging) fn of_request(
    node: NodeFunctionality,
    role: RoleOfNode,
    request: &Request,
    vector: Option<&PChargingVector>,
    utc_ms: u64,
) -> ImsInformation {
    let headers = &request.headers;
    let (session, media) = description(headers, &request.body, Some(1));
    let is_sdp = content_type(headers).is_some_and(|kind| kind.eq_ignore_ascii_case("application/sdp"));
    let body = content_type(headers).filter(|_| !is_sdp && !request.body.is_empty());
    ImsInformation {
        method: Some(request.method.to_string()),
        event: headers.get("Event").map(bounded),
        expires: headers.expires().ok().flatten(),
        role: Some(role),
        user_session: headers.call_id().map(bounded),
        calling: calling(request),
        called: Some(called(request)),
        request_utc_ms: Some(utc_ms),
        operators: operators(vector).into_iter().collect(),
        icid: vector.map(|vector| bounded(&vector.icid())),
        sdp_session: session,
        media,
        body: body.map(|kind| (bounded(kind), u32::try_from(request.body.len()).unwrap_or(u32::MAX))),
        reasons: headers.all("Reason").take(MOST).map(bounded).collect(),
        access: headers.get("P-Access-Network-Info").map(bounded),
        ..ImsInformation::new(node)
    }
}

/// Adds what the final response says.
pub(super) fn add_response(own: &mut ImsInformation, response: &Response, utc_ms: u64) {
    own.response_utc_ms = Some(utc_ms);
    if let Ok(Some(vector)) = response.headers.whole("P-Charging-Vector", PChargingVector::parse)
        && let Some(operators) = operators(Some(&vector))
    {
        // The first pair is that of the side that asks.
        own.operators = std::iter::once(operators).chain(own.operators.drain(..).skip(1)).collect();
    }
    if response.is_success() {
        let (session, media) = description(&response.headers, &response.body, Some(1));
        if !media.is_empty() {
            (own.sdp_session, own.media) = (session, media);
        }
    }
}

/// Adds the networks on the side that was asked.
pub(super) fn add_operators(own: &mut ImsInformation, vector: &PChargingVector) {
    let operators = operators(Some(vector));
    own.operators.extend(operators.filter(|new| own.operators.len() < 4 && !own.operators.contains(new)));
}

/// Adds an application server that was asked.
pub(super) fn add_server(own: &mut ImsInformation, server: &str) {
    if own.servers.len() < MOST {
        own.servers.push(ServerUse { server: server.to_owned(), called: Vec::new() });
    }
}

/// Takes over what a request within the dialog changes.
pub(super) fn change(own: &mut ImsInformation, method: &Method, headers: &Headers, body: &[u8]) -> bool {
    let (session, media) = description(headers, body, Some(2));
    if media.is_empty() || (media == own.media && session == own.sdp_session) {
        return false;
    }
    own.method = Some(method.to_string());
    (own.sdp_session, own.media) = (session, media);
    true
}

/// The charging vector of a message.
pub(in crate::charging) fn vector(headers: &Headers) -> Option<PChargingVector> {
    headers.whole("P-Charging-Vector", PChargingVector::parse).ok().flatten()
}

/// Who asks: the asserted identities, else From.
fn calling(request: &Request) -> Vec<String> {
    let asserted = request.headers.addresses("P-Asserted-Identity").unwrap_or_default();
    let asserted: Vec<_> = asserted.iter().take(MOST).map(|a| bounded(&a.uri.to_string())).collect();
    if !asserted.is_empty() {
        return asserted;
    }
    request.from().ok().flatten().map(|from| bounded(&from.uri.to_string())).into_iter().collect()
}

/// Who is asked for: as whom the served user is called, else the Request-URI.
pub(super) fn called(request: &Request) -> String {
    let called = request.headers.address("P-Called-Party-ID").ok().flatten();
    bounded(&called.map_or_else(|| request.uri.to_string(), |called| called.uri.to_string()))
}

/// The party that a node serves in this role, in the form that keys have.
pub(super) fn served(role: RoleOfNode, request: &Request) -> String {
    let party = match role {
        RoleOfNode::Terminating => called(request),
        _ => calling(request).into_iter().next().unwrap_or_default(),
    };
    protocol::sip::Uri::parse(&party).map_or(party, |uri| uri.identity())
}

fn operators(vector: Option<&PChargingVector>) -> Option<InterOperator> {
    let (originating, terminating) = vector?.ioi();
    let own = |ioi: Option<std::borrow::Cow<'_, str>>| ioi.map(|ioi| bounded(&ioi));
    let operators = InterOperator { originating: own(originating), terminating: own(terminating) };
    (operators != InterOperator::default()).then_some(operators)
}

fn content_type(headers: &Headers) -> Option<&str> {
    headers.get("Content-Type").map(|kind| kind.split(';').next().unwrap_or(kind).trim())
}

/// Session lines that name addresses and bandwidth, and the media with the lines below them.
fn description(headers: &Headers, body: &[u8], initiator: Option<u32>) -> (Vec<String>, Vec<MediaComponent>) {
    let (mut session, mut media) = (Vec::new(), Vec::<MediaComponent>::new());
    if !content_type(headers).is_some_and(|kind| kind.eq_ignore_ascii_case("application/sdp")) {
        return (session, media);
    }
    for line in String::from_utf8_lossy(body).lines() {
        if let Some(name) = line.strip_prefix("m=") {
            if media.len() >= MOST {
                break;
            }
            media.push(MediaComponent { name: bounded(name), descriptions: Vec::new(), initiator });
        } else if let Some(component) = media.last_mut() {
            if component.descriptions.len() < MOST {
                component.descriptions.push(bounded(line));
            }
        } else if session.len() < MOST && (line.starts_with("c=") || line.starts_with("b=")) {
            session.push(bounded(line));
        }
    }
    (session, media)
}

fn bounded(text: &str) -> String {
    let end = (0..=text.len().min(MOST_OCTETS)).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    text[..end].to_owned()
}
