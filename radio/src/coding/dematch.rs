//! Soft inverse of rate matching (TS 36.212 5.1.4.1) for one transmission: from soft values as received to the three streams
//! of the turbo code.
//!
//! The sub-block interleaver writes a matrix row by row and reads it column by column. A kernel with vectors transposes
//! squares of it; filler bits, which are missing from two of three streams, and small blocks are left to the scalar one.

use super::rate_match::{COLUMNS, PERMUTATION, circular_buffer, first_place};
use super::turbo;
use crate::isa::{Isa, Kernels, run_kernel};

/// Planned for one size of code block, number of filler bits and redundancy version.
#[derive(Debug, Clone)]
pub(super) struct Dematcher {
    kernels: Kernels,
    /// D, elements of a stream.
    d: usize,
    filler: usize,
    /// R, rows of the matrix.
    rows: usize,
    /// Place in `y` of each element of the circular buffer that is not `<NULL>`, from k_0 on.
    places: Vec<u16>,
    /// Columns of the matrix in the order in which they were written, if the vector kernel can do it.
    columns: Option<Box<[Column; COLUMNS]>>,
    /// Sums of soft values that were sent more than once, in the order of the circular buffer from k_0 on.
    sum: Vec<f32>,
    /// The same order, quantised; [`FRONT`] elements before and one after may be read and do not matter.
    w: Vec<i16>,
    /// The matrices, row by row, which the clause calls y: three times [`Self::stride`] elements. Dummy bits come first.
    y: Vec<i16>,
}

/// Where a column begins in `w`: its first row, even where that is a dummy bit and `w` holds something else.
#[derive(Debug, Clone, Copy, Default)]
struct Column {
    systematic: usize,
    /// Values of both parity streams alternate.
    parity: usize,
}

/// A column may begin two dummy bits early.
const FRONT: usize = 2;
/// The vector kernel transposes squares of so many rows.
const SQUARE: usize = 16;

impl Dematcher {
    /// Plans for blocks of `k` bits of which the first `filler` are filler bits.
    pub(super) fn new(k: usize, filler: usize, rv: u8, isa: Isa) -> Self {
        let d = k + turbo::TAIL;
        let rows = d.div_ceil(COLUMNS);
        let stride = COLUMNS * rows + COLUMNS;
        let dummies = COLUMNS * rows - d;
        let buffer = circular_buffer(d, filler);
        let k_0 = first_place(d, buffer.len(), rv);
        let place = |position: u16| {
            let position = usize::from(position);
            (position / d * stride + dummies + position % d) as u16
        };
        let (end, start) = buffer.split_at(k_0);
        let places: Vec<_> = start.iter().chain(end).flatten().map(|&position| place(position)).collect();
        let mut matcher = Self {
            kernels: isa.kernels(),
            d,
            filler,
            rows,
            columns: None,
            sum: vec![0.0; places.len()],
            w: vec![0; FRONT + places.len() + 1],
            y: vec![0; 3 * stride],
            places,
        };
        if filler == 0 && rows >= SQUARE {
            matcher.columns = Some(Box::new(matcher.columns(&buffer, k_0)));
        }
        matcher
    }

    fn columns(&self, buffer: &[Option<u16>], k_0: usize) -> [Column; COLUMNS] {
        let present = |k: usize| buffer[..k].iter().flatten().count();
        let n = self.places.len();
        let after_k_0 = |k: usize| FRONT + (present(k) + n - present(k_0)) % n;
        let dummies = self.dummies();
        let mut columns = [Column::default(); COLUMNS];
        for (c, p) in PERMUTATION.into_iter().enumerate() {
            // Row 0 of column p is y_p of the first two streams and y_(p + 1) of the third.
            let (systematic, parity) = (c * self.rows, (COLUMNS + 2 * c) * self.rows);
            columns[p] = Column {
                systematic: after_k_0(systematic) - usize::from(p < dummies),
                parity: after_k_0(parity) - usize::from(p < dummies) - usize::from(p + 1 < dummies),
            };
        }
        columns
    }

    /// N_D, dummy bits.
    fn dummies(&self) -> usize {
        COLUMNS * self.rows - self.d
    }

    /// Elements of `y` for one stream; the third is shifted by one, so that up to a row more is written.
    fn stride(&self) -> usize {
        COLUMNS * self.rows + COLUMNS
    }

    /// The three streams, quantised, from the soft values `e` received, which are scrambled with the bits from `scrambling.1`
    /// on of the words `scrambling.0`; `None` when they say nothing at all.
    pub(super) fn dematch(&mut self, e: &[f32], scrambling: (&[u64], usize)) -> Option<[&[i16]; 3]> {
        let n = self.places.len();
        let sent = e.len().min(n);
        let mean = turbo::magnitude(self.kernels, e) / sent as f32;
        if !(mean > 0.0 && mean.is_finite()) {
            return None;
        }
        let w = &mut self.w[FRONT..FRONT + n];
        if sent == e.len() {
            turbo::quantise(self.kernels, e, mean, scrambling, &mut w[..sent]);
            w[sent..].fill(0);
        } else {
            self.sum.fill(0.0);
            for (i, lap) in e.chunks(n).enumerate() {
                let signs = super::bits_from(scrambling.0, scrambling.1 + i * n);
                self.sum.iter_mut().zip(lap).zip(signs).for_each(|((sum, e), c)| *sum += if c { -e } else { *e });
            }
            turbo::quantise(self.kernels, &self.sum, mean, (&[], 0), w);
        }
        let Self { places, columns, w, y, .. } = self;
        match columns {
            Some(columns) => run_kernel!(self.kernels, dematch((places, columns.as_slice(), self.rows), w, y)),
            None => scalar::dematch((places, &[], self.rows), w, y),
        }
        // Filler bits are known to be 0; their parity follows from it.
        let (dummies, stride) = (self.dummies(), self.stride());
        self.y[dummies..][..self.filler].fill(turbo::MAX_CHANNEL);
        self.y[stride + dummies..][..self.filler].fill(0);
        Some([0, 1, 2].map(|stream| &self.y[stream * stride + dummies..][..self.d]))
    }
}

/// Places, columns, rows.
type Plan<'a> = (&'a [u16], &'a [Column], usize);

mod scalar {
    use super::{FRONT, Plan};

    pub(super) fn dematch((places, ..): Plan<'_>, w: &[i16], y: &mut [i16]) {
        for (&value, &place) in w[FRONT..].iter().zip(places) {
            y[usize::from(place)] = value;
        }
    }
}

/// Columns of 16 values fill 256 bits: there is nothing to gain by more.
#[cfg(target_arch = "x86_64")]
use avx2 as avx512;

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{__m256i, _mm256_setzero_si256};

    use super::super::transpose::{load, squares, store, transposed};
    use super::{COLUMNS, Column, Plan, SQUARE};

    #[target_feature(enable = "avx2")]
    pub(super) fn dematch((_, columns, rows): Plan<'_>, w: &[i16], y: &mut [i16]) {
        let (systematic, parity) = y.split_at_mut(y.len() / 3);
        let (second, third) = parity.split_at_mut(systematic.len());
        for (first, columns) in [0, SQUARE].into_iter().zip(columns.as_chunks::<SQUARE>().0) {
            for row in squares(rows, SQUARE) {
                let square = gathered(columns, |column| &w[column.systematic + row..]);
                for (i, values) in transposed(&square).into_iter().enumerate() {
                    store(values, &mut systematic[COLUMNS * (row + i) + first..]);
                }
            }
            for row in squares(rows, SQUARE / 2) {
                let square = gathered(columns, |column| &w[column.parity + 2 * row..]);
                for (i, pair) in transposed(&square).as_chunks::<2>().0.iter().enumerate() {
                    store(pair[0], &mut second[COLUMNS * (row + i) + first..]);
                    store(pair[1], &mut third[COLUMNS * (row + i) + first + 1..]);
                }
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn gathered<'a>(columns: &[Column; SQUARE], values: impl Fn(&Column) -> &'a [i16]) -> [__m256i; SQUARE] {
        let mut square = [_mm256_setzero_si256(); SQUARE];
        for (vector, column) in square.iter_mut().zip(columns) {
            *vector = load(values(column));
        }
        square
    }
}

#[cfg(test)]
mod tests {
    use super::super::qpp;
    use super::super::rate_match::RateMatcher;
    use super::*;

    #[test]
    fn filler_bits_are_known_and_punctured_bits_are_not() {
        // B = 1032 needs K = 1056: 24 filler bits. 1100 coded bits leave most parity out.
        let mut dematcher = Dematcher::new(1056, 24, 0, Isa::fastest());
        let d = dematcher.dematch(&[-0.5; 1100], (&[], 0)).unwrap().concat();
        assert!(d[..24].iter().all(|&llr| llr == 255));
        assert_eq!(d[24..].iter().filter(|&&llr| llr == -32).count(), 1100);
        assert_eq!(d[24..].iter().filter(|&&llr| llr == 0).count(), 3 * 1060 - 24 - 1100);
        // What was sent twice counts twice.
        let d = dematcher.dematch(&[-0.5; 4000], (&[], 0)).unwrap().concat();
        let twice = 4000 - (3 * 1060 - 2 * 24);
        assert_eq!(d[24..].iter().filter(|&&llr| llr == -50).count(), twice);
        for silence in [0.0, f32::NAN, f32::INFINITY] {
            assert!(dematcher.dematch(&[silence; 1100], (&[], 0)).is_none());
        }
    }

    #[test]
    fn every_instruction_set_returns_values_to_the_bit_they_came_from() {
        for k in qpp::block_sizes() {
            for (filler, rv) in [(0, 0), (0, 1), (0, 2), (0, 3), (8, 0)] {
                let matcher = RateMatcher::new(k, filler, rv);
                for (isa, part) in Isa::available().flat_map(|isa| [(isa, 1.0), (isa, 0.55), (isa, 1.7)]) {
                    let n = (matcher.len() as f64 * part) as usize;
                    let e: Vec<f32> = (0..n).map(|i| ((i * i + i / 3) % 17) as f32 - 8.3).collect();
                    let c = [0xfeed_beef_0123_4567; 500];
                    let mut dematcher = Dematcher::new(k, filler, rv, isa);
                    let mean = e.iter().map(|e| e.abs()).sum::<f32>() / n.min(matcher.len()) as f32;
                    let plain: Vec<f32> = e
                        .iter()
                        .enumerate()
                        .map(|(i, &e)| if c[0] >> ((i + 7) % 64) & 1 == 1 { -e } else { e })
                        .collect();
                    let mut sum = vec![0.0; 3 * (k + 4)];
                    matcher.combine(&plain, &mut sum);
                    sum[..filler].fill(1e9);
                    let d = dematcher.dematch(&e, (&c, 7)).unwrap().concat();
                    for (i, (got, sum)) in d.iter().zip(sum).enumerate() {
                        let want = (32.0 * sum / mean).clamp(-255.0, 255.0);
                        assert!(
                            (f32::from(*got) - want).abs() < 0.51,
                            "{isa}, K = {k}, rv {rv}, {part}: {i}: {got} {want}"
                        );
                    }
                }
            }
        }
    }
}
