//! From an open port to a modem that does what it is told, one command after the other.

use std::time::Duration;

use protocol::Instant;

use super::Rung;
use super::job::{Job, attention, describe, functionality};
use super::machine::{Modem, Phase};
use crate::at::ts27005::{ReadIndicationModes, ReadStorages, SelectService, SelectStorage, SetIndications, SetPduMode};
use crate::at::ts27007::{
    EnterPin, Functionality, Identity, ReadFunctionality, ReadIccid, ReadIdentity, ReadNumbers, ReadPin,
    ReadRegistration, RegistrationDomain, Request, SimState,
};
use crate::at::{AtCommand, AtConfig, AtFailure, AtResponse};

/// Which registrations a bench looks at.
pub(super) const DOMAINS: [RegistrationDomain; 2] = [RegistrationDomain::Eps, RegistrationDomain::CircuitSwitched];
/// Before a modem that was busy is asked again.
const PATIENCE: Duration = Duration::from_secs(1);
/// `AT`s that CR alone did not bring an answer to: then CR LF is tried.
const TRIES_WITH_CR: u8 = 2;

/// A command of bring-up, in their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// `AT`, until it is answered.
    Attention,
    /// No echo, words.
    Format,
    /// Causes as numbers.
    Causes,
    Manufacturer,
    Model,
    Revision,
    Imei,
    /// A command of the profile.
    Init(usize),
    Functionality,
    /// `+CFUN=1`.
    Full,
    Pin,
    EnterPin,
    Imsi,
    Iccid(ReadIccid),
    Numbers,
    /// Changes of a registration are to be told, with the place.
    Reports(usize),
    /// Without the place.
    PlainReports(usize),
    Registration(usize),
    PduMode,
    Storages,
    SelectStorage,
    IndicationModes,
    /// Are routed messages to be acknowledged?
    Service(SetIndications),
    Indications(SetIndications),
}

impl Step {
    /// Something depends on it: it is tried once more before it is left out.
    const fn is_needed(self) -> bool {
        let is_of_messages = matches!(
            self,
            Self::PduMode
                | Self::Storages
                | Self::SelectStorage
                | Self::IndicationModes
                | Self::Service(_)
                | Self::Indications(_)
        );
        is_of_messages || matches!(self, Self::Imei | Self::Full | Self::Imsi)
    }
}

/// How a step ended.
pub(super) enum Flow {
    /// On to this one; `None`: that was all.
    Go(Option<Step>),
    /// The same again, later.
    Again,
    /// Something has to be done about the modem.
    Trouble(String),
    /// Nothing can be done about it.
    Hopeless(String),
}

/// Where a bring-up stands.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct BringUp {
    pub(super) step: Step,
    /// Of the whole, and of the step.
    pub(super) began: Instant,
    pub(super) step_began: Instant,
    /// The step is not done before.
    pub(super) not_before: Instant,
    tries: u8,
    /// It has been told who the modem is.
    identified: bool,
}

impl BringUp {
    fn new(now: Instant) -> Self {
        Self { step: Step::Attention, began: now, step_began: now, not_before: now, tries: 0, identified: false }
    }
}

impl Modem {
    pub(super) fn begin_bring_up(&mut self) {
        self.identity.profile.clone_from(&self.profile.name);
        self.messages.forget_settings();
        self.phase = Phase::Starting(BringUp::new(self.now));
        self.tell_state();
    }

    /// What the step sends; `None`: nothing, it is left out.
    pub(super) fn step_command(&self, step: Step) -> Option<AtCommand> {
        let command = match step {
            Step::Attention => attention(),
            Step::Format => AtCommand::new("E0V1"),
            Step::Causes => AtCommand::new("+CMEE=1"),
            Step::Manufacturer => ReadIdentity(Identity::Manufacturer).command(),
            Step::Model => ReadIdentity(Identity::Model).command(),
            Step::Revision => ReadIdentity(Identity::Revision).command(),
            Step::Imei => ReadIdentity(Identity::Imei).command(),
            Step::Init(i) => AtCommand::new(self.profile.init.get(i)?.as_str()).answered_by_text(),
            Step::Functionality => ReadFunctionality.command(),
            Step::Full => functionality(Functionality::Full, false),
            Step::Pin => ReadPin.command(),
            Step::EnterPin => EnterPin(self.config.pin.clone()?).command(),
            Step::Imsi => ReadIdentity(Identity::Imsi).command(),
            Step::Iccid(how) => how.command(),
            Step::Numbers => ReadNumbers.command(),
            Step::Reports(i) => AtCommand::new(format!("{}=2", DOMAINS.get(i)?.name())),
            Step::PlainReports(i) => AtCommand::new(format!("{}=1", DOMAINS.get(i)?.name())),
            Step::Registration(i) => ReadRegistration(*DOMAINS.get(i)?).command(),
            Step::PduMode => SetPduMode.command(),
            Step::Storages => ReadStorages.command(),
            Step::SelectStorage => SelectStorage { memory: self.messages.memory.clone()? }.command(),
            Step::IndicationModes => ReadIndicationModes.command(),
            Step::Service(set) => SelectService { acknowledges: set.routes() }.command(),
            Step::Indications(set) => set.command(),
        };
        (!self.is_avoided(&command)).then_some(command)
    }

    /// What follows a step that went well or could be left out.
    pub(super) fn after(&self, step: Step) -> Option<Step> {
        let has_sim = self.has_sim;
        Some(match step {
            Step::Attention => Step::Format,
            Step::Format => Step::Causes,
            Step::Causes => Step::Manufacturer,
            Step::Manufacturer => Step::Model,
            Step::Model => Step::Revision,
            Step::Revision => Step::Imei,
            Step::Imei => Step::Init(0),
            Step::Init(i) if i + 1 < self.profile.init.len() => Step::Init(i + 1),
            Step::Init(_) => Step::Functionality,
            Step::Functionality | Step::Full => Step::Pin,
            Step::EnterPin => Step::Pin,
            Step::Pin if has_sim => Step::Imsi,
            Step::Imsi => Step::Iccid(ReadIccid::Restricted),
            Step::Iccid(ReadIccid::Restricted) if self.identity.iccid.is_none() => Step::Iccid(ReadIccid::Ccid),
            Step::Iccid(_) => Step::Numbers,
            Step::Pin | Step::Numbers => Step::Reports(0),
            Step::Reports(i) | Step::PlainReports(i) => Step::Registration(i),
            Step::Registration(i) if i + 1 < DOMAINS.len() => Step::Reports(i + 1),
            Step::Registration(_) if has_sim => Step::PduMode,
            Step::PduMode => Step::Storages,
            Step::Storages => Step::SelectStorage,
            Step::SelectStorage => Step::IndicationModes,
            Step::Service(set) => Step::Indications(set),
            Step::Registration(_) | Step::IndicationModes | Step::Indications(_) => return None,
        })
    }

    /// The next command of a bring-up.
    pub(super) fn next_step(&mut self) -> Option<(Job, AtCommand)> {
        loop {
            let Phase::Starting(bring_up) = &self.phase else { return None };
            if bring_up.not_before > self.now {
                return None;
            }
            let step = bring_up.step;
            if let Some(command) = self.step_command(step) {
                return Some((Job::Step(step), command));
            }
            self.flow(Flow::Go(self.after(step)));
        }
    }

    /// A step was answered.
    pub(super) fn step_done(&mut self, step: Step, response: &AtResponse) {
        let flow = match step {
            Step::Attention | Step::Causes | Step::PlainReports(_) => Flow::Go(self.after(step)),
            Step::Format => self.must(step, response),
            Step::Manufacturer | Step::Model | Step::Revision | Step::Imei | Step::Imsi => {
                self.identified(step, response)
            }
            Step::Init(_) => self.init_done(step, response),
            Step::Functionality => match ReadFunctionality.answer(response) {
                Ok(Functionality::Full) => Flow::Go(Some(Step::Pin)),
                Ok(_) | Err(_) => Flow::Go(Some(Step::Full)),
            },
            Step::Full => {
                if !response.code.is_ok() {
                    self.note(format!("AT+CFUN=1: {}", response.code));
                }
                Flow::Go(self.after(step))
            }
            Step::Pin => self.pin_told(response),
            Step::EnterPin => match EnterPin(String::new()).answer(response) {
                Ok(()) => Flow::Go(self.after(step)),
                Err(_) => Flow::Hopeless(format!("the SIM refuses the PIN: {}", response.code)),
            },
            Step::Iccid(how) => self.card_told(how, response),
            Step::Numbers => self.numbers_told(response),
            Step::Reports(i) if !response.code.is_ok() => Flow::Go(Some(Step::PlainReports(i))),
            Step::Reports(_) => Flow::Go(self.after(step)),
            Step::Registration(i) => {
                if let Some(registration) =
                    ReadRegistration(DOMAINS[i]).answer(response).ok().filter(|_| i < DOMAINS.len())
                {
                    self.registered(DOMAINS[i], registration, true);
                }
                Flow::Go(self.after(step))
            }
            Step::PduMode
            | Step::Storages
            | Step::SelectStorage
            | Step::IndicationModes
            | Step::Service(_)
            | Step::Indications(_) => Flow::Go(self.messages_set_up(step, response)),
        };
        if let Some(command) = self.step_command(step) {
            self.does_not_hang(&command);
        }
        self.flow(flow);
        if let Phase::Starting(bring_up) = &mut self.phase
            && step == Step::Attention
            && bring_up.tries > 0
        {
            // What else it was asked before may be answered yet, and is not to be taken for answers of what follows.
            (bring_up.tries, bring_up.not_before) = (0, self.now + PATIENCE);
        }
    }

    /// A step was not answered.
    pub(super) fn step_failed(&mut self, step: Step, failure: &AtFailure) {
        let Phase::Starting(bring_up) = &mut self.phase else { return };
        let why = describe(failure);
        let flow = match (step, failure) {
            // That is told by itself, and may be the restart that was asked for.
            (_, AtFailure::Closed { .. }) => return,
            (Step::Attention, _) => {
                bring_up.tries = bring_up.tries.saturating_add(1);
                if bring_up.tries == TRIES_WITH_CR && self.config.profile.is_none() {
                    let config = AtConfig { terminator: "\r\n", ..self.at_config() };
                    self.engine.reconfigure(config);
                }
                self.revive();
                Flow::Again
            }
            (Step::Format | Step::Pin | Step::EnterPin, _) | (_, AtFailure::Unresponsive { .. }) => Flow::Trouble(why),
            // One that hangs; the port is brought back in step by itself.
            (_, AtFailure::Timeout { .. }) => {
                let command = self.step_command(step);
                self.hangs(command.as_ref(), u8::from(step.is_needed()), &why);
                let again = command.is_some_and(|command| !self.is_avoided(&command));
                Flow::Go(if again { Some(step) } else { self.after(step) })
            }
            _ => Flow::Trouble(why),
        };
        self.flow(flow);
    }

    fn flow(&mut self, flow: Flow) {
        let now = self.now;
        let sim_limit = Duration::from_secs(self.profile.limits.sim_s.into());
        let boot_limit = Duration::from_secs(self.profile.limits.boot_s.into());
        let Phase::Starting(bring_up) = &mut self.phase else { return };
        match flow {
            // All that is asked about modem and subscriber has been asked.
            Flow::Go(Some(Step::Reports(0))) if !bring_up.identified => {
                (bring_up.step, bring_up.step_began, bring_up.identified) = (Step::Reports(0), now, true);
                self.tell_identity();
            }
            Flow::Go(Some(step)) => {
                // Two ways to the same.
                if !matches!((bring_up.step, step), (Step::Iccid(_), Step::Iccid(_))) {
                    bring_up.step_began = now;
                }
                (bring_up.step, bring_up.not_before) = (step, now);
            }
            Flow::Go(None) => self.brought_up(),
            Flow::Again => {
                let limit = if bring_up.step == Step::Attention { boot_limit } else { sim_limit };
                if now - bring_up.step_began < limit {
                    bring_up.not_before = now + PATIENCE;
                    if matches!(bring_up.step, Step::Iccid(_)) {
                        bring_up.step = Step::Iccid(ReadIccid::Restricted);
                    }
                } else if matches!(bring_up.step, Step::Imei | Step::Imsi | Step::Iccid(_)) {
                    let why = self.untold().unwrap_or_default();
                    self.trouble(why, None);
                } else if bring_up.step == Step::Attention {
                    self.answers = false;
                    self.trouble(format!("AT is not answered within {} s", limit.as_secs()), None);
                } else {
                    self.trouble(format!("the SIM is not ready within {} s", limit.as_secs()), Some(Rung::Cfun4Then1));
                }
            }
            Flow::Trouble(why) => self.trouble(why, None),
            Flow::Hopeless(why) => self.quarantine(why),
        }
    }

    fn brought_up(&mut self) {
        self.phase = Phase::Ready;
        self.heard = self.now;
        self.recovered();
        self.messages_begin();
        self.embms.configured = false;
        self.tell_state();
    }

    fn must(&self, step: Step, response: &AtResponse) -> Flow {
        if response.code.is_ok() {
            return Flow::Go(self.after(step));
        }
        let line = self.step_command(step).map(|command| command.line()).unwrap_or_default();
        Flow::Trouble(format!("{line}: {}", response.code))
    }

    fn init_done(&mut self, step: Step, response: &AtResponse) -> Flow {
        if !response.code.is_ok()
            && let Some(command) = self.step_command(step)
        {
            self.note(format!("{}: {}", command.line(), response.code));
        }
        Flow::Go(self.after(step))
    }

    fn pin_told(&mut self, response: &AtResponse) -> Flow {
        match ReadPin.answer(response) {
            Ok(SimState::Ready) => {
                // A PIN that was right is right after the next start as well.
                (self.has_sim, self.pin_tried) = (true, false);
                Flow::Go(Some(Step::Imsi))
            }
            Ok(SimState::Busy) => Flow::Again,
            Ok(SimState::Wants(what)) if what == "SIM PIN" && self.config.pin.is_some() && !self.pin_tried => {
                self.pin_tried = true;
                Flow::Go(Some(Step::EnterPin))
            }
            Ok(SimState::Wants(what)) => {
                let hint = match what.as_str() {
                    "SIM PIN" if self.pin_tried => "; the one of the rig was tried and did not help",
                    "SIM PIN" => "; the rig has none for this modem (`pin`)",
                    _ => "; that is for a person to enter",
                };
                Flow::Hopeless(format!("the SIM wants its {what}{hint}"))
            }
            // Broadcast is received without a SIM as well.
            Ok(SimState::Absent) => {
                self.has_sim = false;
                self.note("there is no SIM: no messages, no unicast".into());
                if self.config.expected.imsi.is_some() || self.config.expected.iccid.is_some() {
                    return Flow::Hopeless("there is no SIM, and the rig expects one".into());
                }
                (self.identity.imsi, self.identity.iccid) = (None, None);
                self.identity.numbers.clear();
                Flow::Go(Some(Step::Reports(0)))
            }
            Err(_) if response.code.is_ok() => Flow::Trouble("AT+CPIN? is answered by nothing that is known".into()),
            // Some refuse it for a while after power-up.
            Err(_) => Flow::Again,
        }
    }

    fn numbers_told(&mut self, response: &AtResponse) -> Flow {
        let numbers = ReadNumbers.answer(response).unwrap_or_default();
        self.identity.numbers = numbers.into_iter().map(|number| number.number).collect();
        Flow::Go(self.after(Step::Numbers))
    }
}
