//! M2AP at the eNB (TS 36.443 clause 8).

use std::collections::VecDeque;
use std::time::Duration;

use protocol::Instant;
use protocol::m2ap::{
    self, CauseRadioNetwork, CauseTransport, Connection, EnbMbmsM2apId, M2apPdu, MbmsSchedulingInformation, ResetType,
};
use protocol::mbms_ap::{Name, TimeToWait};

use super::radio::EnbRadio;
use super::schedule::FRAME;
use super::{EnbNode, Session};
use crate::node::NodeOutput;

/// Radio frames of which an SFN says one (TS 36.331 clause 6.2.2).
const FRAMES_OF_SFN: u64 = 1024;

impl EnbNode {
    /// TS 36.443 clause 8.6: the first procedure on an association.
    pub(super) fn send_setup(&mut self) {
        let setup = m2ap::M2SetupRequest {
            enb: self.config.id.clone(),
            name: Name::new(&self.config.name),
            cells: self.config.cells.clone(),
        };
        self.send(&M2apPdu::M2SetupRequest(setup));
    }

    /// A message of the MCE.
    pub(super) fn on_m2(&mut self, now: Instant, bytes: &[u8]) {
        let pdu = match M2apPdu::parse(bytes) {
            Ok(pdu) => pdu,
            Err(error) => {
                self.ignored(format!("M2AP: {error}"));
                if let Some(answer) = M2apPdu::error_indication(&error) {
                    self.send(&answer);
                }
                return;
            }
        };
        match pdu {
            M2apPdu::M2SetupResponse(response) => self.on_set_up(now, response),
            M2apPdu::M2SetupFailure(failure) => {
                let wait = failure.time_to_wait.map(TimeToWait::seconds).map(Duration::from_secs);
                self.say(format!("the MCE refuses the setup: {:?}", failure.cause));
                self.out.extend(self.mce.on_refused(now, wait).map(NodeOutput::Stream));
            }
            // Nothing else comes before (TS 36.443 clause 8.6.1).
            pdu if self.mce.up().is_none() => self.ignored(pdu.name()),
            M2apPdu::SessionStartRequest(request) => self.on_start(now, request),
            M2apPdu::SessionUpdateRequest(request) => self.on_update(&request),
            M2apPdu::SessionStopRequest(request) => self.on_stop(now, &request),
            M2apPdu::MbmsSchedulingInformation(information) => self.on_scheduling(now, information),
            M2apPdu::MceConfigurationUpdate(update) => {
                let bcch = update.bcch.unwrap_or_default();
                self.schedules.change(&bcch);
                self.radio.push(EnbRadio::Areas(bcch));
                let answer = m2ap::MceConfigurationUpdateAcknowledge { diagnostics: None };
                self.send(&M2apPdu::MceConfigurationUpdateAcknowledge(answer));
            }
            M2apPdu::Reset(reset) => self.on_reset(now, reset.kind),
            M2apPdu::ErrorIndication(error) => self.say(format!("error indication of the MCE: {:?}", error.cause)),
            M2apPdu::ResetAcknowledge(_) | M2apPdu::EnbConfigurationUpdateAcknowledge(_) => {}
            other => self.ignored(other.name()),
        }
    }

    /// The setup erases what there was.
    fn on_set_up(&mut self, now: Instant, response: m2ap::M2SetupResponse) {
        self.mce.on_accepted();
        for mce_id in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.end_session(now, mce_id);
        }
        self.schedules.set_up(&response.bcch);
        self.say("M2 is set up");
        self.radio.push(EnbRadio::Areas(response.bcch));
    }

    fn on_start(&mut self, now: Instant, request: m2ap::SessionStartRequest) {
        let mce_id = request.mce_id;
        let answer = match self.start(request) {
            Ok(enb_id) => {
                M2apPdu::SessionStartResponse(m2ap::SessionStartResponse { mce_id, enb_id, diagnostics: None })
            }
            Err(cause) => {
                self.say(format!("a session is refused: {cause:?}"));
                M2apPdu::SessionStartFailure(m2ap::SessionStartFailure { mce_id, cause, diagnostics: None })
            }
        };
        self.send(&answer);
        self.plan_sessions(now);
    }

    fn start(&mut self, request: m2ap::SessionStartRequest) -> Result<EnbMbmsM2apId, m2ap::Cause> {
        if self.sessions.contains_key(&request.mce_id.0) {
            return Err(CauseRadioNetwork::UnknownOrAlreadyAllocatedMceMbmsM2apId.into());
        } else if self.sessions.values().any(|session| session.tmgi == request.tmgi) {
            return Err(CauseRadioNetwork::InteractionWithOtherProcedure.into());
        } else if !self.has_cell_in(&request.area) {
            return Err(CauseRadioNetwork::RadioResourcesNotAvailable.into());
        } else if self.sessions.len() >= self.config.max_sessions || request.tnl.group.is_ipv6() {
            return Err(CauseTransport::TransportResourceUnavailable.into());
        }
        let is_free = |id: &u16| !self.sessions.values().any(|session| session.enb_id.0 == *id);
        let candidates = (self.next_id..=u16::MAX).chain(0..self.next_id);
        let id = candidates.take(self.sessions.len() + 1).find(is_free);
        let id = id.ok_or(CauseTransport::TransportResourceUnavailable)?;
        self.next_id = id.wrapping_add(1);
        self.member(&request.tnl, true);
        let (tmgi, tnl, enb_id) = (request.tmgi, request.tnl, EnbMbmsM2apId(id));
        let session = Session { enb_id, tmgi, tnl, is_member: true, plan: Err(VecDeque::new()) };
        self.sessions.insert(request.mce_id.0, session);
        Ok(enb_id)
    }

    /// TS 36.443 clause 8.10.2: the service area counts, tunnel and session identity do not.
    fn on_update(&mut self, request: &m2ap::SessionUpdateRequest) {
        let &m2ap::SessionUpdateRequest { mce_id, enb_id, .. } = request;
        let is_involved = request.area.as_ref().map(|area| self.has_cell_in(area));
        let session = self.sessions.get_mut(&mce_id.0);
        let Some(session) = session.filter(|session| session.enb_id == enb_id && session.tmgi == request.tmgi) else {
            let cause = CauseRadioNetwork::UnknownOrInconsistentPairOfMbmsM2apIds.into();
            let failure = m2ap::SessionUpdateFailure { mce_id, enb_id, cause, diagnostics: None };
            return self.send(&M2apPdu::SessionUpdateFailure(failure));
        };
        let (tnl, was_member) = (session.tnl, session.is_member);
        session.is_member = is_involved.unwrap_or(was_member);
        let is_member = session.is_member;
        if is_member != was_member {
            self.member(&tnl, is_member);
        }
        let response = m2ap::SessionUpdateResponse { mce_id, enb_id, diagnostics: None };
        self.send(&M2apPdu::SessionUpdateResponse(response));
    }

    fn on_stop(&mut self, now: Instant, request: &m2ap::SessionStopRequest) {
        let &m2ap::SessionStopRequest { mce_id, enb_id } = request;
        if self.sessions.get(&mce_id.0).is_none_or(|session| session.enb_id != enb_id) {
            // There is no failure of a session stop: TS 36.443 clause 8.9.2.
            let cause = CauseRadioNetwork::UnknownOrInconsistentPairOfMbmsM2apIds.into();
            let error = m2ap::ErrorIndication {
                mce_id: Some(mce_id),
                enb_id: Some(enb_id),
                cause: Some(cause),
                diagnostics: None,
            };
            return self.send(&M2apPdu::ErrorIndication(error));
        }
        self.end_session(now, mce_id.0);
        let response = m2ap::SessionStopResponse { mce_id, enb_id, diagnostics: None };
        self.send(&M2apPdu::SessionStopResponse(response));
    }

    fn on_scheduling(&mut self, now: Instant, information: MbmsSchedulingInformation) {
        for area in information.areas {
            let id = area.area.0;
            let Some(from) = self.schedules.instant(id, information.update_time.0, now) else {
                self.ignored(format!("scheduling of MBSFN area {id}, which was not set up"));
                continue;
            };
            for suspension in area.suspensions.into_iter().flatten() {
                let since = frame(suspension.sfn, now);
                let (tmgis, until) = (suspension.sessions, from);
                self.radio.push(EnbRadio::Suspension { area: id, tmgis, from: since, until });
            }
            self.schedules.list(id, from, area.pmchs.clone());
            let (pmchs, subframes, period) = (area.pmchs, area.subframes, area.period);
            self.radio.push(EnbRadio::Mcch { area: id, pmchs, subframes, period, from });
        }
        let answer = m2ap::MbmsSchedulingInformationResponse { diagnostics: None };
        self.send(&M2apPdu::MbmsSchedulingInformationResponse(answer));
        self.plan_sessions(now);
    }

    /// TS 36.443 clause 8.5.2.1.
    fn on_reset(&mut self, now: Instant, kind: ResetType) {
        let (ids, connections): (Vec<u32>, _) = match kind {
            ResetType::All => (self.sessions.keys().copied().collect(), None),
            ResetType::Part(list) => {
                let is_meant = |id: u32, session: &Session, item: &Connection| {
                    let by_mce = item.mce.is_none_or(|own| own.0 == id);
                    let by_enb = item.enb.is_none_or(|own| own == session.enb_id);
                    (item.mce.is_some() || item.enb.is_some()) && by_mce && by_enb
                };
                let meant = |(id, session): &(&u32, &Session)| list.iter().any(|item| is_meant(**id, session, item));
                let ids = self.sessions.iter().filter(meant).map(|(id, _)| *id).collect();
                let named = list.into_iter().filter(|item| item.mce.is_some() || item.enb.is_some());
                (ids, Some(named.collect::<Vec<_>>()).filter(|named| !named.is_empty()))
            }
        };
        for id in ids {
            self.end_session(now, id);
        }
        self.send(&M2apPdu::ResetAcknowledge(m2ap::ResetAcknowledge { connections, diagnostics: None }));
    }
}

/// Start of the next radio frame with this SFN.
fn frame(sfn: u16, now: Instant) -> Instant {
    let current = now.as_nanos() / FRAME.as_nanos() as u64;
    let ahead = (u64::from(sfn) + FRAMES_OF_SFN - current % FRAMES_OF_SFN) % FRAMES_OF_SFN;
    Instant::from_nanos((current + ahead) * FRAME.as_nanos() as u64)
}
