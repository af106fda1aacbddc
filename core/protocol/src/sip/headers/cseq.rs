//! CSeq (RFC 3261 clause 20.16).

use std::fmt;

use crate::sip::text::Scan;
use crate::sip::{Method, SipProblem};

/// Sequence number and method of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CSeq {
    /// Below 2^31.
    pub seq: u32,
    /// The method of the request, also in its response.
    pub method: Method,
}

impl CSeq {
    /// Reads a CSeq value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        let bad = |why| SipProblem::bad("CSeq", why);
        let mut scan = Scan::new(value);
        scan.space();
        let digits = scan.until(|b| !b.is_ascii_digit());
        // RFC 3261 clause 8.1.1.5: less than 2^31.
        let seq = digits.parse().ok().filter(|&seq: &u32| seq < 1 << 31);
        let seq = seq.ok_or_else(|| bad("the number is not below 2^31"))?;
        let before = scan.rest().len();
        scan.space();
        if scan.rest().len() == before {
            return Err(bad("no space between number and method"));
        }
        let method = scan.token().ok_or_else(|| bad("no method"))?;
        if !scan.is_done() {
            return Err(bad("more than number and method"));
        }
        Ok(Self { seq, method: Method::parse(method)? })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.seq, self.method)
    }
}
