//! The content of a multimedia message: parts as ranges of one buffer.

use std::ops::Range;

use memchr::memmem;

use super::fields::{self, Fields};
use super::media::{self, Media, without_brackets};
use super::{Mm4Limits, Mm4Problem, transfer};
use crate::Entropy;

/// The content.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct MmContent {
    /// Content-Type of the whole with its parameters but `boundary`: `multipart/related; start="<smil>"; type="application/smil"`,
    /// `multipart/mixed`, or that of the one part when it has only one and is no multipart.
    pub content_type: String,
    /// The parts in order. A multipart in a multipart is resolved: its leaves stand here.
    pub parts: Vec<MmPart>,
    /// What the ranges of the parts point into: decoded, without any transfer encoding.
    pub octets: Vec<u8>,
}

/// A part.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MmPart {
    /// Content-Type with its parameters: `text/plain; charset=utf-8; name="a.txt"`.
    pub content_type: String,
    /// Content-ID without angle brackets.
    pub content_id: Option<String>,
    /// Content-Location.
    pub content_location: Option<String>,
    /// Other header fields of the part, but Content-Transfer-Encoding.
    pub others: Vec<(String, String)>,
    /// Its octets in [`MmContent::octets`].
    pub octets: Range<usize>,
}

impl MmContent {
    /// A content without parts.
    pub fn new(content_type: &str) -> Self {
        Self { content_type: content_type.to_owned(), ..Self::default() }
    }

    /// Adds a part.
    pub fn push(&mut self, mut part: MmPart, octets: &[u8]) {
        let from = self.octets.len();
        self.octets.extend_from_slice(octets);
        part.octets = from..self.octets.len();
        self.parts.push(part);
    }

    /// The octets of a part; none when its range is none of this content.
    pub fn octets_of(&self, part: &MmPart) -> &[u8] {
        self.octets.get(part.octets.clone()).unwrap_or_default()
    }

    /// Is it of several parts?
    pub fn is_multipart(&self) -> bool {
        self.content_type.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/"))
    }
}

impl MmContent {
    /// Reads the body of a mail whose header fields these are: Content-… ones are taken away.
    pub(super) fn read(fields: &mut Fields, body: &[u8], limits: &Mm4Limits) -> Result<Self, Mm4Problem> {
        let mut reader = Reader { content: Self::default(), limits, entities: 0 };
        let head = Head::take(fields);
        reader.content.content_type = head.content_type.clone();
        reader.entity(head, Vec::new(), body, 0)?;
        Ok(reader.content)
    }

    /// Writes Content-… fields, the empty line and the body.
    pub(super) fn write(&self, out: &mut Vec<u8>, entropy: &mut Entropy) {
        fields::write(out, "MIME-Version", "1.0");
        match &self.parts[..] {
            [part] if !self.is_multipart() => self.write_part(part, out),
            parts => {
                // Base64 has no '-': no boundary can be in a part, and with '=_' none is in quoted-printable either.
                let boundary = format!("=_{}", entropy.token(24));
                let is_multipart = self.is_multipart();
                let content_type = if is_multipart { &self.content_type } else { "multipart/mixed" };
                media::write(out, content_type, Some(&boundary));
                out.extend_from_slice(b"\r\n");
                for part in parts {
                    out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
                    self.write_part(part, out);
                    out.extend_from_slice(b"\r\n");
                }
                out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
            }
        }
    }

    /// Header fields, the empty line and the octets in base64.
    fn write_part(&self, part: &MmPart, out: &mut Vec<u8>) {
        media::write(out, &part.content_type, None);
        fields::write(out, "Content-Transfer-Encoding", "base64");
        if let Some(id) = &part.content_id {
            // Some ids are not ASCII; RFC 2045 clause 7 has nothing for them.
            fields::write_text(out, "Content-ID", &format!("<{id}>"));
        }
        if let Some(location) = &part.content_location {
            // RFC 2557 clause 4.4.2: encoded words.
            fields::write_text(out, "Content-Location", location);
        }
        for (name, value) in part.others.iter().filter(|(name, _)| name.len() <= LONGEST_NAME) {
            fields::write_text(out, name, value);
        }
        out.extend_from_slice(b"\r\n");
        transfer::encode(self.octets_of(part), out);
    }
}

/// The header fields of an entity that matter.
struct Head {
    content_type: String,
    /// As it came, with its boundary.
    raw_type: String,
    encoding: String,
    content_id: Option<String>,
    content_location: Option<String>,
}

impl Head {
    fn take(fields: &mut Fields) -> Self {
        // RFC 2045 clause 5.2.
        let raw_type = fields.take("Content-Type").unwrap_or_else(|| "text/plain; charset=us-ascii".to_owned());
        Self {
            content_type: media::read(&raw_type),
            raw_type,
            encoding: fields.take("Content-Transfer-Encoding").unwrap_or_default(),
            content_id: fields.take_text("Content-ID").map(|id| without_brackets(&id)).filter(|id| !id.is_empty()),
            content_location: fields.take_text("Content-Location").filter(|location| !location.is_empty()),
        }
    }
}

struct Reader<'a> {
    content: MmContent,
    limits: &'a Mm4Limits,
    /// Parts of all levels that were seen.
    entities: usize,
}

impl Reader<'_> {
    fn entity(
        &mut self,
        head: Head,
        others: Vec<(String, String)>,
        body: &[u8],
        depth: usize,
    ) -> Result<(), Mm4Problem> {
        let media = Media::parse(&head.raw_type);
        if media.is_multipart() {
            let boundary = media.boundary().filter(|boundary| (1..=MAX_BOUNDARY).contains(&boundary.len()));
            let boundary = boundary.ok_or_else(|| Mm4Problem::Content("a multipart has no boundary".to_owned()))?;
            return self.multipart(&boundary, body, depth);
        }
        let from = self.content.octets.len();
        transfer::decode(&head.encoding, body, &mut self.content.octets, self.limits.octets)?;
        let Head { content_type, content_id, content_location, .. } = head;
        let octets = from..self.content.octets.len();
        self.content.parts.push(MmPart { content_type, content_id, content_location, others, octets });
        Ok(())
    }

    /// RFC 2046 clause 5.1.1.
    fn multipart(&mut self, boundary: &str, body: &[u8], depth: usize) -> Result<(), Mm4Problem> {
        if depth >= self.limits.depth {
            return Err(Mm4Problem::TooMuch("multiparts stand in multiparts deeper than the limit".to_owned()));
        }
        let delimiter = format!("--{boundary}").into_bytes();
        let finder = memmem::Finder::new(&delimiter);
        let bad = |why: &str| Mm4Problem::Content(why.to_owned());
        let (_, mut rest, mut is_last) = delimiter_in(body, &finder).ok_or_else(|| bad("the boundary is not there"))?;
        while !is_last {
            let (part, after, last) =
                delimiter_in(rest, &finder).ok_or_else(|| bad("the last boundary is not there"))?;
            (rest, is_last) = (after, last);
            self.entities += 1;
            if self.entities > self.limits.parts {
                return Err(Mm4Problem::TooMuch("there are more parts than the limit".to_owned()));
            }
            let (mut fields, at) = Fields::read(part, self.limits.header)?;
            let head = Head::take(&mut fields);
            self.entity(head, fields.into_texts(), &part[at..], depth + 1)?;
        }
        Ok(())
    }
}

/// The first delimiter: what stands before its line, what behind, and whether it is the last one.
fn delimiter_in<'a>(octets: &'a [u8], finder: &memmem::Finder<'_>) -> Option<(&'a [u8], &'a [u8], bool)> {
    for at in finder.find_iter(octets) {
        let before = &octets[..at];
        if !before.is_empty() && !before.ends_with(b"\n") {
            continue;
        }
        let behind = &octets[at + finder.needle().len()..];
        let end = memchr::memchr(b'\n', behind);
        let line = &behind[..end.unwrap_or(behind.len())];
        let line = line.trim_ascii_end();
        if line.is_empty() || line == b"--" {
            // The end of the line before belongs to the delimiter.
            let before = before.strip_suffix(b"\n").unwrap_or(before);
            let before = before.strip_suffix(b"\r").unwrap_or(before);
            let after = end.map_or(&[][..], |end| &behind[end + 1..]);
            return Some((before, after, !line.is_empty()));
        }
    }
    None
}

/// Characters of the name of a field: a line must have room for it.
const LONGEST_NAME: usize = 76;

/// Characters of a boundary (RFC 2046 clause 5.1.1).
const MAX_BOUNDARY: usize = 70;

impl std::fmt::Debug for MmContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { content_type, parts, octets } = self;
        write!(f, "MmContent {{ content_type: {content_type:?}, parts: {parts:?}, octets: {} }}", octets.len())
    }
}
