//! User plane of M1 at the eNB: TS 36.300 clause 15.3.3 (content synchronisation), TS 25.446 clause 5.4 (SYNC).
//!
//! PDUs are put in order by packet number and held until their sequence is complete, or until shortly before it is due.
//! A single missing packet is stepped over; after several in a row the rest of the sequence is withheld (TS 25.446
//! clause 5.4.1.2: with MBSFN an eNB that does not know what the others send is silent).

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use protocol::{
    GTPU_PORT, GtpuError, GtpuMessageType, GtpuPacket, Instant, IpError, SyncError, SyncHeader, SyncPlan, SyncRepr,
    SyncTimestamp, Tmgi, UdpDatagram,
};

/// Sequences that a bearer holds at a time.
const MAX_SEQUENCES: usize = 16;

/// The agent's plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EnbAgentConfig {
    /// An incomplete sequence is given up this long before it is due. The BM-SC's `max_transfer_delay` covers it.
    pub processing_time: Duration,
    /// Most octets that a bearer holds.
    pub max_held_octets: usize,
}

/// A bearer as M2AP sets it up (TS 36.443 clause 8.2). Where its data goes on the air is in the MBMS scheduling
/// information.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MbmsBearer {
    /// Bearer.
    pub tmgi: Tmgi,
    /// Its synchronisation sequences, as at the BM-SC.
    pub sync: SyncPlan,
    /// Multicast address on M1.
    pub multicast: Ipv4Addr,
    /// Common tunnel endpoint identifier on M1.
    pub c_teid: u32,
}

/// What comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EnbAgentInput<'a> {
    /// A bearer starts; one with the same TMGI is replaced.
    SessionStart(MbmsBearer),
    /// A bearer ends; what it holds is given out first.
    SessionStop {
        /// Its TMGI.
        tmgi: Tmgi,
    },
    /// A datagram from M1, from its IP header on.
    M1(&'a [u8]),
    /// A GTP-U packet from M1: the payload of a UDP datagram to the GTP-U port of a group.
    Gtpu {
        /// The group.
        multicast: IpAddr,
        /// The packet.
        packet: &'a [u8],
    },
}

/// What comes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EnbAgentOutput {
    /// For the radio, in order.
    Sdu {
        /// Bearer.
        tmgi: Tmgi,
        /// IP datagram.
        sdu: Vec<u8>,
        /// Start of the MCH scheduling period that carries it.
        due: Instant,
    },
    /// Packets of a sequence did not come.
    Lost(LossReport),
    /// A datagram was dropped.
    Discarded(Discard),
}

/// Packets that did not come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LossReport {
    /// Bearer.
    pub tmgi: Tmgi,
    /// Start of the MCH scheduling period.
    pub due: Instant,
    /// Packets lost, by packet number.
    pub packets: u32,
    /// Octets of user data lost, by elapsed octet counter.
    pub octets: u64,
    /// Packets that came and are withheld because of several lost ones in a row.
    pub withheld: u32,
}

/// Why a datagram was dropped.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Discard {
    /// Not UDP over IP.
    #[error(transparent)]
    Ip(#[from] IpError),
    /// Not GTP-U.
    #[error(transparent)]
    Gtpu(#[from] GtpuError),
    /// Not SYNC, or damaged.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// Not for the GTP-U port.
    #[error("UDP port {0} is not that of GTP-U ({GTPU_PORT})")]
    Port(u16),
    /// Not a G-PDU.
    #[error("{0} is not used on M1")]
    MessageType(GtpuMessageType),
    /// No bearer there.
    #[error("no bearer has C-TEID {c_teid:#x} at {multicast}")]
    UnknownTunnel {
        /// Multicast address.
        multicast: IpAddr,
        /// Tunnel.
        c_teid: u32,
    },
    /// No MCH scheduling period starts there.
    #[error("no MCH scheduling period starts at SYNC timestamp {}", .0.0)]
    Timestamp(SyncTimestamp),
    /// The sequence has been given out.
    #[error("the MCH scheduling period at {due} is past: the datagram came {late:?} late")]
    Late {
        /// Start of the period.
        due: Instant,
        /// How late.
        late: Duration,
    },
    /// The packet number was there already.
    #[error("packet {packet_number} of the sequence at {due} came twice")]
    Duplicate {
        /// Start of the period.
        due: Instant,
        /// Packet number.
        packet_number: u16,
    },
    /// The bearer holds as much as it may.
    #[error("the bearer holds {octets} octets in {sequences} sequences, no more fit")]
    Full {
        /// Octets held.
        octets: usize,
        /// Sequences held.
        sequences: usize,
    },
    /// The elapsed octet counter contradicts the packets before it.
    #[error("packet {packet_number} of the sequence at {due} tells {found} elapsed octets, there were {expected}")]
    ElapsedOctets {
        /// Start of the period.
        due: Instant,
        /// Packet number.
        packet_number: u16,
        /// As received.
        found: u32,
        /// As counted.
        expected: u32,
    },
}

/// Sums since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EnbAgentCounters {
    /// Datagrams from M1.
    pub datagrams: u64,
    /// Of these, dropped.
    pub discarded: u64,
    /// SDUs given to the radio.
    pub sdus: u64,
    /// Their octets.
    pub sdu_octets: u64,
    /// Packets that did not come.
    pub lost_packets: u64,
    /// Packets withheld.
    pub withheld_packets: u64,
}

/// The eNB's end of M1.
#[derive(Debug)]
pub struct EnbAgent {
    config: EnbAgentConfig,
    bearers: BTreeMap<Tmgi, Bearer>,
    counters: EnbAgentCounters,
    outputs: VecDeque<EnbAgentOutput>,
}

#[derive(Debug)]
struct Bearer {
    setup: MbmsBearer,
    /// By the start of the MCH scheduling period.
    sequences: BTreeMap<Instant, Sequence>,
    held_octets: usize,
    /// Sequences up to this one have been given out.
    given_out: Option<Instant>,
}

#[derive(Debug, Default)]
struct Sequence {
    pdus: BTreeMap<u16, Pdu>,
    /// Packets and octets of the whole sequence, from its closing PDU.
    closed: Option<(u16, u32)>,
}

struct Pdu {
    elapsed_octets: u32,
    sdu: Vec<u8>,
}

impl fmt::Debug for Pdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets after {}", self.sdu.len(), self.elapsed_octets)
    }
}

impl EnbAgent {
    /// An agent without bearers.
    pub fn new(config: EnbAgentConfig) -> Self {
        let counters = EnbAgentCounters::default();
        Self { config, bearers: BTreeMap::new(), counters, outputs: VecDeque::new() }
    }

    /// Takes an input.
    pub fn handle_input(&mut self, now: Instant, input: EnbAgentInput<'_>) {
        match input {
            EnbAgentInput::SessionStart(setup) => {
                let bearer = Bearer { setup, sequences: BTreeMap::new(), held_octets: 0, given_out: None };
                self.bearers.insert(setup.tmgi, bearer);
            }
            EnbAgentInput::SessionStop { tmgi } => {
                if let Some(mut bearer) = self.bearers.remove(&tmgi) {
                    while let Some(&due) = bearer.sequences.keys().next() {
                        bearer.give_out(due, &mut self.counters, &mut self.outputs);
                    }
                }
            }
            EnbAgentInput::M1(octets) => {
                let taken = self.m1(now, octets);
                self.count(taken);
            }
            EnbAgentInput::Gtpu { multicast, packet } => {
                let taken = self.gtpu(now, multicast, packet);
                self.count(taken);
            }
        }
    }

    /// Gives out the sequences whose time has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        let last = now + self.config.processing_time;
        for bearer in self.bearers.values_mut() {
            while let Some(&due) = bearer.sequences.keys().next().filter(|&&due| due <= last) {
                bearer.give_out(due, &mut self.counters, &mut self.outputs);
            }
        }
    }

    /// When the first incomplete sequence is given up.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let first = self.bearers.values().filter_map(|bearer| bearer.sequences.keys().next()).min()?;
        Some(Instant::ZERO + first.elapsed().saturating_sub(self.config.processing_time))
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<EnbAgentOutput> {
        self.outputs.pop_front()
    }

    /// Sums since the start.
    pub fn counters(&self) -> EnbAgentCounters {
        self.counters
    }

    fn m1(&mut self, now: Instant, octets: &[u8]) -> Result<(), Discard> {
        let datagram = UdpDatagram::parse(octets)?;
        if datagram.destination.port() != GTPU_PORT {
            return Err(Discard::Port(datagram.destination.port()));
        }
        self.gtpu(now, datagram.destination.ip(), datagram.payload)
    }

    fn count(&mut self, taken: Result<(), Discard>) {
        self.counters.datagrams += 1;
        if let Err(discard) = taken {
            self.counters.discarded += 1;
            self.outputs.push_back(EnbAgentOutput::Discarded(discard));
        }
    }

    fn gtpu(&mut self, now: Instant, multicast: IpAddr, packet: &[u8]) -> Result<(), Discard> {
        let packet = GtpuPacket::new_checked(packet)?;
        if packet.message_type() != GtpuMessageType::G_PDU {
            return Err(Discard::MessageType(packet.message_type()));
        }
        let c_teid = packet.teid();
        let bearer = self
            .bearers
            .values_mut()
            .find(|b| IpAddr::V4(b.setup.multicast) == multicast && b.setup.c_teid == c_teid)
            .ok_or(Discard::UnknownTunnel { multicast, c_teid })?;
        let pdu = SyncRepr::parse(packet.payload())?;
        let timestamp = pdu.header().timestamp;
        let due = bearer.setup.sync.instant(timestamp, now).ok_or(Discard::Timestamp(timestamp))?;
        bearer.check_time(now, due)?;
        let complete = match pdu {
            SyncRepr::UserData { header, payload } => bearer.hold(due, header, payload, self.config.max_held_octets)?,
            SyncRepr::Information { header, .. } | SyncRepr::LengthOfPackets { header, .. } => {
                bearer.sequence(due)?.close(header)
            }
        };
        // Sequences are given out in order: an older one that is still incomplete has its own time.
        if complete && bearer.sequences.keys().next() == Some(&due) {
            bearer.give_out(due, &mut self.counters, &mut self.outputs);
        }
        Ok(())
    }
}

impl Bearer {
    fn check_time(&self, now: Instant, due: Instant) -> Result<(), Discard> {
        if due <= now || self.given_out.is_some_and(|last| due <= last) {
            return Err(Discard::Late { due, late: now - due });
        }
        Ok(())
    }

    fn sequence(&mut self, due: Instant) -> Result<&mut Sequence, Discard> {
        if self.sequences.len() >= MAX_SEQUENCES && !self.sequences.contains_key(&due) {
            return Err(Discard::Full { octets: self.held_octets, sequences: self.sequences.len() });
        }
        Ok(self.sequences.entry(due).or_default())
    }

    /// Holds user data; true when its sequence is complete now.
    fn hold(&mut self, due: Instant, header: SyncHeader, payload: &[u8], max: usize) -> Result<bool, Discard> {
        let SyncHeader { packet_number, elapsed_octets, .. } = header;
        if self.held_octets + payload.len() > max {
            return Err(Discard::Full { octets: self.held_octets, sequences: self.sequences.len() });
        }
        let sequence = self.sequence(due)?;
        if sequence.pdus.contains_key(&packet_number) {
            return Err(Discard::Duplicate { due, packet_number });
        }
        sequence.pdus.insert(packet_number, Pdu { elapsed_octets, sdu: payload.to_vec() });
        let complete = sequence.is_complete();
        self.held_octets += payload.len();
        Ok(complete)
    }

    fn give_out(&mut self, due: Instant, counters: &mut EnbAgentCounters, outputs: &mut VecDeque<EnbAgentOutput>) {
        let Some(sequence) = self.sequences.remove(&due) else { return };
        self.given_out = Some(due);
        let tmgi = self.setup.tmgi;
        let mut lost = LossReport { tmgi, due, packets: 0, octets: 0, withheld: 0 };
        let (mut expected, mut elapsed) = (0u32, 0u32);
        let mut silent = false;
        for (packet_number, Pdu { elapsed_octets, sdu }) in sequence.pdus {
            self.held_octets -= sdu.len();
            let gap = u32::from(packet_number) - expected;
            let (found, octets) = (elapsed_octets, sdu.len() as u64);
            if gap == 0 && found != elapsed {
                let discard = Discard::ElapsedOctets { due, packet_number, found, expected: elapsed };
                counters.discarded += 1;
                outputs.push_back(EnbAgentOutput::Discarded(discard));
            }
            lost.packets += gap;
            lost.octets += u64::from(found.saturating_sub(elapsed));
            silent |= gap > 1;
            (expected, elapsed) = (u32::from(packet_number) + 1, found.wrapping_add(octets as u32));
            if silent {
                lost.withheld += 1;
            } else {
                counters.sdus += 1;
                counters.sdu_octets += octets;
                outputs.push_back(EnbAgentOutput::Sdu { tmgi, sdu, due });
            }
        }
        if let Some((packets, octets)) = sequence.closed {
            lost.packets += u32::from(packets).saturating_sub(expected);
            lost.octets += u64::from(octets.saturating_sub(elapsed));
        }
        if lost.packets > 0 || lost.withheld > 0 {
            counters.lost_packets += u64::from(lost.packets);
            counters.withheld_packets += u64::from(lost.withheld);
            outputs.push_back(EnbAgentOutput::Lost(lost));
        }
    }
}

impl Sequence {
    /// Notes what the closing PDU tells; true when all of it is there.
    fn close(&mut self, header: SyncHeader) -> bool {
        self.closed = Some((header.packet_number, header.elapsed_octets));
        self.is_complete()
    }

    fn is_complete(&self) -> bool {
        self.closed.is_some_and(|(packets, _)| self.pdus.len() >= usize::from(packets))
    }
}

#[cfg(test)]
mod tests;
