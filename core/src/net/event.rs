//! What the sockets of a node, its store and its operator tell its driver.

use std::net::SocketAddr;

use protocol::diameter::ConnectionId;
use protocol::sip::{Flow, Target};
use tokio::sync::mpsc;

use super::web::Waiting;
use crate::node::{AccessEvent, Admin, HttpExchange, NodeStoreAnswer, StreamEvent, StreamId};

/// Messages that wait for one node; sockets are not read while it is full.
pub(crate) const EVENTS: usize = 4096;

/// Octets that wait to be written on a connection, a message each.
pub(crate) type WriteQueue = mpsc::Sender<Vec<u8>>;

/// Something happened outside of a node.
#[derive(Debug)]
pub(crate) enum NetEvent {
    /// A whole SIP message.
    Sip { flow: Flow, bytes: Vec<u8> },
    /// A SIP connection is there.
    SipOpened { flow: Flow, queue: WriteQueue },
    /// A SIP connection is gone.
    SipClosed { flow: Flow },
    /// A SIP connection did not come about.
    SipUnreachable { target: Target, why: String },
    /// A Diameter connection is there; `peer` when it was wanted.
    DiameterOpened { conn: ConnectionId, peer: Option<usize>, queue: WriteQueue, channel: Channel },
    /// Octets of a Diameter connection.
    Diameter { conn: ConnectionId, bytes: Vec<u8> },
    /// A Diameter connection is gone.
    DiameterClosed { conn: ConnectionId },
    /// A Diameter connection did not come about.
    DiameterUnreachable { peer: usize },
    /// A request of an HTTP client, whole, and where its answer goes.
    Http { exchange: HttpExchange, request: Box<http::Request<Vec<u8>>>, waiting: Waiting },
    /// What has become of an HTTP request of the node.
    HttpAnswered { token: u64, result: super::client::Outcome },
    /// A stream of media is there; `token` when it was wanted.
    StreamOpened { conn: StreamId, token: Option<u64>, channel: Channel, queue: WriteQueue },
    /// Anything else that happens to a stream of media.
    Stream(StreamEvent),
    /// A datagram of media.
    Media { local: SocketAddr, remote: SocketAddr, bytes: Vec<u8> },
    /// A message of SS7.
    Sccp { bytes: Vec<u8> },
    /// The store has answered.
    Store(NodeStoreAnswer),
    /// What the operator wants.
    Admin(Admin),
    /// What the access network tells.
    Access(AccessEvent),
}

/// The two ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channel {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
}
