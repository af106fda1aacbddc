//! Conference information documents of the conference event package (RFC 4575 clauses 4, 5). Elements that are not listed
//! here are ignored, as clause 5 wants.

mod elements;
mod roster;

use super::{Element, XmlProblem};
pub use roster::{Roster, RosterProblem};

/// Content type of the documents (RFC 4575 clause 3.4).
pub const CONFERENCE_INFO_CONTENT_TYPE: &str = "application/conference-info+xml";

/// A `conference-info` document.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ConferenceInfo {
    /// The conference URI.
    pub entity: String,
    /// All, what changed, or that the conference is no more.
    pub state: PartState,
    /// Counts the documents of one subscription (clause 4.6).
    pub version: Option<u32>,
    /// What the conference is.
    pub description: Option<ConferenceDescription>,
    /// How it is.
    pub conference_state: Option<ConferenceState>,
    /// Who is in it; none: nothing is said of it.
    pub users: Option<Users>,
}

/// Whether an element tells everything (clause 4.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PartState {
    /// It replaces what was known.
    #[default]
    Full,
    /// It adds to what was known.
    Partial,
    /// It is no more.
    Deleted,
}

/// `conference-description` (clause 5.3).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ConferenceDescription {
    /// For display.
    pub display_text: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// Further URIs of the conference, each with its purpose.
    pub conf_uris: Vec<(String, Option<String>)>,
    /// How many may be in it.
    pub maximum_user_count: Option<u32>,
}

/// `conference-state` (clause 5.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ConferenceState {
    /// How many are in it.
    pub user_count: Option<u32>,
    /// It is going on.
    pub active: Option<bool>,
    /// Nobody may join any more.
    pub locked: Option<bool>,
}

/// `users` (clause 5.6).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Users {
    /// All of them or those that changed.
    pub state: PartState,
    /// One for each.
    pub users: Vec<ConferenceUser>,
}

/// `user` (clause 5.6).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ConferenceUser {
    /// Who: the key of this element.
    pub entity: String,
    /// All of him, what changed, or that he is gone.
    pub state: PartState,
    /// For display.
    pub display_text: Option<String>,
    /// Roles, such as `creator`.
    pub roles: Vec<String>,
    /// His devices.
    pub endpoints: Vec<Endpoint>,
}

/// `endpoint` (clause 5.7).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Endpoint {
    /// Its address: the key of this element.
    pub entity: String,
    /// All of it, what changed, or that it is gone.
    pub state: PartState,
    /// Who has brought it in.
    pub referred_by: Option<String>,
    /// Where it stands.
    pub status: Option<EndpointStatus>,
    /// How it came.
    pub joining_method: Option<String>,
    /// How it went.
    pub disconnection_method: Option<DisconnectionMethod>,
    /// In words.
    pub disconnection_reason: Option<String>,
    /// Its media.
    pub media: Vec<EndpointMedia>,
}

/// `media` (clause 5.8).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EndpointMedia {
    /// The key of this element.
    pub id: String,
    /// `audio`.
    pub kind: Option<String>,
    /// SSRC.
    pub src_id: Option<u32>,
    /// `sendrecv` and the like, from where the endpoint stands.
    pub status: Option<String>,
}

/// Where an endpoint stands (clause 5.7.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndpointStatus {
    /// Nothing has happened yet.
    Pending,
    /// It is being called.
    DialingOut,
    /// It calls.
    DialingIn,
    /// It rings.
    Alerting,
    /// It is held.
    OnHold,
    /// It is in.
    Connected,
    /// The focus lets nothing of it through.
    MutedViaFocus,
    /// It is going.
    Disconnecting,
    /// It is gone.
    Disconnected,
}

/// How an endpoint went (clause 5.7.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DisconnectionMethod {
    /// By itself.
    Departed,
    /// By the focus.
    Booted,
    /// It never came, or was lost.
    Failed,
    /// It was busy.
    Busy,
}

/// Why a document was not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConferenceInfoProblem {
    /// As XML.
    #[error(transparent)]
    Xml(#[from] XmlProblem),
    /// As conference-info.
    #[error("conference-info: {what} is missing or wrong: {value:?}")]
    Field {
        /// Element or attribute.
        what: &'static str,
        /// What was there.
        value: String,
    },
}

impl ConferenceInfo {
    /// Reads a document.
    pub fn parse(document: &str) -> Result<Self, ConferenceInfoProblem> {
        Self::read(&Element::parse(document)?)
    }

    /// The document with its declaration.
    pub fn to_document(&self) -> String {
        self.write().to_document()
    }
}

#[cfg(test)]
mod tests;
