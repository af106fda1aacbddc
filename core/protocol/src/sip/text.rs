//! The grammar that all SIP headers share (RFC 3261 clause 25.1): tokens, quoted strings, white space, lists.

use std::borrow::Cow;

/// Reads one header value from left to right.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'a>(&'a str);

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text)
    }

    pub(crate) fn rest(self) -> &'a str {
        self.0
    }

    /// White space; folding is gone by now.
    pub(crate) fn space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// `c` with white space around it, as most separators of the grammar allow.
    pub(crate) fn eat(&mut self, c: char) -> bool {
        let Some(rest) = self.0.trim_start_matches([' ', '\t']).strip_prefix(c) else { return false };
        self.0 = rest.trim_start_matches([' ', '\t']);
        true
    }

    pub(crate) fn is_done(&mut self) -> bool {
        self.space();
        self.0.is_empty()
    }

    /// Up to the first character that `stop` names; may be empty.
    pub(crate) fn until(&mut self, stop: impl Fn(u8) -> bool) -> &'a str {
        let at = self.0.bytes().position(stop).unwrap_or(self.0.len());
        self.split(at)
    }

    pub(crate) fn token(&mut self) -> Option<&'a str> {
        let token = self.until(|b| !is_token_octet(b));
        (!token.is_empty()).then_some(token)
    }

    /// A quoted string with its quotes, as written; `None` and no move when there is none or it does not end.
    pub(crate) fn quoted(&mut self) -> Option<&'a str> {
        let length = quoted_length(self.0)?;
        Some(self.split(length))
    }

    /// `at` is a boundary: the octets that stop a scan are ASCII.
    fn split(&mut self, at: usize) -> &'a str {
        let (head, tail) = self.0.split_at_checked(at).unwrap_or((self.0, ""));
        self.0 = tail;
        head
    }
}

/// Octets of the quoted string at the start of `text`, quotes counted.
fn quoted_length(text: &str) -> Option<usize> {
    quoted_length_of(text.as_bytes())
}

fn quoted_length_of(octets: &[u8]) -> Option<usize> {
    if *octets.first()? != b'"' {
        return None;
    }
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', octets.get(at..)?)?;
        if octets[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// `token` of RFC 3261 clause 25.1.
pub(crate) fn is_token_octet(b: u8) -> bool {
    const TOKEN: [bool; 256] = {
        let mut table = [false; 256];
        let all = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.!%*_+`'~";
        let mut at = 0;
        while at < all.len() {
            table[all[at] as usize] = true;
            at += 1;
        }
        table
    };
    TOKEN[usize::from(b)]
}

pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_octet)
}

/// The text of a quoted string, or `raw` itself when it is not one.
pub(crate) fn unquote(raw: &str) -> Cow<'_, str> {
    let Some(inner) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return raw.into() };
    if !inner.contains('\\') {
        return inner.into();
    }
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        text.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    text.into()
}

/// `text` as a quoted string.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(if matches!(c, '\r' | '\n') { ' ' } else { c });
    }
    quoted.push('"');
    quoted
}

/// The parts of `text` between `separator`s that stand outside quotes and angle brackets; trimmed, empty ones left out.
pub(crate) fn split_outside(text: &str, separator: u8) -> SplitOutside<'_> {
    SplitOutside { rest: text, separator }
}

#[derive(Clone)]
pub(crate) struct SplitOutside<'a> {
    rest: &'a str,
    separator: u8,
}

impl<'a> SplitOutside<'a> {
    /// What has not been taken yet.
    pub(crate) fn rest(&self) -> &'a str {
        self.rest
    }
}

impl<'a> Iterator for SplitOutside<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        while !self.rest.is_empty() {
            let at = find_outside(self.rest, self.separator);
            let (part, tail) = match at {
                Some(at) => (&self.rest[..at], &self.rest[at + 1..]),
                None => (self.rest, ""),
            };
            self.rest = tail;
            let part = part.trim_matches([' ', '\t']);
            if !part.is_empty() {
                return Some(part);
            }
        }
        None
    }
}

/// Where `wanted`, an ASCII octet, first stands outside quotes and angle brackets. An open quote reaches to the end.
pub(crate) fn find_outside(text: &str, wanted: u8) -> Option<usize> {
    let octets = text.as_bytes();
    let mut at = 0;
    loop {
        at += memchr::memchr3(wanted, b'"', b'<', octets.get(at..)?)?;
        match octets[at] {
            b if b == wanted => return Some(at),
            b'"' => at += quoted_length(&text[at..])?,
            _ => at += in_angles(&octets[at..])?,
        }
    }
}

/// Octets from `<` to its `>`; quoted strings inside hide theirs.
fn in_angles(octets: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'>', octets.get(at..)?)?;
        if octets[at] == b'>' {
            return Some(at + 1);
        }
        at += quoted_length_of(&octets[at..])?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_split_outside_quotes_and_angles() {
        let parts = |text| split_outside(text, b',').collect::<Vec<_>>();
        assert_eq!(parts(r#""a, \"b" <sip:x,y@h>;p , <sip:z>,, "#), [r#""a, \"b" <sip:x,y@h>;p"#, "<sip:z>"]);
        assert_eq!(parts(""), [""; 0]);
        assert_eq!(parts("\"open, x"), ["\"open, x"]);
    }

    #[test]
    fn quoting_round_trips() {
        for text in ["", "a\"b\\c", "häuser", "\\", "\u{0}"] {
            let quoted = quote(text);
            assert_eq!(unquote(&quoted), text);
            assert_eq!(Scan::new(&quoted).quoted(), Some(quoted.as_str()));
        }
        assert_eq!(Scan::new("\"open\\\"").quoted(), None);
    }
}
