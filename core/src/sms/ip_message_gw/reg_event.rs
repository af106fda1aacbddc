//! What UEs are told of their registration: the reg event package on R2 (RFC 3680, RFC 6665), by which TR 23.804 clause
//! 8.2.2 step 4 reaches them. They are told when it begins and when it ends; they know that they have refreshed it.

use std::time::Duration;

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Event, Flow, Request, Response, ServerKey, SubscriptionState};
use protocol::xml::{
    ContactEvent, ContactState, REGINFO_CONTENT_TYPE, RegContact, RegInfo, RegInfoState, Registration,
    RegistrationState,
};

use super::users::{Access, User};
use super::{IpMessageGw, Job};
use crate::ims::service::accepts;
use crate::ims::service::event::{EventId, Subscribed, Subscriptions, Telling};

/// A SUBSCRIBE that is answered when it is durable.
#[derive(Debug)]
pub(super) struct Subscribing {
    key: ServerKey,
    response: Response,
    id: EventId,
    subscribed: Subscribed<()>,
}

impl IpMessageGw {
    /// SUBSCRIBE of a registered UE.
    pub(super) fn subscribe(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        flow: Flow,
    ) -> Result<(), Refusal> {
        let utc_ms = self.shell.utc_ms(now);
        let wanted = request.expires().map_err(|_| Refusal::new(400).because("Bad Expires"))?;
        let expires_s = wanted.unwrap_or(DEFAULT_S).min(MAX_S);
        if let Some(id) = self.subscriptions.find(request) {
            let refresh = (key, request, id);
            let stack = &self.shell.stack;
            let (subscribed, response) =
                self.subscriptions.refresh(stack, refresh, &self.contact, utc_ms, expires_s)?;
            self.keep(key, response, id, subscribed);
            return Ok(());
        }
        if request.to().ok().flatten().is_some_and(|to| to.tag().is_some()) {
            return Err(Refusal::new(481));
        }
        let event = request.headers.get("Event").and_then(|event| Event::parse(event).ok());
        if event.is_none_or(|event| event.package != PACKAGE) {
            return Err(Refusal::new(489).with("Allow-Events", PACKAGE));
        }
        if !accepts(request, REGINFO_CONTENT_TYPE) {
            return Err(Refusal::new(406).with("Accept", REGINFO_CONTENT_TYPE));
        }
        let user = self.users.at(flow.remote).ok_or_else(|| Refusal::new(403).because("Not registered"))?;
        let imsi = user.imsi.clone();
        let named = request.uri.as_sip().and_then(|uri| uri.user_text());
        if named.is_some_and(|named| named != imsi) {
            return Err(Refusal::new(403).because("Not his own registration"));
        }
        if self.subscriptions.count_of(PACKAGE, &imsi) >= self.config.limits.subscriptions {
            // The UE may have forgotten its earlier ones.
            let oldest = self.subscriptions.of(PACKAGE, &imsi).into_iter().next();
            oldest.into_iter().for_each(|id| self.unsubscribe(id));
        }
        let names = (PACKAGE, imsi.as_str(), imsi.as_str());
        let contact = self.contact.clone();
        let stack = &self.shell.stack;
        let (id, subscribed, response) =
            self.subscriptions.draft(stack, key, request, names, &contact, utc_ms, expires_s, ())?;
        self.keep(key, response, id, subscribed);
        Ok(())
    }

    fn keep(&mut self, key: ServerKey, response: Response, id: EventId, subscribed: Subscribed<()>) {
        let op = self.subscriptions.put(id, &subscribed);
        let subscribing = Subscribing { key, response, id, subscribed };
        self.shell.store(vec![op], Job::Subscribed(Box::new(subscribing)));
    }

    /// A subscription is durable. One of no time ends with its first NOTIFY.
    pub(super) fn subscribed(&mut self, now: Instant, subscribing: Subscribing) {
        let Subscribing { key, response, id, subscribed } = subscribing;
        self.shell.respond(now, key, response);
        self.subscriptions.insert(id, subscribed);
        self.subscriptions.mark_at_once(id, now);
        self.notify_due(now);
    }

    pub(super) fn not_subscribed(&mut self, now: Instant, subscribing: &Subscribing) {
        self.shell.refuse(now, subscribing.key, &Refusal::new(500).because("Not stored"));
    }

    /// Subscriptions that are to be told something, and those that have ended.
    pub(super) fn notify_due(&mut self, now: Instant) {
        let utc_ms = self.shell.utc_ms(now);
        while let Some(id) = self.subscriptions.next_ended(utc_ms) {
            let user = self.subscriptions.get(id).and_then(|s| self.users.get(&s.resource)).cloned();
            self.tell_last(now, id, user.as_ref(), "timeout", None);
        }
        while let Some(id) = self.subscriptions.next_due(now) {
            let Some(subscribed) = self.subscriptions.get(id) else { continue };
            let left = subscribed.left_s(utc_ms);
            let user = self.users.get(&subscribed.resource);
            let Some(body) = user.and_then(|user| self.document(now, id, user, ContactEvent::Registered)) else {
                self.tell_last(now, id, None, "noresource", None);
                continue;
            };
            let telling = Telling { state: SubscriptionState::active(left), body: Some((REGINFO_CONTENT_TYPE, body)) };
            let pace = (&self.contact.clone(), Duration::ZERO);
            match self.subscriptions.tell(now, &mut self.shell.stack, id, &telling, pace) {
                Ok((_, op)) => op.into_iter().for_each(|op| self.shell.store(vec![op], Job::Nothing)),
                Err(why) => {
                    self.shell.say(format!("NOTIFY: {why}"));
                    self.unsubscribe(id);
                }
            }
        }
    }

    /// A registration has begun.
    pub(super) fn tell_registration(&mut self, now: Instant, imsi: &str) {
        for id in self.subscriptions.of(PACKAGE, imsi) {
            self.subscriptions.mark(id, now);
        }
        self.notify_due(now);
    }

    /// A registration is over: clause 8.2.2 step 4.
    pub(super) fn tell_end(&mut self, now: Instant, user: &User, event: ContactEvent) {
        for id in self.subscriptions.of(PACKAGE, &user.imsi) {
            self.tell_last(now, id, Some(user), "noresource", Some(event));
        }
    }

    /// The last NOTIFY; `event`: the registration is over, too.
    fn tell_last(&mut self, now: Instant, id: EventId, user: Option<&User>, reason: &str, event: Option<ContactEvent>) {
        let body = user.and_then(|user| self.document(now, id, user, event.unwrap_or(ContactEvent::Registered)));
        let Some(subscribed) = self.subscriptions.remove(id) else { return };
        self.shell.store(vec![self.subscriptions.delete(id)], Job::Nothing);
        let body = body.map(|body| (REGINFO_CONTENT_TYPE, body));
        let telling = Telling { state: SubscriptionState::terminated(reason), body };
        let stack = &mut self.shell.stack;
        if let Err(why) = Subscriptions::tell_last(now, stack, subscribed, &telling, &self.contact) {
            self.shell.say(format!("NOTIFY: {why}"));
        }
    }

    /// A subscription of which nobody is to hear any more.
    pub(super) fn unsubscribe(&mut self, id: EventId) {
        if self.subscriptions.remove(id).is_some() {
            self.shell.store(vec![self.subscriptions.delete(id)], Job::Nothing);
        }
    }

    /// What is told of a registration on R2; of one by the IMS nothing.
    fn document(&self, now: Instant, id: EventId, user: &User, event: ContactEvent) -> Option<String> {
        let utc_ms = self.shell.utc_ms(now);
        let is_active = event == ContactEvent::Registered;
        let Access::Ip(contact) = &user.access else { return None };
        let expires = user.expires_utc_ms.saturating_sub(utc_ms).div_ceil(1000);
        let contact = RegContact {
            id: format!("c{}", user.imsi),
            state: if is_active { ContactState::Active } else { ContactState::Terminated },
            event,
            expires: Some(if is_active { u32::try_from(expires).unwrap_or(u32::MAX) } else { 0 }),
            retry_after: None,
            duration_registered: u32::try_from(utc_ms.saturating_sub(contact.since_utc_ms) / 1000).ok(),
            q: None,
            call_id: Some(contact.call_id.clone()),
            cseq: Some(contact.cseq),
            uri: contact.uri.clone(),
            display_name: None,
            unknown_params: Vec::new(),
        };
        let registration = Registration {
            aor: format!("sip:{}@{}", user.imsi, self.config.domain),
            id: format!("r{}", user.imsi),
            state: if is_active { RegistrationState::Active } else { RegistrationState::Terminated },
            wildcarded_identity: None,
            contacts: vec![contact],
        };
        let (version, _) = self.subscriptions.next_version(id);
        Some(RegInfo { version, state: RegInfoState::Full, registrations: vec![registration] }.to_document())
    }
}

/// The event package.
const PACKAGE: &str = "reg";
/// RFC 3680 clause 4.4, seconds.
const DEFAULT_S: u32 = 3761;
/// No longer than that, seconds; TS 24.229 clause 5.1.1.3 has UEs ask for it.
const MAX_S: u32 = 600_000;
