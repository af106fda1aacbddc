//! What a modem is asked, one thing at a time.

use std::time::Duration;

use super::authentication::SimJob;
use super::bring_up::Step;
use super::broadcast::EmbmsJob;
use super::message_queue::{Outgoing, Place};
use crate::at::ts27005::{
    Acknowledge, DeleteMessage, ListMessages, ReadMessage, SelectReading, SendMessage, SetIndications,
};
use crate::at::ts27007::{Functionality, ReadRegistration, RegistrationDomain, Request, SetFunctionality};
use crate::at::{AtCommand, AtFailure};

/// For an `AT`.
const ATTENTION_TIME_LIMIT: Duration = Duration::from_secs(1);

/// What a modem is asked, and what for.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Job {
    /// Of bring-up.
    Step(Step),
    /// A message goes out.
    Send(Outgoing),
    /// A routed message has been taken.
    Acknowledge,
    /// New messages are to be told of, again.
    Indicate(SetIndications),
    /// All messages that are stored.
    List,
    /// The memory that is read.
    Select(String),
    /// A stored message.
    Read(Place),
    /// One that has been taken.
    Delete(Place),
    /// Registration.
    Registration(RegistrationDomain),
    /// Signal, by the command of the profile that stands there.
    Signal(usize),
    /// A challenge for the SIM.
    Sim(SimJob),
    /// Broadcast services.
    Embms(EmbmsJob),
    /// Is it there?
    Attention,
    /// The radio off, for the ladder.
    Flight,
    /// The radio on, for the ladder.
    Full,
    /// A restart.
    Reset,
    /// The radio off, for good.
    SwitchOff,
}

/// `AT`.
pub(super) fn attention() -> AtCommand {
    AtCommand::new("").time_limit(ATTENTION_TIME_LIMIT)
}

/// The command of a functionality.
pub(super) fn functionality(functionality: Functionality, reset: bool) -> AtCommand {
    SetFunctionality { functionality, reset }.command()
}

impl Job {
    /// The command, where it depends on nothing but the job.
    pub(super) fn plain_command(&self) -> Option<AtCommand> {
        Some(match self {
            Self::Send(outgoing) => SendMessage { pdu: outgoing.pdu.clone() }.command(),
            Self::Acknowledge => Acknowledge.command(),
            Self::Indicate(set) => set.command(),
            Self::List => ListMessages.command(),
            Self::Select(memory) => SelectReading { memory: memory.clone() }.command(),
            Self::Read(place) => ReadMessage { index: place.index }.command(),
            Self::Delete(place) => DeleteMessage { index: place.index }.command(),
            Self::Registration(domain) => ReadRegistration(*domain).command(),
            Self::Attention => attention(),
            Self::Flight | Self::SwitchOff => functionality(Functionality::Flight, false),
            Self::Full => functionality(Functionality::Full, false),
            Self::Reset => functionality(Functionality::Full, true),
            Self::Sim(job) => return job.command(),
            Self::Step(_) | Self::Signal(_) | Self::Embms(_) => return None,
        })
    }
}

/// Why there is no answer, in words that keep a PIN to themselves.
pub(super) fn describe(failure: &AtFailure) -> String {
    let text = failure.to_string();
    match text.split_once("AT+CPIN=") {
        Some((before, rest)) => format!("{before}AT+CPIN={}", rest.trim_start_matches(|c| c != ':')),
        None => text,
    }
}
