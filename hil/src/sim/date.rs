//! The Gregorian calendar, in days since 1970-01-01.

/// Year, month, day of a day since 1970-01-01, Gregorian calendar counted from 0000-03-01.
pub(super) fn of_day(days: u64) -> (u64, u8, u8) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year + u64::from(month <= 2), month as u8, day as u8)
}

/// The day since 1970-01-01.
pub(super) fn day(year: u64, month: u64, of_month: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted + 2) / 5 + of_month.saturating_sub(1);
    (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year).saturating_sub(719_468)
}

#[cfg(test)]
mod tests {
    #[test]
    fn days_and_dates() {
        assert_eq!(super::of_day(0), (1970, 1, 1));
        assert_eq!(super::day(2024, 2, 29), 19_782);
        for day in (0..40_000).step_by(7) {
            let (year, month, of_month) = super::of_day(day);
            assert_eq!(super::day(year, month.into(), of_month.into()), day);
        }
    }
}
