//! Requests of and to served users (TS 24.229 clauses 5.4.3.2 and 5.4.3.3): who is served, and whether he may be.

use std::sync::Arc;

use protocol::Instant;
use protocol::diameter::charging::RoleOfNode;
use protocol::diameter::cx::{Saa, ServerAssignmentType};
use protocol::sip::proxy::{Refusal, pop_own_route};
use protocol::sip::{Method, NameAddr, Request, ServerKey, Uri};

use super::Scscf;
use super::application_servers::DIALOG_PREFIX;
use super::charged::Side;
use super::cx::{CxJob, refusal};
use super::delivery::Call;
use super::isc::Chain;
use super::registrar::ImplicitSet;
use super::registration::charging_addresses;
use crate::ims::profile::{ServiceProfile, SessionCase, UserProfile};

/// User part of the Service-Route: requests by it are of the served user.
pub(super) const ORIGINATING_USER: &str = "orig";

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
            self.charging.within(now, Some(key.into()), &request);
            return self.within_dialog(now, key, request);
        }
        let (side, role, impu) = match &entry {
            Entry::Originating => (Side::Access, Some(RoleOfNode::Originating), served_identity(&request)),
            Entry::Terminating => (Side::Home, Some(RoleOfNode::Terminating), request.uri.identity()),
            Entry::Continued(chain) => (Side::Service, None, chain.impu.clone()),
            Entry::Lost => (Side::Service, None, String::new()),
        };
        let asked_by = if let Entry::Continued(chain) = &entry { chain.asked_by } else { None };
        self.charge(now, key, &mut request, (side, role, &impu), asked_by);
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

    fn chain_of(&mut self, set: &ImplicitSet, impu: &str, case: SessionCase) -> Option<Chain> {
        let impu_text = set.identity(impu)?.identity.clone();
        let services = Arc::new(self.whole_services(set.services(impu)?));
        Some(Chain { case, impu: impu.to_owned(), impu_text, services, next: 0, asked_by: None })
    }

    /// A service profile with the criteria that it shares with others.
    pub(super) fn whole_services(&mut self, services: &ServiceProfile) -> ServiceProfile {
        let mut whole = services.clone();
        for number in &services.shared_criteria {
            match self.config.shared_criteria.get(number) {
                Some(criteria) => whole.criteria.extend(criteria.iter().cloned()),
                None => self.say(format!("shared filter criteria {number} are not configured: add them to the S-CSCF")),
            }
        }
        whole.criteria.sort_by_key(|criterion| criterion.priority);
        whole
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
        let Some(set) = self.registrar.shared_set_of(&impu) else {
            // An application server on behalf of a user who is not registered.
            let job = CxJob::Unregistered { key, request: Box::new(request), impu: impu.clone(), originating: true };
            return self.send_sar(now, None, vec![impu], ServerAssignmentType::UnregisteredUser, job);
        };
        if set.identity(&impu).is_none_or(|i| i.barred) {
            return self.refuse(now, key, &Refusal::new(403).because("The identity is barred"));
        }
        assert_alias(&mut request, &set, &impu);
        let Some(chain) = self.chain_of(&set, &impu, SessionCase::Originating) else {
            return self.refuse(now, key, &Refusal::new(500));
        };
        self.proceed(now, key, request, chain);
    }

    /// Clause 5.4.3.3: a request to a served user.
    fn terminating(&mut self, now: Instant, key: ServerKey, request: Request) {
        let impu = request.uri.identity();
        let Some(set) = self.registrar.shared_set_of(&impu) else {
            let job = CxJob::Unregistered { key, request: Box::new(request), impu: impu.clone(), originating: false };
            return self.send_sar(now, None, vec![impu], ServerAssignmentType::UnregisteredUser, job);
        };
        if set.identity(&impu).is_none_or(|i| i.barred) {
            return self.refuse(now, key, &Refusal::new(404));
        }
        match self.chain_of(&set, &impu, SessionCase::TerminatingRegistered) {
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
        self.charge_at(key, saa.charging.as_ref().and_then(charging_addresses));
        if set.identity(impu).is_none_or(|i| i.barred) {
            return self.refuse(now, key, &Refusal::new(if originating { 403 } else { 404 }));
        }
        let case =
            if originating { SessionCase::OriginatingUnregistered } else { SessionCase::TerminatingUnregistered };
        match self.chain_of(&set, impu, case) {
            Some(chain) => self.proceed(now, key, request, chain),
            None => self.refuse(now, key, &Refusal::new(500)),
        }
    }

    /// A request is back from an application server.
    fn continued(&mut self, now: Instant, key: ServerKey, mut request: Request, chain: Chain) {
        request.headers.remove("P-Served-User");
        self.came_back(&chain);
        // Clause 5.4.3.3: another Request-URI means that the server has sent it elsewhere.
        if !chain.is_originating() && request.uri.identity() != chain.impu {
            return self.route_out(now, key, request);
        }
        self.proceed(now, key, request, chain);
    }
}

/// Who is served: P-Served-User, or else P-Asserted-Identity.
fn served_user(request: &Request) -> Option<Uri> {
    let of = |name| request.headers.address(name).ok().flatten().map(|a: NameAddr| a.uri);
    of("P-Served-User").or_else(|| of("P-Asserted-Identity"))
}

/// His identity, in the form that keys have; empty: nobody is.
fn served_identity(request: &Request) -> String {
    served_user(request).map(|uri| uri.identity()).unwrap_or_default()
}

/// Clause 5.4.3.2: beside a SIP URI the tel URI of the user is asserted, and the other way round.
fn assert_alias(request: &mut Request, set: &ImplicitSet, impu: &str) {
    if request.headers.values("P-Asserted-Identity").count() == 1
        && let Some(alias) = set.alias_of(impu)
    {
        request.headers.append("P-Asserted-Identity", &format!("<{}>", alias.identity));
    }
}

const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, MESSAGE, PUBLISH, INFO, REFER, UPDATE, PRACK";
