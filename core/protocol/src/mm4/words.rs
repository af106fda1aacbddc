//! Text that is not ASCII in header fields: encoded words (RFC 2047).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;

/// The text of a field. An encoded word that cannot be read stays as it is.
pub(super) fn decode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    // White space between two encoded words is none of the text (clause 6.2).
    let mut was_encoded = false;
    while let Some(at) = rest.find("=?") {
        let (before, word) = rest.split_at(at);
        match decode_word(word) {
            Some((text, length)) => {
                if !(was_encoded && before.bytes().all(|b| b" \t".contains(&b))) {
                    out.push_str(before);
                }
                out.push_str(&text);
                rest = &word[length..];
                was_encoded = true;
            }
            None => {
                out.push_str(before);
                out.push_str("=?");
                rest = &word[2..];
                was_encoded = false;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The text in ASCII: as it is, or in encoded words of UTF-8, each of 75 characters at most, with spaces between them.
pub(super) fn encode(text: &str) -> String {
    // What looks like an encoded word would be read as one; outer and double spaces do not survive folding. What has no spaces
    // cannot be folded.
    let is_plain = text.bytes().all(|b| matches!(b, b' '..=b'~')) && !text.contains("=?") && !text.contains("  ");
    let is_short = text.split(' ').all(|word| word.len() <= LONGEST_WORD);
    if is_plain && is_short && text.trim() == text {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut chunk = String::new();
    for c in text.chars() {
        if chunk.len() + c.len_utf8() > WORD_OCTETS {
            words.push(std::mem::take(&mut chunk));
        }
        chunk.push(c);
    }
    words.push(chunk);
    let encoded = words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join(" ")
}

/// `=?charset?encoding?text?=` at the start: its text and its length.
fn decode_word(word: &str) -> Option<(String, usize)> {
    let mut parts = word.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (text, _) = rest.split_once("?=")?;
    if text.contains([' ', '\t', '?']) {
        return None;
    }
    let octets = match encoding {
        "B" | "b" => STANDARD_LENIENT.decode(text).ok()?,
        "Q" | "q" => decode_q(text),
        _ => return None,
    };
    // RFC 2231 clause 5: a language may follow.
    let charset = charset.split('*').next()?;
    let decoded = to_text(charset, &octets)?;
    Some((decoded, 2 + charset_and_encoding(word, rest) + text.len() + 2))
}

/// Octets of charset and encoding with their question marks.
fn charset_and_encoding(word: &str, rest: &str) -> usize {
    word.len() - rest.len() - 2
}

/// Octets as text of a charset that is known; what is none in it becomes U+FFFD.
pub(super) fn to_text(charset: &str, octets: &[u8]) -> Option<String> {
    let encoding = Encoding::for_label(charset.as_bytes())?;
    Some(encoding.decode_without_bom_handling(octets).0.into_owned())
}

fn decode_q(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&octet, tail)) = rest.split_first() {
        rest = tail;
        match (octet, tail) {
            (b'_', _) => out.push(b' '),
            (b'=', [high, low, after @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                out.push(hex(*high).unwrap_or_default() << 4 | hex(*low).unwrap_or_default());
                rest = after;
            }
            _ => out.push(octet),
        }
    }
    out
}

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Base64 whose padding may lack.
pub(super) const STANDARD_LENIENT: base64::engine::GeneralPurpose = base64::engine::GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    base64::engine::GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Octets without a space in a line: it has 998 (RFC 5322 clause 2.1.1) with the name of the field.
pub(super) const LONGEST_WORD: usize = 900;

/// Octets of text in one encoded word: 75 characters (RFC 2047 clause 2) without its 12 of frame are 63, 60 of base64.
const WORD_OCTETS: usize = 45;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_document_are_read() {
        // RFC 2047 clause 8.
        for (encoded, text) in [
            ("=?ISO-8859-1?Q?a?=", "a"),
            ("=?ISO-8859-1?Q?a?= b", "a b"),
            ("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
            ("=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab"),
            ("=?ISO-8859-1?Q?a_b?=", "a b"),
            ("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"),
            (
                "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
                "If you can read this you understand the example.",
            ),
            ("=?ISO-8859-1?Q?Patrik_F=E4ltstr=F6m?= x", "Patrik F\u{e4}ltstr\u{f6}m x"),
            (
                "=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=",
                "\u{5dd}\u{5d5}\u{5dc}\u{5e9} \u{5df}\u{5d1} \u{5d9}\u{5dc}\u{5d8}\u{5e4}\u{5e0}",
            ),
            ("=?us-ascii*en?Q?a?=", "a"),
            (
                "=?x-unknown?Q?a?= =?utf-8?X?a?= =?utf-8?Q?a b?= =?",
                "=?x-unknown?Q?a?= =?utf-8?X?a?= =?utf-8?Q?a b?= =?",
            ),
        ] {
            assert_eq!(decode(encoded), text, "{encoded}");
        }
        assert_eq!(encode("plain text"), "plain text");
        assert_eq!(encode("Gr\u{fc}\u{df}e"), "=?utf-8?B?R3LDvMOfZQ==?=");
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in "([a-z =?]|\\PC){0,60}") {
            let encoded = encode(&text);
            prop_assert!(encoded.is_ascii() && encoded.split(' ').all(|word| !word.starts_with("=?utf") || word.len() <= 75));
            prop_assert_eq!(decode(&encoded), text);
        }
    }
}
