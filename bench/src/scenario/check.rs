//! What the keys of a scenario must be to each other (TS 36.211 table 6.7-1, TS 36.331 clause 6.3.7).

use std::path::Path;

use core_network::DeliveryError;
use protocol::Joint;

use super::load::check_content;
use super::{Fault, FaultTarget, Scenario, Selector, StepAction};
use crate::capacity::Capacity;
use crate::setup;
use crate::strict_toml::{Checker, nearest};

/// Notes everything that is wrong between the keys of `s`, whose file is in `folder`; `content` is broadcast instead of
/// its own.
pub(super) fn check(s: &Scenario, folder: &Path, content: Option<&Path>, note: &mut Checker<'_>) {
    area(s, note);
    capacity(s, note);
    sessions(s, folder, content, note);
    names(s.sessions.iter().map(|x| x.name.as_str()), "session", note);
    names(s.ues.iter().map(|x| x.name.as_str()), "ue", note);
    steps(s, note);
    expectations(s, note);
    for (i, f) in s.faults.iter().enumerate() {
        fault(s, f, &i.to_string(), note);
    }
}

fn area(s: &Scenario, note: &mut Checker<'_>) {
    let (cell, area) = (&s.cell, &s.mbsfn_area);
    if area.non_mbsfn_region == 1 && cell.n_rb_dl <= 10 {
        note.note(
            &["mbsfn_area", "non_mbsfn_region"],
            format!(
                "non_mbsfn_region = 1 with n_rb_dl = {}; allowed values: 2 (TS 36.211 table 6.7-1: 1 needs more than \
                 10 resource blocks)",
                cell.n_rb_dl
            ),
        );
    }
    if !area.subframes.contains(&area.mcch_subframe) {
        let list: Vec<String> = area.subframes.iter().map(u8::to_string).collect();
        note.note(
            &["mbsfn_area", "mcch_subframe"],
            format!(
                "mcch_subframe = {} is not one of subframes; allowed values: {}",
                area.mcch_subframe,
                list.join(", ")
            ),
        );
    }
}

/// Only where the area is right: else the same mistake would be told twice.
fn capacity(s: &Scenario, note: &mut Checker<'_>) {
    if s.mbsfn_area.non_mbsfn_region == 1 && s.cell.n_rb_dl <= 10 {
        return;
    }
    if let Err(problem) = Capacity::of(s).and_then(|capacity| capacity.admit(s)) {
        note.note(&problem.key, problem.to_string());
    }
}

fn sessions(s: &Scenario, folder: &Path, content: Option<&Path>, note: &mut Checker<'_>) {
    for (i, session) in s.sessions.iter().enumerate() {
        let at = i.to_string();
        let own = folder.join(&session.content);
        if let Some(reason) = check_content(&own).err().filter(|_| content.is_none()) {
            let message = format!(
                "content {}: {reason}; allowed values: a file of at least one octet, relative to the folder of this \
                 file",
                own.display()
            );
            note.note(&["session", &at, "content"], message);
        } else if let Err(why) = setup::try_session(s, session, content.unwrap_or(&own)) {
            let key = match why {
                DeliveryError::SymbolOctets { .. } => "symbol_octets",
                DeliveryError::SourceBlockSymbols { .. } => "source_block_symbols",
                DeliveryError::BitRate { .. } => "bit_rate_kbps",
                _ => "fec",
            };
            note.note(&["session", &at, key], format!("session {} cannot be delivered: {why}", session.name));
        }
    }
}

fn names<'s>(all: impl Iterator<Item = &'s str>, table: &str, note: &mut Checker<'_>) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, name) in all.enumerate() {
        let at = i.to_string();
        if name == Selector::ALL {
            let message = format!("name = \"{name}\" is the word for every {table}; allowed values: any other name");
            note.note(&[table, &at, "name"], message);
        } else if seen.contains(&name) {
            let message = format!("a second {table} with the name \"{name}\"; allowed values: a name of its own");
            note.note(&[table, &at, "name"], message);
        }
        seen.push(name);
    }
}

fn steps(s: &Scenario, note: &mut Checker<'_>) {
    for (i, step) in s.steps.iter().enumerate() {
        let at = i.to_string();
        match &step.action {
            StepAction::Start { session }
            | StepAction::RunUntilDelivered { session, .. }
            | StepAction::Stop { session } => known_session(s, session, &["step", &at, "session"], note),
            StepAction::RunUntilAirLimit { .. } => {
                if s.sessions.iter().all(|x| x.air_limit_octets.is_none()) {
                    let message = "run_until_air_limit, and no session has an air_limit_octets; allowed values: a step \
                                   that can end";
                    note.note(&["step", &at, "do"], message.into());
                }
            }
            StepAction::Run { .. } => {}
        }
    }
}

fn expectations(s: &Scenario, note: &mut Checker<'_>) {
    for (i, e) in s.expectations.iter().enumerate() {
        let at = i.to_string();
        let path = |key| ["expect", at.as_str(), key];
        known_ue(s, &e.ue, &path("ue"), note);
        known_session(s, &e.session, &path("session"), note);
        if e.unit != e.measure.unit() {
            let message = format!("unit = \"{}\" for {}; allowed values: \"{}\"", e.unit, e.measure, e.measure.unit());
            note.note(&path("unit"), message);
        }
        if e.ue != Selector::All && !e.measure.is_per_ue() {
            note.note(&path("ue"), format!("{} is not measured per UE; allowed values: no ue", e.measure));
        }
        if e.session != Selector::All && !e.measure.is_per_session() {
            note.note(
                &path("session"),
                format!("{} is not measured per session; allowed values: no session", e.measure),
            );
        }
        match (e.min, e.max) {
            (None, None) => {
                note.note(
                    &["expect", &at],
                    format!("{} without a limit; allowed values: min, max, or both", e.measure),
                );
            }
            (Some(min), Some(max)) if min > max => {
                note.note(&path("min"), format!("min = {min} is above max = {max}; allowed values: at most {max}"));
            }
            _ => {}
        }
    }
}

fn fault(s: &Scenario, f: &Fault, at: &str, note: &mut Checker<'_>) {
    known_ue(s, &f.ue, &["fault", at, "ue"], note);
    let (allowed, is_allowed) = match f.joint {
        Joint::M1 | Joint::Mtch => ("\"any\", \"fdt\", \"object\"", f.what != FaultTarget::Msi),
        Joint::Mch => ("\"any\", \"msi\"", matches!(f.what, FaultTarget::Any | FaultTarget::Msi)),
        Joint::Mcch => ("\"any\"", f.what == FaultTarget::Any),
    };
    if !is_allowed {
        let message = format!("{} carries no such message; allowed values: {allowed}", f.joint);
        note.note(&["fault", at, "what"], message);
    }
    if f.joint == Joint::M1 && f.ue != Selector::All {
        note.note(&["fault", at, "ue"], "M1 ends at the eNB, before any UE; allowed values: no ue".into());
    }
}

fn known_session(s: &Scenario, session: &Selector, path: &[&str], note: &mut Checker<'_>) {
    known(session, s.sessions.iter().map(|x| x.name.as_str()), "session", path, note);
}

fn known_ue(s: &Scenario, ue: &Selector, path: &[&str], note: &mut Checker<'_>) {
    known(ue, s.ues.iter().map(|x| x.name.as_str()), "UE", path, note);
}

fn known<'s>(
    selected: &Selector,
    names: impl Iterator<Item = &'s str> + Clone,
    what: &str,
    path: &[&str],
    note: &mut Checker<'_>,
) {
    let Selector::Name(name) = selected else { return };
    if names.clone().any(|n| n == name) {
        return;
    }
    let hint = nearest(name, names.clone()).map_or_else(String::new, |n| format!(" did you mean \"{n}\"?"));
    let allowed: Vec<String> = [Selector::ALL].into_iter().chain(names).map(|n| format!("\"{n}\"")).collect();
    note.note(path, format!("no {what} is named \"{name}\";{hint} allowed values: {}", allowed.join(", ")));
}
