//! SCTP associations between nodes of one process, in memory (TS 36.442): each message whole, all in order.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::event::{Channel, NetEvent};
use super::streams::Shared;
use crate::node::{StreamEvent, StreamId};

/// Ports of the ends that connect: none that a socket gets by chance (RFC 6335 clause 6), for the directory of boxes tells
/// by address alone.
const FIRST_PORT: u16 = 61_000;
const LAST_PORT: u16 = u16::MAX;

/// Who takes associations in this process, by address.
#[derive(Clone, Default, Debug)]
pub(crate) struct LocalListeners(Arc<Mutex<State>>);

#[derive(Default, Debug)]
struct State {
    listeners: BTreeMap<SocketAddr, Shared>,
    /// Ports given out so far.
    ports: u16,
}

impl LocalListeners {
    /// Takes associations there. Port 0 is one that is free.
    pub(super) fn listen(&self, mut address: SocketAddr, shared: Shared) -> io::Result<SocketAddr> {
        let mut state = self.state();
        if address.port() == 0 {
            address.set_port(state.port());
        }
        if state.listeners.contains_key(&address) {
            let why = format!("cannot listen on SCTP {address}: another node of this process does");
            return Err(io::Error::new(io::ErrorKind::AddrInUse, why));
        }
        state.listeners.insert(address, shared);
        Ok(address)
    }

    /// The node of this process that is there.
    pub(super) fn find(&self, remote: SocketAddr) -> Option<Listener> {
        let mut state = self.state();
        let any = if remote.is_ipv4() { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) };
        let at_any = Some(SocketAddr::new(any, remote.port())).filter(|_| remote.ip().is_loopback());
        let mut places = [Some(remote), at_any].into_iter().flatten();
        let shared = places.find_map(|place| state.listeners.get(&place)).cloned()?;
        Some(Listener { shared, port: state.port() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn port(&mut self) -> u16 {
        self.ports = (self.ports + 1) % (LAST_PORT - FIRST_PORT);
        FIRST_PORT + self.ports
    }
}

/// A node that takes associations, and a port for the one that connects.
#[derive(Debug)]
pub(super) struct Listener {
    shared: Shared,
    port: u16,
}

impl Listener {
    /// Connects both.
    pub(super) async fn connect(self, own: Shared, token: u64, source: Option<IpAddr>, remote: SocketAddr) {
        let ip = source.filter(|source| !source.is_unspecified()).unwrap_or_else(|| remote.ip());
        let local = SocketAddr::new(ip, self.port);
        let permit = Arc::clone(&self.shared.places).try_acquire_owned();
        let Ok(place) = permit.and_then(|theirs| Ok((theirs, Arc::clone(&own.places).try_acquire_owned()?))) else {
            return own.failed(token, &io::Error::other("too many associations")).await;
        };
        let (near, far) = (own.name(), self.shared.name());
        let (to_far, for_far) = mpsc::channel(own.limits.queue);
        let (to_near, for_near) = mpsc::channel(self.shared.limits.queue);
        let opened = |conn, token, channel, queue| NetEvent::StreamOpened { conn, token, channel, queue };
        let theirs = opened(far, None, Channel { local: remote, remote: local }, to_near);
        if self.shared.events.send(theirs).await.is_err() {
            return own.failed(token, &io::ErrorKind::ConnectionRefused.into()).await;
        }
        let ours = opened(near, Some(token), Channel { local, remote }, to_far);
        if own.events.send(ours).await.is_err() {
            return;
        }
        // Each way ends when who sends closes it, whatever becomes of the other node.
        let place = Arc::new(place);
        tokio::spawn(carry(for_far, self.shared.events, far, Arc::clone(&place)));
        tokio::spawn(carry(for_near, own.events, near, place));
    }
}

/// One way of an association.
async fn carry<T: Send>(
    mut queued: mpsc::Receiver<Vec<u8>>,
    events: mpsc::Sender<NetEvent>,
    conn: StreamId,
    _place: Arc<T>,
) {
    while let Some(bytes) = queued.recv().await {
        if events.send(NetEvent::Stream(StreamEvent::Received { conn, bytes })).await.is_err() {
            return;
        }
    }
    let _ = events.send(NetEvent::Stream(StreamEvent::Closed { conn })).await;
}
