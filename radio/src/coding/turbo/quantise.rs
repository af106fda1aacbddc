//! Soft values as the turbo decoder takes them: 16-bit integers in units of their mean magnitude.

use crate::coding::word_at;
use crate::isa::{Kernels, compile_for_lanes, run_kernel};

/// Bound of quantised soft values; one that is certain has it.
pub(in crate::coding) const MAX_CHANNEL: i16 = 255;

/// Mean magnitude of quantised soft values: 32 steps to the mean, 8 means to the bound.
const MEAN: f32 = 32.0;

/// 1.5·2^23: a sum with it has the integer, rounded to nearest, in its low bits.
const ROUNDER: f32 = 12_582_912.0;

/// Sum of the magnitudes of soft values.
pub(in crate::coding) fn magnitude(kernels: Kernels, llr: &[f32]) -> f32 {
    run_kernel!(kernels, magnitude(llr))
}

/// Rounds soft values, all finite, of which those that say something have the mean magnitude `mean`. Value i changes its
/// sign where bit `at` + i of the scrambling sequence in `words`, zero after its end, is 1.
pub(in crate::coding) fn quantise(
    kernels: Kernels,
    llr: &[f32],
    mean: f32,
    (words, at): (&[u64], usize),
    d: &mut [i16],
) {
    let scale = (MEAN / mean).min(f32::MAX);
    run_kernel!(kernels, quantise(llr, scale, words, at, d));
}

compile_for_lanes! {
    fn magnitude(llr: &[f32]) -> f32;
    fn quantise(llr: &[f32], scale: f32, words: &[u64], at: usize, d: &mut [i16]);
}

mod scalar {
    use super::*;

    #[inline(always)]
    pub(super) fn magnitude(llr: &[f32]) -> f32 {
        let mut sums = [0.0; 32];
        let (chunks, rest) = llr.as_chunks::<32>();
        for chunk in chunks {
            sums.iter_mut().zip(chunk).for_each(|(sum, llr)| *sum += llr.abs());
        }
        sums.iter_mut().zip(rest).for_each(|(sum, llr)| *sum += llr.abs());
        sums.iter().sum()
    }

    #[inline(always)]
    pub(super) fn quantise(llr: &[f32], scale: f32, words: &[u64], at: usize, d: &mut [i16]) {
        for (i, (llr, d)) in llr.chunks(64).zip(d.chunks_mut(64)).enumerate() {
            let octets = word_at(words, at + 64 * i).to_le_bytes();
            let (llr, llr_rest) = llr.as_chunks();
            let (d, d_rest) = d.as_chunks_mut();
            for ((llr, d), &octet) in llr.iter().zip(d).zip(&octets) {
                *d = eight(llr, scale, octet);
            }
            if !llr_rest.is_empty() {
                let mut padded = [0.0; 8];
                padded[..llr_rest.len()].copy_from_slice(llr_rest);
                d_rest.copy_from_slice(&eight(&padded, scale, octets[llr.len()])[..llr_rest.len()]);
            }
        }
    }

    #[inline(always)]
    fn eight(llr: &[f32; 8], scale: f32, signs: u8) -> [i16; 8] {
        let bound = f32::from(MAX_CHANNEL);
        let mut out = [0; 8];
        for i in 0..8 {
            let flip = if u32::from(signs) & 1 << i == 0 { 0 } else { 1 << 31 };
            let llr = f32::from_bits(llr[i].to_bits() ^ flip);
            out[i] = ((llr * scale).clamp(-bound, bound) + ROUNDER).to_bits() as i16;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;

    #[test]
    fn rounds_to_steps_of_the_mean_and_stops_at_the_bound() {
        let llr = [0.0, -0.0, 1.0, -1.0, 0.01, -0.02, 7.9, -7.9, 9.0, -1e30, f32::MAX, f32::MIN_POSITIVE];
        for kernels in Isa::available().map(Isa::kernels) {
            let mut d = [99; 12];
            quantise(kernels, &llr, 1.0, (&[], 0), &mut d);
            assert_eq!(d, [0, 0, 32, -32, 0, -1, 253, -253, 255, -255, 255, 0]);
            quantise(kernels, &llr[..3], 1e-40, (&[], 0), &mut d[..3]);
            assert_eq!(d[..3], [0, 0, 255]);
            assert_eq!(magnitude(kernels, &[-1.0; 35]), 35.0);
        }
    }

    #[test]
    fn scrambling_changes_signs_wherever_it_begins() {
        let llr: Vec<f32> = (0..200).map(|i| (i % 7) as f32 / 3.0 - 1.0).collect();
        let words = [0x1234_5678_9abc_def0, 0x0fed_cba9_8765_4321, 0xaaaa_cccc_0f0f_1111, 0x5555];
        for kernels in Isa::available().map(Isa::kernels) {
            for at in [0, 6, 61] {
                let (mut plain, mut scrambled) = ([0; 200], [0; 200]);
                quantise(kernels, &llr, 1.0, (&[], 0), &mut plain);
                quantise(kernels, &llr, 1.0, (&words, at), &mut scrambled);
                for i in 0..200 {
                    let sign = if word_at(&words, at + i) & 1 == 1 { -1 } else { 1 };
                    assert_eq!(scrambled[i], plain[i] * sign, "value {i} from bit {at}");
                }
            }
        }
    }
}
