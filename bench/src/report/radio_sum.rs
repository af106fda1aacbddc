//! Sums over radio reports: counts add up, means are kept as sums with their weight in subframes.

use super::series::Merge;
use crate::event::RadioReport;

/// Sum of [`RadioReport`]s that follow each other.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct RadioSum {
    /// Start of the interval, nanoseconds of run time.
    pub from_ns: u64,
    /// Its end.
    pub to_ns: u64,
    /// MTCH blocks and CRC failures among them.
    pub mch: Ratio,
    /// Signalling blocks and CRC failures among them.
    pub signalling: Ratio,
    /// Turbo iterations per code block.
    pub turbo: WeightedSum,
    /// CINR, linear.
    pub cinr: WeightedSum,
    /// Lowest CINR of a subframe, dB.
    pub cinr_min_db: Option<f64>,
    /// EVM squared, percent squared.
    pub evm_squared: WeightedSum,
    /// Carrier frequency offset, Hz.
    pub cfo: WeightedSum,
    /// Delay of the strongest path, microseconds.
    pub timing: WeightedSum,
}

/// Failures among trials.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ratio {
    /// Failures.
    pub errors: u64,
    /// Trials.
    pub trials: u64,
}

/// A sum of weighted values.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct WeightedSum {
    /// Values times weights.
    pub sum: f64,
    /// Weights.
    pub weight: f64,
}

impl RadioSum {
    /// One report, whose interval ends at `to_ns`.
    pub fn of(report: &RadioReport, to_ns: u64) -> Self {
        let weight = (report.mch_blocks + report.signalling_blocks).max(1) as f64;
        let weighted =
            |x: Option<f64>| x.map_or_else(WeightedSum::default, |x| WeightedSum { sum: x * weight, weight });
        Self {
            from_ns: report.from_ns,
            to_ns,
            mch: Ratio { errors: report.mch_errors, trials: report.mch_blocks },
            signalling: Ratio { errors: report.signalling_errors, trials: report.signalling_blocks },
            turbo: WeightedSum { sum: report.turbo_iterations as f64, weight: report.code_blocks as f64 },
            cinr: weighted(report.cinr_db.map(|db| 10f64.powf(db / 10.0))),
            cinr_min_db: report.cinr_min_db,
            evm_squared: weighted(report.evm_percent.map(|x| x * x)),
            cfo: weighted(report.cfo_hz),
            timing: weighted(report.timing_us),
        }
    }

    /// Mean carrier frequency offset, Hz.
    pub fn cfo_hz(&self) -> Option<f64> {
        self.cfo.mean()
    }

    /// Mean delay of the strongest path against the subframes as they are followed, microseconds.
    pub fn timing_us(&self) -> Option<f64> {
        self.timing.mean()
    }

    /// Mean CINR, dB.
    pub fn cinr_db(&self) -> Option<f64> {
        self.cinr.mean().map(|x| 10.0 * x.log10())
    }

    /// EVM, root mean square, percent.
    pub fn evm_percent(&self) -> Option<f64> {
        self.evm_squared.mean().map(f64::sqrt)
    }
}

impl Merge for RadioSum {
    fn merge(&mut self, later: &Self) {
        self.to_ns = later.to_ns;
        self.mch.merge(&later.mch);
        self.signalling.merge(&later.signalling);
        self.turbo.merge(&later.turbo);
        self.cinr.merge(&later.cinr);
        self.evm_squared.merge(&later.evm_squared);
        self.cinr_min_db = match (self.cinr_min_db, later.cinr_min_db) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.cfo.merge(&later.cfo);
        self.timing.merge(&later.timing);
    }
}

impl Ratio {
    /// Failures per trial, `None` without a trial.
    pub fn value(self) -> Option<f64> {
        (self.trials > 0).then(|| self.errors as f64 / self.trials as f64)
    }

    /// Wilson score interval at 95 % (E. B. Wilson, JASA 22, 1927): where the true ratio lies, `None` without a trial.
    pub fn wilson_95(self) -> Option<(f64, f64)> {
        self.wilson(Z_95)
    }

    /// As [`Self::wilson_95`], `z` standard deviations wide to each side.
    pub(crate) fn wilson(self, z: f64) -> Option<(f64, f64)> {
        let (n, p) = (self.trials as f64, self.value()?);
        let z2 = z * z;
        let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        // At the ends the bound is exact; rounding must not move it past them.
        let low = if self.errors == 0 { 0.0 } else { (centre - half).max(0.0) };
        let high = if self.errors >= self.trials { 1.0 } else { (centre + half).min(1.0) };
        Some((low, high))
    }
}

impl Merge for Ratio {
    fn merge(&mut self, later: &Self) {
        self.errors += later.errors;
        self.trials += later.trials;
    }
}

impl WeightedSum {
    /// The weighted mean, `None` without a value.
    pub fn mean(self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

impl Merge for WeightedSum {
    fn merge(&mut self, later: &Self) {
        self.sum += later.sum;
        self.weight += later.weight;
    }
}

/// 97.5 % quantile of the standard normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe, Statistics in Medicine 17 (1998), table I, method 3 (score interval).
    #[test]
    fn wilson_interval_of_the_literature() {
        for (errors, trials, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let (a, b) = Ratio { errors, trials }.wilson_95().unwrap();
            assert!((a - low).abs() < 5e-5 && (b - high).abs() < 5e-5, "{errors}/{trials}: {a:.4} {b:.4}");
        }
        assert_eq!(Ratio { errors: 0, trials: 0 }.wilson_95(), None);
        assert_eq!(Ratio { errors: 7, trials: 7 }.wilson_95().unwrap().1, 1.0);
    }

    #[test]
    fn means_are_weighted_by_subframes_and_linear() {
        let report = |cinr_db, mch_blocks| RadioReport {
            ue: "a".into(),
            mch_blocks,
            cinr_db,
            cinr_min_db: cinr_db,
            ..RadioReport::default()
        };
        let mut sum = RadioSum::of(&report(Some(10.0), 3), 1);
        sum.merge(&RadioSum::of(&report(Some(0.0), 1), 2));
        sum.merge(&RadioSum::of(&report(None, 0), 3));
        assert!((sum.cinr_db().unwrap() - 10.0 * 7.75f64.log10()).abs() < 1e-12);
        assert_eq!((sum.cinr_min_db, sum.evm_percent(), sum.to_ns), (Some(0.0), None, 3));
    }
}
