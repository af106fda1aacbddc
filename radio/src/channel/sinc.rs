//! A windowed sinc, with which samples are seen between themselves.

use std::f64::consts::PI;

use super::delay::LOOKAHEAD;

/// Filter length; the Kaiser window below passes 94 % of the sample rate with ripple under -60 dB.
pub(super) const TAPS: usize = 2 * LOOKAHEAD;
/// Kaiser window parameter for 60 dB: 0.1102 (A - 8.7).
const KAISER_BETA: f64 = 5.65;

/// A delay of [`LOOKAHEAD`] samples and a fraction: the newest sample's tap first.
pub(super) fn interpolator(fraction: f64) -> [f32; TAPS] {
    std::array::from_fn(|i| tap(i as f64 - LOOKAHEAD as f64 - fraction))
}

/// Windowed sinc at `x` samples from its middle.
fn tap(x: f64) -> f32 {
    let window = bessel_i0(KAISER_BETA * (1.0 - (x / (LOOKAHEAD as f64 + 1.0)).powi(2)).max(0.0).sqrt());
    let sinc = if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
    (sinc * window / bessel_i0(KAISER_BETA)) as f32
}

/// Modified Bessel function of order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let mut term = 1.0;
    (1..50).fold(1.0, |sum, k| {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum + term
    })
}
