//! Errors of the program and the exit code of each.

use std::io;
use std::path::PathBuf;
use std::process::{ExitCode, Termination};

use crate::modems::LineError;
use crate::rig::LoadRigError;
use crate::scenario::LoadScenarioError;
use crate::sweep::{JournalError, LoadSweepError};
use crate::verdict::Verdict;

/// How the program ends. The numbers are a promise to scripts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// Every expectation holds, every ladder is climbed; the transport block passed its CRC.
    Pass = 0,
    /// An expectation does not hold, a ladder step was not seen; the transport block failed its CRC.
    Fail = 1,
    /// The command line or a file that it names is wrong; nothing was run or written.
    Usage = 2,
    /// The bench itself failed; the run says nothing about what it tests.
    Error = 3,
    /// The run cannot decide: something that an expectation needs was not measured.
    Inconclusive = 4,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail => Self::Fail,
            Verdict::Inconclusive => Self::Inconclusive,
            Verdict::Error => Self::Error,
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] LoadScenarioError),
    /// The rig is wrong.
    #[error(transparent)]
    Rig(#[from] LoadRigError),
    /// The sweep is wrong.
    #[error(transparent)]
    Sweep(#[from] LoadSweepError),
    /// What a sweep measured before cannot be used or kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Parameters that do not go together, or input that they do not fit.
    #[error("{0}")]
    Usage(String),
    /// A file or folder that the command line names cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A result cannot be written.
    #[error("cannot write {}: {source}; free space or name another place", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A front end cannot be opened.
    #[error(transparent)]
    FrontEnd(#[from] radio::FrontEndError),
    /// The devices of the rig cannot be had, or not be made safe.
    #[error(transparent)]
    Lease(#[from] hil::lease::LeaseError),
    /// The line to a modem, or its data interface, fails.
    #[error("the line to a modem: {0}")]
    Line(#[from] LineError),
    /// The bench itself failed.
    #[error("the bench failed: {0}")]
    Bench(String),
}

impl CommandError {
    /// How the program ends with this error.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Scenario(_) | Self::Rig(_) | Self::Sweep(_) | Self::Usage(_) | Self::Read { .. } => Exit::Usage,
            Self::Journal(JournalError::OtherBuild { .. } | JournalError::Line { .. }) => Exit::Usage,
            Self::Journal(JournalError::Io { .. })
            | Self::Write { .. }
            | Self::FrontEnd(_)
            | Self::Lease(_)
            | Self::Line(_)
            | Self::Bench(_) => Exit::Error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_codes_are_those_of_the_readme() {
        let codes = [Exit::Pass, Exit::Fail, Exit::Usage, Exit::Error, Exit::Inconclusive].map(|e| e as u8);
        assert_eq!(codes, [0, 1, 2, 3, 4]);
        let write = CommandError::Write { path: "x".into(), source: io::ErrorKind::StorageFull.into() };
        assert_eq!(write.exit(), Exit::Error);
        assert_eq!(CommandError::Usage(String::new()).exit(), Exit::Usage);
    }
}
