//! TCAP: messages, dialogue portion and components of Q.773.
//!
//! The crate `tcap` reads a message in the three steps of Q.774, and says what is wrong in which of them: [`TcapProblem`] has
//! what the answer to that needs.

use std::fmt;

mod component;
mod dialogue;
mod wire;

pub use component::{Code, Component, GeneralProblem, InvokeProblem, Problem, ReturnErrorProblem, ReturnResultProblem};
pub use dialogue::{Diagnostic, DialoguePdu};

/// A message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TcapMessage {
    /// Unidirectional: there is no transaction.
    Unidirectional {
        /// Dialogue portion.
        dialogue: Option<DialoguePdu>,
        /// At least one.
        components: Vec<Component>,
    },
    /// Begin.
    Begin {
        /// Originating transaction ID.
        otid: TransactionId,
        /// Dialogue portion.
        dialogue: Option<DialoguePdu>,
        /// Components.
        components: Vec<Component>,
    },
    /// Continue.
    Continue {
        /// Originating transaction ID.
        otid: TransactionId,
        /// Destination transaction ID.
        dtid: TransactionId,
        /// Dialogue portion, in the first one of who is asked.
        dialogue: Option<DialoguePdu>,
        /// Components.
        components: Vec<Component>,
    },
    /// End.
    End {
        /// Destination transaction ID.
        dtid: TransactionId,
        /// Dialogue portion, where it is the first message of who is asked.
        dialogue: Option<DialoguePdu>,
        /// Components.
        components: Vec<Component>,
    },
    /// Abort.
    Abort {
        /// Destination transaction ID.
        dtid: TransactionId,
        /// By whom, and why.
        reason: AbortReason,
    },
}

impl TcapMessage {
    /// Reads a message.
    ///
    /// # Errors
    /// What was not understood.
    pub fn parse(octets: &[u8]) -> Result<Self, Box<TcapProblem>> {
        wire::parse(octets)
    }

    /// Its octets.
    ///
    /// # Errors
    /// A parameter that is not one ASN.1 value, an object identifier that is none, a Unidirectional without components.
    pub fn emit(&self) -> Result<Vec<u8>, TcapError> {
        wire::emit(self)
    }

    /// Originating transaction ID.
    pub const fn otid(&self) -> Option<&TransactionId> {
        match self {
            Self::Begin { otid, .. } | Self::Continue { otid, .. } => Some(otid),
            _ => None,
        }
    }

    /// Destination transaction ID.
    pub const fn dtid(&self) -> Option<&TransactionId> {
        match self {
            Self::Continue { dtid, .. } | Self::End { dtid, .. } | Self::Abort { dtid, .. } => Some(dtid),
            _ => None,
        }
    }

    /// Components.
    pub fn components(&self) -> &[Component] {
        match self {
            Self::Unidirectional { components, .. }
            | Self::Begin { components, .. }
            | Self::Continue { components, .. }
            | Self::End { components, .. } => components,
            Self::Abort { .. } => &[],
        }
    }

    /// Dialogue portion, also that of an abort by the user.
    pub const fn dialogue(&self) -> Option<&DialoguePdu> {
        match self {
            Self::Unidirectional { dialogue, .. }
            | Self::Begin { dialogue, .. }
            | Self::Continue { dialogue, .. }
            | Self::End { dialogue, .. } => dialogue.as_ref(),
            Self::Abort { reason: AbortReason::User(dialogue), .. } => dialogue.as_ref(),
            Self::Abort { .. } => None,
        }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unidirectional { .. } => "Unidirectional",
            Self::Begin { .. } => "Begin",
            Self::Continue { .. } => "Continue",
            Self::End { .. } => "End",
            Self::Abort { .. } => "Abort",
        }
    }
}

/// Transaction ID: 1 to 4 octets.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId(Vec<u8>);

impl TransactionId {
    /// The ID with these octets; none if there are not 1 to 4.
    pub fn new(octets: &[u8]) -> Option<Self> {
        (1..=4).contains(&octets.len()).then(|| Self(octets.to_vec()))
    }

    /// Its octets.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl From<u32> for TransactionId {
    fn from(id: u32) -> Self {
        Self(id.to_be_bytes().to_vec())
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransactionId({self})")
    }
}

/// Who has aborted a transaction, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AbortReason {
    /// P-Abort cause: the transaction sub-layer.
    Provider(PAbortCause),
    /// The user, or the component sub-layer.
    User(Option<DialoguePdu>),
}

crate::codes::numbers! {
    /// P-AbortCause: Q.773 table 12.
    pub struct PAbortCause(i64), "cause" {
        UNRECOGNIZED_MESSAGE_TYPE = 0, "unrecognizedMessageType";
        UNRECOGNIZED_TRANSACTION_ID = 1, "unrecognizedTransactionID";
        BADLY_FORMATTED_TRANSACTION_PORTION = 2, "badlyFormattedTransactionPortion";
        INCORRECT_TRANSACTION_PORTION = 3, "incorrectTransactionPortion";
        RESOURCE_LIMITATION = 4, "resourceLimitation";
    }
}

/// A message that was not understood: Q.774 clauses 3.2.2 and 3.3.4.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TcapProblem {
    /// In which part.
    pub fault: TcapFault,
    /// Whether a Begin, a Continue or an unknown message is at fault: the others are discarded.
    pub is_answered: bool,
    /// Originating transaction ID, as far as there is one.
    pub otid: Option<TransactionId>,
    /// Destination transaction ID, as far as there is one.
    pub dtid: Option<TransactionId>,
    /// The message as far as it was understood, when a component is at fault.
    pub partial: Option<TcapMessage>,
    /// What is wrong.
    pub detail: String,
}

/// Which part of a message is at fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TcapFault {
    /// Transaction portion.
    Transaction(PAbortCause),
    /// Dialogue portion.
    Dialogue,
    /// A component.
    Component {
        /// Its invoke ID.
        invoke_id: Option<i8>,
        /// What is wrong with it.
        problem: GeneralProblem,
        /// It is a Reject, which is not answered.
        is_reject: bool,
    },
}

impl TcapProblem {
    /// The Abort that answers it, if one does.
    pub fn abort(&self) -> Option<TcapMessage> {
        let dtid = self.otid.clone().filter(|_| self.is_answered)?;
        let reason = match self.fault {
            TcapFault::Transaction(cause) => AbortReason::Provider(cause),
            TcapFault::Dialogue => AbortReason::User(Some(DialoguePdu::abnormal_dialogue())),
            TcapFault::Component { .. } => return None,
        };
        Some(TcapMessage::Abort { dtid, reason })
    }

    /// The Reject that answers it, if one does.
    pub const fn reject(&self) -> Option<Component> {
        match self.fault {
            TcapFault::Component { invoke_id, problem, is_reject: false } => {
                Some(Component::Reject { invoke_id, problem: Problem::General(problem) })
            }
            _ => None,
        }
    }
}

impl fmt::Display for TcapProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            TcapFault::Transaction(cause) => write!(f, "transaction portion, {cause}")?,
            TcapFault::Dialogue => f.write_str("dialogue portion")?,
            TcapFault::Component { problem, .. } => write!(f, "component, {problem}")?,
        }
        write!(f, ": {}", self.detail)
    }
}

impl std::error::Error for TcapProblem {}

/// A message that cannot be sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a message of TCAP: {0}")]
pub struct TcapError(pub String);
