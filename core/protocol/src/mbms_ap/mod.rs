//! What M2AP (TS 36.443) and M3AP (TS 36.444) have in common: PDUs, containers of IEs, criticality and protocol errors
//! (clauses 10 of both), and the IEs that both have (clauses 9.2).
//!
//! Open types stay octets until a table of the message says what they are: so a procedure or an IE that is not known is told
//! with its criticality, which a decoder made from the classes of the ASN.1 would lose.

mod cause;
mod diagnostics;
mod error;
mod ie;
mod lists;
mod macros;
mod pdu;
mod reset;

pub use cause::{CauseNas, CauseProtocol, CauseTransport};
pub use diagnostics::{CriticalityDiagnostics, IeDiagnostic, TypeOfError};
pub use error::ApError;
pub use ie::{GbrQos, Name, SessionId, TimeToWait, TnlInformation};
pub use pdu::{Criticality, TriggeringMessage};
pub use reset::ResetType;

pub use crate::aper::AperError;

pub(crate) use cause::{cause, cause_group};
pub(crate) use ie::{Extensions, read_tmgi, read_tnl, write_tmgi, write_tnl};
pub(crate) use lists::Item;
pub(crate) use macros::{enumerated, field_type, messages, numbers, pdu, sequence};
pub(crate) use pdu::{IeProblem, IeProblemKind, Ies, IesRead, PduHeader, read_ies, write_ies};
pub(crate) use reset::{Acknowledged, Connection, connection};
