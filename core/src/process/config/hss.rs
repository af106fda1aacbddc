//! `[hss]`: the home subscriber server.

use std::net::SocketAddr;

use serde::Deserialize;

use super::{PeerSection, loopback};

/// Settings of the HSS.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HssSection {
    /// Its Origin-Host; none: `hss` in the domain.
    pub origin_host: Option<String>,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Diameter peers besides the CSCFs of this process.
    pub peers: Vec<PeerSection>,
    /// Whether peers may connect that are not known.
    pub accept_unknown: bool,
}

impl Default for HssSection {
    fn default() -> Self {
        Self { origin_host: None, listen: vec![loopback(3868)], peers: Vec::new(), accept_unknown: false }
    }
}
