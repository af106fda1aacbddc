//! Who may watch whom (RFC 5025): rules of the presentities, from their documents or from the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::xml::{Asking, Decision, PresRules, Provided, SubHandling};

/// Rules of presentities.
#[derive(Debug)]
pub(super) struct Rules {
    configured: BTreeMap<String, Arc<PresRules>>,
    without: SubHandling,
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

impl Rules {
    /// Documents of the configuration; the first that cannot be read is told.
    pub(super) fn new(documents: &BTreeMap<String, String>, without: SubHandling) -> Result<Self, String> {
        let read = |(identity, document): (&String, &String)| {
            let rules = PresRules::parse(document).map_err(|why| format!("rules of {identity}: {why}"))?;
            Ok::<_, String>((identity.clone(), Arc::new(rules)))
        };
        Ok(Self { configured: documents.iter().map(read).collect::<Result<_, _>>()?, without })
    }

    /// The rules of a presentity are others now, or none.
    pub(super) fn set(&mut self, resource: &str, rules: Option<PresRules>) {
        match rules {
            Some(rules) => drop(self.configured.insert(resource.to_owned(), Arc::new(rules))),
            None => drop(self.configured.remove(resource)),
        }
    }

    /// What the rules say. Everybody may watch himself.
    pub(super) fn decide(&self, asker: Asker<'_>) -> Decision {
        if asker.identities.iter().any(|identity| identity == asker.resource) {
            return Decision { handling: SubHandling::Allow, provided: Provided::everything() };
        }
        match self.configured.get(asker.resource) {
            Some(rules) => rules.decide(&Asking {
                identities: asker.identities,
                sphere: asker.sphere,
                utc_ms: asker.utc_ms,
                in_list: &|_, _| false,
            }),
            None => Decision { handling: self.without, provided: Provided::everything() },
        }
    }

    /// When the rules of a presentity say something else, at the earliest.
    pub(super) fn next_change(&self, resource: &str, utc_ms: u64) -> Option<u64> {
        let rules = &self.configured.get(resource)?.rules;
        let times = rules.iter().flat_map(|rule| &rule.conditions.validity).flat_map(|v| [v.from, v.until]);
        times.filter(|time| *time > utc_ms).min()
    }
}
