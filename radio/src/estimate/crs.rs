//! Channel, noise, timing and frequency from cell-specific reference signals (TS 36.211 clause 6.10.1), normal cyclic
//! prefix.
//!
//! The channel is taken as static over one subframe but for a constant frequency error. Measurements are of antenna
//! port 0, which every cell has:
//! - noise power per resource element: half the mean squared difference of reference symbols on the same subcarriers of
//!   the two slots after their common phase has been removed; when only the control region is there, the part of a
//!   reference symbol that its two neighbours do not explain;
//! - signal (RSRP, TS 36.214 clause 5.1.1, in the units of the grid): power that is common to those reference symbols;
//! - frequency error: common phase between them over 0.5 ms, so up to 1 kHz is told apart;
//! - delay: slope of the phase over frequency, up to a twelfth of a symbol either way.

use std::f32::consts::TAU;

use num_complex::Complex32;

use super::comb::CombInterpolator;
use crate::cell::CarrierConfig;
use crate::grid::Grid;
use crate::numerology::CyclicPrefix;
use crate::refsignal::{crs, crs_first, crs_symbols};

/// Subcarriers between the reference signals of a port in one symbol (TS 36.211 clause 6.10.1.2).
const COMB: usize = 6;
/// Symbols of a slot with normal cyclic prefix.
const SLOT_ROWS: usize = 7;
/// Subcarrier spacing, Hz.
const SPACING_HZ: f64 = 15_000.0;
/// Row to whose phase all reference symbols are brought: the mean of 0, 4, 7, 11.
const MIDDLE_ROW: f32 = 5.5;
/// Standard deviation of the phase over a slot that is expected once the receiver follows the frequency (160 Hz), rad:
/// a measurement less sure than that turns the channel less.
const EXPECTED_PHASE: f32 = 0.5;

/// What was measured on one subframe.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct CrsQuality {
    /// Reference signal received power of port 0, in the units of the grid.
    pub rsrp: f32,
    /// Noise and interference power per resource element, in the units of the grid.
    pub noise: f32,
    /// Frequency error left in the samples, Hz; `None` when only the control region was there.
    pub cfo_hz: Option<f32>,
    /// Mean delay of the channel against the FFT window, samples.
    pub delay_samples: f32,
}

impl CrsQuality {
    /// Carrier to interference and noise ratio of port 0, dB; limited to 80 dB by single precision.
    pub fn cinr_db(&self) -> f32 {
        10.0 * (self.rsrp / self.noise.max(self.rsrp * 1e-8)).max(1e-8).log10()
    }
}

/// One reference symbol of one port.
#[derive(Clone, Debug)]
struct ReferenceSymbol {
    row: usize,
    first: usize,
    /// Conjugates of the values, by subframe.
    conjugates: Vec<Vec<Complex32>>,
}

/// Estimates the channels of one receive antenna from every antenna port; allocates in `new` only.
#[derive(Clone)]
pub struct CrsEstimator {
    n_fft: usize,
    /// By port, rising rows.
    reference: Vec<Vec<ReferenceSymbol>>,
    /// Combs of three and of six subcarriers.
    interpolators: [CombInterpolator; 2],
    pilots: Vec<Complex32>,
    weights: Vec<f32>,
    /// By port: channel of the middle row.
    channel: Vec<Vec<Complex32>>,
    phase_per_row: f32,
    coherence: f32,
    quality: CrsQuality,
}

impl CrsEstimator {
    /// Plans the estimator of a carrier for all its ports. Before the number of ports is known, plan it for four:
    /// channels of ports that are not there come out as noise.
    pub fn new(carrier: &CarrierConfig) -> Self {
        let cell = &carrier.cell;
        let symbol = |port: u8, slot: usize, l: usize| ReferenceSymbol {
            row: SLOT_ROWS * slot + l,
            first: crs_first(cell.n_id_cell, port, slot, l),
            conjugates: (0..10)
                .map(|subframe| crs(cell, CyclicPrefix::Normal, port, 2 * subframe + slot, l).map(|(_, r)| r.conj()))
                .map(Iterator::collect)
                .collect(),
        };
        let of_port = |port: u8| {
            let symbols = (0..2).flat_map(|slot| crs_symbols(port).iter().map(move |&l| (slot, l)));
            symbols.map(|(slot, l)| symbol(port, slot, l)).collect()
        };
        let n_sc = cell.n_rb_dl.subcarriers();
        Self {
            n_fft: cell.n_fft,
            reference: (0..carrier.n_ports).map(of_port).collect(),
            interpolators: [COMB / 2, COMB].map(|spacing| CombInterpolator::new(spacing, SPACING_HZ)),
            pilots: Vec::with_capacity(2 * n_sc / COMB),
            weights: Vec::with_capacity(2 * n_sc / COMB),
            channel: vec![vec![Complex32::ZERO; n_sc]; carrier.n_ports.into()],
            phase_per_row: 0.0,
            coherence: 1.0,
            quality: CrsQuality::default(),
        }
    }

    /// Estimates the channels of one subframe, of which the first `n_rows` rows of `grid` have been received with normal
    /// cyclic prefix: 14, or the non-MBSFN region of an MBSFN subframe. A port of which no reference symbol is in them
    /// keeps the channel it had.
    ///
    /// # Panics
    /// If there is no row, the grid has less than `n_rows`, or `subframe` is above 9.
    pub fn estimate(&mut self, subframe: u8, grid: &Grid, n_rows: usize) -> CrsQuality {
        assert!((1..=grid.rows()).contains(&n_rows), "{n_rows} rows of {}", grid.rows());
        self.measure_delay(subframe, grid, n_rows);
        self.compare_slots(subframe, grid, n_rows);
        for port in 0..self.reference.len() {
            self.interpolate(port, subframe, grid, n_rows);
        }
        self.quality
    }

    /// Measures one subframe as [`Self::estimate`] does, for which the reference symbols of port 0 are enough; channels
    /// stay as they were.
    ///
    /// # Panics
    /// As [`Self::estimate`].
    pub fn measure(&mut self, subframe: u8, grid: &Grid, n_rows: usize) -> CrsQuality {
        assert!((1..=grid.rows()).contains(&n_rows), "{n_rows} rows of {}", grid.rows());
        self.measure_delay(subframe, grid, n_rows);
        self.compare_slots(subframe, grid, n_rows);
        self.quality
    }

    /// What was measured on the last subframe.
    pub fn quality(&self) -> CrsQuality {
        self.quality
    }

    /// Ports whose channels are estimated.
    pub fn n_ports(&self) -> u8 {
        self.reference.len() as u8
    }

    /// Channel of a port at the middle of the subframe, by subcarrier; see [`Self::rotation`] for the rows.
    pub fn channel(&self, port: u8) -> &[Complex32] {
        &self.channel[usize::from(port)]
    }

    /// By what the channels of row `l` differ from those of the middle of the subframe.
    pub fn rotation(&self, l: usize) -> Complex32 {
        Complex32::cis(self.phase_per_row * (l as f32 - MIDDLE_ROW))
    }

    /// Channel of a port at one resource element.
    pub fn h(&self, port: u8, l: usize, k: usize) -> Complex32 {
        self.channel[usize::from(port)][k] * self.rotation(l)
    }

    /// Delay, coherence over frequency and, for want of better, power and noise from single reference symbols.
    fn measure_delay(&mut self, subframe: u8, grid: &Grid, n_rows: usize) {
        let (mut lag_1, mut lag_2, mut power) = (Complex32::ZERO, Complex32::ZERO, 0.0);
        let (mut pairs, mut values) = (0, 0);
        for symbol in self.reference[0].iter().filter(|s| s.row < n_rows) {
            let (mut last, mut before) = (Complex32::ZERO, Complex32::ZERO);
            for (y, r) in received(symbol, subframe, grid) {
                let h = y * r;
                lag_1 += h * last.conj();
                lag_2 += h * before.conj();
                power += h.norm_sqr();
                (before, last) = (last, h);
            }
            values += symbol.conjugates[0].len();
            pairs += symbol.conjugates[0].len() - 1;
        }
        let (pairs, values) = (pairs as f32, values as f32);
        let power = power / values;
        let slope = if lag_1 == Complex32::ZERO { 0.0 } else { lag_1.arg() };
        self.quality.delay_samples = -slope * self.n_fft as f32 / (TAU * COMB as f32);
        // What the correlations one and two apart say of the value at none: the channel being smooth, it bends like
        // R(0) - R(1) = (R(1) - R(2)) / 3.
        let (r_1, r_2) = (lag_1.norm() / pairs, (lag_2 * Complex32::cis(-2.0 * slope)).re / pairs);
        let signal = (r_1 + (r_1 - r_2).max(0.0) / 3.0).min(power);
        self.quality.rsrp = signal;
        self.quality.noise = (power - signal).max(power * 1e-4).max(f32::MIN_POSITIVE);
        self.quality.cfo_hz = None;
        self.phase_per_row = 0.0;
        // Leaves room for the error of the correlation, lest noise look like delay spread.
        let slack = self.quality.noise / signal.max(f32::MIN_POSITIVE) / pairs.sqrt();
        self.coherence = (r_1 / signal.max(f32::MIN_POSITIVE)).min(1.0) + slack.min(1.0);
    }

    /// Frequency error, power and noise from the reference symbols that use the same subcarriers in both slots.
    fn compare_slots(&mut self, subframe: u8, grid: &Grid, n_rows: usize) {
        let mut correlation = Complex32::ZERO;
        let (mut power, mut pairs) = (0.0, 0);
        let symbols = &self.reference[0];
        for a in symbols {
            let b = symbols.iter().find(|b| b.row == a.row + SLOT_ROWS && b.row < n_rows);
            let Some(b) = b else { continue };
            for ((x, r_x), (y, r_y)) in received(a, subframe, grid).zip(received(b, subframe, grid)) {
                correlation += y * r_y * (x * r_x).conj();
                power += (x.norm_sqr() + y.norm_sqr()) / 2.0;
                pairs += 1;
            }
        }
        if pairs == 0 {
            return;
        }
        let n = pairs as f32;
        let (signal, power) = (correlation.norm() / n, power / n);
        // Mean of |y turned back - x|^2 / 2; the common phase takes one of 2n degrees of freedom.
        let noise = (power - signal).max(power * 1e-7) * 2.0 * n / (2.0 * n - 1.0);
        let phase = if correlation == Complex32::ZERO { 0.0 } else { correlation.arg() };
        let noise_to_signal = noise / signal.max(f32::MIN_POSITIVE);
        let variance = (noise_to_signal + noise_to_signal * noise_to_signal / 2.0) / n;
        let trust = EXPECTED_PHASE.powi(2) / (EXPECTED_PHASE.powi(2) + variance);
        self.phase_per_row = trust * phase / SLOT_ROWS as f32;
        self.quality.cfo_hz = Some(phase / (TAU * 0.5e-3));
        self.quality.rsrp = signal;
        self.quality.noise = noise.max(f32::MIN_POSITIVE);
    }

    /// Brings the reference symbols of a port together around zero delay, interpolates, puts the delay back.
    fn interpolate(&mut self, port: usize, subframe: u8, grid: &Grid, n_rows: usize) {
        let mut symbols = self.reference[port].iter().filter(|s| s.row < n_rows);
        let Some(first) = symbols.next().map(|s| s.first) else { return };
        let staggered = symbols.any(|s| s.first != first);
        let spacing = if staggered { COMB / 2 } else { COMB };
        let first = first % spacing;
        let n_sc = self.channel[port].len();
        let carrier = n_sc / 2;
        let step = TAU * self.quality.delay_samples / self.n_fft as f32;
        let centre = |k: usize| Complex32::cis(step * (k + usize::from(k >= carrier)) as f32);

        self.pilots.clear();
        self.pilots.resize(n_sc / spacing, Complex32::ZERO);
        self.weights.clear();
        self.weights.resize(n_sc / spacing, 0.0);
        for symbol in self.reference[port].iter().filter(|s| s.row < n_rows) {
            let turn = Complex32::cis(-self.phase_per_row * (symbol.row as f32 - MIDDLE_ROW));
            for (m, (y, r)) in received(symbol, subframe, grid).enumerate() {
                let i = (symbol.first + COMB * m - first) / spacing;
                self.pilots[i] += y * r * turn;
                self.weights[i] += 1.0;
            }
        }
        for (i, (p, w)) in self.pilots.iter_mut().zip(&self.weights).enumerate() {
            *p *= centre(first + spacing * i) / w;
        }
        let observations = self.weights.iter().sum::<f32>() / self.weights.len() as f32;
        let snr_db = self.quality.cinr_db() + 10.0 * observations.log10();
        let spread_s = CombInterpolator::spread_s(self.coherence, COMB, SPACING_HZ);
        let interpolator = &self.interpolators[usize::from(!staggered)];
        let channel = &mut self.channel[port];
        interpolator.interpolate(spread_s, snr_db, first, &self.pilots, channel);
        for (k, h) in channel.iter_mut().enumerate() {
            *h *= centre(k).conj();
        }
    }
}

/// Elements of a reference symbol with the conjugates of what was sent.
fn received<'a>(
    symbol: &'a ReferenceSymbol,
    subframe: u8,
    grid: &'a Grid,
) -> impl Iterator<Item = (Complex32, Complex32)> + 'a {
    let elements = grid.row(symbol.row)[symbol.first..].iter().step_by(COMB);
    elements.copied().zip(symbol.conjugates[usize::from(subframe)].iter().copied())
}

#[cfg(test)]
#[path = "crs_tests.rs"]
mod tests;
