//! Bearers on MB2-C: activation, modification, de-activation (TS 29.468 clauses 5.3.2 to 5.3.4), each with what stands against
//! it (table 6.4.8-1).

use protocol::diameter::mb2c::mask::{FecResult, MbmsBearerResult, RohcResult};
use protocol::diameter::mb2c::{MbmsBearerRequest, MbmsBearerResponse, UserplaneProtocolResult};
use protocol::diameter::mbms::provisioning::{AllocationMode, ConflictReason, ServiceProvisioning};
use protocol::diameter::mbms::{FlowId, MbmsServiceArea, QosInformation, SessionDuration, StartStop};
use protocol::{Instant, Tmgi};

use super::BmscNode;
use super::allocation::{NoService, provisioned, refused};
use super::book::{Bearer, Change};
use super::config::ServerRules;
use super::mb2::Work;
use super::records::{BearerKey, BearerRecord, BearerState, LegState, Qos, Service, put_bearer, put_service, time_of};
use super::services::NotYours;
use super::sgmb::{Action, Job};

/// Why there is no bearer, or why it stays as it is.
#[derive(Debug)]
pub(super) struct Refusal {
    result: MbmsBearerResult,
    provisioning: Option<Box<ServiceProvisioning>>,
}

impl From<MbmsBearerResult> for Refusal {
    fn from(result: MbmsBearerResult) -> Self {
        Self { result, provisioning: None }
    }
}

/// The service of a bearer that is asked for.
enum Wanted {
    There(Tmgi),
    /// The BM-SC assigns it.
    New,
    /// The application server has assigned it.
    Assigned(Tmgi),
}

impl BmscNode {
    /// MBMS-Bearer-Request, the one at `at` of its message.
    pub(super) fn bearer(
        &mut self,
        now: Instant,
        work: &mut Work,
        at: usize,
        request: &MbmsBearerRequest,
    ) -> MbmsBearerResponse {
        let outcome = match request.indication {
            _ if work.rules.is_none() => Err(MbmsBearerResult::AUTHORIZATION_REJECTED.into()),
            StartStop::Start => self.start_bearer(now, work, at, request),
            StartStop::Update => self.update_bearer(now, work, at, request),
            StartStop::Stop => self.stop_bearer(now, work, request),
            StartStop::Heartbeat => Err(MbmsBearerResult::BAD_AVP_COMBINATION.into()),
        };
        outcome.unwrap_or_else(|Refusal { result, provisioning }| {
            self.counters.bearers_refused += 1;
            let result = Some(result);
            MbmsBearerResponse {
                tmgi: request.tmgi,
                flow: request.flow,
                result,
                provisioning: provisioning.map(|provisioning| *provisioning),
                ..MbmsBearerResponse::default()
            }
        })
    }

    fn start_bearer(
        &mut self,
        now: Instant,
        work: &mut Work,
        at: usize,
        request: &MbmsBearerRequest,
    ) -> Result<MbmsBearerResponse, Refusal> {
        if let Some(key) = self.bearers.of_request(&work.session, at) {
            return self.repeat_start(now, work, at, key);
        }
        let wanted = self.wanted(work, request)?;
        let (qos, area) = self.check_start(now, work, request, &wanted)?;
        let port = self.bearers.free_port(&self.config.mb2u_ports).ok_or(MbmsBearerResult::RESOURCES_EXCEEDED)?;
        let mut service = self.service_for(now, work, request, &wanted)?;
        service.last_flow = service.last_flow.checked_add(1).ok_or(MbmsBearerResult::RESOURCES_EXCEEDED)?;
        work.ops.extend(put_service(&service));
        let start_utc_ms = self.start_of(request, &service).filter(|start| *start > self.begins_by(now));
        let mut record = BearerRecord {
            tmgi: service.tmgi,
            flow: service.last_flow,
            state: if start_utc_ms.is_some() { BearerState::Scheduled } else { BearerState::Asked },
            qos,
            area,
            port,
            start_utc_ms,
            request: (work.session.clone(), at),
            legs: Vec::new(),
        };
        let key = record.key();
        if start_utc_ms.is_none() {
            record.legs = self.new_legs(&record.area, &[]);
            work.then.jobs.extend(record.legs.iter().map(|leg| Job::of(key, leg, Action::Start { again: false })));
            work.waits.insert(key, at);
        }
        work.ops.extend(put_bearer(&record));
        self.user_plane.add(port, service.destination, self.config.sync_of(&record.area, qos.qci));
        let response = self.accepted(now, &service, &record, request);
        self.services.put(service);
        self.bearers.put(Bearer::new(record));
        self.plan_bearer(key);
        Ok(response)
    }

    /// The same request again: it has the bearer already.
    fn repeat_start(
        &self,
        now: Instant,
        work: &mut Work,
        at: usize,
        key: BearerKey,
    ) -> Result<MbmsBearerResponse, Refusal> {
        let unknown = MbmsBearerResult::UNKNOWN_TMGI;
        let service = self.services.of(&work.owner, key.tmgi).map_err(|_| unknown)?;
        let bearer = self.bearers.get(key).ok_or(unknown)?;
        if bearer.record.state == BearerState::Asked {
            work.waits.insert(key, at);
        }
        Ok(self.accepted(now, service, &bearer.record, &MbmsBearerRequest::new(StartStop::Start)))
    }

    /// The answer to an activation; what is still open in it is said later.
    fn accepted(
        &self,
        now: Instant,
        service: &Service,
        record: &BearerRecord,
        request: &MbmsBearerRequest,
    ) -> MbmsBearerResponse {
        let ongoing = matches!(record.state, BearerState::Ongoing | BearerState::Scheduled);
        let success = MbmsBearerResult::SUCCESS;
        let result = if ongoing { success.with(MbmsBearerResult::ACTIVATION_ONGOING) } else { success };
        let left = service.expires_utc_ms.saturating_sub(self.utc_ms(now)).div_ceil(1000);
        MbmsBearerResponse {
            tmgi: Some(record.tmgi),
            flow: Some(FlowId(record.flow)),
            duration: Some(SessionDuration::from_seconds(left)),
            result: Some(result),
            addresses: vec![self.config.mb2u],
            port: Some(record.port),
            security: request.security.map(|_| NO_SECURITY),
            userplane: not_done(request),
            provisioning: Some(provisioned(service)),
            ..MbmsBearerResponse::default()
        }
    }

    fn wanted(&self, work: &Work, request: &MbmsBearerRequest) -> Result<Wanted, Refusal> {
        let asked = request.provisioning.as_ref();
        let assigned = asked.filter(|asked| asked.mode == Some(AllocationMode::AsAssigned));
        let Some(tmgi) = request.tmgi.or_else(|| asked.and_then(|asked| asked.tmgi)) else {
            return match assigned {
                None => Ok(Wanted::New),
                Some(_) => Err(conflict(asked, ConflictReason::Incomplete)),
            };
        };
        match (self.services.of(&work.owner, tmgi), assigned) {
            (Ok(_), _) => Ok(Wanted::There(tmgi)),
            (Err(NotYours::Unknown), Some(_)) => Ok(Wanted::Assigned(tmgi)),
            (Err(NotYours::Unknown), None) => Err(MbmsBearerResult::UNKNOWN_TMGI.into()),
            (Err(NotYours::Other), Some(_)) => Err(conflict(asked, ConflictReason::TmgiInUse)),
            (Err(NotYours::Other), None) => Err(MbmsBearerResult::AUTHORIZATION_REJECTED.into()),
        }
    }

    /// QoS and area of an activation, or all that stands against it.
    fn check_start(
        &self,
        now: Instant,
        work: &Work,
        request: &MbmsBearerRequest,
        wanted: &Wanted,
    ) -> Result<(Qos, Vec<u16>), Refusal> {
        let Some(rules) = &work.rules else { return Err(MbmsBearerResult::AUTHORIZATION_REJECTED.into()) };
        let (Some(information), Some(area), None) = (&request.qos, &request.area, request.flow) else {
            return Err(MbmsBearerResult::BAD_AVP_COMBINATION.into());
        };
        let service = match wanted {
            Wanted::There(tmgi) => self.services.get(*tmgi),
            Wanted::New | Wanted::Assigned(_) => None,
        };
        let mut against = self.against_area(rules, area);
        if service.is_some_and(|service| self.overlaps(service.tmgi, None, area)) {
            against = against.with(MbmsBearerResult::OVERLAPPING_SERVICE_AREA);
        }
        if !self.is_good_start(now, request, service) {
            against = against.with(MbmsBearerResult::START_TIME_REJECTED);
        }
        match Qos::of(information).filter(|qos| is_good_qos(rules, qos)) {
            Some(qos) if against == MbmsBearerResult::default() => Ok((qos, area.areas().to_vec())),
            Some(_) => Err(against.into()),
            None => Err(against.with(MbmsBearerResult::QOS_REJECTED).into()),
        }
    }

    /// What stands against a service area.
    fn against_area(&self, rules: &ServerRules, area: &MbmsServiceArea) -> MbmsBearerResult {
        let mut against = MbmsBearerResult::default();
        if !self.config.knows(area.areas()) {
            against = against.with(MbmsBearerResult::UNKNOWN_SERVICE_AREA);
        }
        if let Some(own) = &rules.areas
            && !area.areas().iter().all(|area| own.contains(area))
        {
            against = against.with(MbmsBearerResult::SERVICE_AREA_REJECTED);
        }
        against
    }

    /// Whether another bearer of the TMGI has some of an area.
    fn overlaps(&self, tmgi: Tmgi, but: Option<FlowId>, area: &MbmsServiceArea) -> bool {
        let others = self.bearers.live(tmgi).filter(|bearer| Some(FlowId(bearer.record.flow)) != but);
        others.filter_map(|b| MbmsServiceArea::new(b.record.area.clone())).any(|other| other.overlaps(area))
    }

    fn is_good_start(&self, now: Instant, request: &MbmsBearerRequest, service: Option<&Service>) -> bool {
        let utc = self.utc_ms(now);
        let asked = request.provisioning.as_ref();
        let start = request.start_utc_ms.or_else(|| {
            let said = asked.and_then(|asked| asked.start).map(time_of);
            said.unwrap_or_else(|| service.and_then(|service| service.facts.start_utc_ms))
        });
        let said = asked.and_then(|asked| asked.end).map(time_of);
        let end = said.unwrap_or_else(|| service.and_then(|service| service.facts.end_utc_ms));
        let lifetime = u64::try_from(self.config.tmgi_lifetime.as_millis()).unwrap_or(u64::MAX);
        let expires = service.map_or_else(|| utc.saturating_add(lifetime), |service| service.expires_utc_ms);
        let begins = start.unwrap_or(utc);
        let is_late = begins.saturating_add(LATE_START_MS) < utc && end.is_none();
        !is_late && begins < expires && end.is_none_or(|end| end > begins.max(utc))
    }

    fn service_for(
        &mut self,
        now: Instant,
        work: &mut Work,
        request: &MbmsBearerRequest,
        wanted: &Wanted,
    ) -> Result<Service, Refusal> {
        let asked = request.provisioning.as_ref();
        let outcome = match (wanted, asked) {
            (Wanted::There(tmgi), Some(asked)) => self.change_facts(work, *tmgi, asked),
            (Wanted::There(tmgi), None) => self.services.get(*tmgi).cloned().ok_or(NoService::Exhausted),
            (Wanted::Assigned(tmgi), Some(asked)) => self.assigned_service(now, work, *tmgi, asked),
            (Wanted::New | Wanted::Assigned(_), _) => self.new_service(now, work, asked),
        };
        outcome.map_err(|why| match why {
            NoService::Refused(reason) => conflict(asked, reason),
            NoService::TooMany | NoService::Exhausted => MbmsBearerResult::RESOURCES_EXCEEDED.into(),
        })
    }

    /// When data begins; none: at once.
    fn start_of(&self, request: &MbmsBearerRequest, service: &Service) -> Option<u64> {
        request.start_utc_ms.or(service.facts.start_utc_ms)
    }

    /// A modification (TS 29.468 clause 6.4.6: area, and of the QoS the priority).
    fn update_bearer(
        &mut self,
        now: Instant,
        work: &mut Work,
        at: usize,
        request: &MbmsBearerRequest,
    ) -> Result<MbmsBearerResponse, Refusal> {
        let nothing = request.area.is_none() && request.qos.is_none() && request.provisioning.is_none();
        let (Some(tmgi), Some(flow), false) = (request.tmgi, request.flow, nothing) else {
            return Err(MbmsBearerResult::BAD_AVP_COMBINATION.into());
        };
        let key = self.named(work, tmgi, flow)?;
        let Some(rules) = work.rules.clone() else { return Err(MbmsBearerResult::AUTHORIZATION_REJECTED.into()) };
        let Some(bearer) = self.bearers.get(key) else { return Err(MbmsBearerResult::UNKNOWN_FLOW_IDENTIFIER.into()) };
        let (state, is_changing) = (bearer.record.state, bearer.change.is_some());
        let mut against = MbmsBearerResult::default();
        let area = request.area.as_ref().map_or_else(|| bearer.record.area.clone(), |area| area.areas().to_vec());
        if let Some(area) = &request.area {
            against = against.with(self.against_area(&rules, area));
            if self.overlaps(tmgi, Some(flow), area) {
                against = against.with(MbmsBearerResult::OVERLAPPING_SERVICE_AREA);
            }
        }
        let qos = request.qos.as_ref().map_or(Some(bearer.record.qos), |new| only_arp(&bearer.record.qos, new));
        let Some(qos) = qos else { return Err(against.with(MbmsBearerResult::QOS_REJECTED).into()) };
        if against != MbmsBearerResult::default() {
            return Err(against.into());
        }
        match state {
            BearerState::Active | BearerState::Scheduled if !is_changing => {}
            BearerState::Active => return Err(MbmsBearerResult::SYSTEM_ERROR.into()),
            _ => return Err(MbmsBearerResult::TMGI_NOT_IN_USE.into()),
        }
        if request.provisioning.is_some() {
            self.service_for(now, work, request, &Wanted::There(tmgi))?;
        }
        self.change_bearer(work, at, key, qos, area);
        let result = Some(MbmsBearerResult::SUCCESS);
        let provisioning = request.provisioning.as_ref().and_then(|_| self.services.get(tmgi)).map(provisioned);
        let userplane = not_done(request);
        Ok(MbmsBearerResponse {
            tmgi: Some(tmgi),
            flow: Some(flow),
            result,
            userplane,
            provisioning,
            ..MbmsBearerResponse::default()
        })
    }

    /// Has MBMS-GWs change a bearer; one that is not started yet just changes.
    fn change_bearer(&mut self, work: &mut Work, at: usize, key: BearerKey, qos: Qos, area: Vec<u16>) {
        let Some(bearer) = self.bearers.get(key) else { return };
        let before: Vec<String> = bearer.record.legs.iter().map(|leg| leg.gateway.clone()).collect();
        let is_active = bearer.record.state == BearerState::Active;
        let new = if is_active { self.new_legs(&area, &before) } else { Vec::new() };
        let gateways: Vec<String> = self.config.gateways_of(&area).map(|gateway| gateway.host.clone()).collect();
        let Some(mut bearer) = self.bearers.take(key) else { return };
        if is_active {
            let mut change = Change::new(qos, area);
            for leg in bearer.record.legs.iter().filter(|leg| leg.state == LegState::Started) {
                if gateways.contains(&leg.gateway) {
                    change.waits.insert(leg.session.clone());
                    work.then.jobs.push(Job::of(key, leg, Action::Update));
                }
            }
            for leg in new {
                change.waits.insert(leg.session.clone());
                change.new.insert(leg.session.clone());
                work.then.jobs.push(Job::of(key, &leg, Action::Start { again: false }));
                bearer.record.legs.push(leg);
            }
            bearer.change = Some(change);
            work.waits.insert(key, at);
        } else {
            (bearer.record.qos, bearer.record.area) = (qos, area);
        }
        work.ops.extend(put_bearer(&bearer.record));
        self.bearers.put(bearer);
    }

    fn stop_bearer(
        &mut self,
        now: Instant,
        work: &mut Work,
        request: &MbmsBearerRequest,
    ) -> Result<MbmsBearerResponse, Refusal> {
        let (Some(tmgi), Some(flow)) = (request.tmgi, request.flow) else {
            return Err(MbmsBearerResult::BAD_AVP_COMBINATION.into());
        };
        let gone = MbmsBearerResult::TMGI_NOT_IN_USE
            .with(MbmsBearerResult::UNKNOWN_TMGI)
            .with(MbmsBearerResult::UNKNOWN_FLOW_IDENTIFIER);
        match self.named(work, tmgi, flow) {
            Ok(key) => self.end_bearer(now, work, key),
            // The first copy of the request has done it.
            Err(refusal) if work.is_repeated && gone.has(refusal.result) => {}
            Err(refusal) => return Err(refusal),
        }
        let result = Some(MbmsBearerResult::SUCCESS);
        Ok(MbmsBearerResponse { tmgi: Some(tmgi), flow: Some(flow), result, ..MbmsBearerResponse::default() })
    }

    /// A bearer as its application server names it.
    fn named(&self, work: &Work, tmgi: Tmgi, flow: FlowId) -> Result<BearerKey, Refusal> {
        match self.services.of(&work.owner, tmgi) {
            Err(NotYours::Unknown) => return Err(MbmsBearerResult::UNKNOWN_TMGI.into()),
            Err(NotYours::Other) => return Err(MbmsBearerResult::AUTHORIZATION_REJECTED.into()),
            Ok(_) => {}
        }
        let mut live = self.bearers.live(tmgi).peekable();
        if live.peek().is_none() {
            return Err(MbmsBearerResult::TMGI_NOT_IN_USE.into());
        }
        let found = live.map(|bearer| bearer.record.key()).find(|key| key.flow == flow);
        found.ok_or_else(|| MbmsBearerResult::UNKNOWN_FLOW_IDENTIFIER.into())
    }
}

/// A start that lies so far back is no start any more, milliseconds.
const LATE_START_MS: u64 = 60_000;
/// MB2U-Security (TS 29.468 clause 6.4.19): no security.
const NO_SECURITY: u32 = 0;

/// What an application server has assigned cannot be.
fn conflict(asked: Option<&ServiceProvisioning>, reason: ConflictReason) -> Refusal {
    let result = match reason {
        ConflictReason::Incomplete | ConflictReason::EndBeforeStart | ConflictReason::OtherDescription => {
            MbmsBearerResult::BAD_AVP_COMBINATION
        }
        _ => MbmsBearerResult::AUTHORIZATION_REJECTED,
    };
    Refusal { result, provisioning: Some(Box::new(refused(asked, reason))) }
}

/// Whether an application server may have a QoS (TS 23.203 table 6.1.7, TS 23.246 clause 6.3.2).
fn is_good_qos(rules: &ServerRules, qos: &Qos) -> bool {
    let is_guaranteed = GUARANTEED.contains(&qos.qci);
    let is_known = is_guaranteed || NOT_GUARANTEED.contains(&qos.qci);
    let is_own = rules.qcis.as_ref().is_none_or(|own| own.contains(&qos.qci));
    let rate = match (qos.gbr, qos.mbr) {
        (Some(gbr), mbr) => gbr > 0 && gbr <= rules.max_gbr && mbr.is_none_or(|mbr| mbr >= gbr),
        (None, _) => !is_guaranteed,
    };
    is_known && is_own && rate
}

/// QCIs with a guaranteed bit rate, and those without.
const GUARANTEED: [u32; 7] = [1, 2, 3, 4, 65, 66, 75];
const NOT_GUARANTEED: [u32; 8] = [5, 6, 7, 8, 9, 69, 70, 79];

/// The QoS with another priority, when nothing else of it is another.
fn only_arp(before: &Qos, asked: &QosInformation) -> Option<Qos> {
    let arp = asked.arp?;
    let is_same = asked.qci.is_none_or(|qci| qci == before.qci)
        && (asked.mbr.is_none() || asked.mbr == before.mbr)
        && (asked.gbr.is_none() || asked.gbr == before.gbr);
    is_same.then_some(Qos {
        priority: arp.priority,
        may_preempt: arp.may_preempt,
        preemptable: arp.preemptable,
        ..*before
    })
}

/// Neither FEC nor header compression is done here: what of them was asked for is refused, and the bearer goes without.
fn not_done(request: &MbmsBearerRequest) -> Vec<UserplaneProtocolResult> {
    let fec = request.fec.as_ref().map(|_| UserplaneProtocolResult {
        fec: Some(FecResult::AUTHORIZATION_REJECTED),
        ..UserplaneProtocolResult::default()
    });
    let rohc = request.rohc.iter().map(|rohc| UserplaneProtocolResult {
        flows: rohc.flows.clone(),
        rohc: Some(RohcResult::AUTHORIZATION_REJECTED),
        fec: None,
    });
    rohc.chain(fec).collect()
}
