//! What is kept, in all and for each subscriber: quotas (TS 23.140 clause 7.1.2) without looking at the store.

use std::collections::BTreeMap;

use protocol::Instant;

use super::message::Message;
use super::{Job, MmsRelay};
use crate::node::rows::{number_key, of_number_key, of_row};
use crate::node::{NodeStoreOp, Rows, Table};

/// What is kept.
#[derive(Debug, Default)]
pub(super) struct Census {
    messages: u64,
    octets: u64,
    of_user: BTreeMap<String, (u64, u64)>,
    /// Messages of earlier starts are counted up to this number.
    from: u64,
    /// Those of this start begin here.
    below: u64,
    pub(super) is_reading: bool,
}

impl Census {
    /// Messages below this number are counted as they are read.
    pub(super) const fn until(&mut self, below: u64) {
        self.below = below;
    }

    /// All that earlier starts have left is counted.
    #[cfg(test)]
    pub(super) const fn is_counted(&self) -> bool {
        !self.is_reading && self.from >= self.below
    }

    pub(super) const fn messages(&self) -> u64 {
        self.messages
    }

    pub(super) const fn octets(&self) -> u64 {
        self.octets
    }

    /// Messages and octets that wait for a subscriber.
    pub(super) fn of_user(&self, msisdn: &str) -> (u64, u64) {
        self.of_user.get(msisdn).copied().unwrap_or_default()
    }

    /// A content is there.
    pub(super) const fn enter(&mut self, octets: u64) {
        self.messages += 1;
        self.octets += octets;
    }

    /// A content is gone, of the message with this number.
    pub(super) const fn leave(&mut self, number: u64, octets: u64) {
        if self.knows(number) {
            self.messages = self.messages.saturating_sub(1);
            self.octets = self.octets.saturating_sub(octets);
        }
    }

    /// A message waits for a subscriber.
    pub(super) fn enter_user(&mut self, msisdn: &str, octets: u64) {
        let (messages, sum) = self.of_user.entry(msisdn.to_owned()).or_default();
        *messages += 1;
        *sum += octets;
    }

    /// It does not wait any more.
    pub(super) fn leave_user(&mut self, number: u64, msisdn: &str, octets: u64) {
        if !self.knows(number) {
            return;
        }
        if let Some((messages, sum)) = self.of_user.get_mut(msisdn) {
            *messages = messages.saturating_sub(1);
            *sum = sum.saturating_sub(octets);
            if *messages == 0 {
                self.of_user.remove(msisdn);
            }
        }
    }

    /// What was not counted yet does not leave.
    const fn knows(&self, number: u64) -> bool {
        number < self.from || number >= self.below
    }

    fn add(&mut self, message: &Message) {
        if message.has_content && message.content_of.is_none() {
            self.enter(message.octets);
        }
        for recipient in message.recipients.iter().filter(|recipient| recipient.state.is_waiting()) {
            if let Some(msisdn) = recipient.own() {
                self.enter_user(msisdn, message.octets);
            }
        }
    }
}

impl MmsRelay {
    /// Counts some more messages of earlier starts.
    pub(super) fn count_more(&mut self, now: Instant) {
        let census = &mut self.census;
        let is_paused = self.paused_until.is_some_and(|until| until > now);
        if self.is_ready && !is_paused && !census.is_reading && census.from < census.below {
            census.is_reading = true;
            let (from, below) = (number_key(census.from), number_key(census.below));
            let op = NodeStoreOp::Range { table: Table::MmsMessage, from, below, limit: AT_A_TIME };
            self.shell.store(vec![op], Job::Census);
        }
    }

    pub(super) fn counted(&mut self, rows: &Rows) {
        self.census.is_reading = false;
        for (_, value) in rows {
            if let Some(message) = of_row::<Message>(value) {
                self.census.add(&message);
            }
        }
        let last = rows.last().and_then(|(key, _)| of_number_key(key));
        let is_end = rows.len() < AT_A_TIME;
        self.census.from = last.filter(|_| !is_end).map_or(self.census.below, |last| last + 1);
    }
}

/// Messages that are read at a time.
const AT_A_TIME: usize = 64;
