//! The record of a port: one JSON object a line, first what was recorded, then every piece with its time and direction.

use protocol::Instant;
use serde::{Deserialize, Serialize};

/// Who said something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The host.
    Host,
    /// The modem.
    Modem,
}

/// First line of a record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordHead {
    /// Version of this format: 1.
    pub at_record: u8,
    /// Which port.
    pub port: String,
    /// Nanoseconds of UTC since 1970 at time 0 of the record.
    pub utc_ns: u64,
}

/// A piece: bytes as they were read or written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    ns: u64,
    from: Side,
    /// Two hexadecimal digits an octet.
    hex: String,
    /// The same for people.
    #[serde(default)]
    text: String,
}

/// A record that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recording {
    /// What was recorded.
    pub head: RecordHead,
    /// When, who, what.
    pub pieces: Vec<(Instant, Side, Vec<u8>)>,
}

/// Why a record is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RecordError {
    /// A line is not what it should be.
    #[error("line {line}: {why}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// There is nothing in it.
    #[error("the record is empty: is it one of `castbench modem record`?")]
    Empty,
}

/// The first line of a record.
pub fn head_line(port: &str, utc_ns: u64) -> String {
    json(&RecordHead { at_record: 1, port: port.to_owned(), utc_ns })
}

/// A line of a record.
pub fn record_line(at: Instant, from: Side, bytes: &[u8]) -> String {
    let hex = hex::encode_upper(bytes);
    json(&Entry { ns: at.as_nanos(), from, hex, text: bytes.escape_ascii().to_string() })
}

fn json(value: &impl Serialize) -> String {
    // Strings and numbers alone: there is nothing that could not be written.
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

impl Recording {
    /// Reads a record. A last line that was cut off is left out: whoever recorded was interrupted.
    ///
    /// # Errors
    /// Which line is wrong.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let mut lines = text.lines().enumerate();
        let (_, first) = lines.next().ok_or(RecordError::Empty)?;
        let wrong = |line: usize, why: String| RecordError::Line { line: line + 1, why };
        let head: RecordHead = serde_json::from_str(first).map_err(|e| wrong(0, e.to_string()))?;
        if head.at_record != 1 {
            return Err(wrong(0, format!("version {} of the format is not known, 1 is", head.at_record)));
        }
        let whole = text.ends_with('\n');
        let count = text.lines().count();
        let mut pieces = Vec::new();
        for (i, line) in lines.filter(|(_, line)| !line.is_empty()) {
            match entry(line) {
                Ok(piece) => pieces.push(piece),
                Err(_) if !whole && i + 1 == count => {}
                Err(why) => return Err(wrong(i, why)),
            }
        }
        Ok(Self { head, pieces })
    }
}

fn entry(line: &str) -> Result<(Instant, Side, Vec<u8>), String> {
    let Entry { ns, from, hex, .. } = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let octets = hex::decode(&hex).map_err(|e| format!("hex: {e}"))?;
    Ok((Instant::from_nanos(ns), from, octets))
}
