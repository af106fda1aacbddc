//! Header fields of mails and their parts (RFC 5322 clause 2.2, RFC 2045).

use super::{Mm4Problem, words};

/// Header fields in order, unfolded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads fields up to an empty line, or all octets when there is none; where what follows starts.
    pub(super) fn read(octets: &[u8], limit: usize) -> Result<(Self, usize), Mm4Problem> {
        let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
        let mut at = 0;
        while let Some(rest) = octets.get(at..).filter(|rest| !rest.is_empty()) {
            let window = &rest[..rest.len().min(limit.saturating_sub(at) + 1)];
            let end = memchr::memchr(b'\n', window);
            let (line, next) = match end {
                Some(end) => (&rest[..end], at + end + 1),
                None if window.len() < rest.len() || at + rest.len() > limit => {
                    return Err(Mm4Problem::TooMuch("there are more header fields than the limit".to_owned()));
                }
                None => (rest, octets.len()),
            };
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            at = next;
            match line.first() {
                None => break,
                // Folded (clause 2.2.3): only the end of the line goes.
                Some(b' ' | b'\t') => match fields.last_mut() {
                    Some((_, value)) => value.extend_from_slice(line),
                    None => return Err(Mm4Problem::Header("the first line is a folded one".to_owned())),
                },
                Some(_) => fields.push(split(line)?),
            }
        }
        let to_text = |octets: Vec<u8>| match String::from_utf8(octets) {
            Ok(text) => text,
            // Not allowed either way, and of one octet each where it is no UTF-8.
            Err(other) => other.as_bytes().iter().map(|&octet| char::from(octet)).collect(),
        };
        let fields = fields.into_iter().map(|(name, value)| (name, to_text(value).trim().to_owned()));
        Ok((Self(fields.collect()), at))
    }

    /// Takes the fields of a name away; the value of the first.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.take_all(name).into_iter().next()
    }

    /// Takes the fields of a name away.
    pub(super) fn take_all(&mut self, name: &str) -> Vec<String> {
        let taken = self.0.extract_if(.., |(own, _)| own.eq_ignore_ascii_case(name));
        taken.map(|(_, value)| value).collect()
    }

    /// Takes a field of text away, encoded words decoded.
    pub(super) fn take_text(&mut self, name: &str) -> Option<String> {
        self.take(name).map(|value| words::decode(&value))
    }

    /// What has not been taken, encoded words decoded.
    pub(super) fn into_texts(self) -> Vec<(String, String)> {
        self.0.into_iter().map(|(name, value)| (name, words::decode(&value))).collect()
    }

    /// What has not been taken, as it came.
    pub(super) fn into_rest(self) -> Vec<(String, String)> {
        self.0
    }
}

/// Name and value of a line.
fn split(line: &[u8]) -> Result<(String, Vec<u8>), Mm4Problem> {
    let colon = memchr::memchr(b':', line);
    let name = colon.map(|at| line[..at].trim_ascii_end()).unwrap_or_default();
    if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
        let shown: String = line.iter().take(40).map(|b| b.escape_ascii().to_string()).collect();
        return Err(Mm4Problem::Header(format!("no header field: {shown}")));
    }
    let value = line.get(colon.map_or(line.len(), |at| at + 1)..).unwrap_or_default();
    Ok((name.iter().map(|&b| char::from(b)).collect(), value.to_vec()))
}

/// Writes a field whose value is ASCII, folded at its spaces so that a line has 78 characters where it can.
pub(super) fn write(out: &mut Vec<u8>, name: &str, value: &str) {
    let mut line = format!("{}:", name.replace(|c: char| !c.is_ascii_graphic() || c == ':', "-"));
    let printable = |c: char| if (' '..='~').contains(&c) { c } else { ' ' };
    let value: String = value.chars().map(printable).collect();
    // Every space of the value is where it was: a line is cut before one.
    for (at, word) in value.trim().split(' ').enumerate() {
        let is_blank = word.is_empty() || line.trim_end().ends_with(':') && at == 0;
        if line.len() + 1 + word.len() > LINE && !is_blank && line.trim() != "" {
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(b"\r\n");
            line.clear();
        }
        line.push(' ');
        line.push_str(word);
    }
    out.extend_from_slice(line.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Writes a field of text.
pub(super) fn write_text(out: &mut Vec<u8>, name: &str, text: &str) {
    write(out, name, &words::encode(text));
}

/// Characters of a line (RFC 5322 clause 2.1.1).
const LINE: usize = 78;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(octets: &[u8]) -> Result<(Vec<(String, String)>, usize), Mm4Problem> {
        Fields::read(octets, 1000).map(|(fields, at)| (fields.0, at))
    }

    fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn fields_are_read() {
        let octets = b"To: a\r\n  b\r\n\tc\r\nX-Y :  z \r\nEmpty:\r\n\r\nbody: x\r\n";
        assert_eq!(read(octets), Ok((pairs(&[("To", "a  b\tc"), ("X-Y", "z"), ("Empty", "")]), 37)));
        assert_eq!(read(b"To: a\nCc: b\n\nx"), Ok((pairs(&[("To", "a"), ("Cc", "b")]), 13)));
        assert_eq!(read(b"To: a"), Ok((pairs(&[("To", "a")]), 5)));
        assert_eq!(read(b"\r\nx"), Ok((vec![], 2)));
        assert_eq!(read("S: \u{e4}\r\n".as_bytes()).unwrap().0, pairs(&[("S", "\u{e4}")]));
        assert_eq!(read(b"S: \xe4\r\n").unwrap().0, pairs(&[("S", "\u{e4}")]));
        for bad in [&b" To: a\r\n"[..], b"To a\r\n", b": a\r\n", b"T o: a\r\n", b"T\xc3\xa4: a\r\n"] {
            assert!(matches!(read(bad), Err(Mm4Problem::Header(_))), "{bad:?}");
        }
        let long = format!("X: {}\r\n\r\n", "x".repeat(990));
        assert!(read(long.as_bytes()).is_ok());
        for octets in [format!("X: {}\r\n", "x".repeat(1000)), "X: y\r\n".repeat(200), "x".repeat(2000)] {
            assert!(matches!(read(octets.as_bytes()), Err(Mm4Problem::TooMuch(_))), "{octets}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in prop::collection::vec("[!-~ ]{0,200}|[a-z]{70,90}( [a-z]{70,90}){0,3}", 1..5)) {
            let mut out = Vec::new();
            for value in &values {
                write(&mut out, "X-Name", value);
            }
            let lines = str::from_utf8(&out).unwrap().lines();
            prop_assert!(lines.into_iter().all(|line| line.len() <= 78 || !line.trim().contains(' ') || line.starts_with("X-Name: ")));
            let want: Vec<_> = values.iter().map(|value| ("X-Name".to_owned(), value.trim().to_owned())).collect();
            let (fields, at) = Fields::read(&out, 10_000).unwrap();
            prop_assert_eq!((fields.0, at), (want, out.len()));
        }
    }
}
