//! Time stamps and validity periods of short messages: TS 23.040 clauses 9.2.3.11 and 9.2.3.12.

use std::time::{Duration, SystemTime};

use protocol::Instant;
use tpdu::{ValidityPeriod, timestamp_digits};

use super::super::date;

const DAY: u64 = 86_400;
/// 63 weeks (TP-VP of 255), also where no validity is given.
pub(super) const LONGEST_VALIDITY: Duration = Duration::from_secs(63 * 7 * DAY);

/// Seconds since 1970 at a moment of the run.
fn utc(wall_clock: SystemTime, now: Instant) -> u64 {
    let start = wall_clock.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    start.as_secs_f64() as u64 + now.as_secs_f64() as u64
}

/// TP-SCTS and TP-DT, UTC.
pub(super) fn stamp(wall_clock: SystemTime, now: Instant) -> String {
    let utc = utc(wall_clock, now);
    let (year, month, day) = date::of_day(utc / DAY);
    let [hour, minute, second] = [utc / 3600 % 24, utc / 60 % 60, utc % 60].map(|v| v as u8);
    timestamp_digits((year % 100) as u8, month, day, hour, minute, second, 0).unwrap_or_else(|_| "0".repeat(14))
}

/// How long from now; `None`: not known.
pub(super) fn validity(period: &ValidityPeriod, wall_clock: SystemTime, now: Instant) -> Option<Duration> {
    match period {
        ValidityPeriod::Relative(value) => Some(relative(*value)),
        ValidityPeriod::Absolute(digits) => {
            let until = seconds_of(digits)?;
            Some(Duration::from_secs(until.saturating_sub(utc(wall_clock, now))))
        }
        // Clause 9.2.3.12.3: bits 2 to 0 of the first octet say what follows.
        ValidityPeriod::Enhanced([kind, value, minutes, seconds, ..]) => match kind & 7 {
            1 => Some(relative(*value)),
            2 => Some(Duration::from_secs((*value).into())),
            3 => {
                let two = |octet: &u8| u64::from(octet & 15) * 10 + u64::from(octet >> 4);
                Some(Duration::from_secs(two(value) * 3600 + two(minutes) * 60 + two(seconds)))
            }
            _ => None,
        },
    }
}

/// The table of clause 9.2.3.12.1.
fn relative(value: u8) -> Duration {
    let value = u64::from(value);
    Duration::from_secs(match value {
        0..=143 => (value + 1) * 300,
        144..=167 => DAY / 2 + (value - 143) * 1800,
        168..=196 => (value - 166) * DAY,
        _ => (value - 192) * 7 * DAY,
    })
}

/// Seconds since 1970 of a time stamp; the time zone is in quarters of an hour, its sign in the top bit.
fn seconds_of(digits: &str) -> Option<u64> {
    let two = |at: usize| digits.get(at..at + 2)?.parse::<u64>().ok();
    let days = date::day(2000 + two(0)?, two(2)?, two(4)?);
    let seconds = days * DAY + two(6)? * 3600 + two(8)? * 60 + two(10)?;
    let tens = digits.get(12..13).and_then(|digit| u64::from_str_radix(digit, 16).ok())?;
    let offset = ((tens & 7) * 10 + digits.get(13..14)?.parse::<u64>().ok()?) * 900;
    if tens & 8 == 0 { seconds.checked_sub(offset) } else { Some(seconds + offset) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_of_known_moments() {
        let at = |seconds| stamp(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds), Instant::from_millis(1_500));
        assert_eq!(at(1_767_225_599), "26010100000000");
        assert_eq!(at(1_709_210_095), "24022912345600");
    }

    #[test]
    fn validity_in_all_forms() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let of = |period| validity(&period, start, Instant::ZERO).map(|v| v.as_secs());
        // The ends of each part of the table.
        for (value, seconds) in [
            (0, 300),
            (143, DAY / 2),
            (144, DAY / 2 + 1800),
            (167, DAY),
            (168, 2 * DAY),
            (196, 30 * DAY),
            (197, 35 * DAY),
        ] {
            assert_eq!(of(ValidityPeriod::Relative(value)), Some(seconds), "{value}");
        }
        assert_eq!(of(ValidityPeriod::Relative(255)), Some(LONGEST_VALIDITY.as_secs()));
        assert_eq!(of(ValidityPeriod::Absolute("26010100100000".into())), Some(600));
        assert_eq!(of(ValidityPeriod::Absolute("26010101100004".into())), Some(600), "an hour east of Greenwich");
        assert_eq!(of(ValidityPeriod::Absolute("25123123100084".into())), Some(600), "an hour west of Greenwich");
        assert_eq!(of(ValidityPeriod::Absolute("25010101100004".into())), Some(0), "over");
        assert_eq!(of(ValidityPeriod::Enhanced([2, 90, 0, 0, 0, 0, 0])), Some(90));
        assert_eq!(of(ValidityPeriod::Enhanced([3, 0x10, 0x20, 0x30, 0, 0, 0])), Some(3600 + 120 + 3));
        assert_eq!(of(ValidityPeriod::Enhanced([0, 0, 0, 0, 0, 0, 0])), None);
    }
}
