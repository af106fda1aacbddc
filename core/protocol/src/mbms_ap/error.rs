//! Protocol errors: TS 36.443 and TS 36.444 clause 10.

use super::diagnostics::{CriticalityDiagnostics, IeDiagnostic, TypeOfError};
use super::pdu::{Criticality, IeProblem, IeProblemKind, PduHeader, TriggeringMessage};
use crate::aper::AperError;

/// Values of the protocol group of Cause, the same in M2AP and M3AP.
pub(crate) mod protocol_cause {
    pub(crate) const TRANSFER_SYNTAX_ERROR: u64 = 0;
    pub(crate) const ABSTRACT_SYNTAX_ERROR_REJECT: u64 = 1;
    pub(crate) const ABSTRACT_SYNTAX_ERROR_IGNORE_AND_NOTIFY: u64 = 2;
    pub(crate) const ABSTRACT_SYNTAX_ERROR_FALSELY_CONSTRUCTED: u64 = 5;
}

/// A message that is not processed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}")]
pub struct ApError {
    /// For a human.
    pub what: String,
    /// Index of the protocol cause.
    pub(crate) cause: u64,
    /// What the sender of the message wants of who does not understand it.
    pub criticality: Criticality,
    /// Procedure, message and IEs that are to blame; nothing when not even the procedure could be read.
    pub diagnostics: CriticalityDiagnostics,
    /// Whether an Error Indication is lawful: not about an Error Indication.
    pub(crate) may_tell: bool,
}

impl ApError {
    /// Nothing of the PDU can be read (clause 10.2).
    pub(crate) fn unreadable(error: AperError) -> Self {
        Self {
            what: format!("not a PDU: {error}"),
            cause: protocol_cause::TRANSFER_SYNTAX_ERROR,
            criticality: Criticality::Reject,
            diagnostics: CriticalityDiagnostics::default(),
            may_tell: true,
        }
    }

    /// The message in the PDU cannot be read (clause 10.2).
    pub(crate) fn body(error: AperError, header: PduHeader) -> Self {
        Self { criticality: header.criticality, diagnostics: header.diagnostics(), ..Self::unreadable(error) }
    }

    /// A procedure that is not known, or has no such message (clause 10.3.4.1).
    pub(crate) fn procedure(header: PduHeader) -> Self {
        let cause = match header.criticality {
            Criticality::Notify => protocol_cause::ABSTRACT_SYNTAX_ERROR_IGNORE_AND_NOTIFY,
            Criticality::Reject | Criticality::Ignore => protocol_cause::ABSTRACT_SYNTAX_ERROR_REJECT,
        };
        let what = format!("procedure code {} has no {:?} message here", header.procedure, header.triggering);
        Self { what, cause, ..Self::body(AperError::End, header) }
    }

    /// An IE is missing, not known, not in its place or unreadable (clauses 10.2, 10.3.4.2, 10.3.5, 10.3.6).
    pub(crate) fn of_ie(problem: IeProblem, header: PduHeader) -> Self {
        let IeProblem { id, criticality, kind } = problem;
        let (what, cause) = match kind {
            IeProblemKind::Missing => ("is missing".to_owned(), protocol_cause::ABSTRACT_SYNTAX_ERROR_REJECT),
            IeProblemKind::NotUnderstood => ("is not known".to_owned(), protocol_cause::ABSTRACT_SYNTAX_ERROR_REJECT),
            IeProblemKind::OutOfOrder => (
                "is there twice or not in its place".to_owned(),
                protocol_cause::ABSTRACT_SYNTAX_ERROR_FALSELY_CONSTRUCTED,
            ),
            IeProblemKind::Unreadable(error) => (error.to_string(), protocol_cause::TRANSFER_SYNTAX_ERROR),
        };
        let error = if kind == IeProblemKind::Missing { TypeOfError::Missing } else { TypeOfError::NotUnderstood };
        let mut diagnostics = header.diagnostics();
        diagnostics.ies.push(IeDiagnostic { criticality, id, error });
        // The criticality of a procedure is that of its message; an IE that is unreadable is told whatever it has.
        let criticality =
            if cause == protocol_cause::TRANSFER_SYNTAX_ERROR { Criticality::Reject } else { criticality };
        Self { what: format!("IE {id} {what}"), cause, criticality, diagnostics, may_tell: true }
    }

    /// The code of the procedure that failed, and which of its messages it was; unknown when the PDU was unreadable.
    pub fn procedure_and_message(&self) -> Option<(u8, TriggeringMessage)> {
        self.diagnostics.procedure.zip(self.diagnostics.triggering)
    }
}
