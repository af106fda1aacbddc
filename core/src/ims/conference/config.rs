//! Settings of a conference server.

use std::net::{IpAddr, SocketAddr};

use protocol::sip::{HostTable, SessionSettings, SipTimers, Transport};
use serde::Deserialize;

use super::policy::ConferencePolicy;
use crate::ims::TrustedPeer;
use crate::ims::service::Reach;

/// Settings of a conference server.
#[derive(Clone, Debug)]
pub struct ConferenceConfig {
    /// Host, or host and port, of its URIs.
    pub name: String,
    /// Its sockets for SIP.
    pub local: Vec<(Transport, SocketAddr)>,
    /// Addresses of hosts.
    pub hosts: HostTable,
    /// SIP timers.
    pub timers: SipTimers,
    /// Boxes of the trust domain; none: all.
    pub trusted: Vec<TrustedPeer>,
    /// Users that come from an address of their own, without a network that asserts who they are.
    pub guests: Vec<ConferenceGuest>,
    /// SIP URI of the I-CSCF, or of a proxy, that invitations for users of `domains` take.
    pub entry: Option<String>,
    /// The home domains.
    pub domains: Vec<String>,
    /// To whom conferences may be extended.
    pub reach: Reach,
    /// User part of the factory URI (RFC 4579 clause 5.4).
    pub factory: String,
    /// Address of its media.
    pub media: IpAddr,
    /// First and last of its media ports. Even ones are for RTP, the next odd one for RTCP.
    pub ports: (u16, u16),
    /// Who may do what.
    pub policy: ConferencePolicy,
    /// Conferences with a URI and members of their own.
    pub groups: Vec<ConferenceGroup>,
    /// How sessions are held.
    pub session: SessionSettings,
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
    /// A server at `local` for the users of `domain`, whose URIs have the host `name`.
    #[must_use]
    pub fn new(name: &str, domain: &str, local: SocketAddr) -> Self {
        Self {
            name: name.to_owned(),
            local: vec![(Transport::Udp, local), (Transport::Tcp, local)],
            hosts: HostTable::new(),
            timers: SipTimers::default(),
            trusted: Vec::new(),
            guests: Vec::new(),
            entry: None,
            domains: vec![domain.to_owned()],
            reach: Reach::default(),
            factory: FACTORY.to_owned(),
            media: local.ip(),
            ports: PORTS,
            policy: ConferencePolicy::default(),
            groups: Vec::new(),
            session: SessionSettings { reliable_provisional: false, ..SessionSettings::default() },
            utc_ms_at_zero: 0,
        }
    }
}

/// As TS 24.147 clause 5.3.1.3.2 leaves to the operator.
const FACTORY: &str = "conference-factory";
/// RFC 6335 clause 6: dynamic ports.
const PORTS: (u16, u16) = (49152, 53247);
