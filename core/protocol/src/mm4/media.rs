//! Content-Type as mails have it (RFC 2045 clause 5, RFC 2231): read with more patience than it is written.

use super::fields;
use super::words::{hex, to_text};
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
    let has_extended = value.contains("*=");
    let mut pieces = split_outside(value, b';').map(str::trim);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    if !out.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype)) {
        return "application/octet-stream".to_owned();
    }
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        let (name, text) = piece.split_once('=').unwrap_or((piece, ""));
        if name.trim().eq_ignore_ascii_case("boundary") {
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
    out
}

/// Writes the field, with a boundary where there is one; what is not ASCII goes in the way of RFC 2231.
pub(super) fn write(out: &mut Vec<u8>, value: &str, boundary: Option<&str>) {
    let mut pieces = split_outside(value, b';').map(str::trim).filter(|piece| !piece.is_empty());
    // What stands open would swallow what follows.
    let mut line = pieces.next().unwrap_or("application/octet-stream").replace(['"', '<', '>'], "");
    if let Some(boundary) = boundary {
        line.push_str(&format!("; boundary=\"{boundary}\""));
    }
    for piece in pieces {
        line.push_str("; ");
        match piece.split_once('=').filter(|(name, text)| name.is_ascii() && !text.is_ascii()) {
            Some((name, text)) => {
                let escaped: String = unquote(text.trim()).bytes().map(escape).collect();
                line.push_str(&format!("{}*=utf-8''{escaped}", name.trim()));
            }
            None => line.push_str(piece),
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
    // Control characters would break the line.
    to_text(charset, &octets).filter(|text| !text.contains(char::is_control))
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
            ("image/png; name*=utf-8''%0A; a*=%C3; b*0*=utf-8''a", "image/png; name*=utf-8''%0A; a*=%C3; b*0=\"a\""),
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
        for none in ["", ">", "text", "text/", "a b/c; x=y", "\"text/plain\""] {
            assert_eq!(read(none), "application/octet-stream");
        }
        assert_eq!(without_brackets("<a@b>"), "a@b");
        assert_eq!(without_brackets(" <\"a\" > "), "a");
        assert_eq!(without_brackets("\"<a"), "\"<a");
    }
}
