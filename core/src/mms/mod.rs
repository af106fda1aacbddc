//! Multimedia messages (TS 23.140, TR 23.804 clause 8.11).

pub(crate) mod charging;
pub mod relay;

pub use charging::IP_ACCESS_HEADER;
pub use relay::{MmsLimits, MmsPush, MmsRelay, MmsRelayConfig, MmsSubscriber, MmsTimes, OtherRelay, PushGateway};
