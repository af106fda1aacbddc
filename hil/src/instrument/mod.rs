//! How instruments are talked to: lines over TCP (SCPI), HTTP, commands of a shell. Drivers: they wait in real time, but
//! never longer than [`PATIENCE`].

mod http;
mod lines;
mod shell;

use std::io;
use std::time::Duration;

pub(crate) use http::http_get;
pub(crate) use lines::command_and_query;
pub(crate) use shell::run_shell;

/// Longest wait for an instrument to do one thing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// An instrument that did not do what it was told.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {why}")]
pub(crate) struct InstrumentError {
    /// Address, command or file.
    place: String,
    /// What went wrong.
    why: String,
}

impl InstrumentError {
    pub(crate) fn new(place: impl Into<String>, why: impl Into<String>) -> Self {
        Self { place: place.into(), why: why.into() }
    }

    pub(crate) fn io(place: impl Into<String>, error: &io::Error) -> Self {
        let why = match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                format!("no answer within {} s", PATIENCE.as_secs())
            }
            _ => error.to_string(),
        };
        Self::new(place, why)
    }
}

/// The number that an answer begins with.
pub(crate) fn number(answer: &str) -> Option<f64> {
    let text = answer.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(text.len());
    // "10E" of "10 EUR" and the like cannot come: a letter e needs digits after it.
    (1..=end).rev().find_map(|end| text.get(..end)?.parse().ok()).filter(|n: &f64| n.is_finite())
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_found_in_answers() {
        for (answer, value) in
            [("10.25", Some(10.25)), (" 95 dB\r\n", Some(95.0)), ("-3e1", Some(-30.0)), ("1E", Some(1.0))]
        {
            assert_eq!(number(answer), value, "{answer}");
        }
        for none in ["", "dB 3", "inf", "e"] {
            assert_eq!(number(none), None, "{none}");
        }
    }
}
