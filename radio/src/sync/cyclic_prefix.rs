//! Carrier frequency offset from the cyclic prefixes of the MBSFN region: what the tail of a symbol and its prefix
//! differ by is the phase that the offset turned in one symbol.

use num_complex::{Complex32, Complex64};

use crate::numerology::{MbsfnNumerology, SubframeLayout};

/// A correlation stands out when it is this many times the rms of that of noise: once in e^9 by chance.
const STANDS_OUT: f64 = 3.0;

/// Estimates the carrier frequency offset up to half a subcarrier spacing; sums up over subframes.
#[derive(Clone, Debug)]
pub struct CyclicPrefixSync {
    layout: SubframeLayout,
    rows: std::ops::Range<usize>,
    subcarrier_spacing_hz: f64,
    /// Of the second half of the prefixes, and of as many samples after them.
    correlation: [Complex64; 2],
    power: [f64; 2],
}

impl CyclicPrefixSync {
    /// Plans it for subframes of a layout whose MBSFN region starts at row `non_mbsfn_region`.
    pub fn new(n_fft: usize, non_mbsfn_region: u8, numerology: MbsfnNumerology) -> Self {
        let layout = SubframeLayout::mbsfn(n_fft, non_mbsfn_region.into(), numerology);
        Self {
            rows: usize::from(non_mbsfn_region)..layout.rows(),
            layout,
            subcarrier_spacing_hz: numerology.subcarrier_spacing_hz(),
            correlation: [Complex64::ZERO; 2],
            power: [0.0; 2],
        }
    }

    /// Takes one subframe into account, unless nothing in it stands out of the noise: then it is left out and `false`
    /// is returned.
    ///
    /// A signal that comes early in the prefix repeats in its second half, one that comes late repeats in the samples
    /// after it; the other half holds the symbol before or after. Both are summed up, the better one counts.
    ///
    /// # Panics
    /// If `iq` is not one subframe long.
    pub fn push(&mut self, iq: &[Complex32]) -> bool {
        assert_eq!(iq.len(), self.layout.samples(), "samples of a subframe");
        let n_fft = self.layout.n_fft();
        let (mut correlation, mut power, mut samples) = ([Complex64::ZERO; 2], [0.0; 2], [0usize; 2]);
        for position in self.rows.clone().filter_map(|l| self.layout.symbol(l)) {
            let half = position.cp / 2;
            for (window, start) in [position.start + half, position.start + position.cp].into_iter().enumerate() {
                // The last symbol of the subframe has no samples after it.
                let Some(tail) = iq.get(start + n_fft..start + n_fft + half) else { continue };
                let mut sum = Complex32::ZERO;
                for (p, t) in iq[start..start + half].iter().zip(tail) {
                    sum += t * p.conj();
                    power[window] += f64::from(t.norm_sqr() + p.norm_sqr()) / 2.0;
                }
                correlation[window] += Complex64::new(sum.re.into(), sum.im.into());
                samples[window] += half;
            }
        }
        // Also false for what is not a number.
        let stands_out = |w: usize| {
            correlation[w].norm() > STANDS_OUT * power[w] / (samples[w] as f64).sqrt() && power[w].is_finite()
        };
        if !stands_out(0) && !stands_out(1) {
            return false;
        }
        for window in 0..2 {
            self.correlation[window] += correlation[window];
            self.power[window] += power[window];
        }
        true
    }

    /// Forgets all subframes.
    pub fn clear(&mut self) {
        self.correlation = [Complex64::ZERO; 2];
        self.power = [0.0; 2];
    }

    /// Offset over all subframes so far, Hz.
    pub fn frequency_offset_hz(&self) -> f64 {
        self.correlation[self.better()].arg() / std::f64::consts::TAU * self.subcarrier_spacing_hz
    }

    /// Share of the power that repeats, 0 to 1: signal to signal plus noise.
    pub fn coherence(&self) -> f64 {
        self.share(self.better())
    }

    fn better(&self) -> usize {
        usize::from(self.share(1) > self.share(0))
    }

    fn share(&self, window: usize) -> f64 {
        if self.power[window] > 0.0 { self.correlation[window].norm() / self.power[window] } else { 0.0 }
    }
}
