//! What is due next, among many.

use std::collections::{BTreeMap, BTreeSet};

/// Keys and when each is due.
#[derive(Clone, Debug)]
pub struct Due<T, K> {
    queue: BTreeSet<(T, K)>,
    of_key: BTreeMap<K, T>,
}

impl<T, K> Default for Due<T, K> {
    fn default() -> Self {
        Self { queue: BTreeSet::new(), of_key: BTreeMap::new() }
    }
}

impl<T: Ord + Copy, K: Ord + Clone> Due<T, K> {
    /// A key is due then, or never.
    pub fn set(&mut self, key: &K, due: Option<T>) {
        let old = match due {
            Some(due) => {
                self.queue.insert((due, key.clone()));
                self.of_key.insert(key.clone(), due)
            }
            None => self.of_key.remove(key),
        };
        if let Some(old) = old.filter(|old| due != Some(*old)) {
            self.queue.remove(&(old, key.clone()));
        }
    }

    /// When the first is.
    pub fn first(&self) -> Option<T> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// The key that is due first.
    pub fn first_key(&self) -> Option<&K> {
        self.queue.first().map(|(_, key)| key)
    }

    /// Keys that are due at `now`, the earliest first; they stay.
    pub fn until(&self, now: T) -> Vec<K> {
        self.queue.iter().take_while(|(due, _)| *due <= now).map(|(_, key)| key.clone()).collect()
    }

    /// The first key that is due at `now`; it stays.
    pub fn next(&self, now: T) -> Option<K> {
        self.queue.first().filter(|(due, _)| *due <= now).map(|(_, key)| key.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_move_and_go() {
        let mut due = Due::default();
        for (key, at) in [("a", 3), ("b", 1), ("c", 2)] {
            due.set(&key, Some(at));
        }
        due.set(&"b", Some(9));
        due.set(&"c", Some(2));
        assert_eq!(due.first_key(), Some(&"c"));
        assert_eq!((due.first(), due.until(3)), (Some(2), vec!["c", "a"]));
        due.set(&"c", None);
        due.set(&"c", None);
        assert_eq!(due.first(), Some(3));
    }
}
