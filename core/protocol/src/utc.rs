//! Times of day as texts: RFC 3339 in XML and message/cpim, the Date of SIP (RFC 3261 clause 20.17). UTC in milliseconds
//! since 1970-01-01.

/// `2007-04-05T12:16:49Z`, with milliseconds where there are some.
pub fn to_rfc3339(utc_ms: u64) -> String {
    let (year, month, day, hour, minute, second) = of_ms(utc_ms);
    let whole = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    match utc_ms % 1000 {
        0 => format!("{whole}Z"),
        ms => format!("{whole}.{ms:03}Z"),
    }
}

/// Reads a time with `Z` or an offset; what is finer than a millisecond is cut.
pub fn from_rfc3339(text: &str) -> Option<u64> {
    let (date, time) = text.split_once(['T', 't'])?;
    let mut parts = date.splitn(3, '-');
    let day = day_of(number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?)?;
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone);
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = whole.splitn(3, ':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let seconds = seconds_of(hour, minute, number(parts.next()?, 2)?)?;
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let ms: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let local = (day * 86_400 + seconds) * 1000 + ms;
    let Some((hours, minutes)) = zone.get(1..).and_then(|offset| offset.split_once(':')) else {
        return matches!(zone, "Z" | "z").then_some(local);
    };
    let offset = seconds_of(number(hours, 2)?, number(minutes, 2)?, 0)? * 1000;
    if zone.starts_with('+') { local.checked_sub(offset) } else { Some(local + offset) }
}

/// `Sat, 13 Nov 2010 23:29:00 GMT`.
pub fn to_sip_date(utc_ms: u64) -> String {
    let (year, month, day, hour, minute, second) = of_ms(utc_ms);
    // 1970-01-01 was a Thursday.
    let weekday = WEEKDAYS[((utc_ms / 86_400_000 + 4) % 7) as usize];
    let month = MONTHS[usize::from(month) - 1];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Reads the Date of SIP; the day of the week is not looked at.
pub fn from_sip_date(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(", ")?;
    let parts: Vec<_> = rest.split(' ').collect();
    let [day, month, year, time, "GMT"] = parts[..] else { return None };
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? as u64 + 1;
    let mut clock = time.splitn(3, ':');
    let (hour, minute) = (number(clock.next()?, 2)?, number(clock.next()?, 2)?);
    let seconds = seconds_of(hour, minute, number(clock.next()?, 2)?)?;
    let day = day_of(number(year, 4)?, month, number(day, 2)?)?;
    Some((day * 86_400 + seconds) * 1000)
}

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn number(text: &str, digits: usize) -> Option<u64> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Seconds since midnight; a leap second counts as the one before it.
pub(crate) fn seconds_of(hour: u64, minute: u64, second: u64) -> Option<u64> {
    (hour < 24 && minute < 60 && second <= 60).then(|| hour * 3600 + minute * 60 + second.min(59))
}

/// Days since 1970-01-01, in the Gregorian calendar counted from 0000-03-01.
pub(crate) fn day_of(year: u64, month: u64, day: u64) -> Option<u64> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        2 => 28 + u64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year < 1970 || day == 0 || day > longest {
        return None;
    }
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (shifted_year / 400, shifted_year % 400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Year, month, day, hour, minute, second.
pub(crate) fn of_ms(utc_ms: u64) -> (u64, u8, u8, u64, u64, u64) {
    let seconds = utc_ms / 1000;
    let days = seconds / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * shifted + 2) / 5 + 1) as u8;
    let month = (if shifted < 10 { shifted + 3 } else { shifted - 9 }) as u8;
    let year = era * 400 + year + u64::from(month <= 2);
    (year, month, day, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_documents() {
        assert_eq!(to_rfc3339(0), "1970-01-01T00:00:00Z");
        // RFC 3339 clause 5.8.
        assert_eq!(from_rfc3339("1985-04-12T23:20:50.52Z").map(to_rfc3339).unwrap(), "1985-04-12T23:20:50.520Z");
        assert_eq!(from_rfc3339("1996-12-19T16:39:57-08:00").map(to_rfc3339).unwrap(), "1996-12-20T00:39:57Z");
        assert_eq!(from_rfc3339("1990-12-31T23:59:60Z").map(to_rfc3339).unwrap(), "1990-12-31T23:59:59Z");
        // RFC 3261 clause 20.17.
        let date = "Sat, 13 Nov 2010 23:29:00 GMT";
        assert_eq!(from_sip_date(date).map(to_sip_date).as_deref(), Some(date));
        for bad in ["", "1985-04-12", "1985-02-29T00:00:00Z", "1985-04-12T24:00:00Z", "1985-04-12T23:20:50", "éT+:"] {
            assert_eq!(from_rfc3339(bad), None, "{bad}");
        }
        assert_eq!(from_sip_date("Sat, 13 Nov 2010 23:29:00 CET"), None);
    }

    #[test]
    fn days_come_back() {
        for day in (0..60_000).step_by(7) {
            let ms = day * 86_400_000 + 12_345_678;
            assert_eq!(from_rfc3339(&to_rfc3339(ms)), Some(ms));
            assert_eq!(from_sip_date(&to_sip_date(ms)), Some(ms / 1000 * 1000));
        }
    }
}
