//! Lines of a session description (RFC 8866 clause 5).

use std::fmt;

/// `kind=value`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SdpLine {
    /// The letter.
    pub kind: char,
    /// What stands after `=`, as it came.
    pub value: String,
}

impl SdpLine {
    /// A line; line ends in `value` become spaces.
    pub fn new(kind: char, value: &str) -> Self {
        Self { kind, value: value.replace(['\r', '\n'], " ") }
    }

    pub(super) fn parse(line: &str) -> Option<Self> {
        let (kind, value) = line.split_once('=')?;
        let letter = kind.chars().next().filter(|c| kind.len() == 1 && c.is_ascii_lowercase())?;
        (!value.contains(['\r', '\0'])).then(|| Self { kind: letter, value: value.to_owned() })
    }
}

impl fmt::Display for SdpLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.kind, self.value)
    }
}

/// `o=` (RFC 8866 clause 5.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The user, `-` for none.
    pub username: String,
    /// With the other parts but the version, names the session.
    pub session_id: u64,
    /// Counts the changes.
    pub version: u64,
    /// `IP6` rather than `IP4`.
    pub ipv6: bool,
    /// An address or a name.
    pub address: String,
}

impl Origin {
    /// Reads the value of `o=`. Numbers beyond 64 bits are refused.
    pub fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split(' ');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let (username, session_id, version) = (next()?.to_owned(), number(next()?)?, number(next()?)?);
        let ipv6 = net_type(next()?, next()?)?;
        let address = next()?.to_owned();
        parts.next().is_none().then_some(Self { username, session_id, version, ipv6, address })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = if self.ipv6 { "IP6" } else { "IP4" };
        write!(f, "{} {} {} IN {family} {}", self.username, self.session_id, self.version, self.address)
    }
}

/// `c=` (RFC 8866 clause 5.7).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connection {
    /// `IP6` rather than `IP4`.
    pub ipv6: bool,
    /// An address or a name; of a multicast address with TTL and count as written.
    pub address: String,
}

impl Connection {
    /// Reads the value of `c=`.
    pub fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split(' ');
        let ipv6 = net_type(parts.next()?, parts.next()?)?;
        let address = parts.next().filter(|address| !address.is_empty())?.to_owned();
        parts.next().is_none().then_some(Self { ipv6, address })
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IN {} {}", if self.ipv6 { "IP6" } else { "IP4" }, self.address)
    }
}

/// `name:value` or `name` of `a=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attribute<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value, as written.
    pub value: Option<&'a str>,
}

impl<'a> Attribute<'a> {
    pub(super) fn parse(value: &'a str) -> Self {
        match value.split_once(':') {
            Some((name, value)) => Self { name, value: Some(value) },
            None => Self { name: value, value: None },
        }
    }
}

/// True for IP6, false for IP4, `None` for what the IMS does not use.
fn net_type(network: &str, address: &str) -> Option<bool> {
    let known = network.eq_ignore_ascii_case("IN");
    match address {
        _ if known && address.eq_ignore_ascii_case("IP4") => Some(false),
        _ if known && address.eq_ignore_ascii_case("IP6") => Some(true),
        _ => None,
    }
}

pub(super) fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}
