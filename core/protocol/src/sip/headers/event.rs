//! Event and Subscription-State (RFC 6665 clauses 8.2.1, 8.2.3).

use std::fmt;

use super::{Params, seconds};
use crate::sip::SipProblem;
use crate::sip::text::{Scan, is_token};

/// The event package of a subscription, such as `reg`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// The package with its templates: `presence.winfo`.
    pub package: String,
    /// `id` and others.
    pub params: Params,
}

impl Event {
    /// The package `package` without parameters.
    pub fn new(package: &str) -> Self {
        Self { package: package.to_owned(), params: Params::new() }
    }

    /// Reads the value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        let (package, params) = token_and_params(value, "Event")?;
        Ok(Self { package, params })
    }

    /// Tells subscriptions of one package in one dialog apart.
    pub fn id(&self) -> Option<&str> {
        self.params.get("id")
    }

    /// True when both name the same subscription (RFC 6665 clause 8.2.1: case counts, other parameters do not).
    pub fn matches(&self, other: &Self) -> bool {
        self.package == other.package && self.id() == other.id()
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.package, self.params)
    }
}

/// Where a subscription stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubscriptionState {
    /// `active`, `pending`, `terminated` or one that came later.
    pub state: String,
    /// `expires`, `reason`, `retry-after` and others.
    pub params: Params,
}

impl SubscriptionState {
    /// `active` for so many seconds more.
    pub fn active(expires: u32) -> Self {
        Self { state: "active".to_owned(), params: Params::new().with("expires", &expires.to_string()) }
    }

    /// `terminated` for `reason`, one of RFC 6665 clause 4.1.3.
    pub fn terminated(reason: &str) -> Self {
        Self { state: "terminated".to_owned(), params: Params::new().with("reason", reason) }
    }

    /// Reads the value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        let (state, params) = token_and_params(value, "Subscription-State")?;
        Ok(Self { state, params })
    }

    /// True of `terminated`.
    pub fn is_terminated(&self) -> bool {
        self.state.eq_ignore_ascii_case("terminated")
    }

    /// True of `active`.
    pub fn is_active(&self) -> bool {
        self.state.eq_ignore_ascii_case("active")
    }

    /// Seconds left.
    pub fn expires(&self) -> Option<u32> {
        seconds(self.params.get("expires")?)
    }

    /// Why it is over.
    pub fn reason(&self) -> Option<&str> {
        self.params.get("reason")
    }

    /// Seconds to wait before subscribing again.
    pub fn retry_after(&self) -> Option<u32> {
        seconds(self.params.get("retry-after")?)
    }
}

impl fmt::Display for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.state, self.params)
    }
}

/// `token;parameters`.
pub(super) fn token_and_params(value: &str, what: &'static str) -> Result<(String, Params), SipProblem> {
    let mut scan = Scan::new(value);
    scan.space();
    let token = scan.until(|b| b" \t;".contains(&b));
    if !is_token(token) {
        return Err(SipProblem::bad(what, "does not start with a token"));
    }
    Ok((token.to_owned(), Params::scan(&mut scan, what)?))
}
