//! Where something listens, and who peers are.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use protocol::diameter::PeerConfig;
use protocol::sip::Transport;
use serde::Deserialize;

/// A Diameter peer.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerSection {
    /// Its Origin-Host.
    pub host: String,
    /// Its Origin-Realm; none: the home domain. Who has its name and says another one is refused.
    pub realm: Option<String>,
    /// Where it is; none: it connects to us.
    pub connect: Option<SocketAddr>,
}

impl PeerSection {
    /// The peer as the endpoint wants it.
    #[must_use]
    pub fn to_peer(&self, domain: &str) -> PeerConfig {
        let realm = self.realm.clone().unwrap_or_else(|| domain.to_owned());
        PeerConfig { host: self.host.clone(), realm, connect: self.connect }
    }
}

/// A transport and an address: `udp:127.0.0.1:5060`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Place {
    /// How.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

/// A place that is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is no transport and address: udp:ADDRESS:PORT, tcp:ADDRESS:PORT or tls:ADDRESS:PORT")]
pub struct ParsePlaceError(String);

impl FromStr for Place {
    type Err = ParsePlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParsePlaceError(text.to_owned());
        let (transport, address) = text.split_once(':').ok_or_else(wrong)?;
        let transport = match transport {
            "udp" => Transport::Udp,
            "tcp" => Transport::Tcp,
            "tls" => Transport::Tls,
            _ => return Err(wrong()),
        };
        Ok(Self { transport, address: address.parse().map_err(|_| wrong())? })
    }
}

impl TryFrom<String> for Place {
    type Error = ParsePlaceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.address)
    }
}

/// Where HTTP is served, or that it is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct HttpPlace(pub Option<SocketAddr>);

impl TryFrom<String> for HttpPlace {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "off" {
            return Ok(Self(None));
        }
        text.parse().map(|address| Self(Some(address))).map_err(|_| format!("{text:?} is neither ADDRESS:PORT nor off"))
    }
}

/// Where a node takes HTTP: `http:127.0.0.1:8081` or `https:127.0.0.1:8443`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct WebPlace {
    /// Over TLS.
    pub is_secure: bool,
    /// Where.
    pub address: SocketAddr,
}

impl TryFrom<String> for WebPlace {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = || format!("{text:?} is no place for HTTP: http:ADDRESS:PORT or https:ADDRESS:PORT");
        let (scheme, address) = text.split_once(':').ok_or_else(wrong)?;
        let is_secure = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(wrong()),
        };
        Ok(Self { is_secure, address: address.parse().map_err(|_| wrong())? })
    }
}

impl fmt::Display for WebPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", if self.is_secure { "https" } else { "http" }, self.address)
    }
}

pub(super) const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

pub(super) fn both(port: u16) -> Vec<Place> {
    [Transport::Udp, Transport::Tcp].map(|transport| Place { transport, address: loopback(port) }).to_vec()
}
