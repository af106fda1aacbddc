//! What goes into a [`MapEndpoint`](super::MapEndpoint) and comes out of it.

use std::fmt;
use std::time::Duration;

use crate::map::sccp::{ReturnCause, SccpAddress};
use crate::map::tcap::{Diagnostic, PAbortCause, Problem};
use crate::map::{ApplicationContext, Operation, OperationResult, OperationTimer, ParameterError, UserError};

/// How an endpoint behaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MapConfig {
    /// Contexts in which others may open dialogues with it.
    pub contexts: Vec<ApplicationContext>,
    /// How long an invocation waits for its answer.
    pub timers: MapTimers,
    /// How long a dialogue may be without a message: longer than all timers, also those of others.
    pub guard: Duration,
    /// How many dialogues there may be at a time.
    pub max_dialogues: usize,
}

impl MapConfig {
    /// With timers in the midst of their ranges, a guard of 15 minutes and 10,000 dialogues.
    pub fn new(contexts: impl Into<Vec<ApplicationContext>>) -> Self {
        Self {
            contexts: contexts.into(),
            timers: MapTimers::default(),
            guard: Duration::from_secs(15 * 60),
            max_dialogues: 10_000,
        }
    }
}

/// Timers of TS 29.002 clause 17.1.2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MapTimers {
    /// s: 3 to 10 seconds.
    pub short: Duration,
    /// m: 15 to 30 seconds.
    pub medium: Duration,
    /// ml: 1 to 10 minutes.
    pub medium_long: Duration,
}

impl MapTimers {
    pub(super) const fn of(&self, timer: OperationTimer) -> Duration {
        match timer {
            OperationTimer::Short => self.short,
            OperationTimer::Medium => self.medium,
            OperationTimer::MediumLong => self.medium_long,
        }
    }
}

impl Default for MapTimers {
    /// 6 seconds, 20 seconds, 2 minutes.
    fn default() -> Self {
        let (short, medium, medium_long) = (Duration::from_secs(6), Duration::from_secs(20), Duration::from_secs(120));
        Self { short, medium, medium_long }
    }
}

/// What comes to an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapInput<'a> {
    /// A message of SCCP.
    Sccp(&'a [u8]),
}

/// What an endpoint has to say.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(clippy::large_enum_variant, reason = "it is moved once, from the endpoint to its user")]
pub enum MapOutput {
    /// A message of SCCP to the network.
    Sccp(Vec<u8>),
    /// Something for the user of MAP.
    Event(MapEvent),
    /// Something that was of no use.
    Ignored {
        /// State of the dialogue, or `-` where there is none.
        state: &'static str,
        /// What it was.
        event: String,
    },
}

/// A dialogue: its transaction ID at this end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DialogueId(pub(super) u32);

impl fmt::Display for DialogueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// What has happened to a dialogue: TS 29.002 clause 7.3.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MapEvent {
    /// MAP-OPEN: somebody has opened it.
    Opened {
        /// Which dialogue.
        dialogue: DialogueId,
        /// What for.
        context: ApplicationContext,
        /// By whom.
        calling: SccpAddress,
        /// With whom: the address of this endpoint that was used.
        called: SccpAddress,
    },
    /// An operation was invoked. It wants an answer, unless it is informServiceCentre.
    Invoked {
        /// In which dialogue.
        dialogue: DialogueId,
        /// What the answer is known by.
        invoke_id: i8,
        /// What is asked.
        operation: Operation,
    },
    /// What became of an invocation of ours: once for each, unless we have ended the dialogue; never for informServiceCentre.
    Returned {
        /// In which dialogue.
        dialogue: DialogueId,
        /// Which invocation.
        invoke_id: i8,
        /// What.
        result: Result<OperationResult, InvokeFailure>,
    },
    /// MAP-DELIMITER: that was all of one message, and the dialogue goes on.
    Delimited {
        /// Which dialogue.
        dialogue: DialogueId,
    },
    /// MAP-CLOSE: the other end has ended the dialogue.
    Closed {
        /// Which dialogue.
        dialogue: DialogueId,
    },
    /// MAP-U-ABORT, MAP-P-ABORT, a refusal, or nobody there: the dialogue is no more.
    Aborted {
        /// Which dialogue.
        dialogue: DialogueId,
        /// Why.
        reason: MapAbort,
    },
}

/// Why there is no result.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvokeFailure {
    /// The user at the other end has refused.
    #[error("{0}")]
    User(UserError),
    /// The other end did not understand the invocation.
    #[error("rejected: {0}")]
    Rejected(Problem),
    /// The answer was not understood.
    #[error("an answer that cannot be used: {0}")]
    Invalid(ParameterError),
    /// The dialogue was ended without an answer.
    #[error("no answer when the dialogue ended")]
    Ended,
    /// No answer in time, or the dialogue was aborted.
    #[error("{0}")]
    Aborted(MapAbort),
}

/// Why a dialogue was aborted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MapAbort {
    /// The other end refuses the dialogue.
    #[error("dialogue refused: {diagnostic}")]
    Refused {
        /// By whom and why.
        diagnostic: Diagnostic,
        /// The context that it would take.
        alternative: Option<ApplicationContext>,
    },
    /// The user at the other end has aborted.
    #[error("aborted by the other user")]
    User(Option<UserAbortChoice>),
    /// TCAP at the other end has aborted.
    #[error("aborted by the provider: {0}")]
    Provider(PAbortCause),
    /// One end has found something wrong with the dialogue portion.
    #[error("abnormal dialogue")]
    AbnormalDialogue,
    /// SCCP could not deliver a message.
    #[error("not delivered: {0}")]
    NotDelivered(ReturnCause),
    /// What was to be said does not fit into a message to the address that the other end has answered from.
    #[error("too long for a message to the other end's address")]
    TooLong,
    /// The timer of an invocation has run out.
    #[error("no response in time")]
    NoResponse,
    /// There was no message for too long.
    #[error("nothing happened for too long")]
    Guard,
}

/// MAP-UserAbortChoice: TS 29.002 clause 17.4.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserAbortChoice {
    /// userSpecificReason.
    UserSpecificReason,
    /// userResourceLimitation.
    UserResourceLimitation,
    /// resourceUnavailable: 0 for a short time, 1 for a long one.
    ResourceUnavailable(u8),
    /// applicationProcedureCancellation, with its reason.
    ApplicationProcedureCancellation(u8),
}

/// What cannot be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MapError {
    /// There is no such dialogue, or no more.
    #[error("there is no such dialogue")]
    NoDialogue,
    /// There is no such invocation to be answered, or its result is that of another operation.
    #[error("there is no such invocation")]
    NoInvocation,
    /// There are as many dialogues, or invocations in one, as there may be.
    #[error("too many at a time")]
    TooMany,
    /// The operation is none of the context for this end.
    #[error("the operation does not belong to the context")]
    NotInContext,
    /// It does not fit into a message, or is none of ASN.1.
    #[error("it cannot be said in a message")]
    Unspeakable,
}
