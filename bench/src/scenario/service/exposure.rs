//! Steps of third parties (OMA-TR IMSinOMA clause 9.1 and appendix C): what they ask of the exposure, and what users write them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::scenario::Selector;
use crate::strict_toml::Table;

/// A third party outside of the network, known to the identity server and to the exposure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThirdParty {
    /// Its name: `client_id`, and the user of its SIP URI.
    pub name: String,
    /// Scopes that its tokens may have.
    pub scopes: Vec<String>,
    /// Requests a second that it may make on the average.
    pub per_second: u32,
    /// And at once.
    pub burst: u32,
}

/// What third parties want of the network, and UEs of third parties.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ExposureStep {
    /// It gets an access token for itself (RFC 6749 clause 4.4).
    ApiToken {
        /// Which.
        client: String,
    },
    /// It sends a text to a user.
    ApiMessage {
        /// Which.
        client: String,
        /// UE of the user.
        to: String,
        /// The text.
        text: String,
        /// What it is answered: the ladder wants that.
        status: u16,
    },
    /// It asks what became of its last text.
    ApiMessageState {
        /// Which.
        client: String,
    },
    /// It fetches what users have written to it.
    ApiIncoming {
        /// Which.
        client: String,
    },
    /// It asks for the presence of a user.
    ApiPresence {
        /// Which.
        client: String,
        /// UE of the user.
        to: String,
    },
    /// It has two users called and joined (RFC 3725).
    ApiCall {
        /// Which.
        client: String,
        /// UE of the one that is called first.
        from: String,
        /// UE of the other one.
        to: String,
    },
    /// It asks what became of its last call.
    ApiCallState {
        /// Which.
        client: String,
    },
    /// It ends its last call.
    ApiCallEnd {
        /// Which.
        client: String,
    },
    /// A user writes to it.
    WriteToClient {
        /// UE of the user.
        from: String,
        /// To which.
        client: String,
        /// The text.
        text: String,
    },
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Word {
    Token,
    Message,
    MessageState,
    Incoming,
    Presence,
    Call,
    CallState,
    CallEnd,
    Write,
}

/// The words of these steps.
pub(super) const WORDS: [(&str, Word); 9] = [
    ("api_token", Word::Token),
    ("api_message", Word::Message),
    ("api_message_state", Word::MessageState),
    ("api_incoming", Word::Incoming),
    ("api_presence", Word::Presence),
    ("api_call", Word::Call),
    ("api_call_state", Word::CallState),
    ("api_call_end", Word::CallEnd),
    ("write_to_client", Word::Write),
];

impl ExposureStep {
    pub(super) fn ues(&self) -> Vec<(&'static str, Selector)> {
        let name = |ue: &str| Selector::Name(ue.to_owned());
        match self {
            Self::ApiMessage { to, .. } | Self::ApiPresence { to, .. } => vec![("to", name(to))],
            Self::ApiCall { from, to, .. } => vec![("from", name(from)), ("to", name(to))],
            Self::WriteToClient { from, .. } => vec![("from", name(from))],
            _ => Vec::new(),
        }
    }

    /// The third party.
    pub(crate) fn client(&self) -> &str {
        match self {
            Self::ApiToken { client }
            | Self::ApiMessage { client, .. }
            | Self::ApiMessageState { client }
            | Self::ApiIncoming { client }
            | Self::ApiPresence { client, .. }
            | Self::ApiCall { client, .. }
            | Self::ApiCallState { client }
            | Self::ApiCallEnd { client }
            | Self::WriteToClient { client, .. } => client,
        }
    }

    pub(super) fn read(word: Word, t: &mut Table<'_>) -> Self {
        let client = t.name("client");
        match word {
            Word::Token => Self::ApiToken { client },
            Word::Message => Self::ApiMessage {
                client,
                to: t.name("to"),
                text: t.text("text"),
                status: t.optional_integer("status", 200..=599).unwrap_or(201),
            },
            Word::MessageState => Self::ApiMessageState { client },
            Word::Incoming => Self::ApiIncoming { client },
            Word::Presence => Self::ApiPresence { client, to: t.name("to") },
            Word::Call => Self::ApiCall { client, from: t.name("from"), to: t.name("to") },
            Word::CallState => Self::ApiCallState { client },
            Word::CallEnd => Self::ApiCallEnd { client },
            Word::Write => Self::WriteToClient { client, from: t.name("from"), text: t.text("text") },
        }
    }
}

/// Reads a `[[ims.third_party]]`.
pub(in crate::scenario) fn third_party(t: &mut Table<'_>) -> ThirdParty {
    ThirdParty {
        name: t.name("name"),
        scopes: t.optional_texts("scopes"),
        per_second: t.optional_integer("per_second", 1..=10_000).unwrap_or(10),
        burst: t.optional_integer("burst", 1..=10_000).unwrap_or(20),
    }
}

impl fmt::Display for ExposureStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiToken { client } => write!(f, "{client} gets an access token"),
            Self::ApiMessage { client, to, .. } => write!(f, "{client} sends a text to the user of {to}"),
            Self::ApiMessageState { client } => write!(f, "{client} asks what became of its text"),
            Self::ApiIncoming { client } => write!(f, "{client} fetches what users have written"),
            Self::ApiPresence { client, to } => write!(f, "{client} asks for the presence of the user of {to}"),
            Self::ApiCall { client, from, to } => write!(f, "{client} joins the users of {from} and {to} in a call"),
            Self::ApiCallState { client } => write!(f, "{client} asks what became of its call"),
            Self::ApiCallEnd { client } => write!(f, "{client} ends its call"),
            Self::WriteToClient { from, client, .. } => write!(f, "The user of {from} writes to {client}"),
        }
    }
}
