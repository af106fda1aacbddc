//! A pseudo terminal: what a host finds is a serial device without a modem behind it.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serialport::{SerialPort, TTYPort};

use super::{Port, PortRead};

/// The side of a pseudo terminal that a modem is on.
pub struct PtyPort {
    ours: TTYPort,
    /// Open as long as we live, so that the terminal outlives a host that closes it and opens it again.
    _theirs: TTYPort,
    path: String,
    link: Option<PathBuf>,
}

impl PtyPort {
    /// Opens a pseudo terminal; `link` becomes a symbolic link to it, whatever link was there.
    ///
    /// # Errors
    /// There is no terminal to be had, or something other than a link is where the link should be.
    pub fn new(link: Option<&Path>) -> io::Result<Self> {
        // A pair takes no lock, so that hosts can.
        let (ours, theirs) = TTYPort::pair()?;
        let path = theirs.name().ok_or_else(|| io::Error::other("a pseudo terminal without a name"))?;
        if let Some(link) = link {
            if link.is_symlink() {
                std::fs::remove_file(link)?;
            }
            std::os::unix::fs::symlink(&path, link)?;
        }
        Ok(Self { ours, _theirs: theirs, path, link: link.map(Path::to_owned) })
    }
}

impl Drop for PtyPort {
    fn drop(&mut self) {
        if let Some(link) = &self.link {
            let _ = std::fs::remove_file(link);
        }
    }
}

impl Port for PtyPort {
    fn name(&self) -> String {
        self.link.as_ref().map_or_else(|| self.path.clone(), |link| link.display().to_string())
    }

    fn read(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<PortRead> {
        self.ours.set_timeout(patience.max(Duration::from_millis(1)))?;
        match self.ours.read(buffer) {
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the pseudo terminal is gone")),
            Ok(octets) => Ok(PortRead::Octets(octets)),
            Err(e) if matches!(e.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => Ok(PortRead::Nothing),
            Err(e) => Err(e),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.ours.set_timeout(WRITE_PATIENCE)?;
        match self.ours.write_all(bytes) {
            Err(e) if e.kind() == io::ErrorKind::TimedOut => Ok(()),
            result => result,
        }
    }
}

/// A host that reads nothing for so long loses what the modem says.
const WRITE_PATIENCE: Duration = Duration::from_millis(200);
