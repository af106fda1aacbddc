//! Dates of mails (RFC 5322 clauses 3.3 and 4.3).

use crate::utc::{day_of, seconds_of, to_sip_date};

/// A time, in milliseconds since 1970-01-01 UTC, as a mail has it: `Sat, 13 Nov 2010 23:29:00 +0000`; what is finer than a second is cut.
pub fn to_date(utc_ms: u64) -> String {
    to_sip_date(utc_ms).replace("GMT", "+0000")
}

/// Reads a date with its zone, as milliseconds since 1970-01-01 UTC; the day of the week is not looked at.
pub fn from_date(text: &str) -> Option<u64> {
    // A comment at the end names the zone.
    let text = text.split('(').next()?;
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut words = text.split_ascii_whitespace();
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let (time, zone) = (words.next()?, words.next().unwrap_or("-0000"));
    let month = MONTHS.iter().position(|name| month.get(..3).is_some_and(|m| m.eq_ignore_ascii_case(name)))? as u64 + 1;
    let year = match (year.len(), number(year)?) {
        // Clause 4.3.
        (2, year @ 0..50) => 2000 + year,
        (2 | 3, year) => 1900 + year,
        (4, year) => year,
        _ => return None,
    };
    let mut clock = time.split(':');
    let (hour, minute) = (number(clock.next()?)?, number(clock.next()?)?);
    let second = clock.next().map_or(Some(0), number)?;
    let local = day_of(year, month, number(day)?)? * 86_400 + seconds_of(hour, minute, second)?;
    let sign = zone.chars().next();
    let seconds = match sign {
        Some('+' | '-') if zone.len() == 5 => {
            let (hours, minutes) = (number(zone.get(1..3)?)?, number(zone.get(3..)?)?);
            hours * 3600 + minutes * 60
        }
        Some('+' | '-') => return None,
        // Clause 4.3: letters are no zone that can be trusted, but for these.
        _ => american(zone) * 3600,
    };
    let utc = if sign == Some('+') { local.checked_sub(seconds)? } else { local + seconds };
    Some(utc * 1000)
}

/// Hours west of Greenwich.
fn american(zone: &str) -> u64 {
    match zone.to_ascii_uppercase().as_str() {
        "EDT" => 4,
        "EST" | "CDT" => 5,
        "CST" | "MDT" => 6,
        "MST" | "PDT" => 7,
        "PST" => 8,
        _ => 0,
    }
}

fn number(text: &str) -> Option<u64> {
    ((1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read() {
        // RFC 5322 appendix A, as `date -u -d … +%s` has them.
        for (text, utc) in [
            ("Fri, 21 Nov 1997 09:55:06 -0600", 880_127_706),
            ("Tue, 1 Jul 2003 10:52:37 +0200", 1_057_049_557),
            ("21 Nov 97 09:55:06 GMT", 880_106_106),
            ("Thu,\t13 Feb 1969 23:32 -0330 (Newfoundland Time)", 0),
            ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", 0),
            ("Fri, 21 Nov 1997 04:55:06 EST", 880_106_106),
            ("Wed, 30 Feb 2022 00:00:00 +0000", 0),
            ("now", 0),
        ] {
            assert_eq!(from_date(text), (utc > 0).then_some(utc * 1000), "{text}");
        }
        assert_eq!(to_date(880_127_706_000), "Fri, 21 Nov 1997 15:55:06 +0000");
        assert_eq!(from_date(&to_date(880_127_706_999)), Some(880_127_706_000));
    }
}
