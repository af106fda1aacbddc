//! From admission to MBMS scheduling information (TS 36.443 clause 8.4): what sessions are on which channel, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::m2ap::{
    M2apPdu, MbmsSchedulingInformation, MbsfnAreaConfiguration, McchUpdateTime, PmchItem, PmchSession,
    SuspensionNotification,
};
use protocol::{Instant, Tmgi};

use super::MceNode;
use super::calendar::{MceInput, MceOutput, PmchId};
use crate::mbms::admission::{Change, Place};
use crate::node::StreamId;

/// Radio frame.
const FRAME: Duration = Duration::from_millis(10);

impl MceNode {
    /// Lets the scheduling machine do what admission has decided. A session that ends leaves with its data; one that makes
    /// room leaves at once.
    pub(super) fn apply(&mut self, now: Instant, changes: &[Change], is_orderly: bool) {
        for change in changes {
            let Ok(id) = u16::try_from(change.bearer) else { continue };
            let Some(tmgi) = self.sessions.get(&id).map(|session| session.tmgi) else { continue };
            let area = change.area;
            match change.place {
                Place::On(pmch) => {
                    let resumed = self.sessions.get(&id).is_some_and(|session| session.work.is_none());
                    self.place(now, (area, id), tmgi, pmch);
                    self.counters.resumed += u64::from(resumed);
                }
                Place::Suspended | Place::Gone => {
                    if change.place == Place::Suspended {
                        self.counters.suspended += 1;
                        self.say(format!("TMGI {tmgi} is suspended in area {area}"));
                    }
                    self.placed.remove(&(area, id));
                    if self.mce.wanted(area, tmgi).is_some() {
                        let ends = change.place == Place::Gone && is_orderly;
                        let stop = MceInput::AreaStop { tmgi, area };
                        let input = if ends { stop } else { MceInput::Suspend { tmgi, area } };
                        self.mce.handle_input(now, input);
                    }
                }
            }
        }
        self.drain_scheduling(now);
    }

    fn place(&mut self, now: Instant, key: (usize, u16), tmgi: Tmgi, pmch: usize) {
        let place = PmchId { area: key.0, pmch };
        let input = if self.mce.wanted(key.0, tmgi).is_some() {
            MceInput::SessionUpdate { tmgi, pmch: place }
        } else {
            MceInput::SessionStart { tmgi, pmch: place }
        };
        self.placed.insert(key, pmch);
        self.mce.handle_input(now, input);
        self.drain_scheduling(now);
    }

    /// What was admitted and found no logical channel: those of sessions that have left are free after the next change.
    pub(super) fn place_waiting(&mut self, now: Instant) {
        let sessions = self.sessions.iter().flat_map(|(id, session)| {
            let areas = self.admission.areas(u32::from(*id)).iter();
            areas.map(move |area| ((*area, *id), session.tmgi))
        });
        let lacks = sessions.filter(|(key, _)| !self.placed.contains_key(key));
        let lacks = lacks.filter_map(|(key, tmgi)| Some((key, tmgi, self.admission.pmch(key.1.into(), key.0)?)));
        for (key, tmgi, pmch) in lacks.collect::<Vec<_>>() {
            self.place(now, key, tmgi, pmch);
        }
    }

    pub(super) fn drain_scheduling(&mut self, now: Instant) {
        while let Some(output) = self.mce.poll_output() {
            match output {
                MceOutput::Scheduling { area, from, pmchs } => {
                    let pdu = self.scheduling_information(now, area, from, &pmchs);
                    let enbs: Vec<StreamId> = self.enbs_of(area);
                    for conn in enbs {
                        self.send_m2(conn, &pdu);
                    }
                }
                MceOutput::Bearer { .. } => {}
                MceOutput::Refused(refusal) => {
                    self.say(format!("scheduling: {refusal}"));
                    self.forget_unplaced();
                }
            }
        }
    }

    /// Places that the scheduling machine does not have.
    fn forget_unplaced(&mut self) {
        let (sessions, mce) = (&self.sessions, &self.mce);
        self.placed.retain(|(area, id), pmch| {
            sessions.get(id).is_some_and(|session| mce.wanted(*area, session.tmgi) == Some(*pmch))
        });
    }

    /// An eNB that comes later learns what there is: on air, and announced.
    pub(super) fn send_current(&mut self, now: Instant, conn: StreamId) {
        for area in 0..self.config.areas.len() {
            if !self.enbs_of(area).contains(&conn) {
                continue;
            }
            let Some((listed, announced)) = self.mce.listing(area) else { continue };
            let listed = listed.iter().any(|pmch| !pmch.is_empty()).then(|| (now, listed.clone()));
            let announced = announced.map(|(from, listed)| (from, listed.clone()));
            for (from, pmchs) in listed.into_iter().chain(announced) {
                let pdu = self.scheduling_information(now, area, from, &pmchs);
                self.send_m2(conn, &pdu);
            }
        }
    }

    /// PMCHs without sessions are left out: their list of sessions has one at least (TS 36.443 clause 9.2.1.9).
    fn scheduling_information(&self, now: Instant, area: usize, from: Instant, pmchs: &[Vec<(Tmgi, u8)>]) -> M2apPdu {
        let plan = &self.config.areas[area];
        let item = |(pmch, sessions): (&super::PmchCapacity, &Vec<(Tmgi, u8)>)| PmchItem {
            configuration: pmch.configuration,
            sessions: sessions.iter().map(|&(tmgi, lcid)| PmchSession { tmgi, lcid }).collect(),
        };
        let listed = plan.pmchs.iter().zip(pmchs).filter(|(_, sessions)| !sessions.is_empty());
        let suspensions = self.suspensions(now, area, pmchs);
        let configuration = MbsfnAreaConfiguration {
            pmchs: listed.map(item).collect(),
            subframes: plan.subframes.clone(),
            period: plan.period,
            area: plan.bcch.area,
            suspensions: (!suspensions.is_empty()).then_some(suspensions),
        };
        let period = FRAME * u32::from(plan.bcch.modification_period.max(1));
        let index = from.as_nanos() / period.as_nanos() as u64;
        M2apPdu::MbmsSchedulingInformation(MbmsSchedulingInformation {
            // An absolute number of the modification period (TS 36.443 clause 9.2.1.19), of which eight bits are said.
            update_time: McchUpdateTime((index & 0xff) as u8),
            areas: vec![configuration],
        })
    }

    /// Sessions that are on air and make room with this change, from the next radio frame on in the MSI.
    fn suspensions(&self, now: Instant, area: usize, pmchs: &[Vec<(Tmgi, u8)>]) -> Vec<SuspensionNotification> {
        let Some((on_air, _)) = self.mce.listing(area) else { return Vec::new() };
        let waits: BTreeMap<Tmgi, ()> = self
            .sessions
            .iter()
            .filter(|(id, _)| {
                let id = u32::from(**id);
                self.admission.areas(id).contains(&area) && self.admission.pmch(id, area).is_none()
            })
            .map(|(_, session)| (session.tmgi, ()))
            .collect();
        let stays = |tmgi: &Tmgi| pmchs.iter().flatten().any(|(own, _)| own == tmgi);
        let sfn = ((now.as_nanos() / FRAME.as_nanos() as u64 + 1) & 0x3ff) as u16;
        let of_pmch = |listed: &Vec<(Tmgi, u8)>| {
            let sessions = listed.iter().map(|(tmgi, _)| *tmgi);
            let sessions: Vec<Tmgi> = sessions.filter(|tmgi| waits.contains_key(tmgi) && !stays(tmgi)).collect();
            (!sessions.is_empty()).then_some(SuspensionNotification { sfn, sessions })
        };
        on_air.iter().filter_map(of_pmch).collect()
    }
}
