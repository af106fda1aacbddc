//! Requests of and to served users (TS 24.229 clauses 5.4.3.2 and 5.4.3.3): application servers, then on to the other
//! network or to the contacts of the user.

use std::collections::VecDeque;

use protocol::Instant;
use protocol::diameter::cx::{Saa, ServerAssignmentType};
use protocol::sip::proxy::{Refusal, pop_own_route, record_route};
use protocol::sip::{ClientKey, Method, NameAddr, NextHop, Request, Response, ServerKey, Uri};

use super::cx::{CxJob, refusal};
use super::isc::Chain;
use super::registrar::{Binding, ImplicitSet};
use super::{Scscf, caller_preferences, reg_event};
use crate::ims::FilterSubject;
use crate::ims::profile::{DefaultHandling, SessionCase, UserProfile};

/// User part of the Service-Route: requests by it are of the served user.
pub(super) const ORIGINATING_USER: &str = "orig";

/// User part before an original dialog identifier.
const DIALOG_PREFIX: &str = "odi_";

/// A request that is being passed on.
#[derive(Debug)]
pub(super) struct Call {
    /// As it goes to the next hop, before what is only for that hop.
    request: Request,
    /// How far its criteria have been evaluated.
    chain: Option<Chain>,
    /// The application server that has it now.
    server: Option<Asked>,
    /// Contacts that are tried when the ones before have failed.
    groups: VecDeque<Vec<Binding>>,
    /// What the contacts so far have answered.
    failures: Vec<Response>,
    cancelled: bool,
}

/// An application server that has a request.
#[derive(Debug)]
struct Asked {
    name: String,
    handling: DefaultHandling,
    /// How long it may be silent; none once it has said something.
    deadline: Option<Instant>,
    client: ClientKey,
}

/// Where our own Route entry says that a request belongs to.
enum Entry {
    /// No entry of ours, or one without a meaning: a request to a served user.
    Terminating,
    /// By the Service-Route, or `orig`: a request of a served user.
    Originating,
    /// Back from an application server.
    Continued(Box<Chain>),
    /// An original dialog identifier that is not known any more.
    Lost,
}

impl Call {
    const fn new(request: Request, chain: Option<Chain>) -> Self {
        Self { request, chain, server: None, groups: VecDeque::new(), failures: Vec::new(), cancelled: false }
    }
}

impl Scscf {
    /// A request, REGISTER or other.
    pub(super) fn handle_request(&mut self, now: Instant, key: ServerKey, mut request: Request) {
        if self.closing {
            return self.refuse(now, key, &Refusal::new(503).with("Retry-After", "10"));
        }
        if request.method == Method::REGISTER {
            return self.handle_register(now, key, request);
        }
        if let Err(refusal) = self.proxy.admit(&self.stack, Some(key), &mut request) {
            return self.refuse(now, key, &refusal);
        }
        let entry = self.entry(&mut request);
        if request.to().is_ok_and(|to| to.is_some_and(|to| to.tag().is_some())) {
            return self.within_dialog(now, key, request);
        }
        match entry {
            Entry::Lost => self.refuse(now, key, &Refusal::new(404).because("Original dialog identifier not known")),
            Entry::Continued(chain) => self.continued(now, key, request, *chain),
            Entry::Originating => self.originating(now, key, request),
            Entry::Terminating if request.uri.as_sip().is_some_and(|u| u.user.is_none() && self.is_own(u)) => {
                self.answer_as_server(now, key, &request);
            }
            Entry::Terminating => self.terminating(now, key, request),
        }
    }

    /// Takes our entries off Route and says what they mean.
    fn entry(&self, request: &mut Request) -> Entry {
        let mut entry = Entry::Terminating;
        while let Some(route) = pop_own_route(request, |uri| self.is_own(uri)) {
            let Some(uri) = route.uri.as_sip() else { continue };
            let user = uri.user.as_deref().unwrap_or_default();
            if let Some(token) = user.strip_prefix(DIALOG_PREFIX) {
                entry = self.dialogs.get(token).map_or(Entry::Lost, |c| Entry::Continued(Box::new(c.clone())));
            } else if user == ORIGINATING_USER || uri.params.has("orig") {
                entry = Entry::Originating;
            }
        }
        entry
    }

    /// A request to the S-CSCF as such.
    fn answer_as_server(&mut self, now: Instant, key: ServerKey, request: &Request) {
        match request.method {
            Method::OPTIONS => self.refuse(now, key, &Refusal::new(200).with("Allow", ALLOW)),
            _ => self.refuse(now, key, &Refusal::new(404)),
        }
    }

    /// Criteria are for initial requests only (clause 5.4.3.2): the rest follows its route.
    fn within_dialog(&mut self, now: Instant, key: ServerKey, request: Request) {
        if let Some(id) = self.subscription_of(&request) {
            return self.resubscribe(now, key, &request, &id);
        }
        if request.uri.as_sip().is_some_and(|u| self.is_own(u)) && !request.headers.contains("Route") {
            return self.refuse(now, key, &Refusal::new(481));
        }
        self.calls.insert(key, Call::new(request.clone(), None));
        self.forward(now, key, request, None);
    }

    /// The ACK of a 2xx.
    pub(super) fn forward_ack(&mut self, mut request: Request) {
        if self.proxy.admit(&self.stack, None, &mut request).is_err() {
            return;
        }
        let _ = self.entry(&mut request);
        if let Err(error) = self.proxy.forward_ack(&mut self.stack, request, None) {
            self.say(format!("ACK: {error}"));
        }
    }

    /// Clause 5.4.3.2: a request of a served user.
    fn originating(&mut self, now: Instant, key: ServerKey, mut request: Request) {
        let Some(served) = served_user(&request) else {
            return self.refuse(now, key, &Refusal::new(403).because("No P-Asserted-Identity"));
        };
        let impu = served.identity();
        let Some(set) = self.registrar.set_of(&impu).cloned() else {
            // An application server on behalf of a user who is not registered.
            let job = CxJob::Unregistered { key, request: Box::new(request), impu: impu.clone(), originating: true };
            return self.send_sar(now, None, vec![impu], ServerAssignmentType::UnregisteredUser, job);
        };
        if set.identity(&impu).is_none_or(|i| i.barred) {
            return self.refuse(now, key, &Refusal::new(403).because("The identity is barred"));
        }
        assert_alias(&mut request, &set, &impu);
        let Some(chain) = chain_of(&set, &impu, SessionCase::Originating) else {
            return self.refuse(now, key, &Refusal::new(500));
        };
        self.proceed(now, key, request, chain);
    }

    /// Clause 5.4.3.3: a request to a served user.
    fn terminating(&mut self, now: Instant, key: ServerKey, request: Request) {
        let impu = request.uri.identity();
        let Some(set) = self.registrar.set_of(&impu).cloned() else {
            let job = CxJob::Unregistered { key, request: Box::new(request), impu: impu.clone(), originating: false };
            return self.send_sar(now, None, vec![impu], ServerAssignmentType::UnregisteredUser, job);
        };
        if set.identity(&impu).is_none_or(|i| i.barred) {
            return self.refuse(now, key, &Refusal::new(404));
        }
        match chain_of(&set, &impu, SessionCase::TerminatingRegistered) {
            Some(chain) => self.proceed(now, key, request, chain),
            None => self.refuse(now, key, &Refusal::new(500)),
        }
    }

    /// The SAA for a user who is not registered: his services are those for that.
    pub(super) fn unregistered_profile(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: Request,
        impu: &str,
        originating: bool,
        saa: &Saa,
    ) {
        if !saa.outcome.result.is_success() {
            let mut refused = refusal(saa.outcome.result);
            if refused.status == 403 && !originating {
                refused.status = 404;
            }
            return self.refuse(now, key, &refused);
        }
        let profile = saa.user_data.as_ref().and_then(|data| UserProfile::parse(std::str::from_utf8(data).ok()?).ok());
        let Some(set) = profile.map(ImplicitSet::new) else {
            return self.refuse(now, key, &Refusal::new(500).because("The HSS gives no usable profile"));
        };
        if set.identity(impu).is_none_or(|i| i.barred) {
            return self.refuse(now, key, &Refusal::new(if originating { 403 } else { 404 }));
        }
        let case =
            if originating { SessionCase::OriginatingUnregistered } else { SessionCase::TerminatingUnregistered };
        match chain_of(&set, impu, case) {
            Some(chain) => self.proceed(now, key, request, chain),
            None => self.refuse(now, key, &Refusal::new(500)),
        }
    }

    /// A request is back from an application server.
    fn continued(&mut self, now: Instant, key: ServerKey, mut request: Request, chain: Chain) {
        request.headers.remove("P-Served-User");
        // Clause 5.4.3.3: another Request-URI means that the server has sent it elsewhere.
        if !chain.is_originating() && request.uri.identity() != chain.impu {
            return self.route_out(now, key, request);
        }
        self.proceed(now, key, request, chain);
    }

    /// The next application server, or the end of the chain.
    fn proceed(&mut self, now: Instant, key: ServerKey, request: Request, mut chain: Chain) {
        loop {
            let mut problems = Vec::new();
            let uri = request.uri.to_string();
            let subject = subject(&request, &uri, chain.case);
            let found = self.evaluator.next_match(&chain.services, chain.next, &subject, &mut problems);
            let server = found.map(|(position, criterion)| (position, criterion.server.clone()));
            problems.into_iter().for_each(|p| self.say(p.to_string()));
            let Some((position, server)) = server else { break };
            chain.next = position + 1;
            if self.ask(now, key, &request, &chain, &server.name, server.default_handling) {
                return;
            }
            if server.default_handling == DefaultHandling::Terminated {
                return self.finish(now, key, &Refusal::new(408).because("Application server not reached"));
            }
        }
        if chain.is_originating() {
            self.route_out(now, key, request);
        } else if chain.is_registered() {
            self.reach_contacts(now, key, request, &chain);
        } else {
            self.finish(now, key, &Refusal::new(480));
        }
    }

    /// Gives a request to an application server (clause 5.4.3.4 and RFC 5502); false when that cannot be.
    fn ask(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        chain: &Chain,
        name: &str,
        handling: DefaultHandling,
    ) -> bool {
        let Ok(Uri::Sip(mut server)) = Uri::parse(name) else {
            self.say(format!("application server {name} is no SIP URI"));
            return false;
        };
        if !server.is_loose_router() {
            server.params.set_flag("lr");
        }
        let token = self.dialogs.insert(now, &mut self.entropy, chain.clone());
        let mut back = self.own.clone();
        back.user = Some(format!("{DIALOG_PREFIX}{token}"));
        back.params.set_flag("lr");
        let mut asked = request.clone();
        asked.headers.prepend("Route", &NameAddr::new(Uri::Sip(back)).to_string());
        asked.headers.prepend("Route", &NameAddr::new(Uri::Sip(server)).to_string());
        let case = if chain.is_originating() { "orig" } else { "term" };
        let state = if chain.is_registered() { "reg" } else { "unreg" };
        let served = format!("<{}>;sescase={case};regstate={state}", chain.impu_text);
        asked.headers.set("P-Served-User", &served);
        self.stay_in_path(&mut asked);
        match self.proxy.forward(now, &mut self.stack, key, asked, None) {
            Ok(client) => {
                let call = self.calls.entry(key).or_insert_with(|| Call::new(request.clone(), None));
                call.request = request.clone();
                call.chain = Some(chain.clone());
                let deadline = Some(now + self.config.as_timeout);
                self.silences.set(&key, deadline);
                call.server = Some(Asked { name: name.to_owned(), handling, deadline, client });
                true
            }
            Err(error) => {
                self.say(format!("application server {name}: {error}"));
                false
            }
        }
    }

    /// To where the Request-URI says: a user of the home network by its I-CSCF, another host straight.
    fn route_out(&mut self, now: Instant, key: ServerKey, mut request: Request) {
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
        self.calls.entry(key).or_insert_with(|| Call::new(request.clone(), None)).server = None;
        self.forward(now, key, request, next_hop);
    }

    /// To the contacts of the user (clause 5.4.3.3): caller preferences, P-Called-Party-ID, Path.
    fn reach_contacts(&mut self, now: Instant, key: ServerKey, request: Request, chain: &Chain) {
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

    fn forward(&mut self, now: Instant, key: ServerKey, request: Request, next_hop: Option<NextHop>) {
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
                server.deadline = None;
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

    /// Default handling SESSION_CONTINUED: as if the criterion had not matched.
    fn without_server(&mut self, now: Instant, key: ServerKey, response: Response) {
        let Some(call) = self.calls.get_mut(&key).filter(|c| !c.cancelled) else {
            return self.pass_back(now, key, response);
        };
        let request = call.request.clone();
        match call.chain.take() {
            Some(chain) => self.proceed(now, key, request, chain),
            None => self.pass_back(now, key, response),
        }
    }

    /// Application servers that have been silent for too long.
    pub(super) fn expire_servers(&mut self, now: Instant) {
        for key in self.silences.until(now) {
            self.silences.set(&key, None);
            let Some(call) = self.calls.get_mut(&key) else { continue };
            let Some(server) = call.server.take_if(|s| s.deadline.is_some_and(|d| d <= now)) else { continue };
            let why = format!("application server {} does not answer", server.name);
            self.say(why);
            self.proxy.abandon(now, &mut self.stack, server.client);
            let Some(response) = self.stack.prepare(key, 408, None) else { continue };
            match server.handling {
                DefaultHandling::Continued => self.without_server(now, key, response),
                DefaultHandling::Terminated => {
                    self.finish(now, key, &Refusal::new(408).because("Application server does not answer"));
                }
            }
        }
    }

    /// The caller has given up: nobody else is tried.
    pub(super) fn give_up(&mut self, key: ServerKey) {
        if let Some(call) = self.calls.get_mut(&key) {
            call.cancelled = true;
            call.groups.clear();
        }
    }

    fn pass_back(&mut self, now: Instant, key: ServerKey, response: Response) {
        // Of an INVITE several 2xx may follow; the end of the transaction removes the call.
        if response.status >= 300 {
            self.calls.remove(&key);
        }
        if self.proxy.respond(now, &mut self.stack, key, response).is_err() {
            self.ignore("the transaction is over", "response");
        }
    }

    fn finish(&mut self, now: Instant, key: ServerKey, refusal: &Refusal) {
        let Some(mut response) = self.stack.prepare(key, refusal.status, refusal.reason.as_deref()) else { return };
        refusal.headers.iter().for_each(|(name, value)| response.headers.append(name, value));
        self.pass_back(now, key, response.clone());
        // The proxy core keeps back a 408 that comes from afar, as RFC 4320 wants; one of our own is in time.
        if self.stack.is_unanswered(key) {
            self.respond(now, key, response);
        }
    }

    /// Requests that may make a dialog come by here again.
    fn stay_in_path(&self, request: &mut Request) {
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
    server.deadline.is_some() && (response.status == 408 || response.status / 100 == 5)
}

fn chain_of(set: &ImplicitSet, impu: &str, case: SessionCase) -> Option<Chain> {
    let impu_text = set.identity(impu)?.identity.clone();
    Some(Chain { case, impu: impu.to_owned(), impu_text, services: set.services(impu)?.clone(), next: 0 })
}

/// Who is served: P-Served-User, or else P-Asserted-Identity.
fn served_user(request: &Request) -> Option<Uri> {
    let of = |name| request.headers.address(name).ok().flatten().map(|a: NameAddr| a.uri);
    of("P-Served-User").or_else(|| of("P-Asserted-Identity"))
}

/// Clause 5.4.3.2: beside a SIP URI the tel URI of the user is asserted, and the other way round.
fn assert_alias(request: &mut Request, set: &ImplicitSet, impu: &str) {
    if request.headers.values("P-Asserted-Identity").count() == 1
        && let Some(alias) = set.alias_of(impu)
    {
        request.headers.append("P-Asserted-Identity", &format!("<{}>", alias.identity));
    }
}

fn subject<'a>(request: &'a Request, uri: &'a str, case: SessionCase) -> FilterSubject<'a> {
    let is_sdp = request
        .headers
        .get("Content-Type")
        .is_some_and(|t| t.split(';').next().is_some_and(|t| t.trim().eq_ignore_ascii_case("application/sdp")));
    FilterSubject {
        method: request.method.as_str(),
        request_uri: uri,
        headers: request.headers.iter().map(|f| (f.name(), f.value())).collect(),
        session_description: is_sdp.then(|| std::str::from_utf8(&request.body).ok()).flatten(),
        case,
        registration: None,
    }
}

const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, MESSAGE, PUBLISH, INFO, REFER, UPDATE, PRACK";
