//! Branches of a direct conversion receiver that differ in gain and are not at right angles.

use num_complex::Complex32;

/// Gains of the branches, and the halves of the angle that they miss.
#[derive(Clone)]
pub(super) struct IqImbalance {
    gains: [f32; 2],
    cos: f32,
    sin: f32,
}

impl IqImbalance {
    pub(super) fn new(gain_db: f64, phase_deg: f64) -> Self {
        let gain = 10f64.powf(gain_db / 40.0);
        let (sin, cos) = (phase_deg.to_radians() / 2.0).sin_cos();
        Self { gains: [gain as f32, (1.0 / gain) as f32], cos: cos as f32, sin: sin as f32 }
    }

    pub(super) fn apply(&self, samples: &mut [Complex32]) {
        for s in samples {
            let (re, im) = (s.re * self.cos - s.im * self.sin, s.im * self.cos - s.re * self.sin);
            *s = Complex32::new(re * self.gains[0], im * self.gains[1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone gets an image at the negative frequency, as weak as theory says:
    /// (g^2 + 1 - 2 g cos phi) / (g^2 + 1 + 2 g cos phi).
    #[test]
    fn the_image_of_a_tone_has_the_power_that_gain_and_angle_give_it() {
        let tone = |n: i32| Complex32::cis(std::f32::consts::TAU * (n % 16) as f32 / 16.0);
        for (gain_db, phase_deg) in [(1.0, 0.0), (0.0, 5.0), (0.5, -3.0)] {
            let mut samples: Vec<_> = (0..160).map(tone).collect();
            IqImbalance::new(gain_db, phase_deg).apply(&mut samples);
            let part = |sign: i32| {
                let sum: Complex32 = samples.iter().zip(0..).map(|(s, n)| s * tone(15 * sign.rem_euclid(16) * n)).sum();
                f64::from(sum.norm_sqr())
            };
            let (g, phi) = (10f64.powf(gain_db / 20.0), phase_deg.to_radians());
            let want = (g * g + 1.0 - 2.0 * g * phi.cos()) / (g * g + 1.0 + 2.0 * g * phi.cos());
            let (got_db, want_db) = (10.0 * (part(-1) / part(1)).log10(), 10.0 * want.log10());
            assert!((got_db - want_db).abs() < 0.05, "{gain_db} dB, {phase_deg} degrees: {got_db} {want_db}");
        }
    }
}
