//! `[pcscf]`, `[icscf]`, `[scscf]`: the call session control functions.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{PeerSection, Place, both};
use crate::ims::{GmSecurity, HomeNetwork, HssRoute, ScscfChoice, TrustedPeer};

/// Settings of the P-CSCF.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PcscfSection {
    /// Its host name in URIs; none: its address.
    pub name: Option<String>,
    /// Where UEs find it.
    pub gm: Vec<Place>,
    /// Where the core finds it; with no box in `trusted`, who comes here is trusted.
    pub mw: Vec<Place>,
    /// Boxes of the core: who else comes to `mw` is turned away, who else comes to `gm` is a UE.
    pub trusted: Vec<TrustedPeer>,
    /// Its network in P-Visited-Network-ID; none: the home domain.
    pub network: Option<String>,
    /// Networks whose users it serves; none: the home domain, by the I-CSCF of this process.
    pub homes: Vec<HomeNetwork>,
    /// How Gm is protected: `off`, `sec_agree`, `tls`.
    pub security: GmSecurity,
    /// It subscribes to the registration state of its users.
    pub subscribe_reg: bool,
    /// Session timer that it asks for, seconds; none: only what UEs ask for.
    pub session_expires: Option<u32>,
}

impl Default for PcscfSection {
    fn default() -> Self {
        Self {
            name: None,
            gm: both(5060),
            mw: both(5062),
            trusted: Vec::new(),
            network: None,
            homes: Vec::new(),
            security: GmSecurity::Off,
            subscribe_reg: true,
            session_expires: None,
        }
    }
}

/// Settings of the I-CSCF.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IcscfSection {
    /// Its host name in URIs and its Origin-Host; none: `icscf` in the domain.
    pub name: Option<String>,
    /// Where it listens.
    pub listen: Vec<Place>,
    /// Boxes of trusted networks; none: all are trusted, which only loopback addresses may be told.
    pub trusted: Vec<TrustedPeer>,
    /// S-CSCFs that it may assign; none: the one of this process.
    pub scscfs: Vec<ScscfChoice>,
    /// Numbers and the SIP URIs that they belong to, where the HSS does not know them: there is no ENUM.
    pub numbers: BTreeMap<String, String>,
    /// Diameter peers, the HSS first; none: the HSS of this process.
    pub peers: Vec<PeerSection>,
    /// Identities that another HSS knows, such as those of users of other MC systems.
    pub hss_routes: Vec<HssRoute>,
}

impl Default for IcscfSection {
    fn default() -> Self {
        let (trusted, scscfs, numbers, peers, hss_routes) = Default::default();
        Self { name: None, listen: both(5070), trusted, scscfs, numbers, peers, hss_routes }
    }
}

/// Settings of the S-CSCF.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScscfSection {
    /// Its SIP URI, its Server-Name on Cx; none: `scscf` in the domain, with its port.
    pub uri: Option<String>,
    /// Where it listens.
    pub listen: Vec<Place>,
    /// CSCFs and application servers; none: all are trusted, which only loopback addresses may be told.
    pub trusted: Vec<TrustedPeer>,
    /// Its Origin-Host; none: `scscf` in the domain.
    pub origin_host: Option<String>,
    /// URI of the I-CSCF that requests for users of the home network go to; none: the one of this process.
    pub icscf: Option<String>,
    /// Diameter peers, the HSS first; none: the HSS of this process.
    pub peers: Vec<PeerSection>,
    /// Identities that another HSS knows, such as those of users of other MC systems.
    pub hss_routes: Vec<HssRoute>,
    /// Expiry of a registration when the UE asks for none, seconds.
    pub default_expires: Option<u32>,
    /// The shortest expiry that is accepted, seconds.
    pub min_expires: Option<u32>,
    /// The longest expiry that is given, seconds.
    pub max_expires: Option<u32>,
}

impl Default for ScscfSection {
    fn default() -> Self {
        Self {
            uri: None,
            listen: both(5080),
            trusted: Vec::new(),
            origin_host: None,
            icscf: None,
            peers: Vec::new(),
            hss_routes: Vec::new(),
            default_expires: None,
            min_expires: None,
            max_expires: None,
        }
    }
}
