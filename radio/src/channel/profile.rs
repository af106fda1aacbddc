//! Delay profiles (TS 36.101 clauses B.2.1 and B.2.6.1).

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

/// TS 36.101 table B.2.1-2: delays in ns, relative powers in dB.
const EPA: [(f64, f64); 7] =
    [(0.0, 0.0), (30.0, -1.0), (70.0, -2.0), (90.0, -3.0), (110.0, -8.0), (190.0, -17.2), (410.0, -20.8)];
/// TS 36.101 table B.2.1-3.
const EVA: [(f64, f64); 9] = [
    (0.0, 0.0),
    (30.0, -1.5),
    (150.0, -1.4),
    (310.0, -3.6),
    (370.0, -0.6),
    (710.0, -9.1),
    (1090.0, -7.0),
    (1730.0, -12.0),
    (2510.0, -16.9),
];
/// TS 36.101 table B.2.1-4.
const ETU: [(f64, f64); 9] = [
    (0.0, -1.0),
    (50.0, -1.0),
    (120.0, -1.0),
    (200.0, 0.0),
    (230.0, 0.0),
    (500.0, 0.0),
    (1600.0, -3.0),
    (2300.0, -5.0),
    (5000.0, -7.0),
];
/// TS 36.101 table B.2.6.1-1: three groups of six taps.
const MBSFN: [(f64, f64); 18] = [
    (0.0, 0.0),
    (30.0, -1.5),
    (150.0, -1.4),
    (310.0, -3.6),
    (370.0, -0.6),
    (1090.0, -7.0),
    (12490.0, -10.0),
    (12520.0, -11.5),
    (12640.0, -11.4),
    (12800.0, -13.6),
    (12860.0, -10.6),
    (13580.0, -17.0),
    (27490.0, -20.0),
    (27520.0, -21.5),
    (27640.0, -21.4),
    (27800.0, -23.6),
    (27860.0, -20.6),
    (28580.0, -27.0),
];

impl DelayProfile {
    /// Extended Pedestrian A.
    pub fn epa() -> Self {
        Self::of_table("EPA", &EPA)
    }

    /// Extended Vehicular A.
    pub fn eva() -> Self {
        Self::of_table("EVA", &EVA)
    }

    /// Extended Typical Urban.
    pub fn etu() -> Self {
        Self::of_table("ETU", &ETU)
    }

    /// The MBSFN channel for 15 and 7.5 kHz, which goes on for longer than the extended cyclic prefix of 16.7 us.
    pub fn mbsfn() -> Self {
        Self::of_table("MBSFN", &MBSFN)
    }

    /// One tap: flat Rayleigh fading.
    pub fn flat() -> Self {
        Self::of_table("flat", &[(0.0, 0.0)])
    }

    fn of_table(name: &'static str, table: &[(f64, f64)]) -> Self {
        let tap = |&(delay_ns, power_db): &(f64, f64)| DelayTap { delay_s: delay_ns * 1e-9, power_db };
        Self { name: name.into(), taps: table.iter().map(tap).collect() }
    }

    /// Mean powers of the taps; they add up to 1.
    pub fn powers(&self) -> Vec<f64> {
        let relative: Vec<f64> = self.taps.iter().map(|t| 10f64.powf(t.power_db / 10.0)).collect();
        let sum: f64 = relative.iter().sum();
        relative.iter().map(|p| p / sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of the tables' relative powers, which a channel must not add to the signal.
    #[test]
    fn powers_add_up_to_one() {
        let profiles = [DelayProfile::epa(), DelayProfile::eva(), DelayProfile::etu(), DelayProfile::mbsfn()];
        let sums_db = [4.9, 6.2, 8.1, 6.4];
        for (profile, sum_db) in profiles.iter().zip(sums_db) {
            let sum: f64 = profile.taps.iter().map(|t| 10f64.powf(t.power_db / 10.0)).sum();
            assert!((10.0 * sum.log10() - sum_db).abs() < 0.06, "{}: {:.2} dB", profile.name, 10.0 * sum.log10());
            let powers = profile.powers();
            assert!((powers.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            // The ratio of powers, not of amplitudes, is that of the table.
            let ratio_db = 10.0 * (powers[3] / powers[0]).log10();
            assert!((ratio_db - (profile.taps[3].power_db - profile.taps[0].power_db)).abs() < 1e-9);
        }
    }
}
