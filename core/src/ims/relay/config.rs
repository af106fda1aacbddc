//! What a Diameter relay is told at its start.

use protocol::diameter::DiameterConfig;
use serde::{Deserialize, Serialize};

/// Configuration of a relay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelayConfig {
    /// Its Diameter side, with its peers. It advertises that it relays, whatever applications are in there.
    pub diameter: DiameterConfig,
    /// Where requests to realms go.
    pub routes: Vec<RealmRoute>,
    /// Peers of other networks, and what they may do. A peer that is not here is of the own network.
    pub interconnects: Vec<Interconnect>,
    /// Requests that may wait for their answers at a time; more are refused (DIAMETER_TOO_BUSY).
    pub max_pending: usize,
}

impl RelayConfig {
    /// Without routes.
    pub const fn new(diameter: DiameterConfig) -> Self {
        Self { diameter, routes: Vec::new(), interconnects: Vec::new(), max_pending: 10_000 }
    }
}

/// An entry of the realm routing table (RFC 6733 clause 2.7): all of them have the action RELAY.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RealmRoute {
    /// Destination-Realm; `*` for those that are in no other entry.
    pub realm: String,
    /// Application-Id; none: all.
    #[serde(default)]
    pub application: Option<u32>,
    /// Peers by Origin-Host, the preferred one first.
    pub next_hops: Vec<String>,
}

/// What a peer of another network may do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interconnect {
    /// Its Origin-Host.
    pub peer: String,
    /// Values of Origin-Realm that its requests may have.
    pub realms: Vec<String>,
    /// Values of Destination-Host that its requests may have: nobody else is reached.
    pub reaches: Vec<String>,
}
