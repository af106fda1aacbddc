//! Gains of the taps of a fading path at the receive antennas.

use num_complex::{Complex32, Complex64};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::config::{Evolution, FadingConfig};
use super::doppler::JakesGain;
use super::random::{Purpose, stream};

/// Gains of all taps, one step after the other.
#[derive(Clone, Debug)]
pub(super) struct TapGains {
    /// Root of the mean power of each tap.
    amplitudes: Vec<f64>,
    /// Independent processes by tap, then antenna.
    processes: Vec<Process>,
    n_rx: usize,
    correlation: f64,
}

#[derive(Clone, Debug)]
enum Process {
    Continuous(JakesGain),
    /// Drawn anew at every step.
    PerBlock(Pcg64Mcg),
}

impl TapGains {
    /// Gains of the path with number `path`, seen every `step_s` seconds.
    ///
    /// Antennas fade with the correlation matrix of TS 36.101 clause B.2.3.1 for one transmit and two receive antennas:
    /// 1 and `correlation`.
    pub(super) fn new(
        config: &FadingConfig,
        step_s: f64,
        seed: u64,
        path: usize,
        n_rx: usize,
        correlation: f64,
    ) -> Self {
        let process = |tap, rx| {
            let mut rng = stream(seed, Purpose::Fading, [path, tap, rx]);
            match config.evolution {
                Evolution::Continuous => Process::Continuous(JakesGain::new(config.doppler_hz, step_s, &mut rng)),
                Evolution::PerBlock => Process::PerBlock(rng),
            }
        };
        let amplitudes: Vec<f64> = config.profile.powers().iter().map(|p| p.sqrt()).collect();
        let processes = (0..amplitudes.len()).flat_map(|tap| (0..n_rx).map(move |rx| process(tap, rx))).collect();
        Self { amplitudes, processes, n_rx, correlation }
    }

    /// The same, `gain` times as strong.
    pub(super) fn scaled(mut self, gain: f64) -> Self {
        self.amplitudes.iter_mut().for_each(|a| *a *= gain);
        self
    }

    /// Puts the gains of the next step into `gains`, all taps of one antenna after those of the other.
    pub(super) fn next(&mut self, gains: &mut [Complex32]) {
        let taps = self.amplitudes.len();
        for (tap, processes) in self.processes.chunks_exact_mut(self.n_rx).enumerate() {
            let mut first = Complex64::ZERO;
            for (rx, process) in processes.iter_mut().enumerate() {
                let own = process.next();
                let gain = match rx {
                    0 => own,
                    _ => first * self.correlation + own * (1.0 - self.correlation.powi(2)).sqrt(),
                };
                first = if rx == 0 { gain } else { first };
                let scaled = gain * self.amplitudes[tap];
                gains[rx * taps + tap] = Complex32::new(scaled.re as f32, scaled.im as f32);
            }
        }
    }
}

impl Process {
    fn next(&mut self) -> Complex64 {
        match self {
            Self::Continuous(jakes) => jakes.next(),
            Self::PerBlock(rng) => {
                let (re, im): (f64, f64) = (StandardNormal.sample(rng), StandardNormal.sample(rng));
                Complex64::new(re, im) * std::f64::consts::FRAC_1_SQRT_2
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::profile::DelayProfile;
    use super::*;

    fn config(evolution: Evolution) -> FadingConfig {
        FadingConfig { profile: DelayProfile::mbsfn(), doppler_hz: 5.0, evolution }
    }

    /// Mean powers and correlations of all pairs of taps and antennas.
    fn covariance(evolution: Evolution, correlation: f64) -> Vec<Vec<Complex64>> {
        let runs = if evolution == Evolution::PerBlock { 1 } else { 40 };
        let steps = 40_000 / runs;
        let mut sums = vec![vec![Complex64::ZERO; 36]; 36];
        for seed in 0..runs {
            let mut taps = TapGains::new(&config(evolution), 1.7, seed, 0, 2, correlation);
            let mut gains = [Complex32::ZERO; 36];
            for _ in 0..steps {
                taps.next(&mut gains);
                let wide = gains.map(|g| Complex64::new(g.re.into(), g.im.into()));
                for (row, a) in sums.iter_mut().zip(&wide) {
                    row.iter_mut().zip(&wide).for_each(|(sum, b)| *sum += a.conj() * b);
                }
            }
        }
        sums.iter_mut().flatten().for_each(|s| *s /= (runs * steps) as f64);
        sums
    }

    /// Each tap has the power of its profile and fades on its own; antennas are correlated as asked for.
    #[test]
    fn taps_and_antennas_have_their_powers_and_correlations() {
        let powers = DelayProfile::mbsfn().powers();
        for (evolution, correlation) in [
            (Evolution::PerBlock, 0.0),
            (Evolution::PerBlock, 0.9),
            (Evolution::Continuous, 0.0),
            (Evolution::Continuous, 0.3),
        ] {
            let r = covariance(evolution, correlation);
            let total: f64 = (0..18).map(|i| r[i][i].re).sum();
            assert!((total - 1.0).abs() < 0.02, "mean power {total}");
            for i in 0..36 {
                for k in 0..36 {
                    let (a, b) = (powers[i % 18], powers[k % 18]);
                    let want = if i == k {
                        1.0
                    } else if i % 18 == k % 18 {
                        correlation
                    } else {
                        0.0
                    };
                    let got = r[i][k] / (a * b).sqrt();
                    assert!((got - want).norm() < 0.04, "{evolution:?} {correlation}: {i} and {k}: {got}");
                }
            }
        }
    }
}
