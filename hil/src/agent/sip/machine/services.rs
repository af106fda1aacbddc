//! What a UE publishes, what it watches, and what it refers others to (RFC 3903, RFC 6665, RFC 3515; TS 24.141 clauses 5.1
//! and 5.2, TS 24.147 clause 5.3.1.5).

use protocol::Instant;
use protocol::sip::{
    Method, ReferRequest, Refusal, Response, SubscriberEvent, SubscriberId, SubscriptionRequest, Uri, UserAgent,
};

use super::super::io::{AgentEvent, Publication, Published, WatchId};
use super::{Pending, UeAgent};

impl UeAgent {
    pub(super) fn publish(&mut self, now: Instant, publication: Publication) {
        let Publication { token, to, event, content_type, body, expires_s, etag, headers } = publication;
        let failed = |why| AgentEvent::PublishResult { token, result: Err(why) };
        if !self.is_registered() {
            return self.event(failed(Refusal::NotNow("the UE is not registered")));
        }
        let to = match to.map_or_else(|| Ok(self.ua.profile().from.uri.clone()), |to| Uri::parse(&to)) {
            Ok(to) => to,
            Err(problem) => return self.event(failed(Refusal::NotSent(problem.to_string()))),
        };
        let mut request = self.ua.request(Method::PUBLISH, to);
        request.headers.append("Event", &event);
        request.headers.append("Expires", &expires_s.to_string());
        if let Some(etag) = etag {
            request.headers.append("SIP-If-Match", &etag);
        }
        if self.config.receives_mbms {
            // A server that wants to reach it over a bearer learns here that it can.
            request.headers.append("Contact", &self.ua.profile().contact.to_string());
        }
        headers.iter().for_each(|(name, value)| request.headers.append(name, value));
        if !body.is_empty() {
            request.set_body(&content_type, body);
        }
        self.send(now, Pending::Publish(token), request);
    }

    pub(super) fn published(&mut self, token: u64, result: Result<Response, Refusal>) {
        let result = result.and_then(|response| {
            if !response.is_success() {
                return Err(Refusal::of(&response));
            }
            let etag = response.headers.get("SIP-ETag").unwrap_or_default().to_owned();
            Ok(Published { etag, expires_s: response.headers.expires().ok().flatten().unwrap_or(0) })
        });
        self.event(AgentEvent::PublishResult { token, result });
    }

    pub(super) fn watch(&mut self, now: Instant, watch: WatchId, wanted: &SubscriptionRequest) {
        self.subscribe_by(watch, |ua| ua.subscribe(now, wanted));
    }

    pub(super) fn refer(&mut self, now: Instant, watch: WatchId, wanted: &ReferRequest) {
        self.subscribe_by(watch, |ua| ua.refer(now, wanted));
    }

    fn subscribe_by(&mut self, watch: WatchId, request: impl FnOnce(&mut UserAgent) -> Result<SubscriberId, Refusal>) {
        let why = match () {
            () if self.watches.contains_key(&watch) => {
                return self.ignore(format!("watch {}", watch.0), "there is one of this name");
            }
            () if !self.is_registered() => "the UE is not registered".to_owned(),
            () => match request(&mut self.ua) {
                Ok(id) => {
                    self.watches.insert(watch, id);
                    return;
                }
                Err(why) => why.to_string(),
            },
        };
        self.event(AgentEvent::WatchEnded { watch, why });
    }

    pub(super) fn unwatch(&mut self, now: Instant, watch: WatchId) {
        match self.watches.get(&watch) {
            Some(&id) => self.ua.unsubscribe(now, id),
            None => self.ignore(format!("watch {}", watch.0), "there is none of this name"),
        }
    }

    /// No more watching: the registration is leaving.
    pub(super) fn unwatch_all(&mut self, now: Instant) {
        for id in self.watches.values() {
            self.ua.unsubscribe(now, *id);
        }
    }

    /// All watching is lost with the registration.
    pub(super) fn lose_watches(&mut self) {
        for (watch, id) in std::mem::take(&mut self.watches) {
            self.ua.forget_subscription(id);
            self.event(AgentEvent::WatchEnded { watch, why: "the UE is not registered any more".into() });
        }
    }

    pub(super) fn of_watch(&mut self, id: SubscriberId, event: SubscriberEvent) {
        let Some(watch) = self.watches.iter().find(|(_, own)| **own == id).map(|(watch, _)| *watch) else { return };
        let event = match event {
            SubscriberEvent::Subscribed { expires_s } => AgentEvent::Watching { watch, expires_s },
            SubscriberEvent::Notified { state, content_type, body } => {
                AgentEvent::Notified { watch, state, content_type, body }
            }
            SubscriberEvent::Ended(end) => {
                self.watches.remove(&watch);
                AgentEvent::WatchEnded { watch, why: end.to_string() }
            }
        };
        self.event(event);
    }
}
