//! Whole subframes of a mixed carrier: cell-specific reference signals, PMCH and OFDM together
//! (TS 36.211 clauses 6.7, 6.10.1, 6.12).

use num_complex::Complex32;

use super::fft_window::FftWindow;
use super::{PmchDecoder, PmchEncoder, PmchQuality};
use crate::cell::CellConfig;
use crate::estimate::{EstimateQuality, MbsfnEstimator};
use crate::grid::Grid;
use crate::measure::MbsfnPower;
use crate::numerology::{CyclicPrefix, MbsfnNumerology, SubframeLayout};
use crate::ofdm::{OfdmDemodulator, OfdmModulator};
use crate::refsignal::{crs, crs_symbols};

/// Reference signals of one symbol: (row, elements).
type ReferenceRow = (usize, Vec<(usize, Complex32)>);

/// Makes the samples of MBSFN subframes; allocates in `new` only.
pub struct MbsfnSubframeModulator {
    /// By subframe: CRS of the non-MBSFN region, which is symbol 0 for antenna port 0.
    crs: Vec<ReferenceRow>,
    non_mbsfn_region: usize,
    grid: Grid,
    ofdm: OfdmModulator,
}

impl MbsfnSubframeModulator {
    /// Plans subframes with a non-MBSFN region of `non_mbsfn_region` symbols.
    ///
    /// `cell_cp` seeds the cell-specific reference signals; the symbols of the region keep normal timing either way.
    pub fn new(cell: &CellConfig, cell_cp: CyclicPrefix, non_mbsfn_region: u8, numerology: MbsfnNumerology) -> Self {
        Self {
            crs: (0..10).map(|subframe| (0, crs(cell, cell_cp, 0, 2 * subframe, 0).collect())).collect(),
            non_mbsfn_region: non_mbsfn_region.into(),
            grid: Grid::new(numerology.symbols_per_subframe(), cell.n_rb_dl.subcarriers()),
            ofdm: OfdmModulator::new(SubframeLayout::mbsfn(cell.n_fft, non_mbsfn_region.into(), numerology)),
        }
    }

    /// Fills `iq` with one subframe; without a transport block the MBSFN region is silent, reference signals included
    /// (TS 36.211 clause 6.10.2: they are sent only with the PMCH).
    ///
    /// # Panics
    /// If `iq` is not one subframe long.
    pub fn modulate(&mut self, subframe: u8, pmch: Option<(&mut PmchEncoder, &[u8])>, iq: &mut [Complex32]) {
        // The PMCH fills its region.
        let cleared = if pmch.is_some() { self.non_mbsfn_region } else { self.grid.rows() };
        (0..cleared).for_each(|row| self.grid.row_mut(row).fill(Complex32::ZERO));
        put(&self.crs[usize::from(subframe)], &mut self.grid);
        if let Some((encoder, tb)) = pmch {
            encoder.encode(subframe, tb, &mut self.grid);
        }
        self.ofdm.modulate(&self.grid, iq);
    }
}

/// Makes the samples of unicast subframes that carry cell-specific reference signals alone; allocates in `new` only.
pub struct UnicastSubframeModulator {
    crs: Vec<Vec<ReferenceRow>>,
    grid: Grid,
    ofdm: OfdmModulator,
}

impl UnicastSubframeModulator {
    /// Plans subframes with normal cyclic prefix.
    pub fn new(cell: &CellConfig) -> Self {
        let rows = |subframe: usize| {
            let signals = |slot: usize, l: usize| crs(cell, CyclicPrefix::Normal, 0, 2 * subframe + slot, l);
            let row = |slot: usize, l: usize| (7 * slot + l, signals(slot, l).collect());
            (0..2).flat_map(|slot| crs_symbols(0).iter().map(move |&l| row(slot, l))).collect()
        };
        let layout = SubframeLayout::normal(cell.n_fft);
        Self {
            crs: (0..10).map(rows).collect(),
            grid: Grid::new(layout.rows(), cell.n_rb_dl.subcarriers()),
            ofdm: OfdmModulator::new(layout),
        }
    }

    /// Fills `iq` with one subframe.
    ///
    /// # Panics
    /// If `iq` is not one subframe long.
    pub fn modulate(&mut self, subframe: u8, iq: &mut [Complex32]) {
        self.grid.clear();
        self.crs[usize::from(subframe)].iter().for_each(|row| put(row, &mut self.grid));
        self.ofdm.modulate(&self.grid, iq);
    }
}

fn put((row, elements): &ReferenceRow, grid: &mut Grid) {
    let row = grid.row_mut(*row);
    elements.iter().for_each(|&(k, r)| row[k] = r);
}

/// Reads the MBSFN region of subframes of one area; allocates in `new` only.
pub struct MbsfnSubframeDemodulator {
    rows: std::ops::Range<usize>,
    grid: Grid,
    ofdm: OfdmDemodulator,
    estimator: MbsfnEstimator,
    window: FftWindow,
    numerology: MbsfnNumerology,
}

impl MbsfnSubframeDemodulator {
    /// The FFT window begins this part of the cyclic prefix early: a signal ahead of nominal time by up to 1 us is fine.
    /// It follows the paths when they ask for more.
    const ADVANCE_DIVISOR: usize = 16;

    /// Plans the demodulator of an area.
    pub fn new(cell: &CellConfig, n_id_mbsfn: u8, non_mbsfn_region: u8, numerology: MbsfnNumerology) -> Self {
        let layout = SubframeLayout::mbsfn(cell.n_fft, non_mbsfn_region.into(), numerology);
        let prefix = numerology.cp_samples(cell.n_fft);
        Self {
            rows: usize::from(non_mbsfn_region)..layout.rows(),
            grid: Grid::new(layout.rows(), cell.n_rb_dl.subcarriers()),
            window: FftWindow::new(cell.n_fft, prefix, prefix / Self::ADVANCE_DIVISOR),
            ofdm: OfdmDemodulator::new(layout, Self::ADVANCE_DIVISOR),
            estimator: MbsfnEstimator::new(cell, n_id_mbsfn, numerology),
            numerology,
        }
    }

    /// Transforms one subframe and estimates its channel; timing counts from the nominal start of the symbols.
    ///
    /// # Panics
    /// If `iq` is not one subframe long.
    pub fn demodulate(&mut self, subframe: u8, iq: &[Complex32]) -> EstimateQuality {
        let advance = self.window.advance();
        self.ofdm.set_advance(self.rows.clone(), advance);
        self.ofdm.demodulate(iq, self.rows.clone(), &mut self.grid);
        let quality = self.estimator.estimate(subframe, &self.grid);
        self.window.follow(self.estimator.impulse_response(), &quality);
        let advance = advance as f32;
        EstimateQuality { timing_samples: quality.timing_samples - advance, ..quality }
    }

    /// Decodes the PMCH of the subframe last demodulated.
    ///
    /// # Panics
    /// If `tb` is not as long as the transport format says.
    pub fn decode(&self, decoder: &mut PmchDecoder, subframe: u8, tb: &mut [u8]) -> PmchQuality {
        Self::decode_combined(std::slice::from_ref(self), decoder, subframe, tb)
    }

    /// Decodes the PMCH of the subframe that each of `antennas`, one for each receive antenna, demodulated last.
    ///
    /// # Panics
    /// If `tb` is not as long as the transport format says.
    pub fn decode_combined(antennas: &[Self], decoder: &mut PmchDecoder, subframe: u8, tb: &mut [u8]) -> PmchQuality {
        decoder.decode(subframe, antennas.iter().map(|antenna| (&antenna.grid, &antenna.estimator)), tb)
    }

    /// By how many samples subframes begin later than they are taken to, when that is more than their cell-specific
    /// reference signals can tell; else 0.
    pub(crate) fn misplacement(&self) -> isize {
        self.window.misplacement()
    }

    /// Subframes are taken to begin `later` samples later than before.
    pub(crate) fn moved(&mut self, later: isize) {
        self.window.moved(later);
    }

    /// Received power of the subframe last demodulated.
    pub fn power(&self) -> MbsfnPower {
        let rows = self.numerology.reference_symbols().iter().map(|&(row, _)| row);
        MbsfnPower::new(self.estimator.quality().signal, &self.grid, rows)
    }

    /// Adds the signal to noise ratio of each subcarrier in the subframe last demodulated.
    pub(crate) fn add_sinr(&self, sinr: &mut [f32]) {
        let weight = 1.0 / self.estimator.quality().noise;
        sinr.iter_mut().zip(self.estimator.channel()).for_each(|(sinr, h)| *sinr += h.norm_sqr() * weight);
    }

    /// By how many samples the FFT window of the subframe last demodulated began before the end of the prefix.
    pub(crate) fn advance(&self) -> usize {
        self.ofdm.advance(self.rows.start)
    }

    /// Impulse response of the subframe last demodulated: see [`MbsfnEstimator::impulse_response`].
    pub fn impulse_response(&self) -> &[Complex32] {
        self.estimator.impulse_response()
    }
}
