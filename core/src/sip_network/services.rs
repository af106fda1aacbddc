//! Requests are led by services, as filter criteria do it in the IMS (TS 23.218 clause 6.4), and services hear of
//! registrations (TS 24.229 clause 5.4.1.7).

use std::time::Duration;

use protocol::Instant;
use protocol::sip::proxy::{Refusal, record_route};
use protocol::sip::{ClientKey, Event, Method, NameAddr, Request, ServerKey, Uri};

use super::config::{Otherwise, Side, SipService};
use super::contacts::{Asked, Call};
use super::{SipNetwork, request};

/// How far the services of a user have had a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Chain {
    pub(super) side: Side,
    /// The user, in the form that keys have.
    pub(super) served: String,
    pub(super) registered: bool,
    /// Position of the next service.
    next: usize,
}

impl Chain {
    pub(super) const fn new(side: Side, served: String, registered: bool) -> Self {
        Self { side, served, registered, next: 0 }
    }

    /// P-Served-User (RFC 5502).
    fn served_user(&self) -> String {
        let case = if self.side == Side::Originating { "orig" } else { "term" };
        let state = if self.registered { "reg" } else { "unreg" };
        format!("<{}>;sescase={case};regstate={state}", self.served)
    }

    fn takes(&self, service: &SipService, request: &Request) -> bool {
        let event = || request.headers.whole("Event", Event::parse).ok().flatten();
        service.side == self.side
            && service.registered.is_none_or(|wanted| wanted == self.registered)
            && service.methods.iter().any(|method| method == request.method.as_str())
            && (service.events.is_empty() || event().is_some_and(|e| service.events.contains(&e.package)))
            && service.request_uri.as_ref().is_none_or(|wanted| *wanted == request.uri.identity())
    }
}

impl SipNetwork {
    /// The next service, or the end of the chain.
    pub(super) fn proceed(&mut self, now: Instant, key: ServerKey, request: Request, mut chain: Chain) {
        while let Some(service) = self.config.services.get(chain.next).cloned() {
            chain.next += 1;
            if !chain.takes(&service, &request) || self.is_source(key, &service) {
                continue;
            }
            if self.ask(now, key, &request, &chain, &service) {
                return;
            }
            if service.otherwise == Otherwise::Refuse {
                return self.finish(now, key, &Refusal::new(503).because("Service not reached"));
            }
        }
        match chain.side {
            Side::Originating => self.terminate(now, key, request),
            Side::Terminating => self.reach_contacts(now, key, request, &chain.served),
        }
    }

    /// Gives a request to a service, with a way back (TS 24.229 clause 5.4.3.4 has it so); false when that cannot be.
    fn ask(&mut self, now: Instant, key: ServerKey, request: &Request, chain: &Chain, service: &SipService) -> bool {
        let Ok(Uri::Sip(mut uri)) = Uri::parse(&service.uri) else {
            self.shell.say(format!("service {} is no SIP URI", service.uri));
            return false;
        };
        if !uri.is_loose_router() {
            uri.params.set_flag("lr");
        }
        // A guess must not go on with somebody's request.
        let token = self.shell.entropy.token(24);
        let mut back = self.own.clone();
        back.user = Some(format!("{CHAIN_PREFIX}{token}"));
        back.params.set_flag("lr");
        let mut asked = request.clone();
        asked.headers.prepend("Route", &NameAddr::new(Uri::Sip(back)).to_string());
        asked.headers.prepend("Route", &NameAddr::new(Uri::Sip(uri)).to_string());
        asked.headers.set("P-Served-User", &chain.served_user());
        self.stay_in_path(&mut asked);
        match self.proxy.forward(now, &mut self.shell.stack, key, asked, None) {
            Ok(client) => {
                self.chains.insert(token, chain.clone(), now + LIFETIME);
                let call = self.calls.entry(key).or_default();
                call.request = Some(request.clone());
                call.chain = Some(chain.clone());
                call.asked = Some(Asked { client, otherwise: service.otherwise, name: service.uri.clone() });
                true
            }
            Err(error) => {
                self.shell.say(format!("service {}: {error}", service.uri));
                false
            }
        }
    }

    /// The service is where the request came from: it need not have it again.
    fn is_source(&self, key: ServerKey, service: &SipService) -> bool {
        let Some(source) = self.calls.get(&key).and_then(|call| call.source) else { return false };
        let at = Uri::parse(&service.uri).ok().and_then(|uri| self.config.hosts.resolve(&uri).ok());
        at.is_some_and(|at| {
            at.remote.ip() == source.ip() && (at.remote.port() == source.port() || !source.ip().is_loopback())
        })
    }

    /// Third-party REGISTERs with the services that want them: contacts of an address of record have come or gone.
    pub(super) fn tell_services(&mut self, now: Instant, aor: &str, was_registered: bool) {
        let utc = self.shell.utc_ms(now);
        let last = self.location.of(aor).iter().map(|binding| binding.expires_utc_ms).max();
        let expires = last.map_or(0, |end| end.saturating_sub(utc).div_ceil(1000));
        if expires == 0 && !was_registered {
            return;
        }
        for position in 0..self.config.services.len() {
            let service = &self.config.services[position];
            // One that serves several kinds of requests is told once.
            let before = &self.config.services[..position];
            if service.registers && !before.iter().any(|other| other.registers && other.uri == service.uri) {
                let uri = service.uri.clone();
                self.register_with(now, &uri, aor, expires);
            }
        }
    }

    fn register_with(&mut self, now: Instant, service: &str, aor: &str, expires: u64) {
        let (Ok(uri), Ok(to)) = (Uri::parse(service), Uri::parse(aor)) else {
            return self.shell.say(format!("third-party registration: {service} or {aor} is no URI"));
        };
        let mut request = Request::new(Method::REGISTER, uri);
        let own = NameAddr::new(Uri::Sip(self.own.clone()));
        let headers = &mut request.headers;
        headers.append("From", &own.clone().with_param("tag", &self.shell.entropy.token(10)).to_string());
        headers.append("To", &NameAddr::new(to).to_string());
        headers.append("Call-ID", &format!("{}@{}", self.shell.entropy.token(16), self.own.host));
        headers.append("CSeq", "1 REGISTER");
        headers.append("Max-Forwards", "70");
        headers.append("Contact", &own.to_string());
        headers.append("Expires", &expires.to_string());
        match self.shell.stack.send_request(now, request, None) {
            Ok(client) => drop(self.told.insert(client, service.to_owned())),
            Err(error) => self.shell.say(format!("third-party REGISTER to {service}: {error}")),
        }
    }

    /// The answer to a third-party REGISTER.
    pub(super) fn service_told(&mut self, client: ClientKey, status: u16) {
        if status >= 200
            && let Some(service) = self.told.remove(&client)
            && status >= 300
        {
            self.shell.say(format!("third-party REGISTER to {service} is answered with {status}"));
        }
    }

    /// Requests that may make a dialog come by here again.
    pub(super) fn stay_in_path(&self, request: &mut Request) {
        let top = request.headers.address("Record-Route").ok().flatten();
        let already = top.is_some_and(|a| a.uri.as_sip().is_some_and(|u| self.is_own(u)));
        if request::makes_dialog(&request.method) && !already {
            record_route(request, &self.own);
        }
    }

    /// What is known of a request so far.
    pub(super) fn call_of(&mut self, key: ServerKey) -> &mut Call {
        self.calls.entry(key).or_default()
    }
}

/// User part before the token of a chain.
pub(super) const CHAIN_PREFIX: &str = "chain_";

/// Longer than any request waits for its answer (RFC 3261 timer C).
const LIFETIME: Duration = Duration::from_secs(300);
