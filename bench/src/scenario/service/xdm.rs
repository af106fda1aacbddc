//! Steps of documents on Ut (TS 24.623).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::one;
use crate::scenario::Selector;
use crate::strict_toml::Table;

/// What UEs want of the XDM server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum XdmStep {
    /// A UE puts its list of contacts on the XDM server (RFC 4826).
    XcapPut {
        /// Which.
        ue: String,
        /// UEs on the list.
        contacts: Vec<String>,
        /// On the condition that the document is this one (RFC 4825 clause 7.11).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        if_match: Option<EntityTag>,
    },
    /// A UE fetches its list of contacts.
    XcapGet {
        /// Which.
        ue: String,
        /// Unless it is this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        if_none_match: Option<EntityTag>,
    },
}

/// Which document a condition names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityTag {
    /// The one that the UE has fetched or put last.
    Known,
    /// One that is not there.
    Stale,
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Word {
    Put,
    Get,
}

/// The words of these steps.
pub(super) const WORDS: [(&str, Word); 2] = [("xcap_put", Word::Put), ("xcap_get", Word::Get)];

impl XdmStep {
    pub(super) fn ues(&self) -> Vec<(&'static str, Selector)> {
        match self {
            Self::XcapPut { ue, .. } | Self::XcapGet { ue, .. } => one(ue),
        }
    }

    pub(super) fn read(word: Word, t: &mut Table<'_>) -> Self {
        match word {
            Word::Put => Self::XcapPut {
                ue: t.name("ue"),
                contacts: t.optional_texts("contacts"),
                if_match: entity_tag(t, "if_match"),
            },
            Word::Get => Self::XcapGet { ue: t.name("ue"), if_none_match: entity_tag(t, "if_none_match") },
        }
    }
}

fn entity_tag(t: &mut Table<'_>, key: &'static str) -> Option<EntityTag> {
    let tags = [("known", EntityTag::Known), ("stale", EntityTag::Stale)];
    if t.has(key) { Some(t.choice(key, &tags)) } else { t.absent(key) }
}

impl fmt::Display for XdmStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::XcapPut { ue, .. } => write!(f, "{ue} puts its list of contacts"),
            Self::XcapGet { ue, .. } => write!(f, "{ue} fetches its list of contacts"),
        }
    }
}
