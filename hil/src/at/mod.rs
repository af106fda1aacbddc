//! AT commands, the host's side: V.250, TS 27.007, TS 27.005.

mod command;
pub mod embms;
mod engine;
mod line;
mod params;
mod result_code;
pub mod ts27005;
pub mod ts27007;
mod urc;

pub use command::{AtCommand, AtLine, AtResponse, DEFAULT_TIME_LIMIT};
pub use engine::{AtConfig, AtEngine, AtFailure, AtInput, AtOutput, CommandId};
pub use params::{Param, parse_params};
pub use result_code::{EquipmentError, ResultCode};
pub use urc::{Urc, UrcTable};

#[cfg(test)]
mod tests;
