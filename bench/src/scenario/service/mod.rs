//! Services of the IMS in a scenario: which there are, and what UEs want of them. Each has a file of its own.

mod conference;
mod messaging;
mod presence;
mod xdm;

use std::fmt;

use core_network::ims::NetworkBox;
use serde::{Deserialize, Serialize};

use super::Selector;
use crate::strict_toml::Table;

pub use conference::ConferenceStep;
pub(crate) use messaging::CHAT_MAX_OCTETS;
pub use messaging::MessagingStep;
pub use presence::PresenceStep;
pub use xdm::{EntityTag, XdmStep};

/// A service of a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Presence (TS 24.141).
    Presence,
    /// Documents of users on Ut (TS 24.623).
    Xdm,
    /// Conferences (TS 24.147).
    Conference,
    /// Messages to lists, and messages that wait (TS 24.247).
    Messaging,
}

impl Service {
    /// All of them, as scenarios write them.
    pub const ALL: [(&str, Self); 4] = [
        ("presence", Self::Presence),
        ("xdm", Self::Xdm),
        ("conference", Self::Conference),
        ("messaging", Self::Messaging),
    ];

    /// What its box is called in reports.
    pub fn server(self) -> &'static str {
        match self {
            Self::Presence => PRESENCE_SERVER,
            Self::Xdm => XDM_SERVER,
            Self::Conference => CONFERENCE_SERVER,
            Self::Messaging => MESSAGING_SERVER,
        }
    }

    /// Its box.
    pub fn place(self) -> NetworkBox {
        match self {
            Self::Presence => NetworkBox::Presence,
            Self::Xdm => NetworkBox::Xdms,
            Self::Conference => NetworkBox::Conference,
            Self::Messaging => NetworkBox::Messaging,
        }
    }
}

/// Boxes of services.
pub(crate) const PRESENCE_SERVER: &str = "presence server";
pub(crate) const XDM_SERVER: &str = "XDM server";
pub(crate) const CONFERENCE_SERVER: &str = "conference server";
pub(crate) const MESSAGING_SERVER: &str = "messaging server";

/// What UEs and others want of services.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ServiceStep {
    /// Of presence.
    Presence(PresenceStep),
    /// Of documents on Ut.
    Xdm(XdmStep),
    /// Of conferences.
    Conference(ConferenceStep),
    /// Of messaging.
    Messaging(MessagingStep),
}

impl ServiceStep {
    /// UEs that the step names: the key and who.
    pub(crate) fn ues(&self) -> Vec<(&'static str, Selector)> {
        match self {
            Self::Presence(step) => step.ues(),
            Self::Xdm(step) => step.ues(),
            Self::Conference(step) => step.ues(),
            Self::Messaging(step) => step.ues(),
        }
    }

    /// The service that it needs.
    pub(crate) fn service(&self) -> Service {
        match self {
            Self::Presence(_) => Service::Presence,
            Self::Xdm(_) => Service::Xdm,
            Self::Conference(_) => Service::Conference,
            Self::Messaging(_) => Service::Messaging,
        }
    }

    /// UEs that have a session with each other after it.
    pub(crate) fn calls(&self) -> Option<(&str, &str)> {
        match self {
            Self::Messaging(MessagingStep::Chat { from, to }) => Some((from, to)),
            _ => None,
        }
    }

    /// Reads the step that `word` names.
    pub(super) fn read(word: ServiceWord, t: &mut Table<'_>) -> Self {
        match word {
            ServiceWord::Presence(word) => Self::Presence(PresenceStep::read(word, t)),
            ServiceWord::Xdm(word) => Self::Xdm(XdmStep::read(word, t)),
            ServiceWord::Conference(word) => Self::Conference(ConferenceStep::read(word, t)),
            ServiceWord::Messaging(word) => Self::Messaging(MessagingStep::read(word, t)),
        }
    }
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(super) enum ServiceWord {
    Presence(presence::Word),
    Xdm(xdm::Word),
    Conference(conference::Word),
    Messaging(messaging::Word),
}

/// The words of these steps.
pub(super) fn service_words() -> Vec<(&'static str, ServiceWord)> {
    let mut words = Vec::new();
    words.extend(presence::WORDS.map(|(word, step)| (word, ServiceWord::Presence(step))));
    words.extend(xdm::WORDS.map(|(word, step)| (word, ServiceWord::Xdm(step))));
    words.extend(conference::WORDS.map(|(word, step)| (word, ServiceWord::Conference(step))));
    words.extend(messaging::WORDS.map(|(word, step)| (word, ServiceWord::Messaging(step))));
    words
}

impl fmt::Display for ServiceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Presence(step) => step.fmt(f),
            Self::Xdm(step) => step.fmt(f),
            Self::Conference(step) => step.fmt(f),
            Self::Messaging(step) => step.fmt(f),
        }
    }
}

/// UEs of a step in which one has to do with another.
fn two(from: &str, to: &str) -> Vec<(&'static str, Selector)> {
    vec![("from", Selector::Name(from.to_owned())), ("to", Selector::Name(to.to_owned()))]
}

/// The UE of a step that one does alone.
fn one(ue: &str) -> Vec<(&'static str, Selector)> {
    vec![("ue", Selector::Name(ue.to_owned()))]
}
