//! MMS Relay/Server (TS 23.140 clause 7.1; TR 23.804 clause 8.11).

mod config;

use protocol::{Entropy, Instant};

use crate::node::{Node, NodeInput, NodeOutput};
pub use config::{MmsLimits, MmsPush, MmsRelayConfig, MmsSubscriber, MmsTimes, OtherRelay, PushGateway};

/// An MMS Relay/Server.
#[derive(Debug)]
pub struct MmsRelay {
    config: MmsRelayConfig,
    entropy: Entropy,
}

impl MmsRelay {
    /// An MMS Relay/Server.
    ///
    /// # Errors
    /// Settings that do not go together.
    pub fn new(config: MmsRelayConfig, entropy: Entropy) -> Result<Self, String> {
        Ok(Self { config, entropy })
    }
}

impl Node for MmsRelay {
    fn handle_input(&mut self, _now: Instant, _input: NodeInput<'_>) {}

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        None
    }
}
