//! Diameter (RFC 6733) as IMS uses it (TS 29.229, TS 29.329).

mod link;

pub use link::{ConnectionId, DiameterInput, DiameterTransport};
