//! A tapped delay line with fractional delays, as one filter by fast convolution.

use std::sync::Arc;

use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use super::delay::LOOKAHEAD;
use super::sinc::{TAPS, interpolator};

/// Smallest transform.
const SMALLEST_FFT: usize = 256;

/// Filters blocks of a stream by overlap-save; the filter may be another one in every block.
#[derive(Clone)]
pub(super) struct TappedDelayLine {
    /// For each tap, the whole samples of its delay and the interpolator for the rest.
    pulses: Vec<(usize, [f32; TAPS])>,
    filter_len: usize,
    block: usize,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    scratch: Vec<Complex32>,
}

impl TappedDelayLine {
    /// A line with taps at `delays` (samples), for blocks of `longest_block` samples at most.
    pub(super) fn new(delays: &[f64], longest_block: usize) -> Self {
        let pulse = |&delay: &f64| {
            let whole = delay.floor();
            (whole as usize, interpolator(delay - whole))
        };
        let pulses: Vec<(usize, [f32; TAPS])> = delays.iter().map(pulse).collect();
        let filter_len = pulses.iter().map(|(whole, _)| whole + TAPS).max().unwrap_or(TAPS);
        // Twice the filter in samples for each transform makes the transforms cheap.
        let wanted = (2 * filter_len).min(longest_block);
        let n_fft = (filter_len - 1 + wanted).next_power_of_two().max(SMALLEST_FFT);
        let mut planner = FftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(n_fft), planner.plan_fft_inverse(n_fft));
        let scratch = forward.get_inplace_scratch_len().max(inverse.get_inplace_scratch_len());
        Self {
            pulses,
            filter_len,
            block: (n_fft - filter_len + 1).min(longest_block),
            forward,
            inverse,
            scratch: vec![Complex32::ZERO; scratch],
        }
    }

    /// Size of the transforms.
    pub(super) fn n_fft(&self) -> usize {
        self.forward.len()
    }

    /// Samples in a block.
    pub(super) fn block(&self) -> usize {
        self.block
    }

    /// Samples before the first of a block that it depends on.
    pub(super) fn past(&self) -> usize {
        self.filter_len - 1 - LOOKAHEAD
    }

    /// The filter for taps with these gains, transformed.
    pub(super) fn filter(&mut self, gains: &[Complex32], filter: &mut [Complex32]) {
        filter.fill(Complex32::ZERO);
        let scale = 1.0 / self.n_fft() as f32;
        for ((whole, pulse), gain) in self.pulses.iter().zip(gains) {
            let gain = gain * scale;
            filter[*whole..][..TAPS].iter_mut().zip(pulse).for_each(|(f, p)| *f += gain * p);
        }
        self.forward.process_with_scratch(filter, &mut self.scratch);
    }

    /// Transforms the stretch of a stream that begins [`Self::past`] samples before a block.
    pub(super) fn transform(&mut self, stretch: &[Complex32], spectrum: &mut [Complex32]) {
        let len = self.filter_len - 1 + self.block;
        spectrum[..len].copy_from_slice(&stretch[..len]);
        spectrum[len..].fill(Complex32::ZERO);
        self.forward.process_with_scratch(spectrum, &mut self.scratch);
    }

    /// What a transformed stretch is after a filter; the samples of the block are the [`Self::block`] samples given back.
    pub(super) fn apply<'a>(
        &mut self,
        spectrum: &[Complex32],
        filter: &[Complex32],
        work: &'a mut [Complex32],
    ) -> &'a [Complex32] {
        for ((w, x), h) in work.iter_mut().zip(spectrum).zip(filter) {
            *w = x * h;
        }
        self.inverse.process_with_scratch(work, &mut self.scratch);
        &work[self.filter_len - 1..][..self.block]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tones come out as the sum of what each tap does to them, at whole and fractional delays, whatever the block.
    #[test]
    fn a_tone_is_the_sum_of_its_delayed_copies() {
        let delays = [0.0, 0.23, 2.38, 19.5, 95.92, 219.49];
        let gains = [1.0, -0.7, 0.5, 0.3, -0.2, 0.1].map(|g| Complex32::new(g, 0.5 - g));
        for longest_block in [37, 400, usize::MAX] {
            let mut line = TappedDelayLine::new(&delays, longest_block);
            for f in [0.0, 0.11, -0.27, 0.43] {
                let tone = |t: f64| Complex32::cis((std::f64::consts::TAU * (f * t).fract()) as f32);
                let (mut filter, mut spectrum) =
                    (vec![Complex32::ZERO; line.n_fft()], vec![Complex32::ZERO; line.n_fft()]);
                let mut work = filter.clone();
                line.filter(&gains, &mut filter);
                let past = line.past() as f64;
                let stretch: Vec<_> = (0..line.n_fft()).map(|n| tone(n as f64 - past)).collect();
                line.transform(&stretch, &mut spectrum);
                for (n, got) in line.apply(&spectrum, &filter, &mut work).iter().enumerate() {
                    let want: Complex32 = delays.iter().zip(gains).map(|(d, g)| g * tone(n as f64 - d)).sum();
                    assert!((got - want).norm() < 4e-3, "{f} at {n}: {got} instead of {want}");
                }
            }
        }
    }
}
