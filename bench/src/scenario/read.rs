//! A scenario from its TOML text: every key with the values that its clause allows (TS 36.331 clause 6.3.7, RFC 5053).

use std::path::PathBuf;

use protocol::Joint;
use radio::McsTable;

use super::channel::{channel, snr_db};
use super::impairments::impairments;
use super::ims::{SipWhat, ims, ue_ims};
use super::ims_step::{IMS_WORDS, ImsStep, ImsWord};
use super::mc::{MC_WORDS, McStep, McWord, mc, ue_mc};
use super::mms::{MMS_WORDS, MmsStep, MmsWord, mms, ue_mms};
use super::service::{ServiceStep, ServiceWord, service_words};
use super::sms::{SMS_WORDS, SmsStep, SmsWord, sms, ue_sms};
use super::system::{systems, ue_migrates};
use super::transmitter::{hears, transmitter};
use super::unicast::unicast;
use super::{
    Cell, Expectation, Fault, FaultAction, FaultTarget, Fec, MbsfnArea, Mch, MeasurementName, SampleRate, Scenario,
    Selector, Session, Step, StepAction, SubframeAllocation, SubframePattern, Ue, UeRadio, Unit,
};
use crate::strict_toml::Table;

pub(super) fn scenario(t: &mut Table<'_>) -> Scenario {
    let mut area_index = 0;
    Scenario {
        name: t.name("name"),
        title: t.text("title"),
        proves: t.text("proves"),
        seed: t.integer("seed", 0..=SEED_MAX),
        cell: t.optional_table("cell", cell),
        areas: t.tables("mbsfn_area", 0..=MAX_AREAS, |t| {
            area_index += 1;
            mbsfn_area(t, area_index - 1)
        }),
        sessions: t.tables("session", 0..=MAX_SESSIONS, session),
        ims: t.optional_table("ims", ims),
        mc: t.optional_table("mc", mc),
        sms: t.optional_table("sms", sms),
        mms: t.optional_table("mms", mms),
        systems: systems(t),
        transmitters: t.tables("transmitter", 0..=MAX_TRANSMITTERS, transmitter),
        ues: t.tables("ue", 1..=MAX_UES, ues).into_iter().flatten().collect(),
        steps: t.tables("step", 1..=MAX_LIST, step),
        expectations: t.tables("expect", 1..=MAX_LIST, expectation),
        faults: t.tables("fault", 0..=MAX_LIST, fault),
    }
}

fn cell(t: &mut Table<'_>) -> Cell {
    Cell {
        n_rb_dl: t.one_of("n_rb_dl", &N_RB_DL),
        n_id_cell: t.integer("n_id_cell", 0..=503),
        sample_rate: t.choice_or(
            "sample_rate",
            &[("standard", SampleRate::Standard), ("three_quarter", SampleRate::ThreeQuarter)],
            SampleRate::default(),
        ),
        n_ports: t.optional_one_of("n_ports", &[1, 2]).unwrap_or(1),
    }
}

/// The area at this place of the list: areas have notification bits of their own unless the file says otherwise.
fn mbsfn_area(t: &mut Table<'_>, index: u8) -> MbsfnArea {
    let mut area = MbsfnArea {
        n_id_mbsfn: t.integer("n_id_mbsfn", 0..=255),
        non_mbsfn_region: t.one_of("non_mbsfn_region", &[1, 2]),
        mcch_repetition_period_rf: t.one_of("mcch_repetition_period_rf", &[32, 64, 128, 256]),
        mcch_offset_rf: t.integer("mcch_offset_rf", 0..=10),
        mcch_modification_period_rf: t.one_of("mcch_modification_period_rf", &[512, 1024]),
        mcch_subframes: t.some_of("mcch_subframes", &MBSFN_SUBFRAMES),
        signalling_mcs: t.one_of("signalling_mcs", &[2, 7, 13, 19]),
        notification_indicator: t.optional_integer("notification_indicator", 0..=7).unwrap_or(index),
        common_sf_alloc_period_rf: t.optional_one_of("common_sf_alloc_period_rf", &COMMON_SF_ALLOC_RF).unwrap_or(0),
        subframe_allocation: t.tables("subframe_allocation", 1..=MAX_ALLOCATIONS, subframe_allocation),
        mchs: t.tables("mch", 1..=MAX_MCHS, mch),
    };
    if area.common_sf_alloc_period_rf == 0 {
        area.common_sf_alloc_period_rf = default_common_sf_alloc_period_rf(&area);
    }
    area
}

/// The shortest scheduling period, so that every MCH has subframes in each of its own, but no pattern is cut in pieces.
fn default_common_sf_alloc_period_rf(area: &MbsfnArea) -> u16 {
    let shortest = area.mchs.iter().map(|m| m.scheduling_period_rf).min().unwrap_or(64);
    let pattern = area.subframe_allocation.iter().map(|a| u16::from(a.period_rf)).max().unwrap_or(1);
    shortest.max(pattern).clamp(4, 256)
}

fn subframe_allocation(t: &mut Table<'_>) -> SubframeAllocation {
    let four_frames = t.variant("pattern", &[("one_frame", false), ("four_frames", true)]);
    // Without n1 and n2 for fourFrames (TS 36.331 clause 6.3.7, radioframeAllocationPeriod).
    let (periods, shortest) =
        if four_frames { (&ALLOCATION_PERIOD_RF[2..], 4) } else { (&ALLOCATION_PERIOD_RF[..], 1) };
    SubframeAllocation {
        pattern: if four_frames {
            SubframePattern::FourFrames { subframes: t.some_of_each("subframes", 4, &MBSFN_SUBFRAMES) }
        } else {
            SubframePattern::OneFrame { subframes: t.some_of("subframes", &MBSFN_SUBFRAMES) }
        },
        period_rf: t.optional_one_of("period_rf", periods).unwrap_or(shortest),
        offset_rf: t.optional_integer("offset_rf", 0..=7).unwrap_or(0),
    }
}

fn mch(t: &mut Table<'_>) -> Mch {
    Mch {
        name: t.name("name"),
        data_mcs: t.integer("data_mcs", 0..=28),
        mcs_table: mcs_table(t),
        scheduling_period_rf: t.one_of("scheduling_period_rf", &[8, 16, 32, 64, 128, 256, 512, 1024]),
        subframes_per_period: t.optional_integer("subframes_per_period", 1..=1536),
    }
}

/// The key that says in which table an MCS counts.
pub(crate) fn mcs_table(t: &mut Table<'_>) -> McsTable {
    t.choice_or("mcs_table", &[("qam64", McsTable::Qam64), ("qam256", McsTable::Qam256)], McsTable::Qam64)
}

fn session(t: &mut Table<'_>) -> Session {
    Session {
        name: t.name("name"),
        mch: t.name("mch"),
        content: PathBuf::from(t.text("content")),
        content_type: t.text("content_type"),
        bit_rate_kbps: t.integer("bit_rate_kbps", 1..=100_000),
        fec: t.table("fec", fec),
        symbol_octets: t.integer("symbol_octets", 16..=1400),
        source_block_symbols: t.integer("source_block_symbols", 4..=8192),
        air_limit_octets: t.optional_integer("air_limit_octets", 1..=1_000_000_000_000),
    }
}

fn fec(t: &mut Table<'_>) -> Fec {
    if t.variant("code", &[("no_code", false), ("raptor", true)]) {
        Fec::Raptor { overhead_percent: t.integer("overhead_percent", 1..=500) }
    } else {
        Fec::NoCode
    }
}

/// One UE, or `count` UEs alike whose names end in 1, 2, and so on.
fn ues(t: &mut Table<'_>) -> Vec<Ue> {
    let ue = ue(t);
    let Some(count) = t.optional_integer::<usize>("count", 1..=MAX_UES) else { return vec![ue] };
    (1..=count).map(|number| Ue { name: format!("{}{number}", ue.name), ..ue.clone() }).collect()
}

fn ue(t: &mut Table<'_>) -> Ue {
    Ue {
        name: t.name("name"),
        antennas: t.optional_one_of("antennas", &[1, 2]).unwrap_or(1),
        channel: t.optional_table("channel", |t| channel(t, snr_db)),
        ims: t.optional_table("ims", ue_ims),
        mc: t.optional_table("mc", ue_mc),
        sms: t.optional_table("sms", ue_sms),
        mms: t.optional_table("mms", ue_mms),
        system: t.optional_text("system"),
        migrates: t.optional_table("migrates", ue_migrates),
        unicast: t.optional_table("unicast", unicast),
        hears: t.tables("hears", 0..=MAX_TRANSMITTERS, hears),
        impairments: t.optional_table("impairments", impairments),
        radio: t.choice_or("radio", &[("samples", UeRadio::Samples), ("table", UeRadio::Table)], UeRadio::Samples),
    }
}

fn step(t: &mut Table<'_>) -> Step {
    #[derive(Clone, Copy)]
    enum Do {
        Start,
        Run,
        RunUntilDelivered,
        RunUntilAirLimit,
        Update,
        Stop,
        SendSms,
        RunUntilSmsDelivered,
        Ims(ImsWord),
        Service(ServiceWord),
        Mc(McWord),
        Sms(SmsWord),
        Mms(MmsWord),
    }
    let choices = [
        ("start", Do::Start),
        ("run", Do::Run),
        ("run_until_delivered", Do::RunUntilDelivered),
        ("run_until_air_limit", Do::RunUntilAirLimit),
        ("update", Do::Update),
        ("stop", Do::Stop),
        ("send_sms", Do::SendSms),
        ("run_until_sms_delivered", Do::RunUntilSmsDelivered),
    ];
    let ims = IMS_WORDS.map(|(word, step)| (word, Do::Ims(step)));
    let services: Vec<_> = service_words().into_iter().map(|(word, step)| (word, Do::Service(step))).collect();
    let mc = MC_WORDS.map(|(word, step)| (word, Do::Mc(step)));
    let over_ip = SMS_WORDS.map(|(word, step)| (word, Do::Sms(step)));
    let multimedia = MMS_WORDS.map(|(word, step)| (word, Do::Mms(step)));
    let all = [&choices[..], &ims[..], &services[..], &mc[..], &over_ip[..], &multimedia[..]].concat();
    let action = match t.variant("do", &all) {
        Do::Mc(word) => StepAction::Mc(McStep::read(word, t)),
        Do::Sms(word) => StepAction::Sms(SmsStep::read(word, t)),
        Do::Mms(word) => StepAction::Mms(MmsStep::read(word, t)),
        Do::Service(word) => StepAction::Service(ServiceStep::read(word, t)),
        Do::Ims(word) => StepAction::Ims(ImsStep::read(word, t)),
        Do::Start => StepAction::Start { session: selector(t, "session") },
        Do::Run => StepAction::Run { for_ms: t.integer("for_ms", 1..=MAX_RUN_MS) },
        Do::RunUntilDelivered => StepAction::RunUntilDelivered {
            session: selector(t, "session"),
            timeout_ms: t.integer("timeout_ms", 1..=MAX_RUN_MS),
        },
        Do::RunUntilAirLimit => StepAction::RunUntilAirLimit { timeout_ms: t.integer("timeout_ms", 1..=MAX_RUN_MS) },
        Do::Update => StepAction::Update { session: selector(t, "session"), mch: t.name("mch") },
        Do::Stop => StepAction::Stop { session: selector(t, "session") },
        Do::SendSms => StepAction::SendSms { from: t.name("from"), to: t.name("to"), text: t.text("text") },
        Do::RunUntilSmsDelivered => {
            StepAction::RunUntilSmsDelivered { timeout_ms: t.integer("timeout_ms", 1..=MAX_RUN_MS) }
        }
    };
    let description = t.text_or("description", || action.to_string());
    Step { action, description }
}

fn expectation(t: &mut Table<'_>) -> Expectation {
    let measures = MeasurementName::ALL.map(|m| (m.as_str(), m));
    let units = Unit::ALL.map(|u| (u.as_str(), u));
    Expectation {
        measure: t.choice("measure", &measures),
        ue: selector(t, "ue"),
        session: selector(t, "session"),
        min: t.optional_number("min", -1e15..=1e15),
        max: t.optional_number("max", -1e15..=1e15),
        unit: t.choice("unit", &units),
    }
}

fn fault(t: &mut Table<'_>) -> Fault {
    let joints = [
        ("m1", Joint::M1),
        ("bcch_dl_sch", Joint::BcchDlSch),
        ("pdcch", Joint::Pdcch),
        ("mch", Joint::Mch),
        ("mcch", Joint::Mcch),
        ("mtch", Joint::Mtch),
        ("gm", Joint::Gm),
        ("mw", Joint::Mw),
        ("isc", Joint::Isc),
        ("mcptt3", Joint::Mcptt3),
        ("cx", Joint::Cx),
        ("sh", Joint::Sh),
        ("ut", Joint::Ut),
        ("mb", Joint::Mb),
        ("rf", Joint::Rf),
        ("ro", Joint::Ro),
        ("csc1", Joint::Csc1),
        ("api", Joint::Api),
        ("mb2c", Joint::Mb2C),
        ("mb2u", Joint::Mb2U),
        ("xmb_c", Joint::XmbC),
        ("sgmb", Joint::SgMb),
        ("sgi_mb", Joint::SgiMb),
        ("m3", Joint::M3),
        ("m2", Joint::M2),
        ("r1", Joint::R1),
        ("r2", Joint::R2),
        ("r5", Joint::R5),
        ("r6", Joint::R6),
        ("smpp", Joint::Smpp),
        ("mm1", Joint::Mm1),
        ("mm4", Joint::Mm4),
        ("migration", Joint::Migration),
    ];
    let targets = [
        ("any", FaultTarget::Any),
        ("sib13", FaultTarget::Sib13),
        ("data", FaultTarget::Data),
        ("msi", FaultTarget::Msi),
        ("fdt", FaultTarget::Fdt),
        ("object", FaultTarget::Object),
        ("rtp", FaultTarget::Rtp),
    ];
    let actions = [
        ("drop", FaultAction::Drop),
        ("corrupt", FaultAction::Corrupt),
        ("duplicate", FaultAction::Duplicate),
        ("delay", FaultAction::Delay),
        ("wrong_status", FaultAction::WrongStatus),
        ("wrong_response", FaultAction::WrongResponse),
    ];
    Fault {
        joint: t.choice("joint", &joints),
        what: t.choice_or("what", &targets, FaultTarget::Any),
        action: t.choice("action", &actions),
        ue: selector(t, "ue"),
        sip: t.optional_table("message", sip_what),
        mch: if t.has("mch") { Some(t.name("mch")) } else { t.absent("mch") },
        after: t.optional_integer("after", 0..=1_000_000_000),
        count: t.optional_integer("count", 1..=1_000_000_000),
    }
}

/// `message = { ... }` of a fault.
fn sip_what(t: &mut Table<'_>) -> SipWhat {
    SipWhat {
        method: t.optional_text("method"),
        status: t.optional_integer("status", 100..=699),
        from: t.optional_text("from"),
        to: t.optional_text("to"),
        procedure: t.optional_text("procedure"),
        step: t.optional_text("step"),
        delay_ms: t.optional_integer("delay_ms", 1..=3_600_000),
        status_instead: t.optional_integer("status_instead", 100..=699),
    }
}

/// A name or `"all"`; all when the key is absent.
pub(super) fn selector(t: &mut Table<'_>, key: &'static str) -> Selector {
    Selector::from(t.text_or(key, || Selector::ALL.into()))
}

/// TS 36.104 table 5.6-1.
const N_RB_DL: [u8; 6] = [6, 15, 25, 50, 75, 100];

/// FDD subframes that may be MBSFN subframes (TS 36.331 clause 6.3.7, `MBSFN-SubframeConfig`).
const MBSFN_SUBFRAMES: [u8; 6] = [1, 2, 3, 6, 7, 8];

/// `radioframeAllocationPeriod` (TS 36.331 clause 6.3.7).
const ALLOCATION_PERIOD_RF: [u8; 6] = [1, 2, 4, 8, 16, 32];

/// `commonSF-AllocPeriod-r9` (TS 36.331 clause 6.2.2).
const COMMON_SF_ALLOC_RF: [u16; 7] = [4, 8, 16, 32, 64, 128, 256];

/// `maxMBSFN-Area` (TS 36.331 clause 6.4).
const MAX_AREAS: usize = 8;

/// `maxMBSFN-Allocations` (TS 36.331 clause 6.4).
const MAX_ALLOCATIONS: usize = 8;

/// `maxPMCH-PerMBSFN` (TS 36.331 clause 6.4).
const MAX_MCHS: usize = 15;

/// The largest integer that TOML promises to hold.
const SEED_MAX: u64 = i64::MAX as u64;

/// Sessions of a scenario: as many as an MCH has logical channels for, on each of a few MCHs.
const MAX_SESSIONS: usize = 256;

const MAX_UES: usize = 1024;

/// Sites whose signals a UE is likely to hear at all.
const MAX_TRANSMITTERS: usize = 16;

const MAX_LIST: usize = 256;

/// Thirty days.
pub(super) const MAX_RUN_MS: u64 = 30 * 24 * 3600 * 1000;
