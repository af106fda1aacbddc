//! Which ladders of multimedia messages the steps of a scenario ask for: of each UE, the first time that it plays a procedure
//! with a UE of the other relay. What of a procedure has no part in a run is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::super::sms::Wanted;
use super::super::sms::way::{End, Phone};
use super::{originated, terminated};
use crate::ladder::{Procedure, Without};
use crate::scenario::{
    ImsStep, MmsBy, MmsPush, MmsRetrieval, MmsStep, Scenario, Selector, SmsAccess, SmsBy, SmsStep, StepAction, Ue,
    UeMms,
};

/// What the steps so far say of UEs.
struct Asked<'a> {
    scenario: &'a Scenario,
    /// UEs that are registered, by the steps that had them so.
    registered: BTreeMap<&'a str, usize>,
    /// UEs that are registered with the IP-Message-GW over R2.
    over_r2: BTreeSet<&'a str>,
    known: BTreeSet<(&'a str, &'static str)>,
    wanted: Vec<Wanted<'a>>,
}

/// The ladders of a scenario, in the order of its steps.
pub(in crate::ladder::ims) fn asked(scenario: &Scenario) -> Vec<Wanted<'_>> {
    if scenario.mms.is_none() {
        return Vec::new();
    }
    let (registered, over_r2, known, wanted) = Default::default();
    let mut asked = Asked { scenario, registered, over_r2, known, wanted };
    for (index, step) in scenario.steps.iter().enumerate() {
        match &step.action {
            StepAction::Ims(ImsStep::ImsRegister { ue }) => asked.registers(index, ue),
            StepAction::Ims(
                ImsStep::ImsDeregister { ue } | ImsStep::ImsNetworkDeregister { ue } | ImsStep::LoseBearer { ue },
            ) => asked.registered.retain(|name, _| !ue.selects(name)),
            StepAction::Sms(SmsStep::Register { ue }) => {
                let own = scenario.ues.iter().map(|own| own.name.as_str());
                asked.over_r2.extend(own.filter(|name| ue.selects(name)));
            }
            StepAction::Sms(SmsStep::Deregister { ue }) => asked.over_r2.retain(|name| !ue.selects(name)),
            StepAction::Mms(MmsStep::Send { from, to, delivery_report, .. }) => {
                asked.message(index, (from, to), *delivery_report);
            }
            _ => {}
        }
    }
    asked.wanted
}

impl<'a> Asked<'a> {
    fn registers(&mut self, index: usize, ue: &Selector) {
        for own in self.scenario.ues.iter().filter(|own| own.mms.is_some() && ue.selects(&own.name)) {
            self.registered.entry(&own.name).or_insert(index);
        }
    }

    fn ue(&self, name: &str) -> Option<(&'a Ue, &'a UeMms)> {
        let ue = self.scenario.ues.iter().find(|ue| ue.name == name)?;
        Some((ue, ue.mms.as_ref()?))
    }

    fn message(&mut self, index: usize, (from, to): (&str, &str), is_reported: bool) {
        let (Some((sender, own)), Some((receiver, far))) = (self.ue(from), self.ue(to)) else { return };
        // Between two subscribers of one relay there is no MM4.
        if own.relay == far.relay {
            return;
        }
        let is_reached = self.registered.contains_key(receiver.name.as_str());
        let is_retrieved = is_reached && self.is_retrieved(index, receiver, far);
        let is_told = is_reported && far.report_allowed && is_retrieved;
        self.originated(index, sender, own, &receiver.name, is_told);
        if is_retrieved {
            self.terminated(index, receiver, far, &sender.name, is_told);
        }
    }

    /// A message that is sent in this step is retrieved in this run.
    fn is_retrieved(&self, index: usize, ue: &Ue, own: &UeMms) -> bool {
        // What its user does with it first.
        let then = self.scenario.steps[index + 1..].iter().find_map(|step| match &step.action {
            StepAction::Mms(MmsStep::Retrieve { ue: own }) if own.selects(&ue.name) => Some(true),
            StepAction::Mms(MmsStep::Reject { ue: own }) if own.selects(&ue.name) => Some(false),
            StepAction::Mms(MmsStep::Forward { from, .. }) if *from == ue.name => Some(false),
            _ => None,
        });
        match own.retrieval {
            MmsRetrieval::Immediate => true,
            MmsRetrieval::Deferred => then == Some(true),
            MmsRetrieval::Rejected | MmsRetrieval::Ignored => false,
        }
    }

    fn originated(&mut self, index: usize, ue: &'a Ue, own: &UeMms, peer: &'a str, is_told: bool) {
        let registered = self.registered.get(ue.name.as_str()).copied();
        let is_by_sms = own.push == MmsPush::Sms;
        match (own.by, registered) {
            (MmsBy::Ims, Some(step)) => {
                let without = match () {
                    () if !is_told || !is_by_sms => &["8", "9", "10", "11", "12", "13", "14", "15"][..],
                    () => match self.way_of_push(ue) {
                        PushWay::Ims => &[][..],
                        PushWay::R2 => &["12", "13", "14", "15"],
                        PushWay::Other => &["11", "12", "13", "14", "15"],
                    },
                };
                self.want((step, Some(index)), (&ue.name, peer), &originated::BY_IMS, without);
            }
            (MmsBy::Http, _) => {
                let without = match () {
                    () if !is_told => &["4", "5", "6", "7", "8", "9"][..],
                    () if is_by_sms || registered.is_none() => &["5", "6", "7", "8"],
                    () => &[],
                };
                self.want((index, None), (&ue.name, peer), &originated::BY_HTTP, without);
            }
            // It falls back on HTTP, which is nobody's procedure.
            (MmsBy::Ims, None) => {}
        }
    }

    fn terminated(&mut self, index: usize, ue: &'a Ue, own: &UeMms, peer: &'a str, is_told: bool) {
        let Some(step) = self.registered.get(ue.name.as_str()).copied() else { return };
        let is_by_sms = own.push == MmsPush::Sms;
        let mut without: Vec<&str> = Vec::new();
        match own.by {
            MmsBy::Ims => {
                match self.way_of_push(ue) {
                    _ if !is_by_sms => without.extend(["3", "4", "5", "6", "7", "8", "9"]),
                    PushWay::Ims => {}
                    PushWay::R2 => without.extend(["6", "7", "8", "9"]),
                    PushWay::Other => without.extend(["5", "6", "7", "8", "9"]),
                }
                self.want((step, Some(index)), (&ue.name, peer), &terminated::BY_IMS, &without);
            }
            MmsBy::Http => {
                if is_by_sms {
                    without.extend(["2", "3", "4", "5"]);
                }
                if own.retrieval == MmsRetrieval::Immediate {
                    without.push("6");
                }
                if !is_told {
                    without.push("9");
                }
                self.want((index, None), (&ue.name, peer), &terminated::BY_HTTP, &without);
            }
        }
    }

    fn way_of_push(&self, ue: &Ue) -> PushWay {
        let (Some(sms), Some(own)) = (&self.scenario.sms, &ue.sms) else { return PushWay::Other };
        let name = ue.name.as_str();
        let mut phone = Phone::new(own);
        phone.registered = match own.by {
            SmsBy::Ims => self.registered.get(name).copied(),
            SmsBy::R2 => self.over_r2.contains(name).then_some(0),
        };
        match (phone.receives(sms).last(), own.by) {
            (Some((SmsAccess::Ip, End::Delivered)), SmsBy::Ims) => PushWay::Ims,
            (Some((SmsAccess::Ip, End::Delivered)), SmsBy::R2) => PushWay::R2,
            _ => PushWay::Other,
        }
    }

    fn want(
        &mut self,
        (step, then): (usize, Option<usize>),
        (ue, peer): (&'a str, &'a str),
        procedure: &'static Procedure,
        without: &[&str],
    ) {
        if self.known.insert((ue, procedure.procedure)) {
            let without = without.iter().map(|number| Without::Step((*number).to_owned())).collect();
            self.wanted.push(Wanted { step, then, procedure, ue, peer: Some(peer), without });
        }
    }
}

/// By what a push in a short message comes to a UE.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum PushWay {
    /// The IP-Message-GW and the IMS.
    Ims,
    /// The IP-Message-GW alone.
    R2,
    /// Not by the IP-Message-GW.
    Other,
}
