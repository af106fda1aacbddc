//! What the user of a user agent wants of it.

use super::io::{NotifierId, SessionId, SubscriberId};
use super::machine::UserAgent;
use super::under_way::RequestOf;
use crate::Instant;
use crate::mime::{Multipart, Part};
use crate::sip::session::Session;
use crate::sip::subscription::{Notifier, Subscriber};
use crate::sip::{Change, Method, NameAddr, Refusal, Request, Response, ServerKey, SubscriptionRequest, Uri};

/// Content type of SDP (RFC 8866 clause 8.1).
const SDP: &str = "application/sdp";

impl UserAgent {
    /// A request outside of dialogs with all that it needs; the caller adds what is special, then [`Self::send`]s it.
    pub fn request(&mut self, method: Method, to: Uri) -> Request {
        let mut from = self.profile.from.clone();
        from.set_tag(&self.entropy.token(10));
        let mut request = Request::new(method, to.clone());
        let headers = &mut request.headers;
        for route in &self.profile.route {
            headers.append("Route", route);
        }
        headers.append("Max-Forwards", "70");
        headers.append("From", &from.to_string());
        headers.append("To", &NameAddr::new(to).to_string());
        headers.append("Call-ID", &self.entropy.token(24));
        headers.append("CSeq", &format!("1 {}", request.method));
        request
    }

    /// Sends a request; [`super::UserAgentEvent::Response`] tells what came of it.
    pub fn send(&mut self, now: Instant, token: u64, request: Request) {
        self.transact(now, RequestOf::User(token), request);
        self.settle(now);
    }

    /// Answers a request of [`super::UserAgentEvent::Request`]. False: it was answered before, or too late.
    pub fn respond(&mut self, now: Instant, key: ServerKey, mut response: Response) -> bool {
        if response.status > 100 {
            response.set_to_tag(&self.entropy.token(10));
        }
        self.pass_response(key, &response);
        let done = self.stack.respond(now, key, response).is_ok();
        self.settle(now);
        done
    }

    /// Offers a session. `headers` are added to the INVITE.
    pub fn invite(&mut self, now: Instant, to: Uri, sdp: &[u8], headers: &[(String, String)]) -> SessionId {
        self.invite_with(now, to, sdp, headers, &[])
    }

    /// Offers a session with further parts of the body beside the SDP (RFC 5621 clause 3).
    pub fn invite_with(
        &mut self,
        now: Instant,
        to: Uri,
        sdp: &[u8],
        headers: &[(String, String)],
        parts: &[Part],
    ) -> SessionId {
        let mut invite = self.request(Method::INVITE, to);
        headers.iter().for_each(|(name, value)| invite.headers.append(name, value));
        let own = (!sdp.is_empty()).then(|| Part::new(SDP, sdp));
        match (own, parts) {
            (Some(own), []) => invite.set_body(SDP, own.body),
            (own, parts) if own.is_some() || !parts.is_empty() => {
                let parts = own.into_iter().chain(parts.iter().cloned()).collect();
                let body = Multipart { parts, ..Multipart::default() };
                let (content_type, octets) = body.to_body("mixed", &mut self.entropy);
                invite.set_body(&content_type, octets);
            }
            _ => {}
        }
        let id = SessionId(self.new_id());
        let (local, entropy) = (self.local_party(), self.entropy.split());
        self.sessions.insert(id, Session::calling(now, local, entropy, invite));
        self.settle(now);
        id
    }

    /// A provisional response to an offered session, with SDP where there is one.
    ///
    /// # Errors
    /// It is not the time for it.
    pub fn progress(&mut self, now: Instant, id: SessionId, status: u16, sdp: Option<&[u8]>) -> Result<(), Refusal> {
        self.with_session(now, id, |session| session.progress(status, sdp))
    }

    /// Accepts an offered session: SDP is the answer where there was an offer, else an offer.
    ///
    /// # Errors
    /// There is none, or the SDP does not fit.
    pub fn accept(&mut self, now: Instant, id: SessionId, sdp: &[u8]) -> Result<(), Refusal> {
        self.with_session(now, id, |session| session.accept(now, sdp))
    }

    /// Refuses an offered session.
    ///
    /// # Errors
    /// There is none.
    pub fn reject(&mut self, now: Instant, id: SessionId, status: u16) -> Result<(), Refusal> {
        self.reject_with(now, id, status, &[])
    }

    /// Refuses an offered session; `headers` tell more, such as Warning.
    ///
    /// # Errors
    /// There is none.
    pub fn reject_with(
        &mut self,
        now: Instant,
        id: SessionId,
        status: u16,
        headers: &[(String, String)],
    ) -> Result<(), Refusal> {
        self.with_session(now, id, |session| session.reject(status, headers))
    }

    /// Changes a session.
    ///
    /// # Errors
    /// It does not stand.
    pub fn change(&mut self, now: Instant, id: SessionId, change: Change) -> Result<(), Refusal> {
        self.with_session(now, id, |session| session.change(now, change))
    }

    /// Ends a session: CANCEL, a refusal or BYE, as far as it is.
    ///
    /// # Errors
    /// There is none.
    pub fn hang_up(&mut self, now: Instant, id: SessionId) -> Result<(), Refusal> {
        self.with_session(now, id, |session| {
            session.hang_up(now);
            Ok(())
        })
    }

    /// Sessions that are not over.
    pub fn sessions(&self) -> Vec<SessionId> {
        self.sessions.iter().filter(|(_, session)| !session.is_over()).map(|(id, _)| id).collect()
    }

    /// Gives all usages up without a word on the wire.
    pub fn lose_all(&mut self, now: Instant) {
        self.sessions.values_mut().for_each(Session::lose);
        self.subscribers.clear();
        self.notifiers.clear();
        self.settle(now);
        self.sessions.clear();
        self.under_way.forget_usages();
    }

    /// Subscribes.
    ///
    /// # Errors
    /// The URI is none.
    pub fn subscribe(&mut self, now: Instant, wanted: &SubscriptionRequest) -> Result<SubscriberId, Refusal> {
        let to = Uri::parse(&wanted.to).map_err(|problem| Refusal::NotSent(problem.to_string()))?;
        let mut request = self.request(Method::SUBSCRIBE, to);
        request.headers.append("Event", &wanted.event);
        request.headers.append("Accept", &wanted.accept);
        wanted.headers.iter().for_each(|(name, value)| request.headers.append(name, value));
        let id = SubscriberId(self.new_id());
        let (contact, timer_n) = (self.profile.contact.clone(), self.stack.config().timers.give_up());
        self.subscribers.insert(id, Subscriber::new(now, contact, request, wanted.expires_s, timer_n));
        self.settle(now);
        Ok(id)
    }

    /// Ends a subscription that was made.
    pub fn unsubscribe(&mut self, now: Instant, id: SubscriberId) {
        if let Some(subscriber) = self.subscribers.get_mut(id) {
            subscriber.unsubscribe(now);
        }
        self.settle(now);
    }

    /// Gives a subscription up without a word.
    pub fn forget_subscription(&mut self, id: SubscriberId) {
        self.subscribers.remove(id);
    }

    /// Accepts a SUBSCRIBE of [`super::UserAgentEvent::Request`] for so many seconds. A notification has to follow.
    ///
    /// # Errors
    /// The request makes no dialog; it has been refused with 400.
    pub fn accept_subscription(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        expires_s: u32,
    ) -> Result<NotifierId, Refusal> {
        let (contact, tag) = (self.profile.contact.clone(), self.entropy.token(10));
        let id = NotifierId(self.new_id());
        match Notifier::new(now, contact, &tag, key, request, expires_s) {
            Ok(notifier) => {
                self.notifiers.insert(id, notifier);
                self.settle(now);
                Ok(id)
            }
            Err(why) => {
                self.respond(now, key, Response::to(request, 400, None));
                Err(Refusal::Broken(why.to_string()))
            }
        }
    }

    /// Tells a subscriber the state. False: its subscription has ended, or it is too slow.
    pub fn notify(&mut self, now: Instant, id: NotifierId, content_type: &str, body: &[u8]) -> bool {
        let done = self.notifiers.get_mut(id).is_some_and(|notifier| notifier.notify(now, content_type, body));
        self.settle(now);
        done
    }

    /// Tells it the state for the last time; `reason` as in RFC 6665 clause 4.1.3.
    pub fn terminate_subscription(
        &mut self,
        now: Instant,
        id: NotifierId,
        reason: &str,
        content_type: &str,
        body: &[u8],
    ) {
        if let Some(notifier) = self.notifiers.get_mut(id) {
            notifier.terminate(now, reason, content_type, body);
        }
        self.settle(now);
    }

    fn with_session(
        &mut self,
        now: Instant,
        id: SessionId,
        action: impl FnOnce(&mut Session) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let session = self.sessions.get_mut(id).ok_or(Refusal::NotNow("there is no such session"))?;
        let result = action(session);
        self.settle(now);
        result
    }
}
