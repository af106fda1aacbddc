//! TMGI and bearer of a session: as MB2-C has them (TS 29.468 clauses 5.2 and 5.3), asked for by the BM-SC itself.

use http::StatusCode;
use protocol::Instant;
use protocol::diameter::mb2c::mask::{MbmsBearerEvent, MbmsBearerResult};
use protocol::diameter::mb2c::{MbmsBearerEventNotification, MbmsBearerRequest};
use protocol::diameter::mbms::provisioning::{AllocationMode, ConflictReason, ServiceProvisioning, SessionTime};
use protocol::diameter::mbms::{Arp, MbmsServiceArea, QosInformation, StartStop};
use protocol::xmb::{
    self, Allocation, FileDelivery, NotificationClass, OPEN_END, REAL_TIME, Session, SessionType, TransportMode,
};

use super::SessionKey;
use super::answer::{Outcome, Refused};
use super::notices::Event;
use super::records::put_session;
use crate::mbms::bmsc::BmscNode;
use crate::mbms::bmsc::mb2::Work;
use crate::mbms::bmsc::mb2u::Ingest;
use crate::mbms::bmsc::notify::Notice;
use crate::mbms::bmsc::records::{BearerKey, BearerRecord, BearerState, Qos, put_bearer};
use crate::mbms::sequence_clock::SequenceClock;

/// A bearer that was lost is asked for again after this many times the usual time between tries.
const AGAIN: u32 = 10;
/// QCIs of sessions that say none: with a guaranteed bit rate (buffered streaming), and without (TS 23.203 table 6.1.7).
const GUARANTEED_QCI: u32 = 4;
const OTHER_QCI: u32 = 8;

impl BmscNode {
    /// Gives a session that has a type its TMGI and its address, and says its times to the service.
    pub(super) fn identify(&mut self, now: Instant, work: &mut Work, key: &SessionKey, session: &Session) -> Outcome {
        let Some(entry) = self.xmb.sessions.get(key) else { return Ok(()) };
        let own = &session.castbench;
        let is_assigned = own.allocation_mode == Some(Allocation::Provider);
        let asked = ServiceProvisioning {
            tmgi: own.tmgi,
            mode: Some(if is_assigned { AllocationMode::AsAssigned } else { AllocationMode::BmscAssigns }),
            address: own.multicast_address,
            port: own.multicast_port,
            start: Some(SessionTime::RealTime),
            end: Some(stop_of(session).map_or(SessionTime::RealTime, SessionTime::At)),
            ..ServiceProvisioning::default()
        };
        if let Some(tmgi) = entry.record.tmgi {
            if is_assigned && own.tmgi.is_some_and(|other| other != tmgi) {
                return Err(Refused::conflict(ConflictReason::OtherAddress));
            }
            let before = self.services.get(tmgi).and_then(|service| service.facts.end_utc_ms);
            self.change_facts(work, tmgi, &asked)?;
            if before != stop_of(session) {
                self.prolong(work, tmgi);
            }
            return Ok(());
        }
        if session.session_type.is_none() {
            return Ok(());
        }
        let service = match (is_assigned, own.tmgi) {
            (true, None) => return Err(Refused::conflict(ConflictReason::Incomplete)),
            // One that the content provider has for another session is taken.
            (true, Some(tmgi)) if self.services.get(tmgi).is_some() => {
                return Err(Refused::conflict(ConflictReason::TmgiInUse));
            }
            (true, Some(tmgi)) => self.assigned_service(now, work, tmgi, &asked)?,
            (false, _) => self.new_service(now, work, Some(&asked))?,
        };
        self.xmb.of_tmgi.insert(service.tmgi, key.clone());
        if let Some(entry) = self.xmb.sessions.get_mut(key) {
            entry.record.tmgi = Some(service.tmgi);
            work.ops.extend(put_session(&entry.record));
        }
        Ok(())
    }

    /// A session has no TMGI any more.
    pub(super) fn unidentify(&mut self, now: Instant, work: &mut Work, key: &SessionKey) {
        let Some(entry) = self.xmb.sessions.get_mut(key) else { return };
        let Some(tmgi) = entry.record.tmgi.take() else { return };
        work.ops.extend(put_session(&entry.record));
        self.xmb.of_tmgi.remove(&tmgi);
        self.release_service(now, work, tmgi);
        self.counters.released += 1;
    }

    /// Whether a session is to have a bearer, and with which start.
    fn is_on(&self, now: Instant, session: &Session) -> bool {
        let is_over = stop_of(session).is_some_and(|stop| stop <= self.utc_ms(now));
        session.session_type.is_some() && session.session_start.is_some() && !is_over
    }

    /// Gives a session its bearer, changes it, or takes it away.
    pub(super) fn set_bearer(&mut self, now: Instant, work: &mut Work, key: &SessionKey, session: &Session) -> Outcome {
        let Some(entry) = self.xmb.sessions.get(key) else { return Ok(()) };
        let old = entry.record.session.clone();
        let bearer = entry.record.bearer().and_then(|key| self.bearers.get(key));
        let there = bearer.map(|bearer| (bearer.record.key(), bearer.record.state));
        match (there, self.is_on(now, session)) {
            (_, false) => {
                self.stop_session(now, work, key);
                Ok(())
            }
            (None, true) => self.start_session(now, work, key, session),
            (Some((bearer, state)), true) => {
                let is_other = Plan::of(&old) != Plan::of(session) || ingest(&old) != ingest(session);
                let is_moved = old.session_start != session.session_start;
                if state == BearerState::Scheduled && (is_other || is_moved) {
                    self.stop_session(now, work, key);
                    let outcome = self.start_session(now, work, key, session);
                    if outcome.is_err() && self.start_session(now, work, key, &old).is_err() {
                        self.try_again_later(now, key, "the bearer that it had is not to be had again");
                    }
                    return outcome;
                }
                let is_sent_otherwise = pace(&old) != pace(session) && state != BearerState::Scheduled;
                if is_moved
                    || is_sent_otherwise
                    || ingest(&old) != ingest(session)
                    || !Plan::of(&old).is_rate_of(&Plan::of(session))
                {
                    let what = "a session that has begun can change its geographical-areas, its priority and its \
                                session-stop: take session-start away before the rest";
                    return Err(Refused::new(StatusCode::CONFLICT, what));
                }
                if is_other { self.change_session_bearer(now, work, bearer, session) } else { Ok(()) }
            }
        }
    }

    fn start_session(&mut self, now: Instant, work: &mut Work, key: &SessionKey, session: &Session) -> Outcome {
        let Some(tmgi) = self.xmb.sessions.get(key).and_then(|entry| entry.record.tmgi) else { return Ok(()) };
        let utc = self.utc_ms(now);
        let start = session.session_start.unwrap_or(REAL_TIME).saturating_mul(1000);
        let is_ahead = start > self.begins_by(now);
        let plan = Plan::of(session);
        let mut request = MbmsBearerRequest::new(StartStop::Start);
        request.tmgi = Some(tmgi);
        request.qos = Some(plan.qos.clone());
        request.area = MbmsServiceArea::new(plan.areas);
        request.start_utc_ms = is_ahead.then_some(start);
        let response = self.bearer(now, work, 0, &request);
        let result = response.result.unwrap_or_default();
        let (true, Some(flow)) = (result.has(MbmsBearerResult::SUCCESS), response.flow) else {
            return Err(Refused::from(result));
        };
        work.waits.clear();
        let bearer = BearerKey { tmgi, flow };
        self.acknowledge(work, bearer);
        let lead = session
            .castbench
            .time_to_data_ms
            .map_or_else(|| u64::try_from(self.config.time_to_data.as_millis()).unwrap_or(u64::MAX), u64::from);
        let from = if start > utc { start } else { utc.saturating_add(lead) };
        let Some(port) = self.bearers.get(bearer).map(|bearer| bearer.record.port) else { return Ok(()) };
        self.user_plane.set_ingest(port, self.ingest_of(session, port));
        if let Some(entry) = self.xmb.sessions.get_mut(key) {
            entry.record.flow = Some(flow.0);
            entry.record.content_from = Some(from);
            (entry.trouble, entry.again_at, entry.ended) = (None, None, None);
            work.ops.extend(put_session(&entry.record));
        }
        Ok(())
    }

    /// A content provider is answered before MBMS-GWs are: its bearer is being activated, as it is told.
    fn acknowledge(&mut self, work: &mut Work, key: BearerKey) {
        let Some(mut bearer) = self.bearers.take(key) else { return };
        if bearer.record.state == BearerState::Asked {
            bearer.record.state = BearerState::Ongoing;
            work.ops.extend(put_bearer(&bearer.record));
        }
        self.bearers.put(bearer);
        self.plan_bearer(key);
    }

    fn change_session_bearer(&mut self, now: Instant, work: &mut Work, key: BearerKey, session: &Session) -> Outcome {
        let plan = Plan::of(session);
        let mut request = MbmsBearerRequest::new(StartStop::Update);
        (request.tmgi, request.flow) = (Some(key.tmgi), Some(key.flow));
        (request.qos, request.area) = (Some(plan.qos), MbmsServiceArea::new(plan.areas));
        let result = self.bearer(now, work, 0, &request).result.unwrap_or_default();
        work.waits.clear();
        if result.has(MbmsBearerResult::SUCCESS) { Ok(()) } else { Err(Refused::from(result)) }
    }

    /// A session has no bearer any more, because its content provider wants none.
    pub(super) fn stop_session(&mut self, now: Instant, work: &mut Work, key: &SessionKey) {
        let Some(entry) = self.xmb.sessions.get_mut(key) else { return };
        (entry.trouble, entry.again_at) = (None, None);
        let bearer = entry.record.bearer();
        if let Some(bearer) = bearer {
            self.end_bearer(now, work, bearer);
            self.end_activity(now, work, key, "stopped by the content provider");
        }
        self.plan_session(key);
    }

    /// The bearer of a session has ended: what it has carried is reported.
    fn end_activity(&mut self, now: Instant, work: &mut Work, key: &SessionKey, why: &str) {
        let utc = self.utc_ms(now);
        let Some(entry) = self.xmb.sessions.get_mut(key) else { return };
        let since = entry.record.active_since.take();
        (entry.record.flow, entry.record.content_from) = (None, None);
        let count = entry.ended.take().unwrap_or_default();
        let sending = entry.sending.take();
        let is_sending = sending.is_some();
        let files = sending.map_or_else(Default::default, |mut sending| sending.passes(&entry.files));
        entry.cannot_send = false;
        work.ops.extend(put_session(&entry.record));
        if is_sending {
            self.tell_provider(now, work, key, Event::of(NotificationClass::Delivery, "delivery-stopped").because(why));
        }
        if let Some(since) = since {
            self.report(work, key, (since, utc), count, files);
        }
        self.tell_state(now, work, key, why);
    }

    /// What a bearer has carried, before it forgets.
    pub(in crate::mbms::bmsc) fn note_end(&mut self, bearer: &BearerRecord) {
        let Some(key) = self.session_of(bearer.key()) else { return };
        let count = self.user_plane.count(bearer.port);
        if let Some(entry) = self.xmb.sessions.get_mut(&key) {
            entry.ended = count.or(entry.ended);
        }
    }

    /// Something has happened to a TMGI or a bearer of a content provider.
    pub(in crate::mbms::bmsc) fn on_xmb_notice(&mut self, now: Instant, notice: Notice) {
        let Notice::Event(event) = notice else { return };
        let Some(key) = self.session_of(BearerKey { tmgi: event.tmgi, flow: event.flow }) else { return };
        let Some(provider) = self.xmb.sessions.get(&key).map(|entry| entry.record.provider.clone()) else { return };
        let mut work = self.work_of(&provider, Some(&key));
        if event.event.has(MbmsBearerEvent::ACTIVATED) {
            self.on_active(now, &mut work, &key);
        } else {
            self.on_lost(now, &mut work, &key, &event);
        }
        self.plan_session(&key);
        self.apply(now, work);
    }

    fn on_active(&mut self, now: Instant, work: &mut Work, key: &SessionKey) {
        let utc = self.utc_ms(now);
        let Some(entry) = self.xmb.sessions.get_mut(key) else { return };
        entry.record.active_since = Some(utc);
        entry.record.content_from = Some(entry.record.content_from.unwrap_or(utc).max(utc));
        entry.trouble = None;
        work.ops.extend(put_session(&entry.record));
        self.tell_state(now, work, key, "the bearer is there");
    }

    fn on_lost(&mut self, now: Instant, work: &mut Work, key: &SessionKey, event: &MbmsBearerEventNotification) {
        let Some(session) = self.xmb.sessions.get(key).map(|entry| entry.record.session.clone()) else { return };
        let why = match event.diagnostic {
            Some(diagnostic) => format!("the bearer is not there: {diagnostic:?}"),
            None => "the bearer has ended".to_owned(),
        };
        let goes_on = self.is_on(now, &session);
        if let Some(entry) = self.xmb.sessions.get_mut(key) {
            entry.trouble = goes_on.then(|| why.clone());
            entry.again_at = goes_on.then(|| now + self.config.retry * AGAIN);
        }
        self.end_activity(now, work, key, &why);
    }

    /// A modification of a bearer was made, or was not: then the session has the areas and the priority that it had.
    pub(in crate::mbms::bmsc) fn xmb_settled(&mut self, now: Instant, bearer: BearerKey, result: MbmsBearerResult) {
        let Some(key) = self.session_of(bearer) else { return };
        if result.has(MbmsBearerResult::SUCCESS) {
            return;
        }
        let Some(record) = self.bearers.get(bearer).map(|bearer| bearer.record.clone()) else { return };
        let Some(entry) = self.xmb.sessions.get_mut(&key) else { return };
        entry.record.session.geographical_areas = record.area;
        set_priority(&mut entry.record.session, record.qos);
        entry.trouble = Some(Refused::from(result).detail().to_owned());
        let (provider, record) = (entry.record.provider.clone(), entry.record.clone());
        let mut work = self.work_of(&provider, Some(&key));
        work.ops.extend(put_session(&record));
        self.touch_service(&mut work, &key.0);
        self.tell_state(now, &mut work, &key, "the modification was not made");
        self.apply(now, work);
    }

    /// Asks again for a bearer that was lost.
    pub(super) fn bearer_again(&mut self, now: Instant, key: &SessionKey) {
        let Some(entry) = self.xmb.sessions.get(key) else { return };
        let (provider, session) = (entry.record.provider.clone(), entry.record.session.clone());
        if entry.record.flow.is_some() || !self.is_on(now, &session) {
            return;
        }
        let mut work = self.work_of(&provider, Some(key));
        if let Err(refused) = self.start_session(now, &mut work, key, &session) {
            self.try_again_later(now, key, refused.detail());
        }
        self.apply(now, work);
    }

    fn try_again_later(&mut self, now: Instant, key: &SessionKey, why: &str) {
        if let Some(entry) = self.xmb.sessions.get_mut(key) {
            entry.trouble = Some(why.to_owned());
            entry.again_at = Some(now + self.config.retry * AGAIN);
        }
    }

    /// After a restart: a session whose bearer has ended meanwhile gets another one.
    pub(super) fn resume_session(&mut self, now: Instant, key: &SessionKey) {
        let Some(entry) = self.xmb.sessions.get(key) else { return };
        let (provider, session, bearer) =
            (entry.record.provider.clone(), entry.record.session.clone(), entry.record.bearer());
        let live = bearer.and_then(|key| self.bearers.get(key)).filter(|b| b.record.state != BearerState::Stopping);
        let port = live.map(|bearer| (bearer.record.port, bearer.record.state));
        let mut work = self.work_of(&provider, Some(key));
        self.plan_fetches(now, &mut work, key);
        match port {
            Some((port, state)) => {
                self.user_plane.set_ingest(port, self.ingest_of(&session, port));
                if state == BearerState::Active
                    && self.xmb.sessions.get(key).is_some_and(|e| e.record.active_since.is_none())
                {
                    self.on_active(now, &mut work, key);
                }
            }
            None => {
                if bearer.is_some() {
                    self.end_activity(now, &mut work, key, "the bearer has ended");
                }
                if self.is_on(now, &session)
                    && let Some(entry) = self.xmb.sessions.get_mut(key)
                {
                    entry.again_at = Some(now);
                }
            }
        }
        self.plan_session(key);
        self.apply(now, work);
    }

    /// Sequences that the content of a session goes in.
    pub(super) fn clock_of(&self, session: &Session) -> SequenceClock {
        let plan = Plan::of(session);
        let qci = plan.qos.qci.unwrap_or(OTHER_QCI);
        SequenceClock {
            plan: self.config.sync_of(&plan.areas, qci),
            max_transfer_delay: self.config.max_transfer_delay,
        }
    }

    /// What comes to the port of a session.
    fn ingest_of(&self, session: &Session, port: u16) -> Ingest {
        let source = std::net::SocketAddr::new(self.config.mb2u, port);
        match ingest(session) {
            (Some(SessionType::Streaming), _) | (Some(SessionType::TransportMode), TransportMode::Proxy) => {
                Ingest::Payload(source)
            }
            (Some(SessionType::TransportMode), TransportMode::ForwardOnly) => Ingest::Packet,
            _ => Ingest::Nothing,
        }
    }

    /// The TMGIs of content providers are theirs until they give them back.
    pub(in crate::mbms::bmsc) fn is_of_provider(owner: &str) -> bool {
        owner.starts_with(super::PROVIDER)
    }
}

fn ingest(session: &Session) -> (Option<SessionType>, TransportMode) {
    let mode = session.transport_session.as_ref().map(|own| own.delivery_mode).unwrap_or_default();
    (session.session_type, mode)
}

/// How the content of a session goes out: files by their FLUTE session, everything at its rate.
fn pace(session: &Session) -> (FileDelivery, Option<u64>) {
    (session.castbench.delivery.clone().unwrap_or_default(), session.max_bitrate)
}

/// End of a session, UTC in milliseconds.
pub(super) fn stop_of(session: &Session) -> Option<u64> {
    session.session_stop.filter(|stop| *stop != OPEN_END).map(|stop| stop.saturating_mul(1000))
}

/// Has a session say the priority that its bearer has.
fn set_priority(session: &mut Session, has: Qos) {
    let Qos { qci, mbr, gbr, priority, may_preempt, preemptable } = has;
    let arp = xmb::Arp { priority, may_preempt, preemptable };
    match &mut session.castbench.qos {
        Some(qos) => qos.arp = arp,
        None if arp == xmb::Arp::default() => {}
        None => session.castbench.qos = Some(xmb::Qos { qci, gbr, mbr, arp }),
    }
}

/// What a session wants of its bearer.
#[derive(Clone, PartialEq, Debug)]
struct Plan {
    qos: QosInformation,
    areas: Vec<u16>,
}

impl Plan {
    fn of(session: &Session) -> Self {
        let rate = session.max_bitrate.and_then(|rate| u32::try_from(rate).ok());
        let qos = session.castbench.qos.as_ref();
        let arp = qos.map(|qos| qos.arp).unwrap_or_default();
        let arp = Arp { priority: arp.priority, may_preempt: arp.may_preempt, preemptable: arp.preemptable };
        let (qci, gbr, mbr) = match (qos, rate) {
            (Some(qos), _) => (qos.qci, qos.gbr, qos.mbr),
            (None, Some(rate)) => (GUARANTEED_QCI, Some(rate), None),
            (None, None) => (OTHER_QCI, None, None),
        };
        let areas = session.geographical_areas.clone();
        Self {
            qos: QosInformation { qci: Some(qci), mbr, gbr, arp: Some(arp), other: Vec::new() },
            areas: if areas.is_empty() { vec![WHOLE_PLMN] } else { areas },
        }
    }

    /// Everything that cannot change while a bearer is there is the same.
    fn is_rate_of(&self, other: &Self) -> bool {
        (self.qos.qci, self.qos.gbr, self.qos.mbr) == (other.qos.qci, other.qos.gbr, other.qos.mbr)
    }
}

/// TS 23.003 clause 15.3.
const WHOLE_PLMN: u16 = 0;
