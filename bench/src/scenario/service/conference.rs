//! Steps of conferences (TS 24.147).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{one, two};
use crate::scenario::{Selector, read};
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
    /// A UE has the focus call another one into its conference (RFC 4579 clause 5.5).
    ConferenceInvite {
        /// UE that asks for it.
        from: String,
        /// UE that is called.
        to: String,
    },
    /// A UE has the focus put another one out of its conference (RFC 4579 clause 5.11).
    ConferenceExpel {
        /// UE that asks for it.
        from: String,
        /// UE that has to go.
        to: String,
    },
    /// What UEs hear is measured: the tone that each of them says.
    ConferenceListen {
        /// Which.
        ue: Selector,
    },
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Word {
    Create,
    Join,
    Watch,
    Leave,
    Invite,
    Expel,
    Listen,
}

/// The words of these steps.
pub(super) const WORDS: [(&str, Word); 7] = [
    ("conference_create", Word::Create),
    ("conference_join", Word::Join),
    ("conference_watch", Word::Watch),
    ("conference_leave", Word::Leave),
    ("conference_invite", Word::Invite),
    ("conference_expel", Word::Expel),
    ("conference_listen", Word::Listen),
];

impl ConferenceStep {
    pub(super) fn ues(&self) -> Vec<(&'static str, Selector)> {
        match self {
            Self::ConferenceCreate { ue } | Self::ConferenceWatch { ue } | Self::ConferenceLeave { ue } => one(ue),
            Self::ConferenceJoin { from, to }
            | Self::ConferenceInvite { from, to }
            | Self::ConferenceExpel { from, to } => two(from, to),
            Self::ConferenceListen { ue } => vec![("ue", ue.clone())],
        }
    }

    pub(super) fn read(word: Word, t: &mut Table<'_>) -> Self {
        match word {
            Word::Create => Self::ConferenceCreate { ue: t.name("ue") },
            Word::Join => Self::ConferenceJoin { from: t.name("from"), to: t.name("to") },
            Word::Watch => Self::ConferenceWatch { ue: t.name("ue") },
            Word::Leave => Self::ConferenceLeave { ue: t.name("ue") },
            Word::Invite => Self::ConferenceInvite { from: t.name("from"), to: t.name("to") },
            Word::Expel => Self::ConferenceExpel { from: t.name("from"), to: t.name("to") },
            Word::Listen => Self::ConferenceListen { ue: read::selector(t, "ue") },
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
            Self::ConferenceInvite { from, to } => write!(f, "{from} has {to} called into its conference"),
            Self::ConferenceExpel { from, to } => write!(f, "{from} has {to} put out of its conference"),
            Self::ConferenceListen { ue } => write!(f, "what {ue} hears is measured"),
        }
    }
}
