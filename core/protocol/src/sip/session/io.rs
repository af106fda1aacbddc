//! What a session is told, and what it says.

use std::fmt;
use std::time::Duration;

use crate::sip::{Request, Response, ServerKey};

/// How a user agent holds its sessions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionSettings {
    /// Provisional responses are sent reliably where the peer knows how (RFC 3262).
    pub reliable_provisional: bool,
    /// Session interval to ask for (RFC 4028); none: no session timer is asked for.
    pub session_expires_s: Option<u32>,
    /// Shortest session interval that is accepted.
    pub min_se_s: u32,
    /// A call that is not answered is given up after this time.
    pub no_answer: Duration,
    /// An incoming call that nobody answers is refused with 480 after this time.
    pub unanswered: Duration,
    /// Media over MBMS bearers that are offered are accepted.
    pub takes_mbms: bool,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            reliable_provisional: true,
            session_expires_s: Some(1800),
            min_se_s: 90,
            no_answer: Duration::from_secs(180),
            unanswered: Duration::from_secs(170),
            takes_mbms: false,
        }
    }
}

/// What becomes of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SessionEvent {
    /// The other side offers a session.
    Offered {
        /// SDP offer, where there is one.
        sdp: Option<Vec<u8>>,
    },
    /// A provisional response other than 100.
    Progress {
        /// 180, 183…
        status: u16,
        /// SDP in it.
        sdp: Option<Vec<u8>>,
    },
    /// It stands.
    Established {
        /// The other one's SDP.
        sdp: Vec<u8>,
    },
    /// Media have been agreed upon anew, also before it stands.
    Modified {
        /// The other one's SDP.
        sdp: Vec<u8>,
        /// Who may send now.
        hold: HoldState,
    },
    /// An offer was refused; the session goes on as it was.
    ModifyRefused {
        /// Why.
        why: Refusal,
    },
    /// A refresh went through (RFC 4028).
    Refreshed,
    /// It has ended.
    Ended {
        /// Why.
        why: EndedWhy,
    },
}

/// Who may send in a session (RFC 3264 clause 8.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HoldState {
    /// We hold the other one.
    pub local: bool,
    /// The other one holds us.
    pub remote: bool,
}

/// Why a request did not succeed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// A response with this status.
    #[error("{status} {reason}")]
    Status {
        /// 300 to 699.
        status: u16,
        /// Reason phrase.
        reason: String,
    },
    /// Nobody answered.
    #[error("no answer within 64*T1")]
    Timeout,
    /// It could not be sent.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It cannot be done in this state.
    #[error("{0}")]
    NotNow(&'static str),
    /// The other one did not keep to the standard.
    #[error("the answer breaks the standard: {0}")]
    Broken(String),
}

impl Refusal {
    /// What a final response other than 2xx says.
    pub fn of(response: &Response) -> Self {
        Self::Status { status: response.status, reason: response.reason.clone() }
    }

    /// The status, where there was a response.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// Why a session has ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EndedWhy {
    /// We hung up (BYE).
    HungUp,
    /// The other one did (BYE), with its Reason.
    RemoteHungUp {
        /// Reason header field (RFC 3326).
        reason: Option<String>,
    },
    /// We gave it up before it was answered.
    Cancelled,
    /// The caller gave it up before we answered, with its Reason.
    RemoteCancelled {
        /// Reason header field.
        reason: Option<String>,
    },
    /// It was refused.
    Refused(Refusal),
    /// We refused it.
    Rejected {
        /// Status.
        status: u16,
    },
    /// Nobody answered it.
    NoAnswer,
    /// The session was not refreshed in time (RFC 4028), the other one has lost it, or does not answer.
    TimedOut(String),
    /// The user agent has lost what it needs.
    Lost,
}

impl fmt::Display for EndedWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HungUp => f.write_str("hung up"),
            Self::RemoteHungUp { reason } => write!(f, "the other one hung up{}", told(reason.as_deref())),
            Self::Cancelled => f.write_str("given up before it was answered"),
            Self::RemoteCancelled { reason } => write!(f, "the caller gave up{}", told(reason.as_deref())),
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::Rejected { status } => write!(f, "refused with {status}"),
            Self::NoAnswer => f.write_str("nobody answered"),
            Self::TimedOut(why) => write!(f, "timed out: {why}"),
            Self::Lost => f.write_str("the user agent has lost its registration or its bearer"),
        }
    }
}

fn told(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

/// What a request of a session is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// The first INVITE.
    Invite,
    /// One in the session.
    ReInvite,
    /// UPDATE.
    Update,
    /// PRACK.
    Prack,
    /// BYE.
    Bye,
    /// BYE of a dialog that is not wanted.
    StrayBye,
}

/// Why there is no response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NoResponse {
    Timeout,
    NotSent(String),
}

/// What a session wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum SessionOutput {
    /// A request in a transaction of its own.
    Send(Purpose, Request),
    /// The ACK of a 2xx.
    Ack(Request),
    /// A response.
    Respond(ServerKey, Response),
    /// The PRACK of a provisional response to this has come.
    Acknowledged(ServerKey),
    /// The first INVITE is cancelled; Reason.
    Cancel(Option<String>),
    /// For the user.
    Event(SessionEvent),
}
