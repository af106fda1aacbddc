//! The network of simulated modems in real time.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::live::{LiveClock, ModemOrder};
use crate::sim::{SimNetwork, SimNetworkInput, SimOutput, UeIndex};

/// Longest wait for modems when nothing is due.
const STEP: Duration = Duration::from_secs(1);

/// A network that modems in other threads are in.
pub struct LiveNetwork {
    network: SimNetwork,
    clock: LiveClock,
    /// Orders for the modem of each UE.
    members: Vec<Sender<ModemOrder>>,
    sender: Sender<(UeIndex, SimOutput)>,
    inbox: Receiver<(UeIndex, SimOutput)>,
}

/// A modem's way to its network.
#[derive(Clone, Debug)]
pub struct NetworkMember {
    pub(super) ue: UeIndex,
    pub(super) network: Sender<(UeIndex, SimOutput)>,
}

impl LiveNetwork {
    /// Around a network without UEs.
    pub fn new(network: SimNetwork) -> Self {
        let (sender, inbox) = channel();
        Self { network, clock: LiveClock::start(), members: Vec::new(), sender, inbox }
    }

    /// A modem with this number, and the orders that it obeys.
    pub fn add(&mut self, msisdn: &str, orders: Sender<ModemOrder>) -> NetworkMember {
        let ue = self.network.add_ue(msisdn);
        self.members.push(orders);
        NetworkMember { ue, network: self.sender.clone() }
    }

    /// Serves until no modem is left.
    pub fn serve(self) {
        let Self { mut network, clock, members, sender, inbox } = self;
        // Only modems keep it going.
        drop(sender);
        loop {
            let now = clock.now();
            let patience = network.poll_timeout().map_or(STEP, |due| due.saturating_duration_since(now).min(STEP));
            match inbox.recv_timeout(patience) {
                Ok((ue, output)) => {
                    if let Some(input) = SimNetworkInput::of_modem(ue, &output) {
                        network.handle_input(clock.now(), input);
                    }
                }
                Err(RecvTimeoutError::Timeout) => network.handle_timeout(clock.now()),
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while let Some(output) = network.poll_output() {
                let (ue, _) = output.for_modem();
                // A modem that is gone is one that cannot be reached.
                let _ = members[ue].send(ModemOrder::FromNetwork(output));
            }
        }
    }
}
