//! Times of the transfer layer: TP-SCTS and TP-DT (TS 23.040 clause 9.2.3.11), TP-VP (clause 9.2.3.12).

use std::fmt;
use std::time::Duration;

use crate::utc;

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;
const QUARTER_MS: i64 = 15 * 60 * 1000;
/// The sign of the time zone, in the first of its semi-octets.
const SIGN: u8 = 0x08;

/// A time stamp: local time of the service centre with its distance from GMT, as it is on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub [u8; 7]);

impl Timestamp {
    /// A time of UTC for a place so many quarters of an hour east of Greenwich, 79 at most. What is finer than a second is
    /// cut, and the century is lost.
    pub fn from_utc_ms(utc_ms: u64, quarters: i8) -> Self {
        let quarters = quarters.clamp(-79, 79);
        let local = utc_ms.saturating_add_signed(i64::from(quarters) * QUARTER_MS);
        let (year, month, day, hour, minute, second) = utc::of_ms(local);
        let zone = quarters.unsigned_abs();
        let sign = if quarters < 0 { SIGN } else { 0 };
        let stamp = [(year % 100) as u8, month, day, hour as u8, minute as u8, second as u8, zone].map(semi_octets);
        let [year, month, day, hour, minute, second, zone] = stamp;
        Self([year, month, day, hour, minute, second, zone | sign])
    }

    /// The time of UTC, in a year from 1970 to 2069; `None`: it is no time.
    pub fn to_utc_ms(self) -> Option<u64> {
        let [year, month, day, hour, minute, second, _] = self.0;
        let year = digits(year)?;
        let year = if year < 70 { 2000 + year } else { 1900 + year };
        let day = utc::day_of(year, digits(month)?, digits(day)?)?;
        let local = (day * DAY + utc::seconds_of(digits(hour)?, digits(minute)?, digits(second)?)?) * 1000;
        local.checked_add_signed(i64::from(self.quarters()?) * -QUARTER_MS)
    }

    /// Quarters of an hour east of Greenwich; `None`: it does not tell.
    pub fn quarters(self) -> Option<i8> {
        let zone = self.0[6];
        let quarters = digits(zone & !SIGN)? as i8;
        Some(if zone & SIGN == 0 { quarters } else { -quarters })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_utc_ms() {
            Some(utc_ms) => f.write_str(&utc::to_rfc3339(utc_ms)),
            None => write!(f, "{:02X?}", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

/// For how long the service centre keeps a message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ValidityPeriod {
    /// From when the service centre got it, in the steps of clause 9.2.3.12.1.
    Relative(u8),
    /// Until then.
    Absolute(Timestamp),
    /// As its first octet says (clause 9.2.3.12.3).
    Enhanced([u8; 7]),
}

impl ValidityPeriod {
    /// The longest that can be given relatively: 63 weeks.
    pub const LONGEST: Self = Self::Relative(255);

    /// The shortest relative period that is not shorter than `period`, at most 63 weeks.
    pub fn relative(period: Duration) -> Self {
        let wanted = period.as_secs() + u64::from(period.subsec_nanos() > 0);
        Self::Relative((0..255).find(|value| relative_seconds(*value) >= wanted).unwrap_or(255))
    }

    /// How long that is for a message that comes at this time; `None`: it says nothing, or nothing that makes sense.
    pub fn duration(self, utc_ms: u64) -> Option<Duration> {
        match self {
            Self::Relative(value) => Some(Duration::from_secs(relative_seconds(value))),
            Self::Absolute(until) => Some(Duration::from_millis(until.to_utc_ms()?.saturating_sub(utc_ms))),
            // What the octets say behind an extension is for a later standard to tell.
            Self::Enhanced([kind, ..]) if kind & EXTENSION != 0 => None,
            Self::Enhanced([kind, first, minutes, seconds, ..]) => match kind & FORMAT {
                1 => Some(Duration::from_secs(relative_seconds(first))),
                // Clause 9.2.3.12.3: zero is reserved.
                2 if first > 0 => Some(Duration::from_secs(first.into())),
                3 => Some(Duration::from_secs(utc::seconds_of(digits(first)?, digits(minutes)?, digits(seconds)?)?)),
                _ => None,
            },
        }
    }

    /// Is it to be tried once only?
    pub const fn is_single_shot(self) -> bool {
        matches!(self, Self::Enhanced([kind, ..]) if kind & SINGLE_SHOT != 0)
    }
}

/// Bits of the first octet of the enhanced format; with an extension another octet like it is the next one.
const FORMAT: u8 = 0x07;
const SINGLE_SHOT: u8 = 0x40;
const EXTENSION: u8 = 0x80;

/// The table of clause 9.2.3.12.1.
fn relative_seconds(value: u8) -> u64 {
    let value = u64::from(value);
    match value {
        0..=143 => (value + 1) * 5 * MINUTE,
        144..=167 => DAY / 2 + (value - 143) * 30 * MINUTE,
        168..=196 => (value - 166) * DAY,
        _ => (value - 192) * 7 * DAY,
    }
}

/// Two digits, the first one in bits 3 to 0 (clause 9.1.2.3).
const fn semi_octets(value: u8) -> u8 {
    ((value % 10) << 4) | (value / 10)
}

fn digits(octet: u8) -> Option<u64> {
    let (first, second) = (octet & 0xF, octet >> 4);
    (first < 10 && second < 10).then(|| u64::from(first) * 10 + u64::from(second))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-11-12T21:21:00Z.
    const NOW: u64 = 1_794_518_460_000;

    #[test]
    fn stamps_as_others_read_them() {
        let stamp = Timestamp([0x62, 0x11, 0x21, 0x12, 0x12, 0x00, 0x00]);
        assert_eq!((stamp.to_utc_ms(), Timestamp::from_utc_ms(NOW, 0)), (Some(NOW), stamp));
        // Five hours west of Greenwich.
        let west = Timestamp::from_utc_ms(NOW, -20);
        assert_eq!((west.0, west.quarters()), ([0x62, 0x11, 0x21, 0x61, 0x12, 0x00, 0x0A], Some(-20)));
        assert_eq!((west.to_utc_ms(), west.to_string().as_str()), (Some(NOW), "2026-11-12T21:21:00Z"));
        assert_eq!(Timestamp([0xFF; 7]).to_utc_ms(), None);
        assert_eq!(Timestamp([0x62, 0x31, 0x10, 0, 0, 0, 0]).to_utc_ms(), None, "month 13");
        assert_eq!(Timestamp([0; 7]).to_string(), "[00, 00, 00, 00, 00, 00, 00]");
        let other = tpdu::timestamp_digits(26, 11, 12, 16, 21, 0, -20).unwrap();
        assert_eq!(other, "261112162100A0");
    }

    #[test]
    fn periods_of_the_table() {
        let seconds = |period: ValidityPeriod| period.duration(NOW).map(|period| period.as_secs());
        let hour = 3600;
        for (value, wanted) in [
            (0, 300),
            (143, 12 * hour),
            (144, 12 * hour + 1800),
            (167, 24 * hour),
            (168, 48 * hour),
            (196, 30 * 24 * hour),
            (197, 5 * 7 * 24 * hour),
            (255, 63 * 7 * 24 * hour),
        ] {
            assert_eq!(seconds(ValidityPeriod::Relative(value)), Some(wanted));
            let period = Duration::from_secs(wanted);
            assert_eq!(ValidityPeriod::relative(period), ValidityPeriod::Relative(value));
            let longer = ValidityPeriod::relative(period + Duration::from_nanos(1));
            assert_eq!(longer, ValidityPeriod::Relative(value.saturating_add(1)));
        }
        let absolute = ValidityPeriod::Absolute(Timestamp::from_utc_ms(NOW + 90_000, 8));
        assert_eq!((seconds(absolute), absolute.duration(NOW + 90_001)), (Some(90), Some(Duration::ZERO)));
        let enhanced =
            |kind, octets: [u8; 3]| ValidityPeriod::Enhanced([kind, octets[0], octets[1], octets[2], 0, 0, 0]);
        assert_eq!(seconds(enhanced(0x01, [143, 0, 0])), Some(12 * hour));
        assert_eq!((seconds(enhanced(0x02, [255, 0, 0])), seconds(enhanced(0x02, [0, 0, 0]))), (Some(255), None));
        assert_eq!(seconds(enhanced(0x43, [0x21, 0x43, 0x05])), Some(12 * hour + 34 * 60 + 50));
        assert!(enhanced(0x40, [0; 3]).is_single_shot() && seconds(enhanced(0x40, [0; 3])).is_none());
        assert_eq!(seconds(enhanced(0x03, [0xFF, 0, 0])), None);
        for kind in [0x81, 0x82, 0xC3] {
            assert_eq!(seconds(enhanced(kind, [0x01, 0x02, 0x03])), None, "an extension, and no period");
        }
    }

    proptest! {
        #[test]
        fn stamps_come_back(seconds in 100_000_u64..3_155_000_000, quarters in -79_i8..=79) {
            let stamp = Timestamp::from_utc_ms(seconds * 1000, quarters);
            prop_assert_eq!((stamp.to_utc_ms(), stamp.quarters()), (Some(seconds * 1000), Some(quarters)));
        }

        #[test]
        fn any_octets_are_a_time_or_not(octets: [u8; 7], value: u8) {
            let _ = (Timestamp(octets).to_utc_ms(), ValidityPeriod::Absolute(Timestamp(octets)).duration(u64::MAX));
            let _ = (ValidityPeriod::Enhanced(octets).duration(0), ValidityPeriod::Relative(value).duration(0));
        }
    }
}
