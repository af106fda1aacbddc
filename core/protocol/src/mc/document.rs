//! Reading of the service's documents: one namespace, elements with one value each; what is unknown is left out.

use std::fmt::Display;
use std::str::FromStr;

use crate::Tmgi;
use crate::xml::{Qualified, XmlProblem};

/// Why a document was not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DocumentProblem {
    /// As XML.
    #[error(transparent)]
    Xml(#[from] XmlProblem),
    /// As the document that it shall be.
    #[error("{what} is missing or wrong: {value:?}")]
    Field {
        /// Element or attribute.
        what: String,
        /// What was there.
        value: String,
    },
    /// More of something than anyone needs.
    #[error("there are more than {limit} of {what}")]
    TooMany {
        /// Of which element.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// It is encrypted (TS 33.180 clause 9.3), for which there are no keys here.
    #[error("{0} is encrypted: send it with type=\"Normal\", protection of XML is not built")]
    Encrypted(String),
}

impl DocumentProblem {
    pub(super) fn field(what: &str, value: &str) -> Self {
        // A word of it is enough to find it.
        Self::Field { what: what.to_owned(), value: value.chars().take(80).collect() }
    }
}

/// An element of a document of one namespace.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) element: &'a Qualified,
    namespace: &'a str,
}

impl<'a> Part<'a> {
    /// The root, when it is of that name.
    pub(super) fn root(element: &'a Qualified, namespace: &'a str, name: &str) -> Result<Self, DocumentProblem> {
        match element.is(namespace, name) {
            true => Ok(Self { element, namespace }),
            false => Err(DocumentProblem::field(name, &element.name)),
        }
    }

    pub(super) fn child(self, name: &str) -> Option<Self> {
        Some(Self { element: self.element.first(self.namespace, name)?, ..self })
    }

    /// All children of that name, of which there are at most `limit`.
    pub(super) fn all(self, name: &'static str, limit: usize) -> Result<Vec<Self>, DocumentProblem> {
        let found = self.element.children().filter(|child| child.is(self.namespace, name)).take(limit + 1);
        let all: Vec<_> = found.map(|element| Self { element, ..self }).collect();
        if all.len() > limit { Err(DocumentProblem::TooMany { what: name, limit }) } else { Ok(all) }
    }

    /// The values of all children of that name.
    pub(super) fn values<T>(
        self,
        name: &'static str,
        limit: usize,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, DocumentProblem> {
        let value = |part: Self| {
            let text = part.element.text();
            read(&text).ok_or_else(|| DocumentProblem::field(name, &text))
        };
        self.all(name, limit)?.into_iter().map(value).collect()
    }

    /// The value of a child; none without it.
    pub(super) fn value<T>(self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, DocumentProblem> {
        let Some(text) = self.child(name).map(|child| child.element.text()) else { return Ok(None) };
        read(&text).map(Some).ok_or_else(|| DocumentProblem::field(name, &text))
    }

    /// The value of a child that must be there.
    pub(super) fn needed<T>(self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, DocumentProblem> {
        self.value(name, read)?.ok_or_else(|| DocumentProblem::field(name, ""))
    }
}

pub(super) fn number<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// XML Schema part 2 clause 3.2.2.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A text that says something and is short.
pub(super) fn text(text: &str) -> Option<String> {
    (1..=MAX_TEXT).contains(&text.len()).then(|| text.to_owned())
}

/// Octets as hexadecimal digits (XML Schema part 2 clause 3.2.15).
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Digits of octets.
pub(super) fn to_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

/// A TMGI as hexBinary: its six octets from the service identifier on (TS 24.008 clause 10.5.6.13).
pub(super) fn hex_tmgi(text: &str) -> Option<Tmgi> {
    Tmgi::from_octets(hex(text)?.try_into().ok()?)
}

/// Builds an element of a namespace with its children.
pub(super) struct Builder {
    namespace: &'static str,
    pub(super) element: Qualified,
}

impl Builder {
    pub(super) fn new(namespace: &'static str, name: &str) -> Self {
        Self { namespace, element: Qualified::new(namespace, name) }
    }

    /// A child with text.
    #[must_use]
    pub(super) fn with(self, name: &str, text: impl Display) -> Self {
        let child = Qualified::new(self.namespace, name).with_text(text);
        self.child(child)
    }

    /// A child with text, when there is one.
    #[must_use]
    pub(super) fn with_some(self, name: &str, text: Option<impl Display>) -> Self {
        match text {
            Some(text) => self.with(name, text),
            None => self,
        }
    }

    /// A child with text for each.
    #[must_use]
    pub(super) fn with_all<T: Display>(self, name: &str, texts: impl IntoIterator<Item = T>) -> Self {
        texts.into_iter().fold(self, |builder, text| builder.with(name, text))
    }

    #[must_use]
    pub(super) fn child(mut self, child: Qualified) -> Self {
        self.element = self.element.child(child);
        self
    }

    /// An element for each.
    #[must_use]
    pub(super) fn children(self, children: impl IntoIterator<Item = Qualified>) -> Self {
        children.into_iter().fold(self, Self::child)
    }
}

/// Of an identity, a reason, a token.
const MAX_TEXT: usize = 8192;
