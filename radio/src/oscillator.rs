//! A numerically controlled oscillator whose phase depends on the sample count alone, so that it never drifts.

use num_complex::Complex32;

/// Samples for which one exact phase is continued by a table.
const STRIDE: usize = 64;

/// Multiplies samples by exp(j 2 pi f n / f_s).
#[derive(Clone, Debug)]
pub struct Oscillator {
    cycles_per_sample: f64,
    table: [Complex32; STRIDE],
    start_cycles: f64,
    sample: u64,
}

impl Oscillator {
    /// An oscillator at phase zero.
    pub fn new(frequency_hz: f64, sample_rate_hz: f64) -> Self {
        let mut o = Self { cycles_per_sample: 0.0, table: [Complex32::ONE; STRIDE], start_cycles: 0.0, sample: 0 };
        o.retune(frequency_hz, sample_rate_hz);
        o
    }

    /// Changes the frequency without a jump of the phase.
    pub fn retune(&mut self, frequency_hz: f64, sample_rate_hz: f64) {
        self.start_cycles = self.cycles(self.sample);
        self.sample = 0;
        self.cycles_per_sample = frequency_hz / sample_rate_hz;
        for (i, t) in self.table.iter_mut().enumerate() {
            *t = cis_cycles(self.cycles_per_sample * i as f64);
        }
    }

    /// Rotates `samples` in place. What becomes of a sample does not depend on how the stream is cut into calls.
    pub fn rotate(&mut self, mut samples: &mut [Complex32]) {
        while !samples.is_empty() {
            let within = (self.sample % STRIDE as u64) as usize;
            let (now, later) = samples.split_at_mut(samples.len().min(STRIDE - within));
            let base = cis_cycles(self.cycles(self.sample - within as u64));
            now.iter_mut().zip(&self.table[within..]).for_each(|(s, t)| *s *= base * t);
            self.sample += now.len() as u64;
            samples = later;
        }
    }

    fn cycles(&self, sample: u64) -> f64 {
        (self.start_cycles + self.cycles_per_sample * sample as f64).fract()
    }
}

fn cis_cycles(cycles: f64) -> Complex32 {
    let (sin, cos) = (std::f64::consts::TAU * cycles.fract()).sin_cos();
    Complex32::new(cos as f32, sin as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_phase_over_chunks_and_retuning() {
        let fs = 1.92e6;
        let mut whole = vec![Complex32::ONE; 10_000];
        Oscillator::new(1234.5, fs).rotate(&mut whole);
        let mut parts = vec![Complex32::ONE; 10_000];
        let mut o = Oscillator::new(1234.5, fs);
        parts.chunks_mut(777).for_each(|c| o.rotate(c));
        for (n, (a, b)) in whole.iter().zip(&parts).enumerate() {
            assert_eq!(a, b, "at {n}");
            assert!((a - cis_cycles(1234.5 * n as f64 / fs)).norm() < 1e-5);
        }
        let mut next = [Complex32::ONE];
        o.retune(0.0, fs);
        o.rotate(&mut next);
        assert!((next[0] - cis_cycles(1234.5 * 10_000.0 / fs)).norm() < 1e-5);
    }
}
