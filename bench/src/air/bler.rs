//! Block error ratios of the PMCH in white noise, one receive antenna, channel and noise estimated, as this receiver has them:
//! measured by `castbench sweep fixtures/sweeps/pmch_tables.toml` at 25 PRB with 200 errors or 2,000 blocks for each point.
//! At 50 PRB the same ratio comes within 0.25 dB (`fixtures/sweeps/awgn.toml`).

use radio::{Mcs, McsTable};

/// Highest MCS that there is a table for.
pub(crate) const MCS_MAX: u8 = 23;

/// Ratio of blocks that are lost at an MCS of the table up to 64QAM; 1 where there is no table.
pub(super) fn of(mcs: Mcs, snr_db: f64) -> f64 {
    if mcs.table != McsTable::Qam64 || mcs.index > MCS_MAX {
        return 1.0;
    }
    let above = CURVES.iter().position(|curve| curve.mcs >= mcs.index).unwrap_or(CURVES.len() - 1);
    let upper = &CURVES[above];
    if upper.mcs == mcs.index || above == 0 {
        return upper.at(snr_db);
    }
    // Between two curves lies one of the lower one's shape.
    let lower = &CURVES[above - 1];
    let part = f64::from(mcs.index - lower.mcs) / f64::from(upper.mcs - lower.mcs);
    lower.at(snr_db - part * (upper.half() - lower.half()))
}

/// Ratio over SNR at one MCS; before the first point all is lost, after the last nothing.
struct Curve {
    mcs: u8,
    first_snr_db: f64,
    ratios: &'static [f64],
}

impl Curve {
    fn at(&self, snr_db: f64) -> f64 {
        let place = (snr_db - self.first_snr_db) / STEP_DB;
        if place < 0.0 {
            return 1.0;
        }
        let (index, part) = (place as usize, place.fract());
        let ratio = |index: usize| self.ratios.get(index).copied().unwrap_or_default();
        ratio(index) + part * (ratio(index + 1) - ratio(index))
    }

    /// SNR at which half is lost.
    fn half(&self) -> f64 {
        let after = self.ratios.iter().position(|ratio| *ratio < 0.5).unwrap_or_default().max(1);
        let (before, ratio) = (self.ratios[after - 1], self.ratios[after]);
        self.first_snr_db + STEP_DB * ((after - 1) as f64 + (before - 0.5) / (before - ratio))
    }
}

/// Between points.
const STEP_DB: f64 = 0.25;

const CURVES: [Curve; 10] = [
    Curve { mcs: 0, first_snr_db: -6.0, ratios: &[0.9967, 0.98, 0.85, 0.5575, 0.2422, 0.07, 0.0055] },
    Curve { mcs: 2, first_snr_db: -3.75, ratios: &[1.0, 0.9233, 0.6867, 0.2537, 0.0485, 0.0035] },
    Curve { mcs: 4, first_snr_db: -1.75, ratios: &[1.0, 0.9933, 0.8033, 0.33, 0.0365, 0.0015] },
    Curve { mcs: 7, first_snr_db: 1.75, ratios: &[1.0, 0.9933, 0.76, 0.185, 0.0025] },
    Curve { mcs: 9, first_snr_db: 4.0, ratios: &[1.0, 0.9533, 0.555, 0.0705, 0.003] },
    Curve { mcs: 12, first_snr_db: 5.5, ratios: &[1.0, 0.9667, 0.424, 0.02, 0.0] },
    Curve { mcs: 13, first_snr_db: 6.75, ratios: &[1.0, 0.8967, 0.2587, 0.003] },
    Curve { mcs: 16, first_snr_db: 10.0, ratios: &[1.0, 0.8067, 0.1964, 0.0035] },
    Curve { mcs: 20, first_snr_db: 13.25, ratios: &[1.0, 0.8067, 0.1117, 0.0015] },
    Curve { mcs: 23, first_snr_db: 16.5, ratios: &[1.0, 0.9467, 0.43, 0.0255, 0.001] },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(index: u8, snr_db: f64) -> f64 {
        of(Mcs { table: McsTable::Qam64, index }, snr_db)
    }

    #[test]
    fn ratios_are_those_measured_and_fall_in_between() {
        assert_eq!((ratio(9, -30.0), ratio(9, 4.75), ratio(9, 40.0)), (1.0, 0.0705, 0.0));
        for index in 0..=MCS_MAX {
            let over: Vec<f64> = (-140..400).map(|snr| ratio(index, f64::from(snr) / 20.0)).collect();
            assert!(over.windows(2).all(|pair| pair[0] >= pair[1]), "MCS {index}: more is lost at a better ratio");
            assert_eq!((over[0], over.last()), (1.0, Some(&0.0)), "MCS {index}");
            assert!((0..index).all(|lower| ratio(lower, 4.0) <= ratio(index, 4.0)), "MCS {index} is the sturdier one");
        }
        let (low, own, high) = (ratio(9, 5.5), ratio(11, 5.5), ratio(12, 5.5));
        assert!(low < own && own < high || own == high, "{low} {own} {high}");
    }

    #[test]
    fn where_no_table_is_nothing_comes_through() {
        assert_eq!(ratio(MCS_MAX + 1, 60.0), 1.0);
        assert_eq!(of(Mcs { table: McsTable::Qam256, index: 4 }, 60.0), 1.0);
    }
}
