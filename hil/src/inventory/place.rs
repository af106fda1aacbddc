//! Where a modem is: its number changes, the USB port that it is plugged into does not.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::usb::{SYSFS, port_chain_of, scan_usb};

/// Where a modem is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModemPlace {
    /// A device file, or a link to one.
    Port(PathBuf),
    /// A USB port, whatever number the kernel gives what is plugged into it.
    Usb {
        /// Bus and ports on the way to it, `1-4.2`.
        port_chain: String,
        /// Number of the interface (`bInterfaceNumber`) that takes AT commands.
        interface: u8,
    },
}

/// A modem that is not there.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlaceError {
    /// Nothing is plugged in.
    #[error("no serial port at USB port {port_chain}, interface {interface}; `castbench devices` lists what there is")]
    NotThere {
        /// Bus and ports.
        port_chain: String,
        /// Interface.
        interface: u8,
    },
}

impl ModemPlace {
    /// The device file that it has now.
    ///
    /// # Errors
    /// Nothing is plugged in.
    pub fn port(&self) -> Result<String, PlaceError> {
        self.port_in(Path::new(SYSFS))
    }

    /// As [`Self::port`], with another folder for `/sys`.
    ///
    /// # Errors
    /// Nothing is plugged in.
    pub fn port_in(&self, sysfs: &Path) -> Result<String, PlaceError> {
        match self {
            Self::Port(path) => Ok(path.display().to_string()),
            Self::Usb { port_chain, interface } => scan_usb(sysfs)
                .iter()
                .filter(|modem| modem.port_chain == *port_chain)
                .flat_map(|modem| &modem.ports)
                .find(|port| port.interface == *interface)
                .map(|port| format!("/dev/{}", port.tty))
                .ok_or_else(|| PlaceError::NotThere { port_chain: port_chain.clone(), interface: *interface }),
        }
    }

    /// What the modem is for others who use it too: the same for each of its ports and names.
    #[must_use]
    pub fn resource(&self) -> String {
        self.resource_in(Path::new(SYSFS))
    }

    fn resource_in(&self, sysfs: &Path) -> String {
        match self {
            Self::Usb { port_chain, .. } => format!("modem:usb:{port_chain}"),
            Self::Port(path) => {
                let real = path.canonicalize().unwrap_or_else(|_| path.clone());
                let tty = real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                port_chain_of(sysfs, &tty)
                    .map_or_else(|| format!("modem:{}", real.display()), |chain| format!("modem:usb:{chain}"))
            }
        }
    }
}
