//! What a session is made with, takes and gives: SMPP 3.4 clauses 2 and 7.2.

use std::time::Duration;

use super::super::command::{CommandId, CommandStatus};
use super::super::message::AlertNotification;
use super::super::pdu::{Bind, BindKind, Outbind, Pdu, SystemId};
use super::super::tlv::Tlv;

/// Which side of a session it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SmppRole {
    /// External short message entity: it binds.
    Esme,
    /// Message centre: it is bound to.
    MessageCentre,
}

/// What a session is like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmppConfig {
    /// Which side it is.
    pub role: SmppRole,
    /// Name of the message centre, in its responses.
    pub system_id: SystemId,
    /// Octets of a PDU that may come.
    pub max_pdu: usize,
    /// Requests of its own that may be unanswered.
    pub window: usize,
    /// Requests of the other side that may be unanswered; more are refused.
    pub peer_window: usize,
    /// session_init_timer: how long a message centre waits for a bind.
    pub session_init_time: Duration,
    /// enquire_link_timer: after so much silence the other side is asked whether it is there.
    pub enquire_link_time: Duration,
    /// inactivity_timer: a session without messages for so long is unbound.
    pub inactivity_time: Option<Duration>,
    /// response_timer: how long a request may be unanswered.
    pub response_time: Duration,
}

impl SmppConfig {
    /// The usual settings. SMPP 3.4 clause 7.2 names the timers and leaves their values open.
    pub fn new(role: SmppRole) -> Self {
        Self {
            role,
            system_id: SystemId::default(),
            // message_payload may have 64 KiB.
            max_pdu: 70_000,
            window: 10,
            peer_window: 100,
            session_init_time: Duration::from_secs(10),
            enquire_link_time: Duration::from_secs(30),
            inactivity_time: None,
            response_time: Duration::from_secs(30),
        }
    }
}

/// What happens to a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmppInput<'a> {
    /// Octets have come.
    Received(&'a [u8]),
    /// The connection is gone.
    Closed,
}

/// What a session does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SmppOutput {
    /// Send these octets.
    Send(Vec<u8>),
    /// Close the connection, behind what is to be sent.
    Close,
    /// Something for the owner.
    Event(SmppEvent),
}

/// What the owner is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SmppEvent {
    /// An ESME wants to bind: [`SmppSession::accept_bind`](super::SmppSession::accept_bind), or [`SmppSession::refuse_bind`](super::SmppSession::refuse_bind).
    BindRequested(BindKind, Bind),
    /// A message centre asks an ESME to bind: [`SmppSession::bind`](super::SmppSession::bind).
    OutbindRequested(Outbind),
    /// The session is bound; an ESME gets the response.
    Bound {
        /// How.
        kind: BindKind,
        /// Name of the message centre, as far as it tells.
        system_id: Option<SystemId>,
        /// Optional parameters of the response.
        tlvs: Vec<Tlv>,
    },
    /// The message centre does not let the ESME bind.
    BindRefused(CommandStatus),
    /// A request: [`SmppSession::respond`](super::SmppSession::respond), or [`SmppSession::refuse`](super::SmppSession::refuse).
    Request(Box<Pdu>),
    /// A subscriber can be reached; nothing is answered.
    Alert(AlertNotification, Vec<Tlv>),
    /// A request was answered, be it with generic_nack.
    Response {
        /// As it was given.
        token: u64,
        /// The answer.
        pdu: Box<Pdu>,
    },
    /// A request will not be answered any more; whether it was done is not known.
    Unanswered {
        /// As it was given.
        token: u64,
    },
    /// Something came that does not belong here.
    Ignored {
        /// In which state.
        state: &'static str,
        /// What.
        event: String,
    },
    /// The session is over.
    Ended(SmppEnd),
}

/// Why a session is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmppEnd {
    /// The other side has unbound it.
    UnboundByPeer,
    /// It was unbound here.
    Unbound,
    /// The connection is gone.
    ConnectionLost,
    /// Nobody has bound in time, or the bind was not answered.
    NotBound,
    /// The other side does not answer enquire_link.
    NoAnswer,
    /// What came is no stream of PDUs.
    Framing,
    /// It was closed here without being unbound.
    Closed,
}

/// A request cannot be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SmppRefusal {
    /// The session is not bound, or not any more.
    #[error("the session is {0}")]
    State(&'static str),
    /// As many requests as may be are unanswered.
    #[error("the window is full")]
    WindowFull,
    /// This side may not send that in a session bound like this.
    #[error("{0} does not go this way")]
    NotAllowed(CommandId),
    /// What it says is in optional parameters, which the other side does not know.
    #[error("the other side is older than SMPP 3.4, and would get {0} without its content")]
    TooOld(CommandId),
}
