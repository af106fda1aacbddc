//! `[mbms_gw]`, `[mce]` and `[[enb]]`: the MBMS nodes between a BM-SC and the air.

use std::net::{Ipv4Addr, SocketAddr};

use serde::Deserialize;

use super::{PeerSection, loopback};

/// Settings of the MBMS-GW.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MbmsGwSection {
    /// Its Origin-Host; none: `mbms-gw` in the domain.
    pub origin_host: Option<String>,
    /// Where it takes Diameter.
    pub listen: Vec<SocketAddr>,
    /// BM-SCs besides that of this process.
    pub peers: Vec<PeerSection>,
    /// Whether BM-SCs may connect that are not known.
    pub accept_unknown: bool,
    /// Where MCEs come to.
    pub m3: Vec<SocketAddr>,
    /// Where SGi-mb comes to.
    pub sgi_mb: Ipv4Addr,
    /// First and last UDP port of SGi-mb: one for each session, all of them are open from the start.
    pub sgi_mb_ports: (u16, u16),
    /// Where M1 comes from, and over whose interface it goes.
    pub m1_source: Ipv4Addr,
    /// First and last group of IP multicast on M1, one for each session.
    pub m1_groups: (Ipv4Addr, Ipv4Addr),
    /// How many routers M1 may pass, and one more.
    pub m1_ttl: u8,
    /// Milliseconds that MCEs may take to answer.
    pub m3_timeout_ms: u32,
    /// Seconds that a BM-SC which has restarted may take to say which sessions go on.
    pub restoration_s: u32,
    /// Seconds that a session may be without any MCE until the BM-SC is told that it is over.
    pub mce_loss_s: u32,
}

impl Default for MbmsGwSection {
    fn default() -> Self {
        Self {
            origin_host: None,
            listen: vec![loopback(3899)],
            peers: Vec::new(),
            accept_unknown: false,
            m3: vec![loopback(36_444)],
            sgi_mb: Ipv4Addr::LOCALHOST,
            sgi_mb_ports: (24_064, 24_127),
            m1_source: Ipv4Addr::LOCALHOST,
            m1_groups: ([232, 46, 0, 0].into(), [232, 46, 255, 255].into()),
            m1_ttl: 1,
            m3_timeout_ms: 3000,
            restoration_s: 60,
            mce_loss_s: 60,
        }
    }
}

/// Settings of the MCE.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MceSection {
    /// Its identity in the network.
    pub id: u16,
    /// Its name, for humans.
    pub name: String,
    /// Mobile country code and mobile network code.
    pub plmn: (String, String),
    /// M3 of its MBMS-GW; none: that of this process.
    pub gateway: Option<SocketAddr>,
    /// Where eNBs come to; M3 comes from the address of the first.
    pub m2: Vec<SocketAddr>,
    /// MBSFN areas.
    pub areas: Vec<MbsfnAreaSection>,
    /// QCIs that are served.
    pub classes: Vec<QosClassSection>,
    /// Milliseconds that eNBs may take to answer.
    pub m2_timeout_ms: u32,
    /// Seconds that sessions go on without the MBMS-GW.
    pub orphan_s: u32,
}

impl Default for MceSection {
    fn default() -> Self {
        let class =
            |qci, max_mcs, nominal_rate| QosClassSection { qci, max_mcs, max_scheduling_period: 64, nominal_rate };
        Self {
            id: 1,
            name: "castbench".to_owned(),
            plmn: ("001".to_owned(), "01".to_owned()),
            gateway: None,
            m2: vec![loopback(36_443)],
            areas: vec![MbsfnAreaSection::default()],
            classes: vec![class(1, 20, None), class(4, 28, None), class(9, 28, Some(100_000))],
            m2_timeout_ms: 1000,
            orphan_s: 30,
        }
    }
}

/// An MBSFN area. Bitmaps are of the subframes 1, 2, 3, 6, 7 and 8 of a radio frame, or of four of them.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MbsfnAreaSection {
    /// Its identity on the air.
    pub id: u8,
    /// MBMS service area identities that it serves.
    pub service_areas: Vec<u16>,
    /// Symbols of the non-MBSFN region.
    pub non_mbsfn_symbols: u8,
    /// Radio frames between two MCCH messages.
    pub mcch_repetition: u16,
    /// Radio frame of the period that has the MCCH.
    pub mcch_offset: u8,
    /// Radio frames between two changes of the MCCH.
    pub mcch_modification: u16,
    /// Its subframes.
    pub mcch_subframes: String,
    /// MCS of the MCCH: 2, 7, 13 or 19.
    pub mcch_mcs: u8,
    /// Subframes of the area.
    pub subframes: Vec<SubframesSection>,
    /// Radio frames in which PMCHs share them.
    pub period: u16,
    /// PMCHs, in the order of their subframes.
    pub pmchs: Vec<PmchSection>,
}

impl Default for MbsfnAreaSection {
    fn default() -> Self {
        let service_areas = Vec::new();
        let pmch = PmchSection { service_areas, subframes_end: 95, mcs: 9, scheduling_period: 32, capacity: 1_000_000 };
        Self {
            id: 1,
            service_areas: vec![1],
            non_mbsfn_symbols: 2,
            mcch_repetition: 32,
            mcch_offset: 0,
            mcch_modification: 512,
            mcch_subframes: "100000".to_owned(),
            mcch_mcs: 2,
            subframes: vec![SubframesSection { period: 1, offset: 0, bits: "111111".to_owned() }],
            period: 16,
            pmchs: vec![pmch],
        }
    }
}

/// Subframes of an MBSFN area.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubframesSection {
    /// Radio frames from one to the next that has them.
    #[serde(default = "one")]
    pub period: u16,
    /// The first that has them.
    #[serde(default)]
    pub offset: u8,
    /// Which: 6 bits, or 24 of four radio frames.
    pub bits: String,
}

const fn one() -> u16 {
    1
}

/// A PMCH.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PmchSection {
    /// MBMS service area identities that it is reserved for; none: for all of its area.
    #[serde(default)]
    pub service_areas: Vec<u16>,
    /// Its last subframe in the period of the area.
    pub subframes_end: u16,
    /// MCS of its data.
    pub mcs: u8,
    /// MCH scheduling period in radio frames.
    pub scheduling_period: u16,
    /// Bit/s of sessions that it carries: its transport blocks without what MCCH, MSI and headers take.
    pub capacity: u64,
}

/// A QCI.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QosClassSection {
    /// Which.
    pub qci: u8,
    /// Highest MCS of a PMCH that is robust enough for its loss rate.
    pub max_mcs: u8,
    /// Longest MCH scheduling period that its delay allows, in radio frames.
    pub max_scheduling_period: u16,
    /// Bit/s that a session of it takes; none: what it is guaranteed.
    pub nominal_rate: Option<u64>,
}

/// Settings of an eNB.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnbSection {
    /// Its name, for humans, logs and captures: one of its own.
    pub name: String,
    /// Macro eNB identity.
    pub id: u32,
    /// Mobile country code and mobile network code.
    pub plmn: (String, String),
    /// M2 of its MCE; none: that of this process.
    pub mce: Option<SocketAddr>,
    /// Own address: M2 comes from it, and M1 is heard on its interface.
    pub address: Ipv4Addr,
    /// Its cells.
    pub cells: Vec<CellSection>,
    /// MBSFN synchronisation area.
    pub synchronisation_area: u16,
    /// Milliseconds from M1 to the air that it takes itself.
    pub processing_ms: u32,
}

impl Default for EnbSection {
    fn default() -> Self {
        Self {
            name: "enb".to_owned(),
            id: 1,
            plmn: ("001".to_owned(), "01".to_owned()),
            mce: None,
            address: Ipv4Addr::LOCALHOST,
            cells: vec![CellSection { id: 0, service_areas: vec![1] }],
            synchronisation_area: 0,
            processing_ms: 5,
        }
    }
}

/// A cell of an eNB.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellSection {
    /// Its number at the eNB: the last octet of the E-UTRAN cell identity.
    pub id: u8,
    /// MBMS service area identities that it is in.
    pub service_areas: Vec<u16>,
}
