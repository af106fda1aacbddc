//! Requests and responses (RFC 3261 clause 7). What was not touched goes out as it came.

use super::parse::{self, Limits};
use super::{Headers, Method, SipProblem, Uri, reason_phrase};

/// A request or a response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SipMessage {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

/// A request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// The Request-URI.
    pub uri: Uri,
    /// Its header fields.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
    came_without_length: bool,
}

/// A response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    /// The reason phrase, which may be empty.
    pub reason: String,
    /// Its header fields.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
    came_without_length: bool,
}

impl SipMessage {
    /// The message of one datagram, or one that was cut out of a stream. Its fields are not looked into: see
    /// [`Request::check`] and [`Response::check`].
    pub fn parse(octets: &[u8]) -> Result<Self, SipProblem> {
        Self::parse_within(octets, &Limits::default())
    }

    /// The same with limits of one's own.
    pub fn parse_within(octets: &[u8], limits: &Limits) -> Result<Self, SipProblem> {
        parse::parse(octets, limits)
    }

    /// Its octets.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }

    /// Its header fields.
    pub const fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// Its header fields, to change them.
    pub const fn headers_mut(&mut self) -> &mut Headers {
        match self {
            Self::Request(request) => &mut request.headers,
            Self::Response(response) => &mut response.headers,
        }
    }

    /// The request that this is.
    pub const fn as_request(&self) -> Option<&Request> {
        match self {
            Self::Request(request) => Some(request),
            Self::Response(_) => None,
        }
    }

    /// The response that this is.
    pub const fn as_response(&self) -> Option<&Response> {
        match self {
            Self::Response(response) => Some(response),
            Self::Request(_) => None,
        }
    }
}

impl Request {
    /// A request without fields.
    pub const fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: Headers::new(), body: Vec::new(), came_without_length: false }
    }

    pub(super) fn received(method: Method, uri: Uri, headers: Headers, body: Vec<u8>) -> Self {
        let came_without_length = !headers.contains("Content-Length");
        Self { method, uri, headers, body, came_without_length }
    }

    /// Its octets. Content-Length is corrected, and added unless the request came without.
    pub fn to_bytes(&self) -> Vec<u8> {
        let start = format!("{} {} SIP/2.0\r\n", self.method, self.uri);
        emit(&start, &self.headers, &self.body, self.came_without_length)
    }

    /// Its octets for a stream, where Content-Length must be there (RFC 3261 clause 18.3).
    pub fn to_stream_bytes(&self) -> Vec<u8> {
        let start = format!("{} {} SIP/2.0\r\n", self.method, self.uri);
        emit(&start, &self.headers, &self.body, false)
    }

    /// Gives it a body.
    pub fn set_body(&mut self, content_type: &str, body: impl Into<Vec<u8>>) {
        self.headers.set("Content-Type", content_type);
        self.body = body.into();
    }
}

impl Response {
    /// A response without fields; without `reason` with the phrase of the registry.
    pub fn new(status: u16, reason: Option<&str>) -> Self {
        let reason = reason.unwrap_or_else(|| reason_phrase(status)).replace(['\r', '\n'], " ");
        Self { status, reason, headers: Headers::new(), body: Vec::new(), came_without_length: false }
    }

    /// A response to `request` with Via, From, To, Call-ID and CSeq of it, a 100 also with Timestamp (RFC 3261 clause
    /// 8.2.6). The tag of To is the caller's.
    pub fn to(request: &Request, status: u16, reason: Option<&str>) -> Self {
        Self::answering(&request.headers, status, reason)
    }

    pub(super) fn answering(headers: &Headers, status: u16, reason: Option<&str>) -> Self {
        let mut response = Self::new(status, reason);
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            response.headers.copy_from(headers, name);
        }
        if status == 100 {
            response.headers.copy_from(headers, "Timestamp");
        }
        response
    }

    pub(super) fn received(status: u16, reason: String, headers: Headers, body: Vec<u8>) -> Self {
        let came_without_length = !headers.contains("Content-Length");
        Self { status, reason, headers, body, came_without_length }
    }

    /// Its octets. Content-Length is corrected, and added unless the response came without.
    pub fn to_bytes(&self) -> Vec<u8> {
        let start = format!("SIP/2.0 {} {}\r\n", self.status, self.reason);
        emit(&start, &self.headers, &self.body, self.came_without_length)
    }

    /// Its octets for a stream, where Content-Length must be there (RFC 3261 clause 18.3).
    pub fn to_stream_bytes(&self) -> Vec<u8> {
        let start = format!("SIP/2.0 {} {}\r\n", self.status, self.reason);
        emit(&start, &self.headers, &self.body, false)
    }

    /// Gives it a body.
    pub fn set_body(&mut self, content_type: &str, body: impl Into<Vec<u8>>) {
        self.headers.set("Content-Type", content_type);
        self.body = body.into();
    }

    /// Adds `tag` to To when there is none (RFC 3261 clause 8.2.6.2).
    pub fn set_to_tag(&mut self, tag: &str) {
        let Ok(Some(mut to)) = self.to_address() else { return };
        if to.tag().is_none() {
            to.set_tag(tag);
            self.headers.set("To", &to.to_string());
        }
    }

    /// 100 to 199.
    pub const fn is_provisional(&self) -> bool {
        self.status < 200
    }

    /// 200 to 299.
    pub const fn is_success(&self) -> bool {
        self.status / 100 == 2
    }
}

fn emit(start: &str, headers: &Headers, body: &[u8], came_without_length: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(start.len() + body.len() + headers.octets() + 32);
    out.extend_from_slice(start.as_bytes());
    match parse::content_length(headers) {
        Ok(Some(length)) if length == body.len() => headers.emit(&mut out),
        Ok(None) if came_without_length => headers.emit(&mut out),
        _ => {
            let mut corrected = headers.clone();
            corrected.set("Content-Length", &body.len().to_string());
            corrected.emit(&mut out);
        }
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out
}
