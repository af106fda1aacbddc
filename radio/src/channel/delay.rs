//! Fractional delay by the filter whose error over the band that carriers use is least in the mean square.

use std::f64::consts::PI;

use num_complex::Complex32;

use crate::cell::{NRbDl, SampleRateFamily};
use crate::isa::{Isa, Kernels, compile_for, run_kernel};

/// Samples of the future that filters may need: what is given lags so far behind what is taken, whatever the delay.
pub(super) const LOOKAHEAD: usize = 32;
/// Filters are made longer by so many taps until they are good enough, up to what [`LOOKAHEAD`] allows.
const TAPS_STEP: usize = 4;
const TAPS_MAX: usize = 2 * LOOKAHEAD;
/// A filter is good enough when no more than this share of the power in its band goes astray: -73 dB.
const ASTRAY: f64 = 5e-8;
/// Power outside the band that counts as much as what is inside: it keeps the equations solvable.
const RIDGE: f64 = 1e-9;
/// Half the band, in cycles per sample, at rates that no carrier has.
const BAND_MAX: f64 = 0.445;
/// Values, real and imaginary, that are made at once: they stay in registers.
const BLOCK: usize = 64;

/// Delays a stream. The first calls give [`LOOKAHEAD`] samples less than they take, all others as many.
#[derive(Clone, Debug)]
pub(super) struct Delay {
    kernels: Kernels,
    /// In the order of the samples that they are for; one when the delay is whole.
    taps: Vec<f32>,
    /// The samples taken last that are still needed, from the first one that the next output needs on.
    history: Vec<Complex32>,
    /// Samples from there to the one that is due when the next output is.
    behind: usize,
    /// Where old samples meet new ones.
    seam: Vec<Complex32>,
}

impl Delay {
    /// A delay of `delay_s` for carriers sampled at `sample_rate_hz`.
    pub(super) fn new(delay_s: f64, sample_rate_hz: f64) -> Self {
        Self::with_isa(delay_s, sample_rate_hz, Isa::fastest())
    }

    fn with_isa(delay_s: f64, sample_rate_hz: f64, isa: Isa) -> Self {
        let delay = delay_s * sample_rate_hz;
        let (whole, fraction) = (delay.floor(), delay - delay.floor());
        let taps = if fraction < 1e-9 { vec![1.0] } else { plan(fraction, band(sample_rate_hz)) };
        // Output n is made of inputs n - behind to n - behind + taps - 1; what lies before the stream is silence.
        let behind = whole as usize + taps.len() / 2;
        Self { kernels: isa.kernels(), taps, history: vec![Complex32::ZERO; behind], behind, seam: Vec::new() }
    }

    /// Samples that [`Self::process`] gives for `taken` more.
    pub(super) fn given_for(&self, taken: usize) -> usize {
        (self.history.len() + taken).saturating_sub(self.behind + LOOKAHEAD)
    }

    /// Fills `output`, [`Self::given_for`] the input, with what can be said after `input`.
    pub(super) fn process(&mut self, input: &[Complex32], output: &mut [Complex32]) {
        debug_assert_eq!(output.len(), self.given_for(input.len()));
        let held = self.history.len();
        // Outputs that begin in the history, as far as they reach into the input.
        let (at_seam, later) = output.split_at_mut(output.len().min(held));
        let needed = at_seam.len() + self.taps.len() - 1;
        let mut seam = std::mem::take(&mut self.seam);
        seam.clear();
        seam.extend_from_slice(&self.history[..needed.min(held)]);
        seam.extend_from_slice(&input[..needed.saturating_sub(held).min(input.len())]);
        self.filter(&seam, at_seam);
        self.filter(input, later);
        if later.is_empty() {
            self.history.drain(..at_seam.len());
            self.history.extend_from_slice(input);
        } else {
            self.history.clear();
            self.history.extend_from_slice(&input[later.len()..]);
        }
        self.seam = seam;
    }

    /// The first output is made of the first inputs.
    fn filter(&self, input: &[Complex32], output: &mut [Complex32]) {
        match self.taps[..] {
            [_] => output.copy_from_slice(&input[..output.len()]),
            _ => {
                let values = bytemuck::cast_slice_mut(output);
                run_kernel!(self.kernels, filter(&self.taps, bytemuck::cast_slice(input), values));
            }
        }
    }
}

/// Half the band of the widest carrier that is sampled at this rate, cycles per sample.
fn band(sample_rate_hz: f64) -> f64 {
    let carriers = NRbDl::ALL.into_iter().flat_map(|n_rb_dl| {
        [SampleRateFamily::Standard, SampleRateFamily::ThreeQuarter].map(|family| (n_rb_dl, n_rb_dl.n_fft(family)))
    });
    let at_rate = carriers.filter(|(_, n_fft)| *n_fft as f64 * 15e3 == sample_rate_hz);
    // The carrier itself is not used: a subcarrier more than half of them to either side.
    let bands = at_rate.map(|(n_rb_dl, n_fft)| (n_rb_dl.subcarriers() / 2 + 1) as f64 / n_fft as f64);
    bands.reduce(f64::max).unwrap_or(BAND_MAX)
}

/// Taps for a delay by `fraction` of a sample, up to `band` cycles per sample either way.
fn plan(fraction: f64, band: f64) -> Vec<f32> {
    let lengths = (TAPS_STEP..=TAPS_MAX).step_by(TAPS_STEP);
    let filters = lengths.map(|length| least_squares(length, length as f64 / 2.0 - 1.0 + fraction, band));
    let mut last = Vec::new();
    for (taps, astray) in filters {
        last = taps;
        if astray <= ASTRAY {
            break;
        }
    }
    last.iter().rev().map(|&tap| tap as f32).collect()
}

/// The taps, the first one for the newest sample, whose response comes nearest to that of a delay, and the share of power
/// by which it differs.
fn least_squares(length: usize, delay: f64, band: f64) -> (Vec<f64>, f64) {
    // Correlations of taps with one another and with the delay: the spectrum is flat within the band.
    let correlation = |x: f64| if x == 0.0 { 1.0 } else { (2.0 * PI * band * x).sin() / (2.0 * PI * band * x) };
    let wanted: Vec<f64> = (0..length).map(|k| correlation(k as f64 - delay)).collect();
    let mut rows: Vec<Vec<f64>> = (0..length)
        .map(|k| {
            let row = (0..length).map(|l| correlation(k as f64 - l as f64) + if k == l { RIDGE } else { 0.0 });
            row.chain([wanted[k]]).collect()
        })
        .collect();
    for pivot in 0..length {
        let (above, below) = rows.split_at_mut(pivot + 1);
        let first = &above[pivot];
        for row in below {
            let factor = row[pivot] / first[pivot];
            row[pivot..].iter_mut().zip(&first[pivot..]).for_each(|(x, y)| *x -= factor * y);
        }
    }
    let mut taps = vec![0.0; length];
    for k in (0..length).rev() {
        let known: f64 = (k + 1..length).map(|l| rows[k][l] * taps[l]).sum();
        taps[k] = (rows[k][length] - known) / rows[k][k];
    }
    let astray = 1.0 - taps.iter().zip(&wanted).map(|(tap, wanted)| tap * wanted).sum::<f64>();
    (taps, astray)
}

mod scalar {
    use super::BLOCK;

    /// Value n of `output` is the sum of `taps` times values n, n + 2, n + 4, ... of `input`: real and imaginary parts
    /// alternate.
    #[inline(always)]
    pub(super) fn filter(taps: &[f32], input: &[f32], output: &mut [f32]) {
        let mut blocks = output.chunks_exact_mut(BLOCK);
        let mut at = 0;
        for block in &mut blocks {
            let mut sums = [0.0; BLOCK];
            for (k, &tap) in taps.iter().enumerate() {
                let values = &input[at + 2 * k..][..BLOCK];
                (0..BLOCK).for_each(|i| sums[i] += tap * values[i]);
            }
            block.copy_from_slice(&sums);
            at += BLOCK;
        }
        for (n, value) in (at..).zip(blocks.into_remainder()) {
            *value = taps.iter().zip(input[n..].iter().step_by(2)).fold(0.0, |sum, (tap, x)| sum + tap * x);
        }
    }
}

compile_for!(avx2, "avx2,fma", fn filter(taps: &[f32], input: &[f32], output: &mut [f32]););

/// Loads of 512 bits would all cross a cache line: the taps shift them by one sample each.
#[cfg(target_arch = "x86_64")]
use avx2 as avx512;

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(cycles: f64) -> Complex32 {
        Complex32::from_polar(1.0, (std::f64::consts::TAU * cycles.fract()) as f32)
    }

    /// Up to the edge of every carrier, however the stream is cut, the same on every instruction set.
    #[test]
    fn delays_a_tone_by_any_amount() {
        let rates = NRbDl::ALL.into_iter().flat_map(|n_rb_dl| {
            [SampleRateFamily::Standard, SampleRateFamily::ThreeQuarter]
                .map(|family| (n_rb_dl.n_fft(family) as f64 * 15e3, n_rb_dl.get() as f64 * 90e3))
        });
        for (rate, edge) in rates.chain([(10e6, 4.4e6)]) {
            let f = edge / rate; // cycles per sample
            let input: Vec<_> = (0..1500).map(|n| tone(f * f64::from(n))).collect();
            for delay in [0.0, 0.25, 0.5, 0.9, 3.0, 17.8] {
                let mut first: Option<Vec<Complex32>> = None;
                for isa in Isa::available() {
                    let mut d = Delay::with_isa(delay / rate, rate, isa);
                    let mut out = Vec::new();
                    for chunk in
                        input.chunks(333).flat_map(|c| c.split_at_checked(5).into_iter().flat_map(<[_; 2]>::from))
                    {
                        let given = out.len();
                        out.resize(given + d.given_for(chunk.len()), Complex32::ZERO);
                        d.process(chunk, &mut out[given..]);
                    }
                    assert_eq!(out.len(), input.len() - LOOKAHEAD, "delay {delay}");
                    for (n, y) in out.iter().enumerate().skip(100) {
                        let want = tone(f * (n as f64 - delay));
                        assert!((y - want).norm() < 2e-3, "{rate} delay {delay} at {n}: {y} {want}");
                    }
                    assert_eq!(first.get_or_insert_with(|| out.clone()), &out, "{isa}");
                }
            }
        }
    }

    #[test]
    fn filters_are_as_long_as_they_must_be() {
        let length = |rate| plan(0.5, band(rate)).len();
        assert_eq!([1.92e6, 7.68e6, 30.72e6].map(length), [12, 12, 12]);
        assert_eq!([3.84e6, 23.04e6, 15.36e6, 10e6].map(length), [16, 20, 36, 40]);
        // One that does nothing where nothing is to be done.
        assert_eq!(Delay::new(0.0, 7.68e6).taps, [1.0]);
    }

    #[test]
    fn nothing_is_amplified_outside_the_band() {
        for rate in [7.68e6, 15.36e6, 23.04e6] {
            let taps = plan(0.4, band(rate));
            for f in 0..=100 {
                let response: Complex32 = (0..).zip(&taps).map(|(k, &tap)| tone(f64::from(f * k) / 200.0) * tap).sum();
                assert!(response.norm() < 1.01, "{rate}: {f} {response}");
            }
        }
    }
}
