//! The commands, one file each.

mod core;
mod devices;
mod dry_run;
mod guardian;
mod hold;
mod iq;
mod list;
mod modem;
mod pmch;
mod report;
mod run;
mod sweep;
mod tx;
mod ue;

pub use self::core::core;
pub use devices::devices;
pub use guardian::guardian;
pub use hold::hold;
pub use iq::{iq, rx};
pub use list::list_command;
pub use modem::modem;
pub use pmch::pmch;
pub use report::report;
pub use run::run;
pub use sweep::sweep;
pub use tx::tx;
pub use ue::ue;
