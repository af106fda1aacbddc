//! The UEs' side of a run: what their receivers hear becomes taps, facts, datagrams.

use std::borrow::Cow;
use std::collections::VecDeque;

use core_network::PmchId;
use num_complex::Complex32;
use protocol::{Instant, Joint, TapEvent, Tmgi};
use radio::{BlockReport, EnbEvent, MchTxEvent, STOP_NOT_SCHEDULED, SubframeTime, write_cf32};

use super::radio::mch_name;
use super::{Acquired, IQ_FOLDER, Runner};
use crate::air::{Air, Heard, HeardMtch, HeardWhat};
use crate::errors::CommandError;
use crate::event::{MtchStop, What};
use crate::faults;
use crate::radio_tally::round;
use crate::scenario::{MeasurementName, UeRadio};

/// Of UEs without samples those among the first so many have their datagrams in the record: they are all alike.
const TABLE_UES_TAPPED: usize = 16;

/// Logical channels of MTCHs end here (TS 36.321 table 6.2.1-4).
const LCID_MTCH_MAX: u8 = 28;

impl Runner<'_> {
    /// Takes in what the eNB announced and what the UEs heard in the frame that just ended, in the order of time.
    pub(super) fn hear(&mut self) -> Result<(), CommandError> {
        while let Some(event) = self.air.as_mut().and_then(|air| air.enb().poll_event()) {
            let EnbEvent::Mch { area, event: MchTxEvent::Msp { pmch, frame, entries, backlog_octets, .. } } = event
            else {
                continue;
            };
            let stop = |e: &radio::MsiEntry| (e.stop != STOP_NOT_SCHEDULED).then_some(e.stop);
            let stops = entries.iter().map(|e| MtchStop { lcid: e.lcid, stop: stop(e) }).collect();
            let (sfn, backlog_octets) = (SubframeTime::new(frame, 0).sfn(), backlog_octets as u64);
            let mch = self.mch_name(PmchId { area, pmch });
            self.observer.fact(self.now, What::MchScheduled { mch, sfn, stops, backlog_octets })?;
        }
        let mut heard = self.air.as_mut().map(Air::take_heard).unwrap_or_default();
        for ue in order(&mut heard) {
            let Some(Heard { time, at_ms, what }) = heard[ue].pop_front() else { continue };
            // A subframe is there when its last sample is.
            let at = Instant::from_millis(at_ms);
            match what {
                // Of these there are most by far.
                HeardWhat::Block(report, tb) => self.heard_block(ue, at, &report, tb)?,
                HeardWhat::Sdu { mtch, sdu } => self.heard_sdu(ue, at, mtch, sdu)?,
                what => self.heard(ue, at, time, what)?,
            }
        }
        if let Some(air) = &mut self.air {
            air.give_back(heard);
        }
        Ok(())
    }

    pub(super) fn heard(
        &mut self,
        index: usize,
        at: Instant,
        time: SubframeTime,
        what: HeardWhat,
    ) -> Result<(), CommandError> {
        let ue = self.ues[index].name.clone();
        let (sfn, subframe) = (time.sfn(), time.subframe());
        let note = |text: String| What::Note { text: format!("{ue}: {text}") };
        match what {
            HeardWhat::Cell { n_id_cell, cfo_hz } => {
                (self.acquired[index].n_id_cell, self.acquired[index].cfo_hz) = (n_id_cell, cfo_hz);
                Ok(())
            }
            HeardWhat::Mib { bytes, n_ports } => {
                self.observer.tap(tap(at, Joint::BcchBch, &ue, bytes.to_vec()))?;
                let Acquired { n_id_cell, cfo_hz, .. } = self.acquired[index];
                let cfo_hz = round(cfo_hz, 1);
                self.observer.fact(at, What::CellAcquired { ue, n_id_cell, n_ports, sfn, cfo_hz })
            }
            HeardWhat::SystemInformation(bytes) => {
                self.camp(index, at, &bytes)?;
                self.networks_read(index, at, &bytes)?;
                self.observer.tap(tap(at, Joint::BcchDlSch, &ue, bytes))
            }
            HeardWhat::Notification(bitmap) => {
                self.observer.tap(tap(at, Joint::Pdcch, &ue, vec![bitmap]))?;
                self.changes.notified(index, at, bitmap);
                self.observer.fact(at, What::McchNotified { ue, sfn, subframe, bitmap })
            }
            HeardWhat::AreaRefused { n_id_mbsfn, why } => {
                self.observer.fact(at, note(format!("area {n_id_mbsfn} cannot be received: {why}")))
            }
            HeardWhat::CellLost => {
                self.leave_cell(index, at)?;
                self.acquired[index].plmns.clear();
                self.group_listed(index, at, None)?;
                self.observer.fact(at, What::CellLost { ue })
            }
            HeardWhat::Symbols(modulation, symbols) => {
                let milli = |v: f32| (v * 1000.0).round() as i16;
                let points_milli = symbols.iter().map(|s| [milli(s.re), milli(s.im)]).collect();
                let modulation = modulation.to_string();
                self.observer.fact(at, What::Constellation { ue, sfn, subframe, modulation, points_milli })
            }
            HeardWhat::LostIq(report, samples) => self.keep_lost(at, &ue, &report, &samples),
            HeardWhat::Mcch { n_id_mbsfn, message, configuration } => {
                self.observer.tap(tap(at, Joint::Mcch, &ue, message))?;
                let Some(configuration) = configuration else { return Ok(()) };
                self.changes.read(index, at, self.area_of(n_id_mbsfn));
                self.acquire(index, at, n_id_mbsfn)?;
                self.announce_services(index, at, n_id_mbsfn, &configuration)?;
                let sessions = configuration.pmch.iter().flat_map(|p| &p.sessions);
                let sessions: Vec<(Tmgi, u8)> =
                    sessions.filter_map(|s| Some((Tmgi::from_octets(s.tmgi.octets()?)?, s.lcid))).collect();
                let tmgis = sessions.iter().map(|(tmgi, _)| *tmgi).collect();
                self.group_listed(index, at, Some((n_id_mbsfn, tmgis)))?;
                self.observer.fact(at, What::McchAcquired { ue, n_id_mbsfn, sfn, sessions })
            }
            HeardWhat::RlcGap { mtch, expected_sn, received_sn, lost_pdus } => {
                let (first_sn, last) = (lost_pdus < 32).then(|| (expected_sn, (received_sn + 31) % 32)).unzip();
                if let (Some(first), Some(last)) = (first_sn, last) {
                    self.gaps.entry((index, mtch)).or_insert((first, last)).1 = last;
                }
                let (mch, lcid) = (self.mch_name(self.mtch_of(mtch).pmch), mtch.lcid);
                self.observer.fact(at, What::RlcGap { ue, mch, lcid, first_sn, lost_pdus })
            }
            HeardWhat::Trouble(text) => self.observer.fact(at, note(text)),
            // They have gone their own ways.
            HeardWhat::Block(..) | HeardWhat::Sdu { .. } => Ok(()),
        }
    }

    /// A UE has read the MCCH of an area.
    pub(super) fn acquire(&mut self, index: usize, at: Instant, n_id_mbsfn: u8) -> Result<(), CommandError> {
        let areas = self.loaded.scenario.areas.len();
        let acquired = &mut self.acquired[index];
        if !acquired.areas.insert(n_id_mbsfn) || acquired.areas.len() != areas || acquired.late {
            return Ok(());
        }
        let value = round(self.air_time.as_secs_f64() + (at.elapsed().as_secs_f64() - self.now.as_secs_f64()), 3);
        self.measured(at, MeasurementName::AcquisitionTime, index, None, value, None)
    }

    /// A transport block: itself, and the UMD PDUs in it.
    pub(super) fn heard_block(
        &mut self,
        index: usize,
        at: Instant,
        report: &BlockReport,
        tb: Option<Vec<u8>>,
    ) -> Result<(), CommandError> {
        let (area, loaded) = (self.area_of(report.n_id_mbsfn), self.loaded);
        let mch = report.pmch.map(|pmch| mch_name(loaded, PmchId { area, pmch }));
        self.ues[index].block(report, mch.as_deref());
        if report.quality.crc_ok {
            self.group_block(index, at, report.n_id_mbsfn);
            self.mc_block(index, at, report.n_id_mbsfn)?;
        }
        if report.announced && !report.quality.crc_ok {
            let cinr_db = round(f64::from(report.estimate.cinr_db()), 3);
            let (ue, sfn, subframe) = (self.ues[index].name.clone(), report.time.sfn(), report.time.subframe());
            let mch = mch.clone().map(Cow::into_owned);
            let what = What::BlockLost { ue, sfn, subframe, mch, mcs: report.mcs.index, cinr_db };
            self.observer.fact(at, what)?;
        }
        let Some(tb) = tb else { return Ok(()) };
        let channel = mch.map_or_else(|| format!("area{}", report.n_id_mbsfn), Cow::into_owned);
        let ue = &self.ues[index].name;
        let of_channel = |joint, lcid, bytes| TapEvent { channel: channel.clone(), lcid, ..tap(at, joint, ue, bytes) };
        let pdus = radio::mac_elements(&tb).filter(|(lcid, _)| *lcid <= LCID_MTCH_MAX);
        let pdus: Vec<_> = pdus.map(|(lcid, pdu)| of_channel(Joint::Rlc, lcid, pdu.to_vec())).collect();
        self.observer.tap(of_channel(Joint::Mch, 0, tb))?;
        pdus.into_iter().try_for_each(|pdu| self.observer.tap(pdu))
    }

    /// A datagram: into the ledger, then to the MBMS client.
    pub(super) fn heard_sdu(
        &mut self,
        index: usize,
        at: Instant,
        mtch: HeardMtch,
        sdu: Vec<u8>,
    ) -> Result<(), CommandError> {
        if !self.hears_area(index, mtch.n_id_mbsfn) {
            return Ok(());
        }
        let ue = &self.ues[index].name;
        let mut tap = tap(at, Joint::Mtch, ue, sdu);
        if !faults::apply(&self.loaded.scenario.faults, ue, &mut tap) {
            return Ok(());
        }
        let is_table = self.loaded.scenario.ues.get(index).is_some_and(|ue| ue.radio == UeRadio::Table);
        if !is_table || index < TABLE_UES_TAPPED {
            self.observer.tap(tap.clone())?;
        }
        // Its subframe is over.
        let sent = Instant::from_nanos(at.as_nanos().saturating_sub(1));
        if let Some(session) = self.mtchs.session(self.mtch_of(mtch), sent).map(str::to_owned) {
            let entry = self.ledger.received(index, &session, &tap.bytes);
            let rlc_sn = self.gaps.remove(&(index, mtch));
            self.enter(index, at, &session, self.mtch_of(mtch), entry, rlc_sn)?;
        }
        if self.group_datagram(index, at, (mtch.n_id_mbsfn, &tap.bytes))? {
            return Ok(());
        }
        self.hand_to_client(index, at, mtch, &tap.bytes)
    }

    /// Keeps the samples of a lost block where `castbench pmch decode` can look at them, and says how.
    pub(super) fn keep_lost(
        &mut self,
        at: Instant,
        ue: &str,
        report: &BlockReport,
        iq: &[Complex32],
    ) -> Result<(), CommandError> {
        let time = report.time;
        let area = self.area_of(report.n_id_mbsfn);
        let Some(area) = self.loaded.scenario.areas.get(area) else { return Ok(()) };
        let name = format!("{IQ_FOLDER}/{ue}_{}_{}.cf32", time.sfn(), time.subframe());
        let path = self.dir.join(&name);
        let error = |e: &dyn std::fmt::Display| CommandError::Bench(e.to_string());
        std::fs::create_dir_all(self.dir.join(IQ_FOLDER)).map_err(|e| error(&e))?;
        write_cf32(&path, iq).map_err(|e| error(&e))?;
        let Some(cell) = &self.loaded.scenario.cell else { return Ok(()) };
        let text = format!(
            "{ue}: samples of a lost block kept; castbench pmch decode --n-rb-dl {} --mcs {} --n-id-cell {} \
             --n-id-mbsfn {} --subframe {} --non-mbsfn-region {} --sample-rate {} {name} -o lost.tb",
            cell.n_rb_dl,
            report.mcs,
            cell.n_id_cell,
            area.n_id_mbsfn,
            time.subframe(),
            area.non_mbsfn_region,
            self.observer.model().header.sample_rate_hz,
        );
        self.observer.fact(at, What::Note { text })
    }
}

/// Whose turn it is to tell the next of what he has heard: in the order of time, and then of UEs. What one has heard of a
/// subframe stays in its order.
fn order(heard: &mut [VecDeque<Heard>]) -> impl Iterator<Item = usize> + use<> {
    let mut order = Vec::new();
    for (ue, heard) in heard.iter_mut().enumerate() {
        heard.make_contiguous().sort_by_key(|heard| heard.at_ms);
        order.extend(heard.iter().map(|heard| (heard.at_ms, ue)));
    }
    order.sort_unstable();
    order.into_iter().map(|(_, ue)| ue)
}

/// A message on the air.
fn tap(at: Instant, joint: Joint, ue: &str, bytes: Vec<u8>) -> TapEvent {
    let (from, to, channel) = ("eNB".to_owned(), ue.to_owned(), String::new());
    TapEvent { at, joint, from, to, channel, lcid: 0, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ues_heard_is_told_in_the_order_of_time() {
        let heard =
            |(at_ms, bitmap)| Heard { time: SubframeTime::default(), at_ms, what: HeardWhat::Notification(bitmap) };
        let of_ues = [vec![(2, 1), (3, 2), (3, 3)], vec![], vec![(3, 4), (1, 5), (3, 6)]];
        let mut ues = of_ues.map(|own| own.into_iter().map(heard).collect::<VecDeque<_>>());
        let turns: Vec<usize> = order(&mut ues).collect();
        let told = turns.into_iter().map(|ue| match ues[ue].pop_front() {
            Some(Heard { at_ms, what: HeardWhat::Notification(bitmap), .. }) => (ue, at_ms, bitmap),
            other => panic!("{other:?}"),
        });
        let told: Vec<_> = told.collect();
        assert_eq!(told, [(2, 1, 5), (0, 2, 1), (0, 3, 2), (0, 3, 3), (2, 3, 4), (2, 3, 6)]);
    }
}
