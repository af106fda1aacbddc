//! The range of a converter: a constant offset, and an end.

use num_complex::Complex32;

/// A constant on every sample.
#[derive(Clone)]
pub(super) struct DcOffset(Complex32);

impl DcOffset {
    /// Of this amplitude, at 45 degrees.
    pub(super) fn new(amplitude: f32) -> Self {
        Self(Complex32::new(amplitude, amplitude) * std::f32::consts::FRAC_1_SQRT_2)
    }

    pub(super) fn apply(&self, samples: &mut [Complex32]) {
        samples.iter_mut().for_each(|s| *s += self.0);
    }
}

/// Cuts real and imaginary parts.
#[derive(Clone)]
pub(super) struct Clip(f32);

impl Clip {
    /// At the root mean square that each has in samples of the root mean square `rms`.
    pub(super) fn new(rms: f32) -> Self {
        Self(rms * std::f32::consts::FRAC_1_SQRT_2)
    }

    pub(super) fn apply(&self, samples: &mut [Complex32]) {
        for s in samples {
            *s = Complex32::new(s.re.clamp(-self.0, self.0), s.im.clamp(-self.0, self.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// What a clipped Gaussian signal keeps of itself and how strong it is (Bussgang), for a level of 0 and 6 dB.
    #[test]
    fn a_clipped_signal_is_weaker_and_distorted_as_the_level_says() {
        let mut rng = rand_pcg::Pcg64Mcg::seed_from_u64(1);
        let mut next = || -> f32 { StandardNormal.sample(&mut rng) };
        let clean: Vec<_> = (0..200_000).map(|_| Complex32::new(next(), next()) * 0.5f32.sqrt()).collect();
        // Error function of 1/sqrt(2) and of 2/sqrt(2) (level of 6.02 dB), and the mean power of the clipped signal.
        for (db, kept, power) in [(0.0, 0.682_69, 0.516_06), (6.020_6, 0.954_50, 0.920_54)] {
            let mut samples = clean.clone();
            Clip::new(10f32.powf(db / 20.0)).apply(&mut samples);
            let n = samples.len() as f32;
            let got = samples.iter().zip(&clean).map(|(s, c)| (c.conj() * s).re).sum::<f32>() / n;
            assert!((got - kept).abs() < 0.01, "{db} dB: {got} is kept instead of {kept}");
            let got = samples.iter().map(|s| s.norm_sqr()).sum::<f32>() / n;
            assert!((got - power).abs() < 0.01, "{db} dB: power {got} instead of {power}");
        }
    }

    #[test]
    fn an_offset_has_its_power() {
        let mut samples = [Complex32::ZERO; 3];
        DcOffset::new(0.1).apply(&mut samples);
        assert!(samples.iter().all(|s| (s.norm_sqr() - 0.01).abs() < 1e-6 && s.re == s.im));
    }
}
