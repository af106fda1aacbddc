//! What goes into the host's side of an AT port, and what comes out.

use std::time::Duration;

use super::command::AtResponse;
use super::urc::{Urc, UrcTable};

/// Lines that one answer may have: `+CMGL` of a full memory has 500.
pub(super) const MAX_LINES: usize = 2000;

/// How a modem wants to be spoken to.
#[derive(Clone, Debug)]
pub struct AtConfig {
    /// Ends a command line: CR (S3), for some modems CR LF.
    pub terminator: &'static str,
    /// Pause after a result code before the next command.
    pub gap: Duration,
    /// For so long nothing may come before a port counts as in step again.
    pub quiet: Duration,
    /// What it may say unasked.
    pub urcs: UrcTable,
}

impl Default for AtConfig {
    fn default() -> Self {
        let (gap, quiet) = (Duration::ZERO, Duration::from_millis(200));
        Self { terminator: "\r", gap, quiet, urcs: UrcTable::default() }
    }
}

/// Names a command among those submitted to one engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CommandId(pub(super) u64);

/// What comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtInput<'a> {
    /// From the modem.
    Bytes(&'a [u8]),
    /// The port was opened, for the first time or again.
    Opened,
    /// The port is gone.
    Closed,
}

/// What comes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AtOutput {
    /// To the modem.
    Write(Vec<u8>),
    /// A command has ended.
    Done(CommandId, Result<AtResponse, AtFailure>),
    /// The modem said something unasked.
    Urc(Urc),
    /// A line that means nothing here; for the record.
    Ignored(String),
}

/// Why a command has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AtFailure {
    /// No final result code in time.
    #[error("{command}: no answer within {} s", limit.as_secs_f64())]
    Timeout {
        /// Command line.
        command: String,
        /// Its time limit.
        limit: Duration,
    },
    /// The modem does not even answer `AT`.
    #[error("{command}: the modem does not answer AT any more")]
    Unresponsive {
        /// Command line.
        command: String,
    },
    /// The port went away.
    #[error("{command}: the port is closed")]
    Closed {
        /// Command line.
        command: String,
    },
    /// The answer does not end.
    #[error("{command}: the answer has more than {MAX_LINES} lines, or one that is too long")]
    TooLong {
        /// Command line.
        command: String,
    },
    /// The command cannot be sent.
    #[error("{command}: {why}")]
    Refused {
        /// Command line.
        command: String,
        /// Why.
        why: &'static str,
    },
}
