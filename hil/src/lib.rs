//! The UE side of castbench: machines without I/O, and the ports that they are reached by.

pub mod agent;
pub mod at;
pub mod attenuator;
pub mod gps;
pub mod guardian;
mod instrument;
pub mod inventory;
pub mod lease;
mod mbms_client;
pub mod modem;
pub mod port;
pub mod power;
pub mod record;
pub mod sim;

pub use mbms_client::{
    MbmsClient, MbmsClientInput, MbmsClientOutput, MbmsClientProgress, MbmsClientStats, MbmsDiscard, ServiceDescription,
};
