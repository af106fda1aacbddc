//! The content of a multimedia message: parts as ranges of one buffer.

use std::ops::Range;

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
    /// A content without parts, `application/vnd.wap.multipart.…` being told as `multipart/…`.
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

impl std::fmt::Debug for MmContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { content_type, parts, octets } = self;
        write!(f, "MmContent {{ content_type: {content_type:?}, parts: {parts:?}, octets: {} }}", octets.len())
    }
}
