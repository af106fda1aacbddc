//! The commands, one file each.

mod iq;
mod list;
mod pmch;
mod report;
mod run;

pub use iq::iq;
pub use list::list_command;
pub use pmch::pmch;
pub use report::report;
pub use run::run;
