//! A user agent: a stack, and what one uses dialogs for. UEs and application servers are built on it.

mod config;
mod incoming;
mod machine;

pub use config::{UserAgentConfig, UserAgentProfile};
pub use machine::{NotifierId, SessionId, SubscriberId, UserAgent, UserAgentEvent, UserAgentOutput};

#[cfg(test)]
mod tests;
