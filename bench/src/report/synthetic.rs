//! Made-up runs for tests of the reports: the numbers look like a run's, nothing was simulated.

use std::path::PathBuf;

use protocol::{Joint, Plmn, Tmgi};

use super::model::Model;
use super::synthetic_radio;
use crate::event::{Event, LadderHeader, MchHeader, MtchStop, RadioReport, RunHeader, SessionInfo, SessionSent, What};
use crate::ladder::DOWNLOAD_DELIVERY;
use crate::scenario::{
    Cell, Channel, ChannelModel, Expectation, Fec, MbsfnArea, Mch, MeasurementName, SampleRate, Scenario, Selector,
    Session, Step, StepAction, SubframeAllocation, SubframePattern, Ue, UeRadio,
};

const FILE_OCTETS: u64 = 412_345;
const SHA256: &str = "5f0c9e1b7a4d3f2e8c6b1a0d9e8f7c6b5a4d3e2f1c0b9a8d7e6f5c4b3a2d1e0f";

/// Header of [`events`].
pub(crate) fn header() -> RunHeader {
    comparison().header
}

/// Model of [`events`].
pub(crate) fn model() -> Model {
    Model::fold(events().into_iter().map(Ok::<_, std::convert::Infallible>)).unwrap()
}

/// A carousel without code and one with Raptor, near the threshold.
pub(crate) fn events() -> Vec<Event> {
    comparison().events()
}

/// One file to six UEs with good channels.
pub(crate) fn clean_events() -> Vec<Event> {
    clean().events()
}

/// A report of one interval.
pub(crate) fn radio_report(ue: &str) -> RadioReport {
    RadioReport { ue: ue.into(), ..RadioReport::default() }
}

struct Sample {
    header: RunHeader,
    seconds: u64,
    snr_db: Vec<f64>,
    /// Share of MTCH blocks lost, per UE.
    loss: Vec<f64>,
    /// Seconds to completion per UE and session.
    done_s: Vec<Vec<Option<f64>>>,
}

fn session(name: &str, fec: Fec) -> Session {
    Session {
        name: name.into(),
        mch: "mch".into(),
        content: PathBuf::from("../../content/castbench.mp4"),
        content_type: "video/mp4".into(),
        bit_rate_kbps: 640,
        fec,
        symbol_octets: 1024,
        source_block_symbols: 512,
        air_limit_octets: Some(620_000),
    }
}

fn scenario(name: &str, title: &str, proves: &str, sessions: Vec<Session>, snr_db: &[f64]) -> Scenario {
    let ues = snr_db.iter().enumerate().map(|(i, &snr_db)| Ue {
        name: format!("ue{}", i + 1),
        channel: Some(Channel {
            model: ChannelModel::Awgn,
            snr_db,
            cfo_hz: [0.0, 180.0, -320.0, 75.0, 510.0, -40.0][i % 6],
            delay_us: 0.4 * i as f64,
            gain_db: 0.0,
            rx_correlation: 0.0,
        }),
        ims: None,
        mc: None,
        sms: None,
        mms: None,
        system: None,
        migrates: None,
        antennas: 1,
        unicast: None,
        hears: Vec::new(),
        impairments: None,
        radio: UeRadio::Samples,
    });
    let expect = |measure: MeasurementName, session: &str, min, max| Expectation {
        measure,
        ue: Selector::All,
        session: Selector::from(session.to_owned()),
        min,
        max,
        unit: measure.unit(),
    };
    let last = sessions[sessions.len() - 1].name.clone();
    let ue_count = snr_db.len() as f64;
    let expectations = vec![
        expect(MeasurementName::UesComplete, &last, Some(ue_count), None),
        expect(MeasurementName::DeliveryTime, &last, None, Some(30.0)),
        expect(MeasurementName::MchBler, "all", None, Some(0.25)),
        expect(MeasurementName::SignallingBler, "all", None, Some(0.01)),
        expect(MeasurementName::IpOctets, "all", None, Some(620_000.0)),
    ];
    let step = |action, description: &str| Step { action, description: description.into() };
    Scenario {
        name: name.into(),
        title: title.into(),
        proves: proves.into(),
        seed: 1,
        cell: Some(Cell { n_rb_dl: 25, n_id_cell: 1, sample_rate: SampleRate::Standard, n_ports: 1 }),
        areas: vec![MbsfnArea {
            n_id_mbsfn: 1,
            non_mbsfn_region: 2,
            mcch_repetition_period_rf: 32,
            mcch_offset_rf: 0,
            mcch_modification_period_rf: 512,
            mcch_subframes: vec![1],
            signalling_mcs: 2,
            notification_indicator: 0,
            common_sf_alloc_period_rf: 16,
            subframe_allocation: vec![SubframeAllocation {
                period_rf: 1,
                offset_rf: 0,
                pattern: SubframePattern::OneFrame { subframes: vec![1, 2, 3, 6, 7, 8] },
            }],
            mchs: vec![Mch {
                name: "mch".into(),
                data_mcs: 9,
                mcs_table: radio::McsTable::Qam64,
                scheduling_period_rf: 16,
                subframes_per_period: None,
            }],
        }],
        sessions,
        ims: None,
        mc: None,
        sms: None,
        mms: None,
        systems: Vec::new(),
        transmitters: Vec::new(),
        ues: ues.collect(),
        steps: vec![
            step(StepAction::Start { session: Selector::All }, "the BM-SC opens the sessions"),
            step(StepAction::RunUntilAirLimit { timeout_ms: 30_000 }, "both send until their octets are used up"),
            step(StepAction::Run { for_ms: 500 }, "what is on its way arrives"),
            step(StepAction::Stop { session: Selector::All }, "the BM-SC closes the sessions"),
        ],
        expectations,
        faults: Vec::new(),
    }
}

fn sample(scenario: Scenario, seconds: u64, snr_db: &[f64], loss: &[f64], done_s: Vec<Vec<Option<f64>>>) -> Sample {
    let pairs = scenario.ues.iter().flat_map(|u| scenario.sessions.iter().map(move |s| (u, s)));
    let ladders = pairs.map(|(u, s)| LadderHeader {
        procedure: DOWNLOAD_DELIVERY.procedure.into(),
        title: DOWNLOAD_DELIVERY.title.into(),
        ue: u.name.clone(),
        session: s.name.clone(),
        ims: None,
    });
    let header = RunHeader {
        castbench: env!("CARGO_PKG_VERSION").into(),
        ladders: ladders.collect(),
        scenario,
        rig: "simulated: eNB and UEs in memory, channel model AWGN".into(),
        clock: "virtual".into(),
        mch_capacity_bps: 2_214_400.0,
        tbs_bits: 4008,
        mchs: vec![MchHeader { mch: "mch".into(), n_id_mbsfn: 1, capacity_bps: 2_214_400.0, tbs_bits: 4008 }],
        sample_rate_hz: 7_680_000.0,
        full_scale_dbm: Some(-57.9),
        boxes: Vec::new(),
    };
    Sample { header, seconds, snr_db: snr_db.to_vec(), loss: loss.to_vec(), done_s }
}

fn comparison() -> Sample {
    let snr_db = [8.2, 6.4, 6.1, 5.8, 5.6];
    let sessions = vec![session("carousel", Fec::NoCode), session("raptor", Fec::Raptor { overhead_percent: 50 })];
    let proves = "with the same octets on air, Raptor completes the file on every UE near the threshold, the plain \
                  carousel does not";
    let scenario = scenario("raptor_vs_carousel", "Raptor against a plain carousel", proves, sessions, &snr_db);
    let done_s = vec![
        vec![Some(5.31), Some(5.33)],
        vec![Some(7.48), Some(5.62)],
        vec![None, Some(5.97)],
        vec![None, Some(6.41)],
        vec![None, Some(7.06)],
    ];
    sample(scenario, 9, &snr_db, &[0.0, 0.031, 0.068, 0.121, 0.187], done_s)
}

fn clean() -> Sample {
    let snr_db = [25.0, 18.0, 14.0, 12.0, 11.0, 10.5];
    let mut scenario = scenario(
        "file_clean",
        "A video reaches every UE",
        "a file broadcast over PMCH reaches every UE bit for bit within 30 s",
        vec![session("video", Fec::NoCode)],
        &snr_db,
    );
    scenario.steps[1].description = "the file goes round until everybody has it".into();
    let done_s =
        vec![vec![Some(5.31)], vec![Some(5.31)], vec![Some(5.32)], vec![Some(5.31)], vec![Some(5.33)], vec![Some(8.1)]];
    sample(scenario, 9, &snr_db, &[0.0, 0.0, 0.0, 0.0, 0.000_4, 0.002], done_s)
}

impl Sample {
    fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        let mut noise = Noise(7);
        let end_ns = self.seconds * 1_000_000_000;
        self.start(&mut events);
        for t_ms in (100..=self.seconds * 1000).step_by(100) {
            self.interval(t_ms, &mut noise, &mut events);
        }
        self.deliveries(&mut events);
        self.pictures(end_ns, &mut noise, &mut events);
        for (joint, packets, octets) in [
            (Joint::M1, 1_204, 1_290_112),
            (Joint::Mch, 5_410, 2_710_410),
            (Joint::Mcch, 140, 3_360),
            (Joint::Mtch, 5_877, 6_221_004),
        ] {
            events.push(Event { t_ns: end_ns, what: What::Captured { joint, packets, octets } });
        }
        let samples = 7_680_000 * self.seconds;
        events.push(Event { t_ns: end_ns, what: What::IqHash { sha256: SHA256.chars().rev().collect(), samples } });
        events.sort_by_key(|e| e.t_ns);
        events.push(Event { t_ns: end_ns, what: What::RunFinished });
        events
    }

    fn start(&self, events: &mut Vec<Event>) {
        let scenario = &self.header.scenario;
        let mut push = |t_ms: u64, what| events.push(Event { t_ns: t_ms * 1_000_000, what });
        push(0, What::RunStarted(Box::new(self.header.clone())));
        let end_ms = self.seconds * 1000;
        let bounds = [0, 10, end_ms - 700, end_ms - 200, end_ms - 190];
        for (index, step) in scenario.steps.iter().enumerate() {
            push(bounds[index], What::StepStarted { index, description: step.description.clone() });
            let reason = ["done", "air_limit", "elapsed", "done"][index];
            push(bounds[index + 1], What::StepFinished { index, reason: reason.into() });
        }
        for (i, session) in scenario.sessions.iter().enumerate() {
            push(1, What::SessionStarted(self.session_info(i)));
            let sent = Some(SessionSent { packets: 602, ip_octets: 619_840, passes: 1 });
            push(end_ms - 195, What::SessionStopped { session: session.name.clone(), sent });
        }
        for period in 0..end_ms / 160 {
            let stops = (0..scenario.sessions.len()).map(|i| MtchStop { lcid: i as u8 + 1, stop: Some(40) }).collect();
            let what = What::MchScheduled {
                mch: "mch".into(),
                sfn: (period * 16 % 1024) as u32,
                stops,
                backlog_octets: period % 7 * 900,
            };
            push(period * 160, what);
        }
        let mut packet = 1;
        for (u, ue) in scenario.ues.iter().enumerate() {
            let sessions = (0..scenario.sessions.len()).map(|i| (tmgi(i), i as u8 + 1)).collect();
            push(321 + u as u64, What::McchAcquired { ue: ue.name.clone(), n_id_mbsfn: 1, sfn: 32, sessions });
            for s in 0..scenario.sessions.len() {
                for (step, t_ms) in [("1", 14), ("2", 321), ("3", 481), ("4", 486), ("5", 487)] {
                    let ladder = u * scenario.sessions.len() + s;
                    push(
                        t_ms,
                        What::LadderTick { ladder, step: step.into(), packet, bound: Vec::new(), decoded: Vec::new() },
                    );
                    packet += 1;
                }
            }
        }
    }

    fn session_info(&self, i: usize) -> SessionInfo {
        let session = &self.header.scenario.sessions[i];
        SessionInfo {
            session: session.name.clone(),
            tmgi: tmgi(i),
            destination: format!("239.255.0.{}:{}", i + 1, 5001 + i),
            tsi: i as u64 + 1,
            c_teid: 0x1000 + i as u32,
            n_id_mbsfn: 1,
            mch: "mch".into(),
            lcid: i as u8 + 1,
            content: "castbench.mp4".into(),
            content_octets: FILE_OCTETS,
            content_sha256: SHA256.into(),
            fec: session.fec.to_string(),
            bit_rate_bps: u64::from(session.bit_rate_kbps) * 1000,
        }
    }

    fn interval(&self, t_ms: u64, noise: &mut Noise, events: &mut Vec<Event>) {
        let t_ns = t_ms * 1_000_000;
        for (u, ue) in self.header.scenario.ues.iter().enumerate() {
            let mch_blocks = 52;
            let wanted = self.loss[u] * mch_blocks as f64;
            let mch_errors = ((wanted * (0.4 + 1.2 * noise.uniform())) + noise.uniform()).floor().min(52.0) as u64;
            let mch_errors = if self.loss[u] == 0.0 { 0 } else { mch_errors };
            let cinr_db = self.snr_db[u] + 0.5 * (noise.uniform() - 0.5);
            let what = What::Radio(RadioReport {
                from_ns: t_ns - 100_000_000,
                mch_blocks,
                mch_errors,
                signalling_blocks: 8,
                turbo_iterations: 52 * 3,
                code_blocks: 52,
                cinr_db: Some(cinr_db),
                cinr_min_db: Some(cinr_db - 0.6 - noise.uniform()),
                evm_percent: Some(100.0 * 10f64.powf(-cinr_db / 20.0)),
                cfo_hz: Some(ue.channel().cfo_hz + noise.uniform()),
                timing_us: Some(ue.channel().delay_us),
                areas: vec![synthetic_radio::area((mch_blocks, mch_errors), cinr_db, ue.channel().delay_us)],
                ..radio_report(&ue.name)
            });
            events.push(Event { t_ns, what });
            for (s, session) in self.header.scenario.sessions.iter().enumerate() {
                self.progress(t_ms, (u, s), (&ue.name, &session.name), events);
            }
        }
    }

    fn progress(&self, t_ms: u64, (u, s): (usize, usize), (ue, session): (&str, &str), events: &mut Vec<Event>) {
        let t = t_ms as f64 / 1000.0;
        let sent_s = (t - 0.48).clamp(0.0, 7.75);
        if sent_s == 0.0 || self.done_s[u][s].is_some_and(|done| t > done) {
            return;
        }
        let received_octets = (sent_s * 77_500.0 * (1.0 - self.loss[u])) as u64;
        // Raptor decodes at the end of the block; a carousel writes up to its first hole.
        let written = match (s, self.loss[u]) {
            (1, _) => 0.0,
            (_, loss) if loss < 0.001 => sent_s * 77_500.0,
            (_, loss) => (sent_s * 77_500.0).min(9_000.0 / loss),
        };
        let written_octets = (written as u64).min(FILE_OCTETS);
        let (ue, session) = (ue.to_owned(), session.to_owned());
        let what = What::ObjectProgress { ue, session, received_octets, written_octets };
        events.push(Event { t_ns: t_ms * 1_000_000, what });
    }

    fn deliveries(&self, events: &mut Vec<Event>) {
        let scenario = &self.header.scenario;
        let end_ns = (self.seconds * 1000 - 190) * 1_000_000;
        for (u, ue) in scenario.ues.iter().enumerate() {
            for (s, session) in scenario.sessions.iter().enumerate() {
                let (ue, session) = (ue.name.clone(), session.name.clone());
                let files = vec!["castbench.mp4".into()];
                let fdt = What::FdtReceived { ue: ue.clone(), session: session.clone(), instance_id: 0, files };
                events.push(Event { t_ns: 486_000_000, what: fdt });
                let Some(after_s) = self.done_s[u][s] else {
                    let received_octets = (600_000.0 * (1.0 - self.loss[u])) as u64;
                    let reason = format!("{} of 403 source symbols never came", 3 + 4 * u);
                    let what = What::ObjectMissing { ue, session, received_octets, reason };
                    events.push(Event { t_ns: end_ns, what });
                    continue;
                };
                let received_octets = ((after_s - 0.48) * 77_500.0 * (1.0 - self.loss[u])) as u64;
                let t_ns = (after_s * 1e9) as u64;
                let progress = What::ObjectProgress {
                    ue: ue.clone(),
                    session: session.clone(),
                    received_octets,
                    written_octets: FILE_OCTETS,
                };
                events.push(Event { t_ns, what: progress });
                let what = What::ObjectReceived {
                    ue,
                    session,
                    toi: 1,
                    content_location: "castbench.mp4".into(),
                    octets: FILE_OCTETS,
                    sha256: SHA256.into(),
                    intact: true,
                    after_s,
                };
                events.push(Event { t_ns, what });
            }
        }
    }

    fn pictures(&self, t_ns: u64, noise: &mut Noise, events: &mut Vec<Event>) {
        let psd = |snr_db: Option<f64>, noise: &mut Noise| -> Vec<f32> {
            let bins = 0..512;
            bins.map(|bin| {
                let x = (f64::from(bin) - 255.5) / 512.0 * 7.68;
                let floor_db = snr_db.map_or(-55.0, |snr_db| -snr_db);
                let occupied = if x.abs() <= 2.25 { 1.0 } else { 10f64.powf(-(35.0 + 6.0 * (x.abs() - 2.25)) / 10.0) };
                let level = occupied + 10f64.powf(floor_db / 10.0);
                (10.0 * level.log10() + 0.8 * (noise.uniform() - 0.5)) as f32
            })
            .collect()
        };
        let mut places = vec![("eNB".to_owned(), None)];
        let ues = self.header.scenario.ues.iter().zip(&self.snr_db);
        places.extend(ues.map(|(ue, &snr_db)| (ue.name.clone(), Some(snr_db))));
        for (at, snr_db) in places {
            let psd_db = psd(snr_db, noise);
            events.push(Event { t_ns, what: What::Spectrum { at, span_hz: 7_680_000.0, psd_db } });
        }
        for (ue, snr_db) in self.header.scenario.ues.iter().zip(&self.snr_db) {
            let sigma = 10f64.powf(-snr_db / 20.0) * 707.0;
            let level = |noise: &mut Noise| [-949.0, -316.0, 316.0, 949.0][(noise.uniform() * 4.0) as usize % 4];
            let points_milli = (0..600)
                .map(|_| [(); 2].map(|()| (level(noise) + sigma * noise.gauss()).clamp(-3000.0, 3000.0) as i16))
                .collect();
            let (ue, modulation) = (ue.name.clone(), "16QAM".into());
            events.push(Event { t_ns, what: synthetic_radio::impulse_response(&ue, 0.6) });
            events.push(Event {
                t_ns,
                what: What::Constellation { ue, sfn: 810, subframe: 6, modulation, points_milli },
            });
        }
    }
}

fn tmgi(i: usize) -> Tmgi {
    Tmgi { service_id: [0, 0xab, 0xcd + i as u8], plmn: Plmn::new("262", "01").unwrap() }
}

/// Linear congruential generator (Knuth, MMIX).
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn gauss(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}
