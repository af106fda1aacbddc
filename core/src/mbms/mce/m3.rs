//! M3AP at the MCE (TS 36.444 clause 8).

use std::time::Duration;

use protocol::Instant;
use protocol::m3ap::{
    self, CauseRadioNetwork, Connection, M3apPdu, MceMbmsM3apId, MmeMbmsM3apId, ResetType, ServiceAreaId,
};
use protocol::mbms_ap::{Name, TimeToWait};

use super::MceNode;
use super::session::{Session, demand};
use crate::node::{NodeOutput, StreamOutput};

impl MceNode {
    /// TS 36.444 clause 8.7: the first procedure on an association.
    pub(super) fn send_setup(&mut self) {
        let areas = self.config.service_areas().into_iter().map(ServiceAreaId).collect();
        let setup = m3ap::M3SetupRequest { mce: self.config.id, name: Name::new(&self.config.name), areas };
        self.send_m3(&M3apPdu::M3SetupRequest(setup));
    }

    /// A message of the gateway.
    pub(super) fn on_m3(&mut self, now: Instant, bytes: &[u8]) {
        let pdu = match M3apPdu::parse(bytes) {
            Ok(pdu) => pdu,
            Err(error) => {
                self.ignored(format!("M3AP: {error}"));
                if let Some(answer) = M3apPdu::error_indication(&error) {
                    self.send_m3(&answer);
                }
                return;
            }
        };
        match pdu {
            M3apPdu::M3SetupResponse(_) => {
                self.gateway.on_accepted();
                self.say("M3 is set up");
            }
            M3apPdu::M3SetupFailure(failure) => {
                let wait = failure.time_to_wait.map(TimeToWait::seconds).map(Duration::from_secs);
                self.say(format!("the MBMS-GW refuses the setup: {:?}", failure.cause));
                self.out.extend(self.gateway.on_refused(now, wait).map(NodeOutput::Stream));
            }
            // Nothing else comes before (TS 36.444 clause 8.7.1).
            pdu if self.gateway.up().is_none() => self.ignored(pdu.name()),
            M3apPdu::MbmsSessionStartRequest(request) => self.on_start(now, request),
            M3apPdu::MbmsSessionUpdateRequest(request) => self.on_update(now, request),
            M3apPdu::MbmsSessionStopRequest(request) => self.on_stop(now, &request),
            M3apPdu::Reset(reset) => self.on_reset(now, reset.kind),
            M3apPdu::ErrorIndication(error) => self.say(format!("error indication of the MBMS-GW: {:?}", error.cause)),
            M3apPdu::MceConfigurationUpdateAcknowledge(_) | M3apPdu::ResetAcknowledge(_) => {}
            other => self.ignored(other.name()),
        }
    }

    fn on_start(&mut self, now: Instant, request: m3ap::MbmsSessionStartRequest) {
        let mme_id = request.mme_id;
        let outcome = self.start_or_claim(now, request);
        if let Err(cause) = outcome {
            self.counters.refused += 1;
            self.say(format!("a session is refused: {cause:?}"));
            let failure = m3ap::MbmsSessionStartFailure { mme_id, cause, diagnostics: None };
            self.send_m3(&M3apPdu::MbmsSessionStartFailure(failure));
        }
    }

    /// A new session, or one that runs and whose gateway is there again (TS 36.444 clause 8.2.2: re-establishment).
    fn start_or_claim(&mut self, now: Instant, request: m3ap::MbmsSessionStartRequest) -> Result<(), m3ap::Cause> {
        let again = request.reestablishment.is_some();
        let mme_id = request.mme_id.0;
        let old = self.sessions.iter().find(|(_, session)| session.mme_id == Some(mme_id)).map(|(id, _)| *id);
        if old.is_some() && !again {
            return Err(CauseRadioNetwork::UnknownOrAlreadyAllocatedMmeMbmsM3apId.into());
        }
        let runs = self.sessions.iter().find(|(_, session)| {
            (again || session.mme_id.is_none()) && session.tmgi == request.tmgi && session.area.overlaps(&request.area)
        });
        let Some((&id, session)) = runs else {
            if let Some(old) = old {
                self.drop_session(now, old, true);
            }
            let session = Session {
                mme_id: Some(mme_id),
                tmgi: request.tmgi,
                identity: request.session,
                demand: demand(&request.qos),
                area: request.area,
                cells: request.cells,
                tnl: request.tnl,
                legs: std::collections::BTreeMap::new(),
                work: None,
                orphan_until: None,
            };
            return self.start_session(now, session, again);
        };
        if session.tnl != request.tnl || session.work.is_some() {
            // Its data come from elsewhere: eNBs take that for a new session only (TS 36.443 clause 8.10.2).
            self.drop_session(now, id, false);
            return self.start_or_claim(now, request);
        }
        let is_same =
            session.demand == demand(&request.qos) && session.area == request.area && session.cells == request.cells;
        if let Some(session) = self.sessions.get_mut(&id) {
            session.mme_id = Some(mme_id);
            session.orphan_until = None;
        }
        if !is_same {
            self.update_session(now, id, demand(&request.qos), request.area, request.cells)?;
            if let Some(work) = self.sessions.get_mut(&id).and_then(|session| session.work.as_mut()) {
                work.is_update = false;
                return Ok(());
            }
        }
        let response = m3ap::MbmsSessionStartResponse {
            mme_id: MmeMbmsM3apId(mme_id),
            mce_id: MceMbmsM3apId(id),
            diagnostics: None,
        };
        self.send_m3(&M3apPdu::MbmsSessionStartResponse(response));
        Ok(())
    }

    fn on_update(&mut self, now: Instant, request: m3ap::MbmsSessionUpdateRequest) {
        let (mme_id, mce_id) = (request.mme_id, request.mce_id);
        let session = self.sessions.get(&mce_id.0).filter(|session| session.mme_id == Some(mme_id.0));
        let outcome = match session {
            Some(session) if session.tmgi == request.tmgi => {
                let area = request.area.unwrap_or_else(|| session.area.clone());
                self.update_session(now, mce_id.0, demand(&request.qos), area, request.cells)
            }
            Some(_) => Err(m3ap::CauseProtocol::SemanticError.into()),
            None => Err(CauseRadioNetwork::UnknownOrInconsistentPairOfMbmsM3apIds.into()),
        };
        if let Err(cause) = outcome {
            let failure = m3ap::MbmsSessionUpdateFailure { mme_id, mce_id, cause, diagnostics: None };
            self.send_m3(&M3apPdu::MbmsSessionUpdateFailure(failure));
        }
    }

    fn on_stop(&mut self, now: Instant, request: &m3ap::MbmsSessionStopRequest) {
        let (mme_id, mce_id) = (request.mme_id, request.mce_id);
        let is_it = |session: &Session| session.mme_id == Some(mme_id.0);
        if !self.sessions.get(&mce_id.0).is_some_and(is_it) {
            // There is no failure of a session stop: TS 36.444 clause 8.4.2.
            let cause = CauseRadioNetwork::UnknownOrInconsistentPairOfMbmsM3apIds.into();
            let error = m3ap::ErrorIndication {
                mme_id: Some(mme_id),
                mce_id: Some(mce_id),
                cause: Some(cause),
                diagnostics: None,
            };
            return self.send_m3(&M3apPdu::ErrorIndication(error));
        }
        self.drop_session(now, mce_id.0, true);
        let response = m3ap::MbmsSessionStopResponse { mme_id, mce_id, diagnostics: None };
        self.send_m3(&M3apPdu::MbmsSessionStopResponse(response));
    }

    /// TS 36.444 clause 8.5.2.1.
    fn on_reset(&mut self, now: Instant, kind: ResetType) {
        let is_meant = |id: u16, session: &Session, item: &Connection| {
            let by_mce = item.mce.is_none_or(|own| own.0 == id);
            let by_mme = item.mme.is_none_or(|own| Some(own.0) == session.mme_id);
            (item.mce.is_some() || item.mme.is_some()) && by_mce && by_mme
        };
        let (ids, connections): (Vec<u16>, _) = match kind {
            ResetType::All => (self.sessions.keys().copied().collect(), None),
            ResetType::Part(list) => {
                let meant = |(id, session): &(&u16, &Session)| list.iter().any(|item| is_meant(**id, session, item));
                let ids = self.sessions.iter().filter(meant).map(|(id, _)| *id).collect();
                let named = list.into_iter().filter(|item| item.mce.is_some() || item.mme.is_some());
                (ids, Some(named.collect::<Vec<_>>()).filter(|named| !named.is_empty()))
            }
        };
        self.say(format!("the MBMS-GW resets M3: {} sessions end", ids.len()));
        for id in ids {
            self.drop_session(now, id, false);
        }
        self.send_m3(&M3apPdu::ResetAcknowledge(m3ap::ResetAcknowledge { connections, diagnostics: None }));
    }

    /// Tells the gateway that this MCE has lost what it had (TS 36.444 clause 8.5.2.2): it gets its sessions again.
    pub fn reset_m3(&mut self, now: Instant) {
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.drop_session(now, id, false);
        }
        if self.gateway.up().is_some() {
            let cause = m3ap::CauseMisc::OmIntervention.into();
            self.send_m3(&M3apPdu::Reset(m3ap::Reset { cause, kind: ResetType::All }));
        }
    }

    /// Closes the association with the gateway; it is opened again.
    pub fn lose_gateway(&mut self, now: Instant) {
        if let Some(conn) = self.gateway.open() {
            self.gateway.on_closed(now, conn);
            self.out.push_back(NodeOutput::Stream(StreamOutput::Close { conn }));
            self.orphan_all(now);
        }
    }
}
