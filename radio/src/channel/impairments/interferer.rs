//! Another signal on the air: a tone, or noise in a band.

use std::f32::consts::PI;
use std::sync::Arc;

use num_complex::Complex32;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;
use rustfft::{Fft, FftPlanner};

use crate::channel::random::{Purpose, stream};
use crate::oscillator::Oscillator;

/// A tone or a band of Gaussian noise.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interferer {
    /// Middle of the band against the carrier, Hz.
    pub offset_hz: f64,
    /// Width of the band, Hz; 0: a tone. A band is no narrower than 1/4096 of the sample rate.
    pub width_hz: f64,
    /// Mean power, dB.
    pub power_db: f64,
}

/// Transform that noise is made with; two of them overlap at any time.
const N_FFT: usize = 4096;
const HOP: usize = N_FFT / 2;

#[derive(Clone)]
pub(super) struct InterfererSource {
    amplitude: f32,
    band: Option<Band>,
    oscillator: Oscillator,
    samples: Vec<Complex32>,
}

impl InterfererSource {
    pub(super) fn new(config: Interferer, amplitude: f32, sample_rate_hz: f64, seed: u64) -> Self {
        Self {
            amplitude,
            band: (config.width_hz > 0.0).then(|| Band::new(config.width_hz / sample_rate_hz, seed)),
            oscillator: Oscillator::new(config.offset_hz, sample_rate_hz),
            samples: Vec::new(),
        }
    }

    /// Adds the same to all antennas.
    pub(super) fn add_to(&mut self, antennas: &mut [Vec<Complex32>]) {
        self.samples.clear();
        self.samples.resize(antennas[0].len(), Complex32::ONE);
        if let Some(band) = &mut self.band {
            self.samples.iter_mut().for_each(|s| *s = band.next());
        }
        self.oscillator.rotate(&mut self.samples);
        for antenna in antennas {
            antenna.iter_mut().zip(&self.samples).for_each(|(sum, s)| *sum += s * self.amplitude);
        }
    }
}

/// Noise of unit power around 0 Hz: spectra of independent normal values, whose transforms fade into one another.
#[derive(Clone)]
struct Band {
    /// Bins to either side of 0 Hz.
    reach: usize,
    rng: Pcg64Mcg,
    inverse: Arc<dyn Fft<f32>>,
    scratch: Vec<Complex32>,
    /// The transform that fades out, after its middle, and the one that fades in.
    old: Vec<Complex32>,
    new: Vec<Complex32>,
    /// Samples given of this overlap.
    given: usize,
}

impl Band {
    /// A band of `width` sample rates.
    fn new(width: f64, seed: u64) -> Self {
        let inverse = FftPlanner::new().plan_fft_inverse(N_FFT);
        let mut band = Self {
            reach: ((width * N_FFT as f64 / 2.0) as usize).min(N_FFT / 2 - 1),
            rng: stream(seed, Purpose::Interferer, [0; 3]),
            scratch: vec![Complex32::ZERO; inverse.get_inplace_scratch_len()],
            old: vec![Complex32::ZERO; N_FFT],
            new: vec![Complex32::ZERO; N_FFT],
            given: 0,
            inverse,
        };
        band.draw();
        band.draw();
        band
    }

    fn next(&mut self) -> Complex32 {
        if self.given == HOP {
            self.draw();
        }
        let sample = self.old[HOP + self.given] + self.new[self.given];
        self.given += 1;
        sample
    }

    /// Draws the next transform, with a window whose square and that of its neighbour add up to 1.
    fn draw(&mut self) {
        std::mem::swap(&mut self.old, &mut self.new);
        self.given = 0;
        self.new.fill(Complex32::ZERO);
        let amplitude = (0.5 / (2 * self.reach + 1) as f32).sqrt();
        for bin in (0..=self.reach).chain(N_FFT - self.reach..N_FFT) {
            let (re, im): (f32, f32) = (StandardNormal.sample(&mut self.rng), StandardNormal.sample(&mut self.rng));
            self.new[bin] = Complex32::new(re, im) * amplitude;
        }
        self.inverse.process_with_scratch(&mut self.new, &mut self.scratch);
        for (n, sample) in self.new.iter_mut().enumerate() {
            *sample *= (PI * (n as f32 + 0.5) / N_FFT as f32).sin();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 7.68e6;

    /// Power in all, and the share of it between two frequencies.
    fn measure(config: Interferer, from_hz: f64, to_hz: f64) -> (f64, f64) {
        let n = 1 << 16;
        let mut source = InterfererSource::new(config, 10f32.powf(config.power_db as f32 / 20.0), RATE_HZ, 1);
        let mut antennas = [vec![Complex32::ZERO; n], vec![Complex32::ZERO; n]];
        source.add_to(&mut antennas);
        assert_eq!(antennas[0], antennas[1]);
        let [mut iq, _] = antennas;
        let power = iq.iter().map(|s| f64::from(s.norm_sqr())).sum::<f64>() / n as f64;
        let hann = |i: usize| 1.0 - (std::f32::consts::TAU * i as f32 / n as f32).cos();
        iq.iter_mut().enumerate().for_each(|(i, s)| *s *= hann(i));
        FftPlanner::new().plan_fft_forward(n).process(&mut iq);
        let hz = |bin: usize| (bin as f64 - if bin < n / 2 { 0.0 } else { n as f64 }) * RATE_HZ / n as f64;
        let total: f64 = iq.iter().map(|s| f64::from(s.norm_sqr())).sum();
        let inside = iq.iter().enumerate().filter(|&(bin, _)| (from_hz..=to_hz).contains(&hz(bin)));
        (10.0 * power.log10(), inside.map(|(_, s)| f64::from(s.norm_sqr())).sum::<f64>() / total)
    }

    #[test]
    fn a_tone_is_where_and_as_strong_as_it_should_be() {
        let (power_db, share) =
            measure(Interferer { offset_hz: -1.2e6, width_hz: 0.0, power_db: -7.0 }, -1.201e6, -1.199e6);
        assert!((power_db + 7.0).abs() < 0.01 && share > 0.999, "{power_db} dB, {share}");
    }

    #[test]
    fn a_band_is_where_and_as_strong_as_it_should_be() {
        let config = Interferer { offset_hz: 2e6, width_hz: 360e3, power_db: 3.0 };
        let (power_db, share) = measure(config, 1.81e6, 2.19e6);
        assert!((power_db - 3.0).abs() < 0.4 && share > 0.999, "{power_db} dB, {share}"); // sigma 0.08 dB
        let (_, half) = measure(config, 2e6, 2.19e6);
        assert!((half - 0.5).abs() < 0.05, "{half} in the upper half");
        // A small test for a normal distribution: the fourth moment of a complex one is 2.
        let mut source = InterfererSource::new(Interferer { width_hz: 3e6, ..config }, 1.0, RATE_HZ, 1);
        let mut iq = [vec![Complex32::ZERO; 100_000]];
        source.add_to(&mut iq);
        let fourth = iq[0].iter().map(|s| s.norm_sqr().powi(2)).sum::<f32>() / 1e5;
        assert!((fourth - 2.0).abs() < 0.1, "{fourth}");
    }
}
