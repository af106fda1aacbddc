//! A single-frequency network: sites that radiate the signal of the one eNB, and what a UE hears of each.
//!
//! All sites send the same signal with the same cell identity, as TS 36.300 clause 15.3.1 asks of the cells of an MBSFN
//! area for the MCH; here it holds for the whole carrier, so a UE sees one cell with the paths of all sites.

use serde::{Deserialize, Serialize};

use super::channel::{Fading, fading};
use super::{Scenario, Ue};
use crate::strict_toml::{Checker, Table, nearest};

/// A site of a single-frequency network.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transmitter {
    /// Name in this scenario.
    pub name: String,
    /// Power, dB; 0 dB is what the SNR of a channel counts from.
    #[serde(default)]
    pub power_db: f64,
    /// How much later than it should it sends, microseconds.
    #[serde(default)]
    pub timing_error_us: f64,
    /// How much too high its carrier frequency is, Hz.
    #[serde(default)]
    pub cfo_hz: f64,
}

/// What a UE hears of one transmitter.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hears {
    /// Name of the transmitter.
    pub transmitter: String,
    /// Mean power, dB over that of the transmitter.
    #[serde(default)]
    pub power_db: f64,
    /// Delay on top of that of the channel, microseconds.
    #[serde(default)]
    pub delay_us: f64,
    /// How it fades, where that is not as the channel says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fading: Option<Fading>,
}

/// One way from a site to a UE.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Way<'a> {
    /// Name of the transmitter; none when the scenario has none.
    pub transmitter: Option<&'a str>,
    /// Delay, microseconds.
    pub delay_us: f64,
    /// Mean power, dB.
    pub power_db: f64,
    /// Carrier frequency offset that the UE sees, Hz.
    pub cfo_hz: f64,
    /// How it fades.
    pub fading: Option<Fading>,
}

impl Scenario {
    /// The ways from sites to a UE.
    pub fn ways<'a>(&'a self, ue: &'a Ue) -> Vec<Way<'a>> {
        let own = Way {
            transmitter: None,
            delay_us: ue.channel().delay_us,
            power_db: 0.0,
            cfo_hz: ue.channel().cfo_hz,
            fading: ue.channel().model.fading(),
        };
        let way = |(hears, site): (&'a Hears, &'a Transmitter)| Way {
            transmitter: Some(&site.name),
            delay_us: own.delay_us + site.timing_error_us + hears.delay_us,
            power_db: site.power_db + hears.power_db,
            cfo_hz: own.cfo_hz + site.cfo_hz,
            fading: hears.fading.or(own.fading),
        };
        let site = |h: &'a Hears| Some((h, self.transmitters.iter().find(|t| t.name == h.transmitter)?));
        if ue.hears.is_empty() { vec![own] } else { ue.hears.iter().filter_map(site).map(way).collect() }
    }
}

/// Reads a `[[transmitter]]`.
pub(super) fn transmitter(t: &mut Table<'_>) -> Transmitter {
    Transmitter {
        name: t.name("name"),
        power_db: t.optional_number("power_db", -100.0..=30.0).unwrap_or(0.0),
        timing_error_us: t.optional_number("timing_error_us", -100.0..=100.0).unwrap_or(0.0),
        cfo_hz: t.optional_number("cfo_hz", -7000.0..=7000.0).unwrap_or(0.0),
    }
}

/// Reads one of `hears`.
pub(super) fn hears(t: &mut Table<'_>) -> Hears {
    Hears {
        transmitter: t.name("transmitter"),
        power_db: t.optional_number("power_db", -100.0..=30.0).unwrap_or(0.0),
        delay_us: t.optional_number("delay_us", 0.0..=MAX_DELAY_US).unwrap_or(0.0),
        fading: t.optional_table("fading", fading),
    }
}

/// Who hears whom.
pub(super) fn check(s: &Scenario, note: &mut Checker<'_>) {
    for (i, ue) in s.ues.iter().enumerate() {
        let at = i.to_string();
        if ue.hears.is_empty() && !s.transmitters.is_empty() {
            let message = format!(
                "UE {} hears none of the transmitters; allowed values: hears = [{{ transmitter = \"{}\" }}] and the like",
                ue.name, s.transmitters[0].name
            );
            note.note(&["ue", &at, "hears"], message);
        }
        for (j, hears) in ue.hears.iter().enumerate() {
            known(s, ue, j, &["ue", &at, "hears", &j.to_string(), "transmitter"], note);
            let delay_us = s.ways(ue).iter().find(|w| w.transmitter == Some(&hears.transmitter)).map(|w| w.delay_us);
            if let Some(delay_us) = delay_us.filter(|delay| *delay < 0.0) {
                let message = format!(
                    "transmitter {} arrives {} us before it is sent: its timing error is more than the delays; allowed \
                     values: delay_us that make up for it",
                    hears.transmitter, -delay_us
                );
                note.note(&["ue", &at, "hears", &j.to_string(), "delay_us"], message);
            }
        }
    }
}

/// `hears` number `j` names a transmitter, and none twice.
fn known(s: &Scenario, ue: &Ue, j: usize, path: &[&str], note: &mut Checker<'_>) {
    let name = &ue.hears[j].transmitter;
    if s.transmitters.is_empty() {
        return note.note(path, "the scenario has no [[transmitter]]; allowed values: no hears".into());
    }
    let names = s.transmitters.iter().map(|t| t.name.as_str());
    if !names.clone().any(|n| n == name) {
        let hint = nearest(name, names.clone()).map_or_else(String::new, |n| format!(" did you mean \"{n}\"?"));
        let allowed: Vec<String> = names.map(|n| format!("\"{n}\"")).collect();
        return note
            .note(path, format!("no transmitter is named \"{name}\";{hint} allowed values: {}", allowed.join(", ")));
    }
    if ue.hears[..j].iter().any(|h| h.transmitter == *name) {
        note.note(path, format!("transmitter \"{name}\" a second time; allowed values: each once"));
    }
}

/// Some 60 km further than the nearest transmitter.
const MAX_DELAY_US: f64 = 200.0;
