//! `[presence]`: the presence server.

use std::collections::BTreeMap;
use std::path::PathBuf;

use protocol::xml::SubHandling;
use serde::Deserialize;

use super::{PeerSection, Place, both};
use crate::ims::TrustedPeer;

/// Settings of the presence server.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PresenceSection {
    /// Its SIP URI, as filter criteria name it; none: `presence` in the domain, with its port.
    pub uri: Option<String>,
    /// Where it listens.
    pub listen: Vec<Place>,
    /// CSCFs and proxies whose asserted identities it believes; none: everybody's, which only loopback addresses may be told.
    pub trusted: Vec<TrustedPeer>,
    /// The HSS that tells who is reached by short messages over IP (Sh); none: that of this process, if it is an HLR.
    pub peers: Vec<PeerSection>,
    /// Domains of its presentities; none: the home domain.
    pub domains: Vec<String>,
    /// Identities that may publish for others.
    pub publishers: Vec<String>,
    /// Files with authorisation rules (RFC 5025), by the identity that they are of.
    pub rules: BTreeMap<String, PathBuf>,
    /// What becomes of subscriptions to presentities without rules.
    pub without_rules: WithoutRules,
    /// Least seconds between two notifications of one subscription.
    pub pace_s: Option<u32>,
    /// The shortest publication and subscription that is accepted, seconds.
    pub min_expires: Option<u32>,
}

impl Default for PresenceSection {
    fn default() -> Self {
        Self {
            uri: None,
            listen: both(5090),
            trusted: Vec::new(),
            peers: Vec::new(),
            domains: Vec::new(),
            publishers: Vec::new(),
            rules: BTreeMap::new(),
            without_rules: WithoutRules::default(),
            pace_s: None,
            min_expires: None,
        }
    }
}

/// What becomes of a subscription that no rule is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutRules {
    /// It is refused.
    Block,
    /// It waits for the presentity.
    #[default]
    Confirm,
    /// It is told what says nothing.
    PoliteBlock,
    /// It is told what there is.
    Allow,
}

impl From<WithoutRules> for SubHandling {
    fn from(without: WithoutRules) -> Self {
        match without {
            WithoutRules::Block => Self::Block,
            WithoutRules::Confirm => Self::Confirm,
            WithoutRules::PoliteBlock => Self::PoliteBlock,
            WithoutRules::Allow => Self::Allow,
        }
    }
}
