//! What the gateway gives to sessions, each to one at a time: groups of IP multicast, tunnels and ports (TS 23.246 clause
//! 8.3.2), identities on M3 (TS 36.444 clause 9.2.3.2).

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use super::MbmsGwNodeConfig;
use super::session::Session;

/// Values of a range that somebody has.
#[derive(Debug)]
struct Range {
    values: RangeInclusive<u32>,
    taken: BTreeSet<u32>,
    /// Where the search begins: what was given back rests as long as it can.
    next: u32,
}

impl Range {
    fn new(values: RangeInclusive<u32>) -> Self {
        let next = *values.start();
        Self { values, taken: BTreeSet::new(), next }
    }

    fn give(&mut self) -> Option<u32> {
        let (first, last) = (*self.values.start(), *self.values.end());
        let free = |taken: &BTreeSet<u32>, from: u32| {
            let mut candidate = from;
            for value in taken.range(from..=last) {
                if *value > candidate {
                    break;
                }
                candidate = value.checked_add(1)?;
            }
            (candidate <= last).then_some(candidate)
        };
        let value = free(&self.taken, self.next).or_else(|| free(&self.taken, first))?;
        self.taken.insert(value);
        self.next = if value == last { first } else { value + 1 };
        Some(value)
    }

    fn take(&mut self, value: u32) {
        self.taken.insert(value);
        if self.values.contains(&value) && value >= self.next {
            self.next = if value == *self.values.end() { *self.values.start() } else { value + 1 };
        }
    }
}

/// What a session gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Given {
    pub(super) multicast: Ipv4Addr,
    pub(super) c_teid: u32,
    pub(super) port: u16,
    pub(super) mme_id: u16,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Pools {
    groups: Range,
    tunnels: Range,
    ports: Range,
    mme_ids: Range,
}

impl Pools {
    pub(super) fn new(config: &MbmsGwNodeConfig) -> Self {
        let (groups, ports) = (&config.m1_groups, &config.sgi_mb_ports);
        Self {
            groups: Range::new(u32::from(*groups.start())..=u32::from(*groups.end())),
            // TEID 0 is not a tunnel (TS 29.281 clause 5.1).
            tunnels: Range::new(1..=u32::MAX),
            ports: Range::new((*ports.start()).into()..=(*ports.end()).into()),
            mme_ids: Range::new(0..=u16::MAX.into()),
        }
    }

    /// One of each; none when one of them has run out.
    pub(super) fn give(&mut self) -> Option<Given> {
        let group = self.groups.give()?;
        let rest = [&mut self.tunnels, &mut self.ports, &mut self.mme_ids].map(Range::give);
        let [Some(c_teid), Some(port), Some(mme_id)] = rest else {
            self.groups.taken.remove(&group);
            let [c_teid, port, mme_id] = rest;
            c_teid.map(|value| self.tunnels.taken.remove(&value));
            port.map(|value| self.ports.taken.remove(&value));
            mme_id.map(|value| self.mme_ids.taken.remove(&value));
            return None;
        };
        Some(Given { multicast: group.into(), c_teid, port: port as u16, mme_id: mme_id as u16 })
    }

    /// A session that was there before has what it has.
    pub(super) fn take(&mut self, session: &Session) {
        self.groups.take(session.multicast.into());
        self.tunnels.take(session.c_teid);
        self.ports.take(session.port.into());
        self.mme_ids.take(session.mme_id.into());
    }

    /// All but the identity on M3.
    pub(super) fn give_back(&mut self, session: &Session) {
        self.groups.taken.remove(&session.multicast.into());
        self.tunnels.taken.remove(&session.c_teid);
        self.ports.taken.remove(&session.port.into());
    }

    pub(super) fn give_back_mme_id(&mut self, mme_id: u16) {
        self.mme_ids.taken.remove(&mme_id.into());
    }

    pub(super) fn audit<'a>(
        &self,
        sessions: impl Iterator<Item = &'a Session>,
        ending: impl Iterator<Item = u16>,
    ) -> Result<(), String> {
        let mut seen: [BTreeSet<u32>; 4] = Default::default();
        seen[3].extend(ending.map(u32::from));
        for session in sessions {
            let given = [session.multicast.into(), session.c_teid, session.port.into(), session.mme_id.into()];
            for (seen, value) in seen.iter_mut().zip(given) {
                if !seen.insert(value) {
                    return Err(format!("{value} of {} is given out twice", session.id));
                }
            }
        }
        for (seen, range) in seen.iter().zip([&self.groups, &self.tunnels, &self.ports, &self.mme_ids]) {
            if *seen != range.taken {
                return Err(format!("{} are noted as taken, {} are", range.taken.len(), seen.len()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_back_rests() {
        let mut range = Range::new(5..=7);
        assert_eq!([range.give(), range.give()], [Some(5), Some(6)]);
        range.taken.remove(&5);
        assert_eq!([range.give(), range.give(), range.give()], [Some(7), Some(5), None]);
        range.taken.remove(&6);
        assert_eq!(range.give(), Some(6));
        let mut top = Range::new(u32::MAX - 1..=u32::MAX);
        assert_eq!([top.give(), top.give(), top.give()], [Some(u32::MAX - 1), Some(u32::MAX), None]);
        let mut restored = Range::new(1..=9);
        restored.take(4);
        assert_eq!(restored.give(), Some(5));
    }

    #[test]
    fn what_runs_out_leaks_nothing() {
        let diameter = protocol::diameter::DiameterConfig::new("gw.test", "test", [127, 0, 0, 1].into(), vec![]);
        let groups = Ipv4Addr::new(232, 0, 0, 1)..=Ipv4Addr::new(232, 0, 0, 9);
        let config = MbmsGwNodeConfig::new(diameter, Ipv4Addr::LOCALHOST, groups);
        let mut pools = Pools::new(&MbmsGwNodeConfig { sgi_mb_ports: 7..=8, ..config });
        assert!(pools.give().is_some() && pools.give().is_some() && pools.give().is_none());
        assert_eq!([pools.groups.taken.len(), pools.tunnels.taken.len(), pools.mme_ids.taken.len()], [2; 3]);
    }
}
