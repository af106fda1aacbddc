//! User service description: what a UE needs to know of MBMS user services (TS 26.346 clauses 5.2.2 and 11.2).
//!
//! | fragment | media type | type here |
//! |---|---|---|
//! | user service bundle description | [`USD_CONTENT_TYPE`] | [`Bundle`] |
//! | session description | [`SDP_CONTENT_TYPE`] | [`DeliveryDescription`] |
//! | schedule description | [`SCHEDULE_CONTENT_TYPE`] | [`Schedule`] |
//! | metadata envelope | [`ENVELOPE_CONTENT_TYPE`] | [`Envelope`] |
//!
//! They come together as a multipart/related whose root is the envelope: [`Announcement`] (clauses 5.2.3.1 and 11.1.3).
//! Elements and attributes that are not known here are left out; readers are bounded by those of XML, MIME and SDP.

mod announcement;
mod bundle;
mod description;
mod envelope;
mod schedule;

pub use announcement::{ANNOUNCEMENT_CONTENT_TYPE, Announcement, Fragment};
pub use bundle::{Bundle, DeliveryMethod, Name, UserService};
pub use description::{Delivered, DeliveryDescription};
pub use envelope::{Envelope, EnvelopeItem};
pub use schedule::{Schedule, ScheduledSession};

use crate::mime::MimeProblem;
use crate::utc::{from_rfc3339, to_rfc3339};
use crate::xml::{Element, XmlProblem};

/// Media type of a bundle (TS 26.346 annex C.10).
pub const USD_CONTENT_TYPE: &str = "application/mbms-user-service-description+xml";
/// Media type of a session description (RFC 8866 clause 8.1).
pub const SDP_CONTENT_TYPE: &str = "application/sdp";
/// Media type of a schedule (TS 26.346 annex C.15).
pub const SCHEDULE_CONTENT_TYPE: &str = "application/mbms-schedule+xml";
/// Media type of an envelope (TS 26.346 annex C.8).
pub const ENVELOPE_CONTENT_TYPE: &str = "application/mbms-envelope+xml";

/// Of elements that tell the parts of a schema's versions apart (TS 26.346 clause 11.2.1.2).
const VERSION_NAMESPACE: &str = "urn:3gpp:metadata:2009:MBMS:schemaVersion";

/// Why a fragment was not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UsdProblem {
    /// It is no XML.
    #[error(transparent)]
    Xml(#[from] XmlProblem),
    /// It is no multipart.
    #[error(transparent)]
    Mime(#[from] MimeProblem),
    /// It is of another kind, or lacks something.
    #[error("{0}")]
    Other(&'static str),
}

fn text(document: &[u8]) -> Result<&str, UsdProblem> {
    std::str::from_utf8(document).map_err(|_| UsdProblem::Other("the document is no UTF-8"))
}

/// The root of a document, when it is this one.
fn root(document: &[u8], name: &str, wrong: &'static str) -> Result<Element, UsdProblem> {
    let element = Element::parse(text(document)?)?;
    if element.name == name { Ok(element) } else { Err(UsdProblem::Other(wrong)) }
}

/// An attribute, whatever prefix its namespace has.
fn attribute<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    let is_it = |own: &str| own.rsplit(':').next() == Some(name) && !own.starts_with("xmlns");
    element.attributes.iter().find(|(own, _)| is_it(own)).map(|(_, value)| value.as_str())
}

/// `xs:dateTime`: whole seconds, as all examples have it.
fn date_time(utc_ms: u64) -> String {
    to_rfc3339(utc_ms / 1000 * 1000)
}

fn utc_ms(text: &str) -> Result<u64, UsdProblem> {
    from_rfc3339(text).ok_or(UsdProblem::Other("a time is none"))
}

#[cfg(test)]
mod tests;
