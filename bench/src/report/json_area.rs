//! What a UE measured in an MBSFN area, for `report.json`.

use serde::Serialize;

use super::area_sum::{AreaSum, BlerReport, MbsfnReport, MchSum};
use super::json::RatioReport;
use super::radio_sum::Ratio;
use crate::event::PathsMeasured;

/// An MBSFN area.
#[derive(Serialize)]
pub(super) struct AreaReport<'a> {
    n_id_mbsfn: u8,
    mbsfn_rsrp_dbfs: Option<f64>,
    /// With a calibration.
    mbsfn_rsrp_dbm: Option<f64>,
    mbsfn_rsrq_db: Option<f64>,
    signalling_bler: RatioReport,
    /// As a UE reports it (TS 36.331, MeasResultMBSFN-r12).
    meas_result_mbsfn: MbsfnReport,
    paths: Option<PathsMeasured>,
    mchs: Vec<MchReport<'a>>,
}

/// Data blocks of an MCH at one MCS.
#[derive(Serialize)]
struct MchReport<'a> {
    mch: &'a str,
    mcs: u8,
    mch_bler: RatioReport,
    /// As a UE reports it (TS 36.331, BLER-Result-r12).
    data_bler: Option<BlerReport>,
    mbsfn_sinr_db: Option<f64>,
    ber: BerReport,
}

/// Bit errors before decoding, in the blocks that were encoded again.
#[derive(Serialize)]
struct BerReport {
    blocks: u64,
    bits: u64,
    errors: u64,
    ratio: Option<f64>,
    wilson_95: Option<(f64, f64)>,
}

impl<'a> AreaReport<'a> {
    pub(super) fn of(area: &'a AreaSum, full_scale_dbm: Option<f64>) -> Self {
        let dbfs = area.rsrp_dbfs();
        Self {
            n_id_mbsfn: area.n_id_mbsfn,
            mbsfn_rsrp_dbfs: dbfs,
            mbsfn_rsrp_dbm: dbfs.zip(full_scale_dbm).map(|(dbfs, full_scale)| dbfs + full_scale),
            mbsfn_rsrq_db: area.rsrq_db(),
            signalling_bler: RatioReport::of(area.signalling),
            meas_result_mbsfn: MbsfnReport::of(area, full_scale_dbm),
            paths: area.paths,
            mchs: area.mchs.iter().map(MchReport::of).collect(),
        }
    }
}

impl<'a> MchReport<'a> {
    fn of(mch: &'a MchSum) -> Self {
        let Ratio { errors, trials } = mch.bits;
        Self {
            mch: &mch.mch,
            mcs: mch.mcs,
            mch_bler: RatioReport::of(mch.blocks),
            data_bler: BlerReport::of(mch.blocks),
            mbsfn_sinr_db: mch.sinr_db(),
            ber: BerReport {
                blocks: mch.compared,
                bits: trials,
                errors,
                ratio: mch.bits.value(),
                wilson_95: mch.bits.wilson_95(),
            },
        }
    }
}
