//! tel URIs (RFC 3966).

use std::fmt;

use super::bad;
use super::sip::parse_params;
use crate::sip::{Params, SipProblem};

/// `tel:number;parameters`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TelUri {
    /// The number as written, with its visual separators; a global one starts with `+`.
    pub number: String,
    /// `phone-context`, `isub`, `ext` and others.
    pub params: Params,
    raw: Option<Box<str>>,
}

impl TelUri {
    /// `tel:number`.
    pub fn new(number: &str) -> Self {
        Self { number: number.to_owned(), params: Params::new(), raw: None }
    }

    /// `text` is the whole URI, `rest` what follows its scheme.
    pub(super) fn parse(text: &str, rest: &str) -> Result<Self, SipProblem> {
        let mut uri = Self::parts(rest)?;
        if uri.to_string() != text {
            uri.raw = Some(text.into());
        }
        Ok(uri)
    }

    fn parts(rest: &str) -> Result<Self, SipProblem> {
        let (number, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        // RFC 3966 clause 3: digits and separators, in a local number also hexadecimal ones, '*' and '#'.
        let global = number.strip_prefix('+');
        let digits = global.unwrap_or(number);
        let fits = |b: u8| {
            b.is_ascii_digit()
                || b"-.()".contains(&b)
                || global.is_none() && (b.is_ascii_hexdigit() || b"*#".contains(&b))
        };
        let some = |b: u8| b.is_ascii_hexdigit() || b"*#".contains(&b);
        if !digits.bytes().all(fits) || !digits.bytes().any(some) {
            return Err(bad("is no telephone number"));
        }
        Ok(Self { number: number.to_owned(), params: parse_params(params)?, raw: None })
    }

    /// True for a global number, `+` and country code.
    pub fn is_global(&self) -> bool {
        self.number.starts_with('+')
    }

    /// The number without visual separators, in lower case.
    pub fn digits(&self) -> String {
        self.number.chars().filter(|c| !"-.()".contains(*c)).map(|c| c.to_ascii_lowercase()).collect()
    }

    /// RFC 3966 clause 4: digits and parameters agree, separators and the order of parameters aside.
    pub fn equivalent(&self, other: &Self) -> bool {
        let params = |uri: &Self| {
            let lower = |text: &str| text.to_ascii_lowercase();
            let mut all: Vec<_> = uri.params.iter().map(|p| (lower(&p.name), p.value.as_deref().map(lower))).collect();
            all.sort();
            all
        };
        self.is_global() == other.is_global() && self.digits() == other.digits() && params(self) == params(other)
    }
}

impl fmt::Display for TelUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(raw) = &self.raw {
            // Still what it was when it came?
            let rest = raw.split_once(':').map_or("", |(_, rest)| rest);
            let parts = Self::parts(rest).map(|parts| Self { raw: self.raw.clone(), ..parts });
            if parts.is_ok_and(|parts| parts == *self) {
                return f.write_str(raw);
            }
        }
        write!(f, "tel:{}{}", self.number, self.params)
    }
}
