//! Answers: JSON, and problems as RFC 9457 wants them.

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

/// A request that is not fulfilled: what the client is told, and what the log is.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// For the client: never an identity or a header of the network.
    pub(super) detail: String,
    /// More members of the problem.
    pub(super) more: Map<String, Value>,
    pub(super) headers: Vec<(HeaderName, String)>,
    /// For the log, where it knows more.
    pub(super) why: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { status, why: detail.clone(), detail, more: Map::new(), headers: Vec::new() }
    }

    pub(super) fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    pub(super) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn to_response(&self) -> Response<Vec<u8>> {
        let mut body = self.more.clone();
        body.insert("title".to_owned(), json!(self.status.canonical_reason().unwrap_or("Refused")));
        body.insert("status".to_owned(), json!(self.status.as_u16()));
        body.insert("detail".to_owned(), json!(self.detail));
        let mut response = answer(self.status, "application/problem+json", &Value::Object(body));
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name.clone(), value);
            }
        }
        response
    }
}

/// A resource, or a list of them.
pub(super) fn ok(status: StatusCode, body: &Value) -> Response<Vec<u8>> {
    answer(status, "application/json", body)
}

fn answer(status: StatusCode, media_type: &'static str, body: &Value) -> Response<Vec<u8>> {
    let mut response = Response::new(if body.is_null() { Vec::new() } else { body.to_string().into_bytes() });
    *response.status_mut() = status;
    if !body.is_null() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    response.headers_mut().insert("cache-control", HeaderValue::from_static("no-store"));
    response
}
