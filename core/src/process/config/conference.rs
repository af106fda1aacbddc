//! `[conference]`: the conference server.

use std::net::IpAddr;

use serde::Deserialize;

use super::{Place, both};
use crate::ims::{ConferenceGroup, ConferenceGuest, ConferencePolicy, TrustedPeer};

/// Settings of the conference server.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConferenceSection {
    /// Host, or host and port, of its URIs; none: `conference` in the domain.
    pub name: Option<String>,
    /// Where it listens.
    pub listen: Vec<Place>,
    /// CSCFs and proxies whose asserted identities it believes; none: everybody's, which only loopback addresses may be told.
    pub trusted: Vec<TrustedPeer>,
    /// Users that come from an address of their own, without a network that asserts who they are.
    pub guests: Vec<ConferenceGuest>,
    /// SIP URI that invitations of home users go to; none: the I-CSCF of this process, if there is one.
    pub entry: Option<String>,
    /// Domains that conferences may be extended to; none: any.
    pub domains: Vec<String>,
    /// User part of the factory URI; none: `conference-factory`.
    pub factory: Option<String>,
    /// Address of its media; none: that of the first place it listens at.
    pub media: Option<IpAddr>,
    /// First and last of its media ports.
    pub ports: (u16, u16),
    /// Who may do what.
    pub policy: ConferencePolicy,
    /// Conferences with a URI and members of their own.
    pub groups: Vec<ConferenceGroup>,
}

impl Default for ConferenceSection {
    fn default() -> Self {
        Self {
            name: None,
            listen: both(5100),
            trusted: Vec::new(),
            guests: Vec::new(),
            entry: None,
            domains: Vec::new(),
            factory: None,
            media: None,
            // 64 participants.
            ports: (49152, 49279),
            policy: ConferencePolicy::default(),
            groups: Vec::new(),
        }
    }
}
