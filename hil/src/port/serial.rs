//! A serial device: USB modems, pseudo terminals.

use std::io::{self, Read, Write};
use std::time::Duration;

use serialport::SerialPort;

use super::{Port, PortRead};

/// A modem that takes nothing for so long is stuck.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);

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
}

impl Port for SerialDevice {
    fn name(&self) -> String {
        self.path.clone()
    }

    fn read(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<PortRead> {
        self.device.set_timeout(patience.max(Duration::from_millis(1)))?;
        match self.device.read(buffer) {
            // A device that was unplugged reads as its end, for ever.
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{} has gone away", self.path))),
            Ok(octets) => Ok(PortRead::Octets(octets)),
            Err(e) if matches!(e.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => Ok(PortRead::Nothing),
            Err(e) => Err(e),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.device.set_timeout(WRITE_PATIENCE)?;
        self.device.write_all(bytes)
    }
}
