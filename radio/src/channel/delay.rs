//! Fractional delay by a windowed sinc.

use num_complex::Complex32;

/// Filter length; the Kaiser window below passes 94 % of the sample rate with ripple under -60 dB.
const TAPS: usize = 64;
/// Samples of the future that the filter needs.
pub(super) const LOOKAHEAD: usize = TAPS / 2;
/// Kaiser window parameter for 60 dB: 0.1102 (A - 8.7).
const KAISER_BETA: f64 = 5.65;

/// Delays a stream. The first call gives [`LOOKAHEAD`] samples less than it takes.
#[derive(Clone, Debug)]
pub(super) struct Delay {
    whole: usize,
    taps: Option<[f32; TAPS]>,
    history: Vec<Complex32>,
}

impl Delay {
    pub(super) fn new(samples: f64) -> Self {
        let whole = samples.floor();
        let fraction = samples - whole;
        let taps = (fraction > 1e-9).then(|| std::array::from_fn(|i| tap(i as f64 - LOOKAHEAD as f64 - fraction)));
        let whole = whole as usize;
        // Output n needs inputs n - whole - 31 to n - whole + 32; what lies before the stream is silence.
        Self { whole, taps, history: vec![Complex32::default(); whole + TAPS - 1 - LOOKAHEAD] }
    }

    /// Appends to `output` what can be said after `input`.
    pub(super) fn process(&mut self, input: &[Complex32], output: &mut Vec<Complex32>) {
        self.history.extend_from_slice(input);
        let need = self.whole + TAPS;
        let Some(count) = (self.history.len() + 1).checked_sub(need).filter(|&c| c > 0) else { return };
        match &self.taps {
            None => output.extend_from_slice(&self.history[TAPS - 1 - LOOKAHEAD..][..count]),
            Some(taps) => output.extend((0..count).map(|n| {
                let newest_first = self.history[n..n + TAPS].iter().rev();
                taps.iter().zip(newest_first).map(|(&t, x)| x * t).sum::<Complex32>()
            })),
        }
        self.history.drain(..count);
    }
}

/// Windowed sinc at `x` samples from its middle.
fn tap(x: f64) -> f32 {
    let window = bessel_i0(KAISER_BETA * (1.0 - (x / (LOOKAHEAD as f64 + 1.0)).powi(2)).max(0.0).sqrt());
    let sinc = if x == 0.0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_a_tone_by_any_amount() {
        let f = 0.43; // cycles per sample: near the edge of what is used (75 PRB at the 3/4 rate: 0.44)
        let tone = |t: f64| Complex32::from_polar(1.0, (std::f64::consts::TAU * (f * t).fract()) as f32);
        let input: Vec<_> = (0..2000).map(|n| tone(f64::from(n))).collect();
        for delay in [0.0, 0.25, 0.5, 3.0, 17.8] {
            let mut d = Delay::new(delay);
            let mut out = Vec::new();
            input.chunks(333).for_each(|c| d.process(c, &mut out));
            assert_eq!(out.len(), input.len() - LOOKAHEAD, "delay {delay}");
            for (n, y) in out.iter().enumerate().skip(100) {
                let want = tone(n as f64 - delay);
                assert!((y - want).norm() < 3e-3, "delay {delay} at {n}: {y} {want}");
            }
        }
    }
}
