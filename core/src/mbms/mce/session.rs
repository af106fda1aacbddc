//! Sessions of an MCE: from the request on M3 to the eNBs on M2 and back (TS 36.300 clause 15.7.1.1).

use std::collections::BTreeMap;

use protocol::diameter::mbms::{Ecgi, MbmsServiceArea};
use protocol::m2ap::{EnbMbmsM2apId, MceMbmsM2apId};
use protocol::m3ap::{self, M3QosParameters, M3apPdu, MceMbmsM3apId, MmeMbmsM3apId};
use protocol::mbms_ap::{SessionId, TnlInformation};
use protocol::{Instant, Tmgi};

use super::MceNode;
use crate::mbms::admission::{AdmissionRefusal, Demand, Retention};
use crate::node::StreamId;

/// MBMS bearer context.
#[derive(Debug)]
pub(super) struct Session {
    /// MME MBMS M3AP ID; none: the gateway is lost, or has not claimed it again.
    pub(super) mme_id: Option<u16>,
    pub(super) tmgi: Tmgi,
    pub(super) identity: Option<SessionId>,
    pub(super) demand: Demand,
    pub(super) area: MbmsServiceArea,
    pub(super) cells: Option<Vec<Ecgi>>,
    pub(super) tnl: TnlInformation,
    pub(super) legs: BTreeMap<StreamId, Leg>,
    pub(super) work: Option<Work>,
    /// Until then the gateway has to claim it.
    pub(super) orphan_until: Option<Instant>,
}

/// Connection of M2 with an eNB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leg {
    /// Session start is not answered yet.
    Starting,
    /// It runs.
    Up { enb_id: EnbMbmsM2apId },
    /// It runs, and session update is not answered yet.
    Updating { enb_id: EnbMbmsM2apId },
}

/// What the gateway waits for.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) is_update: bool,
    pub(super) until: Instant,
    pub(super) accepted: usize,
    pub(super) refused: usize,
}

impl Session {
    pub(super) fn due(&self) -> Option<Instant> {
        let work = self.work.as_ref().map(|work| work.until);
        work.into_iter().chain(self.orphan_until).min()
    }
}

/// What a QoS asks of admission; without ARP there is no priority.
pub(super) fn demand(qos: &M3QosParameters) -> Demand {
    let retention = qos
        .arp
        .map_or(Retention::new(15, false, false), |arp| Retention::new(arp.priority, arp.may_preempt, arp.preemptable));
    Demand {
        qci: qos.qci,
        guaranteed: qos.gbr.map(|gbr| gbr.guaranteed),
        maximum: qos.gbr.map(|gbr| gbr.maximum),
        retention,
    }
}

/// Cause of a refusal (TS 36.444 clause 9.2.1.2).
pub(super) fn cause(refusal: AdmissionRefusal) -> m3ap::Cause {
    use m3ap::{CauseMisc, CauseProtocol, CauseRadioNetwork as R};
    match refusal {
        AdmissionRefusal::NoArea => R::UninvolvedMce.into(),
        AdmissionRefusal::UnknownQci(_) => R::NotSupportedQciValue.into(),
        AdmissionRefusal::Rates(_) => R::InvalidQosCombination.into(),
        // Priority level 0 is a logical error (TS 36.444 clause 9.2.1.8).
        AdmissionRefusal::Priority => CauseProtocol::SemanticError.into(),
        AdmissionRefusal::NoCapacity(_) => R::RadioResourcesNotAvailable.into(),
        AdmissionRefusal::Exists(_) => R::InteractionWithOtherProcedure.into(),
        AdmissionRefusal::Unknown(_) => R::UnknownOrAlreadyAllocatedMceMbmsM3apId.into(),
        AdmissionRefusal::TooMany(_) => CauseMisc::ControlProcessingOverload.into(),
    }
}

impl MceNode {
    /// MCE MBMS M3AP ID that nobody has.
    pub(super) fn free_id(&mut self) -> Option<u16> {
        let is_free = |id: &u16| !self.sessions.contains_key(id) && !self.ending.iter().any(|(_, own)| own == id);
        let candidates = (self.next_id..=u16::MAX).chain(0..self.next_id);
        let id = candidates.take(usize::from(u16::MAX)).find(is_free)?;
        self.next_id = id.wrapping_add(1);
        Some(id)
    }

    /// A session starts: admission first, then the eNBs. The gateway hears of it when they have answered.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then.
    pub(super) fn start_session(&mut self, now: Instant, mut session: Session, again: bool) -> Result<(), m3ap::Cause> {
        use m3ap::{CauseMisc, CauseRadioNetwork as R};
        let areas = self.admission.areas_of(session.area.areas());
        let shares = |(id, other): (&u16, &Session)| {
            other.tmgi == session.tmgi && self.admission.areas(u32::from(*id)).iter().any(|area| areas.contains(area))
        };
        if self.sessions.iter().any(shares) {
            // One MCCH cannot list two flows of one TMGI.
            return Err(R::InteractionWithOtherProcedure.into());
        }
        let enbs = self.involved(&session.area, session.cells.as_deref());
        if areas.is_empty() || enbs.is_empty() && (!again || session.cells.is_some()) {
            return Err(R::UninvolvedMce.into());
        }
        let id = self.free_id().ok_or(CauseMisc::ControlProcessingOverload)?;
        let (sais, demand) = (session.area.areas(), session.demand);
        let admitted = if again {
            self.admission.restore(id.into(), sais, demand)
        } else {
            self.admission.start(id.into(), sais, demand)
        };
        let changes = admitted.map_err(cause)?;
        let until = now + self.config.m2_timeout;
        session.work = Some(Work { is_update: false, until, accepted: 0, refused: 0 });
        let tmgi = session.tmgi;
        self.sessions.insert(id, session);
        self.apply(now, &changes, true);
        if !again && !self.placed.keys().any(|(_, own)| *own == id) {
            self.drop_session(now, id, false);
            return Err(R::RadioResourcesNotAvailable.into());
        }
        self.say(format!("TMGI {tmgi} starts at {} eNBs", enbs.len()));
        for conn in enbs {
            self.start_leg(conn, id);
        }
        self.check(now, id);
        Ok(())
    }

    /// A session gets other parameters.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then.
    pub(super) fn update_session(
        &mut self,
        now: Instant,
        id: u16,
        demand: Demand,
        area: MbmsServiceArea,
        cells: Option<Vec<Ecgi>>,
    ) -> Result<(), m3ap::Cause> {
        use m3ap::CauseRadioNetwork as R;
        let Some(session) = self.sessions.get(&id) else {
            return Err(R::UnknownOrAlreadyAllocatedMceMbmsM3apId.into());
        };
        if session.work.is_some() {
            return Err(R::InteractionWithOtherProcedure.into());
        }
        let areas = self.admission.areas_of(area.areas());
        let shares = |(own, other): (&u16, &Session)| {
            let has = |area| self.admission.areas(u32::from(*own)).contains(area);
            *own != id && other.tmgi == session.tmgi && areas.iter().any(has)
        };
        if self.sessions.iter().any(shares) {
            return Err(R::InteractionWithOtherProcedure.into());
        }
        let changes = self.admission.update(id.into(), area.areas(), demand).map_err(cause)?;
        let enbs = self.involved(&area, cells.as_deref());
        let is_elsewhere = session.area != area || session.cells != cells;
        let legs = session.legs.clone();
        let until = now + self.config.m2_timeout;
        if let Some(session) = self.sessions.get_mut(&id) {
            (session.area, session.demand, session.cells) = (area, demand, cells);
            session.work = Some(Work { is_update: true, until, accepted: 0, refused: 0 });
        }
        self.apply(now, &changes, true);
        for (conn, leg) in legs.iter().filter(|_| is_elsewhere) {
            match leg {
                Leg::Up { enb_id } if enbs.contains(conn) => self.update_leg(*conn, id, *enb_id),
                _ if enbs.contains(conn) => {}
                _ => self.end_leg(*conn, id),
            }
        }
        for conn in enbs.into_iter().filter(|conn| !legs.contains_key(conn)) {
            self.start_leg(conn, id);
        }
        self.check(now, id);
        Ok(())
    }

    /// A session is over; `is_orderly`: what is on its way is still sent.
    pub(super) fn drop_session(&mut self, now: Instant, id: u16, is_orderly: bool) {
        let changes = self.admission.stop(id.into());
        self.apply(now, &changes, is_orderly);
        let Some(session) = self.sessions.get(&id) else { return };
        for conn in session.legs.keys().copied().collect::<Vec<_>>() {
            self.end_leg(conn, id);
        }
        self.sessions.remove(&id);
    }

    /// An eNB has answered, or is gone.
    pub(super) fn answered(&mut self, now: Instant, id: u16, is_accepted: bool) {
        if let Some(work) = self.sessions.get_mut(&id).and_then(|session| session.work.as_mut()) {
            *(if is_accepted { &mut work.accepted } else { &mut work.refused }) += 1;
        }
        self.check(now, id);
    }

    /// All eNBs have answered, or had their time: the gateway is told.
    pub(super) fn check(&mut self, now: Instant, id: u16) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let waits = session.legs.values().any(|leg| !matches!(leg, Leg::Up { .. }));
        let Some(work) = session.work.take_if(|work| !waits || work.until <= now) else { return };
        for leg in session.legs.values_mut() {
            if let Leg::Updating { enb_id } = *leg {
                *leg = Leg::Up { enb_id };
            }
        }
        let late = session.legs.values().any(|leg| matches!(leg, Leg::Starting));
        let is_up = session.legs.values().any(|leg| matches!(leg, Leg::Up { .. }));
        // An update that needs no eNB is done; a session that no eNB has is none, unless it waits for eNBs to come.
        let nobody_asked = work.accepted == 0 && work.refused == 0 && !late;
        let is_done = work.accepted > 0 || is_up || nobody_asked;
        let mme_id = session.mme_id.map(MmeMbmsM3apId);
        let mce_id = MceMbmsM3apId(id);
        if is_done {
            self.counters.started += u64::from(!work.is_update);
        } else {
            self.counters.refused += 1;
        }
        let cause = m3ap::CauseRadioNetwork::RadioResourcesNotAvailable.into();
        let answer = mme_id.map(|mme_id| match (work.is_update, is_done) {
            (false, true) => {
                M3apPdu::MbmsSessionStartResponse(m3ap::MbmsSessionStartResponse { mme_id, mce_id, diagnostics: None })
            }
            (false, false) => {
                M3apPdu::MbmsSessionStartFailure(m3ap::MbmsSessionStartFailure { mme_id, cause, diagnostics: None })
            }
            (true, true) => M3apPdu::MbmsSessionUpdateResponse(m3ap::MbmsSessionUpdateResponse {
                mme_id,
                mce_id,
                diagnostics: None,
            }),
            (true, false) => M3apPdu::MbmsSessionUpdateFailure(m3ap::MbmsSessionUpdateFailure {
                mme_id,
                mce_id,
                cause,
                diagnostics: None,
            }),
        });
        if !is_done && !work.is_update {
            self.drop_session(now, id, false);
        }
        if let Some(answer) = answer {
            self.send_m3(&answer);
        }
    }

    /// The gateway is lost: its sessions go on for a while (TS 23.007 clause 18).
    pub(super) fn orphan_all(&mut self, now: Instant) {
        let until = now + self.config.orphan_time;
        for session in self.sessions.values_mut() {
            session.mme_id = None;
            session.orphan_until.get_or_insert(until);
        }
    }

    pub(super) fn sessions_due(&mut self, now: Instant) {
        let due = self.sessions.iter().filter(|(_, session)| session.due().is_some_and(|at| at <= now));
        for id in due.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.check(now, id);
            let is_orphan = |session: &Session| session.orphan_until.is_some_and(|until| until <= now);
            if self.sessions.get(&id).is_some_and(is_orphan) {
                self.say(format!("session {id} ends: the MBMS-GW has not claimed it"));
                self.drop_session(now, id, true);
            }
        }
    }

    pub(super) const fn m2_id(id: u16) -> MceMbmsM2apId {
        MceMbmsM2apId(id as u32)
    }
}
