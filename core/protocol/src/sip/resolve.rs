//! From the name in a URI to an address (what RFC 3263 does with the DNS, done with a table).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use thiserror::Error;

use super::uri::host_of;
use super::{SipUri, Target, Transport, Uri};

/// Default port of UDP and TCP (RFC 3261 clause 19.1.2).
pub const SIP_PORT: u16 = 5060;
/// Default port of TLS (RFC 3261 clause 19.1.2).
pub const SIPS_PORT: u16 = 5061;

/// Where a request goes next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NextHop {
    /// To this address.
    Target(Target),
    /// To where this URI points.
    Uri(Uri),
}

/// Hosts and their addresses, the preferred one first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HostTable(BTreeMap<String, Vec<(SocketAddr, Transport)>>);

/// A URI leads nowhere.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ResolveError {
    /// No address is known for the host.
    #[error("the host {0} is no IP address and not in the table of hosts: add it with its address and transport")]
    UnknownHost(String),
    /// The host has addresses, but none for this transport.
    #[error("the host {host} is not reached over {transport}")]
    NoTransport {
        /// The host.
        host: String,
        /// The transport that the URI asks for.
        transport: String,
    },
    /// A URI of another scheme has no host.
    #[error("{0} is no SIP URI: it needs a Route or a translation first")]
    NotSip(String),
}

impl HostTable {
    /// An empty table: only IP addresses are reached.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds an address of `host` after those it has. `host:port` is a name of its own, for URIs with that port.
    pub fn insert(&mut self, host: &str, address: SocketAddr, transport: Transport) {
        self.0.entry(host.to_ascii_lowercase()).or_default().push((address, transport));
    }

    /// The same table with one more address.
    #[must_use]
    pub fn with(mut self, host: &str, address: SocketAddr, transport: Transport) -> Self {
        self.insert(host, address, transport);
        self
    }

    /// Where `uri` points.
    pub fn resolve(&self, uri: &Uri) -> Result<Target, ResolveError> {
        match uri {
            Uri::Sip(sip) => self.resolve_sip(sip),
            other => Err(ResolveError::NotSip(other.to_string())),
        }
    }

    /// Where a SIP URI points: `maddr` goes before the host, `transport` and the port before what the table says.
    pub fn resolve_sip(&self, uri: &SipUri) -> Result<Target, ResolveError> {
        let host = uri.params.get("maddr").unwrap_or(&uri.host).to_ascii_lowercase();
        let asked = asked_transport(uri, &host)?;
        if let Some(ip) = host_of(&host) {
            let transport = asked.unwrap_or(Transport::Udp);
            return Ok(Target {
                transport,
                remote: SocketAddr::new(ip, uri.port.unwrap_or_else(|| default_port(transport))),
                flow: None,
            });
        }
        let with_port = uri.port.and_then(|port| self.0.get(&format!("{host}:{port}")));
        let (known, port) = match (with_port, self.0.get(&host)) {
            (Some(known), _) => (known, None),
            (None, Some(known)) => (known, uri.port),
            (None, None) => return Err(ResolveError::UnknownHost(host)),
        };
        let fitting = known.iter().find(|(_, transport)| asked.is_none_or(|asked| asked == *transport));
        let (remote, transport) = match (fitting, asked) {
            (Some(&(remote, transport)), _) => (remote, transport),
            // UDP and TCP share their port: whoever is known by one can be tried by the other.
            (None, Some(asked @ (Transport::Udp | Transport::Tcp)))
                if let Some((remote, _)) = known.iter().find(|(_, t)| *t != Transport::Tls) =>
            {
                (*remote, asked)
            }
            (None, asked) => {
                let transport = asked.map_or_else(String::new, |asked| asked.to_string());
                return Err(ResolveError::NoTransport { host, transport });
            }
        };
        Ok(Target {
            transport,
            remote: SocketAddr::new(remote.ip(), port.unwrap_or_else(|| remote.port())),
            flow: None,
        })
    }
}

/// The port of a transport when none is written.
pub(super) const fn default_port(transport: Transport) -> u16 {
    if matches!(transport, Transport::Tls) { SIPS_PORT } else { SIP_PORT }
}

fn asked_transport(uri: &SipUri, host: &str) -> Result<Option<Transport>, ResolveError> {
    let named = uri.params.get("transport");
    match named.map(str::to_ascii_lowercase).as_deref() {
        None if uri.secure => Ok(Some(Transport::Tls)),
        None => Ok(None),
        Some("tcp") if uri.secure => Ok(Some(Transport::Tls)),
        Some("tls") => Ok(Some(Transport::Tls)),
        Some("tcp") => Ok(Some(Transport::Tcp)),
        Some("udp") if !uri.secure => Ok(Some(Transport::Udp)),
        Some(other) => Err(ResolveError::NoTransport { host: host.to_owned(), transport: other.to_owned() }),
    }
}
