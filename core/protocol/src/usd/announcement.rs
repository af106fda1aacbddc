//! Fragments together (TS 26.346 clauses 5.2.3.1 and 11.1.3): multipart/related (RFC 2387), the envelope first.

use super::{ENVELOPE_CONTENT_TYPE, UsdProblem};
use crate::mime::{MediaType, Multipart, Part};

/// Its media type, without the boundary.
pub const ANNOUNCEMENT_CONTENT_TYPE: &str = "multipart/related";

/// Header of a part: the URI of the fragment (RFC 2557).
const LOCATION: &str = "Content-Location";

/// A fragment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fragment {
    /// Its name, a URI.
    pub location: String,
    /// Its media type.
    pub content_type: String,
    /// Its document.
    pub body: Vec<u8>,
}

/// Fragments, the envelope first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Announcement {
    /// In their order.
    pub fragments: Vec<Fragment>,
}

impl Announcement {
    /// Reads octets whose Content-Type is `media`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(media: &str, octets: &[u8]) -> Result<Self, UsdProblem> {
        let media = MediaType::parse(media)?;
        let mut fragments = Vec::new();
        for part in Multipart::parse(&media, octets)?.parts {
            let location = part.headers.get(LOCATION).ok_or(UsdProblem::Other("a fragment has no Content-Location"))?;
            let content_type = part.media_type()?.essence;
            fragments.push(Fragment { location: location.to_owned(), content_type, body: part.body });
        }
        Ok(Self { fragments })
    }

    /// Reads a file whose octets begin with header fields of its own, as service announcement files do (clause L.3).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse_file(octets: &[u8]) -> Result<Self, UsdProblem> {
        let part = Part::parse(octets)?;
        let media = part.headers.get("Content-Type").ok_or(UsdProblem::Other("the file has no Content-Type"))?;
        Self::parse(media, &part.body)
    }

    /// Its Content-Type and its octets.
    pub fn to_body(&self) -> (String, Vec<u8>) {
        let part = |fragment: &Fragment| {
            Part::new(&fragment.content_type, fragment.body.clone()).with(LOCATION, &fragment.location)
        };
        let multipart = Multipart { parts: self.fragments.iter().map(part).collect(), ..Multipart::default() };
        let is_in_it = |boundary: &str| {
            let mark = format!("--{boundary}").into_bytes();
            self.fragments.iter().any(|fragment| fragment.body.windows(mark.len()).any(|window| window == mark))
        };
        let mut boundary = "castbench-usd".to_owned();
        while is_in_it(&boundary) {
            boundary.push('-');
        }
        let media = format!("{ANNOUNCEMENT_CONTENT_TYPE};boundary={boundary};type=\"{ENVELOPE_CONTENT_TYPE}\"");
        (media, multipart.to_bytes(&boundary))
    }

    /// The fragment of a name.
    pub fn find(&self, location: &str) -> Option<&Fragment> {
        self.fragments.iter().find(|fragment| fragment.location == location)
    }
}
