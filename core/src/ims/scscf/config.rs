//! Settings of an S-CSCF.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use protocol::diameter::DiameterConfig;
use protocol::sip::{HostTable, SipTimers, Transport};

use crate::ims::profile::InitialFilterCriteria;
use crate::ims::{HssRoute, TrustedPeer};

/// Settings of an S-CSCF.
#[derive(Clone, Debug)]
pub struct ScscfConfig {
    /// Its SIP URI, which is its Server-Name on Cx: `sip:scscf.DOMAIN:PORT`.
    pub uri: String,
    /// Home network domain, the realm of its challenges.
    pub domain: String,
    /// Its sockets.
    pub local: Vec<(Transport, SocketAddr)>,
    /// The boxes whose word counts (TS 24.229 clause 4.4): others get 403. None: everybody's does, as in TS 33.210's
    /// protected domains.
    pub trusted: Vec<TrustedPeer>,
    /// Filter criteria that profiles name by a number only (TS 29.228 clause B.2.2: Shared iFC Set).
    pub shared_criteria: BTreeMap<u32, Vec<InitialFilterCriteria>>,
    /// Addresses of hosts.
    pub hosts: HostTable,
    /// SIP timers.
    pub timers: SipTimers,
    /// SIP URI of the I-CSCF that requests to users of the home network go to.
    pub icscf: String,
    /// Diameter: itself and its peers.
    pub diameter: DiameterConfig,
    /// Realm of the HSS.
    pub hss_realm: String,
    /// Host of the HSS, when requests shall go to a certain one.
    pub hss_host: Option<String>,
    /// Identities that another HSS knows.
    pub hss_routes: Vec<HssRoute>,
    /// Expiry of a registration when the UE asks for none.
    pub default_expires: u32,
    /// Shortest expiry that is accepted; a shorter one is answered with 423 (RFC 3261 clause 10.3).
    pub min_expires: u32,
    /// Longest expiry that is given.
    pub max_expires: u32,
    /// Challenges in a row that may fail before 403.
    pub authentication_attempts: u32,
    /// A response to AKA counts that did not come over a security association (`integrity-protected="no"`): for networks
    /// whose P-CSCF sets none up. TS 24.229 clause 5.4.1.2.1 has it challenged again and again.
    pub takes_unprotected_aka: bool,
    /// Timer reg-await-auth.
    pub reg_await_auth: Duration,
    /// How long a nonce of SIP digest may be used again with a higher count.
    pub digest_nonce_lifetime: Duration,
    /// How long an application server may be silent before its default handling applies.
    pub as_timeout: Duration,
    /// UTC at the start of the run, in milliseconds since 1970.
    pub utc_ms_at_zero: u64,
}

impl ScscfConfig {
    /// Settings with the defaults of the standard, for an S-CSCF at `uri` and `local`.
    pub fn new(uri: &str, domain: &str, local: SocketAddr, icscf: &str, diameter: DiameterConfig) -> Self {
        Self {
            uri: uri.to_owned(),
            domain: domain.to_owned(),
            local: vec![(Transport::Udp, local), (Transport::Tcp, local)],
            trusted: Vec::new(),
            shared_criteria: BTreeMap::new(),
            hosts: HostTable::new(),
            timers: SipTimers::default(),
            icscf: icscf.to_owned(),
            diameter,
            hss_realm: domain.to_owned(),
            hss_host: None,
            hss_routes: Vec::new(),
            // TS 24.229 clause 5.1.1.2.1: the UE asks for 600,000 s.
            default_expires: 600_000,
            min_expires: 60,
            max_expires: 600_000,
            authentication_attempts: 2,
            takes_unprotected_aka: true,
            // TS 24.229 table 7.8.
            reg_await_auth: Duration::from_secs(240),
            digest_nonce_lifetime: Duration::from_secs(3600),
            as_timeout: Duration::from_secs(10),
            utc_ms_at_zero: 0,
        }
    }
}
