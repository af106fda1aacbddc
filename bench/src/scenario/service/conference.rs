//! Steps of conferences (TS 24.147).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{one, two};
use crate::scenario::Selector;
use crate::strict_toml::Table;

/// What UEs want of conferences.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "the names are what scenarios write")]
pub enum ConferenceStep {
    /// A UE has a conference made (RFC 4579 clause 5.4).
    ConferenceCreate {
        /// Which.
        ue: String,
    },
    /// A UE joins the conference that another one is in.
    ConferenceJoin {
        /// UE that joins.
        from: String,
        /// UE that told it of the conference.
        to: String,
    },
    /// A UE watches who is in its conference (RFC 4575).
    ConferenceWatch {
        /// Which.
        ue: String,
    },
    /// A UE leaves its conference.
    ConferenceLeave {
        /// Which.
        ue: String,
    },
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Word {
    Create,
    Join,
    Watch,
    Leave,
}

/// The words of these steps.
pub(super) const WORDS: [(&str, Word); 4] = [
    ("conference_create", Word::Create),
    ("conference_join", Word::Join),
    ("conference_watch", Word::Watch),
    ("conference_leave", Word::Leave),
];

impl ConferenceStep {
    pub(super) fn ues(&self) -> Vec<(&'static str, Selector)> {
        match self {
            Self::ConferenceCreate { ue } | Self::ConferenceWatch { ue } | Self::ConferenceLeave { ue } => one(ue),
            Self::ConferenceJoin { from, to } => two(from, to),
        }
    }

    pub(super) fn read(word: Word, t: &mut Table<'_>) -> Self {
        match word {
            Word::Create => Self::ConferenceCreate { ue: t.name("ue") },
            Word::Join => Self::ConferenceJoin { from: t.name("from"), to: t.name("to") },
            Word::Watch => Self::ConferenceWatch { ue: t.name("ue") },
            Word::Leave => Self::ConferenceLeave { ue: t.name("ue") },
        }
    }
}

impl fmt::Display for ConferenceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConferenceCreate { ue } => write!(f, "{ue} has a conference made"),
            Self::ConferenceJoin { from, to } => write!(f, "{from} joins the conference of {to}"),
            Self::ConferenceWatch { ue } => write!(f, "{ue} watches who is in its conference"),
            Self::ConferenceLeave { ue } => write!(f, "{ue} leaves its conference"),
        }
    }
}
