//! The driver of a modem that speaks AT, as a machine without I/O: TS 27.007 and TS 27.005 in the order that a bench
//! needs them.
//!
//! One thing is asked at a time: a [`Job`]. What a modem is asked next depends on the [`Phase`] that it is in.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::Instant;

use super::authentication::Challenges;
use super::bring_up::{BringUp, DOMAINS};
use super::broadcast::Broadcast;
use super::identify::of_any;
use super::job::Job;
use super::ladder::{Ladder, RungAction};
use super::listen::Listening;
use super::message_queue::{Messages, Place};
use super::profile::ModemProfile;
use super::{ModemConfig, ModemIdentity, ModemInput, ModemOutput, ModemState};
use crate::at::ts27007::Registration;
use crate::at::{AtCommand, AtEngine, AtInput, AtOutput, CommandId};

/// For the last command, and whatever runs before it.
const SWITCH_OFF_LIMIT: Duration = Duration::from_secs(30);

/// What a modem is being got to do.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Phase {
    /// Not started, or without port from the start.
    Closed,
    /// Being brought up, for the first time or by a rung.
    Starting(BringUp),
    /// Does what it is told.
    Ready,
    /// A rung of the ladder is being taken.
    Rung(RungAction),
    /// The radio is being switched off.
    Stopping { until: Instant },
    /// Given up.
    Quarantined,
    /// Switched off.
    Off,
}

/// A thing to do, and what the modem may forget when somebody has taken it.
#[derive(Debug)]
struct Output {
    output: ModemOutput,
    forget: Option<Forget>,
}

/// What a message that has been taken lets the modem do.
#[derive(Clone, Debug)]
pub(super) enum Forget {
    Stored(Place),
    Routed,
}

/// A modem that is driven.
#[derive(Debug)]
pub struct Modem {
    pub(super) config: ModemConfig,
    pub(super) profile: ModemProfile,
    pub(super) engine: AtEngine,
    pub(super) phase: Phase,
    pub(super) identity: ModemIdentity,
    pub(super) has_sim: bool,
    pub(super) pin_tried: bool,
    pub(super) messages: Messages,
    pub(super) challenges: Challenges,
    pub(super) embms: Broadcast,
    pub(super) ladder: Ladder,
    pub(super) listening: Listening,
    /// Time of the last call.
    pub(super) now: Instant,
    /// When the modem was last heard of.
    pub(super) heard: Instant,
    pub(super) open: bool,
    /// It is not known to leave `AT` unanswered.
    pub(super) answers: bool,
    started: bool,
    pub(super) running: Option<(CommandId, Job)>,
    /// What was asked for by [`ModemInput::Sample`].
    pub(super) samples: VecDeque<Job>,
    pub(super) registrations: [Option<Registration>; DOMAINS.len()],
    /// The signal command that it answers.
    pub(super) signal: usize,
    /// Command lines that made it hang, and how often they may still be tried.
    pub(super) hung: BTreeMap<String, u8>,
    told: ModemState,
    outputs: VecDeque<Output>,
}

impl Modem {
    /// A modem whose port is not open yet.
    pub fn new(config: ModemConfig) -> Self {
        let profile = config.profile.clone().unwrap_or_else(ModemProfile::generic);
        let at = config.profile.as_ref().map_or_else(|| of_any(&config.profiles), ModemProfile::at_config);
        Self {
            engine: AtEngine::new(at),
            phase: Phase::Closed,
            identity: ModemIdentity::default(),
            has_sim: false,
            pin_tried: false,
            messages: Messages::default(),
            challenges: Challenges::default(),
            embms: Broadcast::new(profile.embms_grammar()),
            ladder: Ladder::new(config.recovery.clone()),
            listening: Listening::default(),
            now: Instant::ZERO,
            heard: Instant::ZERO,
            open: false,
            answers: true,
            started: false,
            running: None,
            samples: VecDeque::new(),
            registrations: [None; DOMAINS.len()],
            signal: 0,
            hung: BTreeMap::new(),
            told: ModemState::Closed,
            outputs: VecDeque::new(),
            profile,
            config,
        }
    }

    /// Takes what happened.
    pub fn handle_input(&mut self, now: Instant, input: ModemInput<'_>) {
        self.now = self.now.max(now);
        match input {
            ModemInput::At(input) => self.port(input),
            ModemInput::Start => self.start(),
            ModemInput::SendSms { token, pdu } => self.take_message(token, pdu),
            ModemInput::Authenticate { token, challenge } => self.take_challenge(token, challenge),
            ModemInput::EmbmsStart(service) => self.embms_start(service),
            ModemInput::EmbmsStop(tmgi) => self.embms_stop(tmgi),
            ModemInput::Sample => self.sample(),
            ModemInput::Rung { rung, result } => self.rung_done(rung, result),
            ModemInput::Shutdown => self.shut_down(),
        }
        self.go_on();
    }

    /// Takes that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
        self.engine.handle_timeout(self.now);
        self.listen();
        if self.deadline().is_some_and(|due| due <= self.now) {
            self.too_late();
        }
        self.go_on();
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let waiting = if self.running.is_some() { None } else { self.next_job_at() };
        [self.engine.poll_timeout(), self.deadline(), waiting].into_iter().flatten().min()
    }

    /// The next thing to do. A message that is fetched here is taken: the modem forgets it.
    pub fn poll_output(&mut self) -> Option<ModemOutput> {
        let Output { output, forget } = self.outputs.pop_front()?;
        if let Some(forget) = forget {
            self.messages.taken(forget);
            self.go_on();
        }
        Some(output)
    }

    /// Where it stands.
    pub const fn state(&self) -> ModemState {
        match (&self.phase, self.ladder.rung()) {
            (Phase::Closed, _) => ModemState::Closed,
            (Phase::Quarantined, _) => ModemState::Quarantined,
            (Phase::Off, _) => ModemState::Off,
            (Phase::Stopping { .. }, _) => self.told,
            (Phase::Ready, _) => ModemState::Ready,
            (Phase::Starting(_) | Phase::Rung(_), Some(rung)) => ModemState::Recovering { rung },
            (Phase::Starting(_) | Phase::Rung(_), None) => ModemState::Starting,
        }
    }

    /// Who it is, as far as it has said.
    pub const fn identity(&self) -> &ModemIdentity {
        &self.identity
    }

    fn port(&mut self, input: AtInput<'_>) {
        self.engine.handle_input(self.now, input);
        match input {
            AtInput::Bytes(_) => self.heard = self.now,
            AtInput::Opened => {
                (self.open, self.answers) = (true, true);
                // What ran has ended with the port that was.
                self.listen();
                match &self.phase {
                    Phase::Closed if self.started => self.begin_bring_up(),
                    Phase::Starting(_) | Phase::Ready => {
                        self.note("the port was opened again".into());
                        self.begin_bring_up();
                    }
                    Phase::Rung(_) => self.port_is_back(),
                    Phase::Closed | Phase::Stopping { .. } | Phase::Quarantined | Phase::Off => {}
                }
            }
            AtInput::Closed => {
                self.open = false;
                self.listen();
                self.port_is_gone();
            }
        }
    }

    fn start(&mut self) {
        match &self.phase {
            Phase::Closed | Phase::Off => {
                self.started = true;
                if self.open {
                    self.begin_bring_up();
                } else {
                    self.phase = Phase::Closed;
                    self.tell_state();
                }
            }
            Phase::Quarantined => self.note("it is in quarantine: it is not started again".into()),
            Phase::Starting(_) | Phase::Ready | Phase::Rung(_) | Phase::Stopping { .. } => {}
        }
    }

    fn shut_down(&mut self) {
        self.fail_messages("the modem is being switched off");
        self.fail_challenges("the modem is being switched off");
        self.samples.clear();
        match &self.phase {
            Phase::Starting(_) | Phase::Ready | Phase::Rung(_) if self.open && self.answers => {
                self.engine.abort(self.now);
                self.phase = Phase::Stopping { until: self.now + SWITCH_OFF_LIMIT };
            }
            Phase::Starting(_) | Phase::Ready | Phase::Rung(_) => {
                self.note("it cannot be told to switch its radio off".into());
                self.off();
            }
            Phase::Closed => self.off(),
            Phase::Stopping { .. } | Phase::Quarantined | Phase::Off => {}
        }
        self.ladder.forget();
        self.started = false;
    }

    /// That was all.
    pub(super) fn off(&mut self) {
        self.phase = Phase::Off;
        self.put_back("the modem is switched off");
        self.fail_messages("the modem is switched off");
        self.fail_challenges("the modem is switched off");
        self.tell_state();
    }

    fn sample(&mut self) {
        if self.phase == Phase::Ready && self.samples.is_empty() {
            self.samples.extend(DOMAINS.map(Job::Registration));
            if self.signal < self.profile.signals.len() {
                self.samples.push_back(Job::Signal(self.signal));
            }
        }
    }

    /// Listens to the port and asks what is to be asked, until the modem has to say something.
    fn go_on(&mut self) {
        loop {
            self.listen();
            if self.running.is_some() {
                return;
            }
            let Some((job, command)) = self.next_job() else { return };
            let id = self.engine.submit(self.now, command);
            self.running = Some((id, job));
        }
    }

    /// Takes what the port has.
    fn listen(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                AtOutput::Write(bytes) => {
                    if let Some((_, Job::Send(outgoing))) = &mut self.running {
                        outgoing.written(&bytes);
                    }
                    self.put(ModemOutput::Write(bytes));
                }
                AtOutput::Done(id, result) => {
                    if let Some((_, job)) = self.running.take_if(|(running, _)| *running == id) {
                        self.done(job, result);
                    }
                }
                AtOutput::Urc(urc) => self.unasked(&urc),
                AtOutput::Ignored(line) => self.ignored(&line),
            }
        }
    }

    /// What the modem is to be asked now.
    fn next_job(&mut self) -> Option<(Job, AtCommand)> {
        if matches!(self.phase, Phase::Starting(_)) {
            return self.next_step();
        }
        let job = match &self.phase {
            Phase::Ready => self.next_task()?,
            Phase::Rung(action) => action.job()?,
            Phase::Stopping { .. } => Job::SwitchOff,
            Phase::Starting(_) | Phase::Closed | Phase::Quarantined | Phase::Off => return None,
        };
        let command = match &job {
            Job::Signal(which) => self.profile.signals.get(*which).map(|signal| signal.command()),
            Job::Embms(job) => self.embms.command(*job),
            other => other.plain_command(),
        };
        Some((job, command?))
    }

    /// What is to be done with a modem that is ready, the most urgent first.
    fn next_task(&mut self) -> Option<Job> {
        let lists = self.may_list();
        self.next_challenge()
            .or_else(|| self.messages.next(self.now, lists))
            .or_else(|| self.next_embms())
            .or_else(|| self.samples.pop_front())
            .or_else(|| (self.silent_at() <= self.now).then_some(Job::Attention))
    }

    /// When there may be something to ask that is not known yet.
    fn next_job_at(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Starting(bring_up) => Some(bring_up.not_before),
            Phase::Ready => self.messages.due().into_iter().chain([self.silent_at()]).min(),
            Phase::Rung(_) | Phase::Closed | Phase::Stopping { .. } | Phase::Quarantined | Phase::Off => None,
        }
    }

    fn silent_at(&self) -> Instant {
        self.heard + Duration::from_secs(self.profile.limits.silence_s.max(1).into())
    }

    /// When the phase has taken too long.
    fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Starting(bring_up) => {
                let limit = bring_up.began + Duration::from_secs(self.profile.limits.bring_up_s.into());
                Some(self.ladder.until().map_or(limit, |until| until.min(limit)))
            }
            Phase::Rung(action) => Some(self.ladder.until().map_or(action.until, |until| until.min(action.until))),
            Phase::Stopping { until } => Some(*until),
            Phase::Closed | Phase::Ready | Phase::Quarantined | Phase::Off => None,
        }
    }

    fn too_late(&mut self) {
        match &self.phase {
            Phase::Starting(_) => {
                let limit = self.profile.limits.bring_up_s;
                self.trouble(format!("not up within {limit} s"), None);
            }
            Phase::Rung(_) => self.rung_too_late(),
            Phase::Stopping { .. } => {
                self.note("it did not say that its radio is off".into());
                self.off();
            }
            Phase::Closed | Phase::Ready | Phase::Quarantined | Phase::Off => {}
        }
    }

    pub(super) const fn is_started(&self) -> bool {
        self.started
    }

    /// A driver that has stopped asking may ask again.
    pub(super) fn revive(&mut self) {
        if self.open {
            self.engine.handle_input(self.now, AtInput::Opened);
        }
    }

    pub(super) fn put(&mut self, output: ModemOutput) {
        self.outputs.push_back(Output { output, forget: None });
    }

    pub(super) fn put_message(&mut self, output: ModemOutput, forget: Forget) {
        self.outputs.push_back(Output { output, forget: Some(forget) });
    }

    pub(super) fn note(&mut self, text: String) {
        self.put(ModemOutput::Note(text));
    }

    pub(super) fn tell_state(&mut self) {
        let state = self.state();
        if state != std::mem::replace(&mut self.told, state) {
            self.put(ModemOutput::State(state));
        }
    }
}
