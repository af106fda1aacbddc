//! MSRP URIs (RFC 4975 clauses 6, 9).

use std::fmt;

use super::MsrpProblem;
use crate::sip::Params;

/// `msrp://host:port/session-id;tcp`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MsrpUri {
    /// `msrps`: over TLS.
    pub secure: bool,
    /// User part, which is for relays only.
    pub user: Option<String>,
    /// Host name, address, or address in brackets.
    pub host: String,
    /// Port; an endpoint always gives one.
    pub port: Option<u16>,
    /// Names the session at this host; relays may have none.
    pub session: Option<String>,
    /// `tcp`, or what comes after it.
    pub transport: String,
    /// The others.
    pub params: Params,
}

impl MsrpUri {
    /// The URI of a session over TCP.
    pub fn tcp(address: std::net::SocketAddr, session: &str) -> Self {
        let host = match address {
            std::net::SocketAddr::V4(v4) => v4.ip().to_string(),
            std::net::SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
        };
        Self {
            secure: false,
            user: None,
            host,
            port: Some(address.port()),
            session: Some(session.to_owned()),
            transport: "tcp".to_owned(),
            params: Params::new(),
        }
    }

    /// Reads a URI.
    pub fn parse(text: &str) -> Result<Self, MsrpProblem> {
        let bad = |why: &str| MsrpProblem::Malformed(format!("URI: {why}"));
        let (scheme, rest) = text.split_once("://").ok_or_else(|| bad("no scheme"))?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "msrp" => false,
            "msrps" => true,
            _ => return Err(bad("the scheme is not msrp or msrps")),
        };
        let (place, tail) = rest.split_once(';').ok_or_else(|| bad("no transport"))?;
        let (transport, params) = tail.split_at(tail.find(';').unwrap_or(tail.len()));
        let params = Params::parse(params, "MSRP URI").map_err(|p| bad(&p.why))?;
        let (authority, session) = match place.split_once('/') {
            Some((authority, session)) => (authority, Some(session)),
            None => (place, None),
        };
        let (user, host_port) = match authority.rsplit_once('@') {
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, authority),
        };
        let (host, port) = match host_port.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| bad("the port is none"))?))
            }
            _ => (host_port, None),
        };
        let is_host = |b: u8| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b);
        // Clause 9: unreserved / "+" / "=" / "/".
        let is_session = |b: u8| b.is_ascii_alphanumeric() || b"-._~!*'()+=/".contains(&b);
        if host.is_empty() || !host.bytes().all(is_host) {
            return Err(bad("the host is none"));
        }
        if transport.is_empty() || !transport.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(bad("the transport is none"));
        }
        if session.is_some_and(|s| s.is_empty() || s.len() > MAX_SESSION || !s.bytes().all(is_session)) {
            return Err(bad("the session is none"));
        }
        let (host, session) = (host.to_owned(), session.map(ToOwned::to_owned));
        Ok(Self { secure, user, host, port, session, transport: transport.to_owned(), params })
    }

    /// A path: URIs with spaces between.
    pub fn parse_path(text: &str) -> Result<Vec<Self>, MsrpProblem> {
        let path: Vec<_> = text.split(' ').filter(|p| !p.is_empty()).map(Self::parse).collect::<Result<_, _>>()?;
        match path.len() {
            0 => Err(MsrpProblem::Malformed("a path is empty".into())),
            1..=MAX_PATH => Ok(path),
            _ => Err(MsrpProblem::Malformed("a path has too many URIs".into())),
        }
    }

    /// A path as it stands in a header and in SDP.
    pub fn path(uris: &[Self]) -> String {
        uris.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    /// True when both are the same (clause 6.1): the session exactly, the rest without case, the user not at all.
    pub fn is(&self, other: &Self) -> bool {
        self.secure == other.secure
            && self.host.eq_ignore_ascii_case(&other.host)
            && self.port == other.port
            && self.session == other.session
            && self.transport.eq_ignore_ascii_case(&other.transport)
    }

    /// Where it is, if its host is an address.
    pub fn address(&self) -> Option<std::net::SocketAddr> {
        let ip = self.host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
        Some(std::net::SocketAddr::new(ip, self.port.unwrap_or(super::MSRP_PORT)))
    }
}

impl fmt::Display for MsrpUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "msrps://" } else { "msrp://" })?;
        self.user.iter().try_for_each(|user| write!(f, "{user}@"))?;
        f.write_str(&self.host)?;
        self.port.iter().try_for_each(|port| write!(f, ":{port}"))?;
        self.session.iter().try_for_each(|session| write!(f, "/{session}"))?;
        write!(f, ";{}{}", self.transport, self.params)
    }
}

const MAX_SESSION: usize = 256;
const MAX_PATH: usize = 16;
