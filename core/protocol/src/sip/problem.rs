//! What is wrong with a message, and what a server answers to it (RFC 3261 clauses 8.2, 16.3, 18.3).

use std::borrow::Cow;
use std::fmt;

use super::{Headers, Response};

/// A message or a header that does not follow its grammar, or that asks for what cannot be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SipProblem {
    /// What a server answers to a request with this problem.
    pub status: u16,
    /// The header, or the part of the message.
    pub what: Cow<'static, str>,
    /// What is wrong with it.
    pub why: Cow<'static, str>,
    /// The headers, as far as they could be read, when the message is a request.
    pub of_request: Option<Box<Headers>>,
}

impl SipProblem {
    /// A problem with `what` that a server answers with `status`.
    pub fn new(status: u16, what: impl Into<Cow<'static, str>>, why: impl Into<Cow<'static, str>>) -> Self {
        Self { status, what: what.into(), why: why.into(), of_request: None }
    }

    /// A syntax error: 400.
    pub fn bad(what: impl Into<Cow<'static, str>>, why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, what, why)
    }

    /// The same problem found in the header `what`.
    #[must_use]
    pub fn within(mut self, what: &str) -> Self {
        if !self.what.eq_ignore_ascii_case(what) {
            self.why = format!("{}: {}", self.what, self.why).into();
            self.what = what.to_owned().into();
        }
        self
    }

    /// The answer to a request that cannot be taken; `None` when there is nobody to send it to or it answers an ACK.
    pub fn response(&self) -> Option<Response> {
        let headers = self.of_request.as_ref()?;
        let of_ack = headers.get("CSeq").is_some_and(|cseq| cseq.trim_end().ends_with("ACK"));
        if of_ack || !headers.contains("Via") {
            return None;
        }
        let mut response = Response::answering(headers, self.status, None);
        // RFC 3261 clause 21.4.1: the reason phrase should name the problem.
        if self.status == 400 {
            response.reason = format!("Bad Request ({})", self.what);
        }
        Some(response)
    }
}

impl fmt::Display for SipProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

impl std::error::Error for SipProblem {}
