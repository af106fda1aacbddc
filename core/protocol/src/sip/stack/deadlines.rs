//! The next deadline of every transaction, earliest first.

use std::collections::{BTreeMap, BTreeSet};

use crate::Instant;
use crate::sip::transaction::TransactionKey;

#[derive(Debug, Default)]
pub(super) struct Deadlines {
    queue: BTreeSet<(Instant, TransactionKey)>,
    of_key: BTreeMap<TransactionKey, Instant>,
}

impl Deadlines {
    pub(super) fn set(&mut self, key: TransactionKey, due: Option<Instant>) {
        let old = match due {
            Some(due) => self.of_key.insert(key, due),
            None => self.of_key.remove(&key),
        };
        if old == due {
            return;
        }
        if let Some(old) = old {
            self.queue.remove(&(old, key));
        }
        if let Some(due) = due {
            self.queue.insert((due, key));
        }
    }

    /// Takes one that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<TransactionKey> {
        let &(due, key) = self.queue.first().filter(|(due, _)| *due <= now)?;
        self.queue.remove(&(due, key));
        self.of_key.remove(&key);
        Some(key)
    }

    pub(super) fn first(&self) -> Option<Instant> {
        self.queue.first().map(|(due, _)| *due)
    }
}
