//! The MCPTT client of TS 24.379 and TS 24.380: authorisation, affiliation, group calls with floor control, and MBMS bearers
//! (TS 24.379 clause 14, TS 24.380 clause 10). It speaks SIP through a [`super::sip::UeAgent`] and has no I/O.

mod bearers;
mod call;
mod client;
mod config;
mod floor;
mod gaps;
mod io;
pub mod migration;
mod reports;

pub use client::McClient;
pub use config::{BearerSettings, FloorTimers, McConfig};
pub use floor::FloorEvent;
pub use io::{GroupFigures, GroupStanding, McCommand, McEvent, McInput, McOutput};

#[cfg(test)]
mod tests;
