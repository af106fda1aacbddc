//! Diameter connections between nodes (RFC 6733 clause 2.1), their messages past the tap.

use std::net::SocketAddr;

use protocol::diameter::{ConnectionId, DiameterInput, DiameterTransport};
use protocol::sip::Transport;

use super::{Arrival, FIRST_EPHEMERAL_PORT, Fabric, Instant, NodeInput, Way};

/// A Diameter connection: place and address of who opened it, and of whom it was opened to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection {
    pub(super) ends: [(usize, SocketAddr); 2],
}

impl Fabric {
    pub(super) fn diameter(&mut self, now: Instant, index: usize, transport: DiameterTransport) {
        match transport {
            DiameterTransport::Connect { peer, address } => {
                self.schedule(now + self.latency.core, Arrival::Connect { from: index, peer, address });
            }
            DiameterTransport::Close { conn } => self.close(now, conn, Some(index)),
            DiameterTransport::Send { conn, bytes } => {
                let Some(connection) = self.connections.get(&conn) else { return };
                let [a, b] = connection.ends;
                let (own, other) = if a.0 == index { (a, b) } else { (b, a) };
                self.emit(Way::Diameter(conn), Transport::Tcp, own, other, bytes);
            }
        }
    }

    pub(super) fn close(&mut self, now: Instant, conn: ConnectionId, by: Option<usize>) {
        let Some(connection) = self.connections.remove(&conn) else { return };
        for (at, _) in connection.ends.into_iter().filter(|(at, _)| Some(*at) != by) {
            self.schedule(now + self.latency.core, Arrival::Closed { at, conn });
        }
    }

    pub(super) fn connect(&mut self, now: Instant, from: usize, peer: usize, address: SocketAddr) {
        let to = self.by_ip.get(&address.ip()).copied();
        let Some(to) = to.filter(|&to| self.places[to].node.is_some() && !self.places[to].is_down) else {
            return self.input(now, from, NodeInput::Diameter(DiameterInput::ConnectFailed { peer }));
        };
        self.connections_opened += 1;
        let conn = ConnectionId(self.connections_opened);
        let port = FIRST_EPHEMERAL_PORT + (self.connections_opened % 10_000) as u16;
        let own = SocketAddr::new(self.places[from].ip, port);
        self.connections.insert(conn, Connection { ends: [(from, own), (to, address)] });
        self.input(now, to, NodeInput::Diameter(DiameterInput::Connected { conn, peer: None }));
        self.input(now, from, NodeInput::Diameter(DiameterInput::Connected { conn, peer: Some(peer) }));
    }
}
