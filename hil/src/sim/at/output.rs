//! What a modem writes: V.250 clause 5.7, with the habits of a [`Personality`].

use std::fmt::Write as _;

use super::super::super::at::EquipmentError;
use super::personality::{Personality, Quirk};

/// What formats answers: `E`, `V`, `Q`, `+CMEE`, S3 to S5.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Format {
    pub(super) echo: bool,
    pub(super) verbose: bool,
    pub(super) quiet: bool,
    pub(super) cmee: u8,
    pub(super) s3: u8,
    pub(super) s4: u8,
    pub(super) s5: u8,
}

impl Format {
    pub(super) fn new(personality: &Personality) -> Self {
        let verbose = !personality.has(Quirk::NumericAtFirst);
        Self { echo: true, verbose, quiet: false, cmee: 0, s3: b'\r', s4: b'\n', s5: 8 }
    }
}

/// How a command line ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Final {
    Ok,
    Error,
    /// `+CME ERROR`.
    Cme(u16),
    /// `+CMS ERROR`.
    Cms(u16),
    /// The word or nothing.
    NotSupported,
    Aborted,
}

/// TS 27.007 clause 9.2: operation not supported.
pub(super) const NOT_SUPPORTED: Final = Final::NotSupported;

/// Writes lines.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    pub(super) format: Format,
    out: Vec<u8>,
}

impl Writer {
    pub(super) fn new(personality: &Personality) -> Self {
        Self { format: Format::new(personality), out: Vec::new() }
    }

    /// What is to be sent since the last call.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn end(&mut self, personality: &Personality) {
        if !personality.has(Quirk::LfOnly) {
            self.out.push(self.format.s3);
        }
        self.out.push(self.format.s4);
    }

    /// A line of information text, or an unsolicited code; several lines of one are separated by LF here.
    pub(super) fn information(&mut self, personality: &Personality, text: &str) {
        if personality.has(Quirk::Nuls) {
            self.out.extend_from_slice(&[0, 0]);
        }
        if self.format.verbose {
            self.end(personality);
        }
        for line in text.split('\n') {
            let line = in_manner(personality, line);
            self.out.extend_from_slice(line.as_bytes());
            self.end(personality);
        }
        if personality.has(Quirk::BlankLines) {
            (0..3).for_each(|_| self.end(personality));
        }
    }

    /// A result code.
    pub(super) fn result(&mut self, personality: &Personality, result: Final) {
        if self.format.quiet {
            return;
        }
        let word = match result {
            Final::Ok => "OK".to_owned(),
            Final::Aborted => "ABORTED".to_owned(),
            Final::NotSupported if personality.has(Quirk::CommandNotSupport) => "COMMAND NOT SUPPORT".to_owned(),
            Final::NotSupported => self.cause(personality, "+CME ERROR", 4),
            Final::Cme(code) => self.cause(personality, "+CME ERROR", code),
            Final::Cms(code) => self.cause(personality, "+CMS ERROR", code),
            Final::Error => "ERROR".to_owned(),
        };
        let digit = match word.as_str() {
            "OK" => Some(b'0'),
            "ERROR" => Some(b'4'),
            _ => None,
        };
        match digit {
            Some(digit) if !self.format.verbose => self.out.extend_from_slice(&[digit, self.format.s3]),
            _ => {
                self.end(personality);
                self.out.extend_from_slice(word.as_bytes());
                self.end(personality);
            }
        }
    }

    /// `+CMEE=0` has ERROR alone; `+CMS ERROR` comes whatever is set (TS 27.005 clause 3.2.5).
    fn cause(&self, personality: &Personality, name: &str, code: u16) -> String {
        let in_words = self.format.cmee == 2 || personality.has(Quirk::ErrorsInWords);
        let mut text = String::new();
        if self.format.cmee == 0 && name == "+CME ERROR" && !in_words {
            "ERROR".clone_into(&mut text);
        } else {
            let words = EquipmentError::Code(code).words(name).filter(|_| in_words);
            let _ = match words {
                Some(words) => write!(text, "{name}: {words}"),
                None => write!(text, "{name}: {code}"),
            };
        }
        text
    }
}

/// An answer as this modem puts it.
fn in_manner(personality: &Personality, line: &str) -> String {
    let mut line = line.to_owned();
    if personality.has(Quirk::NoSpaceAfterColon) && line.starts_with('+') {
        line = line.replacen(": ", ":", 1);
    }
    if personality.has(Quirk::SpacesAfterCommas) && line.starts_with('+') {
        line = line.replace(',', ", ");
    }
    line
}
