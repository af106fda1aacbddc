//! Floor control server of a group call: the general operation (TS 24.380 clause 6.3.4) and that towards each participant
//! (clause 6.3.5), with a bounded queue. One talks at a time.

mod control;
mod queue;
mod settings;

#[cfg(test)]
mod tests;

pub(super) use control::{FloorControl, FloorOutput, FloorTo, Participant};
pub use settings::FloorSettings;
