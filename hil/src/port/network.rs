//! The network of simulated modems in real time.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::live::LiveClock;
use crate::sim::{SimNetwork, SimNetworkInput, SimNetworkOutput, SimOutput, UeIndex};

/// Longest wait for modems when nothing is due.
const STEP: Duration = Duration::from_secs(1);

/// A network that modems in other threads are in.
pub struct LiveNetwork {
    network: SimNetwork,
    clock: LiveClock,
    /// To the modem of each UE.
    members: Vec<Sender<SimNetworkOutput>>,
    sender: Sender<(UeIndex, SimOutput)>,
    inbox: Receiver<(UeIndex, SimOutput)>,
}

/// A modem's way to its network and back.
#[derive(Debug)]
pub struct NetworkMember {
    pub(super) ue: UeIndex,
    pub(super) network: Sender<(UeIndex, SimOutput)>,
    pub(super) received: Receiver<SimNetworkOutput>,
}

impl LiveNetwork {
    /// Around a network without UEs.
    pub fn new(network: SimNetwork) -> Self {
        let (sender, inbox) = channel();
        Self { network, clock: LiveClock::start(), members: Vec::new(), sender, inbox }
    }

    /// A modem with this number.
    pub fn add(&mut self, msisdn: &str) -> NetworkMember {
        let ue = self.network.add_ue(msisdn);
        let (member, received) = channel();
        self.members.push(member);
        NetworkMember { ue, network: self.sender.clone(), received }
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
                let _ = members[ue].send(output);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::super::{LiveModem, PtyPort};
    use super::*;
    use crate::sim::{Personality, SimNetworkConfig};

    #[test]
    fn modems_end_when_nobody_can_give_orders_and_their_network_with_them() {
        let mut network = LiveNetwork::new(SimNetwork::new(SimNetworkConfig::default()));
        let (done, over) = channel();
        let mut orders = Vec::new();
        for number in ["358401111111", "358402222222"] {
            let (order, ordered) = channel();
            orders.push(order);
            let port = PtyPort::new(None).unwrap();
            let mut modem = LiveModem::new(Personality::default(), None, port).on_network(network.add(number));
            let done = done.clone();
            thread::spawn(move || {
                modem.serve(&ordered, |_| {}).unwrap();
                done.send("modem").unwrap();
            });
        }
        thread::spawn(move || {
            network.serve();
            done.send("network").unwrap();
        });
        let next = |seconds| over.recv_timeout(Duration::from_secs(seconds)).ok();
        orders.pop();
        assert_eq!((next(20), next(1)), (Some("modem"), None), "the other one goes on, and the network");
        orders.pop();
        assert_eq!((next(20), next(20)), (Some("modem"), Some("network")));
    }
}
