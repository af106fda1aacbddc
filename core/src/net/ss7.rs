//! SS7 between nodes of one process, in memory (ITU-T Q.714 clause 2): each message to the node that has the called party's
//! global title. Other processes are not reached: there is no M3UA yet.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};

use protocol::map::sccp::{ReturnCause, SccpMessage};
use tokio::sync::mpsc;

use super::event::NetEvent;
use super::tap::Party;

/// Nodes have no address on SS7 that a capture could show: each is shown at a port of its own that no socket has.
const SHOWN_AT: Ipv4Addr = Ipv4Addr::LOCALHOST;
const FIRST_SHOWN_PORT: u16 = 1;

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

    /// Sends a message: where it has gone, or what comes back instead (Q.714 clause 4.2), if anything does. A node that is
    /// too slow loses messages, as class 0 may.
    pub(super) fn send(&self, bytes: &[u8]) -> Result<SocketAddr, Option<Vec<u8>>> {
        let message = SccpMessage::parse(bytes).map_err(|_| None)?;
        let places = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let place = message.called().digits().and_then(|digits| places.get(digits));
        let Some(place) = place else { return Err(message.returned(ReturnCause::NO_TRANSLATION)) };
        let taken = place.events.try_send(NetEvent::Sccp { bytes: bytes.to_vec() });
        taken.map(|()| place.address).map_err(|_| message.returned(ReturnCause::SUBSYSTEM_CONGESTION))
    }
}
