//! Transport connections below a Diameter peer (RFC 6733 clause 2.1).

use std::net::SocketAddr;

/// A transport connection, as the driver numbers them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnectionId(pub u64);

/// What the driver of the transport connections tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiameterInput<'a> {
    /// A connection is there.
    Connected {
        /// Which.
        conn: ConnectionId,
        /// The peer, by its place in the configuration, that we wanted it to; none: somebody connected to us.
        peer: Option<usize>,
    },
    /// Octets of the stream, in any pieces.
    Received {
        /// Of which connection.
        conn: ConnectionId,
        /// The octets.
        bytes: &'a [u8],
    },
    /// A connection is gone.
    Closed {
        /// Which.
        conn: ConnectionId,
    },
    /// A connection that was wanted did not come about.
    ConnectFailed {
        /// The peer, by its place in the configuration.
        peer: usize,
    },
}

/// What the driver of the transport connections shall do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DiameterTransport {
    /// Connect to a peer.
    Connect {
        /// Which, by its place in the configuration.
        peer: usize,
        /// Where it is.
        address: SocketAddr,
    },
    /// Send one whole message.
    Send {
        /// On which connection.
        conn: ConnectionId,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Close a connection.
    Close {
        /// Which.
        conn: ConnectionId,
    },
}
