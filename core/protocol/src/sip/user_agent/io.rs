//! What a user agent says.

use crate::sip::{
    Flow, NotifierEvent, Refusal, Request, Response, ServerKey, SessionEvent, SubscriberEvent, Target, TransactionKey,
};

/// Names a session of one user agent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId(pub u64);

/// Names a subscription that a user agent has made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SubscriberId(pub u64);

/// Names a subscription that a user agent has accepted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NotifierId(pub u64);

/// What a user agent wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UserAgentOutput {
    /// Send this.
    Transmit {
        /// Where to.
        target: Target,
        /// One whole message.
        bytes: Vec<u8>,
    },
    /// For its user.
    Event(UserAgentEvent),
}

/// What passes in the transactions of a user agent, for who has to keep accounts of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Passed {
    /// A request, ACK and CANCEL aside.
    Request {
        /// Its transaction.
        key: TransactionKey,
        /// The request.
        request: Box<Request>,
        /// How it came; none: it is ours.
        flow: Option<Flow>,
    },
    /// A response to it, ours or the other one's.
    Response {
        /// Its transaction.
        key: TransactionKey,
        /// The response.
        response: Box<Response>,
    },
    /// There is none and will be none.
    Unanswered {
        /// Its transaction.
        key: TransactionKey,
    },
}

/// What the user of a user agent is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UserAgentEvent {
    /// The final response to a request of [`super::UserAgent::send`], or why there is none.
    Response {
        /// As it was given.
        token: u64,
        /// Any final response.
        result: Result<Response, Refusal>,
    },
    /// A request that belongs to no usage: the user has to [`super::UserAgent::respond`].
    Request {
        /// To answer with.
        key: ServerKey,
        /// The request.
        request: Request,
        /// How it came.
        flow: Flow,
    },
    /// A session is offered; [`SessionEvent::Offered`] follows.
    Incoming {
        /// Its name.
        session: SessionId,
        /// The INVITE.
        invite: Request,
        /// How it came.
        flow: Flow,
    },
    /// Of a session.
    Session(SessionId, SessionEvent),
    /// Of a subscription that was made.
    Subscriber(SubscriberId, SubscriberEvent),
    /// Of a subscription that was accepted.
    Notifier(NotifierId, NotifierEvent),
    /// Something came that nothing is done about.
    Ignored {
        /// What came.
        what: String,
        /// Why it is ignored.
        why: String,
    },
}
