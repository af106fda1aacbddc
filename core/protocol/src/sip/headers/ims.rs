//! P-Access-Network-Info and P-Charging-Vector (RFC 7315 clauses 5.4, 5.6), Reason (RFC 3326), feature tags of
//! Accept-Contact and Contact (RFC 3840, 3841).

use std::borrow::Cow;
use std::fmt;

use super::event::token_and_params;
use super::{NameAddr, Params};
use crate::sip::SipProblem;
use crate::sip::text::{Scan, split_outside};

/// How and where a UE is attached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PAccessNetworkInfo {
    /// `3GPP-E-UTRAN-FDD`, `IEEE-802.11`, … or an access class.
    pub access: String,
    /// `utran-cell-id-3gpp`, `network-provided` and others.
    pub params: Params,
}

impl PAccessNetworkInfo {
    /// An access without parameters.
    pub fn new(access: &str) -> Self {
        Self { access: access.to_owned(), params: Params::new() }
    }

    /// Reads one value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        let (access, params) = token_and_params(value, "P-Access-Network-Info")?;
        Ok(Self { access, params })
    }

    /// True when the network and not the UE says so.
    pub fn is_network_provided(&self) -> bool {
        self.params.has("network-provided") || self.params.has("np")
    }
}

impl fmt::Display for PAccessNetworkInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.access, self.params)
    }
}

/// Correlates what is charged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PChargingVector {
    /// `icid-value` and the others, in order.
    pub params: Params,
}

impl PChargingVector {
    /// A vector with the charging identity `icid`.
    pub fn new(icid: &str) -> Self {
        let mut params = Params::new();
        params.set_quoted("icid-value", icid);
        Self { params }
    }

    /// Reads the value; `icid-value` must be there.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        // The first parameter has no ';' before it.
        let params = Params::parse(&format!(";{value}"), "P-Charging-Vector")?;
        match params.has("icid-value") {
            true => Ok(Self { params }),
            false => Err(SipProblem::bad("P-Charging-Vector", "has no icid-value")),
        }
    }

    /// The charging identity.
    pub fn icid(&self) -> Cow<'_, str> {
        self.params.text("icid-value").unwrap_or_default()
    }

    /// The originating and the terminating operator.
    pub fn ioi(&self) -> (Option<Cow<'_, str>>, Option<Cow<'_, str>>) {
        (self.params.text("orig-ioi"), self.params.text("term-ioi"))
    }
}

impl fmt::Display for PChargingVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.params.to_string().trim_start_matches(';'))
    }
}

/// Why a request was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// `SIP`, `Q.850`, …
    pub protocol: String,
    /// `cause`, `text` and others.
    pub params: Params,
}

impl Reason {
    /// A status code of SIP with a text.
    pub fn sip(cause: u16, text: &str) -> Self {
        let mut params = Params::new().with("cause", &cause.to_string());
        params.set_quoted("text", text);
        Self { protocol: "SIP".to_owned(), params }
    }

    /// Reads one value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        let (protocol, params) = token_and_params(value, "Reason")?;
        Ok(Self { protocol, params })
    }

    /// The code.
    pub fn cause(&self) -> Option<u16> {
        self.params.get("cause")?.parse().ok()
    }

    /// The text.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        self.params.text("text")
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.protocol, self.params)
    }
}

/// One value of Accept-Contact or Reject-Contact: `*` and feature tags.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AcceptContact {
    /// Feature tags, `require` and `explicit`.
    pub params: Params,
}

impl AcceptContact {
    /// `*;tag`, such as `+g.3gpp.smsip`; with `require` and `explicit` set by the caller when wanted.
    pub fn of(tag: &str) -> Self {
        Self { params: Params::new().with_flag(tag) }
    }

    /// Reads one value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        let mut scan = Scan::new(value);
        if !scan.eat('*') {
            return Err(SipProblem::bad("Accept-Contact", "does not start with '*'"));
        }
        Ok(Self { params: Params::scan(&mut scan, "Accept-Contact")? })
    }

    /// True when a contact must not be tried that does not have these features (RFC 3841 clause 7.2.4).
    pub fn is_required(&self) -> bool {
        self.params.has("require")
    }

    /// True when a contact counts as matching only if it says so itself.
    pub fn is_explicit(&self) -> bool {
        self.params.has("explicit")
    }

    /// True when `contact` has all these features: RFC 3841 clause 7.2.4 for values that are flags, tokens and strings
    /// (numeric ranges are compared as written). A feature that the contact does not mention counts as matching unless
    /// `explicit` is there.
    pub fn matches(&self, contact: &NameAddr) -> bool {
        let wanted = self.params.iter().filter(|param| {
            !param.name.eq_ignore_ascii_case("require") && !param.name.eq_ignore_ascii_case("explicit")
        });
        let has = |param: &super::Param| match contact.params.find(&param.name) {
            Some(own) => overlap(own.value.as_deref(), param.value.as_deref()),
            None => !self.is_explicit(),
        };
        wanted.into_iter().all(has)
    }
}

impl fmt::Display for AcceptContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "*{}", self.params)
    }
}

/// True when two values of a feature tag have one in common; a flag means TRUE (RFC 3840 clause 9).
fn overlap(a: Option<&str>, b: Option<&str>) -> bool {
    let list = |value: Option<&str>| -> Vec<String> {
        let text = crate::sip::text::unquote(value.unwrap_or("TRUE"));
        split_outside(&text, b',').map(str::to_ascii_lowercase).collect()
    };
    let (a, b) = (list(a), list(b));
    a.iter().any(|one| b.contains(one))
}
