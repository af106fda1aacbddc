//! Media and MBMS between nodes and boxes outside: streams (MSRP), SCTP associations (M3AP, M2AP) and datagrams (RTP, M1),
//! each piece with its octets past the tap.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use protocol::sip::Transport;

use super::{
    Arrival, FIRST_EPHEMERAL_PORT, Fabric, Instant, NodeInput, OutsideEvent, Said, StreamEvent, StreamId, Way,
};
use crate::node::{Membership, StreamOutput};

/// Streams that are open, by the names that their ends have for them.
#[derive(Default, Debug)]
pub(super) struct Streams {
    ends: BTreeMap<StreamId, End>,
    opened: u64,
    /// Who is in which group of IP multicast, and whom alone he hears there.
    groups: BTreeMap<IpAddr, BTreeSet<(usize, Option<IpAddr>)>>,
}

/// One end of a stream.
#[derive(Clone, Copy, Debug)]
struct End {
    place: usize,
    address: SocketAddr,
    /// The other one.
    other: StreamId,
    /// When the last octets that are under way to this end arrive.
    last: Instant,
    /// This side has closed the stream, or the other.
    is_closed: bool,
}

impl Streams {
    pub(super) fn carried(&mut self, to: StreamId, arrives: Instant) {
        if let Some(end) = self.ends.get_mut(&to) {
            end.last = end.last.max(arrives);
        }
    }

    pub(super) fn set_member(&mut self, place: usize, membership: Membership) {
        let Membership { group, source, is_member } = membership;
        let members = self.groups.entry(group).or_default();
        if is_member {
            members.insert((place, source));
        } else {
            members.remove(&(place, source));
        }
        self.groups.retain(|_, members| !members.is_empty());
    }

    /// Members that hear what comes from an address.
    fn members(&self, group: IpAddr, from: IpAddr) -> Vec<usize> {
        let members = self.groups.get(&group).into_iter().flatten();
        let hear = members.filter(|(_, source)| source.is_none_or(|source| source == from));
        hear.map(|(place, _)| *place).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// A box that is gone is in no group.
    fn leave(&mut self, place: usize) {
        self.groups.values_mut().for_each(|members| members.retain(|(own, _)| *own != place));
        self.groups.retain(|_, members| !members.is_empty());
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn forget(&mut self, conn: StreamId) {
        if let Some(end) = self.ends.remove(&conn) {
            self.ends.remove(&end.other);
        }
    }
}

impl Fabric {
    /// A box outside does something with streams, as nodes do by their outputs; false when there is no such box.
    pub fn stream_from_outside(&mut self, now: Instant, name: &str, output: StreamOutput) -> bool {
        self.outside_names.get(name).copied().is_some_and(|index| {
            self.stream_output(now, index, output);
            true
        })
    }

    /// A box outside sends a datagram of media from an address of its own.
    pub fn datagram_from_outside(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        if let Some(&index) = self.by_ip.get(&from.ip()) {
            self.media_datagram(index, from, to, bytes);
        }
    }

    pub(super) fn stream_output(&mut self, now: Instant, index: usize, output: StreamOutput) {
        match output {
            StreamOutput::Connect { token, remote } => {
                let at = now + self.latency(self.places[index].ip, remote.ip());
                self.schedule(at, Arrival::StreamConnect { from: index, token, remote });
            }
            StreamOutput::Send { conn, bytes } => {
                let Some(own) = self.media.ends.get(&conn).filter(|end| end.place == index && !end.is_closed) else {
                    return;
                };
                let Some(other) = self.media.ends.get(&own.other) else { return };
                let (from, to) = ((index, own.address), (other.place, other.address));
                self.emit(Way::Stream(own.other), Transport::Tcp, from, to, bytes);
            }
            StreamOutput::Close { conn } => {
                let end = self.media.ends.get_mut(&conn).filter(|end| end.place == index && !end.is_closed);
                if let Some(end) = end {
                    end.is_closed = true;
                    self.outputs.push_back(Said::StreamEnd { of: conn, at: now });
                }
            }
        }
    }

    /// What one end has sent is carried: the other learns after it that the stream is closed.
    pub(super) fn end_stream(&mut self, at: Instant, of: StreamId) {
        let Some(own) = self.media.ends.get(&of).copied() else { return };
        let Some(other) = self.media.ends.get(&own.other).copied() else { return };
        let arrives = (at + self.latency(own.address.ip(), other.address.ip())).max(other.last);
        let event = StreamEvent::Closed { conn: own.other };
        self.schedule(arrives, Arrival::Stream { at: other.place, event });
    }

    /// A connection reaches whom it was meant for; its opener learns one more latency later.
    pub(super) fn stream_connect(&mut self, now: Instant, from: usize, token: u64, remote: SocketAddr) {
        let back = now + self.latency(self.places[from].ip, remote.ip());
        let to = self.by_ip.get(&remote.ip()).copied().filter(|&to| !self.places[to].is_down);
        let Some(to) = to else {
            let event = StreamEvent::ConnectFailed { token, why: format!("{remote} refuses the connection") };
            return self.schedule(back, Arrival::Stream { at: from, event });
        };
        let streams = &mut self.media;
        streams.opened += 2;
        let (own, other) = (StreamId(streams.opened - 1), StreamId(streams.opened));
        let port = FIRST_EPHEMERAL_PORT + (streams.opened / 2 % 10_000) as u16;
        let local = SocketAddr::new(self.places[from].ip, port);
        let end = |place, address, other| End { place, address, other, last: now, is_closed: false };
        streams.ends.insert(own, End { last: back, ..end(from, local, other) });
        streams.ends.insert(other, end(to, remote, own));
        let event = StreamEvent::Connected { conn: own, token: Some(token), local, remote };
        self.schedule(back, Arrival::Stream { at: from, event });
        self.stream_event(now, to, StreamEvent::Connected { conn: other, token: None, local: remote, remote: local });
    }

    pub(super) fn stream_event(&mut self, now: Instant, at: usize, event: StreamEvent) {
        if let StreamEvent::Closed { conn } | StreamEvent::Connected { conn, .. } = event {
            // Who has closed it himself hears no more of it.
            let is_silent = self.media.ends.get(&conn).is_none_or(|end| end.is_closed);
            if matches!(event, StreamEvent::Closed { .. }) {
                self.media.forget(conn);
            }
            if is_silent {
                return;
            }
        }
        match self.places[at].node {
            None => self.at_outside(at, OutsideEvent::Stream(event)),
            Some(_) => self.input(now, at, NodeInput::Stream(event.as_input())),
        }
    }

    pub(super) fn stream_arrives(&mut self, now: Instant, to: usize, conn: StreamId, bytes: Vec<u8>) {
        let is_open = self.media.ends.get(&conn).is_some_and(|end| end.place == to && !end.is_closed);
        if is_open {
            self.stream_event(now, to, StreamEvent::Received { conn, bytes });
        }
    }

    /// A box is gone: who had streams to it learns so.
    pub(super) fn break_streams(&mut self, now: Instant, index: usize) {
        self.media.leave(index);
        let broken: Vec<_> =
            self.media.ends.iter().filter(|(_, end)| end.place == index).map(|(id, end)| (*id, end.other)).collect();
        for (own, other) in broken {
            let Some(end) = self.media.ends.get_mut(&own) else { continue };
            end.is_closed = true;
            let Some(far) = self.media.ends.get(&other).copied() else { continue };
            let at = now + self.latency.core;
            self.schedule(at, Arrival::Stream { at: far.place, event: StreamEvent::Closed { conn: other } });
        }
    }

    pub(super) fn media_datagram(&mut self, index: usize, local: SocketAddr, remote: SocketAddr, bytes: Vec<u8>) {
        if remote.ip().is_multicast() {
            for to in self.media.members(remote.ip(), local.ip()) {
                let way = Way::Multicast(to);
                self.emit(way, Transport::Udp, (index, local), (to, remote), bytes.clone());
            }
            return;
        }
        // Where nobody is, a datagram is lost.
        if let Some(&to) = self.by_ip.get(&remote.ip()) {
            self.emit(Way::Datagram, Transport::Udp, (index, local), (to, remote), bytes);
        }
    }

    pub(super) fn datagram_arrives(
        &mut self,
        now: Instant,
        to: usize,
        local: SocketAddr,
        remote: SocketAddr,
        bytes: Vec<u8>,
    ) {
        match self.places[to].node {
            None => self.at_outside(to, OutsideEvent::Datagram { local, remote, bytes }),
            Some(_) => self.input(now, to, NodeInput::Datagram { local, remote, bytes: &bytes }),
        }
    }
}
