//! In which service areas a group has an MBMS bearer (TS 23.280 clause 10.7.3, TR 23.847 clause 1 leave it to the server): what
//! unicast costs against what a bearer costs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::Instant;
use protocol::sip::EutranCell;
use serde::Deserialize;

/// Service areas of a cell (TS 23.003 clause 15.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CellAreas {
    /// The cell as P-Access-Network-Info names it; its tracking area code does not matter.
    pub cell: EutranCell,
    /// Service area identities whose bearers can be received in it.
    pub areas: Vec<u16>,
}

/// When a group gets an MBMS bearer in a service area, and when it loses it. With *n* capable UEs in the area, unicast costs *n*
/// times `unicast_cost`, a bearer `bearer_cost`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BearerRule {
    /// What a UE costs over unicast.
    pub unicast_cost: u32,
    /// What a bearer costs in a service area.
    pub bearer_cost: u32,
    /// By so much the one has to be above the other to change anything.
    pub margin: u32,
    /// It has to be so for so long before a bearer begins, milliseconds.
    pub start_after_ms: u64,
    /// Or ends.
    pub stop_after_ms: u64,
}

impl Default for BearerRule {
    fn default() -> Self {
        Self { unicast_cost: 1, bearer_cost: 3, margin: 0, start_after_ms: 0, stop_after_ms: 10_000 }
    }
}

/// The service areas of a cell, of those that are known.
pub(crate) fn areas_of(cells: &[CellAreas], cell: Option<EutranCell>) -> &[u16] {
    let Some(cell) = cell else { return &[] };
    let is_it = |own: &EutranCell| own.plmn == cell.plmn && own.eci == cell.eci;
    cells.iter().find(|known| is_it(&known.cell)).map_or(&[], |known| &known.areas)
}

/// The service areas of a session that have a bearer, or shall have one.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    chosen: BTreeSet<u16>,
    /// Since when it would be otherwise.
    since: BTreeMap<u16, Instant>,
}

impl Choice {
    /// The areas that have a bearer from now on. `ues` are the areas that each capable UE is in.
    pub(crate) fn decide(&mut self, now: Instant, rule: &BearerRule, ues: &[Vec<u16>]) -> &BTreeSet<u16> {
        let target = cover(rule, &self.chosen, ues);
        let other: BTreeSet<u16> = target.symmetric_difference(&self.chosen).copied().collect();
        self.since.retain(|area, _| other.contains(area));
        for area in other {
            let since = *self.since.entry(area).or_insert(now);
            if since + self.delay(rule, area) <= now {
                self.since.remove(&area);
                if !self.chosen.remove(&area) {
                    self.chosen.insert(area);
                }
            }
        }
        &self.chosen
    }

    /// The areas as they were decided last.
    pub(crate) const fn chosen(&self) -> &BTreeSet<u16> {
        &self.chosen
    }

    /// When [`Self::decide`] would say something else, if nothing else changed.
    pub(crate) fn due(&self, rule: &BearerRule) -> Option<Instant> {
        self.since.iter().map(|(area, since)| *since + self.delay(rule, *area)).min()
    }

    fn delay(&self, rule: &BearerRule, area: u16) -> Duration {
        let ms = if self.chosen.contains(&area) { rule.stop_after_ms } else { rule.start_after_ms };
        Duration::from_millis(ms)
    }
}

/// The areas whose bearers cost less than unicast to the UEs in them. A UE counts once: for the area that most others are in,
/// of two alike the one that has a bearer, then the one with the lower number.
fn cover(rule: &BearerRule, standing: &BTreeSet<u16>, ues: &[Vec<u16>]) -> BTreeSet<u16> {
    let mut left: Vec<&Vec<u16>> = ues.iter().collect();
    let mut chosen = BTreeSet::new();
    loop {
        let mut counts: BTreeMap<u16, u64> = BTreeMap::new();
        for areas in &left {
            let areas: BTreeSet<u16> = areas.iter().copied().collect();
            areas.into_iter().for_each(|area| *counts.entry(area).or_default() += 1);
        }
        let pays = |area: u16, count: u64| {
            let (unicast, bearer) = (count.saturating_mul(rule.unicast_cost.into()), u64::from(rule.bearer_cost));
            let margin = u64::from(rule.margin);
            if standing.contains(&area) { unicast + margin >= bearer } else { unicast >= bearer + margin }
        };
        let paying = counts.into_iter().filter(|(area, count)| *count > 0 && pays(*area, *count));
        let best = paying.max_by_key(|(area, count)| (*count, standing.contains(area), std::cmp::Reverse(*area)));
        let Some((area, _)) = best else { return chosen };
        chosen.insert(area);
        left.retain(|areas| !areas.contains(&area));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(margin: u32) -> BearerRule {
        BearerRule { unicast_cost: 1, bearer_cost: 3, margin, start_after_ms: 100, stop_after_ms: 1000 }
    }

    fn set(areas: &[u16]) -> BTreeSet<u16> {
        areas.iter().copied().collect()
    }

    #[test]
    fn enough_ues_of_one_area_get_a_bearer_there() {
        let ues = [vec![1], vec![1], vec![1], vec![2], vec![2], vec![]];
        assert_eq!(cover(&rule(0), &set(&[]), &ues), set(&[1]));
        assert_eq!(cover(&rule(1), &set(&[]), &ues), set(&[]), "three are not enough above the margin");
        assert_eq!(cover(&rule(1), &set(&[1, 2]), &ues), set(&[1, 2]), "nor are two too few below it");
    }

    #[test]
    fn a_ue_counts_once_and_one_area_does_for_all_that_are_in_it() {
        let ues = [vec![1, 2], vec![2, 1], vec![1, 2, 3], vec![3]];
        assert_eq!(cover(&rule(0), &set(&[]), &ues), set(&[1]));
        assert_eq!(cover(&rule(0), &set(&[2]), &ues), set(&[2]), "what is there stays");
    }

    #[test]
    fn it_takes_its_time_and_forgets_what_was_short() {
        let (mut choice, rule) = (Choice::default(), rule(0));
        let ues = vec![vec![7]; 3];
        let at = Instant::from_millis;
        assert!(choice.decide(at(0), &rule, &ues).is_empty());
        assert_eq!(choice.due(&rule), Some(at(100)));
        assert!(choice.decide(at(50), &rule, &ues[1..]).is_empty());
        assert_eq!(choice.due(&rule), None);
        choice.decide(at(60), &rule, &ues);
        assert_eq!(choice.decide(at(160), &rule, &ues), &set(&[7]));
        choice.decide(at(200), &rule, &[]);
        assert_eq!(choice.due(&rule), Some(at(1200)));
        assert_eq!(choice.decide(at(1199), &rule, &[]), &set(&[7]));
        assert!(choice.decide(at(1200), &rule, &[]).is_empty());
    }

    proptest! {
        #[test]
        fn each_area_that_is_chosen_pays(ues in prop::collection::vec(prop::collection::vec(1u16..6, 0..3), 0..20)) {
            let chosen = cover(&rule(0), &set(&[]), &ues);
            for area in &chosen {
                prop_assert!(ues.iter().filter(|areas| areas.contains(area)).count() >= 3);
            }
            for area in 1..6 {
                let uncovered = ues.iter().filter(|areas| areas.contains(&area) && !areas.iter().any(|a| chosen.contains(a)));
                prop_assert!(uncovered.count() < 3);
            }
        }
    }
}
