//! What must hold of every message before anybody acts on it (RFC 3261 clauses 8.1.1, 8.2, 16.3, 18.3).

use super::headers::names::{SINGLE, long_name};
use super::text::is_token;
use super::{CSeq, Headers, Method, NameAddr, Request, Response, SipProblem, Via, parse};

impl Request {
    /// Mandatory fields are there once and follow their grammar, and CSeq names the method. The problem brings its
    /// answer: [`SipProblem::response`].
    pub fn check(&self) -> Result<(), SipProblem> {
        let checked = self.check_fields();
        checked.map_err(|problem| SipProblem { of_request: Some(Box::new(self.headers.clone())), ..problem })
    }

    fn check_fields(&self) -> Result<(), SipProblem> {
        let cseq = check_common(&self.headers)?;
        if cseq.method != self.method {
            return Err(SipProblem::bad("CSeq", "names another method than the request"));
        }
        self.headers.max_forwards()?;
        // RFC 3261 clause 19.1.1, table 1: `headers` of a URI are not for the Request-URI.
        if self.uri.as_sip().is_some_and(|uri| uri.headers.is_some()) {
            return Err(SipProblem::bad("Request-URI", "has headers"));
        }
        contacts(&self.headers)?;
        bounded("Route", every(&self.headers, "Route", NameAddr::check)?)?;
        bounded("Record-Route", every(&self.headers, "Record-Route", NameAddr::check)?)?;
        if self.method == Method::REGISTER {
            bounded("Path", every(&self.headers, "Path", NameAddr::check)?)?;
        }
        Ok(())
    }
}

impl Response {
    /// Mandatory fields are there once and follow their grammar; a response with a problem is dropped.
    pub fn check(&self) -> Result<(), SipProblem> {
        check_common(&self.headers)?;
        contacts(&self.headers)?;
        every(&self.headers, "Record-Route", NameAddr::check)?;
        Ok(())
    }
}

/// How many values `name` has, all of which pass.
fn every(headers: &Headers, name: &str, check: impl Fn(&str) -> Result<(), SipProblem>) -> Result<usize, SipProblem> {
    let mut values = 0;
    for value in headers.values(name) {
        check(value).map_err(|problem| problem.within(name))?;
        values += 1;
    }
    Ok(values)
}

/// RFC 3261 clause 10.2.2: addresses, or "*" alone.
fn contacts(headers: &Headers) -> Result<(), SipProblem> {
    if headers.values("Contact").any(|value| value == "*") {
        return headers.contacts().map(drop);
    }
    every(headers, "Contact", NameAddr::check).map(drop)
}

/// Every hop rewrites these: a message with thousands of them would be work for seconds.
fn bounded(name: &'static str, values: usize) -> Result<(), SipProblem> {
    if values > MOST_HOPS { Err(SipProblem::bad(name, "has more values than a request has hops")) } else { Ok(()) }
}

fn check_common(headers: &Headers) -> Result<CSeq, SipProblem> {
    let missing = |name: &'static str| SipProblem::bad(name, "is missing");
    let mut seen = [false; SINGLE.len()];
    for field in headers.iter() {
        let name = long_name(field.name());
        let Some(at) = SINGLE.iter().position(|single| single.eq_ignore_ascii_case(name)) else { continue };
        if std::mem::replace(&mut seen[at], true) {
            return Err(SipProblem::bad(SINGLE[at], "is there more than once"));
        }
    }
    let vias = every(headers, "Via", Via::check)?;
    if vias == 0 {
        return Err(missing("Via"));
    }
    bounded("Via", vias)?;
    for name in ["From", "To"] {
        let value = headers.get(name).ok_or_else(|| missing(name))?;
        NameAddr::check(value).map_err(|problem| problem.within(name))?;
    }
    let call_id = headers.call_id().ok_or_else(|| missing("Call-ID"))?;
    if call_id.is_empty() || call_id.bytes().any(|b| b.is_ascii_control() || b == b' ') {
        return Err(SipProblem::bad("Call-ID", "is no word"));
    }
    parse::content_length(headers)?;
    if let Some(content_type) = headers.get("Content-Type") {
        let media = content_type.split(';').next().unwrap_or_default().split_once('/');
        if !media.is_some_and(|(kind, sub)| is_token(kind.trim()) && is_token(sub.trim())) {
            return Err(SipProblem::bad("Content-Type", "is no media type"));
        }
    }
    // RFC 3261 clause 20.17: GMT and no other time zone.
    if headers.get("Date").is_some_and(|date| !date.ends_with(" GMT")) {
        return Err(SipProblem::bad("Date", "is not in GMT"));
    }
    headers.cseq()?.ok_or_else(|| missing("CSeq"))
}

/// Hops of a request: Max-Forwards starts at 70 (RFC 3261 clause 8.1.1.6).
const MOST_HOPS: usize = 71;
