//! Conditional requests (RFC 9110 clause 13, RFC 4825 clause 7.11).

use http::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{Method, StatusCode};

/// What the conditions of a request make of it: none when it may go on, else 304 or 412.
///
/// All parts of a document have its entity tag; a part that is to be inserted is asked for with the tag of the document
/// that it goes into. `exists` is about the part, `etag` is that of the document.
pub(super) fn evaluate(method: &Method, headers: &HeaderMap, exists: bool, etag: Option<&str>) -> Option<StatusCode> {
    let failed = Some(StatusCode::PRECONDITION_FAILED);
    match Tags::of(headers, &IF_MATCH) {
        Tags::Absent => {}
        Tags::Unreadable => return Some(StatusCode::BAD_REQUEST),
        Tags::Any if exists => {}
        Tags::Some(tags) if etag.is_some_and(|etag| tags.iter().any(|tag| tag == etag)) => {}
        Tags::Any | Tags::Some(_) => return failed,
    }
    let is_read = *method == Method::GET || *method == Method::HEAD;
    let unchanged = if is_read { Some(StatusCode::NOT_MODIFIED) } else { failed };
    match Tags::of(headers, &IF_NONE_MATCH) {
        Tags::Absent => None,
        Tags::Unreadable => Some(StatusCode::BAD_REQUEST),
        Tags::Any => exists.then_some(unchanged).flatten(),
        // Compared weakly: a client that was told a weak tag by a cache means this one.
        Tags::Some(tags) => {
            let is = |tag: &String| etag == Some(tag.strip_prefix("W/").unwrap_or(tag));
            (exists && tags.iter().any(is)).then_some(unchanged).flatten()
        }
    }
}

enum Tags {
    Absent,
    Any,
    Some(Vec<String>),
    Unreadable,
}

impl Tags {
    fn of(headers: &HeaderMap, name: &HeaderName) -> Self {
        let mut all = Vec::new();
        let mut values = headers.get_all(name).iter().peekable();
        if values.peek().is_none() {
            return Self::Absent;
        }
        for value in values {
            let Ok(value) = value.to_str() else { return Self::Unreadable };
            for tag in value.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
                let opaque = tag.strip_prefix("W/").unwrap_or(tag);
                match opaque.len() >= 2 && opaque.starts_with('"') && opaque.ends_with('"') {
                    true => all.push(tag.to_owned()),
                    false if tag == "*" => return Self::Any,
                    false => return Self::Unreadable,
                }
            }
        }
        Self::Some(all)
    }
}
