//! Migration of an MC service user to a partner MC system and back (TS 23.280 clauses 10.1.6 and 10.16): his client obtains his
//! profile, decides which system serves him, leaves the one and is served by the other. It has no I/O: its owner has the SIP
//! agents and MCPTT clients, one pair for each system, and the ways to the systems.
//!
//! | step | stage |
//! |---|---|
//! | 10.1.6.1 connectivity information | [`MigrationCommand::Obtain`]: log in at home, the user profile of TS 24.484 clause 8.3 |
//! | 10.16.2 leaving | calls are left, groups de-affiliated from, the registration given up; without coverage all is forgotten |
//! | 10.1.6.2 preconditions: bearers | [`MigrationOutput::Connect`] |
//! | step 1 | [`MigrationOutput::LogIn`] at the system that is gone to, where it has an identity management server |
//! | steps 2 to 13 | [`AgentCommand::Register`](crate::agent::sip::AgentCommand::Register) with [`partner_registration`] |
//! | step 14 | authorisation and affiliation there; a call that goes on takes the user in (late entry) |
//!
//! The way home is the same with the home system as the one that is gone to.

mod config;
mod io;
mod journey;
mod machine;
mod profile;

pub use config::{HomeSystem, MigrationConfig, MigrationTimers, partner_client, partner_registration};
pub use io::{
    CommandRefusal, LogInId, McSystem, MigrationCommand, MigrationEvent, MigrationInput, MigrationOutput,
    MigrationStage, ProfileAnswer,
};
pub use machine::Migrator;

#[cfg(test)]
mod tests;
