//! The machine of a migration (TS 23.280 clauses 10.1.6.2 and 10.16.2): where the user is served, what is heard, and where he
//! goes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use protocol::mc::user_profile::PartnerSystem;
use protocol::{Instant, Plmn};

use super::config::MigrationConfig;
use super::io::{CommandRefusal, LogInId, McSystem, MigrationEvent, MigrationInput, MigrationOutput, MigrationStage};
use super::journey::Journey;
use super::profile::Known;
use crate::agent::mc::McEvent;
use crate::agent::sip::{AgentEvent, UnregisteredWhy};

/// The migrating client of a user.
#[derive(Debug)]
pub struct Migrator {
    pub(super) config: MigrationConfig,
    pub(super) known: Known,
    state: State,
    /// What stands in each system.
    pub(super) standings: BTreeMap<McSystem, Standing>,
    radio: Radio,
    /// Partners that have refused for good: they are not gone to without being told.
    pub(super) barred: BTreeSet<McSystem>,
    /// Groups that it was affiliated to when it left home.
    pub(super) home_groups: Vec<String>,
    next_login: u64,
    pub(super) outputs: VecDeque<MigrationOutput>,
}

#[derive(Debug)]
enum State {
    /// A system serves the user.
    Served(McSystem),
    /// He is between systems.
    Moving(Journey),
    /// None serves him; what is heard is looked at again then.
    Unserved { retry_at: Instant },
}

/// What stands in a system.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Standing {
    pub(super) is_registered: bool,
    pub(super) groups: Vec<String>,
    pub(super) calls: BTreeSet<String>,
}

/// What is heard of the systems.
#[derive(Debug, Default)]
struct Radio {
    /// None: nothing was said about it.
    heard: Option<BTreeSet<Plmn>>,
    /// The serving system is not heard since then.
    lost_since: Option<Instant>,
    /// Home is heard since then while another system serves, to which the loss of its coverage has led.
    back_since: Option<Instant>,
    /// The user did not want to be where he is.
    has_led: bool,
}

impl Migrator {
    /// The client of a user whom his primary system serves, or is going to.
    pub fn new(config: MigrationConfig) -> Self {
        Self {
            config,
            known: Known::default(),
            state: State::Served(McSystem::Primary),
            standings: BTreeMap::new(),
            radio: Radio::default(),
            barred: BTreeSet::new(),
            home_groups: Vec::new(),
            next_login: 0,
            outputs: VecDeque::new(),
        }
    }

    /// Something has come in.
    pub fn handle_input(&mut self, now: Instant, input: MigrationInput<'_>) {
        match input {
            MigrationInput::Command(command) => self.command(now, command),
            MigrationInput::Cells(heard) => self.cells(now, heard),
            MigrationInput::Token { id, result } => {
                if !self.token_for_profile(now, id, &result) {
                    self.travel(now, |own, journey| own.token(now, journey, id, result));
                }
            }
            MigrationInput::Profile(answer) => self.profile_answered(now, answer),
            MigrationInput::Connected { system, result } => {
                self.travel(now, |own, journey| own.connected(now, journey, &system, result));
            }
            MigrationInput::Agent { system, event } => self.told_by_agent(now, system, event),
            MigrationInput::Mc { system, event } => self.told_by_client(now, system, event),
        }
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.known.obtaining.as_ref().is_some_and(|own| own.deadline <= now) {
            self.no_profile(None, "nobody answered in time".into());
        }
        match &self.state {
            State::Moving(journey) if journey.deadline <= now => {
                self.travel(now, |own, journey| own.overdue(now, journey));
            }
            State::Unserved { retry_at } if *retry_at <= now => {
                self.state = State::Unserved { retry_at: now + self.config.timers.answer };
                self.seek(now);
            }
            _ => self.decide(now),
        }
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let timers = &self.config.timers;
        let own = match &self.state {
            State::Moving(journey) => Some(journey.deadline),
            State::Unserved { retry_at } => Some(*retry_at),
            State::Served(_) => None,
        };
        let lost = self.radio.lost_since.map(|since| since + timers.lost);
        let back = self.radio.back_since.map(|since| since + timers.back);
        // What is due and was not followed is followed when something else comes.
        let radio = [lost, back].into_iter().flatten().filter(|_| self.is_deciding());
        own.into_iter().chain(radio).chain(self.known.obtaining.as_ref().map(|own| own.deadline)).min()
    }

    /// What is to be done.
    pub fn poll_output(&mut self) -> Option<MigrationOutput> {
        self.outputs.pop_front()
    }

    /// The system that serves the user; none while he is between systems.
    pub const fn serving(&self) -> Option<&McSystem> {
        match &self.state {
            State::Served(system) => Some(system),
            State::Moving(_) | State::Unserved { .. } => None,
        }
    }

    /// Where he is going, and how far he is.
    pub const fn under_way(&self) -> Option<(&McSystem, MigrationStage)> {
        match &self.state {
            State::Moving(journey) => Some((&journey.to, journey.stage)),
            State::Served(_) | State::Unserved { .. } => None,
        }
    }

    /// What is known of a partner system.
    pub fn partner(&self, id: &str) -> Option<&PartnerSystem> {
        self.known.profile.as_ref()?.partner(id)
    }

    /// The radio may make it go, and there is somewhere to go.
    fn is_deciding(&self) -> bool {
        self.config.is_automatic && matches!(self.state, State::Served(_)) && self.candidate().is_some()
    }

    fn cells(&mut self, now: Instant, heard: &[Plmn]) {
        let heard: BTreeSet<Plmn> = heard.iter().copied().collect();
        let is_new = self.radio.heard.as_ref() != Some(&heard);
        self.radio.heard = Some(heard);
        match &self.state {
            State::Served(at) => {
                let at = at.clone();
                self.watch_radio(now, &at);
                self.decide(now);
            }
            // Nothing more is said to a system that is not heard.
            State::Moving(own) if own.is_leaving() && own.from.as_ref().is_some_and(|from| !self.hears(from)) => {
                self.travel(now, |own, journey| own.overdue(now, journey));
            }
            State::Unserved { .. } if is_new => self.seek(now),
            State::Moving(_) | State::Unserved { .. } => {}
        }
    }

    fn watch_radio(&mut self, now: Instant, at: &McSystem) {
        let is_away = self.radio.has_led && *at != McSystem::Primary;
        let (is_heard, is_back) = (self.hears(at), is_away && self.hears(&McSystem::Primary));
        self.radio.lost_since = (!is_heard).then(|| self.radio.lost_since.unwrap_or(now));
        self.radio.back_since = is_back.then(|| self.radio.back_since.unwrap_or(now));
    }

    /// Cells of a system are heard.
    pub(super) fn hears(&self, system: &McSystem) -> bool {
        let Some(heard) = &self.radio.heard else { return true };
        let plmn = match system {
            McSystem::Primary => Some(self.config.home.plmn),
            McSystem::Partner(id) => self.partner(id).map(|partner| partner.plmn),
        };
        plmn.is_some_and(|plmn| heard.contains(&plmn))
    }

    /// Where it could be served when the serving system is lost.
    fn candidate(&self) -> Option<McSystem> {
        let serving = self.serving();
        let profile = self.known.profile.as_ref().filter(|own| own.is_enabled);
        let partners = profile.into_iter().flat_map(|own| &own.partners).map(|own| McSystem::Partner(own.id.clone()));
        let mut all = std::iter::once(McSystem::Primary).chain(partners);
        all.find(|system| serving != Some(system) && !self.barred.contains(system) && self.hears(system))
    }

    /// Leaves the serving system for one with coverage, if it may and must.
    pub(super) fn decide(&mut self, now: Instant) {
        if !self.config.is_automatic || !matches!(self.state, State::Served(_)) {
            return;
        }
        let timers = self.config.timers;
        let is_due = |since: Option<Instant>, after| since.is_some_and(|since| since + after <= now);
        let to = match &self.radio {
            radio if is_due(radio.back_since, timers.back) => Some(McSystem::Primary),
            radio if is_due(radio.lost_since, timers.lost) => self.candidate(),
            _ => None,
        };
        if let Some(to) = to {
            self.begin(now, to, true);
        }
    }

    /// Looks for a system when none serves the user: home first.
    fn seek(&mut self, now: Instant) {
        let home = Some(McSystem::Primary).filter(|home| self.hears(home));
        let to = if self.config.is_automatic { self.candidate() } else { home };
        if let Some(to) = to {
            self.begin(now, to, true);
        }
    }

    /// It is neither there nor on its way there.
    pub(super) fn is_new_place(&self, to: &McSystem) -> Result<(), CommandRefusal> {
        match &self.state {
            State::Served(at) if at == to => Err(CommandRefusal::AlreadyThere(to.clone())),
            State::Moving(journey) if journey.to == *to => Err(CommandRefusal::OnTheWay(to.clone())),
            _ => Ok(()),
        }
    }

    /// It goes there from wherever it is; `is_led`: since there is coverage, not since the user wants to.
    pub(super) fn begin(&mut self, now: Instant, to: McSystem, is_led: bool) {
        self.radio.has_led = is_led;
        let from = match &mut self.state {
            // The farewell goes on; then it goes elsewhere.
            State::Moving(journey) if journey.is_leaving() => {
                journey.to = to.clone();
                let from = journey.from.clone();
                return self.event(MigrationEvent::Leaving { from, to });
            }
            State::Moving(journey) => Some(journey.to.clone()),
            State::Served(at) => Some(at.clone()),
            State::Unserved { .. } => None,
        };
        (self.radio.lost_since, self.radio.back_since) = (None, None);
        self.event(MigrationEvent::Leaving { from: from.clone(), to: to.clone() });
        let journey = self.leave(now, Journey::new(now, from, to));
        self.state = State::Moving(journey);
    }

    /// Goes on with what is under way; what comes otherwise is for nobody.
    fn travel(&mut self, now: Instant, go: impl FnOnce(&mut Self, Journey) -> Step) {
        let State::Moving(journey) = &mut self.state else { return };
        let journey = std::mem::replace(journey, Journey::new(now, None, McSystem::Primary));
        match go(self, journey) {
            Step::On(journey) => self.state = State::Moving(journey),
            Step::Arrived(at) => {
                self.state = State::Served(at.clone());
                self.event(MigrationEvent::Migrated(at.clone()));
                self.watch_radio(now, &at);
            }
            Step::Failed { at, pause } => self.failed(now, at, pause),
        }
    }

    /// It could not be served there: home, if that is not where it was to go, else it waits.
    fn failed(&mut self, now: Instant, at: McSystem, pause: Duration) {
        let is_home_left = at != McSystem::Primary && self.hears(&McSystem::Primary);
        if is_home_left {
            self.event(MigrationEvent::Leaving { from: Some(at.clone()), to: McSystem::Primary });
            let journey = self.leave(now, Journey::new(now, Some(at), McSystem::Primary));
            self.state = State::Moving(journey);
            return;
        }
        self.abandon(&at, false);
        self.state = State::Unserved { retry_at: now + pause };
        self.event(MigrationEvent::Unserved);
    }

    fn told_by_agent(&mut self, now: Instant, system: &McSystem, event: &AgentEvent) {
        match event {
            AgentEvent::Registered(_) => self.standing(system).is_registered = true,
            AgentEvent::Unregistered(_) => *self.standing(system) = Standing::default(),
            _ => {}
        }
        let is_partner_lost = matches!(&self.state, State::Served(at) if at == system)
            && *system != McSystem::Primary
            && matches!(event, AgentEvent::Unregistered(why) if *why != UnregisteredWhy::Asked);
        if is_partner_lost {
            let (to, stage) = (system.clone(), MigrationStage::Registering);
            let why = "the registration there has ended".to_owned();
            self.event(MigrationEvent::Failed { to, stage, status: None, why });
            return self.failed(now, system.clone(), self.config.timers.pause);
        }
        self.travel(now, |own, journey| own.agent_said(now, journey, system, event));
    }

    fn told_by_client(&mut self, now: Instant, system: &McSystem, event: &McEvent) {
        match event {
            McEvent::Affiliated { groups, result: Ok(()) } => self.standing(system).groups.clone_from(groups),
            McEvent::Established { group, .. } => {
                let is_new = self.standing(system).calls.insert(group.clone());
                let is_there = match &self.state {
                    State::Served(at) => at == system,
                    State::Moving(journey) => journey.to == *system && !journey.is_leaving(),
                    State::Unserved { .. } => false,
                };
                if is_new && is_there && *system != McSystem::Primary {
                    self.event(MigrationEvent::Joined { system: system.clone(), group: group.clone() });
                }
            }
            McEvent::Ended { group, .. } => {
                self.standing(system).calls.remove(group);
            }
            _ => {}
        }
        self.travel(now, |own, journey| own.client_said(now, journey, system, event));
    }

    pub(super) fn standing(&mut self, system: &McSystem) -> &mut Standing {
        self.standings.entry(system.clone()).or_default()
    }

    /// Asks for a token; its name.
    pub(super) fn log_in(&mut self, system: &McSystem, scopes: Vec<String>) -> LogInId {
        self.next_login += 1;
        let id = LogInId(self.next_login);
        let partner = match system {
            McSystem::Primary => None,
            McSystem::Partner(id) => self.partner(id),
        };
        let mc_id = partner.and_then(|own| own.mc_id.clone()).unwrap_or_else(|| self.config.home.mc_id.clone());
        let server = partner.and_then(|own| own.identity_server.clone());
        self.outputs.push_back(MigrationOutput::LogIn { id, system: system.clone(), server, mc_id, scopes });
        id
    }

    pub(super) fn event(&mut self, event: MigrationEvent) {
        self.outputs.push_back(MigrationOutput::Event(event));
    }
}

/// What comes of a piece of a journey.
pub(super) enum Step {
    On(Journey),
    Arrived(McSystem),
    /// It cannot be served there; after the pause it may look around again.
    Failed {
        at: McSystem,
        pause: Duration,
    },
}
