//! How much a channel changes between the reference symbols of a subframe, against its power.

use num_complex::Complex32;

/// Distances between reference symbols over which their changes are compared; noise has nothing in common there.
const LAGS: usize = 6;
/// Subframes that the mean goes back, once there have been as many.
const MEMORY_SUBFRAMES: f32 = 64.0;
/// A change counts when it adds more than this to the noise.
const CHANGE_OVER_NOISE: f32 = 0.03;
/// A change counts when it is this many standard deviations of its error.
const DEVIATIONS: f32 = 3.0;
/// By what factor a change may become another one until estimates are planned for it.
const TOLERANCE: f32 = 1.6;

/// Mean square of what the channel changes over the time between the middle and the outer reference symbols.
#[derive(Clone, Debug, Default)]
pub(super) struct Doppler {
    /// Correlation of the channel over twice 1, 2, ... subcarriers.
    correlation: [Complex32; LAGS],
    /// Means of what [`Self::change`] says, of noise and of signal.
    change: f32,
    noise: f32,
    signal: f32,
    count: f32,
    /// Change over power of the channel for which the estimate is planned; 0: none.
    pub(super) planned: f32,
}

impl Doppler {
    /// Compares with channels that correlate like this over so many subcarriers.
    pub(super) fn expect(&mut self, correlation: impl Fn(usize) -> Complex32) {
        (1..).zip(&mut self.correlation).for_each(|(lag, c)| *c = correlation(2 * lag));
    }

    /// Power that the differences of two reference symbols, in every other one of the subcarriers, have from the
    /// channel: half their mean square, as noise is counted. May be negative.
    pub(super) fn change(&self, difference: &[Complex32]) -> f32 {
        let strength: f32 = self.correlation.iter().map(Complex32::norm_sqr).sum();
        if strength == 0.0 {
            return 0.0;
        }
        let mut sum = 0.0;
        for (lag, correlation) in (1..).zip(&self.correlation) {
            // On either side of the carrier.
            for half in difference.chunks_exact(difference.len() / 2) {
                let pairs = half[2 * lag..].iter().step_by(2).zip(half.iter().step_by(2));
                let product: Complex32 = pairs.map(|(y, x)| y * x.conj()).sum();
                sum += (product * correlation.conj()).re / (half.len() / 2 - lag) as f32;
            }
        }
        sum / strength / 4.0
    }

    /// Takes a subframe into the mean. `true`: the change is not the one that is planned for.
    pub(super) fn add(&mut self, change: f32, noise: f32, signal: f32, pairs: usize) -> bool {
        let strength: f32 = self.correlation.iter().map(Complex32::norm_sqr).sum();
        if strength == 0.0 || !(change + noise + signal).is_finite() {
            return false;
        }
        self.count = (self.count + 1.0).min(MEMORY_SUBFRAMES);
        let share = 1.0 / self.count;
        self.change += (change - self.change) * share;
        self.noise += (noise - self.noise) * share;
        self.signal += (signal - self.signal) * share;
        let counts = if self.planned > 0.0 { 0.5 } else { 1.0 };
        let deviation = 1.0 / (pairs as f32 * strength * self.count).sqrt();
        let matters = self.change > self.noise * counts * CHANGE_OVER_NOISE.max(DEVIATIONS * deviation);
        // Half of the square of a difference over twice the distance is twice the square of the change.
        let ratio = if matters { self.change / 2.0 / self.signal.max(f32::MIN_POSITIVE) } else { 0.0 };
        let as_planned = ratio <= self.planned * TOLERANCE && self.planned <= ratio * TOLERANCE;
        if !as_planned {
            self.planned = ratio;
        }
        !as_planned
    }
}
