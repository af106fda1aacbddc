//! SS7 between nodes (ITU-T Q.714 clause 2: translation of global titles): each message goes to the box that has the
//! called party's global title.

use std::net::SocketAddr;

use protocol::Instant;
use protocol::map::sccp::{ReturnCause, SccpMessage};
use protocol::sip::Transport;

use super::{Arrival, Fabric, NodeInput, OutsideEvent, Way};

impl Fabric {
    /// Gives a box the global title of these digits (E.164, without `+`); false when there is no such box.
    pub fn set_global_title(&mut self, name: &str, digits: &str) -> bool {
        let index = self.places.iter().position(|place| place.name == name);
        index.is_some_and(|index| {
            self.global_titles.insert(digits.to_owned(), index);
            true
        })
    }

    /// A box outside sends a message of SS7; false when there is no such box.
    pub fn sccp_from_outside(&mut self, now: Instant, name: &str, bytes: Vec<u8>) -> bool {
        let index = self.places.iter().position(|place| place.name == name && place.node.is_none());
        index.is_some_and(|index| {
            self.sccp(now, index, bytes);
            true
        })
    }

    /// What nobody has the global title of comes back, where its sender wants that (Q.714 clause 4.2).
    pub(super) fn sccp(&mut self, now: Instant, index: usize, bytes: Vec<u8>) {
        let Ok(message) = SccpMessage::parse(&bytes) else { return };
        let to = message.called().digits().and_then(|digits| self.global_titles.get(digits).copied());
        let Some(to) = to.filter(|&to| !self.places[to].is_down) else {
            if let Some(bytes) = message.returned(ReturnCause::NO_TRANSLATION) {
                self.schedule(now + self.latency.core, Arrival::SccpReturned { at: index, bytes });
            }
            return;
        };
        let address = |place: usize| (place, SocketAddr::new(self.places[place].ip, 0));
        self.emit(Way::Sccp, Transport::Udp, address(index), address(to), bytes);
    }

    pub(super) fn sccp_arrives(&mut self, now: Instant, to: usize, bytes: &[u8]) {
        match self.places[to].node {
            None => self.at_outside(to, OutsideEvent::Sccp { bytes: bytes.to_vec() }),
            Some(_) => self.input(now, to, NodeInput::Sccp { bytes }),
        }
    }
}
