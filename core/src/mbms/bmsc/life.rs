//! Start and end of bearers (TS 23.246 clauses 8.3 to 8.5), expiry of TMGIs (TS 29.468 clause 5.2.3), and what application
//! servers are told of it (clause 5.3.5).

use protocol::diameter::ResultCode;
use protocol::diameter::mb2c::mask::{MbmsBearerEvent, MbmsBearerResult};
use protocol::diameter::mb2c::{BearerDiagnostic, MbmsBearerEventNotification};
use protocol::{Instant, Tmgi};

use super::BmscNode;
use super::book::Bearer;
use super::mb2::Work;
use super::notify::Notice;
use super::records::{BearerKey, BearerState, Leg, LegState, delete_bearer, delete_service, put_bearer, put_service};
use super::sgmb::{Action, Failure, Job};

impl BmscNode {
    /// Sessions at the MBMS-GWs of an area that are not among `before`.
    pub(super) fn new_legs(&mut self, area: &[u16], before: &[String]) -> Vec<Leg> {
        let gateways = self.config.gateways_of(area).filter(|gateway| !before.contains(&gateway.host));
        let mut legs = Vec::new();
        for gateway in gateways {
            let session = self.endpoint.routing(Some(&gateway.host), &gateway.realm).session_id;
            legs.push(Leg { gateway: gateway.host.clone(), session, state: LegState::Wanted, to: None });
        }
        legs
    }

    /// Bearers whose start is told to MBMS-GWs at `now`.
    pub(super) fn begins_by(&self, now: Instant) -> u64 {
        self.utc_ms(now).saturating_add(u64::try_from(self.config.time_to_data.as_millis()).unwrap_or(u64::MAX))
    }

    /// Sets when something is to be done to a bearer.
    pub(super) fn plan_bearer(&mut self, key: BearerKey) {
        let end = self.services.get(key.tmgi).and_then(|service| service.facts.end_utc_ms);
        let lead = u64::try_from(self.config.time_to_data.as_millis()).unwrap_or(u64::MAX);
        let Some(mut bearer) = self.bearers.take(key) else { return };
        bearer.due = match bearer.record.state {
            BearerState::Scheduled => bearer.record.start_utc_ms.map(|start| start.saturating_sub(lead)),
            BearerState::Stopping => None,
            _ => end,
        };
        self.bearers.put(bearer);
    }

    pub(super) fn plan_bearers_of(&mut self, tmgi: Tmgi) {
        let keys: Vec<_> = self.bearers.of(tmgi).map(|bearer| bearer.record.key()).collect();
        keys.into_iter().for_each(|key| self.plan_bearer(key));
    }

    /// The TMGI of bearers lasts longer: so do their sessions.
    pub(super) fn prolong(&self, work: &mut Work, tmgi: Tmgi) {
        for bearer in self.bearers.live(tmgi).filter(|b| b.record.state == BearerState::Active && b.change.is_none()) {
            let started = bearer.record.legs.iter().filter(|leg| leg.state == LegState::Started);
            work.then.jobs.extend(started.map(|leg| Job::of(bearer.record.key(), leg, Action::Update)));
        }
    }

    /// What is due by the clock: expiry of TMGIs, starts and ends of bearers.
    pub(super) fn run_clock(&mut self, now: Instant) {
        let utc = self.utc_ms(now);
        let mut work = Work::own(self.outcome(ResultCode::SUCCESS));
        while let Some((_, tmgi)) = self.services.first_due().filter(|(due, _)| *due <= utc) {
            self.expire(now, &mut work, tmgi);
        }
        while let Some((_, key)) = self.bearers.first_due().filter(|(due, _)| *due <= utc) {
            match self.bearers.get(key).map(|bearer| bearer.record.state) {
                Some(BearerState::Scheduled) => self.begin(&mut work, key),
                _ => {
                    self.tell(&mut work, key, MbmsBearerEvent::TERMINATED, None);
                    self.end_bearer(now, &mut work, key);
                }
            }
        }
        self.apply(now, work);
    }

    /// When something is.
    pub(super) fn first_by_clock(&self) -> Option<Instant> {
        let service = self.services.first_due().map(|(due, _)| due);
        let bearer = self.bearers.first_due().map(|(due, _)| due);
        service.into_iter().chain(bearer).min().map(|due| self.instant(due))
    }

    fn expire(&mut self, now: Instant, work: &mut Work, tmgi: Tmgi) {
        let Some(owner) = self.services.get(tmgi).map(|service| service.owner.clone()) else { return };
        self.counters.expired += 1;
        let keys: Vec<_> = self.bearers.live(tmgi).map(|bearer| bearer.record.key()).collect();
        for key in keys {
            self.tell(work, key, MbmsBearerEvent::TERMINATED, Some(BearerDiagnostic::TmgiExpiry));
        }
        work.then.notices.push((owner, Notice::Expired(tmgi)));
        self.release_service(now, work, tmgi);
    }

    /// The start of a bearer has come.
    fn begin(&mut self, work: &mut Work, key: BearerKey) {
        let Some(area) = self.bearers.get(key).map(|bearer| bearer.record.area.clone()) else { return };
        let legs = self.new_legs(&area, &[]);
        let Some(mut bearer) = self.bearers.take(key) else { return };
        bearer.record.state = BearerState::Ongoing;
        bearer.record.legs = legs;
        let start = |leg| Job::of(key, leg, Action::Start { again: false });
        work.then.jobs.extend(bearer.record.legs.iter().map(start));
        work.ops.extend(put_bearer(&bearer.record));
        self.bearers.put(bearer);
        self.plan_bearer(key);
    }

    /// Gives a TMGI back; its bearers end.
    pub(super) fn release_service(&mut self, now: Instant, work: &mut Work, tmgi: Tmgi) {
        let keys: Vec<_> = self.bearers.live(tmgi).map(|bearer| bearer.record.key()).collect();
        keys.into_iter().for_each(|key| self.end_bearer(now, work, key));
        let Some(mut service) = self.services.get(tmgi).cloned() else { return };
        if self.bearers.of(tmgi).next().is_none() {
            self.services.remove(tmgi);
            work.ops.push(delete_service(tmgi));
        } else {
            service.is_released = true;
            work.ops.extend(put_service(&service));
            self.services.put(service);
        }
    }

    /// Ends a bearer: for its application server it is gone, MBMS-GWs are told.
    pub(super) fn end_bearer(&mut self, now: Instant, work: &mut Work, key: BearerKey) {
        let Some(mut bearer) = self.bearers.take(key) else { return };
        if bearer.record.state == BearerState::Stopping {
            return self.bearers.put(bearer);
        }
        if self.is_awaited(key) {
            work.then.settled.push((key, MbmsBearerResult::UNKNOWN_TMGI));
        }
        self.note_end(&bearer.record);
        self.user_plane.close(now, bearer.record.port, self.config.sgi_mb);
        bearer.record.state = BearerState::Stopping;
        (bearer.change, bearer.due) = (None, None);
        for leg in &mut bearer.record.legs {
            leg.state = LegState::Stopping;
            work.then.jobs.push(Job::of(key, leg, Action::Stop));
        }
        self.put_or_bury(work, bearer);
    }

    /// A bearer has changed; one that ends and has no session any more is gone, and so is its TMGI when that was given back.
    pub(super) fn put_or_bury(&mut self, work: &mut Work, bearer: Bearer) {
        let key = bearer.record.key();
        if bearer.record.state != BearerState::Stopping || !bearer.record.legs.is_empty() {
            work.ops.extend(put_bearer(&bearer.record));
            return self.bearers.put(bearer);
        }
        self.user_plane.remove(bearer.record.port);
        work.ops.push(delete_bearer(key));
        let is_released = self.services.get(key.tmgi).is_some_and(|service| service.is_released);
        if is_released && self.bearers.of(key.tmgi).next().is_none() {
            self.services.remove(key.tmgi);
            work.ops.push(delete_service(key.tmgi));
        }
    }

    /// A session of a bearer is not there, or not any more.
    pub(super) fn lose_leg(&mut self, now: Instant, work: &mut Work, session: &str, failure: &Failure) {
        let Some(key) = self.bearers.of_session(session) else { return };
        let Some(mut bearer) = self.bearers.take(key) else { return };
        for leg in bearer.record.legs.iter_mut().filter(|leg| leg.session == session && failure.may_exist) {
            leg.state = LegState::Stopping;
            work.then.jobs.push(Job::of(key, leg, Action::Stop));
        }
        bearer.record.legs.retain(|leg| leg.session != session || failure.may_exist);
        let is_changing = bearer.change.as_mut().map(|change| {
            change.failed = change.failed.with(failure.result);
            change.waits.remove(session);
            change.new.remove(session);
        });
        let is_left = bearer.record.legs.iter().any(|leg| leg.state != LegState::Stopping);
        let (state, port, to) = (bearer.record.state, bearer.record.port, bearer.record.destinations());
        self.user_plane.set_destinations(port, to);
        self.put_or_bury(work, bearer);
        if is_left {
            if is_changing.is_some() {
                self.conclude_change(now, work, key);
            }
            return;
        }
        match state {
            BearerState::Stopping => return,
            BearerState::Asked => work.then.settled.push((key, failure.result)),
            BearerState::Ongoing | BearerState::Scheduled => {
                self.tell(work, key, failure.event(), Some(failure.diagnostic));
            }
            BearerState::Active => {
                if self.is_awaited(key) {
                    work.then.settled.push((key, failure.result));
                }
                self.tell(work, key, MbmsBearerEvent::TERMINATED, Some(failure.diagnostic));
            }
        }
        self.counters.bearers_lost += 1;
        self.end_bearer(now, work, key);
    }

    /// A modification is made when all MBMS-GWs have made it; when one has not, the others take it back.
    pub(super) fn conclude_change(&mut self, now: Instant, work: &mut Work, key: BearerKey) {
        let is_over = |bearer: &Bearer| bearer.change.as_ref().is_some_and(|change| change.waits.is_empty());
        if !self.bearers.get(key).is_some_and(is_over) {
            return;
        }
        let Some(mut bearer) = self.bearers.take(key) else { return };
        let Some(change) = bearer.change.take() else { return self.bearers.put(bearer) };
        let is_made = change.failed == MbmsBearerResult::default();
        if is_made {
            (bearer.record.qos, bearer.record.area) = (change.qos, change.area);
        }
        let gateways: Vec<&str> =
            self.config.gateways_of(&bearer.record.area).map(|gateway| gateway.host.as_str()).collect();
        for leg in bearer.record.legs.iter_mut().filter(|leg| leg.state != LegState::Stopping) {
            if !gateways.contains(&leg.gateway.as_str()) || !is_made && change.new.contains(&leg.session) {
                leg.state = LegState::Stopping;
                work.then.jobs.push(Job::of(key, leg, Action::Stop));
            } else if !is_made && change.done.contains(&leg.session) {
                work.then.jobs.push(Job::of(key, leg, Action::Update));
            }
        }
        let (port, to) = (bearer.record.port, bearer.record.destinations());
        self.user_plane.set_destinations(port, to);
        let plan = self.config.sync_of(&bearer.record.area, bearer.record.qos.qci);
        self.user_plane.set_plan(now, port, plan);
        work.ops.extend(put_bearer(&bearer.record));
        self.bearers.put(bearer);
        work.then.settled.push((key, if is_made { MbmsBearerResult::SUCCESS } else { change.failed }));
        self.user_plane.handle_timeout(now, self.config.sgi_mb);
    }

    /// An answer has waited long enough for the MBMS-GWs.
    pub(super) fn waited_enough(&mut self, now: Instant, key: BearerKey) {
        let mut work = Work::own(self.outcome(ResultCode::SUCCESS));
        let Some(mut bearer) = self.bearers.take(key) else { return };
        if bearer.record.state == BearerState::Asked {
            bearer.record.state = BearerState::Ongoing;
            let ongoing = MbmsBearerResult::SUCCESS.with(MbmsBearerResult::ACTIVATION_ONGOING);
            work.ops.extend(put_bearer(&bearer.record));
            work.then.settled.push((key, ongoing));
        }
        if let Some(change) = &mut bearer.change {
            change.failed = MbmsBearerResult::SYSTEM_ERROR;
            change.done.append(&mut change.waits);
        }
        self.bearers.put(bearer);
        self.conclude_change(now, &mut work, key);
        self.apply(now, work);
    }

    /// Tells an application server what has happened to a bearer that it knows of.
    pub(super) fn tell(
        &self,
        work: &mut Work,
        key: BearerKey,
        event: MbmsBearerEvent,
        diagnostic: Option<BearerDiagnostic>,
    ) {
        let is_known = self.bearers.get(key).is_some_and(|bearer| bearer.record.state != BearerState::Asked);
        let Some(service) = self.services.get(key.tmgi).filter(|_| is_known) else { return };
        let userplane = Vec::new();
        let event = MbmsBearerEventNotification { tmgi: key.tmgi, flow: key.flow, event, diagnostic, userplane };
        work.then.notices.push((service.owner.clone(), Notice::Event(event)));
    }
}
