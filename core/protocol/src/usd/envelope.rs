//! Metadata envelope (TS 26.346 clause 11.1.3): which fragments there are, which version of each, how long it holds.

use super::{UsdProblem, date_time, root, utc_ms};
use crate::xml::Element;

const NAMESPACE: &str = "urn:3gpp:metadata:2005:MBMS:envelope";

/// An envelope.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Envelope {
    /// Fragments.
    pub items: Vec<EnvelopeItem>,
}

/// A fragment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EnvelopeItem {
    /// Its name, a URI.
    pub metadata_uri: String,
    /// Counts up with each change.
    pub version: u32,
    /// Its media type.
    pub content_type: Option<String>,
    /// It holds from then on: milliseconds since 1970, whole seconds in the document.
    pub valid_from_ms: Option<u64>,
    /// And until then.
    pub valid_until_ms: Option<u64>,
}

impl Envelope {
    /// Reads a document.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(document: &[u8]) -> Result<Self, UsdProblem> {
        let root = root(document, "metadataEnvelope", "the document is no metadataEnvelope")?;
        let mut items = Vec::new();
        for item in root.all("item") {
            let uri = item.value_of("metadataURI").ok_or(UsdProblem::Other("an item has no metadataURI"))?;
            let version = item.value_of("version").and_then(|version| version.parse().ok());
            items.push(EnvelopeItem {
                metadata_uri: uri.to_owned(),
                version: version.ok_or(UsdProblem::Other("an item has no version"))?,
                content_type: item.value_of("contentType").map(str::to_owned),
                valid_from_ms: item.value_of("validFrom").map(utc_ms).transpose()?,
                valid_until_ms: item.value_of("validUntil").map(utc_ms).transpose()?,
            });
        }
        Ok(Self { items })
    }

    /// The document.
    pub fn to_document(&self) -> String {
        let mut root = Element::new("metadataEnvelope").attribute("xmlns", NAMESPACE);
        for item in &self.items {
            let mut child =
                Element::new("item").attribute("metadataURI", &item.metadata_uri).attribute("version", item.version);
            let times = [("validFrom", item.valid_from_ms), ("validUntil", item.valid_until_ms)];
            for (name, time) in times.into_iter().filter_map(|(name, time)| Some((name, time?))) {
                child = child.attribute(name, date_time(time));
            }
            if let Some(content_type) = &item.content_type {
                child = child.attribute("contentType", content_type);
            }
            root = root.child(child);
        }
        root.to_document()
    }
}
