//! The channel of a UE: white noise alone, or fading by a delay profile (TS 36.101 clause B.2).

use std::fmt;

use radio::{ChannelConfig, DelayProfile, Evolution, FadingConfig, PathConfig};
use serde::{Deserialize, Serialize};

use crate::strict_toml::Table;

/// A channel between the eNB and one UE.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Channel {
    /// Propagation model.
    #[serde(flatten)]
    pub model: ChannelModel,
    /// Signal to noise ratio per resource element, dB: noise against a resource element that one transmitter of 0 dB
    /// sends with unit power.
    pub snr_db: f64,
    /// Carrier frequency offset, Hz.
    #[serde(default)]
    pub cfo_hz: f64,
    /// Delay, microseconds; fractions of a sample are kept.
    #[serde(default)]
    pub delay_us: f64,
    /// Gain of signal and noise together, dB.
    #[serde(default)]
    pub gain_db: f64,
    /// Correlation of the fading of two receive antennas, 0 to 1 (TS 36.101 clause B.2.3, beta).
    #[serde(default)]
    pub rx_correlation: f64,
}

/// Propagation model.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "snake_case")]
pub enum ChannelModel {
    /// One path that does not change.
    Awgn,
    /// Paths that fade.
    Fading(Fading),
}

impl ChannelModel {
    /// The fading, if there is any.
    pub fn fading(self) -> Option<Fading> {
        match self {
            Self::Awgn => None,
            Self::Fading(fading) => Some(fading),
        }
    }
}

/// Paths of a delay profile, each with Rayleigh fading and the Doppler spectrum of Jakes.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fading {
    /// Delay profile.
    pub profile: Profile,
    /// Largest Doppler frequency, Hz.
    pub doppler_hz: f64,
}

/// Delay profile (TS 36.101 clauses B.2.1 and B.2.6.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// One tap.
    Flat,
    /// Extended Pedestrian A.
    #[default]
    Epa,
    /// Extended Vehicular A.
    Eva,
    /// Extended Typical Urban.
    Etu,
    /// MBSFN: three groups of six paths, 12.5 and 27.5 us after the first.
    Mbsfn,
}

impl Channel {
    /// Nothing but noise.
    pub(crate) const NONE: Self = Self {
        model: ChannelModel::Awgn,
        snr_db: f64::NEG_INFINITY,
        cfo_hz: 0.0,
        delay_us: 0.0,
        gain_db: 0.0,
        rx_correlation: 0.0,
    };

    /// As a channel model takes it, with `n_rx` receive antennas; everything random comes from `seed`.
    pub fn config(&self, sample_rate_hz: f64, n_rx: usize, seed: u64) -> ChannelConfig {
        let path = PathConfig { delay_s: self.delay_us * 1e-6, cfo_hz: self.cfo_hz, ..PathConfig::default() };
        ChannelConfig {
            gain_db: self.gain_db,
            paths: vec![path],
            n_rx,
            rx_correlation: self.rx_correlation,
            ..ChannelConfig::awgn(sample_rate_hz, self.snr_db, seed)
        }
    }
}

impl Fading {
    /// As a channel model takes it: taps that change as time passes.
    pub fn config(self) -> FadingConfig {
        let profile = match self.profile {
            Profile::Flat => DelayProfile::flat(),
            Profile::Epa => DelayProfile::epa(),
            Profile::Eva => DelayProfile::eva(),
            Profile::Etu => DelayProfile::etu(),
            Profile::Mbsfn => DelayProfile::mbsfn(),
        };
        FadingConfig { profile, doppler_hz: self.doppler_hz, evolution: Evolution::Continuous }
    }
}

impl fmt::Display for Fading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let profile = match self.profile {
            Profile::Flat => "flat",
            Profile::Epa => "EPA",
            Profile::Eva => "EVA",
            Profile::Etu => "ETU",
            Profile::Mbsfn => "MBSFN",
        };
        write!(f, "{profile} {} Hz", self.doppler_hz)
    }
}

/// Reads a `channel`; `snr_db` reads its SNR, where the table has one.
pub(crate) fn channel(t: &mut Table<'_>, snr_db: impl FnOnce(&mut Table<'_>) -> f64) -> Channel {
    let fades = t.variant("model", &[("awgn", false), ("fading", true)]);
    Channel {
        model: if fades { ChannelModel::Fading(fading(t)) } else { ChannelModel::Awgn },
        snr_db: snr_db(t),
        // Below half a subcarrier spacing of 15 kHz.
        cfo_hz: t.optional_number("cfo_hz", -7000.0..=7000.0).unwrap_or(0.0),
        delay_us: t.optional_number("delay_us", 0.0..=15.0).unwrap_or(0.0),
        gain_db: t.optional_number("gain_db", -100.0..=100.0).unwrap_or(0.0),
        rx_correlation: t.optional_number_or("rx_correlation", 0.0..=1.0, &RX_CORRELATION).unwrap_or(0.0),
    }
}

/// Reads `snr_db`.
pub(crate) fn snr_db(t: &mut Table<'_>) -> f64 {
    t.number("snr_db", -30.0..=100.0)
}

/// Reads the keys of fading.
pub(super) fn fading(t: &mut Table<'_>) -> Fading {
    let profiles = [
        ("flat", Profile::Flat),
        ("epa", Profile::Epa),
        ("eva", Profile::Eva),
        ("etu", Profile::Etu),
        ("mbsfn", Profile::Mbsfn),
    ];
    Fading { profile: t.choice("profile", &profiles), doppler_hz: t.number("doppler_hz", 0.0..=MAX_DOPPLER_HZ) }
}

/// TS 36.101 table B.2.3.2-1, beta: the side of the UE.
const RX_CORRELATION: [(&str, f64); 3] = [("low", 0.0), ("medium", 0.9), ("high", 0.9)];

/// That of 500 km/h at 2.6 GHz, with room.
const MAX_DOPPLER_HZ: f64 = 1500.0;
