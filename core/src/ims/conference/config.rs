//! Settings of a conference server.

use serde::Deserialize;

use super::policy::ConferencePolicy;
use crate::ims::TrustedPeer;
use crate::ims::service::SessionServerConfig;

/// Settings of a conference server.
#[derive(Clone, Debug)]
pub struct ConferenceConfig {
    /// SIP and media.
    pub sip: SessionServerConfig,
    /// Users that come from an address of their own, without a network that asserts who they are.
    pub guests: Vec<ConferenceGuest>,
    /// User part of the factory URI (RFC 4579 clause 5.4).
    pub factory: String,
    /// Who may do what.
    pub policy: ConferencePolicy,
    /// Conferences with a URI and members of their own.
    pub groups: Vec<ConferenceGroup>,
    /// UTC in milliseconds at the start of the run.
    pub utc_ms_at_zero: u64,
}

/// A user without a network.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConferenceGuest {
    /// Where he comes from.
    pub address: TrustedPeer,
    /// Who he is: a SIP or tel URI.
    pub identity: String,
}

/// A conference that its members find under a URI of its own (RFC 4579 clause 5.2), whoever comes first.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConferenceGroup {
    /// User part of its URI.
    pub user: String,
    /// Public identities of those who may join, and invite each other.
    pub members: Vec<String>,
    /// For display.
    pub subject: Option<String>,
    /// Identity of who may expel others; none: nobody.
    pub creator: Option<String>,
}

impl ConferenceConfig {
    /// A server of conferences that anybody may create, without conferences of their own.
    #[must_use]
    pub fn new(sip: SessionServerConfig) -> Self {
        Self {
            sip,
            guests: Vec::new(),
            factory: FACTORY.to_owned(),
            policy: ConferencePolicy::default(),
            groups: Vec::new(),
            utc_ms_at_zero: 0,
        }
    }
}

/// As TS 24.147 clause 5.3.1.3.2 leaves to the operator.
const FACTORY: &str = "conference-factory";
