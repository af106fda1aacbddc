//! Reading, writing and removing one node (RFC 4825 clauses 7 and 8): the octets around it stay as they are.

use std::ops::Range;

use quick_xml::escape::{escape, unescape};
use roxmltree::{Document, NS_XML_URI, Node};

use super::selector::{Name, NodeSelector, Step, Terminal};
use super::{ATTRIBUTE_TYPE, ELEMENT_TYPE, NAMESPACES_TYPE, XcapConflict, tree};

/// A node as it is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Its octets in the document; for namespaces an element that binds them.
    pub text: String,
}

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PartKind {
    /// An element.
    Element,
    /// The value of an attribute.
    Attribute,
    /// Namespace bindings.
    Namespaces,
}

impl PartKind {
    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Element => ELEMENT_TYPE,
            Self::Attribute => ATTRIBUTE_TYPE,
            Self::Namespaces => NAMESPACES_TYPE,
        }
    }
}

impl From<&Terminal> for PartKind {
    fn from(terminal: &Terminal) -> Self {
        match terminal {
            Terminal::Element => Self::Element,
            Terminal::Attribute(_) => Self::Attribute,
            Terminal::Namespaces => Self::Namespaces,
        }
    }
}

/// The node that a selector leads to, if it is one.
#[must_use]
pub fn get(document: &str, selector: &NodeSelector) -> Option<Part> {
    let tree = tree::parse(document).ok()?;
    let kind = PartKind::from(&selector.terminal);
    let text = match kind {
        PartKind::Namespaces => namespaces(document, element(&tree, &selector.steps)?),
        _ => document[range_of(&tree, selector)?].to_owned(),
    };
    Some(Part { kind, text })
}

/// Puts an element in the place that the selector names; true when it is new there.
///
/// # Errors
/// The conflict; the ancestor in it is the encoded path of a node selector, empty for the document.
pub fn put_element(document: &str, selector: &NodeSelector, body: &[u8]) -> Result<(String, bool), XcapConflict> {
    let tree = tree::parse(document).map_err(XcapConflict::NotWellFormed)?;
    let Some((last, before)) = selector.steps.split_last() else { return Err(insert("no element")) };
    let old = element(&tree, &selector.steps);
    let parent = match (before.is_empty(), old) {
        (true, _) => None,
        (false, Some(old)) => old.parent_element(),
        (false, None) => Some(element(&tree, before).ok_or_else(|| no_parent(&tree, selector, before.len()))?),
    };
    let (text, name) = fragment(body, parent)?;
    let change = match (old, parent) {
        (Some(old), _) => Change { replaces: old.range(), before: String::new(), after: String::new() },
        (None, Some(parent)) => insertion(document, parent, last, &name)?,
        (None, None) => return Err(insert("a document has one root element, and it is another one")),
    };
    let (changed, at) = change.apply(document, text);
    confirm(&changed, selector, &at)?;
    Ok((changed, old.is_none()))
}

/// Puts the value of an attribute; true when the attribute is new.
///
/// # Errors
/// The conflict, as with elements.
pub fn put_attribute(document: &str, selector: &NodeSelector, body: &[u8]) -> Result<(String, bool), XcapConflict> {
    let tree = tree::parse(document).map_err(XcapConflict::NotWellFormed)?;
    let Terminal::Attribute(name) = &selector.terminal else { return Err(insert("no attribute")) };
    let owner = element(&tree, &selector.steps);
    let owner = owner.ok_or_else(|| no_parent(&tree, selector, selector.steps.len()))?;
    let (value, quote) = attribute_value(body)?;
    let old = attribute_range(owner, name);
    let change = match old.clone() {
        // With its quotes: the value may ask for the other ones.
        Some(old) => Change {
            replaces: old.start - 1..old.end + 1,
            before: quote_for(value, &document[old.start - 1..old.start], quote),
            after: quote_for(value, &document[old.start - 1..old.start], quote),
        },
        None => {
            let end = owner.attributes().map(|a| a.range().end).max();
            let at = end.unwrap_or_else(|| owner.range().start + 1 + qualified_name(document, owner).len());
            let name = qualified_attribute(owner, name)?;
            Change { replaces: at..at, before: format!(" {name}={quote}"), after: quote.to_string() }
        }
    };
    let (changed, at) = change.apply(document, value);
    confirm(&changed, selector, &at)?;
    Ok((changed, old.is_none()))
}

/// Removes what the selector leads to; none when there is nothing.
///
/// # Errors
/// The conflict when the selector would lead to something else afterwards.
pub fn delete(document: &str, selector: &NodeSelector) -> Result<Option<String>, XcapConflict> {
    let tree = tree::parse(document).map_err(XcapConflict::NotWellFormed)?;
    let Some(owner) = element(&tree, &selector.steps) else { return Ok(None) };
    let range = match &selector.terminal {
        Terminal::Element => owner.range(),
        Terminal::Attribute(name) => {
            let Some(attribute) = find_attribute(owner, name) else { return Ok(None) };
            let range = attribute.range();
            document[..range.start].trim_end().len()..range.end
        }
        Terminal::Namespaces => return Err(XcapConflict::CannotDelete("namespace bindings are read only".to_owned())),
    };
    let changed = format!("{}{}", &document[..range.start], &document[range.end..]);
    let again = tree::parse(&changed).map_err(XcapConflict::CannotDelete)?;
    match range_of(&again, selector) {
        Some(_) => Err(XcapConflict::CannotDelete("the same address would lead to the next one".to_owned())),
        None => Ok(Some(changed)),
    }
}

/// A change of one stretch of the document: what is put there stands between two pieces that the place needs.
struct Change {
    replaces: Range<usize>,
    before: String,
    after: String,
}

impl Change {
    /// The changed document, and where the new text is in it.
    fn apply(&self, document: &str, text: &str) -> (String, Range<usize>) {
        let (head, tail) = (&document[..self.replaces.start], &document[self.replaces.end..]);
        let start = head.len() + self.before.len();
        ([head, &self.before, text, &self.after, tail].concat(), start..start + text.len())
    }
}

/// What was put must be what the same address leads to (RFC 4825 clause 8.2.3: GET(PUT(x)) = x).
fn confirm(changed: &str, selector: &NodeSelector, at: &Range<usize>) -> Result<(), XcapConflict> {
    let tree = tree::parse(changed).map_err(|why| insert(&why))?;
    match range_of(&tree, selector) {
        Some(range) if range == *at => Ok(()),
        _ => Err(insert("the same address would not lead to it")),
    }
}

/// Where an element that is not there belongs (RFC 4825 clause 8.2.3).
fn insertion(document: &str, parent: Node<'_, '_>, step: &Step, name: &Name) -> Result<Change, XcapConflict> {
    let siblings = |wanted: Option<&Name>| parent.children().filter(|n| is_named(*n, wanted)).collect::<Vec<_>>();
    let plain = |at: usize| Ok(Change { replaces: at..at, before: String::new(), after: String::new() });
    let named = siblings(step.name.as_ref());
    match step.position {
        None => {
            if let Some(last) = siblings(Some(name)).last() {
                return plain(last.range().end);
            }
        }
        Some(0) => return Err(insert("positions begin with 1")),
        Some(1) => {
            if let Some(first) = named.first() {
                return plain(first.range().start);
            }
        }
        Some(position) => {
            let after = usize::try_from(position - 2).ok().and_then(|at| named.get(at));
            return plain(after.ok_or_else(|| insert("there are not so many before that position"))?.range().end);
        }
    }
    let (range, text) = (parent.range(), &document[parent.range()]);
    if let Some(start) = text.strip_suffix("/>") {
        let at = range.start + start.len();
        let end = format!("</{}>", qualified_name(document, parent));
        return Ok(Change { replaces: at..range.end, before: ">".to_owned(), after: end });
    }
    plain(range.start + text.rfind("</").unwrap_or(text.len()))
}

/// The one element of a body, with the namespaces of the place that it goes to, and its name.
fn fragment<'b>(body: &'b [u8], parent: Option<Node<'_, '_>>) -> Result<(&'b str, Name), XcapConflict> {
    let bad = |why: &str| XcapConflict::NotXmlFragment(why.to_owned());
    let text = std::str::from_utf8(body).map_err(|_| XcapConflict::NotUtf8)?;
    let head = format!("<x{}>", parent.map_or_else(String::new, declarations));
    let whole = format!("{head}{text}</x>");
    let tree = tree::parse(&whole).map_err(|why| bad(&why))?;
    let root = tree.root_element();
    let mut elements = root.children().filter(|n| !n.is_text() || n.text().is_some_and(|t| !t.trim().is_empty()));
    let (Some(element), None) = (elements.next(), elements.next()) else { return Err(bad("not one element")) };
    if !element.is_element() || root.range() != (0..whole.len()) {
        return Err(bad("not one element"));
    }
    let range = element.range();
    Ok((&text[range.start - head.len()..range.end - head.len()], name_of(element)))
}

fn name_of(element: Node<'_, '_>) -> Name {
    let name = element.tag_name();
    Name { namespace: name.namespace().map(str::to_owned), local: name.name().to_owned() }
}

/// What is in scope at an element, as attributes: the default first, then by prefix.
fn declarations(element: Node<'_, '_>) -> String {
    let mut bindings: Vec<(&str, &str)> = element
        .namespaces()
        .filter(|n| n.name() != Some("xml"))
        .map(|n| (n.name().unwrap_or_default(), n.uri()))
        .collect();
    bindings.sort_unstable();
    let declare = |(prefix, uri): (&str, &str)| match prefix {
        "" => format!(" xmlns=\"{}\"", escape(uri)),
        prefix => format!(" xmlns:{prefix}=\"{}\"", escape(uri)),
    };
    bindings.into_iter().map(declare).collect()
}

/// The namespaces of an element in an empty one of its name (RFC 4825 clause 7.10).
fn namespaces(document: &str, element: Node<'_, '_>) -> String {
    format!("<{}{}/>", qualified_name(document, element), declarations(element))
}

/// The value without quotes and the quote that goes around it.
fn attribute_value(body: &[u8]) -> Result<(&str, char), XcapConflict> {
    let bad = |why: &str| Err(XcapConflict::NotXmlAttributeValue(why.to_owned()));
    let Ok(value) = std::str::from_utf8(body) else { return Err(XcapConflict::NotUtf8) };
    if value.contains('<') {
        return bad("<");
    }
    if let Err(error) = unescape(value) {
        return bad(&error.to_string());
    }
    match (value.contains('"'), value.contains('\'')) {
        (true, true) => bad("both quotes: write one of them as a reference"),
        (true, false) => Ok((value, '\'')),
        _ => Ok((value, '"')),
    }
}

/// The quote that was there stays if it can.
fn quote_for(value: &str, old: &str, otherwise: char) -> String {
    if value.contains(old) { otherwise.to_string() } else { old.to_owned() }
}

/// Name of an attribute with a prefix that is bound to its namespace at `element`.
fn qualified_attribute(element: Node<'_, '_>, name: &Name) -> Result<String, XcapConflict> {
    let Some(namespace) = name.namespace.as_deref() else { return Ok(name.local.clone()) };
    if namespace == NS_XML_URI {
        return Ok(format!("xml:{}", name.local));
    }
    let bound = |prefix: &&str| element.lookup_namespace_uri(Some(prefix)) == Some(namespace);
    let prefix = element.namespaces().filter_map(roxmltree::Namespace::name).find(bound);
    let prefix = prefix.ok_or_else(|| insert("no prefix is bound to the namespace of the attribute there"))?;
    Ok(format!("{prefix}:{}", name.local))
}

/// Name of an element as it was written.
fn qualified_name<'d>(document: &'d str, element: Node<'_, '_>) -> &'d str {
    let text = &document[element.range()][1..];
    &text[..text.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(text.len())]
}

/// What a selector leads to, if it is one: of an attribute the value; of namespaces nothing.
fn range_of(tree: &Document<'_>, selector: &NodeSelector) -> Option<Range<usize>> {
    let element = element(tree, &selector.steps)?;
    match &selector.terminal {
        Terminal::Element => Some(element.range()),
        Terminal::Attribute(name) => attribute_range(element, name),
        Terminal::Namespaces => None,
    }
}

fn attribute_range(element: Node<'_, '_>, name: &Name) -> Option<Range<usize>> {
    let range = find_attribute(element, name)?.range();
    // The first quote of the kind that the attribute ends with opens the value.
    let text = element.document().input_text().get(range.clone())?;
    let start = text.find(text.chars().next_back()?)? + 1;
    Some(range.start + start..range.end - 1)
}

fn find_attribute<'a, 'd>(element: Node<'a, 'd>, name: &Name) -> Option<roxmltree::Attribute<'a, 'd>> {
    element.attributes().find(|a| a.name() == name.local && a.namespace() == name.namespace.as_deref())
}

/// The element that steps lead to; none when there is none, or more than one, on the way.
fn element<'a, 'd>(tree: &'a Document<'d>, steps: &[Step]) -> Option<Node<'a, 'd>> {
    steps.iter().try_fold(tree.root(), child)
}

fn child<'a, 'd>(parent: Node<'a, 'd>, step: &Step) -> Option<Node<'a, 'd>> {
    let skip = match step.position {
        None => 0,
        Some(position) => usize::try_from(position.checked_sub(1)?).ok()?,
    };
    let named = parent.children().filter(|n| is_named(*n, step.name.as_ref()));
    let mut chosen = named.skip(skip).take(if step.position.is_some() { 1 } else { usize::MAX }).filter(|n| {
        let Some((name, value)) = &step.attribute else { return true };
        find_attribute(*n, name).is_some_and(|a| a.value() == value)
    });
    match (chosen.next(), chosen.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

fn is_named(node: Node<'_, '_>, name: Option<&Name>) -> bool {
    let is = |name: &Name| {
        let own = node.tag_name();
        own.name() == name.local && own.namespace() == name.namespace.as_deref()
    };
    node.is_element() && name.is_none_or(is)
}

/// Nothing at the first `wanted` steps: how far they lead.
fn no_parent(tree: &Document<'_>, selector: &NodeSelector, wanted: usize) -> XcapConflict {
    let far = (0..wanted).rev().find(|n| element(tree, &selector.steps[..*n]).is_some()).unwrap_or(0);
    XcapConflict::NoParent { ancestor: Some(selector.path_of(far)) }
}

fn insert(why: &str) -> XcapConflict {
    XcapConflict::CannotInsert(why.to_owned())
}
