//! MBMS-GW, MCE and eNBs as `[mbms_gw]`, `[mce]` and `[[enb]]` want them.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::diameter::PeerConfig;
use protocol::diameter::mbms::Ecgi;
use protocol::m2ap::{
    self, CommonSubframeAllocationPeriod, EnbId, EnbMbmsConfiguration, GlobalEnbId, M2apPdu, MbsfnAreaConfiguration,
    MbsfnAreaId, MbsfnSubframeConfiguration, McchRelatedBcchConfig, McchUpdateTime, PmchConfiguration, PmchItem,
    PmchSession, RadioframeAllocationPeriod, ServiceAreaId, SubframeAllocation, SynchronisationAreaId,
};
use protocol::m3ap::GlobalMceId;
use protocol::{Entropy, GTPU_PORT, Plmn, Tmgi};

use super::{LiveError, Nodes, any};
use crate::mbms::{
    EnbNode, EnbNodeConfig, MbmsGwNode, MbmsGwNodeConfig, MbsfnArea, MceNode, MceNodeConfig, PmchCapacity, QosClass,
    Rate,
};
use crate::net::{M2AP_PROTOCOL, M3AP_PROTOCOL, Multicast, Sockets, StreamKind};
use crate::process::config::{CellSection, MbsfnAreaSection, NodeKind, PmchSection, QosClassSection, SubframesSection};

impl Nodes<'_> {
    pub(super) fn mbms_gw_name(&self) -> String {
        self.config.mbms_gw.origin_host.clone().unwrap_or_else(|| self.in_domain("mbms-gw"))
    }

    pub(super) fn mbms_gw(&self, entropy: Entropy) -> MbmsGwNode {
        let (section, domain) = (&self.config.mbms_gw, &self.config.domain);
        let address = section.listen.first().map_or_else(|| any().ip(), SocketAddr::ip);
        let mut diameter = self.plain_diameter(&self.mbms_gw_name(), address);
        diameter.peers = section.peers.iter().map(|peer| peer.to_peer(domain)).collect();
        diameter.accept_unknown = section.accept_unknown;
        if self.config.runs(NodeKind::Bmsc) {
            diameter.peers.push(PeerConfig { host: self.bmsc_name(), realm: domain.clone(), connect: None });
        }
        let groups = section.m1_groups.0..=section.m1_groups.1;
        MbmsGwNode::new(
            MbmsGwNodeConfig {
                sgi_mb_ports: section.sgi_mb_ports.0..=section.sgi_mb_ports.1,
                m1_source: section.m1_source,
                m3_timeout: Duration::from_millis(section.m3_timeout_ms.into()),
                restoration: Duration::from_secs(section.restoration_s.into()),
                mce_loss: Duration::from_secs(section.mce_loss_s.into()),
                ..MbmsGwNodeConfig::new(diameter, section.sgi_mb, groups)
            },
            entropy,
        )
    }

    /// M3, SGi-mb and M1 of the gateway.
    pub(super) fn mbms_gw_sockets(&self) -> Sockets {
        let section = &self.config.mbms_gw;
        let ports = section.sgi_mb_ports.0..=section.sgi_mb_ports.1;
        let sgi_mb = ports.map(|port| SocketAddr::from((section.sgi_mb, port)));
        Sockets {
            diameter: section.listen.clone(),
            streams: section.m3.clone(),
            stream_kind: StreamKind::Sctp { taken: M3AP_PROTOCOL, opened: M3AP_PROTOCOL },
            media: sgi_mb.chain([SocketAddr::from((section.m1_source, GTPU_PORT))]).collect(),
            multicast: Multicast { port: None, interface: section.m1_source, ttl: section.m1_ttl },
            ..Sockets::default()
        }
    }

    pub(super) fn mce(&self) -> Result<MceNode, LiveError> {
        let section = &self.config.mce;
        let own = self.config.mbms_gw.m3.first().copied();
        let gateway = section.gateway.or(own).ok_or_else(|| wrong("mce", "gateway is not given"))?;
        let areas: Vec<_> = section.areas.iter().map(area).collect::<Result<_, _>>()?;
        let class = |class: &QosClassSection| QosClass {
            qci: class.qci,
            max_mcs: class.max_mcs,
            max_scheduling_period_rf: class.max_scheduling_period,
            rate: class.nominal_rate.map_or(Rate::Guaranteed, Rate::Nominal),
        };
        let classes = section.classes.iter().map(class).collect();
        let id = GlobalMceId { plmn: plmn("mce", &section.plmn)?, mce: section.id, extended: None };
        Ok(MceNode::new(MceNodeConfig {
            name: section.name.clone(),
            m2_timeout: Duration::from_millis(section.m2_timeout_ms.into()),
            orphan_time: Duration::from_secs(section.orphan_s.into()),
            ..MceNodeConfig::new(id, gateway, areas, classes)
        }))
    }

    pub(super) fn mce_sockets(&self) -> Sockets {
        Sockets {
            streams: self.config.mce.m2.clone(),
            stream_kind: StreamKind::Sctp { taken: M2AP_PROTOCOL, opened: M3AP_PROTOCOL },
            ..Sockets::default()
        }
    }

    pub(super) fn enb(&self, number: usize) -> Result<EnbNode, LiveError> {
        let section = self.config.enb.get(number).ok_or_else(|| wrong("enb", "there is no such one"))?;
        let own = self.config.mce.m2.first().copied();
        let mce = section.mce.or(own).ok_or_else(|| wrong("enb", "mce is not given"))?;
        let plmn = plmn("enb", &section.plmn)?;
        if section.id >= 1 << 20 {
            return Err(wrong("enb", "id has 20 bits"));
        }
        let cell = |cell: &CellSection| EnbMbmsConfiguration {
            cell: Ecgi { plmn, cell: section.id << 8 | u32::from(cell.id) },
            synchronisation_area: SynchronisationAreaId(section.synchronisation_area),
            areas: cell.service_areas.iter().map(|area| ServiceAreaId(*area)).collect(),
        };
        let cells: Vec<_> = section.cells.iter().map(cell).collect();
        let id = GlobalEnbId { plmn, id: EnbId::Macro(section.id) };
        let setup = m2ap::M2SetupRequest { enb: id.clone(), name: None, cells: cells.clone() };
        M2apPdu::M2SetupRequest(setup).emit().map_err(|e| wrong("enb", &format!("{}: {e}", section.name)))?;
        let mut config = EnbNodeConfig::new(id, cells, mce);
        config.name.clone_from(&section.name);
        config.has_radio = false;
        config.agent.processing_time = Duration::from_millis(section.processing_ms.into());
        Ok(EnbNode::new(config))
    }

    pub(super) fn enb_sockets(&self, number: usize) -> Sockets {
        let address = self.config.enb.get(number).map(|section| section.address);
        Sockets {
            stream_kind: StreamKind::Sctp { taken: M2AP_PROTOCOL, opened: M2AP_PROTOCOL },
            stream_source: address.map(Into::into),
            multicast: Multicast {
                port: Some(GTPU_PORT),
                interface: address.unwrap_or_else(|| Multicast::default().interface),
                ttl: 1,
            },
            ..Sockets::default()
        }
    }
}

fn wrong(section: &str, what: &str) -> LiveError {
    LiveError::Settings(format!("{section}: {what}"))
}

pub(super) fn plmn(section: &str, (mcc, mnc): &(String, String)) -> Result<Plmn, LiveError> {
    Plmn::new(mcc, mnc).ok_or_else(|| wrong(section, "plmn is three digits and two or three"))
}

/// An MBSFN area, as far as what is said of it can be said on M2.
fn area(section: &MbsfnAreaSection) -> Result<MbsfnArea, LiveError> {
    let named = |what: &str| wrong(&format!("mce: MBSFN area {}", section.id), what);
    let subframes: Vec<_> = section.subframes.iter().map(subframes).collect::<Result<_, _>>()?;
    let period = CommonSubframeAllocationPeriod::from_frames(section.period);
    let area = MbsfnArea {
        service_areas: section.service_areas.iter().copied().collect(),
        bcch: McchRelatedBcchConfig {
            area: MbsfnAreaId(section.id),
            pdcch_length: section.non_mbsfn_symbols,
            repetition_period: section.mcch_repetition,
            offset: section.mcch_offset,
            modification_period: section.mcch_modification,
            subframes: bits(&section.mcch_subframes, 6).ok_or_else(|| named("mcch_subframes is six bits"))? as u8,
            mcs: section.mcch_mcs,
            cells: Vec::new(),
        },
        subframes,
        period: period.ok_or_else(|| named("period is 4, 8, ... 256 radio frames"))?,
        pmchs: section.pmchs.iter().map(pmch).collect(),
    };
    sayable(&area).map_err(|why| named(&why))?;
    Ok(area)
}

/// Whether M2AP has values for all of it.
fn sayable(area: &MbsfnArea) -> Result<(), String> {
    let plmn = Plmn::new("001", "01").ok_or("no PLMN")?;
    let mce = m2ap::GlobalMceId { plmn, mce: m2ap::MceId(0) };
    let setup = m2ap::M2SetupResponse { mce, name: None, bcch: vec![area.bcch.clone()], diagnostics: None };
    let session = PmchSession { tmgi: Tmgi { service_id: [0; 3], plmn }, lcid: 1 };
    let pmchs = area.pmchs.iter().map(|pmch| PmchItem { configuration: pmch.configuration, sessions: vec![session] });
    let pmchs = pmchs.collect();
    let areas = vec![MbsfnAreaConfiguration {
        area: area.bcch.area,
        pmchs,
        subframes: area.subframes.clone(),
        period: area.period,
        suspensions: None,
    }];
    let scheduling = m2ap::MbmsSchedulingInformation { update_time: McchUpdateTime(0), areas };
    for pdu in [M2apPdu::M2SetupResponse(setup), M2apPdu::MbmsSchedulingInformation(scheduling)] {
        pdu.emit().map_err(|e| e.to_string())?;
    }
    let last = area.pmchs.iter().map(|pmch| pmch.configuration.allocated_subframes_end);
    let rises = last.clone().zip(last.skip(1)).all(|(one, next)| one < next);
    if rises { Ok(()) } else { Err("subframes_end rises from one PMCH to the next".to_owned()) }
}

fn subframes(section: &SubframesSection) -> Result<MbsfnSubframeConfiguration, LiveError> {
    let period = RadioframeAllocationPeriod::from_frames(section.period)
        .ok_or_else(|| wrong("mce", "period of subframes is 1, 2, ... 32 radio frames"))?;
    let one = bits(&section.bits, 6).map(|bits| SubframeAllocation::OneFrame(bits as u8));
    let four = bits(&section.bits, 24).map(SubframeAllocation::FourFrames);
    let allocation = one.or(four).ok_or_else(|| wrong("mce", "bits of subframes are 6 or 24, as in \"111111\""))?;
    Ok(MbsfnSubframeConfiguration { period, offset: section.offset, allocation })
}

fn bits(text: &str, count: usize) -> Option<u32> {
    u32::from_str_radix(text, 2).ok().filter(|_| text.len() == count)
}

fn pmch(section: &PmchSection) -> PmchCapacity {
    PmchCapacity {
        service_areas: section.service_areas.iter().copied().collect(),
        configuration: PmchConfiguration {
            allocated_subframes_end: section.subframes_end,
            data_mcs: section.mcs,
            scheduling_period: section.scheduling_period,
            higher_mcs: None,
        },
        capacity: section.capacity,
    }
}
