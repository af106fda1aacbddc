//! Conflicts, and the document that tells them (RFC 4825 clause 11).

use super::ERROR_NAMESPACE;
use crate::xml::Element;

/// Why a change was refused with 409: each is an element of the error document (RFC 4825 clause 11.1).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum XcapConflict {
    /// The body was to be a document and is no well-formed XML.
    #[error("not well-formed: {0}")]
    NotWellFormed(String),
    /// The body was to be one element and is none.
    #[error("no XML element: {0}")]
    NotXmlFragment(String),
    /// The place that the new node belongs to does not exist.
    #[error("there is no parent to insert into")]
    NoParent {
        /// URI of the closest ancestor that exists.
        ancestor: Option<String>,
    },
    /// The document would not be of its schema.
    #[error("not of the schema: {0}")]
    SchemaValidation(String),
    /// The body was to be the value of an attribute and is none.
    #[error("no value of an attribute: {0}")]
    NotXmlAttributeValue(String),
    /// The same URI would not lead to what was inserted.
    #[error("cannot insert: {0}")]
    CannotInsert(String),
    /// The same URI would lead to something else after the removal.
    #[error("cannot delete: {0}")]
    CannotDelete(String),
    /// A value that must be unique is taken.
    #[error("a value is taken: {}", .0.iter().map(|t| t.field.as_str()).collect::<Vec<_>>().join(", "))]
    Uniqueness(Vec<Taken>),
    /// Another constraint of the application usage.
    #[error("constraint: {0}")]
    Constraint(String),
    /// The body is not in UTF-8.
    #[error("not in UTF-8")]
    NotUtf8,
}

/// A value that is taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// The element or attribute, as a URI.
    pub field: String,
    /// Values that are free.
    pub alternatives: Vec<String>,
}

impl XcapConflict {
    /// Name of the element that tells it.
    #[must_use]
    pub const fn element(&self) -> &'static str {
        match self {
            Self::NotWellFormed(_) => "not-well-formed",
            Self::NotXmlFragment(_) => "not-xml-frag",
            Self::NoParent { .. } => "no-parent",
            Self::SchemaValidation(_) => "schema-validation-error",
            Self::NotXmlAttributeValue(_) => "not-xml-att-value",
            Self::CannotInsert(_) => "cannot-insert",
            Self::CannotDelete(_) => "cannot-delete",
            Self::Uniqueness(_) => "uniqueness-failure",
            Self::Constraint(_) => "constraint-failure",
            Self::NotUtf8 => "not-utf-8",
        }
    }

    /// The same with the ancestor as a URI: below `document`, whose selector has `query`.
    #[must_use]
    pub fn at(self, document: &str, query: &str) -> Self {
        let Self::NoParent { ancestor: Some(path) } = self else { return self };
        let ancestor = match (path.is_empty(), query.is_empty()) {
            (true, _) => document.to_owned(),
            (false, true) => format!("{document}/~~/{path}"),
            (false, false) => format!("{document}/~~/{path}?{query}"),
        };
        Self::NoParent { ancestor: Some(ancestor) }
    }

    /// The error document.
    #[must_use]
    pub fn to_document(&self) -> String {
        let mut element = Element::new(self.element());
        match self {
            Self::NotWellFormed(phrase)
            | Self::NotXmlFragment(phrase)
            | Self::SchemaValidation(phrase)
            | Self::NotXmlAttributeValue(phrase)
            | Self::CannotInsert(phrase)
            | Self::CannotDelete(phrase)
            | Self::Constraint(phrase) => element = element.attribute("phrase", printable(phrase)),
            Self::NoParent { ancestor } => {
                element.children.extend(ancestor.iter().map(|uri| Element::with_text("ancestor", printable(uri))));
            }
            Self::Uniqueness(taken) => element.children.extend(taken.iter().map(|taken| {
                let exists = Element::new("exists").attribute("field", printable(&taken.field));
                let alternatives = taken.alternatives.iter();
                alternatives.fold(exists, |e, value| e.child(Element::with_text("alt-value", printable(value))))
            })),
            Self::NotUtf8 => {}
        }
        Element::new("xcap-error").attribute("xmlns", ERROR_NAMESPACE).child(element).to_document()
    }
}

/// Characters that XML has no form for would make the error document unreadable itself.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c }).collect()
}
