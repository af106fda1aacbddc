//! Modulation mapper, TS 36.211 clause 7.1, and its inverse, a max-log soft demapper.

use std::fmt;

use num_complex::Complex32;

use crate::coding::word_at;

/// Modulation schemes of PMCH.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Modulation {
    /// TS 36.211 clause 7.1.2.
    Qpsk,
    /// TS 36.211 clause 7.1.3.
    Qam16,
    /// TS 36.211 clause 7.1.4.
    Qam64,
    /// TS 36.211 clause 7.1.5.
    Qam256,
}

impl Modulation {
    /// Q_m: bits per symbol.
    pub const fn q_m(self) -> usize {
        match self {
            Self::Qpsk => 2,
            Self::Qam16 => 4,
            Self::Qam64 => 6,
            Self::Qam256 => 8,
        }
    }

    /// Distance of the innermost level from the axis, for unit mean power.
    pub(crate) fn unit(self) -> f32 {
        match self {
            Self::Qpsk => (1.0f32 / 2.0).sqrt(),
            Self::Qam16 => (1.0f32 / 10.0).sqrt(),
            Self::Qam64 => (1.0f32 / 42.0).sqrt(),
            Self::Qam256 => (1.0f32 / 170.0).sqrt(),
        }
    }
}

impl fmt::Display for Modulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Qpsk => "QPSK",
            Self::Qam16 => "16QAM",
            Self::Qam64 => "64QAM",
            Self::Qam256 => "256QAM",
        })
    }
}

/// Level of one axis for its bits, most significant first, in units of the innermost level: the nested form of the
/// tables of clause 7.1, e.g. (1 - 2 b0) (4 - (1 - 2 b2) (2 - (1 - 2 b4))).
fn axis_level(bits: impl DoubleEndedIterator<Item = u8>, count: usize) -> f32 {
    let sign = |b: u8| 1.0 - 2.0 * f32::from(b);
    let mut inner = 0.0;
    for (depth, b) in bits.rev().enumerate() {
        let offset = if depth == 0 { 0.0 } else { f32::from(1u8 << depth) };
        inner = sign(b) * if depth == 0 { 1.0 } else { offset - inner };
    }
    debug_assert!(count >= 1);
    inner
}

/// Maps bits to complex symbols of unit mean power.
#[derive(Clone, Debug)]
pub struct Mapper {
    q_m: usize,
    /// By Q_m bits, the first of them lowest.
    points: Box<[Complex32; 256]>,
}

impl Mapper {
    /// Plans the table of 2^Q_m points.
    pub fn new(modulation: Modulation) -> Self {
        let (q_m, unit) = (modulation.q_m(), modulation.unit());
        let half = q_m / 2;
        let mut points = Box::new([Complex32::ZERO; 256]);
        for (index, point) in points[..1 << q_m].iter_mut().enumerate() {
            let bit = |i: usize| (index >> i & 1) as u8;
            let axis = |first: usize| axis_level((0..half).map(|i| bit(first + 2 * i)), half) * unit;
            *point = Complex32::new(axis(0), axis(1));
        }
        Self { q_m, points }
    }

    /// Maps `bits` (each 0 or 1) to `symbols`.
    ///
    /// # Panics
    /// If there are not Q_m bits for each symbol.
    pub fn map(&self, bits: &[u8], symbols: &mut [Complex32]) {
        assert_eq!(bits.len(), symbols.len() * self.q_m, "bits for {} symbols", symbols.len());
        for (group, symbol) in bits.chunks_exact(self.q_m).zip(symbols) {
            *symbol = self.points[group.iter().rfold(0, |index, &b| index << 1 | usize::from(b))];
        }
    }

    /// Maps a sequence of bits, bit n being bit n mod 64 of word n / 64, from symbol `first` on to `symbols`.
    pub(crate) fn map_words(&self, words: &[u64], first: usize, symbols: &mut [Complex32]) {
        match self.q_m {
            2 => self.map_groups::<2>(words, first, symbols),
            4 => self.map_groups::<4>(words, first, symbols),
            6 => self.map_groups::<6>(words, first, symbols),
            _ => self.map_groups::<8>(words, first, symbols),
        }
    }

    fn map_groups<const Q_M: usize>(&self, words: &[u64], first: usize, symbols: &mut [Complex32]) {
        // 48 bits are whole symbols of any size.
        for (i, symbols) in symbols.chunks_mut(48 / Q_M).enumerate() {
            let mut bits = word_at(words, Q_M * first + 48 * i);
            for symbol in symbols {
                *symbol = self.points[usize::from(bits as u8 & (u8::MAX >> (8 - Q_M)))];
                bits >>= Q_M;
            }
        }
    }
}

/// Turns equalised symbols into log-likelihood ratios, ln(P(bit = 0) / P(bit = 1)), by the max-log rule.
#[derive(Clone, Debug)]
pub struct Demapper {
    modulation: Modulation,
    unit: f32,
}

impl Demapper {
    /// Plans a demapper.
    pub fn new(modulation: Modulation) -> Self {
        Self { modulation, unit: modulation.unit() }
    }

    /// `symbols` are unbiased estimates, `sinr` the linear signal to noise ratio of each (complex noise power being
    /// 1 / sinr), `llr` receives Q_m values for each symbol.
    ///
    /// # Panics
    /// If the lengths do not fit each other.
    pub fn demap(&self, symbols: &[Complex32], sinr: &[f32], llr: &mut [f32]) {
        assert_eq!(symbols.len(), sinr.len(), "one SINR for each symbol");
        assert_eq!(llr.len(), symbols.len() * self.modulation.q_m(), "LLRs for {} symbols", symbols.len());
        match self.modulation {
            Modulation::Qpsk => self.demap_axes::<1>(symbols, sinr, llr),
            Modulation::Qam16 => self.demap_axes::<2>(symbols, sinr, llr),
            Modulation::Qam64 => self.demap_axes::<3>(symbols, sinr, llr),
            Modulation::Qam256 => self.demap_axes::<4>(symbols, sinr, llr),
        }
    }

    fn demap_axes<const HALF: usize>(&self, symbols: &[Complex32], sinr: &[f32], llr: &mut [f32]) {
        let scale = 1.0 / self.unit;
        let weight = self.unit * self.unit;
        for ((y, &snr), out) in symbols.iter().zip(sinr).zip(llr.chunks_exact_mut(2 * HALF)) {
            let re = axis_llr::<HALF>(y.re * scale);
            let im = axis_llr::<HALF>(y.im * scale);
            for i in 0..HALF {
                out[2 * i] = re[i] * weight * snr;
                out[2 * i + 1] = im[i] * weight * snr;
            }
        }
    }

    /// The constellation point nearest to `y`.
    pub fn nearest(&self, y: Complex32) -> Complex32 {
        let outermost = f32::from((1u8 << (self.modulation.q_m() / 2)) - 1);
        let axis = |v: f32| nearest_level(v / self.unit, outermost) * self.unit;
        Complex32::new(axis(y.re), axis(y.im))
    }
}

/// The level nearest to `v`, both in units of the innermost level: an odd number up to `outermost`.
#[inline(always)]
pub(crate) fn nearest_level(v: f32, outermost: f32) -> f32 {
    let odd = 2.0 * (((0.5 * v).clamp(-9.0, 9.0) - 0.5 + ROUNDER) - ROUNDER) + 1.0;
    odd.clamp(-outermost, outermost)
}

/// Max-log LLRs of one axis: difference of squared distances to the nearest level with the bit 1 and with the bit 0.
///
/// `v` is in units of the innermost level; levels are odd numbers. Bit 0 is the sign; each further bit folds the
/// axis at 2^(HALF - i). In the folded coordinate f the bit is 0 above zero and levels reach from -outer to +outer, so for
/// f >= 0 the difference is (f + 1)^2 less the least (f - n)^2 over odd n up to outer.
#[inline(always)]
pub(crate) fn axis_llr<const HALF: usize>(v: f32) -> [f32; HALF] {
    let mut out = [0.0; HALF];
    let mut folded = v;
    for (i, o) in out.iter_mut().enumerate() {
        let levels = 1u8 << (HALF - i - 1);
        let distance = folded.abs();
        let mut difference = 4.0 * distance;
        for level in 1..levels {
            let n = f32::from(2 * level + 1);
            let of_level = (1.0 + n) * (2.0 * distance + 1.0 - n);
            difference = if of_level > difference { of_level } else { difference };
        }
        *o = difference.copysign(folded);
        folded = f32::from(levels) - distance;
    }
    out
}

/// 1.5·2^23: adding and subtracting it rounds what is much smaller to a whole number.
const ROUNDER: f32 = 12_582_912.0;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Modulation; 4] = [Modulation::Qpsk, Modulation::Qam16, Modulation::Qam64, Modulation::Qam256];

    fn point(modulation: Modulation, bits: &[u8]) -> Complex32 {
        let mut s = [Complex32::default()];
        Mapper::new(modulation).map(bits, &mut s);
        s[0] / modulation.unit()
    }

    /// Rows of TS 36.211 tables 7.1.2-1, 7.1.3-1, 7.1.4-1.
    #[test]
    fn points_of_the_tables() {
        let near = |a: Complex32, re: f32, im: f32| assert!((a - Complex32::new(re, im)).norm() < 1e-5, "{a}");
        near(point(Modulation::Qpsk, &[0, 1]), 1.0, -1.0);
        near(point(Modulation::Qam16, &[0, 0, 0, 0]), 1.0, 1.0);
        near(point(Modulation::Qam16, &[0, 1, 1, 0]), 3.0, -1.0);
        near(point(Modulation::Qam16, &[1, 0, 1, 1]), -3.0, 3.0);
        near(point(Modulation::Qam64, &[0, 0, 0, 0, 0, 0]), 3.0, 3.0);
        near(point(Modulation::Qam64, &[0, 0, 0, 0, 0, 1]), 3.0, 1.0);
        near(point(Modulation::Qam64, &[0, 0, 1, 0, 0, 0]), 5.0, 3.0);
        near(point(Modulation::Qam64, &[1, 1, 1, 1, 1, 1]), -7.0, -7.0);
    }

    #[test]
    fn unit_mean_power() {
        for m in ALL {
            let points = &Mapper::new(m).points[..1 << m.q_m()];
            let mean = points.iter().map(|p| p.norm_sqr()).sum::<f32>() / points.len() as f32;
            assert!((mean - 1.0).abs() < 1e-5, "{m}: {mean}");
        }
    }

    #[test]
    fn bits_in_words_are_mapped_as_bits() {
        for m in ALL {
            let (q_m, mapper) = (m.q_m(), Mapper::new(m));
            let bits: Vec<u8> = (0..130 * q_m).map(|i| (i * i / 7 % 2) as u8).collect();
            let mut words = vec![0; bits.len().div_ceil(64)];
            bits.iter().enumerate().for_each(|(i, &bit)| words[i / 64] |= u64::from(bit) << (i % 64));
            let (mut want, mut got) = (vec![Complex32::ZERO; 130], vec![Complex32::ZERO; 130]);
            mapper.map(&bits, &mut want);
            let (first, rest) = got.split_at_mut(57);
            mapper.map_words(&words, 0, first);
            mapper.map_words(&words, 57, rest);
            assert_eq!(got, want, "{m}");
        }
    }

    proptest! {
        /// The folded form equals the definition: a search over all points.
        #[test]
        fn demapper_equals_exhaustive_search(re in -2.0f32..2.0, im in -2.0f32..2.0, snr in 0.1f32..100.0) {
            let y = Complex32::new(re, im);
            for m in ALL {
                let (q_m, mapper) = (m.q_m(), Mapper::new(m));
                let points = &mapper.points[..1 << q_m];
                let mut llr = vec![0.0; q_m];
                Demapper::new(m).demap(&[y], &[snr], &mut llr);
                for (i, &got) in llr.iter().enumerate() {
                    let nearest = |bit: usize| points.iter().enumerate()
                        .filter(|(index, _)| index >> i & 1 == bit)
                        .map(|(_, p)| (y - p).norm_sqr()).fold(f32::MAX, f32::min);
                    let want = (nearest(1) - nearest(0)) * snr;
                    prop_assert!((got - want).abs() <= 1e-3 * snr.max(1.0), "{m} bit {i}: {got} {want}");
                }
                let best = points.iter().copied().min_by(|a, b| (y - a).norm_sqr().total_cmp(&(y - b).norm_sqr())).unwrap();
                let nearest = Demapper::new(m).nearest(y);
                prop_assert!(((y - nearest).norm() - (y - best).norm()).abs() < 1e-4);
            }
        }
    }
}
