//! Channel models between the antennas of transmitters and one receiver.

mod config;
mod delay;
mod doppler;
mod faded_path;
mod fading;
mod impairments;
mod model;
mod noise;
mod profile;
mod random;
mod sinc;
mod static_path;
mod tapped_delay_line;

pub use config::{ChannelConfig, Evolution, FadingConfig, PathConfig};
pub use impairments::{Impairments, Interferer};
pub use model::ChannelModel;
pub use profile::{DelayProfile, DelayTap};
