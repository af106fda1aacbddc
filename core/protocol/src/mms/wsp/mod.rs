//! Values of WSP: WAP-230 clauses 8.1.2 and 8.4.2.

mod charset;
mod content_type;
mod header;
mod media_types;
mod text;

use crate::octets::Octets;

pub use charset::Charset;
pub use content_type::{ContentType, Parameter};
pub(super) use content_type::{parameters, put_parameters};
pub use header::{HeaderName, WspHeader};
pub use text::EncodedString;

/// Variable length unsigned integer (clause 8.1.2) of at most 32 bits.
pub(super) fn uintvar(octets: &mut Octets<'_>) -> Option<u32> {
    let mut value: u32 = 0;
    for _ in 0..5 {
        let octet = octets.octet()?;
        if value > u32::MAX >> 7 {
            return None;
        }
        value = value << 7 | u32::from(octet & 0x7F);
        if octet & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Appends a variable length unsigned integer.
pub(super) fn put_uintvar(out: &mut Vec<u8>, value: u32) {
    for shift in [28, 21, 14, 7] {
        if value >> shift != 0 {
            out.push((value >> shift) as u8 | 0x80);
        }
    }
    out.push(value as u8 & 0x7F);
}

/// What a Value-length tells the length of (clause 8.4.2.2).
pub(super) fn lengthened<'a>(octets: &mut Octets<'a>) -> Option<&'a [u8]> {
    let length = match octets.octet()? {
        short @ 0..LENGTH_QUOTE => u32::from(short),
        LENGTH_QUOTE => uintvar(octets)?,
        _ => return None,
    };
    octets.take(usize::try_from(length).ok()?)
}

/// Appends a value with its length.
pub(super) fn put_lengthened(out: &mut Vec<u8>, value: &[u8]) {
    match u8::try_from(value.len()) {
        Ok(short) if short < LENGTH_QUOTE => out.push(short),
        _ => {
            out.push(LENGTH_QUOTE);
            put_uintvar(out, u32::try_from(value.len()).unwrap_or(u32::MAX));
        }
    }
    out.extend_from_slice(value);
}

/// Integer-value: Short-integer or Long-integer (clause 8.4.2.1), of at most 64 bits.
pub(super) fn integer(octets: &mut Octets<'_>) -> Option<u64> {
    match octets.octet()? {
        short @ 0x80.. => Some(u64::from(short & 0x7F)),
        length @ 1..LENGTH_QUOTE => octets
            .take(length.into())?
            .iter()
            .try_fold(0_u64, |value, octet| (value >> 56 == 0).then_some(value << 8 | u64::from(*octet))),
        _ => None,
    }
}

/// Appends a Long-integer, as few octets as there need to be.
pub(super) fn put_long_integer(out: &mut Vec<u8>, value: u64) {
    let octets = value.to_be_bytes();
    let significant = &octets[(value.leading_zeros() as usize / 8).min(7)..];
    out.push(significant.len() as u8);
    out.extend_from_slice(significant);
}

/// Appends an Integer-value: short where it fits.
pub(super) fn put_integer(out: &mut Vec<u8>, value: u64) {
    match u8::try_from(value) {
        Ok(short) if short < 0x80 => out.push(short | 0x80),
        _ => put_long_integer(out, value),
    }
}

/// The octets up to an End-of-string, without it.
pub(super) fn terminated<'a>(octets: &mut Octets<'a>) -> Option<&'a [u8]> {
    let end = memchr::memchr(0, octets.0)?;
    let taken = octets.take(end)?;
    octets.octet()?;
    Some(taken)
}

/// Text-string (clause 8.4.2.1) without its quote.
pub(super) fn text_string<'a>(octets: &mut Octets<'a>) -> Option<&'a [u8]> {
    let text = terminated(octets)?;
    Some(text.strip_prefix(&[QUOTE]).unwrap_or(text))
}

/// Text-value (clause 8.4.2.3): a token, a quoted string, nothing; also a Text-string. Control characters, which are no
/// TEXT and could end a header of mail, are blanks.
pub(super) fn text_value(octets: &mut Octets<'_>) -> Option<String> {
    let text = text_string(octets)?;
    let text = to_text(text.strip_prefix(b"\"").unwrap_or(text));
    Some(text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
}

/// Text-string that is a name: there is something in it, and no control characters.
pub(super) fn name(octets: &mut Octets<'_>) -> Option<String> {
    Some(to_text(text_string(octets)?)).filter(|name| !name.is_empty() && !name.contains(char::is_control))
}

/// Appends a Text-string: up to the first NUL, quoted where its first octet would mean something else.
pub(super) fn put_text_string(out: &mut Vec<u8>, text: &[u8]) {
    let text = &text[..memchr::memchr(0, text).unwrap_or(text.len())];
    if text.first().is_some_and(|first| !(0x20..QUOTE).contains(first)) {
        out.push(QUOTE);
    }
    out.extend_from_slice(text);
    out.push(0);
}

/// Appends a Text-value; `quoted`: as a Quoted-string.
pub(super) fn put_text_value(out: &mut Vec<u8>, text: &str, quoted: bool) {
    if quoted || text.starts_with('"') {
        out.push(b'"');
        out.extend(text.bytes().take_while(|octet| *octet != 0));
        out.push(0);
    } else {
        put_text_string(out, text.as_bytes());
    }
}

/// The octets of any value (clause 8.4.1.2): its first octet tells how long it is.
pub(super) fn any_value<'a>(octets: &mut Octets<'a>) -> Option<&'a [u8]> {
    let whole = octets.0;
    match whole.first()? {
        0..=LENGTH_QUOTE => drop(lengthened(octets)?),
        0x20..=0x7F => drop(terminated(octets)?),
        0x80.. => drop(octets.octet()?),
    }
    whole.get(..whole.len() - octets.0.len())
}

/// Octets without a charset as text: UTF-8, which US-ASCII is, or else ISO-8859-1.
pub(super) fn to_text(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => octets.iter().map(|octet| char::from(*octet)).collect(),
    }
}

/// A Content-ID without its angle brackets.
pub(super) fn without_brackets(id: &str) -> &str {
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id)
}

/// Announces a length of its own.
const LENGTH_QUOTE: u8 = 31;
/// Precedes a text whose first octet would mean something else.
const QUOTE: u8 = 127;
