//! AT commands, the host's side: V.250, TS 27.007, TS 27.005.

mod command;
pub mod embms;
mod engine;
mod io;
mod line;
mod params;
mod result_code;
mod running;
pub mod ts27005;
pub mod ts27007;
pub mod ts31102;
mod urc;

pub use command::{AtCommand, AtLine, AtResponse, DEFAULT_TIME_LIMIT};
pub use engine::AtEngine;
pub use io::{AtConfig, AtFailure, AtInput, AtOutput, CommandId};
pub use params::{Param, parse_params};
pub use result_code::{EquipmentError, ResultCode};
pub use urc::{Urc, UrcTable};

#[cfg(test)]
mod tests;
