//! Offline charging at the S-CSCF (TS 32.260 clause 5.2): it begins where a served user's request comes in; that it goes to
//! application servers and comes back makes no other session of it.

use protocol::sip::Target;

use super::Scscf;
use crate::charging::ChargingClient;
use crate::ims::ImsOutput;

impl Scscf {
    /// The same with offline charging.
    #[must_use]
    pub fn with_charging(mut self, charging: ChargingClient) -> Self {
        self.charging = charging;
        self.pass_charging();
        self
    }

    /// A message leaves when the records that it follows from are durable.
    pub(super) fn transmit(&mut self, target: Target, bytes: Vec<u8>) {
        self.outputs.extend(self.charging.pass(ImsOutput::Sip { target, bytes }));
    }

    pub(super) fn pass_charging(&mut self) {
        while let Some(output) = self.charging.poll_output() {
            self.outputs.push_back(output);
        }
    }
}
