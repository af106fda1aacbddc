//! The newest of many.

use std::collections::{BTreeSet, VecDeque};

/// The newest of many, as many as there is room for; the oldest ones are forgotten.
#[derive(Clone, Debug)]
pub struct Latest<T> {
    capacity: usize,
    order: VecDeque<T>,
    known: BTreeSet<T>,
}

impl<T: Ord + Clone> Latest<T> {
    /// Room for so many.
    pub const fn new(capacity: usize) -> Self {
        Self { capacity, order: VecDeque::new(), known: BTreeSet::new() }
    }

    /// Is it among them?
    pub fn contains(&self, it: &T) -> bool {
        self.known.contains(it)
    }

    /// Remembers it; false: it is among them already, and does not get newer.
    pub fn insert(&mut self, it: T) -> bool {
        if !self.known.insert(it.clone()) {
            return false;
        }
        self.order.push_back(it);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_once_is_known_until_there_are_too_many() {
        let mut latest = Latest::new(2);
        assert!(latest.insert(1) && latest.insert(2) && !latest.insert(1));
        assert!(latest.insert(3) && !latest.contains(&1) && latest.contains(&2));
        assert!(latest.insert(1), "forgotten");
        assert_eq!((latest.order.len(), latest.known.len()), (2, 2));
        let mut none = Latest::new(0);
        assert!(none.insert(1) && none.insert(1) && none.known.is_empty());
    }
}
