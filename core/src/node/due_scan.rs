//! Looking for what is due, in rows that sort by when they are: from a cursor on, a few at a time.
//!
//! All that is due before the cursor has been found, and whoever asks has it. What is put while it is looked for is not skipped:
//! a row that sorts before the cursor brings the cursor back.

use super::rows::behind;
use super::store::{NodeStoreOp, Rows, Table};

/// Rows of one kind, and how far they have been looked at.
#[derive(Debug)]
pub(crate) struct DueScan {
    /// No key is before this one, and all are before that one.
    first: String,
    end: String,
    cursor: String,
    /// When the first is due behind the cursor; none: nothing is there.
    next_ms: Option<u64>,
    looking: Option<Looking>,
}

/// The store is asked.
#[derive(Debug)]
struct Looking {
    from: String,
    limit: usize,
    /// The first key that was put meanwhile.
    woken: Option<String>,
}

impl DueScan {
    /// Rows whose keys are from one on and before another.
    pub(crate) fn new(first: String, end: String) -> Self {
        Self { cursor: first.clone(), first, end, next_ms: Some(0), looking: None }
    }

    /// Rows whose keys begin with `prefix` and `/`.
    pub(crate) fn below(prefix: &str) -> Self {
        Self::new(format!("{prefix}/"), behind(prefix))
    }

    /// A row is there, or will be as soon as a transaction is made; it is due then.
    pub(crate) fn wake(&mut self, key: &str, due_ms: u64) {
        if *key < *self.cursor {
            key.clone_into(&mut self.cursor);
        }
        if let Some(looking) = &mut self.looking
            && looking.woken.as_deref().is_none_or(|woken| key < woken)
        {
            looking.woken = Some(key.to_owned());
        }
        self.next_ms = Some(self.next_ms.map_or(due_ms, |next| next.min(due_ms)));
    }

    /// Everything is looked for once more.
    pub(crate) fn rewind(&mut self) {
        let first = self.first.clone();
        self.wake(&first, 0);
    }

    /// The store could not look.
    pub(crate) fn failed(&mut self) {
        self.looking = None;
        self.rewind();
    }

    /// When there is something to look for; none: there is nothing, or it is being looked for.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        self.next_ms.filter(|_| self.looking.is_none())
    }

    /// What to ask the store for, when something may be due: [`Self::found`] or [`Self::failed`] has to follow.
    pub(crate) fn begin(&mut self, now_ms: u64, table: Table, limit: usize) -> Option<NodeStoreOp> {
        self.next_ms().filter(|at| *at <= now_ms)?;
        let (from, below) = (self.cursor.clone(), self.end.clone());
        (self.next_ms, self.looking) = (None, Some(Looking { from: from.clone(), limit, woken: None }));
        Some(NodeStoreOp::Range { table, from, below, limit })
    }

    /// What is due of the rows that were asked for, and their keys; `of_key`: when, and what.
    pub(crate) fn found<T>(
        &mut self,
        now_ms: u64,
        rows: &Rows,
        of_key: impl Fn(&str) -> Option<(u64, T)>,
    ) -> Vec<(T, String)> {
        let Some(Looking { from: mut cursor, limit, woken }) = self.looking.take() else { return Vec::new() };
        let mut next_ms = (rows.len() >= limit).then_some(now_ms);
        let mut found = Vec::new();
        for (key, _) in rows {
            let due = of_key(key);
            if let Some((due_ms, _)) = due
                && due_ms > now_ms
            {
                next_ms = Some(due_ms);
                break;
            }
            // A row that nobody can read is passed by: nothing behind it waits for it.
            cursor = format!("{key}\0");
            found.extend(due.map(|(_, what)| (what, key.clone())));
        }
        // What has come meanwhile is not skipped: `next_ms` was set to when it is due.
        self.cursor = woken.into_iter().fold(cursor, Ord::min);
        self.next_ms = next_ms.into_iter().chain(self.next_ms).min();
        found
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn key(due_ms: u64, what: u64) -> String {
        format!("P/{due_ms:04}/{what}")
    }

    fn of_key(key: &str) -> Option<(u64, u64)> {
        let mut parts = key.split('/').skip(1);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }

    /// Rows, as a store has them.
    #[derive(Default)]
    struct Shelf(BTreeMap<String, Vec<u8>>);

    impl Shelf {
        fn put(&mut self, scan: &mut DueScan, due_ms: u64, what: u64) {
            self.0.insert(key(due_ms, what), Vec::new());
            scan.wake(&key(due_ms, what), due_ms);
        }

        fn read(&self, op: NodeStoreOp) -> Rows {
            let NodeStoreOp::Range { from, below, limit, .. } = op else { panic!() };
            self.0.range(from..below).take(limit).map(|(key, value)| (key.clone(), value.clone())).collect()
        }

        fn look(&self, scan: &mut DueScan, now_ms: u64) -> Option<Vec<u64>> {
            let op = scan.begin(now_ms, Table::MmsDue, 2)?;
            Some(scan.found(now_ms, &self.read(op), of_key).into_iter().map(|(what, _)| what).collect())
        }
    }

    #[test]
    fn what_is_due_is_found_once_and_in_order() {
        let (mut shelf, mut scan) = (Shelf::default(), DueScan::below("P"));
        shelf.0.insert("P0".to_owned(), Vec::new());
        for (due_ms, what) in [(30, 3), (10, 1), (90, 9), (20, 2)] {
            shelf.put(&mut scan, due_ms, what);
        }
        assert_eq!(shelf.look(&mut scan, 50), Some(vec![1, 2]));
        assert_eq!((scan.next_ms(), shelf.look(&mut scan, 50)), (Some(50), Some(vec![3])));
        assert_eq!((scan.next_ms(), shelf.look(&mut scan, 89)), (Some(90), None));
        assert_eq!(shelf.look(&mut scan, 90), Some(vec![9]));
        assert_eq!((scan.next_ms(), shelf.look(&mut scan, 1_000)), (None, None));
    }

    #[test]
    fn rows_that_nobody_can_read_hold_nothing_up() {
        let (mut shelf, mut scan) = (Shelf::default(), DueScan::below("P"));
        for key in ["P/-1/1", "P/-2/2", "P/.", "P/0010/x"] {
            shelf.0.insert(key.to_owned(), Vec::new());
        }
        shelf.put(&mut scan, 10, 1);
        assert_eq!((shelf.look(&mut scan, 20), scan.next_ms()), (Some(vec![]), Some(20)));
        assert_eq!((shelf.look(&mut scan, 20), scan.next_ms()), (Some(vec![1]), Some(20)));
        assert_eq!((shelf.look(&mut scan, 20), scan.next_ms()), (Some(vec![]), None));
    }

    #[test]
    fn what_comes_while_it_is_looked_is_found() {
        let (mut shelf, mut scan) = (Shelf::default(), DueScan::below("P"));
        shelf.put(&mut scan, 20, 2);
        let op = scan.begin(50, Table::MmsDue, 2).unwrap();
        let rows = shelf.read(op);
        assert_eq!((scan.next_ms(), scan.begin(50, Table::MmsDue, 2).is_none()), (None, true));
        for (due_ms, what) in [(40, 4), (10, 1), (15, 5)] {
            shelf.put(&mut scan, due_ms, what);
        }
        assert_eq!(scan.found(50, &rows, of_key), [(2, key(20, 2))]);
        // Who has found it has taken it away meanwhile.
        shelf.0.remove(&key(20, 2));
        assert_eq!(scan.next_ms(), Some(10));
        assert_eq!(shelf.look(&mut scan, 50), Some(vec![1, 5]));
        assert_eq!(shelf.look(&mut scan, 50), Some(vec![4]));
    }

    #[test]
    fn after_a_failure_everything_is_looked_for_again() {
        let (mut shelf, mut scan) = (Shelf::default(), DueScan::below("P"));
        shelf.put(&mut scan, 10, 1);
        assert_eq!(shelf.look(&mut scan, 20), Some(vec![1]));
        shelf.put(&mut scan, 15, 2);
        assert!(scan.begin(20, Table::MmsDue, 2).is_some());
        scan.failed();
        assert_eq!((scan.next_ms(), shelf.look(&mut scan, 20)), (Some(0), Some(vec![1, 2])));
        // And while it is looked.
        let rows = shelf.read(scan.begin(20, Table::MmsDue, 2).unwrap());
        scan.rewind();
        assert_eq!(scan.found(20, &rows, of_key), []);
        assert_eq!(shelf.look(&mut scan, 20), Some(vec![1, 2]));
    }

    #[test]
    fn nothing_is_missed_whatever_comes_when() {
        let mut entropy = protocol::Entropy::from_seed([7; 32]);
        let (mut shelf, mut scan) = (Shelf::default(), DueScan::below("P"));
        let (mut put, mut found) = (0, BTreeSet::new());
        for now_ms in 0..2_000_u64 {
            let mut come = |shelf: &mut Shelf, scan: &mut DueScan| {
                for _ in 0..entropy.below(3) {
                    put += 1;
                    shelf.put(scan, now_ms.saturating_sub(20) + u64::from(entropy.below(60)), put);
                }
            };
            come(&mut shelf, &mut scan);
            let Some(op) = scan.begin(now_ms, Table::MmsDue, 2) else { continue };
            let rows = shelf.read(op);
            come(&mut shelf, &mut scan);
            for (what, key) in scan.found(now_ms, &rows, of_key) {
                assert!(found.insert(what), "{what} twice");
                shelf.0.remove(&key);
            }
        }
        let mut last = 3_000;
        while let Some(more) = shelf.look(&mut scan, last) {
            found.extend(more);
            last += 1;
        }
        assert_eq!(found.len() as u64, put);
    }
}
