//! Multimedia messages (TS 23.140, TR 23.804 clause 8.11).

pub mod relay;

pub use relay::{MmsLimits, MmsPush, MmsRelay, MmsRelayConfig, MmsSubscriber, MmsTimes, OtherRelay, PushGateway};
