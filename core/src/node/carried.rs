//! What nodes exchange besides SIP and Diameter: HTTP, and the streams and datagrams of media (TS 23.002 clause 6a.7.12: Mb).

use std::net::{IpAddr, SocketAddr};

/// Which protocol, or kind of transport, a message belongs to: it decides between the reference points of two boxes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carried {
    /// SIP.
    Sip,
    /// Diameter.
    Diameter,
    /// HTTP.
    Http,
    /// A stream of media (MSRP), or an SCTP association (M3AP, M2AP), which keeps the bounds of messages.
    Stream,
    /// A datagram of media (RTP, RTCP) or of MBMS user data.
    Datagram,
    /// A message of SS7 (ITU-T Q.713).
    Sccp,
}

/// Names a request of an HTTP client until it is answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HttpExchange(pub u64);

/// Names a stream at one of its ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StreamId(pub u64);

/// What happens to streams.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StreamInput<'a> {
    /// A stream is there.
    Connected {
        /// Its name from now on.
        conn: StreamId,
        /// That of the wish which it fulfils; none: the other side has opened it.
        token: Option<u64>,
        /// Own address.
        local: SocketAddr,
        /// Address of the other side.
        remote: SocketAddr,
    },
    /// Octets have come: cut anywhere. Over SCTP one message.
    Received {
        /// Over which.
        conn: StreamId,
        /// The octets.
        bytes: &'a [u8],
    },
    /// The other side has closed it, or it has broken.
    Closed {
        /// Which.
        conn: StreamId,
    },
    /// A stream that was wanted did not come about.
    ConnectFailed {
        /// That of the wish.
        token: u64,
        /// Why not.
        why: String,
    },
}

/// What is done with streams.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StreamOutput {
    /// Open one.
    Connect {
        /// Comes back with what became of it.
        token: u64,
        /// Where to.
        remote: SocketAddr,
    },
    /// Send octets.
    Send {
        /// Over which.
        conn: StreamId,
        /// The octets.
        bytes: Vec<u8>,
    },
    /// Close one, once what was sent before has left. The side that closes hears no more of it.
    Close {
        /// Which.
        conn: StreamId,
    },
}

/// A group of IP multicast that a node is in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Membership {
    /// Address of the group.
    pub group: IpAddr,
    /// The only sender that is heard, of a source-specific one (RFC 4607).
    pub source: Option<IpAddr>,
    /// In from now on, or out.
    pub is_member: bool,
}

/// What has happened to a stream, kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StreamEvent {
    /// A stream is there.
    Connected {
        /// Its name from now on.
        conn: StreamId,
        /// That of the wish which it fulfils; none: the other side has opened it.
        token: Option<u64>,
        /// Own address.
        local: SocketAddr,
        /// Address of the other side.
        remote: SocketAddr,
    },
    /// Octets have come.
    Received {
        /// Over which.
        conn: StreamId,
        /// The octets.
        bytes: Vec<u8>,
    },
    /// It is gone.
    Closed {
        /// Which.
        conn: StreamId,
    },
    /// One that was wanted did not come about.
    ConnectFailed {
        /// That of the wish.
        token: u64,
        /// Why not.
        why: String,
    },
}

impl StreamEvent {
    /// The event as nodes take it.
    #[must_use]
    pub fn as_input(&self) -> StreamInput<'_> {
        match self {
            &Self::Connected { conn, token, local, remote } => StreamInput::Connected { conn, token, local, remote },
            Self::Received { conn, bytes } => StreamInput::Received { conn: *conn, bytes },
            &Self::Closed { conn } => StreamInput::Closed { conn },
            Self::ConnectFailed { token, why } => StreamInput::ConnectFailed { token: *token, why: why.clone() },
        }
    }
}
