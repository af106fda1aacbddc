//! XML bodies (XML 1.0): a small element tree that every document of the signalling is read into and written from.
//!
//! No document type declaration and no entities of one's own: what comes from the wire cannot grow. Names are local
//! names, so a prefix that the sender chose does not matter; prefixed names may be emitted.

mod bench_state;
mod conference_info;
mod imdn;
mod pidf;
mod pres_rules;
mod qualified;
mod read;
mod reginfo;
mod resource_lists;
mod watcherinfo;

use std::fmt;

use quick_xml::XmlVersion;
use quick_xml::escape::escape;
use quick_xml::events::BytesStart;
use quick_xml::name::NamespaceResolver;

pub use bench_state::{BENCH_STATE_NAMESPACE, BenchState};
pub use conference_info::{
    CONFERENCE_INFO_CONTENT_TYPE, ConferenceDescription, ConferenceInfo, ConferenceInfoProblem, ConferenceState,
    ConferenceUser, DisconnectionMethod, Endpoint, EndpointMedia, EndpointStatus, PartState, Roster, RosterProblem,
    Users,
};
pub use imdn::{Disposition, IMDN_CONTENT_TYPE, Imdn, ImdnProblem, ImdnStatus};
pub use pidf::{
    Basic, Contact, DATA_MODEL_NAMESPACE, Note, PIDF_CONTENT_TYPE, PIDF_NAMESPACE, Pidf, PidfProblem, RPID_NAMESPACE,
    Tuple,
};
pub use pres_rules::{
    Asking, COMMON_POLICY_NAMESPACE, Choice, Conditions, Decision, Except, Identity, Many, OMA_COMMON_POLICY_NAMESPACE,
    PRES_RULES_CONTENT_TYPE, PRES_RULES_NAMESPACE, PresRule, PresRules, PresRulesProblem, Provided, SubHandling,
    UserInput, Validity,
};
pub use qualified::{Content, Qualified, QualifiedAttribute};
use read::{Node, malformed, read};
pub use reginfo::{
    ContactEvent, ContactState, REGINFO_CONTENT_TYPE, RegContact, RegInfo, RegInfoProblem, RegInfoState, Registration,
    RegistrationState,
};
pub use resource_lists::{
    ANONYMOUS_URI, CopyControl, ListEntry, ListItem, RESOURCE_LISTS_CONTENT_TYPE, ResourceList, ResourceLists,
    ResourceListsProblem,
};
pub use watcherinfo::{
    WATCHERINFO_CONTENT_TYPE, Watcher, WatcherEvent, WatcherInfo, WatcherInfoProblem, WatcherList, WatcherStatus,
};

/// An element: its name, attributes, children and text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Element {
    /// Local name when parsed; emitted as it is.
    pub name: String,
    /// Attributes in order; namespace declarations among them.
    pub attributes: Vec<(String, String)>,
    /// Elements in it, in order.
    pub children: Vec<Self>,
    /// All text directly in it, joined; white space around it is gone.
    pub text: String,
}

/// Why a document was not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum XmlProblem {
    /// Not well-formed.
    #[error("XML is not well-formed: {0}")]
    Malformed(String),
    /// A document type declaration or an entity of its own.
    #[error("XML with {0} is refused")]
    Refused(&'static str),
    /// Beyond a limit.
    #[error("XML has more than {0}")]
    TooMuch(&'static str),
    /// Nothing in it.
    #[error("XML without an element")]
    Empty,
}

impl Element {
    /// An element without content.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// An element that holds text only.
    pub fn with_text(name: &str, text: impl fmt::Display) -> Self {
        Self { name: name.to_owned(), text: text.to_string(), ..Self::default() }
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.attributes.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a child.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// Reads a document.
    pub fn parse(document: &str) -> Result<Self, XmlProblem> {
        read(document)
    }

    /// First child of that name.
    pub fn first(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|c| c.name == name)
    }

    /// All children of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// Text of the first child of that name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.first(name).map(|c| c.text.as_str())
    }

    /// Value of an attribute.
    pub fn value_of(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The document with its declaration.
    pub fn to_document(&self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{self}")
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", self.name)?;
        for (name, value) in &self.attributes {
            write!(f, " {name}=\"{}\"", escape(value))?;
        }
        if self.children.is_empty() && self.text.is_empty() {
            return f.write_str("/>");
        }
        write!(f, ">{}", escape(&self.text))?;
        for child in &self.children {
            child.fmt(f)?;
        }
        write!(f, "</{}>", self.name)
    }
}

impl Node for Element {
    fn begin(start: &BytesStart<'_>, _: &NamespaceResolver) -> Result<Self, XmlProblem> {
        let mut element = Self::new(start.local_name().as_ref());
        for attribute in start.attributes() {
            let attribute = attribute.map_err(malformed)?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(malformed)?;
            element.attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        Ok(element)
    }

    fn say(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn adopt(&mut self, child: Self) {
        self.children.push(child);
    }

    fn finish(&mut self) {
        self.text = self.text.trim().to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_text_attributes_and_references() {
        let e = Element::parse(
            "\u{feff}<?xml version=\"1.0\"?><!-- c --><x:a xmlns:x='urn:x' k=\"1 &lt; 2\">\n a&amp;b &#x41;<b/><![CDATA[<]]></x:a>",
        )
        .unwrap();
        assert_eq!(e.name, "a");
        assert_eq!(e.value_of("k"), Some("1 < 2"));
        assert_eq!(e.text, "a&b A<");
        assert_eq!(e.children.len(), 1);
        assert_eq!(Element::parse(&e.to_document()).unwrap(), e);
    }

    #[test]
    fn refuses_what_could_grow_or_is_broken() {
        assert_eq!(
            Element::parse("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
            Err(XmlProblem::Refused("a document type declaration"))
        );
        assert_eq!(Element::parse("<a>&b;</a>"), Err(XmlProblem::Refused("an entity of its own")));
        assert!(matches!(Element::parse("<a><b></a>"), Err(XmlProblem::Malformed(_))));
        assert!(matches!(Element::parse("<a>"), Err(XmlProblem::Malformed(_))));
        assert!(matches!(Element::parse("<a/><b/>"), Err(XmlProblem::Malformed(_))));
        assert_eq!(Element::parse(&"<a>".repeat(65)), Err(XmlProblem::TooMuch("64 levels")));
        assert_eq!(Element::parse(""), Err(XmlProblem::Empty));
    }
}
