//! The UE agent of TS 24.229 clause 5.1: registers with IMS-AKA or SIP digest, sends and receives messages, starts and answers
//! sessions.

mod config;
mod io;

pub use config::{AgentConfig, Authentication, REGISTRATION_SECONDS, SecurityMode, SessionSettings};
pub use io::{
    AgentCommand, AgentEvent, AgentInput, AgentOutput, CallId, EndedWhy, HoldState, IncomingMessage, OutgoingMessage,
    Refusal, Registered, UnregisteredWhy,
};
