//! `castbench iq`: recordings of samples.

mod analyze;
mod cell;
mod describe;
mod live;
mod mtch;
mod report;
mod text;

pub use analyze::iq;
pub use live::rx;
