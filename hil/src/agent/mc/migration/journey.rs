//! A journey from one system to another, stage by stage (TS 23.280 clauses 10.1.6.2 and 10.16.2).

use protocol::Instant;

use super::io::{LogInId, McSystem, MigrationEvent, MigrationOutput, MigrationStage};
use super::machine::{Migrator, Step};
use crate::agent::mc::{McCommand, McEvent};
use crate::agent::sip::{AgentCommand, AgentEvent};

/// A scope for the token (TS 33.180 table B.4.2.2-1).
const SERVICE: &str = "3gpp:mc:ptt_service";
/// Looked around again after so many pauses.
const LONG: u32 = 8;

/// A journey under way.
#[derive(Debug)]
pub(super) struct Journey {
    /// None: nothing stands anywhere.
    pub(super) from: Option<McSystem>,
    pub(super) to: McSystem,
    pub(super) stage: MigrationStage,
    pub(super) deadline: Instant,
    /// The login that is waited for.
    login: Option<LogInId>,
    token: Option<String>,
    /// Failures that may pass.
    failures: u32,
    /// The stage begins again at the deadline.
    is_pausing: bool,
}

impl Journey {
    pub(super) const fn new(now: Instant, from: Option<McSystem>, to: McSystem) -> Self {
        let stage = MigrationStage::Deaffiliating;
        Self { from, to, stage, deadline: now, login: None, token: None, failures: 0, is_pausing: false }
    }

    /// It is still where it was.
    pub(super) const fn is_leaving(&self) -> bool {
        matches!(self.stage, MigrationStage::Deaffiliating | MigrationStage::Deregistering)
    }

    /// What comes from a system is for this stage.
    fn is_at(&self, stage: MigrationStage, system: &McSystem) -> bool {
        let place = if self.is_leaving() { self.from.as_ref() } else { Some(&self.to) };
        self.stage == stage && !self.is_pausing && place == Some(system)
    }
}

impl Migrator {
    /// Calls, groups and registration there are given up: in so many words as long as it is heard.
    pub(super) fn leave(&mut self, now: Instant, mut journey: Journey) -> Journey {
        let Some(from) = journey.from.clone() else { return self.connect(now, journey) };
        let standing = self.standing(&from).clone();
        if from == McSystem::Primary && !standing.groups.is_empty() {
            self.home_groups.clone_from(&standing.groups);
        }
        if !standing.is_registered || !self.hears(&from) {
            self.abandon(&from, false);
            return self.connect(now, journey);
        }
        for group in standing.calls {
            self.client(&from, McCommand::HangUp { group });
        }
        if standing.groups.is_empty() {
            return self.deregister(now, journey);
        }
        self.client(&from, McCommand::Affiliate { groups: Vec::new() });
        (journey.stage, journey.deadline) = (MigrationStage::Deaffiliating, now + self.config.timers.leave);
        journey
    }

    fn deregister(&mut self, now: Instant, mut journey: Journey) -> Journey {
        if let Some(from) = journey.from.clone() {
            self.agent(&from, AgentCommand::Deregister);
        }
        (journey.stage, journey.deadline) = (MigrationStage::Deregistering, now + self.config.timers.leave);
        journey
    }

    /// Nothing of the user stands in a system any more; what its agents still have is forgotten.
    pub(super) fn abandon(&mut self, system: &McSystem, is_clean: bool) {
        if !is_clean {
            self.agent(system, AgentCommand::Vanish);
        }
        self.client(system, McCommand::Vanish);
        self.standings.remove(system);
        self.outputs.push_back(MigrationOutput::Disconnect(system.clone()));
        self.event(MigrationEvent::Left { system: system.clone(), is_clean });
    }

    fn left(&mut self, now: Instant, journey: Journey, is_clean: bool) -> Journey {
        if let Some(from) = &journey.from {
            self.abandon(from, is_clean);
        }
        self.connect(now, journey)
    }

    fn connect(&mut self, now: Instant, mut journey: Journey) -> Journey {
        self.outputs.push_back(MigrationOutput::Connect(journey.to.clone()));
        (journey.stage, journey.deadline) = (MigrationStage::Connecting, now + self.config.timers.connect);
        journey
    }

    pub(super) fn connected(
        &mut self,
        now: Instant,
        mut journey: Journey,
        system: &McSystem,
        result: Result<(), String>,
    ) -> Step {
        if !journey.is_at(MigrationStage::Connecting, system) {
            return Step::On(journey);
        }
        if let Err(why) = result {
            return self.trouble(now, journey, None, why, true);
        }
        let has_tokens = match system {
            McSystem::Primary => self.config.home.has_tokens,
            McSystem::Partner(id) => self.partner(id).is_some_and(|partner| partner.identity_server.is_some()),
        };
        if !has_tokens {
            return Step::On(self.register(now, journey));
        }
        self.authenticate(now, &mut journey);
        Step::On(journey)
    }

    /// Step 1: MC service user authentication.
    fn authenticate(&mut self, now: Instant, journey: &mut Journey) {
        journey.login = Some(self.log_in(&journey.to, vec![SERVICE.to_owned()]));
        (journey.stage, journey.deadline) = (MigrationStage::LoggingIn, now + self.config.timers.connect);
    }

    pub(super) fn token(
        &mut self,
        now: Instant,
        mut journey: Journey,
        id: LogInId,
        result: Result<String, String>,
    ) -> Step {
        if journey.stage != MigrationStage::LoggingIn || journey.is_pausing || journey.login != Some(id) {
            return Step::On(journey);
        }
        match result {
            Ok(token) => {
                (journey.login, journey.token) = (None, Some(token));
                Step::On(self.register(now, journey))
            }
            // A user who is not known there is none a moment later either.
            Err(why) => self.trouble(now, journey, None, why, false),
        }
    }

    /// Step 2.
    fn register(&mut self, now: Instant, mut journey: Journey) -> Journey {
        self.agent(&journey.to, AgentCommand::Register);
        (journey.stage, journey.deadline) = (MigrationStage::Registering, now + self.config.timers.answer);
        journey
    }

    pub(super) fn agent_said(
        &mut self,
        now: Instant,
        mut journey: Journey,
        system: &McSystem,
        event: &AgentEvent,
    ) -> Step {
        let is_at = |stage| journey.is_at(stage, system);
        match event {
            AgentEvent::Unregistered(_) if journey.is_leaving() && is_at(journey.stage) => {
                Step::On(self.left(now, journey, true))
            }
            AgentEvent::Registered(_) if is_at(MigrationStage::Registering) => {
                self.event(MigrationEvent::Registered(system.clone()));
                let access_token = journey.token.clone();
                self.client(system, McCommand::Authorise { access_token });
                (journey.stage, journey.deadline) = (MigrationStage::Authorising, now + self.config.timers.answer);
                Step::On(journey)
            }
            // With a time the agent tries again by itself.
            AgentEvent::RegistrationFailed { status, why, retry_s: None } if is_at(MigrationStage::Registering) => {
                // TS 24.229 clause 5.1.1.4.1.
                let may_pass = matches!(status, None | Some(408 | 480 | 500 | 502..=504));
                self.trouble(now, journey, *status, why.clone(), may_pass)
            }
            AgentEvent::Unregistered(_) if is_at(MigrationStage::Authorising) || is_at(MigrationStage::Affiliating) => {
                self.trouble(now, journey, None, "the registration there has ended".into(), false)
            }
            _ => Step::On(journey),
        }
    }

    pub(super) fn client_said(&mut self, now: Instant, journey: Journey, system: &McSystem, event: &McEvent) -> Step {
        let is_at = |stage| journey.is_at(stage, system);
        match event {
            McEvent::Affiliated { groups, .. } if groups.is_empty() && is_at(MigrationStage::Deaffiliating) => {
                Step::On(self.deregister(now, journey))
            }
            McEvent::Authorised(result) if is_at(MigrationStage::Authorising) => match result {
                Ok(()) => self.affiliate(now, journey),
                Err(why) => self.trouble(now, journey, why.status(), why.to_string(), false),
            },
            McEvent::Affiliated { result, .. } if is_at(MigrationStage::Affiliating) => {
                if let Err(why) = result {
                    self.event(MigrationEvent::NotAffiliated { system: system.clone(), why: why.to_string() });
                }
                Step::Arrived(journey.to)
            }
            _ => Step::On(journey),
        }
    }

    /// The groups of the profile there, at home those that it had.
    fn affiliate(&mut self, now: Instant, mut journey: Journey) -> Step {
        let groups = match &journey.to {
            McSystem::Primary => self.home_groups.clone(),
            McSystem::Partner(id) => self.partner(id).map(|partner| partner.groups.clone()).unwrap_or_default(),
        };
        if groups.is_empty() {
            return Step::Arrived(journey.to);
        }
        self.client(&journey.to, McCommand::Affiliate { groups });
        (journey.stage, journey.deadline) = (MigrationStage::Affiliating, now + self.config.timers.answer);
        Step::On(journey)
    }

    /// The time of a stage is over.
    pub(super) fn overdue(&mut self, now: Instant, mut journey: Journey) -> Step {
        let is_from_heard = journey.from.as_ref().is_some_and(|from| self.hears(from));
        match journey.stage {
            MigrationStage::Deaffiliating if is_from_heard => Step::On(self.deregister(now, journey)),
            MigrationStage::Deaffiliating | MigrationStage::Deregistering => Step::On(self.left(now, journey, false)),
            stage if journey.is_pausing => {
                journey.is_pausing = false;
                match stage {
                    MigrationStage::Connecting => Step::On(self.connect(now, journey)),
                    MigrationStage::LoggingIn => {
                        self.authenticate(now, &mut journey);
                        Step::On(journey)
                    }
                    _ => Step::On(self.register(now, journey)),
                }
            }
            MigrationStage::Connecting | MigrationStage::LoggingIn | MigrationStage::Registering => {
                self.trouble(now, journey, None, IN_TIME.into(), true)
            }
            MigrationStage::Authorising => self.trouble(now, journey, None, IN_TIME.into(), false),
            MigrationStage::Affiliating => {
                let system = journey.to.clone();
                self.event(MigrationEvent::NotAffiliated { system, why: IN_TIME.into() });
                Step::Arrived(journey.to)
            }
        }
    }

    /// A stage has failed: once more after a pause, or never.
    fn trouble(
        &mut self,
        now: Instant,
        mut journey: Journey,
        status: Option<u16>,
        why: String,
        may_pass: bool,
    ) -> Step {
        let (to, stage, pause) = (journey.to.clone(), journey.stage, self.config.timers.pause);
        journey.failures += 1;
        if may_pass && journey.failures < self.config.attempts {
            if stage == MigrationStage::Registering {
                // What may still be under way is not waited for any more.
                self.agent(&to, AgentCommand::Vanish);
            }
            journey.is_pausing = true;
            journey.deadline = now + pause.saturating_mul(1 << (journey.failures - 1).min(8));
            self.event(MigrationEvent::Again { to, stage, why });
            return Step::On(journey);
        }
        if !may_pass && to != McSystem::Primary {
            self.barred.insert(to.clone());
        }
        self.event(MigrationEvent::Failed { to: to.clone(), stage, status, why });
        Step::Failed { at: to, pause: pause.saturating_mul(LONG) }
    }

    fn agent(&mut self, system: &McSystem, command: AgentCommand) {
        self.outputs.push_back(MigrationOutput::Agent { system: system.clone(), command });
    }

    fn client(&mut self, system: &McSystem, command: McCommand) {
        self.outputs.push_back(MigrationOutput::Mc { system: system.clone(), command });
    }
}

const IN_TIME: &str = "nobody answered in time";
