//! Signalling codecs and protocol machines of castbench. No I/O, no clock, no randomness.

mod id;
mod tap;
mod time;

pub use id::{ParseTmgiError, Plmn, Tmgi};
pub use tap::{Joint, TapEvent};
pub use time::Instant;
