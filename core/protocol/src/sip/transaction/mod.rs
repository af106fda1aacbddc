//! Transaction machines (RFC 3261 clause 17, RFC 6026): what is due when, and what a message does. They hold no message.

mod client;
mod client_invite;
mod server;
mod server_invite;

use std::time::Duration;

pub(crate) use client::ClientNonInvite;
pub(crate) use client_invite::ClientInvite;
pub(crate) use server::ServerNonInvite;
pub(crate) use server_invite::ServerInvite;

/// The timer values that others follow from (RFC 3261 table 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SipTimers {
    /// Estimate of the round trip; timers A, E and G start with it, B, F, H, J, L and M are 64 of it.
    pub t1: Duration,
    /// The longest time between two retransmissions of a non-INVITE request or a response to INVITE.
    pub t2: Duration,
    /// How long a message stays in the network: timers I and K.
    pub t4: Duration,
    /// Timer C: how long a proxy waits for the final response to an INVITE, counted anew by every provisional one.
    pub c: Duration,
    /// Timer D: how long the client of an INVITE over UDP answers repeated final responses.
    pub d: Duration,
    /// After this time a server answers an INVITE with 100 of its own (clause 17.2.1).
    pub trying: Duration,
    /// How long the user of a server transaction may take for its final response to an INVITE; 408 then.
    pub unanswered: Duration,
}

impl SipTimers {
    /// Timers B, F, H, J, L and M: 64 T1.
    pub fn give_up(&self) -> Duration {
        self.t1 * 64
    }
}

impl Default for SipTimers {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            c: Duration::from_secs(181),
            d: Duration::from_secs(32),
            trying: Duration::from_millis(200),
            unanswered: Duration::from_secs(900),
        }
    }
}

impl SipTimers {
    /// TS 24.229 table 7.7.1: the values towards and in a UE, whose radio takes its time.
    pub fn over_radio() -> Self {
        Self {
            t1: Duration::from_secs(2),
            t2: Duration::from_secs(16),
            t4: Duration::from_secs(17),
            d: Duration::from_secs(128),
            ..Self::default()
        }
    }
}

/// A client transaction of one stack.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClientKey(pub(crate) u64);

/// A server transaction of one stack.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServerKey(pub(crate) u64);

/// A transaction of either kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TransactionKey {
    /// We sent the request.
    Client(ClientKey),
    /// We answer it.
    Server(ServerKey),
}

impl From<ClientKey> for TransactionKey {
    fn from(key: ClientKey) -> Self {
        Self::Client(key)
    }
}

impl From<ServerKey> for TransactionKey {
    fn from(key: ServerKey) -> Self {
        Self::Server(key)
    }
}

/// What a machine wants done, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// Send the request, or the newest response, once more.
    Send,
    /// Send the ACK of a final response that is no success.
    Ack,
    /// Answer 100.
    Trying,
    /// Give the message to the user.
    Pass,
    /// Tell the user that the peer did not answer.
    Timeout,
}

pub(crate) type Steps = &'static [Step];

/// A deadline that never comes sorts last.
pub(crate) fn earliest(deadlines: impl IntoIterator<Item = Option<crate::Instant>>) -> Option<crate::Instant> {
    deadlines.into_iter().flatten().min()
}
