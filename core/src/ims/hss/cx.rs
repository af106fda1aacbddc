//! Cx at the HSS (TS 29.228 clause 6.1): UAR, LIR, SAR.

use protocol::diameter::cx::{
    Capabilities, Lia, Lir, Saa, Sar, ServerAssignmentType, Uaa, Uar, UserAuthorizationType, code,
};
use protocol::diameter::{Message, Outcome, ResultCode, Routing, dictionary, result};

use super::registration::{Client, IdentityState, set_key};
use super::subscriber::Subscriber;
use super::{Hss, Reply};
use crate::node::NodeStoreOp;

/// UAR-Flags bit 0 (TS 29.229 clause 6.3.44): IMS emergency registration.
const EMERGENCY_REGISTRATION: u32 = 1;

/// Where a public identity stands: its subscriber and its set.
pub(super) struct Place<'a> {
    pub(super) subscriber: &'a Subscriber,
    pub(super) set: usize,
    pub(super) key: String,
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
        if !emergency && subscriber.sets[set].is_barred() {
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

    /// Both identities are known, and the private one may register the public one.
    pub(super) fn place(&self, impi: &str, impu: &str) -> Result<Place<'_>, ResultCode> {
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

pub(super) fn client(routing: &Routing) -> Client {
    Client { host: routing.origin_host.clone(), realm: routing.origin_realm.clone() }
}

/// Applications of an HSS.
pub(super) const APPLICATIONS: [u32; 2] = [dictionary::APP_CX, dictionary::APP_SH];
