//! What the keys of an IMS in a scenario must be to each other.

use std::collections::BTreeSet;

use protocol::Joint;
use protocol::diameter::dictionary;
use protocol::map::OperationCode;
use protocol::mm4::Mm4MessageType;
use protocol::smpp::CommandId;

use super::check::known_ue;
use super::{
    APPLICATION_SERVER, DIAMETER_RELAY, Fault, FaultAction, HSS, ICSCF, Ims, ImsSecurity, ImsState, ImsStep,
    MIGRATION_SERVER, PCSCF, SCSCF, SIP_PROXY, Scenario, Selector, Service, ServiceStep, SmsBy, Ue, UeCell, UeIms,
    VISITED_PCSCF, name_in,
};
use crate::ladder::PROCEDURES;
use crate::mbms::config::{BMSC, ENB, MBMS_GW, MCE, PROVIDER};
use crate::strict_toml::Checker;

/// Notes everything that is wrong with the IMS of `s`.
pub(super) fn check(s: &Scenario, note: &mut Checker<'_>) {
    if let Some(ims) = s.ims.as_ref().filter(|ims| ims.is_plain()) {
        plain(ims, note);
    }
    if s.ims.as_ref().is_some_and(|ims| ims.has(Service::Exposure) && !ims.has(Service::Identity)) {
        let message = "\"exposure\" without \"identity\", whose tokens it takes; allowed: both or none";
        note.note(&["ims", "services"], message.into());
    }
    if let Some(ims) = &s.ims {
        groups(s, ims, note);
    }
    for (i, ue) in s.ues.iter().enumerate() {
        let at = i.to_string();
        if ue.unicast.is_some() && ue.ims.is_none() {
            let message = "unicast of a UE without `ims`, whose way to the network it is; allowed: both or none";
            note.note(&["ue", &at, "unicast"], message.into());
        }
        let Some(own) = &ue.ims else { continue };
        if s.ims.is_none() {
            note.note(&["ue", &at, "ims"], "ims of a UE without a table [ims]; allowed: both or none".into());
        }
        subscription(s, own, &at, note);
    }
}

/// Groups are those of the IMS AS, their members UEs with a subscription.
fn groups(s: &Scenario, ims: &Ims, note: &mut Checker<'_>) {
    if !ims.has(Service::Mbms) && (!ims.groups.is_empty() || ims.bearers.is_some()) {
        let message = "groups without \"mbms\" in [ims] services; allowed: both or none";
        note.note(&["ims", "services"], message.into());
    }
    for (i, group) in ims.groups.iter().enumerate() {
        let at = i.to_string();
        if ims.groups[..i].iter().any(|before| before.name == group.name) {
            let message = format!("a second group is named \"{}\"; allowed: a name of its own", group.name);
            note.note(&["ims", "group", &at, "name"], message);
        }
        if group.members.is_empty() {
            note.note(&["ims", "group", &at], "a group without members; allowed: `members` with UEs".into());
        }
        for member in &group.members {
            let own = s.ues.iter().find(|ue| ue.name == *member).and_then(|ue| ue.ims.as_ref());
            if own.is_none() {
                let message = format!("no UE with a subscription is named \"{member}\"; allowed: UEs with `ims`");
                note.note(&["ims", "group", &at, "members"], message);
            }
        }
    }
}

/// A plain SIP network has no P-CSCF, no HSS and no filter criteria.
fn plain(ims: &Ims, note: &mut Checker<'_>) {
    let wrong = [
        (ims.security != ImsSecurity::Off, "security", "\"off\""),
        (ims.has_application_server(), "application_server", "\"none\""),
        (ims.visited.is_some(), "visited", "none"),
        (ims.has(Service::Charging), "services", "any but \"charging\""),
        (ims.has(Service::Mbms), "services", "any but \"mbms\""),
    ];
    for (_, key, allowed) in wrong.into_iter().filter(|(is_wrong, ..)| *is_wrong) {
        note.note(&["ims", key], format!("needs an IMS, and the network is a plain SIP network; allowed: {allowed}"));
    }
}

/// A step on the IMS that there is nothing for in a plain SIP network.
pub(super) fn ims_step(s: &Scenario, own: &ImsStep, at: &str, note: &mut Checker<'_>) {
    step(s, &own.ues(), at, note);
    if let ImsStep::RunUntilIms { ue, state, .. } = own {
        check_state(s, ue, *state, at, note);
    }
    let of_ims = matches!(
        own,
        ImsStep::ImsSubscribeReg { .. } | ImsStep::ImsNetworkDeregister { .. } | ImsStep::LoseBearer { .. }
    );
    if of_ims && s.ims.as_ref().is_some_and(Ims::is_plain) {
        let message = "needs an IMS, and the network is a plain SIP network; allowed: network = \"ims\"";
        note.note(&["step", at, "do"], message.into());
    }
}

/// A state that a step waits for: one that its UEs can come to. Among all UEs, those without the key are not waited for, but in
/// states that nobody is in without it.
fn check_state(s: &Scenario, ue: &Selector, state: ImsState, at: &str, note: &mut Checker<'_>) {
    let Some(key) = state.key() else { return };
    if key == "mms" && s.mms.is_none() {
        let message = "a state of multimedia messages without a table [mms]; allowed: both or none";
        return note.note(&["step", at, "state"], message.into());
    }
    let of_r2 = matches!(state, ImsState::SmsRegistered | ImsState::SmsUnregistered);
    let is_asked = matches!(ue, Selector::Name(_)) || of_r2 || state == ImsState::SmsRefused;
    for own in s.ues.iter().filter(|own| ue.selects(&own.name)) {
        let has_it = match key {
            "sms" => own.sms.is_some(),
            "mms" => own.mms.is_some(),
            _ => own.migrates.is_some(),
        };
        let problem = match &own.sms {
            _ if !has_it && is_asked => format!("no `{key}`; allowed: UEs with it"),
            Some(sms) if of_r2 && sms.by != SmsBy::R2 => {
                "no registration of its own for short messages; allowed: UEs with `by = \"r2\"`, or another state"
                    .into()
            }
            _ => continue,
        };
        note.note(&["step", at, "ue"], format!("UE {} has {problem}", own.name));
    }
}

fn subscription(s: &Scenario, own: &UeIms, at: &str, note: &mut Checker<'_>) {
    if own.is_visiting() && s.ims.as_ref().is_some_and(|ims| ims.visited.is_none()) {
        let message =
            "network = \"visited\" and [ims] has no `visited`; allowed: the name of the visited network there";
        note.note(&["ue", at, "ims", "network"], message.into());
    }
    if own.credit.is_some() && s.ims.as_ref().is_some_and(|ims| !ims.has(Service::Charging)) {
        let message = "credit without \"charging\" in [ims] services; allowed: both or none";
        note.note(&["ue", at, "ims", "credit"], message.into());
    }
    if (own.mbms || own.cell != UeCell::Carrier) && s.ims.as_ref().is_some_and(|ims| !ims.has(Service::Mbms)) {
        let key = if own.mbms { "mbms" } else { "cell" };
        let message = format!("{key} without \"mbms\" in [ims] services; allowed: both or none");
        note.note(&["ue", at, "ims", key], message);
    }
    if let Some(user) = &own.same_user_as {
        known_ue(s, &Selector::Name(user.clone()), &["ue", at, "ims", "same_user_as"], note);
        let other = s.ues.iter().find(|ue| ue.name == *user).and_then(|ue| ue.ims.as_ref());
        if other.is_none_or(|other| other.same_user_as.is_some()) {
            let message = format!("{user} has no subscription of its own; allowed: a UE that has one");
            note.note(&["ue", at, "ims", "same_user_as"], message);
        }
    }
}

/// A step on the IMS.
pub(super) fn step(s: &Scenario, ues: &[(&str, Selector)], at: &str, note: &mut Checker<'_>) {
    if s.ims.is_none() {
        return note.note(&["step", at, "do"], "a step on the IMS without a table [ims]; allowed: both or none".into());
    }
    for (key, ue) in ues {
        known_ue(s, ue, &["step", at, key], note);
        let named = s.ues.iter().find(|own| matches!(ue, Selector::Name(name) if *name == own.name));
        if named.is_some_and(|own| own.ims.is_none()) {
            let message = format!("UE {ue} has no `ims`; allowed: a UE with a subscription");
            note.note(&["step", at, key], message);
        }
    }
}

/// A step that needs a service.
pub(super) fn service_step(s: &Scenario, own: &ServiceStep, at: &str, note: &mut Checker<'_>) {
    step(s, &own.ues(), at, note);
    let clients = s.ims.iter().flat_map(|ims| &ims.third_parties).map(|client| client.name.as_str());
    if let Some(client) = own.client()
        && !clients.clone().any(|known| known == client)
    {
        let allowed: Vec<String> = clients.map(|known| format!("\"{known}\"")).collect();
        let message = format!("no third party is named \"{client}\"; allowed values: {}", allowed.join(", "));
        note.note(&["step", at, "client"], message);
    }
    if let ServiceStep::Mbms(mbms) = own
        && let Some(group) = mbms.group()
        && let Some(ims) = s.ims.as_ref().filter(|ims| !ims.groups.iter().any(|known| known.name == group))
    {
        let allowed: Vec<String> = ims.groups.iter().map(|known| format!("\"{}\"", known.name)).collect();
        let message = format!("no group is named \"{group}\"; allowed values: {}", allowed.join(", "));
        note.note(&["step", at, "group"], message);
    }
    let service = own.service();
    let word = Service::ALL.iter().find(|(_, known)| *known == service).map_or("", |(word, _)| word);
    if s.ims.as_ref().is_some_and(|ims| !ims.services.contains(&service)) {
        let message = format!("needs \"{word}\", which [ims] services does not have; allowed: both or none");
        note.note(&["step", at, "do"], message);
    }
    for (key, selector) in own.ues() {
        let ues = s.ues.iter().filter(|ue| ue.system.is_some() && selector.selects(&ue.name));
        let lacks = |ue: &&Ue| s.ims_of(ue).is_some_and(|ims| !ims.services.contains(&service));
        for system in ues.filter(lacks).filter_map(|ue| ue.system.as_deref()).collect::<BTreeSet<_>>() {
            let message = format!(
                "needs \"{word}\", which services of [system.ims] of {system} do not have; allowed: a UE of a system with it"
            );
            note.note(&["step", at, key], message);
        }
    }
}

/// A fault on SIP or Diameter.
pub(super) fn fault(s: &Scenario, f: &Fault, at: &str, note: &mut Checker<'_>) {
    if is_mbms(f.joint) {
        if s.cell.is_none() {
            let message = format!("{} without a table [cell]; allowed: both or none", f.joint);
            note.note(&["fault", at, "joint"], message);
        }
    } else if s.ims.is_none() {
        note.note(&["fault", at, "joint"], format!("{} without a table [ims]; allowed: both or none", f.joint));
    } else if s.sms.is_none() && (f.joint.is_map() || matches!(f.joint, Joint::R2 | Joint::Smpp)) {
        note.note(&["fault", at, "joint"], format!("{} without a table [sms]; allowed: both or none", f.joint));
    } else if s.mms.is_none() && matches!(f.joint, Joint::Mm1 | Joint::Mm4) {
        note.note(&["fault", at, "joint"], format!("{} without a table [mms]; allowed: both or none", f.joint));
    }
    let what = f.sip.clone().unwrap_or_default();
    if (f.action == FaultAction::Delay) != what.delay_ms.is_some() {
        let message = "action = \"delay\" and delay_ms need each other; allowed: both or none";
        note.note(&["fault", at, "action"], message.into());
    }
    let has_status = matches!(f.joint, Joint::Gm | Joint::Mw | Joint::Isc | Joint::Mcptt3 | Joint::R2);
    if f.action == FaultAction::WrongStatus && !has_status {
        let message = format!("{} has no status of SIP; allowed: another action, or a joint with SIP", f.joint);
        note.note(&["fault", at, "action"], message);
    }
    let may_register =
        matches!(f.joint, Joint::Gm | Joint::Mw) && what.method.as_deref().is_none_or(|own| own == "REGISTER");
    if f.action == FaultAction::WrongResponse && !may_register {
        let message =
            "wrong_response where no REGISTER is; allowed: joint = \"gm\" or \"mw\", method = \"REGISTER\" or none";
        note.note(&["fault", at, "action"], message.into());
    }
    if f.joint == Joint::Mm4 && what.status.is_some() {
        let message = "a mail of MM4 has no status; allowed: a method";
        note.note(&["fault", at, "message", "status"], message.into());
    }
    if (f.action == FaultAction::WrongStatus) != what.status_instead.is_some() {
        let message = "action = \"wrong_status\" and status_instead need each other; allowed: both or none";
        note.note(&["fault", at, "action"], message.into());
    }
    let mut boxes = vec![PCSCF, VISITED_PCSCF, ICSCF, SCSCF, HSS, APPLICATION_SERVER, SIP_PROXY];
    boxes.extend(Service::all_boxes().map(|own| own.name));
    boxes.extend([BMSC, MBMS_GW, MCE, ENB, PROVIDER]);
    boxes.extend([MIGRATION_SERVER, DIAMETER_RELAY]);
    let is_box = |name: &str| {
        let of_further = s.systems.iter().find_map(|own| name.strip_prefix(&name_in(Some(&own.name), "")));
        boxes.contains(&of_further.unwrap_or(name))
    };
    for (key, name) in [("from", &what.from), ("to", &what.to)] {
        let Some(name) = name else { continue };
        if !is_box(name) && !s.ues.iter().any(|ue| ue.name == *name) {
            let allowed: Vec<String> = boxes.iter().map(|b| format!("\"{b}\"")).collect();
            let message =
                format!("no box is named \"{name}\"; allowed values: the name of a UE, {}", allowed.join(", "));
            note.note(&["fault", at, "message", key], message);
        }
    }
    if let (Some(method), Some(names)) = (&what.method, methods(f.joint))
        && !names.contains(method)
    {
        let message = format!("no message of {} is named \"{method}\"; allowed values: {}", f.joint, names.join(", "));
        note.note(&["fault", at, "message", "method"], message);
    }
    if let Some((procedure, step)) = what.ladder_step() {
        let known = PROCEDURES.iter().find(|p| p.procedure == procedure);
        if !known.is_some_and(|p| p.steps.iter().any(|row| row.number == step)) {
            let names: Vec<String> = PROCEDURES.iter().map(|p| format!("\"{}\"", p.procedure)).collect();
            let message = format!("no ladder \"{procedure}\" with a step \"{step}\"; procedures: {}", names.join(", "));
            note.note(&["fault", at, "message", "step"], message);
        }
    }
}

/// Names of the messages of a reference point; none: there may be others (RFC 3261 clause 7.1, RFC 9110 clause 9.1).
fn methods(joint: Joint) -> Option<Vec<String>> {
    if joint.is_map() {
        return Some(OperationCode::all().map(|code| code.name().to_owned()).collect());
    }
    if joint.is_diameter() {
        let both = |command: &dictionary::CommandDef| ["R", "A"].map(|end| format!("{}{end}", command.letters));
        return Some(dictionary::COMMANDS.iter().flat_map(both).collect());
    }
    match joint {
        Joint::Smpp => Some(CommandId::all().map(|id| id.to_string()).collect()),
        Joint::Mm4 => Some(Mm4MessageType::WORDS.iter().map(|word| (*word).to_owned()).collect()),
        _ => None,
    }
}

/// A reference point of MBMS nodes, which are there with a cell.
const fn is_mbms(joint: Joint) -> bool {
    matches!(
        joint,
        Joint::Mb2C | Joint::Mb2U | Joint::XmbC | Joint::SgMb | Joint::SgiMb | Joint::M3 | Joint::M2 | Joint::M1
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::scenario::{Overrides, Scenario};

    /// What is said of a group session when this is written instead.
    fn said(right: &str, wrong: &str) -> String {
        let file = fixtures::scenario("mbms/ims_session.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(right), "{right}");
        let loaded = Scenario::parse(Path::new(&file), &text.replacen(right, wrong, 1), &Overrides::default());
        loaded.expect_err(wrong).to_string()
    }

    #[test]
    fn nothing_of_a_group_session_is_ignored() {
        let services = "[ims]\nservices = [\"mbms\"]";
        let group = "[[ims.group]]\nname = \"team\"";
        for (right, wrong, expected) in [
            (services, "[ims]", "groups without \"mbms\""),
            (services, "[ims]", "mbms without \"mbms\" in [ims] services"),
            (
                group,
                "[[ims.group]]\nname = \"team\"\nmembers = [\"car1\"]\n[[ims.group]]\nname = \"team\"",
                "a second group",
            ),
            (group, "[[ims.group]]\nname = \"none\"\n[[ims.group]]\nname = \"team\"", "a group without members"),
            ("ims = { answers_after_ms = 200, mbms = \"yes\" }", "", "unicast of a UE without `ims`"),
            ("speech.wav", "silence.wav", "No such file"),
            ("speech.wav", "castbench.mp4", "no WAVE file"),
            ("[ims]", "[ims]\nnetwork = \"sip\"", "allowed: any but \"mbms\""),
        ] {
            let error = said(right, wrong);
            assert!(error.contains(expected), "{wrong}: {error}");
        }
    }
}
