//! What the front end of a UE, and its surroundings, add to the signal.

use serde::{Deserialize, Serialize};

use crate::strict_toml::Table;

/// Imperfections of a receiver, each absent unless named. Levels are against samples of mean power 1.
#[derive(Clone, Copy, PartialEq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Impairments {
    /// Gain of the in-phase branch over the quadrature branch, dB.
    pub iq_gain_db: f64,
    /// Angle by which the branches miss being at right angles, degrees.
    pub iq_phase_deg: f64,
    /// Width of the oscillator's spectrum at half its power, Hz.
    pub phase_noise_hz: f64,
    /// How much faster than it should the receiver samples, parts per million.
    pub clock_error_ppm: f64,
    /// Amplitude to which larger samples are cut, dB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_db: Option<f64>,
    /// Power of a constant added to the samples, dB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dc_offset_db: Option<f64>,
    /// Another signal on the air.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interferer: Option<Interferer>,
}

/// A tone or a band of noise.
#[derive(Clone, Copy, PartialEq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interferer {
    /// Middle of the band against the carrier, Hz.
    pub offset_hz: f64,
    /// Width of the band, Hz; 0: a tone.
    pub width_hz: f64,
    /// Mean power, dB.
    pub power_db: f64,
}

impl Impairments {
    /// As a channel model takes them.
    pub fn config(&self) -> radio::Impairments {
        let Self { iq_gain_db, iq_phase_deg, phase_noise_hz, clock_error_ppm, clip_db, dc_offset_db, interferer } =
            *self;
        let interferer = interferer.map(|Interferer { offset_hz, width_hz, power_db }| radio::Interferer {
            offset_hz,
            width_hz,
            power_db,
        });
        radio::Impairments {
            iq_gain_db,
            iq_phase_deg,
            phase_noise_hz,
            clock_error_ppm,
            clip_db,
            dc_offset_db,
            interferer,
        }
    }
}

/// Reads `impairments`.
pub(crate) fn impairments(t: &mut Table<'_>) -> Impairments {
    let mut number = |key, range| t.optional_number(key, range).unwrap_or(0.0);
    Impairments {
        iq_gain_db: number("iq_gain_db", -10.0..=10.0),
        iq_phase_deg: number("iq_phase_deg", -45.0..=45.0),
        phase_noise_hz: number("phase_noise_hz", 0.0..=10_000.0),
        clock_error_ppm: number("clock_error_ppm", -50.0..=50.0),
        clip_db: t.optional_number("clip_db", -20.0..=40.0),
        dc_offset_db: t.optional_number("dc_offset_db", -100.0..=40.0),
        interferer: t.optional_table("interferer", |t| Interferer {
            offset_hz: t.number("offset_hz", -20e6..=20e6),
            width_hz: t.optional_number("width_hz", 0.0..=20e6).unwrap_or(0.0),
            power_db: t.number("power_db", -100.0..=60.0),
        }),
    }
}
