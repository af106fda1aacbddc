//! Where a curve reaches a block error rate, and what that means for a requirement.

use super::{Point, Requirement, Sweep};
use crate::verdict::Verdict;

/// The SNR at which a curve reaches a block error rate, log-linear between its points.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Crossing {
    /// Of the measured rates.
    pub at: Edge,
    /// Of the lower ends of their 95 % intervals.
    pub low: Edge,
    /// Of the upper ends.
    pub high: Edge,
}

/// An SNR as far as the points of a curve tell it, dB.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Edge {
    /// No point is worse: at the first point, or below it.
    AtOrBelow(f64),
    /// Between two points.
    At(f64),
    /// The last point is still worse.
    Above(f64),
}

impl Edge {
    /// It is no higher than this, if that is known.
    pub fn at_most(self) -> Option<f64> {
        match self {
            Self::AtOrBelow(snr) | Self::At(snr) => Some(snr),
            Self::Above(_) => None,
        }
    }

    /// It is no lower than this, if that is known.
    pub fn at_least(self) -> Option<f64> {
        match self {
            Self::AtOrBelow(_) => None,
            Self::At(snr) | Self::Above(snr) => Some(snr),
        }
    }
}

impl std::fmt::Display for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtOrBelow(snr) => write!(f, "<={snr:.2}"),
            Self::At(snr) => write!(f, "{snr:.2}"),
            Self::Above(snr) => write!(f, ">{snr:.2}"),
        }
    }
}

/// What became of a requirement.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// The requirement.
    pub requirement: Requirement,
    /// Where the curve is.
    pub crossing: Crossing,
    /// What that means.
    pub verdict: Verdict,
}

impl Crossing {
    /// Of the points of one curve, at least one, SNR ascending.
    pub fn of(points: &[Point], bler: f64) -> Self {
        let half_an_error = |p: &Point| 0.5 / p.counts.blocks.max(1) as f64;
        let edge = |rate: &dyn Fn(&Point) -> f64| {
            let rates: Vec<_> = points.iter().map(|p| (p.snr_db, rate(p), half_an_error(p))).collect();
            last_crossing(&rates, bler)
        };
        Self {
            at: edge(&|p| p.counts.bler()),
            low: edge(&|p| p.counts.wilson_95().0),
            high: edge(&|p| p.counts.wilson_95().1),
        }
    }

    /// Holds it against an SNR.
    fn verdict(&self, required_db: f64) -> Verdict {
        if self.high.at_most().is_some_and(|snr| snr <= required_db) {
            return Verdict::Pass;
        }
        let fails = match self.low {
            Edge::At(snr) => snr > required_db,
            // Nothing is known beyond the last point.
            Edge::Above(last) => required_db <= last,
            Edge::AtOrBelow(_) => false,
        };
        if fails { Verdict::Fail } else { Verdict::Inconclusive }
    }
}

/// `rates`: SNR, rate, and what counts for a rate of nothing. After the crossing no rate is above `bler`.
fn last_crossing(rates: &[(f64, f64, f64)], bler: f64) -> Edge {
    let Some(above) = rates.iter().rposition(|&(_, rate, _)| rate > bler) else {
        return Edge::AtOrBelow(rates.first().map_or(f64::NAN, |r| r.0));
    };
    let (snr_a, rate_a, _) = rates[above];
    let Some(&(snr_b, rate_b, floor)) = rates.get(above + 1) else { return Edge::Above(snr_a) };
    let (a, b) = (rate_a.ln(), rate_b.max(floor.min(bler)).ln());
    Edge::At(snr_a + (snr_b - snr_a) * ((a - bler.ln()) / (a - b)).clamp(0.0, 1.0))
}

/// Every requirement of a sweep, in the order of its file.
pub(super) fn findings(sweep: &Sweep, curves: &[Vec<Point>]) -> Vec<Finding> {
    let finding = |requirement: &Requirement| {
        let curve = sweep.curves.iter().position(|c| c.name == requirement.curve)?;
        let crossing = Crossing::of(&curves[curve], requirement.bler);
        let verdict = crossing.verdict(requirement.snr_db);
        Some(Finding { requirement: requirement.clone(), crossing, verdict })
    };
    sweep.requirements.iter().filter_map(finding).collect()
}
