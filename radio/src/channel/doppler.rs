//! The classical Doppler spectrum (Jakes, TS 36.101 clause B.2.2) by sums of sinusoids.

use std::f64::consts::TAU;

use num_complex::Complex64;
use rand_pcg::Pcg64Mcg;

use super::random::uniform;

/// Waves that a gain is the sum of.
const WAVES: usize = 64;

/// A gain of unit mean power that changes as waves from all around meet a moving antenna.
///
/// Each wave comes from its own part of the circle, at a random angle in it and with a random phase, so that over
/// realisations the autocorrelation is exactly J0(2 pi f_d tau), and over time the sum is as good as Gaussian.
#[derive(Clone, Debug)]
pub(super) struct JakesGain {
    waves: Vec<Complex64>,
    /// What each wave turns by in a step.
    steps: Vec<Complex64>,
}

impl JakesGain {
    /// A gain seen every `step_s` seconds, first at time 0. Its waves turn by less than `1e-9` too much or too little in
    /// ten million steps.
    pub(super) fn new(doppler_hz: f64, step_s: f64, rng: &mut Pcg64Mcg) -> Self {
        let amplitude = (1.0 / WAVES as f64).sqrt();
        let (waves, steps) = (0..WAVES)
            .map(|m| {
                let angle = TAU * (m as f64 + uniform(rng)) / WAVES as f64;
                let step = TAU * (doppler_hz * angle.cos() * step_s);
                (Complex64::from_polar(amplitude, TAU * uniform(rng)), Complex64::cis(step))
            })
            .unzip();
        Self { waves, steps }
    }

    /// The gain now; time goes on by a step.
    pub(super) fn next(&mut self) -> Complex64 {
        let gain = self.waves.iter().sum();
        self.waves.iter_mut().zip(&self.steps).for_each(|(wave, step)| *wave *= step);
        gain
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::{Purpose, stream};
    use super::*;

    const DOPPLER_HZ: f64 = 100.0;

    fn gains(seed: u64, step_s: f64, count: usize) -> Vec<Complex64> {
        let mut gain = JakesGain::new(DOPPLER_HZ, step_s, &mut stream(seed, Purpose::Fading, [0; 3]));
        (0..count).map(|_| gain.next()).collect()
    }

    /// Bessel function of the first kind and order 0, by its integral.
    fn bessel_j0(x: f64) -> f64 {
        let n = 2000;
        (0..n).map(|i| (x * (TAU * (f64::from(i) + 0.5) / f64::from(2 * n)).sin()).cos()).sum::<f64>() / f64::from(n)
    }

    /// Largest distance of the distribution of powers from that of Rayleigh fading (Kolmogorov and Smirnov).
    fn distance_from_rayleigh(powers: &mut [f64]) -> f64 {
        powers.sort_by(f64::total_cmp);
        let n = powers.len() as f64;
        let apart = |(i, p): (usize, &f64)| {
            let want = 1.0 - (-p).exp();
            (want - i as f64 / n).abs().max((want - (i + 1) as f64 / n).abs())
        };
        powers.iter().enumerate().map(apart).fold(0.0, f64::max)
    }

    #[test]
    fn the_envelope_is_rayleigh_over_realisations_and_over_time() {
        let mut over_realisations: Vec<f64> = (0..20_000).map(|seed| gains(seed, 1.0, 1)[0].norm_sqr()).collect();
        let distance = distance_from_rayleigh(&mut over_realisations);
        assert!(distance < 1.36 / 20_000f64.sqrt(), "{distance}"); // 5 % of true Rayleigh samples are as far
        // 40 s apart at every time scale of the process: thousands of Doppler periods.
        for seed in 1..=3 {
            let mut over_time: Vec<f64> = gains(seed, 0.037, 20_000).iter().map(|g| g.norm_sqr()).collect();
            let distance = distance_from_rayleigh(&mut over_time);
            assert!(distance < 0.02, "{distance}");
            let mean = over_time.iter().sum::<f64>() / over_time.len() as f64;
            assert!((mean - 1.0).abs() < 0.03, "mean power {mean}");
            // Deep fades are as frequent as they should be: 1 % of the time 20 dB down.
            let deep = over_time.iter().filter(|&&p| p < 0.01).count() as f64 / over_time.len() as f64;
            assert!((0.007..0.013).contains(&deep), "{deep}");
        }
    }

    #[test]
    fn the_autocorrelation_is_j0() {
        let step_s = 1e-3;
        let runs: Vec<Vec<Complex64>> = (0..40).map(|seed| gains(seed, step_s, 4_000)).collect();
        for lag in 0..60 {
            let sum: Complex64 = runs.iter().flat_map(|g| g.iter().zip(&g[lag..]).map(|(a, b)| a.conj() * b)).sum();
            let r = sum / runs.iter().map(|g| g.len() - lag).sum::<usize>() as f64;
            let want = bessel_j0(TAU * DOPPLER_HZ * step_s * lag as f64);
            assert!((r - want).norm() < 0.04, "lag {lag}: {r} instead of {want}");
        }
    }

    /// Power at a Doppler shift of f is in proportion to 1 / sqrt(f_d^2 - f^2): of what lies below f, the arcsine law.
    #[test]
    fn the_doppler_spectrum_is_that_of_jakes() {
        let (n, step_s) = (8192, 1.0 / 409.6); // bins of 0.05 Hz
        let fft = rustfft::FftPlanner::new().plan_fft_forward(n);
        let mut spectrum = vec![0.0; n];
        for seed in 0..30 {
            let mut g = gains(seed, step_s, n);
            let hann = |i: usize| 1.0 - (TAU * i as f64 / n as f64).cos();
            g.iter_mut().enumerate().for_each(|(i, g)| *g *= hann(i));
            fft.process(&mut g);
            spectrum.iter_mut().zip(&g).for_each(|(s, g)| *s += g.norm_sqr());
        }
        let total: f64 = spectrum.iter().sum();
        let bin_hz = 1.0 / (n as f64 * step_s);
        let shift = |bin: usize| if bin < n / 2 { bin as f64 } else { bin as f64 - n as f64 } * bin_hz;
        for f in [-95.0, -80.0, -50.0, -20.0, 0.0, 20.0, 50.0, 80.0, 95.0, 100.5] {
            let below: f64 = (0..n).filter(|&b| shift(b) < f).map(|b| spectrum[b]).sum::<f64>() / total;
            let want = 0.5 + (f / DOPPLER_HZ).clamp(-1.0, 1.0).asin() / std::f64::consts::PI;
            assert!((below - want).abs() < 0.01, "below {f} Hz: {below} instead of {want}");
        }
    }
}
