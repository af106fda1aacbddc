//! When a rule applies (RFC 4745 clause 7, RFC 5025 clause 3.1).

use super::{COMMON_POLICY_NAMESPACE, OMA_COMMON_POLICY_NAMESPACE, PresRules, PresRulesProblem, Qualified, field};
use crate::sip::Uri;
use crate::utc;

/// Conditions of a rule; all of them have to hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conditions {
    /// Who asks.
    pub identity: Option<Identity>,
    /// Lists of which one has him, by URI of the list.
    pub external_lists: Vec<String>,
    /// He is in no identity and no list of another rule.
    pub other_identity: bool,
    /// He does not say who he is.
    pub anonymous: bool,
    /// The sphere that the presentity is in is one of these; empty: any.
    pub spheres: Vec<String>,
    /// It is one of these times; empty: any.
    pub validity: Vec<Validity>,
    /// A condition that is not known: it never holds.
    pub unknown: Vec<Qualified>,
}

/// Who asks: any of these.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Identity {
    /// Single users.
    pub ones: Vec<String>,
    /// All users, or all of a domain, with exceptions.
    pub manys: Vec<Many>,
}

/// All users but some.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Many {
    /// Of this domain only.
    pub domain: Option<String>,
    /// But these.
    pub except: Vec<Except>,
}

/// An exception of [`Many`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Except {
    /// A user.
    Id(String),
    /// All of a domain.
    Domain(String),
}

/// From a time until another, UTC in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Validity {
    /// The first instant.
    pub from: u64,
    /// The first one after.
    pub until: u64,
}

/// Who asks, and when.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// His identities, as [`Uri::identity`] has them; empty: he does not say.
    pub identities: &'a [String],
    /// The sphere that the presentity is in, where it says so.
    pub sphere: Option<&'a str>,
    /// UTC in milliseconds.
    pub utc_ms: u64,
    /// Whether the list of a URI has an identity.
    pub in_list: &'a dyn Fn(&str, &str) -> bool,
}

impl Conditions {
    pub(super) fn hold(&self, asking: &Asking<'_>, rules: &PresRules) -> bool {
        let named = self.names(asking);
        let who = match () {
            () if self.identity.is_some() || !self.external_lists.is_empty() => named,
            () if self.other_identity => {
                let others = rules.rules.iter().filter(|rule| !rule.conditions.other_identity);
                !asking.identities.is_empty() && !others.into_iter().any(|rule| rule.conditions.names(asking))
            }
            () if self.anonymous => asking.identities.is_empty(),
            () => true,
        };
        let in_sphere =
            || self.spheres.is_empty() || asking.sphere.is_some_and(|own| self.spheres.iter().any(|s| s == own));
        let in_time = || {
            self.validity.is_empty() || self.validity.iter().any(|v| v.from <= asking.utc_ms && asking.utc_ms < v.until)
        };
        self.unknown.is_empty() && who && in_sphere() && in_time()
    }

    /// Who asks is named by identity or list.
    fn names(&self, asking: &Asking<'_>) -> bool {
        asking.identities.iter().any(|identity| {
            self.identity.as_ref().is_some_and(|own| own.has(identity))
                || self.external_lists.iter().any(|list| (asking.in_list)(list, identity))
        })
    }

    pub(super) fn read(element: &Qualified) -> Result<Self, PresRulesProblem> {
        let mut conditions = Self::default();
        for child in element.children() {
            match (child.namespace.as_str(), child.name.as_str()) {
                (COMMON_POLICY_NAMESPACE, "identity") => match Identity::read(child) {
                    Some(identity) => conditions.identity = Some(identity),
                    None => conditions.unknown.push(child.clone()),
                },
                (COMMON_POLICY_NAMESPACE, "sphere") => {
                    let value = child.value_of("value").ok_or_else(|| field("value of sphere", None))?;
                    conditions.spheres.push(value.to_owned());
                }
                (COMMON_POLICY_NAMESPACE, "validity") => conditions.validity = validity(child)?,
                (OMA_COMMON_POLICY_NAMESPACE, "other-identity") => conditions.other_identity = true,
                (OMA_COMMON_POLICY_NAMESPACE, "anonymous-request") => conditions.anonymous = true,
                (OMA_COMMON_POLICY_NAMESPACE, "external-list") => {
                    let anchors = child.children().filter(|e| e.is(OMA_COMMON_POLICY_NAMESPACE, "entry"));
                    conditions.external_lists.extend(anchors.filter_map(|e| e.value_of("anc")).map(str::to_owned));
                }
                _ => conditions.unknown.push(child.clone()),
            }
        }
        Ok(conditions)
    }

    pub(super) fn write(&self) -> Qualified {
        let mut element = Qualified::new(COMMON_POLICY_NAMESPACE, "conditions");
        if let Some(identity) = &self.identity {
            element = element.child(identity.write());
        }
        if !self.external_lists.is_empty() {
            let list = Qualified::new(OMA_COMMON_POLICY_NAMESPACE, "external-list");
            element = element.child(self.external_lists.iter().fold(list, |list, uri| {
                list.child(Qualified::new(OMA_COMMON_POLICY_NAMESPACE, "entry").attribute("anc", uri))
            }));
        }
        for (is_there, name) in [(self.other_identity, "other-identity"), (self.anonymous, "anonymous-request")] {
            if is_there {
                element = element.child(Qualified::new(OMA_COMMON_POLICY_NAMESPACE, name));
            }
        }
        for sphere in &self.spheres {
            element = element.child(Qualified::new(COMMON_POLICY_NAMESPACE, "sphere").attribute("value", sphere));
        }
        if !self.validity.is_empty() {
            let mut times = Qualified::new(COMMON_POLICY_NAMESPACE, "validity");
            for Validity { from, until } in &self.validity {
                let time = |name, ms| Qualified::new(COMMON_POLICY_NAMESPACE, name).with_text(utc::to_rfc3339(ms));
                times = times.child(time("from", *from)).child(time("until", *until));
            }
            element = element.child(times);
        }
        self.unknown.iter().fold(element, |element, unknown| element.child(unknown.clone()))
    }
}

impl Identity {
    fn has(&self, identity: &str) -> bool {
        self.ones.iter().any(|one| same(one, identity)) || self.manys.iter().any(|many| many.has(identity))
    }

    /// None: it has an element that is not known.
    fn read(element: &Qualified) -> Option<Self> {
        let mut identity = Self::default();
        for child in element.children().filter(|e| e.namespace == COMMON_POLICY_NAMESPACE) {
            match child.name.as_str() {
                "one" => identity.ones.push(child.value_of("id")?.to_owned()),
                "many" => identity.manys.push(Many::read(child)?),
                _ => return None,
            }
        }
        (element.children().count() == identity.ones.len() + identity.manys.len()).then_some(identity)
    }

    fn write(&self) -> Qualified {
        let element = Qualified::new(COMMON_POLICY_NAMESPACE, "identity");
        let one = |id: &String| Qualified::new(COMMON_POLICY_NAMESPACE, "one").attribute("id", id);
        let element = self.ones.iter().map(one).fold(element, Qualified::child);
        self.manys.iter().map(Many::write).fold(element, Qualified::child)
    }
}

impl Many {
    fn has(&self, identity: &str) -> bool {
        let of = |domain: &String| domain_of(identity).is_some_and(|own| own.eq_ignore_ascii_case(domain));
        let excepted = |except: &Except| match except {
            Except::Id(id) => same(id, identity),
            Except::Domain(domain) => of(domain),
        };
        self.domain.as_ref().is_none_or(of) && !self.except.iter().any(excepted)
    }

    /// None: an exception that is not known; who is meant by it must not be let in.
    fn read(element: &Qualified) -> Option<Self> {
        let mut many = Self { domain: element.value_of("domain").map(str::to_owned), except: Vec::new() };
        for child in element.children() {
            let is_except = child.is(COMMON_POLICY_NAMESPACE, "except");
            many.except.push(match (child.value_of("id"), child.value_of("domain")) {
                (Some(id), None) if is_except => Except::Id(id.to_owned()),
                (None, Some(domain)) if is_except => Except::Domain(domain.to_owned()),
                _ => return None,
            });
        }
        Some(many)
    }

    fn write(&self) -> Qualified {
        let mut element = Qualified::new(COMMON_POLICY_NAMESPACE, "many");
        if let Some(domain) = &self.domain {
            element = element.attribute("domain", domain);
        }
        let except = |except: &Except| {
            let element = Qualified::new(COMMON_POLICY_NAMESPACE, "except");
            match except {
                Except::Id(id) => element.attribute("id", id),
                Except::Domain(domain) => element.attribute("domain", domain),
            }
        };
        self.except.iter().map(except).fold(element, Qualified::child)
    }
}

/// Pairs of `from` and `until` (RFC 4745 clause 7.4).
fn validity(element: &Qualified) -> Result<Vec<Validity>, PresRulesProblem> {
    let times: Vec<_> = element.children().collect();
    let time = |element: &Qualified, name| {
        let right = element.is(COMMON_POLICY_NAMESPACE, name);
        let ms = right.then(|| utc::from_rfc3339(&element.text())).flatten();
        ms.ok_or_else(|| field("validity", Some(&element.text())))
    };
    let pairs = times.chunks(2).map(|pair| match pair {
        [from, until] => Ok(Validity { from: time(from, "from")?, until: time(until, "until")? }),
        _ => Err(field("until of validity", None)),
    });
    pairs.collect()
}

/// True if a URI of a document is that identity.
fn same(uri: &str, identity: &str) -> bool {
    uri == identity || Uri::parse(uri).is_ok_and(|uri| uri.identity() == identity)
}

fn domain_of(identity: &str) -> Option<&str> {
    let (scheme, rest) = identity.split_once(':')?;
    let sip = matches!(scheme, "sip" | "sips" | "pres" | "im");
    sip.then(|| rest.rsplit_once('@').map_or(rest, |(_, host)| host))
}
