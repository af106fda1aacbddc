//! A personality made of a record: what was answered to which command, in its own time.

use std::time::Duration;

use protocol::Instant;
use serde::{Deserialize, Serialize};

use super::entry::{Recording, Side};
use super::redact::Redactor;

/// Pieces of a modem that come within this time are one saying.
const TOGETHER: Duration = Duration::from_millis(5);
/// Ends the text of a message, and leaves it (TS 27.005 clause 3.5.1).
const CTRL_Z: u8 = 0x1A;
const ESC: u8 = 0x1B;

/// A modem that was recorded. Octets are written as the characters of the same number, U+0000 to U+00FF.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedPersonality {
    /// What was recorded, and of whom nothing is in here.
    pub recorded: String,
    /// What it said before it was asked anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<Saying>,
    /// What it was asked, in order.
    #[serde(default, rename = "exchange")]
    pub exchanges: Vec<Exchange>,
}

/// A command line, or the text of a message, and all that the modem said until the next one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Without the character that ends it.
    pub command: String,
    /// It was ended by Ctrl-Z: the text of a message.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_text: bool,
    /// What was said.
    #[serde(default)]
    pub says: Vec<Saying>,
}

/// Something that a modem said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saying {
    /// After the command, or after the start.
    pub after_ms: u64,
    /// Octets as characters.
    pub words: String,
}

impl RecordedPersonality {
    /// Makes a personality of a record, without identities of modem and subscriber, numbers, PINs and texts.
    pub fn of_record(recording: &Recording) -> Self {
        let mut plain = Self::plain(recording);
        Redactor::new(&plain).redact(&mut plain);
        plain
    }

    /// With everything.
    fn plain(recording: &Recording) -> Self {
        let mut personality =
            Self { recorded: format!("record of {}", recording.head.port), first: Vec::new(), exchanges: Vec::new() };
        let (mut line, mut began, mut spoke): (Vec<u8>, Instant, Option<Instant>) = (Vec::new(), Instant::ZERO, None);
        for (at, side, bytes) in &recording.pieces {
            match side {
                Side::Host => {
                    for &byte in bytes {
                        if let Some(exchange) = host_character(&mut line, byte) {
                            personality.exchanges.push(exchange);
                            (began, spoke) = (*at, None);
                        }
                    }
                }
                Side::Modem => {
                    let says = match personality.exchanges.last_mut() {
                        Some(exchange) => &mut exchange.says,
                        None => &mut personality.first,
                    };
                    let words: String = bytes.iter().copied().map(char::from).collect();
                    let goes_on = spoke.is_some_and(|spoke| *at - spoke < TOGETHER);
                    match says.last_mut().filter(|_| goes_on) {
                        Some(last) => last.words.push_str(&words),
                        None => says.push(Saying { after_ms: (*at - began).as_millis() as u64, words }),
                    }
                    spoke = Some(*at);
                }
            }
        }
        personality
    }

    /// Reads a personality.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub fn parse(text: &str) -> Result<Self, String> {
        let personality: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        let sayings = personality.first.iter().chain(personality.exchanges.iter().flat_map(|e| &e.says));
        let wrong = sayings.flat_map(|saying| saying.words.chars()).find(|&c| u8::try_from(c).is_err());
        wrong.map_or(Ok(personality), |c| Err(format!("{c:?} is no octet: characters up to U+00FF stand for octets")))
    }

    /// As a file.
    ///
    /// # Errors
    /// It cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String, String> {
        toml::to_string(self).map_err(|e| e.to_string())
    }
}

/// A character of the host; the command line or text that it ends.
pub(super) fn host_character(line: &mut Vec<u8>, byte: u8) -> Option<Exchange> {
    match byte {
        b'\r' | CTRL_Z => {
            let command = std::mem::take(line).into_iter().map(char::from).collect::<String>();
            let is_text = byte == CTRL_Z;
            (is_text || !command.trim().is_empty()).then_some(Exchange { command, is_text, says: Vec::new() })
        }
        // Leaves a text; line feeds after a CR mean nothing.
        ESC => {
            line.clear();
            None
        }
        b'\n' | 0 => None,
        _ => {
            line.push(byte);
            None
        }
    }
}
