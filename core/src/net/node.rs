//! Drives one node: its sockets, its timers, its store. What comes in goes to the machine, what it puts out is done.

use std::net::SocketAddr;

use protocol::Instant;
use protocol::diameter::{ConnectionId, DiameterInput, DiameterTransport};
use protocol::sip::{Flow, Transport};
use tokio::sync::{mpsc, watch};

use super::client::WebClient;
use super::clock::LiveClock;
use super::diameter::DiameterSockets;
use super::event::{Channel, NetEvent};
use super::media::MediaSockets;
use super::metrics::NodeMetrics;
use super::sip::{SendFailed, SipSockets};
use super::ss7::Ss7;
use super::store::StoreQueue;
use super::streams::MediaStreams;
use super::tap::{NodeTap, Party, Seen};
use super::web::WebSockets;
use crate::node::{Admin, Carried, Node, NodeInput, NodeNote, NodeOutput};

/// Events that are taken before timers are looked at.
const BATCH: usize = 64;

/// How long a node may take to say goodbye to its peers.
const GOODBYE: std::time::Duration = std::time::Duration::from_secs(2);

/// How old the figures of a node may be.
const FIGURES: std::time::Duration = std::time::Duration::from_millis(500);

/// A node and everything that it is driven with.
#[derive(Debug)]
pub(crate) struct NodeDriver {
    pub(crate) node: Box<dyn Node>,
    pub(crate) clock: LiveClock,
    pub(crate) sip: SipSockets,
    pub(crate) diameter: DiameterSockets,
    pub(crate) channels: std::collections::BTreeMap<ConnectionId, (Channel, Frames)>,
    pub(crate) web: WebSockets,
    pub(crate) asking: WebClient,
    pub(crate) streams: MediaStreams,
    pub(crate) media: MediaSockets,
    /// Global titles, and where a capture shows this node; none: it has none.
    pub(crate) ss7: Option<(Ss7, SocketAddr)>,
    pub(crate) store: StoreQueue,
    pub(crate) events: mpsc::Sender<NetEvent>,
    pub(crate) arrivals: mpsc::Receiver<NetEvent>,
    pub(crate) tap: NodeTap,
    pub(crate) metrics: NodeMetrics,
    pub(crate) notes: mpsc::Sender<(String, NodeNote)>,
    /// When the figures of the node are told next; none while nothing has happened since.
    pub(crate) figures_due: Option<Instant>,
}

impl NodeDriver {
    /// Drives the node until it is told to stop, and has said goodbye.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut batch = Vec::with_capacity(BATCH);
        self.drain().await;
        loop {
            let due = self.node.poll_timeout().into_iter().chain(self.figures_due).min();
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                _ = self.arrivals.recv_many(&mut batch, BATCH) => {}
                () = sleep(self.clock, due) => {}
            }
            self.work(&mut batch).await;
        }
        self.say_goodbye(&mut batch).await;
    }

    async fn say_goodbye(&mut self, batch: &mut Vec<NetEvent>) {
        let end = self.clock.now() + GOODBYE;
        self.node.handle_input(self.clock.now(), NodeInput::Admin(Admin::Shutdown));
        self.drain().await;
        while self.diameter.connections() > 0 && self.clock.now() < end {
            let due = self.node.poll_timeout().unwrap_or(end).min(end);
            tokio::select! {
                biased;
                _ = self.arrivals.recv_many(batch, BATCH) => {}
                () = sleep(self.clock, Some(due)) => {}
            }
            self.work(batch).await;
        }
    }

    /// Gives the node what has come in, and its time when that has come.
    async fn work(&mut self, batch: &mut Vec<NetEvent>) {
        for event in batch.drain(..) {
            self.take(event);
            self.drain().await;
        }
        let now = self.clock.now();
        if self.node.poll_timeout().is_some_and(|due| due <= now) {
            self.node.handle_timeout(now);
            self.drain().await;
        }
        if self.figures_due.is_some_and(|due| due <= now) {
            self.tell_figures();
        } else {
            self.figures_due = self.figures_due.or(Some(now + FIGURES));
        }
    }

    fn tell_figures(&mut self) {
        self.figures_due = None;
        for (what, value) in self.node.figures() {
            self.metrics.figure(what, value);
        }
        self.metrics.sip_connections.set(self.sip.connections().try_into().unwrap_or(i64::MAX));
        self.metrics.diameter_connections.set(self.diameter.connections().try_into().unwrap_or(i64::MAX));
    }

    fn take(&mut self, event: NetEvent) {
        let now = self.clock.now();
        match event {
            NetEvent::Sip { flow, bytes } => {
                self.metrics.sip_in.inc();
                self.tap.received(now, &seen(&flow, &bytes));
                self.node.handle_input(now, NodeInput::Sip { flow, bytes: &bytes });
            }
            NetEvent::SipOpened { flow, queue } => {
                self.tap.directory.insert(flow.local, self.tap.own.clone());
                let failed = self.sip.opened(flow, queue);
                self.failed(now, failed);
            }
            NetEvent::SipClosed { flow } => {
                self.sip.closed(flow);
                self.forget(flow.local);
            }
            NetEvent::SipUnreachable { target, why } => {
                let failed = self.sip.unreachable(target, &why);
                self.failed(now, failed);
            }
            NetEvent::DiameterOpened { conn, peer, queue, channel } => {
                self.tap.directory.insert(channel.local, self.tap.own.clone());
                self.channels.insert(conn, (channel, Frames::default()));
                self.diameter.opened(conn, queue);
                self.node.handle_input(now, NodeInput::Diameter(DiameterInput::Connected { conn, peer }));
            }
            NetEvent::Diameter { conn, bytes } => self.take_diameter(now, conn, &bytes),
            NetEvent::DiameterClosed { conn } => {
                self.diameter.close(conn);
                if let Some((channel, _)) = self.channels.remove(&conn) {
                    self.forget(channel.local);
                }
                self.node.handle_input(now, NodeInput::Diameter(DiameterInput::Closed { conn }));
            }
            NetEvent::DiameterUnreachable { peer } => {
                self.node.handle_input(now, NodeInput::Diameter(DiameterInput::ConnectFailed { peer }));
            }
            NetEvent::Http { exchange, request, waiting } => self.take_http(now, exchange, *request, waiting),
            NetEvent::HttpAnswered { token, result } => {
                self.node.handle_input(now, NodeInput::HttpResponse { token, result });
            }
            NetEvent::StreamOpened { conn, token, channel, queue } => {
                self.streams.opened(conn, channel, queue);
                self.take_stream_opened(now, conn, token, channel);
            }
            NetEvent::Stream(event) => self.take_stream(now, &event),
            NetEvent::Media { local, remote, bytes } => self.take_media(now, local, remote, &bytes),
            NetEvent::Sccp { bytes } => self.node.handle_input(now, NodeInput::Sccp { bytes: &bytes }),
            NetEvent::Store(answer) => self.node.handle_input(now, NodeInput::Store(answer)),
            NetEvent::Admin(order) => self.node.handle_input(now, NodeInput::Admin(order)),
            NetEvent::Access(event) => self.node.handle_input(now, NodeInput::Access(event)),
        }
    }

    fn take_diameter(&mut self, now: Instant, conn: ConnectionId, bytes: &[u8]) {
        if let Some((channel, frames)) = self.channels.get_mut(&conn) {
            let (tap, metrics) = (&self.tap, &self.metrics);
            frames.push(bytes, |message| {
                metrics.diameter_in.inc();
                tap.received(now, &of_channel(channel, message));
            });
        }
        self.node.handle_input(now, NodeInput::Diameter(DiameterInput::Received { conn, bytes }));
    }

    async fn drain(&mut self) {
        while let Some(output) = self.node.poll_output() {
            let now = self.clock.now();
            match output {
                NodeOutput::Sip { target, bytes } => {
                    self.metrics.sip_out.inc();
                    let copy = self.tap.tap.is_some().then(|| bytes.clone());
                    match self.sip.send(target, bytes).await {
                        Ok(flow) => {
                            if let Some(bytes) = copy {
                                self.tap.sent(now, &seen(&flow, &bytes));
                            }
                        }
                        Err(failed) => self.failed(now, vec![failed]),
                    }
                }
                NodeOutput::Diameter(DiameterTransport::Connect { peer, address }) => {
                    self.diameter.connect(peer, address);
                }
                NodeOutput::Diameter(DiameterTransport::Send { conn, bytes }) => {
                    self.metrics.diameter_out.inc();
                    if let Some((channel, _)) = self.channels.get(&conn) {
                        self.tap.sent(now, &of_channel(channel, &bytes));
                    }
                    self.diameter.send(conn, bytes);
                }
                NodeOutput::Diameter(DiameterTransport::Close { conn }) => self.diameter.close(conn),
                NodeOutput::Http { exchange, response } => self.answer_http(now, exchange, response),
                NodeOutput::HttpRequest { token, request } => self.asking.ask(token, request),
                NodeOutput::Stream(output) => self.do_stream(now, output),
                NodeOutput::Datagram { local, remote, bytes } => self.send_media(now, local, remote, &bytes),
                NodeOutput::Sccp { bytes } => self.send_sccp(now, &bytes),
                NodeOutput::Membership(membership) => self.set_member(membership),
                NodeOutput::Store(request) => self.store.ask(request, &self.events),
                NodeOutput::Note(note) => {
                    if matches!(note, NodeNote::Ignored { .. }) {
                        self.metrics.ignored.inc();
                    }
                    // A log that nobody reads fast enough loses lines, not messages.
                    let _ = self.notes.try_send((self.tap.own.name.clone(), note));
                }
            }
        }
    }

    /// Tells the node what could not be sent.
    fn failed(&mut self, now: Instant, failed: Vec<SendFailed>) {
        for SendFailed { target, why } in failed {
            self.metrics.failures.inc();
            self.node.handle_input(now, NodeInput::SipFailed { target, why });
        }
    }

    /// Takes an address that a connection of ours had out of the directory; listeners stay.
    pub(super) fn forget(&self, local: SocketAddr) {
        let listening = self.sip.listening().iter().any(|(_, own)| *own == local)
            || self.diameter.listening().contains(&local)
            || self.streams.listening().contains(&local);
        if !listening {
            self.tap.directory.remove(local);
        }
    }
}

async fn sleep(clock: LiveClock, due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep(clock.until(due)).await,
        None => std::future::pending().await,
    }
}

/// The party that a node is.
pub(crate) fn own_party(role: crate::node::Role, name: &str) -> Party {
    Party { role, name: name.to_owned(), own: true }
}

fn seen<'a>(flow: &Flow, bytes: &'a [u8]) -> Seen<'a> {
    let transport = match flow.transport {
        Transport::Udp => "udp",
        Transport::Tcp => "tcp",
        Transport::Tls => "tls",
    };
    Seen { transport, local: flow.local, remote: flow.remote, bytes, carried: Carried::Sip }
}

fn of_channel<'a>(channel: &Channel, bytes: &'a [u8]) -> Seen<'a> {
    Seen { transport: "tcp", local: channel.local, remote: channel.remote, bytes, carried: Carried::Diameter }
}

/// Cuts a stream of Diameter messages (RFC 6733 clause 3) for tap and counters; the node frames and judges it itself.
#[derive(Default, Debug)]
pub(crate) struct Frames {
    begun: Vec<u8>,
    lost: bool,
}

impl Frames {
    /// Longer messages are not for looking at.
    const LONGEST: usize = 1 << 20;

    fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        if self.lost {
            return;
        }
        self.begun.extend_from_slice(bytes);
        let mut rest = &*self.begun;
        while let [_, a, b, c, ..] = *rest {
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            if !(20..=Self::LONGEST).contains(&length) {
                self.lost = true;
                break;
            }
            let Some((message, after)) = rest.split_at_checked(length) else { break };
            each(message);
            rest = after;
        }
        let read = if self.lost { self.begun.len() } else { self.begun.len() - rest.len() };
        self.begun.drain(..read);
    }
}
