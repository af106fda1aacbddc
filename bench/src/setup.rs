//! From a scenario to the configuration of each box.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::time::{Duration, SystemTime};

use core_network::{
    BmscConfig, Content, Delivery, DeliveryError, EnbAgentConfig, FluteSender, MbmsGwConfig, ProvisioningConfig,
    SequenceClock,
};
use protocol::{Instant, Plmn, SyncPlan, Tmgi};
use radio::{
    CellConfig, ChannelConfig, ConfigError, MbsfnAreaConfig, MbsfnAreaConfiguration, McchConfig, NRbDl,
    SampleRateFamily, SessionInfo, SubframeSet,
};

use crate::errors::CommandError;
use crate::scenario::{Cell, Channel, Fec, MbsfnArea, SampleRate, Scenario, Session};

/// PLMN of the simulated network: the test network of TS 36.508 clause 4.4.2, MCC 001 and MNC 01.
const PLMN: (&str, &str) = ("001", "01");
/// How many TMGI service identities the BM-SC may give away; the seed says where in the PLMN's range they lie, as
/// every BM-SC of a network has its own part.
const SERVICE_IDS: u32 = 0x1000;
/// Multicast addresses of user services: administratively scoped (RFC 2365).
const SERVICE_ADDRESSES: std::ops::RangeInclusive<Ipv4Addr> =
    Ipv4Addr::new(239, 255, 1, 1)..=Ipv4Addr::new(239, 255, 1, 254);
/// Ports of user services.
const SERVICE_PORTS: std::ops::RangeInclusive<u16> = 5000..=5999;
/// Source of user data.
const BMSC_ADDRESS: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 10), 4000);
/// M1 address of the MBMS-GW.
const GATEWAY_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 20);
/// Multicast addresses on M1.
const M1_ADDRESSES: std::ops::RangeInclusive<Ipv4Addr> = Ipv4Addr::new(232, 0, 1, 1)..=Ipv4Addr::new(232, 0, 1, 254);
/// From BM-SC to eNB, at most.
const M1_TRANSFER_DELAY: Duration = Duration::from_millis(20);
/// An eNB gives an incomplete sequence up this long before it is on the air; less than [`M1_TRANSFER_DELAY`].
const ENB_PROCESSING: Duration = Duration::from_millis(10);
/// What an eNB may hold for one bearer.
const ENB_HELD_OCTETS: usize = 64 << 20;
/// The FDT comes again after this time, so that a late joiner need not wait long.
const FDT_PERIOD: Duration = Duration::from_millis(500);
/// UTC at the start of every virtual run: 2026-01-01, so that FDT expiry times are the same in each.
const VIRTUAL_EPOCH_S: u64 = 1_767_225_600;

/// UTC at the start of a virtual run.
pub(crate) fn wall_clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(VIRTUAL_EPOCH_S)
}

pub(crate) fn cell(cell: &Cell) -> Result<CellConfig, ConfigError> {
    let family = match cell.sample_rate {
        SampleRate::Standard => SampleRateFamily::Standard,
        SampleRate::ThreeQuarter => SampleRateFamily::ThreeQuarter,
    };
    CellConfig::new(NRbDl::try_from(u16::from(cell.n_rb_dl))?, cell.n_id_cell, family)
}

pub(crate) fn area(area: &MbsfnArea) -> Result<MbsfnAreaConfig, CommandError> {
    let subframes = |list: &[u8]| SubframeSet::new(list).map_err(|e| CommandError::Usage(e.to_string()));
    Ok(MbsfnAreaConfig {
        n_id_mbsfn: area.n_id_mbsfn,
        non_mbsfn_region: area.non_mbsfn_region,
        subframes: subframes(&area.subframes)?,
        mcch: McchConfig {
            repetition_period_rf: area.mcch_repetition_period_rf,
            offset_rf: area.mcch_offset_rf,
            modification_period_rf: area.mcch_modification_period_rf,
            subframes: subframes(&[area.mcch_subframe])?,
            signalling_mcs: area.signalling_mcs,
        },
    })
}

/// What the MCCH says: one PMCH with all sessions, TMGIs in the order of their logical channels from 1.
pub(crate) fn mcch(scenario: &Scenario, area: &MbsfnAreaConfig, tmgis: &[Tmgi]) -> MbsfnAreaConfiguration {
    let session = |(tmgi, lcid): (&Tmgi, u8)| SessionInfo { tmgi: tmgi.to_octets().into(), session_id: None, lcid };
    let sessions = tmgis.iter().zip(1..).map(session).collect();
    area.single_pmch(scenario.mch.data_mcs, scenario.mch.scheduling_period_rf, sessions)
}

pub(crate) fn channel(cell: &CellConfig, channel: &Channel, seed: u64) -> ChannelConfig {
    ChannelConfig {
        sample_rate_hz: cell.sample_rate_hz(),
        snr_db: Some(channel.snr_db),
        cfo_hz: channel.cfo_hz,
        delay_s: channel.delay_us * 1e-6,
        gain_db: channel.gain_db,
        seed,
    }
}

/// The seed of one box: every box has its own stream, and a new box does not move the others.
pub(crate) fn seed_of(scenario: &Scenario, name: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::new().chain_update(scenario.seed.to_be_bytes()).chain_update(name).finalize();
    digest.iter().take(8).fold(0, |seed, &b| seed << 8 | u64::from(b))
}

pub(crate) fn bmsc(scenario: &Scenario) -> Result<BmscConfig, CommandError> {
    let plmn = Plmn::new(PLMN.0, PLMN.1).ok_or_else(|| CommandError::Bench("PLMN of the test network".into()))?;
    let parts = u64::from((1 << 24) / SERVICE_IDS - 1); // but the first, whose first identity is 0
    let first_service_id = (1 + seed_of(scenario, "BM-SC") % parts) as u32 * SERVICE_IDS;
    Ok(BmscConfig {
        provisioning: ProvisioningConfig {
            plmn,
            service_ids: first_service_id..=first_service_id + SERVICE_IDS - 1,
            addresses: SERVICE_ADDRESSES,
            ports: SERVICE_PORTS,
        },
        source: BMSC_ADDRESS,
        sync: sync_plan(scenario)?,
        max_transfer_delay: M1_TRANSFER_DELAY,
        packet_lengths: false,
        wall_clock: wall_clock(),
    })
}

pub(crate) fn gateway() -> MbmsGwConfig {
    MbmsGwConfig { source: GATEWAY_ADDRESS, multicast: M1_ADDRESSES }
}

pub(crate) fn agent(scenario: &Scenario) -> Result<EnbAgentConfig, CommandError> {
    Ok(EnbAgentConfig { sync: sync_plan(scenario)?, processing_time: ENB_PROCESSING, max_held_octets: ENB_HELD_OCTETS })
}

fn sync_plan(scenario: &Scenario) -> Result<SyncPlan, CommandError> {
    SyncPlan::new(scenario.mch.scheduling_period_rf)
        .ok_or_else(|| CommandError::Usage("mch.scheduling_period_rf has no SYNC sequence".into()))
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

/// What the BM-SC will find when it opens a session: asked before the run, when nothing has been written yet.
pub(crate) fn try_session(scenario: &Scenario, session: &Session, path: &Path) -> Result<(), DeliveryError> {
    let Ok(plan) = sync_plan(scenario) else { return Ok(()) };
    let clock = SequenceClock { plan, max_transfer_delay: M1_TRANSFER_DELAY };
    let destination = SocketAddrV4::new(*SERVICE_ADDRESSES.start(), *SERVICE_PORTS.start());
    let (delivery, content) = (delivery(session), content(session, path)?);
    FluteSender::new(Instant::ZERO, (BMSC_ADDRESS, destination), 1, &delivery, content, clock, wall_clock()).map(drop)
}

/// A file name as a segment of a URI (RFC 3986 clause 2.1).
fn percent_encode(name: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    name.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
