//! From what a receiver tells to the report of its cells.

use std::time::Duration;

use protocol::{IpError, UdpDatagram};
use radio::{
    BcchDlSchMessage, BlockReport, CyclicPrefix, Diagnosis, MbsfnAreaConfiguration, MchRxEvent, RxEvent, StageCount,
    SubframeTime,
};

use super::describe;
use super::mtch::{MtchFiles, MtchKey};
use super::report::{
    AreaReport, BlockReportSum, CellReport, MeasurementReport, MtchReport, NotificationReport, PmchReport, StageReport,
};
use crate::errors::CommandError;
use crate::radio_tally::worst;
use crate::report::Ratio;

/// Notifications that are kept apart; more are counted with the last one.
const NOTIFICATIONS_MAX: usize = 1000;
/// Blocks of system information that are kept: a carrier that changes without end fills no memory.
const SIBS_MAX: usize = 1000;

/// Collects what is told of cells, in the order of the recording.
pub(super) struct Cells<'a> {
    cells: Vec<CellReport>,
    current: usize,
    /// PLMNs of SIB1.
    plmns: Vec<[u8; 3]>,
    samples_per_us: f64,
    /// Subframe that was begun at this sample.
    origin: Option<(u64, SubframeTime)>,
    time: SubframeTime,
    files: Option<&'a mut MtchFiles>,
    failure: Option<CommandError>,
}

impl<'a> Cells<'a> {
    /// Nothing yet; datagrams go to `files`.
    pub(super) fn new(sample_rate_hz: f64, files: Option<&'a mut MtchFiles>) -> Self {
        Self {
            cells: Vec::new(),
            current: 0,
            plmns: Vec::new(),
            samples_per_us: sample_rate_hz / 1e6,
            origin: None,
            time: SubframeTime::default(),
            files,
            failure: None,
        }
    }

    /// From here on sample `at` is known to be the first of subframe `time`, which gives datagrams their time.
    pub(super) fn set_origin(&mut self, at: u64, time: SubframeTime) {
        self.origin = Some((at, time));
    }

    /// MBSFN areas that can be listened to, and those among them whose MCCH is known.
    pub(super) fn areas(&self) -> (usize, usize) {
        let areas = self.cells.get(self.current).map_or(&[][..], |cell| &cell.mbsfn_areas);
        let listened = areas.iter().filter(|area| area.error.is_none());
        (listened.clone().count(), listened.filter(|area| area.mcch.is_some()).count())
    }

    /// Has the cell told who it is?
    pub(super) fn has_mib(&self) -> bool {
        self.cells.iter().any(|cell| cell.mib.is_some())
    }

    /// The cells, unless a datagram could not be written.
    pub(super) fn finish(self) -> Result<Vec<CellReport>, CommandError> {
        self.failure.map_or(Ok(self.cells), Err)
    }

    /// Takes what the receiver told.
    pub(super) fn hear(&mut self, event: &RxEvent<'_>) {
        match event {
            RxEvent::CellFound { n_id_cell, cyclic_prefix, cfo_hz, frame_start } => {
                self.found(*n_id_cell, *cyclic_prefix, *cfo_hz, *frame_start);
            }
            RxEvent::SamplesLost { .. } => {}
            event => {
                if let Some(cell) = self.cells.get_mut(self.current) {
                    match event {
                        RxEvent::Mch { n_id_mbsfn, event } => self.mch(*n_id_mbsfn, event),
                        RxEvent::Block(report, _) => {
                            self.time = report.time;
                            cell.cfo_hz = report.cfo_hz;
                            if let Some(area) = cell.area(report.n_id_mbsfn) {
                                area.block(report, self.samples_per_us);
                            }
                        }
                        event => {
                            if let RxEvent::SystemInformation {
                                message: BcchDlSchMessage::SystemInformationBlockType1(sib1),
                                ..
                            } = event
                            {
                                self.plmns.clone_from(&sib1.plmns);
                            }
                            cell.hear(event);
                        }
                    }
                }
            }
        }
    }

    fn found(&mut self, n_id_cell: u16, cyclic_prefix: CyclicPrefix, cfo_hz: f64, frame_start_sample: u64) {
        let known = self.cells.iter().position(|cell| cell.n_id_cell == n_id_cell);
        self.current = known.unwrap_or(self.cells.len());
        if known.is_none() {
            let cyclic_prefix = match cyclic_prefix {
                CyclicPrefix::Normal => "normal",
                CyclicPrefix::Extended => "extended",
            };
            let cell = CellReport { n_id_cell, cyclic_prefix, frame_start_sample, cfo_hz, ..CellReport::default() };
            self.cells.push(cell);
        }
    }

    fn mch(&mut self, n_id_mbsfn: u8, event: &MchRxEvent<'_>) {
        let Some(cell) = self.cells.get_mut(self.current) else { return };
        let n_id_cell = cell.n_id_cell;
        let Some(area) = cell.area(n_id_mbsfn) else { return };
        match event {
            MchRxEvent::McchMessage { bytes, config, changed, .. } => {
                if *changed {
                    area.mcch_changes += u64::from(area.mcch.is_some());
                    area.configure(config, bytes, &self.plmns);
                }
            }
            MchRxEvent::Msi { pmch, .. } => {
                if let Some(pmch) = area.pmchs.get_mut(*pmch) {
                    pmch.msis += 1;
                }
            }
            MchRxEvent::Sdu { pmch, lcid, bytes } => {
                let Some(mtch) = area.mtch(*pmch, *lcid) else { return };
                if !mtch.sdu(bytes) {
                    return;
                }
                let Some(files) = &mut self.files else { return };
                let key = MtchKey { n_id_cell, n_id_mbsfn, pmch: *pmch, lcid: *lcid, tmgi: mtch.tmgi.clone() };
                mtch.file = Some(key.file_name());
                let at = elapsed(self.origin, self.time, self.samples_per_us);
                if let Err(failure) = files.write(&key, at, bytes) {
                    self.files = None;
                    self.failure = Some(failure);
                }
            }
            MchRxEvent::RlcGap { pmch, lcid, lost_pdus, .. } => {
                if let Some(mtch) = area.mtch(*pmch, *lcid) {
                    mtch.rlc_gaps += 1;
                    mtch.rlc_pdus_lost += u64::from(*lost_pdus);
                }
            }
            MchRxEvent::Malformed { what } => {
                area.malformed += 1;
                area.first_malformed.get_or_insert_with(|| what.to_string());
            }
        }
    }
}

/// Time of the recording at the end of subframe `time`.
fn elapsed(origin: Option<(u64, SubframeTime)>, time: SubframeTime, samples_per_us: f64) -> Duration {
    let Some((at, origin)) = origin else { return Duration::ZERO };
    let subframes = time.subframes() as f64 + 1.0 - origin.subframes() as f64;
    Duration::from_nanos((at as f64 / samples_per_us * 1e3 + subframes * 1e6).max(0.0) as u64)
}

impl CellReport {
    /// What the receiver says of how far it came with this cell.
    pub(super) fn judge(&mut self, diagnosis: &Diagnosis) {
        self.first_failing_stage = diagnosis.first_failing_stage.map(radio::Stage::name);
        self.hint.clone_from(&diagnosis.hint);
        let stage = |&StageCount { stage, tried, good }: &StageCount| StageReport { stage: stage.name(), tried, good };
        self.stages = diagnosis.stages.iter().map(stage).collect();
    }

    fn area(&mut self, n_id_mbsfn: u8) -> Option<&mut AreaReport> {
        self.mbsfn_areas.iter_mut().find(|area| area.n_id_mbsfn == n_id_mbsfn)
    }

    fn hear(&mut self, event: &RxEvent<'_>) {
        match event {
            RxEvent::Mib { mib, bytes, n_ports, time } => {
                self.n_rb_dl = Some(mib.n_rb_dl.get());
                self.n_ports = Some(*n_ports);
                self.mib = Some(describe::mib(mib, *bytes, time.sfn()));
            }
            RxEvent::SystemInformation { bytes, message, .. } => {
                for sib in describe::sibs(message, bytes) {
                    let is_new =
                        !self.sibs.iter().any(|known| known["content"] == sib["content"] && known["sib"] == sib["sib"]);
                    if is_new && self.sibs.len() < SIBS_MAX {
                        self.sibs.push(sib);
                    }
                }
            }
            RxEvent::McchNotification { time, bitmap } => self.notified(*time, *bitmap),
            RxEvent::Area { info, error } => {
                if self.area(info.n_id_mbsfn).is_none() {
                    let n_id_mbsfn = info.n_id_mbsfn;
                    self.mbsfn_areas.push(AreaReport { n_id_mbsfn, ..AreaReport::default() });
                }
                if let Some(area) = self.area(info.n_id_mbsfn) {
                    area.non_mbsfn_region = info.non_mbsfn_region;
                    area.notification_indicator = info.notification_indicator;
                    area.mcch_config = describe::mcch_config(&info.mcch);
                    area.error = error.map(ToString::to_string);
                }
            }
            RxEvent::CellLost { .. } => self.lost += 1,
            _ => {}
        }
    }

    fn notified(&mut self, time: SubframeTime, bitmap: u8) {
        let room = self.mcch_notifications.len() < NOTIFICATIONS_MAX;
        match self.mcch_notifications.last_mut() {
            Some(last) if last.bitmap == bitmap || !room => last.times += 1,
            _ => {
                let (sfn, subframe) = (time.sfn(), time.subframe());
                self.mcch_notifications.push(NotificationReport { sfn, subframe, bitmap, times: 1 });
            }
        }
    }
}

impl AreaReport {
    fn configure(&mut self, config: &MbsfnAreaConfiguration, bytes: &[u8], plmns: &[[u8; 3]]) {
        self.mcch = Some(describe::mcch(config, bytes, plmns));
        self.pmchs.resize_with(self.pmchs.len().max(config.pmch.len()), PmchReport::default);
        for (index, (report, info)) in self.pmchs.iter_mut().zip(&config.pmch).enumerate() {
            report.index = index;
            report.data_mcs = info.data_mcs.index;
            report.mcs_table = info.data_mcs.table;
            report.mch_scheduling_period_rf = info.mch_scheduling_period_rf;
            report.sf_alloc_end = info.sf_alloc_end;
            for session in &info.sessions {
                let tmgi = describe::tmgi(&session.tmgi, plmns);
                if !report.tmgis.contains(&tmgi) {
                    report.tmgis.push(tmgi.clone());
                }
                // The newest session on a logical channel is the last one with its LCID.
                let current = report.mtchs.iter().rposition(|mtch| mtch.lcid == session.lcid);
                if current.is_none_or(|at| report.mtchs[at].tmgi != tmgi) {
                    report.mtchs.push(MtchReport {
                        lcid: session.lcid,
                        tmgi,
                        session_id: session.session_id,
                        ..MtchReport::default()
                    });
                }
            }
        }
    }

    fn block(&mut self, report: &BlockReport, samples_per_us: f64) {
        let Some(pmch) = report.pmch.and_then(|index| self.pmchs.get_mut(index)) else {
            self.mcch_blocks.count(report.quality.crc_ok, report.announced);
            return;
        };
        let sum: &mut BlockReportSum = if report.signalling { &mut pmch.signalling } else { &mut pmch.data };
        sum.count(report.quality.crc_ok, report.announced);
        if report.quality.crc_ok || report.announced {
            pmch.measurements.add(report, samples_per_us);
        }
    }

    fn mtch(&mut self, pmch: usize, lcid: u8) -> Option<&mut MtchReport> {
        self.pmchs.get_mut(pmch)?.mtchs.iter_mut().rfind(|mtch| mtch.lcid == lcid)
    }
}

impl MtchReport {
    /// Counts an SDU; true when it is an IP datagram.
    fn sdu(&mut self, bytes: &[u8]) -> bool {
        let destination = match UdpDatagram::parse(bytes) {
            Ok(datagram) => datagram.destination.to_string(),
            Err(IpError::NotUdp(_) | IpError::Fragment) => "not UDP".to_owned(),
            Err(_) => {
                self.other_sdus += 1;
                return false;
            }
        };
        self.datagrams += 1;
        self.octets += bytes.len() as u64;
        let known = self.destinations.contains_key(&destination) || self.destinations.len() < DESTINATIONS_MAX;
        *self.destinations.entry(if known { destination } else { "others".to_owned() }).or_default() += 1;
        true
    }
}

impl MeasurementReport {
    fn add(&mut self, report: &BlockReport, samples_per_us: f64) {
        let cinr_db = f64::from(report.estimate.cinr_db());
        self.subframes += 1;
        // Power and noise apart: the mean of their ratio is too high where noise is measured on few elements.
        self.sums.signal += f64::from(report.estimate.signal);
        self.sums.noise += f64::from(report.estimate.noise);
        self.cinr_db = Some(10.0 * (self.sums.signal / self.sums.noise).min(1e8).log10());
        self.cinr_min_db = Some(self.cinr_min_db.map_or(cinr_db, |lowest| lowest.min(cinr_db)));
        self.cinr_max_db = Some(self.cinr_max_db.map_or(cinr_db, |highest| highest.max(cinr_db)));
        self.error_power_sum += f64::from(report.quality.error_power);
        self.evm_percent = Some(100.0 * (self.error_power_sum / self.subframes as f64).sqrt());
        self.iterations += u64::from(report.quality.iterations);
        self.code_blocks += u64::from(report.quality.code_blocks);
        self.turbo_iterations = (self.code_blocks > 0).then(|| self.iterations as f64 / self.code_blocks as f64);
        self.measured(report, samples_per_us);
    }

    /// What the meters of the receiver say.
    fn measured(&mut self, report: &BlockReport, samples_per_us: f64) {
        let (measured, sums) = (&report.measured, &mut self.sums);
        let n = self.subframes as f64;
        let decibels = |ratio: f64| 10.0 * ratio.max(1e-30).log10();
        sums.rsrp += f64::from(measured.power.rsrp);
        sums.rsrq += f64::from(measured.power.rsrq);
        sums.cfo_hz += report.cfo_hz + f64::from(report.estimate.frequency_error_hz);
        let n_fft = (samples_per_us * 1e6 / 15e3).round() as usize;
        self.mbsfn_rsrp_dbfs = Some(radio::resource_element_dbfs(sums.rsrp / n, n_fft));
        self.mbsfn_rsrq_db = Some(decibels(sums.rsrq / n));
        self.cfo_hz = Some(sums.cfo_hz / n);
        if let Some(paths) = &measured.paths {
            self.timing_us = Some(f64::from(paths.strongest_samples) / samples_per_us);
            self.paths = Some(worst(self.paths, paths, samples_per_us));
        }
        if let Some(data) = &measured.data {
            sums.sinr += f64::from(data.sinr);
            self.compared_blocks += 1;
            self.compared_bits += u64::from(data.bits.bits);
            self.bit_errors += u64::from(data.bits.errors);
            self.mbsfn_sinr_db = Some(decibels(sums.sinr / self.compared_blocks as f64));
            let ratio = Ratio { errors: self.bit_errors, trials: self.compared_bits };
            (self.ber, self.ber_95) = (ratio.value(), ratio.wilson_95());
        }
    }
}

/// Destinations that are counted apart.
const DESTINATIONS_MAX: usize = 64;
