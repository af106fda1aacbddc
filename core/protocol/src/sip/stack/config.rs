//! What a stack is told, and what it says of itself.

use std::net::SocketAddr;

use super::super::resolve::default_port;
use crate::sip::{HostTable, SipTimers, SipUri, Transport, Uri};

/// A SIP entity: where it is and how it behaves.
#[derive(Clone, Debug)]
pub struct StackConfig {
    /// Its sockets, the preferred one of a transport first.
    pub local: Vec<(Transport, SocketAddr)>,
    /// The host, or host and port, that it writes in Via (RFC 3261 clause 18.1.1). Without a port it takes that of the
    /// socket.
    pub sent_by: String,
    /// Addresses of hosts.
    pub hosts: HostTable,
    /// Timers.
    pub timers: SipTimers,
    /// Bounds.
    pub limits: StackLimits,
    /// A UA answers a request that came by two ways with 482 once (RFC 3261 clause 8.2.2.2). A proxy must not: the same
    /// request may pass it twice, on the way to an application server and back.
    pub refuses_merged: bool,
}

/// Bounds of a stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StackLimits {
    /// Server transactions at a time; 503 beyond.
    pub server_transactions: usize,
    /// Client transactions at a time; an error to the user beyond.
    pub client_transactions: usize,
    /// Requests with more octets leave UDP for TCP (RFC 3261 clause 18.1.1).
    pub udp_octets: usize,
}

impl Default for StackLimits {
    fn default() -> Self {
        Self {
            // Over UDP a transaction lasts 32 s: enough for ten thousand requests a second, and about 1 KiB each.
            server_transactions: 400_000,
            client_transactions: 400_000,
            // RFC 3261 clause 18.1.1: 1300 when the path MTU is not known.
            udp_octets: 1300,
        }
    }
}

/// An entity is to be at what is no SIP URI.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is no SIP URI: set uri to sip:HOST or sip:HOST:PORT")]
pub struct NoSipUri(pub String);

/// What a stack has seen, counted since its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StackCounters {
    /// Requests that were taken in, repeated ones too.
    pub requests: u64,
    /// Responses that were taken in, repeated ones too.
    pub responses: u64,
    /// Messages sent, repeated ones too.
    pub transmitted: u64,
    /// Requests that came once more.
    pub repeated_requests: u64,
    /// Requests and responses sent once more.
    pub retransmitted: u64,
    /// Requests that could not be read.
    pub malformed_requests: u64,
    /// Responses that could not be read.
    pub malformed_responses: u64,
    /// Responses to nothing that was sent.
    pub stray_responses: u64,
    /// Requests turned away because the stack was full.
    pub refused: u64,
}

impl StackConfig {
    /// A user agent at `local`.
    pub fn user_agent(local: Vec<(Transport, SocketAddr)>, sent_by: impl Into<String>) -> Self {
        Self {
            local,
            sent_by: sent_by.into(),
            hosts: HostTable::new(),
            timers: SipTimers::default(),
            limits: StackLimits::default(),
            refuses_merged: true,
        }
    }

    /// A proxy at `local`.
    pub fn proxy(local: Vec<(Transport, SocketAddr)>, sent_by: impl Into<String>) -> Self {
        Self { refuses_merged: false, ..Self::user_agent(local, sent_by) }
    }

    /// A proxy that `uri` names, and that URI; host and port of it are written in Via.
    ///
    /// # Errors
    /// It is no SIP URI.
    pub fn proxy_at(
        uri: &str,
        local: &[(Transport, SocketAddr)],
        hosts: &HostTable,
        timers: SipTimers,
    ) -> Result<(SipUri, Self), NoSipUri> {
        let Ok(Uri::Sip(own)) = Uri::parse(uri) else { return Err(NoSipUri(uri.to_owned())) };
        let (host, port) = own.host_port();
        let config = Self::proxy(local.to_vec(), format!("{host}:{port}"));
        Ok((own, Self { hosts: hosts.clone(), timers, ..config }))
    }

    /// A user agent that `uri` names, like [`Self::proxy_at`].
    ///
    /// # Errors
    /// It is no SIP URI.
    pub fn user_agent_at(
        uri: &str,
        local: &[(Transport, SocketAddr)],
        hosts: &HostTable,
        timers: SipTimers,
    ) -> Result<(SipUri, Self), NoSipUri> {
        let (own, config) = Self::proxy_at(uri, local, hosts, timers)?;
        Ok((own, Self { refuses_merged: true, ..config }))
    }

    /// The sent-by of a Via for `transport`.
    pub fn sent_by_of(&self, transport: Transport) -> String {
        let has_port =
            self.sent_by.rsplit_once(':').is_some_and(|(host, _)| !host.contains(':') || host.ends_with(']'));
        let port = self.local.iter().find(|(kind, _)| *kind == transport).map(|(_, address)| address.port());
        match port {
            Some(port) if !has_port && port != default_port(transport) => format!("{}:{port}", self.sent_by),
            _ => self.sent_by.clone(),
        }
    }

    /// True when a socket of `transport` is there.
    pub fn has(&self, transport: Transport) -> bool {
        self.local.iter().any(|(kind, _)| *kind == transport)
    }
}
