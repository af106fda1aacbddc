//! What a channel is made of.

use num_complex::Complex32;

use super::impairments::Impairments;
use super::profile::DelayProfile;

/// What lies between all transmit antennas and one receiver.
///
/// Noise is white and comes after fading: its power per sample, and so per resource element (the transforms are
/// unitary), is `snr_db` below a resource element sent with unit power over paths whose mean powers add up to 0 dB.
#[derive(Clone, PartialEq, Debug)]
pub struct ChannelConfig {
    /// Samples per second.
    pub sample_rate_hz: f64,
    /// Signal to noise ratio of a resource element, dB; `None`: no noise.
    pub snr_db: Option<f64>,
    /// Gain on signal and noise alike, dB.
    pub gain_db: f64,
    /// Seed of everything that is random.
    pub seed: u64,
    /// Ways from transmit antennas to the receiver.
    pub paths: Vec<PathConfig>,
    /// Receive antennas: 1 or 2.
    pub n_rx: usize,
    /// Correlation of the fading at the two antennas, 0 to 1: beta of TS 36.101 B.2.3.1.
    pub rx_correlation: f64,
    /// What the receiver's front end adds.
    pub impairments: Impairments,
}

impl ChannelConfig {
    /// One path without delay, and white noise, at one antenna.
    pub fn awgn(sample_rate_hz: f64, snr_db: f64, seed: u64) -> Self {
        Self {
            sample_rate_hz,
            snr_db: Some(snr_db),
            gain_db: 0.0,
            seed,
            paths: vec![PathConfig::default()],
            n_rx: 1,
            rx_correlation: 0.0,
            impairments: Impairments::default(),
        }
    }
}

/// What the signal of one transmit antenna goes through.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct PathConfig {
    /// Which of the inputs.
    pub stream: usize,
    /// Propagation delay, seconds; fractions of a sample are kept. With fading: the delay of the profile's zero.
    pub delay_s: f64,
    /// Mean power, dB.
    pub power_db: f64,
    /// Phase, radians.
    pub phase_rad: f64,
    /// Carrier frequency offset that the receiver sees, Hz.
    pub cfo_hz: f64,
    /// Multipath; `None`: a single ray that does not change.
    pub fading: Option<FadingConfig>,
}

impl PathConfig {
    /// Mean gain and phase.
    pub(super) fn amplitude(&self) -> Complex32 {
        let (sin, cos) = self.phase_rad.sin_cos();
        let gain = 10f64.powf(self.power_db / 20.0);
        Complex32::new((gain * cos) as f32, (gain * sin) as f32)
    }
}

/// Rayleigh fading of every tap of a delay profile.
#[derive(Clone, PartialEq, Debug)]
pub struct FadingConfig {
    /// Delays and mean powers.
    pub profile: DelayProfile,
    /// Largest Doppler shift of [`Evolution::Continuous`], Hz.
    pub doppler_hz: f64,
    /// How the taps change.
    pub evolution: Evolution,
}

/// How the taps of a fading channel change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Evolution {
    /// With the classical Doppler spectrum (Jakes).
    Continuous,
    /// Static until [`ChannelModel::new_realisation`](super::ChannelModel::new_realisation) draws anew.
    PerBlock,
}
