//! Session Initiation Protocol (RFC 3261) as the IMS uses it (TS 24.229): messages that are relayed byte for byte, headers
//! that are typed on demand.

mod auth;
mod check;
mod flow;
mod framing;
mod headers;
mod message;
mod method;
mod parse;
mod problem;
mod reason;
pub mod sdp;
mod text;
mod typed;
mod uri;

pub use auth::{
    Algorithm, DigestClient, DigestInput, Qop, aka_nonce, base64_decode, base64_encode, digest_ha1, digest_response,
    digest_response_of_ha1, digest_rspauth_of_ha1, split_aka_nonce,
};
pub use flow::{Flow, Target, Transport};
pub use framing::{StreamFramer, StreamItem};
pub use headers::{
    AuthenticationInfo, CSeq, Challenge, Contacts, Credentials, Field, Headers, NameAddr, Param, Params, Via, names,
};
pub use message::{Request, Response, SipMessage};
pub use method::Method;
pub use parse::Limits;
pub use problem::SipProblem;
pub use reason::reason_phrase;
pub use uri::{SipUri, TelUri, Uri};

#[cfg(test)]
mod tests;
