//! What follows from what is known (TS 23.280 clause 10.7.3.9.2.2 steps 1 to 3): which servers are asked, which bearers are made
//! and given up, which bearer a call is on.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use protocol::{Instant, Tmgi};

use super::calls::WayState;
use super::config::Insufficient;
use super::machine::Machine;
use super::own::{Kind, Standing};
use crate::mc::coordination::Neighbour;

/// A bearer that a call may be on.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) tmgi: Tmgi,
    /// Whose it is; none: our own, with this number.
    pub(super) of: Result<u64, String>,
    pub(super) areas: BTreeSet<u16>,
}

impl Machine {
    pub(super) fn review(&mut self, now: Instant) {
        self.forget_askers(now);
        self.choose(now);
        self.ask_neighbours(now);
        self.look_around(now);
        self.make_bearers(now);
        self.place_calls(now);
        self.announce();
    }

    /// Discover bearer requests to all others (step 2), if there is anything to ask for.
    fn ask_neighbours(&mut self, now: Instant) {
        let mut areas = self.desired();
        let asking = self.own.values().filter(|bearer| matches!(bearer.standing, Standing::Asking { .. }));
        areas.extend(asking.flat_map(|bearer| &bearer.areas));
        for server in self.neighbours.keys().cloned().collect::<Vec<_>>() {
            let changes = self.user_changes(&server, &areas);
            let Some(other) = self.neighbours.get_mut(&server) else { continue };
            if areas.is_empty() {
                let is_used =
                    self.calls.values().any(|call| call.ways.keys().any(|tmgi| other.bearers.contains_key(tmgi)));
                if !is_used {
                    other.forget();
                }
            }
            if !changes.is_empty() && other.is_known(&areas, None) {
                other.ask_again(now);
            }
            if other.is_due(now, &areas) {
                self.discover(now, &server, areas.clone(), changes);
            }
        }
    }

    /// Servers that have not asked for long want nothing any more.
    fn forget_askers(&mut self, now: Instant) {
        let over = self.askers.iter().filter(|(_, (_, until))| *until <= now).map(|(server, _)| server.clone());
        for server in over.collect::<Vec<_>>() {
            self.askers.remove(&server);
            let users = self.foreign.iter().filter(|(_, user)| user.server == server).map(|(id, _)| id.clone());
            for user in users.collect::<Vec<_>>() {
                self.foreign.remove(&user);
                self.forget_told(&user);
            }
        }
    }

    /// Areas that other servers have bearers in; only those that `is_it` says.
    fn covered_by_others(&self, is_it: impl Fn(&str) -> bool) -> BTreeSet<u16> {
        let others = self.neighbours.iter().filter(|(server, _)| is_it(server));
        others.flat_map(|(_, other)| other.bearers.values().flat_map(|place| place.areas.iter().copied())).collect()
    }

    /// Bearers that have come: are they the only ones where they are?
    fn look_around(&mut self, now: Instant) {
        let covered = self.covered_by_others(|_| true);
        for id in self.own.keys().copied().collect::<Vec<_>>() {
            let Some(bearer) = self.own.get_mut(&id) else { continue };
            let Some(place) = &bearer.place else { continue };
            let overlap: BTreeSet<u16> = place.areas.intersection(&covered).copied().collect();
            match bearer.standing {
                Standing::Asking { since, is_contested } => {
                    if !self.neighbours.values().all(|other| other.is_known(&bearer.areas, Some(since))) {
                        continue;
                    }
                    if is_contested {
                        bearer.standing = Standing::Asking { since: now, is_contested: false };
                        self.neighbours.values_mut().for_each(|other| other.ask_again(now));
                        self.touch(now);
                        continue;
                    }
                }
                Standing::Reserve if overlap.is_empty() => {}
                Standing::Coming | Standing::Used | Standing::Reserve => continue,
            }
            let tmgi = place.tmgi;
            if overlap.is_empty() {
                bearer.standing = Standing::Used;
                self.say(format!("MBMS bearer {tmgi} is used"));
                self.tell_askers(id);
                self.touch(now);
            } else if bearer.kind == Kind::Wanted {
                let left: BTreeSet<u16> = bearer.areas.difference(&covered).copied().collect();
                if left.is_empty() {
                    self.say(format!("MBMS bearer {tmgi} is given up: another server has one in {overlap:?}"));
                    self.stop_own(now, id);
                } else {
                    self.change_own(now, id, left);
                }
            } else if bearer.standing != Standing::Reserve {
                bearer.standing = Standing::Reserve;
                self.say(format!("MBMS bearer {tmgi} waits in reserve: another server has one in {overlap:?}"));
                self.touch(now);
            }
        }
    }

    fn make_bearers(&mut self, now: Instant) {
        for at in 0..self.planned.len() {
            let (Some(planned), Some(plan)) = (self.planned.get(at), self.config.established.get(at).cloned()) else {
                continue;
            };
            if planned.id.is_none() && planned.not_before <= now {
                let id = self.start_own(now, Kind::Planned(at), plan.settings, plan.areas.into_iter().collect());
                self.planned[at].id = id;
            }
        }
        if self.is_ending {
            let idle: Vec<u64> = self.own.iter().filter(|(id, _)| self.is_idle(**id)).map(|(id, _)| *id).collect();
            idle.into_iter().for_each(|id| self.stop_own(now, id));
            return;
        }
        self.make_wanted(now);
        let over = |(id, bearer): (&u64, &super::own::OwnBearer)| match &bearer.kind {
            Kind::Duplicate { calls, .. } if calls.is_empty() && self.is_idle(*id) => Some(*id),
            _ => None,
        };
        for id in self.own.iter().filter_map(over).collect::<Vec<_>>() {
            self.say("the bearer beside the one that was full is given back");
            self.stop_own(now, id);
        }
    }

    /// Nobody of ours sends on it any more.
    fn is_idle(&self, id: u64) -> bool {
        let is_ours = self.own.get(&id).is_some_and(|bearer| {
            let own = &self.config.own;
            bearer.capacity.servers().any(|(_, server)| server == own)
        });
        !is_ours && !self.own.get(&id).is_some_and(|bearer| bearer.is_unmapping())
    }

    /// The bearer of the rule: where one is desired and nobody else has one (step 3).
    fn make_wanted(&mut self, now: Instant) {
        let existing = self.own.iter().find(|(_, bearer)| bearer.kind == Kind::Wanted);
        let existing =
            existing.map(|(id, bearer)| (*id, bearer.areas.clone(), bearer.standing, bearer.capacity.is_empty()));
        let own = self.config.own.clone();
        let mut areas = self.desired();
        let asked: BTreeSet<u16> = self
            .askers
            .values()
            .filter(|(_, until)| *until > now)
            .flat_map(|(areas, _)| areas.iter().copied())
            .collect();
        if self.config.is_central {
            areas.extend(&asked);
        }
        let is_known = self.neighbours.values().all(|other| other.is_known(&areas, None));
        // One that is used already gives way only to those that go first.
        let is_used = existing.as_ref().is_some_and(|(_, _, standing, _)| *standing == Standing::Used);
        let others = self.covered_by_others(|server| !is_used || server < own.as_str());
        let planned = self.own.values().filter(|bearer| matches!(bearer.kind, Kind::Planned(_)));
        let planned: BTreeSet<u16> = planned.flat_map(|bearer| bearer.areas.iter().copied()).collect();
        areas.retain(|area| !others.contains(area) && !planned.contains(area));
        match existing {
            Some((_, _, Standing::Coming | Standing::Asking { .. }, _)) => {}
            Some((id, had, _, is_empty)) => {
                let kept =
                    had.iter().copied().filter(|area| !is_empty || (asked.contains(area) && !others.contains(area)));
                areas.extend(kept);
                if areas.is_empty() {
                    self.say("no group wants the MBMS bearer any more");
                    self.stop_own(now, id);
                } else {
                    self.change_own(now, id, areas);
                }
            }
            None if is_known && self.wanted.0 <= now => {
                let settings = self.config.wanted.clone();
                self.start_own(now, Kind::Wanted, settings, areas);
            }
            None => {}
        }
    }

    /// When bearers are made, at the latest.
    pub(super) fn bearers_due(&self) -> Vec<Instant> {
        if self.mb2.is_none() || self.is_ending {
            return Vec::new();
        }
        let planned = self.planned.iter().filter(|planned| planned.id.is_none()).map(|planned| planned.not_before);
        // What others want ends at some time.
        planned
            .chain([self.wanted.0, self.duplicates_from])
            .chain(self.askers.values().map(|(_, until)| *until))
            .collect()
    }

    /// Bearers that calls may be on, those beside a full one left out.
    pub(super) fn usable(&self) -> Vec<Place> {
        let own = self.own.iter().filter(|(_, bearer)| bearer.is_used() && !bearer.is_duplicate());
        let own = own.filter_map(|(id, bearer)| {
            let place = bearer.place.as_ref()?;
            Some(Place { tmgi: place.tmgi, of: Ok(*id), areas: place.areas.clone() })
        });
        let others = self.neighbours.iter().flat_map(|(server, other)| {
            let place = |(tmgi, place): (&Tmgi, &crate::mc::coordination::SharedPlace)| Place {
                tmgi: *tmgi,
                of: Err(server.clone()),
                areas: place.areas.clone(),
            };
            other.bearers.iter().map(place)
        });
        own.chain(others).collect()
    }

    /// Puts calls on bearers.
    fn place_calls(&mut self, now: Instant) {
        let usable = self.usable();
        for key in self.calls.keys().copied().collect::<Vec<_>>() {
            let Some(call) = self.calls.get(&key) else { continue };
            if !self.config.codecs.contains(&call.codec) {
                continue;
            }
            let Some(group) = self.groups.get(&call.group) else { continue };
            let chosen = group.choice.chosen().clone();
            if !self.neighbours.values().all(|other| Neighbour::is_known(other, &chosen, None)) {
                continue;
            }
            let mut left = chosen.clone();
            while let Some(place) = self.best(key, &usable, &left) {
                left.retain(|area| !place.areas.contains(area));
                self.ensure_way(now, key, &place);
                self.ensure_duplicate(now, key, &place, &chosen);
            }
        }
    }

    /// Of the bearers in these areas the one that the call is on; else the one in most of them, then the one with the lowest
    /// TMGI.
    fn best(&self, call: u64, usable: &[Place], areas: &BTreeSet<u16>) -> Option<Place> {
        let ways = &self.calls.get(&call)?.ways;
        let there = usable.iter().filter(|place| !place.areas.is_disjoint(areas));
        let rank = |place: &&Place| {
            let is_on = ways.get(&place.tmgi).is_some_and(|way| way.is_on());
            (is_on, place.areas.intersection(areas).count(), Reverse(place.tmgi))
        };
        there.max_by_key(rank).cloned()
    }

    /// Another bearer where one is full, if that is wanted, and no longer than it is.
    fn ensure_duplicate(&mut self, now: Instant, call: u64, place: &Place, chosen: &BTreeSet<u16>) {
        let Some(way) = self.calls.get(&call).and_then(|known| known.ways.get(&place.tmgi)) else { return };
        let (is_full, is_on) = (matches!(way.state, WayState::Insufficient), way.is_on());
        let is_it =
            |bearer: &super::own::OwnBearer| matches!(&bearer.kind, Kind::Duplicate { of, .. } if *of == place.tmgi);
        let standing = self.own.iter().find(|(_, bearer)| is_it(bearer)).map(|(id, _)| *id);
        if is_on {
            if let Some(tmgi) = standing.and_then(|id| Some(self.own.get(&id)?.place.as_ref()?.tmgi)) {
                self.leave_later(now, call, tmgi);
            }
            if let Some(Kind::Duplicate { calls, .. }) = standing.and_then(|id| Some(&mut self.own.get_mut(&id)?.kind))
                && !self.calls.get(&call).is_some_and(|known| known.ways.values().any(|way| way.leaves_at.is_some()))
                && calls.remove(&call)
            {
                self.touch(now);
            }
            return;
        }
        if !is_full || self.config.insufficient != Insufficient::Duplicate || self.duplicates_from > now {
            return;
        }
        let Some(id) = standing else {
            let areas: BTreeSet<u16> = place.areas.intersection(chosen).copied().collect();
            let kind = Kind::Duplicate { of: place.tmgi, calls: BTreeSet::from([call]) };
            let settings = self.config.wanted.clone();
            if self.start_own(now, kind, settings, areas).is_some() {
                self.counters.duplicates += 1;
                self.say(format!("MBMS bearer {} is full: another one beside it", place.tmgi));
            }
            return;
        };
        let Some(bearer) = self.own.get_mut(&id) else { return };
        if let Kind::Duplicate { calls, .. } = &mut bearer.kind {
            calls.insert(call);
        }
        if let Some(own) = bearer.place.clone().filter(|_| bearer.standing == Standing::Used) {
            self.ensure_way(now, call, &Place { tmgi: own.tmgi, of: Ok(id), areas: own.areas });
        }
    }
}
