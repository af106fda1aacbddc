//! Responses on their way back (TS 24.229 clauses 5.2.6.3.4 to 5.2.6.3.12 and 5.2.6.4.4 to 5.2.6.4.12).

use std::time::Duration;

use protocol::Instant;
use protocol::sip::proxy::{Cause, Refusal};
use protocol::sip::{
    Headers, Method, NameAddr, NextHop, PChargingVector, Request, Response, ServerKey, SessionExpires, Uri,
};

use super::session::{Served, Session, SessionKey};
use super::{Pcscf, Purpose, screening};
use crate::ims::charging;

impl Pcscf {
    /// The response to a request that was sent on.
    pub(super) fn on_upstream(&mut self, now: Instant, key: ServerKey, cause: Cause, response: Response) {
        let Some(relayed) = self.relayed.get(&key) else { return self.respond(now, key, response) };
        if !relayed.cancelled && cause != Cause::Answer {
            return self.on_lost(now, key, cause);
        }
        // INVITE may have several 2xx; the rest is over with the final response.
        let is_last = response.status >= 300 || (response.is_success() && relayed.request.method != Method::INVITE);
        let (request, purpose) = (relayed.request.clone(), relayed.purpose.clone());
        if is_last {
            self.relayed.remove(&key);
        }
        match purpose {
            Purpose::Register(_) if response.is_provisional() => self.respond(now, key, response),
            Purpose::Register(pending) => self.on_register_response(now, key, &pending, response),
            Purpose::FromUe { token } => self.pass_to_ue(now, key, &token, &request, response),
            Purpose::ToUe { token, called, charging, .. } => {
                self.pass_to_core(now, key, (&token, called, &charging), &request, response);
            }
        }
    }

    /// A response that goes to a UE.
    fn pass_to_ue(&mut self, now: Instant, key: ServerKey, token: &str, request: &Request, mut response: Response) {
        self.note_session(now, token, request, &response, Served::Caller);
        // The terminating network is named in what the UE does not see.
        self.charging.answered(now, key, &response);
        screening::to_ue(&mut response.headers);
        self.respond(now, key, response);
    }

    /// A response that a UE has sent.
    fn pass_to_core(
        &mut self,
        now: Instant,
        key: ServerKey,
        (token, called, charging): (&str, Option<String>, &Headers),
        request: &Request,
        mut response: Response,
    ) {
        let taken = screening::from_ue(&mut response.headers);
        response.headers.remove("P-Preferred-Identity");
        if let Some(registration) = self.registrations.by_token(token).cloned() {
            self.note_taken(&taken, &registration.aor);
            // TS 24.229 clause 5.2.6.4.4: the identity that was called, else the default one.
            let called = called.and_then(|called| NameAddr::parse(&called).ok()).map(|called| called.uri);
            let identities = registration.identities();
            if let Some(identity) = screening::asserted_identity(called.as_slice(), &identities) {
                response.headers.append("P-Asserted-Identity", &NameAddr::new(identity.clone()).to_string());
            }
        }
        if let Ok(Some(vector)) = charging.whole("P-Charging-Vector", PChargingVector::parse) {
            let vector = charging::answer(vector, &self.config.network);
            response.headers.append("P-Charging-Vector", &vector.to_string());
        }
        self.note_session(now, token, request, &response, Served::Callee);
        self.respond(now, key, response);
    }

    /// Keeps what a session needs, and forgets it with its BYE.
    fn note_session(&mut self, now: Instant, token: &str, request: &Request, response: &Response, served: Served) {
        // Of a request inside a dialog, `served` tells who of the two has sent it.
        let ue_sent = served == Served::Caller;
        let Some(key) = SessionKey::of(token, &response.headers, ue_sent) else { return };
        // RFC 3261 clause 12.2.1.2: these end a dialog.
        let gone = matches!(response.status, 408 | 481);
        if (request.method == Method::BYE && response.is_success()) || gone {
            self.sessions.remove(&key);
        }
        if !response.is_success() || !matches!(request.method, Method::INVITE | Method::UPDATE) {
            return;
        }
        if request.method == Method::INVITE && !self.sessions.contains(&key) {
            let own = &self.own;
            let of_ue =
                |uri: &Uri| own.is_own(uri) && matches!(uri, Uri::Sip(sip) if sip.user.as_deref() == Some(token));
            if let Some(session) = Session::new(request, response, served, of_ue) {
                self.sessions.put(key.clone(), session);
            }
        }
        let Some(session) = self.sessions.get_mut(&key) else { return };
        if ue_sent {
            session.note_success(response);
        }
        // RFC 4028 clause 8: without Session-Expires there is no timer any more.
        let interval = response.headers.whole("Session-Expires", SessionExpires::parse).ok().flatten();
        self.sessions.set_end(&key, interval.map(|interval| now + Duration::from_secs(interval.seconds.into())));
    }

    /// A request that was sent on got no answer, or did not get away.
    fn on_lost(&mut self, now: Instant, key: ServerKey, cause: Cause) {
        let Some(relayed) = self.relayed.remove(&key) else { return };
        let (shown, unreachable) = match cause {
            Cause::Unreachable(why) => (why, true),
            _ => ("no answer in time".to_owned(), false),
        };
        match relayed.purpose {
            Purpose::Register(pending) => {
                // TS 24.229 clause 5.2.2.1: no entry point of the home network answers.
                self.said(format!("REGISTER of {} to {}: {shown}", pending.who(), pending.home()));
                self.reply(now, key, &Refusal::new(504));
            }
            Purpose::FromUe { token } => {
                self.said(format!("{} of a UE: {shown}", relayed.request.method));
                self.end_of_dialog(&token, &relayed.request);
                self.reply(now, key, &Refusal::new(504));
            }
            Purpose::ToUe { token, called, charging, retried: false } if unreachable => {
                let purpose = Purpose::ToUe { token, called, charging, retried: true };
                self.try_second_way(now, key, relayed.request, purpose);
            }
            Purpose::ToUe { token, .. } => {
                self.said(format!("{} for a UE: {shown}", relayed.request.method));
                self.end_of_dialog(&token, &relayed.request);
                // RFC 5626 clause 5.3.1.
                self.reply(now, key, &Refusal::new(if unreachable { 430 } else { 408 }));
            }
        }
    }

    /// The flow has failed: the address in Contact is tried once.
    fn try_second_way(&mut self, now: Instant, key: ServerKey, request: Request, purpose: Purpose) {
        let Purpose::ToUe { token, .. } = &purpose else { return };
        let second = self.registrations.by_token(token).and_then(|known| known.second_target());
        let sent = second.is_some_and(|target| {
            self.said(format!("the flow of a UE has failed: {} is tried", target.remote));
            self.forward(now, key, request, Some(NextHop::Target(target)), purpose).is_ok()
        });
        if !sent {
            self.reply(now, key, &Refusal::new(430));
        }
    }

    /// A BYE that nobody answers ends its session all the same.
    fn end_of_dialog(&mut self, token: &str, request: &Request) {
        if request.method != Method::BYE {
            return;
        }
        for ue_sent in [true, false] {
            if let Some(key) = SessionKey::of(token, &request.headers, ue_sent) {
                self.sessions.remove(&key);
            }
        }
    }
}
