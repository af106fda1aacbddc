//! Presence of a user as a client may watch it: a fetch under the identity of the client (RFC 3856, RFC 6665 clause 4.4.3).

use http::StatusCode;
use protocol::Instant;
use protocol::sip::{SubscriberEvent, SubscriberId, SubscriptionEnd, SubscriptionRequest};
use protocol::xml::Element;
use serde_json::{Value, json};

use super::problem::{Problem, ok};
use super::{Asked, ExposureApi, PRESENCE_WAIT, Served, Then};

/// Somebody who waits.
#[derive(Debug)]
pub(super) struct Watch {
    asked: Asked,
    /// As the client has named him.
    user: String,
    pub(super) ends: Instant,
}

impl ExposureApi {
    pub(super) fn watch(&mut self, now: Instant, asked: &Asked, client: &str, user: &str) -> Result<Served, Problem> {
        if self.watching.len() >= MAX_WATCHES {
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many requests are waiting"));
        }
        let uri = self.reached(client, user)?;
        let headers = self.speak_for(client);
        let wanted = SubscriptionRequest {
            to: uri.to_string(),
            event: "presence".to_owned(),
            accept: "application/pidf+xml".to_owned(),
            expires_s: 0,
            headers,
        };
        let id = self.ua.subscribe(now, &wanted).map_err(|refusal| {
            Problem::new(StatusCode::BAD_GATEWAY, "the network does not take it").because(refusal.to_string())
        })?;
        let watch = Watch { asked: asked.clone(), user: user.to_owned(), ends: now + PRESENCE_WAIT };
        self.watching.insert(id, watch);
        Ok(Served::Later)
    }

    pub(super) fn on_presence(&mut self, id: SubscriberId, event: SubscriberEvent) {
        match event {
            SubscriberEvent::Subscribed { .. } => {}
            SubscriberEvent::Notified { state, body, .. } => {
                let Some(watch) = self.watching.remove(&id) else { return };
                let is_pending = state.starts_with("pending");
                let tuples = if is_pending { Vec::new() } else { tuples(&body) };
                let shown = if is_pending { "pending" } else { "known" };
                let body = json!({"user": watch.user, "state": shown, "tuples": tuples});
                self.finish(watch.asked, ok(StatusCode::OK, &body), Vec::new(), Then::Nothing);
            }
            SubscriberEvent::Ended(end) => {
                let Some(watch) = self.watching.remove(&id) else { return };
                let problem = match end {
                    SubscriptionEnd::Refused { status: 404 | 604 } => {
                        Problem::new(StatusCode::NOT_FOUND, "no such user")
                    }
                    SubscriptionEnd::Refused { status: 403 | 603 } => {
                        Problem::new(StatusCode::FORBIDDEN, "the user does not let this client watch him")
                    }
                    SubscriptionEnd::Notified { reason, .. } if reason == "rejected" => {
                        Problem::new(StatusCode::FORBIDDEN, "the user does not let this client watch him")
                    }
                    SubscriptionEnd::Unanswered => late(),
                    other => Problem::new(StatusCode::BAD_GATEWAY, "the presence server does not tell")
                        .because(format!("{other:?}")),
                };
                self.refuse(watch.asked, &problem);
            }
        }
    }

    pub(super) fn presence_timeout(&mut self, now: Instant) {
        let late_ones: Vec<SubscriberId> =
            self.watching.iter().filter(|(_, watch)| watch.ends <= now).map(|(id, _)| *id).collect();
        for id in late_ones {
            self.ua.forget_subscription(id);
            if let Some(watch) = self.watching.remove(&id) {
                self.refuse(watch.asked, &late());
            }
        }
    }
}

/// Of a PIDF document (RFC 3863) what tells no identity: neither entity nor contacts nor device identifiers.
fn tuples(body: &[u8]) -> Vec<Value> {
    let document = std::str::from_utf8(body).ok().and_then(|text| Element::parse(text).ok());
    let Some(presence) = document.filter(|root| root.name == "presence") else { return Vec::new() };
    let shown = presence.all("tuple").take(MAX_TUPLES).map(|tuple| {
        let basic = tuple.first("status").and_then(|status| status.text_of("basic")).unwrap_or("unknown");
        json!({"basic": basic, "note": tuple.text_of("note"), "timestamp": tuple.text_of("timestamp")})
    });
    shown.collect()
}

fn late() -> Problem {
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "nobody has told it in time")
}

const MAX_WATCHES: usize = 1024;
const MAX_TUPLES: usize = 64;
