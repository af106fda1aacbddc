//! Admission control of an MCE: TS 36.300 clause 15.1.1 (radio resources of MBSFN areas, suspension and resumption by ARP),
//! TS 36.444 clause 8.2.2 (allocation and retention priority).
//!
//! The MBMS service area of a bearer says in which MBSFN areas it is, and on which PMCHs when these are reserved for service
//! areas, its QCI which PMCHs are robust and frequent enough, its guaranteed bit rate what it takes of one of them. Where
//! nothing is left, bearers of lower priority that may be pre-empted make room, lowest first, for one that may pre-empt. They
//! are suspended, not released: what becomes free goes to those that wait, highest priority first. M3AP knows no word of an MCE about that (TS 36.444 clause 8): the eNBs learn it by MBMS
//! scheduling information, the UEs by MSI and MCCH.

mod plan;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use plan::MAX_BEARERS_OF_PMCH;
pub use plan::{
    AdmissionConfig, AdmissionRefusal, AreaPlan, Change, Demand, Place, PmchPlan, QosClass, Rate, Retention,
};

/// The machine: it has no timers and asks nobody, so its calls have answers.
#[derive(Clone, Debug)]
pub struct Admission {
    config: AdmissionConfig,
    areas: Vec<Area>,
    bearers: BTreeMap<u32, Bearer>,
    admitted: u64,
}

/// What an MBSFN area carries.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Area {
    /// The PMCH of each bearer; none: it is suspended here.
    places: BTreeMap<u32, Option<usize>>,
    /// Of each PMCH: bit/s that are given away, and bearers.
    used: Vec<(u64, usize)>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Bearer {
    demand: Demand,
    /// What it takes of a PMCH, in bit/s.
    rate: u64,
    /// The older has the smaller number.
    since: u64,
    /// Where it is to be sent: service area identities, and the MBSFN areas that have them.
    service_areas: Vec<u16>,
    areas: Vec<usize>,
}

/// What there was before a change.
struct Before {
    areas: Vec<(usize, Area)>,
    bearer: Option<Bearer>,
}

impl Admission {
    /// Without bearers.
    #[must_use]
    pub fn new(config: AdmissionConfig) -> Self {
        let area = |plan: &AreaPlan| Area { places: BTreeMap::new(), used: vec![(0, 0); plan.pmchs.len()] };
        let areas = config.areas.iter().map(area).collect();
        Self { config, areas, bearers: BTreeMap::new(), admitted: 0 }
    }

    /// MBSFN areas that have one of these service area identities; 0 means all of them (TS 23.003 clause 15.3).
    #[must_use]
    pub fn areas_of(&self, service_areas: &[u16]) -> Vec<usize> {
        let is_meant = |plan: &AreaPlan| service_areas.iter().any(|sai| *sai == 0 || plan.service_areas.contains(sai));
        (0..self.areas.len()).filter(|&index| is_meant(&self.config.areas[index])).collect()
    }

    /// Admits a bearer where it can be; refused when that is nowhere.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then.
    pub fn start(
        &mut self,
        bearer: u32,
        service_areas: &[u16],
        demand: Demand,
    ) -> Result<Vec<Change>, AdmissionRefusal> {
        let rate = self.rate(&demand)?;
        let areas = self.areas_of(service_areas);
        if self.bearers.contains_key(&bearer) {
            return Err(AdmissionRefusal::Exists(bearer));
        } else if areas.is_empty() {
            return Err(AdmissionRefusal::NoArea);
        } else if self.bearers.len() >= self.config.max_bearers {
            return Err(AdmissionRefusal::TooMany(self.config.max_bearers));
        }
        let before = self.remember(bearer, &areas);
        self.enter(bearer, demand, rate, (service_areas, &areas));
        self.end(bearer, before, rate)
    }

    /// Admits a bearer that ran before this MCE had lost its memory: where there is no room for it, it waits.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then.
    pub fn restore(
        &mut self,
        bearer: u32,
        service_areas: &[u16],
        demand: Demand,
    ) -> Result<Vec<Change>, AdmissionRefusal> {
        match self.start(bearer, service_areas, demand) {
            Err(AdmissionRefusal::NoCapacity(rate)) => {
                let areas = self.areas_of(service_areas);
                self.enter(bearer, demand, rate, (service_areas, &areas));
                Ok(areas.into_iter().map(|area| Change { bearer, area, place: Place::Suspended }).collect())
            }
            other => other,
        }
    }

    fn enter(&mut self, bearer: u32, demand: Demand, rate: u64, (service_areas, areas): (&[u16], &[usize])) {
        self.admitted += 1;
        let (since, service_areas) = (self.admitted, service_areas.to_vec());
        self.bearers.insert(bearer, Bearer { demand, rate, since, service_areas, areas: areas.to_vec() });
        for &area in areas {
            self.areas[area].places.insert(bearer, None);
            self.find_place(area, bearer, true);
        }
    }

    /// Gives a bearer other parameters; where it has to move, it moves as one that starts.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then.
    pub fn update(
        &mut self,
        bearer: u32,
        service_areas: &[u16],
        demand: Demand,
    ) -> Result<Vec<Change>, AdmissionRefusal> {
        let rate = self.rate(&demand)?;
        let areas = self.areas_of(service_areas);
        if areas.is_empty() {
            return Err(AdmissionRefusal::NoArea);
        }
        let old = self.bearers.get(&bearer).ok_or(AdmissionRefusal::Unknown(bearer))?.clone();
        let left: Vec<usize> = old.areas.iter().copied().filter(|area| !areas.contains(area)).collect();
        let before = self.remember(bearer, &[&left[..], &areas].concat());
        for (area, _) in &before.areas {
            self.take_off(*area, bearer);
        }
        for area in left {
            self.areas[area].places.remove(&bearer);
        }
        let (since, sais) = (old.since, service_areas.to_vec());
        self.bearers.insert(bearer, Bearer { demand, rate, since, service_areas: sais, areas: areas.clone() });
        for area in areas {
            let had = before.areas.iter().find(|(index, _)| *index == area);
            let had = had.and_then(|(_, area)| area.places.get(&bearer).copied().flatten());
            self.areas[area].places.insert(bearer, None);
            match had.filter(|&pmch| self.suits(area, pmch, bearer) && self.has_room(area, pmch, rate)) {
                Some(pmch) => self.put_on(area, bearer, pmch),
                None => self.find_place(area, bearer, true),
            }
        }
        self.end(bearer, before, rate)
    }

    /// Ends a bearer; nothing happens when it is unknown.
    pub fn stop(&mut self, bearer: u32) -> Vec<Change> {
        let Some(Bearer { areas, rate, .. }) = self.bearers.get(&bearer).cloned() else { return Vec::new() };
        let before = self.remember(bearer, &areas);
        for &area in &areas {
            self.take_off(area, bearer);
            self.areas[area].places.remove(&bearer);
        }
        self.bearers.remove(&bearer);
        self.end(bearer, before, rate).unwrap_or_default()
    }

    /// The PMCH of a bearer in an area; none when it is suspended or not there.
    #[must_use]
    pub fn pmch(&self, bearer: u32, area: usize) -> Option<usize> {
        self.areas.get(area)?.places.get(&bearer).copied().flatten()
    }

    /// MBSFN areas of a bearer, those in which it is suspended too.
    #[must_use]
    pub fn areas(&self, bearer: u32) -> &[usize] {
        self.bearers.get(&bearer).map_or(&[], |b| &b.areas)
    }

    /// Bit/s of a PMCH that nobody has.
    #[must_use]
    pub fn free(&self, area: usize, pmch: usize) -> u64 {
        let capacity = self.config.areas[area].pmchs[pmch].capacity;
        capacity.saturating_sub(self.areas[area].used[pmch].0)
    }

    /// Bearers that wait in an area.
    #[must_use]
    pub fn suspended(&self, area: usize) -> usize {
        self.areas[area].places.values().filter(|place| place.is_none()).count()
    }

    /// Bearers that are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bearers.len()
    }

    /// Whether there are no bearers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bearers.is_empty()
    }

    /// Whether the sums of all PMCHs are those of their bearers, none above what there is, and nobody waits who fits.
    ///
    /// # Errors
    /// What does not hold.
    pub fn audit(&self) -> Result<(), String> {
        for (index, area) in self.areas.iter().enumerate() {
            let plans = &self.config.areas[index].pmchs;
            for (pmch, plan) in plans.iter().enumerate() {
                let on = area.places.iter().filter(|(_, place)| **place == Some(pmch)).map(|(id, _)| id);
                let sum = on.fold((0, 0), |(rate, count), id| (rate + self.bearers[id].rate, count + 1));
                if sum != area.used[pmch] || sum.0 > plan.capacity || sum.1 > MAX_BEARERS_OF_PMCH {
                    let used = area.used[pmch];
                    return Err(format!(
                        "PMCH {pmch} of area {index}: {used:?} is noted, {sum:?} of {plan:?} is there"
                    ));
                }
            }
            for (id, place) in &area.places {
                let bearer = self.bearers.get(id).filter(|b| b.areas.contains(&index));
                let bearer = bearer.ok_or_else(|| format!("area {index} has bearer {id}, which is not there"))?;
                let fits = |pmch| self.suits(index, pmch, *id) && self.has_room(index, pmch, bearer.rate);
                if place.is_none() && (0..plans.len()).any(fits) {
                    return Err(format!("bearer {id} waits in area {index} for nothing"));
                }
            }
        }
        let missing =
            |(id, b): &(&u32, &Bearer)| b.areas.iter().any(|area| !self.areas[*area].places.contains_key(*id));
        match self.bearers.iter().find(missing) {
            Some((id, _)) => Err(format!("bearer {id} is not in all of its areas")),
            None => Ok(()),
        }
    }

    /// What a bearer takes, in bit/s.
    fn rate(&self, demand: &Demand) -> Result<u64, AdmissionRefusal> {
        if demand.retention.is_logical_error() {
            return Err(AdmissionRefusal::Priority);
        }
        let class = self.class(demand.qci).ok_or(AdmissionRefusal::UnknownQci(demand.qci))?;
        match (class.rate, demand.guaranteed) {
            (Rate::Nominal(rate), _) => Ok(rate),
            (Rate::Guaranteed, Some(rate)) if rate > 0 && rate <= demand.maximum.unwrap_or(rate) => Ok(rate),
            (Rate::Guaranteed, _) => Err(AdmissionRefusal::Rates(demand.qci)),
        }
    }

    fn class(&self, qci: u8) -> Option<&QosClass> {
        self.config.classes.iter().find(|class| class.qci == qci)
    }

    /// Whether a PMCH may carry a bearer: it is for its service areas (0 is all of them), robust and frequent enough.
    fn suits(&self, area: usize, pmch: usize, bearer: u32) -> bool {
        let plan = &self.config.areas[area].pmchs[pmch];
        let Some(bearer) = self.bearers.get(&bearer) else { return false };
        let is_meant = |sai: &u16| *sai == 0 || plan.service_areas.contains(sai);
        let is_for = plan.service_areas.is_empty() || bearer.service_areas.iter().any(is_meant);
        is_for
            && self.class(bearer.demand.qci).is_some_and(|class| {
                plan.mcs <= class.max_mcs && plan.scheduling_period_rf <= class.max_scheduling_period_rf
            })
    }

    fn has_room(&self, area: usize, pmch: usize, rate: u64) -> bool {
        rate <= self.free(area, pmch) && self.areas[area].used[pmch].1 < MAX_BEARERS_OF_PMCH
    }

    /// Puts a bearer on the best PMCH that has room, or that others make room on.
    fn find_place(&mut self, area: usize, bearer: u32, is_new: bool) {
        let Some(Bearer { demand, rate, .. }) = self.bearers.get(&bearer).cloned() else { return };
        let suitable: Vec<usize> =
            (0..self.areas[area].used.len()).filter(|&pmch| self.suits(area, pmch, bearer)).collect();
        // The most bits per subframe first, then the fullest: the others keep room for what needs more of it.
        let free = suitable.iter().copied().filter(|&pmch| self.has_room(area, pmch, rate));
        let best = free.max_by_key(|&pmch| {
            let plan = &self.config.areas[area].pmchs[pmch];
            (plan.mcs, Reverse(self.free(area, pmch)), Reverse(pmch))
        });
        if let Some(pmch) = best {
            return self.put_on(area, bearer, pmch);
        }
        if !is_new || !demand.retention.may_preempt() {
            return;
        }
        let victims = suitable.into_iter().filter_map(|pmch| Some((pmch, self.victims(area, pmch, demand, rate)?)));
        // Where the most important one that has to go is the least important, then where the least goes.
        let cost = |victims: &[u32]| {
            let priority = victims.iter().map(|id| self.bearers[id].demand.retention.priority()).min();
            (Reverse(priority), victims.iter().map(|id| self.bearers[id].rate).sum::<u64>())
        };
        if let Some((pmch, victims)) = victims.min_by_key(|(pmch, victims)| (cost(victims), *pmch)) {
            for victim in victims {
                self.take_off(area, victim);
            }
            self.put_on(area, bearer, pmch);
        }
    }

    /// Bearers of lower priority that have to go from a PMCH, in ascending order of priority (TS 36.444 clause 8.2.2); none
    /// when that is not enough. Logical channels of those that go are free only after the MCCH has changed: they do not count.
    fn victims(&self, area: usize, pmch: usize, demand: Demand, rate: u64) -> Option<Vec<u32>> {
        let own = demand.retention.priority();
        let mut weaker: Vec<(&u32, &Bearer)> = self.areas[area]
            .places
            .iter()
            .filter(|(_, place)| **place == Some(pmch))
            .filter_map(|(id, _)| Some((id, self.bearers.get(id)?)))
            .filter(|(_, b)| b.demand.retention.is_preemptable() && b.demand.retention.priority() > own)
            .collect();
        weaker.sort_by_key(|(_, b)| (Reverse(b.demand.retention.priority()), Reverse(b.since)));
        let mut free = self.free(area, pmch);
        let mut victims = Vec::new();
        for (id, weak) in weaker {
            if free >= rate {
                break;
            }
            free += weak.rate;
            victims.push(*id);
        }
        (free >= rate && self.areas[area].used[pmch].1 < MAX_BEARERS_OF_PMCH).then_some(victims)
    }

    fn put_on(&mut self, area: usize, bearer: u32, pmch: usize) {
        let rate = self.bearers.get(&bearer).map_or(0, |b| b.rate);
        let area = &mut self.areas[area];
        area.places.insert(bearer, Some(pmch));
        area.used[pmch].0 += rate;
        area.used[pmch].1 += 1;
    }

    /// From its PMCH, if it is on one: it waits now.
    fn take_off(&mut self, area: usize, bearer: u32) {
        let rate = self.bearers.get(&bearer).map_or(0, |b| b.rate);
        let area = &mut self.areas[area];
        if let Some(pmch) = area.places.get_mut(&bearer).and_then(Option::take) {
            area.used[pmch].0 -= rate;
            area.used[pmch].1 -= 1;
        }
    }

    /// What is free goes to those that wait: highest priority first, then the oldest.
    fn give_back(&mut self, area: usize) {
        let waits = self.areas[area].places.iter().filter(|(_, place)| place.is_none());
        let mut waiting: Vec<(u8, u64, u32)> = waits
            .filter_map(|(id, _)| {
                let bearer = self.bearers.get(id)?;
                Some((bearer.demand.retention.priority(), bearer.since, *id))
            })
            .collect();
        waiting.sort_unstable();
        for (.., bearer) in waiting {
            self.find_place(area, bearer, false);
        }
    }

    fn remember(&self, bearer: u32, areas: &[usize]) -> Before {
        let areas = areas.iter().map(|&area| (area, self.areas[area].clone())).collect();
        Before { areas, bearer: self.bearers.get(&bearer).cloned() }
    }

    /// Ends a change: what became free is given back; what the change was for has to have a place, if it had one.
    fn end(&mut self, bearer: u32, before: Before, rate: u64) -> Result<Vec<Change>, AdmissionRefusal> {
        let had = before.areas.iter().any(|(_, area)| area.places.get(&bearer).is_some_and(Option::is_some));
        let has = before.areas.iter().any(|(area, _)| self.pmch(bearer, *area).is_some());
        let is_known = self.bearers.contains_key(&bearer);
        if is_known && !has && (had || before.bearer.is_none()) {
            for (index, area) in before.areas {
                self.areas[index] = area;
            }
            match before.bearer {
                Some(old) => drop(self.bearers.insert(bearer, old)),
                None => drop(self.bearers.remove(&bearer)),
            }
            return Err(AdmissionRefusal::NoCapacity(rate));
        }
        let mut changes = Vec::new();
        for (index, area) in before.areas {
            self.give_back(index);
            changes.extend(differences(index, &area.places, &self.areas[index].places));
        }
        // What goes makes room for what comes.
        changes.sort_by_key(|change| (matches!(change.place, Place::On(_)), change.area, change.bearer));
        Ok(changes)
    }
}

fn differences<'a>(
    area: usize,
    before: &'a BTreeMap<u32, Option<usize>>,
    after: &'a BTreeMap<u32, Option<usize>>,
) -> impl Iterator<Item = Change> + 'a {
    let gone = before.keys().filter(|id| !after.contains_key(id)).map(|id| (*id, Place::Gone));
    let other = after.iter().filter(|(id, place)| before.get(id) != Some(place));
    let other = other.map(|(id, place)| (*id, place.map_or(Place::Suspended, Place::On)));
    gone.chain(other).map(move |(bearer, place)| Change { bearer, area, place })
}

#[cfg(test)]
mod tests;
