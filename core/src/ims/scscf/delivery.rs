//! Requests leave the S-CSCF, to another network or to the contacts of a user, and their responses go back (TS 24.229
//! clauses 5.4.3.2 and 5.4.3.3; RFC 3261 clause 16).

use std::collections::VecDeque;

use protocol::Instant;
use protocol::sip::proxy::{Refusal, record_route};
use protocol::sip::{ClientKey, Method, NameAddr, NextHop, Request, Response, ServerKey, Uri};

use super::application_servers::Asked;
use super::charged::Side;
use super::isc::Chain;
use super::registrar::Binding;
use super::{Scscf, caller_preferences, reg_event};
use crate::ims::profile::DefaultHandling;

/// A request that is being passed on.
#[derive(Debug)]
pub(super) struct Call {
    /// As it goes to the next hop, before what is only for that hop.
    pub(super) request: Request,
    /// How far its criteria have been evaluated.
    pub(super) chain: Option<Chain>,
    /// The application server that has it now.
    pub(super) server: Option<Asked>,
    /// Contacts that are tried when the ones before have failed.
    pub(super) groups: VecDeque<Vec<Binding>>,
    /// What the contacts so far have answered.
    pub(super) failures: Vec<Response>,
    pub(super) cancelled: bool,
}

impl Call {
    pub(super) const fn new(request: Request, chain: Option<Chain>) -> Self {
        Self { request, chain, server: None, groups: VecDeque::new(), failures: Vec::new(), cancelled: false }
    }
}

impl Scscf {
    /// To where the Request-URI says: a user of the home network by its I-CSCF, another host straight.
    pub(super) fn route_out(&mut self, now: Instant, key: ServerKey, mut request: Request) {
        request.headers.remove("P-Served-User");
        let known_here = self.registrar.key_of(&request.uri.identity()).is_some();
        if request.method == Method::SUBSCRIBE && reg_event::is_reg_event(&request) && known_here {
            return self.subscribe(now, key, &request);
        }
        let next_hop = if request.headers.contains("Route") {
            None
        } else {
            match &request.uri {
                Uri::Sip(uri) if !uri.host.eq_ignore_ascii_case(&self.config.domain) => None,
                Uri::Sip(_) | Uri::Tel(_) => Uri::parse(&self.config.icscf).ok().map(NextHop::Uri),
                Uri::Other(scheme) => {
                    let why = format!("No route for {scheme}");
                    return self.finish(now, key, &Refusal::new(416).because(&why));
                }
            }
        };
        self.stay_in_path(&mut request);
        self.label(key, &mut request, Side::Home);
        self.calls.entry(key).or_insert_with(|| Call::new(request.clone(), None)).server = None;
        self.forward(now, key, request, next_hop);
    }

    /// To the contacts of the user (clause 5.4.3.3): caller preferences, P-Called-Party-ID, Path.
    pub(super) fn reach_contacts(&mut self, now: Instant, key: ServerKey, request: Request, chain: &Chain) {
        if request.method == Method::SUBSCRIBE && reg_event::is_reg_event(&request) {
            return self.subscribe(now, key, &request);
        }
        let bindings = self.registrar.set_of(&chain.impu).map(|s| s.bindings.clone()).unwrap_or_default();
        let contacts: Vec<NameAddr> = bindings.iter().filter_map(Binding::address).collect();
        let groups = caller_preferences::choose(&request.headers, &contacts);
        let mut groups: VecDeque<Vec<Binding>> = groups
            .into_iter()
            .map(|group| group.into_iter().filter_map(|at| bindings.get(at).cloned()).collect())
            .collect();
        let Some(first) = groups.pop_front() else { return self.finish(now, key, &Refusal::new(480)) };
        let call = self.calls.entry(key).or_insert_with(|| Call::new(request.clone(), None));
        (call.request, call.chain, call.server, call.groups) = (request, None, None, groups);
        self.fork(now, key, &first);
    }

    /// Sends a request to several contacts at once.
    fn fork(&mut self, now: Instant, key: ServerKey, bindings: &[Binding]) {
        let Some(call) = self.calls.get(&key) else { return };
        let original = call.request.clone();
        let mut sent = false;
        for binding in bindings {
            let Some(contact) = binding.address() else { continue };
            let mut request = original.clone();
            let called = NameAddr::new(request.uri.clone());
            request.headers.set("P-Called-Party-ID", &called.to_string());
            request.headers.remove("Route");
            request.headers.remove("P-Served-User");
            binding.path.iter().rev().for_each(|route| request.headers.prepend("Route", route));
            request.uri = contact.uri;
            self.stay_in_path(&mut request);
            self.label_for(key, &mut request, binding);
            match self.proxy.forward(now, &mut self.stack, key, request, None) {
                Ok(_) => sent = true,
                Err(error) => self.say(format!("contact of {}: {error}", binding.impi)),
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
        // The lowest class says most (RFC 3261 clause 16.7 step 6); what was tried first goes before what was tried later.
        match std::mem::take(&mut call.failures).into_iter().min_by_key(|r| r.status / 100) {
            Some(response) => self.pass_back(now, key, response),
            None => self.finish(now, key, &Refusal::new(480)),
        }
    }

    pub(super) fn forward(&mut self, now: Instant, key: ServerKey, request: Request, next_hop: Option<NextHop>) {
        if let Err(error) = self.proxy.forward(now, &mut self.stack, key, request, next_hop) {
            self.say(format!("request not passed on: {error}"));
            // What RFC 3263 clause 4.3 says of a host without address.
            self.finish(now, key, &Refusal::new(503).because(&error.to_string()));
        }
    }

    /// A response on its way back.
    pub(super) fn handle_upstream(&mut self, now: Instant, key: ServerKey, client: ClientKey, response: Response) {
        let Some(call) = self.calls.get_mut(&key) else { return self.pass_back(now, key, response) };
        if response.status < 300 {
            if let Some(server) = call.server.as_mut().filter(|s| s.client == client) {
                (server.deadline, server.has_spoken) = (None, true);
            }
            return self.pass_back(now, key, response);
        }
        // A failure goes up when no branch is open any more: whoever it came from, the server has failed too.
        if let Some(server) = call.server.take_if(|s| fails(s, &response)) {
            let why = format!("application server {} answers {}", server.name, response.status);
            self.say(why);
            return match server.handling {
                DefaultHandling::Continued => self.without_server(now, key, response),
                DefaultHandling::Terminated => self.pass_back(now, key, response),
            };
        }
        // Contacts that are left are tried unless the user has said no for all of them.
        if response.status < 600 && !call.groups.is_empty() {
            call.failures.push(response);
            return self.next_group(now, key);
        }
        if !call.failures.is_empty() && response.status < 600 {
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

    pub(super) fn pass_back(&mut self, now: Instant, key: ServerKey, mut response: Response) {
        self.label_response(now, key, &mut response);
        // Of an INVITE several 2xx may follow; the end of the transaction removes the call.
        if response.status >= 300 {
            self.calls.remove(&key);
        }
        if self.proxy.respond(now, &mut self.stack, key, response).is_err() {
            self.ignore("the transaction is over", "response");
        }
    }

    pub(super) fn finish(&mut self, now: Instant, key: ServerKey, refusal: &Refusal) {
        let Some(mut response) = self.stack.prepare(key, refusal.status, refusal.reason.as_deref()) else { return };
        refusal.headers.iter().for_each(|(name, value)| response.headers.append(name, value));
        self.pass_back(now, key, response.clone());
        // The proxy core keeps back a 408 that comes from afar, as RFC 4320 wants; one of our own is in time.
        if self.stack.is_unanswered(key) {
            self.respond(now, key, response);
        }
    }

    /// Requests that may make a dialog come by here again.
    pub(super) fn stay_in_path(&self, request: &mut Request) {
        let alone = matches!(request.method, Method::MESSAGE | Method::OPTIONS | Method::PUBLISH);
        let top = request.headers.address("Record-Route").ok().flatten();
        let already = top.is_some_and(|a| a.uri.as_sip().is_some_and(|u| self.is_own(u)));
        if !alone && !already {
            record_route(request, &self.own);
        }
    }
}

/// Clauses 5.4.3.2 and 5.4.3.3: 408 and 5xx of a server that has said nothing before are its failure.
fn fails(server: &Asked, response: &Response) -> bool {
    !server.has_spoken && (response.status == 408 || response.status / 100 == 5)
}
