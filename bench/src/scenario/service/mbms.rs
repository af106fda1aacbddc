//! Group sessions of an IMS AS with MBMS bearers (TR 23.847): the groups, who decides on bearers and how, and the steps.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::one;
use crate::scenario::{Selector, read};
use crate::strict_toml::Table;

/// A group: its URI is `sip:NAME@` the IMS AS.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Name in this scenario, and user of the URI.
    pub name: String,
    /// UEs in it.
    pub members: Vec<String>,
}

/// How the IMS AS comes to MBMS bearers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupBearers {
    /// Who assigns TMGI, multicast address and port (TR 23.847 clause 2).
    pub allocation: Allocator,
    /// What a UE costs over unicast.
    pub unicast_cost: u32,
    /// What a bearer costs in a service area.
    pub bearer_cost: u32,
    /// UEs must be worth a bearer for so long before it begins, milliseconds.
    pub start_after_ms: u64,
    /// And not worth it for so long before it ends.
    pub stop_after_ms: u64,
}

impl Default for GroupBearers {
    fn default() -> Self {
        Self { allocation: Allocator::BmSc, unicast_cost: 1, bearer_cost: 3, start_after_ms: 0, stop_after_ms: 10_000 }
    }
}

/// Who assigns what a bearer is known by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allocator {
    /// The BM-SC, which is asked.
    BmSc,
    /// The IMS AS, which tells the BM-SC.
    As,
}

/// Which way to a UE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// The carrier that broadcasts.
    Mbms,
    /// The way of its own.
    Unicast,
}

impl Access {
    const ALL: [(&str, Self); 2] = [("mbms", Self::Mbms), ("unicast", Self::Unicast)];
}

/// What UEs do in groups, and what becomes of their ways.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum MbmsStep {
    /// A UE calls a group; the IMS AS calls the others.
    GroupCall {
        /// Which.
        ue: String,
        /// The group.
        group: String,
    },
    /// A UE says what is in a file.
    GroupTalk {
        /// Which.
        ue: String,
        /// WAVE file with G.711, relative to the scenario's own file.
        content: PathBuf,
    },
    /// UEs leave their group session.
    GroupLeave {
        /// Which.
        ue: Selector,
    },
    /// UEs lose the coverage of a way.
    CoverageLost {
        /// Which.
        ue: Selector,
        /// Which way.
        access: Access,
    },
    /// They have it again.
    CoverageBack {
        /// Which.
        ue: Selector,
        /// Which way.
        access: Access,
    },
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Word {
    Call,
    Talk,
    Leave,
    CoverageLost,
    CoverageBack,
}

/// The words of these steps.
pub(super) const WORDS: [(&str, Word); 5] = [
    ("group_call", Word::Call),
    ("group_talk", Word::Talk),
    ("group_leave", Word::Leave),
    ("coverage_lost", Word::CoverageLost),
    ("coverage_back", Word::CoverageBack),
];

impl MbmsStep {
    pub(super) fn ues(&self) -> Vec<(&'static str, Selector)> {
        match self {
            Self::GroupCall { ue, .. } | Self::GroupTalk { ue, .. } => one(ue),
            Self::GroupLeave { ue } | Self::CoverageLost { ue, .. } | Self::CoverageBack { ue, .. } => {
                vec![("ue", ue.clone())]
            }
        }
    }

    /// The group that it names.
    pub(crate) fn group(&self) -> Option<&str> {
        match self {
            Self::GroupCall { group, .. } => Some(group),
            _ => None,
        }
    }

    pub(super) fn read(word: Word, t: &mut Table<'_>) -> Self {
        let ue = |t: &mut Table<'_>| read::selector(t, "ue");
        match word {
            Word::Call => Self::GroupCall { ue: t.name("ue"), group: t.name("group") },
            Word::Talk => Self::GroupTalk { ue: t.name("ue"), content: PathBuf::from(t.text("content")) },
            Word::Leave => Self::GroupLeave { ue: ue(t) },
            Word::CoverageLost => Self::CoverageLost { ue: ue(t), access: t.choice("access", &Access::ALL) },
            Word::CoverageBack => Self::CoverageBack { ue: ue(t), access: t.choice("access", &Access::ALL) },
        }
    }
}

/// Reads an `[[ims.group]]`.
pub(in crate::scenario) fn group(t: &mut Table<'_>) -> Group {
    Group { name: t.name("name"), members: t.optional_texts("members") }
}

/// Reads `[ims.bearers]`.
pub(in crate::scenario) fn bearers(t: &mut Table<'_>) -> GroupBearers {
    let own = GroupBearers::default();
    let allocators = [("bm_sc", Allocator::BmSc), ("as", Allocator::As)];
    GroupBearers {
        allocation: t.choice_or("allocation", &allocators, own.allocation),
        unicast_cost: t.optional_integer("unicast_cost", 0..=1_000_000).unwrap_or(own.unicast_cost),
        bearer_cost: t.optional_integer("bearer_cost", 0..=1_000_000).unwrap_or(own.bearer_cost),
        start_after_ms: t.optional_integer("start_after_ms", 0..=3_600_000).unwrap_or(own.start_after_ms),
        stop_after_ms: t.optional_integer("stop_after_ms", 0..=3_600_000).unwrap_or(own.stop_after_ms),
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Mbms { "broadcast carrier" } else { "unicast" })
    }
}

impl fmt::Display for MbmsStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GroupCall { ue, group } => write!(f, "{ue} calls the group {group}"),
            Self::GroupTalk { ue, content } => {
                write!(f, "{ue} says {}", content.file_name().unwrap_or_default().display())
            }
            Self::GroupLeave { ue } => write!(f, "{ue} leaves the group session"),
            Self::CoverageLost { ue, access } => write!(f, "{ue} loses the coverage of the {access}"),
            Self::CoverageBack { ue, access } => write!(f, "{ue} has the coverage of the {access} again"),
        }
    }
}
