//! Diameter transports of one node (RFC 6733 clause 2.1): TCP, both directions; what is in the octets is the node's business.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::diameter::ConnectionId;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::event::{Channel, NetEvent, WriteQueue};
use super::limits::NetLimits;
use super::stream::{accept, connect, pump, within};

/// The sockets; nothing here waits. Dropped, everything is closed.
#[derive(Debug)]
pub(crate) struct DiameterSockets {
    listening: Vec<SocketAddr>,
    source: Option<SocketAddr>,
    open: BTreeMap<ConnectionId, WriteQueue>,
    shared: Shared,
    tasks: JoinSet<()>,
}

#[derive(Clone, Debug)]
struct Shared {
    events: mpsc::Sender<NetEvent>,
    limits: NetLimits,
    next: Arc<AtomicU64>,
    places: Arc<Semaphore>,
}

impl DiameterSockets {
    /// Listens on these addresses; connections of our own come from `source`.
    pub(crate) async fn bind(
        wanted: &[SocketAddr],
        source: Option<SocketAddr>,
        limits: NetLimits,
        events: mpsc::Sender<NetEvent>,
    ) -> io::Result<Self> {
        let places = Arc::new(Semaphore::new(limits.connections));
        let shared = Shared { events, limits, next: Arc::default(), places };
        let mut sockets = Self { listening: Vec::new(), source, open: BTreeMap::new(), shared, tasks: JoinSet::new() };
        for &address in wanted {
            let named = |e: io::Error| io::Error::new(e.kind(), format!("cannot listen on Diameter {address}: {e}"));
            let listener = TcpListener::bind(address).await.map_err(named)?;
            sockets.listening.push(listener.local_addr()?);
            let (shared, places) = (sockets.shared.clone(), Arc::clone(&sockets.shared.places));
            sockets.tasks.spawn(accept(listener, places, move |stream| serve(shared.clone(), stream, None)));
        }
        Ok(sockets)
    }

    /// Where connections are taken.
    pub(crate) fn listening(&self) -> &[SocketAddr] {
        &self.listening
    }

    /// Connections that are open.
    pub(crate) fn connections(&self) -> usize {
        self.open.len()
    }

    /// Begins to connect; an event tells what became of it.
    pub(crate) fn connect(&mut self, peer: usize, address: SocketAddr) {
        while self.tasks.try_join_next().is_some() {}
        let source = self.source.filter(|own| own.is_ipv4() == address.is_ipv4()).unwrap_or_else(|| {
            let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            any.parse().unwrap_or(address)
        });
        let shared = self.shared.clone();
        self.tasks.spawn(async move {
            match within(shared.limits.connect, connect(source, address)).await {
                Ok(stream) => serve(shared, stream, Some(peer)).await,
                Err(_) => drop(shared.events.send(NetEvent::DiameterUnreachable { peer }).await),
            }
        });
    }

    /// A connection is there.
    pub(crate) fn opened(&mut self, conn: ConnectionId, queue: WriteQueue) {
        self.open.insert(conn, queue);
    }

    /// Sends a message; a peer that reads too slowly loses its connection.
    pub(crate) fn send(&mut self, conn: ConnectionId, bytes: Vec<u8>) {
        if let Some(queue) = self.open.get(&conn)
            && queue.try_send(bytes).is_err()
        {
            self.open.remove(&conn);
        }
    }

    /// Closes a connection once what was sent before is written, or learns that it is gone.
    pub(crate) fn close(&mut self, conn: ConnectionId) {
        self.open.remove(&conn);
    }
}

async fn serve(shared: Shared, stream: TcpStream, peer: Option<usize>) {
    let (Ok(local), Ok(remote)) = (stream.local_addr(), stream.peer_addr()) else { return };
    let conn = ConnectionId(shared.next.fetch_add(1, Ordering::Relaxed));
    let (queue, queued) = mpsc::channel(shared.limits.queue);
    let channel = Channel { local, remote };
    if shared.events.send(NetEvent::DiameterOpened { conn, peer, queue, channel }).await.is_err() {
        return;
    }
    // Silence is the watchdog's business (RFC 6733 clause 5.5).
    let received = |bytes| NetEvent::Diameter { conn, bytes };
    pump(stream, &shared.limits, None, queued, &shared.events, received).await;
    let _ = shared.events.send(NetEvent::DiameterClosed { conn }).await;
}
