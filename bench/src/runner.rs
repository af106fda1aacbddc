//! The virtual-time runner: the only owner of the clock. Time jumps from deadline to deadline; while a bearer is active
//! the radio turns in steps of one radio frame.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use num_complex::Complex32;
use protocol::{Instant, Joint, TapEvent, Tmgi};
use radio::{CellConfig, EnbEvent, MchTxEvent, STOP_NOT_SCHEDULED, SubframeTime, write_cf32};

use crate::air::{Air, Heard, HeardWhat};
use crate::boxes::Boxes;
use crate::capacity::Capacity;
use crate::console::Console;
use crate::errors::CommandError;
use crate::event::{LadderHeader, MtchStop, RunHeader, SessionInfo, What};
use crate::faults;
use crate::ladder::DOWNLOAD_DELIVERY;
use crate::network::{Network, NetworkOutput};
use crate::observer::Observer;
use crate::rig::Rig;
use crate::scenario::{Loaded, Selector, StepAction};
use crate::setup;
use crate::ue::{Sent, Ue, round};
use crate::verdict::Judgement;

/// Radio frame: the step of the radio.
const FRAME: Duration = Duration::from_millis(10);
/// Interval of radio reports and of progress.
const REPORT_INTERVAL: Duration = Duration::from_millis(100);
/// Interval of constellations, and how many of them a run keeps.
const SYMBOLS_INTERVAL: Duration = Duration::from_secs(1);
const SYMBOLS_MAX: u32 = 4;

/// Folder of samples of lost blocks.
pub(crate) const IQ_FOLDER: &str = "iq";

/// What a run cost, for `perf.json`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Played {
    pub(crate) air_time: Duration,
    pub(crate) samples: u64,
}

/// Runs a scenario with the boxes that were made for it and writes record, capture and reports into `dir`.
pub(crate) fn run(
    loaded: &Loaded,
    rig: &Rig,
    boxes: Boxes,
    dir: &Path,
    console: &mut Console,
) -> Result<(Judgement, Played), CommandError> {
    let scenario = &loaded.scenario;
    let Boxes { cell, capacity, network, air, services } = boxes;
    let ue = |name: &str| Ue::new(name, services.clone(), dir.join("ues").join(name), cell.sample_rate_hz() / 1e6);
    let mut runner = Runner {
        loaded,
        dir,
        now: Instant::ZERO,
        network,
        air,
        ues: scenario.ues.iter().map(|u| ue(&u.name)).collect(),
        sent: BTreeMap::new(),
        running: BTreeSet::new(),
        limit_reached: BTreeSet::new(),
        on_air_until: Instant::ZERO,
        reported: Instant::ZERO,
        symbols_left: SYMBOLS_MAX,
        next_symbols: Instant::ZERO,
        observer: Observer::new(dir, header(loaded, rig, &cell, capacity), console)?,
    };
    for (index, step) in scenario.steps.iter().enumerate() {
        runner.fact(What::StepStarted { index, description: step.description.clone() })?;
        let reason = runner.step(&step.action)?;
        runner.fact(What::StepFinished { index, reason: reason.to_owned() })?;
    }
    runner.finish()
}

fn header(loaded: &Loaded, rig: &Rig, cell: &CellConfig, capacity: Capacity) -> RunHeader {
    let scenario = &loaded.scenario;
    let ladder = |ue: &str, session: &str| LadderHeader {
        procedure: DOWNLOAD_DELIVERY.procedure.to_owned(),
        title: DOWNLOAD_DELIVERY.title.to_owned(),
        ue: ue.to_owned(),
        session: session.to_owned(),
    };
    let sessions = || scenario.sessions.iter();
    RunHeader {
        castbench: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: scenario.clone(),
        rig: rig.to_string(),
        clock: rig.clock.to_string(),
        ladders: scenario.ues.iter().flat_map(|u| sessions().map(|s| ladder(&u.name, &s.name))).collect(),
        mch_capacity_bps: round(capacity.bps, 0),
        tbs_bits: capacity.tbs_bits as u32,
        sample_rate_hz: cell.sample_rate_hz(),
    }
}

struct Runner<'a> {
    loaded: &'a Loaded,
    /// The run's folder.
    dir: &'a Path,
    /// Always the start of a radio frame.
    now: Instant,
    network: Network,
    air: Air,
    ues: Vec<Ue>,
    /// Of each session that was started.
    sent: BTreeMap<String, Sent>,
    running: BTreeSet<String>,
    limit_reached: BTreeSet<String>,
    /// Until then the radio has something to send.
    on_air_until: Instant,
    reported: Instant,
    symbols_left: u32,
    next_symbols: Instant,
    observer: Observer<'a>,
}

impl Runner<'_> {
    fn fact(&mut self, what: What) -> Result<(), CommandError> {
        self.observer.fact(self.now, what)
    }

    /// Does a step and tells why it ended.
    fn step(&mut self, action: &StepAction) -> Result<&'static str, CommandError> {
        let after = |ms: u64| self.now + Duration::from_millis(ms);
        match action {
            StepAction::Start { session } => self.start(session),
            StepAction::Stop { session } => self.stop(session),
            StepAction::Run { for_ms } => self.advance(after(*for_ms), "elapsed", |_| None),
            StepAction::RunUntilDelivered { session, timeout_ms } => {
                self.advance(after(*timeout_ms), "timeout", |runner| match runner.is_delivered(session) {
                    true => Some("delivered"),
                    false => runner.is_exhausted(session).then_some("nothing_to_send"),
                })
            }
            StepAction::RunUntilAirLimit { timeout_ms } => self.advance(after(*timeout_ms), "timeout", |runner| {
                runner.running.is_subset(&runner.limit_reached).then_some("air_limit")
            }),
        }
    }

    fn selected(&self, selector: &Selector) -> Vec<usize> {
        let sessions = self.loaded.scenario.sessions.iter().enumerate();
        sessions.filter(|(_, s)| selector.selects(&s.name)).map(|(i, _)| i).collect()
    }

    fn start(&mut self, selector: &Selector) -> Result<&'static str, CommandError> {
        for index in self.selected(selector) {
            let (session, path) = (&self.loaded.scenario.sessions[index], &self.loaded.content[index]);
            let content = setup::content(session, path);
            let content = content.map_err(|source| CommandError::Read { path: path.clone(), source })?;
            self.network.start(self.now, &session.name, content, setup::delivery(session));
            self.drain_network(self.now)?;
            if !self.running.contains(&session.name) {
                return Err(CommandError::Usage(format!("session {} could not be started", session.name)));
            }
        }
        Ok("done")
    }

    fn stop(&mut self, selector: &Selector) -> Result<&'static str, CommandError> {
        for index in self.selected(selector) {
            let name = self.loaded.scenario.sessions[index].name.clone();
            if self.running.contains(&name) {
                self.network.stop(self.now, &name);
                self.drain_network(self.now)?;
            }
        }
        Ok("done")
    }

    fn is_delivered(&self, selector: &Selector) -> bool {
        self.selected(selector).into_iter().all(|index| {
            let (complete, ues) = self.observer.model().ues_complete(&self.loaded.scenario.sessions[index].name);
            complete == ues
        })
    }

    /// None of these sessions will send any more, and what was sent has been on the air.
    fn is_exhausted(&self, selector: &Selector) -> bool {
        let may_send = |name: &String| self.running.contains(name) && !self.limit_reached.contains(name);
        let sessions = &self.loaded.scenario.sessions;
        self.now >= self.on_air_until && !self.selected(selector).into_iter().any(|i| may_send(&sessions[i].name))
    }

    /// Lets time pass until `until`, or until `end` gives a reason; it is asked before the first turn and after each.
    fn advance(
        &mut self,
        until: Instant,
        otherwise: &'static str,
        end: impl Fn(&Self) -> Option<&'static str>,
    ) -> Result<&'static str, CommandError> {
        loop {
            if let Some(reason) = end(self) {
                return Ok(reason);
            }
            if self.now >= until {
                return Ok(otherwise);
            }
            self.turn(until)?;
        }
    }

    /// One radio frame, or a jump over time in which nothing is on air.
    fn turn(&mut self, until: Instant) -> Result<(), CommandError> {
        if self.running.is_empty() && self.now >= self.on_air_until {
            let next = self.network.poll_timeout().map_or(until, |t| t.min(until));
            self.now = frame_start(next).max(self.now + FRAME);
            self.air.skip_to_frame(frame_of(self.now));
            return Ok(());
        }
        let end = self.now + FRAME;
        while let Some(deadline) = self.network.poll_timeout().filter(|&t| t < end) {
            self.network.handle_timeout(deadline.max(self.now));
            self.drain_network(deadline.max(self.now))?;
        }
        if self.symbols_left > 0 && self.now >= self.next_symbols && !self.sent.is_empty() {
            self.symbols_left -= 1;
            self.next_symbols = self.now + SYMBOLS_INTERVAL;
            self.air.want_symbols();
        }
        self.air.turn();
        self.hear()?;
        self.now = end;
        if self.now - self.reported >= REPORT_INTERVAL {
            self.report()?;
        }
        Ok(())
    }

    fn drain_network(&mut self, now: Instant) -> Result<(), CommandError> {
        while let Some(output) = self.network.poll_output() {
            match output {
                NetworkOutput::M1(bytes) => {
                    let (from, to) = ("BM-SC".to_owned(), "eNB".to_owned());
                    let mut tap = TapEvent { at: now, joint: Joint::M1, from, to, bytes };
                    if faults::apply(&self.loaded.scenario.faults, "", &mut tap) {
                        self.observer.tap(&tap)?;
                        self.network.m1(now, &tap.bytes);
                    }
                }
                NetworkOutput::Sdu { lcid, sdu, due } => {
                    let period = FRAME * u32::from(self.loaded.scenario.mch.scheduling_period_rf);
                    self.on_air_until = self.on_air_until.max(due + period * 2);
                    if let Err(why) = self.air.enb().push_sdu(0, 0, lcid, &sdu, frame_of(due)) {
                        self.observer.fact(now, What::Note { text: format!("eNB: SDU dropped: {why}") })?;
                    }
                }
                NetworkOutput::BearerStopped(tmgi) => self.network.stop_bearer(now, tmgi),
                NetworkOutput::SessionStarted { description, lcid, m1 } => {
                    let session = description.allocation.user_service.clone();
                    let sha256 = hex(&description.content_sha256);
                    self.sent.insert(session.clone(), Sent { sha256: sha256.clone(), started: now });
                    self.running.insert(session.clone());
                    self.observer.session_started(now, self.session_info(&session, &description, lcid, m1.c_teid))?;
                }
                NetworkOutput::SessionStopped { session, stats } => {
                    self.running.remove(&session);
                    let (packets, ip_octets, passes) = (stats.packets, stats.ip_octets, stats.passes);
                    self.observer.fact(now, What::SessionStopped { session, packets, ip_octets, passes })?;
                }
                NetworkOutput::LimitReached { session } => {
                    self.limit_reached.insert(session);
                }
                NetworkOutput::Trouble(text) => self.observer.fact(now, What::Note { text })?,
                NetworkOutput::Allocated(_) => {}
            }
        }
        Ok(())
    }

    fn session_info(
        &self,
        session: &str,
        description: &core_network::SessionDescription,
        lcid: u8,
        c_teid: u32,
    ) -> SessionInfo {
        let index = self.loaded.scenario.sessions.iter().position(|s| s.name == session).unwrap_or_default();
        let file = self.loaded.content[index].file_name().unwrap_or_default();
        SessionInfo {
            session: session.to_owned(),
            tmgi: description.allocation.tmgi,
            destination: description.allocation.destination.to_string(),
            tsi: description.tsi,
            c_teid,
            lcid,
            content: file.to_string_lossy().into_owned(),
            content_octets: description.content_octets,
            content_sha256: hex(&description.content_sha256),
            fec: self.loaded.scenario.sessions[index].fec.to_string(),
            bit_rate_bps: description.delivery.bit_rate_bps,
        }
    }

    /// Takes in what the eNB announced and what the UEs heard in the frame that just ended, in the order of time.
    fn hear(&mut self) -> Result<(), CommandError> {
        while let Some(event) = self.air.enb().poll_event() {
            let EnbEvent::Mch { event: MchTxEvent::Msp { frame, entries, backlog_octets, .. }, .. } = event else {
                continue;
            };
            let stop = |e: &radio::MsiEntry| (e.stop != STOP_NOT_SCHEDULED).then_some(e.stop);
            let stops = entries.iter().map(|e| MtchStop { lcid: e.lcid, stop: stop(e) }).collect();
            let (sfn, backlog_octets) = (SubframeTime::new(frame, 0).sfn(), backlog_octets as u64);
            self.observer.fact(self.now, What::MchScheduled { sfn, stops, backlog_octets })?;
        }
        let mut heard: Vec<(usize, Heard)> =
            self.air.take_heard().flat_map(|(ue, heard)| heard.into_iter().map(move |h| (ue, h))).collect();
        heard.sort_by_key(|(ue, h)| (h.time, *ue)); // stable: the order of one UE's subframe stays
        for (ue, Heard { time, what }) in heard {
            // A subframe is there when its last sample is.
            let at = Instant::from_millis(time.subframes() + 1);
            self.heard(ue, at, time, what)?;
        }
        Ok(())
    }

    fn heard(&mut self, index: usize, at: Instant, time: SubframeTime, what: HeardWhat) -> Result<(), CommandError> {
        let ue = self.ues[index].name.clone();
        let (sfn, subframe) = (time.sfn(), time.subframe());
        let tap = |joint: Joint, bytes: Vec<u8>| TapEvent { at, joint, from: "eNB".into(), to: ue.clone(), bytes };
        match what {
            HeardWhat::Block(report, tb) => {
                self.ues[index].block(&report);
                if report.announced && !report.quality.crc_ok {
                    let cinr_db = round(f64::from(report.estimate.cinr_db()), 3);
                    let what = What::BlockLost { ue: ue.clone(), sfn, subframe, mcs: report.mcs, cinr_db };
                    self.observer.fact(at, what)?;
                }
                tb.map_or(Ok(()), |tb| self.observer.tap(&tap(Joint::Mch, tb)))
            }
            HeardWhat::Symbols(modulation, symbols) => {
                let milli = |v: f32| (v * 1000.0).round() as i16;
                let points_milli = symbols.iter().map(|s| [milli(s.re), milli(s.im)]).collect();
                let modulation = modulation.to_string();
                self.observer.fact(at, What::Constellation { ue, sfn, subframe, modulation, points_milli })
            }
            HeardWhat::LostIq(samples) => self.keep_lost(at, &ue, time, &samples),
            HeardWhat::Mcch { message, configuration } => {
                self.observer.tap(&tap(Joint::Mcch, message))?;
                let Some(configuration) = configuration else { return Ok(()) };
                let sessions = configuration.pmch.iter().flat_map(|p| &p.sessions);
                let sessions = sessions.filter_map(|s| Some((Tmgi::from_octets(s.tmgi.octets()?)?, s.lcid))).collect();
                self.observer.fact(at, What::McchAcquired { ue, sfn, sessions })
            }
            HeardWhat::Sdu(sdu) => {
                let mut tap = tap(Joint::Mtch, sdu);
                if !faults::apply(&self.loaded.scenario.faults, &ue, &mut tap) {
                    return Ok(());
                }
                self.observer.tap(&tap)?;
                let mut facts = Vec::new();
                self.ues[index].datagram(at, &tap.bytes, &self.sent, &mut facts)?;
                facts.into_iter().try_for_each(|what| self.observer.fact(at, what))
            }
            HeardWhat::RlcGap { lcid, lost_pdus } => self.observer.fact(at, What::RlcGap { ue, lcid, lost_pdus }),
            HeardWhat::Trouble(text) => self.observer.fact(at, What::Note { text: format!("{ue}: {text}") }),
        }
    }

    /// Keeps the samples of a lost block where `castbench pmch decode` can look at them, and says how.
    fn keep_lost(&mut self, at: Instant, ue: &str, time: SubframeTime, iq: &[Complex32]) -> Result<(), CommandError> {
        let scenario = &self.loaded.scenario;
        let name = format!("{IQ_FOLDER}/{ue}_{}_{}.cf32", time.sfn(), time.subframe());
        let path = self.dir.join(&name);
        let error = |e: &dyn std::fmt::Display| CommandError::Bench(e.to_string());
        std::fs::create_dir_all(self.dir.join(IQ_FOLDER)).map_err(|e| error(&e))?;
        write_cf32(&path, iq).map_err(|e| error(&e))?;
        let (cell, area) = (&scenario.cell, &scenario.mbsfn_area);
        let text = format!(
            "{ue}: samples of a lost block kept; castbench pmch decode --n-rb-dl {} --mcs {} --n-id-cell {} \
             --n-id-mbsfn {} --subframe {} --non-mbsfn-region {} --sample-rate {} {name} -o lost.tb",
            cell.n_rb_dl,
            scenario.mch.data_mcs,
            cell.n_id_cell,
            area.n_id_mbsfn,
            time.subframe(),
            area.non_mbsfn_region,
            self.air.enb().cell().sample_rate_hz(),
        );
        self.observer.fact(at, What::Note { text })
    }

    /// Ends an interval: measurements and progress of every UE.
    fn report(&mut self) -> Result<(), CommandError> {
        let from = std::mem::replace(&mut self.reported, self.now);
        for ue in &mut self.ues {
            self.observer.fact(self.now, ue.radio_report(from))?;
            for session in self.sent.keys() {
                if let Some(progress) = ue.progress(session) {
                    self.observer.fact(self.now, progress)?;
                }
            }
        }
        self.observer.progress(self.now);
        Ok(())
    }

    /// Lets the air run empty, says what is missing, closes everything.
    fn finish(mut self) -> Result<(Judgement, Played), CommandError> {
        self.stop(&Selector::All)?;
        while self.now < self.on_air_until {
            self.turn(self.on_air_until)?;
        }
        if self.now > self.reported {
            self.report()?;
        }
        for ue in &mut self.ues {
            ue.discard_incomplete();
            for session in self.sent.keys() {
                let delivery = self.observer.model().delivery(&ue.name, session);
                if delivery.is_some_and(|d| d.is_complete()) {
                    continue;
                }
                let without_fdt = delivery.is_none_or(|d| d.fdt_ns.is_none());
                let received_octets = ue.received_octets(session);
                let reason = match received_octets {
                    0 => "nothing of it was received".to_owned(),
                    n if without_fdt => {
                        format!("{n} octets of encoding symbols, but no FDT instance that names their file")
                    }
                    n => format!("{n} octets of encoding symbols were not enough"),
                };
                let (ue, session) = (ue.name.clone(), session.clone());
                self.observer.fact(self.now, What::ObjectMissing { ue, session, received_octets, reason })?;
            }
        }
        let spectra: Vec<(String, Vec<f32>)> = self.air.spectra().map(|(at, psd)| (at.to_owned(), psd)).collect();
        let span_hz = self.air.enb().cell().sample_rate_hz();
        for (at, psd) in spectra {
            let psd_db = psd.iter().map(|&p| (p * 10.0).round() / 10.0).collect();
            self.fact(What::Spectrum { at, span_hz, psd_db })?;
        }
        let (sha256, samples) = self.air.iq_hash();
        self.fact(What::IqHash { sha256: hex(&sha256), samples })?;
        let played = Played { air_time: self.now.elapsed(), samples };
        Ok((self.observer.finish(self.now, self.dir)?, played))
    }
}

fn frame_of(at: Instant) -> u64 {
    at.as_nanos() / FRAME.as_nanos() as u64
}

fn frame_start(at: Instant) -> Instant {
    Instant::from_nanos(frame_of(at) * FRAME.as_nanos() as u64)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
