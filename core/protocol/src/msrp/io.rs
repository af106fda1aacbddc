//! What an MSRP endpoint is told, and what it says.

use std::net::SocketAddr;

use super::FailureReport;

/// Names a session of one endpoint.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MsrpSessionId(pub u64);

/// What comes to an endpoint. Connections are named by the driver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MsrpInput<'a> {
    /// A connection stands.
    Connected {
        /// Its name from here on.
        conn: u64,
        /// Of [`MsrpOutput::Connect`]; none: the peer has opened it.
        token: Option<u64>,
    },
    /// Octets came.
    Received {
        /// Over this connection.
        conn: u64,
        /// In these pieces.
        bytes: &'a [u8],
    },
    /// A connection is gone.
    Closed {
        /// Which.
        conn: u64,
    },
    /// A connection could not be opened.
    ConnectFailed {
        /// As it was given.
        token: u64,
        /// Why not.
        why: String,
    },
}

/// What an endpoint wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MsrpOutput {
    /// Open a connection.
    Connect {
        /// To be given back.
        token: u64,
        /// Where to.
        remote: SocketAddr,
    },
    /// Send octets.
    Send {
        /// Over this connection.
        conn: u64,
        /// These.
        bytes: Vec<u8>,
    },
    /// Close a connection when what was given has gone out.
    Close {
        /// Which.
        conn: u64,
    },
    /// For the user.
    Event(MsrpEvent),
}

/// What the user of an endpoint is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MsrpEvent {
    /// Messages can go both ways.
    Opened {
        /// Which.
        session: MsrpSessionId,
    },
    /// The next octets of a message that is pulled: the user has to [`super::MsrpEndpoint::supply`] exactly these.
    Wanted {
        /// Which.
        session: MsrpSessionId,
        /// Of the message.
        token: u64,
        /// The first octet, counted from 0.
        offset: u64,
        /// How many.
        octets: usize,
    },
    /// What became of a message; exactly one for each.
    Sent {
        /// Which.
        session: MsrpSessionId,
        /// Of the message.
        token: u64,
        /// The next hop has taken it all, or it has not.
        result: Result<(), MsrpFailure>,
    },
    /// A report on a message came: from the other end when all of it is there, or of a failure on the way.
    Reported {
        /// Which.
        session: MsrpSessionId,
        /// Of the message.
        token: u64,
        /// 200, or what went wrong.
        status: u16,
    },
    /// A message begins.
    Started {
        /// Which.
        session: MsrpSessionId,
        /// Its Message-ID.
        message: String,
        /// Content-Type.
        content_type: String,
        /// Octets, where the sender knows.
        total: Option<u64>,
    },
    /// A piece of a message. Pieces may come in any order, and more than once.
    Received {
        /// Which.
        session: MsrpSessionId,
        /// Its Message-ID.
        message: String,
        /// The first octet, counted from 0.
        offset: u64,
        /// The octets.
        bytes: Vec<u8>,
    },
    /// A message is there. With [`SessionOptions::confirm`] the user has to [`super::MsrpEndpoint::confirm`] it.
    Complete {
        /// Which.
        session: MsrpSessionId,
        /// Its Message-ID.
        message: String,
        /// Its octets.
        total: u64,
    },
    /// A message will not be complete.
    Aborted {
        /// Which.
        session: MsrpSessionId,
        /// Its Message-ID.
        message: String,
        /// Why.
        why: String,
    },
    /// The session has no connection any more, or never got one.
    Closed {
        /// Which.
        session: MsrpSessionId,
        /// Why.
        why: String,
    },
    /// Something came that nothing is done about.
    Ignored {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
}

/// Why a message was not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MsrpFailure {
    /// A response.
    #[error("{status} {comment}")]
    Status {
        /// 300 to 999.
        status: u16,
        /// Its words.
        comment: String,
    },
    /// Nobody answered within 30 seconds (RFC 4975 clause 7.1.1).
    #[error("no response within 30 s")]
    Timeout,
    /// The session has ended.
    #[error("the session has ended: {0}")]
    Closed(String),
    /// It cannot be sent.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The user gave it up.
    #[error("given up")]
    Aborted,
}

/// A message to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MsrpMessage {
    /// To be given back.
    pub token: u64,
    /// Content-Type.
    pub content_type: String,
    /// Further headers of the content, such as Content-Disposition.
    pub headers: Vec<(String, String)>,
    /// Its octets.
    pub source: MsrpSource,
    /// The other end is to tell when all of it is there.
    pub success_report: bool,
    /// Which responses are wanted; with others than all of them a message must be whole and no longer than 64 KiB, since
    /// nothing holds it back.
    pub failure_report: FailureReport,
}

/// Where the octets of a message come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MsrpSource {
    /// From here.
    Whole(Vec<u8>),
    /// They are asked for piece by piece ([`MsrpEvent::Wanted`]).
    Pulled {
        /// How many.
        total: u64,
    },
}

impl MsrpMessage {
    /// A whole message with all responses and without a report.
    pub fn new(token: u64, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            token,
            content_type: content_type.to_owned(),
            headers: Vec::new(),
            source: MsrpSource::Whole(body.into()),
            success_report: false,
            failure_report: FailureReport::Yes,
        }
    }

    pub(super) const fn total(&self) -> u64 {
        match &self.source {
            MsrpSource::Whole(body) => body.len() as u64,
            MsrpSource::Pulled { total } => *total,
        }
    }
}

/// What a session takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionOptions {
    /// Media types, `*`, or `type/*`; in `a=accept-types`.
    pub accept_types: Vec<String>,
    /// Octets of a message; in `a=max-size`.
    pub max_size: u64,
    /// A complete message is answered when the user has confirmed it: acknowledged only when it is durable, for example.
    pub confirm: bool,
}

impl Default for SessionOptions {
    fn default() -> Self {
        let accept_types = ["message/cpim", "text/plain"].map(ToOwned::to_owned).to_vec();
        Self { accept_types, max_size: 64 << 10, confirm: false }
    }
}
