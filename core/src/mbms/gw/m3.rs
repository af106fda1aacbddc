//! M3AP at the gateway, in the role of an MME (TS 36.444 clause 8): MCEs that set themselves up, and sessions at them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use protocol::Instant;
use protocol::diameter::mbms::SessionDuration;
use protocol::m3ap::{
    self, Cause, Connection, GlobalMceId, M3apPdu, MceMbmsM3apId, MinimumTimeToDataTransfer, MmeMbmsM3apId,
    Reestablishment, ResetType,
};
use protocol::mbms_ap::{SessionId, TnlInformation};

use super::MbmsGwNode;
use super::session::{Failure, Leg};
use crate::node::{NodeOutput, StreamId, StreamOutput};

/// Association with an MCE.
#[derive(Debug, Default)]
pub(super) struct Mce {
    /// Who it is and which service areas it has, once it has set itself up.
    known: Option<(GlobalMceId, BTreeSet<u16>)>,
}

impl Mce {
    pub(super) const fn is_up(&self) -> bool {
        self.known.is_some()
    }

    /// Whether it has one of these service areas; 0 is the whole network (TS 23.003 clause 15.3).
    pub(super) fn serves(&self, areas: &[u16]) -> bool {
        self.known.as_ref().is_some_and(|(_, own)| areas.iter().any(|area| *area == 0 || own.contains(area)))
    }
}

impl MbmsGwNode {
    pub(super) fn on_association(&mut self, conn: StreamId) {
        if !self.is_ready() || self.mces.len() >= self.config.max_mces {
            return self.out.push_back(NodeOutput::Stream(StreamOutput::Close { conn }));
        }
        self.mces.insert(conn, Mce::default());
    }

    pub(super) fn on_association_lost(&mut self, now: Instant, conn: StreamId) {
        if self.mces.remove(&conn).is_some_and(|mce| mce.is_up()) {
            self.say("an MCE is lost");
        }
        self.forget_legs(now, conn, None);
    }

    /// All connections of M3 with an MCE are gone, or some of them.
    fn forget_legs(&mut self, now: Instant, conn: StreamId, of: Option<&BTreeSet<u16>>) {
        let is_meant = |mme_id: u16| of.is_none_or(|of| of.contains(&mme_id));
        let ending: Vec<_> = self.ending.iter().filter(|(own, id)| *own == conn && is_meant(*id)).copied().collect();
        for (_, mme_id) in ending {
            self.ended(conn, mme_id);
        }
        let has =
            self.sessions.iter().filter(|(_, live)| live.legs.contains_key(&conn) && is_meant(live.session.mme_id));
        for id in has.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.sessions.get_mut(&id).map(|live| live.legs.remove(&conn));
            self.answered(now, &id, Some(Failure::Lost));
        }
    }

    /// A message of M3AP.
    pub(super) fn on_m3(&mut self, now: Instant, conn: StreamId, bytes: &[u8]) {
        if !self.mces.contains_key(&conn) {
            return;
        }
        let pdu = match M3apPdu::parse(bytes) {
            Ok(pdu) => pdu,
            Err(error) => {
                self.ignored(format!("M3AP: {error}"));
                if let Some(answer) = M3apPdu::error_indication(&error) {
                    self.send_m3(conn, &answer);
                }
                return;
            }
        };
        match pdu {
            M3apPdu::M3SetupRequest(setup) => self.on_setup(now, conn, setup),
            M3apPdu::MceConfigurationUpdate(update) => self.on_configuration(now, conn, update),
            M3apPdu::MbmsSessionStartResponse(m) => self.on_started(now, conn, m.mme_id.0, m.mce_id),
            M3apPdu::MbmsSessionStartFailure(m) => self.on_not_started(now, conn, m.mme_id.0, m.cause),
            M3apPdu::MbmsSessionUpdateResponse(m) => self.on_updated(now, conn, m.mme_id.0, None),
            M3apPdu::MbmsSessionUpdateFailure(m) => self.on_updated(now, conn, m.mme_id.0, Some(m.cause)),
            M3apPdu::MbmsSessionStopResponse(m) => self.ended(conn, m.mme_id.0),
            M3apPdu::Reset(reset) => self.on_reset(now, conn, reset.kind),
            M3apPdu::ErrorIndication(m) => self.on_error(now, conn, m.mme_id.map(|id| id.0), m.cause),
            other => self.ignored(format!("{} of an MCE", other.name())),
        }
    }

    /// TS 36.444 clause 8.7: it erases all that there was with this MCE; it gets its sessions again.
    fn on_setup(&mut self, now: Instant, conn: StreamId, setup: m3ap::M3SetupRequest) {
        let is_old = |mce: &Mce| mce.known.as_ref().is_some_and(|(id, _)| *id == setup.mce);
        let old: Vec<StreamId> = self.mces.iter().filter(|(_, mce)| is_old(mce)).map(|(conn, _)| *conn).collect();
        for other in old {
            self.forget_legs(now, other, None);
            if other != conn {
                self.mces.remove(&other);
                self.out.push_back(NodeOutput::Stream(StreamOutput::Close { conn: other }));
            }
        }
        self.say(format!("MCE {} is set up", setup.name.as_ref().map_or("without a name", |name| name.as_str())));
        self.mces.insert(conn, Mce { known: Some((setup.mce, setup.areas.into_iter().map(|area| area.0).collect())) });
        self.send_m3(conn, &M3apPdu::M3SetupResponse(m3ap::M3SetupResponse { diagnostics: None }));
        self.give_sessions(now, conn);
    }

    /// TS 36.444 clause 8.8: service areas come and go; what runs goes on.
    fn on_configuration(&mut self, now: Instant, conn: StreamId, update: m3ap::MceConfigurationUpdate) {
        let Some((id, areas)) = self.mces.get_mut(&conn).and_then(|mce| mce.known.as_mut()) else { return };
        if let Some(mce) = update.mce {
            *id = mce;
        }
        if let Some(new) = update.areas {
            *areas = new.into_iter().map(|area| area.0).collect();
        }
        let answer = m3ap::MceConfigurationUpdateAcknowledge { diagnostics: None };
        self.send_m3(conn, &M3apPdu::MceConfigurationUpdateAcknowledge(answer));
        self.give_sessions(now, conn);
    }

    /// Sessions of its service areas that an MCE does not have, the most important first.
    fn give_sessions(&mut self, now: Instant, conn: StreamId) {
        let Some(mce) = self.mces.get(&conn) else { return };
        let lacks = self.sessions.values().filter(|live| !live.legs.contains_key(&conn));
        let lacks = lacks.map(|live| &live.session).filter(|session| mce.serves(&session.parameters.area));
        let mut ids: Vec<_> = lacks.map(|s| (s.parameters.priority, s.mme_id, s.id.clone())).collect();
        ids.sort_unstable();
        for (.., id) in ids {
            self.start_leg(conn, &id, true);
            self.check(now, &id);
        }
    }

    /// Session start at an MCE (TS 36.444 clause 8.2); `again`: it may be that it runs there already.
    pub(super) fn start_leg(&mut self, conn: StreamId, id: &str, again: bool) {
        let Some(live) = self.sessions.get_mut(id) else { return };
        let session = &live.session;
        // A stop of the same connection of M3 is not answered yet: it comes again when it is.
        let (Some(area), false) = (session.parameters.service_area(), self.ending.contains(&(conn, session.mme_id)))
        else {
            return;
        };
        let request = m3ap::MbmsSessionStartRequest {
            mme_id: MmeMbmsM3apId(session.mme_id),
            tmgi: session.tmgi,
            session: session.parameters.session_identity.map(SessionId),
            qos: session.parameters.qos(),
            duration: SessionDuration::from_octets(session.parameters.duration),
            area,
            minimum_time: MinimumTimeToDataTransfer(session.parameters.time_to_data),
            tnl: TnlInformation {
                group: IpAddr::V4(session.multicast),
                source: IpAddr::V4(self.config.m1_source),
                teid: session.c_teid,
            },
            data_start: None,
            reestablishment: again.then_some(Reestablishment::True),
            alternative_tnl: None,
            cells: session.parameters.cell_list(),
        };
        live.legs.insert(conn, Leg::Starting);
        self.send_m3(conn, &M3apPdu::MbmsSessionStartRequest(request));
    }

    pub(super) fn update_leg(&mut self, conn: StreamId, id: &str, mce_id: MceMbmsM3apId) {
        let Some(live) = self.sessions.get_mut(id) else { return };
        let session = &live.session;
        let request = m3ap::MbmsSessionUpdateRequest {
            mme_id: MmeMbmsM3apId(session.mme_id),
            mce_id,
            tmgi: session.tmgi,
            session: session.parameters.session_identity.map(SessionId),
            qos: session.parameters.qos(),
            duration: SessionDuration::from_octets(session.parameters.duration),
            area: session.parameters.service_area(),
            minimum_time: MinimumTimeToDataTransfer(session.parameters.time_to_data),
            tnl: None,
            data_start: None,
            cells: session.parameters.cell_list(),
        };
        live.legs.insert(conn, Leg::Updating { mce_id });
        self.send_m3(conn, &M3apPdu::MbmsSessionUpdateRequest(request));
    }

    /// Session stop at an MCE; one that has not answered the start is stopped when it does.
    pub(super) fn end_leg(&mut self, conn: StreamId, mme_id: u16, leg: Leg) {
        self.ending.insert((conn, mme_id));
        if let Leg::Up { mce_id } | Leg::Updating { mce_id } = leg {
            self.send_stop(conn, mme_id, mce_id);
        }
    }

    fn send_stop(&mut self, conn: StreamId, mme_id: u16, mce_id: MceMbmsM3apId) {
        let request = m3ap::MbmsSessionStopRequest { mme_id: MmeMbmsM3apId(mme_id), mce_id, data_stop: None };
        self.send_m3(conn, &M3apPdu::MbmsSessionStopRequest(request));
    }

    /// A connection of M3 is gone; when it was the last, its identity is free.
    fn ended(&mut self, conn: StreamId, mme_id: u16) {
        if !self.ending.remove(&(conn, mme_id)) || self.ending.iter().any(|(_, id)| *id == mme_id) {
            return;
        }
        match self.by_mme_id.get(&mme_id).cloned() {
            None => self.pools.give_back_mme_id(mme_id),
            Some(id) => {
                let live = self.sessions.get(&id);
                let lacks = live.is_some_and(|live| !live.legs.contains_key(&conn) && !live.is_starting());
                let serves = |mce: &Mce| live.is_some_and(|live| mce.serves(&live.session.parameters.area));
                if lacks && self.mces.get(&conn).is_some_and(serves) {
                    self.start_leg(conn, &id, true);
                }
            }
        }
    }

    fn on_started(&mut self, now: Instant, conn: StreamId, mme_id: u16, mce_id: MceMbmsM3apId) {
        if self.ending.contains(&(conn, mme_id)) {
            return self.send_stop(conn, mme_id, mce_id);
        }
        let Some((id, leg)) = self.leg(conn, mme_id) else {
            return self.ignored(format!("a session start response for {mme_id}, which is not there"));
        };
        *leg = Leg::Up { mce_id };
        self.answered(now, &id, None);
    }

    fn on_not_started(&mut self, now: Instant, conn: StreamId, mme_id: u16, cause: Cause) {
        self.ended(conn, mme_id);
        let Some((id, _)) = self.leg(conn, mme_id) else { return };
        self.say(format!("an MCE does not carry session {id}: {cause:?}"));
        self.sessions.get_mut(&id).map(|live| live.legs.remove(&conn));
        self.answered(now, &id, Some(Failure::Refused(cause)));
    }

    fn on_updated(&mut self, now: Instant, conn: StreamId, mme_id: u16, failure: Option<Cause>) {
        let Some((id, leg)) = self.leg(conn, mme_id) else { return };
        let Leg::Updating { mce_id } = *leg else { return self.ignored("a session update that was not asked for") };
        *leg = Leg::Up { mce_id };
        self.answered(now, &id, failure.map(Failure::Refused));
    }

    fn leg(&mut self, conn: StreamId, mme_id: u16) -> Option<(String, &mut Leg)> {
        let id = self.by_mme_id.get(&mme_id)?.clone();
        let leg = self.sessions.get_mut(&id)?.legs.get_mut(&conn)?;
        Some((id, leg))
    }

    /// TS 36.444 clause 8.5.2.2: an MCE has lost what it had; it gets it again.
    fn on_reset(&mut self, now: Instant, conn: StreamId, kind: ResetType) {
        let (of, connections) = match kind {
            ResetType::All => (None, None),
            ResetType::Part(list) => {
                let ids = list.iter().filter_map(|item| self.meant(conn, item)).collect();
                (
                    Some(ids),
                    Some(list.into_iter().filter(|c| c.mme.is_some() || c.mce.is_some()).collect::<Vec<_>>())
                        .filter(|list| !list.is_empty()),
                )
            }
        };
        self.say("an MCE resets M3");
        self.forget_legs(now, conn, of.as_ref());
        self.send_m3(conn, &M3apPdu::ResetAcknowledge(m3ap::ResetAcknowledge { connections, diagnostics: None }));
        self.give_sessions(now, conn);
    }

    /// The identity here of a connection that an MCE names by one of both.
    fn meant(&self, conn: StreamId, item: &Connection) -> Option<u16> {
        let is_it = |leg: Option<&Leg>| match leg {
            Some(Leg::Up { mce_id } | Leg::Updating { mce_id }) => Some(*mce_id) == item.mce,
            _ => false,
        };
        let by_mce = || self.sessions.values().find(|live| is_it(live.legs.get(&conn))).map(|live| live.session.mme_id);
        item.mme.map(|id| id.0).or_else(by_mce)
    }

    /// TS 36.444 clause 8.4: what was sent of a session was not understood; it does not run there.
    fn on_error(&mut self, now: Instant, conn: StreamId, mme_id: Option<u16>, cause: Option<Cause>) {
        self.say(format!("error indication of an MCE: {cause:?}"));
        if let Some(mme_id) = mme_id {
            self.forget_legs(now, conn, Some(&BTreeSet::from([mme_id])));
        }
    }

    fn send_m3(&mut self, conn: StreamId, pdu: &M3apPdu) {
        match pdu.emit() {
            Ok(bytes) => self.out.push_back(NodeOutput::Stream(StreamOutput::Send { conn, bytes })),
            Err(e) => self.say(format!("{} cannot be written: {e}", pdu.name())),
        }
    }
}
