//! Cx at the HSS (TS 29.228 clauses 6.1 and 6.3): UAR, LIR, SAR, MAR.

use protocol::diameter::cx::{
    AuthData, AuthItem, Lia, Lir, Maa, Mar, SCHEME_AKA, SCHEME_DIGEST, SCHEME_UNKNOWN, Saa, Sar, ServerAssignmentType,
    Uaa, Uar, UserAuthorizationType, code,
};
use protocol::diameter::cx::{Capabilities, DeregistrationReason, DigestAuthenticate};
use protocol::diameter::{Message, Outcome, ResultCode, Routing, dictionary, result};
use protocol::{Instant, Secret};

use super::registration::{Client, IdentityState, Registration, set_key};
use super::subscriber::Subscriber;
use super::{Hss, Reply};
use crate::ims::aka::{Sqn, Vector};
use crate::node::{NodeStoreOp, Table};

/// Vectors that one MAR gets at most: each is a sequence number.
const MAX_VECTORS: u32 = 5;
/// UAR-Flags bit 0 (TS 29.229 clause 6.3.44): IMS emergency registration.
const EMERGENCY_REGISTRATION: u32 = 1;

/// Why there are no vectors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum VectorProblem {
    /// The subscriber has no keys for AKA.
    NoKeys,
    /// AUTS is wrong.
    Resynchronisation,
    /// There are no sequence numbers left.
    Exhausted,
}

/// Where a public identity stands: its subscriber and its set.
struct Place<'a> {
    subscriber: &'a Subscriber,
    set: usize,
    key: String,
}

impl Hss {
    pub(super) fn uar(&self, request: &Message, uar: &Uar) -> Reply {
        let (result, server, capabilities) = match self.user_authorization(uar) {
            Ok(answer) => answer,
            Err(result) => (result, None, None),
        };
        Reply::now(Uaa { outcome: self.outcome(result), server, capabilities }.to_message(request))
    }

    /// Clause 6.1.1.1.
    fn user_authorization(&self, uar: &Uar) -> Result<(ResultCode, Option<String>, Option<Capabilities>), ResultCode> {
        let Place { subscriber, set, key } = self.place(&uar.impi, &uar.impu)?;
        let emergency = uar.flags & EMERGENCY_REGISTRATION != 0;
        // A barred identity may register when it brings one that is not.
        if !emergency && subscriber.sets[set].identities.iter().all(|i| i.barred) {
            return Err(ResultCode::Base(result::AUTHORIZATION_REJECTED));
        }
        let authorization = uar.authorization.unwrap_or(UserAuthorizationType::Registration);
        if !emergency
            && authorization != UserAuthorizationType::DeRegistration
            && !self.may_roam(subscriber, &uar.visited_network)
        {
            return Err(ResultCode::Experimental(code::ROAMING_NOT_ALLOWED));
        }
        let registration = self.registrations.get(&subscriber.subscription);
        let state = registration.map_or(IdentityState::NotRegistered, |r| r.state(&key));
        let server = registration.and_then(|r| r.server.clone());
        let capabilities = Some(subscriber.capabilities.to_cx());
        match (authorization, server) {
            (UserAuthorizationType::RegistrationAndCapabilities, _) => Ok((ResultCode::SUCCESS, None, capabilities)),
            (UserAuthorizationType::DeRegistration, Some(server)) if state != IdentityState::NotRegistered => {
                Ok((ResultCode::SUCCESS, Some(server), None))
            }
            (UserAuthorizationType::DeRegistration, _) => Err(ResultCode::Experimental(code::IDENTITY_NOT_REGISTERED)),
            (UserAuthorizationType::Registration, Some(server)) => {
                Ok((ResultCode::Experimental(code::SUBSEQUENT_REGISTRATION), Some(server), None))
            }
            (UserAuthorizationType::Registration, None) => {
                Ok((ResultCode::Experimental(code::FIRST_REGISTRATION), None, capabilities))
            }
        }
    }

    /// The home network is always allowed.
    fn may_roam(&self, subscriber: &Subscriber, visited: &[u8]) -> bool {
        let same = |network: &str| network.as_bytes().eq_ignore_ascii_case(visited);
        let allowed = |networks: &Vec<String>| networks.iter().any(|n| same(n));
        same(&self.config.diameter.origin_realm) || subscriber.visited_networks.as_ref().is_none_or(allowed)
    }

    pub(super) fn lir(&self, request: &Message, lir: &Lir) -> Reply {
        let (result, server, capabilities) = match self.location(lir) {
            Ok(answer) => answer,
            Err(result) => (result, None, None),
        };
        Reply::now(Lia { outcome: self.outcome(result), server, capabilities }.to_message(request))
    }

    /// Clause 6.1.4.1.
    fn location(&self, lir: &Lir) -> Result<(ResultCode, Option<String>, Option<Capabilities>), ResultCode> {
        let subscriber = self.directory.by_impu(&lir.impu).next();
        let subscriber = subscriber.ok_or(ResultCode::Experimental(code::USER_UNKNOWN))?;
        let set = subscriber.set_of(&lir.impu).ok_or(ResultCode::Experimental(code::USER_UNKNOWN))?;
        let capabilities = Some(subscriber.capabilities.to_cx());
        if lir.authorization == Some(UserAuthorizationType::RegistrationAndCapabilities) {
            return Ok((ResultCode::SUCCESS, None, capabilities));
        }
        let registration = self.registrations.get(&subscriber.subscription);
        let state = registration.map_or(IdentityState::NotRegistered, |r| r.state(&set_key(&subscriber.sets[set])));
        let served = state != IdentityState::NotRegistered || subscriber.sets[set].has_unregistered_services();
        match registration.and_then(|r| r.server.clone()) {
            _ if !served => Err(ResultCode::Experimental(code::IDENTITY_NOT_REGISTERED)),
            // The S-CSCF of another identity of the subscription serves this one as well.
            Some(server) => Ok((ResultCode::SUCCESS, Some(server), None)),
            None => Ok((ResultCode::Experimental(code::UNREGISTERED_SERVICE), None, capabilities)),
        }
    }

    pub(super) fn sar(&mut self, request: &Message, sar: &Sar) -> Reply {
        let mut saa = Saa {
            outcome: self.outcome(ResultCode::SUCCESS),
            impi: sar.impi.clone(),
            user_data: None,
            charging: None,
            associated: Vec::new(),
            server: None,
        };
        let ops = match self.assign(sar, &mut saa) {
            Ok(ops) => ops,
            Err(result) => {
                saa.outcome.result = result;
                Vec::new()
            }
        };
        Reply { answer: saa.to_message(request), ops }
    }

    /// Clause 6.1.2.1.
    fn assign(&mut self, sar: &Sar, saa: &mut Saa) -> Result<Vec<NodeStoreOp>, ResultCode> {
        use ServerAssignmentType as T;
        let deregistration = matches!(
            sar.assignment,
            T::TimeoutDeregistration
                | T::UserDeregistration
                | T::TimeoutDeregistrationStoreServerName
                | T::UserDeregistrationStoreServerName
                | T::AdministrativeDeregistration
                | T::DeregistrationTooMuchData
        );
        if sar.impus.len() > 1 && !deregistration {
            return Err(ResultCode::Base(result::AVP_OCCURS_TOO_MANY_TIMES));
        }
        let (impi, subscription, sets) = self.assigned(sar, deregistration)?;
        let mut registration = self.registrations.get(&subscription).cloned().unwrap_or_default();
        let other = registration.server.clone().filter(|server| *server != sar.server);
        saa.impi = Some(impi.clone());
        match sar.assignment {
            T::Registration | T::ReRegistration | T::UnregisteredUser if other.is_some() => {
                saa.server = other;
                return Err(ResultCode::Experimental(code::IDENTITY_ALREADY_REGISTERED));
            }
            // Restoration (clause 6.1.2.1) is not supported; the others belong to other applications.
            T::Restoration | T::AaaUserDataRequest | T::PgwUpdate => {
                return Err(ResultCode::Experimental(code::IN_ASSIGNMENT_TYPE));
            }
            T::NoAssignment if registration.server.is_none() => return Err(ResultCode::Base(result::UNABLE_TO_COMPLY)),
            _ if other.is_some() => return Err(ResultCode::Base(result::UNABLE_TO_COMPLY)),
            _ => {}
        }
        let client = client(&sar.routing);
        for set in &sets {
            match sar.assignment {
                T::Registration | T::ReRegistration => {
                    registration.assign(&sar.server, client.clone());
                    registration.register(set, &impi);
                }
                T::UnregisteredUser if registration.state(set) == IdentityState::Registered => {
                    return Err(ResultCode::Experimental(code::IN_ASSIGNMENT_TYPE));
                }
                T::UnregisteredUser => {
                    registration.assign(&sar.server, client.clone());
                    registration.serve_unregistered(set);
                }
                T::AuthenticationFailure | T::AuthenticationTimeout => registration.give_up(set, &impi),
                T::TimeoutDeregistrationStoreServerName | T::UserDeregistrationStoreServerName => {
                    registration.deregister(set, &impi, self.config.keep_server_names);
                    if !self.config.keep_server_names {
                        saa.outcome.result = ResultCode::Experimental(code::SUCCESS_SERVER_NAME_NOT_STORED);
                    }
                }
                _ if deregistration => registration.deregister(set, &impi, false),
                _ => {}
            }
        }
        if matches!(sar.assignment, T::Registration | T::ReRegistration | T::UnregisteredUser | T::NoAssignment) {
            self.tell_profile(sar, &impi, saa)?;
        }
        Ok(self.change(&subscription, registration))
    }

    /// Whom a SAR is about: private identity, subscription, keys of its sets.
    fn assigned(&self, sar: &Sar, deregistration: bool) -> Result<(String, String, Vec<String>), ResultCode> {
        let missing = ResultCode::Base(result::MISSING_AVP);
        let (impi, impu) = match (&sar.impi, sar.impus.first()) {
            (Some(impi), impu) => (impi.clone(), impu),
            (None, Some(impu)) => {
                let known = self.directory.by_impu(impu).next();
                (known.ok_or(ResultCode::Experimental(code::USER_UNKNOWN))?.impi.clone(), Some(impu))
            }
            (None, None) => return Err(missing),
        };
        if impu.is_none() && !deregistration {
            return Err(missing);
        }
        let subscriber = self.directory.by_impi(&impi).ok_or(ResultCode::Experimental(code::USER_UNKNOWN))?;
        let sets: Result<Vec<_>, _> = sar.impus.iter().map(|impu| Ok(self.place(&impi, impu)?.key)).collect();
        let mut sets = sets?;
        if sets.is_empty() {
            sets = subscriber.sets.iter().map(set_key).collect();
        }
        Ok((impi, subscriber.subscription.clone(), sets))
    }

    fn tell_profile(&self, sar: &Sar, impi: &str, saa: &mut Saa) -> Result<(), ResultCode> {
        let unable = ResultCode::Base(result::UNABLE_TO_COMPLY);
        let subscriber = self.directory.by_impi(impi).ok_or(unable)?;
        if !sar.has_user_data {
            let set = sar.impus.first().and_then(|impu| subscriber.set_of(impu)).ok_or(unable)?;
            let profile = subscriber.user_profile(set).map_err(|_| unable)?;
            saa.user_data = Some(profile.to_document().into_bytes());
        }
        saa.charging = subscriber.charging.to_cx();
        saa.associated = self.directory.associated(subscriber);
        Ok(())
    }

    pub(super) fn mar(&mut self, now: Instant, request: &Message, mar: &Mar) -> Reply {
        let mut maa = Maa {
            outcome: self.outcome(ResultCode::SUCCESS),
            impi: Some(mar.impi.clone()),
            impu: Some(mar.impu.clone()),
            items: Vec::new(),
        };
        let ops = match self.authenticate(now, mar) {
            Ok((items, ops)) => {
                maa.items = items;
                ops
            }
            Err(result) => {
                maa.outcome.result = result;
                Vec::new()
            }
        };
        Reply { answer: maa.to_message(request), ops }
    }

    /// Clause 6.3.1.
    fn authenticate(&mut self, now: Instant, mar: &Mar) -> Result<(Vec<AuthItem>, Vec<NodeStoreOp>), ResultCode> {
        let Place { subscriber, key, .. } = self.place(&mar.impi, &mar.impu)?;
        let subscription = subscriber.subscription.clone();
        let unsupported = ResultCode::Experimental(code::AUTH_SCHEME_NOT_SUPPORTED);
        let with_aka = match mar.scheme.as_str() {
            SCHEME_AKA => true,
            SCHEME_DIGEST => false,
            SCHEME_UNKNOWN => subscriber.aka.is_some(),
            _ => return Err(unsupported),
        };
        let mut registration = self.registrations.get(&subscription).cloned().unwrap_or_default();
        let other = registration.server.as_ref().is_some_and(|server| *server != mar.server);
        let mut ops = Vec::new();
        let items = if with_aka {
            if mar.authorization.is_some() && other {
                return Err(ResultCode::Base(result::UNABLE_TO_COMPLY));
            }
            let vectors = self.vectors(&mar.impi, mar.authorization.as_deref(), mar.items.clamp(1, MAX_VECTORS));
            let (vectors, sqn) = vectors.map_err(|problem| match problem {
                VectorProblem::NoKeys => unsupported,
                VectorProblem::Resynchronisation | VectorProblem::Exhausted => {
                    ResultCode::Base(result::UNABLE_TO_COMPLY)
                }
            })?;
            ops.push(store_sqn(&mar.impi, sqn));
            let item = |(number, vector): (u32, Vector)| {
                let xres = Secret::new(vector.xres.expose().to_vec());
                let Vector { rand, autn, ck, ik, .. } = vector;
                AuthItem { number: Some(number), data: AuthData::Aka { rand, autn, xres, ck, ik } }
            };
            (1..).zip(vectors).map(item).collect()
        } else {
            let secret = subscriber.digest.as_ref().ok_or(unsupported)?;
            let digest = DigestAuthenticate {
                realm: secret.realm.clone(),
                algorithm: Some("MD5".to_owned()),
                qop: "auth".to_owned(),
                ha1: secret.ha1.clone(),
            };
            vec![AuthItem { number: None, data: AuthData::Digest(digest) }]
        };
        if other {
            // Clause 8.1.1: the new one takes over; the old one is told when it is another Diameter client.
            self.cancel_old(now, mar, &registration);
        }
        if other || !registration.is_registered_by(&key, &mar.impi) {
            registration.assign(&mar.server, client(&mar.routing));
            registration.set_pending(&key, &mar.impi);
        }
        ops.extend(self.change(&subscription, registration));
        Ok((items, ops))
    }

    fn cancel_old(&mut self, now: Instant, mar: &Mar, registration: &Registration) {
        let Some(old) = registration.client.clone() else { return };
        if !old.host.eq_ignore_ascii_case(&mar.routing.origin_host) {
            let info = Some("another S-CSCF has been assigned".to_owned());
            self.send_rtr(now, &mar.impi, &old, DeregistrationReason::NewServerAssigned, info, false);
        }
    }

    /// New vectors, and the last sequence number in them. The numbers are used up, whatever becomes of the answer.
    /// `resynchronisation`: RAND and AUTS.
    pub(super) fn vectors(
        &mut self,
        impi: &str,
        resynchronisation: Option<&[u8]>,
        count: u32,
    ) -> Result<(Vec<Vector>, Sqn), VectorProblem> {
        let keys = self.directory.by_impi(impi).and_then(|s| s.aka.clone()).ok_or(VectorProblem::NoKeys)?;
        let mut sqn = self.sqns.get(impi).copied().unwrap_or_default();
        if let Some(authorization) = resynchronisation {
            match keys.resynchronise(authorization) {
                // TS 33.102 clause 6.3.5: when the next number would be taken by the USIM anyway, ours stays.
                Ok(theirs) if sqn.next().is_some_and(|next| next.seq() > theirs.seq()) => {}
                Ok(theirs) => sqn = theirs,
                Err(problem) => {
                    self.say(format!("resynchronisation of {impi} refused: {problem}"));
                    return Err(VectorProblem::Resynchronisation);
                }
            }
        }
        let mut vectors = Vec::new();
        for _ in 0..count {
            sqn = sqn.next().ok_or(VectorProblem::Exhausted)?;
            let mut rand = [0; 16];
            self.entropy.fill(&mut rand);
            vectors.push(keys.vector(rand, sqn));
            self.counters.vectors += 1;
        }
        self.sqns.insert(impi.to_owned(), sqn);
        Ok((vectors, sqn))
    }

    /// Both identities are known, and the private one may register the public one.
    fn place(&self, impi: &str, impu: &str) -> Result<Place<'_>, ResultCode> {
        let unknown = ResultCode::Experimental(code::USER_UNKNOWN);
        let subscriber = self.directory.by_impi(impi).ok_or(unknown)?;
        if let Some(set) = subscriber.set_of(impu) {
            return Ok(Place { subscriber, set, key: set_key(&subscriber.sets[set]) });
        }
        let known = self.directory.by_impu(impu).next().is_some();
        Err(if known { ResultCode::Experimental(code::IDENTITIES_DONT_MATCH) } else { unknown })
    }

    pub(super) fn outcome(&self, result: ResultCode) -> Outcome {
        let (origin_host, origin_realm) = self.endpoint.origin();
        Outcome { origin_host: origin_host.to_owned(), origin_realm: origin_realm.to_owned(), result }
    }
}

fn client(routing: &Routing) -> Client {
    Client { host: routing.origin_host.clone(), realm: routing.origin_realm.clone() }
}

/// What makes the highest sequence number in use durable.
pub(super) fn store_sqn(impi: &str, sqn: Sqn) -> NodeStoreOp {
    let value = sqn.number().to_string().into_bytes();
    NodeStoreOp::Put { table: Table::Sqn, key: impi.to_owned(), value }
}

/// Applications of an HSS.
pub(super) const APPLICATIONS: [u32; 2] = [dictionary::APP_CX, dictionary::APP_SH];
