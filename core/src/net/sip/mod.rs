//! SIP transports of one node (RFC 3261 clause 18): datagrams, and connections that are opened, reused and bounded.

mod connection;
mod listener;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use protocol::sip::{Flow, Target, Transport};
use tokio::net::UdpSocket;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::event::{NetEvent, WriteQueue};
use super::limits::NetLimits;
use super::tls::Tls;

/// The sockets; `send` never waits. Dropped, everything is closed.
#[derive(Debug)]
pub(crate) struct SipSockets {
    datagrams: Vec<(SocketAddr, Arc<UdpSocket>)>,
    listening: Vec<(Transport, SocketAddr)>,
    open: BTreeMap<Flow, WriteQueue>,
    /// The connection that was opened last to or from an address.
    newest: BTreeMap<(Transport, SocketAddr), Flow>,
    opening: BTreeMap<(Transport, SocketAddr), Vec<Waiting>>,
    shared: Shared,
    tasks: JoinSet<()>,
}

/// A message that waits for its connection.
type Waiting = (Target, Vec<u8>);

/// What every task of the sockets has.
#[derive(Clone, Debug)]
struct Shared {
    events: mpsc::Sender<NetEvent>,
    limits: NetLimits,
    tls: Option<Tls>,
    places: Arc<Semaphore>,
}

/// A message could not go out.
#[derive(Debug)]
pub(crate) struct SendFailed {
    pub(crate) target: Target,
    pub(crate) why: String,
}

impl SipSockets {
    /// Listens on all of these; port 0 takes one that is free, [`Self::listening`] tells which.
    pub(crate) async fn bind(
        wanted: &[(Transport, SocketAddr)],
        tls: Option<Tls>,
        limits: NetLimits,
        events: mpsc::Sender<NetEvent>,
    ) -> io::Result<Self> {
        let places = Arc::new(Semaphore::new(limits.connections));
        let shared = Shared { events, limits, tls, places };
        let mut sockets = Self {
            datagrams: Vec::new(),
            listening: Vec::new(),
            open: BTreeMap::new(),
            newest: BTreeMap::new(),
            opening: BTreeMap::new(),
            shared,
            tasks: JoinSet::new(),
        };
        for &(transport, address) in wanted {
            let local = sockets
                .listen(transport, address)
                .await
                .map_err(|e| io::Error::new(e.kind(), format!("cannot listen on {transport} {address}: {e}")))?;
            sockets.listening.push((transport, local));
        }
        Ok(sockets)
    }

    /// Where messages are taken.
    pub(crate) fn listening(&self) -> &[(Transport, SocketAddr)] {
        &self.listening
    }

    /// Connections that are open.
    pub(crate) fn connections(&self) -> usize {
        self.open.len()
    }

    /// Sends a message, or keeps it until its connection is open.
    ///
    /// # Errors
    /// When it certainly did not go out.
    pub(crate) async fn send(&mut self, target: Target, bytes: Vec<u8>) -> Result<Flow, SendFailed> {
        match target.transport {
            Transport::Udp => self.send_datagram(target, &bytes).await,
            Transport::Tcp | Transport::Tls => self.send_on_stream(target, bytes),
        }
        .map_err(|why| SendFailed { target, why })
    }

    /// A connection is there: what waited for it goes out, the number of messages that could not is told.
    pub(crate) fn opened(&mut self, flow: Flow, queue: WriteQueue) -> Vec<SendFailed> {
        let key = (flow.transport, flow.remote);
        let waiting = self.opening.remove(&key).unwrap_or_default();
        let failed = waiting
            .into_iter()
            .filter_map(|(target, bytes)| {
                queue.try_send(bytes).err().map(|e| SendFailed { target, why: e.to_string() })
            })
            .collect();
        self.newest.insert(key, flow);
        self.open.insert(flow, queue);
        failed
    }

    /// A connection is gone.
    pub(crate) fn closed(&mut self, flow: Flow) {
        self.open.remove(&flow);
        let key = (flow.transport, flow.remote);
        if self.newest.get(&key) == Some(&flow) {
            self.newest.remove(&key);
        }
    }

    /// A connection did not come about: all that waited for it has failed.
    pub(crate) fn unreachable(&mut self, target: Target, why: &str) -> Vec<SendFailed> {
        let waiting = self.opening.remove(&(target.transport, target.remote)).unwrap_or_default();
        waiting.into_iter().map(|(target, _)| SendFailed { target, why: why.to_owned() }).collect()
    }

    async fn send_datagram(&self, target: Target, bytes: &[u8]) -> Result<Flow, String> {
        let from = target.flow.map(|flow| flow.local);
        let socket = self
            .datagrams
            .iter()
            .find(|(local, _)| Some(*local) == from)
            .or_else(|| self.datagrams.iter().find(|(local, _)| local.is_ipv4() == target.remote.is_ipv4()));
        let Some((local, socket)) = socket else { return Err("no UDP socket of this address family".into()) };
        let sent = match socket.try_send_to(bytes, target.remote) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => socket.send_to(bytes, target.remote).await,
            sent => sent,
        };
        sent.map_err(|e| e.to_string())?;
        Ok(Flow { transport: Transport::Udp, local: *local, remote: target.remote })
    }

    fn send_on_stream(&mut self, target: Target, bytes: Vec<u8>) -> Result<Flow, String> {
        let key = (target.transport, target.remote);
        let flow = target.flow.filter(|flow| self.open.contains_key(flow)).or_else(|| self.newest.get(&key).copied());
        if let Some((flow, queue)) = flow.and_then(|flow| Some((flow, self.open.get(&flow)?))) {
            match queue.try_send(bytes) {
                Ok(()) => return Ok(flow),
                Err(mpsc::error::TrySendError::Full(_)) => {
                    // Its task ends with its queue.
                    self.closed(flow);
                    return Err("the peer reads too slowly".into());
                }
                // It was closed this moment: its event is on the way.
                Err(mpsc::error::TrySendError::Closed(_)) => return Err("the connection is gone".into()),
            }
        }
        let local = SocketAddr::new(self.source_of(target.remote), 0);
        let flow = Flow { transport: target.transport, local, remote: target.remote };
        let waiting = self.opening.entry(key).or_default();
        if waiting.len() >= self.shared.limits.waiting {
            return Err("too many messages wait for this connection".into());
        }
        waiting.push((target, bytes));
        if waiting.len() == 1 {
            while self.tasks.try_join_next().is_some() {}
            self.tasks.spawn(connection::open(self.shared.clone(), target, local));
        }
        Ok(flow)
    }

    /// The address that connections to a peer come from: that of a listener of its family, so that a node has one address.
    fn source_of(&self, remote: SocketAddr) -> IpAddr {
        let own = self.listening.iter().map(|(_, local)| local.ip()).find(|ip| ip.is_ipv4() == remote.is_ipv4());
        own.unwrap_or_else(|| match remote {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        })
    }
}
