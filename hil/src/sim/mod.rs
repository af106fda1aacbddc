//! Stand-ins for what a lab has: modems.

mod at;

pub use at::{Personality, Quirk, SimCard, SimCell, SimInput, SimModem, SimOutput};
