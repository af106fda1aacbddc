//! Channel, noise, timing and frequency from MBSFN reference signals (TS 36.211 clause 6.10.2).
//!
//! The channel is taken as static over one subframe but for a constant frequency error. Definitions:
//! - noise power per resource element: half the mean squared difference of the reference symbols that lie on the same
//!   subcarriers (rows 2 and 10), after their common phase has been removed;
//! - CINR: mean power of the reference symbols less its noise share, over that noise power;
//! - frequency error: common phase between those symbols over the time between them;
//! - timing: middle of the delays in which the impulse response stands out of the noise.

mod comb;
mod crs;
mod wiener;

pub use crs::{CrsEstimator, CrsQuality};

use std::sync::Arc;

use num_complex::{Complex32, Complex64};
use rustfft::{Fft, FftPlanner};

use self::wiener::WienerSmoother;
use crate::cell::CellConfig;
use crate::grid::Grid;
use crate::numerology::{MbsfnNumerology, SUBFRAME_S};
use crate::refsignal::MbsfnReference;

/// What was measured on one subframe.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct EstimateQuality {
    /// Noise and interference power per resource element, in the units of the grid.
    pub noise: f32,
    /// Mean power of the channel, in the units of the grid.
    pub signal: f32,
    /// Frequency error left in the samples, Hz.
    pub frequency_error_hz: f32,
    /// Delay of the middle of the impulse response against the FFT window, samples.
    pub timing_samples: f32,
}

impl EstimateQuality {
    /// Carrier to interference and noise ratio, dB; limited to 80 dB by single precision.
    pub fn cinr_db(&self) -> f32 {
        10.0 * (self.signal / self.noise.max(self.signal * 1e-8)).max(1e-8).log10()
    }
}

/// Estimates the channel of MBSFN subframes; allocates in `new` only.
#[derive(Clone)]
pub struct MbsfnEstimator {
    reference: MbsfnReference,
    smoother: WienerSmoother,
    fft: Arc<dyn Fft<f32>>,
    fft_scratch: Vec<Complex32>,
    impulse: Vec<Complex32>,
    window: Vec<f32>,
    symbols_per_second: f32,
    sample_rate_hz: f64,
    raw: Vec<Complex32>,
    centred: Vec<Complex32>,
    channel: Vec<Complex32>,
    phase_per_row: f32,
    quality: EstimateQuality,
}

impl MbsfnEstimator {
    /// Plans the estimator of an area.
    pub fn new(cell: &CellConfig, n_id_mbsfn: u8, numerology: MbsfnNumerology) -> Self {
        let n_sc = cell.n_rb_dl.subcarriers();
        let fft = FftPlanner::new().plan_fft_inverse(cell.n_fft);
        let zeros = |n: usize| vec![Complex32::default(); n];
        let hann = |k: usize| 0.5 - 0.5 * (std::f32::consts::TAU * (k + 1) as f32 / (n_sc + 2) as f32).cos();
        Self {
            reference: MbsfnReference::new(cell.n_rb_dl, n_id_mbsfn, numerology),
            smoother: WienerSmoother::new(numerology.subcarrier_spacing_hz()),
            fft_scratch: vec![Complex32::default(); fft.get_inplace_scratch_len()],
            impulse: vec![Complex32::default(); cell.n_fft],
            fft,
            window: (0..=n_sc).map(hann).collect(),
            symbols_per_second: (numerology.symbols_per_subframe() as f64 / SUBFRAME_S) as f32,
            sample_rate_hz: cell.sample_rate_hz(),
            raw: zeros(n_sc + 1),
            centred: zeros(n_sc + 1),
            channel: zeros(n_sc),
            phase_per_row: 0.0,
            quality: EstimateQuality::default(),
        }
    }

    /// Estimates the channel of one subframe, whose MBSFN region is in `grid`.
    pub fn estimate(&mut self, subframe: u8, grid: &Grid) -> EstimateQuality {
        self.compare_reference_symbols(subframe, grid);
        self.combine_reference_symbols(subframe, grid);
        let (middle, spread_s) = self.delay_support();
        self.smooth(middle, spread_s);
        self.quality.timing_samples = middle;
        self.quality
    }

    /// What was measured on the last subframe.
    pub fn quality(&self) -> EstimateQuality {
        self.quality
    }

    /// Channel of the middle row; see [`Self::rotation`] for the other rows.
    pub fn channel(&self) -> &[Complex32] {
        &self.channel
    }

    /// By what the channel of row `l` differs from that of the middle row.
    pub fn rotation(&self, l: usize) -> Complex32 {
        Complex32::cis(self.phase_per_row * (l as f32 - MIDDLE_ROW))
    }

    /// Impulse response of the last subframe, one value per sample of delay against the FFT window, negative delays in
    /// the upper half; windowed (Hann over the band), so that a path is a few samples wide.
    pub fn impulse_response(&self) -> &[Complex32] {
        &self.impulse
    }

    /// Frequency error and noise from the outer reference symbols, which use the same subcarriers.
    fn compare_reference_symbols(&mut self, subframe: u8, grid: &Grid) {
        let mut outer = self.reference.symbols(subframe).filter(|&(_, first, _)| first == 0);
        let (Some((row_a, _, a)), Some((row_b, _, b))) = (outer.next(), outer.next()) else {
            unreachable!("two reference symbols with the even comb")
        };
        let least_squares = |row: usize, m: usize, r: &Complex32| grid.row(row)[2 * m] * r.conj();
        let pairs = || (0..a.len()).map(|m| (least_squares(row_a, m, &a[m]), least_squares(row_b, m, &b[m])));
        let correlation: Complex32 = pairs().map(|(x, y)| y * x.conj()).sum();
        let phase = if correlation == Complex32::default() { 0.0 } else { correlation.arg() };
        let turn = Complex32::cis(-phase);
        let n = a.len() as f32;
        // The common phase, fitted to the same values, takes one of 2n degrees of freedom.
        let noise = pairs().map(|(x, y)| (y * turn - x).norm_sqr()).sum::<f32>() / (2.0 * n - 1.0);
        let power = pairs().map(|(x, y)| x.norm_sqr() + y.norm_sqr()).sum::<f32>() / (2.0 * n);
        self.phase_per_row = phase / (row_b - row_a) as f32;
        self.quality.noise = noise.max(f32::MIN_POSITIVE);
        self.quality.signal = (power - noise).max(power * 1e-3);
        self.quality.frequency_error_hz = self.phase_per_row * self.symbols_per_second / std::f32::consts::TAU;
    }

    /// Brings all reference symbols to the phase of the middle row: one estimate for each subcarrier, and one for the
    /// carrier between them, so that the spacing is even.
    fn combine_reference_symbols(&mut self, subframe: u8, grid: &Grid) {
        let carrier = self.channel.len() / 2;
        self.raw.fill(Complex32::default());
        for (row, first, reference) in self.reference.symbols(subframe) {
            let weight = if first == 0 { 0.5 } else { 1.0 };
            let turn = Complex32::cis(-self.phase_per_row * (row as f32 - MIDDLE_ROW)) * weight;
            let received = grid.row(row)[first..].iter().step_by(2);
            for (m, (y, r)) in received.zip(reference).enumerate() {
                let k = first + 2 * m;
                self.raw[k + usize::from(k >= carrier)] += y * r.conj() * turn;
            }
        }
        self.raw[carrier] = (self.raw[carrier - 1] + self.raw[carrier + 1]) * 0.5;
    }

    /// Middle (samples) and half-width (seconds) of the delays at which the channel stands out of the noise.
    fn delay_support(&mut self) -> (f32, f64) {
        let (n_sc, n_fft) = (self.channel.len(), self.impulse.len());
        self.impulse.fill(Complex32::default());
        for ((i, r), w) in self.impulse.iter_mut().zip(&self.raw).zip(&self.window) {
            *i = r * w;
        }
        self.fft.process_with_scratch(&mut self.impulse, &mut self.fft_scratch);
        let power = |i: &Complex32| i.norm_sqr();
        let (peak, peak_power) =
            self.impulse.iter().map(power).enumerate().fold((0, 0.0f32), |m, p| if p.1 > m.1 { p } else { m });
        // Noise of one tap: 3/4 of the symbol noise on average over the comb, summed under the squared window (3/8).
        let noise = self.quality.noise * 0.75 * 0.375 * n_sc as f32;
        let threshold = (SUPPORT_OVER_NOISE * noise).max(SUPPORT_UNDER_PEAK * peak_power);
        let reach = (MAX_SPREAD_S * self.sample_rate_hz) as isize;
        let stands_out = |d: &isize| {
            let tap = (peak as isize + d).rem_euclid(n_fft as isize) as usize;
            power(&self.impulse[tap]) > threshold
        };
        let first = (-reach..=0).find(stands_out).unwrap_or(0);
        let last = (0..=reach).rev().find(stands_out).unwrap_or(0);
        let middle = peak as f32 + (first + last) as f32 / 2.0;
        let middle = if middle > n_fft as f32 / 2.0 { middle - n_fft as f32 } else { middle };
        let main_lobe = HANN_HALF_LOBE * n_fft as f64 / n_sc as f64;
        let half_width = ((last - first) as f64 / 2.0 - main_lobe).max(0.0);
        (middle, half_width / self.sample_rate_hz)
    }

    /// Smooths around zero delay and puts the delay back.
    fn smooth(&mut self, middle: f32, spread_s: f64) {
        let step = std::f32::consts::TAU * middle / self.impulse.len() as f32;
        for ((c, r), turn) in self.centred.iter_mut().zip(&self.raw).zip(turns(step)) {
            *c = r * turn;
        }
        self.smoother.smooth(spread_s, f64::from(self.quality.cinr_db()), &self.centred, &mut self.channel);
        let carrier = self.channel.len() / 2;
        let around_carrier = turns(step).enumerate().filter(|&(k, _)| k != carrier);
        for (h, (_, turn)) in self.channel.iter_mut().zip(around_carrier) {
            *h *= turn.conj();
        }
    }
}

/// e^(j step k) for k = 0, 1, ...
fn turns(step: f32) -> impl Iterator<Item = Complex32> {
    let (turn, mut now) = (Complex64::cis(step.into()), Complex64::ONE);
    std::iter::repeat_with(move || {
        let value = Complex32::new(now.re as f32, now.im as f32);
        now *= turn;
        value
    })
}

/// Row to whose phase all reference symbols are brought: the middle one of 2, 6, 10.
const MIDDLE_ROW: f32 = 6.0;
/// A tap counts when it is this much above the mean noise of a tap: once in e^12 by chance.
const SUPPORT_OVER_NOISE: f32 = 12.0;
/// A tap counts when it is above the side lobes of the Hann window.
const SUPPORT_UNDER_PEAK: f32 = 1.6e-3;
/// Half of the main lobe of the Hann window at that level, in units of n_fft / n_sc samples.
const HANN_HALF_LOBE: f64 = 1.7;
/// How far from the strongest path others are looked for, seconds: a little more than the extended prefix.
const MAX_SPREAD_S: f64 = 22e-6;
