//! BM-SC, MBMS-GW and eNB agent in a row, with a seeded loss of transport blocks in place of the radio.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::net::Ipv4Addr;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use core_network::{
    Bmsc, BmscConfig, BmscInput, BmscOutput, Content, Delivery, DeliveryStats, EnbAgent, EnbAgentConfig, EnbAgentInput,
    EnbAgentOutput, MbmsBearer, MbmsGw, MbmsGwConfig, MbmsGwInput, MbmsGwOutput, ProvisioningConfig, ProvisioningInput,
    SessionDescription, Store,
};
use hil::{MbmsClient, ServiceDescription};
use protocol::{Instant, Plmn, SyncPlan};

pub(crate) const SESSION: &str = "clip";

/// 2026-01-01.
pub(crate) fn wall_clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

/// The core network with one session.
pub(crate) struct Chain {
    bmsc: Bmsc,
    gateway: MbmsGw,
    agent: EnbAgent,
    pub(crate) session: SessionDescription,
}

impl Chain {
    /// Provisions and starts the session at the start of the run.
    pub(crate) fn start(stream: flute::sender::ObjectDataStream, delivery: Delivery) -> Self {
        let sync = SyncPlan::new(32).unwrap();
        let mut bmsc = Bmsc::new(BmscConfig {
            provisioning: ProvisioningConfig {
                plmn: Plmn::new("262", "01").unwrap(),
                service_ids: 1..=9,
                addresses: Ipv4Addr::new(239, 192, 0, 1)..=Ipv4Addr::new(239, 192, 0, 1),
                ports: 5000..=5009,
            },
            source: "10.0.0.1:4000".parse().unwrap(),
            max_transfer_delay: Duration::from_millis(10),
            packet_lengths: false,
            wall_clock: wall_clock(),
        });
        let mut gateway = MbmsGw::new(MbmsGwConfig {
            source: Ipv4Addr::new(10, 0, 0, 2),
            multicast: Ipv4Addr::new(239, 255, 0, 1)..=Ipv4Addr::new(239, 255, 0, 9),
        });
        let mut agent =
            EnbAgent::new(EnbAgentConfig { processing_time: Duration::from_millis(5), max_held_octets: 1 << 20 });
        let session = start_session(&mut bmsc, stream, delivery);
        let tmgi = session.allocation.tmgi;
        gateway.handle_input(Instant::ZERO, MbmsGwInput::SessionStart { tmgi });
        let Some(MbmsGwOutput::SessionStarted { m1, .. }) = gateway.poll_output() else { panic!("a bearer on M1") };
        let bearer = MbmsBearer { tmgi, sync, multicast: m1.multicast, c_teid: m1.c_teid };
        agent.handle_input(Instant::ZERO, EnbAgentInput::SessionStart(bearer));
        Self { bmsc, gateway, agent, session }
    }

    /// Runs until `end`; each SDU goes to `radio` with its due time. `radio` ends the run by breaking.
    pub(crate) fn run(&mut self, end: Instant, mut radio: impl FnMut(Instant, Vec<u8>) -> ControlFlow<()>) {
        while let Some(now) = self.bmsc.poll_timeout().into_iter().chain(self.agent.poll_timeout()).min() {
            if now >= end {
                return;
            }
            self.bmsc.handle_timeout(now);
            while let Some(output) = self.bmsc.poll_output() {
                let BmscOutput::SgiMb { tmgi, pdu } = output else { continue };
                self.gateway.handle_input(now, MbmsGwInput::SgiMb { tmgi, pdu: &pdu });
                let Some(MbmsGwOutput::M1(datagram)) = self.gateway.poll_output() else { panic!("it is forwarded") };
                self.agent.handle_input(now, EnbAgentInput::M1(&datagram));
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

    pub(crate) fn stats(&mut self) -> DeliveryStats {
        self.bmsc.stats(SESSION).unwrap()
    }

    /// A client that is tuned to the session.
    pub(crate) fn client(&self) -> MbmsClient {
        let service = ServiceDescription {
            session: SESSION.to_owned(),
            destination: self.session.allocation.destination.into(),
            tsi: self.session.tsi,
        };
        MbmsClient::new(vec![service], wall_clock())
    }
}

fn start_session(bmsc: &mut Bmsc, stream: flute::sender::ObjectDataStream, delivery: Delivery) -> SessionDescription {
    let store = Store::in_memory().unwrap();
    let user_service = || SESSION.to_owned();
    let allocate =
        ProvisioningInput::Allocate { request: 1, user_service: user_service(), tmgi: None, destination: None };
    bmsc.handle_input(Instant::ZERO, BmscInput::Provisioning(allocate));
    while let Some(output) = bmsc.poll_output() {
        if let BmscOutput::Store(request) = output {
            let answer = store.execute(&request);
            bmsc.handle_input(Instant::ZERO, BmscInput::Provisioning(ProvisioningInput::Store(answer)));
        }
    }
    let content = Content { stream, location: "file:///clip.mp4".into(), content_type: "video/mp4".into() };
    let (user_service, sync, first_data) = (user_service(), SyncPlan::new(32).unwrap(), Instant::ZERO);
    let start = BmscInput::StartSession { user_service, content, delivery, sync, first_data };
    bmsc.handle_input(Instant::ZERO, start);
    match bmsc.poll_output() {
        Some(BmscOutput::SessionStarted(session)) => session,
        other => panic!("{other:?}"),
    }
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
