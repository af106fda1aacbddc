//! A serial device: USB modems, pseudo terminals.

use std::io::{self, Read, Write};
use std::time::Duration;

use serialport::SerialPort;

use super::{Port, PortRead};

/// A modem that takes nothing for so long is stuck.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);
/// Octets that are written at a time where nothing may wait.
const READY_OCTETS: usize = 256;

/// A serial device that this process alone has open.
pub struct SerialDevice {
    device: Box<dyn SerialPort>,
    path: String,
}

impl SerialDevice {
    /// Opens a device; others that honour locks are kept out. USB modems do not care about the rate.
    ///
    /// # Errors
    /// It is not there, not a terminal, or somebody else has it.
    pub fn open(path: &str, baud: u32) -> io::Result<Self> {
        let device = serialport::new(path, baud).timeout(Duration::from_millis(10)).open()?;
        Ok(Self { device, path: path.to_owned() })
    }

    /// Reads what is there already, without waiting.
    ///
    /// # Errors
    /// The device is gone.
    pub fn read_ready(&mut self, buffer: &mut [u8]) -> io::Result<PortRead> {
        self.read_within(buffer, Duration::ZERO)
    }

    /// Writes what the device takes without waiting: so many octets.
    ///
    /// # Errors
    /// The device is gone.
    pub fn write_ready(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.device.set_timeout(Duration::ZERO)?;
        // A terminal that is ready for more has room for this much.
        match self.device.write(&bytes[..bytes.len().min(READY_OCTETS)]) {
            Err(e) if matches!(e.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => Ok(0),
            other => other,
        }
    }

    fn read_within(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<PortRead> {
        self.device.set_timeout(patience)?;
        match self.device.read(buffer) {
            // A device that was unplugged reads as its end, for ever.
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{} has gone away", self.path))),
            Ok(octets) => Ok(PortRead::Octets(octets)),
            Err(e) if matches!(e.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => Ok(PortRead::Nothing),
            Err(e) => Err(e),
        }
    }
}

impl Port for SerialDevice {
    fn name(&self) -> String {
        self.path.clone()
    }

    fn read(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<PortRead> {
        self.read_within(buffer, patience.max(Duration::from_millis(1)))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.device.set_timeout(WRITE_PATIENCE)?;
        self.device.write_all(bytes)
    }
}
