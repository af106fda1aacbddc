//! Samples as a driver wants them. Full scale is 1.0 on our side.

use num_complex::{Complex, Complex32};
use soapysdr::StreamSample;

/// A sample format of drivers.
pub(super) trait DeviceSample: StreamSample + Copy + Send {
    /// A sample without signal.
    const ZERO: Self;

    /// From a sample whose full scale is 1, cut off at the largest value; counts the components that were.
    fn pack(sample: Complex32, full_scale: f32, clipped: &mut u64) -> Self;

    /// To a sample whose full scale is 1; counts the components that are as large as can be.
    fn unpack(self, full_scale: f32, clipped: &mut u64) -> Complex32;
}

impl DeviceSample for Complex32 {
    const ZERO: Self = Self::ZERO;

    fn pack(sample: Complex32, _: f32, clipped: &mut u64) -> Self {
        Self::new(cut(sample.re, CF32_LIMIT, clipped), cut(sample.im, CF32_LIMIT, clipped))
    }

    fn unpack(self, _: f32, clipped: &mut u64) -> Complex32 {
        *clipped += u64::from(self.re.abs() >= 1.0) + u64::from(self.im.abs() >= 1.0);
        self
    }
}

impl DeviceSample for Complex<i16> {
    const ZERO: Self = Self::new(0, 0);

    fn pack(sample: Complex32, full_scale: f32, clipped: &mut u64) -> Self {
        // Rounded away from the limits: what rounds to full scale itself is one step too large.
        let limit = (full_scale - 1.0) / full_scale;
        let mut whole = |x: f32| (cut(x, limit, clipped) * full_scale).round() as i16;
        Self::new(whole(sample.re), whole(sample.im))
    }

    fn unpack(self, full_scale: f32, clipped: &mut u64) -> Complex32 {
        let mut part = |x: i16| {
            let x = f32::from(x);
            *clipped += u64::from(x.abs() >= full_scale - 1.0);
            x / full_scale
        };
        Complex32::new(part(self.re), part(self.im))
    }
}

/// `x` within `limit`; what is not a number is silence.
fn cut(x: f32, limit: f32, clipped: &mut u64) -> f32 {
    if x.abs() <= limit {
        return x;
    }
    *clipped += 1;
    if x.is_nan() { 0.0 } else { limit.copysign(x) }
}

/// Largest component in `CF32`. Drivers convert to integers without a check, so that 1.0 becomes the most negative
/// value; this is the largest value of a device of 12 bits, and within those of more or fewer bits.
const CF32_LIMIT: f32 = 2047.0 / 2048.0;

#[cfg(test)]
mod tests {
    use super::*;

    type Cs16 = Complex<i16>;

    #[test]
    fn integers_round_and_stay_within_full_scale() {
        let mut clipped = 0;
        for (full_scale, max) in [(32768.0, 32767), (32767.0, 32766), (2048.0, 2047)] {
            let one = Cs16::pack(Complex32::new(1.0, -1.0), full_scale, &mut clipped);
            assert_eq!(one, Cs16::new(max, -max));
            let half = Cs16::pack(Complex32::new(0.5, -0.25), full_scale, &mut 0);
            assert_eq!(half, Cs16::new((full_scale / 2.0).round() as i16, (-full_scale / 4.0).round() as i16));
        }
        assert_eq!(clipped, 6);
    }

    #[test]
    fn floats_never_reach_what_wraps_in_a_driver() {
        let mut clipped = 0;
        let limit = Complex32::pack(Complex32::new(1.0, -3.0), 1.0, &mut clipped);
        assert_eq!((limit, clipped), (Complex32::new(CF32_LIMIT, -CF32_LIMIT), 2));
        for full_scale in [128.0_f32, 2048.0, 32768.0] {
            assert!((limit.re * full_scale).trunc() < full_scale);
        }
    }

    #[test]
    fn what_is_not_a_number_is_silence_and_counted() {
        let mut clipped = 0;
        let nan = Complex32::new(f32::NAN, f32::INFINITY);
        assert_eq!(Cs16::pack(nan, 32768.0, &mut clipped), Cs16::new(0, 32767));
        assert_eq!(Complex32::pack(nan, 1.0, &mut clipped), Complex32::new(0.0, CF32_LIMIT));
        assert_eq!(clipped, 4);
    }

    #[test]
    fn a_saturated_converter_is_counted() {
        let mut clipped = 0;
        assert_eq!(Cs16::new(-2048, 1024).unpack(2048.0, &mut clipped), Complex32::new(-1.0, 0.5));
        assert_eq!(
            Cs16::new(2047, -2047).unpack(2048.0, &mut clipped),
            Complex32::new(2047.0 / 2048.0, -2047.0 / 2048.0)
        );
        assert_eq!(clipped, 3);
        assert_eq!(Complex32::new(1.0, 0.5).unpack(1.0, &mut clipped), Complex32::new(1.0, 0.5));
        assert_eq!(clipped, 4);
    }
}
