//! Subscription of the P-CSCF to the registration state of its users (TS 24.229 clauses 5.2.3 and 5.2.5.2, RFC 3680).

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Event, Method, NameAddr, NextHop, Request, Response, ServerKey, SipUri, Uri};
use protocol::xml::{ContactEvent, ContactState, RegInfo, RegistrationState};

use super::registration::{RegSubscription, Registration};
use super::{AfterStore, Asked, Pcscf};
use crate::ims::charging;

/// Lifetime that is asked for: more than any registration's (TS 24.229 clause 5.1.1.2.1: 600 000 s).
const EXPIRES: u32 = 600_000;
/// Media type of reginfo documents (RFC 3680 clause 5).
const REGINFO: &str = "application/reginfo+xml";

/// What a NOTIFY says of one registration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum News {
    /// Nothing of interest.
    None,
    /// It ends sooner: seconds from now.
    Shortened(u32),
    /// It is over.
    Over,
}

impl Pcscf {
    /// Subscribes, or refreshes a subscription.
    pub(super) fn subscribe(&mut self, now: Instant, token: &str) {
        if !self.config.subscribe_reg {
            return;
        }
        let (call_id, local_tag) = (self.entropy.token(24), self.entropy.token(16));
        let vector = charging::vector(&mut self.entropy, &self.config.name, &self.config.network);
        let own = SipUri::new(None, &self.config.name);
        let contact = NameAddr::new(Uri::Sip(self.own.core_uri(Some(token))));
        let Some(mut registration) = self.registrations.by_token(token).cloned() else { return };
        let Some(user) = registration.identities().into_iter().find(|uri| matches!(uri, Uri::Sip(_))) else { return };
        let entry = self.config.homes.iter().find(|home| home.domain == registration.home).map(|home| &home.entry);
        let Some(entry) = entry.cloned() else { return };
        let subscription = registration.subscription.get_or_insert_with(|| RegSubscription::new(call_id, local_tag));
        subscription.cseq += 1;
        subscription.refresh_utc_ms = u64::MAX;
        let is_refresh = !subscription.remote_tag.is_empty();
        let target = Uri::parse(&subscription.target).ok().filter(|_| is_refresh).unwrap_or_else(|| user.clone());
        let mut request = Request::new(Method::SUBSCRIBE, target);
        let headers = &mut request.headers;
        for route in subscription.route.iter().filter(|_| is_refresh) {
            headers.append("Route", route);
        }
        headers.append("Max-Forwards", "70");
        headers.append("From", &format!("<{own}>;tag={}", subscription.local_tag));
        let mut to = NameAddr::new(user);
        if is_refresh {
            to.set_tag(&subscription.remote_tag);
        }
        headers.append("To", &to.to_string());
        headers.append("Call-ID", &subscription.call_id);
        headers.append("CSeq", &format!("{} SUBSCRIBE", subscription.cseq));
        headers.append("Contact", &contact.to_string());
        headers.append("Event", "reg");
        headers.append("Accept", REGINFO);
        headers.append("Expires", &EXPIRES.to_string());
        // The S-CSCF lets those subscribe whom it knows from Path (TS 24.229 clause 5.4.2.1.1).
        headers.append("P-Asserted-Identity", &registration.path);
        headers.append("P-Charging-Vector", &vector.to_string());
        self.registrations.put(registration);
        let next_hop = (!is_refresh).then(|| NextHop::Uri(Uri::Sip(SipUri::new(None, &entry))));
        match self.stack.send_request(now, request, next_hop) {
            Ok(client) => drop(self.asked.insert(client, Asked::Subscribe(token.to_owned()))),
            Err(error) => {
                self.said(format!("no subscription to the reg event: {error}"));
                self.unsubscribed(token);
            }
        }
    }

    /// The answer to a SUBSCRIBE, or why there is none.
    pub(super) fn on_subscribed(&mut self, now: Instant, token: &str, answer: Result<&Response, &str>) {
        let utc = self.utc_ms(now);
        let Some(mut registration) = self.registrations.by_token(token).cloned() else { return };
        let Some(subscription) = &mut registration.subscription else { return };
        let response = match answer {
            Ok(response) if response.is_success() => response,
            Ok(response) => {
                self.said(format!("no subscription to the reg event: {} {}", response.status, response.reason));
                return self.unsubscribed(token);
            }
            Err(why) => {
                self.said(format!("no subscription to the reg event: {why}"));
                return self.unsubscribed(token);
            }
        };
        if let Ok(Some(to)) = response.to_address() {
            subscription.remote_tag = to.tag().unwrap_or_default().to_owned();
        }
        if let Ok(Some(contact)) = response.contact() {
            subscription.target = contact.uri.to_string();
        }
        let recorded = response.record_routes().unwrap_or_default();
        if !recorded.is_empty() {
            subscription.route = recorded.iter().rev().map(ToString::to_string).collect();
        }
        let seconds = u64::from(response.expires().ok().flatten().unwrap_or(EXPIRES));
        // TS 24.229 clause 5.2.3: 600 s before the end, or at half of a short time.
        let wait = if seconds > 1200 { seconds - 600 } else { seconds / 2 };
        subscription.refresh_utc_ms = utc.saturating_add(wait.saturating_mul(1000));
        self.registrations.put(registration);
        self.keep(token);
    }

    /// A NOTIFY of the S-CSCF.
    pub(super) fn on_notify(&mut self, now: Instant, key: ServerKey, request: &Request, token: &str) {
        if self.forgotten.get(token).is_some() {
            // The last NOTIFY of a registration that is over here already.
            return self.reply(now, key, &Refusal::new(200));
        }
        let news = match self.read_notify(request, token) {
            Ok(news) => news,
            Err(refusal) => return self.reply(now, key, &refusal),
        };
        self.reply(now, key, &Refusal::new(200));
        let utc = self.utc_ms(now);
        match news {
            News::Over => {
                self.said("the network has deregistered a user");
                return self.network_deregistered(now, token);
            }
            News::Shortened(seconds) => {
                if let Some(mut registration) = self.registrations.by_token(token).cloned() {
                    registration.expires_utc_ms = utc.saturating_add(u64::from(seconds) * 1000);
                    self.registrations.put(registration);
                }
            }
            News::None => {}
        }
        let state = request.headers.get("Subscription-State").unwrap_or_default();
        if state.split(';').next().is_some_and(|state| state.trim().eq_ignore_ascii_case("terminated")) {
            self.unsubscribed(token);
            // RFC 6665 clause 4.1.3: a new subscription is welcome at once.
            if ["deactivated", "timeout"].iter().any(|reason| state.contains(reason)) {
                return self.subscribe(now, token);
            }
        }
        self.keep(token);
    }

    /// Checks that a NOTIFY belongs to a subscription and reads it.
    fn read_notify(&mut self, request: &Request, token: &str) -> Result<News, Refusal> {
        let gone = || Refusal::new(481).because("Subscription does not exist");
        let mut registration = self.registrations.by_token(token).cloned().ok_or_else(gone)?;
        let subscription = registration.subscription.as_mut().ok_or_else(gone)?;
        let tag = |address: Option<NameAddr>| address.and_then(|a| a.tag().map(ToOwned::to_owned)).unwrap_or_default();
        let (from, to) = (tag(request.from().ok().flatten()), tag(request.to().ok().flatten()));
        let known = subscription.remote_tag.is_empty() || subscription.remote_tag == from;
        if request.call_id() != Some(&subscription.call_id) || to != subscription.local_tag || !known {
            return Err(gone());
        }
        let seq = request.headers.cseq().ok().flatten().map_or(0, |cseq| cseq.seq);
        if subscription.notified.is_some_and(|last| seq <= last) {
            return Err(Refusal::new(500).because("CSeq out of order"));
        }
        let event = request.headers.whole("Event", Event::parse).ok().flatten();
        if event.is_none_or(|event| event.package != "reg") {
            return Err(Refusal::new(489));
        }
        subscription.notified = Some(seq);
        if subscription.remote_tag.is_empty() {
            subscription.remote_tag = from;
        }
        self.registrations.put(registration.clone());
        if request.body.is_empty() {
            return Ok(News::None);
        }
        let media =
            request.headers.get("Content-Type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case(REGINFO) {
            return Err(Refusal::new(415).with("Accept", REGINFO));
        }
        let text = std::str::from_utf8(&request.body).map_err(|_| Refusal::new(400).because("reginfo is no UTF-8"))?;
        let info = RegInfo::parse(text).map_err(|problem| Refusal::new(400).because(&format!("reginfo: {problem}")))?;
        Ok(news_of(&info, &registration))
    }

    /// A subscription is over.
    fn unsubscribed(&mut self, token: &str) {
        if let Some(mut registration) = self.registrations.by_token(token).cloned() {
            registration.subscription = None;
            self.registrations.put(registration);
        }
        self.keep(token);
    }

    /// Makes a registration durable as it is now.
    fn keep(&mut self, token: &str) {
        if let Some(put) = self.registrations.by_token(token).and_then(Self::put_op) {
            self.store(vec![put], AfterStore::Nothing);
        }
    }
}

/// What a document says of the registration of a UE: of its Contact, or of the identity as a whole.
fn news_of(info: &RegInfo, registration: &Registration) -> News {
    let own = Uri::parse(&registration.contact).ok();
    let same = |uri: &str| match (Uri::parse(uri), &own) {
        (Ok(uri), Some(own)) => uri.equivalent(own),
        _ => uri == registration.contact,
    };
    let identities: Vec<_> = registration.identities().iter().map(Uri::identity).collect();
    let mut news = News::None;
    for element in &info.registrations {
        let identity = Uri::parse(&element.aor).map_or_else(|_| element.aor.clone(), |uri| uri.identity());
        if !identities.contains(&identity) && identity != registration.aor {
            continue;
        }
        let contact = element.contacts.iter().find(|contact| same(&contact.uri));
        match contact {
            // Only the identity that was registered ends the registration: others of the set may come and go.
            Some(contact) if contact.state == ContactState::Terminated && identity == registration.aor => {
                return News::Over;
            }
            Some(contact) if contact.event == ContactEvent::Shortened => {
                news = contact.expires.map_or(news, News::Shortened);
            }
            None if element.state == RegistrationState::Terminated && identity == registration.aor => {
                return News::Over;
            }
            _ => {}
        }
    }
    news
}
