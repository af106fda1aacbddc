//! From a receiver's power over delay to the fact that reports show.

use radio::PowerDelayProfile;

use crate::event::What;
use crate::radio_tally::round;

/// The impulse response that a UE measured; none before its first subframe.
pub(crate) fn impulse_response(ue: &str, profile: &PowerDelayProfile, sample_rate_hz: f64) -> Option<What> {
    let power = profile.power();
    let strongest = power.iter().copied().fold(0.0f32, f32::max);
    if profile.subframes() == 0 || strongest <= 0.0 {
        return None;
    }
    let us = |samples: isize| round(samples as f64 / sample_rate_hz * 1e6, 4);
    let (first, last) = profile.prefix_samples();
    let prefix = last - first;
    // Half a prefix before the prefix, one and a half behind it: what is farther says no more.
    let (from, to) = (first - prefix / 2, last + prefix * 3 / 2);
    // The strongest of neighbours stands for them, so that no path gets lost between points.
    let step = ((to - from) as usize).div_ceil(POINTS) as isize;
    let at = |delay: isize| power[delay.rem_euclid(power.len() as isize) as usize];
    let point = |first: isize| {
        let highest = (first..first + step).map(at).fold(0.0, f32::max);
        (100.0 * (highest / strongest).max(LOWEST).log10()).round() / 10.0
    };
    Some(What::ImpulseResponse {
        ue: ue.to_owned(),
        from_us: us(from),
        step_us: us(step),
        prefix_us: (us(first), us(last)),
        power_db: (from..to).step_by(step as usize).map(point).collect(),
    })
}

/// Points of a curve, at most.
const POINTS: usize = 200;
/// Weaker values are shown as this: -60 dB.
const LOWEST: f32 = 1e-6;
