//! Session Initiation Protocol (RFC 3261) as the IMS uses it (TS 24.229): messages that are relayed byte for byte, headers
//! that are typed on demand.

mod auth;
pub mod b2bua;
mod check;
mod dialog;
mod flow;
mod framing;
mod headers;
mod mbms;
mod message;
mod method;
mod misbehaviour;
#[cfg(test)]
mod net;
mod parse;
mod problem;
pub mod proxy;
mod reason;
mod resolve;
pub mod sdp;
mod session;
mod stack;
mod subscription;
pub(crate) mod text;
mod transaction;
mod typed;
mod uri;
mod user_agent;

pub use auth::{
    Algorithm, DigestClient, DigestInput, Qop, aka_nonce, base64_decode, base64_encode, digest_ha1, digest_response,
    digest_response_of_ha1, digest_rspauth_of_ha1, split_aka_nonce,
};
pub use dialog::{
    Acknowledged, Dialog, DialogError, DialogId, DialogSet, DialogState, Reliable, ReliableReceiver, ReliableSender,
    Taken, session_timer,
};
pub use flow::{Flow, Target, Transport};
pub use framing::{StreamFramer, StreamItem};
pub use headers::{
    AcceptContact, AuthenticationInfo, CSeq, Challenge, Contacts, Credentials, Event, Field, Headers, MinSe, NameAddr,
    PAccessNetworkInfo, PChargingVector, Param, Params, RAck, Reason, Refresher, SecurityMechanism, SessionExpires,
    SubscriptionState, Via, names,
};
pub use mbms::{EUTRAN_FDD, EutranCell, MBMS_FEATURE, ParseCellError};
pub use message::{Request, Response, SipMessage};
pub use method::Method;
pub use misbehaviour::{Damage, Misbehaviour};
pub use parse::Limits;
pub use problem::SipProblem;
pub use reason::reason_phrase;
pub use resolve::{HostTable, NextHop, ResolveError, SIP_PORT, SIPS_PORT};
pub use session::{Change, EndedWhy, HoldState, Refusal, SessionEvent, SessionSettings, sdp_of};
pub use stack::{
    NoSipUri, RespondError, SendError, SipStack, StackConfig, StackCounters, StackInput, StackLimits, StackOutput,
};
pub use subscription::{NotifierEvent, SubscriberEvent, SubscriptionEnd, SubscriptionRequest, refresh_after};
pub use transaction::{ClientKey, ServerKey, SipTimers, TransactionKey};
pub use uri::{SipUri, TelUri, Uri};
pub use user_agent::{
    NotifierId, Passed, ReferRequest, SIPFRAG, SessionId, SubscriberId, UserAgent, UserAgentConfig, UserAgentEvent,
    UserAgentOutput, UserAgentProfile, sipfrag_status,
};

#[cfg(test)]
mod tests;
