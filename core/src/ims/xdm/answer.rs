//! Answers.

use http::header::{ALLOW, CONTENT_TYPE, ETAG, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use protocol::xcap::{ERROR_TYPE, XcapConflict};

/// A request that is turned down, and the words for the log.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) response: Box<Response<Vec<u8>>>,
    pub(super) why: String,
}

impl Refused {
    pub(super) fn new(status: StatusCode, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { response: Box::new(plain(status, &why)), why }
    }

    /// 409 with its document (RFC 4825 clause 11).
    pub(super) fn conflict(conflict: &XcapConflict) -> Self {
        let body = conflict.to_document().into_bytes();
        Self { response: Box::new(typed(StatusCode::CONFLICT, ERROR_TYPE, body)), why: conflict.to_string() }
    }

    /// 405 with what may be done.
    pub(super) fn not_allowed(allow: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, format!("only {allow} there")).with(ALLOW, allow)
    }

    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.response.headers_mut().insert(name, value);
        }
        self
    }
}

/// An answer with a line of text.
pub(super) fn plain(status: StatusCode, text: &str) -> Response<Vec<u8>> {
    typed(status, "text/plain; charset=utf-8", format!("{text}\n").into_bytes())
}

/// An answer with a body of a type.
pub(super) fn typed(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}

/// The same with an entity tag.
pub(super) fn tagged(mut response: Response<Vec<u8>>, etag: &str) -> Response<Vec<u8>> {
    if let Ok(value) = HeaderValue::from_str(etag) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}
