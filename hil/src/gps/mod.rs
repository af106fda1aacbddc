//! Position and time from gpsd, by its JSON protocol.

mod client;
mod report;

pub use client::{Gps, GpsConfig, GpsError};
pub use report::{Fix, FixMode, GpsReport};
