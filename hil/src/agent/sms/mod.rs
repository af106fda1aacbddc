//! The SMS agent of a UE: SM-over-IP sender and receiver (TS 24.341 clause 5.3), relay layer (TS 24.011), transfer layer
//! (TS 23.040), over an IMS or straight to an IP-Message-GW (TR 23.804 clauses 8.1 to 8.6 and 8.7 to 8.10). It speaks SIP
//! through a [`super::sip::UeAgent`] and has no I/O. SGSN and MSC are reached by messages of the relay layer.

mod client;
mod config;
mod io;
mod memory;

pub use client::SmsClient;
pub use config::{GatewayAccess, Reporting, SmsConfig, SmsPath, SmsTimers};
pub use protocol::sms::SmsAccess;

pub use io::{OutgoingSms, ReceivedSms, SendFailure, SmsCommand, SmsEvent, SmsInput, SmsOutput, SmsStatus};
pub use memory::SmsMemory;

#[cfg(test)]
mod tests;
