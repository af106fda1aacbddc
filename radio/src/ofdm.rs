//! OFDM baseband signal generation, TS 36.211 clause 6.12, and its inverse.
//!
//! Transforms are unitary (1 / sqrt(N)): a grid of unit-power elements gives samples of power N_SC / N in a symbol,
//! and white noise of power s per sample has power s in every resource element.

use std::sync::Arc;

use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use crate::grid::Grid;
use crate::numerology::SubframeLayout;

/// Turns a grid into the samples of a subframe.
#[derive(Clone)]
pub struct OfdmModulator {
    layout: SubframeLayout,
    fft: Arc<dyn Fft<f32>>,
    scratch: Vec<Complex32>,
    scale: f32,
}

impl OfdmModulator {
    /// Plans the transform of a layout.
    pub fn new(layout: SubframeLayout) -> Self {
        let fft = FftPlanner::new().plan_fft_inverse(layout.n_fft());
        let scratch = vec![Complex32::default(); fft.get_inplace_scratch_len()];
        let scale = 1.0 / (layout.n_fft() as f32).sqrt();
        Self { layout, fft, scratch, scale }
    }

    /// Writes every sample of `iq`: symbols with their cyclic prefix, zero in the gap.
    ///
    /// # Panics
    /// If `iq` is not one subframe long or the grid has other dimensions than the layout.
    pub fn modulate(&mut self, grid: &Grid, iq: &mut [Complex32]) {
        assert_eq!(iq.len(), self.layout.samples(), "samples of a subframe");
        assert_eq!(grid.rows(), self.layout.rows(), "rows of the grid");
        let n_fft = self.layout.n_fft();
        let mut written = 0;
        for l in 0..grid.rows() {
            let Some(position) = self.layout.symbol(l) else { continue };
            iq[written..position.start].fill(Complex32::default());
            let core = position.start + position.cp;
            self.symbol(grid.row(l), &mut iq[core..core + n_fft]);
            iq.copy_within(core + n_fft - position.cp..core + n_fft, position.start);
            written = core + n_fft;
        }
        iq[written..].fill(Complex32::default());
    }

    fn symbol(&mut self, row: &[Complex32], core: &mut [Complex32]) {
        if row.iter().all(|e| *e == Complex32::default()) {
            return core.fill(Complex32::default());
        }
        let half = row.len() / 2;
        let (n_fft, scale) = (core.len(), self.scale);
        core[1 + half..n_fft - half].fill(Complex32::default());
        core[0] = Complex32::default(); // the carrier itself is not used
        core[n_fft - half..].iter_mut().zip(&row[..half]).for_each(|(c, r)| *c = r * scale);
        core[1..=half].iter_mut().zip(&row[half..]).for_each(|(c, r)| *c = r * scale);
        self.fft.process_with_scratch(core, &mut self.scratch);
    }
}

/// Turns the samples of a subframe into a grid.
#[derive(Clone)]
pub struct OfdmDemodulator {
    layout: SubframeLayout,
    fft: Arc<dyn Fft<f32>>,
    scratch: Vec<Complex32>,
    core: Vec<Complex32>,
    scale: f32,
    /// By row.
    advance: Vec<usize>,
}

impl OfdmDemodulator {
    /// Plans the transform of a layout.
    ///
    /// The FFT window starts `cp / advance_divisor` samples before the end of each cyclic prefix (0: at its end), so
    /// that a signal a little ahead of the nominal time does no harm; the linear phase over frequency that this
    /// causes is part of the channel estimate. It is the same in all symbols with normal cyclic prefix, though the first
    /// one of a slot is longer.
    pub fn new(layout: SubframeLayout, advance_divisor: usize) -> Self {
        let fft = FftPlanner::new().plan_fft_forward(layout.n_fft());
        let scratch = vec![Complex32::default(); fft.get_immutable_scratch_len()];
        let core = vec![Complex32::default(); layout.n_fft()];
        let scale = 1.0 / (layout.n_fft() as f32).sqrt();
        let prefixes: Vec<_> = (0..layout.rows()).map(|l| layout.symbol(l).map_or(0, |p| p.cp)).collect();
        let shortest_like = |cp: usize| prefixes.iter().copied().filter(|other| 2 * other > cp).min().unwrap_or(0);
        let advance = prefixes.iter().map(|&cp| shortest_like(cp).checked_div(advance_divisor).unwrap_or(0)).collect();
        Self { layout, fft, scratch, core, scale, advance }
    }

    /// By how many samples the window of row `l` is early.
    pub fn advance(&self, l: usize) -> usize {
        self.advance.get(l).copied().unwrap_or(0)
    }

    /// Lets the windows of some rows begin so many samples before the end of their prefixes, at most a prefix.
    pub fn set_advance(&mut self, rows: std::ops::Range<usize>, advance: usize) {
        for l in rows {
            if let (Some(own), Some(position)) = (self.advance.get_mut(l), self.layout.symbol(l)) {
                *own = advance.min(position.cp);
            }
        }
    }

    /// Fills rows `rows` of the grid.
    ///
    /// # Panics
    /// If `iq` is not one subframe long or the grid has other dimensions than the layout.
    pub fn demodulate(&mut self, iq: &[Complex32], rows: std::ops::Range<usize>, grid: &mut Grid) {
        assert_eq!(iq.len(), self.layout.samples(), "samples of a subframe");
        assert_eq!(grid.rows(), self.layout.rows(), "rows of the grid");
        let n_fft = self.layout.n_fft();
        for l in rows {
            let Some(position) = self.layout.symbol(l) else { continue };
            let start = position.start + position.cp - self.advance(l);
            self.fft.process_immutable_with_scratch(&iq[start..start + n_fft], &mut self.core, &mut self.scratch);
            let (row, scale) = (grid.row_mut(l), self.scale);
            let half = row.len() / 2;
            row[..half].iter_mut().zip(&self.core[n_fft - half..]).for_each(|(r, c)| *r = c * scale);
            row[half..].iter_mut().zip(&self.core[1..=half]).for_each(|(r, c)| *r = c * scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerology::MbsfnNumerology;

    /// A channel estimate made in one symbol holds in another.
    #[test]
    fn windows_of_normal_symbols_are_early_by_the_same() {
        for n_fft in [128, 512, 2048] {
            let ofdm = OfdmDemodulator::new(SubframeLayout::normal(n_fft), 16);
            assert!((0..14).all(|l| ofdm.advance(l) == 144 * n_fft / 2048 / 16), "{n_fft}");
            let ofdm = OfdmDemodulator::new(SubframeLayout::mbsfn(n_fft, 2, MbsfnNumerology::Khz15), 16);
            assert_eq!((ofdm.advance(0), ofdm.advance(1)), (ofdm.advance(1), 144 * n_fft / 2048 / 16));
            assert!((2..12).all(|l| ofdm.advance(l) == 512 * n_fft / 2048 / 16), "{n_fft}");
        }
    }

    #[test]
    fn one_element_is_one_tone_and_comes_back() {
        for n_fft in [128, 384, 1536] {
            let layout = SubframeLayout::mbsfn(n_fft, 2, MbsfnNumerology::Khz15);
            let mut grid = Grid::new(12, 72);
            grid.row_mut(5)[40] = Complex32::new(0.6, -0.8); // fifth subcarrier above the carrier: 40 - 36 + 1
            let mut iq = vec![Complex32::new(9.0, 9.0); layout.samples()];
            OfdmModulator::new(layout.clone()).modulate(&grid, &mut iq);
            let position = layout.symbol(5).unwrap();
            let core = position.start + position.cp;
            for n in [0, 1, n_fft / 3, n_fft - 1] {
                let phase = std::f32::consts::TAU * 5.0 * n as f32 / n_fft as f32;
                let want = Complex32::new(0.6, -0.8) * Complex32::cis(phase) / (n_fft as f32).sqrt();
                assert!((iq[core + n] - want).norm() < 1e-5);
            }
            assert_eq!(iq[position.start], iq[position.start + n_fft], "cyclic prefix");
            let mut back = Grid::new(12, 72);
            OfdmDemodulator::new(layout, 0).demodulate(&iq, 0..12, &mut back);
            for l in 0..12 {
                for (a, b) in grid.row(l).iter().zip(back.row(l)) {
                    assert!((a - b).norm() < 1e-5);
                }
            }
        }
    }
}
