//! `castbench iq`: recordings of samples.

mod analyze;
mod cell;
mod describe;
mod mtch;
mod report;
mod text;

pub use analyze::iq;
