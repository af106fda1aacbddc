//! Steps of mission critical services: what clients are told to do (TS 24.379 clauses 7, 9, 10.1.1; TS 24.380 clause 6.2.4), where
//! UEs go, and servers that die.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::scenario::{Selector, read};
use crate::strict_toml::Table;

/// A step of mission critical services.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do")]
pub enum McStep {
    /// Users are authorised at their servers (TS 24.379 clause 7.2.2).
    #[serde(rename = "mc_authorise")]
    Authorise {
        /// Of which UEs.
        ue: Selector,
    },
    /// Users affiliate with a group (TS 24.379 clause 9.2.1.2).
    #[serde(rename = "mc_affiliate")]
    Affiliate {
        /// Of which UEs.
        ue: Selector,
        /// The group.
        group: String,
    },
    /// They do no longer.
    #[serde(rename = "mc_deaffiliate")]
    Deaffiliate {
        /// Of which UEs.
        ue: Selector,
        /// The group.
        group: String,
    },
    /// A user calls a group (TS 24.379 clause 10.1.1.2.1.1).
    #[serde(rename = "mc_group_call")]
    GroupCall {
        /// Of which UE.
        ue: String,
        /// The group.
        group: String,
    },
    /// A user asks for the floor, says what is in a file once he has it, and gives it back (TS 24.380 clause 6.2.4).
    #[serde(rename = "mc_talk")]
    Talk {
        /// Of which UE.
        ue: String,
        /// WAVE file with G.711, relative to the scenario's own file.
        content: PathBuf,
    },
    /// Users give the floor back.
    #[serde(rename = "mc_release")]
    Release {
        /// Of which UEs.
        ue: Selector,
    },
    /// Users leave their call.
    #[serde(rename = "mc_hangup")]
    Hangup {
        /// Of which UEs.
        ue: Selector,
    },
    /// UEs drive to the cell of an MBSFN area, or out of all of them.
    #[serde(rename = "mc_move")]
    Move {
        /// Which.
        ue: Selector,
        /// `n_id_mbsfn` of the area; none: to a cell without MBMS.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        area: Option<u8>,
    },
    /// UEs obtain the profiles of their users, with the systems that these may go to (TS 23.280 clause 10.1.6.1).
    #[serde(rename = "mc_profile")]
    Profile {
        /// Which.
        ue: Selector,
    },
    /// UEs go to another system, or home (TS 23.280 clause 10.1.6.2).
    #[serde(rename = "mc_migrate")]
    Migrate {
        /// Which.
        ue: Selector,
        /// Name of the system; `primary`: home.
        system: String,
    },
    /// UEs drive to where the cells of these systems are heard, and of no other: nothing of those comes to them or from them.
    #[serde(rename = "mc_hears")]
    Hears {
        /// Which.
        ue: Selector,
        /// Names of the systems; `primary`: home.
        systems: Vec<String>,
    },
    /// A server dies without a word, as by `kill -9`.
    #[serde(rename = "mc_kill")]
    Kill {
        /// Its number.
        server: u8,
    },
    /// It is there again, with what its store has.
    #[serde(rename = "mc_restart")]
    Restart {
        /// Its number.
        server: u8,
    },
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum McWord {
    Authorise,
    Affiliate,
    Deaffiliate,
    Call,
    Talk,
    Release,
    Hangup,
    Move,
    Profile,
    Migrate,
    Hears,
    Kill,
    Restart,
}

/// The words of these steps.
pub(in crate::scenario) const MC_WORDS: [(&str, McWord); 13] = [
    ("mc_authorise", McWord::Authorise),
    ("mc_affiliate", McWord::Affiliate),
    ("mc_deaffiliate", McWord::Deaffiliate),
    ("mc_group_call", McWord::Call),
    ("mc_talk", McWord::Talk),
    ("mc_release", McWord::Release),
    ("mc_hangup", McWord::Hangup),
    ("mc_move", McWord::Move),
    ("mc_profile", McWord::Profile),
    ("mc_migrate", McWord::Migrate),
    ("mc_hears", McWord::Hears),
    ("mc_kill", McWord::Kill),
    ("mc_restart", McWord::Restart),
];

impl McStep {
    /// UEs that it names.
    pub(crate) fn ue(&self) -> Option<Selector> {
        match self {
            Self::Authorise { ue }
            | Self::Affiliate { ue, .. }
            | Self::Deaffiliate { ue, .. }
            | Self::Release { ue }
            | Self::Hangup { ue }
            | Self::Move { ue, .. }
            | Self::Profile { ue }
            | Self::Migrate { ue, .. }
            | Self::Hears { ue, .. } => Some(ue.clone()),
            Self::GroupCall { ue, .. } | Self::Talk { ue, .. } => Some(Selector::Name(ue.clone())),
            Self::Kill { .. } | Self::Restart { .. } => None,
        }
    }

    /// The group that it names.
    pub(crate) fn group(&self) -> Option<&str> {
        match self {
            Self::Affiliate { group, .. } | Self::Deaffiliate { group, .. } | Self::GroupCall { group, .. } => {
                Some(group)
            }
            _ => None,
        }
    }

    /// The server that it names.
    pub(crate) fn server(&self) -> Option<u8> {
        match self {
            Self::Kill { server } | Self::Restart { server } => Some(*server),
            _ => None,
        }
    }

    pub(in crate::scenario) fn read(word: McWord, t: &mut Table<'_>) -> Self {
        let ue = |t: &mut Table<'_>| read::selector(t, "ue");
        match word {
            McWord::Authorise => Self::Authorise { ue: ue(t) },
            McWord::Affiliate => Self::Affiliate { ue: ue(t), group: t.name("group") },
            McWord::Deaffiliate => Self::Deaffiliate { ue: ue(t), group: t.name("group") },
            McWord::Call => Self::GroupCall { ue: t.name("ue"), group: t.name("group") },
            McWord::Talk => Self::Talk { ue: t.name("ue"), content: PathBuf::from(t.text("content")) },
            McWord::Release => Self::Release { ue: ue(t) },
            McWord::Hangup => Self::Hangup { ue: ue(t) },
            McWord::Move => Self::Move { ue: ue(t), area: t.optional_integer("area", 0..=255) },
            McWord::Profile => Self::Profile { ue: ue(t) },
            McWord::Migrate => Self::Migrate { ue: ue(t), system: t.name("system") },
            McWord::Hears => Self::Hears { ue: ue(t), systems: t.optional_texts("systems") },
            McWord::Kill => Self::Kill { server: t.integer("server", super::NUMBERS) },
            McWord::Restart => Self::Restart { server: t.integer("server", super::NUMBERS) },
        }
    }
}

impl fmt::Display for McStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authorise { ue } => write!(f, "the users of {ue} are authorised at their MC servers"),
            Self::Affiliate { ue, group } => write!(f, "{ue} affiliates with the group {group}"),
            Self::Deaffiliate { ue, group } => write!(f, "{ue} leaves the group {group}"),
            Self::GroupCall { ue, group } => write!(f, "{ue} calls the group {group}"),
            Self::Talk { ue, content } => {
                write!(f, "{ue} asks for the floor and says {}", content.file_name().unwrap_or_default().display())
            }
            Self::Release { ue } => write!(f, "{ue} gives the floor back"),
            Self::Hangup { ue } => write!(f, "{ue} leaves the group call"),
            Self::Move { ue, area: Some(area) } => write!(f, "{ue} drives to MBSFN area {area}"),
            Self::Move { ue, area: None } => write!(f, "{ue} drives out of all MBSFN areas"),
            Self::Profile { ue } => write!(f, "{ue} obtains its user's profile"),
            Self::Migrate { ue, system } => write!(f, "{ue} goes to the system {system}"),
            Self::Hears { ue, systems } if systems.is_empty() => write!(f, "{ue} hears no system"),
            Self::Hears { ue, systems } => write!(f, "{ue} hears {} alone", systems.join(" and ")),
            Self::Kill { server } => write!(f, "MC server {server} dies"),
            Self::Restart { server } => write!(f, "MC server {server} is there again"),
        }
    }
}
