//! One header field (RFC 3261 clause 7.3), in the octets of the message that it came in: a copy costs no octets.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::names::{self, same_name};

/// One header field: a name, a value, and the octets that it stands in on the wire.
#[derive(Clone)]
pub struct Field {
    /// The head of a message or a line of its own; `name`, `value` and `line` are places in it.
    text: Arc<str>,
    name: Span,
    value: Span,
    line: Span,
    /// The octets on the wire where those are not `line`: folded lines, octets that are no UTF-8.
    raw: Option<Arc<[u8]>>,
}

/// A part of a text.
#[derive(Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn of(range: &Range<usize>) -> Self {
        let octet = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: octet(range.start), end: octet(range.end) }
    }

    fn within(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// Where a field stands in the text of its head.
pub(in crate::sip) struct Places {
    pub(in crate::sip) name: Range<usize>,
    pub(in crate::sip) value: Range<usize>,
    /// The line with its end.
    pub(in crate::sip) line: Range<usize>,
}

impl Field {
    /// A field as this program writes it. Line ends in `value` become spaces: a value never makes a second field.
    pub fn new(name: &str, value: &str) -> Self {
        let mut text = String::with_capacity(name.len() + value.len() + 4);
        push_clean(&mut text, name);
        let name = 0..text.len();
        text.push_str(": ");
        let start = text.len();
        push_clean(&mut text, value);
        let value = start..text.len();
        text.push_str("\r\n");
        let line = 0..text.len();
        Self::at(text.into(), &Places { name, value, line })
    }

    /// A field in the head that it came in.
    pub(in crate::sip) fn at(text: Arc<str>, places: &Places) -> Self {
        let (name, value, line) = (Span::of(&places.name), Span::of(&places.value), Span::of(&places.line));
        Self { text, name, value, line, raw: None }
    }

    /// A field as it came: `raw` is all its octets with the last line end, `value` is unfolded and trimmed.
    pub(in crate::sip) fn received(name: &str, value: &str, raw: &[u8]) -> Self {
        let own = Self::new(name, value);
        let plain = own.octets() == raw;
        Self { raw: (!plain).then(|| raw.into()), ..own }
    }

    /// Its name as written, which may be the compact form.
    pub fn name(&self) -> &str {
        self.name.within(&self.text)
    }

    /// Its value, unfolded and trimmed.
    pub fn value(&self) -> &str {
        self.value.within(&self.text)
    }

    /// True when it goes by `name`, the compact form and case aside.
    pub fn is(&self, name: &str) -> bool {
        same_name(self.name(), name)
    }

    pub(super) fn set_value(&mut self, value: &str) {
        *self = Self::new(self.name(), value);
    }

    /// As it stands on the wire.
    pub(super) fn octets(&self) -> &[u8] {
        match &self.raw {
            Some(raw) => raw,
            None => self.line.within(&self.text).as_bytes(),
        }
    }
}

/// Adds `part` trimmed, with spaces for line ends.
fn push_clean(text: &mut String, part: &str) {
    let is_end = |c: char| matches!(c, '\r' | '\n');
    let part = part.trim_matches(|c| matches!(c, ' ' | '\t') || is_end(c));
    if part.bytes().any(|b| matches!(b, b'\r' | b'\n')) {
        text.extend(part.chars().map(|c| if is_end(c) { ' ' } else { c }));
    } else {
        text.push_str(part);
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name() && self.value() == other.value() && self.octets() == other.octets()
    }
}

impl Eq for Field {}

/// Keys and digests are not for logs.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = names::SECRET.iter().any(|name| self.is(name));
        write!(f, "{}: {:?}", self.name(), if secret { "…" } else { self.value() })
    }
}
