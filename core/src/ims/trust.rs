//! Who belongs to the trust domain (TS 24.229 clause 4.4, RFC 3324), told by the address that a message came from.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A box of the trust domain: `10.46.0.2`, or `127.0.0.1:5070` where several boxes share an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrustedPeer {
    /// Its address.
    pub ip: IpAddr,
    /// Its port; none: any. A connection that a peer opens comes from a port that nobody knows before, so peers with ports
    /// are told apart over UDP only.
    pub port: Option<u16>,
}

/// A trusted peer that is neither an address nor an address and a port.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0} is no address of a trusted peer: give an IP address, or an IP address and a port")]
pub struct ParseTrustedPeerError(String);

impl TrustedPeer {
    /// All ports of an address.
    #[must_use]
    pub const fn host(ip: IpAddr) -> Self {
        Self { ip, port: None }
    }

    /// True if it is this peer that a message from `remote` came from.
    #[must_use]
    pub fn is(self, remote: SocketAddr) -> bool {
        self.ip == remote.ip() && self.port.is_none_or(|port| port == remote.port())
    }
}

impl From<SocketAddr> for TrustedPeer {
    fn from(address: SocketAddr) -> Self {
        Self { ip: address.ip(), port: Some(address.port()) }
    }
}

impl FromStr for TrustedPeer {
    type Err = ParseTrustedPeerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(ip) = text.parse() {
            return Ok(Self::host(ip));
        }
        text.parse::<SocketAddr>().map(Self::from).map_err(|_| ParseTrustedPeerError(text.to_owned()))
    }
}

impl TryFrom<String> for TrustedPeer {
    type Error = ParseTrustedPeerError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TrustedPeer> for String {
    fn from(peer: TrustedPeer) -> Self {
        peer.to_string()
    }
}

impl fmt::Display for TrustedPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}", SocketAddr::new(self.ip, port)),
            None => write!(f, "{}", self.ip),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_by_address_and_by_port() {
        let box_: TrustedPeer = "10.46.0.2".parse().unwrap();
        assert!(box_.is("10.46.0.2:40000".parse().unwrap()));
        assert!(!box_.is("10.46.0.3:5060".parse().unwrap()));
        let port: TrustedPeer = "127.0.0.1:5070".parse().unwrap();
        assert!(port.is("127.0.0.1:5070".parse().unwrap()));
        assert!(!port.is("127.0.0.1:5071".parse().unwrap()));
        assert_eq!(port.to_string(), "127.0.0.1:5070");
        assert!("scscf".parse::<TrustedPeer>().unwrap_err().to_string().contains("give an IP address"));
    }
}
