//! Who calls whom and how (`mcptt-info`, TS 24.379 annex F.1): identities of the service, kept out of SIP's own headers.
//!
//! Elements with `type="Encrypted"` are refused with a word on why (clause 6.6.2 needs keys). Elements whose value stands in
//! them without `mcpttURI`, `mcpttString` or `mcpttBoolean` are read: clients of version 13 write such.

use super::DocumentProblem;
use super::document::{Builder, Part, flag, text};
use super::names::INFO_NAMESPACE as NS;
use crate::xml::Qualified;

/// A `mcpttinfo` document. What is not said is none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct McpttInfo {
    /// `mcptt-access-token`: of the identity management server.
    pub access_token: Option<String>,
    /// `session-type`: kind of the call.
    pub session_type: Option<SessionType>,
    /// `mcptt-request-uri`: the group or user that is wanted.
    pub request_uri: Option<String>,
    /// `mcptt-calling-user-id`: MCPTT identity of who asks.
    pub calling_user_id: Option<String>,
    /// `mcptt-called-party-id`: MCPTT identity of who is called.
    pub called_party_id: Option<String>,
    /// `mcptt-calling-group-id`: the group whose call it is.
    pub calling_group_id: Option<String>,
    /// `emergency-ind`.
    pub emergency: Option<bool>,
    /// `alert-ind`.
    pub alert: Option<bool>,
    /// `imminentperil-ind`.
    pub imminent_peril: Option<bool>,
    /// `broadcast-ind`: only who begins the call talks in it.
    pub broadcast: Option<bool>,
    /// `mc-org`: organisation of the user.
    pub organisation: Option<String>,
    /// `floor-state`.
    pub floor_state: Option<String>,
    /// `associated-group-id`.
    pub associated_group_id: Option<String>,
    /// `originated-by`: MCPTT identity of who has raised an alert.
    pub originated_by: Option<String>,
    /// `mcptt-client-id`: the client of the user, for example `urn:uuid:…`.
    pub client_id: Option<String>,
}

/// Kinds of a call (clause F.1.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SessionType {
    /// To all members of a group.
    Prearranged,
    /// To those of a group who have joined.
    Chat,
    /// Between two users.
    Private,
    /// With the first of several users who answers.
    FirstToAnswer,
    /// To listen to a user.
    AmbientListening,
    /// To users that are named when it begins.
    AdHoc,
    /// Another one.
    Other(String),
}

impl SessionType {
    /// Its name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Prearranged => "prearranged",
            Self::Chat => "chat",
            Self::Private => "private",
            Self::FirstToAnswer => "first-to-answer",
            Self::AmbientListening => "ambient-listening",
            Self::AdHoc => "adhoc",
            Self::Other(name) => name,
        }
    }

    fn parse(name: &str) -> Option<Self> {
        let known =
            [Self::Prearranged, Self::Chat, Self::Private, Self::FirstToAnswer, Self::AmbientListening, Self::AdHoc];
        known.into_iter().find(|kind| kind.as_str() == name).or_else(|| text(name).map(Self::Other))
    }
}

impl McpttInfo {
    /// Reads a document.
    pub fn parse(document: &str) -> Result<Self, DocumentProblem> {
        let root = Qualified::parse(document)?;
        let root = Part::root(&root, NS, "mcpttinfo")?;
        let Some(params) = root.child("mcptt-Params") else { return Ok(Self::default()) };
        let words = |name| content(params, name, text);
        let is = |name| content(params, name, flag);
        Ok(Self {
            access_token: words("mcptt-access-token")?,
            session_type: params.value("session-type", SessionType::parse)?,
            request_uri: words("mcptt-request-uri")?,
            calling_user_id: words("mcptt-calling-user-id")?,
            called_party_id: words("mcptt-called-party-id")?,
            calling_group_id: words("mcptt-calling-group-id")?,
            emergency: is("emergency-ind")?,
            alert: is("alert-ind")?,
            imminent_peril: is("imminentperil-ind")?,
            broadcast: is("broadcast-ind")?,
            organisation: words("mc-org")?,
            floor_state: words("floor-state")?,
            associated_group_id: words("associated-group-id")?,
            originated_by: words("originated-by")?,
            client_id: words("mcptt-client-id")?,
        })
    }

    /// Writes the document, its elements in the order of the annex.
    pub fn to_document(&self) -> String {
        let uri = |name, value: &Option<String>| typed(name, "mcpttURI", value.as_deref());
        let string = |name, value: &Option<String>| typed(name, "mcpttString", value.as_deref());
        let boolean = |name, value: Option<bool>| typed(name, "mcpttBoolean", value);
        let params = Builder::new(NS, "mcptt-Params")
            .children(string("mcptt-access-token", &self.access_token))
            .with_some("session-type", self.session_type.as_ref().map(SessionType::as_str))
            .children(uri("mcptt-request-uri", &self.request_uri))
            .children(uri("mcptt-calling-user-id", &self.calling_user_id))
            .children(uri("mcptt-called-party-id", &self.called_party_id))
            .children(uri("mcptt-calling-group-id", &self.calling_group_id))
            .children(boolean("emergency-ind", self.emergency))
            .children(boolean("alert-ind", self.alert))
            .children(boolean("imminentperil-ind", self.imminent_peril))
            .with_some("broadcast-ind", self.broadcast)
            .with_some("mc-org", self.organisation.as_ref())
            .with_some("floor-state", self.floor_state.as_ref())
            .with_some("associated-group-id", self.associated_group_id.as_ref())
            .children(uri("originated-by", &self.originated_by))
            .children(string("mcptt-client-id", &self.client_id));
        Builder::new(NS, "mcpttinfo").child(params.element).element.to_document()
    }
}

/// A value of `contentType`.
fn typed(name: &str, kind: &str, value: Option<impl std::fmt::Display>) -> Option<Qualified> {
    let value = Builder::new(NS, name).with(kind, value?).element;
    Some(value.attribute("type", "Normal"))
}

fn content<T>(params: Part<'_>, name: &str, read: fn(&str) -> Option<T>) -> Result<Option<T>, DocumentProblem> {
    let Some(part) = params.child(name) else { return Ok(None) };
    let is_encrypted = part.element.value_of("type").is_some_and(|kind| kind.eq_ignore_ascii_case("Encrypted"));
    if is_encrypted || part.element.first(ENCRYPTION_NAMESPACE, "EncryptedData").is_some() {
        return Err(DocumentProblem::Encrypted(name.to_owned()));
    }
    let typed = ["mcpttURI", "mcpttString", "mcpttBoolean"].into_iter().find_map(|kind| part.child(kind));
    let text = typed.unwrap_or(part).element.text();
    read(&text).map(Some).ok_or_else(|| DocumentProblem::field(name, &text))
}

/// XML Encryption clause 3.4.
const ENCRYPTION_NAMESPACE: &str = "http://www.w3.org/2001/04/xmlenc#";

#[cfg(test)]
mod tests;
