//! Session Initiation Protocol (RFC 3261) as the IMS uses it (TS 24.229): messages that are relayed byte for byte, headers
//! that are typed on demand.

mod check;
mod flow;
mod headers;
mod message;
mod method;
mod parse;
mod problem;
mod reason;
mod text;
mod typed;
mod uri;

pub use flow::{Flow, Target, Transport};
pub use headers::{CSeq, Contacts, Field, Headers, NameAddr, Param, Params, Via, names};
pub use message::{Request, Response, SipMessage};
pub use method::Method;
pub use parse::Limits;
pub use problem::SipProblem;
pub use reason::reason_phrase;
pub use uri::{SipUri, TelUri, Uri};

#[cfg(test)]
mod tests;
