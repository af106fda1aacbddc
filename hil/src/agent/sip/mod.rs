//! The UE agent of TS 24.229 clause 5.1: registers with IMS-AKA or SIP digest, sends and receives messages, starts and answers
//! sessions. It speaks to a plain SIP network (RFC 3261) as well.

mod chat;
mod config;
mod credentials;
mod io;
mod machine;
mod messaging;
mod reg_event;
mod registration;
mod security;

pub use config::{AgentConfig, Authentication, REGISTRATION_SECONDS, SecurityMode, SipDialect};
pub use io::{
    AgentCommand, AgentEvent, AgentInput, AgentOutput, CallId, IncomingMessage, OutgoingMessage, Publication,
    Published, Registered, UnregisteredWhy, WatchId,
};
pub use machine::UeAgent;
pub use protocol::sip::{EndedWhy, HoldState, ReferRequest, Refusal, SessionSettings, SubscriptionRequest};

#[cfg(test)]
mod tests;
