//! Who may watch whom (RFC 5025): the rules that presentities keep at the XDM server (TS 24.141 clause 5.3.2.5), and those of
//! the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::xcap::{self, Bindings, NodeSelector};
use protocol::xml::{Asking, Decision, Element, PresRules, Provided, SubHandling};

use crate::ims::xdm::{AUID_OMA_PRES_RULES, AUID_PRES_RULES, AUID_RESOURCE_LISTS, Changed, Shelf};

/// Rules of presentities.
#[derive(Debug)]
pub(super) struct Rules {
    configured: BTreeMap<String, Arc<PresRules>>,
    without: SubHandling,
    shelf: Option<Shelf>,
    /// What was read of the shelf, by presentity: the document and its rules; none when it cannot be read.
    read: BTreeMap<String, (Arc<str>, Arc<PresRules>)>,
    /// Generation of the shelf that was looked at.
    generation: u64,
}

/// Who asks, in the form of rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    pub(super) resource: &'a str,
    /// Empty: he does not say.
    pub(super) identities: &'a [String],
    pub(super) sphere: Option<&'a str>,
    pub(super) utc_ms: u64,
}

/// Whose documents have changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum News {
    /// Nobody's.
    None,
    /// Theirs.
    Of(Vec<String>),
    /// Too many to know.
    All,
}

impl Rules {
    /// Documents of the configuration; the first that cannot be read is told.
    pub(super) fn new(
        documents: &BTreeMap<String, String>,
        without: SubHandling,
        shelf: Option<Shelf>,
    ) -> Result<Self, String> {
        let read = |(identity, document): (&String, &String)| {
            let rules = PresRules::parse(document).map_err(|why| format!("rules of {identity}: {why}"))?;
            Ok::<_, String>((identity.clone(), Arc::new(rules)))
        };
        let configured = documents.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { configured, without, shelf, read: BTreeMap::new(), generation: 0 })
    }

    /// The rules of a presentity without a document of its own are others now, or none.
    pub(super) fn set(&mut self, resource: &str, rules: Option<PresRules>) {
        match rules {
            Some(rules) => drop(self.configured.insert(resource.to_owned(), Arc::new(rules))),
            None => drop(self.configured.remove(resource)),
        }
    }

    /// There may be news without an input.
    pub(super) const fn may_change(&self) -> bool {
        self.shelf.is_some()
    }

    /// What has changed at the XDM server since this was asked last.
    pub(super) fn news(&mut self) -> News {
        let Some(shelf) = &self.shelf else { return News::None };
        let generation = shelf.generation();
        if generation == self.generation {
            return News::None;
        }
        let changes = shelf.changes_since(self.generation);
        self.generation = generation;
        let Some(changes) = changes else { return News::All };
        let matters = |change: &&Changed| {
            let lists = change.auid == AUID_RESOURCE_LISTS;
            lists || DOCUMENTS.iter().any(|(auid, name)| change.auid == *auid && change.document == *name)
        };
        let mut of: Vec<String> = changes.iter().filter(matters).map(|change| change.xui.clone()).collect();
        of.sort();
        of.dedup();
        if of.is_empty() { News::None } else { News::Of(of) }
    }

    /// What the rules say. Everybody may watch himself. A document that cannot be read lets nobody in.
    pub(super) fn decide(&mut self, asker: Asker<'_>) -> Decision {
        if asker.identities.iter().any(|identity| identity == asker.resource) {
            return Decision { handling: SubHandling::Allow, provided: Provided::everything() };
        }
        match self.of(asker.resource) {
            Some(rules) => rules.decide(&Asking {
                identities: asker.identities,
                sphere: asker.sphere,
                utc_ms: asker.utc_ms,
                in_list: &|list, identity| self.is_listed(asker.resource, list, identity),
            }),
            None => Decision { handling: self.without, provided: Provided::everything() },
        }
    }

    /// When the rules of a presentity say something else, at the earliest.
    pub(super) fn next_change(&mut self, resource: &str, utc_ms: u64) -> Option<u64> {
        let rules = self.of(resource)?;
        let times = rules.rules.iter().flat_map(|rule| &rule.conditions.validity).flat_map(|v| [v.from, v.until]);
        times.filter(|time| *time > utc_ms).min()
    }

    /// The rules of a presentity: its own document, else those of the configuration.
    fn of(&mut self, resource: &str) -> Option<Arc<PresRules>> {
        let own = self
            .shelf
            .as_ref()
            .and_then(|shelf| DOCUMENTS.iter().find_map(|(auid, document)| shelf.get(auid, resource, document)));
        let Some(document) = own else { return self.configured.get(resource).cloned() };
        if let Some((known, rules)) = self.read.get(resource)
            && *known == document
        {
            return Some(Arc::clone(rules));
        }
        let rules = Arc::new(PresRules::parse(&document).unwrap_or_default());
        self.read.insert(resource.to_owned(), (document, Arc::clone(&rules)));
        if self.read.len() > MOST_READ {
            self.read.pop_first();
        }
        Some(rules)
    }

    /// A list of the presentity's own resource lists has an identity. `list` is the URI of an XCAP node (OMA-TS-XDM_Core clause
    /// 6.6.2.3); lists of others are not looked into.
    fn is_listed(&self, resource: &str, list: &str, identity: &str) -> bool {
        let named = || {
            let shelf = self.shelf.as_ref()?;
            let (document, node) = list.split_once("/~~/")?;
            let (_, path) = document.split_once("/resource-lists/users/")?;
            let (xui, name) = path.split_once('/')?;
            let own = |uri: &str| protocol::sip::Uri::parse(uri).map(|uri| uri.identity()).ok();
            if own(&xcap::percent_decode(xui)?)? != resource {
                return None;
            }
            let document = shelf.get(AUID_RESOURCE_LISTS, resource, &xcap::percent_decode(name)?)?;
            let node = xcap::percent_decode(node)?;
            let selector = NodeSelector::parse(&node, &Bindings::default(), Some(RESOURCE_LISTS_NAMESPACE)).ok()?;
            let list = Element::parse(&xcap::get(&document, &selector)?.text).ok()?;
            Some(has_entry(&list, &|uri| own(uri).as_deref() == Some(identity)))
        };
        named().unwrap_or(false)
    }
}

fn has_entry(list: &Element, is_he: &dyn Fn(&str) -> bool) -> bool {
    list.all("entry").filter_map(|entry| entry.value_of("uri")).any(is_he)
        || list.all("list").any(|list| has_entry(list, is_he))
}

/// Application usages and names of rules, the first one found counts (OMA-TS-Presence_SIMPLE_XDM clause 5.1, RFC 5025 clause
/// 9.1 and 9.7).
const DOCUMENTS: [(&str, &str); 2] = [(AUID_OMA_PRES_RULES, "pres-rules"), (AUID_PRES_RULES, "index")];

/// RFC 4826 clause 3.4.3.
const RESOURCE_LISTS_NAMESPACE: &str = "urn:ietf:params:xml:ns:resource-lists";

/// Presentities whose rules are kept read.
const MOST_READ: usize = 10_000;
