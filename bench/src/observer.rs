//! Where facts go: record, model, ladders, capture, console. The runner tells, nobody here decides.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use protocol::{Instant, Joint, TapEvent, Tmgi};

use crate::console::Console;
use crate::errors::CommandError;
use crate::event::{Event, RunHeader, SessionInfo, What};
use crate::ladder::{self, LadderWatch};
use crate::pcap::CaptureWriter;
use crate::record::RecordWriter;
use crate::report::{Model, write_reports};
use crate::verdict::Judgement;

/// Everything that watches a run.
pub(crate) struct Observer<'a> {
    record: RecordWriter,
    model: Model,
    ladders: LadderWatch,
    capture: CaptureWriter,
    /// Messages that are not in the capture yet, by time and then as they were told, and how many were told.
    held: BTreeMap<(Instant, u64), TapEvent>,
    taps: u64,
    /// User data between boxes, which is in the capture alone: by reference point, who has sent it, and to whom.
    carried: BTreeMap<(Joint, String, String), u64>,
    console: &'a mut Console,
}

impl<'a> Observer<'a> {
    /// Opens record and capture in `dir` and writes the header.
    pub(crate) fn new(dir: &Path, header: RunHeader, console: &'a mut Console) -> Result<Self, CommandError> {
        let mut observer = Self {
            record: RecordWriter::create(dir).map_err(bench)?,
            ladders: LadderWatch::new(&header.ladders),
            model: Model::new(header.clone()),
            capture: CaptureWriter::create(dir).map_err(bench)?,
            held: BTreeMap::new(),
            taps: 0,
            carried: BTreeMap::new(),
            console,
        };
        observer.emit(Event { t_ns: 0, what: What::RunStarted(Box::new(header)) }, false)?;
        Ok(observer)
    }

    /// A fact.
    pub(crate) fn fact(&mut self, at: Instant, what: What) -> Result<(), CommandError> {
        self.emit(Event { t_ns: at.as_nanos(), what }, true)
    }

    /// A step of the scenario begins: ladders learn it after all that was before.
    pub(crate) fn step_started(&mut self, at: Instant, index: usize, description: String) -> Result<(), CommandError> {
        while let Some((&key, _)) = self.held.first_key_value().filter(|((before, _), _)| *before < at) {
            self.see(key)?;
        }
        self.ladders.step_started(index);
        self.fact(at, What::StepStarted { index, description })
    }

    /// The TMGI that a session will have: its bearer comes before it.
    pub(crate) fn session_named(&mut self, session: &str, tmgi: Tmgi) {
        self.ladders.session_named(session, tmgi);
    }

    /// A session runs: ladders learn what to look for.
    pub(crate) fn session_started(&mut self, at: Instant, info: SessionInfo) -> Result<(), CommandError> {
        // What was on the air before is not this session's, though it may have the same logical channel.
        while let Some((&key, _)) = self.held.first_key_value().filter(|((before, _), _)| *before < at) {
            self.see(key)?;
        }
        let ticked = self.ladders.session_started(&info);
        self.fact(at, What::SessionStarted(info))?;
        ticked.into_iter().try_for_each(|t| self.fact(at, t.fact()))
    }

    /// A message on a reference point. Receivers tell what they heard a frame late, a cold one some frames: messages wait
    /// for it, so that the capture has them in the order of time.
    pub(crate) fn tap(&mut self, tap: TapEvent) -> Result<(), CommandError> {
        self.held.insert((tap.at, self.taps), tap);
        self.taps += 1;
        let newest = self.held.last_key_value().map_or(Instant::ZERO, |((at, _), _)| *at);
        while let Some((&key, _)) = self.held.first_key_value().filter(|((at, _), _)| *at + HELD <= newest) {
            self.see(key)?;
        }
        Ok(())
    }

    /// A message that waited, into ladders and capture.
    fn see(&mut self, key: (Instant, u64)) -> Result<(), CommandError> {
        let Some(tap) = self.held.remove(&key) else { return Ok(()) };
        let packet = self.capture.next_packet();
        let ticked = self.ladders.observe(&tap, packet);
        let comments: Vec<String> = ticked.iter().map(|t| t.comment()).collect();
        self.capture.write(&tap, &comments).map_err(bench)?;
        if matches!(tap.joint, Joint::Mb2U | Joint::SgiMb | Joint::M1) {
            *self.carried.entry((tap.joint, tap.from.clone(), tap.to.clone())).or_default() += 1;
        } else if tap.joint.is_core() {
            let (joint, from, to) = (tap.joint, tap.from.clone(), tap.to.clone());
            let (summary, octets) = (ladder::summary(&tap), tap.bytes.len() as u64);
            self.fact(tap.at, What::Message { joint, from, to, summary, octets, packet })?;
        }
        for t in ticked {
            self.fact(tap.at, t.fact())?;
        }
        Ok(())
    }

    /// Time has come to `at`.
    pub(crate) fn progress(&self, at: Instant) {
        self.console.progress(at, &self.model);
    }

    /// The model of the run so far.
    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    /// Closes record and capture and writes the reports.
    pub(crate) fn finish(mut self, at: Instant, dir: &Path) -> Result<Judgement, CommandError> {
        while let Some((&key, _)) = self.held.first_key_value() {
            self.see(key)?;
        }
        let totals: Vec<(Joint, (u64, u64))> = self.capture.totals().iter().map(|(&joint, &t)| (joint, t)).collect();
        for (joint, (packets, octets)) in totals {
            self.fact(at, What::Captured { joint, packets, octets })?;
        }
        for ((joint, from, to), packets) in std::mem::take(&mut self.carried) {
            self.fact(at, What::Carried { joint, from, to, packets })?;
        }
        self.fact(at, What::RunFinished)?;
        self.capture.finish().map_err(bench)?;
        self.record.finish().map_err(bench)?;
        write_reports(dir, &self.model).map_err(bench)
    }

    fn emit(&mut self, event: Event, apply: bool) -> Result<(), CommandError> {
        self.record.write(&event).map_err(bench)?;
        if apply {
            self.model.apply(&event).map_err(bench)?;
        }
        self.console.event(&event);
        Ok(())
    }
}

/// How long messages wait for earlier ones that are told late.
const HELD: Duration = Duration::from_millis(100);

fn bench(error: impl std::fmt::Display) -> CommandError {
    CommandError::Bench(error.to_string())
}
