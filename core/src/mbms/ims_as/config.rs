//! Settings of an IMS AS.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use protocol::Plmn;
use protocol::diameter::DiameterConfig;
use protocol::sip::{EutranCell, HostTable, SessionSettings, SipTimers, Transport};
use serde::Deserialize;

use crate::ims::TrustedPeer;
use crate::ims::service::Reach;

/// Settings of an IMS AS.
#[derive(Clone, Debug)]
pub struct ImsAsConfig {
    /// Host, or host and port, of the URIs of its groups.
    pub name: String,
    /// Its sockets for SIP.
    pub local: Vec<(Transport, SocketAddr)>,
    /// Addresses of hosts.
    pub hosts: HostTable,
    /// SIP timers.
    pub timers: SipTimers,
    /// Boxes of the trust domain; none: all.
    pub trusted: Vec<TrustedPeer>,
    /// SIP URI of the I-CSCF, or of a proxy, that invitations for users of `domains` take.
    pub entry: Option<String>,
    /// The home domains.
    pub domains: Vec<String>,
    /// Who may be called.
    pub reach: Reach,
    /// Address of its media.
    pub media: IpAddr,
    /// First and last of its media ports. Even ones are for RTP.
    pub ports: (u16, u16),
    /// How sessions are held.
    pub session: SessionSettings,
    /// The groups.
    pub groups: Vec<ImsGroup>,
    /// A group session ends after this time in any case.
    pub longest: Duration,
    /// Who speaks has the floor until it has been silent for this time, and others are not heard; none: all are heard.
    pub floor: Option<Duration>,
    /// A UE that comes back from a bearer to unicast is sent again what is not older than this.
    pub replay: Duration,
    /// The service areas of cells.
    pub cells: Vec<CellAreas>,
    /// When a group session gets an MBMS bearer.
    pub rule: BearerRule,
    /// MBMS bearers; none: everything is unicast.
    pub mb2: Option<Mb2Config>,
    /// UTC in milliseconds at the start of the run.
    pub utc_ms_at_zero: u64,
}

impl ImsAsConfig {
    /// An AS at `local` for the users of `domain`, the URIs of whose groups have the host `name`.
    #[must_use]
    pub fn new(name: &str, domain: &str, local: SocketAddr) -> Self {
        Self {
            name: name.to_owned(),
            local: vec![(Transport::Udp, local), (Transport::Tcp, local)],
            hosts: HostTable::new(),
            timers: SipTimers::default(),
            trusted: Vec::new(),
            entry: None,
            domains: vec![domain.to_owned()],
            reach: Reach::default(),
            media: local.ip(),
            ports: PORTS,
            session: SessionSettings { reliable_provisional: false, ..SessionSettings::default() },
            groups: Vec::new(),
            longest: Duration::from_secs(86_400),
            floor: Some(Duration::from_secs(1)),
            replay: Duration::from_secs(2),
            cells: Vec::new(),
            rule: BearerRule::default(),
            mb2: None,
            utc_ms_at_zero: 0,
        }
    }
}

/// A group: a URI, and who is in it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImsGroup {
    /// User part of its URI.
    pub user: String,
    /// Public identities of its members.
    pub members: Vec<String>,
    /// The other members are called as soon as one calls the group; else each of them calls.
    #[serde(default)]
    pub dial_out: bool,
    /// The session ends when the one leaves who has begun it; else when the last one does.
    #[serde(default)]
    pub ends_with_first: bool,
    /// What may be spoken, the best first. All members of a session have the same: RTP is carried untouched.
    #[serde(default = "GroupCodec::g711")]
    pub codecs: Vec<GroupCodec>,
    /// QCI of its bearers (TS 23.203 table 6.1.7).
    #[serde(default = "conversational")]
    pub qci: u32,
    /// Allocation and retention priority of its bearers, 1 (highest) to 15.
    #[serde(default = "middle")]
    pub priority: u8,
    /// Its bearers may take what others have.
    #[serde(default)]
    pub may_preempt: bool,
    /// Others may take what its bearers have.
    #[serde(default = "yes")]
    pub preemptable: bool,
}

impl ImsGroup {
    /// A group whose members are called, with G.711.
    #[must_use]
    pub fn new(user: &str, members: Vec<String>) -> Self {
        Self {
            user: user.to_owned(),
            members,
            dial_out: true,
            ends_with_first: false,
            codecs: GroupCodec::g711(),
            qci: conversational(),
            priority: middle(),
            may_preempt: false,
            preemptable: true,
        }
    }
}

/// A codec of a group.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupCodec {
    /// RTP payload type, the same at all members.
    pub payload_type: u8,
    /// As in `a=rtpmap`: `AMR-WB/16000`.
    pub encoding: String,
    /// As in `a=fmtp`, without the payload type.
    #[serde(default)]
    pub parameters: Option<String>,
    /// What a bearer for it guarantees, IP, UDP and RTP headers included, bit/s.
    pub bit_rate: u32,
}

impl GroupCodec {
    /// A-law and mu-law in packets of 20 ms: 160 octets and 40 of headers, 50 times a second.
    #[must_use]
    pub fn g711() -> Vec<Self> {
        let codec = |payload_type, encoding: &str| Self {
            payload_type,
            encoding: encoding.to_owned(),
            parameters: None,
            bit_rate: 80_000,
        };
        vec![codec(8, "PCMA/8000"), codec(0, "PCMU/8000")]
    }
}

/// Service areas of a cell (TS 23.003 clause 15.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CellAreas {
    /// The cell as P-Access-Network-Info names it; its tracking area code does not matter.
    pub cell: EutranCell,
    /// Service area identities whose bearers can be received in it.
    pub areas: Vec<u16>,
}

/// When a group session gets an MBMS bearer in a service area, and when it loses it: see the module.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BearerRule {
    /// What a UE costs over unicast.
    pub unicast_cost: u32,
    /// What a bearer costs in a service area.
    pub bearer_cost: u32,
    /// By so much the one has to be above the other to change anything.
    pub margin: u32,
    /// It has to be so for so long before a bearer begins, milliseconds.
    pub start_after_ms: u64,
    /// Or ends.
    pub stop_after_ms: u64,
}

impl Default for BearerRule {
    fn default() -> Self {
        Self { unicast_cost: 1, bearer_cost: 3, margin: 0, start_after_ms: 0, stop_after_ms: 10_000 }
    }
}

/// MB2 towards a BM-SC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mb2Config {
    /// Diameter; the BM-SC is one of the peers. The application is MB2-C, whatever is in there.
    pub diameter: DiameterConfig,
    /// Origin-Host of the BM-SC.
    pub bmsc: String,
    /// Its realm.
    pub realm: String,
    /// Where MB2-U comes from, and the multicast datagrams within.
    pub local: SocketAddr,
    /// Who assigns TMGIs, multicast addresses and ports.
    pub allocation: Mb2Allocation,
    /// What has failed is tried again after this time.
    pub retry: Duration,
    /// Time between heartbeats; none: none are sent.
    pub heartbeat: Option<Duration>,
}

impl Mb2Config {
    /// The BM-SC `bmsc` of the same realm assigns everything.
    #[must_use]
    pub fn new(diameter: DiameterConfig, bmsc: &str, own: IpAddr) -> Self {
        Self {
            bmsc: bmsc.to_owned(),
            realm: diameter.origin_realm.clone(),
            local: SocketAddr::new(own, MB2_U_PORT),
            allocation: Mb2Allocation::BmscAssigns,
            retry: Duration::from_secs(5),
            heartbeat: Some(Duration::from_secs(60)),
            diameter,
        }
    }
}

/// Who assigns TMGIs, multicast addresses and ports (TR 23.847 clause 2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mb2Allocation {
    /// The BM-SC.
    BmscAssigns,
    /// The AS, out of these; the BM-SC is told, and may refuse what somebody else has.
    AsAssigns {
        /// Of the TMGIs.
        plmn: Plmn,
        /// MBMS service ids.
        service_ids: RangeInclusive<u32>,
        /// Multicast addresses.
        addresses: RangeInclusive<Ipv4Addr>,
        /// The port on each of them.
        port: u16,
    },
}

/// RFC 6335 clause 6: dynamic ports.
const PORTS: (u16, u16) = (49152, 53247);
/// Ours: TS 29.468 leaves the source of MB2-U to the GCS AS.
const MB2_U_PORT: u16 = 49150;

const fn conversational() -> u32 {
    1
}

const fn middle() -> u8 {
    8
}

const fn yes() -> bool {
    true
}
