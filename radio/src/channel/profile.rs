//! Delay profiles.

use std::borrow::Cow;

/// One tap of a delay profile.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DelayTap {
    /// Delay, seconds.
    pub delay_s: f64,
    /// Mean power, dB, relative to the other taps.
    pub power_db: f64,
}

/// Delays and mean powers of a multipath channel.
#[derive(Clone, PartialEq, Debug)]
pub struct DelayProfile {
    /// As the specification calls it.
    pub name: Cow<'static, str>,
    /// The taps; a channel uses their powers so that they add up to 0 dB.
    pub taps: Vec<DelayTap>,
}
