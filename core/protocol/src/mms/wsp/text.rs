//! Encoded-string-value: a text and, where it has one, its character set (OMA-MMS-ENC clause 7.3.19).

use std::borrow::Cow;
use std::fmt;

use super::{Charset, integer, lengthened, put_integer, put_lengthened, put_text_string, text_string, to_text};
use crate::octets::Octets;

/// A text with the octets and the character set it came in.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct EncodedString {
    charset: Option<Charset>,
    octets: Vec<u8>,
}

impl EncodedString {
    /// A text: as it is when it is of US-ASCII, in UTF-8 otherwise. What follows a NUL is cut.
    pub fn new(text: &str) -> Self {
        let charset = (!text.is_ascii()).then_some(Charset::UTF_8);
        Self::of_octets(charset, text.as_bytes().to_vec())
    }

    /// A text in a character set; `None`: the set has not all its characters, or is not known here.
    pub fn in_charset(charset: Charset, text: &str) -> Option<Self> {
        Some(Self::of_octets(Some(charset), charset.encode(text)?))
    }

    /// Octets as they are, up to the first NUL when there is no character set.
    pub fn of_octets(charset: Option<Charset>, mut octets: Vec<u8>) -> Self {
        if charset.is_none() {
            octets.truncate(memchr::memchr(0, &octets).unwrap_or(octets.len()));
        }
        Self { charset, octets }
    }

    /// Its character set; without one it is US-ASCII, or what a sender takes for it.
    pub const fn charset(&self) -> Option<Charset> {
        self.charset
    }

    /// Its octets, without End-of-string.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// The text. Octets that are none in their character set are shown as if they were of UTF-8 or ISO-8859-1.
    pub fn text(&self) -> Cow<'_, str> {
        match (self.charset, std::str::from_utf8(&self.octets)) {
            (None | Some(Charset::US_ASCII | Charset::UTF_8), Ok(text)) => text.into(),
            (Some(charset), _) => charset.decode(&self.octets).unwrap_or_else(|| to_text(&self.octets)).into(),
            (None, Err(_)) => to_text(&self.octets).into(),
        }
    }

    /// Is there nothing in it?
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    pub(in crate::mms) fn read(octets: &mut Octets<'_>) -> Option<Self> {
        if octets.0.first().is_none_or(|first| *first == 0 || *first >= 0x20) {
            return Some(Self { charset: None, octets: text_string(octets)?.to_vec() });
        }
        let mut value = Octets(lengthened(octets)?);
        let charset = Charset(u32::try_from(integer(&mut value)?).ok()?);
        // Sets of two octets have zeros within, so it ends where the value does.
        let text = value.rest();
        let text = text.strip_suffix(&[0]).unwrap_or(text);
        Some(Self { charset: Some(charset), octets: text.strip_prefix(&[super::QUOTE]).unwrap_or(text).to_vec() })
    }

    pub(in crate::mms) fn put(&self, out: &mut Vec<u8>) {
        let Some(charset) = self.charset else {
            put_text_string(out, &self.octets);
            return;
        };
        let mut value = Vec::with_capacity(self.octets.len() + 8);
        put_integer(&mut value, charset.0.into());
        if self.octets.first().is_some_and(|first| !(0x20..super::QUOTE).contains(first)) {
            value.push(super::QUOTE);
        }
        value.extend_from_slice(&self.octets);
        value.push(0);
        put_lengthened(out, &value);
    }
}

impl From<&str> for EncodedString {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for EncodedString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
