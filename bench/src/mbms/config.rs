//! From a scenario to the settings of the MBMS nodes: BM-SC, MBMS-GW, MCE and eNB (TS 23.246 clause 4.2.2, TS 36.300 clause
//! 15.1.1).
//!
//! Each MCH has an MBMS service area identity of its own, for which its PMCH is reserved: who names a service area names an
//! MCH, and a session that gets another service area moves to another MCH.
//!
//! Each system of a scenario has nodes of its own, for the areas of its cells: the networks of all systems share the one carrier,
//! whose system information names them (network sharing, TS 23.251 clause 4.2.2).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use core_network::{
    BmscNodeConfig, EnbAgentConfig, EnbNodeConfig, GatewayConfig, MbmsGwNodeConfig, MceNodeConfig, MceNotification,
    OnAirFrom, PmchCapacity, ProviderConfig, ProvisioningConfig, QosClass, Rate, XmbConfig,
};
use protocol::diameter::mbms::Ecgi;
use protocol::diameter::{DiameterConfig, PeerConfig};
use protocol::m2ap::{
    CommonSubframeAllocationPeriod, EnbId, EnbMbmsConfiguration, GlobalEnbId, MbsfnAreaId, MbsfnSubframeConfiguration,
    McchRelatedBcchConfig, PmchConfiguration, RadioframeAllocationPeriod, ServiceAreaId, SubframeAllocation,
    SynchronisationAreaId,
};
use protocol::m3ap::GlobalMceId;
use protocol::{Plmn, SyncPlan, Tmgi};
use radio::McsTable;

use super::provider::XMB_PORT;
use crate::capacity::Capacity;
use crate::errors::CommandError;
use crate::scenario::{MbsfnArea, Mch, Scenario, name_in};
use crate::setup::{self, CELL_IDENTITY};

/// Names of the boxes.
pub(crate) const BMSC: &str = "BM-SC";
pub(crate) const MBMS_GW: &str = "MBMS-GW";
pub(crate) const MCE: &str = "MCE";
pub(crate) const ENB: &str = "eNB";
pub(crate) const PROVIDER: &str = "content provider";

/// Where they are in the first system.
pub(crate) const BMSC_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 46, 0, 31);
const MBMS_GW_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 46, 0, 32);
const MCE_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 46, 0, 33);
const ENB_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 47, 1, 1);
pub(crate) const PROVIDER_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 46, 0, 41);

/// Their realm in the first system and the names they have in Diameter.
const REALM: &str = "mbms.test";
const BMSC_LABEL: &str = "bmsc";
const MBMS_GW_LABEL: &str = "mbms-gw";
/// Networks of 10.0.0.0/8 that each system has, as its IMS.
const NETWORKS: u8 = 16;
/// IANA.
pub(crate) const DIAMETER_PORT: u16 = 3868;
/// Of M3AP and M2AP over SCTP (IANA).
const M3_PORT: u16 = 36_444;
const M2_PORT: u16 = 36_443;

/// TMGI service identities of a network's BM-SC and its content provider; the seed says where in the PLMN's range they lie.
const SERVICE_IDS: u32 = 0x1000;
/// The last ones of them are those of an application server.
const AS_SERVICE_IDS: u32 = 0x100;
/// Multicast addresses that the BM-SC assigns: administratively scoped (RFC 2365).
const BMSC_GROUPS: RangeInclusive<Ipv4Addr> = Ipv4Addr::new(239, 255, 2, 1)..=Ipv4Addr::new(239, 255, 2, 254);
/// The first one that the content provider has assigned.
const FIRST_GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 1, 1);
/// Ports of user services.
const SERVICE_PORTS: RangeInclusive<u16> = 5000..=5999;
/// Multicast addresses on M1.
const M1_GROUPS: RangeInclusive<Ipv4Addr> = Ipv4Addr::new(232, 0, 1, 1)..=Ipv4Addr::new(232, 0, 8, 254);
/// From BM-SC to eNB, at most.
pub(crate) const M1_TRANSFER_DELAY: Duration = Duration::from_millis(20);
/// An eNB gives an incomplete sequence up this long before it is on the air; less than [`M1_TRANSFER_DELAY`].
const ENB_PROCESSING: Duration = Duration::from_millis(10);
/// What an eNB may hold for one bearer.
const ENB_HELD_OCTETS: usize = 64 << 20;
/// Tw: in memory no peer is lost without a word, and runs may last a month.
const WATCHDOG: Duration = Duration::from_secs(3600);
/// Longer than any run.
const TMGI_LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);
/// QCIs with a guaranteed bit rate, and those without (TS 23.203 table 6.1.7).
const GUARANTEED: [u8; 7] = [1, 2, 3, 4, 65, 66, 75];
const NOT_GUARANTEED: [u8; 8] = [5, 6, 7, 8, 9, 69, 70, 79];
/// What a bearer without guaranteed bit rate is planned for, bit/s.
const NOMINAL_BPS: u64 = 64_000;

/// The service area identity of an MCH: they are counted through, area by area.
pub(crate) fn service_area(scenario: &Scenario, mch: &str) -> Option<u16> {
    let place = scenario.mchs().position(|(.., own)| own.name == mch)?;
    u16::try_from(place + 1).ok()
}

/// Those of all MCHs of the carrier.
pub(crate) fn service_areas(scenario: &Scenario) -> Vec<u16> {
    (1..).zip(scenario.mchs()).map(|(sai, _)| sai).collect()
}

/// The one of the first MCH of an area.
fn first_service_area(scenario: &Scenario, area: usize) -> u16 {
    1 + scenario.areas.iter().take(area).map(|area| area.mchs.len()).sum::<usize>() as u16
}

/// The MBMS nodes of a system: what they are called, and where they are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct MbmsSite {
    /// From 0, the first one.
    number: u8,
    /// The first one has none.
    name: Option<String>,
    /// Its network.
    pub(crate) plmn: Plmn,
}

impl MbmsSite {
    /// Those of a system; none: of the first one.
    pub(crate) fn of(scenario: &Scenario, system: Option<&str>) -> Result<Self, CommandError> {
        let plmn = scenario.plmn(system).ok_or_else(|| CommandError::Bench("a network has no code".into()))?;
        Ok(Self { number: scenario.system_number(system), name: system.map(str::to_owned), plmn })
    }

    /// Those of all systems that have cells with MBMS, the first one first.
    pub(crate) fn all(scenario: &Scenario) -> Result<Vec<Self>, CommandError> {
        let further = scenario.systems.iter().filter(|own| !own.areas.is_empty()).map(|own| Some(own.name.as_str()));
        std::iter::once(None).chain(further).map(|system| Self::of(scenario, system)).collect()
    }

    /// It is that of the content provider.
    pub(crate) fn is_first(&self) -> bool {
        self.number == 0
    }

    pub(crate) fn system(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Name of a box of it.
    pub(crate) fn named(&self, own: &str) -> String {
        name_in(self.system(), own)
    }

    /// Where a box of it is, by its name in the first one.
    pub(crate) fn address(&self, own: &str) -> Option<IpAddr> {
        match address_of(own)? {
            IpAddr::V4(address) => Some(self.moved(address).into()),
            IpAddr::V6(_) => None,
        }
    }

    fn moved(&self, first: Ipv4Addr) -> Ipv4Addr {
        let [a, b, c, d] = first.octets();
        Ipv4Addr::new(a, b + NETWORKS * self.number, c, d)
    }

    fn realm(&self) -> String {
        self.system().map_or_else(|| REALM.to_owned(), |system| format!("{system}.{REALM}"))
    }

    /// What a node of this label is called in Diameter.
    pub(crate) fn host(&self, label: &str) -> String {
        format!("{label}.{}", self.realm())
    }

    pub(crate) fn bmsc_host(&self) -> String {
        self.host(BMSC_LABEL)
    }

    /// The BM-SC as the peer of who makes bearers by it.
    pub(crate) fn bmsc_peer(&self) -> PeerConfig {
        self.peer(BMSC_LABEL, Some(self.moved(BMSC_ADDRESS)))
    }

    /// The peer of a Diameter node; whom it connects to, or whom it waits for.
    fn peer(&self, label: &str, connect: Option<Ipv4Addr>) -> PeerConfig {
        let connect = connect.map(|ip| SocketAddr::new(ip.into(), DIAMETER_PORT));
        PeerConfig { host: self.host(label), realm: self.realm(), connect }
    }

    pub(crate) fn diameter(&self, label: &str, address: Ipv4Addr, peers: Vec<PeerConfig>) -> DiameterConfig {
        let mut config = DiameterConfig::new(&self.host(label), &self.realm(), address.into(), Vec::new());
        (config.watchdog, config.peers) = (WATCHDOG, peers);
        config
    }

    /// The service areas of its MCHs.
    fn service_areas(&self, scenario: &Scenario) -> Vec<u16> {
        scenario.mchs_of(self.system()).filter_map(|mch| service_area(scenario, &mch.name)).collect()
    }
}

/// The network of the first system.
pub(crate) fn plmn(scenario: &Scenario) -> Result<Plmn, CommandError> {
    MbmsSite::of(scenario, None).map(|site| site.plmn)
}

/// The first of the service identities of this network.
fn first_service_id(scenario: &Scenario) -> u32 {
    let parts = u64::from((1 << 24) / SERVICE_IDS - 1); // but the first, whose first identity is 0
    (1 + setup::seed_of(scenario, BMSC) % parts) as u32 * SERVICE_IDS
}

/// TMGI service identities that an application server assigns: none of the BM-SC's or of the content provider's.
pub(crate) fn as_service_ids(scenario: &Scenario) -> RangeInclusive<u32> {
    let end = first_service_id(scenario) + SERVICE_IDS;
    end - AS_SERVICE_IDS..=end - 1
}

/// What the content provider has assigned to the session at this place: TMGI, multicast address and port.
pub(crate) fn assigned(scenario: &Scenario, place: usize) -> Result<(Tmgi, SocketAddr), CommandError> {
    let [_, a, b, c] = (first_service_id(scenario) + place as u32).to_be_bytes();
    let tmgi = Tmgi { service_id: [a, b, c], plmn: plmn(scenario)? };
    let group = Ipv4Addr::from(u32::from(FIRST_GROUP) + place as u32 % 250);
    let port = SERVICE_PORTS.start() + (place / 250) as u16;
    Ok((tmgi, SocketAddr::new(group.into(), port)))
}

/// The TSI of the FLUTE session on a TMGI (RFC 3926 clause 2): the MBMS service id, unique in the PLMN.
pub(crate) fn tsi(tmgi: Tmgi) -> u32 {
    let [a, b, c] = tmgi.service_id;
    u32::from_be_bytes([0, a, b, c])
}

/// Synchronisation sequences of an MCH.
pub(crate) fn sync(mch: &Mch) -> Result<SyncPlan, CommandError> {
    let rf = mch.scheduling_period_rf;
    SyncPlan::new(rf)
        .ok_or_else(|| CommandError::Usage(format!("MCH {}: no SYNC for periods of {rf} frames", mch.name)))
}

/// `hop`: how long a message takes between two boxes.
pub(crate) fn bmsc(scenario: &Scenario, site: &MbmsSite, hop: Duration) -> Result<BmscNodeConfig, CommandError> {
    let own = site.moved(BMSC_ADDRESS);
    let gateway = site.peer(MBMS_GW_LABEL, Some(site.moved(MBMS_GW_ADDRESS)));
    let mut diameter = site.diameter(BMSC_LABEL, own, vec![gateway.clone()]);
    // Whoever comes is an application server.
    diameter.accept_unknown = true;
    let first = first_service_id(scenario) + SERVICE_IDS / 2;
    let pool = ProvisioningConfig {
        plmn: site.plmn,
        service_ids: first..=first + SERVICE_IDS / 2 - AS_SERVICE_IDS - 1,
        addresses: BMSC_GROUPS,
        ports: SERVICE_PORTS,
        port_block: ProvisioningConfig::PORT_BLOCK,
    };
    let mut mchs = scenario.mchs_of(site.system()).map(sync);
    let sync = mchs.next().unwrap_or_else(|| Err(CommandError::Usage("the scenario has no MCH".into())))?;
    let areas = site.service_areas(scenario);
    let mut config = BmscNodeConfig::new(diameter, pool, own.into(), sync);
    for (area, mch) in areas.iter().zip(scenario.mchs_of(site.system())) {
        config.sync_by_area.insert(*area, self::sync(mch)?);
    }
    config.tmgi_lifetime = TMGI_LIFETIME;
    config.max_transfer_delay = M1_TRANSFER_DELAY + 2 * hop;
    config.packet_lengths = false;
    config.heartbeat = None;
    if site.is_first() {
        let provider = ProviderConfig::at(PROVIDER, PROVIDER_ADDRESS.into());
        config.xmb = Some(XmbConfig::new(&format!("http://{own}:{XMB_PORT}"), vec![provider]));
    }
    config.utc_ms_at_zero = setup::utc_ms_at_zero();
    config.gateways = vec![GatewayConfig {
        host: gateway.host,
        realm: gateway.realm,
        areas,
        control_plane_nodes: vec![site.moved(MCE_ADDRESS).into()],
    }];
    Ok(config)
}

/// Groups on M1 are source specific (RFC 4607): those of two gateways may have the same addresses.
pub(crate) fn gateway(site: &MbmsSite) -> MbmsGwNodeConfig {
    let own = site.moved(MBMS_GW_ADDRESS);
    let diameter = site.diameter(MBMS_GW_LABEL, own, vec![site.peer(BMSC_LABEL, None)]);
    MbmsGwNodeConfig::new(diameter, own, M1_GROUPS)
}

/// When changes of an MCCH are notified of; `notifies_changes`: the eNB has room for it.
pub(crate) fn notification(
    scenario: &Scenario,
    notifies_changes: bool,
) -> Result<Option<MceNotification>, CommandError> {
    let sib13 = setup::enb(scenario, &[])?.si.sib13.filter(|_| notifies_changes);
    Ok(sib13.map(|sib13| MceNotification {
        repetition_coeff: sib13.notification.repetition_coeff,
        offset_rf: sib13.notification.offset_rf,
    }))
}

/// A session stays in the MCCH so long after its end: what is on its way is still sent.
pub(crate) fn release_after(scenario: &Scenario) -> Duration {
    let longest = scenario.mchs().map(|(.., mch)| setup::scheduling_period(mch)).max().unwrap_or_default();
    M1_TRANSFER_DELAY + 2 * longest
}

/// `capacity`: of each MCH, area by area.
pub(crate) fn mce(
    scenario: &Scenario,
    site: &MbmsSite,
    capacity: &[Capacity],
    notification: Option<MceNotification>,
    on_air: OnAirFrom,
) -> Result<MceNodeConfig, CommandError> {
    let area = |(index, area): (usize, &MbsfnArea)| {
        let first = usize::from(first_service_area(scenario, index) - 1);
        self::area(scenario, index, area, &mut capacity.iter().skip(first))
    };
    let areas = scenario.areas_of(site.system()).map(area).collect::<Result<_, _>>()?;
    let class = |qci: u8, rate| QosClass { qci, max_mcs: 28, max_scheduling_period_rf: 1024, rate };
    let classes = GUARANTEED.map(|qci| class(qci, Rate::Guaranteed)).into_iter();
    let classes = classes.chain(NOT_GUARANTEED.map(|qci| class(qci, Rate::Nominal(NOMINAL_BPS)))).collect();
    let id = GlobalMceId { plmn: site.plmn, mce: 1, extended: None };
    let gateway = SocketAddr::new(site.moved(MBMS_GW_ADDRESS).into(), M3_PORT);
    let mut config = MceNodeConfig::new(id, gateway, areas, classes);
    (config.notification, config.on_air) = (notification, on_air);
    config.release_after = release_after(scenario);
    Ok(config)
}

fn area<'a>(
    scenario: &Scenario,
    index: usize,
    area: &MbsfnArea,
    capacity: &mut impl Iterator<Item = &'a Capacity>,
) -> Result<core_network::MbsfnArea, CommandError> {
    let usage = |what: &str| CommandError::Usage(format!("area {}: {what}", area.n_id_mbsfn));
    let ends = setup::pmch_ends(area, index)?;
    let first = first_service_area(scenario, index);
    let pmch = |((place, mch), end): ((usize, &Mch), u16)| {
        let mcs = mch.mcs();
        let higher_mcs = (mcs.table == McsTable::Qam256).then_some(mcs.index);
        PmchCapacity {
            service_areas: [first + place as u16].into(),
            configuration: PmchConfiguration {
                allocated_subframes_end: end,
                data_mcs: if higher_mcs.is_some() { 0 } else { mcs.index },
                scheduling_period: mch.scheduling_period_rf,
                higher_mcs,
            },
            capacity: capacity.next().map_or(0, |own| own.bps as u64),
        }
    };
    let pmchs: Vec<PmchCapacity> = area.mchs.iter().enumerate().zip(ends).map(pmch).collect();
    let info = setup::area_info(area)?;
    let subframes = setup::subframe_configs(area).iter().map(subframes).collect::<Option<Vec<_>>>();
    let period = CommonSubframeAllocationPeriod::from_frames(area.common_sf_alloc_period_rf);
    Ok(core_network::MbsfnArea {
        service_areas: pmchs.iter().flat_map(|pmch| pmch.service_areas.iter().copied()).collect(),
        bcch: McchRelatedBcchConfig {
            area: MbsfnAreaId(area.n_id_mbsfn),
            pdcch_length: area.non_mbsfn_region,
            repetition_period: info.mcch.repetition_period_rf,
            offset: info.mcch.offset_rf,
            modification_period: info.mcch.modification_period_rf,
            subframes: info.mcch.subframes.bits(),
            mcs: info.mcch.signalling_mcs,
            cells: Vec::new(),
        },
        subframes: subframes.ok_or_else(|| usage("no allocation period of M2AP"))?,
        period: period.ok_or_else(|| usage("no common allocation period of M2AP"))?,
        pmchs,
    })
}

fn subframes(own: &radio::MbsfnSubframeConfig) -> Option<MbsfnSubframeConfiguration> {
    Some(MbsfnSubframeConfiguration {
        period: RadioframeAllocationPeriod::from_frames(own.radioframe_allocation_period_rf)?,
        offset: own.radioframe_allocation_offset_rf,
        allocation: match own.subframes {
            radio::SubframeAllocation::OneFrame(bits) => SubframeAllocation::OneFrame(bits),
            radio::SubframeAllocation::FourFrames(bits) => SubframeAllocation::FourFrames(bits),
        },
    })
}

pub(crate) fn enb(scenario: &Scenario, site: &MbmsSite) -> EnbNodeConfig {
    let plmn = site.plmn;
    let areas = site.service_areas(scenario).into_iter().map(ServiceAreaId);
    let cell = EnbMbmsConfiguration {
        cell: Ecgi { plmn, cell: CELL_IDENTITY },
        synchronisation_area: SynchronisationAreaId(0),
        areas: areas.collect(),
    };
    let id = GlobalEnbId { plmn, id: EnbId::Macro(CELL_IDENTITY >> 8) };
    let mut config = EnbNodeConfig::new(id, vec![cell], SocketAddr::new(site.moved(MCE_ADDRESS).into(), M2_PORT));
    config.agent = EnbAgentConfig { processing_time: ENB_PROCESSING, max_held_octets: ENB_HELD_OCTETS };
    config
}

/// The address of a box of the first system; none: it is not one of MBMS.
fn address_of(name: &str) -> Option<IpAddr> {
    let address = match name {
        BMSC => BMSC_ADDRESS,
        MBMS_GW => MBMS_GW_ADDRESS,
        MCE => MCE_ADDRESS,
        ENB => ENB_ADDRESS,
        PROVIDER => PROVIDER_ADDRESS,
        _ => return None,
    };
    Some(address.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Overrides;

    #[test]
    fn each_has_service_identities_of_its_own() {
        let file = fixtures::scenario("mbms/ims_session.toml");
        for seed in [1, 1656, 6754, 9609] {
            let overrides = Overrides { seed: Some(seed), ..Overrides::default() };
            let scenario = Scenario::load(&file, &overrides).unwrap().scenario;
            let sessions = [0, 63].map(|place| tsi(assigned(&scenario, place).unwrap().0));
            let site = MbmsSite::of(&scenario, None).unwrap();
            let bmsc = bmsc(&scenario, &site, Duration::ZERO).unwrap().pool.service_ids;
            let own = as_service_ids(&scenario);
            assert!(sessions[1] < *bmsc.start() && bmsc.end() < own.start() && *own.end() < 1 << 24, "{seed}");
            assert_eq!(own.end() - own.start(), 255);
        }
    }
}
