//! Stand-ins for what a lab has: modems, the network between them, attenuators, power switches.

mod at;
mod date;
mod instrument;
mod network;
mod usim;

pub use at::{
    Key, MbmsAir, MbmsService, Personality, Quirk, SimCard, SimCell, SimInput, SimModem, SimOutput, SmsRefusal,
};
pub use instrument::{InstrumentTwin, SimAttenuator, SimInstrument, SimPower};
pub use network::{SimNetwork, SimNetworkConfig, SimNetworkInput, SimNetworkOutput, SimNetworkStats, UeIndex};
pub use usim::SimUsim;
