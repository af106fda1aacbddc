//! RAck (RFC 3262 clause 7.2), Session-Expires and Min-SE (RFC 4028 clauses 4, 5).

use std::fmt;

use super::{Params, seconds};
use crate::sip::text::{Scan, is_token};
use crate::sip::{Method, SipProblem};

/// Which reliable provisional response a PRACK acknowledges.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RAck {
    /// RSeq of the response.
    pub response: u32,
    /// CSeq number of the response.
    pub seq: u32,
    /// CSeq method of the response.
    pub method: Method,
}

impl RAck {
    /// Reads the value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        let bad = || SipProblem::bad("RAck", "is not two numbers and a method");
        let mut parts = value.split([' ', '\t']).filter(|part| !part.is_empty());
        let mut number = || parts.next().filter(|part| is_token(part)).and_then(seconds).ok_or_else(bad);
        let (response, seq) = (number()?, number()?);
        let method = Method::parse(parts.next().ok_or_else(bad)?)?;
        if parts.next().is_some() { Err(bad()) } else { Ok(Self { response, seq, method }) }
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.response, self.seq, self.method)
    }
}

/// How long a session lasts without a refresh, and who refreshes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionExpires {
    /// The session interval.
    pub seconds: u32,
    /// `refresher` and others.
    pub params: Params,
}

/// Who refreshes a session (RFC 4028 clause 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refresher {
    /// The client of the INVITE or UPDATE that carries it.
    Uac,
    /// Its server.
    Uas,
}

impl SessionExpires {
    /// An interval, with a refresher or without.
    pub fn new(seconds: u32, refresher: Option<Refresher>) -> Self {
        let mut params = Params::new();
        if let Some(refresher) = refresher {
            params.set("refresher", if refresher == Refresher::Uac { "uac" } else { "uas" });
        }
        Self { seconds, params }
    }

    /// Reads the value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        let (seconds, params) = delta_and_params(value, "Session-Expires")?;
        Ok(Self { seconds, params })
    }

    /// Who refreshes, when it is said.
    pub fn refresher(&self) -> Option<Refresher> {
        match self.params.get("refresher")? {
            name if name.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            name if name.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            _ => None,
        }
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.seconds, self.params)
    }
}

/// The shortest session interval that somebody on the way accepts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MinSe {
    /// Seconds.
    pub seconds: u32,
    /// Parameters of later documents.
    pub params: Params,
}

impl MinSe {
    /// RFC 4028 clause 5: what holds without the header, and the least that there is.
    pub const DEFAULT: u32 = 90;

    /// An interval.
    pub const fn new(seconds: u32) -> Self {
        Self { seconds, params: Params::new() }
    }

    /// Reads the value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        let (seconds, params) = delta_and_params(value, "Min-SE")?;
        Ok(Self { seconds, params })
    }
}

impl fmt::Display for MinSe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.seconds, self.params)
    }
}

fn delta_and_params(value: &str, what: &'static str) -> Result<(u32, Params), SipProblem> {
    let mut scan = Scan::new(value);
    scan.space();
    let digits = scan.until(|b| !b.is_ascii_digit());
    let seconds = seconds(digits).ok_or_else(|| SipProblem::bad(what, "does not start with a number"))?;
    Ok((seconds, Params::scan(&mut scan, what)?))
}
