//! Configuration of an I-CSCF.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use protocol::diameter::DiameterConfig;
use protocol::sip::{HostTable, SipTimers, Transport};
use serde::{Deserialize, Serialize};

use crate::ims::{HssRoute, TrustedPeer};

/// An S-CSCF that may be assigned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScscfChoice {
    /// Its SIP URI, as the HSS stores it.
    pub uri: String,
    /// What it is able to do: numbers that the operator gives meanings (TS 29.228 clause 6.7).
    #[serde(default)]
    pub capabilities: Vec<u32>,
}

/// Configuration of an I-CSCF.
#[derive(Clone, Debug)]
pub struct IcscfConfig {
    /// Its host name or address, as it stands in Via and in the URIs of those who send to it.
    pub name: String,
    /// Its addresses.
    pub local: Vec<(Transport, SocketAddr)>,
    /// The boxes of its own network and of those with a roaming agreement; none: everybody is trusted, as in TS 33.210's
    /// protected domains.
    pub trusted: Vec<TrustedPeer>,
    /// The domains of its network.
    pub domains: Vec<String>,
    /// The S-CSCFs, the preferred one first.
    pub scscfs: Vec<ScscfChoice>,
    /// Numbers and the SIP URIs that they belong to, where the HSS does not know the number: there is no ENUM.
    pub numbers: BTreeMap<String, String>,
    /// Names and addresses.
    pub hosts: HostTable,
    /// Timers of SIP.
    pub timers: SipTimers,
    /// Its side of Cx.
    pub diameter: DiameterConfig,
    /// Realm of the HSS.
    pub hss_realm: String,
    /// Name of the HSS, if a certain one is meant.
    pub hss_host: Option<String>,
    /// Identities that another HSS knows.
    pub hss_routes: Vec<HssRoute>,
}
