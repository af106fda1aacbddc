//! Messages that wait, by recipient and in the order in which they came.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Instant;

use super::config::MessagingLimits;
use super::item::Item;

/// All that wait.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: BTreeMap<u64, Entry>,
    lanes: BTreeMap<String, Lane>,
    origins: BTreeMap<String, u64>,
    expiry: BTreeSet<(u64, u64)>,
    /// Users whose first message may go, and those whose first message may go at a time.
    free: BTreeSet<String>,
    due: BTreeSet<(Instant, String)>,
    last: u64,
}

#[derive(Debug)]
struct Entry {
    item: Item,
    is_durable: bool,
}

/// The messages of one recipient: the first is delivered before the next is looked at.
#[derive(Debug, Default)]
struct Lane {
    waiting: BTreeSet<u64>,
    octets: usize,
    /// The one that is on its way.
    sending: Option<u64>,
    /// When the first is tried again; none: at once.
    retry_at: Option<Instant>,
    /// How often the first was tried.
    attempts: u32,
}

/// Why a message cannot wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Full {
    /// The recipient has too many.
    Recipient,
    /// All have.
    Server,
}

impl Queue {
    /// Takes messages in, all or none; their numbers.
    pub(super) fn admit(&mut self, items: Vec<Item>, limits: &MessagingLimits) -> Result<Vec<u64>, Full> {
        if self.entries.len() + items.len() > limits.messages {
            return Err(Full::Server);
        }
        let numbers: Vec<u64> = (self.last + 1..).take(items.len()).collect();
        for (number, item) in numbers.iter().zip(items) {
            let lane = self.lanes.get(&item.identity());
            let (count, octets) = lane.map_or((0, 0), |lane| (lane.waiting.len(), lane.octets));
            if count >= limits.messages_per_user || octets + item.octets() > limits.octets_per_user {
                numbers.iter().for_each(|number| drop(self.remove(*number)));
                return Err(Full::Recipient);
            }
            self.put(*number, item, false);
        }
        Ok(numbers)
    }

    /// One that is durable: read, or just written.
    pub(super) fn restore(&mut self, number: u64, item: Item) {
        self.put(number, item, true);
    }

    fn put(&mut self, number: u64, item: Item, is_durable: bool) {
        self.last = self.last.max(number);
        self.expiry.insert((item.expires_ms, number));
        if let Some(origin) = &item.origin {
            self.origins.insert(origin.clone(), number);
        }
        if !item.done {
            self.lanes.entry(item.identity()).or_default();
            self.change(&item.identity(), |lane| {
                lane.waiting.insert(number);
                lane.octets += item.octets();
            });
        }
        self.entries.insert(number, Entry { item, is_durable });
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Item> {
        let entry = self.entries.remove(&number)?;
        self.expiry.remove(&(entry.item.expires_ms, number));
        if let Some(origin) = &entry.item.origin {
            self.origins.remove(origin);
        }
        if !entry.item.done {
            self.leave_lane(number, &entry.item);
        }
        Some(entry.item)
    }

    fn leave_lane(&mut self, number: u64, item: &Item) {
        self.change(&item.identity(), |lane| {
            if lane.waiting.remove(&number) {
                lane.octets -= item.octets();
            }
            if lane.sending == Some(number) {
                lane.sending = None;
            }
            (lane.attempts, lane.retry_at) = (0, None);
        });
    }

    /// Changes a lane, and with it the indexes; one without messages goes.
    fn change(&mut self, identity: &str, change: impl FnOnce(&mut Lane)) {
        let Some(lane) = self.lanes.get_mut(identity) else { return };
        self.free.remove(identity);
        if let Some(at) = lane.retry_at {
            self.due.remove(&(at, identity.to_owned()));
        }
        change(lane);
        if lane.waiting.is_empty() {
            self.lanes.remove(identity);
            return;
        }
        match lane.retry_at {
            _ if lane.sending.is_some() => {}
            Some(at) => drop(self.due.insert((at, identity.to_owned()))),
            None => drop(self.free.insert(identity.to_owned())),
        }
    }

    /// A message is on its way.
    pub(super) fn sending(&mut self, identity: &str, number: u64) {
        self.change(identity, |lane| lane.sending = Some(number));
    }

    /// It is not any more.
    pub(super) fn sent(&mut self, identity: &str) {
        self.change(identity, |lane| lane.sending = None);
    }

    /// The first message of a user is not tried before a pause that `pause` makes of the number of attempts.
    pub(super) fn postpone(&mut self, identity: &str, pause: impl FnOnce(u32) -> Instant) {
        self.change(identity, |lane| {
            lane.retry_at = Some(pause(lane.attempts));
            lane.attempts += 1;
        });
    }

    /// A message that came for somebody who is not there is not tried at once.
    pub(super) fn hold(&mut self, identity: &str, until: Instant) {
        let is_new = |lane: &Lane| lane.sending.is_none() && lane.retry_at.is_none();
        if self.lanes.get(identity).is_some_and(is_new) {
            self.postpone(identity, |_| until);
        }
    }

    /// The user is there: no pause any more.
    pub(super) fn release(&mut self, identity: &str) {
        self.change(identity, |lane| (lane.attempts, lane.retry_at) = (0, None));
    }

    /// It is done: only its origin is remembered, until `until_ms`. What is to be kept of it.
    pub(super) fn finish(&mut self, number: u64, until_ms: u64) -> Option<Item> {
        let mut item = self.remove(number)?;
        item.finish(until_ms);
        self.put(number, item.clone(), true);
        Some(item)
    }

    /// They are durable.
    pub(super) fn settle(&mut self, numbers: &[u64]) {
        for number in numbers {
            if let Some(entry) = self.entries.get_mut(number) {
                entry.is_durable = true;
            }
        }
    }

    pub(super) fn get(&self, number: u64) -> Option<&Item> {
        self.entries.get(&number).map(|entry| &entry.item)
    }

    /// A message came in this request before.
    pub(super) fn knows(&self, origin: &str) -> bool {
        self.origins.contains_key(origin)
    }

    /// Something waits for this user.
    pub(super) fn has(&self, identity: &str) -> bool {
        self.lanes.contains_key(identity)
    }

    /// The message that is next for this user, if it may go now.
    pub(super) fn next(&self, identity: &str, now: Instant) -> Option<u64> {
        let lane = self.lanes.get(identity)?;
        if lane.sending.is_some() || lane.retry_at.is_some_and(|at| at > now) {
            return None;
        }
        let first = *lane.waiting.first()?;
        self.entries.get(&first).filter(|entry| entry.is_durable).map(|_| first)
    }

    /// No more than `most` users whose messages may go now.
    pub(super) fn ready(&self, now: Instant, most: usize) -> Vec<String> {
        let due = self.due.iter().take_while(|(at, _)| *at <= now).map(|(_, identity)| identity);
        let is_ready = |identity: &&String| self.next(identity, now).is_some();
        due.chain(&self.free).filter(is_ready).take(most).cloned().collect()
    }

    /// One whose time is over.
    pub(super) fn expired(&self, now_ms: u64) -> Vec<u64> {
        let due = self.expiry.iter().take_while(|(at, _)| *at <= now_ms);
        // One that is on its way, or on its way to the store, is not given up.
        let is_free = |number: &u64| {
            let Some(entry) = self.entries.get(number) else { return false };
            let lane = self.lanes.get(&entry.item.identity());
            entry.is_durable && lane.is_none_or(|lane| lane.sending != Some(*number))
        };
        due.map(|(_, number)| *number).filter(is_free).collect()
    }

    /// When the next one ends, UTC.
    pub(super) fn next_expiry(&self, after_ms: u64) -> Option<u64> {
        self.expiry.range((after_ms + 1, 0)..).next().map(|(at, _)| *at)
    }

    /// When the next one is tried again.
    pub(super) fn next_retry(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Messages that wait.
    pub(super) fn waiting(&self) -> usize {
        self.lanes.values().map(|lane| lane.waiting.len()).sum()
    }
}
