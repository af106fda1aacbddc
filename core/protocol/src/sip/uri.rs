//! URIs: SIP and SIPS (RFC 3261 clause 19.1), tel (RFC 3966), any other scheme as text. Untouched ones print as they came.

mod sip;
mod tel;

pub use sip::SipUri;
pub(super) use sip::{host_of, split_host_port};
pub use tel::TelUri;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::SipProblem;

/// A URI of a request or a header. `==` compares what is written, [`Uri::equivalent`] what is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Uri {
    /// `sip:` or `sips:`.
    Sip(SipUri),
    /// `tel:`.
    Tel(TelUri),
    /// Any other scheme, as it came.
    Other(String),
}

impl Uri {
    /// Reads a URI; of an unknown scheme only its characters are checked.
    pub fn parse(text: &str) -> Result<Self, SipProblem> {
        let (scheme, rest) = scheme_of(text)?;
        match scheme {
            Scheme::Sip { secure } => SipUri::parse(text, rest, secure).map(Self::Sip),
            Scheme::Tel => TelUri::parse(text, rest).map(Self::Tel),
            Scheme::Other => Ok(Self::Other(text.to_owned())),
        }
    }

    /// What [`Self::parse`] checks, without keeping anything.
    pub(super) fn check(text: &str) -> Result<(), SipProblem> {
        let (scheme, rest) = scheme_of(text)?;
        match scheme {
            Scheme::Sip { .. } => SipUri::check(rest),
            Scheme::Tel => TelUri::parse(text, rest).map(drop),
            Scheme::Other => Ok(()),
        }
    }

    /// The SIP or SIPS URI that this is.
    pub const fn as_sip(&self) -> Option<&SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            _ => None,
        }
    }

    /// The SIP or SIPS URI that this is, to change it.
    pub const fn as_sip_mut(&mut self) -> Option<&mut SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            _ => None,
        }
    }

    /// The tel URI that this is.
    pub const fn as_tel(&self) -> Option<&TelUri> {
        match self {
            Self::Tel(uri) => Some(uri),
            _ => None,
        }
    }

    /// Its scheme in lower case.
    pub fn scheme(&self) -> String {
        match self {
            Self::Sip(uri) => if uri.secure { "sips" } else { "sip" }.to_owned(),
            Self::Tel(_) => "tel".to_owned(),
            Self::Other(text) => text.split(':').next().unwrap_or_default().to_ascii_lowercase(),
        }
    }

    /// True when both mean the same (RFC 3261 clause 19.1.4, RFC 3966 clause 4).
    pub fn equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sip(a), Self::Sip(b)) => a.equivalent(b),
            (Self::Tel(a), Self::Tel(b)) => a.equivalent(b),
            (Self::Other(a), Self::Other(b)) => {
                let (scheme, rest) = (a.split_once(':'), b.split_once(':'));
                scheme.zip(rest).is_some_and(|((s, a), (t, b))| s.eq_ignore_ascii_case(t) && a == b)
            }
            _ => false,
        }
    }

    /// A public user identity as the IMS keys it (TS 24.229 clause 5.4.1.2, TS 23.003 clause 13.4): user and host of a
    /// SIP URI without port, parameters and headers, the number of a tel URI without separators and parameters.
    pub fn identity(&self) -> String {
        match self {
            Self::Sip(uri) => {
                let scheme = if uri.secure { "sips" } else { "sip" };
                let host = uri.host.to_ascii_lowercase();
                uri.user_text().map_or_else(|| format!("{scheme}:{host}"), |user| format!("{scheme}:{user}@{host}"))
            }
            Self::Tel(uri) => format!("tel:{}", uri.digits()),
            Self::Other(text) => text.clone(),
        }
    }
}

enum Scheme {
    Sip { secure: bool },
    Tel,
    Other,
}

/// The scheme, and what follows its colon; the octets are looked at.
fn scheme_of(text: &str) -> Result<(Scheme, &str), SipProblem> {
    if text.len() > MAX_LENGTH {
        return Err(SipProblem::new(414, "URI", format!("is longer than {MAX_LENGTH} octets")));
    }
    let (scheme, rest) = text.split_once(':').ok_or_else(|| bad("has no scheme"))?;
    let alphabetic = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    if !alphabetic || !scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) {
        return Err(bad("does not start with a scheme"));
    }
    if let Some(b) = text.bytes().find(|b| b.is_ascii_control() || matches!(b, b' ' | b'<' | b'>' | b'"')) {
        return Err(bad(format!("has the octet {b:#04x}, which needs escaping")));
    }
    let scheme = match () {
        () if scheme.eq_ignore_ascii_case("sip") => Scheme::Sip { secure: false },
        () if scheme.eq_ignore_ascii_case("sips") => Scheme::Sip { secure: true },
        () if scheme.eq_ignore_ascii_case("tel") => Scheme::Tel,
        () => Scheme::Other,
    };
    Ok((scheme, rest))
}

impl FromStr for Uri {
    type Err = SipProblem;

    fn from_str(s: &str) -> Result<Self, SipProblem> {
        Self::parse(s)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => uri.fmt(f),
            Self::Tel(uri) => uri.fmt(f),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl From<SipUri> for Uri {
    fn from(uri: SipUri) -> Self {
        Self::Sip(uri)
    }
}

impl From<TelUri> for Uri {
    fn from(uri: TelUri) -> Self {
        Self::Tel(uri)
    }
}

/// Longer ones are refused with 414; no URI of TS 23.003 comes near.
const MAX_LENGTH: usize = 8192;

fn bad(why: impl Into<Cow<'static, str>>) -> SipProblem {
    SipProblem::bad("URI", why)
}

/// True when every `%` starts an escape of two hexadecimal digits.
fn escapes_are_whole(text: &str) -> bool {
    let bytes = text.as_bytes();
    if memchr::memchr(b'%', bytes).is_none() {
        return true;
    }
    bytes
        .iter()
        .enumerate()
        .all(|(at, &b)| b != b'%' || bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)))
}

/// `text` with its escapes resolved, as octets.
fn unescape(text: &str) -> Vec<u8> {
    let hex = |b: u8| char::from(b).to_digit(16).map(|digit| digit as u8);
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&b) = bytes.get(at) {
        let escaped = (b == b'%').then(|| Some(hex(*bytes.get(at + 1)?)? << 4 | hex(*bytes.get(at + 2)?)?)).flatten();
        out.push(escaped.unwrap_or(b));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    out
}

#[cfg(test)]
mod tests;
