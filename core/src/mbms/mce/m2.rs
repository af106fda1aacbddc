//! M2AP at the MCE (TS 36.443 clause 8): eNBs that set themselves up, and sessions at them.

use std::collections::BTreeSet;

use protocol::Instant;
use protocol::diameter::mbms::{Ecgi, MbmsServiceArea};
use protocol::m2ap::{
    self, CellInformation, CellReservation, Connection, EnbConfigurationItem, EnbMbmsConfiguration, EnbMbmsM2apId,
    GlobalEnbId, M2apPdu, McchRelatedBcchConfig, MceId, ResetType,
};
use protocol::mbms_ap::{Name, TimeToWait};

use super::MceNode;
use super::calendar::MceInput;
use super::session::Leg;
use crate::node::{NodeOutput, StreamId, StreamOutput};

/// Association with an eNB.
#[derive(Debug, Default)]
pub(super) struct Enb {
    /// Who it is and its cells, once it has set itself up.
    known: Option<(GlobalEnbId, Vec<EnbMbmsConfiguration>)>,
}

impl Enb {
    pub(super) const fn is_up(&self) -> bool {
        self.known.is_some()
    }

    fn cells(&self) -> &[EnbMbmsConfiguration] {
        self.known.as_ref().map_or(&[], |(_, cells)| cells)
    }
}

fn serves(cell: &EnbMbmsConfiguration, areas: &BTreeSet<u16>) -> bool {
    cell.areas.iter().any(|area| areas.contains(&area.0))
}

/// Whether a cell is in a service area; 0 is the whole network (TS 23.003 clause 15.3).
pub(in crate::mbms) fn is_in(cell: &EnbMbmsConfiguration, area: &MbmsServiceArea) -> bool {
    area.areas().iter().any(|area| *area == 0 || cell.areas.iter().any(|own| own.0 == *area))
}

impl MceNode {
    pub(super) fn on_enb(&mut self, conn: StreamId) {
        if self.enbs.len() >= self.config.max_enbs {
            return self.out.push_back(NodeOutput::Stream(StreamOutput::Close { conn }));
        }
        self.enbs.insert(conn, Enb::default());
    }

    pub(super) fn on_enb_lost(&mut self, now: Instant, conn: StreamId) {
        if self.enbs.remove(&conn).is_some_and(|enb| enb.is_up()) {
            self.say("an eNB is lost");
        }
        self.forget_legs(now, conn, None);
    }

    /// eNBs with a cell in the service area, and of the list of cells if there is one (TS 36.444 clause 8.2.3).
    pub(super) fn involved(&self, area: &MbmsServiceArea, cells: Option<&[Ecgi]>) -> Vec<StreamId> {
        let is_meant =
            |cell: &EnbMbmsConfiguration| is_in(cell, area) && cells.is_none_or(|cells| cells.contains(&cell.cell));
        let enbs = self.enbs.iter().filter(|(_, enb)| enb.cells().iter().any(is_meant));
        enbs.map(|(conn, _)| *conn).collect()
    }

    /// eNBs with a cell in an MBSFN area.
    pub(super) fn enbs_of(&self, area: usize) -> Vec<StreamId> {
        let areas = &self.config.areas[area].service_areas;
        let enbs = self.enbs.iter().filter(|(_, enb)| enb.cells().iter().any(|cell| serves(cell, areas)));
        enbs.map(|(conn, _)| *conn).collect()
    }

    /// A message of an eNB.
    pub(super) fn on_m2(&mut self, now: Instant, conn: StreamId, bytes: &[u8]) {
        let Some(enb) = self.enbs.get(&conn) else { return };
        let is_up = enb.is_up();
        let pdu = match M2apPdu::parse(bytes) {
            Ok(pdu) => pdu,
            Err(error) => {
                self.ignored(format!("M2AP: {error}"));
                if let Some(answer) = M2apPdu::error_indication(&error) {
                    self.send_m2(conn, &answer);
                }
                return;
            }
        };
        match pdu {
            M2apPdu::M2SetupRequest(setup) => self.on_setup(now, conn, setup),
            // Nothing else comes before (TS 36.443 clause 8.6.1).
            pdu if !is_up => self.ignored(pdu.name()),
            M2apPdu::EnbConfigurationUpdate(update) => self.on_configuration(now, conn, update),
            M2apPdu::SessionStartResponse(m) => self.on_started(now, conn, m.mce_id.0, m.enb_id),
            M2apPdu::SessionStartFailure(m) => self.on_not_started(now, conn, m.mce_id.0, m.cause),
            M2apPdu::SessionUpdateResponse(m) => self.on_updated(now, conn, m.mce_id.0, None),
            M2apPdu::SessionUpdateFailure(m) => self.on_updated(now, conn, m.mce_id.0, Some(m.cause)),
            M2apPdu::SessionStopResponse(m) => self.ended(conn, m.mce_id.0),
            M2apPdu::MbmsSchedulingInformationResponse(_) | M2apPdu::ResetAcknowledge(_) => {}
            M2apPdu::MceConfigurationUpdateAcknowledge(_) => {}
            M2apPdu::Reset(reset) => self.on_enb_reset(now, conn, reset.kind),
            M2apPdu::ErrorIndication(m) => {
                self.say(format!("error indication of an eNB: {:?}", m.cause));
                if let Some(id) = m.mce_id.and_then(|id| u16::try_from(id.0).ok()) {
                    self.forget_legs(now, conn, Some(&BTreeSet::from([id])));
                }
            }
            other => self.ignored(other.name()),
        }
    }

    /// TS 36.443 clause 8.6: it erases all that there was with this eNB; it gets its sessions again.
    fn on_setup(&mut self, now: Instant, conn: StreamId, setup: m2ap::M2SetupRequest) {
        let is_old = |enb: &Enb| enb.known.as_ref().is_some_and(|(id, _)| *id == setup.enb);
        let old: Vec<StreamId> = self.enbs.iter().filter(|(_, enb)| is_old(enb)).map(|(conn, _)| *conn).collect();
        for other in old {
            self.forget_legs(now, other, None);
            if other != conn {
                self.enbs.remove(&other);
                self.out.push_back(NodeOutput::Stream(StreamOutput::Close { conn: other }));
            }
        }
        let bcch = self.bcch(&setup.cells);
        if bcch.is_empty() {
            self.say("an eNB has no cell in an MBSFN area of this MCE");
            let cause = m2ap::CauseRadioNetwork::Unspecified.into();
            let failure = m2ap::M2SetupFailure { cause, time_to_wait: Some(TimeToWait::V60s), diagnostics: None };
            return self.send_m2(conn, &M2apPdu::M2SetupFailure(failure));
        }
        self.say(format!("eNB {} is set up", setup.name.as_ref().map_or("without a name", |name| name.as_str())));
        self.enbs.insert(conn, Enb { known: Some((setup.enb, setup.cells)) });
        let mce = m2ap::GlobalMceId { plmn: self.config.id.plmn, mce: MceId(self.config.id.mce) };
        let name = Name::new(&self.config.name);
        self.send_m2(conn, &M2apPdu::M2SetupResponse(m2ap::M2SetupResponse { mce, name, bcch, diagnostics: None }));
        self.mce.handle_input(now, MceInput::M2Setup);
        self.give_sessions(now, conn);
        self.send_current(now, conn);
        self.drain_scheduling(now);
    }

    /// SIB13 of these cells.
    fn bcch(&self, cells: &[EnbMbmsConfiguration]) -> Vec<McchRelatedBcchConfig> {
        let of = |area: &super::MbsfnArea| {
            let cells = cells.iter().filter(|cell| serves(cell, &area.service_areas));
            let information = |cell: &EnbMbmsConfiguration| CellInformation {
                cell: cell.cell,
                reservation: CellReservation::NonReserved,
            };
            let cells: Vec<_> = cells.map(information).collect();
            (!cells.is_empty()).then(|| McchRelatedBcchConfig { cells, ..area.bcch.clone() })
        };
        self.config.areas.iter().filter_map(of).collect()
    }

    /// TS 36.443 clause 8.7: cells change or are no more part of it.
    fn on_configuration(&mut self, now: Instant, conn: StreamId, update: m2ap::EnbConfigurationUpdate) {
        let Some((id, cells)) = self.enbs.get_mut(&conn).and_then(|enb| enb.known.as_mut()) else { return };
        if let Some(enb) = update.enb {
            *id = enb;
        }
        for item in update.cells.into_iter().flatten() {
            let cell = match &item {
                EnbConfigurationItem::Changed(configuration) => configuration.cell,
                EnbConfigurationItem::Removed(cell) => *cell,
            };
            cells.retain(|own| own.cell != cell);
            if let EnbConfigurationItem::Changed(configuration) = item {
                cells.push(configuration);
            }
        }
        let cells = cells.clone();
        let bcch = Some(self.bcch(&cells)).filter(|bcch| !bcch.is_empty());
        let answer = m2ap::EnbConfigurationUpdateAcknowledge { bcch, diagnostics: None };
        self.send_m2(conn, &M2apPdu::EnbConfigurationUpdateAcknowledge(answer));
        let has = self.sessions.iter().filter(|(_, session)| session.legs.contains_key(&conn));
        let out = has.filter(|(_, session)| !self.involved(&session.area, session.cells.as_deref()).contains(&conn));
        for id in out.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.end_leg(conn, id);
        }
        self.give_sessions(now, conn);
        self.send_current(now, conn);
    }

    /// Sessions of its service areas that an eNB does not have.
    fn give_sessions(&mut self, now: Instant, conn: StreamId) {
        let lacks = self.sessions.iter().filter(|(_, session)| {
            !session.legs.contains_key(&conn) && self.involved(&session.area, session.cells.as_deref()).contains(&conn)
        });
        for id in lacks.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.start_leg(conn, id);
            self.check(now, id);
        }
    }

    /// Session start at an eNB (TS 36.443 clause 8.2).
    pub(super) fn start_leg(&mut self, conn: StreamId, id: u16) {
        let is_ending = self.ending.contains(&(conn, id));
        let Some(session) = self.sessions.get_mut(&id).filter(|_| !is_ending) else { return };
        session.legs.insert(conn, Leg::Starting);
        let request = m2ap::SessionStartRequest {
            mce_id: Self::m2_id(id),
            tmgi: session.tmgi,
            session: session.identity,
            area: session.area.clone(),
            tnl: session.tnl,
            alternative_tnl: None,
        };
        self.send_m2(conn, &M2apPdu::SessionStartRequest(request));
    }

    pub(super) fn update_leg(&mut self, conn: StreamId, id: u16, enb_id: EnbMbmsM2apId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.legs.insert(conn, Leg::Updating { enb_id });
        let request = m2ap::SessionUpdateRequest {
            mce_id: Self::m2_id(id),
            enb_id,
            tmgi: session.tmgi,
            session: session.identity,
            area: Some(session.area.clone()),
            tnl: None,
        };
        self.send_m2(conn, &M2apPdu::SessionUpdateRequest(request));
    }

    /// Session stop at an eNB; one that has not answered the start is stopped when it does.
    pub(super) fn end_leg(&mut self, conn: StreamId, id: u16) {
        let Some(leg) = self.sessions.get_mut(&id).and_then(|session| session.legs.remove(&conn)) else { return };
        self.ending.insert((conn, id));
        if let Leg::Up { enb_id } | Leg::Updating { enb_id } = leg {
            self.send_stop(conn, id, enb_id);
        }
    }

    fn send_stop(&mut self, conn: StreamId, id: u16, enb_id: EnbMbmsM2apId) {
        let request = m2ap::SessionStopRequest { mce_id: Self::m2_id(id), enb_id };
        self.send_m2(conn, &M2apPdu::SessionStopRequest(request));
    }

    fn ended(&mut self, conn: StreamId, id: u32) {
        let Ok(id) = u16::try_from(id) else { return };
        self.ending.remove(&(conn, id));
        let is_lacking = self.sessions.get(&id).is_some_and(|session| {
            !session.legs.contains_key(&conn) && self.involved(&session.area, session.cells.as_deref()).contains(&conn)
        });
        if is_lacking {
            self.start_leg(conn, id);
        }
    }

    fn on_started(&mut self, now: Instant, conn: StreamId, id: u32, enb_id: EnbMbmsM2apId) {
        let Ok(id) = u16::try_from(id) else { return };
        if self.ending.contains(&(conn, id)) {
            return self.send_stop(conn, id, enb_id);
        }
        let Some(leg) = self.sessions.get_mut(&id).and_then(|session| session.legs.get_mut(&conn)) else {
            return self.ignored(format!("a session start response for {id}, which is not there"));
        };
        *leg = Leg::Up { enb_id };
        self.answered(now, id, true);
    }

    fn on_not_started(&mut self, now: Instant, conn: StreamId, id: u32, cause: m2ap::Cause) {
        let Ok(own) = u16::try_from(id) else { return };
        if self.ending.contains(&(conn, own)) {
            return self.ended(conn, id);
        }
        self.say(format!("an eNB does not carry session {own}: {cause:?}"));
        if self.sessions.get_mut(&own).and_then(|session| session.legs.remove(&conn)).is_some() {
            self.answered(now, own, false);
        }
    }

    fn on_updated(&mut self, now: Instant, conn: StreamId, id: u32, failure: Option<m2ap::Cause>) {
        let Ok(id) = u16::try_from(id) else { return };
        let leg = self.sessions.get_mut(&id).and_then(|session| session.legs.get_mut(&conn));
        let Some(leg) = leg else { return };
        let Leg::Updating { enb_id } = *leg else { return };
        *leg = Leg::Up { enb_id };
        self.answered(now, id, failure.is_none());
    }

    /// All connections of M2 with an eNB are gone, or some of them.
    fn forget_legs(&mut self, now: Instant, conn: StreamId, of: Option<&BTreeSet<u16>>) {
        let is_meant = |id: &u16| of.is_none_or(|of| of.contains(id));
        self.ending.retain(|(own, id)| *own != conn || !is_meant(id));
        let has = self.sessions.iter_mut().filter(|(id, _)| is_meant(id));
        let lost: Vec<u16> = has.filter_map(|(id, session)| session.legs.remove(&conn).map(|_| *id)).collect();
        for id in lost {
            self.answered(now, id, false);
        }
    }

    /// TS 36.443 clause 8.5.2.2: an eNB has lost what it had; it gets it again.
    fn on_enb_reset(&mut self, now: Instant, conn: StreamId, kind: ResetType) {
        let (of, connections) = match kind {
            ResetType::All => (None, None),
            ResetType::Part(list) => {
                let ids = list.iter().filter_map(|item| self.meant(conn, item)).collect::<BTreeSet<u16>>();
                let named = list.into_iter().filter(|item| item.mce.is_some() || item.enb.is_some());
                (Some(ids), Some(named.collect::<Vec<_>>()).filter(|named| !named.is_empty()))
            }
        };
        self.say("an eNB resets M2");
        self.forget_legs(now, conn, of.as_ref());
        let answer = m2ap::ResetAcknowledge { connections, diagnostics: None };
        self.send_m2(conn, &M2apPdu::ResetAcknowledge(answer));
        self.give_sessions(now, conn);
    }

    fn meant(&self, conn: StreamId, item: &Connection) -> Option<u16> {
        let is_it = |leg: Option<&Leg>| match leg {
            Some(Leg::Up { enb_id } | Leg::Updating { enb_id }) => Some(*enb_id) == item.enb,
            _ => false,
        };
        let by_enb = || self.sessions.iter().find(|(_, s)| is_it(s.legs.get(&conn))).map(|(id, _)| *id);
        item.mce.and_then(|id| u16::try_from(id.0).ok()).or_else(by_enb)
    }
}
