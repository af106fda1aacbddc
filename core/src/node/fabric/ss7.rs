//! SS7 between nodes (ITU-T Q.714 clause 2: translation of global titles): each message goes to the box that has the
//! called party's global title.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use protocol::Instant;
use protocol::map::sccp::{ReturnCause, SccpMessage};
use protocol::sip::Transport;

use super::{Fabric, FabricOutput, NodeInput, OutsideEvent, Way, WireMessage};

/// What a message to a global title that nobody has goes to, and what comes back comes from.
const NETWORK: &str = "SS7";
/// It has no address.
const NETWORK_IP: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

impl Fabric {
    /// Gives a box the global title of these digits (E.164, without `+`); false when there is no such box, or another one has
    /// that title.
    pub fn set_global_title(&mut self, name: &str, digits: &str) -> bool {
        let index = self.named(name);
        index.is_some_and(|index| *self.global_titles.entry(digits.to_owned()).or_insert(index) == index)
    }

    /// A box outside sends a message of SS7; false when there is no such box.
    pub fn sccp_from_outside(&mut self, name: &str, bytes: Vec<u8>) -> bool {
        self.outside_names.get(name).copied().is_some_and(|index| {
            self.sccp(index, bytes);
            true
        })
    }

    /// A box sends a message of SS7.
    pub(super) fn sccp(&mut self, index: usize, bytes: Vec<u8>) {
        let Ok(message) = SccpMessage::parse(&bytes) else { return };
        let to = message.called().digits().and_then(|digits| self.global_titles.get(digits).copied());
        self.emit_sccp(Some(index), to, bytes);
    }

    /// What finds nobody comes back, where its sender wants that (Q.714 clause 4.2).
    pub(super) fn sccp_arrives(&mut self, now: Instant, source: SocketAddr, destination: SocketAddr, bytes: &[u8]) {
        let to = self.by_ip.get(&destination.ip()).copied();
        let cause = match to {
            Some(to) if !self.places[to].is_down => match self.places[to].node {
                None => return self.at_outside(to, OutsideEvent::Sccp { bytes: bytes.to_vec() }),
                Some(_) => return self.input(now, to, NodeInput::Sccp { bytes }),
            },
            Some(_) => ReturnCause::SUBSYSTEM_FAILURE,
            None => ReturnCause::NO_TRANSLATION,
        };
        let returned = SccpMessage::parse(bytes).ok().and_then(|message| message.returned(cause));
        if let (Some(returned), Some(&sender)) = (returned, self.by_ip.get(&source.ip())) {
            self.emit_sccp(None, Some(sender), returned);
        }
    }

    /// A message between boxes, or between a box and the network.
    fn emit_sccp(&mut self, from: Option<usize>, to: Option<usize>, bytes: Vec<u8>) {
        let Some(known) = from.or(to) else { return };
        let role = |place: Option<usize>| self.places[place.unwrap_or(known)].role;
        let name = |place: Option<usize>| place.map_or(NETWORK, |place| &self.places[place].name).to_owned();
        let address =
            |place: Option<usize>| SocketAddr::new(place.map_or(NETWORK_IP, |place| self.places[place].ip), 0);
        let message = WireMessage {
            joint: role(from).joint_of(role(to), Way::Sccp.carried()),
            from: name(from),
            to: name(to),
            transport: Transport::Udp,
            source: address(from),
            destination: address(to),
            bytes,
            way: Way::Sccp,
        };
        self.say(FabricOutput::Message(message));
    }
}
