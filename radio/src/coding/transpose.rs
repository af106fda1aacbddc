//! Transposition of squares of sixteen by sixteen 16-bit integers with AVX2.

use std::arch::x86_64::*;

/// Rows and columns of a square.
const SIDE: usize = 16;

/// First of `side` rows of squares that cover `rows`, of which there are at least as many; the last two squares may overlap.
pub(super) fn squares(rows: usize, side: usize) -> impl Iterator<Item = usize> {
    (0..rows).step_by(side).map(move |start| start.min(rows - side))
}

/// Element j of vector i becomes element i of vector j.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn transposed(square: &[__m256i; SIDE]) -> [__m256i; SIDE] {
    let (upper, lower) = (transposed_halves(square, 0), transposed_halves(square, 8));
    let mut out = *square;
    for i in 0..8 {
        out[i] = _mm256_permute2x128_si256::<0x20>(upper[i], lower[i]);
        out[i + 8] = _mm256_permute2x128_si256::<0x31>(upper[i], lower[i]);
    }
    out
}

/// Transposes both 8 by 8 halves of eight vectors from `first` on: three perfect shuffles.
#[inline]
#[target_feature(enable = "avx2")]
fn transposed_halves(square: &[__m256i; SIDE], first: usize) -> [__m256i; 8] {
    let mut from = [square[first]; 8];
    from.copy_from_slice(&square[first..first + 8]);
    for _ in 0..3 {
        let mut to = from;
        for i in 0..4 {
            to[2 * i] = _mm256_unpacklo_epi16(from[i], from[i + 4]);
            to[2 * i + 1] = _mm256_unpackhi_epi16(from[i], from[i + 4]);
        }
        from = to;
    }
    from
}

/// The first sixteen of `values`.
///
/// # Panics
/// When there are fewer.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load(values: &[i16]) -> __m256i {
    let mut lanes = [0_i16; SIDE];
    lanes.copy_from_slice(&values[..SIDE]);
    bytemuck::cast(lanes)
}

/// Into the first sixteen of `values`.
///
/// # Panics
/// When there are fewer.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store(vector: __m256i, values: &mut [i16]) {
    let lanes: [i16; SIDE] = bytemuck::cast(vector);
    values[..SIDE].copy_from_slice(&lanes);
}
