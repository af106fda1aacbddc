//! `[[simulated_modem]]`: what a simulated modem does against the standards, and what befalls it in a run.

use std::time::Duration;

use hil::sim::Quirk;

use crate::modems::{Trouble, TroubleKind};
use crate::strict_toml::Table;

/// The simulated modem of one UE.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimulatedModem {
    /// UE.
    pub ue: String,
    /// Where it departs from the standards.
    pub quirks: Vec<Quirk>,
    /// What befalls it.
    pub trouble: Option<Trouble>,
}

/// Reads `[[simulated_modem]]`.
pub(super) fn simulated_modem(t: &mut Table<'_>) -> SimulatedModem {
    let ue = t.name("ue");
    let names = Quirk::ALL.map(Quirk::name);
    let quirks: Vec<(&str, Quirk)> = names.iter().map(String::as_str).zip(Quirk::ALL).collect();
    let quirks = t.optional_choices("quirks", &quirks);
    let troubles = TroubleKind::NAMES.map(|(name, kind)| (name, Some(kind)));
    let kind = t.choice_or("trouble", &troubles, None);
    let after = Duration::from_millis(t.optional_integer("after_ms", 0..=86_400_000).unwrap_or(0));
    SimulatedModem { ue, quirks, trouble: kind.map(|kind| Trouble { kind, after }) }
}
