//! Further MC systems of a run, and users who migrate to them (TS 23.280 clause 10.1.6.2): each system has an IMS and MC servers
//! of its own.

mod check;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use protocol::Plmn;
use serde::{Deserialize, Serialize};

use super::ims::{ims, yes_no};
use super::mc::{MC_SERVERS_MAX, mc};
use super::{Ims, MbsfnArea, Mc, Mch, Scenario, Ue};
use crate::strict_toml::Table;

pub(super) use check::check;

/// A further MC system.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Name in this scenario, and before the names of its boxes.
    pub name: String,
    /// Mobile network code of its network, in the country of the first one (TS 23.003 clause 2.2).
    pub mnc: String,
    /// Its IMS.
    pub ims: Ims,
    /// Its mission critical services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mc: Option<Mc>,
    /// MBSFN areas of its cells, by their `n_id_mbsfn`; all others are of the first system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<u8>,
}

/// Who a user is in another system.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UeMigrates {
    /// Name of the system.
    pub to: String,
    /// Number of the MC server that serves him there.
    pub server: u8,
    /// What the migration management server there has of him.
    pub binding: Binding,
    /// His UE goes where it has coverage by itself; else when a step says so.
    #[serde(with = "yes_no")]
    pub automatic: bool,
}

/// What the migration management server of a system has of a user of another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// His identities in both systems.
    Bound,
    /// The same, and that he may not come at present.
    Barred,
    /// Nothing.
    Unknown,
}

/// What the first system is called by others.
pub(crate) const PRIMARY: &str = "primary";

/// Mobile country code of the test networks (TS 23.003 clause 2.2).
const MCC: &str = "001";
/// Mobile network code of the first of them.
const FIRST_MNC: &str = "01";
/// Further systems, at most: each has 16 networks of 10.0.0.0/8 from 10.46.0.0 on.
const SYSTEMS_MAX: usize = 8;

/// A system of a scenario as if it were alone: all UEs are there, those of other systems without subscriptions.
pub(crate) struct SystemView<'a> {
    /// From 0, the first one.
    pub(crate) number: u8,
    /// The first one has no name.
    pub(crate) name: Option<&'a str>,
    pub(crate) scenario: Cow<'a, Scenario>,
}

impl Scenario {
    /// The systems, the first one first.
    pub(crate) fn systems(&self) -> Vec<SystemView<'_>> {
        if self.systems.is_empty() {
            return vec![SystemView { number: 0, name: None, scenario: Cow::Borrowed(self) }];
        }
        let names = std::iter::once(None).chain(self.systems.iter().map(|own| Some(own.name.as_str())));
        let view = |(number, name)| SystemView { number, name, scenario: Cow::Owned(self.alone(name)) };
        (0..).zip(names).map(view).collect()
    }

    /// What a system has, UEs of others without subscriptions.
    fn alone(&self, name: Option<&str>) -> Self {
        let mut own = self.clone();
        if let Some(system) = self.system_named(name) {
            (own.ims, own.mc) = (Some(system.ims.clone()), system.mc.clone());
            (own.sms, own.mms) = (None, None);
        }
        for ue in own.ues.iter_mut().filter(|ue| ue.system.as_deref() != name) {
            (ue.ims, ue.mc, ue.sms, ue.mms) = (None, None, None, None);
        }
        own
    }

    /// The number of a system by its name; none: the first one.
    pub(crate) fn system_number(&self, name: Option<&str>) -> u8 {
        let place = self.systems.iter().position(|own| Some(own.name.as_str()) == name);
        place.map_or(0, |place| place as u8 + 1)
    }

    /// A further system by its name.
    pub(crate) fn system_named(&self, name: Option<&str>) -> Option<&System> {
        self.systems.iter().find(|own| Some(own.name.as_str()) == name)
    }

    /// The IMS that a UE has its subscription in.
    pub(crate) fn ims_of(&self, ue: &Ue) -> Option<&Ims> {
        match ue.system.as_deref() {
            None => self.ims.as_ref(),
            name => self.system_named(name).map(|own| &own.ims).or(self.ims.as_ref()),
        }
    }

    /// The mission critical services of that system.
    pub(crate) fn mc_of(&self, ue: &Ue) -> Option<&Mc> {
        match self.system_named(ue.system.as_deref()) {
            Some(own) => own.mc.as_ref(),
            None => self.mc.as_ref(),
        }
    }

    /// Mission critical services of all systems.
    pub(crate) fn all_mc(&self) -> impl Iterator<Item = &Mc> {
        self.mc.iter().chain(self.systems.iter().filter_map(|own| own.mc.as_ref()))
    }

    /// UEs whose users may come to a system from others, and who they are there.
    pub(crate) fn guests<'a>(&'a self, system: Option<&'a str>) -> impl Iterator<Item = (&'a Ue, &'a UeMigrates)> {
        let guest = move |ue: &'a Ue| Some((ue, ue.migrates.as_ref().filter(|own| Some(own.to.as_str()) == system)?));
        self.ues.iter().filter_map(guest)
    }

    /// Who the user of a UE is in the system that he may go to.
    pub(crate) fn visitor_identity(&self, ue: &Ue) -> Option<VisitorIdentity> {
        let domain = &self.system_named(Some(&ue.migrates.as_ref()?.to))?.ims.domain;
        let mc_id = format!("{}{VISITOR}", ue.name);
        let impi = format!("{mc_id}@{domain}");
        Some(VisitorIdentity { impu: format!("sip:{impi}"), impi, mc_id })
    }

    /// The domain of the system that has a group.
    pub(crate) fn domain_of_group(&self, group: &str) -> Option<&str> {
        let further = self.systems.iter().find(|own| own.mc.as_ref().is_some_and(|mc| mc.group(group).is_some()));
        further.map(|own| &own.ims).or(self.ims.as_ref()).map(|ims| ims.domain.as_str())
    }

    /// The MBSFN areas of the cells of a system, with their places among all.
    pub(crate) fn areas_of<'a>(
        &'a self,
        system: Option<&'a str>,
    ) -> impl Iterator<Item = (usize, &'a MbsfnArea)> + Clone {
        self.areas.iter().enumerate().filter(move |(_, area)| self.system_of_area(area.n_id_mbsfn) == system)
    }

    /// MCHs of a system.
    pub(crate) fn mchs_of<'a>(&'a self, system: Option<&'a str>) -> impl Iterator<Item = &'a Mch> + Clone {
        self.areas_of(system).flat_map(|(_, area)| &area.mchs)
    }

    /// The system whose cells are in an area; none: the first one.
    pub(crate) fn system_of_area(&self, n_id_mbsfn: u8) -> Option<&str> {
        let system = self.systems.iter().find(|own| own.areas.contains(&n_id_mbsfn));
        system.map(|own| own.name.as_str())
    }

    /// The system that a box of this name is in; none: the first one.
    pub(crate) fn system_of_box(&self, name: &str) -> Option<&str> {
        let is_in = |own: &&System| name.strip_prefix(own.name.as_str()).is_some_and(|rest| rest.starts_with('.'));
        self.systems.iter().find(is_in).map(|own| own.name.as_str())
    }

    /// The area of the cell that a UE finds in a system: at home that of its client, elsewhere the first one.
    pub(crate) fn area_in(&self, ue: &Ue, system: Option<&str>) -> Option<u8> {
        if ue.system.as_deref() == system {
            return ue.mc.as_ref().and_then(|own| own.area);
        }
        self.areas_of(system).next().map(|(_, area)| area.n_id_mbsfn)
    }

    /// Digits of the network of a system: MCC and MNC.
    pub(crate) fn plmn_digits(&self, system: Option<&str>) -> String {
        let mnc = self.system_named(system).map_or(FIRST_MNC, |own| &own.mnc);
        format!("{MCC}{mnc}")
    }

    /// The network of a system.
    pub(crate) fn plmn(&self, system: Option<&str>) -> Option<Plmn> {
        Plmn::new(MCC, self.system_named(system).map_or(FIRST_MNC, |own| &own.mnc))
    }
}

impl UeMigrates {
    /// Private identities of all visitors of a domain; `*` stands for any characters.
    pub(crate) fn visitors(domain: &str) -> String {
        format!("*{VISITOR}@{domain}")
    }
}

/// Identities of a user in the system that he may go to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct VisitorIdentity {
    /// MC service user ID: the user part of the others.
    pub(crate) mc_id: String,
    /// Private identity.
    pub(crate) impi: String,
    /// Public identity, a SIP URI.
    pub(crate) impu: String,
}

/// What the names of visitors end in: no UE's own does.
const VISITOR: &str = "-visitor";

/// Reads `[[system]]`.
pub(super) fn system(t: &mut Table<'_>) -> System {
    // A visitor is no subscriber of an HLR there: he has no number that messages could go to.
    t.refused("sms", "of a further system, whose visitors have no numbers; allowed: [sms] of the first one");
    t.refused("mms", "of a further system, whose visitors have no numbers; allowed: [mms] of the first one");
    System {
        name: t.name("name"),
        mnc: t.text("mnc"),
        ims: t.table("ims", ims),
        mc: t.optional_table("mc", mc),
        areas: t.optional_integers("areas", 0..=u8::MAX),
    }
}

/// Reads the list of them.
pub(super) fn systems(t: &mut Table<'_>) -> Vec<System> {
    t.tables("system", 0..=SYSTEMS_MAX, system)
}

/// Reads `migrates = { ... }` of a UE.
pub(super) fn ue_migrates(t: &mut Table<'_>) -> UeMigrates {
    let bindings = [("bound", Binding::Bound), ("barred", Binding::Barred), ("unknown", Binding::Unknown)];
    UeMigrates {
        to: t.name("to"),
        server: t.optional_integer("server", 1..=MC_SERVERS_MAX as u8).unwrap_or(1),
        binding: t.choice_or("binding", &bindings, Binding::Bound),
        automatic: t.yes_no("automatic", true),
    }
}
