//! The commands, one file each.

mod list;
mod pmch;
mod report;
mod run;

pub use list::list_command;
pub use pmch::pmch;
pub use report::report;
pub use run::run;
