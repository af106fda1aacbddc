//! What a single-frequency network is expected to give: which part of the power of each path is useful.
//!
//! The weighting of EBU TR 024 clause 2.3.4 with the window where it does best: a path within the cyclic prefix is
//! useful as a whole; of one that comes later, the share of its symbol that lies in the FFT window is, as an amplitude.
//! What is not useful is interference between symbols and carriers. The channel estimate counts as perfect, a way that
//! fades as one tap.

use crate::scenario::{Scenario, Ue, Way};

/// Useful part of an OFDM symbol at 15 kHz, microseconds (TS 36.211 clause 6.12: 2048 T_s).
const USEFUL_US: f64 = 1e3 / 15.0;
/// Extended cyclic prefix at 15 kHz, microseconds (TS 36.211 table 6.12-1: 512 T_s).
pub(super) const PREFIX_US: f64 = USEFUL_US / 4.0;
/// Step of the window when its best place is looked for, microseconds.
const WINDOW_STEP_US: f64 = 0.25;

/// A path.
#[derive(Clone, Copy)]
struct Path {
    delay_us: f64,
    /// Mean power.
    power: f64,
    /// By Rayleigh.
    fades: bool,
}

/// Delay between the first and the last way to a UE, microseconds.
pub(super) fn spread_us(ways: &[Way<'_>]) -> f64 {
    let delays = ways.iter().map(|w| w.delay_us);
    delays.clone().fold(f64::NEG_INFINITY, f64::max) - delays.fold(f64::INFINITY, f64::min)
}

/// Mean CINR that a UE can have, dB; with `scale` on all delays.
pub(super) fn expected_cinr_db(scenario: &Scenario, ue: &Ue, scale: f64) -> f64 {
    let power = |db: f64| 10f64.powf(db / 10.0);
    let path = |w: &Way<'_>| Path { delay_us: w.delay_us * scale, power: power(w.power_db), fades: w.fading.is_some() };
    let paths: Vec<Path> = scenario.ways(ue).iter().map(path).collect();
    10.0 * mean_cinr(&paths, power(-ue.channel().snr_db)).log10()
}

/// Mean of useful power over interference and noise.
fn mean_cinr(paths: &[Path], noise: f64) -> f64 {
    let start = best_window(paths);
    let weighted: Vec<(Path, f64)> = paths.iter().map(|p| (*p, weight(p.delay_us - start))).collect();
    // E[U / (I + N)] by 1 / x = integral over s of e^(-s x): each path is a factor of its own. With powers that are
    // exponential, E[e^(-a P)] = 1 / (1 + a p) and E[P e^(-a P)] = p / (1 + a p)^2.
    let integrand = |s: f64| {
        let (mut product, mut useful) = ((-s * noise).exp(), 0.0);
        for &(path, weight) in &weighted {
            let a = s * (1.0 - weight) * path.power;
            let share = if path.fades { 1.0 / (1.0 + a) } else { 1.0 };
            product *= if path.fades { share } else { (-a).exp() };
            useful += weight * path.power * share;
        }
        product * useful
    };
    // By steps of ln s, where the integrand has no peaks: from nothing to where noise has ended it.
    let (from, to) = ((1e-6 / (noise + 1.0)).ln(), (40.0 / noise).ln());
    let step = (to - from) / f64::from(STEPS);
    let at = |i: u32| (from + (f64::from(i) + 0.5) * step).exp();
    (0..STEPS).map(|i| integrand(at(i)) * at(i) * step).sum()
}

/// Where the window has the most useful power: delay of a path that it begins with, microseconds.
fn best_window(paths: &[Path]) -> f64 {
    let delays = paths.iter().map(|p| p.delay_us);
    let (first, last) = (delays.clone().fold(f64::INFINITY, f64::min), delays.fold(f64::NEG_INFINITY, f64::max));
    let useful = |start: f64| paths.iter().map(|p| p.power * weight(p.delay_us - start)).sum::<f64>();
    let steps = ((last - first) / WINDOW_STEP_US).ceil() as usize;
    let starts = (0..=steps).map(|i| first + i as f64 * WINDOW_STEP_US);
    starts.fold((first, 0.0), |best, at| if useful(at) > best.1 { (at, useful(at)) } else { best }).0
}

/// Useful share of the power of a path that comes `us` after the first that lies wholly in the prefix.
fn weight(us: f64) -> f64 {
    let outside = if us < 0.0 { -us } else { (us - PREFIX_US).max(0.0) };
    (1.0 - outside / USEFUL_US).max(0.0).powi(2)
}

/// Steps of the integral: good to 0.01 dB.
const STEPS: u32 = 400;

#[cfg(test)]
mod tests {
    use super::*;

    fn cinr_db(paths: &[(f64, f64)], noise: f64, fades: bool) -> f64 {
        let paths: Vec<Path> = paths.iter().map(|&(delay_us, power)| Path { delay_us, power, fades }).collect();
        10.0 * mean_cinr(&paths, noise).log10()
    }

    #[test]
    fn power_adds_up_within_the_prefix_and_turns_into_interference_beyond() {
        let two = |us: f64| cinr_db(&[(3.0, 1.0), (3.0 + us, 1.0)], 0.1, false);
        assert!((cinr_db(&[(40.0, 1.0)], 0.1, false) - 10.0).abs() < 0.01);
        for us in [0.0, 5.0, 16.6] {
            assert!((two(us) - 13.01).abs() < 0.02, "{us}: {}", two(us));
        }
        // Half of the symbol is in the window: a quarter of the power is useful.
        let half = two(PREFIX_US + USEFUL_US / 2.0);
        assert!((half - 10.0 * (1.25f64 / 0.85).log10()).abs() < 0.01, "{half}");
        assert!((two(200.0) - 10.0 * (1.0f64 / 1.1).log10()).abs() < 0.01);
    }

    #[test]
    fn the_window_goes_where_the_power_is() {
        // The weak path comes first: it is the one that is lost.
        let late = cinr_db(&[(0.0, 0.1), (60.0, 1.0)], 0.1, false);
        let early = cinr_db(&[(0.0, 1.0), (60.0, 0.1)], 0.1, false);
        assert!((late - early).abs() < 0.05, "{late} {early}");
    }

    /// Fading leaves the mean where nothing interferes; interference that fades is less than its mean half of the time.
    #[test]
    fn fading_is_taken_into_the_mean() {
        assert!((cinr_db(&[(0.0, 1.0), (9.0, 1.0)], 0.1, true) - 13.01).abs() < 0.02);
        let [still, fades] = [false, true].map(|fades| cinr_db(&[(0.0, 1.0), (200.0, 1.0)], 0.1, fades));
        // E[P] E[1 / (P + 0.1)] = e^0.1 E_1(0.1) = 1.1052 x 1.8229.
        assert!((fades - 10.0 * 2.0147f64.log10()).abs() < 0.02 && fades > still, "{fades} {still}");
    }
}
