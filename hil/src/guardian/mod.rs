//! The guardian of leased devices: a process that outlives the one that uses them, and leaves them safe.
//!
//! It is the holder's child with a session of its own, and knows of the holder's end by the kernel closing a socket. It
//! ends a holder that gives no sign of life, waits until the process is gone and all that it had open is closed, makes
//! the devices safe, and only then gives up the locks by ending itself. What asks it to end (`SIGTERM` and the like) asks
//! the holder, too; it stays until that has gone.

mod safe;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, pidfd_send_signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

pub use safe::{SafeState, Silence};

use crate::lease::wire::{Arm, Received, ToGuardian, ToHolder, readable, receive, send};
use crate::lease::{LeaseFile, LeaseRecord, LeaseState, Resource, unix_ms_now};
use crate::port::LiveClock;
use crate::port::live::pause;

/// A holder that has closed its end goes away in this time, or is ended.
const GRACE: Duration = Duration::from_secs(2);
/// The first messages come in this time.
const HELLO: Duration = Duration::from_secs(30);
/// What a dead holder said last may still be on its way to an instrument: it is set again after this.
const SETTLE: Duration = Duration::from_millis(150);
/// Longest time between looks at the clock.
const STEP: Duration = Duration::from_millis(500);

/// Guards what a holder hands over on standard input, until it gives it back or dies. `silence` makes a transmitter silent.
///
/// # Errors
/// Nobody is there, or says what cannot be understood: the devices are made safe even so.
pub fn guard(silence: Silence<'_>) -> io::Result<()> {
    close_inherited();
    // What ends a terminal or a job is not to end us before the holder.
    let _ = rustix::process::setsid();
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    let mut guardian = Guardian { clock: LiveClock::start(), silence, devices: Vec::new(), holder: None, arm: None };
    let end = guardian.serve();
    let why = match &end {
        Ok(End::Released) => "given back".to_owned(),
        Ok(End::Died(why)) => why.clone(),
        Ok(End::Refused) => return Ok(()),
        Err(e) => format!("the guardian did not understand: {e}"),
    };
    let released = matches!(end, Ok(End::Released));
    if !released {
        guardian.await_death();
    }
    let trouble = guardian.make_safe(&why, !released);
    if released {
        let _ = send(io::stdin(), &ToHolder::Released(trouble), None);
    }
    // The end of this process frees the locks.
    end.map(drop)
}

/// Closes what libraries of the holder may have left open across its start of this process: a device that we had open
/// too would outlive the holder, and be busy for us.
fn close_inherited() {
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<i32> = open.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for fd in open.into_iter().filter(|fd| *fd > 2) {
        // The folder's own is closed already.
        let _ = nix::unistd::close(fd);
    }
}

/// How guarding ends.
enum End {
    /// The holder gave the devices back.
    Released,
    /// It died.
    Died(String),
    /// The devices were not safe to begin with; the holder knows.
    Refused,
}

struct Guardian<'a> {
    clock: LiveClock,
    silence: Silence<'a>,
    devices: Vec<Device>,
    /// A handle of the holder's process.
    holder: Option<OwnedFd>,
    arm: Option<Arm>,
}

struct Device {
    resource: Resource,
    file: LeaseFile,
    /// What its file said when it came.
    before: Option<LeaseRecord>,
}

impl Guardian<'_> {
    fn serve(&mut self) -> io::Result<End> {
        let arm = loop {
            match receive(io::stdin(), HELLO)? {
                Received::Message(ToGuardian::Take(resource), Some(file)) => {
                    let file = LeaseFile { file: file.into() };
                    let before = file.read();
                    self.devices.push(Device { resource: *resource, file, before });
                }
                Received::Message(ToGuardian::Arm(arm), holder) => {
                    self.holder = holder;
                    break arm;
                }
                Received::Message(..) => return Err(io::Error::other("a message out of turn")),
                // Nothing was used yet: what the files say still holds.
                Received::Nothing | Received::Gone => return Ok(End::Refused),
            }
        };
        let again = arm.again;
        self.arm = Some(arm);
        self.write(LeaseState::Held, "", true)?;
        if !again {
            let notes = self.devices.iter().filter_map(Device::past).collect();
            let (unknown, known): (Vec<&Device>, Vec<&Device>) = self.devices.iter().partition(|d| !d.was_safe());
            let known = known.into_iter().filter(|device| device.resource.safe.at_start());
            let trouble = perform(unknown.into_iter().chain(known), self.silence);
            let ready = if let Some(why) = &trouble {
                self.write(LeaseState::Unclean, why, true)?;
                ToHolder::NotSafe(why.clone())
            } else {
                ToHolder::Ready(notes)
            };
            if send(io::stdin(), &ready, None).is_err() {
                return Ok(End::Died("its holder died at the start".into()));
            }
            if trouble.is_some() {
                return Ok(End::Refused);
            }
        } else if send(io::stdin(), &ToHolder::Ready(Vec::new()), None).is_err() {
            return Ok(End::Died("its holder died after its guardian".into()));
        }
        self.watch()
    }

    /// Until the holder gives the devices back, dies, or gives no sign of life any more.
    fn watch(&self) -> io::Result<End> {
        let expiry = Duration::from_millis(self.arm.as_ref().map_or(0, |arm| arm.expiry_ms));
        let mut beat = self.clock.now();
        loop {
            match receive(io::stdin(), expiry.min(STEP))? {
                Received::Message(ToGuardian::Beat, _) => {
                    beat = self.clock.now();
                    self.write(LeaseState::Held, "", false)?;
                }
                Received::Message(ToGuardian::Release, _) => return Ok(End::Released),
                Received::Message(..) => return Err(io::Error::other("a message out of turn")),
                Received::Gone => return Ok(End::Died("its holder died".into())),
                Received::Nothing if self.clock.now().saturating_duration_since(beat) > expiry => {
                    self.kill();
                    let seconds = expiry.as_secs_f64();
                    return Ok(End::Died(format!("its holder gave no sign of life for {seconds:.1} s and was ended")));
                }
                Received::Nothing => {}
            }
        }
    }

    fn kill(&self) {
        if let Some(holder) = &self.holder {
            let _ = pidfd_send_signal(holder, Signal::KILL);
        }
    }

    /// Until the holder's process is gone, with everything that it had open closed by the kernel.
    fn await_death(&self) {
        let Some(holder) = &self.holder else { return };
        for _ in 0..2 {
            let begun = self.clock.now();
            while self.clock.now().saturating_duration_since(begun) < GRACE {
                if readable(holder.as_fd(), STEP).unwrap_or(true) {
                    return;
                }
            }
            self.kill();
        }
    }

    /// Makes all devices safe and says so in their files; what could not be done.
    fn make_safe(&self, why: &str, died: bool) -> Option<String> {
        let mut trouble = perform(&self.devices, self.silence);
        if died && trouble.is_none() {
            pause(SETTLE);
            let quick = self.devices.iter().filter(|device| device.resource.safe.at_start());
            trouble = perform(quick, self.silence);
        }
        let written = match &trouble {
            None => self.write(LeaseState::Safe, why, true),
            Some(trouble) => self.write(LeaseState::Unclean, &format!("{why}; {trouble}"), true),
        };
        trouble.or_else(|| written.err().map(|e| format!("the file of a lease: {e}")))
    }

    fn write(&self, state: LeaseState, why: &str, durable: bool) -> io::Result<()> {
        let Some(arm) = &self.arm else { return Ok(()) };
        let now = unix_ms_now();
        for device in &self.devices {
            let record = LeaseRecord {
                resource: device.resource.id.clone(),
                state,
                owner: arm.owner.clone(),
                pid: arm.pid,
                guardian_pid: std::process::id().cast_signed(),
                start_unix_ms: arm.start_unix_ms,
                heartbeat_unix_ms: now,
                expiry_unix_ms: now + arm.expiry_ms,
                why: why.to_owned(),
            };
            device.file.write(&record, durable)?;
        }
        Ok(())
    }
}

impl Device {
    fn was_safe(&self) -> bool {
        self.before.as_ref().is_some_and(|record| record.state == LeaseState::Safe)
    }

    /// What is worth knowing of its last holder.
    fn past(&self) -> Option<String> {
        let name = &self.resource.name;
        let record = self.before.as_ref()?;
        let LeaseRecord { owner, pid, why, .. } = record;
        match record.state {
            LeaseState::Safe if why == "given back" => None,
            LeaseState::Safe => Some(format!("{name}: {why} ({}, process {pid}), then it was made safe", owner.job)),
            LeaseState::Held => Some(format!(
                "{name}: its holder ({}, process {pid}) and its guardian died, it was made safe now",
                owner.job
            )),
            LeaseState::Unclean => Some(format!("{name}: not left safe by {} ({why}), it was made so now", owner.job)),
        }
    }
}

/// Makes devices safe, all at the same time; what could not be done.
fn perform<'d>(devices: impl IntoIterator<Item = &'d Device>, silence: Silence<'_>) -> Option<String> {
    let failures: Vec<String> = thread::scope(|scope| {
        let work: Vec<_> = devices
            .into_iter()
            .map(|device| scope.spawn(move || device.resource.safe.perform(&device.resource.name, silence)))
            .collect();
        work.into_iter().filter_map(|work| work.join().unwrap_or_else(|_| Err("panicked".into())).err()).collect()
    });
    (!failures.is_empty()).then(|| failures.join("; "))
}
