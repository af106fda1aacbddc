//! UDP sockets of media (RTP, RTCP): all are there from the start, so that nothing waits for one.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use socket2::SockRef;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::event::NetEvent;
use crate::node::Membership;

/// Longer datagrams than those of an Ethernet are cut, and with that no RTP any more.
const LONGEST: usize = 2048;

/// Sockets for media of one node. They are closed with it.
#[derive(Debug, Default)]
pub(crate) struct MediaSockets {
    sockets: BTreeMap<SocketAddr, Arc<UdpSocket>>,
    readers: JoinSet<()>,
}

impl MediaSockets {
    /// Opens them; what comes is told to the node, or lost when it is busy, as media may be.
    pub(crate) async fn bind(addresses: &[SocketAddr], events: &mpsc::Sender<NetEvent>) -> io::Result<Self> {
        let mut media = Self::default();
        for &address in addresses {
            let named =
                |e: io::Error| io::Error::new(e.kind(), format!("cannot listen on UDP {address} for media: {e}"));
            let socket = Arc::new(UdpSocket::bind(address).await.map_err(named)?);
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

    /// Joins a group on every socket that hears all addresses of its port, or leaves it: Linux gives datagrams of groups to
    /// no other ones.
    ///
    /// # Errors
    /// There is no such socket, or the system refuses.
    pub(crate) fn set_member(&self, membership: Membership) -> io::Result<()> {
        let mut sockets = self.sockets.iter().filter(|(local, _)| local.ip().is_unspecified()).peekable();
        if sockets.peek().is_none() {
            let why = format!("no socket to hear {} on: give the node a port on 0.0.0.0", membership.group);
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, why));
        }
        sockets.try_for_each(|(_, socket)| join_or_leave(socket, membership))
    }

    /// Sends a datagram at once or not at all. False: not at all.
    pub(crate) fn send(&self, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) -> bool {
        self.sockets.get(&local).is_some_and(|socket| socket.try_send_to(bytes, remote).is_ok())
    }
}

/// RFC 3678 clause 4.1: any-source and source-specific groups.
fn join_or_leave(socket: &UdpSocket, membership: Membership) -> io::Result<()> {
    let any = Ipv4Addr::UNSPECIFIED;
    let raw = SockRef::from(socket);
    match (membership.group, membership.source, membership.is_member) {
        (IpAddr::V4(group), None, true) => raw.join_multicast_v4(&group, &any),
        (IpAddr::V4(group), None, false) => raw.leave_multicast_v4(&group, &any),
        (IpAddr::V4(group), Some(IpAddr::V4(source)), true) => raw.join_ssm_v4(&source, &group, &any),
        (IpAddr::V4(group), Some(IpAddr::V4(source)), false) => raw.leave_ssm_v4(&source, &group, &any),
        (IpAddr::V6(group), None, true) => raw.join_multicast_v6(&group, 0),
        (IpAddr::V6(group), None, false) => raw.leave_multicast_v6(&group, 0),
        (group, Some(source), _) => {
            let why = format!("groups of one source are for IPv4 only here: {group} from {source}");
            Err(io::Error::new(io::ErrorKind::Unsupported, why))
        }
    }
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
