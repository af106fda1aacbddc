//! Requests that the core sends, for a UE or for the P-CSCF itself (TS 24.229 clause 5.2.6.4).

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Headers, Method, NextHop, Request, ServerKey, Uri};

use super::session::SessionKey;
use super::{Pcscf, Purpose, originating, screening};

impl Pcscf {
    /// A request of the core; without `key` an ACK.
    pub(super) fn on_core_request(&mut self, now: Instant, key: Option<ServerKey>, mut request: Request) {
        let popped = self.own.pop_routes(&mut request);
        if !popped.any || (self.own.is_own(&request.uri) && popped.token.is_none()) {
            return self.for_us(now, key, &request);
        }
        let in_dialog = request.to().ok().flatten().is_some_and(|to| to.tag().is_some());
        let registration = popped.token.as_deref().and_then(|token| {
            let gone = || self.forgotten.get(token).filter(|_| in_dialog).map(|(registration, _)| registration);
            self.registrations.by_token(token).or_else(gone)
        });
        let Some(registration) = registration.cloned() else {
            return self.turn_away(now, key, &Refusal::new(480).because("Not registered through this P-CSCF"));
        };
        if let Err(refusal) = self.proxy.admit(&self.stack, key, &mut request) {
            return self.turn_away(now, key, &refusal);
        }
        if in_dialog {
            if let Some(session) = SessionKey::of(&registration.token, &request.headers, false)
                && let Some(session) = self.sessions.get_mut(&session)
            {
                session.note_request(&request, false);
            }
        } else if originating::creates_dialog(&request.method) {
            self.own.record(&mut request.headers, registration.flow.transport, &registration.token, false);
        }
        let called = request.headers.get("P-Called-Party-ID").map(ToOwned::to_owned);
        let mut charging = Headers::default();
        for name in ["P-Charging-Vector", "P-Charging-Function-Addresses"] {
            charging.copy_from(&request.headers, name);
        }
        screening::to_ue(&mut request.headers);
        let next_hop = Some(NextHop::Target(registration.target()));
        let Some(key) = key else { return self.forward_ack(request, next_hop) };
        let purpose = Purpose::ToUe { token: registration.token, called, charging, retried: false };
        if let Err(error) = self.forward(now, key, request, next_hop, purpose) {
            self.said(format!("{} is not reached: {error}", registration.aor));
            // RFC 5626 clause 5.3.1.
            self.reply(now, key, &Refusal::new(430));
        }
    }

    /// A request that ends here: a NOTIFY of a subscription, or a question after our health.
    fn for_us(&mut self, now: Instant, key: Option<ServerKey>, request: &Request) {
        let Some(key) = key else { return self.ignored("no dialog", "ACK") };
        let token = match &request.uri {
            Uri::Sip(uri) if self.own.is_own(&request.uri) => uri.user.clone(),
            _ => None,
        };
        match (&request.method, token) {
            (method, Some(token)) if *method == Method::NOTIFY => self.on_notify(now, key, request, &token),
            (method, None) if *method == Method::OPTIONS && self.own.is_own(&request.uri) => {
                self.reply(now, key, &Refusal::new(200).with("Supported", "path"));
            }
            _ => self.reply(now, key, &Refusal::new(404).because("No route through this P-CSCF")),
        }
    }
}
