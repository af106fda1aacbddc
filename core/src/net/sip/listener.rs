//! Listening sockets: UDP receivers, TCP and TLS acceptors.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use protocol::sip::{Flow, Transport};
use tokio::net::{TcpListener, UdpSocket};

use super::super::stream::accept;
use super::{NetEvent, Shared, SipSockets, connection};

/// The largest UDP payload.
const DATAGRAM: usize = 65_535;

/// Asked of the kernel for datagrams that wait to be read: a burst of a few thousand messages.
const RECEIVE_BUFFER: usize = 4 << 20;

impl SipSockets {
    pub(super) async fn listen(&mut self, transport: Transport, address: SocketAddr) -> io::Result<SocketAddr> {
        let local = match transport {
            Transport::Udp => {
                let socket = Arc::new(UdpSocket::bind(address).await?);
                // The kernel may give less.
                let _ = socket2::SockRef::from(&*socket).set_recv_buffer_size(RECEIVE_BUFFER);
                let local = socket.local_addr()?;
                self.datagrams.push((local, Arc::clone(&socket)));
                self.tasks.spawn(receive(self.shared.clone(), socket, local));
                local
            }
            Transport::Tcp | Transport::Tls => {
                if transport == Transport::Tls && self.shared.tls.is_none() {
                    return Err(io::Error::other("no certificate"));
                }
                let listener = TcpListener::bind(address).await?;
                let local = listener.local_addr()?;
                let (shared, places) = (self.shared.clone(), Arc::clone(&self.shared.places));
                let serve = move |stream| connection::accepted(shared.clone(), stream, transport);
                self.tasks.spawn(accept(listener, places, serve));
                local
            }
        };
        Ok(local)
    }
}

async fn receive(shared: Shared, socket: Arc<UdpSocket>, local: SocketAddr) {
    let mut buffer = vec![0; DATAGRAM];
    loop {
        // An error here is of an earlier datagram's way out (ICMP), or passes: there is nothing to be told of it.
        let Ok((length, remote)) = socket.recv_from(&mut buffer).await else {
            tokio::task::yield_now().await;
            continue;
        };
        // Keep-alives of UEs behind NATs (RFC 3261 clause 7.5, RFC 5626 clause 4.4.1).
        let bytes = &buffer[..length];
        if bytes.iter().all(|b| matches!(b, b'\r' | b'\n' | 0)) {
            continue;
        }
        let flow = Flow { transport: Transport::Udp, local, remote };
        if shared.events.send(NetEvent::Sip { flow, bytes: bytes.to_vec() }).await.is_err() {
            return;
        }
    }
}
