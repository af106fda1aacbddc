//! The MCPTT user profile configuration document (TS 24.484 clause 8.3), with what an MC service user needs to migrate to a
//! partner MC system (TS 23.280 clauses 10.1.6 and 10.16).
//!
//! | element or attribute | read and written |
//! |---|---|
//! | `mcptt-user-profile` with `XUI-URI`, `user-profile-index` | yes |
//! | `Name`, `Status`, `ProfileName`, `Pre-selected-indication` | yes |
//! | `Common`: `UserAlias`, `MCPTTUserID`, `ParticipantType`, `MissionCriticalOrganization` | yes |
//! | `Common`: `PrivateCall` | the users of its `PrivateCallList` |
//! | `Common`: `MCPTT-group-call` | `MaxSimultaneousCallsN6`, `Priority` |
//! | `OnNetwork`: `MCPTTGroupInfo`, `MaxAffiliationsN2`, `ImplicitAffiliations`, `MaxSimultaneousTransmissionsN7` | yes |
//! | emergencies and alerts, `ruleset`, key management, functional aliases, `OffNetwork` | no |
//! | `OnNetwork`: `anyExt`: `migration` | yes; see [`PartnerSystem`] |
//!
//! The names, the namespace, the AUID, the name of the document and the content type are of the standard. TS 23.379 table A.3-2
//! has a list of partner systems with the access information of each, which is that of TS 23.280 table A.6-1; by which elements
//! a later release of TS 24.484 writes it down was not found. So `migration` is of our own namespace
//! `urn:castbench:params:xml:ns:mc-migration`, and where the MCS UE initial configuration document (TS 24.484 clause 7.2) has an
//! element of that meaning it has its name.

use super::DocumentProblem;
use super::document::{Builder, Part, flag, number, text};
use super::names::USER_PROFILE_NAMESPACE as NS;
use crate::xml::Qualified;

mod partner;

pub use partner::PartnerSystem;

/// What a user of MCPTT may do, and where.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UserProfile {
    /// Whose it is (`XUI-URI`).
    pub user: String,
    /// Which of his profiles it is.
    pub index: u8,
    /// Its name for people.
    pub name: Option<String>,
    /// It may be used (`Status`).
    pub is_enabled: bool,
    /// What users choose it by.
    pub profile_name: Option<String>,
    /// It is the one that is used when none is chosen.
    pub is_preselected: bool,
    /// Aliases of the user.
    pub aliases: Vec<String>,
    /// MCPTT ID of the user.
    pub mcptt_id: String,
    /// Whom he may call alone.
    pub private_calls: Vec<ProfileEntry>,
    /// N6: calls that he is in at a time.
    pub max_calls: Option<u32>,
    /// Priority of his calls.
    pub priority: Option<u16>,
    /// What he is, as `first responder`.
    pub participant_type: Option<String>,
    /// Where he belongs to.
    pub organization: Option<String>,
    /// Groups that he may affiliate to.
    pub groups: Vec<ProfileEntry>,
    /// N2: groups that he is affiliated to at a time.
    pub max_affiliations: Option<u32>,
    /// Groups that he is affiliated to with his authorisation.
    pub implicit_affiliations: Vec<ProfileEntry>,
    /// N7: transmissions that he receives at a time.
    pub max_transmissions: Option<u32>,
    /// Partner MC systems that he may migrate to.
    pub partners: Vec<PartnerSystem>,
}

/// A user or a group in a list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProfileEntry {
    /// Its identity.
    pub uri: String,
    /// What people call it.
    pub name: Option<String>,
}

impl UserProfile {
    /// The profile of a user, enabled and otherwise empty.
    pub fn new(mcptt_id: &str, index: u8) -> Self {
        let (user, mcptt_id) = (mcptt_id.to_owned(), mcptt_id.to_owned());
        Self { user, index, mcptt_id, is_enabled: true, ..Self::default() }
    }

    /// Path of a document below the XCAP root of the configuration management server (clause 8.3.1).
    pub fn path(mcptt_id: &str, index: u8) -> String {
        let auid = super::names::USER_PROFILE_AUID;
        let user = crate::xcap::percent_encode(mcptt_id);
        format!("/{auid}/users/{user}/{}", Self::document_name(index))
    }

    /// Name of a document in the tree of its user (clause 8.3.2.6).
    pub fn document_name(index: u8) -> String {
        format!("mcptt-user-profile-{index}.xml")
    }

    /// Reads a document.
    pub fn parse(document: &str) -> Result<Self, DocumentProblem> {
        let root = Qualified::parse(document)?;
        let root = Part::root(&root, NS, "mcptt-user-profile")?;
        let attribute = |name: &str| root.element.value_of(name).unwrap_or_default();
        let (user, index) = (attribute("XUI-URI"), attribute("user-profile-index"));
        let profile = Self {
            user: text(user).ok_or_else(|| DocumentProblem::field("XUI-URI", user))?,
            index: number(index).ok_or_else(|| DocumentProblem::field("user-profile-index", index))?,
            name: words(root, "Name"),
            // What says nothing of it may be used: releases before 14 had no way to say otherwise.
            is_enabled: root.value("Status", flag)?.unwrap_or(true),
            profile_name: words(root, "ProfileName"),
            is_preselected: root.child("Pre-selected-indication").is_some(),
            ..Self::default()
        };
        let common = root.child("Common").ok_or_else(|| DocumentProblem::field("Common", ""))?;
        let profile = profile.with_common(common)?;
        match root.child("OnNetwork") {
            Some(network) => profile.with_network(network),
            None => Ok(profile),
        }
    }

    fn with_common(self, common: Part<'_>) -> Result<Self, DocumentProblem> {
        let group_call = common.child("MCPTT-group-call");
        let aliases = match common.child("UserAlias") {
            Some(aliases) => aliases.values("alias-entry", MAX_ALIASES, text)?,
            None => Vec::new(),
        };
        let id = common.child("MCPTTUserID").ok_or_else(|| DocumentProblem::field("MCPTTUserID", ""))?;
        let private_calls = common.child("PrivateCall").and_then(|calls| calls.child("PrivateCallList"));
        Ok(Self {
            aliases,
            mcptt_id: id.needed("uri-entry", text)?,
            private_calls: entries(private_calls, "PrivateCallURI")?,
            max_calls: optional(group_call, "MaxSimultaneousCallsN6", number)?,
            priority: optional(group_call, "Priority", number)?,
            participant_type: words(common, "ParticipantType"),
            organization: words(common, "MissionCriticalOrganization"),
            ..self
        })
    }

    fn with_network(self, network: Part<'_>) -> Result<Self, DocumentProblem> {
        let partners = match network.child("anyExt") {
            Some(extensions) => partner::read(extensions.element)?,
            None => Vec::new(),
        };
        Ok(Self {
            groups: entries(network.child("MCPTTGroupInfo"), "entry")?,
            max_affiliations: network.value("MaxAffiliationsN2", number)?,
            implicit_affiliations: entries(network.child("ImplicitAffiliations"), "entry")?,
            max_transmissions: network.value("MaxSimultaneousTransmissionsN7", number)?,
            partners,
            ..self
        })
    }

    /// Writes the document, its elements in the order of clause 8.3.2.1.
    pub fn to_document(&self) -> String {
        let mut root = Builder::new(NS, "mcptt-user-profile").with_some("Name", self.name.as_ref());
        root.element = root.element.attribute("XUI-URI", &self.user).attribute("user-profile-index", self.index);
        let root = root.with("Status", self.is_enabled).with_some("ProfileName", self.profile_name.as_ref());
        let selected = self.is_preselected.then(|| Qualified::new(NS, "Pre-selected-indication"));
        let root = root.children(selected).child(self.common()).child(self.network());
        root.element.to_document()
    }

    fn common(&self) -> Qualified {
        let aliases = Builder::new(NS, "UserAlias").with_all("alias-entry", &self.aliases);
        let id = Builder::new(NS, "MCPTTUserID").with("uri-entry", &self.mcptt_id);
        let users = list("PrivateCallList", "PrivateCallURI", &self.private_calls);
        let calls = users.map(|users| Qualified::new(NS, "PrivateCall").child(users));
        let group_call = Builder::new(NS, "MCPTT-group-call")
            .with_some("MaxSimultaneousCallsN6", self.max_calls)
            .with_some("Priority", self.priority);
        let common = Builder::new(NS, "Common")
            .children((!self.aliases.is_empty()).then_some(aliases.element))
            .child(id.element)
            .children(calls)
            .children((!group_call.element.content.is_empty()).then_some(group_call.element))
            .with_some("ParticipantType", self.participant_type.as_ref())
            .with_some("MissionCriticalOrganization", self.organization.as_ref());
        common.element.attribute("index", 1)
    }

    fn network(&self) -> Qualified {
        // It shall be there, empty or not.
        let groups = list("MCPTTGroupInfo", "entry", &self.groups);
        let network = Builder::new(NS, "OnNetwork")
            .child(groups.unwrap_or_else(|| Qualified::new(NS, "MCPTTGroupInfo")))
            .with_some("MaxAffiliationsN2", self.max_affiliations)
            .children(list("ImplicitAffiliations", "entry", &self.implicit_affiliations))
            .with_some("MaxSimultaneousTransmissionsN7", self.max_transmissions)
            .children(partner::write(&self.partners).map(|own| Qualified::new(NS, "anyExt").child(own)));
        network.element.attribute("index", 1)
    }

    /// The partner system of that name.
    pub fn partner(&self, id: &str) -> Option<&PartnerSystem> {
        self.partners.iter().find(|partner| partner.id == id)
    }
}

impl ProfileEntry {
    /// One without a name.
    pub fn new(uri: &str) -> Self {
        Self { uri: uri.to_owned(), name: None }
    }
}

/// A text that need not be there and that nothing hangs on.
fn words(part: Part<'_>, name: &str) -> Option<String> {
    part.child(name).and_then(|child| text(&child.element.text()))
}

fn optional<T>(
    part: Option<Part<'_>>,
    name: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, DocumentProblem> {
    match part {
        Some(part) => part.value(name, read),
        None => Ok(None),
    }
}

/// The entries of a list that need not be there.
fn entries(list: Option<Part<'_>>, name: &'static str) -> Result<Vec<ProfileEntry>, DocumentProblem> {
    let all = match list {
        Some(list) => list.all(name, MAX_ENTRIES)?,
        None => return Ok(Vec::new()),
    };
    let entry = |entry: Part<'_>| {
        Ok(ProfileEntry { uri: entry.needed("uri-entry", text)?, name: words(entry, "display-name") })
    };
    all.into_iter().map(entry).collect()
}

/// A list of entries; none without any.
fn list(name: &str, entry: &str, entries: &[ProfileEntry]) -> Option<Qualified> {
    let entries = entries.iter().enumerate().map(|(at, own)| {
        let entry = Builder::new(NS, entry).with("uri-entry", &own.uri).with_some("display-name", own.name.as_ref());
        // One of its own within the list (clause 8.3.2.7).
        entry.element.attribute("index", at + 1)
    });
    let list = Builder::new(NS, name).children(entries);
    (!list.element.content.is_empty()).then_some(list.element)
}

const MAX_ALIASES: usize = 64;
/// Of a list.
const MAX_ENTRIES: usize = 1024;

#[cfg(test)]
mod tests;
