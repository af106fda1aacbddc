//! Who may do what in a conference (RFC 4353 clause 3.4; TS 24.147 clause 5.3.2 leaves it to the operator).

use std::collections::BTreeSet;

use serde::Deserialize;

/// What a conference server lets its users do.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConferencePolicy {
    /// Who may create conferences with the factory.
    pub create: Access,
    /// Who may join a conference whose URI he knows; those who were invited always may.
    pub join: Access,
    /// Who may invite others into it.
    pub invite: Right,
    /// Who may expel others; everybody may expel himself.
    pub expel: Right,
    /// Who may watch it.
    pub watch: Right,
    /// It ends when its creator leaves.
    pub ends_with_creator: bool,
    /// Conferences at a time.
    pub most_conferences: usize,
    /// Participants of one conference, those that are being called among them.
    pub most_participants: usize,
    /// Watchers of one conference.
    pub most_watchers: usize,
    /// Seconds after which a conference ends in any case.
    pub longest_s: u32,
}

/// Whom something is open to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Every user.
    #[default]
    Anyone,
    /// These, by public identity.
    Users(BTreeSet<String>),
    /// Nobody.
    Nobody,
}

/// Who has a right in a conference.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Every user.
    Anyone,
    /// Who is in it, and its creator.
    Participants,
    /// Its creator.
    Creator,
    /// Nobody.
    Nobody,
}

impl Default for ConferencePolicy {
    fn default() -> Self {
        Self {
            create: Access::Anyone,
            join: Access::Anyone,
            invite: Right::Participants,
            expel: Right::Creator,
            watch: Right::Participants,
            ends_with_creator: false,
            most_conferences: 1000,
            most_participants: 64,
            most_watchers: 256,
            longest_s: 86_400,
        }
    }
}

impl Access {
    /// True for one who has one of these identities.
    pub(super) fn lets(&self, mut identities: impl Iterator<Item = String>) -> bool {
        match self {
            Self::Anyone => true,
            Self::Users(users) => identities.any(|identity| users.contains(&identity)),
            Self::Nobody => false,
        }
    }
}

impl Right {
    pub(super) const fn has(self, is_participant: bool, is_creator: bool) -> bool {
        match self {
            Self::Anyone => true,
            Self::Participants => is_participant || is_creator,
            Self::Creator => is_creator,
            Self::Nobody => false,
        }
    }
}
