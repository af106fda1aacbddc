//! How many octets of messages are in memory at a time: who wants more waits for a turn.

use std::collections::{BTreeMap, VecDeque};

/// A budget. `K` names those who take of it.
#[derive(Debug)]
pub(super) struct Budget<K> {
    total: usize,
    used: usize,
    held: BTreeMap<K, usize>,
    waiting: VecDeque<(K, usize)>,
}

impl<K: Ord + Clone> Budget<K> {
    pub(super) const fn new(total: usize) -> Self {
        Self { total, used: 0, held: BTreeMap::new(), waiting: VecDeque::new() }
    }

    /// Takes so many octets; false: its turn comes later, by [`Self::next`].
    pub(super) fn take(&mut self, who: K, octets: usize) -> bool {
        if self.waiting.is_empty() && self.fits(octets) {
            self.used += octets;
            *self.held.entry(who).or_default() += octets;
            return true;
        }
        self.waiting.push_back((who, octets));
        false
    }

    /// One whose turn has come, and who has its octets now.
    pub(super) fn next(&mut self) -> Option<K> {
        let (_, octets) = self.waiting.front()?;
        if !self.fits(*octets) {
            return None;
        }
        let (who, octets) = self.waiting.pop_front()?;
        self.used += octets;
        *self.held.entry(who.clone()).or_default() += octets;
        Some(who)
    }

    /// Gives back all that one has, or waits for.
    pub(super) fn free(&mut self, who: &K) {
        self.used -= self.held.remove(who).unwrap_or_default();
        self.waiting.retain(|(own, _)| own != who);
    }

    pub(super) const fn used(&self) -> usize {
        self.used
    }

    /// What is larger than all there is goes alone.
    const fn fits(&self, octets: usize) -> bool {
        self.used == 0 || octets <= self.total.saturating_sub(self.used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_turn() {
        let mut budget = Budget::new(100);
        assert!(budget.take(1, 60) && budget.take(2, 40));
        // Nobody who wants less goes before one who waits.
        assert!(!budget.take(3, 50) && !budget.take(4, 1));
        assert_eq!((budget.next(), budget.used()), (None, 100));
        budget.free(&2);
        assert_eq!(budget.next(), None);
        budget.free(&1);
        assert_eq!((budget.next(), budget.next(), budget.next(), budget.used()), (Some(3), Some(4), None, 51));
        assert!(!budget.take(5, 1000) && !budget.take(6, 1));
        budget.free(&3);
        budget.free(&4);
        assert_eq!((budget.next(), budget.next()), (Some(5), None));
        budget.free(&6);
        budget.free(&5);
        assert_eq!((budget.next(), budget.used()), (None, 0));
    }
}
