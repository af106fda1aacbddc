//! Settings of an MC service server.

use std::net::SocketAddr;

use protocol::sip::SessionSettings;
use serde::Deserialize;

use super::bearers::McMbmsConfig;
use super::floor::FloorSettings;
use super::idms::TokenVerifier;
use crate::ims::service::SessionServerConfig;
use crate::mbms::GroupCodec;

/// Settings of an MC service server.
#[derive(Clone, Debug)]
pub struct McServerConfig {
    /// SIP and media. Its name is the host of its public service identity: `sip:NAME`.
    pub sip: SessionServerConfig,
    /// Who its users are.
    pub authentication: McAuthentication,
    /// Names of the other servers; each is found at the host that it names.
    pub servers: Vec<String>,
    /// The users of all servers.
    pub users: Vec<McSubscriber>,
    /// The groups of all servers.
    pub groups: Vec<McGroup>,
    /// Floor control of its calls.
    pub floor: FloorSettings,
    /// What there may be of each.
    pub limits: McLimits,
    /// MBMS bearers; none: everything is unicast.
    pub mbms: Option<McMbmsConfig>,
    /// UTC in milliseconds at the start of the run.
    pub utc_ms_at_zero: u64,
}

impl McServerConfig {
    /// A server at `local` for the users of `domain`, whose name is `name`.
    #[must_use]
    pub fn new(name: &str, domain: &str, local: SocketAddr) -> Self {
        Self::of(SessionServerConfig::new(name, domain, local))
    }

    /// A server with this SIP side.
    #[must_use]
    pub fn of(mut sip: SessionServerConfig) -> Self {
        // RFC 4028 clause 5: no shorter one may be asked for. A peer that has lost its calls is found out within it.
        let session = SessionSettings { session_expires_s: Some(90), min_se_s: 90, ..sip.session.clone() };
        sip.session = session;
        Self {
            sip,
            authentication: McAuthentication::Table,
            servers: Vec::new(),
            users: Vec::new(),
            groups: Vec::new(),
            floor: FloorSettings::default(),
            limits: McLimits::default(),
            mbms: None,
            utc_ms_at_zero: 0,
        }
    }
}

/// How a server knows who its users are (TS 24.379 clause 7).
#[derive(Clone, Debug)]
pub enum McAuthentication {
    /// Each shows a token of the identity management server, and has the IMS identity that it shows it with.
    Tokens(TokenVerifier),
    /// The IMS identities in the table of users, without any authorisation: for networks without identity management.
    Table,
}

/// A user of the MC service.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McSubscriber {
    /// MCPTT ID.
    pub mcptt_id: String,
    /// His IMS identities; those that he may be authorised with, the first one to be called before he is. None: any.
    #[serde(default)]
    pub impus: Vec<String>,
    /// Name of the server that serves him; none: this one.
    #[serde(default)]
    pub server: Option<String>,
    /// He may talk.
    #[serde(default = "yes")]
    pub may_talk: bool,
    /// The highest priority of his floor requests.
    #[serde(default)]
    pub priority: u8,
}

impl McSubscriber {
    /// One of this server, with an IMS identity.
    #[must_use]
    pub fn new(mcptt_id: &str, impu: &str) -> Self {
        let (mcptt_id, impus) = (mcptt_id.to_owned(), vec![impu.to_owned()]);
        Self { mcptt_id, impus, server: None, may_talk: true, priority: 0 }
    }
}

/// A prearranged group (TS 24.481).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McGroup {
    /// MCPTT group identity: a SIP URI.
    pub id: String,
    /// Name of the server that controls its calls; none: this one.
    #[serde(default)]
    pub server: Option<String>,
    /// MCPTT IDs of its members.
    pub members: Vec<String>,
    /// What may be spoken, the best first. All members of a call have the same: RTP is carried untouched.
    #[serde(default = "GroupCodec::g711")]
    pub codecs: Vec<GroupCodec>,
    /// A call ends when the one leaves who has begun it; else when nobody is left.
    #[serde(default = "yes")]
    pub ends_with_first: bool,
    /// A call ends after so many seconds in any case.
    #[serde(default = "day")]
    pub longest_s: u32,
}

impl McGroup {
    /// A group with G.711.
    #[must_use]
    pub fn new(id: &str, members: Vec<String>) -> Self {
        Self {
            id: id.to_owned(),
            server: None,
            members,
            codecs: GroupCodec::g711(),
            ends_with_first: true,
            longest_s: day(),
        }
    }
}

/// What there may be of each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct McLimits {
    /// Groups that a user is affiliated to at a time (N2 of TS 24.379 clause 9.2.2.2.3).
    pub affiliations: usize,
    /// An affiliation lasts so long unless it is asked for again, seconds.
    pub affiliation_s: u32,
    /// An authorisation does.
    pub authorisation_s: u32,
    /// Calls at a time.
    pub calls: usize,
    /// Octets of a body.
    pub body: usize,
    /// Another server that asks us for an affiliation, or that we ask, has so long to answer, milliseconds.
    pub patience_ms: u32,
}

impl Default for McLimits {
    fn default() -> Self {
        Self {
            affiliations: 64,
            affiliation_s: 86_400,
            authorisation_s: 86_400,
            calls: 256,
            body: 64 << 10,
            patience_ms: 8000,
        }
    }
}

const fn yes() -> bool {
    true
}

const fn day() -> u32 {
    86_400
}
