//! SGmb at the BM-SC (TS 29.061 clause 20): session start, update and stop at the MBMS-GWs, tried again when the failure is
//! transient; what they say of their sessions.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use protocol::Instant;
use protocol::diameter::mb2c::BearerDiagnostic;
use protocol::diameter::mb2c::mask::{MbmsBearerEvent, MbmsBearerResult};
use protocol::diameter::mbms::{MbmsServiceArea, SessionDuration, StartStop};
use protocol::diameter::sgmb::{AccessIndicator, MbmsFlags, NtpTime, Raa, Rar, UserDataMode, code};
use protocol::diameter::{Message, RequestFailure, ResultCode, Routing, result};

use super::mb2::Work;
use super::records::{BearerKey, BearerState, Leg, LegState};
use super::services::NEVER;
use super::{Asked, BmscNode};

/// Requests that one MBMS-GW has at a time; more wait.
const WINDOW: usize = 64;
/// A stop that is not answered is tried again after this many times the usual time.
const STOP_AGAIN: u32 = 8;

/// What an MBMS-GW is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Action {
    /// Session start; again: it may have the session.
    Start {
        again: bool,
    },
    Update,
    Stop,
}

/// A request for an MBMS-GW.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Job {
    pub(super) key: BearerKey,
    session: String,
    gateway: String,
    action: Action,
    tries: u8,
    /// It was sent while the MBMS-GW was there.
    was_sent: bool,
}

impl Job {
    pub(super) fn of(key: BearerKey, leg: &Leg, action: Action) -> Self {
        let (session, gateway) = (leg.session.clone(), leg.gateway.clone());
        Self { key, session, gateway, action, tries: 0, was_sent: false }
    }
}

/// Why an MBMS-GW has not done what it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Failure {
    pub(super) result: MbmsBearerResult,
    pub(super) diagnostic: BearerDiagnostic,
    /// It may have the session all the same.
    pub(super) may_exist: bool,
    /// Another try may succeed.
    is_transient: bool,
}

impl Failure {
    fn new(result: MbmsBearerResult, diagnostic: BearerDiagnostic, may_exist: bool, is_transient: bool) -> Self {
        Self { result, diagnostic, may_exist, is_transient }
    }

    /// What becomes of a bearer that an MBMS-GW ends.
    pub(super) fn ended(is_user_plane: bool) -> Self {
        let diagnostic = match is_user_plane {
            true => BearerDiagnostic::GatewayUserPlaneFailure,
            false => BearerDiagnostic::GatewayPermanentError,
        };
        Self::new(MbmsBearerResult::SYSTEM_ERROR, diagnostic, false, false)
    }

    /// The path to an MBMS-GW is gone, and its sessions with it.
    pub(super) fn path() -> Self {
        let diagnostic = BearerDiagnostic::SgmbNonTransientPathFailure;
        Self::new(MbmsBearerResult::SYSTEM_ERROR, diagnostic, true, false)
    }

    /// The event of a bearer that was being activated (TS 29.468 clauses 6.4.4 and 6.4.35).
    pub(super) fn event(&self) -> MbmsBearerEvent {
        match self.diagnostic {
            BearerDiagnostic::GatewayPermanentError => {
                MbmsBearerEvent::ACTIVATION_FAILURE.with(MbmsBearerEvent::TERMINATED)
            }
            _ => MbmsBearerEvent::ACTIVATION_FAILURE,
        }
    }

    /// It has not said anything.
    fn is_path(&self) -> bool {
        matches!(self.diagnostic, BearerDiagnostic::GatewayNotEstablished | BearerDiagnostic::SgmbTransientPathFailure)
    }

    fn of(outcome: &Result<Raa, RequestFailure>, was_sent: bool) -> Option<Self> {
        let system = MbmsBearerResult::SYSTEM_ERROR;
        let failure = match outcome {
            Ok(raa) => return Self::of_result(raa.outcome.result),
            Err(RequestFailure::NoPeer | RequestFailure::Lost) => {
                Self::new(system, BearerDiagnostic::GatewayNotEstablished, was_sent, was_sent)
            }
            Err(RequestFailure::Timeout) => Self::new(system, BearerDiagnostic::SgmbTransientPathFailure, true, true),
            Err(RequestFailure::Malformed(_)) => {
                Self::new(system, BearerDiagnostic::GatewayPermanentError, true, false)
            }
        };
        Some(failure)
    }

    fn of_result(result: ResultCode) -> Option<Self> {
        let (permanent, transient) = (BearerDiagnostic::GatewayPermanentError, BearerDiagnostic::GatewayTransientError);
        let failure = match result {
            result if result.is_success() => return None,
            ResultCode::Base(RESOURCES_EXCEEDED | result::UNABLE_TO_COMPLY) => {
                Self::new(MbmsBearerResult::RESOURCES_EXCEEDED, permanent, false, false)
            }
            ResultCode::Base(result::OUT_OF_SPACE) => {
                Self::new(MbmsBearerResult::RESOURCES_EXCEEDED, transient, false, true)
            }
            ResultCode::Experimental(code::SERVICE_AREA) => {
                Self::new(MbmsBearerResult::UNKNOWN_SERVICE_AREA, permanent, false, false)
            }
            ResultCode::Base(result::TOO_BUSY | result::UNABLE_TO_DELIVER | 4000..=4999)
            | ResultCode::Experimental(4000..=4999) => {
                Self::new(MbmsBearerResult::SYSTEM_ERROR, transient, false, true)
            }
            _ => Self::new(MbmsBearerResult::SYSTEM_ERROR, permanent, false, false),
        };
        Some(failure)
    }
}

/// DIAMETER_RESOURCES_EXCEEDED (RFC 6733 clause 7.1.5).
const RESOURCES_EXCEEDED: u32 = 5006;

/// An MBMS-GW and what it is asked for.
#[derive(Debug, Default)]
struct Gateway {
    queue: VecDeque<Job>,
    outstanding: usize,
}

/// All MBMS-GWs.
#[derive(Debug, Default)]
pub(super) struct Sgmb {
    gateways: BTreeMap<String, Gateway>,
    /// Sessions that something is asked for, and what will be next.
    busy: BTreeMap<String, Option<Job>>,
    /// What is tried again, and when.
    later: BTreeMap<(Instant, u64), Job>,
    tries: u64,
    /// Gateways that are not there, since when.
    lost: BTreeMap<String, Instant>,
    up: BTreeSet<String>,
}

impl Sgmb {
    pub(super) fn first_due(&self, patience: std::time::Duration) -> Option<Instant> {
        let later = self.later.first_key_value().map(|((at, _), _)| *at);
        later.into_iter().chain(self.lost.values().map(|since| *since + patience)).min()
    }

    pub(super) fn is_up(&self, host: &str) -> bool {
        self.up.contains(host)
    }

    pub(super) fn waiting(&self) -> usize {
        self.busy.len()
    }

    /// What MBMS-GWs were asked for is asked anew.
    pub(super) fn forget_jobs(&mut self) {
        let (up, lost) = (std::mem::take(&mut self.up), std::mem::take(&mut self.lost));
        *self = Self { up, lost, ..Self::default() };
    }
}

impl BmscNode {
    /// Has an MBMS-GW do something, after what it is doing for the same session.
    pub(super) fn ask_gateway(&mut self, now: Instant, job: Job) {
        if let Some(next) = self.sgmb.busy.get_mut(&job.session) {
            *next = Some(job);
            return;
        }
        let gateway = job.gateway.clone();
        self.sgmb.busy.insert(job.session.clone(), None);
        self.sgmb.gateways.entry(gateway.clone()).or_default().queue.push_back(job);
        self.pump(now, &gateway);
    }

    fn pump(&mut self, now: Instant, host: &str) {
        loop {
            let Some(gateway) = self.sgmb.gateways.get_mut(host) else { return };
            if gateway.outstanding >= WINDOW {
                return;
            }
            let Some(job) = gateway.queue.pop_front() else { return };
            match self.rar(now, &job) {
                Some(message) => self.send_job(now, job, message),
                // What it was about is gone.
                None => self.end_job(now, &job),
            }
        }
    }

    fn send_job(&mut self, now: Instant, mut job: Job, message: Message) {
        if let Some(gateway) = self.sgmb.gateways.get_mut(&job.gateway) {
            gateway.outstanding += 1;
        }
        job.was_sent |= self.sgmb.is_up(&job.gateway);
        job.tries = job.tries.saturating_add(1);
        self.counters.sgmb_requests += 1;
        self.next += 1;
        self.asked.insert(self.next, Asked::Gateway(job));
        self.endpoint.send_request(now, self.next, message);
    }

    /// The request for a job, as things are now.
    fn rar(&self, now: Instant, job: &Job) -> Option<Message> {
        let gateway = self.config.gateway(&job.gateway);
        let bearer = self.bearers.get(job.key)?;
        let leg = bearer.record.legs.iter().find(|leg| leg.session == job.session)?;
        let is_stop = job.action == Action::Stop;
        if is_stop != (leg.state == LegState::Stopping) {
            return None;
        }
        let (host, realm) = self.endpoint.origin();
        let routing = Routing {
            session_id: job.session.clone(),
            origin_host: host.to_owned(),
            origin_realm: realm.to_owned(),
            destination_host: Some(job.gateway.clone()),
            destination_realm: gateway.map_or_else(|| realm.to_owned(), |gateway| gateway.realm.clone()),
        };
        let mut rar = Rar {
            routing,
            tmgi: Some(job.key.tmgi),
            flow: Some(job.key.flow),
            restart_counter: Some(self.restart_counter),
            ..Rar::default()
        };
        rar.indication = Some(match job.action {
            Action::Start { .. } => StartStop::Start,
            Action::Update => StartStop::Update,
            Action::Stop => StartStop::Stop,
        });
        if is_stop {
            return Some(rar.to_message());
        }
        let (qos, area) = bearer.told();
        rar.access = Some(AccessIndicator::Eutran);
        rar.area = MbmsServiceArea::new(area);
        rar.qos = Some(qos.to_information());
        rar.duration = Some(self.duration_left(now, job.key));
        rar.control_plane_nodes = gateway.map(|gateway| gateway.control_plane_nodes.clone()).unwrap_or_default();
        rar.mode = Some(UserDataMode::Unicast);
        rar.udp_port_required = true;
        rar.time_to_data = Some(0);
        if let Action::Start { again } = job.action {
            // TS 48.018 clause 11.3.92: seconds less one.
            let seconds = self.config.time_to_data.as_secs().clamp(1, 256) - 1;
            rar.time_to_data = u8::try_from(seconds).ok();
            rar.data_start = bearer.record.start_utc_ms.map(|start| NtpTime::from_utc_us(start.saturating_mul(1000)));
            rar.flags = again.then_some(MbmsFlags::MSRI);
        }
        Some(rar.to_message())
    }

    /// How long a session may still last: until its TMGI expires or it ends.
    fn duration_left(&self, now: Instant, key: BearerKey) -> SessionDuration {
        let Some(service) = self.services.get(key.tmgi) else { return SessionDuration::INDEFINITE };
        let end = service.facts.end_utc_ms.unwrap_or(NEVER).min(service.expires_utc_ms);
        if end == NEVER {
            return SessionDuration::INDEFINITE;
        }
        SessionDuration::from_seconds(end.saturating_sub(self.utc_ms(now)).div_ceil(1000))
    }

    /// What has become of a request to an MBMS-GW.
    pub(super) fn on_raa(&mut self, now: Instant, mut job: Job, answer: Result<Message, RequestFailure>) {
        if let Some(gateway) = self.sgmb.gateways.get_mut(&job.gateway) {
            gateway.outstanding = gateway.outstanding.saturating_sub(1);
        }
        let outcome = answer.and_then(|message| Raa::from_message(&message).map_err(RequestFailure::Malformed));
        if let Ok(raa) = &outcome {
            let realm = raa.outcome.origin_realm.clone();
            self.note_gateway(now, &job.gateway, &realm, raa.restart_counter);
        }
        job.was_sent |= self.sgmb.is_up(&job.gateway);
        let host = job.gateway.clone();
        match (job.action, Failure::of(&outcome, job.was_sent)) {
            (Action::Stop, failure) => self.on_stopped(now, job, failure),
            (_, Some(failure)) if failure.is_transient && job.tries <= self.config.retries => {
                self.try_later(now + self.config.retry, job);
            }
            (Action::Start { again }, Some(failure)) => self.on_not_started(now, job, again, failure),
            (Action::Update, Some(failure)) => self.on_updated(now, job, Some(failure)),
            (Action::Update, None) => self.on_updated(now, job, None),
            (Action::Start { .. }, None) => {
                let to = outcome.ok().and_then(|raa| Some(SocketAddr::new(raa.address.any()?, raa.port?)));
                self.on_started(now, job, to);
            }
        }
        self.pump(now, &host);
    }

    fn try_later(&mut self, at: Instant, job: Job) {
        self.sgmb.tries += 1;
        self.sgmb.later.insert((at, self.sgmb.tries), job);
    }

    /// Nothing is asked for a session any more, unless something has waited for that.
    fn end_job(&mut self, now: Instant, job: &Job) {
        if let Some(Some(next)) = self.sgmb.busy.remove(&job.session) {
            self.ask_gateway(now, next);
        }
    }

    fn on_stopped(&mut self, now: Instant, job: Job, failure: Option<Failure>) {
        match failure {
            // It may have the session: asked again as long as it is there, or when it is there again.
            Some(failure) if failure.may_exist || failure.is_transient || failure.is_path() => {
                let at = now + self.config.retry * STOP_AGAIN;
                if self.sgmb.is_up(&job.gateway) {
                    return self.try_later(at, Job { tries: 0, ..job });
                }
                self.end_job(now, &job);
            }
            _ => {
                let mut work = Work::own(self.outcome(ResultCode::SUCCESS));
                if let Some(mut bearer) = self.bearers.take(job.key) {
                    bearer.record.legs.retain(|leg| leg.session != job.session || leg.state != LegState::Stopping);
                    self.put_or_bury(&mut work, bearer);
                }
                self.end_job(now, &job);
                self.apply(now, work);
            }
        }
    }

    fn on_not_started(&mut self, now: Instant, job: Job, again: bool, failure: Failure) {
        self.say(format!("{} does not start {} flow {}", job.gateway, job.key.tmgi, job.key.flow.0));
        self.end_job(now, &job);
        if again && failure.is_path() {
            // It has the session or will get it when it is there again: who is gone for long is given up elsewhere.
            if let Some(mut bearer) = self.bearers.take(job.key) {
                let legs = bearer.record.legs.iter_mut().filter(|leg| leg.session == job.session);
                legs.filter(|leg| leg.state == LegState::Started).for_each(|leg| leg.state = LegState::Wanted);
                self.bearers.put(bearer);
            }
            return;
        }
        let mut work = Work::own(self.outcome(ResultCode::SUCCESS));
        self.lose_leg(now, &mut work, &job.session, &failure);
        self.apply(now, work);
    }

    fn on_started(&mut self, now: Instant, job: Job, to: Option<SocketAddr>) {
        let Some(to) = to else {
            self.say(format!("{} says not where it wants the data of {}", job.gateway, job.key.tmgi));
            let failure = Failure { may_exist: true, ..Failure::ended(false) };
            return self.on_not_started(now, job, false, failure);
        };
        let mut work = Work::own(self.outcome(ResultCode::SUCCESS));
        if let Some(mut bearer) = self.bearers.take(job.key) {
            for leg in bearer.record.legs.iter_mut().filter(|leg| leg.session == job.session) {
                if leg.state != LegState::Stopping {
                    (leg.state, leg.to) = (LegState::Started, Some(to));
                }
            }
            let state = bearer.record.state;
            if matches!(state, BearerState::Asked | BearerState::Ongoing) {
                bearer.record.state = BearerState::Active;
                self.counters.bearers_activated += 1;
            }
            if let Some(change) = &mut bearer.change
                && change.new.contains(&job.session)
                && change.waits.remove(&job.session)
            {
                change.done.insert(job.session.clone());
            }
            let (port, to) = (bearer.record.port, bearer.record.destinations());
            if bearer.record.state == BearerState::Active {
                self.user_plane.open(now, port, to, self.config.sgi_mb);
            }
            self.put_or_bury(&mut work, bearer);
            match state {
                BearerState::Asked => work.then.settled.push((job.key, MbmsBearerResult::SUCCESS)),
                BearerState::Ongoing => self.tell(&mut work, job.key, MbmsBearerEvent::ACTIVATED, None),
                _ => self.conclude_change(now, &mut work, job.key),
            }
        }
        self.end_job(now, &job);
        self.apply(now, work);
    }

    fn on_updated(&mut self, now: Instant, job: Job, failure: Option<Failure>) {
        let mut work = Work::own(self.outcome(ResultCode::SUCCESS));
        if let Some(mut bearer) = self.bearers.take(job.key) {
            if let Some(change) = &mut bearer.change
                && change.waits.remove(&job.session)
            {
                change.failed = failure.map_or(change.failed, |failure| change.failed.with(failure.result));
                // One that has not answered may have changed the session.
                if failure.is_none_or(|failure| failure.may_exist) {
                    change.done.insert(job.session.clone());
                }
            }
            self.bearers.put(bearer);
            self.conclude_change(now, &mut work, job.key);
        }
        self.end_job(now, &job);
        self.apply(now, work);
    }

    /// What is due at the MBMS-GWs.
    pub(super) fn run_gateways(&mut self, now: Instant) {
        while let Some(entry) = self.sgmb.later.first_entry().filter(|entry| entry.key().0 <= now) {
            let job = entry.remove();
            let host = job.gateway.clone();
            self.sgmb.gateways.entry(host.clone()).or_default().queue.push_back(job);
            self.pump(now, &host);
        }
        let patience = self.config.path_patience;
        let gone = self.sgmb.lost.iter().filter(|(_, since)| **since + patience <= now);
        let gone: Vec<String> = gone.map(|(host, _)| host.clone()).collect();
        for host in gone {
            self.sgmb.lost.remove(&host);
            self.say(format!("{host} is not there for {} s: its sessions are lost", patience.as_secs()));
            let mut work = Work::own(self.outcome(ResultCode::SUCCESS));
            for session in self.sessions_at(&host, |state| state != LegState::Stopping) {
                self.lose_leg(now, &mut work, &session.1.session, &Failure::path());
            }
            self.apply(now, work);
        }
    }

    fn sessions_at(&self, host: &str, wanted: impl Fn(LegState) -> bool) -> Vec<(BearerKey, Leg, BearerState)> {
        let mut found = Vec::new();
        for bearer in self.bearers.all() {
            let at = bearer.record.legs.iter().filter(|leg| leg.gateway == host && wanted(leg.state));
            found.extend(at.map(|leg| (bearer.record.key(), leg.clone(), bearer.record.state)));
        }
        found
    }

    /// An MBMS-GW is there: it is asked for what it has not been told.
    pub(super) fn gateway_up(&mut self, now: Instant, host: &str) {
        self.sgmb.up.insert(host.to_owned());
        self.sgmb.lost.remove(host);
        for (key, leg, _) in self.sessions_at(host, |state| state != LegState::Started) {
            let is_stop = leg.state == LegState::Stopping;
            let action = if is_stop { Action::Stop } else { Action::Start { again: true } };
            if !self.sgmb.busy.contains_key(&leg.session) {
                self.ask_gateway(now, Job::of(key, &leg, action));
            }
        }
        self.heartbeat_gateway(now, host);
    }

    /// An MBMS-GW is gone, for now.
    pub(super) fn gateway_down(&mut self, now: Instant, host: &str) {
        self.sgmb.up.remove(host);
        self.sgmb.lost.insert(host.to_owned(), now);
    }

    /// An MBMS-GW or the BM-SC has forgotten sessions: they are established again (TS 23.007 clause 29; MSRI).
    pub(super) fn establish_again(&mut self, now: Instant, host: &str) {
        for (key, leg, state) in self.sessions_at(host, |_| true) {
            let action = match leg.state {
                LegState::Stopping => Action::Stop,
                _ => Action::Start { again: state == BearerState::Active },
            };
            self.ask_gateway(now, Job::of(key, &leg, action));
        }
    }
}
