//! Numbers as people read them.

/// Octets in decimal units: `412.3 kB`.
pub(super) fn octets(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.1} kB", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.2} MB", n as f64 / 1e6),
        _ => format!("{:.2} GB", n as f64 / 1e9),
    }
}

/// A number of things, one or more: `1 port`, `2 ports`.
pub(crate) fn counted(n: u64, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}

/// A whole number in groups of three, with thin spaces.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// Seconds: three decimals below ten seconds, fewer above.
pub(super) fn seconds(s: f64) -> String {
    match s {
        s if s < 10.0 => format!("{s:.3} s"),
        s if s < 100.0 => format!("{s:.2} s"),
        s => format!("{s:.1} s"),
    }
}

/// Nanoseconds of run time, as [`seconds`].
pub(super) fn at(ns: u64) -> String {
    seconds(ns as f64 / 1e9)
}

/// A ratio in percent with two significant digits, `0 %` when it is nothing.
pub(crate) fn percent(ratio: f64) -> String {
    let p = ratio * 100.0;
    match p {
        0.0 => "0 %".into(),
        p if p >= 99.995 => format!("{p:.0} %"),
        p if p >= 10.0 => format!("{p:.1} %"),
        p if p >= 1.0 => format!("{p:.2} %"),
        p if p >= 0.01 => format!("{p:.3} %"),
        p => format!("{p:.1e} %"),
    }
}

/// Bit rate.
pub(super) fn bit_rate(bps: f64) -> String {
    if bps >= 1e6 { format!("{:.2} Mbit/s", bps / 1e6) } else { format!("{:.1} kbit/s", bps / 1e3) }
}

/// The first digits of a hash.
pub(super) fn short_hash(hex: &str) -> &str {
    hex.get(..12).unwrap_or(hex)
}

/// A number with the digits that it needs, at most four after the point.
pub(super) fn number(x: f64) -> String {
    let fixed = format!("{x:.4}");
    let trimmed = if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.') } else { &fixed };
    if trimmed == "0" && x != 0.0 { format!("{x:e}") } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_read_them() {
        assert_eq!(octets(999), "999 B");
        assert_eq!(octets(412_345), "412.3 kB");
        assert_eq!(octets(10_000_000), "10.00 MB");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(12), "12");
        assert_eq!((counted(1, "port"), counted(2, "port")), ("1 port".into(), "2 ports".into()));
        assert_eq!((percent(0.0), percent(1.0), percent(0.0123)), ("0 %".into(), "100 %".into(), "1.23 %".into()));
        assert_eq!((percent(0.000_25), percent(0.000_002)), ("0.025 %".into(), "2.0e-4 %".into()));
        assert_eq!((seconds(1.5), seconds(72.25)), ("1.500 s".into(), "72.25 s".into()));
        assert_eq!((number(0.01), number(20.0), number(-1.5)), ("0.01".into(), "20".into(), "-1.5".into()));
    }
}
