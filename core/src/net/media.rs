//! UDP sockets of media (RTP, RTCP): all are there from the start, so that nothing waits for one.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::event::NetEvent;

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

    /// Sends a datagram at once or not at all. False: not at all.
    pub(crate) fn send(&self, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) -> bool {
        self.sockets.get(&local).is_some_and(|socket| socket.try_send_to(bytes, remote).is_ok())
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
