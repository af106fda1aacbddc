//! The UE side of castbench: machines without I/O, and the ports that they are reached by.

pub mod at;
mod mbms_client;
pub mod modem;
pub mod port;
pub mod sim;

pub use mbms_client::{
    MbmsClient, MbmsClientInput, MbmsClientOutput, MbmsClientProgress, MbmsClientStats, MbmsDiscard, ServiceDescription,
};
