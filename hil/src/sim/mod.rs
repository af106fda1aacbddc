//! Stand-ins for what a lab has: modems.

mod at;

pub use at::{MbmsAir, MbmsService, Personality, Quirk, SimCard, SimCell, SimInput, SimModem, SimOutput, SmsRefusal};
