//! What subscriptions say, and what they want done.

use std::fmt;

use crate::sip::{Request, Response, ServerKey};

/// A subscription that is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubscriptionRequest {
    /// Request-URI and To.
    pub to: String,
    /// Event package, with its parameters.
    pub event: String,
    /// Content types that are understood.
    pub accept: String,
    /// Seconds to ask for.
    pub expires_s: u32,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
}

/// What a subscriber is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SubscriberEvent {
    /// The subscription stands, or was refreshed.
    Subscribed {
        /// Seconds.
        expires_s: u32,
    },
    /// A notification came; it has been answered with 200.
    Notified {
        /// `active`, `pending`, `terminated` (RFC 6665 clause 4.1.3).
        state: String,
        /// Of the body; empty without one.
        content_type: String,
        /// Body.
        body: Vec<u8>,
    },
    /// It has ended.
    Ended(SubscriptionEnd),
}

/// Why a subscription has ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SubscriptionEnd {
    /// The notifier says so (RFC 6665 clause 4.1.3).
    Notified {
        /// `deactivated`, `probation`, `rejected`, `timeout`, `giveup`, `noresource`, `invariant`, or empty.
        reason: String,
        /// Seconds after which to subscribe again.
        retry_after_s: Option<u32>,
    },
    /// SUBSCRIBE was refused.
    Refused {
        /// Status.
        status: u16,
    },
    /// SUBSCRIBE was not answered, or no NOTIFY came after it (timer N).
    Unanswered,
    /// It was not refreshed in time.
    Expired,
    /// We have ended it.
    Unsubscribed,
    /// The REFER was accepted, and nothing will be told of what comes of it (RFC 4488).
    Implicit,
}

impl SubscriptionEnd {
    /// May a subscriber ask again, and after how many seconds (RFC 6665 clause 4.1.3)? None: not by itself.
    pub fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Notified { reason, retry_after_s } => match reason.as_str() {
                "deactivated" | "timeout" => Some(0),
                "rejected" | "noresource" | "invariant" => None,
                // probation, giveup, unknown and none.
                _ => Some(retry_after_s.unwrap_or(0)),
            },
            Self::Expired => Some(0),
            Self::Refused { .. } | Self::Unanswered | Self::Unsubscribed | Self::Implicit => None,
        }
    }
}

impl fmt::Display for SubscriptionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Notified { reason, .. } if reason.is_empty() => f.write_str("ended by the notifier"),
            Self::Notified { reason, .. } => write!(f, "ended by the notifier: {reason}"),
            Self::Refused { status } => write!(f, "refused with {status}"),
            Self::Unanswered => f.write_str("not answered, or no NOTIFY came"),
            Self::Expired => f.write_str("expired"),
            Self::Unsubscribed => f.write_str("unsubscribed"),
            Self::Implicit => f.write_str("accepted, and not told of"),
        }
    }
}

/// What a notifier is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotifierEvent {
    /// The subscriber has refreshed: a notification with the whole state is due.
    Refreshed {
        /// Seconds.
        expires_s: u32,
    },
    /// The subscriber wants to end it, or it has expired: a last notification was sent without body.
    Ended,
    /// The subscriber does not take notifications any more.
    Lost {
        /// Status of its answer; none: there was none.
        status: Option<u16>,
    },
}

/// What a request of a subscription is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SubscriptionPurpose {
    Subscribe,
    Notify,
}

/// What a subscription wants done; `E` is what its user is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum SubscriptionOutput<E> {
    Send(SubscriptionPurpose, Request),
    Respond(ServerKey, Response),
    Event(E),
}
