//! Steps of the identity of mission critical users (TS 33.180).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::one;
use crate::scenario::{Selector, Service, read};
use crate::strict_toml::Table;

/// What UEs want of the identity server, and with what it gives them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum IdentityStep {
    /// Users of UEs log in: an authorization code with PKCE becomes tokens (TS 33.180 clause B.4.2).
    McLogin {
        /// Which.
        ue: Selector,
        /// What the tokens are for.
        scopes: Vec<String>,
    },
    /// A UE puts the document of a group on the XDM server with its access token (TS 24.481 clause 6.3.2).
    McGroupPut {
        /// Which.
        ue: String,
        /// UEs whose users are its members.
        members: Vec<String>,
    },
}

/// Lets its holder manage groups (TS 33.180 table B.4.2.2-1).
pub(crate) const GROUP_MANAGEMENT: &str = "3gpp:mc:ptt_group_management_service";

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Word {
    Login,
    GroupPut,
}

/// The words of these steps.
pub(super) const WORDS: [(&str, Word); 2] = [("mc_login", Word::Login), ("mc_group_put", Word::GroupPut)];

impl IdentityStep {
    pub(super) fn ues(&self) -> Vec<(&'static str, Selector)> {
        match self {
            Self::McLogin { ue, .. } => vec![("ue", ue.clone())],
            Self::McGroupPut { ue, .. } => one(ue),
        }
    }

    /// The service that it needs.
    pub(super) fn service(&self) -> Service {
        match self {
            Self::McLogin { .. } => Service::Identity,
            Self::McGroupPut { .. } => Service::Xdm,
        }
    }

    pub(super) fn read(word: Word, t: &mut Table<'_>) -> Self {
        match word {
            Word::Login => Self::McLogin { ue: read::selector(t, "ue"), scopes: t.optional_texts("scopes") },
            Word::GroupPut => Self::McGroupPut { ue: t.name("ue"), members: t.optional_texts("members") },
        }
    }
}

impl fmt::Display for IdentityStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::McLogin { ue, .. } => write!(f, "The users of {ue} log in"),
            Self::McGroupPut { ue, .. } => write!(f, "{ue} puts the document of a group"),
        }
    }
}
