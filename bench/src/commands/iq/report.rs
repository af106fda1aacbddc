//! What `castbench iq analyze --json` prints. Within a version of `schema`, fields are only added; an absent value is
//! `null`.

use std::collections::BTreeMap;

use radio::McsTable;
use serde::Serialize;
use serde_json::Value;

use crate::event::PathsMeasured;
use crate::report::Ratio;

/// Version of the layout.
pub(super) const SCHEMA: &str = "castbench.iq/1";

/// Everything found in a recording.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct AnalyzeReport {
    pub(super) schema: &'static str,
    pub(super) recording: RecordingReport,
    /// In the order in which they were found.
    pub(super) cells: Vec<CellReport>,
    /// Of the cell that came farthest: the first stage that fails, `null` when service data arrives whole.
    pub(super) first_failing_stage: Option<&'static str>,
    /// The likely cause and what to do about it; empty when nothing fails.
    pub(super) hint: String,
}

/// What was read.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct RecordingReport {
    pub(super) file: String,
    pub(super) format: String,
    pub(super) sample_rate_hz: f64,
    pub(super) n_antennas: usize,
    pub(super) samples: u64,
    pub(super) duration_ms: f64,
    pub(super) frequency_hz: Option<f64>,
    pub(super) datetime: Option<String>,
    /// Samples missing in gaps that the recording tells of.
    pub(super) samples_lost: u64,
    pub(super) overflows: u64,
}

/// A cell.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub(super) struct CellReport {
    pub(super) n_id_cell: u16,
    pub(super) cyclic_prefix: &'static str,
    pub(super) n_rb_dl: Option<usize>,
    pub(super) n_ports: Option<u8>,
    /// As followed at the end, Hz.
    pub(super) cfo_hz: f64,
    /// A sample at which a radio frame begins.
    pub(super) frame_start_sample: u64,
    pub(super) mib: Option<Value>,
    /// Blocks of system information in the order in which they came; one that changed is there again.
    pub(super) sibs: Vec<Value>,
    pub(super) mcch_notifications: Vec<NotificationReport>,
    pub(super) mbsfn_areas: Vec<AreaReport>,
    /// Times that it was lost.
    pub(super) lost: u64,
    pub(super) first_failing_stage: Option<&'static str>,
    pub(super) hint: String,
    pub(super) stages: Vec<StageReport>,
}

/// How often a stage was tried, and how often that went well.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct StageReport {
    pub(super) stage: &'static str,
    pub(super) tried: u64,
    pub(super) good: u64,
}

/// An MCCH change notification, and how often it was repeated.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct NotificationReport {
    pub(super) sfn: u32,
    pub(super) subframe: u8,
    pub(super) bitmap: u8,
    pub(super) times: u64,
}

/// An MBSFN area.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub(super) struct AreaReport {
    pub(super) n_id_mbsfn: u8,
    pub(super) non_mbsfn_region: u8,
    pub(super) notification_indicator: u8,
    pub(super) mcch_config: Value,
    /// Why it cannot be listened to.
    pub(super) error: Option<String>,
    /// The MCCH as it was last, and blocks at the signalling MCS in its subframes.
    pub(super) mcch: Option<Value>,
    /// Times that the MCCH changed.
    pub(super) mcch_changes: u64,
    /// Blocks in subframes of the MCCH before any MCCH was known.
    pub(super) mcch_blocks: BlockReportSum,
    /// Blocks in which something breaks the standard, and what it was first.
    pub(super) malformed: u64,
    pub(super) first_malformed: Option<String>,
    pub(super) pmchs: Vec<PmchReport>,
}

/// A (P)MCH.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub(super) struct PmchReport {
    pub(super) index: usize,
    pub(super) data_mcs: u8,
    pub(super) mcs_table: McsTable,
    pub(super) mch_scheduling_period_rf: u16,
    pub(super) sf_alloc_end: u16,
    /// TMGIs as six octets in hex, service identity and PLMN.
    pub(super) tmgis: Vec<String>,
    /// Scheduling periods whose MSI was received.
    pub(super) msis: u64,
    /// Of blocks at the data MCS and, apart, at the signalling MCS.
    #[serde(flatten)]
    pub(super) data: BlockReportSum,
    pub(super) signalling: BlockReportSum,
    pub(super) mtchs: Vec<MtchReport>,
    pub(super) measurements: MeasurementReport,
}

/// Transport blocks that were sent for sure, and CRC failures among them.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub(super) struct BlockReportSum {
    pub(super) blocks: u64,
    pub(super) errors: u64,
    /// Errors per block, and where it lies with 95 % confidence (Wilson).
    pub(super) bler: Option<f64>,
    pub(super) bler_95: Option<(f64, f64)>,
    /// Failures where nothing may have been sent: no MSI tells of it.
    pub(super) maybe_empty: u64,
}

/// Measured on the subframes of a (P)MCH.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub(super) struct MeasurementReport {
    pub(super) subframes: u64,
    /// Mean power over mean noise, lowest and highest subframe, dB.
    pub(super) cinr_db: Option<f64>,
    pub(super) cinr_min_db: Option<f64>,
    pub(super) cinr_max_db: Option<f64>,
    /// Decision directed, root mean square, percent.
    pub(super) evm_percent: Option<f64>,
    /// Per code block.
    pub(super) turbo_iterations: Option<f64>,
    /// Delay of the strongest path at the end, microseconds.
    pub(super) timing_us: Option<f64>,
    /// Mean carrier frequency offset, Hz.
    pub(super) cfo_hz: Option<f64>,
    /// MBSFN RSRP (TS 36.214 clause 5.1.17) relative to samples with an rms of 1: a recording tells no level in dBm.
    pub(super) mbsfn_rsrp_dbfs: Option<f64>,
    /// MBSFN RSRQ (TS 36.214 clause 5.1.18).
    pub(super) mbsfn_rsrq_db: Option<f64>,
    /// Data symbols of blocks that were encoded again; none without one.
    pub(super) mbsfn_sinr_db: Option<f64>,
    /// Coded bits of blocks that were encoded again, those wrong before decoding, and where the ratio lies.
    pub(super) compared_blocks: u64,
    pub(super) compared_bits: u64,
    pub(super) bit_errors: u64,
    pub(super) ber: Option<f64>,
    pub(super) ber_95: Option<(f64, f64)>,
    /// Paths at the end of the recording, and what is left of the cyclic prefix at least.
    pub(super) paths: Option<PathsMeasured>,
    #[serde(skip)]
    pub(super) error_power_sum: f64,
    #[serde(skip)]
    pub(super) sums: MeasurementSums,
    #[serde(skip)]
    pub(super) iterations: u64,
    #[serde(skip)]
    pub(super) code_blocks: u64,
}

/// Linear sums behind the means.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct MeasurementSums {
    pub(super) signal: f64,
    pub(super) noise: f64,
    pub(super) rsrp: f64,
    pub(super) rsrq: f64,
    pub(super) sinr: f64,
    pub(super) cfo_hz: f64,
}

/// An MTCH: a session on a (P)MCH.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub(super) struct MtchReport {
    pub(super) lcid: u8,
    pub(super) tmgi: String,
    pub(super) session_id: Option<u8>,
    /// IP datagrams, their octets, and how many went to each UDP destination.
    pub(super) datagrams: u64,
    pub(super) octets: u64,
    pub(super) destinations: BTreeMap<String, u64>,
    /// SDUs that are no IP datagrams.
    pub(super) other_sdus: u64,
    /// RLC: gaps in sequence numbers, and PDUs missing in them.
    pub(super) rlc_gaps: u64,
    pub(super) rlc_pdus_lost: u64,
    /// File of the datagrams, with `--mtch`.
    pub(super) file: Option<String>,
}

impl BlockReportSum {
    pub(super) fn count(&mut self, good: bool, announced: bool) {
        if !good && !announced {
            self.maybe_empty += 1;
            return;
        }
        self.blocks += 1;
        self.errors += u64::from(!good);
        let ratio = Ratio { errors: self.errors, trials: self.blocks };
        (self.bler, self.bler_95) = (ratio.value(), ratio.wilson_95());
    }
}
