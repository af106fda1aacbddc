//! Why an MMS user agent has no answer, and what it does about that.

use std::fmt;
use std::time::Duration;

use protocol::mms::RetrieveStatus;
use protocol::sip::Refusal;

use super::compose::ComposeProblem;

/// Why something was not said to the relay, or got no answer that is one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MmsFailure {
    /// It is no message.
    Content(ComposeProblem),
    /// It has no recipient.
    NoRecipient,
    /// What is to be passed on does not wait at the relay.
    NotWaiting,
    /// More octets than are sent or retrieved.
    TooLarge {
        /// So many.
        octets: u64,
    },
    /// Too many wait.
    TooMany,
    /// The UE is not registered, and there is no HTTP; or the message is too large for the IMS, and there is no HTTP.
    NoAccess,
    /// The URL of the relay or of the message is none.
    Url(String),
    /// The MESSAGE was not taken.
    Message(Refusal),
    /// A status of HTTP.
    Http {
        /// 300 to 599, or that of a response without what was asked for.
        status: u16,
        /// What was said with it.
        text: String,
        /// Retry-After.
        retry_after: Option<Duration>,
    },
    /// There was no response of HTTP.
    NoResponse(String),
    /// The relay did not answer in time.
    NoAnswer,
    /// The answer cannot be read, or is none to this.
    Wrong(String),
    /// M-Retrieve.conf without a message.
    Retrieve {
        /// X-Mms-Retrieve-Status.
        status: RetrieveStatus,
        /// X-Mms-Retrieve-Text.
        text: String,
    },
}

impl MmsFailure {
    /// May it be over soon?
    pub(super) fn is_temporary(&self) -> bool {
        match self {
            Self::Content(_) | Self::NoRecipient | Self::NotWaiting | Self::TooLarge { .. } => false,
            Self::TooMany | Self::NoAccess | Self::Url(_) => false,
            Self::Message(refusal) => {
                refusal.status().is_none_or(|status| matches!(status, 408 | 480 | 500 | 502..=504))
            }
            // RFC 9110 clause 15, RFC 6585 clause 4.
            Self::Http { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502..=504),
            Self::NoResponse(_) | Self::NoAnswer | Self::Wrong(_) => true,
            Self::Retrieve { status, .. } => status.is_transient(),
        }
    }

    /// Does it say that what was asked for is not there, or not for this user?
    pub(super) fn is_gone(&self) -> bool {
        match self {
            Self::Message(refusal) => refusal.status().is_some_and(|status| matches!(status, 404 | 410)),
            Self::Http { status, .. } => matches!(status, 404 | 410),
            Self::Retrieve { status, .. } => !status.is_transient(),
            _ => false,
        }
    }
}

impl fmt::Display for MmsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content(problem) => problem.fmt(f),
            Self::NoRecipient => f.write_str("there is no recipient"),
            Self::NotWaiting => f.write_str("it does not wait at the relay"),
            Self::TooLarge { octets } => write!(f, "{octets} octets are too many"),
            Self::TooMany => f.write_str("too many messages wait"),
            Self::NoAccess => f.write_str("the UE has no way to the relay"),
            Self::Url(url) => write!(f, "{url:?} is no URL of HTTP"),
            Self::Message(refusal) => refusal.fmt(f),
            Self::Http { status, text, .. } if text.is_empty() => write!(f, "HTTP status {status}"),
            Self::Http { status, text, .. } => write!(f, "HTTP status {status}: {text}"),
            Self::NoResponse(why) => write!(f, "no response of HTTP: {why}"),
            Self::NoAnswer => f.write_str("the relay does not answer"),
            Self::Wrong(why) => write!(f, "the answer is none: {why}"),
            Self::Retrieve { status, text } if text.is_empty() => status.fmt(f),
            Self::Retrieve { status, text } => write!(f, "{status}: {text}"),
        }
    }
}
