//! Requests other than REGISTER: whose they are, what a stranger may not say, and where they go (RFC 3261 clause 16,
//! RFC 3325 clause 5).

use protocol::Instant;
use protocol::sip::proxy::{Refusal, pop_own_route};
use protocol::sip::{Flow, Method, NameAddr, Request, ServerKey, Uri};

use super::SipNetwork;
use super::config::{Proof, Side};
use super::digest::{Place, Verdict};
use super::services::{CHAIN_PREFIX, Chain};
use crate::ims::{asserted_identity, from_outside};

/// Who sends a request.
enum Sender {
    /// A box of the trust domain.
    Trusted,
    /// A user of this network: the identity that is asserted.
    User(Uri),
    /// Somebody of another network, who can say what he wants.
    Stranger,
}

impl SipNetwork {
    pub(super) fn handle_request(&mut self, now: Instant, key: ServerKey, mut request: Request, flow: Flow) {
        let trusted = self.trusts(flow);
        if !trusted {
            self.outside.insert(key);
        }
        if request.method == Method::REGISTER {
            return match request.uri.as_sip() {
                Some(uri) if self.is_home(uri) || self.is_own(uri) => self.register(now, key, request, flow),
                _ => self.refuse(now, key, &Refusal::new(403).because("Registers only its own users")),
            };
        }
        if let Err(refusal) = self.proxy.admit(&self.shell.stack, Some(key), &mut request) {
            return self.refuse(now, key, &refusal);
        }
        let chain = self.take_routes(&mut request);
        let sender = match self.sender(now, &request, flow, trusted) {
            Ok(sender) => sender,
            // Inside a dialog nobody is asked: the way to our own users and services is open.
            Err(_) if is_in_dialog(&request) && self.leads_home(&request) => Sender::Stranger,
            Err(refusal) => return self.refuse(now, key, &refusal),
        };
        self.screen(&mut request, &sender);
        if is_in_dialog(&request) {
            return self.within_dialog(now, key, request, &sender);
        }
        if let Sender::Trusted = sender {
            self.call_of(key).source = Some(flow.remote);
        }
        self.call_of(key).request = Some(request.clone());
        match (chain, sender) {
            (Some(chain), Sender::Trusted) => self.continued(now, key, request, chain),
            (_, Sender::User(identity)) => {
                let served = identity.identity();
                let registered = !self.location.of(&served).is_empty();
                self.proceed(now, key, request, Chain::new(Side::Originating, served, registered));
            }
            (_, Sender::Stranger) if request.headers.contains("Route") => {
                self.refuse(now, key, &Refusal::new(403).because("No relay for strangers"));
            }
            _ if self.is_for_us(&request) => self.answer(now, key, &request),
            _ => self.terminate(now, key, request),
        }
    }

    /// The ACK of a 2xx.
    pub(super) fn forward_ack(&mut self, mut request: Request, flow: Flow) {
        if self.proxy.admit(&self.shell.stack, None, &mut request).is_err() {
            return;
        }
        self.take_routes(&mut request);
        let trusted = self.trusts(flow);
        if !trusted {
            from_outside(&mut request.headers);
        }
        if !trusted && self.location.at_flow(flow).next().is_none() && !self.leads_home(&request) {
            return self.shell.ignore("no relay for strangers", "ACK");
        }
        if let Err(error) = self.proxy.forward_ack(&mut self.shell.stack, request, None) {
            self.shell.say(format!("ACK: {error}"));
        }
    }

    /// Takes our entries off Route; the chain that one of them names.
    fn take_routes(&self, request: &mut Request) -> Option<Chain> {
        let mut chain = None;
        while let Some(route) = pop_own_route(request, |uri| self.is_own(uri)) {
            let token = route.uri.as_sip().and_then(|uri| uri.user.as_deref()?.strip_prefix(CHAIN_PREFIX));
            if let Some((known, _)) = token.and_then(|token| self.chains.get(token)) {
                chain = Some(known.clone());
            }
        }
        chain
    }

    /// Who sends it; who says that he is of this network has to show it.
    fn sender(&mut self, now: Instant, request: &Request, flow: Flow, trusted: bool) -> Result<Sender, Refusal> {
        if trusted {
            return Ok(Sender::Trusted);
        }
        let from = request.from().ok().flatten().map(|from| from.uri);
        let wanted: Vec<Uri> =
            request.headers.addresses("P-Preferred-Identity").unwrap_or_default().into_iter().map(|a| a.uri).collect();
        if self.config.proof == Proof::RegisteredFlow {
            let here: Vec<Uri> = self.location.at_flow(flow).filter_map(|aor| Uri::parse(aor).ok()).collect();
            let named = wanted.iter().chain(&from).find(|uri| here.iter().any(|own| own.identity() == uri.identity()));
            if let Some(aor) = named.or_else(|| here.first().filter(|_| here.len() == 1)) {
                return Ok(Sender::User(aor.clone()));
            }
        }
        let stale = match self.guard.check(now, request, Place::Proxy) {
            Verdict::User(user, _) => {
                let own: Vec<Uri> = user.identities.iter().filter_map(|own| Uri::parse(own).ok()).collect();
                let wanted: Vec<Uri> = wanted.into_iter().chain(from).collect();
                let asserted = asserted_identity(&wanted, &own).cloned();
                return asserted.map(Sender::User).ok_or_else(|| Refusal::new(403));
            }
            Verdict::Bad(refusal) => return Err(refusal),
            verdict => matches!(verdict, Verdict::Stale),
        };
        let claims = from.is_some_and(|uri| {
            self.owners.contains_key(&uri.identity()) || uri.as_sip().is_some_and(|uri| self.is_home(uri))
        });
        match claims {
            true => Err(self.guard.challenge(now, &mut self.shell.entropy, Place::Proxy, stale)),
            false => Ok(Sender::Stranger),
        }
    }

    /// What only the trust domain may say goes, and what it says of the sender comes (RFC 3325 clauses 5 and 9).
    fn screen(&self, request: &mut Request, sender: &Sender) {
        if matches!(sender, Sender::Trusted) {
            return;
        }
        from_outside(&mut request.headers);
        request.headers.remove("P-Preferred-Identity");
        let realm = &self.config.domain;
        // The digest was for this realm: nobody else needs it (RFC 3261 clause 22.3).
        request.headers.retain(|field| !(field.is("Proxy-Authorization") && field.value().contains(realm.as_str())));
        if let Sender::User(identity) = sender {
            request.headers.append("P-Asserted-Identity", &NameAddr::new(identity.clone()).to_string());
        }
    }

    /// It follows its route.
    fn within_dialog(&mut self, now: Instant, key: ServerKey, request: Request, sender: &Sender) {
        if matches!(sender, Sender::Stranger) && !self.leads_home(&request) {
            return self.refuse(now, key, &Refusal::new(403).because("No relay for strangers"));
        }
        if self.is_for_us(&request) {
            return self.refuse(now, key, &Refusal::new(481));
        }
        self.send_on(now, key, request);
    }

    /// The next hop is a contact of a user of this network, or a box of the trust domain.
    fn leads_home(&self, request: &Request) -> bool {
        let next = request.headers.address("Route").ok().flatten().map_or_else(|| request.uri.clone(), |r| r.uri);
        let at = || self.config.hosts.resolve(&next).ok();
        self.location.has_contact(&next)
            || at().is_some_and(|at| self.config.trusted.iter().any(|peer| peer.is(at.remote)))
    }

    /// A request is back from a service.
    fn continued(&mut self, now: Instant, key: ServerKey, mut request: Request, chain: Chain) {
        request.headers.remove("P-Served-User");
        // Another Request-URI means that the service has sent it elsewhere.
        if chain.side == Side::Terminating && request.uri.identity() != chain.served {
            return self.terminate(now, key, request);
        }
        self.proceed(now, key, request, chain);
    }

    /// To this node as such.
    fn is_for_us(&self, request: &Request) -> bool {
        let own = |uri: &protocol::sip::SipUri| uri.user.is_none() && (self.is_own(uri) || self.is_home(uri));
        !request.headers.contains("Route") && request.uri.as_sip().is_some_and(own)
    }

    fn answer(&mut self, now: Instant, key: ServerKey, request: &Request) {
        let status = if request.method == Method::OPTIONS { 200 } else { 404 };
        self.refuse(now, key, &Refusal::new(status));
    }
}

fn is_in_dialog(request: &Request) -> bool {
    request.to().ok().flatten().is_some_and(|to| to.tag().is_some())
}

/// RFC 3261, RFC 6665, RFC 3515.
pub(super) fn makes_dialog(method: &Method) -> bool {
    [Method::INVITE, Method::SUBSCRIBE, Method::REFER].contains(method)
}
