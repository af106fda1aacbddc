//! The radio side of a UE: samples in; cell, system information, transport blocks, MCCH, MSI, SDUs of MTCHs and
//! measurements out.
//!
//! [`Receiver`] searches ([`crate::CellSearch`]), follows time and frequency of the cell found, reads MIB and system
//! information, and hands the subframes of each MBSFN area to a receiver of that area.

mod acquisition;
mod area;
mod area_diagnosis;
mod carrier;
mod cold;
mod config;
mod counters;
mod diagnose;
mod diagnosis;
mod event;
mod follow;
mod stream;
mod system_information;
mod unicast;

pub use cold::Receiver;
pub use config::{KnownCarrier, ReceiverConfig};
pub use diagnosis::{Diagnosis, Stage, StageCount};
pub use event::{BlockFilter, BlockReport, FilteredBlock, ReceiverError, RxEvent};
