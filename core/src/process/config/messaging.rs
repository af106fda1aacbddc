//! `[messaging]`: the messaging server.

use serde::Deserialize;

use super::{Place, both};
use crate::ims::TrustedPeer;

/// Settings of the messaging server.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MessagingSection {
    /// Its SIP URI, as filter criteria name it; none: `messaging` in the domain, with its port.
    pub uri: Option<String>,
    /// Where it listens.
    pub listen: Vec<Place>,
    /// CSCFs and proxies whose asserted identities it believes; none: everybody's, which only loopback addresses may be told.
    pub trusted: Vec<TrustedPeer>,
    /// Where requests of its own go first; none: the I-CSCF of this process, else where their Request-URI leads.
    pub next_hop: Option<String>,
    /// Domains of the users that it serves; none: the home domain.
    pub domains: Vec<String>,
    /// How long a message waits when its sender does not say, seconds.
    pub expires: Option<u32>,
    /// How long a message waits at most, seconds.
    pub max_expires: Option<u32>,
    /// Messages that wait for one user at most.
    pub messages_per_user: Option<usize>,
    /// Recipients of a list at most.
    pub recipients: Option<usize>,
    /// The first pause before a message is tried again, seconds.
    pub retry: Option<u32>,
}

impl Default for MessagingSection {
    fn default() -> Self {
        Self {
            uri: None,
            listen: both(5094),
            trusted: Vec::new(),
            next_hop: None,
            domains: Vec::new(),
            expires: None,
            max_expires: None,
            messages_per_user: None,
            recipients: None,
            retry: None,
        }
    }
}
