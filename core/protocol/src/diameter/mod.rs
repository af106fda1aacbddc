//! Diameter (RFC 6733) as IMS uses it: Cx (TS 29.229), Sh (TS 29.329), Rf and Ro (TS 32.299),
//! and as MBMS does: MB2-C (TS 29.468), SGmb (TS 29.061 clause 20).

mod base;
pub mod charging;
pub mod cx;
pub mod dictionary;
mod endpoint;
mod grammar;
mod link;
pub mod mb2c;
pub mod mbms;
mod message;
mod peer;
pub mod result;
pub mod rf;
pub mod ro;
mod session;

pub mod sgmb;
pub mod sh;
mod watchdog;

pub use base::DisconnectCause;
pub use endpoint::{DiameterConfig, DiameterEndpoint, DiameterOutput, PeerConfig, RequestFailure, RequestHandle};
pub use grammar::{check_answer, check_request};
pub use link::{ConnectionId, DiameterInput, DiameterTransport};
pub use message::{Avp, DiameterProblem, Flags, HEADER_OCTETS, MAX_MESSAGE_OCTETS, Message, emit_avps, parse_avps};
pub use session::{Outcome, ResultCode, Routing, problem_answer, vendor_application};

#[cfg(test)]
mod tests;
