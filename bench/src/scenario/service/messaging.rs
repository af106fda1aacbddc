//! Steps of messaging (RFC 5365, RFC 5438, TS 24.247).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{one, two};
use crate::scenario::Selector;
use crate::strict_toml::Table;

/// What UEs want of messaging.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum MessagingStep {
    /// A UE sends one MESSAGE to a list of others (RFC 5365).
    ListMessage {
        /// UE that sends.
        from: String,
        /// UEs on the list.
        recipients: Vec<String>,
        /// The text.
        text: String,
    },
    /// A UE sends a MESSAGE and wants to be told what becomes of it (RFC 5438).
    TrackedMessage {
        /// UE that sends.
        from: String,
        /// UE that it is for.
        to: String,
        /// The text.
        text: String,
        /// It is of no use after so long, seconds (RFC 3428 clause 4).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_expires_s: Option<u32>,
    },
    /// A UE wants a session of messages with another one (TS 24.247 clause 5.1).
    Chat {
        /// UE that calls.
        from: String,
        /// UE that is called.
        to: String,
    },
    /// A UE sends a message in its session, and wants to be told when all of it is there (RFC 4975 clause 7.1.2).
    ChatSend {
        /// Which.
        ue: String,
        /// Octets of the message.
        octets: u32,
    },
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Word {
    List,
    Tracked,
    Chat,
    Send,
}

/// The words of these steps.
pub(super) const WORDS: [(&str, Word); 4] =
    [("list_message", Word::List), ("tracked_message", Word::Tracked), ("chat", Word::Chat), ("chat_send", Word::Send)];

/// Octets of a message that one end takes of the other.
pub(crate) const CHAT_MAX_OCTETS: u32 = 1 << 20;
/// How long a message may wait, seconds.
const WAITS_MAX_S: u32 = 30 * 86_400;

impl MessagingStep {
    pub(super) fn ues(&self) -> Vec<(&'static str, Selector)> {
        match self {
            Self::ListMessage { from, recipients, .. } => {
                let named = recipients.iter().map(|ue| ("recipients", Selector::Name(ue.clone())));
                std::iter::once(("from", Selector::Name(from.clone()))).chain(named).collect()
            }
            Self::TrackedMessage { from, to, .. } | Self::Chat { from, to } => two(from, to),
            Self::ChatSend { ue, .. } => one(ue),
        }
    }

    pub(super) fn read(word: Word, t: &mut Table<'_>) -> Self {
        match word {
            Word::List => Self::ListMessage {
                from: t.name("from"),
                recipients: t.optional_texts("recipients"),
                text: t.text("text"),
            },
            Word::Tracked => Self::TrackedMessage {
                from: t.name("from"),
                to: t.name("to"),
                text: t.text("text"),
                message_expires_s: t.optional_integer("message_expires_s", 1..=WAITS_MAX_S),
            },
            Word::Chat => Self::Chat { from: t.name("from"), to: t.name("to") },
            Word::Send => Self::ChatSend { ue: t.name("ue"), octets: t.integer("octets", 1..=CHAT_MAX_OCTETS) },
        }
    }
}

impl fmt::Display for MessagingStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ListMessage { from, recipients, .. } => {
                write!(f, "{from} sends a message to {}", recipients.join(", "))
            }
            Self::TrackedMessage { from, to, .. } => {
                write!(f, "{from} sends a message to {to} and wants to know what becomes of it")
            }
            Self::Chat { from, to } => write!(f, "{from} wants a session of messages with {to}"),
            Self::ChatSend { ue, octets } => write!(f, "{ue} sends a message of {octets} octets in its session"),
        }
    }
}
