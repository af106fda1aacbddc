//! Requests that a UE sends, REGISTER aside (TS 24.229 clause 5.2.6.3).

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Flow, Method, NameAddr, Request, ServerKey, Uri};

use super::registration::Registration;
use super::session::SessionKey;
use super::{Pcscf, Purpose, emergency, screening, sec_agree};
use crate::ims::charging;

impl Pcscf {
    /// A request of a UE; without `key` an ACK.
    pub(super) fn on_ue_request(&mut self, now: Instant, key: Option<ServerKey>, mut request: Request, flow: Flow) {
        if let Some(key) = key
            && emergency::is_emergency(&request, &self.config.emergency_numbers)
        {
            if let Some(response) = self.stack.prepare(key, 380, None) {
                self.respond(now, key, emergency::refusal(response, &self.own.core_uri(None).to_string()));
            }
            return;
        }
        let contact = request.contact().ok().flatten().map(|contact| contact.uri);
        let wanted = preferred(&request);
        let token = self.own.top_token(&request);
        let known = self.registrations.of_request(flow, token.as_deref(), contact.as_ref(), &wanted);
        let Some(registration) = known.cloned() else {
            // TS 24.229 clause 5.2.6.3.2A.
            return self.turn_away(now, key, &Refusal::new(403).because("Not registered here"));
        };
        match self.prepare_from_ue(key, &mut request, flow, &registration, &wanted) {
            Ok(()) => self.send_from_ue(now, key, request, registration.token),
            Err(refusal) => self.turn_away(now, key, &refusal),
        }
    }

    fn prepare_from_ue(
        &mut self,
        key: Option<ServerKey>,
        request: &mut Request,
        flow: Flow,
        registration: &Registration,
        wanted: &[Uri],
    ) -> Result<(), Refusal> {
        let token = &registration.token;
        sec_agree::check_request(self.config.security, request, flow.transport, registration.agreement.as_ref())?;
        sec_agree::strip(&mut request.headers);
        self.proxy.admit(&self.stack, key, request)?;
        let taken = screening::from_ue(&mut request.headers);
        self.note_taken(&taken, &registration.aor);
        let popped = self.own.pop_routes(request);
        if request.to().ok().flatten().is_some_and(|to| to.tag().is_some()) {
            self.check_in_dialog(request, registration, popped.token.as_deref() == Some(token))?;
        } else {
            self.enforce_service_route(request, registration)?;
            if creates_dialog(&request.method) {
                self.own.record(&mut request.headers, flow.transport, token, true);
            }
            self.ask_for_session_timer(request);
            let vector = charging::vector(&mut self.entropy, &self.config.name, &self.config.network);
            request.headers.set("P-Charging-Vector", &vector.to_string());
        }
        request.headers.remove("P-Preferred-Identity");
        if request.method != Method::ACK
            && let Some(identity) = screening::asserted_identity(wanted, &registration.identities())
        {
            request.headers.append("P-Asserted-Identity", &NameAddr::new(identity.clone()).to_string());
        }
        Ok(())
    }

    /// A request inside a dialog belongs to a dialog of the UE (TS 24.229 clause 5.2.6.3.5), or, where nothing is kept of it,
    /// follows the route that was recorded: through here with the UE's own token, then to its S-CSCF.
    fn check_in_dialog(
        &mut self,
        request: &Request,
        registration: &Registration,
        has_token: bool,
    ) -> Result<(), Refusal> {
        let session = SessionKey::of(&registration.token, &request.headers, true);
        if let Some(known) = session.as_ref().and_then(|key| self.sessions.get_mut(key)) {
            known.note_request(request, true);
            return Ok(());
        }
        let host = |uri: &Uri| match uri {
            Uri::Sip(sip) => Some(sip.host.to_ascii_lowercase()),
            _ => None,
        };
        let next = request.headers.address("Route").ok().flatten().and_then(|route| host(&route.uri));
        let served = registration.service_route.iter().filter_map(|route| NameAddr::parse(route).ok());
        if has_token && next.is_some() && served.into_iter().any(|route| host(&route.uri) == next) {
            if let Some(key) = session {
                self.sessions.note_early(key, request);
            }
            return Ok(());
        }
        Err(Refusal::new(403).because("No dialog of this UE"))
    }

    /// Initial requests take the way that the S-CSCF gave at registration: another one is replaced (TS 24.229 clause
    /// 5.2.6.3.3, item 1b).
    fn enforce_service_route(&mut self, request: &mut Request, registration: &Registration) -> Result<(), Refusal> {
        if registration.service_route.is_empty() {
            return Err(Refusal::new(403).because("No service route: register again"));
        }
        let uris = |values: Vec<NameAddr>| values.into_iter().map(|value| value.uri).collect::<Vec<_>>();
        let wanted: Vec<_> =
            registration.service_route.iter().filter_map(|route| NameAddr::parse(route).ok()).collect();
        let wanted = uris(wanted);
        let given = request.routes().map(uris).unwrap_or_default();
        let same = given.len() == wanted.len() && given.iter().zip(&wanted).all(|(a, b)| a.equivalent(b));
        if !same {
            if !given.is_empty() {
                self.said(format!("{} has sent another route than its service route: replaced", registration.aor));
            }
            request.headers.remove("Route");
            for route in registration.service_route.iter().rev() {
                request.headers.prepend("Route", route);
            }
        }
        Ok(())
    }

    /// RFC 4028 clause 8.1.
    fn ask_for_session_timer(&self, request: &mut Request) {
        let Some(interval) = self.config.session_expires else { return };
        if request.method == Method::INVITE && !request.headers.contains("Session-Expires") {
            request.headers.append("Session-Expires", &interval.as_secs().max(90).to_string());
        }
    }

    fn send_from_ue(&mut self, now: Instant, key: Option<ServerKey>, request: Request, token: String) {
        let Some(key) = key else { return self.forward_ack(request, None) };
        if let Err(error) = self.forward(now, key, request, None, Purpose::FromUe { token }) {
            self.said(format!("the core is not reached: {error}"));
            self.reply(now, key, &Refusal::new(504).because("No way to the S-CSCF"));
        }
    }
}

/// Identities that a UE would like to be known by.
fn preferred(request: &Request) -> Vec<Uri> {
    let list = request.headers.addresses("P-Preferred-Identity").unwrap_or_default();
    list.into_iter().map(|identity| identity.uri).collect()
}

/// Methods whose requests make dialogs (RFC 3261, RFC 6665, RFC 3515): the P-CSCF stays on their way. Of an unknown method
/// it does not (TS 24.229 clause 5.2.6.3.11).
pub(super) fn creates_dialog(method: &Method) -> bool {
    [Method::INVITE, Method::SUBSCRIBE, Method::REFER].contains(method)
}
