//! AT over TCP or a Unix socket: one host at a time, the next one when it has gone.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::live::pause;
use super::{Port, PortRead};

/// Between looks for a host.
const STEP: Duration = Duration::from_millis(20);
/// A host that reads nothing for so long is gone.
const WRITE_PATIENCE: Duration = Duration::from_millis(500);

/// A listening socket and the host that is connected.
pub struct SocketPort {
    listener: Listener,
    host: Option<Box<dyn Host>>,
    name: String,
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

/// A connection.
trait Host: Read + Write + Send {
    fn set_read_patience(&self, patience: Duration) -> io::Result<()>;
}

impl Host for TcpStream {
    fn set_read_patience(&self, patience: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(patience))
    }
}

impl Host for UnixStream {
    fn set_read_patience(&self, patience: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(patience))
    }
}

impl Listener {
    fn accept(&self) -> io::Result<Box<dyn Host>> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (host, _) = listener.accept()?;
                host.set_nonblocking(false)?;
                host.set_nodelay(true)?;
                host.set_write_timeout(Some(WRITE_PATIENCE))?;
                Box::new(host)
            }
            Self::Unix(listener, _) => {
                let (host, _) = listener.accept()?;
                host.set_nonblocking(false)?;
                host.set_write_timeout(Some(WRITE_PATIENCE))?;
                Box::new(host)
            }
        })
    }
}

impl SocketPort {
    /// Listens on an address; port 0 is any that is free.
    ///
    /// # Errors
    /// The address is in use or not ours.
    pub fn tcp(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let name = listener.local_addr()?.to_string();
        Ok(Self { listener: Listener::Tcp(listener), host: None, name })
    }

    /// Listens on a path, which must not exist, and is removed at the end.
    ///
    /// # Errors
    /// Something is there, or nothing can be made there.
    pub fn unix(path: &Path) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        let name = path.display().to_string();
        Ok(Self { listener: Listener::Unix(listener, path.to_owned()), host: None, name })
    }
}

impl Drop for SocketPort {
    fn drop(&mut self) {
        if let Listener::Unix(_, path) = &self.listener {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Port for SocketPort {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn read(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<PortRead> {
        let Some(host) = &mut self.host else {
            return match self.listener.accept() {
                Ok(host) => {
                    self.host = Some(host);
                    Ok(PortRead::Connected)
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    pause(patience.min(STEP));
                    Ok(PortRead::Nothing)
                }
                Err(e) => Err(e),
            };
        };
        host.set_read_patience(patience.max(Duration::from_millis(1)))?;
        match host.read(buffer) {
            Ok(octets @ 1..) => Ok(PortRead::Octets(octets)),
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
                ) =>
            {
                Ok(PortRead::Nothing)
            }
            Ok(0) | Err(_) => {
                self.host = None;
                Ok(PortRead::Disconnected)
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(host) = &mut self.host
            && host.write_all(bytes).is_err()
        {
            self.host = None;
        }
        Ok(())
    }
}
