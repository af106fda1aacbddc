//! Watcher information (RFC 3857, RFC 3858): who watches a presentity, told to himself, in full and then as it changes.

use protocol::Instant;
use protocol::xml::{
    SubHandling, WATCHERINFO_CONTENT_TYPE, Watcher, WatcherEvent, WatcherInfo, WatcherList, WatcherStatus,
};
use serde::{Deserialize, Serialize};

use super::{Job, PRESENCE, PresenceServer, WINFO, Watching};
use crate::ims::service::event::{EventId, Subscribed};
use crate::node::{NodeStoreOp, Table};

/// A watcher whose subscription ended before the presentity decided; kept in the store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    resource: String,
    watcher: String,
    /// His identities for rules.
    identities: Vec<String>,
    /// Names him in documents.
    id: String,
    /// When he is forgotten: UTC in milliseconds.
    until_utc_ms: u64,
}

impl Waiting {
    fn key(&self) -> (String, String) {
        (self.resource.clone(), self.watcher.clone())
    }

    fn told(&self, status: WatcherStatus, event: WatcherEvent) -> Watcher {
        Watcher {
            id: self.id.clone(),
            status,
            event,
            expiration: None,
            duration_subscribed: None,
            display_name: None,
            uri: named(&self.watcher, &self.identities),
        }
    }
}

impl PresenceServer {
    /// A subscription to presence has changed: those who watch the watchers are told.
    pub(super) fn watcher_changed(&mut self, now: Instant, id: EventId, event: WatcherEvent) {
        let Some(subscribed) = self.subscriptions.get(id).filter(|s| s.package == PRESENCE) else { return };
        let ended = matches!(event, WatcherEvent::Timeout | WatcherEvent::Rejected | WatcherEvent::Noresource);
        let mut watcher = told(id, subscribed, self.shell.utc_ms(now), event);
        if ended {
            (watcher.status, watcher.expiration) = (WatcherStatus::Terminated, None);
        }
        let resource = subscribed.resource.clone();
        self.tell_watchers(now, &resource, watcher);
    }

    fn tell_watchers(&mut self, now: Instant, resource: &str, watcher: Watcher) {
        for id in self.subscriptions.of(WINFO, resource) {
            self.changes.entry(id).or_default().insert(watcher.id.clone(), watcher.clone());
            self.subscriptions.mark(id, now);
        }
    }

    /// The next document of a subscription to watcher information.
    pub(super) fn watchers_told(
        &self,
        now: Instant,
        id: EventId,
        subscribed: &Subscribed<Watching>,
    ) -> (&'static str, String) {
        let (version, is_full) = self.subscriptions.next_version(id);
        let resource = &subscribed.resource;
        let watchers = match self.changes.get(&id).filter(|_| !is_full) {
            Some(changes) => changes.values().cloned().collect(),
            None if is_full => self.all_watchers(now, resource),
            None => Vec::new(),
        };
        let list = WatcherList { resource: resource.clone(), package: PRESENCE.to_owned(), watchers };
        let info = WatcherInfo { version, is_full, lists: vec![list] };
        (WATCHERINFO_CONTENT_TYPE, info.to_document())
    }

    fn all_watchers(&self, now: Instant, resource: &str) -> Vec<Watcher> {
        let utc_ms = self.shell.utc_ms(now);
        let of = |id: EventId| {
            let subscribed = self.subscriptions.get(id)?;
            let event = if subscribed.data.is_pending { WatcherEvent::Subscribe } else { WatcherEvent::Approved };
            Some(told(id, subscribed, utc_ms, event))
        };
        let standing = self.subscriptions.of(PRESENCE, resource).into_iter().filter_map(of);
        let waiting = self.waiting_for(resource);
        standing.chain(waiting.map(|w| w.told(WatcherStatus::Waiting, WatcherEvent::Timeout))).collect()
    }

    fn waiting_for<'a>(&'a self, resource: &'a str) -> impl Iterator<Item = &'a Waiting> {
        let from = (resource.to_owned(), String::new());
        self.waiting.range(from..).take_while(move |((own, _), _)| own == resource).map(|(_, waiting)| waiting)
    }

    /// A pending subscription ends: the presentity is told of it when it looks (RFC 3857 clause 4.7.1).
    pub(super) fn starts_waiting(&mut self, now: Instant, id: EventId) {
        let Some(subscribed) = self.subscriptions.get(id) else { return };
        let wait = u64::try_from(self.config.limits.wait.as_millis()).unwrap_or(u64::MAX);
        let waiting = Waiting {
            resource: subscribed.resource.clone(),
            watcher: subscribed.watcher.clone(),
            identities: subscribed.data.identities.clone(),
            id: name_of(id),
            until_utc_ms: self.shell.utc_ms(now).saturating_add(wait),
        };
        if self.waiting_for(&waiting.resource).count() >= self.config.limits.waiting {
            return self.watcher_changed(now, id, WatcherEvent::Timeout);
        }
        // Nothing of it can fail to be written as JSON.
        let value = serde_json::to_vec(&waiting).unwrap_or_default();
        let key = key_of(&waiting.key());
        self.shell.store(vec![NodeStoreOp::Put { table: Table::WaitingWatcher, key, value }], Job::Nothing);
        let watcher = waiting.told(WatcherStatus::Waiting, WatcherEvent::Timeout);
        let resource = waiting.resource.clone();
        self.remember(waiting);
        self.tell_watchers(now, &resource, watcher);
    }

    pub(super) fn remember(&mut self, waiting: Waiting) {
        self.waiting_ends.set(&waiting.key(), Some(waiting.until_utc_ms));
        self.waiting.insert(waiting.key(), waiting);
    }

    /// He asks again, or is decided about.
    pub(super) fn forget(&mut self, resource: &str, watcher: &str) -> Option<Waiting> {
        let key = (resource.to_owned(), watcher.to_owned());
        let waiting = self.waiting.remove(&key)?;
        self.waiting_ends.set(&key, None);
        self.shell.store(vec![NodeStoreOp::Delete { table: Table::WaitingWatcher, key: key_of(&key) }], Job::Nothing);
        Some(waiting)
    }

    /// Watchers who have waited for too long.
    pub(super) fn end_waiting(&mut self, now: Instant, utc_ms: u64) {
        while let Some((resource, watcher)) = self.waiting_ends.next(utc_ms) {
            if let Some(waiting) = self.forget(&resource, &watcher) {
                self.tell_watchers(now, &resource, waiting.told(WatcherStatus::Terminated, WatcherEvent::Giveup));
            }
        }
    }

    /// Rules have changed: those who wait and are decided about wait no more.
    pub(super) fn decide_waiting(&mut self, now: Instant, resource: &str) {
        let waiting: Vec<Waiting> = self.waiting_for(resource).cloned().collect();
        for waiting in waiting {
            let event = match self.decision(now, resource, &waiting.identities).handling {
                SubHandling::Confirm => continue,
                SubHandling::Block => WatcherEvent::Rejected,
                SubHandling::PoliteBlock | SubHandling::Allow => WatcherEvent::Approved,
            };
            self.forget(resource, &waiting.watcher);
            self.tell_watchers(now, resource, waiting.told(WatcherStatus::Terminated, event));
        }
    }
}

fn told(id: EventId, subscribed: &Subscribed<Watching>, utc_ms: u64, event: WatcherEvent) -> Watcher {
    let status = if subscribed.data.is_pending { WatcherStatus::Pending } else { WatcherStatus::Active };
    let since = utc_ms.saturating_sub(subscribed.created_utc_ms) / 1000;
    Watcher {
        id: name_of(id),
        status,
        event,
        expiration: Some(subscribed.left_s(utc_ms)),
        duration_subscribed: Some(u32::try_from(since).unwrap_or(u32::MAX)),
        display_name: None,
        uri: named(&subscribed.watcher, &subscribed.data.identities),
    }
}

/// Who does not say who he is stays unknown (RFC 3323 clause 4.1.1.3).
fn named(watcher: &str, identities: &[String]) -> String {
    if identities.is_empty() { "sip:anonymous@anonymous.invalid".to_owned() } else { watcher.to_owned() }
}

fn name_of(id: EventId) -> String {
    format!("w{:x}", id.0)
}

fn key_of((resource, watcher): &(String, String)) -> String {
    format!("{resource} {watcher}")
}
