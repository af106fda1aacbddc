//! Channel models between a transmitter and one receive antenna.

mod delay;
mod model;

pub use model::{ChannelConfig, ChannelModel};
