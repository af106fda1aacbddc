//! Commands of TS 27.007 as types: what is sent, and what the answer of any modem means.

mod equipment;
mod identity;
mod operator;
mod pdp;
mod registration;
mod signal;
mod sim;

pub use equipment::{EnterPin, Functionality, ReadFunctionality, ReadPin, SetFunctionality, SimState};
pub use identity::{Identity, PhoneNumber, ReadIccid, ReadIdentity, ReadNumbers};
pub use operator::{Operator, OperatorStatus, ReadOperator, ScanOperators};
pub use pdp::{Attach, DefinePdpContext, PdpContext, ReadAddress, ReadAttached, ReadPdpContexts};
pub use registration::{AccessTechnology, ReadRegistration, Registration, RegistrationDomain, RegistrationStatus};
pub use signal::{ExtendedSignal, ReadExtendedSignal, ReadSignal, Signal};
pub use sim::{CloseLogicalChannel, LogicalChannelAccess, OpenLogicalChannel, SimAccess};

use super::command::{AtCommand, AtResponse};
use super::result_code::ResultCode;

/// A command with the type of its answer.
pub trait Request {
    /// What the answer means.
    type Answer;

    /// The command line.
    fn command(&self) -> AtCommand;

    /// The meaning of its answer.
    ///
    /// # Errors
    /// The modem refused, or says something that the command cannot be answered by.
    fn answer(&self, response: &AtResponse) -> Result<Self::Answer, AtError>;
}

/// Why a command did not give what it is for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AtError {
    /// It ended with a result code other than OK.
    #[error("{command}: {code}")]
    Refused {
        /// Command line.
        command: String,
        /// Result code.
        code: ResultCode,
    },
    /// The answer is not one of the forms that are known.
    #[error("{command}: answered by {answer:?}, which is none of the known forms")]
    Unknown {
        /// Command line.
        command: String,
        /// Information text.
        answer: String,
    },
}

/// Refuses what did not end with OK.
pub(super) fn ok(request: &impl Request, response: &AtResponse) -> Result<(), AtError> {
    if response.code.is_ok() {
        return Ok(());
    }
    Err(AtError::Refused { command: request.command().line(), code: response.code.clone() })
}

/// The first line of the answer, given a meaning by `meaning`.
pub(super) fn first<A>(
    request: &impl Request,
    response: &AtResponse,
    meaning: impl FnOnce(&str) -> Option<A>,
) -> Result<A, AtError> {
    ok(request, response)?;
    let text = response.lines.first().map_or("", |line| line.text.as_str());
    meaning(text).ok_or_else(|| AtError::Unknown { command: request.command().line(), answer: text.to_owned() })
}

/// The first line of the answer that has the meaning that is looked for: other things may be said in between.
pub(super) fn any<A>(
    request: &impl Request,
    response: &AtResponse,
    meaning: impl Fn(&str) -> Option<A>,
) -> Result<A, AtError> {
    ok(request, response)?;
    response.lines.iter().find_map(|line| meaning(&line.text)).ok_or_else(|| {
        let lines: Vec<_> = response.lines.iter().map(|line| line.text.as_str()).collect();
        AtError::Unknown { command: request.command().line(), answer: lines.join(" ") }
    })
}

#[cfg(test)]
mod tests;
