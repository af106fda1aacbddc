//! Streams of media of one node (MSRP, RFC 4975): TCP, both directions; what is in the octets is the node's business.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::event::{Channel, NetEvent, WriteQueue};
use super::limits::NetLimits;
use super::stream::{accept, connect, pump, within};
use crate::node::{StreamEvent, StreamId};

/// The streams of a node.
#[derive(Debug)]
pub(crate) struct MediaStreams {
    listening: Vec<SocketAddr>,
    source: IpAddr,
    open: BTreeMap<StreamId, (Channel, WriteQueue)>,
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

impl MediaStreams {
    /// Listens on these addresses; streams of our own come from the first of them.
    pub(crate) async fn bind(
        wanted: &[SocketAddr],
        limits: NetLimits,
        events: mpsc::Sender<NetEvent>,
    ) -> io::Result<Self> {
        let places = Arc::new(Semaphore::new(limits.connections));
        let shared = Shared { events, limits, next: Arc::default(), places };
        let source = wanted.first().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), SocketAddr::ip);
        let (listening, open, tasks) = Default::default();
        let mut streams = Self { listening, source, open, shared, tasks };
        for &address in wanted {
            let named = |e: io::Error| io::Error::new(e.kind(), format!("cannot listen for streams on {address}: {e}"));
            let listener = TcpListener::bind(address).await.map_err(named)?;
            streams.listening.push(listener.local_addr()?);
            let (shared, places) = (streams.shared.clone(), Arc::clone(&streams.shared.places));
            streams.tasks.spawn(accept(listener, places, move |stream| serve(shared.clone(), stream, None)));
        }
        Ok(streams)
    }

    /// Where streams are taken.
    pub(crate) fn listening(&self) -> &[SocketAddr] {
        &self.listening
    }

    /// Begins to connect; an event tells what became of it.
    pub(crate) fn connect(&mut self, token: u64, remote: SocketAddr) {
        while self.tasks.try_join_next().is_some() {}
        let (shared, source) = (self.shared.clone(), SocketAddr::new(self.source, 0));
        self.tasks.spawn(async move {
            let outcome = match Arc::clone(&shared.places).try_acquire_owned() {
                Ok(place) => within(shared.limits.connect, connect(source, remote)).await.map(|stream| (stream, place)),
                Err(_) => Err(io::Error::other("too many streams")),
            };
            match outcome {
                Ok((stream, _place)) => serve(shared, stream, Some(token)).await,
                Err(error) => {
                    let event = StreamEvent::ConnectFailed { token, why: error.to_string() };
                    let _ = shared.events.send(NetEvent::Stream(event)).await;
                }
            }
        });
    }

    /// A stream is there.
    pub(crate) fn opened(&mut self, conn: StreamId, channel: Channel, queue: WriteQueue) {
        self.open.insert(conn, (channel, queue));
    }

    /// The ends of a stream; none when it is closed on this side.
    pub(crate) fn channel(&self, conn: StreamId) -> Option<Channel> {
        self.open.get(&conn).map(|(channel, _)| *channel)
    }

    /// Sends octets; false when the peer reads too slowly: it has lost the stream.
    pub(crate) fn send(&self, conn: StreamId, bytes: Vec<u8>) -> bool {
        let is_slow = self.open.get(&conn).is_some_and(|(_, queue)| queue.try_send(bytes).is_err());
        !is_slow
    }

    /// Closes a stream once what was sent before is written, or learns that it is gone; false when that is known.
    pub(crate) fn close(&mut self, conn: StreamId) -> bool {
        self.open.remove(&conn).is_some()
    }
}

async fn serve(shared: Shared, stream: TcpStream, token: Option<u64>) {
    let (Ok(local), Ok(remote)) = (stream.local_addr(), stream.peer_addr()) else { return };
    let conn = StreamId(shared.next.fetch_add(1, Ordering::Relaxed));
    let (queue, queued) = mpsc::channel(shared.limits.queue);
    let opened = NetEvent::StreamOpened { conn, token, channel: Channel { local, remote }, queue };
    if shared.events.send(opened).await.is_err() {
        return;
    }
    let received = |bytes| NetEvent::Stream(StreamEvent::Received { conn, bytes });
    pump(stream, &shared.limits, Some(shared.limits.idle), queued, &shared.events, received).await;
    let _ = shared.events.send(NetEvent::Stream(StreamEvent::Closed { conn })).await;
}
