//! A message between two boxes, and what comes to a box outside.

use std::net::SocketAddr;

use protocol::Joint;
use protocol::diameter::ConnectionId;
use protocol::sip::Transport;

use crate::node::{Carried, HttpExchange, StreamEvent, StreamId};

/// A message on a reference point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WireMessage {
    /// Which reference point.
    pub joint: Joint,
    /// Name of the sending box.
    pub from: String,
    /// Name of the receiving box.
    pub to: String,
    /// Transport protocol.
    pub transport: Transport,
    /// Source address.
    pub source: SocketAddr,
    /// Destination address.
    pub destination: SocketAddr,
    /// The message.
    pub bytes: Vec<u8>,
    /// What it belongs to.
    pub(super) way: Way,
}

impl WireMessage {
    /// Transport, source and destination, as the tap of the message names them.
    #[must_use]
    pub fn channel(&self) -> String {
        // M3AP and M2AP are the only ones over SCTP (TS 36.442 clause 7, TS 36.440 clause 7).
        match self.joint {
            Joint::M2 | Joint::M3 => format!("sctp {} {}", self.source, self.destination),
            joint if joint.is_map() => format!("sccp {} {}", self.source, self.destination),
            _ => format!("{} {} {}", self.transport, self.source, self.destination),
        }
    }
}

/// What a message belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    Sip,
    Diameter(ConnectionId),
    Request(HttpExchange),
    Response(HttpExchange),
    /// The end that it goes to.
    Stream(StreamId),
    Datagram,
    Sccp,
    /// A datagram to a group: the place of the member that this copy is for.
    Multicast(usize),
}

impl Way {
    pub(super) const fn carried(self) -> Carried {
        match self {
            Self::Sip => Carried::Sip,
            Self::Diameter(_) => Carried::Diameter,
            Self::Request(_) | Self::Response(_) => Carried::Http,
            Self::Stream(_) => Carried::Stream,
            Self::Datagram | Self::Multicast(_) => Carried::Datagram,
            Self::Sccp => Carried::Sccp,
        }
    }
}

/// What comes to a box outside besides SIP.
#[derive(Clone, Debug)]
pub enum OutsideEvent {
    /// A node asks by HTTP; [`Fabric::respond`](super::Fabric::respond) answers it.
    Request {
        /// Names it until then.
        exchange: HttpExchange,
        /// Its own address.
        local: SocketAddr,
        /// Where it came from.
        remote: SocketAddr,
        /// The request, its URI path and query.
        request: http::Request<Vec<u8>>,
    },
    /// A request of HTTP is answered.
    Response {
        /// Which.
        exchange: HttpExchange,
        /// With what.
        response: http::Response<Vec<u8>>,
    },
    /// A request of HTTP gets no answer.
    RequestFailed {
        /// Which.
        exchange: HttpExchange,
        /// Why not.
        why: String,
    },
    /// A stream of media.
    Stream(StreamEvent),
    /// A message of SS7.
    Sccp {
        /// Its octets.
        bytes: Vec<u8>,
    },
    /// A datagram of media.
    Datagram {
        /// Its own address.
        local: SocketAddr,
        /// Where it came from.
        remote: SocketAddr,
        /// Its octets.
        bytes: Vec<u8>,
    },
}
