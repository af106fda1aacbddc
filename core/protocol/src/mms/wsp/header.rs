//! Headers that are kept as they came (WAP-230 clause 8.4.1).

use super::{any_value, name, put_text_string, text_value};
use crate::octets::Octets;

/// How a header is named.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum HeaderName {
    /// By a number, 0 to 127.
    Code(u8),
    /// By its name.
    Text(String),
}

/// A header with the octets of its value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct WspHeader {
    name: HeaderName,
    value: Vec<u8>,
}

impl WspHeader {
    /// A header with a name and a text.
    pub fn named(name: &str, text: &str) -> Self {
        // The octets of a name are visible characters (Token-text).
        let name = name.chars().filter(char::is_ascii_graphic).collect();
        let mut value = Vec::new();
        put_text_string(&mut value, text.as_bytes());
        Self { name: HeaderName::Text(name), value }
    }

    /// A header with a number and a value of one octet, of which the highest bit is set.
    pub fn coded(code: u8, value: u8) -> Self {
        Self { name: HeaderName::Code(code & 0x7F), value: vec![value | 0x80] }
    }

    /// A header with a number and a text.
    pub fn coded_text(code: u8, text: &str) -> Self {
        let mut value = Vec::new();
        put_text_string(&mut value, text.as_bytes());
        Self { name: HeaderName::Code(code & 0x7F), value }
    }

    /// How it is named.
    pub const fn name(&self) -> &HeaderName {
        &self.name
    }

    /// Is it this one by name?
    pub fn is_named(&self, name: &str) -> bool {
        matches!(&self.name, HeaderName::Text(own) if own.eq_ignore_ascii_case(name))
    }

    /// The octets of its value, with what tells its length.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// Its value where that is a text; control characters are blanks.
    pub fn text(&self) -> Option<String> {
        let is_text = matches!(self.value.first()?, 0 | 0x20..=0x7F);
        is_text.then(|| text_value(&mut Octets(&self.value)))?
    }

    /// The next header as it stands; `None`: octets are missing, or it has no name.
    pub(in crate::mms) fn read<'a>(octets: &mut Octets<'a>) -> Option<(HeaderName, &'a [u8])> {
        let name = match octets.0.first()? {
            code @ 0x80.. => {
                octets.octet()?;
                HeaderName::Code(code & 0x7F)
            }
            0x21..=0x7E => HeaderName::Text(name(octets)?),
            _ => return None,
        };
        Some((name, any_value(octets)?))
    }

    pub(in crate::mms) fn of(name: HeaderName, value: &[u8]) -> Self {
        Self { name, value: value.to_vec() }
    }

    pub(in crate::mms) fn put(&self, out: &mut Vec<u8>) {
        match &self.name {
            HeaderName::Code(code) => out.push(code | 0x80),
            HeaderName::Text(name) if name.is_empty() => return,
            HeaderName::Text(name) => {
                out.extend_from_slice(name.as_bytes());
                out.push(0);
            }
        }
        out.extend_from_slice(&self.value);
    }
}
