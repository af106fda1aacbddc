//! The user plane from the BM-SC's FLUTE to the eNB's end of M1, with a seeded loss of transport blocks in place of the radio.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use core_network::{
    Content, Delivery, DeliveryStats, EnbAgent, EnbAgentConfig, EnbAgentInput, EnbAgentOutput, FluteOutput,
    FluteSender, MbmsBearer, SequenceClock,
};
use hil::{MbmsClient, ServiceDescription};
use protocol::{GtpuRepr, Instant, SyncHeader, SyncPlan, SyncRepr, SyncTotals};

pub(crate) const SESSION: &str = "clip";

/// 2026-01-01.
pub(crate) fn wall_clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

/// Where the session is sent from and to, its TSI, and its tunnel on M1.
const SOURCE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 4000);
const DESTINATION: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(239, 192, 0, 1), 5000);
const TSI: u64 = 1;
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 0, 1);
const C_TEID: u32 = 1;

/// The user plane of a session: FLUTE and SYNC of the BM-SC, the tunnel, the eNB's end of it.
pub(crate) struct Chain {
    sender: FluteSender,
    clock: SequenceClock,
    agent: EnbAgent,
    /// The sequence that is being filled: its start, packets and octets.
    sequence: (Instant, u16, u32),
}

impl Chain {
    /// Starts the session at the start of the run.
    pub(crate) fn start(stream: flute::sender::ObjectDataStream, delivery: Delivery) -> Self {
        let plan = SyncPlan::new(32).unwrap();
        let clock = SequenceClock { plan, max_transfer_delay: Duration::from_millis(10) };
        let content = Content { stream, location: "file:///clip.mp4".into(), content_type: "video/mp4".into() };
        let (way, now) = ((SOURCE, DESTINATION), Instant::ZERO);
        let sender = FluteSender::new(now, way, TSI, &delivery, content, clock, wall_clock()).unwrap();
        let mut agent =
            EnbAgent::new(EnbAgentConfig { processing_time: Duration::from_millis(5), max_held_octets: 1 << 20 });
        let tmgi = "000001@262-01".parse().unwrap();
        let bearer = MbmsBearer { tmgi, sync: plan, multicast: GROUP, c_teid: C_TEID };
        agent.handle_input(now, EnbAgentInput::SessionStart(bearer));
        Self { sender, clock, agent, sequence: (clock.on_air(now), 0, 0) }
    }

    /// Runs until `end`; each SDU goes to `radio` with its due time. `radio` ends the run by breaking.
    pub(crate) fn run(&mut self, end: Instant, mut radio: impl FnMut(Instant, Vec<u8>) -> ControlFlow<()>) {
        loop {
            let window_end = self.clock.window_end(self.sequence.0);
            let due = self.sender.poll_timeout().into_iter().chain(self.agent.poll_timeout());
            let now = due.fold(window_end, Instant::min);
            if now >= end {
                return;
            }
            if now == window_end {
                self.close_sequence(now);
            }
            self.sender.handle_timeout(now);
            while let Some(output) = self.sender.poll_output() {
                if let FluteOutput::Datagram(datagram) = output {
                    self.send(now, &datagram);
                }
            }
            self.agent.handle_timeout(now);
            while let Some(output) = self.agent.poll_output() {
                let EnbAgentOutput::Sdu { sdu, due, .. } = output else { panic!("{output:?}") };
                if radio(due, sdu).is_break() {
                    return;
                }
            }
        }
    }

    fn send(&mut self, now: Instant, payload: &[u8]) {
        let pdu = SyncRepr::UserData { header: self.header(), payload }.emit().unwrap();
        self.sequence.1 += 1;
        self.sequence.2 += payload.len() as u32;
        self.m1(now, &pdu);
    }

    fn close_sequence(&mut self, now: Instant) {
        let pdu = SyncRepr::Information { header: self.header(), totals: SyncTotals::default() }.emit().unwrap();
        self.m1(now, &pdu);
        self.sequence = (self.sequence.0 + self.clock.plan.sequence(), 0, 0);
    }

    fn header(&self) -> SyncHeader {
        let (start, packet_number, elapsed_octets) = self.sequence;
        SyncHeader { timestamp: self.clock.plan.timestamp(start), packet_number, elapsed_octets }
    }

    fn m1(&mut self, now: Instant, pdu: &[u8]) {
        let packet = GtpuRepr::g_pdu(C_TEID).emit(pdu).unwrap();
        self.agent.handle_input(now, EnbAgentInput::Gtpu { multicast: IpAddr::V4(GROUP), packet: &packet });
    }

    pub(crate) fn stats(&mut self) -> DeliveryStats {
        self.sender.stats()
    }
}

/// A client that is tuned to the session.
pub(crate) fn client() -> MbmsClient {
    let service = ServiceDescription { session: SESSION.to_owned(), destination: DESTINATION.into(), tsi: TSI };
    MbmsClient::new(vec![service], wall_clock())
}

/// Transport blocks of one size, filled with SDUs without gaps (RLC concatenates), each lost with the same probability.
pub(crate) struct LossyBlocks {
    pub(crate) block_octets: u64,
    pub(crate) loss_percent: u64,
    pub(crate) seed: u64,
    offset: u64,
}

impl LossyBlocks {
    pub(crate) fn new(block_octets: u64, loss_percent: u64, seed: u64) -> Self {
        Self { block_octets, loss_percent, seed, offset: 0 }
    }

    /// Whether an SDU of that length comes through: all blocks that it touches must.
    pub(crate) fn pass(&mut self, octets: usize) -> bool {
        let (first, end) = (self.offset / self.block_octets, self.offset + octets as u64);
        self.offset = end;
        (first..end.div_ceil(self.block_octets)).all(|block| mix(self.seed << 32 | block) % 100 >= self.loss_percent)
    }
}

/// SplitMix64: uncorrelated numbers from consecutive ones.
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ n >> 31
}

/// A file of any length that takes no memory: each octet follows from its position.
#[derive(Debug)]
pub(crate) struct SyntheticFile {
    octets: u64,
    at: u64,
}

impl SyntheticFile {
    pub(crate) fn new(octets: u64) -> Self {
        Self { octets, at: 0 }
    }
}

impl Read for SyntheticFile {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = (self.octets - self.at).min(buffer.len() as u64) as usize;
        for octet in &mut buffer[..n] {
            *octet = (mix(self.at / 8) >> (self.at % 8 * 8)) as u8;
            self.at += 1;
        }
        Ok(n)
    }
}

impl Seek for SyntheticFile {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let mut position = Cursor::new([]);
        position.set_position(self.at);
        let at = match to {
            SeekFrom::End(back) => self.octets.checked_add_signed(back),
            other => Some(position.seek(other)?),
        };
        self.at = at.ok_or(std::io::ErrorKind::InvalidInput)?.min(self.octets);
        Ok(self.at)
    }
}
