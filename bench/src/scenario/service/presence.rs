//! Steps of presence (TS 24.141).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::two;
use crate::scenario::{Selector, read};
use crate::strict_toml::Table;

/// What UEs want of presence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum PresenceStep {
    /// UEs publish their state (RFC 3903, RFC 3856).
    Publish {
        /// Which.
        ue: Selector,
        /// Words of the state.
        note: String,
    },
    /// UEs want to know the state of another one (RFC 3856).
    WatchPresence {
        /// UE that watches.
        from: String,
        /// UE that is watched.
        to: String,
    },
    /// UEs want to know who watches them (RFC 3857).
    WatchWatchers {
        /// Which.
        ue: Selector,
    },
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Word {
    Publish,
    WatchPresence,
    WatchWatchers,
}

/// The words of these steps.
pub(super) const WORDS: [(&str, Word); 3] =
    [("publish", Word::Publish), ("watch_presence", Word::WatchPresence), ("watch_watchers", Word::WatchWatchers)];

impl PresenceStep {
    pub(super) fn ues(&self) -> Vec<(&'static str, Selector)> {
        match self {
            Self::Publish { ue, .. } | Self::WatchWatchers { ue } => vec![("ue", ue.clone())],
            Self::WatchPresence { from, to } => two(from, to),
        }
    }

    pub(super) fn read(word: Word, t: &mut Table<'_>) -> Self {
        match word {
            Word::Publish => Self::Publish { ue: read::selector(t, "ue"), note: t.text("note") },
            Word::WatchPresence => Self::WatchPresence { from: t.name("from"), to: t.name("to") },
            Word::WatchWatchers => Self::WatchWatchers { ue: read::selector(t, "ue") },
        }
    }
}

impl fmt::Display for PresenceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publish { ue, note } => write!(f, "{ue} publishes \"{note}\""),
            Self::WatchPresence { from, to } => write!(f, "{from} watches the presence of {to}"),
            Self::WatchWatchers { ue } => write!(f, "{ue} watches who watches"),
        }
    }
}
