//! Content-Transfer-Encoding (RFC 2045 clause 6): what MTAs on the way may have made of a part.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Mm4Problem;
use super::words::{STANDARD_LENIENT, hex};

/// Decodes a body behind what is in `out` already, which may have `most` octets.
pub(super) fn decode(encoding: &str, body: &[u8], out: &mut Vec<u8>, most: usize) -> Result<(), Mm4Problem> {
    let from = out.len();
    // Encoded is never shorter than decoded.
    match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "7bit" | "8bit" | "binary" if from + body.len() > most => return Err(too_much()),
        "" | "7bit" | "8bit" | "binary" => out.extend_from_slice(body),
        "quoted-printable" => quoted_printable(body, out, most)?,
        "base64" => base64(body, out, most)?,
        other => {
            let other: String = other.chars().take(40).collect();
            return Err(Mm4Problem::Content(format!("the transfer encoding {other} is not known")));
        }
    }
    if out.len() > most { Err(too_much()) } else { Ok(()) }
}

fn too_much() -> Mm4Problem {
    Mm4Problem::TooMuch("the content has more octets than the limit".to_owned())
}

fn base64(body: &[u8], out: &mut Vec<u8>, most: usize) -> Result<(), Mm4Problem> {
    let bad = || Mm4Problem::Content("a part is no base64".to_owned());
    // In pieces of whole groups, so that what is not base64 need not be copied whole.
    let mut group = Vec::with_capacity(PIECE);
    let mut is_padded = false;
    let mut octets = body.iter().copied().filter(|b| !b" \t\r\n".contains(b)).peekable();
    while octets.peek().is_some() {
        if is_padded {
            return Err(bad());
        }
        group.clear();
        group.extend(octets.by_ref().take(PIECE));
        is_padded = group.ends_with(b"=");
        STANDARD_LENIENT.decode_vec(&group, out).map_err(|_| bad())?;
        if out.len() > most {
            return Err(too_much());
        }
    }
    Ok(())
}

/// Clause 6.7. What is no escape stays as it is (its advice to a robust reader).
fn quoted_printable(body: &[u8], out: &mut Vec<u8>, most: usize) -> Result<(), Mm4Problem> {
    let mut rest = body;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        rest = after;
        let (text, break_) = match (line.strip_suffix(b"\r\n"), line.strip_suffix(b"\n")) {
            (Some(text), _) => (text, &b"\r\n"[..]),
            (None, Some(text)) => (text, &b"\n"[..]),
            (None, None) => (line, &b""[..]),
        };
        // White space at the end of a line was added on the way.
        let mut text = &text[..text.iter().rposition(|b| !b" \t".contains(b)).map_or(0, |at| at + 1)];
        let is_soft = text.ends_with(b"=");
        if is_soft {
            text = &text[..text.len() - 1];
        }
        while let Some(at) = memchr::memchr(b'=', text) {
            out.extend_from_slice(&text[..at]);
            let escaped = match text.get(at + 1..at + 3) {
                Some(&[high, low]) => hex(high).zip(hex(low)).map(|(high, low)| high << 4 | low),
                _ => None,
            };
            out.push(escaped.unwrap_or(b'='));
            text = &text[at + if escaped.is_some() { 3 } else { 1 }..];
        }
        out.extend_from_slice(text);
        if !is_soft {
            out.extend_from_slice(break_);
        }
        if out.len() > most {
            return Err(too_much());
        }
    }
    Ok(())
}

/// Base64 in lines of 76 characters: nothing on the way needs to change it.
pub(super) fn encode(octets: &[u8], out: &mut Vec<u8>) {
    out.reserve(octets.len() / 57 * 78 + 80);
    let mut line = [0; 76];
    for chunk in octets.chunks(57) {
        // 57 octets are 76 characters; the slice is as long as they can be.
        let length = STANDARD.encode_slice(chunk, &mut line).unwrap_or_default();
        out.extend_from_slice(&line[..length]);
        out.extend_from_slice(b"\r\n");
    }
}

/// Characters of base64 that are decoded at a time: whole groups of 4.
const PIECE: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(encoding: &str, body: &[u8]) -> Result<Vec<u8>, Mm4Problem> {
        let mut out = b"x".to_vec();
        decode(encoding, body, &mut out, 100_000).map(|()| out.split_off(1))
    }

    #[test]
    fn encodings_are_undone() {
        for (encoding, body, want) in [
            ("", &b"a=20\r\n"[..], &b"a=20\r\n"[..]),
            ("8BIT", b"\xe4", b"\xe4"),
            // RFC 2045 clause 6.7.
            (
                "Quoted-Printable",
                b"Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.",
                b"Now's the time for all folk to come to the aid of their country.",
            ),
            ("quoted-printable", b"a=3D=e4 \t\r\n=\r\nb=\t \r\n=zz=", b"a=\xe4\r\nb=zz"),
            ("quoted-printable", b"a\nb=0D=0A=20", b"a\nb\r\n "),
            (" BASE64 ", b"QU\r\nJD\r\n RA==\r\n", b"ABCD"),
            ("base64", b"QUI", b"AB"),
            ("base64", b"", b""),
        ] {
            assert_eq!(decoded(encoding, body).as_deref(), Ok(want), "{encoding}: {body:?}");
        }
        for (encoding, body) in [("base64", &b"Q=QU"[..]), ("base64", b"QUJD!"), ("base64", b"Q"), ("x-uuencode", b"")]
        {
            assert!(matches!(decoded(encoding, body), Err(Mm4Problem::Content(_))), "{encoding}: {body:?}");
        }
        for (encoding, body) in [("7bit", vec![b'a'; 100_000]), ("quoted-printable", vec![b'a'; 100_000])] {
            assert!(matches!(decoded(encoding, &body), Err(Mm4Problem::TooMuch(_))), "{encoding}");
            assert!(decoded(encoding, &body[1..]).is_ok(), "{encoding}");
        }
        assert!(matches!(decoded("base64", &[b'a'; 140_000]), Err(Mm4Problem::TooMuch(_))));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(octets in prop::collection::vec(any::<u8>(), 0..20_000)) {
            let mut body = Vec::new();
            encode(&octets, &mut body);
            prop_assert!(body.split(|&b| b == b'\n').all(|line| line.len() <= 77));
            prop_assert_eq!(decoded("base64", &body), Ok(octets));
        }
    }
}
