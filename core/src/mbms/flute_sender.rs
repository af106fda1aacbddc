//! Download delivery by FLUTE: TS 26.346 clause 7.2 (RFC 3926, FDT of clause L.6, Compact No-Code and Raptor FEC).
//!
//! A carousel of objects, one after the other, paced to a bit rate of IP datagrams. In no synchronisation sequence does it send
//! more than the bit rate allows, so an MCH planned for that rate never overflows.

use std::collections::VecDeque;
use std::fmt;
use std::io::{Read, Seek, SeekFrom};
use std::net::{SocketAddr, SocketAddrV4};
use std::time::{Duration, SystemTime};

use flute::core::{Oti, UDPEndpoint};
use flute::sender::{
    CarouselRepeatMode, Config, FDTPublishMode, FdtXmlProfile, ObjectDataStream, ObjectDesc, PriorityQueue, Profile,
    Sender, TOIMaxLength, TransferConfig,
};
use protocol::{Instant, IpError, UdpDatagram};
use sha2::{Digest, Sha256};

use super::SequenceClock;

/// Largest IP datagram on a bearer, octets: what GTP-U must carry unfragmented (TS 29.281 clause 4.2.2), over a transport whose
/// MTU is larger.
pub(super) const MAX_DATAGRAM_OCTETS: usize = 1500;
/// IPv4 (20), UDP (8), LCT header with TSI and TOI of up to 48 bits (16), FEC payload id (4).
const HEADERS_OCTETS: usize = 48;
/// Encoding symbols of an FDT instance, octets: an FDT of one file mostly fits one, one of many files has several.
const FDT_SYMBOL_OCTETS: u16 = 1024;
/// Source symbols of a Raptor block (RFC 5053 clause 5.1.2: J(K) is defined for 4 to 8192).
const RAPTOR_SOURCE_SYMBOLS: std::ops::RangeInclusive<u32> = 4..=8192;
/// Symbol alignment Al of Raptor (TS 26.346 clause 7.2.12.2 recommends 4).
const RAPTOR_ALIGNMENT: u8 = 4;
/// Repair symbols of a block are made at once, and wait in memory.
const MAX_OVERHEAD_PERCENT: u16 = 400;
/// Times between one FDT and the next.
const FDT_PERIODS: std::ops::RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);
/// Encoding symbol ids of a block: 16 bits (RFC 5053 clause 3.1, RFC 5445 clause 3.1).
const ENCODING_SYMBOLS: u32 = 1 << 16;
/// Life of an FDT instance; a new one is published before it ends.
const FDT_DURATION: Duration = Duration::from_secs(3600);
/// Wait before asking again when nothing can be sent.
const RETRY: Duration = Duration::from_millis(10);

/// Forward error correction of the object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fec {
    /// Compact No-Code (FEC encoding id 0, RFC 5445).
    NoCode,
    /// Raptor (FEC encoding id 1, RFC 5053).
    Raptor {
        /// Repair symbols per source block, percent of its source symbols.
        overhead_percent: u16,
    },
}

/// How an object is delivered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Rate of IP datagrams on the bearer, bit/s.
    pub bit_rate_bps: u64,
    /// Forward error correction.
    pub fec: Fec,
    /// Encoding symbol length T, octets; with Raptor a multiple of 4.
    pub symbol_octets: u16,
    /// Largest source block, symbols. A block is what the receiver holds in memory.
    pub source_block_symbols: u32,
    /// The FDT is sent again this long after its last time: the longest that a late joiner waits for it.
    pub fdt_period: Duration,
    /// Sending stops before this many octets of IP datagrams are exceeded.
    pub ip_octet_limit: Option<u64>,
}

/// An object to deliver.
pub struct Content {
    /// Its octets; read in blocks, never held as a whole.
    pub stream: ObjectDataStream,
    /// Content-Location of the FDT, a URI.
    pub location: String,
    /// Content-Type of the FDT.
    pub content_type: String,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("location", &self.location).finish_non_exhaustive()
    }
}

/// The object cannot be delivered that way.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Symbols too short, too long or misaligned.
    #[error("symbol_octets is {found}: use 16 to {max}, with Raptor a multiple of {RAPTOR_ALIGNMENT}")]
    SymbolOctets {
        /// As configured.
        found: u16,
        /// Largest that fits a datagram.
        max: usize,
    },
    /// Source blocks too short or too long.
    #[error("source_block_symbols is {found}: use {min} to {max}")]
    SourceBlockSymbols {
        /// As configured.
        found: u32,
        /// Smallest allowed.
        min: u32,
        /// Largest allowed.
        max: u32,
    },
    /// More repair symbols than anybody has use for.
    #[error("overhead_percent is {0}: use 0 to {MAX_OVERHEAD_PERCENT}")]
    Overhead(u16),
    /// The FDT comes too often, or too seldom for who comes later.
    #[error("the FDT is sent again after {found:?}: use {:?} to {:?}", FDT_PERIODS.start(), FDT_PERIODS.end())]
    FdtPeriod {
        /// As configured.
        found: Duration,
    },
    /// No datagram fits a synchronisation sequence at that rate.
    #[error(
        "{bit_rate_bps} bit/s allow {octets} octets per MCH scheduling period, less than one datagram of {datagram}: raise the rate, lengthen the period or shorten the symbols"
    )]
    BitRate {
        /// As configured.
        bit_rate_bps: u64,
        /// Octets per period.
        octets: u64,
        /// Octets of the longest datagram.
        datagram: usize,
    },
    /// The content location is not a URI.
    #[error("content location {0:?} is not a URI: write for example file:///name")]
    Location(String),
    /// The content is empty.
    #[error("the content is empty: there is nothing to deliver")]
    Empty,
    /// The content cannot be read.
    #[error("the content cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// FLUTE refuses the object.
    #[error("FLUTE: {0}")]
    Flute(String),
    /// A datagram cannot be built.
    #[error(transparent)]
    Ip(#[from] IpError),
}

/// What was sent so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DeliveryStats {
    /// FLUTE packets.
    pub packets: u64,
    /// Octets of their IP datagrams.
    pub ip_octets: u64,
    /// Whole passes over the object.
    pub passes: u64,
}

/// What comes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FluteOutput {
    /// An IP datagram for the bearer.
    Datagram(Vec<u8>),
    /// The next datagram would exceed the limit: nothing more is sent.
    LimitReached,
}

/// Names an object of a FLUTE session (RFC 3926 clause 3.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Toi(u128);

/// A FLUTE session.
#[derive(Debug)]
pub struct FluteSender {
    sender: Sender,
    toi: Toi,
    delivery: Delivery,
    source: SocketAddr,
    destination: SocketAddr,
    wall_clock: SystemTime,
    pacer: Pacer,
    waiting: Option<Vec<u8>>,
    ip_octet_limit: Option<u64>,
    stats: DeliveryStats,
    content_octets: u64,
    content_sha256: [u8; 32],
    outputs: VecDeque<FluteOutput>,
}

impl FluteSender {
    /// Reads `content` once for its hashes; the first packet, an FDT, is due at `now`. `wall_clock` is UTC at the start
    /// of the run.
    pub fn new(
        now: Instant,
        (source, destination): (SocketAddrV4, SocketAddrV4),
        tsi: u64,
        delivery: &Delivery,
        mut content: Content,
        clock: SequenceClock,
        wall_clock: SystemTime,
    ) -> Result<Self, DeliveryError> {
        delivery.check()?;
        let pacer = Pacer::new(now, delivery, clock)?;
        let (content_octets, content_sha256) = inspect(&mut content.stream)?;
        if content_octets == 0 {
            return Err(DeliveryError::Empty);
        }
        let endpoint =
            UDPEndpoint::new(Some(source.ip().to_string()), destination.ip().to_string(), destination.port());
        let fdt_oti = Oti { inband_fti: false, ..Oti::new_no_code(FDT_SYMBOL_OCTETS, 64) };
        let mut sender = Sender::new(endpoint, tsi, &fdt_oti, &flute_config(delivery));
        let object = delivery.object(content)?;
        let toi = Toi(sender.add_object(PriorityQueue::HIGHEST, object).map_err(flute_error)?);
        sender.publish(wall_clock + now.elapsed()).map_err(flute_error)?;
        Ok(Self {
            sender,
            toi,
            delivery: delivery.clone(),
            source: source.into(),
            destination: destination.into(),
            wall_clock,
            pacer,
            waiting: None,
            ip_octet_limit: delivery.ip_octet_limit,
            stats: DeliveryStats::default(),
            content_octets,
            content_sha256,
            outputs: VecDeque::new(),
        })
    }

    /// The object that it began with.
    pub fn first(&self) -> Toi {
        self.toi
    }

    /// Takes one more object in; the FDT says so from now on, passes over all objects take turns.
    ///
    /// # Errors
    /// The object cannot be delivered.
    pub fn add(&mut self, now: Instant, mut content: Content) -> Result<Toi, DeliveryError> {
        if inspect(&mut content.stream)?.0 == 0 {
            return Err(DeliveryError::Empty);
        }
        let object = self.delivery.object(content)?;
        let toi = Toi(self.sender.add_object(PriorityQueue::HIGHEST, object).map_err(flute_error)?);
        self.sender.publish(self.wall_clock + now.elapsed()).map_err(flute_error)?;
        Ok(toi)
    }

    /// Takes an object out; the FDT says so from now on.
    ///
    /// # Errors
    /// The FDT cannot be written.
    pub fn remove(&mut self, now: Instant, toi: Toi) -> Result<(), DeliveryError> {
        self.sender.remove_object(toi.0);
        self.sender.publish(self.wall_clock + now.elapsed()).map_err(flute_error)
    }

    /// Whole passes over an object.
    pub fn passes(&mut self, toi: Toi) -> u64 {
        self.sender.nb_transfers(toi.0).unwrap_or(0)
    }

    /// Sends what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(due) = self.pacer.due.filter(|&due| due <= now) {
            let Some(datagram) = self.waiting.take().or_else(|| self.read(due)) else {
                self.pacer.due = Some(due + RETRY);
                continue;
            };
            let octets = datagram.len() as u64;
            if self.ip_octet_limit.is_some_and(|limit| self.stats.ip_octets + octets > limit) {
                self.pacer.due = None;
                self.outputs.push_back(FluteOutput::LimitReached);
            } else if self.pacer.admit(due, octets) {
                self.stats.packets += 1;
                self.stats.ip_octets += octets;
                self.outputs.push_back(FluteOutput::Datagram(datagram));
            } else {
                self.waiting = Some(datagram);
            }
        }
    }

    /// When the next packet is due; `None` after the limit.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.pacer.due
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<FluteOutput> {
        self.outputs.pop_front()
    }

    /// Gives up the time until `now`: what was not sent by then is sent later instead of in a burst.
    pub fn postpone(&mut self, now: Instant) {
        self.pacer.due = self.pacer.due.map(|due| due.max(now));
    }

    /// The sequences that packets are paced by are other ones from now on.
    ///
    /// # Errors
    /// No datagram fits one of them: they stay what they were.
    pub fn set_clock(&mut self, now: Instant, clock: SequenceClock) -> Result<(), DeliveryError> {
        if clock != self.pacer.clock {
            let due = self.pacer.due;
            self.pacer = Pacer { due, ..Pacer::new(now, &self.delivery, clock)? };
        }
        Ok(())
    }

    /// What was sent so far.
    pub fn stats(&mut self) -> DeliveryStats {
        DeliveryStats { passes: self.passes(self.toi), ..self.stats }
    }

    /// Length of the content in octets, and its SHA-256.
    pub fn content(&self) -> (u64, [u8; 32]) {
        (self.content_octets, self.content_sha256)
    }

    fn read(&mut self, now: Instant) -> Option<Vec<u8>> {
        let payload = self.sender.read(self.wall_clock + now.elapsed())?;
        UdpDatagram { source: self.source, destination: self.destination, payload: &payload }.emit().ok()
    }
}

impl Delivery {
    fn max_datagram(&self) -> usize {
        // The FDT comes with EXT_FDT (4) and EXT_FTI (16).
        HEADERS_OCTETS + usize::from(self.symbol_octets).max(usize::from(FDT_SYMBOL_OCTETS) + 20)
    }

    /// Whether objects can be delivered that way in the sequences of a clock.
    ///
    /// # Errors
    /// Why not.
    pub fn check_for(&self, clock: SequenceClock) -> Result<(), DeliveryError> {
        self.check()?;
        Pacer::new(Instant::ZERO, self, clock).map(drop)
    }

    fn check(&self) -> Result<(), DeliveryError> {
        let (found, max) = (self.symbol_octets, MAX_DATAGRAM_OCTETS - HEADERS_OCTETS);
        let aligned = self.fec == Fec::NoCode || found.is_multiple_of(u16::from(RAPTOR_ALIGNMENT));
        if !(16..=max).contains(&usize::from(found)) || !aligned {
            return Err(DeliveryError::SymbolOctets { found, max });
        }
        let (found, (min, max)) = (
            self.source_block_symbols,
            match self.fec {
                Fec::NoCode => (1, ENCODING_SYMBOLS - 1),
                Fec::Raptor { .. } => (*RAPTOR_SOURCE_SYMBOLS.start(), *RAPTOR_SOURCE_SYMBOLS.end()),
            },
        );
        if !(min..=max).contains(&found) {
            return Err(DeliveryError::SourceBlockSymbols { found, min, max });
        }
        match self.fec {
            Fec::Raptor { overhead_percent } if overhead_percent > MAX_OVERHEAD_PERCENT => {
                return Err(DeliveryError::Overhead(overhead_percent));
            }
            _ if !FDT_PERIODS.contains(&self.fdt_period) => {
                return Err(DeliveryError::FdtPeriod { found: self.fdt_period });
            }
            Fec::NoCode | Fec::Raptor { .. } => {}
        }
        Ok(())
    }

    fn oti(&self) -> Result<Oti, DeliveryError> {
        let block = self.source_block_symbols as u16;
        let oti = match self.fec {
            Fec::NoCode => Oti::new_no_code(self.symbol_octets, block),
            Fec::Raptor { overhead_percent } => {
                let repair = if overhead_percent == 0 { 0 } else { (ENCODING_SYMBOLS - u32::from(block)) as u16 };
                let oti = Oti::new_raptor(self.symbol_octets, block, repair, 1, RAPTOR_ALIGNMENT);
                let oti = oti.map_err(flute_error)?;
                match overhead_percent {
                    0 => oti,
                    percent => oti.with_parity_symbols_percentage(f64::from(percent)).map_err(flute_error)?,
                }
            }
        };
        // TS 26.346 clause 7.2.4: the FDT tells the FEC object transmission information; packets need not repeat it.
        Ok(Oti { inband_fti: false, ..oti })
    }

    fn object(&self, content: Content) -> Result<Box<ObjectDesc>, DeliveryError> {
        let location = content.location.parse().map_err(|_| DeliveryError::Location(content.location.clone()))?;
        // Passes follow each other without a pause until the session stops, and no packet closes the object: a receiver
        // takes the close object flag (B) for the end of all hope.
        let config =
            TransferConfig { max_transfer_count: u32::MAX, oti: Some(self.oti()?), ..TransferConfig::default() };
        ObjectDesc::create_from_stream(content.stream, &content.content_type, &location, true, config)
            .map_err(flute_error)
    }
}

fn flute_config(delivery: &Delivery) -> Config {
    Config {
        fdt_duration: FDT_DURATION,
        fdt_carousel_mode: CarouselRepeatMode::DelayBetweenTransfers(delivery.fdt_period),
        fdt_inband_sct: false,
        fdt_publish_mode: FDTPublishMode::FullFDT,
        fdt_xml_profile: FdtXmlProfile::Ts26346L6,
        priority_queues: [(PriorityQueue::HIGHEST, PriorityQueue::new(1))].into(),
        interleave_blocks: 1,
        profile: Profile::RFC3926,
        toi_max_length: TOIMaxLength::ToiMax16,
        toi_initial_value: Some(1),
        ..Config::default()
    }
}

fn flute_error(e: flute::error::FluteError) -> DeliveryError {
    DeliveryError::Flute(e.0.to_string())
}

/// Length and SHA-256 of a stream, which ends at its start again.
fn inspect(stream: &mut ObjectDataStream) -> Result<(u64, [u8; 32]), std::io::Error> {
    stream.seek(SeekFrom::Start(0))?;
    let (mut hash, mut octets, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        match stream.read(&mut buffer)? {
            0 => break,
            n => {
                hash.update(&buffer[..n]);
                octets += n as u64;
            }
        }
    }
    stream.seek(SeekFrom::Start(0))?;
    Ok((octets, hash.finalize().into()))
}

/// Token clock: packets are evenly spaced, and no synchronisation sequence gets more than its share.
#[derive(Debug)]
struct Pacer {
    due: Option<Instant>,
    bit_rate_bps: u64,
    clock: SequenceClock,
    share_octets: u64,
    sequence: Instant,
    sequence_octets: u64,
}

impl Pacer {
    fn new(now: Instant, delivery: &Delivery, clock: SequenceClock) -> Result<Self, DeliveryError> {
        let bit_rate_bps = delivery.bit_rate_bps;
        let nanos = u128::from(bit_rate_bps) * clock.plan.sequence().as_nanos();
        let share_octets = u64::try_from(nanos / 8_000_000_000).unwrap_or(u64::MAX);
        let datagram = delivery.max_datagram();
        if share_octets < datagram as u64 {
            return Err(DeliveryError::BitRate { bit_rate_bps, octets: share_octets, datagram });
        }
        let sequence = clock.on_air(now);
        Ok(Self { due: Some(now), bit_rate_bps, clock, share_octets, sequence, sequence_octets: 0 })
    }

    /// Takes a datagram that is due at `due`, or moves the due time to the next window.
    fn admit(&mut self, due: Instant, octets: u64) -> bool {
        let sequence = self.clock.on_air(due);
        if sequence != self.sequence {
            (self.sequence, self.sequence_octets) = (sequence, 0);
        }
        if self.sequence_octets + octets > self.share_octets {
            self.due = Some(self.clock.window_end(sequence));
            return false;
        }
        self.sequence_octets += octets;
        self.due = Some(due + Duration::from_nanos(octets * 8_000_000_000 / self.bit_rate_bps));
        true
    }
}

#[cfg(test)]
mod tests;
