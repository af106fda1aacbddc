//! A user agent: a stack, and what one uses dialogs for. UEs and application servers are built on it.

mod commands;
mod config;
mod incoming;
mod io;
mod machine;
mod refer;
mod under_way;
mod usages;

pub use config::{UserAgentConfig, UserAgentProfile};
pub use io::{NotifierId, Passed, SessionId, SubscriberId, UserAgentEvent, UserAgentOutput};
pub use machine::UserAgent;
pub use refer::{ReferRequest, SIPFRAG, sipfrag_status};

#[cfg(test)]
mod tests;
