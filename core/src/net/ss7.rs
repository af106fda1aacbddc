//! SS7 between nodes of one process, in memory (ITU-T Q.714 clause 2): each message to the node that has the called party's
//! global title. Other processes are not reached: there is no M3UA yet.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::{Arc, PoisonError, RwLock};

use protocol::map::sccp::{ReturnCause, SccpMessage};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::event::NetEvent;
use super::tap::Party;

/// Nodes have no address on SS7 that a capture could show: each is shown at a port of its own that no socket has.
const SHOWN_AT: Ipv4Addr = Ipv4Addr::LOCALHOST;
const FIRST_SHOWN_PORT: u16 = 1;
/// What a message goes to whose global title nobody has, and where what comes back comes from.
pub(super) const NETWORK: SocketAddr = SocketAddr::V4(SocketAddrV4::new(SHOWN_AT, 0));
/// Its name in captures.
pub(super) const NETWORK_NAME: &str = "SS7";

/// Who has which global title.
#[derive(Clone, Default, Debug)]
pub(crate) struct Ss7(Arc<RwLock<BTreeMap<String, Place>>>);

/// A node on SS7.
#[derive(Clone, Debug)]
struct Place {
    party: Party,
    address: SocketAddr,
    events: mpsc::Sender<NetEvent>,
}

/// What has become of a message.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Sent {
    /// Where it has gone: to the node that has the global title, or to the network.
    pub(super) remote: SocketAddr,
    /// It was taken; or what comes back instead (Q.714 clause 4.2), if anything does.
    pub(super) taken: Result<(), Option<Vec<u8>>>,
}

impl Ss7 {
    /// A node takes what is for a global title.
    pub(super) fn join(&self, digits: &str, party: Party, events: mpsc::Sender<NetEvent>) -> io::Result<SocketAddr> {
        let mut places = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(digits) {
            let why = format!("global title {digits} is that of {} and of {}", place.party.name, party.name);
            return Err(io::Error::new(io::ErrorKind::AddrInUse, why));
        }
        let address = SocketAddr::from((SHOWN_AT, FIRST_SHOWN_PORT + places.len() as u16));
        places.insert(digits.to_owned(), Place { party, address, events });
        Ok(address)
    }

    /// Sends a message. A node that is too slow loses messages, as class 0 may, and one that has ended takes none.
    pub(super) fn send(&self, bytes: &[u8]) -> Sent {
        let Ok(message) = SccpMessage::parse(bytes) else { return Sent { remote: NETWORK, taken: Err(None) } };
        let places = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = message.called().digits().and_then(|digits| places.get(digits)) else {
            return Sent { remote: NETWORK, taken: Err(message.returned(ReturnCause::NO_TRANSLATION)) };
        };
        let taken = place.events.try_send(NetEvent::Sccp { bytes: bytes.to_vec() });
        let cause = |why: TrySendError<_>| match why {
            TrySendError::Full(_) => ReturnCause::SUBSYSTEM_CONGESTION,
            TrySendError::Closed(_) => ReturnCause::SUBSYSTEM_FAILURE,
        };
        Sent { remote: place.address, taken: taken.map_err(|why| message.returned(cause(why))) }
    }
}

#[cfg(test)]
mod tests;
