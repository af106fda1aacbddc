//! SIP methods (RFC 3261 clause 7.1): an open set, told apart by case.

use std::fmt;
use std::str::FromStr;

use super::SipProblem;
use super::text::is_token;

/// A method; unknown ones are as good as known ones.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Method(Name);

/// Known names are always `Known`, so that constants work in patterns.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Name {
    Known(&'static str),
    Other(Box<str>),
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        impl Method {
            $($(#[$doc])* pub const $name: Self = Self(Name::Known(stringify!($name)));)*

            const KNOWN: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

methods! {
    /// RFC 3261.
    INVITE,
    /// RFC 3261.
    ACK,
    /// RFC 3261.
    BYE,
    /// RFC 3261.
    CANCEL,
    /// RFC 3261.
    REGISTER,
    /// RFC 3261.
    OPTIONS,
    /// RFC 3428.
    MESSAGE,
    /// RFC 6665.
    SUBSCRIBE,
    /// RFC 6665.
    NOTIFY,
    /// RFC 3903.
    PUBLISH,
    /// RFC 6086.
    INFO,
    /// RFC 3515.
    REFER,
    /// RFC 3311.
    UPDATE,
    /// RFC 3262.
    PRACK,
}

impl Method {
    /// A method by its name, a token.
    pub fn parse(name: &str) -> Result<Self, SipProblem> {
        if let Some(known) = Self::KNOWN.iter().find(|known| known.as_str() == name) {
            return Ok(known.clone());
        }
        if !is_token(name) {
            return Err(SipProblem::bad("method", "is not a token"));
        }
        Ok(Self(Name::Other(name.into())))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Name::Known(name) => name,
            Name::Other(name) => name,
        }
    }
}

impl FromStr for Method {
    type Err = SipProblem;

    fn from_str(s: &str) -> Result<Self, SipProblem> {
        Self::parse(s)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_counts_and_unknown_ones_live() {
        assert!(matches!(Method::parse("INVITE"), Ok(Method::INVITE)));
        assert_ne!(Method::parse("invite").unwrap(), Method::INVITE);
        assert_eq!(Method::parse("!odd-Method_*+`.%'~").unwrap().as_str(), "!odd-Method_*+`.%'~");
        for bad in ["", "IN VITE", "INVITE\r", "ü", "(x)"] {
            assert!(Method::parse(bad).is_err(), "{bad}");
        }
    }
}
