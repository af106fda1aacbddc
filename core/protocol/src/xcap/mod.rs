//! XCAP (RFC 4825): addresses of parts of XML documents, and changes of one part that leave every other octet as it was.

mod edit;
mod error;
mod selector;
mod tree;
mod uri;

pub use edit::{Part, PartKind, delete, get, put_attribute, put_element};
pub use error::{Taken, XcapConflict};
pub use selector::{Bindings, MAX_SELECTOR, Name, NodeSelector, SelectorProblem, Step, Terminal};
pub use tree::{MAX_DEPTH, MAX_NODES, parse_document};
pub use uri::{Tree, UriProblem, XcapUri, percent_decode, percent_encode};

/// Media type of an element (RFC 4825 clause 15.2.2).
pub const ELEMENT_TYPE: &str = "application/xcap-el+xml";
/// Media type of the value of an attribute (RFC 4825 clause 15.2.1).
pub const ATTRIBUTE_TYPE: &str = "application/xcap-att+xml";
/// Media type of namespace bindings (RFC 4825 clause 15.2.3).
pub const NAMESPACES_TYPE: &str = "application/xcap-ns+xml";
/// Media type of the body of a 409 (RFC 4825 clause 15.2.4).
pub const ERROR_TYPE: &str = "application/xcap-error+xml";
/// Namespace of the body of a 409 (RFC 4825 clause 11.2).
pub const ERROR_NAMESPACE: &str = "urn:ietf:params:xml:ns:xcap-error";
/// Media type of the capabilities of a server (RFC 4825 clause 12.4).
pub const CAPS_TYPE: &str = "application/xcap-caps+xml";
/// Namespace of the capabilities of a server (RFC 4825 clause 12.3).
pub const CAPS_NAMESPACE: &str = "urn:ietf:params:xml:ns:xcap-caps";

#[cfg(test)]
mod tests;
