//! What is kept for a while and then forgotten.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Instant;

/// Values by key, each until its time is over.
#[derive(Debug)]
pub(crate) struct Expiring<K, V> {
    values: BTreeMap<K, (V, Instant)>,
    ends: BTreeSet<(Instant, K)>,
}

impl<K, V> Default for Expiring<K, V> {
    fn default() -> Self {
        Self { values: BTreeMap::new(), ends: BTreeSet::new() }
    }
}

impl<K: Ord + Clone, V> Expiring<K, V> {
    /// Keeps a value, in place of the one before.
    pub(crate) fn insert(&mut self, key: K, value: V, until: Instant) {
        self.remove(&key);
        self.ends.insert((until, key.clone()));
        self.values.insert(key, (value, until));
    }

    /// The value of a key, and how long it holds.
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&V, Instant)>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.values.get(key).map(|(value, until)| (value, *until))
    }

    /// Takes a value away.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let (value, until) = self.values.remove(key)?;
        self.ends.remove(&(until, key.clone()));
        Some(value)
    }

    /// Takes one away that is over.
    pub(crate) fn take_ended(&mut self, now: Instant) -> Option<(K, V)> {
        let (_, key) = self.ends.first().filter(|(until, _)| *until <= now)?.clone();
        let value = self.remove(&key)?;
        Some((key, value))
    }

    /// Forgets what is over.
    pub(crate) fn expire(&mut self, now: Instant) {
        while self.take_ended(now).is_some() {}
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// When the first one is over.
    pub(crate) fn first_end(&self) -> Option<Instant> {
        self.ends.first().map(|(until, _)| *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_in_their_time() {
        let mut kept = Expiring::default();
        for (key, end) in [("a", 3), ("b", 1), ("a", 5)] {
            kept.insert(key, end, Instant::from_millis(end));
        }
        assert_eq!(kept.first_end(), Some(Instant::from_millis(1)));
        kept.expire(Instant::from_millis(3));
        assert_eq!(kept.get("a"), Some((&5, Instant::from_millis(5))));
        assert_eq!((kept.remove(&"b"), kept.remove(&"a"), kept.first_end()), (None, Some(5), None));
    }
}
