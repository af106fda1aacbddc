//! Sums over what a UE measured in its MBSFN areas.

use radio::{BlocksReceived, bler_range, mbsfn_rsrq_range, rsrp_range};
use serde::Serialize;

use super::radio_sum::{Ratio, WeightedSum};
use super::series::Merge;
use crate::event::{AreaMeasured, MchMeasured, PathsMeasured};

/// Sum of [`AreaMeasured`]s of one area that follow each other, or of several areas.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct AreaSum {
    /// MBSFN area identity.
    pub n_id_mbsfn: u8,
    /// MBSFN RSRP, linear, relative to samples with an rms of 1.
    pub rsrp: WeightedSum,
    /// MBSFN RSRQ, linear.
    pub rsrq: WeightedSum,
    /// Blocks at the signalling MCS.
    pub signalling: Ratio,
    /// MCH by MCH, and by MCS.
    pub mchs: Vec<MchSum>,
    /// Paths at the end, with the least margins and the largest share outside of the prefix.
    pub paths: Option<PathsMeasured>,
}

/// Sum of [`MchMeasured`]s that follow each other.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MchSum {
    /// Name of the MCH.
    pub mch: String,
    /// Modulation and coding scheme.
    pub mcs: u8,
    /// MCH BLER.
    pub blocks: Ratio,
    /// Blocks that were encoded again and compared.
    pub compared: u64,
    /// Coded bits that were wrong before decoding, of those compared.
    pub bits: Ratio,
    /// MBSFN SINR, linear.
    pub sinr: WeightedSum,
}

impl AreaSum {
    /// Takes the measurements of an interval in.
    pub(super) fn add(&mut self, area: &AreaMeasured) {
        let weight = area.subframes as f64;
        self.n_id_mbsfn = area.n_id_mbsfn;
        self.rsrp.merge(&WeightedSum { sum: linear(area.rsrp_dbfs) * weight, weight });
        self.rsrq.merge(&WeightedSum { sum: linear(area.rsrq_db) * weight, weight });
        self.signalling.merge(&ratio(area.signalling));
        area.mchs.iter().for_each(|mch| self.mch(mch));
        self.paths = area.paths.map(|paths| later(self.paths, paths)).or(self.paths);
    }

    fn mch(&mut self, measured: &MchMeasured) {
        let same = |sum: &&mut MchSum| sum.mch == measured.mch && sum.mcs == measured.mcs;
        if let Some(sum) = self.mchs.iter_mut().find(same) {
            return sum.add(measured);
        }
        if self.mchs.len() < MCHS_LIMIT {
            let mut sum = MchSum { mch: measured.mch.clone(), mcs: measured.mcs, ..MchSum::default() };
            sum.add(measured);
            self.mchs.push(sum);
        }
    }

    /// MBSFN RSRP, dB relative to samples with an rms of 1.
    pub fn rsrp_dbfs(&self) -> Option<f64> {
        self.rsrp.mean().map(decibels)
    }

    /// MBSFN RSRQ, dB.
    pub fn rsrq_db(&self) -> Option<f64> {
        self.rsrq.mean().map(decibels)
    }
}

impl MchSum {
    fn add(&mut self, mch: &MchMeasured) {
        self.blocks.merge(&ratio(mch.blocks));
        self.compared += mch.compared;
        self.bits.merge(&ratio(mch.bits));
        let weight = mch.compared as f64;
        let sinr = mch.sinr_db.map(|db| WeightedSum { sum: linear(db) * weight, weight });
        self.sinr.merge(&sinr.unwrap_or_default());
    }

    /// MBSFN SINR, dB.
    pub fn sinr_db(&self) -> Option<f64> {
        self.sinr.mean().map(decibels)
    }
}

/// What a UE would report of an area: `MeasResultMBSFN-r12` of TS 36.331 clause 6.2.2.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct MbsfnReport {
    /// `rsrpResultMBSFN-r12`; none without a calibration.
    pub(crate) rsrp_result: Option<u8>,
    /// `rsrqResultMBSFN-r12`.
    pub(crate) rsrq_result: Option<u8>,
    /// `signallingBLER-Result-r12`.
    pub(crate) signalling_bler: Option<BlerReport>,
}

/// `BLER-Result-r12` of TS 36.331 clause 6.2.2.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct BlerReport {
    /// `bler-r12`.
    pub(crate) bler: u8,
    /// Exponent of `blocksReceived-r12`.
    pub(crate) n: u8,
    /// Its mantissa.
    pub(crate) m: u8,
}

impl MbsfnReport {
    /// Codes what was measured.
    pub(crate) fn of(area: &AreaSum, full_scale_dbm: Option<f64>) -> Self {
        let dbm = area.rsrp_dbfs().zip(full_scale_dbm).map(|(dbfs, full_scale)| dbfs + full_scale);
        Self {
            rsrp_result: dbm.map(rsrp_range),
            rsrq_result: area.rsrq_db().map(mbsfn_rsrq_range),
            signalling_bler: BlerReport::of(area.signalling),
        }
    }
}

impl BlerReport {
    /// Codes a BLER; none without a block.
    pub(crate) fn of(blocks: Ratio) -> Option<Self> {
        let BlocksReceived { n, m } = BlocksReceived::of(blocks.trials);
        Some(Self { bler: bler_range(blocks.errors, blocks.trials)?, n, m })
    }
}

/// The newer paths, with the least margins and the largest share of both.
fn later(before: Option<PathsMeasured>, newer: PathsMeasured) -> PathsMeasured {
    let Some(before) = before else { return newer };
    let margin_us = (newer.margin_us.0.min(before.margin_us.0), newer.margin_us.1.min(before.margin_us.1));
    PathsMeasured { margin_us, outside_share: newer.outside_share.max(before.outside_share), ..newer }
}

fn ratio((trials, errors): (u64, u64)) -> Ratio {
    Ratio { errors, trials }
}

fn linear(db: f64) -> f64 {
    10f64.powf(db / 10.0)
}

fn decibels(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

/// Pairs of MCH and MCS that are kept apart: 15 MCHs of an area, each at all MCSs of a long run.
const MCHS_LIMIT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn area(subframes: u64, rsrp_dbfs: f64, blocks: (u64, u64), margin: f64) -> AreaMeasured {
        AreaMeasured {
            n_id_mbsfn: 3,
            subframes,
            rsrp_dbfs,
            rsrq_db: -11.0,
            signalling: (2, 0),
            mchs: vec![MchMeasured {
                mch: "a".into(),
                mcs: 9,
                blocks,
                compared: 1,
                bits: (1000, 7),
                sinr_db: Some(12.0),
            }],
            paths: Some(PathsMeasured { first_us: 0.1, last_us: 2.0, margin_us: (1.0, margin), outside_share: 0.0 }),
        }
    }

    #[test]
    fn counts_add_up_means_are_linear_margins_the_least() {
        let mut sum = AreaSum::default();
        sum.add(&area(30, -40.0, (20, 1), 5.0));
        sum.add(&area(10, -30.0, (10, 0), 3.0));
        sum.add(&area(10, -30.0, (10, 0), 4.0));
        let mean: f64 = (30.0 * 1e-4 + 20.0 * 1e-3) / 50.0;
        assert!((sum.rsrp_dbfs().unwrap() - 10.0 * mean.log10()).abs() < 1e-9);
        assert_eq!((sum.signalling, sum.mchs.len()), (Ratio { errors: 0, trials: 6 }, 1));
        let mch = &sum.mchs[0];
        assert_eq!((mch.blocks, mch.bits), (Ratio { errors: 1, trials: 40 }, Ratio { errors: 21, trials: 3000 }));
        assert_eq!(sum.paths.unwrap().margin_us, (1.0, 3.0));
        assert!((mch.sinr_db().unwrap() - 12.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_reported_needs_a_calibration_for_dbm_alone() {
        let mut sum = AreaSum::default();
        assert_eq!(MbsfnReport::of(&sum, Some(0.0)).rsrq_result, None);
        sum.add(&area(30, -40.0, (20, 1), 5.0));
        let report = MbsfnReport::of(&sum, Some(-58.0));
        assert_eq!((report.rsrp_result, report.rsrq_result), (Some(43), Some(25)));
        assert_eq!(report.signalling_bler, Some(BlerReport { bler: 0, n: 0, m: 2 }));
        assert_eq!(MbsfnReport::of(&sum, None).rsrp_result, None);
        assert_eq!(BlerReport::of(Ratio { errors: 1, trials: 20 }), Some(BlerReport { bler: 19, n: 0, m: 20 }));
    }
}
