//! A numerically controlled oscillator whose phase depends on the sample count alone, so that it never drifts.

use num_complex::{Complex32, Complex64};

use crate::isa::{Isa, Kernels, compile_for_lanes, run_kernel};

/// Samples for which one exact phase is continued by a table.
const STRIDE: usize = 256;

/// Multiplies samples by exp(j 2 pi f n / f_s).
#[derive(Clone, Debug)]
pub struct Oscillator {
    kernels: Kernels,
    cycles_per_sample: f64,
    table: [Complex32; STRIDE],
    start_cycles: f64,
    sample: u64,
}

impl Oscillator {
    /// An oscillator at phase zero.
    pub fn new(frequency_hz: f64, sample_rate_hz: f64) -> Self {
        let table = [Complex32::ONE; STRIDE];
        let kernels = Isa::fastest().kernels();
        let mut o = Self { kernels, cycles_per_sample: 0.0, table, start_cycles: 0.0, sample: 0 };
        o.retune(frequency_hz, sample_rate_hz);
        o
    }

    /// Changes the frequency without a jump of the phase.
    pub fn retune(&mut self, frequency_hz: f64, sample_rate_hz: f64) {
        self.start_cycles = self.cycles(self.sample);
        self.sample = 0;
        self.cycles_per_sample = frequency_hz / sample_rate_hz;
        // Twice as many with every step: what is known, turned on by its length.
        let mut table = [Complex64::ONE; STRIDE];
        for length in (0..STRIDE.ilog2()).map(|i| 1 << i) {
            let turn = cis_cycles(self.cycles_per_sample * length as f64);
            let (known, next) = table.split_at_mut(length);
            next.iter_mut().zip(known).for_each(|(next, known)| *next = *known * turn);
        }
        self.table = table.map(single);
    }

    /// Rotates `samples` in place. What becomes of a sample does not depend on how the stream is cut into calls.
    pub fn rotate(&mut self, mut samples: &mut [Complex32]) {
        while !samples.is_empty() {
            let within = (self.sample % STRIDE as u64) as usize;
            let (now, later) = samples.split_at_mut(samples.len().min(STRIDE - within));
            let base = single(cis_cycles(self.cycles(self.sample - within as u64)));
            run_kernel!(self.kernels, turn(base, &self.table[within..], now));
            self.sample += now.len() as u64;
            samples = later;
        }
    }

    /// Replaces `rotated` by what [`Self::rotate`] makes of `samples`.
    pub fn rotate_into(&mut self, samples: &[Complex32], rotated: &mut Vec<Complex32>) {
        rotated.clear();
        for part in samples.chunks(STRIDE) {
            let begins = rotated.len();
            rotated.extend_from_slice(part);
            self.rotate(&mut rotated[begins..]);
        }
    }

    fn cycles(&self, sample: u64) -> f64 {
        (self.start_cycles + self.cycles_per_sample * sample as f64).fract()
    }
}

fn cis_cycles(cycles: f64) -> Complex64 {
    Complex64::cis(std::f64::consts::TAU * cycles.fract())
}

fn single(z: Complex64) -> Complex32 {
    Complex32::new(z.re as f32, z.im as f32)
}

mod scalar {
    use super::Complex32;

    /// Turns samples by `base` and by `table`.
    #[inline(always)]
    pub(super) fn turn(base: Complex32, table: &[Complex32], samples: &mut [Complex32]) {
        samples.iter_mut().zip(table).for_each(|(s, t)| *s *= base * t);
    }
}

compile_for_lanes! {
    fn turn(base: Complex32, table: &[Complex32], samples: &mut [Complex32]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_turns_alike() {
        let samples = |isa: Isa| {
            let mut o = Oscillator { kernels: isa.kernels(), ..Oscillator::new(-7321.0, 7.68e6) };
            let mut samples: Vec<_> = (0u8..=250).cycle().take(3000).map(|n| Complex32::new(n.into(), 3.5)).collect();
            o.rotate(&mut samples);
            samples
        };
        Isa::available().for_each(|isa| assert_eq!(samples(isa), samples(Isa::Scalar), "{isa}"));
    }

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
            assert!((a - single(cis_cycles(1234.5 * n as f64 / fs))).norm() < 1e-6);
        }
        let mut next = [Complex32::ONE];
        o.retune(0.0, fs);
        o.rotate(&mut next);
        assert!((next[0] - single(cis_cycles(1234.5 * 10_000.0 / fs))).norm() < 1e-6);
    }
}
