//! Sessions: the INVITE usage of a dialog (RFC 3261 clauses 13 to 15) with reliable provisional responses (RFC 3262), UPDATE
//! (RFC 3311), offer and answer (RFC 3264, RFC 6337) and session timers (RFC 4028).
//!
//! A [`Session`] makes requests and responses; whoever owns it gives them to a stack and tells it what came of them.
//! Retransmission of responses is the stack's.

mod callee;
mod caller;
mod change;
mod io;
mod machine;
mod negotiation;
mod refresh;
mod standing;

pub use change::Change;
pub use io::{EndedWhy, HoldState, Refusal, SessionEvent, SessionSettings};
pub(crate) use io::{NoResponse, Purpose, SessionOutput};
pub(crate) use machine::{ALLOW, LocalParty, Session};
pub use negotiation::sdp_of;
