//! `report.json`: the report for programs. Its layout is versioned by `schema`; within a version, fields are only added.
//!
//! A ratio is an object with its counts and its 95 % Wilson interval; times are run time; an absent value is `null`.

use serde::Serialize;

use super::json_area::AreaReport;
use super::json_ims::ImsReport;
use super::json_modems::{MessageReport, ModemReport};
use super::mms_runs::{MultimediaMessageCount, MultimediaMessageRun};
use super::model::{Delivery, Loss, Model, Outcome, SessionRun, UeRun};
use super::radio_sum::Ratio;
use super::sms_runs::{ShortMessageCount, ShortMessageRun};
use crate::event::{BoxBackend, FrontEndStatus, MchHeader, SessionInfo};
use crate::ladder::{Ladder, LadderStep};
use crate::pcap::{CAPTURE_FILE, wireshark_options};
use crate::record::RECORD_FILE;
use crate::scenario::{Channel, MeasurementName, Scenario, Unit};
use crate::verdict::{Check, Judgement, LadderVerdict, Verdict};

/// Version of the layout.
pub const SCHEMA: &str = "castbench.report/1";

/// The text of `report.json`.
pub fn json(model: &Model, judgement: &Judgement) -> String {
    let report = Report::of(model, judgement);
    serde_json::to_string_pretty(&report).expect("all keys of the report are strings") + "\n"
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    castbench: &'a str,
    verdict: Verdict,
    /// What was proven, or the first thing that was not.
    sentence: &'a str,
    run: Run<'a>,
    /// What each box was, and what could not be seen of it.
    boxes: &'a [BoxBackend],
    files: Files,
    sessions: Vec<Session<'a>>,
    ues: Vec<Ue<'a>>,
    deliveries: Vec<DeliveryReport<'a>>,
    expectations: Vec<Expected<'a>>,
    ladders: Vec<LadderReport<'a>>,
    modems: Vec<ModemReport<'a>>,
    messages: Vec<MessageReport<'a>>,
    /// Over IP.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    short_messages: &'a [ShortMessageRun],
    /// How many there were: the first ones are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    short_messages_counted: Option<ShortMessageCount>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    multimedia_messages: &'a [MultimediaMessageRun],
    /// How many there were: the first ones are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    multimedia_messages_counted: Option<MultimediaMessageCount>,
    /// What the front ends of a paced run have seen.
    front_ends: &'a [FrontEndStatus],
    /// Why the run broke off.
    front_end_failed: Option<&'a str>,
    notes: Vec<Note<'a>>,
    /// The scenario as it was run.
    scenario: &'a Scenario,
}

#[derive(Serialize)]
struct Run<'a> {
    scenario: &'a str,
    title: &'a str,
    proves: &'a str,
    seed: u64,
    rig: &'a str,
    clock: &'a str,
    complete: bool,
    duration_ms: f64,
    sample_rate_hz: f64,
    /// Power of samples with an rms of 1 at the antenna connectors of the UEs, dBm.
    full_scale_dbm: Option<f64>,
    tbs_bits: u32,
    mch_capacity_bps: f64,
    mchs: &'a [MchHeader],
    /// When MCCHs changed on air.
    mcch_changes_ms: Vec<f64>,
    mch_scheduling_periods: u64,
    largest_backlog_octets: u64,
    iq_sha256: Option<&'a str>,
    iq_samples: Option<u64>,
    captured: Vec<Captured>,
    steps: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Captured {
    joint: String,
    packets: u64,
    octets: u64,
}

#[derive(Serialize)]
struct Step<'a> {
    index: usize,
    description: &'a str,
    from_ms: f64,
    to_ms: Option<f64>,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Files {
    record: &'static str,
    capture: &'static str,
    /// Options with which tshark and Wireshark also dissect what is inside M1 and the datagrams of the MTCH.
    wireshark_options: Vec<String>,
}

#[derive(Serialize)]
struct Session<'a> {
    session: &'a str,
    started_ms: Option<f64>,
    allocated: Option<&'a SessionInfo>,
    stopped_ms: Option<f64>,
    packets: Option<u64>,
    ip_octets: Option<u64>,
    passes: Option<u64>,
    ues_complete: u64,
    ues: u64,
}

#[derive(Serialize)]
struct Ue<'a> {
    ue: &'a str,
    channel: Option<&'a Channel>,
    cell: Option<CellReport>,
    mcch_acquired_ms: Option<f64>,
    mcch_notifications: u64,
    not_acquired: Option<&'a str>,
    first_failing_stage: Option<&'a str>,
    hint: Option<&'a str>,
    stages: Vec<StageReport<'a>>,
    losses: Vec<LossReport<'a>>,
    mch_bler: RatioReport,
    signalling_bler: RatioReport,
    cinr_db: Option<f64>,
    cinr_min_db: Option<f64>,
    evm_percent: Option<f64>,
    turbo_iterations_mean: Option<f64>,
    cfo_hz: Option<f64>,
    timing_us: Option<f64>,
    /// MBSFN areas.
    areas: Vec<AreaReport<'a>>,
    rlc_lost_pdus: u64,
    rlc_gaps: u64,
    /// `null` for a UE without a subscription to the IMS.
    ims: Option<ImsReport<'a>>,
}

#[derive(Serialize)]
struct CellReport {
    at_ms: f64,
    n_id_cell: u16,
    n_ports: u8,
}

#[derive(Serialize)]
struct StageReport<'a> {
    stage: &'a str,
    tried: u64,
    good: u64,
}

/// Datagrams that did not come out of a receiver.
#[derive(Serialize)]
struct LossReport<'a> {
    at_ms: f64,
    session: &'a str,
    first: u64,
    count: u64,
    mch: &'a str,
    lcid: u8,
    rlc_sn: Option<(u8, u8)>,
}

#[derive(Serialize)]
pub(super) struct RatioReport {
    errors: u64,
    blocks: u64,
    ratio: Option<f64>,
    wilson_95: Option<(f64, f64)>,
}

#[derive(Serialize)]
struct DeliveryReport<'a> {
    ue: &'a str,
    session: &'a str,
    /// `received`, `damaged`, `missing`, `open`.
    outcome: &'static str,
    fdt_ms: Option<f64>,
    at_ms: Option<f64>,
    after_s: Option<f64>,
    toi: Option<u64>,
    content_location: Option<&'a str>,
    octets: Option<u64>,
    sha256: Option<&'a str>,
    received_octets: u64,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Expected<'a> {
    id: &'a str,
    measure: MeasurementName,
    ue: Option<&'a str>,
    session: Option<&'a str>,
    min: Option<f64>,
    max: Option<f64>,
    unit: Unit,
    value: Option<f64>,
    counts: Option<(u64, u64)>,
    wilson_95: Option<(f64, f64)>,
    verdict: Verdict,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct LadderReport<'a> {
    procedure: &'a str,
    title: &'a str,
    ue: &'a str,
    session: &'a str,
    steps: Vec<LadderStepReport>,
    verdict: Verdict,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct LadderStepReport {
    number: &'static str,
    from: String,
    to: String,
    joint: String,
    expect: &'static str,
    clause: &'static str,
    filter: Option<String>,
    seen: bool,
    t_ms: Option<f64>,
    packet: Option<u64>,
    decoded: Vec<String>,
}

#[derive(Serialize)]
struct Note<'a> {
    t_ms: f64,
    text: &'a str,
}

impl<'a> Report<'a> {
    fn of(model: &'a Model, judgement: &'a Judgement) -> Self {
        let scenario = &model.header.scenario;
        Self {
            schema: SCHEMA,
            castbench: &model.header.castbench,
            verdict: judgement.verdict,
            sentence: &judgement.sentence,
            run: Run::of(model),
            boxes: &model.header.boxes,
            files: Files {
                record: RECORD_FILE,
                capture: CAPTURE_FILE,
                wireshark_options: wireshark_options(model.session_infos()),
            },
            sessions: model.sessions.iter().map(|s| Session::of(model, s)).collect(),
            ues: model.ues.iter().zip(&scenario.ues).map(|(u, own)| Ue::of(model, u, own.channel.as_ref())).collect(),
            deliveries: model.deliveries.iter().map(DeliveryReport::of).collect(),
            expectations: judgement.checks.iter().map(Expected::of).collect(),
            ladders: model.ladders.iter().zip(&judgement.ladders).map(|(l, v)| LadderReport::of(l, v)).collect(),
            modems: model.modems.iter().map(ModemReport::of).collect(),
            messages: model.messages.iter().map(MessageReport::of).collect(),
            short_messages: &model.short_messages,
            short_messages_counted: (!model.short_messages.is_empty()).then_some(model.short_messages_counted),
            multimedia_messages: &model.multimedia_messages,
            multimedia_messages_counted: (!model.multimedia_messages.is_empty())
                .then_some(model.multimedia_messages_counted),
            front_ends: &model.front_ends,
            front_end_failed: model.front_end_failed.as_deref(),
            notes: model.notes.iter().map(|n| Note { t_ms: ms(n.at_ns), text: &n.text }).collect(),
            scenario,
        }
    }
}

impl<'a> Run<'a> {
    fn of(model: &'a Model) -> Self {
        let header = &model.header;
        let captured = model.captured.iter();
        let steps = model.steps.iter().map(|s| Step {
            index: s.index,
            description: &s.description,
            from_ms: ms(s.from_ns),
            to_ms: s.end.as_ref().map(|e| ms(e.0)),
            reason: s.end.as_ref().map(|e| &*e.1),
        });
        Self {
            scenario: &header.scenario.name,
            title: &header.scenario.title,
            proves: &header.scenario.proves,
            seed: header.scenario.seed,
            rig: &header.rig,
            clock: &header.clock,
            complete: model.finished,
            duration_ms: ms(model.end_ns),
            sample_rate_hz: header.sample_rate_hz,
            full_scale_dbm: header.full_scale_dbm,
            tbs_bits: header.tbs_bits,
            mch_capacity_bps: header.mch_capacity_bps,
            mchs: &header.mchs,
            mcch_changes_ms: model.mcch_changes.iter().map(|c| ms(c.from_ns)).collect(),
            mch_scheduling_periods: model.mch_periods.0,
            largest_backlog_octets: model.mch_periods.1,
            iq_sha256: model.iq.as_ref().map(|iq| &*iq.0),
            iq_samples: model.iq.as_ref().map(|iq| iq.1),
            captured: captured
                .map(|(joint, &(packets, octets))| Captured { joint: joint.to_string(), packets, octets })
                .collect(),
            steps: steps.collect(),
        }
    }
}

impl<'a> Session<'a> {
    fn of(model: &Model, run: &'a SessionRun) -> Self {
        let (complete, all) = model.ues_complete(&run.name);
        Self {
            session: &run.name,
            started_ms: run.started.as_ref().map(|s| ms(s.0)),
            allocated: run.started.as_ref().map(|s| &s.1),
            stopped_ms: run.stopped.map(|s| ms(s.at_ns)),
            packets: run.sent().map(|s| s.packets),
            ip_octets: run.sent().map(|s| s.ip_octets),
            passes: run.sent().map(|s| s.passes),
            ues_complete: complete,
            ues: all,
        }
    }
}

impl<'a> Ue<'a> {
    fn of(model: &'a Model, run: &'a UeRun, channel: Option<&'a Channel>) -> Self {
        let radio = &run.radio;
        Self {
            ue: &run.name,
            channel,
            cell: run.cell.map(|(at_ns, n_id_cell, n_ports)| CellReport { at_ms: ms(at_ns), n_id_cell, n_ports }),
            mcch_acquired_ms: run.mcch.as_ref().map(|m| ms(m.0)),
            mcch_notifications: run.notifications,
            not_acquired: run.not_acquired.as_deref(),
            first_failing_stage: run.diagnosis.as_ref().and_then(|d| d.stage.as_deref()),
            hint: run.diagnosis.as_ref().map(|d| &*d.hint),
            stages: run.diagnosis.iter().flat_map(|d| &d.stages).map(StageReport::of).collect(),
            losses: run.losses.iter().map(LossReport::of).collect(),
            mch_bler: RatioReport::of(radio.mch),
            signalling_bler: RatioReport::of(radio.signalling),
            cinr_db: radio.cinr_db(),
            cinr_min_db: radio.cinr_min_db,
            evm_percent: radio.evm_percent(),
            turbo_iterations_mean: radio.turbo.mean(),
            cfo_hz: radio.cfo_hz(),
            timing_us: radio.timing_us(),
            areas: run.areas.iter().map(|area| AreaReport::of(area, model.header.full_scale_dbm)).collect(),
            rlc_lost_pdus: run.rlc_gaps.0,
            rlc_gaps: run.rlc_gaps.1,
            ims: model.ims_of(&run.name).map(ImsReport::of),
        }
    }
}

impl<'a> StageReport<'a> {
    fn of((stage, tried, good): &'a (String, u64, u64)) -> Self {
        Self { stage, tried: *tried, good: *good }
    }
}

impl<'a> LossReport<'a> {
    fn of(loss: &'a Loss) -> Self {
        Self {
            at_ms: ms(loss.at_ns),
            session: &loss.session,
            first: loss.datagrams.0,
            count: loss.datagrams.1,
            mch: &loss.mch,
            lcid: loss.lcid,
            rlc_sn: loss.rlc_sn,
        }
    }
}

impl RatioReport {
    pub(super) fn of(ratio: Ratio) -> Self {
        Self { errors: ratio.errors, blocks: ratio.trials, ratio: ratio.value(), wilson_95: ratio.wilson_95() }
    }
}

impl<'a> DeliveryReport<'a> {
    fn of(delivery: &'a Delivery) -> Self {
        let mut report = Self {
            ue: &delivery.ue,
            session: &delivery.session,
            outcome: "open",
            fdt_ms: delivery.fdt_ns.map(ms),
            at_ms: None,
            after_s: None,
            toi: None,
            content_location: None,
            octets: None,
            sha256: None,
            received_octets: delivery.received_octets(),
            reason: None,
        };
        match &delivery.outcome {
            Outcome::Open => {}
            Outcome::Received { at_ns, after_s, toi, content_location, octets, sha256, intact } => {
                report.outcome = if *intact { "received" } else { "damaged" };
                (report.at_ms, report.after_s, report.toi) = (Some(ms(*at_ns)), Some(*after_s), Some(*toi));
                report.octets = Some(*octets);
                report.sha256 = Some(sha256);
                report.content_location = Some(content_location);
            }
            Outcome::Missing { at_ns, reason, .. } => {
                report.outcome = "missing";
                report.at_ms = Some(ms(*at_ns));
                report.reason = Some(reason);
            }
        }
        report
    }
}

impl<'a> Expected<'a> {
    fn of(check: &'a Check) -> Self {
        Self {
            id: &check.id,
            measure: check.measure,
            ue: check.ue.as_deref(),
            session: check.session.as_deref(),
            min: check.limits.0,
            max: check.limits.1,
            unit: check.unit,
            value: check.value.map(|v| v.value),
            counts: check.value.and_then(|v| v.counts),
            wilson_95: check.value.and_then(|v| v.interval()),
            verdict: check.verdict,
            reason: check.reason.as_deref(),
        }
    }
}

impl<'a> LadderReport<'a> {
    fn of(ladder: &'a Ladder, verdict: &'a LadderVerdict) -> Self {
        let header = &ladder.header;
        Self {
            procedure: &header.procedure,
            title: &header.title,
            ue: &header.ue,
            session: &header.session,
            steps: ladder.steps().into_iter().map(LadderStepReport::of).collect(),
            verdict: verdict.verdict,
            reason: verdict.reason.as_deref(),
        }
    }
}

impl LadderStepReport {
    fn of(step: LadderStep) -> Self {
        Self {
            number: step.row.number,
            from: step.from,
            to: step.to,
            joint: step.row.joint.to_string(),
            expect: step.row.expect,
            clause: step.row.clause,
            filter: step.filter,
            seen: step.tick.is_some(),
            t_ms: step.tick.as_ref().map(|t| ms(t.at_ns)),
            packet: step.tick.as_ref().map(|t| t.packet),
            decoded: step
                .tick
                .iter()
                .flat_map(|t| &t.decoded)
                .map(|(name, value)| format!("{name}: {value}"))
                .collect(),
        }
    }
}

pub(super) fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::synthetic;

    fn report() -> Value {
        let model = synthetic::model();
        serde_json::from_str(&json(&model, &Judgement::of(&model))).unwrap()
    }

    #[test]
    fn layout_of_version_1() {
        let report = report();
        let keys: Vec<_> = report.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = [
            "boxes",
            "castbench",
            "deliveries",
            "expectations",
            "files",
            "front_end_failed",
            "front_ends",
            "ladders",
            "messages",
            "modems",
            "notes",
            "run",
            "scenario",
            "schema",
            "sentence",
            "sessions",
            "ues",
            "verdict",
        ];
        assert_eq!(keys, expected);
        assert_eq!((&report["schema"], &report["verdict"]), (&"castbench.report/1".into(), &"pass".into()));
    }

    #[test]
    fn ladders_have_what_a_checker_needs() {
        let report = report();
        let ladder = &report["ladders"][0];
        assert_eq!(ladder["procedure"], "TS 26.346 7");
        for step in ladder["steps"].as_array().unwrap() {
            for key in ["number", "from", "to", "joint", "expect", "filter"] {
                assert!(step[key].is_string(), "{key}: {step}");
            }
            assert!(step["seen"].as_bool().unwrap() && step["t_ms"].is_f64() && step["packet"].is_u64(), "{step}");
        }
    }

    #[test]
    fn every_ratio_has_its_counts() {
        for ue in report()["ues"].as_array().unwrap() {
            for name in ["mch_bler", "signalling_bler"] {
                let r = &ue[name];
                let (errors, blocks) = (r["errors"].as_u64().unwrap(), r["blocks"].as_u64().unwrap());
                assert_eq!(r["ratio"].as_f64().unwrap(), errors as f64 / blocks as f64);
                assert!(r["wilson_95"][0].as_f64().unwrap() <= r["wilson_95"][1].as_f64().unwrap());
            }
        }
    }
}
