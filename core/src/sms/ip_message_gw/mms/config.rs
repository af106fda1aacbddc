//! Settings of multimedia messages at the gateway.

use std::net::SocketAddr;
use std::time::Duration;

use crate::ims::TrustedPeer;

/// Multimedia messages at the gateway (TR 23.804 clause 8.11).
#[derive(Clone, PartialEq, Debug)]
pub struct GatewayMms {
    /// The MMS Relays/Servers.
    pub relays: Vec<GatewayRelay>,
    /// Octets of a PDU that a MESSAGE carries, at most. MESSAGE goes over TCP here, which avoids congestion (RFC 3428 clause
    /// 8); what is larger has HTTP.
    pub largest: usize,
    /// How long a MESSAGE of a UE may wait for what its relay and, of a retrieval, the UE itself has to say: less than timer F
    /// (RFC 3261 clause 17.1.2.2). A push waits as long for its UE.
    pub patience: Duration,
    /// Exchanges at a time.
    pub exchanges: usize,
    /// Names of pushes that are remembered.
    pub pushes: usize,
}

/// An MMS Relay/Server as the gateway knows it.
#[derive(Clone, PartialEq, Debug)]
pub struct GatewayRelay {
    /// Its URL, without a path: `http://HOST:PORT`.
    pub url: String,
    /// Where its pushes come from.
    pub from: Vec<TrustedPeer>,
    /// What the MSISDNs of its subscribers begin with; an empty one: all.
    pub numbers: Vec<String>,
}

impl GatewayMms {
    /// With the usual bounds.
    #[must_use]
    pub const fn new(relays: Vec<GatewayRelay>) -> Self {
        Self { relays, largest: 256 * 1024, patience: Duration::from_secs(20), exchanges: 1000, pushes: 10_000 }
    }

    /// The relay of a subscriber: the one whose numbers say most.
    #[must_use]
    pub fn relay_of(&self, msisdn: &str) -> Option<&GatewayRelay> {
        let said = |relay: &GatewayRelay| {
            let own = relay.numbers.iter().filter(|prefix| msisdn.starts_with(prefix.as_str()));
            own.map(String::len).max()
        };
        self.relays
            .iter()
            .filter_map(|relay| Some((said(relay)?, relay)))
            .max_by_key(|(length, _)| *length)
            .map(|r| r.1)
    }

    /// The relay whose pushes come from there; of several on one host the one that has this authority.
    #[must_use]
    pub fn relay_from(&self, peer: SocketAddr, authority: Option<&str>) -> Option<&GatewayRelay> {
        let is_named = |relay: &&GatewayRelay| authority.is_some_and(|own| relay.is_at(own));
        let mut all = self.relays.iter().filter(|relay| relay.from.iter().any(|from| from.is(peer)));
        let first = all.clone().next();
        all.find(is_named).or(first)
    }

    /// The relay of this authority: `HOST:PORT`.
    #[must_use]
    pub fn relay_at(&self, authority: &str) -> Option<&GatewayRelay> {
        self.relays.iter().find(|relay| relay.is_at(authority))
    }
}

impl GatewayRelay {
    /// Host and port of its URL.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest).trim_end_matches('/')
    }

    fn is_at(&self, authority: &str) -> bool {
        self.authority().eq_ignore_ascii_case(authority)
    }
}
