//! SIP and SIPS URIs (RFC 3261 clause 19.1).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{bad, escapes_are_whole, unescape};
use crate::sip::text::Scan;
use crate::sip::{Params, SipProblem};

/// `sip:user:password@host:port;parameters?headers`. Text is kept as written, escapes included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SipUri {
    /// `sips:`.
    pub secure: bool,
    /// The user part as written.
    pub user: Option<String>,
    /// The password as written.
    pub password: Option<String>,
    /// The host as written, an IPv6 address in brackets.
    pub host: String,
    /// The port when written.
    pub port: Option<u16>,
    /// URI parameters.
    pub params: Params,
    /// What stands after `?`, as written.
    pub headers: Option<String>,
    /// How it came, when that is not how these parts print.
    raw: Option<Box<str>>,
}

impl SipUri {
    /// `sip:user@host`, or `sip:host` without a user; `host` may have a port. A `user` is escaped where it has to be.
    pub fn new(user: Option<&str>, host: &str) -> Self {
        let (host, port) = split_host_port(host).unwrap_or((host, None));
        Self {
            secure: false,
            user: user.map(escape_user),
            password: None,
            host: host.to_owned(),
            port,
            params: Params::new(),
            headers: None,
            raw: None,
        }
    }

    /// The same with the parameter `name=value`.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: &str) -> Self {
        self.params.set(name, value);
        self
    }

    /// The same with the flag `name`, such as `lr`.
    #[must_use]
    pub fn with_flag(mut self, name: &str) -> Self {
        self.params.set_flag(name);
        self
    }

    /// `text` is the whole URI, `rest` what follows its scheme.
    pub(super) fn parse(text: &str, rest: &str, secure: bool) -> Result<Self, SipProblem> {
        let mut uri = Self { secure, raw: None, ..Self::parts(rest)? };
        if !uri.prints_as(text) {
            uri.raw = Some(text.into());
        }
        Ok(uri)
    }

    /// What [`Self::parse`] checks, without keeping anything.
    pub(super) fn check(rest: &str) -> Result<(), SipProblem> {
        let parts = Parts::of(rest)?;
        let mut names = Vec::new();
        each_param(parts.params, |name, _| once(&mut names, name))
    }

    fn parts(rest: &str) -> Result<Self, SipProblem> {
        let parts = Parts::of(rest)?;
        Ok(Self {
            secure: false,
            user: parts.user.map(ToOwned::to_owned),
            password: parts.password.map(ToOwned::to_owned),
            host: parts.host.to_owned(),
            port: parts.port,
            params: parse_params(parts.params)?,
            headers: parts.headers.map(ToOwned::to_owned),
            raw: None,
        })
    }

    /// `text` is what these parts print.
    fn prints_as(&self, text: &str) -> bool {
        let mut rest = Expected(text);
        self.write_parts(&mut rest).is_ok() && rest.0.is_empty()
    }

    fn write_parts(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str(if self.secure { "sips:" } else { "sip:" })?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
            if let Some(password) = &self.password {
                f.write_str(":")?;
                f.write_str(password)?;
            }
            f.write_str("@")?;
        }
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        self.params.write_to(f)?;
        if let Some(headers) = &self.headers {
            f.write_str("?")?;
            f.write_str(headers)?;
        }
        Ok(())
    }

    /// The user part with its escapes resolved; octets that are no UTF-8 are replaced.
    pub fn user_text(&self) -> Option<String> {
        self.user.as_ref().map(|user| String::from_utf8_lossy(&unescape(user)).into_owned())
    }

    /// The host as an address when it is one.
    pub fn host_address(&self) -> Option<IpAddr> {
        host_of(&self.host)
    }

    /// Host and port, the port of the scheme when none is written (RFC 3261 clause 19.1.2).
    pub fn host_port(&self) -> (&str, u16) {
        let sips = self.secure || self.params.get("transport").is_some_and(|t| t.eq_ignore_ascii_case("tls"));
        (&self.host, self.port.unwrap_or(if sips { 5061 } else { 5060 }))
    }

    /// True with the parameter `lr` (RFC 3261 clause 16.4, loose routing).
    pub fn is_loose_router(&self) -> bool {
        self.params.has("lr")
    }

    /// The header `name` of the URI, with its escapes resolved.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut pairs = self.headers.as_deref()?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let (_, value) = pairs.find(|(own, _)| unescape(own).eq_ignore_ascii_case(name.as_bytes()))?;
        Some(String::from_utf8_lossy(&unescape(value)).into_owned())
    }

    /// RFC 3261 clause 19.1.4.
    pub fn equivalent(&self, other: &Self) -> bool {
        let decoded = |text: &Option<String>| text.as_deref().map(unescape);
        self.secure == other.secure
            && decoded(&self.user) == decoded(&other.user)
            && decoded(&self.password) == decoded(&other.password)
            && self.host.eq_ignore_ascii_case(&other.host)
            && self.port == other.port
            && params_match(&self.params, &other.params)
            && sorted_headers(self.headers.as_deref()) == sorted_headers(other.headers.as_deref())
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(raw) = &self.raw {
            // Still what it was when it came?
            let rest = raw.split_once(':').map_or("", |(_, rest)| rest);
            let parts = Self::parts(rest).map(|parts| Self { secure: self.secure, raw: self.raw.clone(), ..parts });
            if parts.is_ok_and(|parts| parts == *self) {
                return f.write_str(raw);
            }
        }
        self.write_parts(f)
    }
}

/// The parts of a URI in its text.
struct Parts<'a> {
    user: Option<&'a str>,
    password: Option<&'a str>,
    host: &'a str,
    port: Option<u16>,
    params: &'a str,
    headers: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(rest: &'a str) -> Result<Self, SipProblem> {
        if !rest.is_ascii() || !escapes_are_whole(rest) {
            return Err(bad("has octets beyond ASCII or a broken escape"));
        }
        // Neither parameters nor headers may have '@' unescaped, so it ends the user part.
        let (user, rest) = match rest.split_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, rest),
        };
        if rest.contains('@') || user == Some("") {
            return Err(bad("has '@' in a place of its own"));
        }
        let (user, password) = match user.and_then(|user| user.split_once(':')) {
            Some((user, password)) => (Some(user), Some(password)),
            None => (user, None),
        };
        if user == Some("") || password.is_some_and(|password| password.contains(':')) {
            return Err(bad("has no user before ':'"));
        }
        let (rest, headers) = match rest.split_once('?') {
            Some((rest, headers)) => (rest, Some(headers)),
            None => (rest, None),
        };
        let (host, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let (host, port) = split_host_port(host).ok_or_else(|| bad("has no valid host and port"))?;
        Ok(Self { user, password, host, port, params, headers })
    }
}

/// Takes what is written as long as it is what is expected.
struct Expected<'a>(&'a str);

impl fmt::Write for Expected<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(s).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// Parameters of a URI: no quotes, no white space, escapes allowed.
pub(super) fn parse_params(text: &str) -> Result<Params, SipProblem> {
    let mut params = Params::new();
    each_param(text, |name, value| {
        params.add(crate::sip::Param { name: name.to_owned(), value: value.map(ToOwned::to_owned) }, "URI")
    })?;
    Ok(params)
}

fn each_param<'a>(
    text: &'a str,
    mut each: impl FnMut(&'a str, Option<&'a str>) -> Result<(), SipProblem>,
) -> Result<(), SipProblem> {
    for part in text.split(';').skip(1) {
        let (name, value) = part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value)));
        if name.is_empty() || value == Some("") {
            return Err(bad("has a parameter without name or value"));
        }
        each(name, value)?;
    }
    Ok(())
}

/// Names come once, and not too many of them.
fn once<'a>(names: &mut Vec<&'a str>, name: &'a str) -> Result<(), SipProblem> {
    Params::check_next(names, name, "URI")
}

/// Parameters that both have must agree; of those that only one has, some must not be (RFC 3261 clause 19.1.4).
fn params_match(a: &Params, b: &Params) -> bool {
    let value = |text: &str| unescape(text).to_ascii_lowercase();
    let agree = |x: &Params, y: &Params| {
        x.iter().all(|param| match y.find(&param.name) {
            Some(other) => param.value.as_deref().map(value) == other.value.as_deref().map(value),
            None => {
                !["user", "ttl", "method", "maddr", "transport"].contains(&param.name.to_ascii_lowercase().as_str())
            }
        })
    };
    agree(a, b) && agree(b, a)
}

/// Headers of a URI in an order of their own, with names in lower case.
fn sorted_headers(headers: Option<&str>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = headers.into_iter().flat_map(|headers| headers.split('&'));
    let split = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (unescape(name).to_ascii_lowercase(), unescape(value))
    };
    let mut sorted: Vec<_> = pairs.map(split).collect();
    sorted.sort();
    sorted
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
pub(in crate::sip) fn split_host_port(text: &str) -> Option<(&str, Option<u16>)> {
    let at = if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':').unwrap_or(text.len()) };
    let (host, port) = text.split_at(at);
    let port = match port.strip_prefix(':') {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse().ok()?),
        Some(_) => return None,
        None if port.is_empty() => None,
        None => return None,
    };
    is_host(host).then_some((host, port))
}

/// A name of letters, digits, `-`, `.` and (against the grammar, but in use) `_`, or an address.
fn is_host(host: &str) -> bool {
    if host.starts_with('[') {
        return host_of(host).is_some();
    }
    !host.is_empty() && host.len() <= 255 && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

/// The address that `host` is, an IPv6 one in brackets.
pub(in crate::sip) fn host_of(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[') {
        Some(v6) => v6.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// `user` with everything escaped that the grammar does not allow there.
fn escape_user(user: &str) -> String {
    let mut out = String::with_capacity(user.len());
    let mut scan = Scan::new(user);
    loop {
        // unreserved, user-unreserved and escapes that are there already.
        out.push_str(scan.until(|b| !b.is_ascii_alphanumeric() && !b"-_.!~*'()&=+$,;?/%".contains(&b)));
        let Some(c) = scan.rest().chars().next() else { return out };
        let mut octets = [0; 4];
        c.encode_utf8(&mut octets).bytes().for_each(|b| out.push_str(&format!("%{b:02X}")));
        scan = Scan::new(&scan.rest()[c.len_utf8()..]);
    }
}
