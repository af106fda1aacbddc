//! Soft values as the turbo decoder takes them: 16-bit integers in units of their mean magnitude.

/// Bound of quantised soft values; one that is certain has it.
pub(in crate::coding) const MAX_CHANNEL: i16 = 255;

/// Mean magnitude of quantised soft values: 32 steps to the mean, 8 means to the bound.
const MEAN: f32 = 32.0;

/// 1.5·2^23: a sum with it has the integer, rounded to nearest, in its low bits.
const ROUNDER: f32 = 12_582_912.0;

/// Sum of the magnitudes of soft values, the same on every instruction set.
pub(in crate::coding) fn magnitude(llr: &[f32]) -> f32 {
    let mut sums = [0.0; 16];
    for chunk in llr.chunks(sums.len()) {
        sums.iter_mut().zip(chunk).for_each(|(sum, llr)| *sum += llr.abs());
    }
    sums.iter().sum()
}

/// Rounds soft values, all finite, of which those that say something have the mean magnitude `mean`.
pub(in crate::coding) fn quantise(llr: &[f32], mean: f32, d: &mut [i16]) {
    let (scale, bound) = ((MEAN / mean).min(f32::MAX), f32::from(MAX_CHANNEL));
    for (d, llr) in d.iter_mut().zip(llr) {
        *d = ((llr * scale).clamp(-bound, bound) + ROUNDER).to_bits() as i16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_steps_of_the_mean_and_stops_at_the_bound() {
        let llr = [0.0, -0.0, 1.0, -1.0, 0.01, -0.02, 7.9, -7.9, 9.0, -1e30, f32::MAX, f32::MIN_POSITIVE];
        let mut d = [99; 12];
        quantise(&llr, 1.0, &mut d);
        assert_eq!(d, [0, 0, 32, -32, 0, -1, 253, -253, 255, -255, 255, 0]);
        quantise(&llr[..3], 1e-40, &mut d);
        assert_eq!(d[..3], [0, 0, 255]);
        assert_eq!(magnitude(&[-1.0; 35]), 35.0);
    }
}
