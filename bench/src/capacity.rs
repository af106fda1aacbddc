//! What the MCH of a scenario carries (TS 36.213 clause 11.1, TS 36.321 clause 5.12), and whether its sessions fit.

use radio::{ConfigError, PmchParams};

use crate::scenario::Scenario;
use crate::setup;

/// What the MCH carries for MTCHs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Capacity {
    /// Transport block size of data subframes, bits.
    pub(crate) tbs_bits: usize,
    /// For SDUs, after MCCH, MSI and headers, bit/s.
    pub(crate) bps: f64,
}

/// A value of the scenario that cannot be: the key, and why with what is allowed.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CapacityProblem {
    pub(crate) key: [&'static str; 2],
    message: String,
}

/// Octets of MAC and RLC headers in a data block: one subheader for the MTCH and one for padding, the RLC header and
/// the length indicators of a few SDUs (TS 36.321 clause 6.2.1, TS 36.322 clause 6.2.1.3).
const HEADER_OCTETS: usize = 12;
/// MCS indices of TS 36.213 table 7.1.7.1-1.
const MCS_MAX: u8 = 28;

impl Capacity {
    /// Refuses formats that cannot be decoded.
    pub(crate) fn of(scenario: &Scenario) -> Result<Self, CapacityProblem> {
        let area = &scenario.mbsfn_area;
        params(scenario, area.signalling_mcs, ["mbsfn_area", "signalling_mcs"])?;
        let format = params(scenario, scenario.mch.data_mcs, ["mch", "data_mcs"])?.format;
        let period_rf = f64::from(scenario.mch.scheduling_period_rf);
        // The first subframe of a scheduling period and those of the MCCH go at the signalling MCS: counted as full.
        let mcch = (period_rf / f64::from(area.mcch_repetition_period_rf)).min(1.0);
        let data_subframes = area.subframes.len() as f64 * period_rf - 1.0 - mcch;
        let octets = format.octets().saturating_sub(HEADER_OCTETS) as f64;
        let bps = (data_subframes * octets * 8.0 / (period_rf * 0.01)).max(0.0);
        Ok(Self { tbs_bits: format.tbs_bits, bps })
    }

    /// Refuses sessions that ask for more than there is.
    pub(crate) fn admit(&self, scenario: &Scenario) -> Result<(), CapacityProblem> {
        let asked: f64 = scenario.sessions.iter().map(|s| f64::from(s.bit_rate_kbps) * 1000.0).sum();
        if asked <= self.bps {
            return Ok(());
        }
        let message = format!(
            "the sessions ask for {:.0} kbit/s together, data_mcs = {} at {} resource blocks in {} subframes of a \
             frame carries {:.0}; allowed values: bit_rate_kbps up to that, or a higher data_mcs",
            asked / 1000.0,
            scenario.mch.data_mcs,
            scenario.cell.n_rb_dl,
            scenario.mbsfn_area.subframes.len(),
            (self.bps / 1000.0).floor()
        );
        Err(CapacityProblem { key: ["mch", "data_mcs"], message })
    }
}

fn params(scenario: &Scenario, mcs: u8, key: [&'static str; 2]) -> Result<PmchParams, CapacityProblem> {
    let area = &scenario.mbsfn_area;
    let of = |mcs| -> Result<PmchParams, ConfigError> {
        PmchParams::new(setup::cell(&scenario.cell)?, area.n_id_mbsfn, area.non_mbsfn_region, mcs)
    };
    of(mcs).map_err(|why| {
        let highest = (0..=MCS_MAX).rev().find(|&mcs| of(mcs).is_ok());
        let allowed = highest.map_or_else(|| "none".to_owned(), |highest| format!("0 to {highest}"));
        CapacityProblem { key, message: format!("{} = {mcs}: {why}; allowed values: {allowed}", key[1]) }
    })
}
