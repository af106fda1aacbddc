//! The devices of a rig, taken for one run and given back safe.

use std::path::PathBuf;

use hil::attenuator::{Attenuator, AttenuatorError};
use hil::guardian::SafeState;
use hil::lease::{GuardianProgram, Lease, LeaseError, LeaseManager, Owner, Resource};

use crate::errors::CommandError;
use crate::rig::{RadioFrontEnd, Rig};

/// Name of the hidden command that guards.
pub(crate) const GUARDIAN_COMMAND: &str = "guardian";

/// The devices of a rig. Close radio and modems before it is released or dropped.
pub(crate) struct HeldLab {
    attenuators: Vec<(Attenuator, Option<f64>)>,
    /// Last: what is above is closed before the guardian makes everything safe.
    lease: Option<Lease>,
}

impl HeldLab {
    /// Takes all devices that a rig uses, which none of the simulated rigs does; `tell` is told what is waited for and
    /// what was made safe.
    ///
    /// # Errors
    /// Somebody else has one, or it cannot be made safe: none is taken.
    pub(crate) fn take(rig: &Rig, job: &str, mut tell: impl FnMut(&str)) -> Result<Self, CommandError> {
        let resources = resources(rig);
        if resources.is_empty() {
            return Ok(Self { attenuators: Vec::new(), lease: None });
        }
        let owner = Owner::of_this_process(job);
        let lease = manager(rig)?.reserve(resources, &owner, |refusal| tell(&format!("waiting: {refusal}")))?;
        for note in lease.notes() {
            tell(note);
        }
        let open = |a: &crate::rig::LabAttenuator| Ok((Attenuator::open(a.config.clone())?, a.run_db));
        let attenuators = rig.lab.attenuators.iter().map(open).collect::<Result<_, AttenuatorError>>()?;
        Ok(Self { attenuators, lease: Some(lease) })
    }

    /// Sets the attenuators to what the rig wants of a run; what was set.
    ///
    /// # Errors
    /// One does not do it.
    pub(crate) fn open_path(&mut self) -> Result<Vec<(String, f64)>, CommandError> {
        let mut set = Vec::new();
        for (attenuator, run_db) in &mut self.attenuators {
            if let Some(db) = run_db {
                let db = attenuator.set_db(*db)?;
                set.push((attenuator.config().name.clone(), db));
            }
        }
        Ok(set)
    }

    /// Fails when the devices are not guarded any more: a run ends then.
    ///
    /// # Errors
    /// As said.
    pub(crate) fn check(&self) -> Result<(), CommandError> {
        Ok(self.lease.as_ref().map_or(Ok(()), Lease::check)?)
    }

    /// Gives the devices back, safe.
    ///
    /// # Errors
    /// Some could not be made safe.
    pub(crate) fn release(self) -> Result<(), CommandError> {
        let Self { attenuators, lease } = self;
        drop(attenuators);
        Ok(lease.map_or(Ok(()), Lease::release)?)
    }
}

/// Who gives out the devices of a rig.
///
/// # Errors
/// This program cannot find itself.
pub(crate) fn manager(rig: &Rig) -> Result<LeaseManager, CommandError> {
    // What runs now, even when another build has taken its place in the meantime.
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("/proc/self/exe"));
    let program = if program.exists() { program } else { PathBuf::from("/proc/self/exe") };
    let guardian = GuardianProgram { program, args: vec![GUARDIAN_COMMAND.into()] };
    Ok(LeaseManager::new(rig.lab.lease.clone(), guardian))
}

/// What of a rig one run at a time may use.
pub(crate) fn resources(rig: &Rig) -> Vec<Resource> {
    let mut all = Vec::new();
    if let Some(soapy) = rig.soapysdr.as_ref().filter(|_| rig.radio == RadioFrontEnd::SoapySdr) {
        let (transmitter, receiver) = soapy.devices();
        let mut add = |device: &str, transmits: bool| {
            let id = sdr_resource(device);
            if is_in_memory(device) || all.iter().any(|r: &Resource| r.id == id) {
                return;
            }
            let safe = if transmits { SafeState::Silent { device: device.to_owned() } } else { SafeState::Any };
            all.push(Resource { id, name: device.to_owned(), safe });
        };
        // First what transmits: one device may do both.
        transmitter.into_iter().for_each(|device| add(device, true));
        receiver.into_iter().for_each(|device| add(device, false));
    }
    let lab = &rig.lab;
    all.extend(lab.attenuators.iter().map(|a| Resource {
        id: a.config.resource(),
        name: a.config.name.clone(),
        safe: SafeState::Attenuator(a.config.clone()),
    }));
    all.extend(lab.power_switches.iter().map(|p| Resource {
        id: p.resource(),
        name: p.name.clone(),
        safe: SafeState::Any,
    }));
    all.extend(lab.modems.iter().map(|m| Resource {
        id: m.place.resource(),
        name: m.name.clone(),
        safe: SafeState::Modem { place: m.place.clone(), baud: m.baud },
    }));
    all
}

/// A device that lives in the process that opens it.
fn is_in_memory(device: &str) -> bool {
    device.split(',').any(|part| part.trim() == "driver=castbench_loop")
}

/// What an SDR is for others who use it too: its driver and what tells it from others, without how it is set up.
pub(crate) fn sdr_resource(device: &str) -> String {
    const TELLING: [&str; 9] =
        ["serial", "addr", "addr0", "uri", "hostname", "remote", "device_id", "path", "remote:driver"];
    let parts = || device.split(',').filter_map(|part| part.trim().split_once('='));
    let driver = parts().find(|(key, _)| *key == "driver").map_or("", |(_, value)| value);
    let mut telling: Vec<_> = parts().filter(|(key, _)| TELLING.contains(key)).collect();
    if telling.is_empty() {
        telling = parts().filter(|(key, _)| !["driver", "label"].contains(key)).collect();
    }
    telling.sort_unstable();
    telling.iter().fold(format!("sdr:{driver}"), |all, (key, value)| format!("{all},{key}={value}"))
}

impl From<AttenuatorError> for CommandError {
    fn from(error: AttenuatorError) -> Self {
        Self::Lease(LeaseError::NotSafe(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_same_device_is_the_same_however_it_is_set_up() {
        let one = sdr_resource("driver=uhd, serial=ABC, num_recv_frames=512");
        assert_eq!(one, "sdr:uhd,serial=ABC");
        assert_eq!(one, sdr_resource("serial=ABC,driver=uhd"));
        assert_ne!(one, sdr_resource("driver=uhd,serial=ABD"));
        assert_eq!(sdr_resource("driver=lime"), "sdr:lime");
    }

    #[test]
    fn simulated_rigs_take_nothing_and_labs_all() {
        for name in ["sim", "soapy-loop", "zmq"] {
            assert_eq!(resources(&Rig::find(Path::new(name)).unwrap()), [], "{name}");
        }
        let text = "clock = 'paced'\nradio = 'soapysdr'\n[soapysdr]\nfrequency_hz = 626e6\n[soapysdr.receive]\n\
                    device = 'driver=uhd,serial=1'\n[soapysdr.transmit]\ndevice = 'driver=uhd,serial=1'\n\
                    full_scale_dbm = -20\n[soapysdr.transmit.permission]\nfrequency_hz = [620e6, 630e6]\n\
                    max_power_dbm = -10\nmax_gain_db = 5\nwords = 'by cable, in a shielded box'\n[[modem]]\n\
                    name = 'm'\nusb = { port_chain = '1-4', interface = 2 }\n[[attenuator]]\nname = 'a'\n\
                    kind = 'mini_circuits'\naddress = 'a:80'\nmax_db = 95\n";
        let taken = resources(&Rig::parse(Path::new("/lab/rig.toml"), text).unwrap());
        let ids: Vec<_> = taken.iter().map(|r| r.id.as_str()).collect();
        assert_eq!(ids, ["sdr:uhd,serial=1", "attenuator:a:80:1", "modem:usb:1-4"]);
        assert_eq!(taken[0].safe, SafeState::Silent { device: "driver=uhd,serial=1".into() });
    }
}
