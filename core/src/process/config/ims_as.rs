//! `[ims_as]`: the IMS AS for group sessions over MBMS.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::Deserialize;

use super::{PeerSection, Place, both, loopback};
use crate::ims::TrustedPeer;
use crate::mbms::{BearerRule, ImsGroup};

/// Settings of the IMS AS.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImsAsSection {
    /// Host, or host and port, of the URIs of its groups; none: `ims-as` in the domain.
    pub name: Option<String>,
    /// Where it listens.
    pub listen: Vec<Place>,
    /// CSCFs and proxies whose asserted identities it believes; none: everybody's, which only loopback addresses may be told.
    pub trusted: Vec<TrustedPeer>,
    /// SIP URI that invitations of home users go to; none: the I-CSCF of this process, if there is one.
    pub entry: Option<String>,
    /// Domains whose users may be called; none: any.
    pub domains: Vec<String>,
    /// Address of its media; none: that of the first place it listens at.
    pub media: Option<IpAddr>,
    /// First and last of its media ports.
    pub ports: (u16, u16),
    /// The groups.
    pub groups: Vec<ImsGroup>,
    /// Milliseconds of silence that free the floor; 0: all are heard.
    pub floor_ms: u32,
    /// Milliseconds of what was said last that a UE gets which comes back to unicast.
    pub replay_ms: u32,
    /// Service areas of cells.
    pub cells: Vec<CellAreasSection>,
    /// When a group session gets a bearer.
    pub rule: BearerRule,
    /// Its Origin-Host on MB2-C; none: its name without a port.
    pub origin_host: Option<String>,
    /// The BM-SC; none: that of this process, if there is one, else everything is unicast.
    pub bmsc: Option<PeerSection>,
    /// Where MB2-U comes from.
    pub mb2u: SocketAddr,
    /// What it assigns itself; none: the BM-SC does.
    pub assigns: Option<AssignsSection>,
    /// Seconds between heartbeats; 0: none.
    pub heartbeat_s: u32,
    /// Seconds until a refused bearer is asked for again.
    pub retry_s: u32,
}

impl Default for ImsAsSection {
    fn default() -> Self {
        Self {
            name: None,
            listen: both(5130),
            trusted: Vec::new(),
            entry: None,
            domains: Vec::new(),
            media: None,
            // 64 members.
            ports: (49280, 49407),
            groups: Vec::new(),
            floor_ms: 1000,
            replay_ms: 2000,
            cells: Vec::new(),
            rule: BearerRule::default(),
            origin_host: None,
            bmsc: None,
            mb2u: loopback(49408),
            assigns: None,
            heartbeat_s: 60,
            retry_s: 5,
        }
    }
}

/// Service areas of a cell.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellAreasSection {
    /// The cell as `utran-cell-id-3gpp` names it (TS 24.229 clause 7.2A.4): `0010100a101a2b3c`.
    pub cell: String,
    /// Service area identities.
    pub areas: Vec<u16>,
}

/// TMGIs, multicast addresses and the port that an AS assigns.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignsSection {
    /// Mobile country code and mobile network code.
    pub plmn: (String, String),
    /// First and last MBMS service id.
    pub service_ids: (u32, u32),
    /// First and last multicast address.
    pub addresses: (Ipv4Addr, Ipv4Addr),
    /// The port on each of them.
    pub port: u16,
}
