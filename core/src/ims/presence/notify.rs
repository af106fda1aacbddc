//! NOTIFY: what watchers are told, when, and when it ends (RFC 3856 clause 6.8, RFC 5025 clause 3.2.1).

use std::time::Duration;

use protocol::Instant;
use protocol::sip::SubscriptionState;
use protocol::xml::{Basic, PIDF_CONTENT_TYPE, Pidf, SubHandling, Tuple, WatcherEvent};

use super::{Job, PRESENCE, PresenceServer, Watching};
use crate::ims::service::event::{EventId, Subscribed, Subscriptions, Telling};

impl PresenceServer {
    /// Tells a subscriber what there is.
    pub(super) fn tell(&mut self, now: Instant, id: EventId) {
        let Some(subscribed) = self.subscriptions.get(id).cloned() else { return };
        let telling = self.telling(now, id, &subscribed, None);
        let pace = (&self.contact.clone(), self.config.limits.pace);
        match self.subscriptions.tell(now, &mut self.shell.stack, id, &telling, pace) {
            Ok((_, op)) => {
                self.changes.remove(&id);
                if let Some(op) = op {
                    self.shell.store(vec![op], Job::Nothing);
                }
            }
            Err(why) => {
                self.shell.say(format!("NOTIFY: {why}"));
                self.not_told(now, Some(id), 503);
            }
        }
    }

    /// What a subscriber is told; `end`: for the last time, and why.
    fn telling(&mut self, now: Instant, id: EventId, subscribed: &Subscribed<Watching>, end: Option<&str>) -> Telling {
        let left = subscribed.left_s(self.shell.utc_ms(now));
        let is_pending = subscribed.data.is_pending;
        let state = match end {
            Some(reason) => SubscriptionState::terminated(reason),
            None if is_pending => SubscriptionState { state: "pending".to_owned(), ..SubscriptionState::active(left) },
            None => SubscriptionState::active(left),
        };
        let body = match () {
            // He learns nothing before there is a decision, and nothing after a bad one.
            () if is_pending || end.is_some_and(|reason| reason != "timeout") => None,
            () if subscribed.package == PRESENCE => {
                let pidf = self.shown(now, &subscribed.resource, &subscribed.data.identities);
                pidf.map(|pidf| (PIDF_CONTENT_TYPE, pidf.to_document()))
            }
            () => Some(self.watchers_told(now, id, subscribed)),
        };
        Telling { state, body }
    }

    /// What a watcher is shown of a presentity.
    fn shown(&mut self, now: Instant, resource: &str, identities: &[String]) -> Option<Pidf> {
        let decision = self.decision(now, resource, identities);
        match decision.handling {
            SubHandling::Allow => Some(decision.provided.apply(&self.publications.composed(resource))),
            // What he would see of a presentity that is not there.
            SubHandling::PoliteBlock => {
                Some(Pidf { tuples: vec![Tuple::new("none", Basic::Closed)], ..Pidf::new(resource) })
            }
            SubHandling::Block | SubHandling::Confirm => None,
        }
    }

    /// The state of a presentity or its rules have changed: subscriptions stand as they do now, and are told.
    pub(super) fn decide_again(&mut self, now: Instant, resource: &str) {
        for id in self.subscriptions.of(PRESENCE, resource) {
            self.decide_one(now, id);
            self.subscriptions.mark(id, now);
        }
        self.decide_waiting(now, resource);
        let change = self.rules.next_change(resource, self.shell.utc_ms(now));
        let watched = self.subscriptions.count_of(PRESENCE, resource) > 0;
        self.rule_changes.set(&resource.to_owned(), change.filter(|_| watched));
    }

    /// A subscription to presence stands as rules and state want it now.
    pub(super) fn decide_one(&mut self, now: Instant, id: EventId) {
        let Some(subscribed) = self.subscriptions.get(id).filter(|subscribed| subscribed.package == PRESENCE) else {
            return;
        };
        let (resource, watching) = (subscribed.resource.clone(), subscribed.data.clone());
        let handling = self.decision(now, &resource, &watching.identities).handling;
        if handling == SubHandling::Block {
            return self.end(now, id, "rejected", WatcherEvent::Rejected);
        }
        let is_pending = handling == SubHandling::Confirm;
        if is_pending == watching.is_pending {
            return;
        }
        if let Some(data) = self.subscriptions.data_mut(id) {
            data.is_pending = is_pending;
        }
        if let Some(op) = self.subscriptions.op(id) {
            self.shell.store(vec![op], Job::Nothing);
        }
        let event = if is_pending { WatcherEvent::Subscribe } else { WatcherEvent::Approved };
        self.watcher_changed(now, id, event);
    }

    /// Rules that change with time are looked at again then.
    pub(super) fn watch_rules(&mut self, now: Instant, id: EventId) {
        let Some(resource) = self.subscriptions.get(id).map(|subscribed| subscribed.resource.clone()) else { return };
        let change = self.rules.next_change(&resource, self.shell.utc_ms(now));
        self.rule_changes.set(&resource, change);
    }

    /// A subscription ends here: it is told so.
    pub(super) fn end(&mut self, now: Instant, id: EventId, reason: &str, event: WatcherEvent) {
        let Some(subscribed) = self.subscriptions.get(id).cloned() else { return };
        let telling = self.telling(now, id, &subscribed, Some(reason));
        self.over(now, id, event);
        if let Err(why) = Subscriptions::tell_last(now, &mut self.shell.stack, subscribed, &telling, &self.contact) {
            self.shell.say(format!("NOTIFY: {why}"));
        }
    }

    /// A subscription is over, and nobody is to be told but those who watch the watchers.
    fn over(&mut self, now: Instant, id: EventId, event: WatcherEvent) {
        let waits = self.subscriptions.get(id).is_some_and(|s| s.data.is_pending && s.package == PRESENCE);
        if waits && event == WatcherEvent::Timeout {
            self.starts_waiting(now, id);
        } else {
            self.watcher_changed(now, id, event);
        }
        self.changes.remove(&id);
        if self.subscriptions.remove(id).is_some() {
            self.shell.store(vec![self.subscriptions.delete(id)], Job::Nothing);
        }
    }

    /// A NOTIFY has found nobody who knows the subscription.
    pub(super) fn not_told(&mut self, now: Instant, id: Option<EventId>, status: u16) {
        let Some(id) = id else { return };
        self.shell.say(format!("NOTIFY is answered with {status}: the subscription is over"));
        self.over(now, id, WatcherEvent::Timeout);
    }

    /// Subscriptions whose time is over.
    pub(super) fn end_subscriptions(&mut self, now: Instant, utc_ms: u64) {
        while let Some(id) = self.subscriptions.next_ended(utc_ms) {
            self.end(now, id, "timeout", WatcherEvent::Timeout);
        }
    }

    /// After a restart nobody knows what was told last: everything is told again, so many in each second.
    pub(super) fn tell_all_again(&mut self, now: Instant) {
        let each = Duration::from_secs(1) / self.config.limits.retold_per_s.max(1);
        for (number, id) in self.subscriptions.ids().into_iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            self.subscriptions.mark(id, now + each.saturating_mul(number));
        }
    }
}
