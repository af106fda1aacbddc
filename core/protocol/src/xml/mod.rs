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
mod reginfo;
mod resource_lists;
mod watcherinfo;

use std::fmt;

use quick_xml::XmlVersion;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

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
        Parser::default().run(document)
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

#[derive(Default)]
struct Parser {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Parser {
    fn run(mut self, document: &str) -> Result<Element, XmlProblem> {
        if document.len() > MAX_OCTETS {
            return Err(XmlProblem::TooMuch("1 MiB"));
        }
        let mut reader = Reader::from_str(document);
        loop {
            match reader.read_event().map_err(malformed)? {
                Event::Start(start) => self.start(&start, false)?,
                Event::Empty(start) => self.start(&start, true)?,
                Event::End(_) => self.end()?,
                Event::Text(text) => self.text(&text.xml10_content())?,
                Event::CData(text) => self.text(&text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let c = match reference.resolve_char_ref().map_err(malformed)? {
                        Some(c) => c,
                        None => predefined(&reference).ok_or(XmlProblem::Refused("an entity of its own"))?,
                    };
                    self.text(c.encode_utf8(&mut [0; 4]))?;
                }
                Event::DocType(_) => return Err(XmlProblem::Refused("a document type declaration")),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        if !self.open.is_empty() {
            return Err(XmlProblem::Malformed("an element is not closed".to_owned()));
        }
        self.root.ok_or(XmlProblem::Empty)
    }

    fn start(&mut self, start: &BytesStart<'_>, empty: bool) -> Result<(), XmlProblem> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(XmlProblem::TooMuch("10,000 elements"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(XmlProblem::TooMuch("64 levels"));
        }
        if self.root.is_some() {
            return Err(XmlProblem::Malformed("two root elements".to_owned()));
        }
        let mut element = Element::new(local(start.name().as_ref()));
        for attribute in start.attributes() {
            let attribute = attribute.map_err(malformed)?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(malformed)?;
            element.attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        self.open.push(element);
        if empty { self.end() } else { Ok(()) }
    }

    fn end(&mut self) -> Result<(), XmlProblem> {
        let Some(mut element) = self.open.pop() else {
            return Err(XmlProblem::Malformed("an end without a start".to_owned()));
        };
        element.text = element.text.trim().to_owned();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlProblem> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().trim_start_matches('\u{feff}').is_empty() => {}
            None => return Err(XmlProblem::Malformed("text outside the root element".to_owned())),
        }
        Ok(())
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => return None,
    })
}

fn malformed(why: impl fmt::Display) -> XmlProblem {
    XmlProblem::Malformed(why.to_string())
}

const MAX_OCTETS: usize = 1 << 20;
const MAX_ELEMENTS: usize = 10_000;
const MAX_DEPTH: usize = 64;

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
