//! How many messages are held, which is counted in the store piece by piece when the SM-SC starts.

use std::collections::BTreeMap;

use super::message::Entry;
use super::{Job, SmSc};
use crate::node::rows::{number_key, of_row};
use crate::node::{NodeStoreOp, Rows, Table};

/// Messages that are held.
#[derive(Debug, Default)]
pub(super) struct Census {
    total: u64,
    by_account: BTreeMap<String, usize>,
    /// From which number on to which one is not counted yet.
    uncounted: (u64, u64),
}

impl Census {
    pub(super) fn enter(&mut self, account: Option<&str>) {
        self.total += 1;
        if let Some(account) = account {
            *self.by_account.entry(account.to_owned()).or_default() += 1;
        }
    }

    pub(super) fn leave(&mut self, number: u64, account: Option<&str>) {
        if (self.uncounted.0..self.uncounted.1).contains(&number) {
            return;
        }
        self.total = self.total.saturating_sub(1);
        if let Some(count) = account.and_then(|account| self.by_account.get_mut(account)) {
            *count = count.saturating_sub(1);
        }
    }

    pub(super) const fn is_full(&self, most: u64) -> bool {
        self.total >= most
    }

    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn of(&self, account: &str) -> usize {
        self.by_account.get(account).copied().unwrap_or(0)
    }
}

impl SmSc {
    /// Counts what is there, up to the number that the next message gets.
    pub(super) fn begin_census(&mut self) {
        self.census = Census { uncounted: (0, self.numbers.next_number()), ..Census::default() };
        self.count_next();
    }

    pub(super) fn counted(&mut self, rows: &Rows) {
        for (key, value) in rows {
            let number = u64::from_str_radix(key, 16).ok();
            match of_row(value) {
                // Of several parts the last one counts.
                Some(Entry::Held { account, is_last: true, .. }) => self.census.enter(account.as_deref()),
                Some(Entry::Scheduled { message, .. } | Entry::Forwarded { message, .. })
                    if message.parts.is_none_or(|(_, last)| number == Some(last)) =>
                {
                    self.census.enter(message.account.as_deref());
                }
                _ => {}
            }
        }
        let last = rows.last().and_then(|(key, _)| u64::from_str_radix(key, 16).ok());
        match last.filter(|_| rows.len() >= LIMIT) {
            Some(last) => {
                self.census.uncounted.0 = last + 1;
                self.count_next();
            }
            None => self.census.uncounted = (0, 0),
        }
    }

    fn count_next(&mut self) {
        let (from, below) = self.census.uncounted;
        let (from, below) = (number_key(from), number_key(below));
        let op = NodeStoreOp::Range { table: Table::SmScNumber, from, below, limit: LIMIT };
        self.shell.store(vec![op], Job::Census);
    }
}

/// Rows that are read at a time.
const LIMIT: usize = 256;
