//! The modem's side of AT: V.250, TS 27.007, TS 27.005.

mod command_line;
mod embms;
mod general;
mod io;
mod modem;
mod output;
mod personality;
mod radio;
mod settings;
mod sms;
mod uicc;

pub use io::{MbmsAir, MbmsService, SimInput, SimOutput, SmsRefusal};
pub use modem::SimModem;
pub use personality::{Key, Personality, Quirk, SimCard};
pub use radio::SimCell;
pub(super) use uicc::Uicc;

#[cfg(test)]
mod tests;
