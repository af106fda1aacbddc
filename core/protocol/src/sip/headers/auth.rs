//! WWW-Authenticate, Proxy-Authenticate, Authorization, Proxy-Authorization and Authentication-Info (RFC 3261 clauses
//! 20.6, 20.7, 20.27, 20.28, 20.44; RFC 7616; RFC 3310).

use std::borrow::Cow;
use std::fmt;

use super::{Param, Params};
use crate::sip::SipProblem;
use crate::sip::auth::{Algorithm, Qop};
use crate::sip::text::{Scan, split_outside};

/// What a server demands. Parameters that only the IMS has (`ck`, `ik`) are among the others.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    /// `Digest`, or another scheme.
    pub scheme: String,
    /// Its parameters, values as written.
    pub params: Params,
}

/// What a client answers.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `Digest`, or another scheme.
    pub scheme: String,
    /// Its parameters, values as written.
    pub params: Params,
}

/// What a server says when it is satisfied (RFC 7616 clause 3.5).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AuthenticationInfo {
    /// `nextnonce`, `rspauth` and others, values as written.
    pub params: Params,
}

impl Challenge {
    /// A Digest challenge; add `opaque`, `stale` and others to its parameters.
    pub fn digest(realm: &str, nonce: &str, algorithm: &Algorithm, qop: &str) -> Self {
        let mut params = Params::new();
        params.set_quoted("realm", realm);
        params.set_quoted("nonce", nonce);
        params.set("algorithm", algorithm.as_str());
        params.set_quoted("qop", qop);
        Self { scheme: "Digest".to_owned(), params }
    }

    /// Reads one field value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        scheme_and_params(value).map(|(scheme, params)| Self { scheme, params })
    }

    /// True of the Digest scheme.
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Digest")
    }

    /// The realm.
    pub fn realm(&self) -> Option<Cow<'_, str>> {
        self.params.text("realm")
    }

    /// The nonce.
    pub fn nonce(&self) -> Option<Cow<'_, str>> {
        self.params.text("nonce")
    }

    /// The algorithm, MD5 when none is named.
    pub fn algorithm(&self) -> Algorithm {
        Algorithm::of(self.params.text("algorithm").as_deref())
    }

    /// The kinds of protection on offer; empty when the server is of RFC 2069.
    pub fn qops(&self) -> Vec<Qop> {
        let list = self.params.text("qop").unwrap_or_default();
        split_outside(&list, b',').map(Qop::parse).collect()
    }

    /// True when only the nonce was too old.
    pub fn is_stale(&self) -> bool {
        self.params.text("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true"))
    }
}

impl Credentials {
    /// Reads one field value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        scheme_and_params(value).map(|(scheme, params)| Self { scheme, params })
    }

    /// True of the Digest scheme.
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Digest")
    }

    /// The user name, in the IMS the private identity.
    pub fn username(&self) -> Option<Cow<'_, str>> {
        self.params.text("username")
    }

    /// The realm.
    pub fn realm(&self) -> Option<Cow<'_, str>> {
        self.params.text("realm")
    }

    /// The nonce, empty in the first REGISTER of the IMS.
    pub fn nonce(&self) -> Option<Cow<'_, str>> {
        self.params.text("nonce")
    }

    /// The URI that the digest is of.
    pub fn uri(&self) -> Option<Cow<'_, str>> {
        self.params.text("uri")
    }

    /// The response, empty in the first REGISTER of the IMS.
    pub fn response(&self) -> Option<Cow<'_, str>> {
        self.params.text("response")
    }

    /// The algorithm, MD5 when none is named.
    pub fn algorithm(&self) -> Algorithm {
        Algorithm::of(self.params.text("algorithm").as_deref())
    }

    /// The kind of protection.
    pub fn qop(&self) -> Option<Qop> {
        self.params.text("qop").map(|qop| Qop::parse(&qop))
    }

    /// The nonce count.
    pub fn nonce_count(&self) -> Option<u32> {
        let nc = self.params.text("nc")?;
        u32::from_str_radix(&nc, 16).ok().filter(|_| nc.len() == 8)
    }

    /// The resynchronisation token of RFC 3310 clause 3.4; `Some(Err)` when it is not 14 octets in base64.
    pub fn auts(&self) -> Option<Result<[u8; 14], SipProblem>> {
        let text = self.params.text("auts")?;
        let octets = crate::sip::auth::base64_decode(&text).and_then(|octets| octets.try_into().ok());
        Some(octets.ok_or_else(|| SipProblem::bad("Authorization", "auts is not 14 octets in base64")))
    }
}

impl AuthenticationInfo {
    /// Reads the field value.
    pub fn parse(value: &str) -> Result<Self, SipProblem> {
        comma_params(&mut Scan::new(value)).map(|params| Self { params })
    }

    /// The server's own digest.
    pub fn rspauth(&self) -> Option<Cow<'_, str>> {
        self.params.text("rspauth")
    }

    /// The nonce to use from now on.
    pub fn nextnonce(&self) -> Option<Cow<'_, str>> {
        self.params.text("nextnonce")
    }
}

fn scheme_and_params(value: &str) -> Result<(String, Params), SipProblem> {
    let mut scan = Scan::new(value);
    scan.space();
    let scheme = scan.token().ok_or_else(|| SipProblem::bad("credentials", "have no scheme"))?.to_owned();
    match comma_params(&mut scan) {
        Ok(params) => Ok((scheme, params)),
        // What another scheme writes is its own affair.
        Err(_) if !scheme.eq_ignore_ascii_case("Digest") => Ok((scheme, Params::new())),
        Err(problem) => Err(problem),
    }
}

/// `name=value, name="value"`.
fn comma_params(scan: &mut Scan<'_>) -> Result<Params, SipProblem> {
    let bad = |why: String| SipProblem::bad("credentials", why);
    let mut params = Params::new();
    while !scan.is_done() {
        if scan.eat(',') {
            continue;
        }
        let param = Param::scan(scan, "credentials")?;
        if param.value.is_none() {
            return Err(bad(format!("{} has no value", param.name)));
        }
        // RFC 7616 clause 3.3: a directive must not be there twice.
        params.add(param, "credentials")?;
        if !scan.is_done() && !scan.eat(',') {
            return Err(bad("lack a comma".to_owned()));
        }
    }
    Ok(params)
}

fn write_params(f: &mut fmt::Formatter<'_>, params: &Params) -> fmt::Result {
    let mut separator = "";
    params.iter().try_for_each(|param| write!(f, "{}{param}", std::mem::replace(&mut separator, ", ")))
}

macro_rules! with_scheme {
    ($($type:ident),*) => { $(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} ", self.scheme)?;
                write_params(f, &self.params)
            }
        }
    )* };
}

with_scheme!(Challenge, Credentials);

impl fmt::Display for AuthenticationInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_params(f, &self.params)
    }
}

/// Keys and digests are not for logs: only names of parameters print.
macro_rules! debug_without_values {
    ($($type:ident),*) => { $(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($type), "("))?;
                self.params.iter().try_for_each(|param| write!(f, "{}=… ", param.name))?;
                f.write_str(")")
            }
        }
    )* };
}

debug_without_values!(Challenge, Credentials, AuthenticationInfo);
