//! The subscription to the reg event package of its own registration (TS 24.229 clauses 5.1.1.3, 5.1.1.5A, 5.1.1.7).

use std::time::Duration;

use protocol::Instant;
use protocol::sip::SubscriberEvent;

use super::super::io::AgentEvent;
use super::super::reg_event::{Verdict, subscription, verdict};
use super::UeAgent;

impl UeAgent {
    pub(super) fn subscribe(&mut self, now: Instant) {
        if self.subscription.is_some() || !self.subscribes || self.leaving || !self.is_registered() {
            return;
        }
        let wanted = subscription(&self.ua.profile().from.uri);
        match self.ua.subscribe(now, &wanted) {
            Ok(id) => self.subscription = Some(id),
            Err(why) => self.event(AgentEvent::SubscriptionEnded { why: why.to_string() }),
        }
    }

    pub(super) fn forget_subscription(&mut self) {
        if let Some(id) = self.subscription.take() {
            self.ua.forget_subscription(id);
        }
    }

    pub(super) fn of_subscription(&mut self, now: Instant, event: SubscriberEvent) {
        match event {
            SubscriberEvent::Subscribed { expires_s } => self.event(AgentEvent::Subscribed { expires_s }),
            SubscriberEvent::Notified { body, .. } if body.is_empty() => {}
            SubscriberEvent::Notified { body, .. } => match verdict(&body, &self.ua.profile().contact) {
                Ok((info, told)) => {
                    self.event(AgentEvent::RegInfo(info));
                    self.obey(now, told);
                }
                Err(why) => self.ignore("a NOTIFY of the reg event package".into(), &why),
            },
            SubscriberEvent::Ended(end) => {
                self.subscription = None;
                self.forget_at = None;
                self.event(AgentEvent::SubscriptionEnded { why: end.to_string() });
                if let Some(pause) = end.retry_after_s().filter(|_| self.is_registered() && self.subscribes) {
                    self.resubscribe_at = Some(now + Duration::from_secs(pause.max(1).into()));
                }
            }
        }
    }

    /// TS 24.229 clauses 5.1.1.5A, 5.1.1.7.
    fn obey(&mut self, now: Instant, verdict: Verdict) {
        match verdict {
            Verdict::Stands => {}
            Verdict::Shortened(expires_s) => self.registration.shortened(now, expires_s),
            Verdict::Ended { event, retry } => {
                if self.is_registered() && !self.leaving {
                    self.registration.ended_by_network(now, event, retry);
                }
            }
        }
    }
}
