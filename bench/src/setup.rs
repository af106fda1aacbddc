//! From a scenario to the configuration of each box.

use std::f64::consts::TAU;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::time::{Duration, SystemTime};

use core_network::{Content, Delivery, DeliveryError, FluteSender, PmchId, SequenceClock};
use protocol::{Instant, Tmgi};
use radio::{
    AreaSetup, CarrierConfig, CellConfig, ChannelConfig, ConfigError, EnbConfig, MbsfnAreaConfiguration, MbsfnAreaInfo,
    MbsfnSubframeConfig, McchConfig, NRbDl, PathConfig, PhichConfig, PmchInfo, SampleRateFamily, SessionInfo,
    SubframeAllocation, SubframeSet, full_scale_gain,
};

use crate::capacity;
use crate::errors::CommandError;
use crate::front_ends::{OnAir, UeOnAir};
use crate::mbms::config::{self, M1_TRANSFER_DELAY, MbmsSite};
use crate::mbms::{Place, provider};
use crate::scenario::{Cell, Fading, Fec, MbsfnArea, Mch, SampleRate, Scenario, Session, SubframePattern, Ue};

/// Radio frame.
pub(crate) const FRAME: Duration = Duration::from_millis(10);
/// Cell identity of the carrier in SIB1 and on M2, and the eNB that it is of (TS 36.300 clause 8.2).
pub(crate) const CELL_IDENTITY: u32 = 1;
/// What a FLUTE session is tried with: any addresses do.
const TRIAL: [SocketAddrV4; 2] =
    [SocketAddrV4::new(Ipv4Addr::LOCALHOST, 4000), SocketAddrV4::new(Ipv4Addr::new(239, 255, 1, 1), 5000)];
/// The FDT comes again after this time, so that a late joiner need not wait long.
const FDT_PERIOD: Duration = Duration::from_millis(500);
/// Until a cold UE has found the cell, its MIB, SIB1 and all system information.
const ACQUISITION_TIME: Duration = Duration::from_millis(600);
/// MCCHs that may be lost in fades.
const MCCHS_IN_FADES: u32 = 3;
/// Bandwidth of a resource block.
#[cfg(feature = "soapy")]
const RESOURCE_BLOCK_HZ: f64 = 180e3;
/// UTC at the start of every virtual run: 2026-01-01, so that FDT expiry times are the same in each.
const VIRTUAL_EPOCH_S: u64 = 1_767_225_600;

/// UTC at the start of a virtual run.
pub(crate) fn wall_clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(VIRTUAL_EPOCH_S)
}

/// The same in milliseconds.
pub(crate) fn utc_ms_at_zero() -> u64 {
    VIRTUAL_EPOCH_S * 1000
}

pub(crate) fn cell(cell: &Cell) -> Result<CellConfig, ConfigError> {
    let family = match cell.sample_rate {
        SampleRate::Standard => SampleRateFamily::Standard,
        SampleRate::ThreeQuarter => SampleRateFamily::ThreeQuarter,
    };
    CellConfig::new(NRbDl::try_from(u16::from(cell.n_rb_dl))?, cell.n_id_cell, family)
}

pub(crate) fn carrier(cell: &Cell) -> Result<CarrierConfig, ConfigError> {
    Ok(CarrierConfig { cell: self::cell(cell)?, n_ports: cell.n_ports, phich: PhichConfig::default() })
}

/// What SIB13 tells of an area.
pub(crate) fn area_info(area: &MbsfnArea) -> Result<MbsfnAreaInfo, CommandError> {
    Ok(MbsfnAreaInfo {
        n_id_mbsfn: area.n_id_mbsfn,
        non_mbsfn_region: area.non_mbsfn_region,
        notification_indicator: area.notification_indicator,
        mcch: McchConfig {
            repetition_period_rf: area.mcch_repetition_period_rf,
            offset_rf: area.mcch_offset_rf,
            modification_period_rf: area.mcch_modification_period_rf,
            subframes: SubframeSet::new(&area.mcch_subframes).map_err(|e| CommandError::Usage(e.to_string()))?,
            signalling_mcs: area.signalling_mcs,
        },
    })
}

/// The eNB with MCCHs that list these bearers: area by area, PMCH by PMCH. It is shared by the networks of all systems that
/// have areas, and has the service areas of them all.
pub(crate) fn enb(scenario: &Scenario, bearers: &[Vec<Vec<(Tmgi, u8)>>]) -> Result<EnbConfig, CommandError> {
    let usage = |e: &dyn std::fmt::Display| CommandError::Usage(e.to_string());
    let setup = |(i, area): (usize, &MbsfnArea)| {
        let bearers = bearers.get(i).map_or(&[][..], Vec::as_slice);
        Ok(AreaSetup { info: area_info(area)?, mcch: mcch(area, i, bearers) })
    };
    let areas = scenario.areas.iter().enumerate().map(setup).collect::<Result<Vec<_>, CommandError>>()?;
    let cell = scenario.cell.as_ref().ok_or_else(|| CommandError::Usage("the scenario has no [cell]".into()))?;
    let carrier = carrier(cell).map_err(|e| usage(&e))?;
    let plmns: Vec<_> = MbmsSite::all(scenario)?.iter().map(|site| site.plmn.to_octets()).collect();
    let sais = config::service_areas(scenario);
    let mut config = EnbConfig::of_networks(carrier, areas, &plmns, &sais).map_err(|e| usage(&e))?;
    config.si.sib1.cell_identity = CELL_IDENTITY;
    Ok(config)
}

/// `sf-AllocEnd` of each PMCH of an area (TS 36.331 clause 6.3.7).
pub(crate) fn pmch_ends(area: &MbsfnArea, index: usize) -> Result<Vec<u16>, CommandError> {
    let shares = capacity::shares(area, index).map_err(|e| CommandError::Usage(e.to_string()))?;
    Ok(shares.iter().map(|share| share.end.saturating_sub(1)).collect())
}

/// What the MCCH of an area says: its PMCHs with these bearers and their logical channels.
pub(crate) fn mcch(area: &MbsfnArea, index: usize, bearers: &[Vec<(Tmgi, u8)>]) -> MbsfnAreaConfiguration {
    let ends = pmch_ends(area, index).unwrap_or_default();
    let session = |&(tmgi, lcid): &(Tmgi, u8)| SessionInfo { tmgi: tmgi.to_octets().into(), session_id: None, lcid };
    let pmchs = area.mchs.iter().zip(ends).enumerate();
    MbsfnAreaConfiguration {
        common_sf_alloc: subframe_configs(area),
        common_sf_alloc_period_rf: area.common_sf_alloc_period_rf,
        pmch: pmchs
            .map(|(i, (mch, end))| PmchInfo {
                sf_alloc_end: end,
                data_mcs: mch.mcs(),
                mch_scheduling_period_rf: mch.scheduling_period_rf,
                sessions: bearers.get(i).map_or(&[][..], Vec::as_slice).iter().map(session).collect(),
            })
            .collect(),
    }
}

pub(crate) fn subframe_configs(area: &MbsfnArea) -> Vec<MbsfnSubframeConfig> {
    let bits = |list: &[u8]| SubframeSet::new(list).map_or(0, |set| set.bits());
    let config = |a: &crate::scenario::SubframeAllocation| MbsfnSubframeConfig {
        radioframe_allocation_period_rf: a.period_rf.into(),
        radioframe_allocation_offset_rf: a.offset_rf,
        subframes: match &a.pattern {
            SubframePattern::OneFrame { subframes } => SubframeAllocation::OneFrame(bits(subframes)),
            SubframePattern::FourFrames { subframes } => {
                SubframeAllocation::FourFrames(subframes.iter().fold(0, |all, f| all << 6 | u32::from(bits(f))))
            }
        },
    };
    area.subframe_allocation.iter().map(config).collect()
}

/// What lies between the antennas of each transmitter and a UE: those of one transmitter are heard as strong as each
/// other; all at phases of their own.
pub(crate) fn channel(scenario: &Scenario, cell: &CellConfig, ue: &Ue) -> ChannelConfig {
    let mut config = ue.channel().config(cell.sample_rate_hz(), ue.antennas.into(), seed_of(scenario, &ue.name));
    config.paths.clear();
    for (site, way) in scenario.ways(ue).iter().enumerate() {
        let name = way.transmitter.map_or_else(|| format!("{} paths", ue.name), |t| format!("{} paths {t}", ue.name));
        let phases = seed_of(scenario, &name).to_le_bytes();
        config.paths.extend((0..n_ports(scenario)).map(|stream| PathConfig {
            stream,
            delay_s: way.delay_us * 1e-6,
            power_db: way.power_db,
            // Of the first one nobody can tell.
            phase_rad: if site + stream == 0 { 0.0 } else { f64::from(phases[stream]) / 256.0 * TAU },
            cfo_hz: way.cfo_hz,
            fading: way.fading.map(Fading::config),
        }));
    }
    config.impairments = ue.impairments.map(|own| own.config()).unwrap_or_default();
    config
}

fn n_ports(scenario: &Scenario) -> usize {
    scenario.cell.as_ref().map_or(1, |cell| cell.n_ports.into())
}

/// The seed of one box: every box has its own stream, and a new box does not move the others.
pub(crate) fn seed_of(scenario: &Scenario, name: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::new().chain_update(scenario.seed.to_be_bytes()).chain_update(name).finalize();
    digest.iter().take(8).fold(0, |seed, &b| seed << 8 | u64::from(b))
}

/// Where the data of a session goes; `None` when the scenario has no such MCH.
pub(crate) fn place(scenario: &Scenario, mch: &str) -> Option<Place> {
    let (area, pmch) = scenario.mch(mch)?;
    let (own, mch) = (&scenario.areas[area], &scenario.areas[area].mchs[pmch]);
    // A UE reads the first MCCH of a modification period; it has a second chance, and some more where fades take some.
    let fades = scenario.ues.iter().any(|ue| scenario.ways(ue).iter().any(|way| way.fading.is_some()));
    let periods = if fades { 1 + MCCHS_IN_FADES } else { 1 };
    let mcch = FRAME * (periods * u32::from(own.mcch_repetition_period_rf) + u32::from(own.mcch_offset_rf) + 1);
    let sync = config::sync(mch).ok()?;
    Some(Place { pmch: PmchId { area, pmch }, sync, time_to_data: (ACQUISITION_TIME + mcch, mcch) })
}

/// How long a cold UE may take until it has the MCCH of every area.
pub(crate) fn acquisition_time(scenario: &Scenario) -> Duration {
    let places = scenario.areas.iter().filter_map(|a| place(scenario, &a.mchs.first()?.name));
    places.map(|place| place.time_to_data.0).max().unwrap_or(ACQUISITION_TIME)
}

/// Samples by which the stream of a UE begins after that of the eNB: anywhere in a radio frame.
pub(crate) fn stream_offset(scenario: &Scenario, cell: &CellConfig, ue: &str) -> usize {
    (seed_of(scenario, &format!("{ue} stream")) % (10 * cell.samples_per_subframe() as u64)) as usize
}

/// The carrier and its UEs as front ends know them.
pub(crate) fn on_air(scenario: &Scenario, cell: &CellConfig) -> OnAir {
    let ue = |ue: &Ue| UeOnAir { name: ue.name.clone(), channel: channel(scenario, cell, ue) };
    OnAir {
        sample_rate_hz: cell.sample_rate_hz(),
        frame_samples: 10 * cell.samples_per_subframe(),
        n_antennas: n_ports(scenario),
        #[cfg(feature = "soapy")]
        occupied_hz: scenario.cell.as_ref().map_or(0.0, |c| f64::from(c.n_rb_dl)) * RESOURCE_BLOCK_HZ,
        full_scale_gain: full_scale_gain(cell),
        ues: scenario.ues.iter().map(ue).collect(),
    }
}

pub(crate) fn scheduling_period(mch: &Mch) -> Duration {
    FRAME * u32::from(mch.scheduling_period_rf)
}

pub(crate) fn delivery(session: &Session) -> Delivery {
    Delivery {
        bit_rate_bps: u64::from(session.bit_rate_kbps) * 1000,
        fec: match session.fec {
            Fec::NoCode => core_network::Fec::NoCode,
            Fec::Raptor { overhead_percent } => core_network::Fec::Raptor { overhead_percent },
        },
        symbol_octets: session.symbol_octets,
        source_block_symbols: u32::from(session.source_block_symbols),
        fdt_period: FDT_PERIOD,
        ip_octet_limit: session.air_limit_octets,
    }
}

/// The file at `path` as the content of a session.
pub(crate) fn content(session: &Session, path: &Path) -> io::Result<Content> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Content {
        stream: Box::new(File::open(path)?),
        location: format!("file:///{}", percent_encode(&name)),
        content_type: session.content_type.clone(),
    })
}

/// The file at `path` as the content provider has it.
pub(crate) fn file(session: &Session, path: &Path) -> io::Result<provider::Content> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (name, content_type) = (percent_encode(&name), session.content_type.clone());
    Ok(provider::Content { name, content_type, octets: std::fs::read(path)? })
}

/// What the BM-SC will find when it opens a session: asked before the run, when nothing has been written yet.
pub(crate) fn try_session(scenario: &Scenario, session: &Session, path: &Path) -> Result<(), DeliveryError> {
    let Some(place) = place(scenario, &session.mch) else { return Ok(()) };
    let clock = SequenceClock { plan: place.sync, max_transfer_delay: M1_TRANSFER_DELAY };
    let (delivery, content) = (delivery(session), content(session, path)?);
    FluteSender::new(Instant::ZERO, TRIAL.into(), 1, &delivery, content, clock, wall_clock()).map(drop)
}

/// A file name as a segment of a URI (RFC 3986 clause 2.1).
fn percent_encode(name: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    name.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use radio::BcchDlSchMessage;

    use super::*;
    use crate::scenario::Overrides;

    fn enb_of(scenario: &str) -> EnbConfig {
        enb(&Scenario::load(&fixtures::scenario(scenario), &Overrides::default()).unwrap().scenario, &[]).unwrap()
    }

    fn sais(config: &EnbConfig) -> &[u16] {
        &config.si.sib15.as_ref().unwrap().intra_freq_sais
    }

    #[test]
    fn a_carrier_names_all_networks_and_service_areas() {
        let shared = enb_of("mc/migration.toml");
        assert_eq!(shared.si.sib1.plmns, [[0x00, 0xf1, 0x10], [0x00, 0xf1, 0x20]]);
        assert_eq!(sais(&shared), [1, 2]);
        let areas = enb_of("carrier/three_areas.toml");
        assert_eq!((areas.si.sib1.plmns.len(), sais(&areas)), (1, &[1, 2, 3][..]));
        let channels = enb_of("carrier/four_mchs.toml");
        assert_eq!((channels.si.sib1.plmns.len(), sais(&channels)), (1, &[1, 2, 3, 4][..]));
    }

    #[test]
    fn a_carrier_of_one_network_and_one_service_area_is_that_of_the_test_network() {
        let own = enb_of("mbms/ims_session.toml");
        let alone = EnbConfig::new(own.carrier, own.areas.clone()).unwrap();
        assert_eq!(own.si, alone.si);
        let sib1 = BcchDlSchMessage::SystemInformationBlockType1(own.si.sib1);
        assert!(hex::encode(sib1.encode().unwrap()).starts_with("4040040300"));
    }
}
