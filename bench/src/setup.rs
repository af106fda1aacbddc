//! From a scenario to the configuration of each box.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, SystemTime};

use core_network::{BmscConfig, Delivery, EnbAgentConfig, MbmsGwConfig, ProvisioningConfig};
use protocol::{Plmn, SyncPlan, Tmgi};
use radio::{
    CellConfig, ChannelConfig, ConfigError, MbsfnAreaConfig, MbsfnAreaConfiguration, McchConfig, NRbDl, PmchParams,
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
    Ok(MbsfnAreaConfig {
        n_id_mbsfn: area.n_id_mbsfn,
        non_mbsfn_region: area.non_mbsfn_region,
        subframes: SubframeSet::new(&area.subframes).map_err(|e| CommandError::Usage(e.to_string()))?,
        mcch: McchConfig {
            repetition_period_rf: area.mcch_repetition_period_rf,
            offset_rf: area.mcch_offset_rf,
            modification_period_rf: area.mcch_modification_period_rf,
            subframe: area.mcch_subframe,
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

/// What the MCH carries for MTCHs and what the sessions ask of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capacity {
    /// Transport block size of data subframes, bits.
    pub(crate) tbs_bits: usize,
    /// For SDUs, after MCCH, MSI and headers, bit/s.
    pub(crate) bps: f64,
}

/// Octets of MAC and RLC headers in a data block: one subheader for the MTCH and one for padding, the RLC header and
/// the length indicators of a few SDUs (TS 36.321 clause 6.2.1, TS 36.322 clause 6.2.1.3).
const HEADER_OCTETS: usize = 12;

/// The capacity of the MCH; refuses formats that cannot be decoded and sessions that do not fit.
pub(crate) fn capacity(scenario: &Scenario, cell: &CellConfig) -> Result<Capacity, CommandError> {
    let usage = |e: ConfigError| CommandError::Usage(e.to_string());
    let area = &scenario.mbsfn_area;
    let params = |mcs| PmchParams::new(*cell, area.n_id_mbsfn, area.non_mbsfn_region, mcs).map_err(usage);
    params(area.signalling_mcs)?;
    let format = params(scenario.mch.data_mcs)?.format;
    let period_rf = f64::from(scenario.mch.scheduling_period_rf);
    // The first subframe of a scheduling period and those of the MCCH go at the signalling MCS: counted as full.
    let mcch = (period_rf / f64::from(area.mcch_repetition_period_rf)).min(1.0);
    let data_subframes = area.subframes.len() as f64 * period_rf - 1.0 - mcch;
    let octets = format.octets().saturating_sub(HEADER_OCTETS) as f64;
    let bps = (data_subframes * octets * 8.0 / (period_rf * 0.01)).max(0.0);
    let asked: f64 = scenario.sessions.iter().map(|s| f64::from(s.bit_rate_kbps) * 1000.0).sum();
    if asked > bps {
        return Err(CommandError::Usage(format!(
            "the sessions ask for {:.0} kbit/s, but MCS {} at {} PRB in {} subframes of a frame carries {:.0} kbit/s: \
             lower session.bit_rate_kbps or raise mch.data_mcs",
            asked / 1000.0,
            scenario.mch.data_mcs,
            scenario.cell.n_rb_dl,
            area.subframes.len(),
            bps / 1000.0
        )));
    }
    Ok(Capacity { tbs_bits: format.tbs_bits, bps })
}
