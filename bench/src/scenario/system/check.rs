//! What the keys of further systems must be to each other and to those of UEs.

use protocol::Plmn;

use super::{MCC, PRIMARY, System, VISITOR};
use crate::ladder::MC_MIGRATION;
use crate::scenario::mc::known_server;
use crate::scenario::{Mc, McAuth, Scenario, Service, Ue, name_in};
use crate::strict_toml::Checker;

/// Networks that SIB1 can name, `maxPLMN-r11` (TS 36.331 clause 6.4): one is that of the first system.
const PLMNS_MAX: usize = 6;

/// Notes everything that is wrong with the systems of `s`.
pub(in crate::scenario) fn check(s: &Scenario, note: &mut Checker<'_>) {
    for (i, system) in s.systems.iter().enumerate() {
        let at = i.to_string();
        let mut say = |key: &[&str], message: String| note.note(&[&["system", at.as_str()], key].concat(), message);
        names(s, i, system, &mut say);
        areas(s, i, system, &mut say);
        network(system, &mut say);
        if let Some(mc) = &system.mc {
            services(s, system, mc, &mut say);
        }
    }
    if let (false, Some(ims)) = (s.systems.is_empty(), &s.ims)
        && ims.is_plain()
    {
        note.note(&["ims", "network"], "a plain SIP network with [[system]]; allowed: network = \"ims\"".into());
    }
    let of_systems = s.systems.iter().enumerate().filter_map(|(i, own)| Some((Some(i.to_string()), own.mc.as_ref()?)));
    if s.mc.as_ref().is_some_and(|own| own.follows.iter().any(|name| name == MC_MIGRATION)) {
        for (at, _) in
            s.mc.iter().map(|own| (None, own)).chain(of_systems).filter(|(_, own)| own.auth == McAuth::Identity)
        {
            let message = format!(
                "auth = \"identity\": who migrates asks for no token then, as steps of \"{MC_MIGRATION}\" in follows do; allowed: auth = \
                 \"token\", or follows without it"
            );
            let path: Vec<&str> = at.iter().flat_map(|at| ["system", at.as_str()]).chain(["mc", "auth"]).collect();
            note.note(&path, message);
        }
    }
    if !s.systems.is_empty() && !s.areas.is_empty() && s.areas_of(None).next().is_none() {
        note.note(
            &["system"],
            "no area is left for the first system; allowed: areas of further systems without one".into(),
        );
    }
    if !s.systems.is_empty() && s.ims.is_none() {
        note.note(&["system"], "[[system]] without a table [ims]; allowed: both or none".into());
    }
    // Those without areas have no cells on it.
    let sharing = s.systems.iter().enumerate().filter(|(_, own)| !own.areas.is_empty());
    for (i, _) in sharing.skip(PLMNS_MAX - 1) {
        let message =
            format!("more than {PLMNS_MAX} networks share the carrier; allowed: `areas` of {} systems", PLMNS_MAX - 1);
        note.note(&["system", &i.to_string(), "areas"], message);
    }
    let is_box = |name: &str| s.systems.iter().find(|own| name.starts_with(&name_in(Some(&own.name), "")));
    for (i, ue) in s.ues.iter().enumerate() {
        let at = i.to_string();
        user(s, ue, &at, note);
        if let Some(system) = is_box(&ue.name) {
            note.note(&["ue", &at, "name"], names_of_boxes(&system.name));
        }
    }
    let clients = s.ims.iter().flat_map(|ims| &ims.third_parties).enumerate();
    for (i, system) in clients.filter_map(|(i, own)| Some((i, is_box(&own.name)?))) {
        note.note(&["ims", "third_party", &i.to_string(), "name"], names_of_boxes(&system.name));
    }
}

fn names_of_boxes(system: &str) -> String {
    format!("names that begin with \"{}\" are those of its boxes; allowed: any other", name_in(Some(system), ""))
}

type Say<'a> = &'a mut dyn FnMut(&[&str], String);

fn names(s: &Scenario, place: usize, system: &System, say: Say<'_>) {
    let before = &s.systems[..place];
    if system.name == PRIMARY || before.iter().any(|own| own.name == system.name) {
        let message = format!("\"{}\" is another system; allowed values: a name of its own", system.name);
        say(&["name"], message);
    }
    // Names of its boxes begin with it and a dot.
    if system.name.contains('.') {
        let message = format!("name = \"{}\"; allowed values: a name without '.'", system.name);
        say(&["name"], message);
    }
    if Plmn::new(MCC, &system.mnc).is_none() {
        let message = format!("mnc = \"{}\"; allowed values: two or three digits", system.mnc);
        say(&["mnc"], message);
    }
    let others = || s.ims.iter().chain(before.iter().map(|own| &own.ims));
    if s.plmn(None) == s.plmn(Some(&system.name)) || before.iter().any(|own| own.mnc == system.mnc) {
        say(&["mnc"], format!("mnc = \"{}\" is that of another system; allowed values: one of its own", system.mnc));
    }
    if others().any(|own| own.domain == system.ims.domain) {
        let message = format!("{} is the domain of another system; allowed: one of its own", system.ims.domain);
        say(&["ims", "domain"], message);
    }
}

/// Whose cells are in which area.
fn areas(s: &Scenario, place: usize, system: &System, say: Say<'_>) {
    for area in &system.areas {
        if !s.areas.iter().any(|own| own.n_id_mbsfn == *area) {
            let allowed: Vec<String> = s.areas.iter().map(|own| own.n_id_mbsfn.to_string()).collect();
            let message = format!("no area has n_id_mbsfn = {area}; allowed values: {}", allowed.join(", "));
            say(&["areas"], message);
        }
        if s.systems[..place].iter().any(|own| own.areas.contains(area)) {
            say(&["areas"], format!("area {area} is that of another system; allowed values: areas of its own"));
        }
    }
}

/// A further system is an IMS for mission critical services.
fn network(system: &System, say: Say<'_>) {
    let ims = &system.ims;
    let wrong = [
        (ims.is_plain(), "network", "\"ims\""),
        (ims.has_application_server(), "application_server", "\"none\""),
        (ims.visited.is_some(), "visited", "none"),
        (ims.services.iter().any(|own| *own != Service::Identity), "services", "\"identity\""),
        (!ims.third_parties.is_empty(), "third_party", "none"),
        (!ims.groups.is_empty(), "group", "none"),
        (ims.bearers.is_some(), "bearers", "none"),
    ];
    for (_, key, allowed) in wrong.into_iter().filter(|(is_wrong, ..)| *is_wrong) {
        say(&["ims", key], format!("what a further system has not; allowed: {allowed}"));
    }
}

fn services(s: &Scenario, system: &System, mc: &Mc, say: Say<'_>) {
    if mc.auth == McAuth::Token && !system.ims.has(Service::Identity) {
        let message = "auth = \"token\" without \"identity\" in its services, whose tokens it takes; allowed: both, or \
                       auth = \"identity\"";
        say(&["mc", "auth"], message.into());
    }
    let own = Some(system.name.as_str());
    if !mc.follows.is_empty() {
        say(&["mc", "follows"], "ladders of a further system; allowed: those of [mc]".into());
    }
    for (i, server) in mc.servers.iter().enumerate() {
        let at = i.to_string();
        if server.own_bearers && system.areas.is_empty() {
            let message = "bearers in a further system without `areas`, which has no MBMS nodes; allowed: own_bearers = \
                           \"no\"";
            say(&["mc", "server", &at, "own_bearers"], message.into());
        }
        for mch in server.bearers.iter().flat_map(|bearer| &bearer.mchs) {
            if !s.mchs_of(own).any(|known| known.name == *mch) {
                let allowed: Vec<String> = s.mchs_of(own).map(|known| format!("\"{}\"", known.name)).collect();
                let (name, allowed) = (&system.name, allowed.join(", "));
                let message = format!("no MCH of {name} is named \"{mch}\"; allowed values: {allowed}");
                say(&["mc", "server", &at, "bearer"], message);
            }
        }
    }
    let is_user = |name: &String| {
        let ue = s.ues.iter().find(|ue| ue.name == *name);
        let is_guest = s.guests(own).any(|(guest, _)| guest.name == *name);
        is_guest || ue.is_some_and(|ue| ue.mc.is_some() && ue.system.as_deref() == own)
    };
    for (i, group) in mc.groups.iter().enumerate() {
        let at = i.to_string();
        if usize::from(group.server) > mc.servers.len() {
            let message = format!("there is no server {}; allowed values: 1 to {}", group.server, mc.servers.len());
            say(&["mc", "group", &at, "server"], message);
        }
        // Steps name groups without their systems.
        let is_named = |mc: &Mc| mc.groups.iter().any(|other| other.name == group.name && !std::ptr::eq(other, group));
        if s.all_mc().any(is_named) {
            let message = format!("a second group with the name \"{}\"; allowed values: a name of its own", group.name);
            say(&["mc", "group", &at, "name"], message);
        }
        for member in group.members.iter().filter(|name| !is_user(name)) {
            let message =
                format!("{member} is no user of {}; allowed: UEs of it, and those that migrate to it", system.name);
            say(&["mc", "group", &at, "members"], message);
        }
    }
}

/// Where a UE is at home, and where it may go.
fn user(s: &Scenario, ue: &Ue, at: &str, note: &mut Checker<'_>) {
    let names = || s.systems.iter().map(|own| format!("\"{}\"", own.name)).collect::<Vec<_>>().join(", ");
    let is_known = |name: &str| s.systems.iter().any(|own| own.name == name);
    if let Some(name) = ue.system.as_deref() {
        if !is_known(name) {
            let message = format!("no [[system]] is named \"{name}\"; allowed values: {}", names());
            note.note(&["ue", at, "system"], message);
        }
        let needs_first = [("sms", ue.sms.is_some()), ("mms", ue.mms.is_some()), ("migrates", ue.migrates.is_some())];
        for (key, _) in needs_first.into_iter().filter(|(_, is_there)| *is_there) {
            let message = format!("{key} of a UE of a further system; allowed: of UEs without `system`");
            note.note(&["ue", at, key], message);
        }
        if ue.ims.as_ref().is_some_and(|own| own.same_user_as.is_some()) {
            let message = "a second device in a further system; allowed: UEs with users of their own";
            note.note(&["ue", at, "ims", "same_user_as"], message.into());
        }
    }
    if ue.name.ends_with(VISITOR) && !s.systems.is_empty() {
        let message = format!("names that end in \"{VISITOR}\" are those of visitors; allowed: any other");
        note.note(&["ue", at, "name"], message);
    }
    let Some(own) = &ue.migrates else { return };
    if !is_known(&own.to) {
        let message = format!("no [[system]] is named \"{}\"; allowed values: {}", own.to, names());
        return note.note(&["ue", at, "migrates", "to"], message);
    }
    let has_profile = s.ims.as_ref().is_some_and(|ims| ims.has(Service::Identity) && ims.has(Service::Xdm));
    if !has_profile {
        let message =
            "migrates without \"identity\" and \"xdm\" in [ims] services, whose user profile it needs; allowed: both";
        note.note(&["ue", at, "migrates"], message.into());
    }
    if ue.ims.is_none() || ue.mc.is_none() {
        let message = "migrates of a UE without `ims` or `mc`; allowed: all three, or no `migrates`";
        note.note(&["ue", at, "migrates"], message.into());
    }
    if ue.ims.as_ref().is_some_and(|own| own.same_user_as.is_some()) {
        note.note(&["ue", at, "migrates"], "migrates of a second device; allowed: of a user's first".into());
    }
    let to = s.system_named(Some(&own.to));
    if to.map(|to| to.ims.security) != s.ims.as_ref().map(|ims| ims.security) {
        let message = format!("{} has another `security`; allowed: the same in both systems", own.to);
        note.note(&["ue", at, "migrates", "to"], message);
    }
    match to.and_then(|system| system.mc.as_ref()) {
        Some(mc) => known_server(mc, own.server, &["ue", at, "migrates", "server"], note),
        None => {
            let message = format!("the system {} has no table mc; allowed: one that has", own.to);
            note.note(&["ue", at, "migrates", "to"], message);
        }
    }
}
