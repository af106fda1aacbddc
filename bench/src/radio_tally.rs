//! What the receiver of a UE measured since the last report.

use protocol::Instant;
use radio::{BlockReport, Paths};

use crate::event::{AreaMeasured, MchMeasured, PathsMeasured, RadioReport};

/// Sums over an interval.
pub(crate) struct RadioTally {
    sample_rate_hz: f64,
    sums: Sums,
}

#[derive(Default)]
struct Sums {
    mch: (u64, u64),
    signalling: (u64, u64),
    turbo_iterations: u64,
    code_blocks: u64,
    signal: f64,
    noise: f64,
    cinr_min_db: Option<f64>,
    error_power: f64,
    data_blocks: u64,
    cfo_hz: f64,
    timing_us: Option<f64>,
    areas: Vec<AreaSums>,
}

/// A UE hears few areas with few MCHs each, and far more blocks: they are found without searching or comparing names.
#[derive(Default)]
struct AreaSums {
    n_id_mbsfn: u8,
    subframes: u64,
    rsrp: f64,
    rsrq: f64,
    signalling: (u64, u64),
    mchs: Vec<MchSums>,
    paths: Option<PathsMeasured>,
}

#[derive(Default)]
struct MchSums {
    pmch: Option<usize>,
    mch: String,
    mcs: u8,
    blocks: (u64, u64),
    compared: u64,
    bits: (u64, u64),
    sinr: f64,
}

impl RadioTally {
    /// Nothing yet.
    pub(crate) fn new(sample_rate_hz: f64) -> Self {
        Self { sample_rate_hz, sums: Sums::default() }
    }

    /// A transport block was tried, of the MCH of this name.
    pub(crate) fn add(&mut self, report: &BlockReport, mch: Option<&str>) {
        if !report.announced && !report.quality.crc_ok {
            return; // perhaps nothing was sent
        }
        let samples_per_us = self.sample_rate_hz / 1e6;
        let sums = &mut self.sums;
        count(if report.signalling { &mut sums.signalling } else { &mut sums.mch }, report);
        sums.turbo_iterations += u64::from(report.quality.iterations);
        sums.code_blocks += u64::from(report.quality.code_blocks);
        let cinr_db = f64::from(report.estimate.cinr_db());
        // Power and noise apart: the mean of their ratio is too high where noise is measured on few elements.
        sums.signal += f64::from(report.estimate.signal);
        sums.noise += f64::from(report.estimate.noise);
        sums.cinr_min_db = Some(sums.cinr_min_db.map_or(cinr_db, |m| m.min(cinr_db)));
        if !report.signalling {
            sums.error_power += f64::from(report.quality.error_power);
            sums.data_blocks += 1;
        }
        sums.cfo_hz += report.cfo_hz + f64::from(report.estimate.frequency_error_hz);
        let paths = report.measured.paths.as_ref();
        sums.timing_us = paths.map(|p| f64::from(p.strongest_samples) / samples_per_us).or(sums.timing_us);
        let area = found(
            &mut sums.areas,
            |area| area.n_id_mbsfn == report.n_id_mbsfn,
            || AreaSums { n_id_mbsfn: report.n_id_mbsfn, ..AreaSums::default() },
        );
        area.add(report, mch, samples_per_us);
    }

    /// Ends the interval.
    pub(crate) fn take(&mut self, ue: &str, from: Instant) -> RadioReport {
        let n_fft = self.sample_rate_hz / SUBCARRIER_SPACING_HZ;
        let mut t = std::mem::take(&mut self.sums);
        t.areas.sort_by_key(|area| area.n_id_mbsfn);
        let blocks = (t.mch.0 + t.signalling.0) as f64;
        let mean = |sum: f64| (blocks > 0.0).then(|| sum / blocks);
        RadioReport {
            ue: ue.to_owned(),
            from_ns: from.as_nanos(),
            mch_blocks: t.mch.0,
            mch_errors: t.mch.1,
            signalling_blocks: t.signalling.0,
            signalling_errors: t.signalling.1,
            turbo_iterations: t.turbo_iterations,
            code_blocks: t.code_blocks,
            cinr_db: (t.noise > 0.0).then(|| decibels((t.signal / t.noise).min(CINR_MAX))),
            cinr_min_db: t.cinr_min_db.map(|c| round(c, 3)),
            evm_percent: (t.data_blocks > 0).then(|| round((t.error_power / t.data_blocks as f64).sqrt() * 100.0, 3)),
            cfo_hz: mean(t.cfo_hz).map(|hz| round(hz, 2)),
            timing_us: t.timing_us.map(|us| round(us, 4)),
            areas: t.areas.into_iter().map(|sums| sums.measured(n_fft)).collect(),
        }
    }
}

impl AreaSums {
    fn add(&mut self, report: &BlockReport, mch: Option<&str>, samples_per_us: f64) {
        self.subframes += 1;
        self.rsrp += f64::from(report.measured.power.rsrp);
        self.rsrq += f64::from(report.measured.power.rsrq);
        if let Some(paths) = &report.measured.paths {
            self.paths = Some(worst(self.paths, paths, samples_per_us));
        }
        let Some(mch) = mch.filter(|_| !report.signalling) else { return count(&mut self.signalling, report) };
        let (pmch, mcs) = (report.pmch, report.mcs.index);
        let sums = found(
            &mut self.mchs,
            |own| (own.pmch, own.mcs) == (pmch, mcs),
            || MchSums { pmch, mcs, mch: mch.to_owned(), ..MchSums::default() },
        );
        count(&mut sums.blocks, report);
        if let Some(data) = &report.measured.data {
            sums.compared += 1;
            sums.bits.0 += u64::from(data.bits.bits);
            sums.bits.1 += u64::from(data.bits.errors);
            sums.sinr += f64::from(data.sinr);
        }
    }

    fn measured(mut self, n_fft: f64) -> AreaMeasured {
        self.mchs.sort_by(|a, b| (&a.mch, a.mcs).cmp(&(&b.mch, b.mcs)));
        let mch = |sums: MchSums| MchMeasured {
            mch: sums.mch,
            mcs: sums.mcs,
            blocks: sums.blocks,
            compared: sums.compared,
            bits: sums.bits,
            sinr_db: (sums.compared > 0).then(|| decibels(sums.sinr / sums.compared as f64)),
        };
        let subframes = self.subframes.max(1) as f64;
        AreaMeasured {
            n_id_mbsfn: self.n_id_mbsfn,
            subframes: self.subframes,
            rsrp_dbfs: decibels(self.rsrp / subframes / n_fft),
            rsrq_db: decibels(self.rsrq / subframes),
            signalling: self.signalling,
            mchs: self.mchs.into_iter().map(mch).collect(),
            paths: self.paths,
        }
    }
}

/// The one that is it, which may be new.
fn found<T>(all: &mut Vec<T>, is_it: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> &mut T {
    let place = all.iter().position(is_it).unwrap_or_else(|| {
        all.push(new());
        all.len() - 1
    });
    &mut all[place]
}

/// Counts a block and whether it failed.
fn count((blocks, errors): &mut (u64, u64), report: &BlockReport) {
    *blocks += 1;
    *errors += u64::from(!report.quality.crc_ok);
}

/// The newest paths, with the least margins and the largest share outside.
pub(crate) fn worst(before: Option<PathsMeasured>, paths: &Paths, samples_per_us: f64) -> PathsMeasured {
    let us = |samples: f32| round(f64::from(samples) / samples_per_us, 3);
    let (mut margin_us, mut outside_share) =
        ((us(paths.margin_before_samples), us(paths.margin_after_samples)), round(paths.outside_share.into(), 6));
    if let Some(before) = before {
        margin_us = (margin_us.0.min(before.margin_us.0), margin_us.1.min(before.margin_us.1));
        outside_share = outside_share.max(before.outside_share);
    }
    PathsMeasured { first_us: us(paths.first_samples), last_us: us(paths.last_samples), margin_us, outside_share }
}

/// Thousandths of a decibel; what has no power is -300 dB.
fn decibels(ratio: f64) -> f64 {
    round(10.0 * ratio.max(1e-30).log10(), 3)
}

/// Keeps `digits` decimals: more would only make records longer.
pub(crate) fn round(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

/// Single precision knows no more than 80 dB.
const CINR_MAX: f64 = 1e8;
/// The samples of a carrier are those of a transform with bins so far apart.
const SUBCARRIER_SPACING_HZ: f64 = 15_000.0;
