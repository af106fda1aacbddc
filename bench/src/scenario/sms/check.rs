//! What the keys of short messages in a scenario must be to each other.

use super::{Served, SmsAccess, SmsBy, SmsStep, UeSms};
use crate::scenario::check::known_ue;
use crate::scenario::{Scenario, Selector, Service, Ue};
use crate::strict_toml::Checker;

/// Notes everything that is wrong with the short messages of `s`.
pub(in crate::scenario) fn check(s: &Scenario, note: &mut Checker<'_>) {
    if s.sms.is_some() {
        match &s.ims {
            None => note.note(&["sms"], "[sms] without a table [ims]; allowed: both or none".into()),
            Some(ims) if ims.is_plain() => {
                let message = "needs an IMS, and the network is a plain SIP network; allowed: network = \"ims\"";
                note.note(&["sms"], message.into());
            }
            Some(ims) if s.sms.as_ref().is_some_and(|own| own.online) && !ims.has(Service::Charging) => {
                let message = "online without \"charging\" in [ims] services; allowed: both or none";
                note.note(&["sms", "online"], message.into());
            }
            Some(_) => {}
        }
    }
    for (i, ue) in s.ues.iter().enumerate() {
        if let Some(own) = &ue.sms {
            phone(s, ue, own, &i.to_string(), note);
        }
    }
}

fn phone(s: &Scenario, ue: &Ue, own: &UeSms, at: &str, note: &mut Checker<'_>) {
    if s.sms.is_none() {
        return note.note(&["ue", at, "sms"], "sms of a UE without a table [sms]; allowed: both or none".into());
    }
    let Some(ims) = &ue.ims else {
        return note.note(&["ue", at, "sms"], "sms of a UE without `ims`; allowed: both, or no `sms`".into());
    };
    if ims.same_user_as.is_some() {
        let message = "sms of a second device: a number has one UE here; allowed: a UE with a user of its own";
        note.note(&["ue", at, "sms"], message.into());
    }
    let has = |over| match over {
        SmsAccess::Ip => true,
        SmsAccess::Sgsn => own.sgsn.is_some(),
        SmsAccess::Msc => own.msc.is_some(),
    };
    for (key, list) in [("order", &own.order), ("prefers", &own.prefers)] {
        if let Some(over) = list.iter().find(|over| !has(**over)) {
            let message = format!("no `{0}` of this UE; allowed: `{0}`, or an order without it", over.as_str());
            note.note(&["ue", at, "sms", key], message);
        }
    }
}

/// A step of short messages.
pub(in crate::scenario) fn step(s: &Scenario, step: &SmsStep, at: &str, note: &mut Checker<'_>) {
    if s.sms.is_none() {
        let message = "a step of short messages over IP without a table [sms]; allowed: both or none";
        return note.note(&["step", at, "do"], message.into());
    }
    for (key, ue) in step.ues() {
        known_ue(s, &ue, &["step", at, key], note);
        let named = s.ues.iter().find(|own| matches!(&ue, Selector::Name(name) if *name == own.name));
        let Some(named) = named else { continue };
        let Some(own) = &named.sms else {
            note.note(&["step", at, key], format!("UE {ue} has no `sms`; allowed: a UE with it"));
            continue;
        };
        let is_r2_only = matches!(step, SmsStep::Register { .. } | SmsStep::Deregister { .. });
        if is_r2_only && own.by != SmsBy::R2 {
            let message = format!("UE {ue} registers with the IMS alone; allowed: a UE with `by = \"r2\"`");
            note.note(&["step", at, key], message);
        }
        if let SmsStep::Serve { at: over, .. } = step {
            let there: Option<Served> = if *over == SmsAccess::Sgsn { own.sgsn } else { own.msc };
            if there.is_none() {
                let message = format!("no `{}` of UE {ue}; allowed: a UE with it", over.as_str());
                note.note(&["step", at, "at"], message);
            }
        }
    }
    if let SmsStep::Send { text, data, .. } = step
        && text.is_some() == data.is_some()
    {
        note.note(&["step", at, "text"], "text and data; allowed: one of them".into());
    }
}
