//! SIP (RFC 3261) as IMS uses it (TS 24.229).

mod flow;

pub use flow::{Flow, Target, Transport};
