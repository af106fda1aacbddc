//! Affiliation to groups (TS 24.379 clause 9.3.1): a presence document whose tuples are the clients of a user and whose status
//! names all groups that a client is, or shall be, affiliated to. A group that is not named is left.

use super::DocumentProblem;
use super::document::text;
use super::names::AFFILIATION_NAMESPACE as NS;
use crate::utc::{from_rfc3339, to_rfc3339};
use crate::xml::{Pidf, PidfProblem, Qualified, Tuple};

/// Affiliations of a user.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Affiliations {
    /// MCPTT identity (`entity`).
    pub mcptt_id: String,
    /// His clients.
    pub clients: Vec<ClientAffiliations>,
    /// `p-id`: names the PUBLISH, and comes back in what tells its result.
    pub publication: Option<String>,
}

/// Affiliations of a client: all of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClientAffiliations {
    /// MCPTT client identity (`id` of the tuple).
    pub client_id: String,
    /// The groups.
    pub groups: Vec<GroupAffiliation>,
}

/// An `affiliation` element.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupAffiliation {
    /// MCPTT group identity.
    pub group: String,
    /// How far it is; a request says nothing.
    pub status: Option<AffiliationStatus>,
    /// When it ends, in milliseconds since 1970.
    pub expires_ms: Option<u64>,
}

/// How far an affiliation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AffiliationStatus {
    /// Asked for.
    Affiliating,
    /// In force.
    Affiliated,
    /// Its end is asked for.
    Deaffiliating,
}

impl AffiliationStatus {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Affiliating => "affiliating",
            Self::Affiliated => "affiliated",
            Self::Deaffiliating => "deaffiliating",
        }
    }
}

impl Affiliations {
    /// The request of a client to be affiliated to these groups and no others.
    pub fn request<'a>(mcptt_id: &str, client_id: &str, groups: impl IntoIterator<Item = &'a str>) -> Self {
        let groups = groups.into_iter().map(GroupAffiliation::wanted).collect();
        let client = ClientAffiliations { client_id: client_id.to_owned(), groups };
        Self { mcptt_id: mcptt_id.to_owned(), clients: vec![client], publication: None }
    }

    /// Reads a document.
    pub fn parse(document: &str) -> Result<Self, DocumentProblem> {
        let pidf = Pidf::parse(document).map_err(|problem| match problem {
            PidfProblem::Xml(problem) => DocumentProblem::Xml(problem),
            PidfProblem::Field { what, value } => DocumentProblem::field(what, &value),
        })?;
        if pidf.tuples.len() > MAX_CLIENTS {
            return Err(DocumentProblem::TooMany { what: "tuple", limit: MAX_CLIENTS });
        }
        let mcptt_id = text(&pidf.entity).ok_or_else(|| DocumentProblem::field("entity", &pidf.entity))?;
        let clients = pidf.tuples.iter().map(ClientAffiliations::read).collect::<Result<_, _>>()?;
        let publication = pidf.others.iter().find(|element| element.is(NS, "p-id"));
        Ok(Self { mcptt_id, clients, publication: publication.and_then(|id| text(&id.text())) })
    }

    /// Writes the document.
    pub fn to_document(&self) -> String {
        let tuples = self.clients.iter().map(ClientAffiliations::write).collect();
        let others = self.publication.iter().map(|id| Qualified::new(NS, "p-id").with_text(id)).collect();
        Pidf { tuples, others, ..Pidf::new(&self.mcptt_id) }.to_document()
    }

    /// The groups of all clients.
    pub fn groups(&self) -> impl Iterator<Item = &GroupAffiliation> {
        self.clients.iter().flat_map(|client| &client.groups)
    }
}

impl ClientAffiliations {
    fn read(tuple: &Tuple) -> Result<Self, DocumentProblem> {
        let found = tuple.status.iter().filter(|element| element.is(NS, "affiliation")).take(MAX_GROUPS + 1);
        let groups: Vec<_> = found.map(GroupAffiliation::read).collect::<Result<_, _>>()?;
        if groups.len() > MAX_GROUPS {
            return Err(DocumentProblem::TooMany { what: "affiliation", limit: MAX_GROUPS });
        }
        Ok(Self { client_id: tuple.id.clone(), groups })
    }

    fn write(&self) -> Tuple {
        let status = self.groups.iter().map(GroupAffiliation::write).collect();
        Tuple { id: self.client_id.clone(), status, ..Tuple::default() }
    }
}

impl GroupAffiliation {
    /// As a request names a group.
    pub fn wanted(group: &str) -> Self {
        Self { group: group.to_owned(), status: None, expires_ms: None }
    }

    fn read(element: &Qualified) -> Result<Self, DocumentProblem> {
        let wrong = |what, value: &str| DocumentProblem::field(what, value);
        let group = element.value_of("group").unwrap_or_default();
        let status = element.value_of("status").map(|name| {
            let all = [AffiliationStatus::Affiliating, AffiliationStatus::Affiliated, AffiliationStatus::Deaffiliating];
            let found = all.into_iter().find(|status| status.as_str() == name);
            found.ok_or_else(|| wrong("status of affiliation", name))
        });
        let expires = element.value_of("expires");
        let expires = expires.map(|time| from_rfc3339(time).ok_or_else(|| wrong("expires of affiliation", time)));
        Ok(Self {
            group: text(group).ok_or_else(|| wrong("group of affiliation", group))?,
            status: status.transpose()?,
            expires_ms: expires.transpose()?,
        })
    }

    fn write(&self) -> Qualified {
        let mut element = Qualified::new(NS, "affiliation").attribute("group", &self.group);
        if let Some(status) = self.status {
            element = element.attribute("status", status.as_str());
        }
        match self.expires_ms {
            Some(expires) => element.attribute("expires", to_rfc3339(expires)),
            None => element,
        }
    }
}

const MAX_CLIENTS: usize = 64;
/// Of one client; N2 of the service configuration (TS 24.484) is far below.
const MAX_GROUPS: usize = 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// In the shape of clause 9.3.1.2.
    const PUBLISHED: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:mcpttPI10="urn:3gpp:ns:mcpttPresInfo:1.0"
    entity="sip:anna@mcptt.example">
  <tuple id="urn:uuid:1">
    <status><basic>open</basic>
      <mcpttPI10:affiliation group="sip:fire@mcptt.example"/>
      <mcpttPI10:affiliation group="sip:police@mcptt.example" status="affiliated" expires="2026-11-22T12:00:00Z"/>
    </status>
  </tuple>
  <mcpttPI10:p-id>p-1</mcpttPI10:p-id>
</presence>"#;

    #[test]
    fn groups_of_a_client() {
        let affiliations = Affiliations::parse(PUBLISHED).unwrap();
        assert_eq!(affiliations.mcptt_id, "sip:anna@mcptt.example");
        assert_eq!(affiliations.publication.as_deref(), Some("p-1"));
        let [client] = &affiliations.clients[..] else { panic!("one client expected") };
        assert_eq!(client.client_id, "urn:uuid:1");
        let second = GroupAffiliation {
            status: Some(AffiliationStatus::Affiliated),
            expires_ms: Some(1_795_348_800_000),
            ..GroupAffiliation::wanted("sip:police@mcptt.example")
        };
        assert_eq!(client.groups, [GroupAffiliation::wanted("sip:fire@mcptt.example"), second]);
        assert_eq!(Affiliations::parse(&affiliations.to_document()), Ok(affiliations));
    }

    #[test]
    fn no_group_is_a_request_too() {
        let none = Affiliations::request("sip:anna@mcptt.example", "urn:uuid:1", []);
        assert_eq!(Affiliations::parse(&none.to_document()).map(|read| read.groups().count()), Ok(0));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |from: &str, to: &str| Affiliations::parse(&PUBLISHED.replace(from, to)).unwrap_err().to_string();
        assert!(wrong("\"affiliated\"", "\"engaged\"").contains("status of affiliation"));
        assert!(wrong("T12:00:00Z", " noon").contains("expires of affiliation"));
        assert!(wrong("group=", "groups=").contains("group of affiliation"));
        assert!(wrong(" entity=\"sip:anna@mcptt.example\"", " entity=\"\"").contains("entity"));
        let many = "<mcpttPI10:affiliation group=\"a\"/>".repeat(MAX_GROUPS + 1);
        assert!(wrong("<basic>open</basic>", &many).contains("more than 1024"));
    }

    proptest! {
        #[test]
        fn documents_survive(
            clients in prop::collection::btree_map("[a-z:<&]{1,10}", prop::collection::vec(
                ("[a-z:@\"&]{1,20}", 0..4, prop::option::of(0..4_000_000_000_000_u64)), 0..4), 0..4),
            publication in prop::option::of("[a-z]{1,9}"),
        ) {
            let group = |(group, status, expires_ms)| {
                let status = match status {
                    0 => None,
                    1 => Some(AffiliationStatus::Affiliating),
                    2 => Some(AffiliationStatus::Affiliated),
                    _ => Some(AffiliationStatus::Deaffiliating),
                };
                GroupAffiliation { group, status, expires_ms }
            };
            let client = |(client_id, groups): (String, Vec<_>)| {
                ClientAffiliations { client_id, groups: groups.into_iter().map(group).collect() }
            };
            let clients = clients.into_iter().map(client).collect();
            let affiliations = Affiliations { mcptt_id: "sip:a@b".into(), clients, publication };
            prop_assert_eq!(Affiliations::parse(&affiliations.to_document()), Ok(affiliations));
        }
    }
}
