//! The seeded channel of one receiver: paths, then white noise.

use std::ops::Range;

use num_complex::Complex32;

use super::config::ChannelConfig;
use super::delay::LOOKAHEAD;
use super::faded_path::FadedPath;
use super::impairments::{FrontEnd, SampleClock};
use super::noise::GaussianNoise;
use super::random::{Purpose, stream};
use super::static_path::StaticPath;
use crate::isa::Isa;

/// Most Doppler shift for each sample per second: a block of fast convolution has to last for it.
const DOPPLER_MAX: f64 = 1.0 / 1000.0;
/// Samples that go through static paths and noise at once.
const PART: usize = 1024;
/// Longest delay that a profile may have, seconds.
const PROFILE_MAX_S: f64 = 1e-3;

/// Streams of samples of transmit antennas in, what the antennas of one receiver hear out.
#[derive(Clone)]
pub struct ChannelModel {
    static_paths: Vec<StaticPath>,
    faded_paths: Vec<FadedPath>,
    n_inputs: usize,
    lookahead: usize,
    /// The part of it that the paths need.
    for_paths: usize,
    gain: f32,
    noise_per_axis: f32,
    /// Noise of each antenna.
    noise: Vec<GaussianNoise>,
    /// Samples taken that have not gone through the paths, up to their look-ahead.
    pending: usize,
    /// Sample clock of each antenna, where it is off.
    clocks: Vec<SampleClock>,
    front_end: FrontEnd,
    /// What came over static paths and is not given yet.
    heard: Vec<Complex32>,
    ray: Vec<Complex32>,
}

impl ChannelModel {
    /// Plans a channel.
    ///
    /// # Panics
    /// If there are no paths or not 1 or 2 receive antennas, a delay is negative or longer than a second (in a profile: a
    /// millisecond), a profile is empty, a Doppler shift is negative or above a thousandth of the sample rate, a
    /// correlation is not from 0 to 1, a number is not finite, phase noise is wider than the sample rate, a sample clock more
    /// than 1000 ppm off, or an interferer not within the sample rate.
    pub fn new(config: &ChannelConfig) -> Self {
        check(config);
        let gain = 10f64.powf(config.gain_db / 20.0);
        let noise = config.snr_db.map_or(0.0, |snr| 10f64.powf(-snr / 10.0));
        let fading = config.paths.iter().enumerate().filter_map(|(i, p)| Some((i, p.fading.as_ref()?)));
        let faded_paths: Vec<_> = fading.map(|(i, fading)| FadedPath::new(config, i, fading)).collect();
        let noise_of = |rx| GaussianNoise::new(stream(config.seed, Purpose::Noise, [rx, 0, 0]), Isa::fastest());
        let ppm = config.impairments.clock_error_ppm;
        let clocks = if ppm == 0.0 { Vec::new() } else { vec![SampleClock::new(ppm); config.n_rx] };
        let for_clock = if clocks.is_empty() { 0 } else { SampleClock::LOOKAHEAD };
        let for_paths = faded_paths.iter().map(FadedPath::lookahead).max().unwrap_or(LOOKAHEAD);
        Self {
            static_paths: StaticPath::plan(&config.paths, config.sample_rate_hz),
            lookahead: for_paths + for_clock,
            for_paths,
            faded_paths,
            n_inputs: config.paths.iter().map(|p| p.stream + 1).max().unwrap_or(0),
            gain: gain as f32,
            noise_per_axis: ((noise / 2.0).sqrt() * gain) as f32,
            noise: (0..config.n_rx).map(noise_of).collect(),
            pending: 0,
            clocks,
            front_end: FrontEnd::new(&config.impairments, gain as f32, config.sample_rate_hz, config.seed),
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

    /// Samples by which the channel's output ends before its input, once so many have been taken: with a sample clock that
    /// is off, one more or less.
    pub fn lookahead(&self) -> usize {
        self.lookahead
    }

    /// Samples taken and not given yet: [`Self::lookahead`] as soon as so many were taken.
    pub fn pending(&self) -> usize {
        self.pending + self.clocks.first().map_or(0, SampleClock::pending)
    }

    /// Draws anew what fades by [`Evolution::PerBlock`](super::Evolution::PerBlock): for samples that are taken from now on.
    pub fn new_realisation(&mut self) {
        self.faded_paths.iter_mut().for_each(FadedPath::new_realisation);
    }

    /// Replaces `outputs`, one for each receive antenna, by what arrives while `inputs` are sent. What is heard does not
    /// depend on how the streams are cut into calls.
    ///
    /// # Panics
    /// If there are fewer inputs than [`Self::n_inputs`] or they differ in length, or there are not [`Self::n_rx`] outputs.
    pub fn process(&mut self, inputs: &[&[Complex32]], outputs: &mut [Vec<Complex32>]) {
        assert!(inputs.len() >= self.n_inputs, "{} inputs for {}", inputs.len(), self.n_inputs);
        assert!(inputs.iter().all(|i| i.len() == inputs[0].len()), "inputs differ in length");
        assert_eq!(outputs.len(), self.n_rx(), "one output for each receive antenna");
        let pending = self.pending + inputs[0].len();
        self.pending = pending.min(self.for_paths);
        outputs.iter_mut().for_each(|output| output.resize(pending - self.pending, Complex32::ZERO));
        if self.faded_paths.is_empty() && self.clocks.is_empty() {
            self.hear_in_parts(inputs, outputs);
        } else {
            self.hear_all(inputs, outputs);
            for (output, noise) in outputs.iter_mut().zip(&mut self.noise) {
                noise.add(self.gain, self.noise_per_axis, output);
            }
        }
        self.front_end.process(outputs);
    }

    /// What comes over static paths alone, part by part: each stays in the nearest cache until its noise is on it.
    fn hear_in_parts(&mut self, inputs: &[&[Complex32]], outputs: &mut [Vec<Complex32>]) {
        let (len, mut given) = (inputs[0].len(), 0);
        for from in (0..len).step_by(PART) {
            let part = from..len.min(from + PART);
            let heard = given..given + self.given_for(part.len());
            given = heard.end;
            let (first, others) = outputs.split_at_mut(1);
            let first = &mut first[0][heard.clone()];
            self.hear_static(inputs, part, first);
            for (other, noise) in others.iter_mut().zip(&mut self.noise[1..]) {
                other[heard.clone()].copy_from_slice(first);
                noise.add(self.gain, self.noise_per_axis, &mut other[heard.clone()]);
            }
            self.noise[0].add(self.gain, self.noise_per_axis, first);
        }
    }

    /// What comes over all paths, by the receiver's clock.
    fn hear_all(&mut self, inputs: &[&[Complex32]], outputs: &mut [Vec<Complex32>]) {
        let held = self.heard.len();
        let mut heard = std::mem::take(&mut self.heard);
        heard.resize(held + self.given_for(inputs[0].len()), Complex32::ZERO);
        self.hear_static(inputs, 0..inputs[0].len(), &mut heard[held..]);
        let given = outputs[0].len().min(heard.len());
        for output in outputs.iter_mut() {
            output[..given].copy_from_slice(&heard[..given]);
            output[given..].fill(Complex32::ZERO);
        }
        heard.drain(..given);
        self.heard = heard;
        for path in &mut self.faded_paths {
            path.take(inputs);
            path.add_to(outputs);
        }
        self.clocks.iter_mut().zip(outputs.iter_mut()).for_each(|(clock, output)| clock.process(output));
    }

    /// Samples that static paths give for `taken` more.
    fn given_for(&self, taken: usize) -> usize {
        self.static_paths.first().map_or(0, |path| path.given_for(taken))
    }

    /// Fills `output`, [`Self::given_for`] the samples of `part`, with what is heard over all static paths.
    fn hear_static(&mut self, inputs: &[&[Complex32]], part: Range<usize>, output: &mut [Complex32]) {
        let Some((first, others)) = self.static_paths.split_first_mut() else { return };
        first.process(inputs, part.clone(), output);
        self.ray.resize(output.len(), Complex32::ZERO);
        for path in others {
            path.process(inputs, part.clone(), &mut self.ray);
            output.iter_mut().zip(&self.ray).for_each(|(sum, ray)| *sum += ray);
        }
    }
}

/// See [`ChannelModel::new`].
fn check(config: &ChannelConfig) {
    assert!((1..=2).contains(&config.n_rx), "{} receive antennas", config.n_rx);
    assert!(!config.paths.is_empty(), "a channel without paths");
    assert!((0.0..=1.0).contains(&config.rx_correlation), "correlation {}", config.rx_correlation);
    let fault = config.impairments.fault(config.sample_rate_hz);
    assert!(fault.is_none(), "{}", fault.unwrap_or_default());
    assert!(config.gain_db.is_finite(), "gain {} dB", config.gain_db);
    assert!(config.snr_db.is_none_or(f64::is_finite), "SNR {:?} dB", config.snr_db);
    for path in &config.paths {
        assert!((0.0..=1.0).contains(&path.delay_s), "delay {} s", path.delay_s);
        let numbers = [path.cfo_hz, path.power_db, path.phase_rad];
        assert!(numbers.iter().all(|n| n.is_finite()), "finite offset, power and phase: {path:?}");
        if let Some(fading) = &path.fading {
            let doppler_hz = 0.0..=config.sample_rate_hz * DOPPLER_MAX;
            assert!(doppler_hz.contains(&fading.doppler_hz), "Doppler shift {} Hz", fading.doppler_hz);
            assert!(!fading.profile.taps.is_empty(), "profile {} without taps", fading.profile.name);
            for tap in &fading.profile.taps {
                assert!((0.0..=PROFILE_MAX_S).contains(&tap.delay_s) && tap.power_db.is_finite(), "{tap:?}");
            }
        }
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
