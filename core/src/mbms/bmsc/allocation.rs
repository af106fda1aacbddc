//! TMGIs on MB2-C: allocation, refresh, de-allocation (TS 29.468 clauses 5.2.1 and 5.2.2), in both modes of TR 23.847
//! clause 2: the BM-SC assigns TMGI and multicast address, or the application server does and informs the BM-SC.

use std::net::{IpAddr, SocketAddr};

use protocol::diameter::mb2c::mask::{TmgiAllocationResult, TmgiDeallocationResult};
use protocol::diameter::mb2c::{
    MAX_ITEMS, TmgiAllocationRequest, TmgiAllocationResponse, TmgiDeallocationRequest, TmgiDeallocationResponse,
};
use protocol::diameter::mbms::SessionDuration;
use protocol::diameter::mbms::provisioning::{AllocationMode, ConflictReason, ServiceProvisioning};
use protocol::sip::sdp::{Connection, Sdp};
use protocol::{Instant, Tmgi};

use super::BmscNode;
use super::mb2::Work;
use super::records::{Facts, Service, put_service, session_time, time_of};
use super::services::{NEVER, NotYours};

impl BmscNode {
    /// TMGI-Allocation-Request.
    pub(super) fn allocate(&mut self, now: Instant, work: &mut Work, request: &TmgiAllocationRequest) {
        let mut response = TmgiAllocationResponse::default();
        let mut result = TmgiAllocationResult::default();
        match work.rules.as_ref().map(|rules| rules.max_tmgis) {
            None | Some(0) => result = TmgiAllocationResult::AUTHORIZATION_REJECTED,
            Some(_) => {
                let (new, named): (Vec<_>, Vec<_>) = request.provisioning.iter().partition(|p| p.tmgi.is_none());
                result = result.with(self.allocate_new(now, work, request.number, &new, &mut response));
                for provisioning in named.into_iter().take(MAX_ITEMS) {
                    result = result.with(self.take_assigned(now, work, provisioning, &mut response));
                }
                for tmgi in request.refresh.iter().take(MAX_ITEMS) {
                    result = result.with(self.refresh(now, work, *tmgi, &mut response));
                }
            }
        }
        if !response.tmgis.is_empty() {
            response.duration = Some(SessionDuration::from_seconds(self.config.tmgi_lifetime.as_secs()));
        }
        // TS 29.468 clause 6.4.12: what was done and what was not, both are said.
        if result == TmgiAllocationResult::default() || !response.tmgis.is_empty() {
            result = result.with(TmgiAllocationResult::SUCCESS);
        }
        response.result = Some(result);
        work.answer.allocation = Some(response);
    }

    /// New ones, which the BM-SC assigns.
    fn allocate_new(
        &mut self,
        now: Instant,
        work: &mut Work,
        number: u32,
        provisioning: &[&ServiceProvisioning],
        response: &mut TmgiAllocationResponse,
    ) -> TmgiAllocationResult {
        let mut result = TmgiAllocationResult::default();
        // Who asks again gets the same again.
        let mut before = self.services.of_request(&work.owner, &work.session).into_iter();
        for at in 0..number {
            if response.tmgis.len() >= MAX_ITEMS {
                return result.with(TmgiAllocationResult::TOO_MANY_TMGIS);
            }
            let asked = provisioning.get(at as usize).copied();
            if asked.is_some_and(|asked| asked.mode == Some(AllocationMode::AsAssigned)) {
                response.provisioning.push(refused(asked, ConflictReason::Incomplete));
                result = result.with(TmgiAllocationResult::AUTHORIZATION_REJECTED);
                continue;
            }
            if let Some(tmgi) = before.by_ref().find(|tmgi| !response.tmgis.contains(tmgi)) {
                result = result.with(self.refresh(now, work, tmgi, response));
                response.provisioning.extend(self.services.get(tmgi).map(provisioned));
                continue;
            }
            match self.new_service(now, work, asked) {
                Ok(service) => {
                    response.tmgis.push(service.tmgi);
                    response.provisioning.push(provisioned(&service));
                }
                Err(NoService::Refused(reason)) => {
                    response.provisioning.push(refused(asked, reason));
                    result = result.with(TmgiAllocationResult::AUTHORIZATION_REJECTED);
                }
                Err(NoService::TooMany) => return result.with(TmgiAllocationResult::TOO_MANY_TMGIS),
                Err(NoService::Exhausted) => return result.with(TmgiAllocationResult::RESOURCES_EXCEEDED),
            }
        }
        result
    }

    /// A new service of the application server, with what the BM-SC assigns.
    pub(super) fn new_service(
        &mut self,
        now: Instant,
        work: &mut Work,
        asked: Option<&ServiceProvisioning>,
    ) -> Result<Service, NoService> {
        self.room(work)?;
        let (Some(tmgi), Some(destination)) = (self.services.free_tmgi(), self.services.free_destination()) else {
            return Err(NoService::Exhausted);
        };
        let mut facts = facts(Facts::default(), asked).map_err(NoService::Refused)?;
        facts.sdp = facts.sdp.map(|sdp| described(&sdp, destination)).transpose().map_err(NoService::Refused)?;
        Ok(self.add_service(now, work, tmgi, destination, false, facts))
    }

    /// A service whose TMGI and address the application server has assigned, or one that is there.
    pub(super) fn assigned_service(
        &mut self,
        now: Instant,
        work: &mut Work,
        tmgi: Tmgi,
        asked: &ServiceProvisioning,
    ) -> Result<Service, NoService> {
        let Some(destination) = asked.socket() else { return Err(NoService::Refused(ConflictReason::Incomplete)) };
        let Some(rules) = &work.rules else { return Err(NoService::TooMany) };
        self.services.admit(&work.owner, rules, tmgi, destination).map_err(NoService::Refused)?;
        if self.services.of(&work.owner, tmgi).is_ok() {
            return self.change_facts(work, tmgi, asked);
        }
        let facts = facts(Facts::default(), Some(asked)).map_err(NoService::Refused)?;
        check_description(facts.sdp.as_deref(), destination).map_err(NoService::Refused)?;
        self.room(work)?;
        Ok(self.add_service(now, work, tmgi, destination, true, facts))
    }

    /// What is said anew of a service that is there.
    pub(super) fn change_facts(
        &mut self,
        work: &mut Work,
        tmgi: Tmgi,
        asked: &ServiceProvisioning,
    ) -> Result<Service, NoService> {
        let Some(service) = self.services.get(tmgi) else { return Err(NoService::Exhausted) };
        let (old, mut service) = (service.clone(), service.clone());
        let is_other = asked.address.is_some_and(|ip| ip != old.destination.ip())
            || asked.port.is_some_and(|port| port != old.destination.port());
        if is_other {
            return Err(NoService::Refused(ConflictReason::OtherAddress));
        }
        service.facts = facts(service.facts, Some(asked)).map_err(NoService::Refused)?;
        match (&service.facts.sdp, service.by_server) {
            (Some(sdp), true) => check_description(Some(sdp), service.destination).map_err(NoService::Refused)?,
            (Some(sdp), false) => {
                service.facts.sdp = Some(described(sdp, service.destination).map_err(NoService::Refused)?);
            }
            (None, _) => {}
        }
        if service != old {
            work.ops.extend(put_service(&service));
            self.services.put(service.clone());
            self.plan_bearers_of(tmgi);
        }
        Ok(service)
    }

    fn add_service(
        &mut self,
        now: Instant,
        work: &mut Work,
        tmgi: Tmgi,
        destination: SocketAddr,
        by_server: bool,
        facts: Facts,
    ) -> Service {
        let service = Service {
            tmgi,
            owner: work.owner.clone(),
            destination,
            ports: if by_server { 1 } else { self.services.block_at(destination.port()) },
            by_server,
            expires_utc_ms: if Self::is_of_provider(&work.owner) { NEVER } else { self.new_expiry(now) },
            last_flow: 0,
            is_released: false,
            request: work.session.clone(),
            facts,
        };
        work.ops.extend(put_service(&service));
        self.services.put(service.clone());
        self.counters.allocated += 1;
        service
    }

    fn room(&self, work: &Work) -> Result<(), NoService> {
        let most = work.rules.as_ref().map_or(0, |rules| rules.max_tmgis as usize);
        if self.services.count(&work.owner) < most { Ok(()) } else { Err(NoService::TooMany) }
    }

    fn new_expiry(&self, now: Instant) -> u64 {
        self.utc_ms(now).saturating_add(u64::try_from(self.config.tmgi_lifetime.as_millis()).unwrap_or(u64::MAX))
    }

    /// One that the application server names: it has assigned it, or says something new of it.
    fn take_assigned(
        &mut self,
        now: Instant,
        work: &mut Work,
        asked: &ServiceProvisioning,
        response: &mut TmgiAllocationResponse,
    ) -> TmgiAllocationResult {
        let Some(tmgi) = asked.tmgi else { return TmgiAllocationResult::default() };
        let outcome = match asked.mode {
            Some(AllocationMode::AsAssigned) => self.assigned_service(now, work, tmgi, asked),
            _ => match self.services.of(&work.owner, tmgi) {
                Ok(_) => self.change_facts(work, tmgi, asked),
                Err(NotYours::Unknown) => return TmgiAllocationResult::UNKNOWN_TMGI,
                Err(NotYours::Other) => return TmgiAllocationResult::AUTHORIZATION_REJECTED,
            },
        };
        match outcome {
            Ok(service) => {
                response.provisioning.push(provisioned(&service));
                self.refresh(now, work, tmgi, response)
            }
            Err(NoService::Refused(reason)) => {
                response.provisioning.push(refused(Some(asked), reason));
                TmgiAllocationResult::AUTHORIZATION_REJECTED
            }
            Err(NoService::TooMany) => TmgiAllocationResult::TOO_MANY_TMGIS,
            Err(NoService::Exhausted) => TmgiAllocationResult::RESOURCES_EXCEEDED,
        }
    }

    /// One whose expiry is moved; its bearers last as long.
    fn refresh(
        &mut self,
        now: Instant,
        work: &mut Work,
        tmgi: Tmgi,
        response: &mut TmgiAllocationResponse,
    ) -> TmgiAllocationResult {
        let mut service = match self.services.of(&work.owner, tmgi) {
            Ok(service) => service.clone(),
            Err(NotYours::Unknown) => return TmgiAllocationResult::UNKNOWN_TMGI,
            Err(NotYours::Other) => return TmgiAllocationResult::AUTHORIZATION_REJECTED,
        };
        let expires = self.new_expiry(now);
        if service.expires_utc_ms != expires {
            service.expires_utc_ms = expires;
            work.ops.extend(put_service(&service));
            self.services.put(service);
            self.prolong(work, tmgi);
        }
        if !response.tmgis.contains(&tmgi) {
            response.tmgis.push(tmgi);
        }
        TmgiAllocationResult::default()
    }

    /// TMGI-Deallocation-Request; none named: all (TS 29.468 clause 5.2.2).
    pub(super) fn deallocate(&mut self, now: Instant, work: &mut Work, request: &TmgiDeallocationRequest) {
        let mut tmgis = match request.tmgis.is_empty() {
            true => self.services.owned(&work.owner),
            false => request.tmgis.clone(),
        };
        tmgis.truncate(MAX_ITEMS);
        for tmgi in tmgis {
            let result = match self.services.of(&work.owner, tmgi) {
                _ if work.rules.is_none() => TmgiDeallocationResult::AUTHORIZATION_REJECTED,
                Ok(_) => {
                    self.release_service(now, work, tmgi);
                    self.counters.released += 1;
                    TmgiDeallocationResult::SUCCESS
                }
                Err(NotYours::Other) => TmgiDeallocationResult::AUTHORIZATION_REJECTED,
                // The first copy of the request has done it.
                Err(NotYours::Unknown) if work.is_repeated => TmgiDeallocationResult::SUCCESS,
                Err(NotYours::Unknown) => TmgiDeallocationResult::UNKNOWN_TMGI,
            };
            work.answer.deallocations.push(TmgiDeallocationResponse { tmgi, result: Some(result) });
        }
    }
}

/// Why there is no service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoService {
    /// The application server has as many as it may.
    TooMany,
    /// All are given.
    Exhausted,
    /// What the application server says of it cannot be.
    Refused(ConflictReason),
}

/// What holds of a service.
pub(super) fn provisioned(service: &Service) -> ServiceProvisioning {
    let mode = if service.by_server { AllocationMode::AsAssigned } else { AllocationMode::BmscAssigns };
    ServiceProvisioning {
        tmgi: Some(service.tmgi),
        mode: Some(mode),
        address: Some(service.destination.ip()),
        port: Some(service.destination.port()),
        sdp: service.facts.sdp.clone(),
        start: Some(session_time(service.facts.start_utc_ms)),
        end: Some(session_time(service.facts.end_utc_ms)),
        ..ServiceProvisioning::default()
    }
}

/// What was asked for and why it is refused.
pub(super) fn refused(asked: Option<&ServiceProvisioning>, reason: ConflictReason) -> ServiceProvisioning {
    let asked = asked.cloned().unwrap_or_default();
    ServiceProvisioning { sdp: None, conflict: Some(reason), other: Vec::new(), ..asked }
}

/// What an application server says, over what it said before.
fn facts(before: Facts, asked: Option<&ServiceProvisioning>) -> Result<Facts, ConflictReason> {
    let Some(asked) = asked else { return Ok(before) };
    let facts = Facts {
        sdp: asked.sdp.clone().or(before.sdp),
        start_utc_ms: asked.start.map_or(before.start_utc_ms, time_of),
        end_utc_ms: asked.end.map_or(before.end_utc_ms, time_of),
    };
    match (facts.start_utc_ms, facts.end_utc_ms) {
        (Some(start), Some(end)) if end <= start => Err(ConflictReason::EndBeforeStart),
        _ => Ok(facts),
    }
}

/// The description of a session with the address and the port of its service; one that cannot be read is refused.
fn described(sdp: &str, destination: SocketAddr) -> Result<String, ConflictReason> {
    let mut sdp = Sdp::parse(sdp.as_bytes()).map_err(|_| ConflictReason::OtherDescription)?;
    let own = match destination.ip() {
        IpAddr::V4(ip) => Connection { ipv6: false, address: format!("{ip}/{TIME_TO_LIVE}") },
        IpAddr::V6(ip) => Connection { ipv6: true, address: ip.to_string() },
    };
    if let Some(media) = sdp.media.first_mut() {
        media.port = destination.port();
        media.set_connection(&own);
    }
    Ok(sdp.to_string())
}

/// TTL of multicast in a description (RFC 8866 clause 5.7).
const TIME_TO_LIVE: u8 = 64;

/// Whether a description says the address and the port of its service.
fn check_description(sdp: Option<&str>, destination: SocketAddr) -> Result<(), ConflictReason> {
    let Some(sdp) = sdp else { return Ok(()) };
    let sdp = Sdp::parse(sdp.as_bytes()).map_err(|_| ConflictReason::OtherDescription)?;
    let connection = sdp.connection_of(0).ok_or(ConflictReason::OtherDescription)?;
    let address = connection.address.split('/').next().and_then(|ip| ip.parse::<IpAddr>().ok());
    let port = sdp.media.first().map(|media| media.port);
    let is_same = address == Some(destination.ip()) && port == Some(destination.port());
    if is_same { Ok(()) } else { Err(ConflictReason::OtherDescription) }
}
