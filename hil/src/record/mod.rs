//! What was said between a host and a modem: recorded byte for byte, made into a personality without secrets, and played
//! back to hosts that do not have the modem.

mod entry;
mod recorded;
mod redact;
mod replay;

pub use entry::{RecordError, RecordHead, Recording, Side, head_line, record_line};
pub use recorded::{Exchange, RecordedPersonality, Saying};
pub use replay::ReplayModem;

#[cfg(test)]
mod tests;
