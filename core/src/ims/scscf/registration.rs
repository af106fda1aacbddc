//! Contacts of authenticated users come, change and go (TS 24.229 clauses 5.4.1.2.2F, 5.4.1.4, 5.4.1.5, 5.4.1.6; RFC 3261
//! clause 10.3, RFC 3327, RFC 3608).

use std::time::Duration;

use protocol::Instant;
use protocol::diameter::ResultCode;
use protocol::diameter::cx::{self, ChargingInformation, DeregistrationReason, Saa, ServerAssignmentType};
use protocol::sip::proxy::{Refusal, add_service_route};
use protocol::sip::{Contacts, NameAddr, Request, Response, ServerKey};
use protocol::xml::ContactEvent;

use super::cx::{CxJob, refusal};
use super::register::RegisterJob;
use super::registrar::{Binding, ImplicitSet};
use super::{Scscf, StoreJob};
use crate::ims::profile::{RegistrationType, UserProfile};
use crate::node::{NodeStoreOp, Table};

/// A REGISTER that is acknowledged when its result is durable.
#[derive(Debug)]
pub(super) struct Registered {
    /// Its transaction.
    pub(super) key: ServerKey,
    request: Request,
    response: Response,
    impu: String,
    /// The set as the REGISTER left it.
    set: ImplicitSet,
    changes: Vec<Change>,
    kind: RegistrationType,
    expires: u32,
}

/// What became of a contact.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// The contact.
    pub(super) binding: Binding,
    /// What happened.
    pub(super) event: ContactEvent,
}

/// A contact that a REGISTER asks for.
struct Wanted {
    contact: NameAddr,
    expires: u32,
}

impl Scscf {
    /// The user is who he says: what does he want?
    pub(super) fn authenticated(&mut self, now: Instant, job: RegisterJob) {
        if job.authentication_info.is_none() {
            self.challenges.forget(&job.impi);
        }
        let wanted = match self.wanted(&job.request) {
            Ok(wanted) => wanted,
            Err(refusal) => return self.refuse(now, job.key, &refusal),
        };
        let known = self.registrar.set_of(&job.impu);
        if self.is_out_of_order(&job) {
            return self.refuse(now, job.key, &Refusal::new(500).because("CSeq out of order"));
        }
        let impus = vec![job.impu_text.clone()];
        let impi = job.impi.clone();
        if wanted.is_empty() {
            let set = known.cloned();
            let response = self.register_answer(now, &job, set.as_ref());
            return response.map_or_else(|| (), |response| self.respond(now, job.key, response));
        }
        if wanted.iter().any(|w| w.expires > 0) {
            if !self.has_room(now, &job, &wanted) {
                return self.refuse(now, job.key, &Refusal::new(403).because("Too many contacts"));
            }
            let again = known.is_some_and(|s| !s.bindings.is_empty());
            let assignment =
                if again { ServerAssignmentType::ReRegistration } else { ServerAssignmentType::Registration };
            return self.send_sar(now, Some(&impi), impus, assignment, CxJob::Register(Box::new(job)));
        }
        let left = known.map(|set| set.bindings.iter().filter(|b| !is_leaving(b, &wanted)).count());
        match left {
            Some(0) => {
                let assignment = ServerAssignmentType::UserDeregistration;
                self.send_sar(now, Some(&impi), impus, assignment, CxJob::Deregister(Box::new(job)));
            }
            _ => self.change_contacts(now, job, None),
        }
    }

    /// Contacts and their expiries, `*` being all that there are.
    fn wanted(&self, request: &Request) -> Result<Vec<Wanted>, Refusal> {
        let bad = |what: &str| Refusal::new(400).because(what);
        let header = request.expires().map_err(|_| bad("Bad Expires"))?;
        let list = match request.contacts().map_err(|_| bad("Bad Contact"))? {
            Contacts::Star if header != Some(0) => return Err(bad("Contact * needs Expires 0")),
            Contacts::Star => {
                let impu = request.to().ok().flatten().map(|to| to.uri.identity()).unwrap_or_default();
                let bindings = self.registrar.set_of(&impu).map(|s| s.bindings.as_slice()).unwrap_or_default();
                return Ok(bindings
                    .iter()
                    .filter_map(|b| Some(Wanted { contact: b.address()?, expires: 0 }))
                    .collect());
            }
            Contacts::List(list) => list,
        };
        let mut wanted = Vec::new();
        for contact in list {
            if contact.to_string().len() > MAX_CONTACT_OCTETS {
                return Err(bad("Contact too long"));
            }
            let asked = contact.expires().or(header).unwrap_or(self.config.default_expires);
            if asked > 0 && asked < self.config.min_expires {
                return Err(Refusal::new(423).with("Min-Expires", &self.config.min_expires.to_string()));
            }
            wanted.push(Wanted { contact, expires: asked.min(self.config.max_expires) });
        }
        Ok(wanted)
    }

    /// RFC 3261 clause 10.3 step 7.
    fn is_out_of_order(&self, job: &RegisterJob) -> bool {
        let (Some(call_id), Ok(Some(cseq))) = (job.request.call_id(), job.request.cseq()) else { return true };
        let bindings = self.registrar.set_of(&job.impu).map(|s| s.bindings.as_slice()).unwrap_or_default();
        bindings.iter().any(|b| b.call_id == call_id && b.impi == job.impi && cseq.seq <= b.cseq)
    }

    /// Whether the user may have that many contacts: the 200 lists all of them.
    fn has_room(&self, now: Instant, job: &RegisterJob, wanted: &[Wanted]) -> bool {
        let Some(known) = self.registrar.set_of(&job.impu) else { return wanted.len() <= MAX_BINDINGS };
        if known.bindings.len() + wanted.len() <= MAX_BINDINGS {
            return true;
        }
        let mut set = known.clone();
        self.bind_all(now, &mut set, job, wanted);
        set.bindings.len() <= MAX_BINDINGS
    }

    /// The SAA to a registration.
    pub(super) fn assigned(&mut self, now: Instant, job: RegisterJob, saa: &Saa) {
        if !saa.outcome.result.is_success() {
            return self.refuse(now, job.key, &refusal(saa.outcome.result));
        }
        let mut set = match self.profile_of(saa, &job.impu) {
            Ok(set) => set,
            Err(why) => {
                self.say(format!("profile of {}: {why}", job.impi));
                return self.refuse(now, job.key, &Refusal::new(500).because("The HSS gives no usable profile"));
            }
        };
        // TS 24.229 clause 5.4.1.2.2F: somebody in the set has to be able to use it.
        if set.identity(&job.impu).is_none() || set.usable().next().is_none() {
            return self.refuse(now, job.key, &Refusal::new(403));
        }
        if let Some(charging) = &saa.charging {
            set.charging = charging_addresses(charging);
        }
        self.change_contacts(now, job, Some(set));
    }

    /// The profile in an SAA with the contacts that are known, or what is known.
    fn profile_of(&self, saa: &Saa, impu: &str) -> Result<ImplicitSet, String> {
        let known = self.registrar.set_of(impu);
        match (&saa.user_data, known) {
            (Some(data), known) => {
                let text = std::str::from_utf8(data).map_err(|e| e.to_string())?;
                let profile = UserProfile::parse(text).map_err(|e| e.to_string())?;
                let mut set = known.cloned().unwrap_or_else(|| ImplicitSet::new(UserProfile::default()));
                set.profile = profile;
                Ok(set)
            }
            (None, Some(known)) => Ok(known.clone()),
            (None, None) => Err("the SAA has no User-Data".to_owned()),
        }
    }

    /// The SAA to a de-registration. The UE is gone though the HSS be in trouble, but not when it is not its registration.
    pub(super) fn unassigned(&mut self, now: Instant, job: RegisterJob, saa: &Saa) {
        let result = saa.outcome.result;
        if !result.is_success() {
            self.say(format!("HSS answers the de-registration of {} with {result:?}", job.impi));
        }
        if let ResultCode::Experimental(cx::code::IDENTITIES_DONT_MATCH | cx::code::USER_UNKNOWN) = result {
            return self.refuse(now, job.key, &refusal(result));
        }
        self.change_contacts(now, job, None);
    }

    /// Does what the REGISTER asks; `fresh` is the set as the HSS just gave it.
    fn change_contacts(&mut self, now: Instant, job: RegisterJob, fresh: Option<ImplicitSet>) {
        let Some(mut set) = fresh.or_else(|| self.registrar.set_of(&job.impu).cloned()) else {
            // Nothing was registered: the UE has what it wants.
            if let Some(response) = self.register_answer(now, &job, None) {
                self.respond(now, job.key, response);
            }
            return;
        };
        let Ok(wanted) = self.wanted(&job.request) else { return };
        let first = set.bindings.is_empty();
        let changes = self.bind_all(now, &mut set, &job, &wanted);
        // Others may have come while the HSS was asked.
        if set.bindings.len() > MAX_BINDINGS && changes.iter().any(|c| c.event == ContactEvent::Registered) {
            return self.refuse(now, job.key, &Refusal::new(403).because("Too many contacts"));
        }
        let kind = match (first, set.bindings.is_empty()) {
            (_, true) => RegistrationType::DeRegistration,
            (true, false) => RegistrationType::Initial,
            (false, false) => RegistrationType::ReRegistration,
        };
        let Some(response) = self.register_answer(now, &job, Some(&set)) else { return };
        let utc = self.utc_ms(now);
        let expires = set.bindings.iter().map(|b| b.remaining(utc)).max().unwrap_or(0);
        let ops = self.keep(set.clone());
        let registered =
            Registered { key: job.key, request: job.request, response, impu: job.impu, set, changes, kind, expires };
        self.store(ops, StoreJob::Registered(Box::new(registered)));
    }

    fn bind_all(&self, now: Instant, set: &mut ImplicitSet, job: &RegisterJob, wanted: &[Wanted]) -> Vec<Change> {
        let utc = self.utc_ms(now);
        let (mut taken, mut changes) = (Vec::new(), Vec::new());
        for Wanted { contact, expires } in wanted {
            let mut contact = contact.clone();
            contact.params.remove("expires");
            let headers = &job.request.headers;
            let said = |name: &&str| headers.get(name).map(|v| ((*name).to_owned(), v.to_owned()));
            let binding = Binding {
                number: 0,
                contact: contact.to_string(),
                path: headers.values("Path").map(str::to_owned).collect(),
                impi: job.impi.clone(),
                impu: job.impu.clone(),
                call_id: job.request.call_id().unwrap_or_default().to_owned(),
                cseq: job.request.cseq().ok().flatten().map_or(0, |c| c.seq),
                registered_utc_ms: utc,
                expires_utc_ms: utc.saturating_add(u64::from(*expires) * 1000),
                access: ACCESS_HEADERS.iter().filter_map(said).collect(),
            };
            if *expires == 0 {
                let gone = set.bindings.iter().position(|b| b.is_same(&binding));
                let gone = gone.map(|at| set.bindings.remove(at));
                changes.extend(gone.map(|binding| Change { binding, event: ContactEvent::Unregistered }));
                continue;
            }
            let (is_new, number) = set.bind(binding.clone(), &taken);
            taken.push(number);
            let event = if is_new { ContactEvent::Registered } else { ContactEvent::Refreshed };
            let bound = set.bindings.iter().find(|b| b.number == number);
            changes.extend(bound.map(|b| Change { binding: b.clone(), event }));
        }
        changes
    }

    /// Keeps a set in memory, or forgets one without contacts; what the store has to do.
    pub(super) fn keep(&mut self, set: ImplicitSet) -> Vec<NodeStoreOp> {
        let table = Table::ScscfRegistration;
        if set.bindings.is_empty() {
            let key = set.key();
            self.registrar.remove(&key);
            return vec![NodeStoreOp::Delete { table, key }];
        }
        let value = set.to_json();
        let (gone, key) = self.registrar.put(set);
        let gone = gone.into_iter().map(|key| NodeStoreOp::Delete { table, key });
        gone.chain(std::iter::once(NodeStoreOp::Put { table, key, value })).collect()
    }

    /// The 200 (clauses 5.4.1.2.2F and 5.4.1.4; RFC 3327 clause 5.3).
    fn register_answer(&self, now: Instant, job: &RegisterJob, set: Option<&ImplicitSet>) -> Option<Response> {
        let mut response = self.stack.prepare(job.key, 200, None)?;
        let utc = self.utc_ms(now);
        let info = job.authentication_info.as_ref();
        info.into_iter().for_each(|info| response.headers.append("Authentication-Info", info));
        let Some(set) = set else { return Some(response) };
        for binding in &set.bindings {
            let contact = format!("{};expires={}", binding.contact, binding.remaining(utc));
            response.headers.append("Contact", &contact);
        }
        if set.bindings.is_empty() {
            return Some(response);
        }
        response.headers.copy_from(&job.request.headers, "Path");
        let mut orig = self.own.clone();
        orig.user = Some(super::session::ORIGINATING_USER.to_owned());
        add_service_route(&mut response, &orig);
        for identity in set.usable() {
            response.headers.append("P-Associated-URI", &format!("<{}>", identity.identity));
        }
        set.charging.iter().for_each(|c| response.headers.append("P-Charging-Function-Addresses", c));
        Some(response)
    }

    /// The registration is durable: 200, then everybody who wants to know.
    pub(super) fn registered(&mut self, now: Instant, registered: Registered) {
        let Registered { key, request, response, impu, set, changes, kind, expires } = registered;
        self.respond(now, key, response.clone());
        self.notify_all(now, &set, &changes);
        let told = Some((&request, &response));
        self.third_party(now, &set, &impu, kind, expires, told);
    }

    /// Contacts whose time is over (clause 5.4.1.4: the registration expires).
    pub(super) fn expire_contacts(&mut self, now: Instant) {
        let utc = self.utc_ms(now);
        for key in self.registrar.ended(utc) {
            let Some(mut set) = self.registrar.get(&key).cloned() else { continue };
            let (gone, left): (Vec<_>, Vec<_>) = set.bindings.into_iter().partition(|b| b.expires_utc_ms <= utc);
            set.bindings = left;
            let changes: Vec<Change> =
                gone.into_iter().map(|binding| Change { binding, event: ContactEvent::Expired }).collect();
            if set.bindings.is_empty() {
                self.tell_hss_gone(now, &changes, ServerAssignmentType::TimeoutDeregistration);
            }
            let ops = self.keep(set.clone());
            self.store(ops, StoreJob::Nothing);
            self.notify_all(now, &set, &changes);
            if set.bindings.is_empty() {
                self.third_party_gone(now, &set, &changes);
            }
        }
    }

    /// The last contacts of a set are gone without a REGISTER: the HSS learns it.
    fn tell_hss_gone(&mut self, now: Instant, changes: &[Change], assignment: ServerAssignmentType) {
        if let Some(change) = changes.last() {
            let (impi, impu) = (change.binding.impi.clone(), change.binding.impu.clone());
            self.send_sar(now, Some(&impi), vec![impu], assignment, CxJob::Told);
        }
    }

    fn third_party_gone(&mut self, now: Instant, set: &ImplicitSet, changes: &[Change]) {
        if let Some(change) = changes.last() {
            self.third_party(now, set, &change.binding.impu, RegistrationType::DeRegistration, 0, None);
        }
    }

    /// The HSS takes a registration away (clause 5.4.1.5): everybody is told; what the store has to do.
    pub(super) fn deregister_set(&mut self, now: Instant, key: &str, why: DeregistrationReason) -> Vec<NodeStoreOp> {
        // Without hope the UE is told so, else it may register again at once.
        let event = match why {
            DeregistrationReason::PermanentTermination => ContactEvent::Rejected,
            DeregistrationReason::NewServerAssigned
            | DeregistrationReason::ServerChange
            | DeregistrationReason::RemoveScscf => ContactEvent::Deactivated,
        };
        self.remove_set(now, key, event)
    }

    fn remove_set(&mut self, now: Instant, key: &str, event: ContactEvent) -> Vec<NodeStoreOp> {
        let Some(mut set) = self.registrar.get(key).cloned() else { return Vec::new() };
        let changes: Vec<Change> = set.bindings.drain(..).map(|binding| Change { binding, event }).collect();
        let ops = self.keep(set.clone());
        self.notify_all(now, &set, &changes);
        self.third_party_gone(now, &set, &changes);
        ops
    }

    /// The S-CSCF itself takes a registration away (clause 5.4.1.7: an application server had to take it and did not).
    pub(super) fn deregister_by_administration(&mut self, now: Instant, key: &str) {
        let Some(set) = self.registrar.get(key) else { return };
        let changes: Vec<Change> =
            set.bindings.iter().map(|b| Change { binding: b.clone(), event: ContactEvent::Rejected }).collect();
        self.tell_hss_gone(now, &changes, ServerAssignmentType::AdministrativeDeregistration);
        let ops = self.remove_set(now, key, ContactEvent::Rejected);
        self.store(ops, StoreJob::Nothing);
    }

    /// A pushed profile; none: nobody is registered with it.
    pub(super) fn change_profile(&mut self, now: Instant, profile: UserProfile) -> Option<Vec<NodeStoreOp>> {
        let new = ImplicitSet::new(profile);
        let key = new.identities().iter().find_map(|i| self.registrar.key_of(i).map(str::to_owned))?;
        let mut set = self.registrar.get(&key)?.clone();
        let before = set.identities();
        set.profile = new.profile;
        let ops = self.keep(set.clone());
        if before != set.identities() {
            let refreshed = |b: &Binding| Change { binding: b.clone(), event: ContactEvent::Refreshed };
            let changes: Vec<Change> = set.bindings.iter().map(refreshed).collect();
            self.notify_all(now, &set, &changes);
        }
        Some(ops)
    }

    /// The HSS names other charging functions (TS 29.228 clause 6.2.2).
    pub(super) fn change_charging(&mut self, key: &str, charging: &ChargingInformation) -> Vec<NodeStoreOp> {
        let Some(mut set) = self.registrar.get(key).cloned() else { return Vec::new() };
        set.charging = charging_addresses(charging);
        self.keep(set)
    }

    /// Network-initiated re-authentication (clause 5.4.1.6): contacts end sooner, and their UEs are told.
    pub(super) fn shorten(&mut self, now: Instant, impi: &str, within: Duration) {
        let until = self.utc_ms(now).saturating_add(u64::try_from(within.as_millis()).unwrap_or(u64::MAX));
        for key in self.registrar.keys_of_impi(impi) {
            let Some(mut set) = self.registrar.get(&key).cloned() else { continue };
            let mut changes = Vec::new();
            for binding in set.bindings.iter_mut().filter(|b| b.impi == impi && b.expires_utc_ms > until) {
                binding.expires_utc_ms = until;
                changes.push(Change { binding: binding.clone(), event: ContactEvent::Shortened });
            }
            let ops = self.keep(set.clone());
            self.store(ops, StoreJob::Nothing);
            self.notify_all(now, &set, &changes);
        }
    }
}

fn is_leaving(binding: &Binding, wanted: &[Wanted]) -> bool {
    wanted.iter().any(|w| {
        let other = Binding { contact: w.contact.to_string(), ..binding.clone() };
        binding.is_same(&other)
    })
}

/// P-Charging-Function-Addresses (RFC 7315 clause 4.5) of what the HSS says.
pub(super) fn charging_addresses(charging: &ChargingInformation) -> Option<String> {
    let host = |uri: &String| uri.strip_prefix("aaa://").unwrap_or(uri).split([':', ';']).next().map(str::to_owned);
    let ccf = [&charging.primary_ccf, &charging.secondary_ccf].into_iter().flatten().filter_map(host);
    let ecf = [&charging.primary_ecf, &charging.secondary_ecf].into_iter().flatten().filter_map(host);
    let all: Vec<String> = ccf.map(|h| format!("ccf={h}")).chain(ecf.map(|h| format!("ecf={h}"))).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// What application servers are told of a REGISTER (TS 24.229 clause 5.4.1.7).
const ACCESS_HEADERS: [&str; 3] = ["P-Access-Network-Info", "P-Visited-Network-ID", "P-Charging-Vector"];

/// Contacts of an implicit registration set.
const MAX_BINDINGS: usize = 32;

/// Octets of a Contact value: 32 of them go into a message of 64 KiB.
const MAX_CONTACT_OCTETS: usize = 1024;
