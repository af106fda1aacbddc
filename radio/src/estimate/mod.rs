//! Channel, noise, timing and frequency from MBSFN reference signals (TS 36.211 clause 6.10.2).
//!
//! The channel of a subframe is a mean and a change from symbol to symbol, each estimated over frequency with least mean
//! square error (`lmmse`) for the delay power profile that was measured on this and former subframes (`profile`).
//! Definitions:
//! - noise power per resource element: half the mean squared difference of the reference symbols that lie on the same
//!   subcarriers (rows 2 and 10), after their common phase has been removed, less what the channel changed between them;
//!   interference of late paths from symbol to symbol is part of it;
//! - CINR: mean power of the reference symbols less its noise share, over that noise power;
//! - frequency error: common phase between those symbols over the time between them;
//! - timing: mean delay of the channel, weighted by power: phase between neighbouring subcarriers.

mod comb;
mod crs;
mod doppler;
mod linear;
mod lmmse;
mod profile;
mod sub_band;

pub use crs::{CrsEstimator, CrsQuality};

use std::f32::consts::{PI, TAU};
use std::sync::Arc;

use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use self::doppler::Doppler;
use self::lmmse::Lmmse;
use self::profile::DelayProfile;
use self::sub_band::SubBands;
use crate::cell::CellConfig;
use crate::grid::Grid;
use crate::isa::Isa;
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
    /// Mean delay of the channel against the FFT window, samples.
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
    bands: SubBands,
    profile: DelayProfile,
    doppler: Doppler,
    mean: Lmmse,
    change: Lmmse,
    /// Weighted sum of the reference symbols by subcarrier: those in two rows weigh two.
    sum: Vec<Complex32>,
    /// Difference of the last and the first reference symbol by subcarrier, zero where there are not two.
    difference: Vec<Complex32>,
    /// Hann window over a part of the band, over the weights of `sum`.
    window: Vec<f32>,
    /// Noise of one delay behind it, in units of the noise of a symbol.
    noise_of_delay: f32,
    power_of_window: f32,
    channel: Vec<Complex32>,
    /// From row to row.
    variation: Vec<Complex32>,
    change_is_new: bool,
    fft: Arc<dyn Fft<f32>>,
    fft_scratch: Vec<Complex32>,
    impulse: Vec<Complex32>,
    impulse_window: Vec<f32>,
    symbols_per_second: f32,
    phase_per_row: f32,
    quality: EstimateQuality,
}

impl MbsfnEstimator {
    /// Plans the estimator of an area.
    pub fn new(cell: &CellConfig, n_id_mbsfn: u8, numerology: MbsfnNumerology) -> Self {
        let n_sc = cell.n_rb_dl.subcarriers();
        let bands = SubBands::new(n_sc);
        let (parts, delays, isa) = (bands.count, bands.delays, Isa::fastest());
        let resolution_s = 1.0 / (delays as f64 * numerology.subcarrier_spacing_hz());
        let bin = |delay_s: f64| (delay_s / resolution_s).round() as isize;
        let by_position = |value: &dyn Fn(usize) -> f32| {
            let mut values = vec![0.0; bands.position(bands.subcarriers - 1) + 1];
            (0..bands.subcarriers).for_each(|k| values[bands.position(k)] = value(k));
            values
        };
        let weight = |k: usize| if k.is_multiple_of(2) { 2.0 } else { 1.0 };
        let of_change = |k: usize| if k.is_multiple_of(2) { 2.0 } else { 0.0 };
        let positions = bands.position(bands.subcarriers - 1) + 1;
        let mut window = by_position(&|k| hann(bands.position(k), positions) / weight(k));
        let power_of_window = |noise: &dyn Fn(usize) -> f32| {
            (0..bands.subcarriers).map(|k| (window[bands.position(k)] * weight(k)).powi(2) * noise(k)).sum::<f32>()
        };
        let of_carrier = bands.carrier().map_or(0.0, |position| hann(position, positions));
        let power_of_signal = power_of_window(&|_| 1.0) + of_carrier * of_carrier;
        let power_of_noise = power_of_window(&|k| 1.0 / weight(k));
        if let Some(position) = bands.carrier() {
            window[position] = of_carrier;
        }
        let fft = FftPlanner::new().plan_fft_inverse(cell.n_fft);
        Self {
            reference: MbsfnReference::new(cell.n_rb_dl, n_id_mbsfn, numerology),
            profile: DelayProfile::new(delays, bin(EARLIEST_S), bin(LATEST_S), parts),
            doppler: Doppler::default(),
            mean: Lmmse::new(&by_position(&weight), delays, isa),
            change: Lmmse::new(&by_position(&of_change), delays, isa),
            sum: vec![Complex32::ZERO; n_sc],
            difference: vec![Complex32::ZERO; n_sc],
            noise_of_delay: power_of_noise / power_of_signal / delays as f32,
            power_of_window: power_of_signal * delays as f32,
            window,
            channel: vec![Complex32::ZERO; n_sc],
            variation: vec![Complex32::ZERO; n_sc],
            change_is_new: false,
            fft_scratch: vec![Complex32::ZERO; fft.get_inplace_scratch_len()],
            fft,
            impulse: vec![Complex32::ZERO; cell.n_fft],
            impulse_window: (0..=n_sc).map(|k| hann(k, n_sc + 1)).collect(),
            symbols_per_second: (numerology.symbols_per_subframe() as f64 / SUBFRAME_S) as f32,
            phase_per_row: 0.0,
            quality: EstimateQuality::default(),
            bands,
        }
    }

    /// Estimates the channel of one subframe, whose MBSFN region is in `grid`.
    pub fn estimate(&mut self, subframe: u8, grid: &Grid) -> EstimateQuality {
        self.compare_reference_symbols(subframe, grid);
        self.combine_reference_symbols(subframe, grid);
        self.respond();
        if self.doppler.planned > 0.0 && !self.change_is_new {
            self.estimate_change();
        }
        // The carrier would be a hole in what the profile is seen through: filled with what was planned before, or, in the
        // first subframe, with what its neighbours tell until there is an estimate.
        let planned = !self.profile.support().is_empty();
        if planned && self.bands.carrier().is_some() {
            self.solve_mean();
        } else {
            self.bands.interpolate_carrier(&self.sum);
        }
        let new_profile = self.measure_profile();
        if self.plan(new_profile) {
            self.estimate_change();
        }
        if new_profile || self.bands.carrier().is_none() {
            self.solve_mean();
        }
        self.profile.end_estimated();
        if !planned {
            self.see_profile();
            self.profile.refine();
            self.plan(true);
            self.solve_mean();
            self.profile.end_estimated();
        }
        self.measure_timing();
        self.quality
    }

    /// What was measured on the last subframe.
    pub fn quality(&self) -> EstimateQuality {
        self.quality
    }

    /// Channel of the middle row; see [`Self::variation`] and [`Self::rotation`] for the other rows.
    pub fn channel(&self) -> &[Complex32] {
        &self.channel
    }

    /// What the channel gains from row to row before [`Self::rotation`], by subcarrier; `None` when it does not change
    /// enough to be told.
    pub fn variation(&self) -> Option<&[Complex32]> {
        (self.doppler.planned > 0.0).then_some(&self.variation)
    }

    /// Channel of row `l` before [`Self::rotation`]: `row` where it had to be computed.
    ///
    /// # Panics
    /// If `row` is not as long as there are subcarriers.
    pub fn channel_of_row<'a>(&'a self, l: usize, row: &'a mut [Complex32]) -> &'a [Complex32] {
        let Some(variation) = self.variation() else { return &self.channel };
        assert_eq!(row.len(), self.channel.len(), "subcarriers");
        let rows = l as f32 - MIDDLE_ROW;
        row.iter_mut().zip(&self.channel).zip(variation).for_each(|((r, h), v)| *r = h + v * rows);
        row
    }

    /// By what the channel of row `l` is turned against that of the middle row: a common frequency error.
    pub fn rotation(&self, l: usize) -> Complex32 {
        Complex32::cis(self.phase_per_row * (l as f32 - MIDDLE_ROW))
    }

    /// Impulse response of the last subframe, one value per sample of delay against the FFT window, negative delays in
    /// the upper half; windowed (Hann over the band), so that a path is a few samples wide.
    pub fn impulse_response(&self) -> &[Complex32] {
        &self.impulse
    }

    /// Frequency error, noise and change of the channel from the outer reference symbols, which use the same subcarriers.
    fn compare_reference_symbols(&mut self, subframe: u8, grid: &Grid) {
        let mut outer = self.reference.symbols(subframe).filter(|&(_, first, _)| first == 0);
        let (Some((row_a, _, a)), Some((row_b, _, b))) = (outer.next(), outer.next()) else {
            unreachable!("two reference symbols with the even comb")
        };
        let least_squares = |row: usize, m: usize, r: &Complex32| grid.row(row)[2 * m] * r.conj();
        let pairs = || (0..a.len()).map(|m| (least_squares(row_a, m, &a[m]), least_squares(row_b, m, &b[m])));
        let correlation: Complex32 = pairs().map(|(x, y)| y * x.conj()).sum();
        let phase = if correlation == Complex32::ZERO { 0.0 } else { correlation.arg() };
        self.phase_per_row = phase / (row_b - row_a) as f32;
        let turn = Complex32::cis(-phase / 2.0);
        let n = a.len() as f32;
        let (mut noise, mut power) = (0.0, 0.0);
        for ((x, y), difference) in pairs().zip(self.difference.iter_mut().step_by(2)) {
            *difference = y * turn - x * turn.conj();
            noise += difference.norm_sqr();
            power += x.norm_sqr() + y.norm_sqr();
        }
        // The common phase, fitted to the same values, takes one of 2n degrees of freedom; of a weak signal more, N/2S to
        // the second order, and no more than the phase of noise alone would.
        let freedom = 2.0 * n - 1.0;
        let (noise, power) = (noise / freedom, power / (2.0 * n));
        let fitted = (noise / (2.0 * (power - noise).max(f32::MIN_POSITIVE))).min((PI * n).sqrt());
        let noise = noise * (1.0 + fitted / freedom);
        let change = self.doppler.change(&self.difference);
        self.change_is_new = self.doppler.add(change, noise - change, (power - noise).max(0.0), a.len());
        let change = if self.doppler.planned > 0.0 { change.clamp(0.0, 0.98 * noise) } else { 0.0 };
        self.quality.noise = (noise - change).max(f32::MIN_POSITIVE);
        self.quality.signal = (power - self.quality.noise).max(power * 1e-3);
        self.quality.frequency_error_hz = self.phase_per_row * self.symbols_per_second / TAU;
    }

    /// Brings all reference symbols to the phase of the middle row and adds those of a subcarrier up.
    fn combine_reference_symbols(&mut self, subframe: u8, grid: &Grid) {
        self.sum.fill(Complex32::ZERO);
        for (row, first, reference) in self.reference.symbols(subframe) {
            let turn = Complex32::cis(-self.phase_per_row * (row as f32 - MIDDLE_ROW));
            let received = grid.row(row)[first..].iter().step_by(2);
            let sums = self.sum[first..].iter_mut().step_by(2);
            sums.zip(received.zip(reference)).for_each(|(sum, (y, r))| *sum += y * r.conj() * turn);
        }
    }

    /// Impulse response over the whole band, without the carrier.
    fn respond(&mut self) {
        let carrier = self.sum.len() / 2;
        let (below, above) = self.impulse_window.split_at(carrier);
        self.impulse.fill(Complex32::ZERO);
        let weighted = |(k, sum): (usize, &Complex32), w: &f32| sum * (if k.is_multiple_of(2) { 0.5 * w } else { *w });
        for (half, window) in [(0, below), (carrier, &above[1..])] {
            let values = self.sum.iter().enumerate().skip(half).take(carrier);
            let places = self.impulse[half + half / carrier..].iter_mut();
            values.zip(window).zip(places).for_each(|((value, w), i)| *i = weighted(value, w));
        }
        self.impulse[carrier] = (self.impulse[carrier - 1] + self.impulse[carrier + 1]) * 0.5;
        self.fft.process_with_scratch(&mut self.impulse, &mut self.fft_scratch);
    }

    /// Measures the delay power profile. `true`: there are other delays to count on.
    fn measure_profile(&mut self) -> bool {
        self.see_profile();
        self.profile.end()
    }

    /// The delay power profile of this subframe alone.
    fn see_profile(&mut self) {
        let noise = self.quality.noise.max(self.quality.signal * LEAST_NOISE);
        self.profile.begin(self.noise_of_delay * noise);
        for part in self.sum.chunks_exact(self.bands.subcarriers) {
            let delays = self.bands.delays_of(part, Some(&self.window));
            let scale = 1.0 / self.power_of_window;
            self.profile.add(delays.iter().map(|d| d.norm_sqr() * scale));
        }
    }

    /// Plans the estimates again where settings have to change. `true`: that of the change from row to row is another one.
    fn plan(&mut self, new_profile: bool) -> bool {
        let (support, over_noise) = (self.profile.support(), self.profile.power_over_noise());
        let prior = |i: usize| f64::from(over_noise[i] * self.noise_of_delay);
        if new_profile {
            self.mean.plan(support, prior);
            let all: f32 = over_noise.iter().sum();
            self.doppler.expect(|subcarriers| {
                let turn = |(&delay, &power): (&usize, &f32)| self.bands.turn(delay * subcarriers) * power;
                support.iter().zip(over_noise).map(turn).sum::<Complex32>() / all
            });
        }
        let change = f64::from(self.doppler.planned);
        let new_change = change > 0.0 && (new_profile || self.change_is_new);
        if new_change {
            self.change.plan(support, |i| prior(i) * change);
        }
        new_change
    }

    fn solve_mean(&mut self) {
        let Self { bands, mean, profile, .. } = self;
        profile.begin_estimated();
        let parts = self.sum.chunks_exact(bands.subcarriers).zip(self.channel.chunks_exact_mut(bands.subcarriers));
        for (pilots, output) in parts {
            estimate_part(bands, mean, profile.support(), pilots, 1.0, output);
            profile.add_estimated(
                mean.values().zip(mean.errors()).map(|(value, error)| value.norm_sqr() / (1.0 - error).max(0.003)),
            );
        }
    }

    /// What is left of the differences of reference symbols after it is noise.
    fn estimate_change(&mut self) {
        let Self { bands, change, profile, .. } = self;
        let parts = self.difference.chunks_exact(bands.subcarriers);
        for (pilots, output) in parts.zip(self.variation.chunks_exact_mut(bands.subcarriers)) {
            estimate_part(bands, change, profile.support(), pilots, 1.0 / ROWS_TO_OUTER, output);
        }
        let pairs = self.difference.iter().zip(&self.variation).step_by(2);
        let left: f32 = pairs.map(|(d, v)| (d - v * (2.0 * ROWS_TO_OUTER)).norm_sqr()).sum();
        let freedom = (self.difference.len() / 2) as f32 - self.bands.count as f32 * self.change.freedom();
        let noise = (left / 2.0 / freedom.max(1.0)).max(f32::MIN_POSITIVE);
        self.quality.signal = (self.quality.signal + self.quality.noise - noise).max(self.quality.signal * 1e-3);
        self.quality.noise = noise;
    }

    fn measure_timing(&mut self) {
        let halves = self.channel.chunks_exact(self.channel.len() / 2);
        let turns: Complex32 = halves.flat_map(|half| half.windows(2)).map(|h| h[1] * h[0].conj()).sum();
        let slope = if turns == Complex32::ZERO { 0.0 } else { turns.arg() };
        self.quality.timing_samples = -slope * self.impulse.len() as f32 / TAU;
    }
}

/// Estimates a part of the band from weighted sums of pilots.
fn estimate_part(
    bands: &mut SubBands,
    lmmse: &mut Lmmse,
    support: &[usize],
    pilots: &[Complex32],
    scale: f32,
    output: &mut [Complex32],
) {
    let delays = bands.delays_of(pilots, None);
    lmmse.solve(support.iter().map(|&d| delays[d]));
    let put = |delays: &mut [Complex32]| support.iter().zip(lmmse.values()).for_each(|(&d, v)| delays[d] = v * scale);
    bands.subcarriers_of(put, output);
}

/// Hann window of `n` values, none of them zero.
fn hann(k: usize, n: usize) -> f32 {
    0.5 - 0.5 * (TAU * (k + 1) as f32 / (n + 1) as f32).cos()
}

/// Row to whose phase all reference symbols are brought: the middle one of 2, 6, 10.
const MIDDLE_ROW: f32 = 6.0;
/// Least noise over signal that estimates are planned for: single precision has to do.
const LEAST_NOISE: f32 = 1e-5;
/// From there to the outer ones.
const ROWS_TO_OUTER: f32 = 4.0;
/// Delays between which a channel is looked for, seconds against the FFT window: what is later than the comb of one
/// reference symbol can tell from the earliest would be taken for it when the channel changes.
const EARLIEST_S: f64 = -5e-6;
const LATEST_S: f64 = 32e-6;

#[cfg(test)]
#[path = "mbsfn_tests.rs"]
mod tests;
