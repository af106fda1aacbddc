//! Why devices cannot be had.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::LeaseRecord;

/// Why devices cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Others have them.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// They could not be brought into the safe state that a run begins with.
    #[error("not safe to use: {0}; see to the device, then try again")]
    NotSafe(String),
    /// The files that say who has what.
    #[error("cannot lock {}: {source}; [lease] dir must name a folder that all users of the devices can write", .path.display())]
    Folder {
        /// File or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no guardian, without which nothing is used.
    #[error("the guardian of the devices failed: {0}")]
    Guardian(String),
    /// The devices were not left safe; who has them next makes them so first.
    #[error("not left safe: {0}; see to the device")]
    LeftUnsafe(String),
}

/// Devices that others have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Which and who.
    pub busy: Vec<BusyResource>,
    /// Names of those that are free, and are not taken without the others.
    pub free: Vec<String>,
    /// How long it was waited.
    pub waited: Duration,
}

/// A device that somebody else has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BusyResource {
    /// Its name in the rig.
    pub name: String,
    /// What it is.
    pub id: String,
    /// Who has it; unknown for the moment in which they take it.
    pub record: Option<LeaseRecord>,
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, busy) in self.busy.iter().enumerate() {
            write!(f, "{}{busy}", if i == 0 { "" } else { "; " })?;
        }
        if !self.free.is_empty() {
            write!(f, "; free, but not taken without the rest: {}", self.free.join(", "))?;
        }
        if !self.waited.is_zero() {
            write!(f, "; waited {:.1} s", self.waited.as_secs_f64())?;
        }
        f.write_str(
            "; wait longer ([lease] wait_s) or end that process: its guardian makes the devices safe and frees them",
        )
    }
}

impl fmt::Display for BusyResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) is in use", self.name, self.id)?;
        let Some(record) = &self.record else { return f.write_str(" by somebody who has just taken it") };
        let (age, silence) = (record.age().as_secs_f64(), record.silence().as_secs_f64());
        write!(f, " by {} for {}", record.owner.user, record.owner.job)?;
        write!(f, " (process {}, {age:.0} s, last sign of life {silence:.1} s ago)", record.pid)
    }
}
