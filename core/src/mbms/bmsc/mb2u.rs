//! MB2-U (TS 29.468 clause 7, TS 26.346 clause 8A.2) to SGi-mb: the IP packets that a GCS AS sends to the port of a bearer, each
//! in a SYNC PDU (TS 25.446) to the MBMS-GWs of the bearer. What comes before the bearer is active waits, and goes first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use protocol::{Instant, SyncPlan, UdpDatagram};

use crate::mbms::flute_sender::MAX_DATAGRAM_OCTETS;
use crate::mbms::sequence_clock::SequenceClock;
use crate::mbms::sync_framer::SyncFramer;
use crate::node::NodeOutput;

/// What was done with packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Packets {
    /// Sent on.
    pub(super) sent: u64,
    /// Had to wait for their bearer.
    pub(super) queued: u64,
    /// Given up for newer ones, the queue being full.
    pub(super) overflowed: u64,
    /// For no bearer, too long, not of IP, or not for the address of the service.
    pub(super) refused: u64,
}

/// What comes to the port of a bearer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ingest {
    /// IP packets to the address of the service, each in a datagram.
    Packet,
    /// Payloads (RTP, for one), which a datagram from here to the address of the service is made of.
    Payload(SocketAddr),
    /// Nothing: the BM-SC makes its packets itself.
    Nothing,
}

/// What a bearer has carried.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct FlowCount {
    /// IP packets sent on.
    pub(super) packets: u64,
    /// Octets of them.
    pub(super) octets: u64,
    /// Packets that were refused or given up.
    pub(super) refused: u64,
}

/// User plane of all bearers.
#[derive(Debug)]
pub(super) struct UserPlane {
    queue_octets: usize,
    max_transfer_delay: Duration,
    packet_lengths: bool,
    flows: BTreeMap<u16, Flow>,
    /// Ends of sequences.
    due: BTreeSet<(Instant, u16)>,
    pub(super) packets: Packets,
    out: VecDeque<NodeOutput>,
}

/// User plane of a bearer.
#[derive(Debug)]
struct Flow {
    /// Multicast address and port of the service.
    service: SocketAddr,
    plan: SyncPlan,
    queue: VecDeque<Vec<u8>>,
    queued_octets: usize,
    sender: Option<Sender>,
    ingest: Ingest,
    count: FlowCount,
}

/// What a bearer that is active sends with.
#[derive(Debug)]
struct Sender {
    to: Vec<SocketAddr>,
    clock: SequenceClock,
    framer: SyncFramer,
}

impl UserPlane {
    pub(super) fn new(queue_octets: usize, max_transfer_delay: Duration, packet_lengths: bool) -> Self {
        Self {
            queue_octets,
            max_transfer_delay,
            packet_lengths,
            flows: BTreeMap::new(),
            due: BTreeSet::new(),
            packets: Packets::default(),
            out: VecDeque::new(),
        }
    }

    /// A bearer may come: what it is sent waits.
    pub(super) fn add(&mut self, port: u16, service: SocketAddr, plan: SyncPlan) {
        self.remove(port);
        let (queue, ingest, count) = (VecDeque::new(), Ingest::Packet, FlowCount::default());
        let flow = Flow { service, plan, queue, queued_octets: 0, sender: None, ingest, count };
        self.flows.insert(port, flow);
    }

    /// What comes to the port of a bearer from now on.
    pub(super) fn set_ingest(&mut self, port: u16, ingest: Ingest) {
        if let Some(flow) = self.flows.get_mut(&port) {
            flow.ingest = ingest;
        }
    }

    /// What a bearer has carried so far.
    pub(super) fn count(&self, port: u16) -> Option<FlowCount> {
        self.flows.get(&port).map(|flow| flow.count)
    }

    /// A bearer is active: what has waited goes out. One that sends already only gets other destinations.
    pub(super) fn open(&mut self, now: Instant, port: u16, to: Vec<SocketAddr>, source: SocketAddr) {
        self.start(now, port, to, source, false);
    }

    /// A bearer was active before the BM-SC forgot its counters: it goes on with the sequence after the one that it may have
    /// been in, for an eNB takes each packet number of a sequence once.
    pub(super) fn reopen(&mut self, now: Instant, port: u16, to: Vec<SocketAddr>, source: SocketAddr) {
        self.start(now, port, to, source, true);
    }

    fn start(&mut self, now: Instant, port: u16, to: Vec<SocketAddr>, source: SocketAddr, is_next: bool) {
        let Some(flow) = self.flows.get_mut(&port) else { return };
        if let Some(sender) = &mut flow.sender {
            sender.to = to;
            return;
        }
        let clock = SequenceClock { plan: flow.plan, max_transfer_delay: self.max_transfer_delay };
        let first = clock.on_air(now);
        let first = if is_next { first + flow.plan.sequence() } else { first };
        let framer = SyncFramer::new(flow.plan, self.packet_lengths, first);
        flow.sender = Some(Sender { to, clock, framer });
        flow.queued_octets = 0;
        self.due.insert((clock.window_end(first), port));
        for packet in std::mem::take(&mut flow.queue) {
            self.send(port, &packet, source);
        }
    }

    /// Where the data of a bearer goes from now on.
    pub(super) fn set_destinations(&mut self, port: u16, to: Vec<SocketAddr>) {
        if let Some(sender) = self.flows.get_mut(&port).and_then(|flow| flow.sender.as_mut()) {
            sender.to = to;
        }
    }

    /// The MCH of a bearer is another one from now on: its sequences are, too.
    pub(super) fn set_plan(&mut self, now: Instant, port: u16, plan: SyncPlan) {
        let Some(flow) = self.flows.get_mut(&port).filter(|flow| flow.plan != plan) else { return };
        flow.plan = plan;
        if let Some(sender) = &mut flow.sender {
            self.due.remove(&(sender.window_end(), port));
            sender.clock.plan = plan;
            sender.framer = SyncFramer::new(plan, self.packet_lengths, sender.clock.on_air(now));
            self.due.insert((sender.window_end(), port));
        }
    }

    /// A bearer ends: its last sequence is closed.
    pub(super) fn close(&mut self, now: Instant, port: u16, source: SocketAddr) {
        self.handle_timeout(now, source);
        self.close_sequence(port, source);
        self.remove(port);
    }

    pub(super) fn remove(&mut self, port: u16) {
        let Some(flow) = self.flows.remove(&port) else { return };
        if let Some(sender) = flow.sender {
            self.due.remove(&(sender.window_end(), port));
        }
    }

    /// Bearers that are not among `ports` are gone.
    pub(super) fn retain(&mut self, ports: &BTreeSet<u16>) {
        let gone: Vec<u16> = self.flows.keys().filter(|port| !ports.contains(port)).copied().collect();
        gone.into_iter().for_each(|port| self.remove(port));
    }

    pub(super) fn has(&self, port: u16) -> bool {
        self.flows.contains_key(&port)
    }

    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }

    /// Something has come to the port of a bearer.
    pub(super) fn arrived(&mut self, now: Instant, port: u16, bytes: &[u8], source: SocketAddr) {
        match self.flows.get_mut(&port) {
            Some(Flow { ingest: Ingest::Packet, .. }) | None => self.packet(now, port, bytes, source),
            Some(Flow { ingest: Ingest::Payload(from), service, .. }) => {
                let datagram = UdpDatagram { source: *from, destination: *service, payload: bytes };
                match datagram.emit() {
                    Ok(packet) => self.packet(now, port, &packet, source),
                    Err(_) => self.packets.refused += 1,
                }
            }
            Some(flow) => {
                flow.count.refused += 1;
                self.packets.refused += 1;
            }
        }
    }

    /// A packet for a bearer.
    pub(super) fn packet(&mut self, now: Instant, port: u16, packet: &[u8], source: SocketAddr) {
        self.handle_timeout(now, source);
        let Some(flow) = self.flows.get_mut(&port) else {
            self.packets.refused += 1;
            return;
        };
        if !is_for(packet, flow.service) {
            flow.count.refused += 1;
            self.packets.refused += 1;
            return;
        }
        if flow.sender.is_some() {
            return self.send(port, packet, source);
        }
        self.packets.queued += 1;
        flow.queued_octets += packet.len();
        flow.queue.push_back(packet.to_vec());
        while flow.queued_octets > self.queue_octets
            && let Some(old) = flow.queue.pop_front()
        {
            flow.queued_octets -= old.len();
            flow.count.refused += 1;
            self.packets.overflowed += 1;
        }
    }

    fn send(&mut self, port: u16, packet: &[u8], source: SocketAddr) {
        let Some(flow) = self.flows.get_mut(&port) else { return };
        let Some(sender) = flow.sender.as_mut() else { return };
        match sender.framer.user_data(packet) {
            Ok(pdu) => {
                self.packets.sent += 1;
                flow.count.packets += 1;
                flow.count.octets += packet.len() as u64;
                emit(&mut self.out, source, &sender.to, &pdu);
            }
            Err(_) => {
                flow.count.refused += 1;
                self.packets.refused += 1;
            }
        }
    }

    /// Sequences that are over are closed.
    pub(super) fn handle_timeout(&mut self, now: Instant, source: SocketAddr) {
        while let Some((_, port)) = self.due.first().copied().filter(|(due, _)| *due <= now) {
            let Some(sender) = self.flows.get_mut(&port).and_then(|flow| flow.sender.as_mut()) else { return };
            self.due.remove(&(sender.window_end(), port));
            if now > sender.window_end() + sender.clock.plan.sequence() {
                // The clock leapt over a whole sequence: there is nobody left to tell of it.
                sender.framer.start(sender.clock.on_air(now));
                self.due.insert((sender.window_end(), port));
            } else {
                self.close_sequence(port, source);
            }
        }
    }

    /// Closes the sequence of a bearer; the next one is open.
    fn close_sequence(&mut self, port: u16, source: SocketAddr) {
        let Some(sender) = self.flows.get_mut(&port).and_then(|flow| flow.sender.as_mut()) else { return };
        self.due.remove(&(sender.window_end(), port));
        if let Ok(pdu) = sender.framer.close_sequence() {
            emit(&mut self.out, source, &sender.to, &pdu);
        }
        self.due.insert((sender.window_end(), port));
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    pub(super) fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

impl Sender {
    fn window_end(&self) -> Instant {
        self.clock.window_end(self.framer.sequence())
    }
}

fn emit(out: &mut VecDeque<NodeOutput>, source: SocketAddr, to: &[SocketAddr], pdu: &[u8]) {
    out.extend(to.iter().map(|to| NodeOutput::Datagram { local: source, remote: *to, bytes: pdu.to_vec() }));
}

/// Whether a packet is one of IP, whole, to the multicast address of a service.
fn is_for(packet: &[u8], service: SocketAddr) -> bool {
    if packet.len() > MAX_DATAGRAM_OCTETS {
        return false;
    }
    let word = |at: usize| packet.get(at..at + 2).map(|octets| usize::from(u16::from_be_bytes([octets[0], octets[1]])));
    match (packet.first().map(|first| first >> 4), service.ip()) {
        (Some(4), IpAddr::V4(ip)) => {
            word(2) == Some(packet.len()) && packet.len() >= 20 && packet.get(16..20) == Some(&ip.octets())
        }
        (Some(6), IpAddr::V6(ip)) => {
            word(4).map(|payload| payload + 40) == Some(packet.len()) && packet.get(24..40) == Some(&ip.octets())
        }
        _ => false,
    }
}
