//! Message Session Relay Protocol (RFC 4975): requests and responses, framing with interruption, sessions over
//! connections, and their SDP with RFC 6135. Relays (RFC 4976) are spoken to as the first hop of a peer's path; a relay
//! this is not: AUTH is answered with 501, what is to go further with 403.

mod endpoint;
mod framing;
mod incoming;
mod io;
mod message;
mod outgoing;
mod ranges;
mod sdp;
mod session;
mod uri;

pub use endpoint::{MsrpConfig, MsrpEndpoint};
pub use framing::{MsrpFramer, MsrpItem};
pub use io::{MsrpEvent, MsrpFailure, MsrpInput, MsrpMessage, MsrpOutput, MsrpSessionId, MsrpSource, SessionOptions};
pub use message::{ByteRange, Continuation, FailureReport, MsrpHead, MsrpMethod, MsrpProblem, MsrpStart, MsrpStatus};
pub use sdp::{MsrpMedia, Setup};
pub use uri::MsrpUri;

/// The port that is registered for MSRP (RFC 4975 clause 15.4).
pub const MSRP_PORT: u16 = 2855;

#[cfg(test)]
mod tests;
