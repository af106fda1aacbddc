//! What the front end of a receiver, and its surroundings, add to a signal.

/// Imperfections of a receiver; each is off by default. Levels are against samples with a mean power of 1, which is
/// what a carrier with unit power in every bin of the transform has.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Impairments {
    /// Gain of the in-phase branch over the quadrature branch, dB.
    pub iq_gain_db: f64,
    /// Angle by which the branches miss being at right angles, degrees.
    pub iq_phase_deg: f64,
    /// Phase noise of the oscillator: a Wiener process whose spectrum has this width at half its power, Hz.
    pub phase_noise_hz: f64,
    /// How much faster than nominal the receiver samples, parts per million.
    pub clock_error_ppm: f64,
    /// Amplitude to which larger samples are cut, dB over 1.
    pub clip_db: Option<f64>,
    /// Power of a constant added to the samples, dB.
    pub dc_offset_db: Option<f64>,
    /// Another signal on the air.
    pub interferer: Option<Interferer>,
}

/// A tone or a band of Gaussian noise.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interferer {
    /// Middle of the band against the carrier, Hz.
    pub offset_hz: f64,
    /// Width of the band, Hz; 0: a tone.
    pub width_hz: f64,
    /// Mean power, dB.
    pub power_db: f64,
}
