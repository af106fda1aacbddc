//! Security-Client, Security-Server, Security-Verify (RFC 3329 clause 2.2; mechanism parameters TS 33.203 annex H).

use std::fmt;

use super::event::token_and_params;
use super::{Params, q_thousandths};
use crate::sip::SipProblem;

/// One mechanism that a side can use, or has chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecurityMechanism {
    /// `ipsec-3gpp`, `tls`, `digest`, …
    pub name: String,
    /// `q`, `alg`, `ealg`, `spi-c`, `port-s` and others.
    pub params: Params,
}

impl SecurityMechanism {
    /// A mechanism without parameters.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), params: Params::new() }
    }

    /// Reads one value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        let (name, params) = token_and_params(value, "Security mechanism")?;
        Ok(Self { name, params })
    }

    /// How much it is preferred, in thousandths; 1 when it is not said.
    pub fn preference(&self) -> u16 {
        self.params.get("q").and_then(q_thousandths).unwrap_or(1)
    }

    /// True when both are written alike but for case and the order of parameters: what Security-Verify must be to the
    /// Security-Server that it repeats (RFC 3329 clause 2.3.1).
    pub fn is_same(&self, other: &Self) -> bool {
        let sorted = |mechanism: &Self| {
            let mut params: Vec<_> = mechanism.params.iter().map(|p| p.to_string().to_ascii_lowercase()).collect();
            params.sort();
            params
        };
        self.name.eq_ignore_ascii_case(&other.name) && sorted(self) == sorted(other)
    }
}

impl fmt::Display for SecurityMechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.params)
    }
}
