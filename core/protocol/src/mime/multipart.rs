//! Bodies of several parts (RFC 2046 clause 5.1): each part keeps the octets it came in.

use super::{MediaType, MimeProblem, disposition, read_head};
use crate::Entropy;
use crate::sip::Headers;

/// A body of several parts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Multipart {
    /// What stands before the first part; without meaning.
    pub preamble: Vec<u8>,
    /// The parts.
    pub parts: Vec<Part>,
    /// What stands after the last part; without meaning.
    pub epilogue: Vec<u8>,
}

/// A part with its headers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Part {
    /// Its headers as they came.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
}

impl Part {
    /// A part of this type.
    pub fn new(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut headers = Headers::new();
        headers.append("Content-Type", content_type);
        Self { headers, body: body.into() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Reads headers, an empty line and a body.
    pub fn parse(octets: &[u8]) -> Result<Self, MimeProblem> {
        let (headers, at) = read_head(octets, "a part")?;
        Ok(Self { headers, body: octets[at..].to_vec() })
    }

    /// Its type; without one it is plain text (RFC 2046 clause 5.1).
    pub fn media_type(&self) -> Result<MediaType, MimeProblem> {
        Ok(MediaType::of(&self.headers)?.unwrap_or_else(|| MediaType::new("text/plain")))
    }

    /// True when it is of this type and subtype.
    pub fn is(&self, essence: &str) -> bool {
        self.media_type().is_ok_and(|own| own.essence.eq_ignore_ascii_case(essence))
    }

    /// True when its Content-Disposition is of this type.
    pub fn is_disposed(&self, kind: &str) -> bool {
        disposition(&self.headers).ok().flatten().is_some_and(|(own, _)| own.eq_ignore_ascii_case(kind))
    }

    /// Headers, an empty line and the body.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.body.len() + 128);
        self.emit(&mut out);
        out
    }

    fn emit(&self, out: &mut Vec<u8>) {
        out.extend(self.headers.to_block());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.body);
    }
}

impl Multipart {
    /// Reads a body whose Content-Type is `media`.
    pub fn parse(media: &MediaType, body: &[u8]) -> Result<Self, MimeProblem> {
        let boundary = media.params.text("boundary").unwrap_or_default();
        // RFC 2046 clause 5.1.1: 1 to 70 characters, no space at the end.
        if !media.is_multipart() || boundary.is_empty() || boundary.len() > 70 || boundary.ends_with(' ') {
            return Err(MimeProblem::new("Content-Type", "has no boundary of 1 to 70 characters"));
        }
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        let mut multipart = Self::default();
        let first = delimiter.get(2..).filter(|first| body.starts_with(first));
        let mut rest = match first {
            Some(first) => &body[first.len()..],
            None => {
                let at =
                    find(body, &delimiter).ok_or_else(|| MimeProblem::new("multipart", "the boundary is not there"))?;
                multipart.preamble = body[..at].to_vec();
                &body[at + delimiter.len()..]
            }
        };
        loop {
            if let Some(end) = rest.strip_prefix(b"--") {
                multipart.epilogue = after_padding(end).unwrap_or_default().to_vec();
                return Ok(multipart);
            }
            let part = after_padding(rest).ok_or_else(|| MimeProblem::new("multipart", "a delimiter goes on"))?;
            let at = find_delimiter(part, &delimiter)
                .ok_or_else(|| MimeProblem::new("multipart", "the last boundary is not there"))?;
            if multipart.parts.len() >= MAX_PARTS {
                return Err(MimeProblem::new("multipart", "has more parts than the limit"));
            }
            multipart.parts.push(Part::parse(&part[..at])?);
            rest = &part[at + delimiter.len()..];
        }
    }

    /// Its Content-Type, `subtype` being `mixed` or another, and its octets; the boundary is in none of the parts.
    pub fn to_body(&self, subtype: &str, entropy: &mut Entropy) -> (String, Vec<u8>) {
        loop {
            let boundary = entropy.token(20);
            let octets = self.to_bytes(&boundary);
            // Each part adds one delimiter, and the last one closes.
            let mark = format!("--{boundary}").into_bytes();
            if octets.windows(mark.len()).filter(|window| *window == mark).count() == self.parts.len() + 1 {
                return (format!("multipart/{subtype};boundary={boundary}"), octets);
            }
        }
    }

    /// Its octets with a boundary that the caller has seen to be in none of the parts.
    pub fn to_bytes(&self, boundary: &str) -> Vec<u8> {
        let mut out = self.preamble.clone();
        for (at, part) in self.parts.iter().enumerate() {
            if at > 0 || !out.is_empty() {
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            part.emit(&mut out);
        }
        out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        out.extend_from_slice(&self.epilogue);
        out
    }
}

/// What follows the transport padding and the end of its line.
fn after_padding(rest: &[u8]) -> Option<&[u8]> {
    let padding = rest.iter().take_while(|b| b" \t".contains(b)).count();
    rest[padding..].strip_prefix(b"\r\n").or_else(|| rest[padding..].is_empty().then_some(&[]))
}

/// The end of a part: a delimiter that is one, not the start of a longer line.
fn find_delimiter(part: &[u8], delimiter: &[u8]) -> Option<usize> {
    // A part without headers and body: its delimiter line is followed by the next one at once.
    if part.starts_with(&delimiter[2..]) {
        return None;
    }
    let mut from = 0;
    loop {
        let at = from + find(&part[from..], delimiter)?;
        let tail = &part[at + delimiter.len()..];
        if tail.starts_with(b"--") || after_padding(tail).is_some() {
            return Some(at);
        }
        from = at + 2;
    }
}

fn find(octets: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = octets[from..].iter().position(|b| *b == first) {
        if octets[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// Of one body.
const MAX_PARTS: usize = 256;
