//! The UE side of castbench: machines without I/O.

pub mod at;
mod mbms_client;
pub mod sim;

pub use mbms_client::{
    MbmsClient, MbmsClientInput, MbmsClientOutput, MbmsClientProgress, MbmsClientStats, MbmsDiscard, ServiceDescription,
};
