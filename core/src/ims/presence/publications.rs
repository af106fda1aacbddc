//! What has been published of whom, and what it makes together (RFC 3903, RFC 4479).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use protocol::Due;
use protocol::xml::{Pidf, Qualified, RPID_NAMESPACE};
use serde::{Deserialize, Serialize};

use crate::node::{NodeStoreOp, Table};

/// A publication; kept in the store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Publication {
    pub(super) resource: String,
    pub(super) etag: String,
    pub(super) document: String,
    pub(super) expires_utc_ms: u64,
    /// Puts the publications of a presentity in order.
    pub(super) number: u64,
    /// The network says so; no PUBLISH refreshes or removes it.
    #[serde(default)]
    pub(super) by_network: bool,
}

/// A presentity that something is published of.
#[derive(Debug, Default)]
struct Presentity {
    publications: BTreeMap<u64, Publication>,
    composed: Option<Arc<Pidf>>,
}

/// Publications of all presentities.
#[derive(Debug, Default)]
pub(super) struct Publications {
    presentities: BTreeMap<String, Presentity>,
    ends: Due<u64, (String, u64)>,
    last_number: u64,
    count: usize,
    /// Numbers of those that the network has made, by presentity.
    by_network: BTreeMap<String, u64>,
}

impl Publications {
    pub(super) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Presentities and publications.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.presentities.len(), self.count)
    }

    /// Publications of a presentity.
    pub(super) fn count_of(&self, resource: &str) -> usize {
        self.presentities.get(resource).map_or(0, |presentity| presentity.publications.len())
    }

    /// The publication with an entity tag.
    pub(super) fn find(&self, resource: &str, etag: &str) -> Option<&Publication> {
        self.presentities.get(resource)?.publications.values().find(|own| own.etag == etag && !own.by_network)
    }

    /// Number of what the network says of a presentity.
    pub(super) fn number_by_network(&self, resource: &str) -> Option<u64> {
        self.by_network.get(resource).copied()
    }

    /// The number of what the network will say of a presentity.
    pub(super) fn next_by_network(&mut self, resource: &str) -> u64 {
        let number = self.next_number();
        self.by_network.insert(resource.to_owned(), number);
        number
    }

    /// A publication stands, in the place of the one of its number.
    pub(super) fn insert(&mut self, publication: Publication) {
        self.last_number = self.last_number.max(publication.number);
        let key = (publication.resource.clone(), publication.number);
        self.ends.set(&key, Some(publication.expires_utc_ms).filter(|ends| *ends != NEVER));
        if publication.by_network {
            self.by_network.insert(key.0.clone(), key.1);
        }
        let presentity = self.presentities.entry(key.0).or_default();
        presentity.composed = None;
        if presentity.publications.insert(publication.number, publication).is_none() {
            self.count += 1;
        }
    }

    /// A publication is gone.
    pub(super) fn remove(&mut self, resource: &str, number: u64) {
        self.ends.set(&(resource.to_owned(), number), None);
        let Some(presentity) = self.presentities.get_mut(resource) else { return };
        presentity.composed = None;
        if presentity.publications.remove(&number).is_some() {
            self.count -= 1;
        }
        if presentity.publications.is_empty() {
            self.presentities.remove(resource);
        }
    }

    /// Resource and number of one that has ended.
    pub(super) fn next_ended(&self, utc_ms: u64) -> Option<(String, u64)> {
        self.ends.next(utc_ms)
    }

    /// When the next one ends.
    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.ends.first()
    }

    /// What is known of a presentity.
    pub(super) fn composed(&mut self, resource: &str) -> Arc<Pidf> {
        let Some(presentity) = self.presentities.get_mut(resource) else { return Arc::new(Pidf::new(resource)) };
        let publications = &presentity.publications;
        Arc::clone(presentity.composed.get_or_insert_with(|| Arc::new(compose(resource, publications.values()))))
    }
}

impl Publication {
    pub(super) fn put(&self) -> NodeStoreOp {
        // Nothing of it can fail to be written as JSON.
        let value = serde_json::to_vec(self).unwrap_or_default();
        NodeStoreOp::Put { table: Table::Publication, key: key_of(self.number), value }
    }

    pub(super) fn delete(number: u64) -> NodeStoreOp {
        NodeStoreOp::Delete { table: Table::Publication, key: key_of(number) }
    }
}

/// The sphere that a presentity says it is in (RFC 4480 clause 3.10, for RFC 5025 clause 3.1.2).
pub(super) fn sphere_of(pidf: &Pidf) -> Option<String> {
    let mut spheres = pidf.persons().filter_map(|person| person.first(RPID_NAMESPACE, "sphere"));
    let sphere = spheres.next()?;
    let text = sphere.text();
    Some(if text.is_empty() { sphere.children().next()?.name.clone() } else { text })
}

/// One document of several (RFC 4479 clause 3, TS 24.141 clause 5.3.1.3): all that is said, the newer word where two are about
/// the same. Identifiers are told apart.
fn compose<'a>(resource: &str, publications: impl DoubleEndedIterator<Item = &'a Publication>) -> Pidf {
    let mut all = Pidf::new(resource);
    let mut ids = BTreeSet::new();
    let mut about = BTreeSet::new();
    let mut own_id = |wanted: &str| {
        let mut candidates = std::iter::once(wanted.to_owned()).chain((2..).map(|n| format!("{wanted}.{n}")));
        let free = candidates.find(|id| !ids.contains(id)).unwrap_or_default();
        ids.insert(free.clone());
        free
    };
    for publication in publications.rev() {
        // It was read before it was taken.
        let Ok(one) = Pidf::parse(&publication.document) else { continue };
        for mut tuple in one.tuples {
            let contact = tuple.contact.as_ref().map(|contact| contact.uri.clone());
            if about.insert((tuple.id.clone(), contact)) {
                tuple.id = own_id(&tuple.id);
                all.tuples.push(tuple);
            }
        }
        for note in one.notes {
            if !all.notes.contains(&note) {
                all.notes.push(note);
            }
        }
        for mut other in one.others {
            if !all.others.iter().any(|known| is_same(known, &other)) {
                if let Some(id) = other.attributes.iter_mut().find(|a| a.name == "id" && a.namespace.is_empty()) {
                    id.value = own_id(&id.value);
                }
                all.others.push(other);
            }
        }
    }
    all
}

/// The same apart from the identifier that composition may have changed.
fn is_same(one: &Qualified, other: &Qualified) -> bool {
    let id = |element: &Qualified| element.value_of("id").map(str::to_owned);
    one.is(&other.namespace, &other.name) && one.content == other.content && id(one).is_some() == id(other).is_some()
}

/// When a publication of the network ends.
pub(super) const NEVER: u64 = u64::MAX;

fn key_of(number: u64) -> String {
    format!("{number:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publication(number: u64, inner: &str) -> Publication {
        let document = format!(
            "<presence xmlns='urn:ietf:params:xml:ns:pidf' xmlns:d='urn:ietf:params:xml:ns:pidf:data-model' \
             xmlns:r='{RPID_NAMESPACE}' entity='sip:a@b'>{inner}</presence>"
        );
        Publication {
            resource: "sip:a@b".into(),
            etag: number.to_string(),
            document,
            expires_utc_ms: 1000,
            number,
            by_network: false,
        }
    }

    #[test]
    fn all_is_said_and_the_newer_word_counts() {
        let mut publications = Publications::default();
        let tuple = |id: &str, basic: &str, contact: &str| {
            format!("<tuple id='{id}'><status><basic>{basic}</basic></status><contact>{contact}</contact></tuple>")
        };
        publications.insert(publication(1, &format!("{}<note>n</note>", tuple("t", "open", "sip:a@1"))));
        publications
            .insert(publication(2, &format!("{}{}", tuple("t", "closed", "sip:a@1"), tuple("u", "open", "sip:a@2"))));
        let person = "<note>n</note><d:person id='u'><r:sphere>work</r:sphere></d:person>";
        publications.insert(publication(3, &format!("{}{person}", tuple("t", "open", "sip:a@3"))));
        let all = publications.composed("sip:a@b");
        let told: Vec<_> =
            all.tuples.iter().map(|t| (t.id.as_str(), t.contact.as_ref().unwrap().uri.as_str())).collect();
        assert_eq!(told, [("t", "sip:a@3"), ("t.2", "sip:a@1"), ("u.2", "sip:a@2")]);
        assert_eq!((all.tuples[1].basic, all.notes.len()), (Some(protocol::xml::Basic::Closed), 1));
        assert_eq!(sphere_of(&all).as_deref(), Some("work"));
        assert_eq!(Pidf::parse(&all.to_document()).as_ref(), Ok(&*all));
        publications.remove("sip:a@b", 2);
        publications.remove("sip:a@b", 3);
        assert_eq!(publications.composed("sip:a@b").tuples.len(), 1);
        publications.remove("sip:a@b", 1);
        assert_eq!((publications.counts(), publications.next_deadline()), ((0, 0), None));
    }
}
