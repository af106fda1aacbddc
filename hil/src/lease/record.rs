//! What the file of a lease says.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::Owner;

/// What the file of a lease says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeaseRecord {
    /// The device.
    pub resource: String,
    /// What state it was left in, or is in.
    pub state: LeaseState,
    /// Who has it, or had it last.
    pub owner: Owner,
    /// The process that has it.
    pub pid: i32,
    /// Its guardian.
    pub guardian_pid: i32,
    /// Since when, UTC, ms since 1970.
    pub start_unix_ms: u64,
    /// Last sign of life, likewise.
    pub heartbeat_unix_ms: u64,
    /// When it is taken away without another one, likewise.
    pub expiry_unix_ms: u64,
    /// How it ended, or why it is not safe.
    pub why: String,
}

/// What state a device is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseState {
    /// Somebody has it, or died with it.
    Held,
    /// Left safe.
    Safe,
    /// It could not be made safe.
    Unclean,
}

impl LeaseRecord {
    /// How long it has been had.
    #[must_use]
    pub fn age(&self) -> Duration {
        since(self.start_unix_ms)
    }

    /// How long there has been no sign of life.
    #[must_use]
    pub fn silence(&self) -> Duration {
        since(self.heartbeat_unix_ms)
    }
}

fn since(unix_ms: u64) -> Duration {
    Duration::from_millis(unix_ms_now().saturating_sub(unix_ms))
}

/// A time as files have it.
fn unix_ms(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

#[expect(clippy::disallowed_methods, reason = "a driver: processes tell each other times of the wall clock")]
pub(crate) fn unix_ms_now() -> u64 {
    unix_ms(SystemTime::now())
}
