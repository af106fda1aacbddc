//! Requests reach the contacts of a user, or another host, and their answers go back (RFC 3261 clauses 16.5 to 16.7).

use std::collections::VecDeque;
use std::net::SocketAddr;

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{ClientKey, NameAddr, Request, Response, ServerKey, Uri};

use super::SipNetwork;
use super::config::{Otherwise, Side};
use super::location::Binding;
use super::services::Chain;
use crate::ims::{choose_contacts, from_outside, to_outside};

/// A request that is being passed on.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// Where it came from, when that is a box of the trust domain.
    pub(super) source: Option<SocketAddr>,
    /// As it goes on, before what is only for the next hop.
    pub(super) request: Option<Request>,
    /// How far services have had it.
    pub(super) chain: Option<Chain>,
    /// The service that has it now.
    pub(super) asked: Option<Asked>,
    /// Contacts that are tried when the ones before have failed.
    groups: VecDeque<Vec<Binding>>,
    failures: Vec<Response>,
    cancelled: bool,
}

/// A service that has a request.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) client: ClientKey,
    pub(super) otherwise: Otherwise,
    pub(super) name: String,
}

impl SipNetwork {
    /// To where the Request-URI says: a user of this network by his services, another host straight.
    pub(super) fn terminate(&mut self, now: Instant, key: ServerKey, mut request: Request) {
        request.headers.remove("P-Served-User");
        if request.headers.contains("Route") {
            return self.send_on(now, key, request);
        }
        let identity = request.uri.identity();
        if self.owners.contains_key(&identity) {
            let registered = !self.location.of(&identity).is_empty();
            return self.proceed(now, key, request, Chain::new(Side::Terminating, identity, registered));
        }
        match &request.uri {
            Uri::Sip(uri) if self.is_home(uri) || self.is_own(uri) => self.finish(now, key, &Refusal::new(404)),
            Uri::Sip(_) if self.outside.contains(&key) && !self.is_known(key) => {
                self.finish(now, key, &Refusal::new(403).because("No relay for strangers"));
            }
            Uri::Sip(_) => self.send_on(now, key, request),
            Uri::Tel(_) => self.finish(now, key, &Refusal::new(404)),
            Uri::Other(_) => self.finish(now, key, &Refusal::new(416)),
        }
    }

    /// Somebody of this network, or of the trust domain, has sent it.
    fn is_known(&self, key: ServerKey) -> bool {
        self.calls
            .get(&key)
            .and_then(|call| call.request.as_ref())
            .is_some_and(|request| request.headers.contains("P-Asserted-Identity"))
    }

    /// By Route and Request-URI.
    pub(super) fn send_on(&mut self, now: Instant, key: ServerKey, mut request: Request) {
        self.stay_in_path(&mut request);
        let next = request.headers.address("Route").ok().flatten().map_or_else(|| request.uri.clone(), |r| r.uri);
        let at = self.config.hosts.resolve(&next).ok().map(|target| target.remote);
        if !at.is_some_and(|at| self.config.trusted.iter().any(|peer| peer.is(at))) {
            to_outside(&mut request.headers);
        }
        let call = self.call_of(key);
        (call.request, call.chain, call.asked) = (Some(request.clone()), None, None);
        if let Err(error) = self.proxy.forward(now, &mut self.shell.stack, key, request, None) {
            self.shell.say(format!("request not passed on: {error}"));
            // What RFC 3263 clause 4.3 says of a host without address.
            self.finish(now, key, &Refusal::new(503).because("No way to the next hop"));
        }
    }

    /// To the contacts of a user: all of the same preference at once, the others one after the other.
    pub(super) fn reach_contacts(&mut self, now: Instant, key: ServerKey, request: Request, aor: &str) {
        let utc = self.shell.utc_ms(now);
        let bindings: Vec<_> = self.location.of(aor).iter().filter(|b| b.expires_utc_ms > utc).cloned().collect();
        let contacts: Vec<NameAddr> = bindings.iter().filter_map(Binding::address).collect();
        let mut groups: VecDeque<Vec<Binding>> = choose_contacts(&request.headers, &contacts)
            .into_iter()
            .map(|group| group.into_iter().filter_map(|at| bindings.get(at).cloned()).collect())
            .collect();
        let Some(first) = groups.pop_front() else { return self.finish(now, key, &Refusal::new(480)) };
        let call = self.call_of(key);
        (call.request, call.chain, call.asked, call.groups) = (Some(request), None, None, groups);
        self.fork(now, key, &first);
    }

    fn fork(&mut self, now: Instant, key: ServerKey, bindings: &[Binding]) {
        let Some(original) = self.calls.get(&key).and_then(|call| call.request.clone()) else { return };
        let mut sent = false;
        for binding in bindings {
            let Some(contact) = binding.address() else { continue };
            let mut request = original.clone();
            request.headers.remove("Route");
            request.headers.remove("P-Served-User");
            to_outside(&mut request.headers);
            binding.path.iter().rev().for_each(|route| request.headers.prepend("Route", route));
            request.uri = contact.uri;
            self.stay_in_path(&mut request);
            match self.proxy.forward(now, &mut self.shell.stack, key, request, binding.next_hop()) {
                Ok(_) => sent = true,
                Err(error) => self.shell.say(format!("a contact is not reached: {error}")),
            }
        }
        if !sent {
            self.next_group(now, key);
        }
    }

    /// The next contacts in order of preference, or the best of what was answered.
    fn next_group(&mut self, now: Instant, key: ServerKey) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if let Some(group) = call.groups.pop_front().filter(|_| !call.cancelled) {
            return self.fork(now, key, &group);
        }
        match std::mem::take(&mut call.failures).into_iter().min_by_key(|response| response.status / 100) {
            Some(response) => self.pass_back(now, key, response),
            None => self.finish(now, key, &Refusal::new(480)),
        }
    }

    /// A response on its way back.
    pub(super) fn handle_upstream(&mut self, now: Instant, key: ServerKey, client: ClientKey, mut response: Response) {
        let Some(call) = self.calls.get_mut(&key) else { return self.pass_back(now, key, response) };
        let of_service = call.asked.as_ref().is_some_and(|asked| asked.client == client);
        if !of_service && call.source.is_none() {
            from_outside(&mut response.headers);
        }
        if response.status < 300 {
            return self.pass_back(now, key, response);
        }
        let fails = response.status == 408 || response.status / 100 == 5;
        if let Some(asked) = call.asked.take_if(|asked| fails && asked.otherwise == Otherwise::Continue)
            && !call.cancelled
            && let (Some(request), Some(chain)) = (call.request.clone(), call.chain.take())
        {
            self.shell.say(format!("service {} answers {}: without it", asked.name, response.status));
            return self.proceed(now, key, request, chain);
        }
        // Contacts that are left are tried unless the user has said no for all of them.
        if response.status < 600 && (!call.groups.is_empty() || !call.failures.is_empty()) {
            call.failures.push(response);
            return self.next_group(now, key);
        }
        self.pass_back(now, key, response);
    }

    /// The caller has given up: nobody else is tried.
    pub(super) fn give_up(&mut self, key: ServerKey) {
        if let Some(call) = self.calls.get_mut(&key) {
            call.cancelled = true;
            call.groups.clear();
        }
    }

    fn pass_back(&mut self, now: Instant, key: ServerKey, mut response: Response) {
        if self.outside.contains(&key) {
            to_outside(&mut response.headers);
        }
        // Of an INVITE several 2xx may follow; the end of the transaction removes the call.
        if response.status >= 300 {
            self.calls.remove(&key);
        }
        self.respond(now, key, response);
    }

    /// Answers for this network itself.
    pub(super) fn finish(&mut self, now: Instant, key: ServerKey, refusal: &Refusal) {
        let Some(mut response) = self.shell.stack.prepare(key, refusal.status, refusal.reason.as_deref()) else {
            return;
        };
        refusal.headers.iter().for_each(|(name, value)| response.headers.append(name, value));
        self.pass_back(now, key, response);
    }
}
