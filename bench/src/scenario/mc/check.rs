//! What the keys of mission critical services in a scenario must be to each other.

use std::collections::BTreeSet;

use super::{Mc, McAuth, McStep, UeMc};
use crate::ladder::PROCEDURES;
use crate::scenario::check::known_ue;
use crate::scenario::system::PRIMARY;
use crate::scenario::{Scenario, Selector, Service, Ue};
use crate::strict_toml::Checker;

/// Notes everything that is wrong with the mission critical services of `s`.
pub(in crate::scenario) fn check(s: &Scenario, note: &mut Checker<'_>) {
    if let Some(mc) = &s.mc {
        network(s, mc, note);
        servers(s, mc, note);
        groups(s, mc, note);
        for procedure in mc.follows.iter().filter(|name| !PROCEDURES.iter().any(|own| own.procedure == **name)) {
            let names: Vec<String> = PROCEDURES.iter().map(|own| format!("\"{}\"", own.procedure)).collect();
            let message = format!("no ladder \"{procedure}\"; procedures: {}", names.join(", "));
            note.note(&["mc", "follows"], message);
        }
    }
    for (i, ue) in s.ues.iter().enumerate() {
        if let Some(own) = &ue.mc {
            client(s, (ue, own), &i.to_string(), note);
        }
    }
}

fn network(s: &Scenario, mc: &Mc, note: &mut Checker<'_>) {
    let Some(ims) = &s.ims else {
        return note.note(&["mc"], "[mc] without a table [ims]; allowed: both or none".into());
    };
    if mc.auth == McAuth::Token && !ims.has(Service::Identity) {
        let message = "auth = \"token\" without \"identity\" in [ims] services, whose tokens it takes; allowed: both, or \
                       auth = \"identity\"";
        note.note(&["mc", "auth"], message.into());
    }
    if ims.has(Service::Mbms) {
        let message = "the IMS AS of \"mbms\" and MC servers in one run; allowed: one of them";
        note.note(&["ims", "services"], message.into());
    }
}

fn servers(s: &Scenario, mc: &Mc, note: &mut Checker<'_>) {
    for (i, server) in mc.servers.iter().enumerate() {
        let at = i.to_string();
        for &other in &server.discovers {
            if usize::from(other) == i + 1 {
                let message = format!("server {other} asks itself; allowed: numbers of others");
                note.note(&["mc", "server", &at, "discovers"], message);
            } else {
                known_server(mc, other, &["mc", "server", &at, "discovers"], note);
            }
        }
        for (b, bearer) in server.bearers.iter().enumerate() {
            let path = ["mc", "server", &at, "bearer", &b.to_string(), "mchs"];
            if bearer.mchs.is_empty() {
                note.note(&path, "a bearer without an MCH; allowed: names of one or more".into());
            }
            let is_known = |mch: &String| s.mchs_of(None).any(|own| own.name == *mch);
            for mch in bearer.mchs.iter().filter(|mch| !is_known(mch)) {
                let allowed: Vec<String> = s.mchs_of(None).map(|own| format!("\"{}\"", own.name)).collect();
                note.note(&path, format!("no MCH is named \"{mch}\"; allowed values: {}", allowed.join(", ")));
            }
        }
    }
}

fn groups(s: &Scenario, mc: &Mc, note: &mut Checker<'_>) {
    for (i, group) in mc.groups.iter().enumerate() {
        let at = i.to_string();
        known_server(mc, group.server, &["mc", "group", &at, "server"], note);
        if mc.groups[..i].iter().any(|other| other.name == group.name) {
            let message = format!("a second group with the name \"{}\"; allowed values: a name of its own", group.name);
            note.note(&["mc", "group", &at, "name"], message);
        }
        for member in &group.members {
            if !s.ues.iter().any(|ue| ue.name == *member && ue.mc.is_some() && ue.system.is_none()) {
                let message = format!("no UE with an MC client is named \"{member}\"; allowed: UEs with `mc`");
                note.note(&["mc", "group", &at, "members"], message);
            }
        }
    }
}

fn client(s: &Scenario, (ue, own): (&Ue, &UeMc), at: &str, note: &mut Checker<'_>) {
    let Some(mc) = s.mc_of(ue) else {
        return note.note(&["ue", at, "mc"], "mc of a UE without a table [mc]; allowed: both or none".into());
    };
    if ue.ims.is_none() {
        note.note(&["ue", at, "mc"], "mc of a UE without `ims`; allowed: both, or no `mc`".into());
    }
    known_server(mc, own.server, &["ue", at, "mc", "server"], note);
    if let Some(area) = own.area {
        known_area(s, (area, ue.system.as_deref()), &["ue", at, "mc", "area"], note);
    }
}

/// A step of mission critical services.
pub(in crate::scenario) fn steps_of_client(s: &Scenario, step: &McStep, at: &str, note: &mut Checker<'_>) {
    let Some(mc) = s.all_mc().next() else {
        let message = "a step of MC services without a table [mc]; allowed: both or none";
        return note.note(&["step", at, "do"], message.into());
    };
    if let Some(ue) = step.ue() {
        known_ue(s, &ue, &["step", at, "ue"], note);
        let named = s.ues.iter().find(|own| matches!(&ue, Selector::Name(name) if *name == own.name));
        if named.is_some_and(|own| own.mc.is_none()) {
            note.note(&["step", at, "ue"], format!("UE {ue} has no `mc`; allowed: a UE with an MC client"));
        }
    }
    let is_group = |group: &str| s.all_mc().any(|mc| mc.group(group).is_some());
    if let Some(group) = step.group().filter(|group| !is_group(group)) {
        let allowed: Vec<String> =
            s.all_mc().flat_map(|mc| &mc.groups).map(|known| format!("\"{}\"", known.name)).collect();
        let message = format!("no group is named \"{group}\"; allowed values: {}", allowed.join(", "));
        note.note(&["step", at, "group"], message);
    }
    if let Some(server) = step.server() {
        known_server(mc, server, &["step", at, "server"], note);
    }
    if let McStep::Move { ue, area: Some(area) } = step {
        let systems: BTreeSet<_> = s.ues.iter().filter(|own| ue.selects(&own.name)).map(|own| &own.system).collect();
        systems.into_iter().for_each(|system| known_area(s, (*area, system.as_deref()), &["step", at, "area"], note));
    }
    migration(s, step, at, note);
}

/// A step of a user who migrates.
fn migration(s: &Scenario, step: &McStep, at: &str, note: &mut Checker<'_>) {
    let (McStep::Profile { ue } | McStep::Migrate { ue, .. } | McStep::Hears { ue, .. }) = step else { return };
    if !s.ues.iter().any(|own| own.migrates.is_some() && ue.selects(&own.name)) {
        let message = format!("UE {ue} has no `migrates`; allowed: a UE that has");
        note.note(&["step", at, "ue"], message);
    }
    let quoted = |names: &[&str]| names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    match step {
        McStep::Migrate { system, .. } => {
            for own in s.ues.iter().filter(|own| ue.selects(&own.name)) {
                let Some(migrates) = &own.migrates else { continue };
                let allowed = [PRIMARY, migrates.to.as_str()];
                if !allowed.contains(&system.as_str()) {
                    let (name, allowed) = (&own.name, quoted(&allowed));
                    let message =
                        format!("no system that {name} may go to is named \"{system}\"; allowed values: {allowed}");
                    note.note(&["step", at, "system"], message);
                }
            }
        }
        McStep::Hears { systems, .. } => {
            let names: Vec<&str> =
                std::iter::once(PRIMARY).chain(s.systems.iter().map(|own| own.name.as_str())).collect();
            for name in systems.iter().filter(|name| !names.contains(&name.as_str())) {
                let message = format!("no system is named \"{name}\"; allowed values: {}", quoted(&names));
                note.note(&["step", at, "systems"], message);
            }
        }
        _ => {}
    }
}

pub(in crate::scenario) fn known_server(mc: &Mc, number: u8, path: &[&str], note: &mut Checker<'_>) {
    if usize::from(number) > mc.servers.len() {
        note.note(path, format!("there is no server {number}; allowed values: 1 to {}", mc.servers.len()));
    }
}

/// An area of the cells of a system.
fn known_area(s: &Scenario, (area, system): (u8, Option<&str>), path: &[&str], note: &mut Checker<'_>) {
    if !s.areas_of(system).any(|(_, own)| own.n_id_mbsfn == area) {
        let allowed: Vec<String> = s.areas_of(system).map(|(_, own)| own.n_id_mbsfn.to_string()).collect();
        let message = format!("no area has n_id_mbsfn = {area}; allowed values: {}", allowed.join(", "));
        note.note(path, message);
    }
}
