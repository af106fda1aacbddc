//! The radio side of a UE: samples in; cell, system information, transport blocks, MCCH, MSI, SDUs of MTCHs and
//! measurements out.

mod aligned;
mod diagnosis;
mod event;

pub use aligned::AlignedReceiver;
pub use diagnosis::{Diagnosis, Stage, StageCount};
pub use event::{BlockFilter, BlockReport, ReceiverError, RxEvent};
