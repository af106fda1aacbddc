//! What a watcher is shown (RFC 5025 clause 3.3).

use std::collections::BTreeSet;

use super::{COMMON_POLICY_NAMESPACE, PRES_RULES_NAMESPACE, PresRulesProblem, Qualified, field};
use crate::xml::{Content, DATA_MODEL_NAMESPACE, Pidf, RPID_NAMESPACE, Tuple};

/// What a watcher is shown of persons, devices, services and their attributes. Nothing by default.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Provided {
    /// `provide-services`.
    pub services: Choice,
    /// `provide-devices`.
    pub devices: Choice,
    /// `provide-persons`.
    pub persons: Choice,
    /// Attributes with a permission of their own, by the word after `provide-`: `activities`, `mood`, `note`, ...
    pub attributes: BTreeSet<&'static str>,
    /// `provide-user-input`.
    pub user_input: UserInput,
    /// `provide-unknown-attribute`: namespace and name.
    pub unknown: BTreeSet<(String, String)>,
    /// `provide-all-attributes`.
    pub all_attributes: bool,
}

/// Which elements of a kind.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Choice {
    /// All of them.
    pub all: bool,
    /// Those with a value: the name of the selector (`class`, `service-uri`, `deviceID`, ...) and the value.
    pub some: BTreeSet<(&'static str, String)>,
}

/// How much of `user-input`; what comes later shows more (RFC 5025 clause 3.3.2.12).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum UserInput {
    /// Nothing.
    #[default]
    False,
    /// Active or idle.
    Bare,
    /// The threshold, too.
    Thresholds,
    /// The time of the last input, too.
    Full,
}

impl Provided {
    /// Everything there is.
    pub fn everything() -> Self {
        let all = || Choice { all: true, some: BTreeSet::new() };
        Self { services: all(), devices: all(), persons: all(), all_attributes: true, ..Self::default() }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (own, other) in [
            (&mut self.services, &other.services),
            (&mut self.devices, &other.devices),
            (&mut self.persons, &other.persons),
        ] {
            own.all |= other.all;
            own.some.extend(other.some.iter().cloned());
        }
        self.attributes.extend(&other.attributes);
        self.user_input = self.user_input.max(other.user_input);
        self.unknown.extend(other.unknown.iter().cloned());
        self.all_attributes |= other.all_attributes;
    }

    /// What is left of a document for a watcher.
    pub fn apply(&self, pidf: &Pidf) -> Pidf {
        let tuples = pidf.tuples.iter().filter(|tuple| self.shows_service(tuple)).map(|tuple| self.tuple(tuple));
        let shows = |element: &&Qualified| match element.name.as_str() {
            _ if element.namespace != DATA_MODEL_NAMESPACE => self.shows_attribute(element),
            "person" => self.persons.shows(element),
            "device" => self.devices.shows(element),
            _ => self.shows_attribute(element),
        };
        let part = |element: &Qualified| match element.name.as_str() {
            "person" | "device" if element.namespace == DATA_MODEL_NAMESPACE => self.data_component(element),
            _ => element.clone(),
        };
        Pidf {
            entity: pidf.entity.clone(),
            tuples: tuples.collect(),
            notes: if self.shows_notes() { pidf.notes.clone() } else { Vec::new() },
            others: pidf.others.iter().filter(shows).map(part).collect(),
        }
    }

    fn shows_service(&self, tuple: &Tuple) -> bool {
        let uri = tuple.contact.as_ref().map_or("", |contact| contact.uri.as_str());
        let scheme = uri.split(':').next().unwrap_or_default();
        self.services.all
            || self.services.some.iter().any(|(selector, value)| match *selector {
                "service-uri" => uri == value,
                "service-uri-scheme" => scheme.eq_ignore_ascii_case(value),
                "occurrence-id" => tuple.id == *value,
                _ => class_of(tuple.others.iter()).as_deref() == Some(value),
            })
    }

    fn tuple(&self, tuple: &Tuple) -> Tuple {
        let shown = |elements: &[Qualified]| elements.iter().filter_map(|e| self.attribute(e)).collect();
        Tuple {
            status: shown(&tuple.status),
            others: shown(&tuple.others),
            notes: if self.shows_notes() { tuple.notes.clone() } else { Vec::new() },
            id: tuple.id.clone(),
            basic: tuple.basic,
            contact: tuple.contact.clone(),
            timestamp: tuple.timestamp.clone(),
        }
    }

    /// A person or device: its name and time stay.
    fn data_component(&self, element: &Qualified) -> Qualified {
        let stays = |child: &Qualified| {
            let own = child.namespace == DATA_MODEL_NAMESPACE;
            let is_device = own && child.name == "deviceID" && element.name == "device";
            if is_device || own && child.name == "timestamp" { Some(child.clone()) } else { self.attribute(child) }
        };
        let content = element.content.iter().filter_map(|content| match content {
            Content::Element(child) => stays(child).map(Content::Element),
            // Text has no place there; it goes where everything goes.
            Content::Text(_) => self.all_attributes.then(|| content.clone()),
        });
        Qualified { content: content.collect(), ..element.clone() }
    }

    /// What is left of an attribute; none: nothing.
    fn attribute(&self, element: &Qualified) -> Option<Qualified> {
        if self.shows_attribute(element) {
            return Some(element.clone());
        }
        if !element.is(RPID_NAMESPACE, "user-input") || self.user_input == UserInput::False {
            return None;
        }
        let mut shown = element.clone();
        shown.attributes.retain(|attribute| match attribute.name.as_str() {
            "idle-threshold" => self.user_input >= UserInput::Thresholds,
            "last-input" => self.user_input == UserInput::Full,
            _ => true,
        });
        Some(shown)
    }

    fn shows_attribute(&self, element: &Qualified) -> bool {
        let known = match element.namespace.as_str() {
            RPID_NAMESPACE => ATTRIBUTES.iter().find(|name| **name == element.name),
            DATA_MODEL_NAMESPACE => ["deviceID", "note"].iter().find(|name| **name == element.name),
            _ => None,
        };
        let asked = || (element.namespace.clone(), element.name.clone());
        self.all_attributes
            || known.is_some_and(|name| self.attributes.contains(name))
            || known.is_none() && !element.is(RPID_NAMESPACE, "user-input") && self.unknown.contains(&asked())
    }

    fn shows_notes(&self) -> bool {
        self.all_attributes || self.attributes.contains("note")
    }

    pub(super) fn read(element: &Qualified) -> Result<Self, PresRulesProblem> {
        let mut provided = Self::default();
        for child in element.children().filter(|e| e.namespace == PRES_RULES_NAMESPACE) {
            let text = child.text();
            let is_true = matches!(text.as_str(), "true" | "1");
            match child.name.as_str() {
                "provide-services" => provided.services = Choice::read(child, "all-services", &SERVICE_SELECTORS)?,
                "provide-devices" => provided.devices = Choice::read(child, "all-devices", &DEVICE_SELECTORS)?,
                "provide-persons" => provided.persons = Choice::read(child, "all-persons", &PERSON_SELECTORS)?,
                "provide-all-attributes" => provided.all_attributes = true,
                "provide-user-input" => {
                    let known = USER_INPUT.iter().find(|(_, word)| *word == text);
                    provided.user_input = known.ok_or_else(|| field("provide-user-input", Some(&text)))?.0;
                }
                "provide-unknown-attribute" if is_true => {
                    let of = |name| {
                        child.value_of(name).map(str::to_owned).ok_or_else(|| field("provide-unknown-attribute", None))
                    };
                    provided.unknown.insert((of("ns")?, of("name")?));
                }
                name => {
                    let name = name.strip_prefix("provide-").unwrap_or_default();
                    let known = ATTRIBUTES.iter().filter(|own| is_true && **own == name);
                    provided.attributes.extend(known);
                }
            }
        }
        Ok(provided)
    }

    pub(super) fn write(&self) -> Qualified {
        let new = |name: &str| Qualified::new(PRES_RULES_NAMESPACE, name);
        let mut element = Qualified::new(COMMON_POLICY_NAMESPACE, "transformations");
        for (kind, choice) in [("services", &self.services), ("devices", &self.devices), ("persons", &self.persons)] {
            if choice.all {
                element = element.child(new(&format!("provide-{kind}")).child(new(&format!("all-{kind}"))));
            } else if !choice.some.is_empty() {
                let some = choice.some.iter().map(|(selector, value)| new(selector).with_text(value));
                element = element.child(some.fold(new(&format!("provide-{kind}")), Qualified::child));
            }
        }
        for attribute in &self.attributes {
            element = element.child(new(&format!("provide-{attribute}")).with_text("true"));
        }
        if let Some((_, word)) = USER_INPUT.iter().find(|(own, _)| *own == self.user_input && *own != UserInput::False)
        {
            element = element.child(new("provide-user-input").with_text(word));
        }
        for (namespace, name) in &self.unknown {
            let unknown = new("provide-unknown-attribute").attribute("ns", namespace).attribute("name", name);
            element = element.child(unknown.with_text("true"));
        }
        if self.all_attributes { element.child(new("provide-all-attributes")) } else { element }
    }
}

impl Choice {
    fn shows(&self, element: &Qualified) -> bool {
        let device = element.first(DATA_MODEL_NAMESPACE, "deviceID").map(Qualified::text);
        self.all
            || self.some.iter().any(|(selector, value)| match *selector {
                "occurrence-id" => element.value_of("id") == Some(value),
                "deviceID" => device.as_ref() == Some(value),
                _ => class_of(element.children()).as_ref() == Some(value),
            })
    }

    fn read(element: &Qualified, all: &str, selectors: &[&'static str]) -> Result<Self, PresRulesProblem> {
        let mut choice = Self::default();
        for child in element.children().filter(|e| e.namespace == PRES_RULES_NAMESPACE) {
            if child.name == all {
                choice.all = true;
            } else if let Some(selector) = selectors.iter().find(|selector| **selector == child.name) {
                choice.some.insert((selector, child.text()));
            } else {
                return Err(field("selector of provide-", Some(&child.name)));
            }
        }
        // Whoever has all has no need of some.
        if choice.all {
            choice.some.clear();
        }
        Ok(choice)
    }
}

fn class_of<'a>(mut elements: impl Iterator<Item = &'a Qualified>) -> Option<String> {
    elements.find(|element| element.is(RPID_NAMESPACE, "class")).map(Qualified::text)
}

/// Attributes with a boolean permission (RFC 5025 clauses 3.3.2.1 to 3.3.2.13).
const ATTRIBUTES: [&str; 12] = [
    "activities",
    "class",
    "deviceID",
    "mood",
    "note",
    "place-is",
    "place-type",
    "privacy",
    "relationship",
    "sphere",
    "status-icon",
    "time-offset",
];

const SERVICE_SELECTORS: [&str; 4] = ["class", "occurrence-id", "service-uri", "service-uri-scheme"];
const DEVICE_SELECTORS: [&str; 3] = ["class", "occurrence-id", "deviceID"];
const PERSON_SELECTORS: [&str; 2] = ["class", "occurrence-id"];

const USER_INPUT: [(UserInput, &str); 4] = [
    (UserInput::False, "false"),
    (UserInput::Bare, "bare"),
    (UserInput::Thresholds, "thresholds"),
    (UserInput::Full, "full"),
];
