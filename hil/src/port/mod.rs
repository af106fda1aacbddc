//! Ports that carry AT commands: serial devices, pseudo terminals, TCP. Drivers without decisions.
//!
//! This folder and `live.rs` read the clock; nothing else in the package does.

pub(crate) mod live;
mod live_driver;
mod live_host;
mod live_replay;
mod network;
mod pty;
mod relay;
mod serial;
mod socket;

pub use live::{LiveClock, LiveModem, MbmsFound, ModemEvent, ModemOrder};
pub use live_driver::{DriverEvent, LiveDriver};
pub use live_host::{LiveHost, RequestError};
pub use live_replay::serve_recorded;
pub use network::{LiveNetwork, NetworkMember};
pub use pty::PtyPort;
pub use relay::relay;
pub use serial::SerialDevice;
pub use socket::SocketPort;

use std::io;
use std::time::Duration;

/// Where a stand-in meets its host, or a driver its modem.
pub trait Port: Send {
    /// Where it can be found: a path or an address.
    fn name(&self) -> String;

    /// Reads what is there, after waiting for it up to `patience`.
    ///
    /// # Errors
    /// The port is gone.
    fn read(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<PortRead>;

    /// Writes everything; what nobody takes in time is dropped, as on a line without flow control.
    ///
    /// # Errors
    /// The port is gone.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// What a read gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PortRead {
    /// So many octets.
    Octets(usize),
    /// Nothing came.
    Nothing,
    /// The other side has come.
    Connected,
    /// The other side has gone; another may come.
    Disconnected,
}
