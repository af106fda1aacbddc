//! Leases: who may use a device, held against the death of whoever has it.
//!
//! What counts is the kernel's lock on a file for each device, held by the holder and by its guardian, a process of its
//! own. All devices of a rig are had at once or none is. The file's text says who has it, for people.
//!
//! | what dies | what follows |
//! |---|---|
//! | the holder | the guardian sees it at once, restores the safe state, then the locks are free |
//! | the holder stops (`SIGSTOP`) longer than the expiry | the guardian ends it; as above |
//! | the guardian | the holder, which still has the locks, starts another within a heartbeat |
//! | both | the locks are free; the files still say `held`: the next holder restores the safe state before it has the devices |
//! | the machine | as both; where the files are gone, too: no file means an unknown state |
//!
//! A lock that is free with a file that says anything but `safe` is no promise of a safe device, which is why devices are
//! only ever had through [`LeaseManager::reserve`].

mod error;
mod file;
mod holder;
mod manager;
mod record;
pub(crate) mod wire;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use error::{BusyResource, LeaseError, Refusal};
pub(crate) use file::LeaseFile;
pub use holder::Lease;
pub use manager::{GuardianProgram, LeaseManager};
pub(crate) use record::unix_ms_now;
pub use record::{LeaseRecord, LeaseState};

use crate::guardian::SafeState;

/// A device that one run at a time may have.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Resource {
    /// What it is, whatever a rig calls it: the same for everybody on this machine.
    pub id: String,
    /// Its name in the rig.
    pub name: String,
    /// What makes it safe.
    pub safe: SafeState,
}

/// Who wants devices.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Owner {
    /// User and machine.
    pub user: String,
    /// What for: the scenario or the job of a CI system.
    pub job: String,
}

/// How leases are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaseConfig {
    /// Folder of the files, the same for all who share devices.
    pub dir: PathBuf,
    /// Time between signs of life.
    pub heartbeat: Duration,
    /// A holder that gives none for so long is ended.
    pub expiry: Duration,
    /// How long to wait for devices that others have.
    pub wait: Duration,
}

impl Default for LeaseConfig {
    fn default() -> Self {
        let shared = Path::new("/run/lock");
        let dir = if shared.is_dir() { shared.join("castbench") } else { std::env::temp_dir().join("castbench-lock") };
        Self { dir, heartbeat: Duration::from_secs(1), expiry: Duration::from_secs(30), wait: Duration::ZERO }
    }
}

impl Owner {
    /// The user and the machine that this runs as, for a job.
    #[must_use]
    pub fn of_this_process(job: impl Into<String>) -> Self {
        let job = job.into();
        let user = ["LOGNAME", "USER"].iter().find_map(|key| std::env::var(key).ok()).filter(|user| !user.is_empty());
        let user = user.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
        // Where a CI system runs the job, people look there first.
        let mut ci = ["CI_JOB_URL", "GITHUB_RUN_ID", "BUILD_URL"].iter().filter_map(|key| std::env::var(key).ok());
        let job = ci.find(|ci| !ci.is_empty()).map_or_else(|| job.clone(), |ci| format!("{job} ({ci})"));
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { user: format!("{user}@{host}"), job }
    }
}
