//! The resources: one table for the requests and for the OpenAPI document.

use http::Method;
use protocol::xcap::percent_decode;

/// What may be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operation {
    Document,
    SendMessage,
    ReadMessage,
    ReadIncoming,
    RemoveIncoming,
    ReadPresence,
    CreateSession,
    ReadSession,
    EndSession,
    CreateBroadcast,
    ListBroadcasts,
    ReadBroadcast,
    DeleteBroadcast,
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) operation: Operation,
    pub(super) method: &'static str,
    /// A segment in braces stands for any.
    pub(super) path: &'static str,
    pub(super) scope: &'static str,
    pub(super) summary: &'static str,
    /// Members of the body that must be there.
    pub(super) body: &'static [&'static str],
    /// Statuses besides those that each may have.
    pub(super) statuses: &'static [u16],
}

const fn route(
    operation: Operation,
    [method, path, scope, summary]: [&'static str; 4],
    body: &'static [&'static str],
    statuses: &'static [u16],
) -> Route {
    Route { operation, method, path, scope, summary, body, statuses }
}

/// The document of the interface itself.
pub(super) const DOCUMENT: &str = "/openapi.json";

pub(super) static ROUTES: [Route; 13] = [
    route(Operation::Document, ["GET", DOCUMENT, "", "This document"], &[], &[200]),
    route(
        Operation::SendMessage,
        ["POST", "/v1/messages", "exposure:messages", "Send a text to a user"],
        &["to", "text"],
        &[201, 400],
    ),
    route(
        Operation::ReadMessage,
        ["GET", "/v1/messages/{id}", "exposure:messages", "What became of a text"],
        &[],
        &[200, 404],
    ),
    route(
        Operation::ReadIncoming,
        ["GET", "/v1/incoming", "exposure:messages", "Texts from users, the oldest first"],
        &[],
        &[200],
    ),
    route(
        Operation::RemoveIncoming,
        ["DELETE", "/v1/incoming/{id}", "exposure:messages", "Take a text out of the queue"],
        &[],
        &[204, 404],
    ),
    route(
        Operation::ReadPresence,
        ["GET", "/v1/presence/{user}", "exposure:presence", "What a user lets this client see of his presence"],
        &[],
        &[200, 404, 504],
    ),
    route(
        Operation::CreateSession,
        ["POST", "/v1/sessions", "exposure:sessions", "Call two users and join them (RFC 3725)"],
        &["a", "b"],
        &[201, 400],
    ),
    route(
        Operation::ReadSession,
        ["GET", "/v1/sessions/{id}", "exposure:sessions", "State of a call"],
        &[],
        &[200, 404],
    ),
    route(Operation::EndSession, ["DELETE", "/v1/sessions/{id}", "exposure:sessions", "End a call"], &[], &[204, 404]),
    route(
        Operation::CreateBroadcast,
        ["POST", "/v1/broadcasts", "exposure:broadcast", "Broadcast to a group by MBMS"],
        &[],
        &[501],
    ),
    route(Operation::ListBroadcasts, ["GET", "/v1/broadcasts", "exposure:broadcast", "Broadcasts"], &[], &[501]),
    route(Operation::ReadBroadcast, ["GET", "/v1/broadcasts/{id}", "exposure:broadcast", "A broadcast"], &[], &[501]),
    route(
        Operation::DeleteBroadcast,
        ["DELETE", "/v1/broadcasts/{id}", "exposure:broadcast", "End a broadcast"],
        &[],
        &[501],
    ),
];

/// What a request is for.
#[derive(Debug)]
pub(super) enum Found {
    /// This, with what stands in place of the segment in braces.
    Route(&'static Route, Option<String>),
    /// Another method.
    Allow(Vec<&'static str>),
    /// No such resource, or an address that can be read in two ways.
    Nothing,
}

pub(super) fn find(method: &Method, path: &str) -> Found {
    let mut allow = Vec::new();
    for route in &ROUTES {
        let Some(parameter) = matches(route.path, path) else { continue };
        if route.method == method.as_str() {
            return Found::Route(route, parameter);
        }
        allow.push(route.method);
    }
    if allow.is_empty() { Found::Nothing } else { Found::Allow(allow) }
}

fn matches(pattern: &str, path: &str) -> Option<Option<String>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut parameter = None;
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parameter),
            (Some(wanted), Some(given)) if wanted.starts_with('{') => {
                let decoded = percent_decode(given)?;
                let is_plain = !decoded.is_empty() && decoded.len() <= 256 && !decoded.contains(['/', '\\', '%']);
                if !is_plain || decoded.starts_with('.') || decoded.chars().any(char::is_control) {
                    return None;
                }
                parameter = Some(decoded);
            }
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}
