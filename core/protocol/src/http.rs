//! HTTP/1.1 messages as octets (RFC 9112), for joints in memory and for captures. The types are those of the `http` crate.
//!
//! A message is whole: its body has the length that Content-Length says. Transfer codings are for the sockets, whose library
//! undoes them.

use ::http::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use ::http::uri::Authority;
use ::http::{Method, Request, Response, StatusCode, Uri, Version};

use crate::xmb::PUSH_ROOT;

/// Octets of start line and header fields.
pub const HTTP_MAX_HEAD: usize = 16 * 1024;
/// Header fields.
pub const HTTP_MAX_FIELDS: usize = 64;
/// Octets of the request target.
pub const HTTP_MAX_TARGET: usize = 8 * 1024;
/// Octets of a body.
pub const HTTP_MAX_BODY: usize = 1 << 20;
/// Octets of a file on xMB-U, which a content provider puts to a BM-SC or which that fetches (TS 29.116).
pub const HTTP_MAX_FILE: usize = 16 << 20;
/// Octets of a PDU on MM1, which a terminal posts to an MMS Relay/Server (OMA-MMS-ENC): 10 MiB and what is around them.
pub const HTTP_MAX_MESSAGE: usize = 11 << 20;

/// Octets that the body of a request may have.
#[must_use]
pub fn max_body(method: &Method, path: &str) -> usize {
    let is_file = *method == Method::PUT && path.strip_prefix(PUSH_ROOT).is_some_and(|rest| rest.starts_with('/'));
    if is_file { HTTP_MAX_FILE } else { HTTP_MAX_BODY }
}

/// Octets that the body of a response to a request of a method may have: files are fetched by GET (TS 29.116 clause 6.2.3).
#[must_use]
pub fn max_answer(to: &Method) -> usize {
    if *to == Method::GET { HTTP_MAX_FILE } else { HTTP_MAX_BODY }
}

/// What Host says of an authority: host and port, no user (RFC 9110 clause 7.2).
#[must_use]
pub fn host_field(authority: &Authority) -> &str {
    let text = authority.as_str();
    text.rsplit_once('@').map_or(text, |(_, host)| host)
}

/// What is wrong with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HttpError {
    /// It ends before its end.
    #[error("the message ends before its end")]
    Incomplete,
    /// There is more than the message.
    #[error("{0} octets more than the message has")]
    Trailing(usize),
    /// Start line and header fields are no HTTP.
    #[error("no HTTP/1.1: {0}")]
    Malformed(&'static str),
    /// The request target is too long.
    #[error("a request target of more than {HTTP_MAX_TARGET} octets")]
    TargetTooLong,
    /// Too many header fields, or too long ones.
    #[error("more than {HTTP_MAX_FIELDS} header fields or {HTTP_MAX_HEAD} octets of them")]
    HeadTooLong,
    /// The body is too long.
    #[error(
        "a body of more than {HTTP_MAX_BODY} octets, a file of more than {HTTP_MAX_FILE}, or a PDU of more than {HTTP_MAX_MESSAGE}"
    )]
    BodyTooLong,
    /// A transfer coding (RFC 9112 clause 6.1).
    #[error("a transfer coding: only Content-Length is read here")]
    TransferCoding,
}

impl HttpError {
    /// What a server answers (RFC 9110 clause 15.5, RFC 6585).
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Incomplete | Self::Trailing(_) | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLong => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TransferCoding => StatusCode::NOT_IMPLEMENTED,
        }
    }
}

/// A request as octets: target in origin form, Content-Length of the body, Host of the URI where there is none.
#[must_use]
pub fn encode_request(request: &Request<Vec<u8>>) -> Vec<u8> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    // RFC 9112 clause 3.2.1: a query without a path has the path "/".
    let root = if target.starts_with('?') { "/" } else { "" };
    let mut out = format!("{} {root}{target} HTTP/1.1\r\n", request.method()).into_bytes();
    if !request.headers().contains_key(HOST)
        && let Some(authority) = request.uri().authority()
    {
        field(&mut out, &HOST, host_field(authority).as_bytes());
    }
    let says_length =
        !request.body().is_empty() || [Method::POST, Method::PUT, Method::PATCH].contains(request.method());
    rest(&mut out, request.headers(), request.body(), says_length);
    out
}

/// A response to a request of a method as octets: none of the body where there must not be one (RFC 9112 clause 6.3).
#[must_use]
pub fn encode_response(to: &Method, response: &Response<Vec<u8>>) -> Vec<u8> {
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut out = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
    let is_bodiless = is_bodiless(to, status);
    let body: &[u8] = if is_bodiless { &[] } else { response.body() };
    rest(&mut out, response.headers(), body, !is_bodiless);
    out
}

fn is_bodiless(to: &Method, status: StatusCode) -> bool {
    *to == Method::HEAD
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
}

/// Header fields, an empty line, the body. The framing is that of this body, whatever the fields say.
fn rest(out: &mut Vec<u8>, headers: &HeaderMap, body: &[u8], says_length: bool) {
    for (name, value) in headers.iter().filter(|(name, _)| **name != CONTENT_LENGTH && **name != TRANSFER_ENCODING) {
        field(out, name, value.as_bytes());
    }
    if says_length {
        field(out, &CONTENT_LENGTH, body.len().to_string().as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
}

fn field(out: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    out.extend_from_slice(name.as_str().as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Reads a request, which is all of the octets. Its URI is path and query, as a server sees it.
///
/// # Errors
/// What is wrong with it, with the status that tells the client.
pub fn parse_request(octets: &[u8]) -> Result<Request<Vec<u8>>, HttpError> {
    parse_request_for(octets, None)
}

/// The same for a server whose bodies have another bound.
///
/// # Errors
/// What is wrong with it, with the status that tells the client.
pub fn parse_request_for(octets: &[u8], most: Option<usize>) -> Result<Request<Vec<u8>>, HttpError> {
    let mut fields = [httparse::EMPTY_HEADER; HTTP_MAX_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let length = complete(octets, head.parse(octets))?;
    let (Some(method), Some(target), Some(1)) = (head.method, head.path, head.version) else {
        return Err(HttpError::Malformed("no method, target or version 1.1"));
    };
    if target.len() > HTTP_MAX_TARGET {
        return Err(HttpError::TargetTooLong);
    }
    let uri: Uri = target.parse().map_err(|_| HttpError::Malformed("the target is no URI"))?;
    // A proxy's form (RFC 9112 clause 3.2.2) says no more than Host does.
    let path = uri.path_and_query().cloned().ok_or(HttpError::Malformed("the target has no path"))?;
    let headers = headers(head.headers)?;
    // RFC 9112 clause 3.2.
    if headers.get_all(HOST).iter().count() != 1 {
        return Err(HttpError::Malformed("not one Host"));
    }
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| HttpError::Malformed("the method"))?;
    let most = most.unwrap_or_else(|| max_body(&method, path.path()));
    let body = body(&headers, &octets[length..], most, false)?;
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from(path);
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = headers;
    Ok(request)
}

/// Reads a response to a request of a method, which is all of the octets.
///
/// # Errors
/// What is wrong with it.
pub fn parse_response(to: &Method, octets: &[u8]) -> Result<Response<Vec<u8>>, HttpError> {
    let mut fields = [httparse::EMPTY_HEADER; HTTP_MAX_FIELDS];
    let mut head = httparse::Response::new(&mut fields);
    let length = complete(octets, head.parse(octets))?;
    let (Some(code), Some(1)) = (head.code, head.version) else {
        return Err(HttpError::Malformed("no status or version 1.1"));
    };
    let status = StatusCode::from_u16(code).map_err(|_| HttpError::Malformed("the status"))?;
    let headers = headers(head.headers)?;
    let after = &octets[length..];
    let body = match is_bodiless(to, status) {
        true if after.is_empty() => Vec::new(),
        true => return Err(HttpError::Trailing(after.len())),
        false => body(&headers, after, max_answer(to), true)?,
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.version_mut() = Version::HTTP_11;
    *response.headers_mut() = headers;
    Ok(response)
}

/// Octets of the head.
fn complete(octets: &[u8], parsed: httparse::Result<usize>) -> Result<usize, HttpError> {
    match parsed {
        Ok(httparse::Status::Complete(length)) if length <= HTTP_MAX_HEAD => Ok(length),
        Ok(httparse::Status::Partial) if octets.len() <= HTTP_MAX_HEAD => Err(HttpError::Incomplete),
        Ok(_) | Err(httparse::Error::TooManyHeaders) => Err(HttpError::HeadTooLong),
        Err(httparse::Error::HeaderName) => Err(HttpError::Malformed("the name of a header field")),
        Err(httparse::Error::HeaderValue) => Err(HttpError::Malformed("the value of a header field")),
        Err(httparse::Error::Version) => Err(HttpError::Malformed("the version")),
        Err(httparse::Error::Status) => Err(HttpError::Malformed("the status")),
        Err(_) => Err(HttpError::Malformed("the start line")),
    }
}

fn headers(fields: &[httparse::Header<'_>]) -> Result<HeaderMap, HttpError> {
    let mut headers = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes());
        let value = HeaderValue::from_bytes(field.value);
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(HttpError::Malformed("a header field"));
        };
        headers.append(name, value);
    }
    Ok(headers)
}

/// The body; without a length a response has what follows (RFC 9112 clause 6.3), a request nothing.
fn body(headers: &HeaderMap, after: &[u8], most: usize, to_the_end: bool) -> Result<Vec<u8>, HttpError> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Err(HttpError::TransferCoding);
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let length = match (lengths.next(), lengths.next()) {
        (None, _) if to_the_end => after.len(),
        (None, _) => 0,
        (Some(value), None) => digits(value).ok_or(HttpError::Malformed("Content-Length"))?,
        (Some(_), Some(_)) => return Err(HttpError::Malformed("more than one Content-Length")),
    };
    if length > most {
        return Err(HttpError::BodyTooLong);
    }
    match after.len() {
        n if n < length => Err(HttpError::Incomplete),
        n if n > length => Err(HttpError::Trailing(n - length)),
        _ => Ok(after.to_vec()),
    }
}

/// A length (RFC 9110 clause 8.6: digits only); one that no number holds is the largest.
fn digits(value: &HeaderValue) -> Option<usize> {
    let text = value.to_str().ok()?;
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn files_for_a_bm_sc_may_be_longer_than_other_bodies() {
        let put = |target: &str, octets: usize| {
            let head = format!("PUT {target} HTTP/1.1\r\nHost: b\r\nContent-Length: {octets}\r\n\r\n");
            let message: Vec<u8> = head.into_bytes().into_iter().chain(std::iter::repeat_n(0, octets)).collect();
            parse_request(&message).map(|request| request.body().len())
        };
        assert_eq!(put("/xmb-u/1/2/a", HTTP_MAX_FILE), Ok(HTTP_MAX_FILE));
        assert_eq!(put("/xmb-u/1/2/a", HTTP_MAX_FILE + 1), Err(HttpError::BodyTooLong));
        assert_eq!(put("/a", HTTP_MAX_BODY), Ok(HTTP_MAX_BODY));
        assert_eq!(put("/xmb-us", HTTP_MAX_BODY + 1), Err(HttpError::BodyTooLong));
        let answer = |to: &Method, octets: usize| {
            let whole = encode_response(to, &Response::new(vec![0; octets]));
            parse_response(to, &whole).map(|response| response.body().len())
        };
        assert_eq!(answer(&Method::GET, HTTP_MAX_FILE), Ok(HTTP_MAX_FILE));
        assert_eq!(answer(&Method::GET, HTTP_MAX_FILE + 1), Err(HttpError::BodyTooLong));
        assert_eq!(answer(&Method::POST, HTTP_MAX_BODY + 1), Err(HttpError::BodyTooLong));
    }

    #[test]
    fn nobody_is_told_the_user_of_a_uri() {
        for (uri, host) in [("http://u:p@host:80/a", "host:80"), ("http://[::1]:8080/", "[::1]:8080")] {
            let request = Request::get(uri).body(Vec::new()).unwrap();
            assert_eq!(parse_request(&encode_request(&request)).unwrap().headers()[HOST], host);
        }
    }

    #[test]
    fn requests_are_read_as_servers_read_them() {
        let octets = b"PUT /org.openmobilealliance.xcap?a=b HTTP/1.1\r\nHost: xcap.example\r\nIf-Match: \"1\"\r\nContent-Length: 3\r\n\r\n<a>";
        let request = parse_request(octets).unwrap();
        assert_eq!((request.method(), request.uri().path()), (&Method::PUT, "/org.openmobilealliance.xcap"));
        assert_eq!((request.uri().query(), request.headers()["if-match"].as_bytes()), (Some("a=b"), &b"\"1\""[..]));
        assert_eq!(request.body(), b"<a>");
        assert_eq!(parse_request(&encode_request(&request)).unwrap().headers(), request.headers());
    }

    #[test]
    fn what_is_wrong_is_told() {
        let of = |text: &str| parse_request(text.replace('\n', "\r\n").as_bytes()).map(|_| ()).unwrap_err();
        let long = "a".repeat(HTTP_MAX_HEAD);
        let many = "a: b\n".repeat(HTTP_MAX_FIELDS + 1);
        for (text, error) in [
            ("GET / HTTP/1.1\nHost: a\n", HttpError::Incomplete),
            ("GET / HTTP/1.1\nHost: a\n\nx", HttpError::Trailing(1)),
            ("GET / HTTP/1.0\nHost: a\n\n", HttpError::Malformed("no method, target or version 1.1")),
            ("GET / HTTP/1.1\n\n", HttpError::Malformed("not one Host")),
            ("GET / HTTP/1.1\nHost: a\nHost: b\n\n", HttpError::Malformed("not one Host")),
            ("GET / HTTP/1.1\nHost : a\n\n", HttpError::Malformed("the name of a header field")),
            ("PUT / HTTP/1.1\nHost: a\nContent-Length: 3\n\nab", HttpError::Incomplete),
            ("PUT / HTTP/1.1\nHost: a\nContent-Length: +2\n\nab", HttpError::Malformed("Content-Length")),
            (
                "PUT / HTTP/1.1\nHost: a\nContent-Length: 2\nContent-Length: 1\n\nab",
                HttpError::Malformed("more than one Content-Length"),
            ),
            ("PUT / HTTP/1.1\nHost: a\nContent-Length: 99999999999999999999999\n\n", HttpError::BodyTooLong),
            (
                "PUT / HTTP/1.1\nHost: a\nContent-Length: 2\nTransfer-Encoding: chunked\n\n0\n\n",
                HttpError::TransferCoding,
            ),
            (&format!("GET /{long} HTTP/1.1\nHost: a\n\n"), HttpError::HeadTooLong),
            (&format!("GET /{} HTTP/1.1\nHost: a\n\n", &long[..HTTP_MAX_TARGET]), HttpError::TargetTooLong),
            (&format!("GET / HTTP/1.1\nHost: a\n{many}\n"), HttpError::HeadTooLong),
        ] {
            assert_eq!(of(text), error, "{}", &text[..text.len().min(80)]);
        }
    }

    #[test]
    fn some_responses_have_no_body() {
        let mut response = Response::new(b"abc".to_vec());
        assert_eq!(parse_response(&Method::GET, &encode_response(&Method::GET, &response)).unwrap().body(), b"abc");
        assert_eq!(parse_response(&Method::HEAD, &encode_response(&Method::HEAD, &response)).unwrap().body(), b"");
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        let octets = encode_response(&Method::GET, &response);
        assert_eq!(octets, b"HTTP/1.1 304 Not Modified\r\n\r\n");
        assert_eq!(parse_response(&Method::GET, b"HTTP/1.1 200 OK\r\n\r\nto the end").unwrap().body(), b"to the end");
    }

    proptest! {
        #[test]
        fn what_was_printed_reads_the_same(
            method in "[A-Z]{1,8}", path in "/[a-z0-9/~%]{0,40}", value in "[ -~]{0,30}", body in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let Ok(uri) = path.parse::<Uri>() else { return Ok(()) };
            let request = Request::builder().method(method.as_str()).uri(uri).header("host", "a").header("x-a", value.trim());
            let request = request.body(body).unwrap();
            let again = parse_request(&encode_request(&request)).unwrap();
            prop_assert_eq!(again.method(), request.method());
            prop_assert_eq!(again.uri(), request.uri());
            prop_assert_eq!(again.body(), request.body());
            prop_assert_eq!(&again.headers()["x-a"], &request.headers()["x-a"]);
        }
    }
}
