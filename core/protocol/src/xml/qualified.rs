//! XML with namespaces resolved (Namespaces in XML 1.0): for documents whose unknown elements go on to others. Prefixes of
//! the sender are forgotten, so a QName within text or an attribute value is not kept in meaning.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use quick_xml::XmlVersion;
use quick_xml::escape::{escape, unescape};
use quick_xml::events::BytesStart;
use quick_xml::name::{NamespaceResolver, ResolveResult};

use super::XmlProblem;
use super::read::{Node, malformed, read};

/// An element with its namespace.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Qualified {
    /// Its namespace; empty: none.
    pub namespace: String,
    /// Its local name.
    pub name: String,
    /// Its attributes without namespace declarations.
    pub attributes: Vec<QualifiedAttribute>,
    /// What is in it. White space between elements is gone.
    pub content: Vec<Content>,
}

/// An attribute with its namespace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QualifiedAttribute {
    /// Its namespace; empty: none, as is usual.
    pub namespace: String,
    /// Its local name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What is in an element.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// Another one.
    Element(Qualified),
    /// Text.
    Text(String),
}

impl Qualified {
    /// An element without content.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned(), ..Self::default() }
    }

    /// The same with text.
    #[must_use]
    pub fn with_text(mut self, text: impl fmt::Display) -> Self {
        self.content.push(Content::Text(text.to_string()));
        self
    }

    /// The same with an attribute.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: impl fmt::Display) -> Self {
        let (namespace, name) = (String::new(), name.to_owned());
        self.attributes.push(QualifiedAttribute { namespace, name, value: value.to_string() });
        self
    }

    /// The same with one more element in it.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.content.push(Content::Element(child));
        self
    }

    /// True of an element of that name.
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        self.name == name && self.namespace == namespace
    }

    /// Elements in it.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        self.content.iter().filter_map(|content| match content {
            Content::Element(element) => Some(element),
            Content::Text(_) => None,
        })
    }

    /// The first element of that name in it.
    pub fn first(&self, namespace: &str, name: &str) -> Option<&Self> {
        self.children().find(|child| child.is(namespace, name))
    }

    /// Its text, without white space around it.
    pub fn text(&self) -> String {
        let text: String = self
            .content
            .iter()
            .filter_map(|content| match content {
                Content::Text(text) => Some(text.as_str()),
                Content::Element(_) => None,
            })
            .collect();
        text.trim().to_owned()
    }

    /// Value of an attribute without namespace.
    pub fn value_of(&self, name: &str) -> Option<&str> {
        self.value_in("", name)
    }

    /// Value of an attribute.
    pub fn value_in(&self, namespace: &str, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|a| a.name == name && a.namespace == namespace);
        found.map(|attribute| attribute.value.as_str())
    }

    /// Reads a document, within the bounds of [`super::Element::parse`].
    pub fn parse(document: &str) -> Result<Self, XmlProblem> {
        read(document)
    }

    /// The document with its declaration. The namespace of the root is the default one, the others have prefixes.
    pub fn to_document(&self) -> String {
        let mut prefixes = Prefixes::default();
        prefixes.collect(self);
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        // Writing into a string does not fail.
        let _ = self.write(&mut out, &prefixes, true);
        out
    }

    fn write(&self, out: &mut String, prefixes: &Prefixes<'_>, is_root: bool) -> fmt::Result {
        let prefix = prefixes.of_element(&self.namespace);
        write!(out, "<{prefix}{}", self.name)?;
        if is_root {
            prefixes.declare(out)?;
        }
        for attribute in &self.attributes {
            let prefix = prefixes.of_attribute(&attribute.namespace);
            write!(out, " {prefix}{}=\"{}\"", attribute.name, kept(&attribute.value, true))?;
        }
        if self.content.is_empty() {
            return out.write_str("/>");
        }
        out.write_str(">")?;
        for content in &self.content {
            match content {
                Content::Element(element) => element.write(out, prefixes, false)?,
                Content::Text(text) => out.write_str(&kept(text, false))?,
            }
        }
        write!(out, "</{prefix}{}>", self.name)
    }
}

/// Namespaces of a document and what stands for them.
#[derive(Default)]
struct Prefixes<'a> {
    default: Option<&'a str>,
    named: BTreeMap<&'a str, String>,
}

impl<'a> Prefixes<'a> {
    fn collect(&mut self, root: &'a Qualified) {
        if !has_bare(root) {
            self.default = Some(&root.namespace);
        }
        self.add_all(root);
    }

    fn add_all(&mut self, element: &'a Qualified) {
        if self.default != Some(&element.namespace) {
            self.add(&element.namespace);
        }
        element.attributes.iter().for_each(|attribute| self.add(&attribute.namespace));
        element.children().for_each(|child| self.add_all(child));
    }

    fn add(&mut self, namespace: &'a str) {
        if namespace.is_empty() || namespace == XML_NAMESPACE || self.named.contains_key(namespace) {
            return;
        }
        let known = KNOWN.iter().find(|(known, _)| *known == namespace).map(|(_, prefix)| (*prefix).to_owned());
        let prefix = known.unwrap_or_else(|| format!("ns{}", self.named.len() + 1));
        self.named.insert(namespace, prefix);
    }

    fn of_element(&self, namespace: &str) -> String {
        if namespace.is_empty() || self.default == Some(namespace) { String::new() } else { self.of(namespace) }
    }

    fn of_attribute(&self, namespace: &str) -> String {
        if namespace.is_empty() { String::new() } else { self.of(namespace) }
    }

    fn of(&self, namespace: &str) -> String {
        match self.named.get(namespace) {
            Some(prefix) => format!("{prefix}:"),
            // Nothing else is left out of the table.
            None => "xml:".to_owned(),
        }
    }

    fn declare(&self, out: &mut String) -> fmt::Result {
        if let Some(default) = self.default {
            write!(out, " xmlns=\"{}\"", kept(default, true))?;
        }
        self.named.iter().try_for_each(|(uri, prefix)| write!(out, " xmlns:{prefix}=\"{}\"", kept(uri, true)))
    }
}

/// An element of no namespace is somewhere in it.
fn has_bare(element: &Qualified) -> bool {
    element.namespace.is_empty() || element.children().any(has_bare)
}

impl Node for Qualified {
    fn begin(start: &BytesStart<'_>, names: &NamespaceResolver) -> Result<Self, XmlProblem> {
        let (namespace, name) = names.resolve_element(start.name());
        let mut element = Self::new(&resolved(namespace)?, checked(name.as_ref())?);
        for attribute in start.attributes() {
            let attribute = attribute.map_err(malformed)?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(malformed)?.into_owned();
            let (namespace, name) = names.resolve_attribute(attribute.key);
            let (namespace, name) = (resolved(namespace)?, checked(name.as_ref())?.to_owned());
            if element.value_in(&namespace, &name).is_some() {
                return Err(XmlProblem::Malformed(format!("two attributes {name}")));
            }
            element.attributes.push(QualifiedAttribute { namespace, name, value });
        }
        Ok(element)
    }

    fn say(&mut self, text: &str) {
        match self.content.last_mut() {
            Some(Content::Text(before)) => before.push_str(text),
            _ => self.content.push(Content::Text(text.to_owned())),
        }
    }

    fn adopt(&mut self, child: Self) {
        self.content.push(Content::Element(child));
    }

    fn finish(&mut self) {
        if self.children().next().is_some() {
            self.content.retain(|content| !matches!(content, Content::Text(text) if text.trim().is_empty()));
        }
    }
}

fn resolved(result: ResolveResult<'_>) -> Result<String, XmlProblem> {
    match result {
        ResolveResult::Unbound => Ok(String::new()),
        // It comes as it was written.
        ResolveResult::Bound(namespace) => unescape(namespace.0).map(Cow::into_owned).map_err(malformed),
        ResolveResult::Unknown(prefix) => Err(XmlProblem::Malformed(format!("the prefix {prefix} stands for nothing"))),
    }
}

/// Escaped so that a reader does not make other white space of it (XML 1.0 clauses 2.11 and 3.3.3).
fn kept(text: &str, is_attribute: bool) -> String {
    let escaped = escape(text).replace('\r', "&#13;");
    if is_attribute { escaped.replace('\n', "&#10;").replace('\t', "&#9;") } else { escaped }
}

/// What is emitted again must be a name.
fn checked(name: &str) -> Result<&str, XmlProblem> {
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let fits = |c: char| c.is_alphanumeric() || "-._".contains(c);
    match starts && name.chars().all(fits) {
        true => Ok(name),
        false => Err(XmlProblem::Malformed(format!("{name:?} is no name"))),
    }
}

/// Namespaces in XML 1.0 clause 3.
const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// Prefixes that a reader of captures expects.
const KNOWN: [(&str, &str); 8] = [
    ("urn:ietf:params:xml:ns:pidf", "p"),
    ("urn:ietf:params:xml:ns:pidf:data-model", "dm"),
    ("urn:ietf:params:xml:ns:pidf:rpid", "rpid"),
    ("urn:ietf:params:xml:ns:pidf:cipid", "c"),
    ("urn:ietf:params:xml:ns:common-policy", "cr"),
    ("urn:ietf:params:xml:ns:pres-rules", "pr"),
    ("urn:oma:xml:xdm:common-policy", "ocp"),
    ("urn:3gpp:ns:mcpttPresInfo:1.0", "mcpttPI10"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_count_and_prefixes_do_not() {
        let one =
            Qualified::parse("<a xmlns='urn:a' xmlns:b='urn:b' b:k='1' k='2'><b:c> x <!-- y -->z</b:c>\n</a>").unwrap();
        let other =
            Qualified::parse("<q:a xmlns:q='urn:a' r:k='1' xmlns:r='urn:b' k='2'><c xmlns='urn:b'> x z</c></q:a>");
        assert_eq!(other.as_ref(), Ok(&one));
        assert_eq!(one.value_in("urn:b", "k"), Some("1"));
        assert_eq!(one.first("urn:b", "c").unwrap().text(), "x z");
        assert_eq!(Qualified::parse(&one.to_document()), Ok(one));
    }

    #[test]
    fn elements_without_namespace_stay_without() {
        let e =
            Qualified::parse("<a xmlns='urn:a' xml:lang='en'><b xmlns=''><c xmlns='urn:c' k='&lt;'/></b></a>").unwrap();
        assert_eq!(e.first("", "b").unwrap().first("urn:c", "c").unwrap().value_of("k"), Some("<"));
        assert_eq!(Qualified::parse(&e.to_document()), Ok(e));
    }

    #[test]
    fn what_is_broken_or_could_grow_is_refused() {
        let broken = ["<a:b/>", "<a><b></a>", "<a/><b/>", "", "<a xmlns:p='u' xmlns:q='u' p:k='' q:k=''/>", "<a>"];
        assert!(broken.into_iter().all(|text| Qualified::parse(text).is_err()));
        let bomb = "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>";
        assert_eq!(Qualified::parse(bomb), Err(XmlProblem::Refused("a document type declaration")));
        assert_eq!(Qualified::parse(&"<a>".repeat(65)), Err(XmlProblem::TooMuch("64 levels")));
    }
}
