//! Channel models between the antennas of transmitters and one receiver.

mod config;
mod delay;
mod impairments;
mod model;
mod profile;
mod static_path;

pub use config::{ChannelConfig, Evolution, FadingConfig, PathConfig};
pub use impairments::{Impairments, Interferer};
pub use model::ChannelModel;
pub use profile::{DelayProfile, DelayTap};
