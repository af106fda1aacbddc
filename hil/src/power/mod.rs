//! Power outlets and USB ports that can be switched.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::instrument::{InstrumentError, command_and_query, number, run_shell};
use crate::port::live::pause;

/// A switch for the power of one device.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PowerSwitch {
    /// Name in the rig.
    pub name: String,
    /// How it is reached.
    pub kind: PowerSwitchKind,
    /// How long it stays off before it goes on again, s.
    pub off_s: f64,
}

/// How a switch is reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerSwitchKind {
    /// Lines over TCP.
    Scpi {
        /// Host and port.
        address: String,
        /// Command that switches on.
        on: String,
        /// Command that switches off.
        off: String,
        /// Query that answers with 1 or 0, ON or OFF.
        query: Option<String>,
    },
    /// Commands of a shell.
    Command {
        /// Switches on.
        on: String,
        /// Switches off.
        off: String,
        /// Prints 1 or 0, on or off.
        query: Option<String>,
    },
    /// A port of a USB hub that the kernel can switch (Linux 6.0 or newer, hubs with per-port power).
    UsbHub {
        /// The port's folder, `/sys/bus/usb/devices/1-4:1.0/1-4-port2`.
        port: PathBuf,
    },
    /// A stand-in: a file that holds `on` or `off`.
    Simulated {
        /// The file.
        file: PathBuf,
    },
}

/// A switch that did not switch.
#[derive(Debug, thiserror::Error)]
#[error("power switch {name}: {why}")]
pub struct PowerSwitchError {
    /// Its name in the rig.
    pub name: String,
    /// What went wrong.
    pub why: String,
}

impl PowerSwitch {
    /// What it is for others who use it too: the same for every name that a rig gives it.
    #[must_use]
    pub fn resource(&self) -> String {
        match &self.kind {
            PowerSwitchKind::Scpi { address, on, .. } => format!("power:{address}:{on}"),
            PowerSwitchKind::Command { on, .. } => format!("power:{on}"),
            PowerSwitchKind::UsbHub { port } => format!("power:{}", port.display()),
            PowerSwitchKind::Simulated { file } => format!("power:{}", file.display()),
        }
    }

    /// Switches on or off.
    ///
    /// # Errors
    /// It cannot be reached, or says that it has not switched.
    pub fn switch(&self, on: bool) -> Result<(), PowerSwitchError> {
        let error = |e: InstrumentError| PowerSwitchError { name: self.name.clone(), why: e.to_string() };
        match self.apply(on).map_err(error)? {
            Some(answer) if state(&answer) != Some(on) => {
                let told = if on { "on" } else { "off" };
                Err(PowerSwitchError { name: self.name.clone(), why: format!("told {told}, says {answer:?}") })
            }
            _ => Ok(()),
        }
    }

    /// Switches off and, after a while, on again. When that fails half-way, it is tried once more to switch on.
    ///
    /// # Errors
    /// As [`PowerSwitch::switch`].
    pub fn cycle(&self) -> Result<(), PowerSwitchError> {
        let off = self.switch(false);
        if off.is_ok() {
            pause(Duration::from_secs_f64(self.off_s.clamp(0.0, 3600.0)));
        }
        self.switch(true).or_else(|_| self.switch(true))?;
        off
    }

    /// Tells it, and gives what it says then; `None` where it cannot be asked.
    fn apply(&self, on: bool) -> Result<Option<String>, InstrumentError> {
        let write_and_read = |file: &Path, text: &str| {
            let io = |e| InstrumentError::io(file.display().to_string(), &e);
            fs::write(file, text).map_err(io)?;
            fs::read_to_string(file).map_err(io).map(|text| text.trim().to_owned())
        };
        Ok(match &self.kind {
            PowerSwitchKind::Scpi { address, on: to_on, off, query } => {
                let wanted = |answer: &str| state(answer) == Some(on);
                command_and_query(address, choose(on, to_on, off), query.as_deref(), wanted)?
            }
            PowerSwitchKind::Command { on: to_on, off, query } => {
                run_shell(choose(on, to_on, off))?;
                query.as_deref().map(run_shell).transpose()?.map(|said| said.trim().to_owned())
            }
            PowerSwitchKind::UsbHub { port } => {
                // The kernel's attribute says whether the port is off.
                let disabled = write_and_read(&port.join("disable"), choose(on, "0", "1"))?;
                Some(if disabled == "0" { "on".into() } else { "off".into() })
            }
            PowerSwitchKind::Simulated { file } => Some(write_and_read(file, choose(on, "on\n", "off\n"))?),
        })
    }
}

const fn choose<'a>(on: bool, to_on: &'a str, to_off: &'a str) -> &'a str {
    if on { to_on } else { to_off }
}

/// What an answer says.
fn state(answer: &str) -> Option<bool> {
    match answer.to_ascii_lowercase().as_str() {
        "on" => Some(true),
        "off" => Some(false),
        other => number(other).map(|number| number != 0.0),
    }
}

#[cfg(test)]
mod tests;
