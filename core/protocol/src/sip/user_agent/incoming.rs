//! Requests that come in, and what they belong to (RFC 3261 clauses 8.2, 12.2.2).

use super::io::{SessionId, UserAgentEvent};
use super::machine::UserAgent;
use crate::Instant;
use crate::sip::session::Session;
use crate::sip::{Dialog, Flow, Method, Request, Response, ServerKey};

impl UserAgent {
    pub(super) fn incoming(&mut self, now: Instant, key: Option<ServerKey>, request: Request, flow: Flow) {
        let Some(id) = Dialog::id_of_request(&request) else {
            return self.outside(now, key, request, flow);
        };
        let (call_id, tag) = (id.call_id.as_str(), id.local_tag.as_str());
        let session = self.sessions.of_dialog(call_id, tag);
        if let Some(session) = session.and_then(|id| self.sessions.get_mut(id))
            && session.handle_request(now, key, &request)
        {
            return;
        }
        let Some(key) = key else { return };
        match &request.method {
            m if *m == Method::NOTIFY => {
                let mine = self.subscribers.of_dialog(call_id, tag);
                if let Some(subscriber) = mine.and_then(|id| self.subscribers.get_mut(id)) {
                    return subscriber.handle_notify(now, key, &request);
                }
            }
            m if *m == Method::SUBSCRIBE => {
                let mine = self.notifiers.of_dialog(call_id, tag);
                if let Some(notifier) = mine.and_then(|id| self.notifiers.get_mut(id)) {
                    let expires = request.expires().ok().flatten().unwrap_or(3600);
                    return notifier.handle_subscribe(now, key, &request, expires);
                }
            }
            _ => {}
        }
        // Also notifications: those of a REFER in the dialog of a session (RFC 3515 clause 2.4.4).
        if session.is_some() {
            return self.event(UserAgentEvent::Request { key, request, flow });
        }
        self.refuse(now, key, &request, 481);
    }

    /// A request outside of a dialog.
    fn outside(&mut self, now: Instant, key: Option<ServerKey>, request: Request, flow: Flow) {
        let Some(key) = key else { return };
        if request.method == Method::INVITE {
            return self.called(now, key, request, flow);
        }
        if matches!(request.method, Method::BYE | Method::PRACK | Method::UPDATE | Method::NOTIFY) {
            return self.refuse(now, key, &request, 481);
        }
        self.event(UserAgentEvent::Request { key, request, flow });
    }

    fn called(&mut self, now: Instant, key: ServerKey, invite: Request, flow: Flow) {
        let id = SessionId(self.new_id());
        let (local, entropy, tag) = (self.local_party(), self.entropy.split(), self.entropy.token(10));
        let session = Session::called(now, local, entropy, tag, key, invite.clone());
        self.under_way.came(key, id);
        if !session.is_over() {
            self.event(UserAgentEvent::Incoming { session: id, invite, flow });
        }
        self.sessions.insert(id, session);
    }

    fn refuse(&mut self, now: Instant, key: ServerKey, request: &Request, status: u16) {
        let mut response = Response::to(request, status, None);
        response.set_to_tag(&self.entropy.token(10));
        self.pass_response(key, &response);
        // It was just given to us: it is unanswered.
        let _ = self.stack.respond(now, key, response);
    }
}
