//! Numerology of OFDM symbols: subcarrier spacing, cyclic prefixes and the subframe layouts made of them
//! (TS 36.211 clauses 6.2.1, 6.7 and 6.12).

/// Duration of a subframe, seconds (TS 36.211 clause 4).
pub(crate) const SUBFRAME_S: f64 = 1e-3;
/// Radio frame: ten subframes (TS 36.211 clause 4.1).
pub(crate) const SUBFRAMES_PER_FRAME: u64 = 10;
/// The system frame number has ten bits (TS 36.331, MIB: eight in the message, two from the position).
pub(crate) const SFN_MODULUS: u64 = 1024;

/// FFT size at which TS 36.211 table 6.12-1 counts cyclic prefix samples: T_s = 1 / (15000 x 2048) s.
const T_S_FFT: usize = 2048;
/// Normal cyclic prefix of the first symbol of a slot, in T_s (TS 36.211 table 6.12-1).
const CP_NORMAL_FIRST: usize = 160;
/// Normal cyclic prefix of the other symbols of a slot, in T_s (TS 36.211 table 6.12-1).
const CP_NORMAL: usize = 144;
/// Extended cyclic prefix at 15 kHz, in T_s (TS 36.211 table 6.12-1).
const CP_EXTENDED: usize = 512;

/// Cyclic prefix of a cell, with which its cell-specific reference signals are seeded (TS 36.211 clause 6.10.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CyclicPrefix {
    /// N_CP = 1.
    #[default]
    Normal,
    /// N_CP = 0.
    Extended,
}

impl CyclicPrefix {
    /// N_CP.
    pub const fn n_cp(self) -> u32 {
        match self {
            Self::Normal => 1,
            Self::Extended => 0,
        }
    }
}

/// Subcarrier spacing and cyclic prefix of the MBSFN region of a subframe.
///
/// Everything that depends on the numerology asks this type, so that the narrow spacings of feMBMS fit in later.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MbsfnNumerology {
    /// 15 kHz, extended cyclic prefix, twelve symbols per subframe.
    #[default]
    Khz15,
}

impl MbsfnNumerology {
    /// Subcarrier spacing, Hz.
    pub const fn subcarrier_spacing_hz(self) -> f64 {
        match self {
            Self::Khz15 => 15_000.0,
        }
    }

    /// Symbols of a subframe that is filled with this numerology.
    pub const fn symbols_per_subframe(self) -> usize {
        match self {
            Self::Khz15 => 12,
        }
    }

    /// Cyclic prefix in samples at FFT size `n_fft`.
    pub const fn cp_samples(self, n_fft: usize) -> usize {
        match self {
            Self::Khz15 => CP_EXTENDED * n_fft / T_S_FFT,
        }
    }

    /// Symbols of a subframe that carry MBSFN reference signals (TS 36.211 clause 6.10.2.2: l = 2 in even slots,
    /// l = 0 and 4 in odd slots), with the first subcarrier of the comb of two.
    pub const fn reference_symbols(self) -> &'static [(usize, usize)] {
        match self {
            Self::Khz15 => &[(2, 0), (6, 1), (10, 0)],
        }
    }
}

/// Where one OFDM symbol lies in a subframe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SymbolPosition {
    /// First sample of the cyclic prefix.
    pub start: usize,
    /// Length of the cyclic prefix in samples.
    pub cp: usize,
}

/// The symbols of one subframe at one sample rate. The number of a symbol is its row in the grid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubframeLayout {
    n_fft: usize,
    len: usize,
    symbols: Vec<Option<SymbolPosition>>,
}

impl SubframeLayout {
    /// A unicast subframe with normal cyclic prefix: fourteen symbols.
    pub fn normal(n_fft: usize) -> Self {
        let mut start = 0;
        let symbols = (0..14)
            .map(|l| {
                let position = SymbolPosition { start, cp: cp_normal(l, n_fft) };
                start += position.cp + n_fft;
                Some(position)
            })
            .collect();
        Self { n_fft, len: start, symbols }
    }

    /// An MBSFN subframe: `non_mbsfn_region` symbols with normal cyclic prefix, a gap, then the rest on the grid of
    /// the MBSFN numerology (TS 36.211 clause 6.12: the non-MBSFN region uses the prefix of subframe 0).
    pub fn mbsfn(n_fft: usize, non_mbsfn_region: usize, numerology: MbsfnNumerology) -> Self {
        let (rows, cp) = (numerology.symbols_per_subframe(), numerology.cp_samples(n_fft));
        let mut start = 0;
        let symbols = (0..rows)
            .map(|l| {
                if l < non_mbsfn_region {
                    let position = SymbolPosition { start, cp: cp_normal(l, n_fft) };
                    start += position.cp + n_fft;
                    Some(position)
                } else {
                    Some(SymbolPosition { start: l * (cp + n_fft), cp })
                }
            })
            .collect();
        Self { n_fft, len: rows * (cp + n_fft), symbols }
    }

    /// FFT size.
    pub fn n_fft(&self) -> usize {
        self.n_fft
    }

    /// Samples of the subframe.
    pub fn samples(&self) -> usize {
        self.len
    }

    /// Rows of the grid.
    pub fn rows(&self) -> usize {
        self.symbols.len()
    }

    /// Where row `l` lies.
    pub fn symbol(&self, l: usize) -> Option<SymbolPosition> {
        self.symbols.get(l).copied().flatten()
    }
}

fn cp_normal(l: usize, n_fft: usize) -> usize {
    (if l.is_multiple_of(7) { CP_NORMAL_FIRST } else { CP_NORMAL }) * n_fft / T_S_FFT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_fill_one_millisecond() {
        for n_fft in [128, 256, 384, 512, 768, 1024, 1536, 2048] {
            assert_eq!(SubframeLayout::normal(n_fft).samples(), 15 * n_fft);
            for region in [1, 2] {
                let layout = SubframeLayout::mbsfn(n_fft, region, MbsfnNumerology::Khz15);
                assert_eq!(layout.samples(), 15 * n_fft);
                let last_unicast = layout.symbol(region - 1).unwrap();
                let first_mbsfn = layout.symbol(region).unwrap();
                assert!(last_unicast.start + last_unicast.cp + n_fft <= first_mbsfn.start);
            }
        }
    }
}
