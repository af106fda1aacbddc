//! The seeded channel of one receiver: delay, gain, carrier frequency offset, then white noise.

use num_complex::Complex32;
use rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::delay::{Delay, LOOKAHEAD};
use crate::oscillator::Oscillator;

/// What lies between a transmitter and a receiver.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ChannelConfig {
    /// Samples per second.
    pub sample_rate_hz: f64,
    /// Signal to noise ratio of a resource element that the transmitter sends with unit power; `None`: no noise.
    pub snr_db: Option<f64>,
    /// Carrier frequency offset that the receiver sees, Hz.
    pub cfo_hz: f64,
    /// Propagation delay, seconds; fractions of a sample are kept.
    pub delay_s: f64,
    /// Gain on signal and noise alike, dB.
    pub gain_db: f64,
    /// Seed of the noise.
    pub seed: u64,
}

/// A stream of samples in, the same stream as one receiver hears it out.
#[derive(Clone)]
pub struct ChannelModel {
    delay: Delay,
    oscillator: Option<Oscillator>,
    gain: f32,
    noise_per_axis: f32,
    rng: Pcg64Mcg,
}

impl ChannelModel {
    /// Samples that the first call of [`Self::process`] gives less than it takes: the delay filter looks ahead.
    pub const LOOKAHEAD: usize = LOOKAHEAD;

    /// Plans a channel.
    ///
    /// Transforms being unitary, noise power per sample is noise power per resource element.
    ///
    /// # Panics
    /// If the delay is negative or longer than a second, or a number is not finite.
    pub fn new(config: &ChannelConfig) -> Self {
        assert!((0.0..=1.0).contains(&config.delay_s), "delay {} s", config.delay_s);
        assert!(config.cfo_hz.is_finite() && config.gain_db.is_finite(), "finite offset and gain");
        assert!(config.snr_db.is_none_or(f64::is_finite), "SNR {:?} dB", config.snr_db);
        let gain = 10f64.powf(config.gain_db / 20.0);
        let noise = config.snr_db.map_or(0.0, |snr| 10f64.powf(-snr / 10.0));
        Self {
            delay: Delay::new(config.delay_s * config.sample_rate_hz),
            oscillator: (config.cfo_hz != 0.0).then(|| Oscillator::new(config.cfo_hz, config.sample_rate_hz)),
            gain: gain as f32,
            noise_per_axis: ((noise / 2.0).sqrt() * gain) as f32,
            rng: Pcg64Mcg::seed_from_u64(config.seed),
        }
    }

    /// Replaces `output` by what arrives while `input` is sent.
    pub fn process(&mut self, input: &[Complex32], output: &mut Vec<Complex32>) {
        output.clear();
        self.delay.process(input, output);
        if let Some(oscillator) = &mut self.oscillator {
            oscillator.rotate(output);
        }
        for sample in output {
            *sample *= self.gain;
            if self.noise_per_axis > 0.0 {
                let (re, im): (f32, f32) = (StandardNormal.sample(&mut self.rng), StandardNormal.sample(&mut self.rng));
                *sample += Complex32::new(re, im) * self.noise_per_axis;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;
    use crate::numerology::{MbsfnNumerology, SubframeLayout};
    use crate::ofdm::{OfdmDemodulator, OfdmModulator};

    fn config(snr_db: f64, seed: u64) -> ChannelConfig {
        let sample_rate_hz = 7.68e6;
        ChannelConfig { sample_rate_hz, snr_db: Some(snr_db), cfo_hz: 0.0, delay_s: 0.0, gain_db: 6.0, seed }
    }

    /// The definition of SNR: power of a resource element over noise in a resource element.
    #[test]
    fn snr_holds_per_resource_element() {
        let layout = SubframeLayout::mbsfn(512, 2, MbsfnNumerology::Khz15);
        let mut grid = Grid::new(12, 300);
        (0..12).for_each(|l| grid.row_mut(l).fill(Complex32::ONE));
        let mut iq = vec![Complex32::default(); layout.samples() + ChannelModel::LOOKAHEAD];
        OfdmModulator::new(layout.clone()).modulate(&grid, &mut iq[..layout.samples()]);
        for snr_db in [-3.0, 10.0, 25.0] {
            let (mut channel, mut received) = (ChannelModel::new(&config(snr_db, 1)), Vec::new());
            channel.process(&iq, &mut received);
            let mut back = Grid::new(12, 300);
            OfdmDemodulator::new(layout.clone(), 0).demodulate(&received, 0..12, &mut back);
            let gain = 10f32.powf(6.0 / 20.0);
            let errors = (0..12).flat_map(|l| back.row(l).iter().map(move |y| (y - gain).norm_sqr()));
            let noise = errors.sum::<f32>() / 3600.0;
            let measured = 10.0 * f64::from(gain * gain / noise).log10();
            assert!((measured - snr_db).abs() < 0.2, "{snr_db}: {measured}"); // 3600 values: sigma 0.07 dB
        }
    }

    #[test]
    fn same_seed_same_noise() {
        let run = |seed| {
            let mut out = Vec::new();
            ChannelModel::new(&config(0.0, seed)).process(&[Complex32::default(); 500], &mut out);
            out
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }
}
