//! The reader of both trees (XML 1.0, Namespaces in XML 1.0): no document type declaration and no entities of one's own, so
//! what comes from the wire cannot grow; one root, and bounds.

use std::fmt;

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::NamespaceResolver;
use quick_xml::reader::NsReader;

use super::XmlProblem;

/// An element as a tree keeps it.
pub(super) trait Node: Sized {
    /// One without content: its name and attributes.
    fn begin(start: &BytesStart<'_>, names: &NamespaceResolver) -> Result<Self, XmlProblem>;
    /// Text follows, never an empty one.
    fn say(&mut self, text: &str);
    /// An element that has ended follows.
    fn adopt(&mut self, child: Self);
    /// Nothing follows.
    fn finish(&mut self);
}

/// Reads a document.
pub(super) fn read<N: Node>(document: &str) -> Result<N, XmlProblem> {
    if document.len() > MAX_OCTETS {
        return Err(XmlProblem::TooMuch("1 MiB"));
    }
    let mut tree = Tree { open: Vec::new(), root: None, elements: 0 };
    let mut reader = NsReader::from_str(document);
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Start(start) => tree.start(&start, reader.resolver())?,
            Event::Empty(start) => {
                tree.start(&start, reader.resolver())?;
                tree.end()?;
            }
            Event::End(_) => tree.end()?,
            Event::Text(text) => tree.text(&text.xml10_content())?,
            Event::CData(text) => tree.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let c = match reference.resolve_char_ref().map_err(malformed)? {
                    Some(c) => c,
                    None => predefined(&reference).ok_or(XmlProblem::Refused("an entity of its own"))?,
                };
                tree.text(c.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err(XmlProblem::Refused("a document type declaration")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if !tree.open.is_empty() {
        return Err(XmlProblem::Malformed("an element is not closed".to_owned()));
    }
    tree.root.ok_or(XmlProblem::Empty)
}

/// What has been read.
struct Tree<N> {
    open: Vec<N>,
    root: Option<N>,
    elements: usize,
}

impl<N: Node> Tree<N> {
    fn start(&mut self, start: &BytesStart<'_>, names: &NamespaceResolver) -> Result<(), XmlProblem> {
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
        self.open.push(N::begin(start, names)?);
        Ok(())
    }

    fn end(&mut self) -> Result<(), XmlProblem> {
        let Some(mut element) = self.open.pop() else {
            return Err(XmlProblem::Malformed("an end without a start".to_owned()));
        };
        element.finish();
        match self.open.last_mut() {
            Some(parent) => parent.adopt(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlProblem> {
        match self.open.last_mut() {
            Some(element) if !text.is_empty() => element.say(text),
            None if !text.trim().trim_start_matches('\u{feff}').is_empty() => {
                return Err(XmlProblem::Malformed("text outside the root element".to_owned()));
            }
            _ => {}
        }
        Ok(())
    }
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

pub(super) fn malformed(why: impl fmt::Display) -> XmlProblem {
    XmlProblem::Malformed(why.to_string())
}

const MAX_OCTETS: usize = 1 << 20;
const MAX_ELEMENTS: usize = 10_000;
const MAX_DEPTH: usize = 64;
