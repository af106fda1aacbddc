//! What a lab has: SDRs and modems, by what does not change when they are plugged in again.

mod place;
mod probe;
mod usb;

pub use place::{ModemPlace, PlaceError};
pub use probe::{ProbeError, ProbedModem, probe_modem};
pub use usb::{UsbModem, UsbPort, scan_usb};
