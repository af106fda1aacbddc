//! A modem that is driven: brought up, given messages and services, watched, and helped up when it falls.
//!
//! # Other kinds of modem
//! A driver is a machine that takes [`ModemInput`] and gives [`ModemOutput`]. Of these, [`ModemInput::At`] and
//! [`ModemOutput::Write`] alone know of AT. A modem that is reached by QMI or by calls of its vendor gets a machine of its
//! own beside the one for AT, with bytes in its own input, and rigs hold one or the other in an enum: nothing that uses a
//! modem has to change. What it has to say is what is here; what it cannot know it leaves out.

mod answers;
mod authentication;
mod bring_up;
mod broadcast;
mod identify;
mod io;
mod job;
mod ladder;
mod listen;
mod machine;
mod message_queue;
mod messages;
mod profile;

pub use io::{
    EmbmsEvent, EmbmsService, ExpectedIdentity, ModemIdentity, ModemInput, ModemOutput, ModemSignal, ModemState,
    RecoveryBudget, Rung, SmsFailure,
};
pub use machine::Modem;
pub use profile::{
    LineCondition, LineHabits, ModemProfile, ProfileError, ProfileMatch, SignalCommand, SignalField, Terminator,
    TimeLimits,
};

/// What a driver has to know of a modem.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ModemConfig {
    /// What reports call it.
    pub name: String,
    /// How it wants to be treated; when not given, it is asked who it is.
    pub profile: Option<ModemProfile>,
    /// Profiles of the lab, which are looked at before the shipped ones when it is asked who it is.
    pub profiles: Vec<ModemProfile>,
    /// Of the SIM. It is tried once whenever the modem asks for it: a wrong one is not tried again.
    pub pin: Option<String>,
    /// Who it has to be.
    pub expected: ExpectedIdentity,
    /// What may be done about it.
    pub recovery: RecoveryBudget,
}

#[cfg(test)]
mod tests;
