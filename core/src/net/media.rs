//! UDP sockets of media (RTP, RTCP) and of MBMS user data: all are there from the start, so that nothing waits for one, but those
//! of groups of IP multicast, which come and go with the groups.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::event::NetEvent;
use crate::node::Membership;

/// Longer datagrams than those of an Ethernet are cut, and with that no RTP any more.
const LONGEST: usize = 2048;

/// How a node uses IP multicast.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Multicast {
    /// The UDP port on which it hears groups; none: it hears none.
    pub port: Option<u16>,
    /// Own address of the interface, for hearing and sending; 0.0.0.0: the system's choice by its routes.
    pub interface: Ipv4Addr,
    /// How many routers what it sends may pass, and one more (RFC 1112 clause 6.1).
    pub ttl: u8,
}

impl Default for Multicast {
    fn default() -> Self {
        Self { port: None, interface: Ipv4Addr::UNSPECIFIED, ttl: 1 }
    }
}

/// Sockets for media of one node. They are closed with it.
#[derive(Debug)]
pub(crate) struct MediaSockets {
    sockets: BTreeMap<SocketAddr, Arc<UdpSocket>>,
    multicast: Multicast,
    /// By group and source: a socket each, for the system hears no more than twenty groups with one.
    groups: BTreeMap<(IpAddr, Option<IpAddr>), AbortHandle>,
    events: mpsc::Sender<NetEvent>,
    readers: JoinSet<()>,
}

impl MediaSockets {
    /// Opens them; what comes is told to the node, or lost when it is busy, as media may be.
    pub(crate) async fn bind(
        addresses: &[SocketAddr],
        multicast: Multicast,
        events: &mpsc::Sender<NetEvent>,
    ) -> io::Result<Self> {
        let (sockets, groups, readers) = Default::default();
        let mut media = Self { sockets, multicast, groups, events: events.clone(), readers };
        for &address in addresses {
            let named =
                |e: io::Error| io::Error::new(e.kind(), format!("cannot listen on UDP {address} for media: {e}"));
            let socket = Arc::new(UdpSocket::bind(address).await.map_err(named)?);
            if address.is_ipv4() {
                let raw = SockRef::from(&*socket);
                raw.set_multicast_ttl_v4(multicast.ttl.into()).map_err(named)?;
                if !multicast.interface.is_unspecified() {
                    raw.set_multicast_if_v4(&multicast.interface).map_err(named)?;
                }
            }
            let local = socket.local_addr()?;
            media.readers.spawn(read(Arc::clone(&socket), local, events.clone()));
            media.sockets.insert(local, socket);
        }
        Ok(media)
    }

    /// Where they are.
    pub(crate) fn places(&self) -> impl Iterator<Item = SocketAddr> {
        self.sockets.keys().copied()
    }

    /// Joins a group, or leaves it. What comes to it comes to its address and the port for groups.
    ///
    /// # Errors
    /// The node has no port for groups, or the system refuses.
    pub(crate) fn set_member(&mut self, membership: Membership) -> io::Result<()> {
        while self.readers.try_join_next().is_some() {}
        let key = (membership.group, membership.source);
        if !membership.is_member {
            if let Some(reader) = self.groups.remove(&key) {
                reader.abort();
            }
            return Ok(());
        }
        let none = || io::Error::new(io::ErrorKind::AddrNotAvailable, "this node has no port for groups");
        let local = SocketAddr::new(membership.group, self.multicast.port.ok_or_else(none)?);
        let socket = Arc::new(join(membership, local, self.multicast.interface)?);
        let reader = self.readers.spawn(read(socket, local, self.events.clone()));
        if let Some(old) = self.groups.insert(key, reader) {
            old.abort();
        }
        Ok(())
    }

    /// Sends a datagram at once or not at all. False: not at all.
    pub(crate) fn send(&self, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) -> bool {
        self.sockets.get(&local).is_some_and(|socket| socket.try_send_to(bytes, remote).is_ok())
    }
}

/// A socket that hears this group alone (RFC 3678 clause 4.1: any-source and source-specific groups). Others on this host may
/// hear it, too.
fn join(membership: Membership, local: SocketAddr, interface: Ipv4Addr) -> io::Result<UdpSocket> {
    let raw = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))?;
    raw.set_nonblocking(true)?;
    raw.set_reuse_address(true)?;
    raw.bind(&local.into())?;
    match (membership.group, membership.source) {
        (IpAddr::V4(group), None) => raw.join_multicast_v4(&group, &interface)?,
        (IpAddr::V4(group), Some(IpAddr::V4(source))) => raw.join_ssm_v4(&source, &group, &interface)?,
        (IpAddr::V6(group), None) => raw.join_multicast_v6(&group, 0)?,
        (group, Some(source)) => {
            let why = format!("groups of one source are for IPv4 only here: {group} from {source}");
            return Err(io::Error::new(io::ErrorKind::Unsupported, why));
        }
    }
    if local.is_ipv4() {
        // Without it a socket gets datagrams of other sources that somebody else on this host hears.
        raw.set_multicast_all_v4(false)?;
    }
    UdpSocket::from_std(raw.into())
}

async fn read(socket: Arc<UdpSocket>, local: SocketAddr, events: mpsc::Sender<NetEvent>) {
    let mut buffer = vec![0; LONGEST];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((count, remote)) => {
                let bytes = buffer[..count].to_vec();
                let told = events.try_send(NetEvent::Media { local, remote, bytes });
                if matches!(told, Err(mpsc::error::TrySendError::Closed(_))) {
                    return;
                }
            }
            // ICMP told that somebody is gone: the next one may be there.
            Err(_) if events.is_closed() => return,
            Err(_) => tokio::task::yield_now().await,
        }
    }
}
