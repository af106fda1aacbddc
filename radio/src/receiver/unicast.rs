//! Unicast subframes and control regions: transforms, channels by cell-specific reference signals.

use num_complex::Complex32;

use crate::cell::CarrierConfig;
use crate::estimate::{CrsEstimator, CrsQuality};
use crate::grid::Grid;
use crate::numerology::SubframeLayout;
use crate::ofdm::OfdmDemodulator;
use crate::phch::transmit_diversity::ReceiveAntenna;
use crate::refsignal::crs_symbols;

/// The FFT windows end this part of the shorter cyclic prefixes early: 1.2 us, by which a path may come before the mean.
const ADVANCE_DIVISOR: usize = 4;
/// Symbols of a slot with normal cyclic prefix.
const SLOT_ROWS: usize = 7;

/// Demodulates subframes with normal cyclic prefix of every receive antenna; allocates in `new` only.
pub(super) struct Unicast {
    carrier: CarrierConfig,
    ofdm: OfdmDemodulator,
    advance: usize,
    antennas: Vec<(Grid, CrsEstimator)>,
}

impl Unicast {
    pub(super) fn new(carrier: &CarrierConfig, n_rx: u8) -> Self {
        let layout = SubframeLayout::normal(carrier.cell.n_fft);
        let ofdm = OfdmDemodulator::new(layout.clone(), ADVANCE_DIVISOR);
        let antenna = || (Grid::new(layout.rows(), carrier.cell.n_rb_dl.subcarriers()), CrsEstimator::new(carrier));
        Self { carrier: *carrier, antennas: (0..n_rx).map(|_| antenna()).collect(), advance: ofdm.advance(1), ofdm }
    }

    /// The carrier that it was planned for.
    pub(super) const fn carrier(&self) -> &CarrierConfig {
        &self.carrier
    }

    /// Measures a unicast subframe by its reference signals alone; delay counts from the nominal start of the symbols.
    pub(super) fn measure(&mut self, subframe: u8, iq: &[Vec<Complex32>]) -> CrsQuality {
        for ((grid, estimator), iq) in self.antennas.iter_mut().zip(iq) {
            for row in (0..2).flat_map(|slot| crs_symbols(0).iter().map(move |l| SLOT_ROWS * slot + l)) {
                self.ofdm.demodulate(iq, row..row + 1, grid);
            }
            estimator.measure(subframe, grid, 2 * SLOT_ROWS);
        }
        self.quality()
    }

    /// Transforms the first `rows` symbols of a subframe and estimates its channels.
    pub(super) fn demodulate(&mut self, subframe: u8, iq: &[Vec<Complex32>], rows: usize) -> CrsQuality {
        for ((grid, estimator), iq) in self.antennas.iter_mut().zip(iq) {
            self.ofdm.demodulate(iq, 0..rows, grid);
            estimator.estimate(subframe, grid, rows);
        }
        self.quality()
    }

    /// Hands what every antenna heard of the subframe last demodulated to `read`.
    pub(super) fn with_antennas<T>(&self, read: impl FnOnce(&[ReceiveAntenna<'_>]) -> T) -> T {
        let antenna = |i: usize| {
            let (grid, estimate) = &self.antennas[i];
            ReceiveAntenna { grid, estimate }
        };
        match self.antennas.len() {
            1 => read(&[antenna(0)]),
            _ => read(&[antenna(0), antenna(1)]),
        }
    }

    /// Of the antennas together: signal to noise ratios add up, errors count by them.
    fn quality(&self) -> CrsQuality {
        let mut all = CrsQuality::default();
        let (mut ratios, mut cfo_hz, mut best) = (0.0, None, 0.0);
        for (_, estimator) in &self.antennas {
            let quality = estimator.quality();
            let ratio = quality.rsrp / quality.noise.max(f32::MIN_POSITIVE);
            ratios += ratio;
            all.delay_samples += ratio * (quality.delay_samples - self.advance as f32);
            if let Some(hz) = quality.cfo_hz {
                cfo_hz = Some(cfo_hz.unwrap_or(0.0) + ratio * hz);
            }
            if ratio >= best {
                (best, all.noise) = (ratio, quality.noise);
            }
        }
        let share = 1.0 / ratios.max(f32::MIN_POSITIVE);
        CrsQuality {
            rsrp: ratios * all.noise,
            noise: all.noise,
            cfo_hz: cfo_hz.map(|hz| hz * share),
            delay_samples: all.delay_samples * share,
        }
    }
}
