//! The seeded channel of one receiver: paths, then white noise.

use num_complex::Complex32;
use rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::config::ChannelConfig;
use super::delay::LOOKAHEAD;
use super::impairments::Impairments;
use super::static_path::StaticPath;

/// Streams of samples of transmit antennas in, what the antennas of one receiver hear out.
#[derive(Clone)]
pub struct ChannelModel {
    paths: Vec<StaticPath>,
    n_inputs: usize,
    gain: f32,
    noise_per_axis: f32,
    /// Noise of each antenna.
    noise: Vec<Pcg64Mcg>,
    /// Samples taken, up to the look-ahead.
    pending: usize,
    heard: Vec<Complex32>,
    ray: Vec<Complex32>,
}

impl ChannelModel {
    /// Plans a channel.
    ///
    /// # Panics
    /// If there are no paths or not 1 or 2 receive antennas, a delay is negative or longer than a second, a number is not
    /// finite, or fading or impairments are asked for, which are not there yet.
    pub fn new(config: &ChannelConfig) -> Self {
        assert!((1..=2).contains(&config.n_rx), "{} receive antennas", config.n_rx);
        assert!(!config.paths.is_empty(), "a channel without paths");
        for path in &config.paths {
            assert!((0.0..=1.0).contains(&path.delay_s), "delay {} s", path.delay_s);
            let numbers = [path.cfo_hz, path.power_db, path.phase_rad];
            assert!(numbers.iter().all(|n| n.is_finite()), "finite offset, power and phase: {path:?}");
            assert!(path.fading.is_none(), "fading is not there yet");
        }
        assert!(config.impairments == Impairments::default(), "impairments are not there yet");
        assert!(config.gain_db.is_finite(), "gain {} dB", config.gain_db);
        assert!(config.snr_db.is_none_or(f64::is_finite), "SNR {:?} dB", config.snr_db);
        let gain = 10f64.powf(config.gain_db / 20.0);
        let noise = config.snr_db.map_or(0.0, |snr| 10f64.powf(-snr / 10.0));
        Self {
            paths: StaticPath::plan(&config.paths, config.sample_rate_hz),
            n_inputs: config.paths.iter().map(|p| p.stream + 1).max().unwrap_or(0),
            gain: gain as f32,
            noise_per_axis: ((noise / 2.0).sqrt() * gain) as f32,
            noise: (0..config.n_rx as u64)
                .map(|rx| Pcg64Mcg::seed_from_u64(config.seed.wrapping_add(rx << 32)))
                .collect(),
            pending: 0,
            heard: Vec::new(),
            ray: Vec::new(),
        }
    }

    /// Streams that [`Self::process`] wants.
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// Receive antennas.
    pub fn n_rx(&self) -> usize {
        self.noise.len()
    }

    /// Samples by which the channel's output ends before its input, once so many have been taken.
    pub fn lookahead(&self) -> usize {
        LOOKAHEAD
    }

    /// Samples taken and not given yet: [`Self::lookahead`] as soon as so many were taken.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// Draws anew what fades by [`Evolution::PerBlock`](super::Evolution::PerBlock).
    pub fn new_realisation(&mut self) {}

    /// Replaces `outputs`, one for each receive antenna, by what arrives while `inputs` are sent. What is heard does not
    /// depend on how the streams are cut into calls.
    ///
    /// # Panics
    /// If there are fewer inputs than [`Self::n_inputs`] or they differ in length, or there are not [`Self::n_rx`] outputs.
    pub fn process(&mut self, inputs: &[&[Complex32]], outputs: &mut [Vec<Complex32>]) {
        assert!(inputs.len() >= self.n_inputs, "{} inputs for {}", inputs.len(), self.n_inputs);
        assert!(inputs.iter().all(|i| i.len() == inputs[0].len()), "inputs differ in length");
        assert_eq!(outputs.len(), self.n_rx(), "one output for each receive antenna");
        self.pending = (self.pending + inputs[0].len()).min(self.lookahead());
        self.heard.clear();
        let (first, others) = self.paths.split_first_mut().expect("a channel has paths");
        first.process(inputs, &mut self.heard);
        for path in others {
            self.ray.clear();
            path.process(inputs, &mut self.ray);
            self.heard.iter_mut().zip(&self.ray).for_each(|(sum, ray)| *sum += ray);
        }
        for (output, rng) in outputs.iter_mut().zip(&mut self.noise) {
            output.clone_from(&self.heard);
            for sample in output {
                *sample *= self.gain;
                if self.noise_per_axis > 0.0 {
                    let (re, im): (f32, f32) = (StandardNormal.sample(rng), StandardNormal.sample(rng));
                    *sample += Complex32::new(re, im) * self.noise_per_axis;
                }
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
        ChannelConfig { gain_db: 6.0, ..ChannelConfig::awgn(7.68e6, snr_db, seed) }
    }

    /// The definition of SNR: power of a resource element over noise in a resource element.
    #[test]
    fn snr_holds_per_resource_element() {
        let layout = SubframeLayout::mbsfn(512, 2, MbsfnNumerology::Khz15);
        let mut grid = Grid::new(12, 300);
        (0..12).for_each(|l| grid.row_mut(l).fill(Complex32::ONE));
        let mut iq = vec![Complex32::default(); layout.samples() + LOOKAHEAD];
        OfdmModulator::new(layout.clone()).modulate(&grid, &mut iq[..layout.samples()]);
        for snr_db in [-3.0, 10.0, 25.0] {
            let (mut channel, mut received) = (ChannelModel::new(&config(snr_db, 1)), [Vec::new()]);
            channel.process(&[&iq], &mut received);
            let [received] = received;
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
            let mut out = [Vec::new()];
            ChannelModel::new(&config(0.0, seed)).process(&[&[Complex32::default(); 500]], &mut out);
            out
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }
}
