//! Messages on their way to their recipients: one at a time for each, again after a pause, until they are there or too old.

use std::time::Duration;

use protocol::Instant;
use protocol::diameter::charging::RoleOfNode;
use protocol::sip::{ClientKey, NameAddr, Uri};
use protocol::xml::{Disposition, ImdnStatus};

use super::{Job, MessagingServer, bracketed, row, store_key};
use crate::node::{NodeStoreOp, Table};

impl MessagingServer {
    /// Everything that may go now.
    pub(super) fn deliver_all(&mut self, now: Instant) {
        if !self.is_ready {
            return;
        }
        let room = self.config.limits.deliveries.saturating_sub(self.deliveries.len());
        for identity in self.queue.ready(now, room) {
            self.deliver(now, &identity);
        }
    }

    /// The next message of a user, if it may go now.
    pub(super) fn deliver(&mut self, now: Instant, identity: &str) {
        while self.deliveries.len() < self.config.limits.deliveries {
            let Some(number) = self.queue.next(identity, now) else { return };
            let Some(item) = self.queue.get(number) else { return };
            let next_hop = self.config.next_hop.as_deref().map(loose);
            let request = item.to_request(next_hop.as_deref());
            let name = item.name();
            let sent = request.and_then(|request| {
                let client = self.shell.stack.send_request(now, request.clone(), None).map_err(|e| e.to_string())?;
                Ok((client, request))
            });
            match sent {
                Ok((client, request)) => {
                    self.shell.charging.begin(now, client, RoleOfNode::Originating, &request, None);
                    self.deliveries.insert(client, number);
                    self.names.insert(name);
                    self.queue.sending(identity, number);
                    return;
                }
                Err(why) => {
                    self.shell.say(format!("a message for {identity} is not sent: {why}"));
                    self.postpone(now, identity);
                }
            }
        }
    }

    /// The recipient, or somebody on the way to him, has answered.
    pub(super) fn delivery_answered(&mut self, now: Instant, client: ClientKey, status: u16) {
        let Some(number) = self.deliveries.remove(&client) else { return };
        let Some(item) = self.queue.get(number) else { return };
        let identity = item.identity();
        self.names.remove(&item.name());
        self.queue.sent(&identity);
        match status {
            200..=299 => {
                self.counters.delivered += 1;
                self.done(now, number);
            }
            _ if is_passing(status) => {
                self.shell.say(format!("a message for {identity} is answered with {status} and waits"));
                self.postpone(now, &identity);
                self.expire(now);
            }
            _ => {
                self.counters.failed += 1;
                self.shell.say(format!("a message for {identity} is answered with {status} and given up"));
                self.fail(now, number);
            }
        }
        if self.deliveries.len() + 1 == self.config.limits.deliveries {
            self.deliver_all(now);
        }
        self.deliver(now, &identity);
    }

    /// RFC 3428 clause 10: the pause grows with each attempt. A registration ends it.
    fn postpone(&mut self, now: Instant, identity: &str) {
        let (first, longest) = (self.config.first_retry, self.config.longest_retry);
        self.queue.postpone(identity, |attempts| now + first.saturating_mul(1 << attempts.min(16)).min(longest));
    }

    /// It is there.
    pub(super) fn done(&mut self, now: Instant, number: u64) {
        let op = self.finish(now, number);
        self.shell.store(vec![op], Job::Settle);
    }

    /// It waits no longer. A message that came in a request of its own is remembered as long as that may be repeated.
    fn finish(&mut self, now: Instant, number: u64) -> NodeStoreOp {
        let until_ms = self.shell.utc_ms(now) + REMEMBERED.as_millis() as u64;
        let has_origin = self.queue.get(number).is_some_and(|item| item.origin.is_some());
        let (table, key) = (Table::DeferredMessage, store_key(number));
        let kept = if has_origin { self.queue.finish(number, until_ms) } else { None };
        match kept {
            Some(item) => NodeStoreOp::Put { table, key, value: row(&item) },
            None => {
                self.queue.remove(number);
                NodeStoreOp::Delete { table, key }
            }
        }
    }

    /// It will not be there: its sender is told if he wants to be, in the same transaction.
    fn fail(&mut self, now: Instant, number: u64) {
        let Some(item) = self.queue.get(number).cloned() else { return };
        let mut ops = vec![self.finish(now, number)];
        let told = item.wish.as_ref().filter(|wish| wish.negative);
        let told =
            told.map(|wish| self.notification(now, wish, &item.recipient, Disposition::Delivery(ImdnStatus::Failed)));
        let Some(notification) = told else {
            return self.shell.store(ops, Job::Settle);
        };
        let value = row(&notification);
        match self.queue.admit(vec![notification], &self.config.limits) {
            Ok(numbers) => {
                let put = |own: &u64| NodeStoreOp::Put {
                    table: Table::DeferredMessage,
                    key: store_key(*own),
                    value: value.clone(),
                };
                ops.extend(numbers.iter().map(put));
                self.shell.store(ops, Job::Accept { key: None, numbers });
            }
            Err(_) => {
                self.shell.say("a sender is not told that his message failed: too many messages wait for him");
                self.shell.store(ops, Job::Settle);
            }
        }
    }

    /// Messages whose time is over.
    pub(super) fn expire(&mut self, now: Instant) {
        self.looked_ms = self.shell.utc_ms(now);
        for number in self.queue.expired(self.looked_ms) {
            if self.queue.get(number).is_some_and(|item| item.done) {
                self.queue.remove(number);
                let op = NodeStoreOp::Delete { table: Table::DeferredMessage, key: store_key(number) };
                self.shell.store(vec![op], Job::Settle);
            } else {
                self.counters.expired += 1;
                self.fail(now, number);
            }
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        // Those that are due and on their way end when they are answered.
        let expiry = self.queue.next_expiry(self.looked_ms).map(|ms| self.shell.instant_of(ms));
        let retry = self.queue.next_retry().filter(|_| self.deliveries.len() < self.config.limits.deliveries);
        let passed = self.passed.values().filter_map(|passed| passed.until).min();
        [expiry, retry, passed].into_iter().flatten().min()
    }
}

/// True if the same request may succeed later. 404 and the like will not change by waiting.
pub(super) const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 430 | 480 | 486 | 487 | 500 | 502 | 503 | 504)
}

/// Route of the first hop.
pub(super) fn loose(uri: &str) -> String {
    let Ok(NameAddr { uri: Uri::Sip(mut uri), .. }) = NameAddr::parse(uri) else { return bracketed(uri) };
    if !uri.is_loose_router() {
        uri.params.set_flag("lr");
    }
    NameAddr::new(Uri::Sip(uri)).to_string()
}

/// How long a repeated request is known: well beyond 64*T1 of RFC 3261, also over radio.
const REMEMBERED: Duration = Duration::from_secs(300);
