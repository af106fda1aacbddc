//! What UEs have measured, and what was measured of it against the limits of the scenario.

use serde::{Deserialize, Serialize};

/// Counts and quality of one UE over an interval. Ratios are left to the reader: counts add up, ratios do not.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct RadioReport {
    /// UE.
    pub ue: String,
    /// Start of the interval, nanoseconds of run time.
    pub from_ns: u64,
    /// MTCH transport blocks that were scheduled and tried.
    pub mch_blocks: u64,
    /// Of these, CRC failures.
    pub mch_errors: u64,
    /// Transport blocks at the signalling MCS (MCCH, MSI) tried.
    pub signalling_blocks: u64,
    /// Of these, CRC failures.
    pub signalling_errors: u64,
    /// Turbo iterations, summed over code blocks.
    pub turbo_iterations: u64,
    /// Code blocks decoded.
    pub code_blocks: u64,
    /// CINR from MBSFN-RS over the interval (mean power over mean noise), dB; `None` without a subframe.
    pub cinr_db: Option<f64>,
    /// Lowest CINR of a subframe in the interval, dB.
    pub cinr_min_db: Option<f64>,
    /// EVM of equalised data symbols, root mean square over the interval, percent of the constellation's rms.
    pub evm_percent: Option<f64>,
    /// Carrier frequency offset, mean over the interval, Hz.
    pub cfo_hz: Option<f64>,
    /// Delay of the strongest path against the subframe as it is followed, at the end of the interval, microseconds.
    pub timing_us: Option<f64>,
    /// Area by area.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<AreaMeasured>,
}

/// What a UE measured in an MBSFN area over an interval.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct AreaMeasured {
    /// MBSFN area identity.
    pub n_id_mbsfn: u8,
    /// Subframes in which a PMCH was decoded.
    pub subframes: u64,
    /// MBSFN RSRP, mean of linear values, dB relative to samples with an rms of 1.
    pub rsrp_dbfs: f64,
    /// MBSFN RSRQ, mean of linear values, dB.
    pub rsrq_db: f64,
    /// Transport blocks at the signalling MCS tried, and CRC failures among them.
    pub signalling: (u64, u64),
    /// MCH by MCH, and by MCS.
    pub mchs: Vec<MchMeasured>,
    /// Impulse response, as measured last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<PathsMeasured>,
}

/// What a UE measured on the data blocks of an MCH over an interval.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct MchMeasured {
    /// Name of the MCH.
    pub mch: String,
    /// Modulation and coding scheme.
    pub mcs: u8,
    /// Transport blocks that were scheduled and tried, and CRC failures among them.
    pub blocks: (u64, u64),
    /// Blocks that were encoded again and compared.
    pub compared: u64,
    /// Their coded bits, and how many of them were wrong before decoding.
    pub bits: (u64, u64),
    /// MBSFN SINR of compared blocks, mean of linear values, dB; `None` without one.
    pub sinr_db: Option<f64>,
}

/// Paths of an impulse response. Delays are against the subframe as the UE follows it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct PathsMeasured {
    /// Delay of the first path that stands out, microseconds.
    pub first_us: f64,
    /// Delay of the last one, microseconds.
    pub last_us: f64,
    /// What is left of the cyclic prefix before the first and after the last path, microseconds: the least of the interval.
    pub margin_us: (f64, f64),
    /// Share of the energy that comes with paths outside of the cyclic prefix: the largest of the interval.
    pub outside_share: f64,
}

/// A measured quantity.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// Name as expectations use it.
    pub name: crate::scenario::MeasurementName,
    /// UE, when it is of one.
    pub ue: Option<String>,
    /// Session, when it is of one.
    pub session: Option<String>,
    /// Value in the unit of the name.
    pub value: f64,
    /// Numerator and denominator when the value is a ratio of counts.
    pub counts: Option<(u64, u64)>,
}
