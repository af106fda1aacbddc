//! What the front end of a receiver, and its surroundings, add to a signal.

mod clip;
mod clock;
mod interferer;
mod iq;
mod phase_noise;

use num_complex::Complex32;

use self::clip::{Clip, DcOffset};
pub(super) use self::clock::SampleClock;
pub use self::interferer::Interferer;
use self::interferer::InterfererSource;
use self::iq::IqImbalance;
use self::phase_noise::PhaseNoise;

/// Imperfections of a receiver; each is off by default. Levels are against samples with a mean power of 1, which is
/// what a carrier with unit power in every bin of the transform has; the channel's gain applies to them as to the signal.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Impairments {
    /// Gain of the in-phase branch over the quadrature branch, dB.
    pub iq_gain_db: f64,
    /// Angle by which the branches miss being at right angles, degrees.
    pub iq_phase_deg: f64,
    /// Phase noise of the oscillator that all antennas share: a Wiener process, with which the spectrum of a tone is a
    /// Lorentzian line of this width at half its height, Hz.
    pub phase_noise_hz: f64,
    /// How much faster than nominal the receiver samples, parts per million. The carrier frequency is not touched.
    pub clock_error_ppm: f64,
    /// Where real and imaginary parts are cut off, dB over their root mean square at a power of 1.
    pub clip_db: Option<f64>,
    /// Power of a constant added to the samples, half of it on each of real and imaginary part, dB.
    pub dc_offset_db: Option<f64>,
    /// Another signal on the air, the same at all antennas.
    pub interferer: Option<Interferer>,
}

impl Impairments {
    /// What is wrong with the figures, if anything is.
    pub(super) fn fault(&self, sample_rate_hz: f64) -> Option<&'static str> {
        let numbers = [self.iq_gain_db, self.iq_phase_deg, self.phase_noise_hz, self.clock_error_ppm];
        let levels = [self.clip_db, self.dc_offset_db, self.interferer.map(|i| i.power_db)];
        if !numbers.into_iter().chain(levels.into_iter().flatten()).all(f64::is_finite) {
            return Some("impairments have to be finite numbers");
        }
        if !(0.0..=sample_rate_hz).contains(&self.phase_noise_hz) {
            return Some("the width of phase noise has to lie between 0 and the sample rate");
        }
        if self.clock_error_ppm.abs() > 1000.0 {
            return Some("the error of the sample clock has to be within 1000 ppm");
        }
        let within =
            |i: Interferer| i.offset_hz.abs() <= sample_rate_hz / 2.0 && (0.0..=sample_rate_hz).contains(&i.width_hz);
        (!self.interferer.is_none_or(within)).then_some("an interferer has to lie within the sample rate")
    }
}

/// What happens to samples between the antennas and whoever reads them.
#[derive(Clone)]
pub(super) struct FrontEnd {
    interferer: Option<InterfererSource>,
    phase_noise: Option<PhaseNoise>,
    iq_imbalance: Option<IqImbalance>,
    dc_offset: Option<DcOffset>,
    clip: Option<Clip>,
}

impl FrontEnd {
    /// The front end behind a channel of this gain.
    pub(super) fn new(config: &Impairments, gain: f32, sample_rate_hz: f64, seed: u64) -> Self {
        let level = |db: f64| 10f32.powf(db as f32 / 20.0) * gain;
        Self {
            interferer: config.interferer.map(|i| InterfererSource::new(i, level(i.power_db), sample_rate_hz, seed)),
            phase_noise: (config.phase_noise_hz > 0.0)
                .then(|| PhaseNoise::new(config.phase_noise_hz, sample_rate_hz, seed)),
            iq_imbalance: ((config.iq_gain_db, config.iq_phase_deg) != (0.0, 0.0))
                .then(|| IqImbalance::new(config.iq_gain_db, config.iq_phase_deg)),
            dc_offset: config.dc_offset_db.map(|db| DcOffset::new(level(db))),
            clip: config.clip_db.map(|db| Clip::new(level(db))),
        }
    }

    /// Changes the samples of all antennas in place.
    pub(super) fn process(&mut self, antennas: &mut [Vec<Complex32>]) {
        if let Some(interferer) = &mut self.interferer {
            interferer.add_to(antennas);
        }
        if let Some(phase_noise) = &mut self.phase_noise {
            phase_noise.turn(antennas);
        }
        for samples in antennas {
            if let Some(iq_imbalance) = &self.iq_imbalance {
                iq_imbalance.apply(samples);
            }
            if let Some(dc_offset) = &self.dc_offset {
                dc_offset.apply(samples);
            }
            if let Some(clip) = &self.clip {
                clip.apply(samples);
            }
        }
    }
}
