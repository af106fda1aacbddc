//! From the sample rate of the stream down to that of the synchronisation signals.

use num_complex::Complex32;

/// Outputs that the filter reaches back on either side of its middle.
const REACH: usize = 6;

/// Keeps every `ratio`-th sample behind a low-pass filter: what is within a quarter of the new rate passes, what would
/// fold back onto it is held down by 60 dB.
#[derive(Clone, Debug)]
pub(crate) struct Decimator {
    ratio: usize,
    taps: Vec<f32>,
}

impl Decimator {
    /// Plans it.
    ///
    /// # Panics
    /// If `ratio` is 0.
    pub(crate) fn new(ratio: usize) -> Self {
        assert!(ratio > 0, "a ratio");
        if ratio == 1 {
            return Self { ratio, taps: vec![1.0] };
        }
        let half = REACH * ratio;
        // Blackman's window; the cut-off is half of the new rate.
        let tap = |i: usize| {
            let x = (i as f64 - half as f64) / ratio as f64;
            let turn = std::f64::consts::PI * (i as f64 + 1.0) / (half as f64 + 1.0);
            let window = 0.42 - 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos();
            let sinc = if x == 0.0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
            window * sinc
        };
        let taps: Vec<f64> = (0..=2 * half).map(tap).collect();
        let sum: f64 = taps.iter().sum();
        Self { ratio, taps: taps.into_iter().map(|t| (t / sum) as f32).collect() }
    }

    /// Replaces `output`: its element m is the signal at element `m * ratio` of `input`, beyond whose ends is silence.
    pub(crate) fn process(&self, input: &[Complex32], output: &mut Vec<Complex32>) {
        output.clear();
        let half = self.taps.len() / 2;
        output.extend((0..input.len() / self.ratio).map(|m| {
            let middle = m * self.ratio;
            let first = middle.saturating_sub(half);
            let taps = &self.taps[half - (middle - first)..];
            input[first..].iter().zip(taps).map(|(x, &t)| x * t).sum::<Complex32>()
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_passes_and_nothing_folds_back() {
        for ratio in [1, 2, 3, 4, 6, 8, 12, 16] {
            let tone = |f: f64, n: usize| Complex32::cis((std::f64::consts::TAU * (f * n as f64).fract()) as f32);
            let power = |f: f64| {
                let input: Vec<_> = (0..400 * ratio).map(|n| tone(f / ratio as f64, n)).collect();
                let mut output = Vec::new();
                Decimator::new(ratio).process(&input, &mut output);
                assert_eq!(output.len(), 400);
                let middle = &output[100..300];
                if f.abs() < 0.3 {
                    let error = middle.iter().zip(100..).map(|(y, m)| (y - tone(f, m)).norm()).fold(0.0, f32::max);
                    assert!(error < 0.1, "ratio {ratio}, {f}: {error}");
                }
                10.0 * (middle.iter().map(Complex32::norm_sqr).sum::<f32>() / 200.0).log10()
            };
            for f in [0.0, 0.1, -0.25] {
                assert!(power(f).abs() < 0.5, "ratio {ratio}, {f}");
            }
            if ratio > 1 {
                for f in [0.76, 1.0, -0.9] {
                    assert!(power(f) < -50.0, "ratio {ratio}, {f}: {} dB", power(f));
                }
            }
        }
    }
}
