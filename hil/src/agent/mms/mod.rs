//! The MMS user agent of a UE (TS 23.140 clause 8.1, OMA-MMS-CTR): it speaks MM1 to the MMS Relay/Server of its user,
//! by HTTP or in MESSAGEs through an IMS (TR 23.804 clause 8.11), and has no I/O. MESSAGEs are those of a
//! [`super::sip::UeAgent`]; notifications may come in short messages too, which [`super::sms::SmsClient`] receives.

mod client;
mod compose;
mod config;
mod failure;
mod io;
mod memory;
mod web;

pub use client::MmsClient;
pub use compose::{ComposeProblem, MmsContent, MmsFile, MmsSlide};
pub use config::{MmsConfig, MmsCredentials, MmsTimers, OnNotification};
pub use failure::MmsFailure;
pub use io::{IncomingMms, MmsAccess, MmsCommand, MmsEvent, MmsInput, MmsNotice, MmsOutput, MmsReport, OutgoingMms};

#[cfg(test)]
mod tests;
