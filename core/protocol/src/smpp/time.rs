//! Times: SMPP 3.4 clause 7.1.1.

use std::fmt;
use std::time::Duration;

use super::message::TimeString;
use crate::utc;

const DAY: u64 = 86_400;
const QUARTER_MS: i64 = 15 * 60 * 1000;
/// Most quarters of an hour between local time and UTC.
const MAX_QUARTERS: i8 = 48;

/// A time in a PDU.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SmppTime {
    /// A moment.
    Absolute {
        /// UTC in milliseconds since 1970; tenths of a second are told.
        utc_ms: u64,
        /// Quarters of an hour by which local time is ahead.
        quarters: i8,
    },
    /// So much after the time at the message centre.
    Relative {
        /// Years.
        years: u8,
        /// Months.
        months: u8,
        /// Days.
        days: u8,
        /// Hours.
        hours: u8,
        /// Minutes.
        minutes: u8,
        /// Seconds.
        seconds: u8,
    },
}

impl SmppTime {
    /// A moment, told in UTC.
    pub const fn absolute(utc_ms: u64) -> Self {
        Self::Absolute { utc_ms, quarters: 0 }
    }

    /// So much later, in whole seconds; `None`: more than 31 days, for which there is no number of days.
    pub fn after(period: Duration) -> Option<Self> {
        let seconds = period.as_secs() + u64::from(period.subsec_nanos() > 0);
        let [days, hours, minutes, seconds] = [seconds / DAY, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60];
        let days = u8::try_from(days).ok().filter(|days| *days <= 31)?;
        let [hours, minutes, seconds] = [hours, minutes, seconds].map(|value| value as u8);
        Some(Self::Relative { years: 0, months: 0, days, hours, minutes, seconds })
    }

    /// When that is, for a message centre where it is `now`. A day that its month has not is the first of the next.
    pub fn at(self, now_utc_ms: u64) -> u64 {
        let Self::Relative { years, months, days, hours, minutes, seconds } = self else {
            let Self::Absolute { utc_ms, .. } = self else { return now_utc_ms };
            return utc_ms;
        };
        let (year, month, day, ..) = utc::of_ms(now_utc_ms);
        let month = u64::from(month) - 1 + u64::from(months);
        let (year, month) = (year + u64::from(years) + month / 12, month % 12 + 1);
        let first = utc::day_of(year, month, day.into()).or_else(|| utc::day_of(year, month + 1, 1));
        let day = first.unwrap_or(now_utc_ms / 1000 / DAY) + u64::from(days);
        let in_day = now_utc_ms % (DAY * 1000);
        let more = u64::from(hours) * 3600 + u64::from(minutes) * 60 + u64::from(seconds);
        day * DAY * 1000 + in_day + more * 1000
    }

    /// Reads one of 16 characters, or of the 12 that message centres report: UTC then. `None`: it is none.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let two = |at: usize| text.get(at..at + 2).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        let number = |at: usize| two(at)?.parse::<u8>().ok();
        let [years, months, days] = [number(0)?, number(2)?, number(4)?];
        let [hours, minutes, seconds] = [number(6)?, number(8)?, number(10)?];
        let (tenths, quarters, sign) = match text.len() {
            12 => (0, 0, "+"),
            16 => (text.get(12..13)?.parse::<u8>().ok()?, number(13)? as i8, text.get(15..)?),
            _ => return None,
        };
        let quarters = match sign {
            "R" => return Some(Self::Relative { years, months, days, hours, minutes, seconds }),
            "+" => quarters,
            "-" => -quarters,
            _ => return None,
        };
        let day = utc::day_of(2000 + u64::from(years), months.into(), days.into())?;
        let second = utc::seconds_of(hours.into(), minutes.into(), seconds.into())?;
        let local = (day * DAY + second) * 1000 + u64::from(tenths) * 100;
        Some(Self::Absolute { utc_ms: local.checked_add_signed(-i64::from(quarters) * QUARTER_MS)?, quarters })
    }

    /// As a PDU has it.
    pub fn to_time_string(self) -> TimeString {
        TimeString::new(self.to_string()).unwrap_or_default()
    }
}

impl fmt::Display for SmppTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Absolute { utc_ms, quarters } => {
                let quarters = quarters.clamp(-MAX_QUARTERS, MAX_QUARTERS);
                let local = utc_ms.saturating_add_signed(i64::from(quarters) * QUARTER_MS);
                let sign = if quarters < 0 { '-' } else { '+' };
                write!(f, "{}{}{:02}{sign}", date(local), local / 100 % 10, quarters.unsigned_abs())
            }
            Self::Relative { years, months, days, hours, minutes, seconds } => {
                let parts = [years, months, days, hours, minutes, seconds].map(|value| value.min(99));
                parts.iter().try_for_each(|value| write!(f, "{value:02}"))?;
                f.write_str("000R")
            }
        }
    }
}

/// `YYMMDDhhmmss`.
pub(super) fn date(utc_ms: u64) -> String {
    let (year, month, day, hour, minute, second) = utc::of_ms(utc_ms);
    format!("{:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}", year % 100)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-11-12T21:21:00Z.
    const NOW: u64 = 1_794_518_460_000;

    #[test]
    fn moments_and_periods() {
        let parse = |text: &str| SmppTime::parse(text.as_bytes());
        let absolute = SmppTime::Absolute { utc_ms: NOW + 300, quarters: 8 };
        assert_eq!((absolute.to_string().as_str(), parse("261112232100308+")), ("261112232100308+", Some(absolute)));
        assert_eq!(parse("261112162100020-").map(|time| time.at(0)), Some(NOW));
        assert_eq!(
            (parse("261112212100"), parse("261112212100").map(|t| t.at(0))),
            (Some(SmppTime::absolute(NOW)), Some(NOW))
        );
        // The example of clause 7.1.1.2: two years, six months, ten days, 23 hours, 34 minutes and 29 seconds.
        let relative = parse("020610233429000R").unwrap();
        assert_eq!(relative.to_string(), "020610233429000R");
        assert_eq!(utc::to_rfc3339(relative.at(NOW)), "2029-05-23T20:55:29Z");
        for text in ["", "26111221210", "2611122121000000", "261312212100000+", "26111221210000é", "+61112212100000+"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn months_of_other_lengths() {
        let month = SmppTime::parse(b"000100000000000R").unwrap();
        let later = |text: &str| utc::to_rfc3339(month.at(utc::from_rfc3339(text).unwrap()));
        assert_eq!(later("2026-01-31T01:02:03Z"), "2026-03-01T01:02:03Z");
        assert_eq!(later("2026-12-05T00:00:00Z"), "2027-01-05T00:00:00Z");
        let three_days = SmppTime::after(Duration::from_secs(3 * DAY)).unwrap();
        assert_eq!((three_days.to_string().as_str(), three_days.at(NOW)), ("000003000000000R", NOW + 3 * DAY * 1000));
        assert_eq!(SmppTime::after(Duration::from_secs(32 * DAY)), None);
    }

    proptest! {
        #[test]
        fn times_come_back(tenths in 9_500_000_000_u64..40_000_000_000, quarters in -48_i8..=48) {
            let time = SmppTime::Absolute { utc_ms: tenths * 100, quarters };
            prop_assert_eq!(SmppTime::parse(time.to_time_string().as_bytes()), Some(time));
        }

        #[test]
        fn any_text_is_a_time_or_not(text in "[0-9+R-]{12,16}", now in 0_u64..100_000_000_000_000) {
            if let Some(time) = SmppTime::parse(text.as_bytes()) {
                let again = SmppTime::parse(time.to_string().as_bytes());
                prop_assert!(again.is_some());
                let _ = time.at(now);
            }
        }
    }
}
