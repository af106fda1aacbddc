//! Streams of one node, both directions: of media over TCP (MSRP, RFC 4975), or SCTP associations (TS 36.442), whose messages
//! come as they went; what is in the octets is the node's business.

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
use super::local::LocalListeners;
use super::sctp::{self, Sctp};
use super::stream::{accept, connect, pump, within};
use crate::node::{StreamEvent, StreamId};

/// What the streams of a node are.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum StreamKind {
    /// Octets over TCP.
    #[default]
    Tcp,
    /// Messages over SCTP; between nodes of one process in memory.
    Sctp {
        /// Payload protocol identifier on those that others open.
        taken: u32,
        /// The same on those of its own.
        opened: u32,
    },
}

/// SCTP payload protocol identifier of M2AP (IANA).
pub const M2AP_PROTOCOL: u32 = 43;
/// SCTP payload protocol identifier of M3AP (IANA).
pub const M3AP_PROTOCOL: u32 = 44;

impl StreamKind {
    /// The word for it.
    pub(crate) const fn transport(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Sctp { .. } => "sctp",
        }
    }
}

/// The streams of a node.
#[derive(Debug)]
pub(crate) struct MediaStreams {
    kind: StreamKind,
    listening: Vec<SocketAddr>,
    source: Option<IpAddr>,
    open: BTreeMap<StreamId, (Channel, WriteQueue)>,
    shared: Shared,
    local: LocalListeners,
    trouble: Option<String>,
    tasks: JoinSet<()>,
}

/// What the tasks of streams have in common.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) events: mpsc::Sender<NetEvent>,
    pub(super) limits: NetLimits,
    next: Arc<AtomicU64>,
    pub(super) places: Arc<Semaphore>,
}

impl Shared {
    /// A name for one more stream.
    pub(super) fn name(&self) -> StreamId {
        StreamId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// A stream that was wanted did not come about.
    pub(super) async fn failed(&self, token: u64, error: &io::Error) {
        let event = StreamEvent::ConnectFailed { token, why: error.to_string() };
        let _ = self.events.send(NetEvent::Stream(event)).await;
    }
}

impl MediaStreams {
    /// Listens on these addresses; streams of our own come from `source`, or the first of them.
    pub(crate) async fn bind(
        kind: StreamKind,
        wanted: &[SocketAddr],
        source: Option<IpAddr>,
        limits: NetLimits,
        events: mpsc::Sender<NetEvent>,
        local: LocalListeners,
    ) -> io::Result<Self> {
        let places = Arc::new(Semaphore::new(limits.connections));
        let shared = Shared { events, limits, next: Arc::default(), places };
        let source = source.or_else(|| wanted.first().map(SocketAddr::ip));
        let (listening, open, trouble, tasks) = Default::default();
        let mut streams = Self { kind, listening, source, open, shared, local, trouble, tasks };
        for &address in wanted {
            match kind {
                StreamKind::Tcp => streams.listen_tcp(address).await?,
                StreamKind::Sctp { taken, .. } => streams.listen_sctp(address, taken)?,
            }
        }
        Ok(streams)
    }

    async fn listen_tcp(&mut self, address: SocketAddr) -> io::Result<()> {
        let named = |e: io::Error| io::Error::new(e.kind(), format!("cannot listen for streams on {address}: {e}"));
        let listener = TcpListener::bind(address).await.map_err(named)?;
        self.listening.push(listener.local_addr()?);
        let (shared, places) = (self.shared.clone(), Arc::clone(&self.shared.places));
        self.tasks.spawn(accept(listener, places, move |stream| serve(shared.clone(), stream, None)));
        Ok(())
    }

    /// Nodes of this process reach it in memory, others when the kernel has SCTP.
    fn listen_sctp(&mut self, address: SocketAddr, protocol: u32) -> io::Result<()> {
        let address = self.local.listen(address, self.shared.clone())?;
        match sctp::listen(address) {
            Ok(listener) => {
                let (shared, places) = (self.shared.clone(), Arc::clone(&self.shared.places));
                let serve = move |socket| serve_sctp(shared.clone(), socket, None);
                self.tasks.spawn(sctp::accept(listener, protocol, places, serve));
            }
            Err(e) if e.kind() == io::ErrorKind::Unsupported => {
                self.trouble = Some(format!("only nodes of this process reach {address}: {e}"));
            }
            Err(e) => return Err(io::Error::new(e.kind(), format!("cannot listen on SCTP {address}: {e}"))),
        }
        self.listening.push(address);
        Ok(())
    }

    /// What an operator should know of how it listens.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// What they are.
    pub(crate) const fn kind(&self) -> StreamKind {
        self.kind
    }

    /// Where streams are taken.
    pub(crate) fn listening(&self) -> &[SocketAddr] {
        &self.listening
    }

    /// Begins to connect; an event tells what became of it.
    pub(crate) fn connect(&mut self, token: u64, remote: SocketAddr) {
        while self.tasks.try_join_next().is_some() {}
        let shared = self.shared.clone();
        if let StreamKind::Sctp { opened, .. } = self.kind {
            let source = self.source;
            match self.local.find(remote) {
                Some(listener) => self.tasks.spawn(listener.connect(shared, token, source, remote)),
                None => self.tasks.spawn(connect_sctp(shared, token, source, remote, opened)),
            };
            return;
        }
        let source = SocketAddr::new(self.source.unwrap_or_else(|| Ipv4Addr::UNSPECIFIED.into()), 0);
        self.tasks.spawn(async move {
            let outcome = match Arc::clone(&shared.places).try_acquire_owned() {
                Ok(place) => within(shared.limits.connect, connect(source, remote)).await.map(|stream| (stream, place)),
                Err(_) => Err(io::Error::other("too many streams")),
            };
            match outcome {
                Ok((stream, _place)) => serve(shared, stream, Some(token)).await,
                Err(error) => shared.failed(token, &error).await,
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

async fn connect_sctp(shared: Shared, token: u64, source: Option<IpAddr>, remote: SocketAddr, protocol: u32) {
    let outcome = match Arc::clone(&shared.places).try_acquire_owned() {
        Ok(place) => {
            let connected = within(shared.limits.connect, sctp::connect(source, remote, protocol));
            connected.await.map(|socket| (socket, place))
        }
        Err(_) => Err(io::Error::other("too many associations")),
    };
    match outcome {
        Ok((socket, _place)) => serve_sctp(shared, socket, Some(token)).await,
        Err(error) => shared.failed(token, &error).await,
    }
}

async fn serve_sctp(shared: Shared, socket: Sctp, token: Option<u64>) {
    let Ok((local, remote)) = sctp::ends(&socket) else { return };
    let conn = shared.name();
    let (queue, queued) = mpsc::channel(shared.limits.queue);
    let opened = NetEvent::StreamOpened { conn, token, channel: Channel { local, remote }, queue };
    if shared.events.send(opened).await.is_err() {
        return;
    }
    let events = &shared.events;
    let tell =
        |bytes| async move { events.send(NetEvent::Stream(StreamEvent::Received { conn, bytes })).await.is_ok() };
    sctp::pump(socket, shared.limits.message, queued, tell).await;
    let _ = shared.events.send(NetEvent::Stream(StreamEvent::Closed { conn })).await;
}

async fn serve(shared: Shared, stream: TcpStream, token: Option<u64>) {
    let (Ok(local), Ok(remote)) = (stream.local_addr(), stream.peer_addr()) else { return };
    let conn = shared.name();
    let (queue, queued) = mpsc::channel(shared.limits.queue);
    let opened = NetEvent::StreamOpened { conn, token, channel: Channel { local, remote }, queue };
    if shared.events.send(opened).await.is_err() {
        return;
    }
    let received = |bytes| NetEvent::Stream(StreamEvent::Received { conn, bytes });
    pump(stream, &shared.limits, Some(shared.limits.idle), queued, &shared.events, received).await;
    let _ = shared.events.send(NetEvent::Stream(StreamEvent::Closed { conn })).await;
}
