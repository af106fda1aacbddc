//! Stand-ins for what a lab has: modems, and the network between them.

mod at;
mod date;
mod network;

pub use at::{
    Key, MbmsAir, MbmsService, Personality, Quirk, SimCard, SimCell, SimInput, SimModem, SimOutput, SmsRefusal,
};
pub use network::{SimNetwork, SimNetworkConfig, SimNetworkInput, SimNetworkOutput, SimNetworkStats, UeIndex};
