//! A sample clock that is off: samples are taken at other times than they were made for.

use num_complex::Complex32;

use crate::channel::sinc::{TAPS, interpolator};

/// Places between two samples for which there is a filter; between those, filters change linearly (error below -90 dB).
const PHASES: usize = 256;
/// Samples that a filter wants before the one that a time falls on or follows.
const BEFORE: usize = TAPS / 2 - 2;
/// Values, real and imaginary, that are summed side by side.
const LANES: usize = 16;

/// Resamples the stream of one antenna.
#[derive(Clone)]
pub(in crate::channel) struct SampleClock {
    /// Filters for the places from 0 to 1 between two samples, every tap twice: for real and imaginary part.
    filters: Vec<[f32; 2 * TAPS]>,
    /// Samples between two of the receiver's, in 2^-64.
    step: u128,
    /// When the receiver's next sample is, in 2^-64 samples after the one that `history` holds at [`BEFORE`].
    at: u128,
    history: Vec<Complex32>,
}

impl SampleClock {
    /// A clock that is `ppm` millionths faster than nominal.
    pub(in crate::channel) fn new(ppm: f64) -> Self {
        let filter = |phase: usize| {
            let newest_first = interpolator(1.0 - phase as f64 / PHASES as f64);
            std::array::from_fn(|i| newest_first[TAPS - 1 - i / 2])
        };
        let off = 1.0 / (1.0 + ppm * 1e-6) - 1.0;
        Self {
            filters: (0..=PHASES).map(filter).collect(),
            step: (1u128 << 64).wrapping_add_signed((off * 2f64.powi(64)) as i128),
            at: 0,
            history: vec![Complex32::ZERO; BEFORE],
        }
    }

    /// Samples of the input that the clock waits for beyond the time of a sample, at most.
    pub(in crate::channel) const LOOKAHEAD: usize = TAPS - BEFORE;

    /// Samples of the input that lie after the receiver's last sample.
    pub(in crate::channel) fn pending(&self) -> usize {
        self.history.len() - BEFORE - self.whole()
    }

    /// Replaces `samples` by what the receiver takes while they arrive.
    pub(in crate::channel) fn process(&mut self, samples: &mut Vec<Complex32>) {
        self.history.append(samples);
        while self.whole() + TAPS <= self.history.len() {
            let window = &self.history[self.whole()..][..TAPS];
            samples.push(self.sample(window));
            self.at += self.step;
        }
        let past = self.whole().min(self.history.len());
        self.history.drain(..past);
        self.at -= (past as u128) << 64;
    }

    fn whole(&self) -> usize {
        (self.at >> 64) as usize
    }

    fn sample(&self, window: &[Complex32]) -> Complex32 {
        let place = self.at as u64 as f64 / 2f64.powi(64) * PHASES as f64;
        let phase = (place as usize).min(PHASES - 1);
        let weight = (place - phase as f64) as f32;
        let (lower, upper) = (&self.filters[phase], &self.filters[phase + 1]);
        let values: &[f32] = bytemuck::cast_slice(window);
        let mut sums = [0.0; LANES];
        for at in (0..2 * TAPS).step_by(LANES) {
            for (lane, sum) in sums.iter_mut().enumerate() {
                let (l, u) = (lower[at + lane], upper[at + lane]);
                *sum += values[at + lane] * (l + weight * (u - l));
            }
        }
        sums.chunks_exact(2).map(|s| Complex32::new(s[0], s[1])).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    #[test]
    fn a_tone_is_read_at_the_times_of_the_clock() {
        let f = 0.43; // cycles per sample
        let tone = |t: f64| Complex32::cis((TAU * (f * t).fract()) as f32);
        let sent: Vec<_> = (0..100_000).map(|n| tone(f64::from(n))).collect();
        for ppm in [-500.0, -2.0, 0.3, 100.0] {
            let mut clock = SampleClock::new(ppm);
            let mut heard = Vec::new();
            for part in sent.chunks(1234) {
                let mut samples = part.to_vec();
                clock.process(&mut samples);
                heard.append(&mut samples);
                assert!(clock.pending() <= SampleClock::LOOKAHEAD + 1, "{}", clock.pending());
            }
            for (n, y) in heard.iter().enumerate().skip(100) {
                let want = tone(n as f64 / (1.0 + ppm * 1e-6));
                assert!((y - want).norm() < 4e-3, "{ppm} ppm at {n}: {y} instead of {want}");
            }
            let expected = (sent.len() - SampleClock::LOOKAHEAD) as f64 * (1.0 + ppm * 1e-6);
            assert!((heard.len() as f64 - expected).abs() < 3.0, "{ppm} ppm: {} samples", heard.len());
        }
    }
}
