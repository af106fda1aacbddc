//! Carrier frequency offset from the cyclic prefixes of the MBSFN region: what the tail of a symbol and its prefix
//! differ by is the phase that the offset turned in one symbol.

use num_complex::{Complex32, Complex64};

use crate::numerology::{MbsfnNumerology, SubframeLayout};

/// Estimates the carrier frequency offset up to half a subcarrier spacing; sums up over subframes.
#[derive(Clone, Debug)]
pub struct CyclicPrefixSync {
    layout: SubframeLayout,
    rows: std::ops::Range<usize>,
    subcarrier_spacing_hz: f64,
    correlation: Complex64,
    power: f64,
}

impl CyclicPrefixSync {
    /// Plans it for subframes of a layout whose MBSFN region starts at row `non_mbsfn_region`.
    pub fn new(n_fft: usize, non_mbsfn_region: u8, numerology: MbsfnNumerology) -> Self {
        let layout = SubframeLayout::mbsfn(n_fft, non_mbsfn_region.into(), numerology);
        Self {
            rows: usize::from(non_mbsfn_region)..layout.rows(),
            layout,
            subcarrier_spacing_hz: numerology.subcarrier_spacing_hz(),
            correlation: Complex64::ZERO,
            power: 0.0,
        }
    }

    /// Takes one subframe into account. The first half of each prefix is left out: echoes of the symbol before.
    ///
    /// # Panics
    /// If `iq` is not one subframe long.
    pub fn push(&mut self, iq: &[Complex32]) {
        assert_eq!(iq.len(), self.layout.samples(), "samples of a subframe");
        let n_fft = self.layout.n_fft();
        for position in self.rows.clone().filter_map(|l| self.layout.symbol(l)) {
            let prefix = &iq[position.start + position.cp / 2..position.start + position.cp];
            let tail = &iq[position.start + position.cp / 2 + n_fft..];
            let mut sum = Complex32::ZERO;
            for (p, t) in prefix.iter().zip(tail) {
                sum += t * p.conj();
                self.power += f64::from(t.norm_sqr() + p.norm_sqr()) / 2.0;
            }
            self.correlation += Complex64::new(sum.re.into(), sum.im.into());
        }
    }

    /// Offset over all subframes so far, Hz.
    pub fn frequency_offset_hz(&self) -> f64 {
        self.correlation.arg() / std::f64::consts::TAU * self.subcarrier_spacing_hz
    }

    /// Share of the power that repeats, 0 to 1: signal to signal plus noise.
    pub fn coherence(&self) -> f64 {
        if self.power > 0.0 { self.correlation.norm() / self.power } else { 0.0 }
    }
}
