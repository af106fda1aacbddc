//! The holder's side of a lease: a thread that gives signs of life and replaces a guardian that dies.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::wire::{Arm, Received, ToGuardian, ToHolder, pair, receive, send};
use super::{GuardianProgram, LeaseConfig, LeaseError, LeaseFile, Owner, Resource, unix_ms_now};
use crate::port::live::pause;

/// Longest time in which devices become safe: modems that leave the network take their time.
const SAFE_LIMIT: Duration = Duration::from_secs(60);

/// Devices that this process alone may use. Close them before it is released or dropped: then they are made safe.
#[derive(Debug)]
pub struct Lease {
    resources: Vec<Resource>,
    notes: Vec<String>,
    trouble: Arc<Mutex<Option<String>>>,
    release: Option<Sender<()>>,
    keeper: Option<JoinHandle<Result<(), LeaseError>>>,
}

/// What the thread has.
struct Keeper {
    config: LeaseConfig,
    program: GuardianProgram,
    owner: Owner,
    resources: Vec<Resource>,
    files: Vec<LeaseFile>,
    start_unix_ms: u64,
    guardian: Guardian,
    trouble: Arc<Mutex<Option<String>>>,
}

/// A guardian that runs.
struct Guardian {
    child: Child,
    socket: OwnedFd,
}

impl Lease {
    /// Has the devices guarded; they are safe when this returns.
    pub(super) fn arm(
        config: LeaseConfig,
        program: GuardianProgram,
        resources: Vec<Resource>,
        files: Vec<LeaseFile>,
        owner: Owner,
    ) -> Result<Self, LeaseError> {
        let start_unix_ms = unix_ms_now();
        let first = Start { config: &config, program: &program, owner: &owner, start_unix_ms, again: false };
        let (guardian, notes) = first.guardian(&resources, &files)?;
        let trouble = Arc::new(Mutex::new(None));
        let (release, released) = channel();
        let keeper = Keeper {
            config,
            program,
            owner,
            resources: resources.clone(),
            files,
            start_unix_ms,
            guardian,
            trouble: Arc::clone(&trouble),
        };
        let keeper = thread::Builder::new()
            .name("lease".into())
            .spawn(move || keeper.keep(&released))
            .map_err(|e| LeaseError::Guardian(e.to_string()))?;
        Ok(Self { resources, notes, trouble, release: Some(release), keeper: Some(keeper) })
    }

    /// The devices.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// What is worth knowing of the devices' past: who died with them, what had to be made safe.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Fails when the devices are not guarded any more and cannot be again: stop using them.
    ///
    /// # Errors
    /// As said.
    pub fn check(&self) -> Result<(), LeaseError> {
        match &*self.trouble.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(why) => Err(LeaseError::Guardian(why.clone())),
        }
    }

    /// Gives the devices back, which makes them safe first.
    ///
    /// # Errors
    /// Some could not be made safe.
    pub fn release(mut self) -> Result<(), LeaseError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), LeaseError> {
        drop(self.release.take());
        let Some(keeper) = self.keeper.take() else { return Ok(()) };
        keeper.join().unwrap_or_else(|_| Err(LeaseError::Guardian("its thread panicked".into())))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Nobody can be told here; the file of the lease says it.
        let _ = self.end();
    }
}

impl Keeper {
    /// Gives signs of life until the lease is given back.
    fn keep(mut self, released: &Receiver<()>) -> Result<(), LeaseError> {
        while let Err(RecvTimeoutError::Timeout) = released.recv_timeout(self.config.heartbeat) {
            if !self.beat() {
                let again = self.replace();
                *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = again.err().map(|e| e.to_string());
            }
        }
        for _ in 0..2 {
            if let Some(result) = self.guardian.release() {
                return result;
            }
            // It died at that; another one makes the devices safe.
            self.replace()?;
        }
        Err(LeaseError::Guardian("it keeps dying".into()))
    }

    /// False when there is no guardian.
    fn beat(&mut self) -> bool {
        match send(&self.guardian.socket, &ToGuardian::Beat, None) {
            // One that does not read for long is there nevertheless.
            Err(e) if e.kind() != io::ErrorKind::WouldBlock => false,
            _ => !matches!(self.guardian.child.try_wait(), Ok(Some(_))),
        }
    }

    fn replace(&mut self) -> Result<(), LeaseError> {
        let Self { config, program, owner, start_unix_ms, .. } = &*self;
        let start = Start { config, program, owner, start_unix_ms: *start_unix_ms, again: true };
        let (guardian, _) = start.guardian(&self.resources, &self.files)?;
        self.guardian = guardian;
        Ok(())
    }
}

/// What a guardian is started with.
struct Start<'a> {
    config: &'a LeaseConfig,
    program: &'a GuardianProgram,
    owner: &'a Owner,
    start_unix_ms: u64,
    again: bool,
}

impl Start<'_> {
    fn guardian(&self, resources: &[Resource], files: &[LeaseFile]) -> Result<(Guardian, Vec<String>), LeaseError> {
        let failed = |e: io::Error| LeaseError::Guardian(e.to_string());
        let (socket, theirs) = pair().map_err(failed)?;
        let GuardianProgram { program, args } = self.program;
        let child = Command::new(program)
            .args(args)
            .stdin(Stdio::from(theirs))
            // It outlives us: what reads our output must not wait for it.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| LeaseError::Guardian(format!("{}: {e}", program.display())))?;
        let guardian = Guardian { child, socket };
        let notes = self.say(&guardian, resources, files)?;
        Ok((guardian, notes))
    }

    fn say(&self, guardian: &Guardian, resources: &[Resource], files: &[LeaseFile]) -> Result<Vec<String>, LeaseError> {
        let gone = || LeaseError::Guardian("it ended before it was ready".into());
        for (resource, file) in resources.iter().zip(files) {
            guardian.tell(&ToGuardian::Take(Box::new(resource.clone())), Some(&file.file)).map_err(|_| gone())?;
        }
        let own = Pid::from_raw(std::process::id().cast_signed());
        let own = own.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        let arm = Arm {
            owner: self.owner.clone(),
            pid: std::process::id().cast_signed(),
            start_unix_ms: self.start_unix_ms,
            expiry_ms: self.config.expiry.max(self.config.heartbeat * 3).as_millis() as u64,
            again: self.again,
        };
        let arm = ToGuardian::Arm(arm);
        send(&guardian.socket, &arm, own.as_ref().map(AsFd::as_fd)).map_err(|_| gone())?;
        match receive(&guardian.socket, SAFE_LIMIT) {
            Ok(Received::Message(ToHolder::Ready(notes), _)) => Ok(notes),
            Ok(Received::Message(ToHolder::NotSafe(why), _)) => Err(LeaseError::NotSafe(why)),
            Ok(Received::Message(..) | Received::Gone) => Err(gone()),
            Ok(Received::Nothing) => Err(LeaseError::Guardian("it was not ready in time".into())),
            Err(e) => Err(LeaseError::Guardian(e.to_string())),
        }
    }
}

impl Guardian {
    /// A guardian that starts reads late: what does not fit yet is sent again.
    fn tell(&self, message: &ToGuardian, file: Option<&File>) -> io::Result<()> {
        for _ in 0..5000 {
            match send(&self.socket, message, file.map(AsFd::as_fd)) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => pause(Duration::from_millis(1)),
                result => return result,
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// `None` when it died.
    fn release(&mut self) -> Option<Result<(), LeaseError>> {
        self.tell(&ToGuardian::Release, None).ok()?;
        let result = match receive(&self.socket, SAFE_LIMIT) {
            Ok(Received::Message(ToHolder::Released(None), _)) => Ok(()),
            Ok(Received::Message(ToHolder::Released(Some(why)), _)) => Err(LeaseError::LeftUnsafe(why)),
            Ok(Received::Message(..) | Received::Gone) | Err(_) => return None,
            Ok(Received::Nothing) => Err(LeaseError::LeftUnsafe("the guardian took too long".into())),
        };
        let _ = self.child.wait();
        Some(result)
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        // One that has ended is not to stay in the table of processes; one that runs goes on alone.
        let _ = self.child.try_wait();
    }
}
