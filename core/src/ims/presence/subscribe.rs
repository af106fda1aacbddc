//! SUBSCRIBE to presence and to watcher information (RFC 3856 clause 6, RFC 3857 clause 4, TS 24.141 clause 5.3.2).

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Event, Request, Response, ServerKey};
use protocol::xml::{PIDF_CONTENT_TYPE, SubHandling, WATCHERINFO_CONTENT_TYPE, WatcherEvent};

use super::{Held, Job, PRESENCE, PresenceServer, WINFO, Watching, expires_of};
use crate::ims::service::event::{EventId, Subscribed};
use crate::ims::service::{Caller, accepts};

/// A SUBSCRIBE that is acknowledged when it is durable.
#[derive(Debug)]
pub(super) struct Accepted {
    key: ServerKey,
    response: Response,
    id: EventId,
    subscribed: Subscribed<Watching>,
    /// It was there before.
    is_refresh: bool,
    /// It was asked for once only, or is over.
    is_last: bool,
}

impl Accepted {
    pub(super) fn resource(&self) -> &str {
        &self.subscribed.resource
    }
}

impl PresenceServer {
    /// SUBSCRIBE outside of dialogs.
    pub(super) fn subscribe(&mut self, now: Instant, resource: &str, held: &Held) -> Result<(), Refusal> {
        let Held { key, request, flow } = held;
        let event = request.headers.get("Event").and_then(|event| Event::parse(event).ok());
        let package = match event.as_ref().map(|event| event.package.as_str()) {
            Some(PRESENCE) => PRESENCE,
            Some(WINFO) => WINFO,
            _ => return Err(Refusal::new(489).with("Allow-Events", &format!("{PRESENCE}, {WINFO}"))),
        };
        let caller = self.shell.caller(request, *flow)?;
        check_accept(request, package)?;
        let expires_s = expires_of(request, self.config.limits.subscribe_s)?;
        let watching = self.watching(now, package, resource, &caller)?;
        let watcher = caller.identity();
        self.check_space(package, resource, &watcher)?;
        let utc_ms = self.shell.utc_ms(now);
        let names = (package, resource, watcher.as_str());
        let contact = self.contact.clone();
        let stack = &self.shell.stack;
        let (id, subscribed, response) =
            self.subscriptions.draft(stack, *key, request, names, &contact, utc_ms, expires_s, watching)?;
        let is_last = expires_s == 0;
        let ops = if is_last { Vec::new() } else { vec![self.subscriptions.put(id, &subscribed)] };
        let accepted = Accepted { key: *key, response, id, subscribed, is_refresh: false, is_last };
        if is_last {
            // A fetch leaves nothing behind.
            self.accepted(now, accepted, true);
        } else {
            self.wait(resource, ops, Job::Subscribed(Box::new(accepted)));
        }
        Ok(())
    }

    /// SUBSCRIBE within the dialog: a refresh, or the end.
    pub(super) fn resubscribe(&mut self, now: Instant, id: EventId, held: &Held) -> Result<(), Refusal> {
        let Held { key, request, .. } = held;
        let expires_s = expires_of(request, self.config.limits.subscribe_s)?;
        let utc_ms = self.shell.utc_ms(now);
        let refresh = (*key, request, id);
        let (subscribed, response) =
            self.subscriptions.refresh(&self.shell.stack, refresh, &self.contact, utc_ms, expires_s)?;
        check_accept(request, &subscribed.package)?;
        let resource = subscribed.resource.clone();
        let is_last = expires_s == 0;
        let op = if is_last { self.subscriptions.delete(id) } else { self.subscriptions.put(id, &subscribed) };
        let accepted = Accepted { key: *key, response, id, subscribed, is_refresh: true, is_last };
        self.wait(&resource, vec![op], Job::Subscribed(Box::new(accepted)));
        Ok(())
    }

    /// May he watch, and how.
    fn watching(&mut self, now: Instant, package: &str, resource: &str, caller: &Caller) -> Result<Watching, Refusal> {
        if package == WINFO {
            // RFC 3857 clause 4.6, TS 24.141 clause 5.3.2.4: who watches him is for himself.
            return match caller.is(resource) {
                true => Ok(Watching { is_pending: false, identities: caller.identities().collect() }),
                false => Err(Refusal::new(403).because("Not the presentity")),
            };
        }
        let named = !caller.is_private() || caller.is(resource);
        let identities: Vec<String> = caller.identities().filter(|_| named).collect();
        match self.decision(now, resource, &identities).handling {
            SubHandling::Block => Err(Refusal::new(403).because("The presentity does not agree")),
            handling => Ok(Watching { is_pending: handling == SubHandling::Confirm, identities }),
        }
    }

    fn check_space(&self, package: &str, resource: &str, watcher: &str) -> Result<(), Refusal> {
        let limits = &self.config.limits;
        if self.subscriptions.count_of(package, resource) >= limits.watchers {
            return Err(Refusal::new(403).because("Too many watchers"));
        }
        if self.subscriptions.count_of_watcher(watcher) >= limits.watched {
            return Err(Refusal::new(403).because("Too many subscriptions"));
        }
        Ok(())
    }

    /// A subscription is durable, or could not be kept: then all is as it was.
    pub(super) fn accepted(&mut self, now: Instant, accepted: Accepted, is_durable: bool) {
        let Accepted { key, response, id, subscribed, is_refresh, is_last } = accepted;
        if !is_durable {
            return self.shell.refuse(now, key, &Refusal::new(500).because("The subscription could not be stored"));
        }
        if is_refresh && self.subscriptions.get(id).is_none() {
            // It has ended meanwhile.
            self.shell.store(vec![self.subscriptions.delete(id)], Job::Nothing);
            return self.shell.refuse(now, key, &Refusal::new(481));
        }
        self.shell.respond(now, key, response);
        if !is_refresh && !is_last {
            self.forget(&subscribed.resource, &subscribed.watcher);
        }
        self.subscriptions.insert(id, subscribed);
        if is_last {
            return self.end(now, id, "timeout", WatcherEvent::Timeout);
        }
        if !is_refresh {
            self.watcher_changed(now, id, WatcherEvent::Subscribe);
            self.watch_rules(now, id);
        }
        // The rules may be others than when it was asked for.
        self.decide_one(now, id);
        self.subscriptions.mark_at_once(id, now);
    }
}

fn check_accept(request: &Request, package: &str) -> Result<(), Refusal> {
    let kind = if package == WINFO { WATCHERINFO_CONTENT_TYPE } else { PIDF_CONTENT_TYPE };
    if accepts(request, kind) { Ok(()) } else { Err(Refusal::new(406).with("Accept", kind)) }
}
