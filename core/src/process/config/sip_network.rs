//! `[sip_network]`: the plain SIP network.

use std::path::PathBuf;

use serde::Deserialize;

use super::{Place, both};
use crate::ims::TrustedPeer;
use crate::sip_network::{Proof, SipService};

/// Settings of the plain SIP network.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SipNetworkSection {
    /// The domain of its users; none: `sip` in the home domain.
    pub domain: Option<String>,
    /// Its URI in Record-Route; none: the first address.
    pub uri: Option<String>,
    /// Where it listens.
    pub listen: Vec<Place>,
    /// Services and proxies whose asserted identities it believes. Nobody else's are, on loopback neither.
    pub trusted: Vec<TrustedPeer>,
    /// The file with its users: `[[user]]` with name, password and identities.
    pub users: PathBuf,
    /// Digest algorithms that it offers, the best first: `SHA-256`, `MD5`.
    pub algorithms: Vec<String>,
    /// When a request is taken for a user's: `each_request` or `registered_flow`.
    pub proof: Proof,
    /// Services that requests are led by, in this order.
    #[serde(rename = "service")]
    pub services: Vec<SipService>,
    /// Seconds that a contact lives when the REGISTER does not say.
    pub default_expires: Option<u32>,
    /// A contact may not ask for less.
    pub min_expires: Option<u32>,
    /// A contact gets no more.
    pub max_expires: Option<u32>,
}

impl Default for SipNetworkSection {
    fn default() -> Self {
        Self {
            domain: None,
            uri: None,
            listen: both(5110),
            trusted: Vec::new(),
            users: "sip_users.toml".into(),
            algorithms: vec!["SHA-256".into(), "MD5".into()],
            proof: Proof::default(),
            services: Vec::new(),
            default_expires: None,
            min_expires: None,
            max_expires: None,
        }
    }
}
