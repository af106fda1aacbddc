//! Phase noise: a phase that walks at random.

use std::f64::consts::TAU;

use num_complex::Complex32;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use crate::channel::random::{Purpose, stream};

/// A Wiener process: its steps are independent and normal. A tone becomes a line of Lorentz's shape.
#[derive(Clone)]
pub(super) struct PhaseNoise {
    /// Standard deviation of a step, radians.
    step_rad: f64,
    phase_rad: f64,
    rng: Pcg64Mcg,
}

impl PhaseNoise {
    /// With a line `width_hz` wide at half its height: the phase's variance grows by 2 pi `width_hz` each second.
    pub(super) fn new(width_hz: f64, sample_rate_hz: f64, seed: u64) -> Self {
        let step_rad = (TAU * width_hz / sample_rate_hz).sqrt();
        Self { step_rad, phase_rad: 0.0, rng: stream(seed, Purpose::PhaseNoise, [0; 3]) }
    }

    /// Turns the samples of all antennas alike.
    pub(super) fn turn(&mut self, antennas: &mut [Vec<Complex32>]) {
        for n in 0..antennas[0].len() {
            let step: f64 = StandardNormal.sample(&mut self.rng);
            self.phase_rad = (self.phase_rad + step * self.step_rad) % TAU;
            let turn = Complex32::cis(self.phase_rad as f32);
            antennas.iter_mut().for_each(|samples| samples[n] *= turn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The autocorrelation of a Lorentzian line: exp(-pi width tau).
    #[test]
    fn a_tone_loses_its_phase_as_the_width_says() {
        let (rate_hz, width_hz) = (1.92e6, 100.0);
        let mut tone = [vec![Complex32::ONE; 4_000_000], vec![Complex32::ONE; 4_000_000]];
        PhaseNoise::new(width_hz, rate_hz, 3).turn(&mut tone);
        assert_eq!(tone[0], tone[1], "antennas share the oscillator");
        for tau_s in [1e-4, 1e-3, 3e-3] {
            let lag = (tau_s * rate_hz) as usize;
            let pairs = tone[0].iter().zip(&tone[0][lag..]).step_by(20);
            let (mut sum, mut n) = (Complex32::ZERO, 0);
            pairs.for_each(|(a, b)| (sum, n) = (sum + a.conj() * b, n + 1));
            let want = (-std::f64::consts::PI * width_hz * tau_s).exp() as f32;
            let r = sum / n as f32;
            assert!((r - want).norm() < 0.05, "{tau_s} s: {r} instead of {want}");
        }
    }
}
