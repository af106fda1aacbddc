//! The virtual-time runner: the only owner of the clock. Time jumps from deadline to deadline; while a bearer is active
//! the radio turns in steps of one radio frame.

mod heard;
mod ims;
mod ims_events;
mod ims_services;
mod mbms;
mod mc;
mod migration;
mod mms;
mod modems;
mod mtchs;
mod radio;
mod sms;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use ::radio::{CellConfig, StreamStatus};
use protocol::{Instant, Plmn, Tmgi};

use self::ims::RunNetwork;
use self::modems::RunModems;
use self::mtchs::Mtchs;
use crate::air::{Air, HeardMtch};
use crate::backends::backends;
use crate::boxes::{Boxes, RadioBoxes};
use crate::capacity::Capacity;
use crate::changes::McchChanges;
use crate::console::Console;
use crate::errors::CommandError;
use crate::event::{FrontEndStatus, LadderHeader, MchHeader, RunHeader, What};
use crate::front_ends::{FrontEndReport, FrontEnds};
use crate::impulse::impulse_response;
use crate::lab_lease::HeldLab;
use crate::ladder::{self, MBMS_PROCEDURES};
use crate::ledger::Ledger;
use crate::mbms::Mbms;
use crate::modems::Modems;
use crate::observer::Observer;
use crate::perf::{Load, Stopwatch};
use crate::radio_tally::round;
use crate::rig::{Clock, Rig};
use crate::scenario::{Loaded, MbsfnArea, Mch, Selector, StepAction, UeRadio};
use crate::setup::{self, FRAME};
use crate::ue::{Sent, Ue};
use crate::verdict::Judgement;

/// Interval of radio reports and of progress.
const REPORT_INTERVAL: Duration = Duration::from_millis(100);
/// Interval of constellations, and how many of them a run keeps.
const SYMBOLS_INTERVAL: Duration = Duration::from_secs(1);
const SYMBOLS_MAX: u32 = 4;

/// Folder of samples of lost blocks.
pub(crate) const IQ_FOLDER: &str = "iq";

/// What was played, for `perf.json`.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    pub(crate) air_time: Duration,
    pub(crate) samples: u64,
    pub(crate) sample_rate_hz: f64,
    pub(crate) load: Load,
}

/// Runs a scenario with the boxes that were made for it and writes record, capture and reports into `dir`.
pub(crate) fn run(
    loaded: &Loaded,
    rig: &Rig,
    lab: &HeldLab,
    boxes: Boxes,
    dir: &Path,
    console: &mut Console,
    stopwatch: Stopwatch,
) -> Result<(Judgement, Played), CommandError> {
    let scenario = &loaded.scenario;
    let Boxes { radio, ims } = boxes;
    let radio_header = RadioHeader::of(radio.as_ref());
    let (mbms, mut air, services) = match radio {
        Some(RadioBoxes { mbms, air, services, .. }) => (mbms, Some(air), services),
        None => (Vec::new(), None, Vec::new()),
    };
    let destinations: Vec<_> = services.iter().map(|service| service.destination).collect();
    let modems = Modems::new(rig, scenario, &destinations)?.map(RunModems::new);
    let are_notified = air.as_mut().is_some_and(|air| air.enb().notifies_changes());
    let mut delay = Duration::ZERO;
    if let Some(air) = &mut air {
        air.measure(stopwatch);
    }
    if rig.clock == Clock::Paced && scenario.ues.iter().any(|ue| ue.radio == UeRadio::Table) {
        let why = "radio = \"table\" takes blocks from a receiver in the same process: run it in virtual time";
        return Err(CommandError::Usage(format!("{}: {why}", loaded.file.display())));
    }
    if let Some(air) = air.as_mut().filter(|_| rig.clock == Clock::Paced) {
        let front_ends = FrontEnds::open(rig, &setup::on_air(scenario, air.enb().cell()), dir)?;
        delay = front_ends.delay();
        air.go_over(front_ends);
    }
    let sample_rate_hz = radio_header.sample_rate_hz;
    let ue = |name: &str| Ue::new(name, services.clone(), dir.join("ues").join(name), sample_rate_hz);
    let mut runner = Runner {
        loaded,
        lab,
        dir,
        now: Instant::ZERO,
        mbms,
        air,
        ues: scenario.ues.iter().map(|u| ue(&u.name)).collect(),
        sent: BTreeMap::new(),
        running: BTreeSet::new(),
        refused: BTreeMap::new(),
        limit_reached: BTreeSet::new(),
        on_air_until: Instant::ZERO,
        reported: Instant::ZERO,
        mcch_on_air_until: Instant::ZERO,
        air_time: Duration::ZERO,
        delay,
        is_broken: false,
        mtchs: Mtchs::default(),
        assigned: BTreeMap::new(),
        ledger: Ledger::new(scenario.ues.len()),
        gaps: BTreeMap::new(),
        changes: McchChanges::new(scenario.ues.len(), are_notified),
        acquired: scenario.ues.iter().map(|_| Acquired::default()).collect(),
        symbols_left: SYMBOLS_MAX,
        next_symbols: Instant::ZERO,
        modems,
        ims: ims.map(|network| RunNetwork::new(network, scenario)),
        observer: Observer::new(dir, header(loaded, rig, radio_header), console)?,
    };
    for (place, session) in scenario.sessions.iter().enumerate() {
        let tmgi = mbms::assigned_tmgi(scenario, place)?;
        runner.observer.session_named(&session.name, tmgi);
        runner.assigned.insert(tmgi, session.name.clone());
    }
    runner.mc_begins();
    runner.sms_begins();
    runner.settle()?;
    for (index, step) in scenario.steps.iter().enumerate() {
        runner.step_started(index, &step.description)?;
        let reason = runner.step(&step.action)?;
        runner.fact(What::StepFinished { index, reason: reason.to_owned() })?;
        if runner.is_broken {
            break;
        }
    }
    runner.finish()
}

/// What the header tells of the carrier.
#[derive(Default)]
struct RadioHeader {
    sample_rate_hz: f64,
    full_scale: Option<CellConfig>,
    capacity: Vec<Capacity>,
}

impl RadioHeader {
    fn of(boxes: Option<&RadioBoxes>) -> Self {
        boxes.map_or_else(Self::default, |own| Self {
            sample_rate_hz: own.cell.sample_rate_hz(),
            full_scale: Some(own.cell),
            capacity: own.capacity.clone(),
        })
    }
}

fn header(loaded: &Loaded, rig: &Rig, radio: RadioHeader) -> RunHeader {
    let capacity = &radio.capacity;
    let scenario = &loaded.scenario;
    let mch = |((_, _, area, mch), capacity): ((_, _, &MbsfnArea, &Mch), &Capacity)| MchHeader {
        mch: mch.name.clone(),
        n_id_mbsfn: area.n_id_mbsfn,
        capacity_bps: round(capacity.bps, 0),
        tbs_bits: capacity.tbs_bits as u32,
    };
    let pairs = || scenario.ues.iter().flat_map(|u| scenario.sessions.iter().map(move |s| (&u.name, &s.name)));
    let ladders = MBMS_PROCEDURES.iter().flat_map(|procedure| {
        pairs().map(|(ue, session)| LadderHeader {
            procedure: procedure.procedure.to_owned(),
            title: procedure.title.to_owned(),
            ue: ue.clone(),
            session: session.clone(),
            ims: None,
        })
    });
    RunHeader {
        castbench: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: scenario.clone(),
        rig: rig.to_string(),
        clock: rig.clock.to_string(),
        ladders: ladders.chain(ladder::session_starts(scenario)).chain(ladder::ims_ladders(scenario)).collect(),
        mch_capacity_bps: round(capacity.iter().map(|c| c.bps).sum(), 0),
        tbs_bits: capacity.iter().map(|c| c.tbs_bits).max().unwrap_or(0) as u32,
        mchs: scenario.mchs().zip(capacity).map(mch).collect(),
        sample_rate_hz: radio.sample_rate_hz,
        full_scale_dbm: radio.full_scale.and_then(|cell| rig.full_scale_dbm(&cell)),
        boxes: backends(rig, scenario),
    }
}

/// What a UE that started cold has acquired.
#[derive(Clone, Debug, Default)]
struct Acquired {
    /// Frequency offset of the cell that was found last, Hz.
    cfo_hz: f64,
    n_id_cell: u16,
    /// Networks that SIB1 names, of a UE whose user migrates.
    plmns: Vec<Plmn>,
    /// Areas whose MCCH was read.
    areas: BTreeSet<u8>,
    /// It took longer than it may.
    late: bool,
}

struct Runner<'a> {
    loaded: &'a Loaded,
    /// Its devices, which are guarded as long as it runs.
    lab: &'a HeldLab,
    /// The run's folder.
    dir: &'a Path,
    /// Always the start of a radio frame.
    now: Instant,
    /// Of each system that has cells on the carrier; sessions of the scenario are those of the first one.
    mbms: Vec<Mbms>,
    air: Option<Air>,
    ims: Option<RunNetwork>,
    ues: Vec<Ue>,
    /// Of each session that was started.
    sent: BTreeMap<String, Sent>,
    running: BTreeSet<String>,
    /// Sessions that did not start, and why.
    refused: BTreeMap<String, String>,
    limit_reached: BTreeSet<String>,
    /// Until then the radio has something to send.
    on_air_until: Instant,
    /// Until then an MCCH change has to be seen by everybody.
    mcch_on_air_until: Instant,
    /// How long the carrier has been on air, silence apart.
    air_time: Duration,
    /// From eNB to UEs by way of the front ends.
    delay: Duration,
    /// A front end has failed.
    is_broken: bool,
    mtchs: Mtchs,
    /// Sessions of the scenario by their TMGIs.
    assigned: BTreeMap<Tmgi, String>,
    ledger: Ledger,
    /// RLC sequence numbers missing since the last datagram of an MTCH: first and last.
    gaps: BTreeMap<(usize, HeardMtch), (u8, u8)>,
    changes: McchChanges,
    acquired: Vec<Acquired>,
    reported: Instant,
    symbols_left: u32,
    next_symbols: Instant,
    modems: Option<RunModems>,
    observer: Observer<'a>,
}

impl Runner<'_> {
    fn step_started(&mut self, index: usize, description: &str) -> Result<(), CommandError> {
        if let Some(ims) = &mut self.ims {
            ims.step_started(index);
        }
        self.observer.step_started(self.now, index, description.to_owned())
    }

    fn fact(&mut self, what: What) -> Result<(), CommandError> {
        self.observer.fact(self.now, what)
    }

    /// Does a step and tells why it ended.
    fn step(&mut self, action: &StepAction) -> Result<&'static str, CommandError> {
        let after = |ms: u64| self.now + Duration::from_millis(ms);
        match action {
            StepAction::Start { session } => self.start(session),
            StepAction::Update { session, mch } => self.update(session, mch),
            StepAction::Stop { session } => self.stop(session),
            StepAction::Run { for_ms } => self.advance(after(*for_ms), "elapsed", |_| None),
            StepAction::RunUntilDelivered { session, timeout_ms } => {
                self.advance(after(*timeout_ms), "timeout", |runner| match runner.is_delivered(session) {
                    true => Some("delivered"),
                    false if runner.waits_for_failed_modems(session) => Some("modem_failed"),
                    false => runner.is_exhausted(session).then_some("nothing_to_send"),
                })
            }
            StepAction::Ims(step) => self.ims_step(step),
            StepAction::Service(step) => self.service_step(step),
            StepAction::Mc(step) => self.mc_step(step),
            StepAction::Sms(step) => self.sms_step(step),
            StepAction::Mms(step) => self.mms_step(step),
            StepAction::SendSms { from, to, text } => self.send_sms(from, to, text),
            StepAction::RunUntilSmsDelivered { timeout_ms } => {
                self.advance(after(*timeout_ms), "timeout", Self::messages_end)
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
        self.now >= self.on_air_until + self.modem_delay()
            && !self.selected(selector).into_iter().any(|i| may_send(&sessions[i].name))
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
            if self.is_broken {
                return Ok("front_end_failed");
            }
            self.turn(until)?;
        }
    }

    /// One radio frame, or a jump over time in which nothing is on air.
    fn turn(&mut self, until: Instant) -> Result<(), CommandError> {
        self.lab.check()?;
        let end = self.now + FRAME;
        let is_busy = self.turn_network(end)?;
        self.turn_modems(end)?;
        let nothing_on_air = self.modems.is_none()
            && self.running.is_empty()
            && !self.mbms.iter().any(Mbms::has_others)
            && self.now >= self.on_air_until.max(self.mcch_on_air_until);
        let is_real = self.air.as_mut().is_some_and(|air| air.front_ends().is_some());
        if self.air.is_none() || nothing_on_air && !is_real {
            let ims = self.ims.as_mut().and_then(RunNetwork::poll_timeout);
            // Somebody may wait for what has just happened.
            let until = if is_busy { end } else { until };
            let next = ims.into_iter().fold(until, Instant::min);
            self.now = frame_start(next).max(end);
            if let Some(air) = &mut self.air {
                air.skip_to_frame(frame_of(self.now));
            }
            return Ok(());
        }
        let Some(air) = &mut self.air else { return Ok(()) };
        if self.symbols_left > 0 && self.now >= self.next_symbols && !self.sent.is_empty() {
            self.symbols_left -= 1;
            self.next_symbols = self.now + SYMBOLS_INTERVAL;
            air.want_symbols();
        }
        if let Err(error) = air.turn() {
            self.is_broken = true;
            return self.fact(What::FrontEndFailed { why: error.to_string() });
        }
        self.air_time += FRAME;
        self.hear()?;
        self.now = end;
        self.check_acquisition()?;
        if self.now - self.reported >= REPORT_INTERVAL {
            self.report()?;
        }
        Ok(())
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

    /// Closes the front ends of a paced run and tells what they have seen.
    fn close_front_ends(&mut self) -> Result<(), CommandError> {
        let Some(front_ends) = self.air.as_mut().and_then(Air::front_ends) else { return Ok(()) };
        let closed = front_ends.finish();
        let reports = front_ends.reports();
        if let Err(error) = closed {
            self.is_broken = true;
            self.fact(What::FrontEndFailed { why: error.to_string() })?;
        }
        reports.into_iter().try_for_each(|report| self.fact(What::FrontEnd(front_end_status(report))))
    }

    /// Lets the air run empty, says what is missing, closes everything.
    fn finish(mut self) -> Result<(Judgement, Played), CommandError> {
        self.stop(&Selector::All)?;
        let silent_from = self.on_air_until + self.delay.max(self.modem_delay());
        while self.now < silent_from && !self.is_broken {
            self.turn(silent_from)?;
        }
        // Modems take their time, in which nobody would look after the front ends.
        self.close_front_ends()?;
        self.switch_modems_off()?;
        self.finish_network()?;
        let Some(air) = self.air.take() else { return self.finish_without_radio() };
        if self.now > self.reported {
            self.report()?;
        }
        self.close_ledger(&air)?;
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
        let spectra: Vec<(String, Vec<f32>)> = air.spectra().map(|(at, psd)| (at.to_owned(), psd)).collect();
        let span_hz = self.observer.model().header.sample_rate_hz;
        for (at, psd) in spectra {
            let psd_db = psd.iter().map(|&p| (p * 10.0).round() / 10.0).collect();
            self.fact(What::Spectrum { at, span_hz, psd_db })?;
        }
        let impulse = |(ue, profile): (&str, &_)| impulse_response(ue, profile, span_hz);
        let impulses: Vec<What> = air.profiles().filter_map(impulse).collect();
        impulses.into_iter().try_for_each(|what| self.fact(what))?;
        let (sha256, samples) = air.iq_hash();
        self.fact(What::IqHash { sha256: hex::encode(sha256), samples })?;
        let played = Played { air_time: self.now.elapsed(), samples, sample_rate_hz: span_hz, load: air.load() };
        Ok((self.observer.finish(self.now, self.dir)?, played))
    }
}

impl Runner<'_> {
    /// The end of a run that had no carrier.
    fn finish_without_radio(self) -> Result<(Judgement, Played), CommandError> {
        let played = Played { air_time: self.now.elapsed(), samples: 0, sample_rate_hz: 0.0, load: Load::default() };
        Ok((self.observer.finish(self.now, self.dir)?, played))
    }
}

fn front_end_status(report: FrontEndReport) -> FrontEndStatus {
    let StreamStatus { samples, samples_lost, underflows, overflows, late, clipped } = report.status;
    FrontEndStatus { at: report.at, samples, samples_lost, underflows, overflows, late, clipped }
}

fn frame_of(at: Instant) -> u64 {
    at.as_nanos() / FRAME.as_nanos() as u64
}

fn frame_start(at: Instant) -> Instant {
    Instant::from_nanos(frame_of(at) * FRAME.as_nanos() as u64)
}
