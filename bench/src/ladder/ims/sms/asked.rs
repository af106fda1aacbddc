//! Which ladders of short messages the steps of a scenario ask for: of each UE, the first time that it plays a procedure. Those of
//! messages begin with its registration, as their first steps do.

use std::collections::{BTreeMap, BTreeSet};

use super::{delivery, delivery_ims, registration, registration_ims};
use crate::ladder::Procedure;
use crate::scenario::{ImsState, ImsStep, Scenario, Selector, Served, SmsBy, SmsStep, StepAction, UeSms};

/// A ladder that a scenario asks for.
pub(in crate::ladder::ims) struct Wanted<'a> {
    pub(in crate::ladder::ims) step: usize,
    pub(in crate::ladder::ims) procedure: &'static Procedure,
    pub(in crate::ladder::ims) ue: &'a str,
}

/// What the steps so far say of UEs.
struct Asked<'a> {
    scenario: &'a Scenario,
    /// UEs that are registered, and by which step.
    registered: BTreeMap<&'a str, usize>,
    /// Without a way to the network.
    unable: BTreeSet<&'a str>,
    /// Messages in their memories.
    held: BTreeMap<&'a str, usize>,
    /// For them messages wait, by the steps that sent the first.
    awaited: BTreeMap<&'a str, usize>,
    known: BTreeSet<(&'a str, &'static str)>,
    wanted: Vec<Wanted<'a>>,
}

/// The ladders of a scenario, in the order of its steps.
pub(in crate::ladder::ims) fn asked(scenario: &Scenario) -> Vec<Wanted<'_>> {
    let mut asked = Asked {
        scenario,
        registered: BTreeMap::new(),
        unable: BTreeSet::new(),
        held: BTreeMap::new(),
        awaited: BTreeMap::new(),
        known: BTreeSet::new(),
        wanted: Vec::new(),
    };
    if scenario.sms.is_some() {
        for (index, step) in scenario.steps.iter().enumerate() {
            match &step.action {
                StepAction::Sms(step) => asked.step(index, step),
                StepAction::Ims(step) => asked.ims_step(index, step),
                _ => {}
            }
        }
    }
    asked.wanted
}

impl<'a> Asked<'a> {
    fn step(&mut self, index: usize, step: &'a SmsStep) {
        match step {
            SmsStep::Register { ue } => {
                for (name, _) in self.phones(ue) {
                    self.registers(index, name, &registration::REGISTRATION);
                }
            }
            SmsStep::Deregister { ue } => {
                for (name, _) in self.phones(ue) {
                    self.want(index, name, &registration::DEREGISTRATION);
                    self.registered.remove(name);
                }
            }
            SmsStep::Send { from, to, .. } => {
                for (name, own) in self.phones(&Selector::Name(from.clone())) {
                    self.originated(name, own);
                }
                for (name, own) in self.phones(&Selector::Name(to.clone())) {
                    self.terminated(index, name, own);
                }
            }
            SmsStep::Free { ue } => self.held.retain(|name, _| !ue.selects(name)),
            SmsStep::Serve { .. } => {}
        }
    }

    fn ims_step(&mut self, index: usize, step: &'a ImsStep) {
        match step {
            ImsStep::ImsRegister { ue } => {
                for (name, _) in self.phones(ue).into_iter().filter(|(_, own)| own.by == SmsBy::Ims) {
                    self.registers(index, name, &registration_ims::REGISTRATION);
                }
            }
            ImsStep::ImsDeregister { ue } => {
                for (name, _) in self.phones(ue).into_iter().filter(|(_, own)| own.by == SmsBy::Ims) {
                    self.want(index, name, &registration_ims::DEREGISTRATION);
                    self.registered.remove(name);
                }
            }
            ImsStep::LoseBearer { ue } => self.unable.extend(self.phones(ue).into_iter().map(|(name, _)| name)),
            ImsStep::RestoreBearer { ue } => {
                for (name, _) in self.phones(ue) {
                    self.unable.remove(name);
                }
            }
            // Who waits there for the end of a registration over R2 that nobody has asked for waits for the guard timer.
            ImsStep::RunUntilIms { ue, state: ImsState::SmsUnregistered, .. } => {
                for (name, _) in self.phones(ue) {
                    if let Some(step) = self.registered.remove(name) {
                        self.want(step, name, &registration::NETWORK_DEREGISTRATION);
                    }
                }
            }
            _ => {}
        }
    }

    fn phones(&self, ue: &Selector) -> Vec<(&'a str, &'a UeSms)> {
        let ues = self.scenario.ues.iter().filter(|own| ue.selects(&own.name));
        ues.filter_map(|own| Some((own.name.as_str(), own.sms.as_ref()?))).collect()
    }

    fn registers(&mut self, index: usize, name: &'a str, procedure: &'static Procedure) {
        self.want(index, name, procedure);
        self.registered.insert(name, index);
        if let Some(step) = self.awaited.remove(name) {
            self.want(step, name, &delivery::ALERT);
        }
    }

    fn originated(&mut self, name: &'a str, own: &UeSms) {
        let procedure = if own.by == SmsBy::R2 { &delivery::ORIGINATED } else { &delivery_ims::ORIGINATED };
        if let Some(step) = self.registered.get(name) {
            self.want(*step, name, procedure);
        }
    }

    fn terminated(&mut self, index: usize, name: &'a str, own: &UeSms) {
        let others = [own.sgsn, own.msc];
        let fails_elsewhere = others.iter().all(|served| served.is_none_or(|served| served != Served::Delivers));
        if self.unable.contains(name) {
            self.awaited.entry(name).or_insert(index);
            return;
        }
        let Some(step) = self.registered.get(name).copied() else { return };
        let held = self.held.entry(name).or_default();
        let is_full = *held >= own.places;
        *held += usize::from(!is_full);
        match own.by {
            SmsBy::R2 if is_full && fails_elsewhere => self.want(step, name, &delivery::FAILED),
            SmsBy::R2 if !is_full => self.want(step, name, &delivery::TERMINATED),
            SmsBy::Ims if !is_full => self.want(step, name, &delivery_ims::TERMINATED),
            _ => {}
        }
    }

    fn want(&mut self, step: usize, ue: &'a str, procedure: &'static Procedure) {
        if self.known.insert((ue, procedure.procedure)) {
            self.wanted.push(Wanted { step, procedure, ue });
        }
    }
}
