//! Stand-ins for what a lab has: modems, and the network between them.

mod at;
mod network;

pub use at::{MbmsAir, MbmsService, Personality, Quirk, SimCard, SimCell, SimInput, SimModem, SimOutput, SmsRefusal};
pub use network::{SimNetwork, SimNetworkConfig, SimNetworkInput, SimNetworkOutput, SimNetworkStats, UeIndex};
