//! Where SIP messages come from and go to (RFC 3261 clause 18).

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Transport protocol of a SIP message (RFC 3261 clause 18, `transport` of Via and URI).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream in TLS.
    Tls,
}

impl Transport {
    /// True for streams: nothing is sent again by the SIP layer.
    #[must_use]
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }
}

impl fmt::Display for Transport {
    /// As `transport-param` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        })
    }
}

/// Where a message came from; a connection is the whole of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Flow {
    /// How it came.
    pub transport: Transport,
    /// The address that took it.
    pub local: SocketAddr,
    /// The address that sent it.
    pub remote: SocketAddr,
}

/// Where a message shall go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Target {
    /// How.
    pub transport: Transport,
    /// To whom.
    pub remote: SocketAddr,
    /// On this connection while it is open.
    pub flow: Option<Flow>,
}

impl From<Flow> for Target {
    /// Back to where a message came from.
    fn from(flow: Flow) -> Self {
        Self { transport: flow.transport, remote: flow.remote, flow: Some(flow) }
    }
}
