//! GNR (TS 29.468 clauses 5.2.3, 5.3.5 and 5.6.4): what application servers are told, until they have taken it.

use std::collections::{BTreeMap, VecDeque};

use protocol::diameter::mb2c::{GcsNotificationRequest, MbmsBearerEventNotification, TmgiExpiry};
use protocol::diameter::{RequestFailure, ResultCode};
use protocol::{Instant, Tmgi};

use super::{Asked, BmscNode};

/// Notices that wait for an application server; older ones are given up: it has to ask then.
const MAX_WAITING: usize = 10_000;
/// Notices in one request.
const MAX_IN_REQUEST: usize = 256;

/// What an application server is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Notice {
    /// A TMGI has expired.
    Expired(Tmgi),
    /// Something has happened to a bearer.
    Event(MbmsBearerEventNotification),
    /// The BM-SC is there (clause 5.6.4).
    Heartbeat,
}

/// Notices for one application server.
#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Notice>,
    /// The first of them that are on their way.
    on_way: usize,
    again_at: Option<Instant>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Notices {
    queues: BTreeMap<String, Queue>,
}

impl Notices {
    pub(super) fn first_due(&self) -> Option<Instant> {
        self.queues.values().filter_map(|queue| queue.again_at).min()
    }

    pub(super) fn waiting(&self) -> usize {
        self.queues.values().map(|queue| queue.waiting.len()).sum()
    }
}

impl BmscNode {
    /// An application server shall know something.
    pub(super) fn notify(&mut self, now: Instant, owner: &str, notice: Notice) {
        if Self::is_of_provider(owner) {
            return self.on_xmb_notice(now, notice);
        }
        let queue = self.notices.queues.entry(owner.to_owned()).or_default();
        if notice == Notice::Heartbeat && !queue.waiting.is_empty() {
            // Every request has the counter.
            return;
        }
        queue.waiting.push_back(notice);
        if queue.waiting.len() > MAX_WAITING {
            queue.waiting.remove(queue.on_way);
            self.counters.notices_given_up += 1;
        }
        self.send_notices(now, owner);
    }

    fn send_notices(&mut self, now: Instant, owner: &str) {
        let Some(queue) = self.notices.queues.get_mut(owner) else { return };
        if queue.on_way > 0 || queue.waiting.is_empty() {
            return;
        }
        queue.again_at = None;
        queue.on_way = queue.waiting.len().min(MAX_IN_REQUEST);
        let sent: Vec<Notice> = queue.waiting.iter().take(queue.on_way).cloned().collect();
        let (_, own_realm) = self.endpoint.origin();
        let realm = self.peers.get(owner).map_or_else(|| own_realm.to_owned(), |peer| peer.realm.clone());
        let mut tmgis = Vec::new();
        let mut events = Vec::new();
        for notice in sent {
            match notice {
                Notice::Expired(tmgi) => tmgis.push(tmgi),
                Notice::Event(event) => events.push(event),
                Notice::Heartbeat => {}
            }
        }
        let gnr = GcsNotificationRequest {
            routing: self.endpoint.routing(Some(owner), &realm),
            expiry: (!tmgis.is_empty()).then_some(TmgiExpiry { tmgis }),
            events,
            restart_counter: Some(self.restart_counter),
            other: Vec::new(),
        };
        self.next += 1;
        self.asked.insert(self.next, Asked::Server(owner.to_owned()));
        self.endpoint.send_request(now, self.next, gnr.to_message());
    }

    /// An application server has taken what it was told, or has not.
    pub(super) fn notified(&mut self, now: Instant, owner: &str, result: &Result<ResultCode, RequestFailure>) {
        let retry = now + self.config.retry * AGAIN;
        let Some(queue) = self.notices.queues.get_mut(owner) else { return };
        let on_way = std::mem::take(&mut queue.on_way);
        match result {
            Ok(result) => {
                queue.waiting.drain(..on_way);
                if !result.is_success() {
                    self.counters.notices_given_up += on_way as u64;
                    self.say(format!("{owner} does not take what it is told: {result:?}"));
                }
                self.send_notices(now, owner);
            }
            // Nobody waits for a heartbeat that was not heard.
            Err(_) if queue.waiting.iter().all(|notice| *notice == Notice::Heartbeat) => queue.waiting.clear(),
            // Told when it connects again.
            Err(RequestFailure::NoPeer | RequestFailure::Lost) => {}
            Err(RequestFailure::Timeout | RequestFailure::Malformed(_)) => queue.again_at = Some(retry),
        }
    }

    /// Tries again what is due.
    pub(super) fn run_notices(&mut self, now: Instant) {
        let is_due = |queue: &Queue| queue.again_at.is_some_and(|at| at <= now);
        let due = self.notices.queues.iter().filter(|(_, queue)| is_due(queue));
        let due: Vec<String> = due.map(|(owner, _)| owner.clone()).collect();
        due.into_iter().for_each(|owner| self.send_notices(now, &owner));
        self.notices.queues.retain(|_, queue| !queue.waiting.is_empty());
    }

    /// An application server is there.
    pub(super) fn server_up(&mut self, now: Instant, owner: &str) {
        if self.services.count(owner) > 0 {
            self.notify(now, owner, Notice::Heartbeat);
        }
        self.send_notices(now, owner);
    }
}

/// What was not answered is told again after this many times the usual time between tries.
const AGAIN: u32 = 10;
