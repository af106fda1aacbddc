//! What an operator allows to be radiated; without it no transmitter of a device is opened.

use std::ops::RangeInclusive;

/// What the operator of a rig allows a device to radiate, with the operator's own words.
#[derive(Clone, PartialEq, Debug)]
pub struct TransmitPermission {
    frequency_hz: RangeInclusive<f64>,
    max_power_dbm: f64,
    max_gain_db: f64,
    words: String,
}

/// What a transmitter is about to radiate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Transmission {
    /// Carrier frequency, Hz.
    pub frequency_hz: f64,
    /// Width of what is radiated around it, Hz.
    pub occupied_hz: f64,
    /// Gain of the device, dB.
    pub gain_db: f64,
    /// Power at the connector at full scale, dBm.
    pub power_dbm: f64,
}

/// Why nothing is radiated.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum TransmitRefused {
    /// Nobody said that it is allowed.
    #[error(
        "the permission to transmit says nothing; its words must say who allows it and why nobody is disturbed, in at \
         least {MIN_WORDS} words"
    )]
    NoWords,
    /// The permission is no range of frequencies, or its limits are no numbers.
    #[error("the permission to transmit is not usable: {0}")]
    BadLimits(&'static str),
    /// Some of the carrier is outside.
    #[error(
        "not transmitting: {low:.6} to {high:.6} MHz is not within the permitted {allowed_low:.6} to \
         {allowed_high:.6} MHz"
    )]
    Frequency {
        /// Lower edge of the carrier, MHz.
        low: f64,
        /// Upper edge of the carrier, MHz.
        high: f64,
        /// Permitted from, MHz.
        allowed_low: f64,
        /// Permitted to, MHz.
        allowed_high: f64,
    },
    /// More gain than allowed.
    #[error("not transmitting: a gain of {gain_db} dB is more than the permitted {max_gain_db} dB")]
    Gain {
        /// What was asked for, or what the device made of it, dB.
        gain_db: f64,
        /// Permitted, dB.
        max_gain_db: f64,
    },
    /// More power than allowed.
    #[error("not transmitting: up to {power_dbm} dBm at the connector is more than the permitted {max_power_dbm} dBm")]
    Power {
        /// At full scale with the gain that was asked for, dBm.
        power_dbm: f64,
        /// Permitted, dBm.
        max_power_dbm: f64,
    },
}

impl TransmitPermission {
    /// Permits what lies within `frequency_hz` with all of its bandwidth, up to `max_power_dbm` at the connector and
    /// `max_gain_db` of the device's gain. `words` are the operator's own.
    ///
    /// # Errors
    /// The words say nothing, or the limits are none.
    pub fn new(
        frequency_hz: RangeInclusive<f64>,
        max_power_dbm: f64,
        max_gain_db: f64,
        words: &str,
    ) -> Result<Self, TransmitRefused> {
        if words.split_whitespace().count() < MIN_WORDS {
            return Err(TransmitRefused::NoWords);
        }
        let (low, high) = (*frequency_hz.start(), *frequency_hz.end());
        if !(low > 0.0 && low < high && high.is_finite()) {
            return Err(TransmitRefused::BadLimits("frequency_hz must be a lower and a higher frequency above 0"));
        }
        if !(max_power_dbm.is_finite() && max_gain_db.is_finite()) {
            return Err(TransmitRefused::BadLimits("power and gain must be numbers"));
        }
        Ok(Self { frequency_hz, max_power_dbm, max_gain_db, words: words.trim().into() })
    }

    /// Nothing if all of it is permitted.
    ///
    /// # Errors
    /// The first limit that it breaks.
    pub fn check(&self, wanted: &Transmission) -> Result<(), TransmitRefused> {
        let Transmission { frequency_hz, occupied_hz, gain_db, power_dbm } = *wanted;
        let (low, high) = (frequency_hz - occupied_hz / 2.0, frequency_hz + occupied_hz / 2.0);
        // Comparisons are such that what is not a number is refused.
        let inside = low <= high && self.frequency_hz.contains(&low) && self.frequency_hz.contains(&high);
        if !inside {
            let (allowed_low, allowed_high) = (self.frequency_hz.start() / 1e6, self.frequency_hz.end() / 1e6);
            return Err(TransmitRefused::Frequency { low: low / 1e6, high: high / 1e6, allowed_low, allowed_high });
        }
        if gain_db.is_nan() || gain_db > self.max_gain_db {
            return Err(TransmitRefused::Gain { gain_db, max_gain_db: self.max_gain_db });
        }
        if power_dbm.is_nan() || power_dbm > self.max_power_dbm {
            return Err(TransmitRefused::Power { power_dbm, max_power_dbm: self.max_power_dbm });
        }
        Ok(())
    }

    /// The operator's words, for the report.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }
}

/// Fewer words than this are no statement.
const MIN_WORDS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "by cable into a 60 dB attenuator, lab 3";

    fn lab() -> TransmitPermission {
        TransmitPermission::new(620e6..=630e6, -10.0, 20.0, WORDS).unwrap()
    }

    fn carrier() -> Transmission {
        Transmission { frequency_hz: 625e6, occupied_hz: 4.5e6, gain_db: 20.0, power_dbm: -10.0 }
    }

    #[test]
    fn what_is_within_all_limits_is_permitted() {
        assert_eq!(lab().check(&carrier()), Ok(()));
        assert_eq!(lab().words(), WORDS);
    }

    #[test]
    fn the_whole_carrier_must_lie_inside() {
        for (frequency_hz, allowed) in [(622.25e6, true), (622.2e6, false), (627.75e6, true), (627.8e6, false)] {
            assert_eq!(lab().check(&Transmission { frequency_hz, ..carrier() }).is_ok(), allowed, "{frequency_hz}");
        }
        let error = lab().check(&Transmission { frequency_hz: 700e6, ..carrier() }).unwrap_err().to_string();
        let says =
            "not transmitting: 697.750000 to 702.250000 MHz is not within the permitted 620.000000 to 630.000000 MHz";
        assert_eq!(error, says);
    }

    #[test]
    fn gain_and_power_are_limits_each() {
        let gain = lab().check(&Transmission { gain_db: 20.5, ..carrier() });
        assert_eq!(gain, Err(TransmitRefused::Gain { gain_db: 20.5, max_gain_db: 20.0 }));
        let power = lab().check(&Transmission { power_dbm: -9.0, ..carrier() });
        assert_eq!(power, Err(TransmitRefused::Power { power_dbm: -9.0, max_power_dbm: -10.0 }));
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        let nan = f64::NAN;
        for wanted in [
            Transmission { frequency_hz: nan, ..carrier() },
            Transmission { occupied_hz: nan, ..carrier() },
            Transmission { occupied_hz: -1.0, ..carrier() },
            Transmission { gain_db: nan, ..carrier() },
            Transmission { power_dbm: nan, ..carrier() },
        ] {
            assert!(lab().check(&wanted).is_err(), "{wanted:?}");
        }
    }

    #[test]
    fn a_permission_needs_words_and_limits() {
        for words in ["", "  ", "yes", "yes yes"] {
            let refused = TransmitPermission::new(620e6..=630e6, -10.0, 0.0, words);
            assert_eq!(refused, Err(TransmitRefused::NoWords));
        }
        let reversed = RangeInclusive::new(630e6, 620e6);
        assert!(TransmitPermission::new(reversed, -10.0, 0.0, WORDS).is_err());
        assert!(TransmitPermission::new(620e6..=f64::INFINITY, -10.0, 0.0, WORDS).is_err());
        assert!(TransmitPermission::new(620e6..=630e6, f64::NAN, 0.0, WORDS).is_err());
    }
}
