//! A live process: some nodes, each with sockets of its own, one store, one page of health and one of metrics.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use protocol::Instant;
use protocol::sip::Transport;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::client::WebClient;
use super::clock::LiveClock;
use super::diameter::DiameterSockets;
use super::event::{EVENTS, NetEvent};
use super::http::{self, Pages};
use super::limits::NetLimits;
use super::local::LocalListeners;
use super::media::{MediaSockets, Multicast};
use super::metrics::Metrics;
use super::node::{NodeDriver, own_party};
use super::sip::SipSockets;
use super::ss7::Ss7;
use super::store::{Execute, StoreQueue, StoreWriter};
use super::streams::{MediaStreams, StreamKind};
use super::tap::{Directory, NetTap, NodeTap};
use super::tls::Tls;
use super::web::{HttpBodies, HttpListener, WebSockets};
use crate::node::{AccessEvent, Admin, Node, NodeNote, Role};

/// Notes that wait to be logged.
const NOTES: usize = 1024;

/// Sockets of a node.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Sockets {
    /// Where SIP is taken.
    pub sip: Vec<(Transport, SocketAddr)>,
    /// Where Diameter is taken.
    pub diameter: Vec<SocketAddr>,
    /// Where its own Diameter connections come from; port 0 for any.
    pub diameter_source: Option<SocketAddr>,
    /// Where HTTP is taken.
    pub http: Vec<HttpListener>,
    /// How large the bodies of HTTP are there; none: as is usual.
    pub http_bodies: Option<HttpBodies>,
    /// Where streams are taken.
    pub streams: Vec<SocketAddr>,
    /// What they are.
    pub stream_kind: StreamKind,
    /// Where its own streams come from; none: from the address of the first that takes some.
    pub stream_source: Option<IpAddr>,
    /// Where its media are.
    pub media: Vec<SocketAddr>,
    /// How it uses IP multicast.
    pub multicast: Multicast,
    /// Its global titles on SS7: E.164 digits without `+`. Nodes of this process reach each other by them.
    pub global_titles: Vec<String>,
}

/// A node that is to run.
#[derive(Debug)]
pub struct LiveNode {
    /// Its name in captures, logs and metrics.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// What a box is that sends to it and is not in the directory.
    pub stranger: Role,
    /// What a box is that comes to it by HTTP or media and is not in the directory.
    pub client: Role,
    /// Its sockets.
    pub sockets: Sockets,
    /// The machine.
    pub node: Box<dyn Node>,
}

/// What all nodes share.
pub struct Surroundings {
    /// Their clock.
    pub clock: LiveClock,
    /// Executes what they ask of the store.
    pub store: Execute,
    /// Where health and metrics are served; none: nowhere.
    pub http: Option<SocketAddr>,
    /// Certificates for TLS.
    pub tls: Option<Tls>,
    /// Bounds.
    pub limits: NetLimits,
    /// Who is where, besides the nodes themselves.
    pub directory: Directory,
    /// Takes what is seen.
    pub tap: Option<NetTap>,
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("http", &self.http).field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Nodes that run.
#[derive(Debug)]
pub struct LiveProcess {
    listening: Vec<Listening>,
    orders: BTreeMap<String, mpsc::Sender<NetEvent>>,
    notes: mpsc::Receiver<(String, NodeNote)>,
    stop: watch::Sender<bool>,
    nodes: JoinSet<String>,
    health: Arc<Health>,
    writer: StoreWriter,
    pages: JoinSet<()>,
}

/// A socket that takes something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listening {
    /// Of which node; `http` for health and metrics.
    pub node: String,
    /// `sip`, `diameter`, `http`, `streams` or `media`.
    pub protocol: &'static str,
    /// `udp`, `tcp`, `tls` or `sctp`.
    pub transport: &'static str,
    /// Where.
    pub address: SocketAddr,
}

impl LiveProcess {
    /// Opens all sockets, then lets the nodes run.
    ///
    /// # Errors
    /// A socket that cannot be had.
    pub async fn start(nodes: Vec<LiveNode>, around: Surroundings) -> io::Result<Self> {
        let metrics = Arc::new(Metrics::new());
        let health = Arc::new(Health::default());
        let (stop, stopped) = watch::channel(false);
        let (note, notes) = mpsc::channel(NOTES);
        let (writer, store) = StoreWriter::start(around.store, Arc::clone(&metrics), Arc::clone(&health))?;
        let mut building = Building {
            clock: around.clock,
            tls: around.tls,
            limits: around.limits,
            directory: around.directory,
            tap: around.tap.clone(),
            metrics: Arc::clone(&metrics),
            store,
            note,
            local: LocalListeners::default(),
            ss7: Ss7::default(),
            listening: Vec::new(),
        };
        let mut drivers = Vec::new();
        let mut orders = BTreeMap::new();
        for node in nodes {
            let (name, driver) = building.driver(node).await?;
            orders.insert(name.clone(), driver.events.clone());
            drivers.push((name, driver));
        }
        let mut pages = JoinSet::new();
        if let Some(address) = around.http {
            let named = |e: io::Error| io::Error::new(e.kind(), format!("cannot listen on HTTP {address}: {e}"));
            let listener = TcpListener::bind(address).await.map_err(named)?;
            let address = listener.local_addr()?;
            building.listening.push(Listening { node: "http".into(), protocol: "http", transport: "tcp", address });
            let shown = Pages { metrics, health: Arc::clone(&health), tap: around.tap };
            pages.spawn(http::serve(listener, shown));
        }
        let mut running = JoinSet::new();
        for (name, driver) in drivers {
            health.runs(&name);
            let stopped = stopped.clone();
            running.spawn(async move {
                driver.run(stopped).await;
                name
            });
        }
        let listening = building.listening;
        Ok(Self { listening, orders, notes, stop, nodes: running, health, writer, pages })
    }

    /// Where everything listens.
    #[must_use]
    pub fn listening(&self) -> &[Listening] {
        &self.listening
    }

    /// The next thing that a node wants a human to know; none when all nodes have ended.
    pub async fn note(&mut self) -> Option<(String, NodeNote)> {
        tokio::select! {
            biased;
            note = self.notes.recv() => note,
            Some(ended) = self.nodes.join_next() => {
                // A panic is a bug of ours: the others go on, /health tells.
                let what = ended.map_or_else(|e| e.to_string(), |name| format!("{name} has ended"));
                self.health.trouble(what.clone());
                Some(("process".into(), NodeNote::Said(what)))
            }
        }
    }

    /// Tells a node what the operator wants; false when there is no such node.
    pub async fn order(&self, node: &str, order: Admin) -> bool {
        self.tell(node, NetEvent::Admin(order)).await
    }

    /// Tells a node what the access network says; false when there is no such node.
    pub async fn access(&self, node: &str, event: AccessEvent) -> bool {
        self.tell(node, NetEvent::Access(event)).await
    }

    /// Lets the nodes say goodbye and writes all that is to be written.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.nodes.join_next().await.is_some() {}
        self.pages.shutdown().await;
        self.orders.clear();
        let writer = self.writer;
        let _ = tokio::task::spawn_blocking(move || writer.join()).await;
    }

    async fn tell(&self, node: &str, event: NetEvent) -> bool {
        match self.orders.get(node) {
            Some(events) => events.send(event).await.is_ok(),
            None => false,
        }
    }
}

/// What drivers are made with.
struct Building {
    clock: LiveClock,
    tls: Option<Tls>,
    limits: NetLimits,
    directory: Directory,
    tap: Option<NetTap>,
    metrics: Arc<Metrics>,
    store: StoreQueue,
    note: mpsc::Sender<(String, NodeNote)>,
    local: LocalListeners,
    ss7: Ss7,
    listening: Vec<Listening>,
}

impl Building {
    async fn driver(&mut self, live: LiveNode) -> io::Result<(String, NodeDriver)> {
        let LiveNode { name, role, stranger, client, sockets, node } = live;
        let (events, arrivals) = mpsc::channel(EVENTS);
        let sip = SipSockets::bind(&sockets.sip, self.tls.clone(), self.limits, events.clone()).await?;
        let source = sockets.diameter_source;
        let diameter = DiameterSockets::bind(&sockets.diameter, source, self.limits, events.clone()).await?;
        let web =
            WebSockets::bind(&sockets.http, sockets.http_bodies, self.tls.clone(), self.limits, events.clone()).await?;
        let (kind, source) = (sockets.stream_kind, sockets.stream_source);
        let (places, local) = (&sockets.streams, self.local.clone());
        let streams = MediaStreams::bind(kind, places, source, self.limits, events.clone(), local).await?;
        let media = MediaSockets::bind(&sockets.media, sockets.multicast, &events).await?;
        if let Some(trouble) = streams.trouble() {
            let _ = self.note.try_send((name.clone(), NodeNote::Said(trouble.to_owned())));
        }
        let own = own_party(role, &name);
        let titles = sockets.global_titles.iter();
        let on_ss7 = titles.map(|digits| self.ss7.join(digits, own.clone(), events.clone()));
        let on_ss7: Vec<_> = on_ss7.collect::<io::Result<_>>()?;
        let mut places: Vec<(&'static str, &'static str, SocketAddr)> = Vec::new();
        places.extend(sip.listening().iter().map(|&(transport, address)| match transport {
            Transport::Udp => ("sip", "udp", address),
            Transport::Tcp => ("sip", "tcp", address),
            Transport::Tls => ("sip", "tls", address),
        }));
        places.extend(diameter.listening().iter().map(|&address| ("diameter", "tcp", address)));
        let transport = |listener: &HttpListener| if listener.is_secure { "tls" } else { "tcp" };
        places.extend(web.listening().iter().map(|listener| ("http", transport(listener), listener.address)));
        places.extend(streams.listening().iter().map(|&address| ("streams", streams.kind().transport(), address)));
        places.extend(media.places().map(|address| ("media", "udp", address)));
        for (protocol, transport, address) in places {
            self.directory.insert(address, own.clone());
            self.listening.push(Listening { node: name.clone(), protocol, transport, address });
        }
        for address in &on_ss7 {
            self.directory.insert(*address, own.clone());
        }
        let tap = NodeTap { tap: self.tap.clone(), directory: self.directory.clone(), own, stranger, client };
        let metrics = self.metrics.of(&name);
        let (tls, limits) = (self.tls.clone(), self.limits);
        let asking = WebClient::new(events.clone(), limits, tls, self.clock, tap.clone(), metrics.clone());
        let driver = NodeDriver {
            node,
            clock: self.clock,
            sip,
            diameter,
            channels: BTreeMap::new(),
            web,
            asking,
            streams,
            media,
            ss7: on_ss7.first().map(|address| (self.ss7.clone(), *address)),
            store: self.store.clone(),
            events,
            arrivals,
            tap,
            metrics,
            notes: self.note.clone(),
            figures_due: Some(Instant::ZERO),
        };
        Ok((name, driver))
    }
}

/// What /health tells.
#[derive(Default, Debug)]
pub(crate) struct Health {
    state: Mutex<HealthState>,
}

#[derive(Default, Debug)]
struct HealthState {
    nodes: Vec<String>,
    troubles: Vec<String>,
    store: Option<String>,
}

impl Health {
    pub(crate) fn nodes(&self) -> Vec<String> {
        self.state().nodes.clone()
    }

    pub(crate) fn troubles(&self) -> Vec<String> {
        let state = self.state();
        state.troubles.iter().chain(&state.store).cloned().collect()
    }

    /// What the last transaction came to.
    pub(crate) fn store_is(&self, trouble: Option<String>) {
        self.state().store = trouble;
    }

    fn runs(&self, node: &str) {
        self.state().nodes.push(node.to_owned());
    }

    fn trouble(&self, what: String) {
        self.state().troubles.push(what);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, HealthState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
