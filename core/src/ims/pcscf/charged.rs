//! What the P-CSCF tells the charging trigger function (TS 32.260 clause 5.2): of each request that it sends on, whom it
//! serves.

use protocol::Instant;
use protocol::diameter::charging::RoleOfNode;
use protocol::sip::{Request, ServerKey, Target};

use super::{Pcscf, Purpose};
use crate::charging::ChargingClient;
use crate::node::NodeOutput;

impl Pcscf {
    /// The same with offline charging.
    #[must_use]
    pub fn with_charging(mut self, charging: ChargingClient) -> Self {
        self.charging = charging;
        self.pass_charging();
        self
    }

    /// A request was sent on.
    pub(super) fn charge(&mut self, now: Instant, key: ServerKey, request: &Request, purpose: &Purpose) {
        let (role, hidden) = match purpose {
            Purpose::Register(_) | Purpose::ToUe { retried: true, .. } => return,
            Purpose::FromUe { .. } => (RoleOfNode::Originating, None),
            // The UE does not see it: it is not in the request any more.
            Purpose::ToUe { charging, .. } => (RoleOfNode::Terminating, Some(charging)),
        };
        self.charging.begin(now, key, role, request, hidden);
        self.charging.within(now, Some(key.into()), request);
    }

    /// A message leaves when the records that it follows from are durable.
    pub(super) fn transmit(&mut self, target: Target, bytes: Vec<u8>) {
        self.outputs.extend(self.charging.pass(NodeOutput::Sip { target, bytes }));
    }

    pub(super) fn pass_charging(&mut self) {
        while let Some(output) = self.charging.poll_output() {
            self.outputs.push_back(output);
        }
    }
}
