//! `[[mc_server]]`: MC service servers, several of them in one process.

use std::net::{IpAddr, SocketAddr};

use serde::Deserialize;

use super::{AssignsSection, CellAreasSection, PeerSection, Place, both, loopback};
use crate::ims::TrustedPeer;
use crate::mbms::{BearerRule, GroupCodec};
use crate::mc::{Announcer, BearerSettings, Insufficient, McGroup, McSubscriber, PlannedBearer};

/// Settings of an MC service server.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct McServerSection {
    /// Host of its public service identity `sip:NAME`; none: `mc1`, `mc2`... in the domain, in their order.
    pub name: Option<String>,
    /// Where it listens.
    pub listen: Vec<Place>,
    /// CSCFs and servers whose asserted identities it believes; none: everybody's, which only loopback addresses may be told.
    pub trusted: Vec<TrustedPeer>,
    /// SIP URI that invitations of home users go to; none: the I-CSCF of this process, if there is one.
    pub entry: Option<String>,
    /// Domains whose users may be called; none: any.
    pub domains: Vec<String>,
    /// Address of its media; none: that of the first place it listens at.
    pub media: Option<IpAddr>,
    /// First and last of its media ports: four for each leg, every other one is used.
    pub ports: (u16, u16),
    /// Whether users show tokens of the identity server; none: if one runs here.
    pub tokens: Option<bool>,
    /// Names of the other servers; those of this process are known.
    pub servers: Vec<String>,
    /// The users of all servers.
    pub users: Vec<McSubscriber>,
    /// The groups of all servers.
    pub groups: Vec<McGroup>,
    /// Floor control.
    pub floor: McFloorSection,
    /// Seconds that an affiliation lasts.
    pub affiliation_s: u32,
    /// Groups that a user is affiliated to at a time.
    pub affiliations: usize,
    /// MBMS bearers; none: everything is unicast.
    pub mbms: Option<McMbmsSection>,
}

impl Default for McServerSection {
    fn default() -> Self {
        Self {
            name: None,
            listen: both(5140),
            trusted: Vec::new(),
            entry: None,
            domains: Vec::new(),
            media: None,
            // 64 legs.
            ports: (49_500, 49_755),
            tokens: None,
            servers: Vec::new(),
            users: Vec::new(),
            groups: Vec::new(),
            floor: McFloorSection::default(),
            affiliation_s: 86_400,
            affiliations: 64,
            mbms: None,
        }
    }
}

/// Timers and limits of floor control (TS 24.380 clause 11.1.3).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct McFloorSection {
    /// T1 (End of RTP media).
    pub end_of_media_ms: u32,
    /// T2 (Stop talking).
    pub stop_talking_s: u16,
    /// T4 (Inactivity).
    pub inactivity_s: u32,
    /// Requests that wait at most.
    pub queue: usize,
    /// Priority from which on a request takes the floor from a lower one.
    pub preempts_from: u8,
}

impl Default for McFloorSection {
    fn default() -> Self {
        Self { end_of_media_ms: 4000, stop_talking_s: 30, inactivity_s: 30, queue: 16, preempts_from: 255 }
    }
}

/// `[mc_server.mbms]`: its bearers and how it shares them (TS 23.280 clause 10.7.3).
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct McMbmsSection {
    /// Its Origin-Host on MB2-C; none: its name without a port.
    pub origin_host: Option<String>,
    /// The BM-SC; none: that of this process, if there is one, else it has bearers of other servers only.
    pub bmsc: Option<PeerSection>,
    /// Where MB2-U comes from.
    pub mb2u: SocketAddr,
    /// TMGIs and addresses that it assigns itself; none: the BM-SC does.
    pub assigns: Option<AssignsSection>,
    /// First and last port that other servers send it media at.
    pub ports: (u16, u16),
    /// Service areas of cells.
    pub cells: Vec<CellAreasSection>,
    /// When a group gets a bearer.
    pub rule: BearerRule,
    /// Bearers that are there from the start.
    pub bearers: Vec<PlannedBearer>,
    /// What a bearer is like that the rule asks for.
    pub wanted: BearerSettings,
    /// What may be spoken over a bearer.
    pub codecs: Vec<GroupCodec>,
    /// Names of the servers that are asked for bearers.
    pub discover: Vec<String>,
    /// Names of the servers whose requests are served, beside those of `discover`; none: all of `servers`.
    pub peers: Vec<String>,
    /// It has the MBMS bearer control role for its bearers.
    pub controls: bool,
    /// It makes the bearers that others ask it for.
    pub central: bool,
    /// What a call does that a bearer has no bandwidth for: `unicast` or `duplicate`.
    pub insufficient: Insufficient,
    /// Who announces bearers of other servers: `own` or `controlling`.
    pub announces: Announcer,
    /// Milliseconds that another server is waited for.
    pub patience_ms: u32,
    /// Milliseconds that a reservation holds which is not renewed.
    pub lease_ms: u32,
    /// T15: milliseconds of silence after which a subchannel is unmapped.
    pub conversation_ms: u32,
    /// T16: milliseconds between two Map Group To Bearer.
    pub map_repeat_ms: u32,
    /// T17: milliseconds between two Unmap Group To Bearer.
    pub unmap_repeat_ms: u32,
    /// Milliseconds of what was said last that a user gets who comes back to unicast.
    pub replay_ms: u32,
    /// Seconds until a refused bearer is asked for again.
    pub retry_s: u32,
    /// Seconds between heartbeats on MB2-C; 0: none.
    pub heartbeat_s: u32,
}

impl Default for McMbmsSection {
    fn default() -> Self {
        Self {
            origin_host: None,
            bmsc: None,
            mb2u: loopback(49_756),
            assigns: None,
            ports: (49_758, 49_789),
            cells: Vec::new(),
            rule: BearerRule::default(),
            bearers: Vec::new(),
            wanted: BearerSettings::default(),
            codecs: GroupCodec::g711(),
            discover: Vec::new(),
            peers: Vec::new(),
            controls: true,
            central: false,
            insufficient: Insufficient::default(),
            announces: Announcer::default(),
            patience_ms: 2000,
            lease_ms: 10_000,
            conversation_ms: 5000,
            map_repeat_ms: 500,
            unmap_repeat_ms: 200,
            replay_ms: 2000,
            retry_s: 5,
            heartbeat_s: 60,
        }
    }
}
