//! The ledger of datagrams: what the eNB took for an MTCH comes out of the receiver of every UE once, in order.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};

/// Datagrams that a UE had and that are still known, to tell one that comes twice from one that was never sent.
const KNOWN_MAX: usize = 4096;

/// What was sent in each session, and what of it each UE had.
#[derive(Debug)]
pub(crate) struct Ledger {
    ues: Vec<BTreeMap<String, Account>>,
    /// Datagrams of each session so far.
    sent: BTreeMap<String, u64>,
}

/// One UE and one session.
#[derive(Debug, Default)]
struct Account {
    /// Sent and not received yet: number and fingerprint.
    open: VecDeque<(u64, u64)>,
    /// Received: number and fingerprint.
    known: VecDeque<(u64, u64)>,
    totals: Totals,
}

/// Sums of one UE and one session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) received: u64,
    pub(crate) lost: u64,
    pub(crate) duplicated: u64,
    /// Never sent, or damaged.
    pub(crate) strange: u64,
}

/// What a datagram is to the ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Entry {
    /// The one that was to come.
    Next,
    /// One that was to come later: `count` from `first` on are lost.
    AfterLoss { first: u64, count: u64 },
    /// The one of this number a second time.
    Duplicate(u64),
    /// None that was sent.
    Strange,
}

impl Ledger {
    pub(crate) fn new(ues: usize) -> Self {
        Self { ues: (0..ues).map(|_| BTreeMap::new()).collect(), sent: BTreeMap::new() }
    }

    /// The eNB took a datagram of a session.
    pub(crate) fn sent(&mut self, session: &str, datagram: &[u8]) {
        let number = self.sent.entry(session.to_owned()).or_default();
        *number += 1;
        let entry = (*number, fingerprint(datagram));
        for accounts in &mut self.ues {
            accounts.entry(session.to_owned()).or_default().open.push_back(entry);
        }
    }

    /// Datagrams of a session so far.
    pub(crate) fn sent_of(&self, session: &str) -> u64 {
        self.sent.get(session).copied().unwrap_or(0)
    }

    /// A UE had a datagram of a session.
    pub(crate) fn received(&mut self, ue: usize, session: &str, datagram: &[u8]) -> Entry {
        let account = self.ues[ue].entry(session.to_owned()).or_default();
        account.received(fingerprint(datagram))
    }

    /// Nothing more comes: what is open is lost.
    pub(crate) fn close(&mut self, ue: usize, session: &str) -> (Totals, Option<Entry>) {
        let Some(account) = self.ues[ue].get_mut(session) else { return (Totals::default(), None) };
        let (first, count) = (account.open.front().map_or(0, |&(number, _)| number), account.open.len() as u64);
        account.open.clear();
        account.totals.lost += count;
        (account.totals, (count > 0).then_some(Entry::AfterLoss { first, count }))
    }
}

impl Account {
    fn received(&mut self, fingerprint: u64) -> Entry {
        let Some(place) = self.open.iter().position(|&(_, open)| open == fingerprint) else {
            let known = self.known.iter().rev().find(|&&(_, known)| known == fingerprint);
            let (sum, entry) = match known {
                Some(&(number, _)) => (&mut self.totals.duplicated, Entry::Duplicate(number)),
                None => (&mut self.totals.strange, Entry::Strange),
            };
            *sum += 1;
            return entry;
        };
        let first = self.open[0].0;
        self.open.drain(..place);
        self.totals.lost += place as u64;
        self.totals.received += 1;
        if self.known.len() == KNOWN_MAX {
            self.known.pop_front();
        }
        self.known.extend(self.open.pop_front());
        if place == 0 { Entry::Next } else { Entry::AfterLoss { first, count: place as u64 } }
    }
}

fn fingerprint(datagram: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(datagram);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_datagram_is_expected_once_by_every_ue() {
        let mut ledger = Ledger::new(2);
        (1..=6u8).for_each(|n| ledger.sent("s", &[n]));
        assert_eq!(ledger.sent_of("s"), 6);
        assert_eq!(ledger.received(0, "s", &[1]), Entry::Next);
        assert_eq!(ledger.received(0, "s", &[4]), Entry::AfterLoss { first: 2, count: 2 });
        assert_eq!(ledger.received(0, "s", &[1]), Entry::Duplicate(1));
        assert_eq!(ledger.received(0, "s", &[9]), Entry::Strange);
        let (totals, open) = ledger.close(0, "s");
        assert_eq!(totals, Totals { received: 2, lost: 4, duplicated: 1, strange: 1 });
        assert_eq!(open, Some(Entry::AfterLoss { first: 5, count: 2 }));
        assert_eq!(ledger.close(1, "s").0, Totals { lost: 6, ..Totals::default() });
        assert_eq!(ledger.close(1, "nothing"), (Totals::default(), None));
    }

    #[test]
    fn a_carousel_that_comes_round_is_no_duplicate() {
        let mut ledger = Ledger::new(1);
        for _ in 0..3 {
            (1..=3u8).for_each(|n| ledger.sent("s", &[n]));
            (1..=3u8).for_each(|n| assert_eq!(ledger.received(0, "s", &[n]), Entry::Next));
        }
        assert_eq!(ledger.close(0, "s").0, Totals { received: 9, ..Totals::default() });
    }
}
