//! HTTP and media of one node: what comes in goes past the tap to the machine, what it puts out past the tap to the sockets.

use std::net::SocketAddr;

use http::{Request, Response};
use protocol::Instant;
use protocol::http::{encode_request, encode_response};

use super::event::{Channel, NetEvent};
use super::node::NodeDriver;
use super::ss7::{NETWORK, Sent};
use super::streams::StreamKind;
use super::tap::Seen;
use super::web::Waiting;
use crate::node::{
    Carried, HttpExchange, Membership, NodeInput, NodeNote, StreamEvent, StreamId, StreamInput, StreamOutput,
};

impl NodeDriver {
    pub(super) fn take_http(
        &mut self,
        now: Instant,
        exchange: HttpExchange,
        request: Request<Vec<u8>>,
        waiting: Waiting,
    ) {
        self.metrics.http_in.inc();
        if self.tap.tap.is_some() {
            self.tap.received(now, &of_http(&waiting, &encode_request(&request)));
        }
        let peer = waiting.channel.remote;
        self.web.asked(exchange, waiting);
        self.node.handle_input(now, NodeInput::Http { exchange, peer, request });
    }

    pub(super) fn answer_http(&mut self, now: Instant, exchange: HttpExchange, response: Response<Vec<u8>>) {
        let Some(waiting) = self.web.answered(exchange) else { return };
        self.metrics.http_out.inc();
        if self.tap.tap.is_some() {
            self.tap.sent(now, &of_http(&waiting, &encode_response(&waiting.method, &response)));
        }
        // A client that has gone in this moment hears nothing.
        let _ = waiting.reply.send(response);
    }

    pub(super) fn take_stream_opened(&mut self, now: Instant, conn: StreamId, token: Option<u64>, channel: Channel) {
        self.tap.directory.insert(channel.local, self.tap.own.clone());
        let Channel { local, remote } = channel;
        self.node.handle_input(now, NodeInput::Stream(StreamInput::Connected { conn, token, local, remote }));
    }

    pub(super) fn take_stream(&mut self, now: Instant, event: &StreamEvent) {
        match event {
            StreamEvent::Received { conn, bytes } => {
                // Who has closed a stream hears no more of it.
                let Some(channel) = self.streams.channel(*conn) else { return };
                self.metrics.media_in.inc();
                self.tap.received(now, &of_stream(self.streams.kind(), channel, bytes));
            }
            StreamEvent::Closed { conn } => {
                let Some(channel) = self.streams.channel(*conn) else { return };
                self.forget(channel.local);
                self.streams.close(*conn);
            }
            StreamEvent::Connected { .. } | StreamEvent::ConnectFailed { .. } => {}
        }
        self.node.handle_input(now, NodeInput::Stream(event.as_input()));
    }

    pub(super) fn do_stream(&mut self, now: Instant, output: StreamOutput) {
        match output {
            StreamOutput::Connect { token, remote } => self.streams.connect(token, remote),
            StreamOutput::Send { conn, bytes } => {
                let Some(channel) = self.streams.channel(conn) else { return };
                self.metrics.media_out.inc();
                self.tap.sent(now, &of_stream(self.streams.kind(), channel, &bytes));
                if !self.streams.send(conn, bytes) {
                    self.take_stream(now, &StreamEvent::Closed { conn });
                }
            }
            StreamOutput::Close { conn } => {
                if let Some(channel) = self.streams.channel(conn) {
                    self.forget(channel.local);
                }
                self.streams.close(conn);
            }
        }
    }

    pub(super) fn take_media(&mut self, now: Instant, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) {
        self.metrics.media_in.inc();
        self.tap.received(now, &of_media(local, remote, bytes));
        self.node.handle_input(now, NodeInput::Datagram { local, remote, bytes });
    }

    pub(super) fn send_media(&self, now: Instant, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) {
        if self.media.send(local, remote, bytes) {
            self.metrics.media_out.inc();
            self.tap.sent(now, &of_media(local, remote, bytes));
        } else {
            self.metrics.failures.inc();
        }
    }

    /// What comes back is seen and taken as what others send. A node without a global title cannot send.
    pub(super) fn send_sccp(&self, now: Instant, bytes: &[u8]) {
        let Some((ss7, local)) = &self.ss7 else {
            self.metrics.failures.inc();
            return;
        };
        let Sent { remote, taken } = ss7.send(bytes);
        self.tap.sent(now, &of_sccp(*local, remote, bytes));
        let Err(returned) = taken else { return };
        self.metrics.failures.inc();
        let Some(bytes) = returned else { return };
        self.tap.received(now, &of_sccp(*local, NETWORK, &bytes));
        // It waits its turn: a node that tries again at once must not keep the driver here.
        if self.events.try_send(NetEvent::Sccp { bytes }).is_err() {
            self.metrics.failures.inc();
        }
    }

    pub(super) fn set_member(&mut self, membership: Membership) {
        if let Err(why) = self.media.set_member(membership) {
            self.metrics.failures.inc();
            let note = NodeNote::Said(format!("multicast {}: {why}", membership.group));
            let _ = self.notes.try_send((self.tap.own.name.clone(), note));
        }
    }
}

fn of_http<'a>(waiting: &Waiting, bytes: &'a [u8]) -> Seen<'a> {
    let Channel { local, remote } = waiting.channel;
    let transport = if waiting.is_secure { "tls" } else { "tcp" };
    Seen { transport, local, remote, bytes, carried: Carried::Http }
}

fn of_stream(kind: StreamKind, channel: Channel, bytes: &[u8]) -> Seen<'_> {
    Seen { transport: kind.transport(), local: channel.local, remote: channel.remote, bytes, carried: Carried::Stream }
}

fn of_sccp(local: SocketAddr, remote: SocketAddr, bytes: &[u8]) -> Seen<'_> {
    Seen { transport: "sccp", local, remote, bytes, carried: Carried::Sccp }
}

fn of_media(local: SocketAddr, remote: SocketAddr, bytes: &[u8]) -> Seen<'_> {
    Seen { transport: "udp", local, remote, bytes, carried: Carried::Datagram }
}
