//! Procedures of services, and which of them the steps of a scenario ask for. Each service has a file of its own.

pub(super) mod charging;
mod conference;
mod exposure;
mod identity;
mod mbms;
mod messaging;
mod presence;
mod xdm;

use std::collections::{BTreeMap, BTreeSet};

use crate::ladder::Procedure;
use crate::scenario::{Scenario, Selector, ServiceStep};

/// All of them.
pub(crate) fn service_procedures() -> impl Iterator<Item = &'static Procedure> {
    let all = [
        presence::PROCEDURES,
        xdm::PROCEDURES,
        conference::PROCEDURES,
        messaging::PROCEDURES,
        charging::PROCEDURES,
        identity::PROCEDURES,
        exposure::PROCEDURES,
        mbms::PROCEDURES,
    ];
    all.into_iter().flatten().copied()
}

/// A ladder that a step asks for.
pub(super) struct Wanted<'a> {
    pub(super) ue: Selector,
    pub(super) peer: Option<&'a str>,
    pub(super) second: Option<&'a str>,
    pub(super) procedure: &'static Procedure,
}

impl<'a> Wanted<'a> {
    /// Of UEs that nobody else has to do with.
    fn alone(ue: Selector, procedure: &'static Procedure) -> Self {
        Self { ue, peer: None, second: None, procedure }
    }

    /// Of one UE that nobody else has to do with.
    fn one(ue: &str, procedure: &'static Procedure) -> Self {
        Self::alone(Selector::Name(ue.to_owned()), procedure)
    }

    /// Of one UE and another.
    fn with(self, peer: &'a str) -> Self {
        Self { peer: Some(peer), ..self }
    }
}

/// UEs as the steps so far have left them.
pub(super) struct Ues<'b, 'a> {
    pub(super) scenario: &'a Scenario,
    /// They are registered.
    pub(super) registered: &'b BTreeSet<&'a str>,
    /// The other side of the call of a UE.
    pub(super) calls: &'b BTreeMap<&'a str, &'a str>,
}

/// What steps have done so far, as far as it decides about ladders.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// UEs that the XDM server has asked who they are.
    challenged: BTreeSet<String>,
    /// UEs that watch who is in their conference.
    watchers: BTreeSet<String>,
    /// UEs whose tokens let them manage groups.
    managers: identity::Managers,
}

impl Known {
    /// Ladders that a step asks for.
    pub(super) fn asked<'a>(&mut self, step: &'a ServiceStep, ues: &Ues<'_, 'a>) -> Vec<Wanted<'a>> {
        match step {
            ServiceStep::Presence(step) => presence::asked(step),
            ServiceStep::Xdm(step) => xdm::asked(self, step),
            ServiceStep::Conference(step) => conference::asked(self, step),
            ServiceStep::Messaging(step) => messaging::asked(step, ues),
            ServiceStep::Identity(step) => identity::asked(self, step, ues),
            ServiceStep::Exposure(step) => exposure::asked(step),
            ServiceStep::Mbms(step) => mbms::asked(ues.scenario, step),
        }
    }
}
