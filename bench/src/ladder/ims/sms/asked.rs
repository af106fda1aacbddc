//! Which ladders of short messages the steps of a scenario ask for: of each UE, the first time that it plays a procedure. Those of
//! messages begin with its registration, as their first steps do, and go on with the step that sends. What of a procedure has
//! no part in a run is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::way::{End, Phone};
use super::{MSC_PARTY, PRESENCE, SGSN_PARTY, delivery, delivery_ims, registration, registration_ims};
use crate::ladder::{Party, Procedure, ProcedureStep, Without};
use crate::scenario::{
    Binding, ImsState, ImsStep, McStep, PRIMARY, Scenario, Selector, Served, Service, Sms, SmsAccess, SmsBy, SmsStep,
    StepAction, UeMigrates,
};

/// A ladder that a scenario asks for.
pub(in crate::ladder::ims) struct Wanted<'a> {
    pub(in crate::ladder::ims) step: usize,
    pub(in crate::ladder::ims) then: Option<usize>,
    pub(in crate::ladder::ims) procedure: &'static Procedure,
    pub(in crate::ladder::ims) ue: &'a str,
    pub(in crate::ladder::ims) peer: Option<&'a str>,
    pub(in crate::ladder::ims) without: Vec<Without>,
}

/// What the steps so far say of UEs.
struct Asked<'a> {
    scenario: &'a Scenario,
    sms: &'a Sms,
    phones: BTreeMap<&'a str, Phone<'a>>,
    /// For them messages wait until they are back, by the steps that sent the first.
    awaited: BTreeMap<&'a str, usize>,
    /// Their users have profiles, by which they may go to other systems.
    profiled: BTreeSet<&'a str>,
    /// Other systems serve them, whose coverage has led them there or not.
    away: BTreeMap<&'a str, bool>,
    known: BTreeSet<(&'a str, &'static str)>,
    wanted: Vec<Wanted<'a>>,
}

/// The ladders of a scenario, in the order of its steps.
pub(in crate::ladder::ims) fn asked(scenario: &Scenario) -> Vec<Wanted<'_>> {
    let Some(sms) = &scenario.sms else { return Vec::new() };
    let phones = scenario.ues.iter().filter_map(|ue| Some((ue.name.as_str(), Phone::new(ue.sms.as_ref()?))));
    let mut asked = Asked {
        scenario,
        sms,
        phones: phones.collect(),
        awaited: BTreeMap::new(),
        profiled: BTreeSet::new(),
        away: BTreeMap::new(),
        known: BTreeSet::new(),
        wanted: Vec::new(),
    };
    for (index, step) in scenario.steps.iter().enumerate() {
        match &step.action {
            StepAction::Sms(step) => asked.step(index, step),
            StepAction::Ims(step) => asked.ims_step(index, step),
            StepAction::Mc(step) => asked.mc_step(index, step),
            _ => {}
        }
    }
    asked.wanted
}

impl<'a> Asked<'a> {
    fn step(&mut self, index: usize, step: &'a SmsStep) {
        match step {
            SmsStep::Register { ue } => self.registers(index, &self.those(ue, SmsBy::R2), &registration::REGISTRATION),
            SmsStep::Deregister { ue } => self.leaves(index, &self.those(ue, SmsBy::R2), &registration::DEREGISTRATION),
            // Who has no access sends nothing.
            SmsStep::Send { from, .. } if self.phones.get(from.as_str()).is_some_and(|own| own.sends().is_none()) => {}
            SmsStep::Send { from, to, .. } => {
                self.originated(index, from);
                self.terminated(index, to);
            }
            SmsStep::Free { ue } => self.each(ue, |_, phone| phone.free()),
            SmsStep::Serve { ue, at, becomes } => {
                self.each(ue, |_, phone| phone.serve(*at, *becomes));
                // Whether an alert or the time comes first is more than the steps say.
                if *becomes == Served::Delivers {
                    self.awaited.retain(|name, _| !ue.selects(name));
                }
            }
        }
    }

    fn ims_step(&mut self, index: usize, step: &'a ImsStep) {
        match step {
            ImsStep::ImsRegister { ue } => {
                self.registers(index, &self.those(ue, SmsBy::Ims), &registration_ims::REGISTRATION);
            }
            ImsStep::ImsDeregister { ue } => {
                self.leaves(index, &self.those(ue, SmsBy::Ims), &registration_ims::DEREGISTRATION);
            }
            ImsStep::ImsNetworkDeregister { ue } => {
                for name in self.those(ue, SmsBy::Ims) {
                    self.is_gone(name);
                }
            }
            ImsStep::LoseBearer { ue } => self.each(ue, |_, phone| phone.is_cut_off = true),
            ImsStep::RestoreBearer { ue } => self.each(ue, |_, phone| phone.is_cut_off = false),
            // Who waits there for the end of a registration over R2 that nobody has asked for waits for the guard timer.
            ImsStep::RunUntilIms { ue, state: ImsState::SmsUnregistered, .. } => {
                for name in self.those(ue, SmsBy::R2) {
                    if let Some(step) = self.is_gone(name) {
                        self.want((step, None), name, &registration::NETWORK_DEREGISTRATION, &[]);
                    }
                }
            }
            // What has waited has come.
            ImsStep::RunUntilIms { ue, state: ImsState::SmsReceived, .. } => {
                self.awaited.retain(|name, _| !ue.selects(name));
            }
            _ => {}
        }
    }

    /// A user whom another system serves has left the IMS at home, and registers there when he comes back (TS 23.280 clause
    /// 10.1.6.2).
    fn mc_step(&mut self, index: usize, step: &'a McStep) {
        match step {
            McStep::Profile { ue } => self.profiled.extend(self.migrants(ue).map(|(name, _)| name)),
            McStep::Migrate { ue, system } if system == PRIMARY => {
                let those = self.migrants(ue).map(|(name, _)| name);
                let back: Vec<_> = those.filter(|name| self.away.contains_key(name)).collect();
                self.is_back(index, &back);
            }
            McStep::Migrate { ue, system } => {
                let there: Vec<_> = self.migrants(ue).filter(|(_, own)| own.to == *system).collect();
                there.into_iter().for_each(|(name, own)| self.goes(index, name, own));
            }
            McStep::Hears { ue, systems } => self.hears(index, ue, systems),
            _ => {}
        }
    }

    /// UEs whose users may go to other systems.
    fn migrants(&self, ue: &Selector) -> impl Iterator<Item = (&'a str, &'a UeMigrates)> + use<'a> {
        let ue = ue.clone();
        let own = self.scenario.ues.iter().filter(move |own| ue.selects(&own.name));
        own.filter_map(|own| Some((own.name.as_str(), own.migrates.as_ref()?)))
    }

    /// He has himself de-registered as long as home is heard.
    fn goes(&mut self, index: usize, name: &'a str, migrates: &UeMigrates) {
        if !self.profiled.contains(name) || self.away.contains_key(name) {
            return;
        }
        let is_heard = |phone: &Phone<'_>| phone.own.by == SmsBy::Ims && phone.is_reached();
        if self.phones.get(name).is_some_and(is_heard) {
            self.leaves(index, &[name], &registration_ims::DEREGISTRATION);
        }
        match migrates.binding {
            Binding::Bound => _ = self.away.insert(name, false),
            // Whom the other system refuses is at home again.
            Binding::Barred | Binding::Unknown => self.is_back(index, &[name]),
        }
    }

    /// Home is told nothing by who does not hear it.
    fn hears(&mut self, index: usize, ue: &Selector, systems: &[String]) {
        let is_home = systems.iter().any(|system| system == PRIMARY);
        for (name, migrates) in self.migrants(ue) {
            self.phones.get_mut(name).into_iter().for_each(|phone| phone.is_cut_off = !is_home);
            let is_there = systems.contains(&migrates.to);
            let may_go = migrates.automatic && migrates.binding == Binding::Bound && self.profiled.contains(name);
            match self.away.get(name).copied() {
                None if may_go && is_there && !is_home => _ = self.away.insert(name, true),
                Some(is_led) if is_home && (is_led || migrates.automatic && !is_there) => {
                    self.is_back(index, &[name]);
                }
                _ => {}
            }
        }
    }

    /// Their home serves them again.
    fn is_back(&mut self, index: usize, ues: &[&'a str]) {
        for name in ues {
            self.away.remove(name);
            if self.phones.get(name).is_some_and(|phone| phone.own.by == SmsBy::Ims) {
                self.registers(index, &[name], &registration_ims::REGISTRATION);
            }
        }
    }

    /// UEs that reach the IP-Message-GW in this way.
    fn those(&self, ue: &Selector, by: SmsBy) -> Vec<&'a str> {
        let is_it = |(name, phone): &(&&'a str, &Phone<'a>)| ue.selects(name) && phone.own.by == by;
        self.phones.iter().filter(is_it).map(|(name, _)| *name).collect()
    }

    fn each(&mut self, ue: &Selector, mut change: impl FnMut(&'a str, &mut Phone<'a>)) {
        for (name, phone) in self.phones.iter_mut().filter(|(name, _)| ue.selects(name)) {
            change(name, phone);
        }
    }

    fn registers(&mut self, index: usize, ues: &[&'a str], procedure: &'static Procedure) {
        for name in ues {
            self.want((index, None), name, procedure, &[]);
            if let Some(phone) = self.phones.get_mut(name) {
                phone.registered = Some(index);
            }
            if let Some(step) = self.awaited.remove(name) {
                self.want((step, None), name, &delivery::ALERT, &[]);
                self.comes_after_all(index, name);
            }
        }
    }

    fn leaves(&mut self, index: usize, ues: &[&'a str], procedure: &'static Procedure) {
        for name in ues {
            self.want((index, None), name, procedure, &[]);
            self.is_gone(name);
        }
    }

    /// It is not registered any more; the step that had it registered.
    fn is_gone(&mut self, name: &str) -> Option<usize> {
        self.phones.get_mut(name)?.registered.take()
    }

    fn originated(&mut self, index: usize, from: &str) {
        let Some((name, phone)) = self.phones.get_key_value(from) else { return };
        let (name, registered) = (*name, phone.registered);
        if let Some(step) = registered.filter(|_| phone.sends() == Some(SmsAccess::Ip)) {
            let procedure = match phone.own.by {
                SmsBy::R2 => &delivery::ORIGINATED,
                SmsBy::Ims => &delivery_ims::ORIGINATED,
            };
            self.want((step, Some(index)), name, procedure, &[]);
        }
    }

    fn terminated(&mut self, index: usize, to: &str) {
        let Some(name) = self.phones.get_key_value(to).map(|(name, _)| *name) else { return };
        let Some(phone) = self.phones.get_mut(name) else { return };
        let tried = phone.receives(self.sms);
        let (by, is_reached, registered) = (phone.own.by, phone.is_reached(), phone.registered);
        let (last, first) = (tried.last(), tried.first());
        let is_delivered = last.is_some_and(|(_, end)| *end == End::Delivered);
        if !is_delivered && !is_reached {
            self.awaited.entry(name).or_insert(index);
        }
        if tried.is_empty() {
            return self.want((index, None), name, &delivery::NOT_REGISTERED, &tried);
        }
        let Some(step) = registered.filter(|_| is_reached) else { return };
        let procedure = match by {
            SmsBy::R2 if is_delivered => &delivery::TERMINATED,
            SmsBy::Ims if is_delivered => &delivery_ims::TERMINATED,
            SmsBy::R2 => &delivery::FAILED,
            SmsBy::Ims => return,
        };
        let over_ip = if is_delivered { last } else { first };
        if over_ip.is_some_and(|(over, _)| *over == SmsAccess::Ip) {
            self.want((step, Some(index)), name, procedure, &tried);
        }
    }

    /// What has waited for a UE of the IMS comes now; whether others have come to it before is all one.
    fn comes_after_all(&mut self, index: usize, name: &'a str) {
        let Some(phone) = self.phones.get_mut(name).filter(|phone| phone.own.by == SmsBy::Ims) else { return };
        let tried = phone.receives(self.sms);
        if tried.last() == Some(&(SmsAccess::Ip, End::Delivered)) {
            self.known.remove(&(name, delivery_ims::TERMINATED.procedure));
            self.want((index, None), name, &delivery_ims::TERMINATED, &tried);
        }
    }

    /// `tried`: the accesses that a message to the UE is tried over.
    fn want(
        &mut self,
        (step, then): (usize, Option<usize>),
        ue: &'a str,
        procedure: &'static Procedure,
        tried: &[(SmsAccess, End)],
    ) {
        if self.known.insert((ue, procedure.procedure)) {
            let left_out = procedure.steps.iter().filter(|row| self.is_left_out(row, tried));
            let mut without: Vec<_> = left_out.map(|row| Without::Step(row.number.to_owned())).collect();
            if !self.sms.ip_messaging {
                without.push(Without::IpMessaging);
            }
            self.wanted.push(Wanted { step, then, procedure, ue, peer: None, without });
        }
    }

    /// A box of the row is not there, is not tried, or says nothing.
    fn is_left_out(&self, row: &ProcedureStep, tried: &[(SmsAccess, End)]) -> bool {
        let has = |party: Party| row.from == party || row.to == party;
        let has_presence = self.scenario.ims.as_ref().is_some_and(|ims| ims.has(Service::Presence));
        let is_mute = |over, party: Party| match tried.iter().find(|(own, _)| *own == over) {
            None => has(party),
            Some((_, end)) => row.from == party && *end == End::Silent,
        };
        has(PRESENCE) && !has_presence || is_mute(SmsAccess::Sgsn, SGSN_PARTY) || is_mute(SmsAccess::Msc, MSC_PARTY)
    }
}
