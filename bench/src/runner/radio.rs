//! The eNB's side of a run: datagrams and MCCHs to the radio, the ledger, who has acquired what.

use std::borrow::Cow;

use core_network::{MtchId, PmchId};
use protocol::{Instant, Tmgi};

use super::{FRAME, Runner, frame_of};
use crate::air::{Air, HeardMtch};
use crate::errors::CommandError;
use crate::event::{Measurement, What};
use crate::ledger::Entry;
use crate::scenario::{Loaded, MeasurementName, UeCell};
use crate::setup;

impl Runner<'_> {
    /// Hands a datagram to the radio.
    pub(super) fn send(&mut self, now: Instant, mtch: MtchId, sdu: &[u8], due: Instant) -> Result<(), CommandError> {
        let MtchId { pmch: PmchId { area, pmch }, lcid } = mtch;
        let period = setup::scheduling_period(&self.loaded.scenario.areas[area].mchs[pmch]);
        self.on_air_until = self.on_air_until.max(due + period * 2);
        let Some(air) = &mut self.air else { return Ok(()) };
        match air.enb().push_sdu(area, pmch, lcid, sdu, frame_of(due)) {
            Ok(()) => {
                if let Some(session) = self.mtchs.session(mtch, due) {
                    self.ledger.sent(session, sdu);
                }
                Ok(())
            }
            Err(why) => self.observer.fact(now, What::Note { text: format!("eNB: SDU dropped: {why}") }),
        }
    }

    /// Hands the content of an MCCH to the radio.
    pub(super) fn set_mcch(
        &mut self,
        now: Instant,
        area: usize,
        bearers: &[Vec<(Tmgi, u8)>],
        from: Instant,
    ) -> Result<(), CommandError> {
        let own = &self.loaded.scenario.areas[area];
        for (pmch, sessions) in bearers.iter().enumerate() {
            for &(tmgi, lcid) in sessions {
                let mtch = MtchId { pmch: PmchId { area, pmch }, lcid };
                self.mtchs.listed(mtch, from, self.assigned.get(&tmgi).map(String::as_str));
            }
        }
        let Some(air) = &mut self.air else { return Ok(()) };
        let frame = match air.enb().set_mcch(area, &setup::mcch(own, area, bearers)) {
            Ok(frame) => frame,
            Err(why) => return self.observer.fact(now, What::Note { text: format!("eNB: MCCH not changed: {why}") }),
        };
        if self.air_time.is_zero() {
            return Ok(());
        }
        if frame != frame_of(from) {
            let text =
                format!("eNB: the MCCH of area {} changes in frame {frame}, not {}", own.n_id_mbsfn, frame_of(from));
            self.observer.fact(now, What::Note { text })?;
        }
        let period = FRAME * u32::from(own.mcch_modification_period_rf);
        let seen = from + FRAME * (u32::from(own.mcch_repetition_period_rf) + u32::from(own.mcch_offset_rf) + 1);
        self.mcch_on_air_until = self.mcch_on_air_until.max(seen);
        self.changes.announced(area, own.notification_indicator, from, period);
        let (n_id_mbsfn, from_ns) = (own.n_id_mbsfn, from.as_nanos());
        let sessions = bearers.iter().flatten().copied().collect();
        self.observer.fact(now, What::McchChange { n_id_mbsfn, from_ns, sessions })
    }

    pub(super) fn mch_name(&self, pmch: PmchId) -> String {
        mch_name(self.loaded, pmch).into_owned()
    }

    /// Place of an area by its identity.
    pub(super) fn area_of(&self, n_id_mbsfn: u8) -> usize {
        let areas = &self.loaded.scenario.areas;
        areas.iter().position(|a| a.n_id_mbsfn == n_id_mbsfn).unwrap_or(areas.len())
    }

    pub(super) fn mtch_of(&self, heard: HeardMtch) -> MtchId {
        let pmch = PmchId { area: self.area_of(heard.n_id_mbsfn), pmch: heard.pmch };
        MtchId { pmch, lcid: heard.lcid }
    }

    /// A UE that has not got so far as it should in its time says where it is stuck.
    pub(super) fn check_acquisition(&mut self) -> Result<(), CommandError> {
        let limit = setup::acquisition_time(&self.loaded.scenario);
        if self.air_time < limit || self.air_time >= limit + FRAME {
            return Ok(());
        }
        let areas = self.loaded.scenario.areas.len();
        // The UEs of a run are those of its scenario, in its order.
        for (index, (ue, own)) in self.ues.iter().zip(&self.loaded.scenario.ues).enumerate() {
            let is_in_other_cell = own.ims.as_ref().is_some_and(|ims| ims.cell == UeCell::Other);
            let is_elsewhere = is_in_other_cell || own.mc.as_ref().is_some_and(|mc| mc.area.is_none());
            if self.acquired[index].areas.len() == areas || is_elsewhere {
                continue;
            }
            self.acquired[index].late = true;
            let Some(air) = &self.air else { continue };
            let diagnosis = air.diagnosis(index);
            let stage = diagnosis.first_failing_stage.map_or_else(|| "MCCH".into(), |s| s.to_string());
            let (ue, within_ms, hint) = (ue.name.clone(), limit.as_millis() as u64, diagnosis.hint);
            self.observer.fact(self.now, What::NotAcquired { ue, within_ms, stage, hint })?;
        }
        Ok(())
    }

    /// What was sent and never came, what came too often, and what became of MCCH changes.
    pub(super) fn close_ledger(&mut self, air: &Air) -> Result<(), CommandError> {
        let now = self.now;
        let repetition = self.loaded.scenario.areas.iter().map(|a| a.mcch_repetition_period_rf).max().unwrap_or(0);
        let sessions: Vec<String> = self.sent.keys().cloned().collect();
        for ue in 0..self.ues.len() {
            for session in sessions.iter().filter(|s| self.ledger.sent_of(s) > 0).cloned().collect::<Vec<_>>() {
                let sent = self.ledger.sent_of(&session);
                let (totals, open) = self.ledger.close(ue, &session);
                if let Some((entry, mtch)) = open.zip(self.mtchs.of(&session)) {
                    self.enter(ue, now, &session, mtch, entry, None)?;
                }
                let (lost, many) = (MeasurementName::DatagramsLost, MeasurementName::DatagramsDuplicated);
                let too_many = totals.duplicated + totals.strange;
                self.measured(now, lost, ue, Some(&session), totals.lost as f64, Some((totals.lost, sent)))?;
                let received = totals.received + too_many;
                self.measured(now, many, ue, Some(&session), too_many as f64, Some((too_many, received)))?;
            }
            if let Some((missed, all)) = self.changes.missed(ue, now, FRAME * u32::from(repetition + 11)) {
                let name = MeasurementName::McchChangesMissed;
                self.measured(now, name, ue, None, missed as f64, Some((missed, all)))?;
            }
            let diagnosis = air.diagnosis(ue);
            let stage = diagnosis.first_failing_stage.map(|s| s.to_string());
            let stages = diagnosis.stages.iter().map(|s| (s.stage.to_string(), s.tried, s.good)).collect();
            let (ue, hint) = (self.ues[ue].name.clone(), diagnosis.hint);
            self.fact(What::Diagnosis { ue, stage, hint, stages })?;
        }
        Ok(())
    }

    /// What the ledger says of a datagram.
    pub(super) fn enter(
        &mut self,
        index: usize,
        at: Instant,
        session: &str,
        mtch: MtchId,
        entry: Entry,
        rlc_sn: Option<(u8, u8)>,
    ) -> Result<(), CommandError> {
        let (ue, session, lcid) = (self.ues[index].name.clone(), session.to_owned(), mtch.lcid);
        let what = match entry {
            Entry::Next => return Ok(()),
            Entry::AfterLoss { first, count } => {
                What::DatagramsLost { ue, session, first, count, mch: self.mch_name(mtch.pmch), lcid, rlc_sn }
            }
            Entry::Duplicate(number) => What::DatagramTooMany { ue, session, number: Some(number) },
            Entry::Strange => What::DatagramTooMany { ue, session, number: None },
        };
        self.observer.fact(at, what)
    }

    pub(super) fn measured(
        &mut self,
        at: Instant,
        name: MeasurementName,
        ue: usize,
        session: Option<&str>,
        value: f64,
        counts: Option<(u64, u64)>,
    ) -> Result<(), CommandError> {
        let (ue, session) = (Some(self.ues[ue].name.clone()), session.map(str::to_owned));
        self.observer.fact(at, What::Measured(Measurement { name, ue, session, value, counts }))
    }
}

/// Name of an MCH.
pub(super) fn mch_name(loaded: &Loaded, pmch: PmchId) -> Cow<'_, str> {
    let mch = loaded.scenario.areas.get(pmch.area).and_then(|area| area.mchs.get(pmch.pmch));
    let name = mch.map(|mch| Cow::Borrowed(mch.name.as_str()));
    name.unwrap_or_else(|| format!("area{} pmch{}", pmch.area, pmch.pmch).into())
}
