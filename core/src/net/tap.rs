//! What live nodes send and receive, for a capture: each message once, before encryption, with the boxes that it lies between.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, PoisonError, RwLock};

use protocol::{Instant, Joint, TapEvent, UdpDatagram};

use super::ss7::NETWORK_NAME;
use crate::node::{Carried, Role};

/// Where boxes are: between two of them lies a reference point.
#[derive(Clone, Default, Debug)]
pub struct Directory {
    boxes: Arc<RwLock<BTreeMap<SocketAddr, Party>>>,
}

/// A box.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Party {
    /// What it is.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// True for nodes of this process: what they send they tap themselves.
    pub own: bool,
}

impl Directory {
    /// Writes down who is at an address.
    pub fn insert(&self, address: SocketAddr, party: Party) {
        self.boxes.write().unwrap_or_else(PoisonError::into_inner).insert(address, party);
    }

    /// Nobody is there any more.
    pub fn remove(&self, address: SocketAddr) {
        self.boxes.write().unwrap_or_else(PoisonError::into_inner).remove(&address);
    }

    /// Who is at an address.
    #[must_use]
    pub fn find(&self, address: SocketAddr) -> Option<Party> {
        self.boxes.read().unwrap_or_else(PoisonError::into_inner).get(&address).cloned()
    }
}

/// Takes what is seen. A reader that is too slow loses messages, which are counted; nodes never wait for it.
#[derive(Clone, Debug)]
pub struct NetTap {
    events: SyncSender<TapEvent>,
    lost: Arc<AtomicU64>,
}

impl NetTap {
    /// A tap whose events go there.
    #[must_use]
    pub fn new(events: SyncSender<TapEvent>) -> Self {
        Self { events, lost: Arc::default() }
    }

    /// Messages that the reader was too slow for.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn put(&self, event: TapEvent) {
        if self.events.try_send(event).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The tap of one node.
#[derive(Clone, Debug)]
pub(crate) struct NodeTap {
    pub(crate) tap: Option<NetTap>,
    pub(crate) directory: Directory,
    pub(crate) own: Party,
    /// What a box is that is not in the directory, and what one is that comes by HTTP or media.
    pub(crate) stranger: Role,
    pub(crate) client: Role,
}

/// A message and the way that it goes.
pub(crate) struct Seen<'a> {
    pub(crate) transport: &'a str,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) bytes: &'a [u8],
    pub(crate) carried: Carried,
}

impl NodeTap {
    /// The node has sent something.
    pub(crate) fn sent(&self, now: Instant, seen: &Seen<'_>) {
        let Some(tap) = &self.tap else { return };
        let peer = self.peer(seen);
        tap.put(event(now, seen, (&self.own, seen.local), (&peer, seen.remote)));
    }

    /// The node has received something; what came from a node of this process was seen when that sent it.
    pub(crate) fn received(&self, now: Instant, seen: &Seen<'_>) {
        let Some(tap) = &self.tap else { return };
        let peer = self.peer(seen);
        if !peer.own {
            tap.put(event(now, seen, (&peer, seen.remote), (&self.own, seen.local)));
        }
    }

    fn peer(&self, seen: &Seen<'_>) -> Party {
        self.directory.find(seen.remote).unwrap_or_else(|| Party {
            role: match (self.own.role, seen.carried) {
                (_, Carried::Sip | Carried::Diameter) => self.stranger,
                // Its clients are BM-SCs that send, but MCEs that connect and eNBs that hear groups.
                (Role::MbmsGw, Carried::Stream) => Role::Mce,
                (Role::MbmsGw, Carried::Datagram) if seen.remote.ip().is_multicast() => Role::Enb,
                (_, Carried::Http | Carried::Stream | Carried::Datagram) => self.client,
                // Nobody but the network: the reference point is that of the node.
                (own, Carried::Sccp) => own,
            },
            name: match seen.carried {
                Carried::Sccp => NETWORK_NAME.to_owned(),
                _ => seen.remote.to_string(),
            },
            own: false,
        })
    }
}

fn event(at: Instant, seen: &Seen<'_>, from: (&Party, SocketAddr), to: (&Party, SocketAddr)) -> TapEvent {
    let ((sender, source), (receiver, destination)) = (from, to);
    let joint = sender.role.joint_of(receiver.role, seen.carried);
    let (own, name) = (sender.name.clone(), receiver.name.clone());
    // What is seen on M1 begins with its IP header.
    let packet = UdpDatagram { source, destination, payload: seen.bytes };
    let bytes = Some(joint).filter(|joint| *joint == Joint::M1).and_then(|_| packet.emit().ok());
    TapEvent {
        at,
        joint,
        from: own,
        to: name,
        channel: format!("{} {source} {destination}", seen.transport),
        lcid: 0,
        bytes: bytes.unwrap_or_else(|| seen.bytes.to_vec()),
    }
}
