//! Tones to be sent, and how loud a tone is in what is heard (Goertzel's algorithm).

use std::f64::consts::TAU;

use super::SAMPLE_RATE;

/// A sinusoid.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Tone {
    /// Hertz.
    pub frequency: f64,
    /// Largest sample.
    pub amplitude: f64,
    at: u64,
}

impl Tone {
    /// A tone that starts now.
    pub const fn new(frequency: f64, amplitude: f64) -> Self {
        Self { frequency, amplitude, at: 0 }
    }

    /// The next samples.
    pub fn samples(&mut self, count: usize) -> Vec<i16> {
        let start = self.at;
        self.at += count as u64;
        let sample = |at: u64| {
            let phase = (self.frequency * at as f64 / f64::from(SAMPLE_RATE)).fract();
            (self.amplitude * (TAU * phase).sin()).round() as i16
        };
        (start..self.at).map(sample).collect()
    }
}

/// Amplitude of a frequency in the samples. It tells tones apart that are `SAMPLE_RATE / samples.len()` apart, best when they
/// are multiples of that.
pub fn amplitude_of(frequency: f64, samples: &[i16]) -> f64 {
    let coefficient = 2.0 * (TAU * frequency / f64::from(SAMPLE_RATE)).cos();
    let (mut before, mut last) = (0.0, 0.0);
    for &sample in samples {
        let next = f64::from(sample) + coefficient * last - before;
        (before, last) = (last, next);
    }
    let power = last * last + before * before - coefficient * last * before;
    2.0 * power.max(0.0).sqrt() / samples.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_measured() {
        let (mut low, mut high) = (Tone::new(440.0, 3000.0), Tone::new(1000.0, 500.0));
        let parts = low.samples(800).into_iter().zip(high.samples(800));
        let mixed: Vec<i16> = parts.map(|(a, b)| a + b).collect();
        assert!((amplitude_of(440.0, &mixed) - 3000.0).abs() < 20.0);
        assert!((amplitude_of(1000.0, &mixed) - 500.0).abs() < 20.0);
        assert!(amplitude_of(700.0, &mixed) < 20.0);
        assert!(amplitude_of(700.0, &[]) < 1e-9);
    }
}
