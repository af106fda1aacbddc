//! Rigs: one TOML file says what is real and what is simulated at each joint of the bench.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

pub use self::soapy::SoapyRig;
use crate::strict_toml::{Table, TomlProblems, read_document, read_text};

mod soapy;

/// What is real and what is simulated.
#[derive(Clone, PartialEq, Debug)]
pub struct Rig {
    /// Name for the reports.
    pub name: String,
    /// Who moves time on.
    pub clock: Clock,
    /// What carries the IQ from the eNB to the UEs.
    pub radio: RadioFrontEnd,
    /// What the UEs are.
    pub ues: UeKind,
    /// SDR devices.
    pub soapysdr: Option<SoapyRig>,
}

/// Who moves time on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Clock {
    /// Time jumps to the next deadline.
    #[default]
    Virtual,
}

/// What carries the IQ from the eNB to the UEs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RadioFrontEnd {
    /// Memory, through the channel model of each UE.
    #[default]
    Memory,
}

/// What the UEs are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UeKind {
    /// Receiver and MBMS client of this program.
    #[default]
    Simulated,
}

/// A rig that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadRigError {
    /// The file cannot be read.
    #[error("cannot read rig {}: {source}; without --rig everything is simulated", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file says something that is not allowed, or not built yet.
    #[error(transparent)]
    Wrong(#[from] TomlProblems),
}

impl Rig {
    /// Reads and checks a rig file.
    pub fn load(file: &Path) -> Result<Self, LoadRigError> {
        let text = read_text(file).map_err(|source| LoadRigError::Read { file: file.into(), source })?;
        Ok(Self::parse(file, &text)?)
    }

    /// As [`Rig::load`], with the text of the file already there.
    pub fn parse(file: &Path, text: &str) -> Result<Self, TomlProblems> {
        read_document(file, text, rig, |_, _| {})
    }
}

impl Default for Rig {
    /// Everything simulated.
    fn default() -> Self {
        Self {
            name: DEFAULT_NAME.into(),
            clock: Clock::Virtual,
            radio: RadioFrontEnd::Memory,
            ues: UeKind::Simulated,
            soapysdr: None,
        }
    }
}

impl fmt::Display for Rig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (clock {}, radio {}, UEs {})", self.name, self.clock, self.radio, self.ues)
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Virtual => f.write_str("virtual"),
        }
    }
}

impl fmt::Display for RadioFrontEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
        }
    }
}

impl fmt::Display for UeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulated => f.write_str("simulated"),
        }
    }
}

fn rig(t: &mut Table<'_>) -> Rig {
    Rig {
        name: t.text_or("name", || DEFAULT_NAME.into()),
        clock: t.built("clock", &[("virtual", Clock::Virtual)], &["paced", "live"], Clock::default()),
        radio: t.built(
            "radio",
            &[("memory", RadioFrontEnd::Memory)],
            &["file", "zmq", "soapysdr"],
            RadioFrontEnd::default(),
        ),
        ues: t.built("ues", &[("simulated", UeKind::Simulated)], &["serial", "pty", "tcp"], UeKind::default()),
        soapysdr: t.optional_table("soapysdr", soapy::soapy),
    }
}

const DEFAULT_NAME: &str = "all simulated";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Rig, String> {
        Rig::parse(Path::new("rig.toml"), text).map_err(|e| e.to_string())
    }

    #[test]
    fn an_empty_rig_is_all_simulated() {
        assert_eq!(parse(""), Ok(Rig::default()));
        assert_eq!(Rig::default().to_string(), "all simulated (clock virtual, radio memory, UEs simulated)");
    }

    #[test]
    fn what_is_not_built_yet_is_refused_and_said_so() {
        let cases = [
            ("radio", "soapysdr", "\"memory\""),
            ("radio", "zmq", "\"memory\""),
            ("ues", "serial", "\"simulated\""),
            ("clock", "live", "\"virtual\""),
        ];
        for (key, value, today) in cases {
            let error = parse(&format!("name = 'lab'\n{key} = '{value}'\n")).unwrap_err();
            let first = error.lines().next().unwrap();
            let column = key.len() + 4;
            assert_eq!(
                first,
                format!("rig.toml:2:{column}: {key} = \"{value}\" is not built yet; allowed values today: {today}")
            );
        }
    }

    #[test]
    fn an_unknown_value_or_key_is_refused() {
        let error = parse("radio = 'memry'").unwrap_err();
        assert!(error.starts_with("rig.toml:1:9: radio = 'memry' is wrong; allowed values: \"memory\"\n"), "{error}");
        let error = parse("rdio = 'memory'").unwrap_err();
        assert!(error.contains("unknown key `rdio` in the file; did you mean `radio`?"), "{error}");
    }

    #[test]
    fn the_shipped_rig_is_the_default() {
        assert_eq!(Rig::load(&fixtures::rig("simulated.toml")).unwrap(), Rig::default());
    }
}
