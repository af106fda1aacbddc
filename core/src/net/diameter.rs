//! Diameter transports of one node (RFC 6733 clause 2.1): TCP, both directions; what is in the octets is the node's business.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::diameter::ConnectionId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::event::{Channel, NetEvent, WriteQueue};
use super::limits::NetLimits;
use super::sip::{connect, within};

/// What is read of a stream at a time.
const READ: usize = 16 * 1024;

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
            sockets.tasks.spawn(accept(sockets.shared.clone(), listener));
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
                Ok(stream) => serve(&shared, stream, Some(peer)).await,
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

async fn accept(shared: Shared, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: those that are open may end.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        // One too many is closed at once.
        let Ok(place) = Arc::clone(&shared.places).try_acquire_owned() else { continue };
        let _ = stream.set_nodelay(true);
        let shared = shared.clone();
        tokio::spawn(async move {
            serve(&shared, stream, None).await;
            drop(place);
        });
    }
}

async fn serve(shared: &Shared, stream: TcpStream, peer: Option<usize>) {
    let (Ok(local), Ok(remote)) = (stream.local_addr(), stream.peer_addr()) else { return };
    let conn = ConnectionId(shared.next.fetch_add(1, Ordering::Relaxed));
    let (queue, mut queued) = mpsc::channel::<Vec<u8>>(shared.limits.queue);
    let channel = Channel { local, remote };
    if shared.events.send(NetEvent::DiameterOpened { conn, peer, queue, channel }).await.is_err() {
        return;
    }
    let (mut reader, mut writer) = stream.into_split();
    let read = async {
        let mut buffer = vec![0; READ];
        // Silence is the watchdog's business (RFC 6733 clause 5.5).
        while let Ok(length @ 1..) = reader.read(&mut buffer).await {
            let bytes = buffer[..length].to_vec();
            if shared.events.send(NetEvent::Diameter { conn, bytes }).await.is_err() {
                return;
            }
        }
    };
    let write = async {
        while let Some(bytes) = queued.recv().await {
            if within(shared.limits.message, writer.write_all(&bytes)).await.is_err() {
                return;
            }
        }
        let _ = writer.shutdown().await;
    };
    tokio::select! {
        biased;
        () = write => {}
        () = read => {}
    }
    let _ = shared.events.send(NetEvent::DiameterClosed { conn }).await;
}
