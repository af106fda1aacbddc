//! Ports for servers of tests.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// Ports that were looked at: none is given twice.
static SEEN: AtomicU32 = AtomicU32::new(0);

/// A port of loopback that is free for UDP and TCP now, below those that the system gives to connections (RFC 6335 clause 6):
/// nobody gets it by chance before the server has it. Tests that run at once begin at different places.
pub(crate) fn free_port() -> u16 {
    let is_free =
        |port: u16| UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok();
    let first = std::process::id() * 13 % 8000;
    let mut ports = (0..8000).map(|_| 20_000 + ((first + SEEN.fetch_add(1, Ordering::Relaxed)) % 8000) as u16);
    ports.find(|port| is_free(*port)).expect("a free port")
}
