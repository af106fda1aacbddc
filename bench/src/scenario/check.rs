//! What the keys of a scenario must be to each other (TS 36.211 table 6.7-1, TS 36.331 clause 6.3.7).

use std::path::Path;

use core_network::DeliveryError;
use protocol::Joint;
use radio::{Mcs, McsTable};

use super::check_ims as ims;
use super::load::{check_content, check_speech};
use super::{Fault, FaultAction, FaultTarget, MbsfnArea, Mch, Scenario, Selector, StepAction, UeRadio, transmitter};
use super::{mc, mms, sms as over_ip, system};
use crate::air::TABLE_MCS_MAX;
use crate::capacity::{AreaSubframes, Capacity};
use crate::setup;
use crate::sms;
use crate::strict_toml::{Checker, nearest};

/// Service areas that SIB15 can name, `maxSAI-MBMS-r11` (TS 36.331 clause 6.4).
const SERVICE_AREAS_MAX: usize = 64;

/// Notes everything that is wrong between the keys of `s`, whose file is in `folder`; `content` is broadcast instead of
/// its own.
pub(super) fn check(s: &Scenario, folder: &Path, content: Option<&Path>, note: &mut Checker<'_>) {
    radio(s, note);
    ims::check(s, note);
    mc::check(s, note);
    system::check(s, note);
    over_ip::check(s, note);
    mms::check(s, note);
    mms::check_files(s, folder, note);
    areas(s, note);
    capacity(s, note);
    sessions(s, folder, content, note);
    let path = |parts: &[&dyn ToString]| parts.iter().map(|p| p.to_string()).collect::<Vec<_>>();
    let mchs = s.mchs().map(|(a, m, _, mch)| (path(&[&"mbsfn_area", &a, &"mch", &m]), mch.name.as_str()));
    names(mchs, "mch", note);
    names(s.sessions.iter().enumerate().map(|(i, x)| (path(&[&"session", &i]), x.name.as_str())), "session", note);
    names(s.ues.iter().enumerate().map(|(i, x)| (path(&[&"ue", &i]), x.name.as_str())), "ue", note);
    names(
        s.transmitters.iter().enumerate().map(|(i, x)| (path(&[&"transmitter", &i]), x.name.as_str())),
        "transmitter",
        note,
    );
    transmitter::check(s, note);
    steps(s, note);
    speech(s, folder, note);
    expectations(s, note);
    for (i, f) in s.faults.iter().enumerate() {
        fault(s, f, &i.to_string(), note);
    }
}

/// What UEs say is there, and can be said.
fn speech(s: &Scenario, folder: &Path, note: &mut Checker<'_>) {
    for (i, step) in s.steps.iter().enumerate() {
        let Some(content) = step.action.speech() else { continue };
        let file = folder.join(content);
        if let Err(reason) = check_speech(&file) {
            let message = format!(
                "content {}: {reason}; allowed values: a WAVE file with G.711, relative to the folder of this file",
                file.display()
            );
            note.note(&["step", &i.to_string(), "content"], message);
        }
    }
}

/// A cell and what needs one.
fn radio(s: &Scenario, note: &mut Checker<'_>) {
    if s.cell.is_some() {
        if s.areas.is_empty() {
            note.note(&["cell"], "[cell] without a table [[mbsfn_area]]; allowed: 1 to 8 of them".into());
        }
        for (i, ue) in s.ues.iter().enumerate().filter(|(_, ue)| ue.channel.is_none()) {
            let message = format!("UE {} has no channel; allowed: a table `channel`", ue.name);
            note.note(&["ue", &i.to_string()], message);
        }
        tables(s, note);
    } else if s.ims.is_none() {
        note.note(&[], "nothing to run; allowed: a table [cell], a table [ims], or both".into());
    }
    let needless = [
        ("mbsfn_area", !s.areas.is_empty()),
        ("session", !s.sessions.is_empty()),
        ("transmitter", !s.transmitters.is_empty()),
    ];
    for (key, _) in needless.into_iter().filter(|(_, is_there)| *is_there && s.cell.is_none()) {
        note.note(&[key], format!("[[{key}]] without a table [cell]; allowed: both or none"));
    }
}

/// UEs without samples: what their tables were measured with.
fn tables(s: &Scenario, note: &mut Checker<'_>) {
    for (i, ue) in s.ues.iter().enumerate().filter(|(_, ue)| ue.radio == UeRadio::Table) {
        let has_noise_alone = s.ways(ue).iter().all(|way| way.fading.is_none()) && ue.impairments.is_none();
        if !has_noise_alone || ue.antennas != 1 {
            let message = "radio = \"table\"; allowed: channel = { model = \"awgn\" }, one antenna, no impairments";
            note.note(&["ue", &i.to_string(), "radio"], message.into());
        }
        let mcs = s.areas.iter().flat_map(|area| {
            let signalling = Mcs { table: McsTable::Qam64, index: area.signalling_mcs };
            area.mchs.iter().map(Mch::mcs).chain([signalling])
        });
        for mcs in mcs.filter(|mcs| mcs.table != McsTable::Qam64 || mcs.index > TABLE_MCS_MAX) {
            let message =
                format!("radio = \"table\" with MCS {mcs}; allowed values: MCS 0 to {TABLE_MCS_MAX} up to 64QAM");
            note.note(&["ue", &i.to_string(), "radio"], message);
        }
    }
}

fn areas(s: &Scenario, note: &mut Checker<'_>) {
    if let Some((area, ..)) = s.mchs().nth(SERVICE_AREAS_MAX) {
        let message = format!("more than {SERVICE_AREAS_MAX} MCHs, each a service area of SIB15; allowed: that many");
        note.note(&["mbsfn_area", &area.to_string(), "mch"], message);
    }
    for (i, area) in s.areas.iter().enumerate() {
        let at = i.to_string();
        let mut say = |key: &[&str], message: String| note.note(&[&["mbsfn_area", at.as_str()], key].concat(), message);
        if s.areas[..i].iter().any(|a| a.n_id_mbsfn == area.n_id_mbsfn) {
            let message =
                format!("a second area with n_id_mbsfn = {}; allowed values: one of its own", area.n_id_mbsfn);
            say(&["n_id_mbsfn"], message);
        }
        region(s, area, &mut say);
        allocations(area, &mut say);
        mcch_subframes(area, &mut say);
        for other in &s.areas[..i] {
            if let Some((frame, subframe)) = AreaSubframes::of(area).overlap(&AreaSubframes::of(other)) {
                let message = format!(
                    "subframe {subframe} of radio frame {frame} is of area {} as well; allowed values: subframes that no \
                     other area has",
                    other.n_id_mbsfn
                );
                say(&["subframe_allocation"], message);
            }
        }
    }
}

type Say<'a> = &'a mut dyn FnMut(&[&str], String);

fn region(s: &Scenario, area: &MbsfnArea, say: Say<'_>) {
    let n_rb_dl = s.cell.as_ref().map_or(0, |cell| cell.n_rb_dl);
    if area.non_mbsfn_region == 1 && n_rb_dl <= 10 {
        let message = format!(
            "non_mbsfn_region = 1 with n_rb_dl = {n_rb_dl}; allowed values: 2 (TS 36.211 table 6.7-1: 1 needs more than 10 \
             resource blocks)"
        );
        say(&["non_mbsfn_region"], message);
    }
}

fn allocations(area: &MbsfnArea, say: Say<'_>) {
    let mut longest = 1;
    for (i, allocation) in area.subframe_allocation.iter().enumerate() {
        longest = longest.max(u16::from(allocation.period_rf));
        if allocation.offset_rf >= allocation.period_rf {
            let message = format!(
                "offset_rf = {} with period_rf = {}; allowed values: 0 to {}",
                allocation.offset_rf,
                allocation.period_rf,
                allocation.period_rf - 1
            );
            say(&["subframe_allocation", &i.to_string(), "offset_rf"], message);
        }
    }
    let common = area.common_sf_alloc_period_rf;
    let shortest = area.mchs.iter().map(|m| m.scheduling_period_rf).min().unwrap_or(common);
    if common < longest {
        let message = format!(
            "common_sf_alloc_period_rf = {common} with a subframe_allocation of period_rf = {longest}; allowed values: \
             {longest} or more"
        );
        say(&["common_sf_alloc_period_rf"], message);
    } else if area.mchs.len() > 1 && common > shortest {
        let message = format!(
            "common_sf_alloc_period_rf = {common} with a scheduling_period_rf of {shortest}: an MCH has no subframe in \
             some of its scheduling periods; allowed values: {shortest} or less"
        );
        say(&["common_sf_alloc_period_rf"], message);
    }
}

/// MCCH frames come every 32 frames or multiples of it, as the patterns do.
fn mcch_subframes(area: &MbsfnArea, say: Say<'_>) {
    let own = AreaSubframes::of(area);
    let in_area: Vec<u8> = (0..10).filter(|&s| own.contains(area.mcch_offset_rf.into(), s)).collect();
    if let Some(stranger) = area.mcch_subframes.iter().find(|s| !in_area.contains(s)) {
        let list: Vec<String> = in_area.iter().map(u8::to_string).collect();
        let message = format!(
            "mcch_subframes: the area does not have subframe {stranger} of radio frame {}; allowed values: {}",
            area.mcch_offset_rf,
            if list.is_empty() { "none, take another mcch_offset_rf".into() } else { list.join(", ") }
        );
        say(&["mcch_subframes"], message);
    }
}

/// Only where the areas are right: else the same mistake would be told twice.
fn capacity(s: &Scenario, note: &mut Checker<'_>) {
    let Some(cell) = &s.cell else { return };
    if s.areas.iter().any(|area| area.non_mbsfn_region == 1) && cell.n_rb_dl <= 10 {
        return;
    }
    if let Err(problem) = Capacity::of(s).and_then(|capacity| Capacity::admit(&capacity, s)) {
        let key: Vec<&str> = problem.key.iter().map(String::as_str).collect();
        note.note(&key, problem.to_string());
    }
}

fn sessions(s: &Scenario, folder: &Path, content: Option<&Path>, note: &mut Checker<'_>) {
    for (i, session) in s.sessions.iter().enumerate() {
        let at = i.to_string();
        if s.mch(&session.mch).is_none() {
            unknown_mch(s, &session.mch, &["session", &at, "mch"], note);
        } else if !s.mchs_of(None).any(|own| own.name == session.mch) {
            let message = format!("mch \"{}\" of a further system; allowed values: MCHs of the first one", session.mch);
            note.note(&["session", &at, "mch"], message);
        }
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

/// `all`: where each is, and its name.
fn names<'s>(all: impl Iterator<Item = (Vec<String>, &'s str)>, kind: &str, note: &mut Checker<'_>) {
    let mut seen: Vec<&str> = Vec::new();
    for (path, name) in all {
        let mut path: Vec<&str> = path.iter().map(String::as_str).collect();
        path.push("name");
        if name == Selector::ALL {
            let message = format!("name = \"{name}\" is the word for every {kind}; allowed values: any other name");
            note.note(&path, message);
        } else if seen.contains(&name) {
            let message = format!("a second {kind} with the name \"{name}\"; allowed values: a name of its own");
            note.note(&path, message);
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
            StepAction::Update { session, mch } => {
                known_session(s, session, &["step", &at, "session"], note);
                moves(s, session, mch, &["step", &at, "mch"], note);
            }
            StepAction::SendSms { from, to, text } => {
                for (key, name) in [("from", from), ("to", to)] {
                    known_ue(s, &Selector::Name(name.clone()), &["step", &at, key], note);
                }
                if !sms::fits(text) {
                    let message = "text: too long for one message; allowed values: 160 characters of the default \
                                   alphabet (TS 23.038), or 70 of any";
                    note.note(&["step", &at, "text"], message.into());
                }
            }
            StepAction::RunUntilSmsDelivered { .. } => {
                if !s.steps.iter().any(|step| matches!(step.action, StepAction::SendSms { .. })) {
                    let message = "run_until_sms_delivered, and no step sends a message; allowed values: a step that \
                                   can end";
                    note.note(&["step", &at, "do"], message.into());
                }
            }
            StepAction::Ims(step) => ims::ims_step(s, step, &at, note),
            StepAction::Service(step) => ims::service_step(s, step, &at, note),
            StepAction::Mc(step) => mc::steps_of_client(s, step, &at, note),
            StepAction::Sms(step) => over_ip::check_step(s, step, &at, note),
            StepAction::Mms(step) => mms::check_step(s, step, &at, note),
            StepAction::Run { .. } => {}
        }
    }
}

/// A session moves within its area.
fn moves(s: &Scenario, session: &Selector, mch: &str, path: &[&str], note: &mut Checker<'_>) {
    let Some((area, _)) = s.mch(mch) else { return unknown_mch(s, mch, path, note) };
    let other = s.sessions.iter().find(|x| session.selects(&x.name) && s.mch(&x.mch).is_some_and(|(a, _)| a != area));
    if let Some(other) = other {
        let message = format!(
            "session {} is in another MBSFN area than mch \"{mch}\"; allowed values: an MCH of its own area",
            other.name
        );
        note.note(path, message);
    }
}

fn unknown_mch(s: &Scenario, mch: &str, path: &[&str], note: &mut Checker<'_>) {
    let names = s.mchs().map(|(.., mch)| mch.name.as_str());
    let hint = nearest(mch, names.clone()).map_or_else(String::new, |n| format!(" did you mean \"{n}\"?"));
    let allowed: Vec<String> = names.map(|n| format!("\"{n}\"")).collect();
    note.note(path, format!("no MCH is named \"{mch}\";{hint} allowed values: {}", allowed.join(", ")));
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
    if f.joint.is_core() {
        ims::fault(s, f, at, note);
    } else if f.sip.is_some() || !matches!(f.action, FaultAction::Drop | FaultAction::Corrupt) {
        let message = format!("{} carries neither SIP nor Diameter; allowed: drop or corrupt, no message", f.joint);
        note.note(&["fault", at, "action"], message);
    }
    if matches!(f.joint, Joint::M1 | Joint::Mtch) && (f.after.is_some() || f.count.is_some()) {
        let key = if f.after.is_some() { "after" } else { "count" };
        let message =
            format!("{} is not counted: all such messages are taken; allowed: no `after`, no `count`", f.joint);
        note.note(&["fault", at, key], message);
    }
    if let Some(mch) = &f.mch {
        if f.joint != Joint::Mch {
            note.note(&["fault", at, "mch"], format!("{} is not of one MCH; allowed values: no mch", f.joint));
        } else if s.mch(mch).is_none() {
            unknown_mch(s, mch, &["fault", at, "mch"], note);
        }
    }
    let (allowed, is_allowed) = targets(f);
    if !is_allowed {
        let message = format!("{} carries no such message; allowed values: {allowed}", f.joint);
        note.note(&["fault", at, "what"], message);
    }
    if f.joint == Joint::M1 && f.ue != Selector::All {
        note.note(&["fault", at, "ue"], "M1 ends at the eNB, before any UE; allowed values: no ue".into());
    }
}

/// Which messages of its joint a fault can take, and whether it takes such.
fn targets(f: &Fault) -> (&'static str, bool) {
    use FaultTarget::{Any, Data, Fdt, Msi, Object, Rtp, Sib13};
    match f.joint {
        Joint::M1 => ("\"any\", \"fdt\", \"object\"", matches!(f.what, Any | Fdt | Object)),
        Joint::Mtch => ("\"any\", \"fdt\", \"object\", \"rtp\"", matches!(f.what, Any | Fdt | Object | Rtp)),
        Joint::Mch => ("\"any\", \"msi\", \"data\"", matches!(f.what, Any | Msi | Data)),
        Joint::BcchDlSch => ("\"any\", \"sib13\"", matches!(f.what, Any | Sib13)),
        _ => ("\"any\"", f.what == Any),
    }
}

fn known_session(s: &Scenario, session: &Selector, path: &[&str], note: &mut Checker<'_>) {
    known(session, s.sessions.iter().map(|x| x.name.as_str()), "session", path, note);
}

pub(super) fn known_ue(s: &Scenario, ue: &Selector, path: &[&str], note: &mut Checker<'_>) {
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
