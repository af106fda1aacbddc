//! Addresses in headers: From, To, Contact, Route, Record-Route, Path, P-Asserted-Identity … (RFC 3261 clause 20.10).

use std::borrow::Cow;
use std::fmt;

use super::Params;
use crate::sip::text::{Scan, quote, unquote};
use crate::sip::{SipProblem, Uri};

/// A display name, a URI and parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameAddr {
    /// The display name as written, with quotes when it had some.
    pub display: Option<String>,
    /// The URI.
    pub uri: Uri,
    /// Parameters of the header, not of the URI.
    pub params: Params,
}

/// What Contact fields say (RFC 3261 clause 20.10).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Contacts {
    /// `*`: all bindings.
    Star,
    /// Addresses, maybe none.
    List(Vec<NameAddr>),
}

impl NameAddr {
    /// The bare address `uri`.
    pub const fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::new() }
    }

    /// The same with the display name `name`.
    #[must_use]
    pub fn with_display(mut self, name: &str) -> Self {
        self.display = Some(quote(name));
        self
    }

    /// The same with the parameter `name=value`.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: &str) -> Self {
        self.params.set(name, value);
        self
    }

    /// Reads one value of a header with an address.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        let (display, uri, mut scan) = parts(value)?;
        let uri = Uri::parse(uri)?;
        let params = Params::scan(&mut scan, "address")?;
        Ok(Self { display: display.map(ToOwned::to_owned), uri, params })
    }

    /// What [`Self::parse`] checks, without keeping anything.
    pub(in crate::sip) fn check(value: &str) -> Result<(), SipProblem> {
        let (_, uri, mut scan) = parts(value)?;
        Uri::check(uri)?;
        Params::check(&mut scan, "address")
    }

    /// The tag of From or To, without anything else of it.
    pub(in crate::sip) fn tag_of(value: &str) -> Result<Option<&str>, SipProblem> {
        let (_, _, mut scan) = parts(value)?;
        Params::find_in(&mut scan, "tag", "address")
    }

    /// The display name without quotes and escapes.
    pub fn display_name(&self) -> Option<Cow<'_, str>> {
        self.display.as_deref().map(unquote)
    }

    /// The tag of From and To.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag")
    }

    /// Sets the tag of From or To.
    pub fn set_tag(&mut self, tag: &str) {
        self.params.set("tag", tag);
    }

    /// The expires parameter of a Contact, when it is a number.
    pub fn expires(&self) -> Option<u32> {
        seconds(self.params.get("expires")?)
    }

    /// The q parameter of a Contact in thousandths (RFC 3261 clause 20.10), 1000 when there is none.
    pub fn q_thousandths(&self) -> u16 {
        self.params.get("q").map_or(1000, |q| super::q_thousandths(q).unwrap_or(1000))
    }
}

/// Display name, URI, and where the parameters are.
fn parts(value: &str) -> Result<(Option<&str>, &str, Scan<'_>), SipProblem> {
    let bad = |why| SipProblem::bad("address", why);
    let mut scan = Scan::new(value);
    scan.space();
    let display = match scan.quoted() {
        Some(quoted) => Some(quoted),
        None if scan.rest().starts_with('"') => return Err(bad("a quoted display name does not end")),
        None if value.contains('<') => {
            let name = scan.until(|b| b == b'<').trim_matches([' ', '\t']);
            // RFC 3261 clause 25.1: *(token LWS). Octets beyond ASCII do no harm.
            let fits = |b: u8| crate::sip::text::is_token_octet(b) || b" \t".contains(&b) || !b.is_ascii();
            if !name.bytes().all(fits) {
                return Err(bad("a display name without quotes has characters that need them"));
            }
            (!name.is_empty()).then_some(name)
        }
        None => None,
    };
    scan.space();
    let uri = if scan.rest().starts_with('<') {
        let inner = &scan.rest()[1..];
        let end = inner.find('>').ok_or_else(|| bad("'<' without '>'"))?;
        scan = Scan::new(&inner[end + 1..]);
        &inner[..end]
    } else if display.is_some() {
        return Err(bad("no '<' after the display name"));
    } else {
        // RFC 3261 clause 20: without angle brackets, what follows ';' belongs to the header, and ',' and '?' must not be
        // in the URI.
        let bare = scan.until(|b| b" \t;>".contains(&b));
        if bare.contains([',', '?']) {
            return Err(bad("a URI with ',' or '?' needs angle brackets"));
        }
        bare
    };
    Ok((display, uri, scan))
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write!(f, "{display} ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

/// Delta seconds; what is beyond 32 bits counts as the most (RFC 3261 clause 20.19).
pub(in crate::sip) fn seconds(digits: &str) -> Option<u32> {
    let digits = digits.trim();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u32::MAX))
}
