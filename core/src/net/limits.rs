//! What peers of a live node may take of this process.

use std::time::Duration;

/// Bounds of the sockets of one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NetLimits {
    /// Connections that peers may have open at a time; more are closed at once.
    pub connections: usize,
    /// Messages that wait to be written on one connection; a peer that reads too slowly loses it.
    pub queue: usize,
    /// Messages that wait for a connection to be opened.
    pub waiting: usize,
    /// How long a connection may take to come about, TLS included.
    pub connect: Duration,
    /// How long the rest of a message may take that has begun on a stream, and how long a write.
    pub message: Duration,
    /// How long a node may take to answer a request of HTTP.
    pub answer: Duration,
    /// How long a connection may be silent.
    pub idle: Duration,
}

impl Default for NetLimits {
    fn default() -> Self {
        Self {
            connections: 4096,
            queue: 1024,
            waiting: 64,
            connect: Duration::from_secs(8),
            message: Duration::from_secs(32),
            answer: Duration::from_secs(30),
            idle: Duration::from_secs(2 * 3600),
        }
    }
}
