//! Which ladders the steps of a scenario ask for.

use std::collections::{BTreeMap, BTreeSet};

use super::services::{Known, Ues, charging};
use super::{
    BEARER_LOSS, CALL_CANCELLED, CALL_FORKED, CALL_NOT_REGISTERED, CALL_REJECTED, CALL_SETUP, CALL_UNANSWERED,
    DEREGISTRATION, DEREGISTRATION_CHALLENGED, HOLD, ImsActor, ImsCast, MESSAGE, MESSAGE_NOT_REGISTERED,
    NETWORK_DEREGISTRATION, RE_REGISTRATION, RE_REGISTRATION_CHALLENGED, REG_EVENT, REGISTRATION, RELEASE, RESUME,
    THIRD_PARTY_REGISTRATION, plain,
};
use super::{mc, mms, sms};
use crate::event::LadderHeader;
use crate::ims::services::exposure;
use crate::ladder::Procedure;
use crate::scenario::{
    Ims, ImsAuth, ImsSecurity, ImsState, ImsStep, McStep, PCSCF, PRIMARY, Scenario, Selector, Service, StepAction, Ue,
};

/// One ladder for each UE, or pair of them, and procedure, in the order of the steps.
pub(crate) fn ims_ladders(scenario: &Scenario) -> Vec<LadderHeader> {
    let mut asked = Asked {
        scenario,
        registered: BTreeSet::new(),
        calls: BTreeMap::new(),
        known: Known::default(),
        ladders: Vec::new(),
    };
    if scenario.ims.is_some() {
        for (index, step) in scenario.steps.iter().enumerate() {
            match &step.action {
                StepAction::Ims(step) => asked.step(index, step),
                StepAction::Mc(McStep::Migrate { ue, system }) => asked.migrates(ue, system),
                StepAction::Service(step) => {
                    if let Some((from, to)) = step.calls() {
                        asked.calls.extend([(from, to), (to, from)]);
                    }
                    let ues = Ues { scenario, registered: &asked.registered, calls: &asked.calls };
                    for wanted in asked.known.asked(step, &ues) {
                        for own in asked.those_who_act(&wanted.ue) {
                            asked.push(index, wanted.procedure, own, wanted.peer, wanted.second);
                        }
                    }
                }
                _ => {}
            }
        }
    }
    for own in mc::asked(scenario) {
        asked.push(own.step, own.procedure, own.ue, own.peer, None);
    }
    for (step, ue, there) in mc::migration::asked(scenario) {
        let ladder = asked.ladder(step, &mc::migration::MIGRATION, ue, None, None);
        asked.ladders.extend(ladder.map(|mut ladder| {
            ladder.ims.iter_mut().for_each(|cast| cast.peer = Some(there.clone()));
            ladder
        }));
    }
    for own in sms::asked(scenario).into_iter().chain(mms::asked(scenario)) {
        let ladder = asked.ladder(own.step, own.procedure, own.ue, own.peer, None);
        asked.ladders.extend(ladder.map(|mut ladder| {
            ladder.ims.iter_mut().for_each(|cast| (cast.then, cast.without) = (own.then, own.without.clone()));
            ladder
        }));
    }
    asked.ladders
}

struct Asked<'a> {
    scenario: &'a Scenario,
    registered: BTreeSet<&'a str>,
    /// The other side of the call of a UE.
    calls: BTreeMap<&'a str, &'a str>,
    /// Of services.
    known: Known,
    ladders: Vec<LadderHeader>,
}

impl<'a> Asked<'a> {
    fn step(&mut self, index: usize, step: &'a ImsStep) {
        match step {
            ImsStep::ImsRegister { ue } => self.register(index, ue),
            ImsStep::ImsSubscribeReg { ue } => self.each(index, ue, &REG_EVENT),
            ImsStep::ImsDeregister { ue } => {
                for own in self.selected(ue) {
                    let procedure = match () {
                        () if self.is_plain() => &plain::REMOVAL,
                        () if self.is_challenged_again(own) => &DEREGISTRATION_CHALLENGED,
                        () => &DEREGISTRATION,
                    };
                    self.push(index, procedure, &own.name, None, None);
                }
                self.registered.retain(|name| !ue.selects(name));
            }
            ImsStep::ImsNetworkDeregister { ue } => {
                self.each(index, ue, &NETWORK_DEREGISTRATION);
                self.registered.retain(|name| !ue.selects(name));
            }
            ImsStep::ImsMessage { from, to, .. } => match (self.is_charged(), self.is_prepaid(from)) {
                (true, true) => self.push(index, &charging::ONLINE_EVENT, from, Some(to), None),
                (is_charged, _) => {
                    let procedure = if self.is_not_served(to) { &MESSAGE_NOT_REGISTERED } else { &MESSAGE };
                    self.push(index, procedure, from, Some(to), None);
                    if is_charged {
                        self.push(index, &charging::OFFLINE_EVENT, from, Some(to), None);
                    }
                }
            },
            ImsStep::ImsCall { from, to } if self.is_prepaid(from) => {
                let has_been_up = self.after_call(index, from).any(|step| is_about(step, from, ImsState::Established));
                let procedure = if has_been_up { &charging::CUT_OFF } else { &charging::REFUSED };
                self.push(index, procedure, from, Some(to), None);
                // Its two sides are calls of their own.
                self.calls.remove(from.as_str());
                self.calls.remove(to.as_str());
            }
            ImsStep::ImsCall { from, to } if self.is_not_served(to) => {
                self.push(index, &CALL_NOT_REGISTERED, from, Some(to), None);
            }
            ImsStep::ImsCall { from, to } => self.call(index, from, to),
            ImsStep::ImsHold { ue } => self.in_call(index, ue, &HOLD),
            ImsStep::ImsResume { ue } => self.in_call(index, ue, &RESUME),
            ImsStep::ImsHangup { ue } => self.in_call(index, ue, &RELEASE),
            ImsStep::LoseBearer { ue } => self.in_call(index, ue, &BEARER_LOSS),
            ImsStep::ImsAnswer { .. }
            | ImsStep::ImsReject { .. }
            | ImsStep::ImsCancel { .. }
            | ImsStep::RestoreBearer { .. }
            | ImsStep::UsimAhead { .. } => {}
            // A migration may fail, and who hears cells of home again goes there unasked.
            ImsStep::RunUntilIms { ue, state: ImsState::AtHome, .. } => self.come_home(ue),
            ImsStep::RunUntilIms { .. } => {}
        }
    }

    /// Who is told to go to another system gives the registration of its own up first (TS 23.280 clause 10.16.2).
    fn migrates(&mut self, ue: &Selector, system: &str) {
        match system {
            PRIMARY => self.come_home(ue),
            _ => self.registered.retain(|name| !ue.selects(name)),
        }
    }

    fn come_home(&mut self, ue: &Selector) {
        let there = self.selected(ue);
        self.registered.extend(there.into_iter().filter(|own| own.migrates.is_some()).map(|own| own.name.as_str()));
    }

    /// A UE of the first system whose user is not registered, nor is served when he is not.
    fn is_not_served(&self, name: &str) -> bool {
        let serves = |ims: &Ims| ims.has(Service::Messaging) || ims.has(Service::Presence);
        let is_registered = |own: &Ue| {
            let user = own.ims.as_ref().and_then(|ims| ims.same_user_as.as_deref());
            self.registered.contains(own.name.as_str()) && (own.name == name || user == Some(name))
        };
        let is_ue = self.scenario.ues.iter().any(|own| is_of_first(own) && own.name == name);
        is_ue && !self.scenario.ims.as_ref().is_some_and(serves) && !self.scenario.ues.iter().any(is_registered)
    }

    fn is_charged(&self) -> bool {
        self.scenario.ims.as_ref().is_some_and(|ims| ims.has(Service::Charging))
    }

    fn is_prepaid(&self, ue: &str) -> bool {
        let own = self.scenario.ues.iter().find(|own| own.name == ue).and_then(|own| own.ims.as_ref());
        own.is_some_and(|own| own.credit.is_some())
    }

    /// Steps after a call of a UE, up to its next one.
    fn after_call(&self, index: usize, from: &'a str) -> impl Iterator<Item = &'a ImsStep> {
        let steps = self.scenario.steps[index + 1..].iter().filter_map(|step| match &step.action {
            StepAction::Ims(step) => Some(step),
            _ => None,
        });
        steps.take_while(move |step| !matches!(step, ImsStep::ImsCall { from: own, .. } if own == from))
    }

    fn selected(&self, ue: &Selector) -> Vec<&'a Ue> {
        self.scenario.ues.iter().filter(|own| is_of_first(own) && ue.selects(&own.name)).collect()
    }

    fn is_plain(&self) -> bool {
        self.scenario.ims.as_ref().is_some_and(Ims::is_plain)
    }

    /// Names of UEs and of third parties.
    fn those_who_act(&self, who: &Selector) -> Vec<&'a str> {
        let third_parties = self.scenario.ims.iter().flat_map(|ims| &ims.third_parties);
        let ues = self.selected(who).into_iter().map(|ue| ue.name.as_str());
        let by_name = |name: &&str| matches!(who, Selector::Name(wanted) if wanted == name);
        ues.chain(third_parties.map(|own| own.name.as_str()).filter(by_name)).collect()
    }

    fn each(&mut self, index: usize, ue: &Selector, procedure: &'static Procedure) {
        for own in self.selected(ue) {
            self.push(index, procedure, &own.name, None, None);
        }
    }

    /// Nothing protects its requests, so that the S-CSCF challenges each REGISTER (TS 24.229 clause 5.4.1.2.1); a digest
    /// goes on with the nonce that it has (clause 5.4.1.2.1B).
    fn is_challenged_again(&self, ue: &Ue) -> bool {
        let is_open = self.scenario.ims.as_ref().is_some_and(|ims| ims.security == ImsSecurity::Off);
        is_open && ue.ims.as_ref().is_some_and(|own| own.auth == ImsAuth::Aka)
    }

    fn register(&mut self, index: usize, ue: &Selector) {
        for own in self.selected(ue) {
            let is_first = self.registered.insert(&own.name);
            let procedure = match is_first {
                true if self.is_plain() => &plain::REGISTRATION,
                false if self.is_plain() => &plain::REFRESH,
                true => &REGISTRATION,
                false if self.is_challenged_again(own) => &RE_REGISTRATION_CHALLENGED,
                false => &RE_REGISTRATION,
            };
            self.push(index, procedure, &own.name, None, None);
            let has_as = self.scenario.ims.as_ref().is_some_and(|ims| ims.has_application_server());
            let is_own = own.ims.as_ref().is_some_and(|ims| ims.same_user_as.is_none());
            if is_first && has_as && is_own {
                self.push(index, &THIRD_PARTY_REGISTRATION, &own.name, None, None);
            }
        }
    }

    /// What becomes of a call is in the steps after it.
    fn call(&mut self, index: usize, from: &'a str, to: &'a str) {
        let mut procedure: &'static Procedure = &CALL_UNANSWERED;
        for step in &self.scenario.steps[index + 1..] {
            let StepAction::Ims(step) = &step.action else { continue };
            match step {
                ImsStep::ImsAnswer { ue } if ue.selects(to) => procedure = &CALL_SETUP,
                ImsStep::ImsReject { ue, .. } if ue.selects(to) => procedure = &CALL_REJECTED,
                ImsStep::ImsCancel { ue } if ue.selects(from) => procedure = &CALL_CANCELLED,
                ImsStep::RunUntilIms { ue, state: ImsState::Ended, .. } if ue.selects(from) => {}
                ImsStep::ImsCall { .. } => {}
                _ => continue,
            }
            break;
        }
        let second = self.scenario.ues.iter().find(|ue| {
            let user = ue.ims.as_ref().and_then(|ims| ims.same_user_as.as_deref());
            user == Some(to) && self.registered.contains(ue.name.as_str())
        });
        let answers = self
            .scenario
            .ues
            .iter()
            .any(|ue| ue.name == to && ue.ims.as_ref().is_some_and(|ims| ims.answers_after_ms.is_some()));
        if answers && procedure.procedure == CALL_UNANSWERED.procedure {
            procedure = &CALL_SETUP;
        }
        let ends = |step: &ImsStep| matches!(step, ImsStep::ImsHangup { ue } if ue.selects(from));
        if self.is_charged() && procedure.procedure == CALL_SETUP.procedure && self.after_call(index, from).any(ends) {
            self.push(index, &charging::OFFLINE_SESSION, from, Some(to), None);
        }
        match second.filter(|_| procedure.procedure == CALL_SETUP.procedure) {
            Some(second) => self.push(index, &CALL_FORKED, from, Some(to), Some(&second.name)),
            None => self.push(index, procedure, from, Some(to), None),
        }
        self.calls.insert(from, to);
        self.calls.insert(to, from);
    }

    fn in_call(&mut self, index: usize, ue: &Selector, procedure: &'static Procedure) {
        for own in self.selected(ue) {
            if let Some(peer) = self.calls.get(own.name.as_str()).copied() {
                self.push(index, procedure, &own.name, Some(peer), None);
            }
        }
    }

    /// A third party as who plays in a ladder.
    fn third_party(&self, name: &str) -> Option<ImsActor> {
        let ims = self.scenario.ims.as_ref()?;
        let place = ims.third_parties.iter().position(|own| own.name == name)?;
        Some(ImsActor {
            name: name.to_owned(),
            impi: String::new(),
            impu: ims.client_uri(name),
            msisdn: String::new(),
            ip: exposure::address(place),
            pcscf: PCSCF.to_owned(),
            mms_relay: String::new(),
            system: None,
        })
    }

    fn push(&mut self, step: usize, own: &'static Procedure, ue: &str, peer: Option<&str>, second: Option<&str>) {
        let ladder = self.ladder(step, own, ue, peer, second);
        self.ladders.extend(ladder);
    }

    fn ladder(
        &self,
        step: usize,
        own: &'static Procedure,
        ue: &str,
        peer: Option<&str>,
        second: Option<&str>,
    ) -> Option<LadderHeader> {
        let procedure = if self.is_plain() { plain::plain_form(own)? } else { own };
        let actor = |name: &str| {
            let Some(own) = self.scenario.ims_identity(name) else { return self.third_party(name) };
            let (ip, pcscf) = (own.contact.ip(), own.pcscf_name());
            let (impi, impu) = (own.impi, own.impu);
            let msisdn = own.tel.trim_start_matches("tel:+").to_owned();
            let ue = self.scenario.ues.iter().find(|ue| ue.name == name).and_then(|ue| ue.mms.as_ref());
            let mms_relay = ue.map_or_else(String::new, |own| own.relay.server().to_owned());
            Some(ImsActor { name: name.to_owned(), impi, impu, msisdn, ip, pcscf, mms_relay, system: None })
        };
        let cast = ImsCast::new(step, actor(ue)?, peer.and_then(actor), second.and_then(actor));
        Some(LadderHeader {
            procedure: procedure.procedure.to_owned(),
            title: procedure.title.to_owned(),
            ue: ue.to_owned(),
            session: String::new(),
            ims: Some(cast),
        })
    }
}

/// Ladders name the boxes of the first system.
fn is_of_first(ue: &Ue) -> bool {
    ue.ims.is_some() && ue.system.is_none()
}

/// A step waits until a UE has come to this state.
fn is_about(step: &ImsStep, ue: &str, wanted: ImsState) -> bool {
    matches!(step, ImsStep::RunUntilIms { ue: own, state, .. } if own.selects(ue) && *state == wanted)
}
