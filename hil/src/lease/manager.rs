//! Taking the devices of a rig: all or none.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::file::{self, LeaseFile, make_folder, path_of};
use super::{BusyResource, Lease, LeaseConfig, LeaseError, LeaseRecord, Owner, Refusal, Resource};
use crate::port::live::pause;

/// Between looks at devices that others have.
const STEP: Duration = Duration::from_millis(20);
/// Reservations are made one after the other; each takes no longer than this.
const GATE_PATIENCE: Duration = Duration::from_secs(5);
/// The file that they queue at.
const GATE: &str = "reserving";

/// The program that guards: it calls [`crate::guardian::guard`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GuardianProgram {
    /// Executable.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// Gives out leases.
#[derive(Clone, Debug)]
pub struct LeaseManager {
    config: LeaseConfig,
    guardian: GuardianProgram,
}

impl LeaseManager {
    /// Leases whose holders are guarded by `guardian`.
    #[must_use]
    pub const fn new(config: LeaseConfig, guardian: GuardianProgram) -> Self {
        Self { config, guardian }
    }

    /// Takes all `resources`, waiting for those that others have as long as the configuration says; `waiting` is told
    /// once that it waits, and for what.
    ///
    /// Attenuators are at their maximum then; devices whose last holder left them in a state that is not known to be safe
    /// have been made safe.
    ///
    /// # Errors
    /// Others have some of them, or they cannot be made safe: then none is taken.
    pub fn reserve(
        &self,
        resources: Vec<Resource>,
        owner: &Owner,
        mut waiting: impl FnMut(&Refusal),
    ) -> Result<Lease, LeaseError> {
        let mut resources = resources;
        // Whoever comes takes them in the same order; a device that a rig names twice is one.
        resources.sort_by(|a, b| a.id.cmp(&b.id));
        resources.dedup_by(|a, b| a.id == b.id);
        let dir = &self.config.dir;
        make_folder(dir).map_err(|source| LeaseError::Folder { path: dir.clone(), source })?;
        let mut waited = Duration::ZERO;
        let files = loop {
            let mut refusal = match self.try_all(&resources)? {
                Ok(files) => break files,
                Err(refusal) => refusal,
            };
            refusal.waited = waited;
            if waited.is_zero() && !self.config.wait.is_zero() {
                waiting(&refusal);
            }
            if waited >= self.config.wait {
                return Err(refusal.into());
            }
            pause(STEP);
            waited += STEP;
        };
        Lease::arm(self.config.clone(), self.guardian.clone(), resources, files, owner.clone())
    }

    /// Who has a device, as its file says; `None` when nobody has it.
    ///
    /// # Errors
    /// The files cannot be had.
    pub fn holder(&self, resource: &str) -> Result<Option<Option<LeaseRecord>>, LeaseError> {
        let dir = &self.config.dir;
        if !path_of(dir, resource).exists() {
            return Ok(None);
        }
        let free = self.lock(resource)?.is_some();
        Ok((!free).then(|| file::peek(dir, resource)))
    }

    /// What the file of a device says, whether somebody has it or not.
    #[must_use]
    pub fn record(&self, resource: &str) -> Option<LeaseRecord> {
        file::peek(&self.config.dir, resource)
    }

    fn lock(&self, resource: &str) -> Result<Option<LeaseFile>, LeaseError> {
        let dir = &self.config.dir;
        LeaseFile::try_lock(dir, resource).map_err(|source| LeaseError::Folder { path: path_of(dir, resource), source })
    }

    /// Takes all, or says who has some.
    fn try_all(&self, resources: &[Resource]) -> Result<Result<Vec<LeaseFile>, Refusal>, LeaseError> {
        // One at a time: else two that get in each other's way could both be refused what nobody has.
        let _gate = self.gate()?;
        let (mut files, mut busy, mut free) = (Vec::new(), Vec::new(), Vec::new());
        for resource in resources {
            match self.lock(&resource.id)? {
                Some(file) => {
                    files.push(file);
                    free.push(resource.name.clone());
                }
                None => busy.push(BusyResource {
                    name: resource.name.clone(),
                    id: resource.id.clone(),
                    record: file::peek(&self.config.dir, &resource.id),
                }),
            }
        }
        Ok(if busy.is_empty() { Ok(files) } else { Err(Refusal { busy, free, waited: Duration::ZERO }) })
    }

    fn gate(&self) -> Result<LeaseFile, LeaseError> {
        let mut waited = Duration::ZERO;
        loop {
            if let Some(gate) = self.lock(GATE)? {
                return Ok(gate);
            }
            if waited >= GATE_PATIENCE {
                let source = std::io::Error::other("somebody has been making a reservation for too long");
                return Err(LeaseError::Folder { path: path_of(&self.config.dir, GATE), source });
            }
            pause(Duration::from_millis(1));
            waited += Duration::from_millis(1);
        }
    }
}
