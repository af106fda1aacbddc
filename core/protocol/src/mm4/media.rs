//! Content-Type as mails have it (RFC 2045 clause 5, RFC 2231): read with more patience than it is written.

use std::collections::BTreeMap;

use super::fields;
use super::words::{LONGEST_WORD, hex, to_text};
use crate::sip::text::{is_token, quote, split_outside, unquote};

/// A value in its pieces: the type, and parameters as they stand.
pub(super) struct Media<'a> {
    pub(super) essence: String,
    params: Vec<(&'a str, &'a str)>,
}

impl<'a> Media<'a> {
    pub(super) fn parse(value: &'a str) -> Self {
        let mut pieces = split_outside(value, b';');
        let essence = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
        let params = pieces.filter_map(|piece| piece.split_once('='));
        Self { essence, params: params.map(|(name, value)| (name.trim(), value.trim())).collect() }
    }

    pub(super) fn is_multipart(&self) -> bool {
        self.essence.starts_with("multipart/")
    }

    pub(super) fn boundary(&self) -> Option<String> {
        let (_, value) = self.params.iter().find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
        Some(unquote(value).into_owned())
    }
}

/// The value without its boundary; parameters that are told in the way of RFC 2231 as they are meant. What is no type is
/// one of octets (RFC 2049 clause 2).
pub(super) fn read(value: &str) -> String {
    let has_extended = value.contains('*');
    let mut pieces = split_outside(value, b';').map(str::trim);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    if !out.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype)) {
        return "application/octet-stream".to_owned();
    }
    let mut parted: BTreeMap<String, Vec<Piece<'_>>> = BTreeMap::new();
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        let (name, text) = piece.split_once('=').unwrap_or((piece, ""));
        if name.trim().eq_ignore_ascii_case("boundary") {
            continue;
        }
        if let Some((name, own)) = Piece::parse(name.trim(), text.trim()).filter(|_| has_extended) {
            parted.entry(name.to_ascii_lowercase()).or_default().push(own);
            continue;
        }
        out.push_str("; ");
        let text = text.trim();
        match name.trim().strip_suffix('*').filter(|_| has_extended).zip(extended(text)) {
            Some((name, text)) => out.push_str(&format!("{name}={}", quote(&text))),
            // `type=application/smil` and its like should be in quotes.
            None if !text.is_empty() && !text.starts_with('"') && !is_token(text) => {
                out.push_str(&format!("{}={}", name.trim(), quote(text)));
            }
            None => out.push_str(piece),
        }
    }
    for (name, mut pieces) in parted {
        pieces.sort_by_key(|piece| piece.at);
        // What is missing of it is not made up.
        if let Some(text) = joined(&pieces) {
            out.push_str(&format!("; {name}={}", quote(&text)));
        }
    }
    out
}

/// A piece of a parameter that stands in several (RFC 2231 clause 3).
struct Piece<'a> {
    at: usize,
    is_extended: bool,
    text: &'a str,
}

impl<'a> Piece<'a> {
    /// `name*0` or `name*0*`: the name, and the piece.
    fn parse(name: &'a str, text: &'a str) -> Option<(&'a str, Self)> {
        let plain = name.strip_suffix('*');
        let (own, at) = plain.unwrap_or(name).rsplit_once('*')?;
        let is_number = (1..=4).contains(&at.len()) && at.bytes().all(|octet| octet.is_ascii_digit());
        let at = at.parse().ok().filter(|_| is_number && !own.is_empty() && !own.contains('*'))?;
        Some((own, Self { at, is_extended: plain.is_some(), text }))
    }
}

/// The text of all pieces of a parameter.
fn joined(pieces: &[Piece<'_>]) -> Option<String> {
    let (mut charset, mut octets) = ("utf-8", Vec::new());
    for (at, piece) in pieces.iter().enumerate() {
        let mut text = piece.text;
        match piece.is_extended {
            _ if piece.at != at => return None,
            false => octets.extend_from_slice(unquote(text).as_bytes()),
            true => {
                if at == 0 {
                    let mut parts = text.splitn(3, '\'');
                    (charset, _, text) = (parts.next()?, parts.next()?, parts.next()?);
                }
                unescape(text, &mut octets)?;
            }
        }
    }
    to_text(charset, &octets).filter(|text| !text.contains(char::is_control))
}

/// Writes the field, with a boundary where there is one; what is not ASCII goes in the way of RFC 2231.
pub(super) fn write(out: &mut Vec<u8>, value: &str, boundary: Option<&str>) {
    let mut pieces = split_outside(value, b';').map(str::trim).filter(|piece| !piece.is_empty());
    // What stands open would swallow what follows.
    let mut line = pieces.next().unwrap_or("application/octet-stream").replace(['"', '<', '>'], "");
    if line.len() > LONGEST_TYPE {
        let other = if boundary.is_some() { "multipart/mixed" } else { "application/octet-stream" };
        other.clone_into(&mut line);
    }
    if let Some(boundary) = boundary {
        line.push_str(&format!("; boundary=\"{boundary}\""));
    }
    for piece in pieces {
        let (name, text) = piece.split_once('=').unwrap_or((piece, ""));
        let name = name.trim();
        let is_short = piece.len() <= LONGEST_WORD;
        // A name that is none, or has no place in a line, cannot be told in another way.
        if !name.is_ascii() || name.len() > LONGEST_NAME {
            if is_short && !name.is_ascii() {
                line.push_str(&format!("; {piece}"));
            }
            continue;
        }
        if is_short && piece.is_ascii() {
            line.push_str(&format!("; {piece}"));
            continue;
        }
        let escaped: Vec<String> = unquote(text.trim()).bytes().map(escape).collect();
        let is_whole = escaped.iter().map(String::len).sum::<usize>() <= LONGEST_WORD / 2;
        if is_whole {
            line.push_str(&format!("; {name}*=utf-8''{}", escaped.concat()));
            continue;
        }
        for (at, piece) in escaped.chunks(PIECE).enumerate() {
            let charset = if at == 0 { "utf-8''" } else { "" };
            line.push_str(&format!("; {name}*{at}*={charset}{}", piece.concat()));
        }
    }
    fields::write(out, "Content-Type", &line);
}

/// RFC 2231 clause 7: what is no attribute-char goes as `%` and two digits.
fn escape(octet: u8) -> String {
    if octet.is_ascii_alphanumeric() || b"-._".contains(&octet) {
        char::from(octet).to_string()
    } else {
        format!("%{octet:02X}")
    }
}

/// `charset'language'text` (RFC 2231 clause 4).
fn extended(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _, text) = (parts.next()?, parts.next()?, parts.next()?);
    let mut octets = Vec::with_capacity(text.len());
    unescape(text, &mut octets)?;
    // Control characters would break the line.
    to_text(charset, &octets).filter(|text| !text.contains(char::is_control))
}

/// `%` and two digits are an octet (RFC 2231 clause 4).
fn unescape(text: &str, octets: &mut Vec<u8>) -> Option<()> {
    let mut rest = text.as_bytes();
    while let Some((&octet, tail)) = rest.split_first() {
        rest = tail;
        match (octet, tail) {
            (b'%', [high, low, after @ ..]) => {
                octets.push(hex(*high)? << 4 | hex(*low)?);
                rest = after;
            }
            (b'%', _) => return None,
            _ => octets.push(octet),
        }
    }
    Some(())
}

/// An identifier without the angle brackets or quotes that stand around it.
pub(super) fn without_brackets(value: &str) -> String {
    let mut value = value.trim();
    while let Some(inner) = [('<', '>'), ('"', '"')]
        .iter()
        .find_map(|(open, close)| value.strip_prefix(*open).and_then(|rest| rest.strip_suffix(*close)))
    {
        value = inner.trim();
    }
    value.to_owned()
}

/// Characters of a type (RFC 6838 clause 4.2): 127 of each half.
const LONGEST_TYPE: usize = 255;
/// Characters of the name of a parameter.
const LONGEST_NAME: usize = 76;
/// Octets in a piece of a parameter, each of three characters at most.
const PIECE: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_and_written() {
        for (wire, want) in [
            ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
            (
                "Multipart/Related;boundary=\"a;b\" ; start=\"<smil>\";type=application/smil;",
                "Multipart/Related; start=\"<smil>\"; type=\"application/smil\"",
            ),
            ("image/png; name*=utf-8''%C3%A4%20b.png", "image/png; name=\"\u{e4} b.png\""),
            ("image/png; name*=iso-8859-1'de'%E4; x", "image/png; name=\"\u{e4}\"; x"),
            ("image/png; name*=utf-8''%0A; a*=%C3; b*0*=utf-8''a", "image/png; name*=utf-8''%0A; a*=%C3; b=\"a\""),
            // RFC 2231 clause 4.1.
            (
                "application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; \
                 title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
                "application/x-stuff; title=\"This is even more ***fun*** isn't it!\"",
            ),
            ("image/png; Name*1=\"b c\"; x=y; name*0=a", "image/png; x=y; name=\"ab c\""),
            ("image/png; a*1=b; c*0=d; c*2=e; c*x=f; *0=g; h*0*0=i", "image/png; c*x=f; *0=g; h*0*0=i"),
        ] {
            assert_eq!(read(wire), want);
        }
        let media = Media::parse("Multipart/Related;boundary=\"a;b\" ; start=x");
        assert_eq!((media.essence.as_str(), media.boundary().as_deref()), ("multipart/related", Some("a;b")));
        let mut out = Vec::new();
        write(&mut out, "image/png; name=\"\u{e4} b.png\"", Some("=_x"));
        assert_eq!(
            str::from_utf8(&out),
            Ok("Content-Type: image/png; boundary=\"=_x\"; name*=utf-8''%C3%A4%20b.png\r\n")
        );
        // No line is longer than any MTA takes.
        for name in ["n".repeat(1500), "\u{e4}".repeat(600), format!("{} x", "y z".repeat(500))] {
            let value = format!("image/png; name=\"{name}\"; x=y");
            let mut out = Vec::new();
            write(&mut out, &value, None);
            let lines: Vec<&str> = str::from_utf8(&out).unwrap().lines().collect();
            assert!(lines.iter().all(|line| line.len() <= 998), "{lines:?}");
            let own = read(lines.concat().strip_prefix("Content-Type: ").unwrap());
            assert!(own.contains(&format!("name=\"{name}\"")) && own.contains("; x=y"), "{own}");
        }
        for none in ["", ">", "text", "text/", "a b/c; x=y", "\"text/plain\""] {
            assert_eq!(read(none), "application/octet-stream");
        }
        assert_eq!(without_brackets("<a@b>"), "a@b");
        assert_eq!(without_brackets(" <\"a\" > "), "a");
        assert_eq!(without_brackets("\"<a"), "\"<a");
    }
}
