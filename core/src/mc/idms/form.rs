//! Parameters of requests and what answers are made of (RFC 6749 appendix B and clause 5).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, PRAGMA, WWW_AUTHENTICATE,
};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

/// Parameters, each once.
#[derive(Debug, Default)]
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// A name that comes twice (RFC 6749 clause 3.1), or too many.
    pub(super) fn parse(octets: &[u8]) -> Result<Self, &'static str> {
        let mut params = BTreeMap::new();
        for (count, (name, value)) in form_urlencoded::parse(octets).enumerate() {
            if count >= MAX_PARAMS {
                return Err("too many parameters");
            }
            // One without a value is as if it were not there.
            if !value.is_empty() && params.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err("a parameter twice");
            }
        }
        Ok(Self(params))
    }

    /// Those of the body of a POST.
    ///
    /// # Errors
    /// Why it has none that can be read.
    pub(super) fn of_body(request: &Request<Vec<u8>>) -> Result<Self, &'static str> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err("the body is no application/x-www-form-urlencoded");
        }
        Self::parse(request.body())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Name and password of HTTP Basic (RFC 7617); none: no such header field.
pub(super) fn basic(headers: &HeaderMap) -> Option<Result<(String, String), &'static str>> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let field = fields.next()?;
    if fields.next().is_some() {
        return Some(Err("more than one Authorization"));
    }
    let (scheme, rest) = field.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Some(Err("another authentication than Basic"));
    }
    let decoded = STANDARD.decode(rest.trim()).ok().and_then(|octets| String::from_utf8(octets).ok());
    let pair = decoded.and_then(|text| text.split_once(':').map(|(name, word)| (name.to_owned(), word.to_owned())));
    Some(pair.ok_or("no name and password in Authorization"))
}

/// An answer that nobody may keep (RFC 6749 clause 5.1).
pub(super) fn answer(status: StatusCode, kind: &'static str, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (PRAGMA, "no-cache"),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

pub(super) fn json_answer(status: StatusCode, body: &Value) -> Response<Vec<u8>> {
    answer(status, "application/json", body.to_string())
}

pub(super) fn text_answer(status: StatusCode, text: &str) -> Response<Vec<u8>> {
    answer(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

/// An error of the token endpoint (RFC 6749 clause 5.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TokenError {
    pub(super) error: &'static str,
    pub(super) why: &'static str,
}

impl TokenError {
    pub(super) const fn new(error: &'static str, why: &'static str) -> Self {
        Self { error, why }
    }

    pub(super) fn response(&self) -> Response<Vec<u8>> {
        let status = match self.error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            "slow_down" => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::BAD_REQUEST,
        };
        let mut response = json_answer(status, &json!({ "error": self.error, "error_description": self.why }));
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

const MAX_PARAMS: usize = 32;
