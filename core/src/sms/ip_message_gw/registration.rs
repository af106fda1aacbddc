//! Registration on R2: TR 23.804 clause 8.1 (REGISTER with AKA digest of RFC 3310, vectors and MSISDN from the HLR), and
//! what it has in common with that by the IMS (clause 8.7).

use protocol::Instant;
use protocol::map::{
    AuthenticationQuintuplet, Imsi, InsertSubscriberDataArg, InvokeFailure, IpAccess, Operation, OperationResult,
    ReSynchronisationInfo, RequestingNodeType, SendAuthenticationInfoArg, UpdateGprsLocationArg, UserError,
};
use protocol::sip::proxy::Refusal;
use protocol::sip::{Contacts, Credentials, Flow, NameAddr, Request, ServerKey, aka_nonce};
use protocol::xml::ContactEvent;

use super::challenge::{Challenge, Verdict};
use super::users::{Access, Contact, Rules, User};
use super::{Asked, IpMessageGw, Job};

/// A registration that is being made.
#[derive(Debug)]
pub(super) struct Registering {
    key: ServerKey,
    imsi: String,
    access: Access,
    expires_s: u32,
    /// From insertSubscriberData, or from elsewhere.
    msisdn: Option<String>,
    rules: Rules,
    /// How many messages he had missed when the HLR was asked.
    misses: u32,
    /// Where messages of his wait for it.
    arrival: Option<u64>,
}

/// A challenge that waits for its vector.
#[derive(Debug)]
pub(super) struct Challenging {
    key: ServerKey,
    imsi: String,
    attempt: u32,
    is_stale: bool,
    is_resynchronised: bool,
}

/// A REGISTER on R2, read.
struct Read {
    imsi: String,
    credentials: Option<Credentials>,
    expires_s: u32,
    contact: Option<NameAddr>,
}

impl IpMessageGw {
    /// REGISTER of a UE: clause 8.1 steps 2 to 6, clause 8.2.1 with Expires 0.
    pub(super) fn register(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: &Request,
        flow: Flow,
    ) -> Result<(), Refusal> {
        let read = self.read_register(request)?;
        let verdict = match &read.credentials {
            Some(credentials) if !credentials.nonce().unwrap_or_default().is_empty() => {
                self.challenges.check(now, credentials, &read.imsi, request)
            }
            _ => return self.challenge(now, key, &read, 1, false, None),
        };
        match verdict {
            Verdict::Stale => return self.challenge(now, key, &read, 1, true, None),
            Verdict::Resynchronise(info, attempt) => {
                return self.challenge(now, key, &read, attempt, false, Some(info));
            }
            Verdict::Wrong(attempt) if attempt < self.config.authentication_attempts => {
                return self.challenge(now, key, &read, attempt + 1, false, None);
            }
            Verdict::Wrong(_) => return Err(Refusal::new(403).because("Authentication Failed")),
            Verdict::Accepted => {}
        }
        if read.expires_s == 0 {
            self.deregister(now, key, &read.imsi, false);
            return Ok(());
        }
        let contact = read.contact.ok_or_else(|| Refusal::new(400).because("No Contact"))?;
        let before = self.users.get(&read.imsi).and_then(|user| match &user.access {
            Access::Ip(before) => Some(before.since_utc_ms),
            Access::Ims { .. } => None,
        });
        let contact = Contact {
            uri: contact.uri.to_string(),
            contact: contact.to_string(),
            transport: flow.transport,
            local: flow.local,
            remote: flow.remote,
            call_id: request.call_id().unwrap_or_default().to_owned(),
            cseq: request.cseq().ok().flatten().map_or(1, |cseq| cseq.seq),
            since_utc_ms: before.unwrap_or_else(|| self.shell.utc_ms(now)),
        };
        self.mts.has_come(&read.imsi);
        self.update_location(now, key, (&read.imsi, Access::Ip(contact)), read.expires_s, None)
    }

    fn read_register(&self, request: &Request) -> Result<Read, Refusal> {
        let bad = |what: &str| Refusal::new(400).because(what);
        let own = request.uri.as_sip().is_some_and(|uri| self.is_home(uri));
        if !own {
            return Err(Refusal::new(403).because("Registers only users of its domain"));
        }
        let to = request.to().ok().flatten().ok_or_else(|| bad("Bad To"))?;
        let credentials = match request.headers.get("Authorization") {
            Some(value) => Some(Credentials::parse(value).map_err(|_| bad("Bad Authorization"))?),
            None => None,
        };
        // With two of them, those before could have looked at the one that is not checked here.
        if request.headers.all("Authorization").nth(1).is_some() {
            return Err(bad("More than one Authorization"));
        }
        let credentials = credentials.filter(Credentials::is_digest);
        let name = credentials.as_ref().and_then(Credentials::username).unwrap_or_default().into_owned();
        let user = to.uri.as_sip().and_then(|uri| uri.user_text()).unwrap_or_default();
        if Imsi::new(&user).is_err() || !(name.is_empty() || is_nai_of(&name, &user)) {
            return Err(Refusal::new(403).because("The identity is that of no IMSI"));
        }
        let (contact, expires_s) = self.contact_of(request)?;
        Ok(Read { imsi: user, credentials, expires_s, contact })
    }

    /// The contact that is registered, and for how long (RFC 3261 clause 10.3).
    fn contact_of(&self, request: &Request) -> Result<(Option<NameAddr>, u32), Refusal> {
        let times = self.config.registration;
        let expires = request.expires().map_err(|_| Refusal::new(400).because("Bad Expires"))?;
        let contact = match request.contacts() {
            Ok(Contacts::Star) if expires == Some(0) => None,
            Ok(Contacts::List(list)) if list.len() == 1 => list.into_iter().next(),
            _ => return Err(Refusal::new(400).because("One Contact is wanted")),
        };
        let own = contact.as_ref().and_then(NameAddr::expires);
        match own.or(expires).unwrap_or(times.default_s) {
            0 => Ok((contact, 0)),
            short if short < times.min_s => Err(Refusal::new(423).with("Min-Expires", &times.min_s.to_string())),
            expires_s => Ok((contact, expires_s.min(times.max_s))),
        }
    }

    /// Asks the HLR for a vector.
    fn challenge(
        &mut self,
        now: Instant,
        key: ServerKey,
        read: &Read,
        attempt: u32,
        is_stale: bool,
        info: Option<ReSynchronisationInfo>,
    ) -> Result<(), Refusal> {
        let imsi = Imsi::new(&read.imsi).map_err(|_| Refusal::new(403))?;
        let mut argument = SendAuthenticationInfoArg::new(imsi, 1);
        argument.segmentation_prohibited = true;
        argument.immediate_response_preferred = true;
        argument.re_synchronisation_info = info;
        argument.requesting_node_type = Some(RequestingNodeType::SGSN);
        let (imsi, is_resynchronised) = (read.imsi.clone(), info.is_some());
        let challenging = Challenging { key, imsi, attempt, is_stale, is_resynchronised };
        self.ask_hlr(now, &Operation::SendAuthenticationInfo(argument), Asked::Vector(Box::new(challenging)))
    }

    /// The vector, or none: 401.
    pub(super) fn vector_came(
        &mut self,
        now: Instant,
        challenging: Challenging,
        result: Result<OperationResult, InvokeFailure>,
    ) {
        let key = challenging.key;
        let vector = match result {
            Ok(OperationResult::SendAuthenticationInfo(answer)) => answer.quintuplet_list.into_iter().next(),
            Ok(_) => None,
            Err(failure) => return self.shell.refuse(now, key, &refusal_of(&failure)),
        };
        let Some(vector) = vector else {
            return self.shell.refuse(now, key, &Refusal::new(500).because("The HLR gives no authentication vector"));
        };
        let refusal = self.challenge_with(now, challenging, vector);
        self.shell.refuse(now, key, &refusal);
    }

    fn challenge_with(&mut self, now: Instant, asked: Challenging, vector: AuthenticationQuintuplet) -> Refusal {
        let nonce = aka_nonce(&vector.rand, &vector.autn, &[]);
        let stale = if asked.is_stale { ", stale=TRUE" } else { "" };
        let realm = &self.config.domain;
        let field = format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm=AKAv1-MD5, qop=\"auth\"{stale}");
        let challenge = Challenge {
            imsi: asked.imsi,
            rand: vector.rand,
            xres: vector.xres,
            attempt: asked.attempt,
            is_resynchronised: asked.is_resynchronised || asked.attempt > 1,
            deadline: now + self.config.challenge_time,
        };
        self.challenges.insert(nonce, challenge, self.config.limits.challenges);
        Refusal::new(401).with("WWW-Authenticate", &field)
    }

    /// Registers the gateway with the HLR as the one that serves a user: clause 8.1 step 3, clause 8.7 step 5.
    pub(super) fn update_location(
        &mut self,
        now: Instant,
        key: ServerKey,
        (imsi, access): (&str, Access),
        expires_s: u32,
        msisdn: Option<String>,
    ) -> Result<(), Refusal> {
        if self.users.get(imsi).is_none() && self.users.len() >= self.config.limits.users {
            return Err(Refusal::new(503).because("Too many users").with("Retry-After", "600"));
        }
        let number = self.titles.number.clone();
        let imsi_number = Imsi::new(imsi).map_err(|_| Refusal::new(403).because("The identity is that of no IMSI"))?;
        let argument = UpdateGprsLocationArg {
            gprs_subscription_data_not_needed: true,
            sms_only: true,
            // The HLR knows by it that this is no SGSN.
            extensions: vec![IpAccess(true).to_extension()],
            ..UpdateGprsLocationArg::new(imsi_number, number, self.config.address)
        };
        let arrival = match &access {
            Access::Ims { identity, .. } => Some(self.arriving(identity.clone(), msisdn.as_deref())),
            Access::Ip(_) => None,
        };
        let standing = self.standing(imsi, &access).cloned();
        let misses = self.users.get(imsi).map_or(0, |user| user.misses);
        let (imsi, rules, to_ask) = (imsi.to_owned(), Rules::default(), access.clone());
        let registering = Registering { key, imsi, access: to_ask, expires_s, msisdn, rules, misses, arrival };
        let asked = self.ask_hlr(now, &Operation::UpdateGprsLocation(argument), Asked::Location(Box::new(registering)));
        match (asked, standing) {
            (Err(_), Some(user)) => {
                self.refresh(now, key, (user, access), expires_s, arrival);
                Ok(())
            }
            (asked, _) => asked.inspect_err(|refusal| self.arrived(now, arrival, Some(refusal))),
        }
    }

    /// The registration by the IMS that another one only prolongs. It needs no HLR: that this one hears that he is there can
    /// wait for the next time.
    fn standing(&self, imsi: &str, access: &Access) -> Option<&User> {
        let Access::Ims { identity, .. } = access else { return None };
        self.users.of_identity(identity).filter(|user| user.imsi == imsi)
    }

    /// Prolongs a registration.
    pub(super) fn refresh(
        &mut self,
        now: Instant,
        key: ServerKey,
        (user, access): (User, Access),
        expires_s: u32,
        arrival: Option<u64>,
    ) {
        let (expires_utc_ms, guard_utc_ms) = self.ends_of(now, expires_s);
        self.write_registration(key, User { access, expires_utc_ms, guard_utc_ms, ..user }, expires_s, arrival);
    }

    /// When a registration ends, and when its guard timer does: UTC in milliseconds.
    fn ends_of(&self, now: Instant, expires_s: u32) -> (u64, u64) {
        let expires_utc_ms = self.shell.utc_ms(now) + u64::from(expires_s) * 1000;
        (expires_utc_ms, expires_utc_ms + self.config.registration.guard.as_millis() as u64)
    }

    /// REGISTER is answered when this is durable.
    fn write_registration(&mut self, key: ServerKey, user: User, expires_s: u32, arrival: Option<u64>) {
        self.users.write(key, user.clone());
        self.shell.store(vec![user.put()], Job::Registered { key, user: Box::new(user), expires_s, arrival });
    }

    /// REGISTER is refused, and what has waited for it.
    pub(super) fn not_registered(&mut self, now: Instant, key: ServerKey, arrival: Option<u64>, refusal: &Refusal) {
        self.shell.refuse(now, key, refusal);
        self.arrived(now, arrival, Some(refusal));
    }

    /// The HLR has it stored, or not.
    pub(super) fn location_updated(
        &mut self,
        now: Instant,
        registering: Registering,
        result: Result<OperationResult, InvokeFailure>,
    ) {
        let Registering { key, imsi, access, expires_s, msisdn, rules, misses, arrival } = registering;
        if let Err(failure) = result {
            let refusal = refusal_of(&failure);
            let standing = self.standing(&imsi, &access).filter(|_| refusal.status != 403).cloned();
            return match standing {
                Some(user) => self.refresh(now, key, (user, access), expires_s, arrival),
                None => self.not_registered(now, key, arrival, &refusal),
            };
        }
        let Some(msisdn) = msisdn else {
            let refusal = Refusal::new(500).because("The HLR gives no MSISDN");
            return self.not_registered(now, key, arrival, &refusal);
        };
        let (expires_utc_ms, guard_utc_ms) = self.ends_of(now, expires_s);
        // What he has missed since the HLR was asked it is to hear of the next time.
        let before = self.users.get(&imsi);
        let is_missed = before.is_some_and(|user| user.is_missed && user.misses != misses);
        let misses = before.map_or(0, |user| user.misses);
        // What the HLR says and has heard goes for the registration before, too, until this one is durable.
        self.users.change(&imsi, |user| {
            (user.msisdn, user.rules, user.is_missed) = (msisdn.clone(), rules, is_missed);
        });
        let user = User { imsi, msisdn, access, rules, expires_utc_ms, guard_utc_ms, is_missed, misses };
        self.write_registration(key, user, expires_s, arrival);
    }

    /// The mapping is durable: clause 8.1 step 6, clause 8.7 step 7.
    pub(super) fn registered(&mut self, now: Instant, key: ServerKey, mut user: User, expires_s: u32) {
        self.users.written(key, &user.imsi);
        let before = self.users.get(&user.imsi).cloned();
        // The HLR may have said something else while this was written, and he may have missed a message; the store has been
        // told.
        if let Some(before) = &before {
            user.take_over(before);
        }
        let ue = match &user.access {
            Access::Ip(contact) => {
                let identity = format!("<sip:{}@{}>, <tel:+{}>", user.imsi, self.config.domain, user.msisdn);
                Some((contact.contact.clone(), identity))
            }
            Access::Ims { .. } => None,
        };
        let imsi = user.imsi.clone();
        let is_moved = before.as_ref().is_some_and(|before| before.access.is_ims() != user.access.is_ims());
        self.counters.registered += 1;
        self.users.insert(user);
        let ue = ue.as_ref().map(|(contact, identities)| (contact.as_str(), identities.as_str()));
        self.answer_register(now, key, ue, expires_s);
        match before {
            // Of the one by the IMS he hears from his S-CSCF; the one on R2 is over.
            Some(before) if is_moved && !before.access.is_ims() => {
                self.tell_end(now, &before, ContactEvent::Deactivated);
            }
            Some(_) if !is_moved => {}
            Some(_) | None => self.tell_registration(now, &imsi),
        }
    }

    /// 200 to REGISTER. A UE on R2 is told its contact, and its identities as an IMS would (RFC 7315 clause 4.1): the MSISDN
    /// is one of them.
    pub(super) fn answer_register(&mut self, now: Instant, key: ServerKey, ue: Option<(&str, &str)>, expires_s: u32) {
        let Some(mut response) = self.shell.stack.prepare(key, 200, None) else { return };
        if let Some((contact, identities)) = ue {
            if let Ok(mut contact) = NameAddr::parse(contact) {
                contact.params.set("expires", &expires_s.to_string());
                response.headers.append("Contact", &contact.to_string());
            }
            response.headers.append("P-Associated-URI", identities);
        }
        response.headers.append("Expires", &expires_s.to_string());
        self.shell.respond(now, key, response);
    }
}

impl Registering {
    /// What the HLR says of the subscriber meanwhile: clause 8.1 step 5.
    pub(super) fn told(&mut self, data: &InsertSubscriberDataArg) {
        if let Some(msisdn) = &data.msisdn {
            self.msisdn = Some(msisdn.digits().to_owned());
        }
        self.rules.update(data);
    }
}

/// The IMSI in a NAI: what stands before `@` (TR 23.804 clause 8.1 step 3). The NAI of EAP-AKA has a digit before it (TS
/// 23.003 clause 14.3: 0; 6 in clause 19.3.2), which makes it too long for an IMSI with all of its digits.
pub(super) fn imsi_of_nai(nai: &str) -> Option<String> {
    let name = nai.split('@').next().unwrap_or_default();
    let is_nai = nai.contains("3gppnetwork.org") && matches!(name.as_bytes().first(), Some(b'0' | b'6'));
    let digits = if is_nai && name.len() == IMSI_DIGITS + 1 { &name[1..] } else { name };
    Imsi::new(digits).is_ok().then(|| digits.to_owned())
}

/// Whether a NAI is that of an IMSI, with or without the digit before it.
fn is_nai_of(nai: &str, imsi: &str) -> bool {
    let name = nai.split('@').next().unwrap_or_default();
    name == imsi || name.strip_prefix(['0', '6']) == Some(imsi)
}

/// Digits of an IMSI whose MSIN is as long as may be (TS 23.003 clause 2.2).
const IMSI_DIGITS: usize = 15;

/// What a UE or an S-CSCF is told of an error of the HLR.
fn refusal_of(failure: &InvokeFailure) -> Refusal {
    match failure {
        InvokeFailure::User(
            UserError::UnknownSubscriber(_)
            | UserError::RoamingNotAllowed(_)
            | UserError::IllegalSubscriber
            | UserError::TeleserviceNotProvisioned
            | UserError::CallBarred(_),
        ) => Refusal::new(403).because("Refused by the HLR"),
        InvokeFailure::User(_) | InvokeFailure::Rejected(_) | InvokeFailure::Invalid(_) => {
            Refusal::new(500).because("The HLR has failed")
        }
        InvokeFailure::Ended | InvokeFailure::Aborted(_) => Refusal::new(504).because("The HLR is not reached"),
    }
}
