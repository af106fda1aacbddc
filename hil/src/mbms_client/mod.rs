//! MBMS client: download reception, TS 26.346 clause 7.2 (FLUTE, RFC 3926).
//!
//! The `flute` crate decodes. Around it, everything that a sender could use to make it grow is limited: only Compact
//! No-Code and Raptor, only objects that an FDT announces (and a few before the first FDT), few incomplete FDT
//! instances, and a bounded queue of
//! undelivered octets. The crate shares by `Rc`, so a client stays on its thread.

mod fdt;
mod writer;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::SystemTime;

use flute::core::UDPEndpoint;
use flute::core::alc::{AlcPkt, parse_alc_pkt};
use flute::receiver::{Config, Receiver};
use protocol::{Instant, IpError, UdpDatagram};

use self::fdt::{FdtFile, fdt_files};
use self::writer::{Queue, Written};

/// Most octets of source blocks that the receiver of one session holds: a block is kept until it is whole, and whole
/// blocks are kept until all before them are.
const MAX_HELD_OCTETS: usize = 32 << 20;
/// Most octets of object data in one call that the driver has not fetched.
const MAX_QUEUED_OCTETS: usize = 64 << 20;
/// Objects that may come before an FDT that announces them.
const MAX_UNANNOUNCED_OBJECTS: usize = 4;
/// FDT instances that may be incomplete at a time; then the receiver starts afresh.
const MAX_INCOMPLETE_FDTS: usize = 8;
/// FEC encoding ids of TS 26.346 clause 7.2.12: Compact No-Code and Raptor; the LCT codepoint (RFC 3926 clause 5.1).
const FEC_ENCODING_IDS: [u8; 2] = [0, 1];
/// Longest TOI (TS 26.346 and RFC 3926 leave up to 112 bits; no sender needs them).
const MAX_TOI: u128 = u64::MAX as u128;
/// Shortest encoding symbol: shorter ones cost more memory than they carry.
const MIN_SYMBOL_OCTETS: u16 = 16;

/// What a UE knows of a service: the part of a user service description (TS 26.346 clause 7.3) that reception needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceDescription {
    /// Name of the session.
    pub session: String,
    /// Multicast address and port.
    pub destination: SocketAddr,
    /// Transport session identifier.
    pub tsi: u64,
}

/// What comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MbmsClientInput<'a> {
    /// An IP datagram of an MTCH, from its header on.
    Ip(&'a [u8]),
}

/// What comes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MbmsClientOutput {
    /// A new FDT instance.
    FdtReceived {
        /// Session.
        session: String,
        /// FDT instance id.
        instance_id: u32,
        /// Content-Location of each file.
        files: Vec<String>,
    },
    /// An object is about to be given out, from its first octet on; what a failed attempt gave out is void.
    ObjectStarted {
        /// Session.
        session: String,
        /// Transport object identifier.
        toi: u64,
        /// Content-Location of the FDT.
        content_location: String,
        /// Length by the FDT, octets.
        octets: u64,
    },
    /// The next octets of an object, in order.
    ObjectData {
        /// Session.
        session: String,
        /// Transport object identifier.
        toi: u64,
        /// Octets.
        bytes: Vec<u8>,
    },
    /// All octets of an object have been given out.
    ObjectComplete {
        /// Session.
        session: String,
        /// Transport object identifier.
        toi: u64,
        /// Content-Location of the FDT.
        content_location: String,
        /// Length, octets.
        octets: u64,
        /// SHA-256 of the octets, hexadecimal.
        sha256: String,
        /// The FDT has a Content-MD5, and it fits.
        md5_ok: bool,
    },
    /// An object cannot be completed; reception starts again with its next packet.
    ObjectFailed {
        /// Session.
        session: String,
        /// Transport object identifier.
        toi: u64,
        /// Why.
        reason: String,
    },
    /// A datagram was dropped.
    Discarded(MbmsDiscard),
}

/// Why a datagram was dropped.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MbmsDiscard {
    /// Not UDP over IP, or damaged.
    #[error(transparent)]
    Ip(#[from] IpError),
    /// Not an ALC packet.
    #[error("ALC: {0}")]
    Alc(String),
    /// A FEC scheme that MBMS does not use.
    #[error("LCT codepoint {0} is neither Compact No-Code (0) nor Raptor (1)")]
    Codepoint(u8),
    /// Encoding symbols that cost more memory than they carry.
    #[error("encoding symbols of {0} octets: at least {MIN_SYMBOL_OCTETS} are taken")]
    SymbolOctets(u16),
    /// A TOI of more than 64 bits.
    #[error("TOI {0} has more than 64 bits")]
    Toi(u128),
    /// An object that no FDT announces, after several others.
    #[error("no FDT announces TOI {0}")]
    Unannounced(u128),
    /// The FLUTE receiver refuses the packet.
    #[error("FLUTE: {0}")]
    Flute(String),
}

/// How far a session has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MbmsClientProgress {
    /// Octets of encoding symbols of objects received, repeats included.
    pub received_symbol_octets: u64,
    /// Octets of objects given out, in order.
    pub written_octets: u64,
    /// Packets of the session, FDTs included.
    pub packets: u64,
}

/// Sums since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MbmsClientStats {
    /// Datagrams.
    pub datagrams: u64,
    /// Datagrams of services that the client does not know.
    pub other: u64,
    /// Datagrams dropped for a reason.
    pub discarded: u64,
    /// Times that a receiver started afresh because of too many incomplete FDT instances.
    pub resets: u64,
}

/// The MBMS client of a UE. It has no timers: only `handle_input` and `poll_output`.
#[derive(Debug)]
pub struct MbmsClient {
    sessions: BTreeMap<SocketAddr, Session>,
    wall_clock: SystemTime,
    stats: MbmsClientStats,
    outputs: VecDeque<MbmsClientOutput>,
}

#[derive(Debug)]
struct Session {
    service: ServiceDescription,
    receiver: Receiver,
    queue: Rc<Queue>,
    progress: MbmsClientProgress,
    /// TOIs of the latest FDT instance.
    announced: BTreeSet<u128>,
    /// TOIs of other objects that were let in.
    unannounced: BTreeSet<u128>,
    incomplete_fdts: BTreeSet<u32>,
    latest_fdt: Option<u32>,
}

impl MbmsClient {
    /// For the services that the UE is to receive; `wall_clock` is UTC at the start of the run (FDT instances expire).
    pub fn new(services: Vec<ServiceDescription>, wall_clock: SystemTime) -> Self {
        let sessions = services.into_iter().map(|service| (service.destination, Session::new(service))).collect();
        Self { sessions, wall_clock, stats: MbmsClientStats::default(), outputs: VecDeque::new() }
    }

    /// Takes a datagram.
    pub fn handle_input(&mut self, now: Instant, input: MbmsClientInput<'_>) {
        let MbmsClientInput::Ip(octets) = input;
        self.stats.datagrams += 1;
        if let Err(reason) = self.ip(now, octets) {
            self.stats.discarded += 1;
            self.outputs.push_back(MbmsClientOutput::Discarded(reason));
        }
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<MbmsClientOutput> {
        self.outputs.pop_front()
    }

    /// How far the session of that name has come.
    pub fn progress(&self, session: &str) -> Option<MbmsClientProgress> {
        self.sessions.values().find(|s| s.service.session == session).map(|s| s.progress)
    }

    /// Sums since the start.
    pub fn stats(&self) -> MbmsClientStats {
        self.stats
    }

    fn ip(&mut self, now: Instant, octets: &[u8]) -> Result<(), MbmsDiscard> {
        let datagram = UdpDatagram::parse(octets)?;
        let Some(session) = self.sessions.get_mut(&datagram.destination) else {
            self.stats.other += 1;
            return Ok(());
        };
        let packet = parse_alc_pkt(datagram.payload).map_err(|e| MbmsDiscard::Alc(e.0.to_string()))?;
        if packet.lct.tsi != session.service.tsi {
            self.stats.other += 1;
            return Ok(());
        }
        session.progress.packets += 1;
        if session.admit(&packet)? {
            self.stats.resets += 1;
        }
        session.push(&packet, self.wall_clock + now.elapsed(), &mut self.outputs)
    }
}

impl Session {
    fn new(service: ServiceDescription) -> Self {
        let queue = Rc::new(Queue::new(MAX_QUEUED_OCTETS));
        Self {
            receiver: receiver(&service, &queue),
            service,
            queue,
            progress: MbmsClientProgress::default(),
            announced: BTreeSet::new(),
            unannounced: BTreeSet::new(),
            incomplete_fdts: BTreeSet::new(),
            latest_fdt: None,
        }
    }

    /// Whether the receiver may see the packet; true when it had to start afresh for it.
    fn admit(&mut self, packet: &AlcPkt<'_>) -> Result<bool, MbmsDiscard> {
        let (toi, codepoint) = (packet.lct.toi, packet.lct.cp);
        if toi > MAX_TOI {
            return Err(MbmsDiscard::Toi(toi));
        }
        if !FEC_ENCODING_IDS.contains(&codepoint) {
            return Err(MbmsDiscard::Codepoint(codepoint));
        }
        let symbol_octets = packet.oti.as_ref().map(|oti| oti.encoding_symbol_length);
        if let Some(short) = symbol_octets.filter(|&octets| octets < MIN_SYMBOL_OCTETS) {
            return Err(MbmsDiscard::SymbolOctets(short));
        }
        if let Some(fdt) = packet.fdt_info.as_ref().filter(|_| toi == 0) {
            return Ok(self.admit_fdt(fdt.fdt_instance_id));
        }
        if toi == 0 {
            return Ok(false);
        }
        if !self.announced.contains(&toi) && !self.unannounced.contains(&toi) {
            if self.unannounced.len() >= MAX_UNANNOUNCED_OBJECTS {
                return Err(MbmsDiscard::Unannounced(toi));
            }
            self.unannounced.insert(toi);
        }
        self.progress.received_symbol_octets += (packet.data.len() - packet.data_payload_offset) as u64;
        Ok(false)
    }

    fn admit_fdt(&mut self, instance_id: u32) -> bool {
        if self.latest_fdt == Some(instance_id) || !self.incomplete_fdts.insert(instance_id) {
            return false;
        }
        if self.incomplete_fdts.len() <= MAX_INCOMPLETE_FDTS {
            return false;
        }
        self.receiver = receiver(&self.service, &self.queue);
        self.announced.clear();
        self.unannounced.clear();
        self.incomplete_fdts = BTreeSet::from([instance_id]);
        self.latest_fdt = None;
        true
    }

    fn push(
        &mut self,
        packet: &AlcPkt<'_>,
        utc: SystemTime,
        outputs: &mut VecDeque<MbmsClientOutput>,
    ) -> Result<(), MbmsDiscard> {
        let instance_id = packet.fdt_info.as_ref().map(|fdt| fdt.fdt_instance_id);
        if instance_id.is_some() {
            // Forgets instances that failed or expired: without that, their ids would be dead.
            self.receiver.cleanup(utc);
        }
        let result = self.receiver.push(packet, utc).map_err(|e| MbmsDiscard::Flute(e.0.to_string()));
        if let (Err(_), Some(instance_id)) = (&result, instance_id) {
            self.incomplete_fdts.remove(&instance_id);
        }
        self.drain(instance_id, outputs);
        result
    }

    /// Hands on what the receiver wrote during one packet. Objects come in order of their TOI: the order in which the
    /// receiver looks at several is not fixed.
    fn drain(&mut self, instance_id: Option<u32>, outputs: &mut VecDeque<MbmsClientOutput>) {
        let mut written = self.queue.take();
        written.sort_by_key(Written::toi);
        for item in written {
            let session = self.service.session.clone();
            outputs.push_back(match item {
                Written::Fdt { xml } => {
                    let (instance_id, files) = (instance_id.unwrap_or_default(), fdt_files(&xml));
                    self.fdt_received(instance_id, &files);
                    let files = files.into_iter().map(|file| file.content_location).collect();
                    MbmsClientOutput::FdtReceived { session, instance_id, files }
                }
                Written::Started { toi, content_location, octets } => {
                    MbmsClientOutput::ObjectStarted { session, toi, content_location, octets }
                }
                Written::Data { toi, bytes } => {
                    self.progress.written_octets += bytes.len() as u64;
                    MbmsClientOutput::ObjectData { session, toi, bytes }
                }
                Written::Complete { toi, content_location, octets, sha256, md5_ok } => {
                    MbmsClientOutput::ObjectComplete { session, toi, content_location, octets, sha256, md5_ok }
                }
                Written::Failed { toi, reason } => MbmsClientOutput::ObjectFailed { session, toi, reason },
            });
        }
    }

    fn fdt_received(&mut self, instance_id: u32, files: &[FdtFile]) {
        self.incomplete_fdts.remove(&instance_id);
        self.latest_fdt = Some(instance_id);
        self.announced = files.iter().map(|file| file.toi).collect();
        self.unannounced.retain(|toi| !self.announced.contains(toi));
    }
}

fn receiver(service: &ServiceDescription, queue: &Rc<Queue>) -> Receiver {
    let address = service.destination;
    let endpoint = UDPEndpoint::new(None, address.ip().to_string(), address.port());
    let config = Config {
        max_objects_error: 0,
        session_timeout: None,
        // Both would ask the system's clock.
        object_timeout: None,
        object_max_cache_size: Some(MAX_HELD_OCTETS),
        object_receive_once: true,
        enable_fdt_expiration_check: true,
    };
    Receiver::new(&endpoint, service.tsi, queue.clone(), Some(config))
}

#[cfg(test)]
mod tests;
