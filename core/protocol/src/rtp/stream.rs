//! One direction of an audio stream each: what a sender counts up (RFC 3550 clauses 5.1, 6.4.1), what a receiver finds out
//! (clause 6.4.1, appendices A.1, A.3, A.8).

use super::{G711, JitterBuffer, ReceptionReport, RtcpPacket, RtpPacket, RtpProblem, SenderInfo};
use crate::{Entropy, Instant};

/// Samples in a second of G.711.
pub const SAMPLE_RATE: u32 = 8000;
/// Samples in 20 ms, the default packet of G.711 (RFC 3551 clause 4.2).
pub const FRAME_SAMPLES: usize = 160;

/// A sender of G.711.
#[derive(Clone, Debug)]
pub struct RtpSender {
    /// Its source.
    pub ssrc: u32,
    /// The law.
    pub law: G711,
    sequence: u16,
    timestamp: u32,
    marks: bool,
    sent: SenderInfo,
}

impl RtpSender {
    /// A sender whose source and first numbers are drawn from `entropy` (clause 5.1).
    pub fn new(entropy: &mut Entropy, law: G711) -> Self {
        let (first, second) = (entropy.next_u64(), entropy.next_u64());
        Self {
            ssrc: first as u32,
            law,
            sequence: second as u16,
            timestamp: (first >> 32) as u32,
            marks: true,
            sent: SenderInfo::default(),
        }
    }

    /// The next packet.
    pub fn packet(&mut self, samples: &[i16], csrc: &[u32]) -> Vec<u8> {
        let packet = self.packet_of(self.law.encode(samples), samples.len() as u32);
        RtpPacket { csrc: csrc.to_vec(), ..packet }.to_bytes()
    }

    /// The next packet with a payload that is carried as it is; `samples` are in it.
    pub fn packet_of(&mut self, payload: Vec<u8>, samples: u32) -> RtpPacket {
        let packet = RtpPacket {
            marker: std::mem::take(&mut self.marks),
            payload_type: self.law.payload_type(),
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
            csrc: Vec::new(),
            extension: None,
            payload,
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(samples);
        self.sent.packets = self.sent.packets.wrapping_add(1);
        self.sent.octets = self.sent.octets.wrapping_add(packet.payload.len() as u32);
        packet
    }

    /// Time passes without a packet: the next one has the marker (RFC 3551 clause 4.1).
    pub const fn skip(&mut self, samples: u32) {
        self.timestamp = self.timestamp.wrapping_add(samples);
        self.marks = true;
    }

    /// What it has sent, when it is this late by NTP.
    pub const fn info(&self, ntp: u64) -> SenderInfo {
        SenderInfo { ntp, timestamp: self.timestamp, ..self.sent }
    }
}

/// A receiver of G.711 from one peer.
#[derive(Clone, Debug)]
pub struct RtpReceiver {
    buffer: JitterBuffer,
    source: Option<Source>,
    counters: RtpCounters,
}

/// What a receiver has counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RtpCounters {
    /// Packets that were played.
    pub taken: u64,
    /// Packets that came too late.
    pub late: u64,
    /// Datagrams that are no RTP, and payload types other than G.711.
    pub strange: u64,
}

/// A source of packets.
#[derive(Clone, Debug)]
struct Source {
    ssrc: u32,
    csrc: Vec<u32>,
    first: u32,
    highest: u32,
    received: u32,
    expected_before: u32,
    received_before: u32,
    transit: u32,
    /// In sixteenths.
    jitter: u32,
    last_sr: Option<(u32, Instant)>,
}

impl Default for RtpReceiver {
    fn default() -> Self {
        Self { buffer: JitterBuffer::new(DELAY, MOST), source: None, counters: RtpCounters::default() }
    }
}

impl RtpReceiver {
    /// A datagram of the peer. Packets of other payload types are counted, and nothing more.
    pub fn receive(&mut self, now: Instant, octets: &[u8]) -> Result<(), RtpProblem> {
        let packet = RtpPacket::parse(octets).inspect_err(|_| self.counters.strange += 1)?;
        let Some(law) = G711::of_payload_type(packet.payload_type) else {
            self.counters.strange += 1;
            return Ok(());
        };
        self.count(now, &packet);
        match self.buffer.push(packet.timestamp, &law.decode(&packet.payload)) {
            true => self.counters.taken += 1,
            false => self.counters.late += 1,
        }
        Ok(())
    }

    /// A control packet of the peer: its sender report is remembered, BYE ends its source (clauses 6.4, 6.6).
    pub fn control(&mut self, now: Instant, packet: &RtcpPacket) {
        match (packet, &mut self.source) {
            (RtcpPacket::SenderReport { ssrc, sent, .. }, Some(source)) if source.ssrc == *ssrc => {
                source.last_sr = Some(((sent.ntp >> 16) as u32, now));
            }
            (RtcpPacket::Bye { sources, .. }, Some(source)) if sources.contains(&source.ssrc) => self.source = None,
            _ => {}
        }
    }

    /// The samples of the next tick; nothing when none came.
    pub fn pop(&mut self, count: usize) -> Option<Vec<i16>> {
        self.buffer.pop(count)
    }

    /// Who sends.
    pub fn ssrc(&self) -> Option<u32> {
        self.source.as_ref().map(|source| source.ssrc)
    }

    /// Whose samples were mixed in the newest packet.
    pub fn csrc(&self) -> &[u32] {
        self.source.as_ref().map_or(&[], |source| &source.csrc)
    }

    /// What was counted.
    pub const fn counters(&self) -> RtpCounters {
        self.counters
    }

    /// A report on the source, and the next one counts from here.
    pub fn report(&mut self, now: Instant) -> Option<ReceptionReport> {
        let source = self.source.as_mut()?;
        let expected = source.highest.wrapping_sub(source.first).wrapping_add(1);
        let lost = i64::from(expected) - i64::from(source.received);
        let new = i64::from(expected.wrapping_sub(source.expected_before));
        let new_lost = new - i64::from(source.received.wrapping_sub(source.received_before));
        (source.expected_before, source.received_before) = (expected, source.received);
        let fraction = if new > 0 { (new_lost.max(0) * 256 / new).min(255) } else { 0 };
        let delay = |at: Instant| ((now - at).as_millis() * 65536 / 1000).min(u32::MAX.into()) as u32;
        Some(ReceptionReport {
            ssrc: source.ssrc,
            fraction_lost: fraction as u8,
            lost: lost.clamp(-(1 << 23), (1 << 23) - 1) as i32,
            highest: source.highest,
            jitter: source.jitter >> 4,
            last_sr: source.last_sr.map_or(0, |(sr, _)| sr),
            delay: source.last_sr.map_or(0, |(_, at)| delay(at)),
        })
    }

    fn count(&mut self, now: Instant, packet: &RtpPacket) {
        let transit = rtp_time(now).wrapping_sub(packet.timestamp);
        let step = self.source.as_ref().map(|source| packet.sequence.wrapping_sub(source.highest as u16) as i16);
        let known = self.source.as_mut().filter(|source| source.ssrc == packet.ssrc);
        let Some((source, step)) = known.zip(step).filter(|(_, step)| step.unsigned_abs() < FAR) else {
            let changed = self.source.as_ref().is_some_and(|source| source.ssrc != packet.ssrc);
            if changed {
                self.buffer = JitterBuffer::new(DELAY, MOST);
            }
            // One cycle ahead, for packets that came before the first one.
            let first = 1 << 16 | u32::from(packet.sequence);
            self.source = Some(Source {
                ssrc: packet.ssrc,
                csrc: packet.csrc.clone(),
                first,
                highest: first,
                received: 1,
                expected_before: 0,
                received_before: 0,
                transit,
                jitter: 0,
                last_sr: None,
            });
            return;
        };
        source.received = source.received.wrapping_add(1);
        if step > 0 {
            source.highest = source.highest.wrapping_add(step as u32);
            source.csrc.clone_from(&packet.csrc);
        }
        let difference = (transit.wrapping_sub(source.transit) as i32).unsigned_abs();
        source.transit = transit;
        // Appendix A.8.
        let now = i64::from(source.jitter) + i64::from(difference) - i64::from((source.jitter + 8) >> 4);
        source.jitter = now.clamp(0, i64::from(u32::MAX >> 4)) as u32;
    }
}

/// Run time in samples.
fn rtp_time(now: Instant) -> u32 {
    (u128::from(now.as_nanos()) * u128::from(SAMPLE_RATE) / 1_000_000_000) as u32
}

/// An NTP timestamp (RFC 3550 clause 4) of UTC in milliseconds.
pub const fn ntp(utc_ms: u64) -> u64 {
    let seconds = utc_ms / 1000 + SECONDS_1900_TO_1970;
    ((seconds & 0xffff_ffff) << 32) | (((utc_ms % 1000) << 32) / 1000)
}

const SECONDS_1900_TO_1970: u64 = 2_208_988_800;
/// 40 ms and 200 ms.
const DELAY: u32 = 320;
const MOST: usize = 1600;
/// Appendix A.1: MAX_DROPOUT.
const FAR: u16 = 3000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_receiver_reports_loss_jitter_and_delay() {
        let mut sender = RtpSender::new(&mut Entropy::from_seed([1; 32]), G711::A);
        let mut receiver = RtpReceiver::default();
        let at = |number: u64| Instant::from_millis(20 * number);
        for number in 0..100 {
            let packet = sender.packet(&[100; FRAME_SAMPLES], &[5]);
            if number % 10 != 9 {
                // Every second packet is 1 ms late: 8 units.
                receiver.receive(at(number) + Duration::from_millis(number % 2), &packet).unwrap();
            }
        }
        assert_eq!((receiver.ssrc(), receiver.csrc()), (Some(sender.ssrc), &[5][..]));
        let sent = sender.info(ntp(1_000_500));
        assert_eq!((sent.packets, sent.octets), (100, 16_000));
        receiver.control(at(100), &RtcpPacket::SenderReport { ssrc: sender.ssrc, sent, reports: Vec::new() });
        let report = receiver.report(at(125)).unwrap();
        // The 100th was never seen, so 99 were expected.
        assert_eq!((report.lost, report.fraction_lost), (9, (9 * 256 / 99) as u8));
        assert!((4..=8).contains(&report.jitter), "{report:?}");
        assert_eq!((report.last_sr, report.delay), ((sent.ntp >> 16) as u32, 32768));
        assert_eq!(receiver.report(at(126)).unwrap().fraction_lost, 0);
        receiver.control(at(127), &RtcpPacket::Bye { sources: vec![sender.ssrc], reason: None });
        assert_eq!(receiver.report(at(128)), None);
    }

    #[test]
    fn only_g711_is_played_and_the_marker_follows_a_silence() {
        let mut sender = RtpSender::new(&mut Entropy::from_seed([2; 32]), G711::Mu);
        let mut receiver = RtpReceiver::default();
        let first = RtpPacket::parse(&sender.packet(&[0; FRAME_SAMPLES], &[])).unwrap();
        let second = RtpPacket::parse(&sender.packet(&[0; FRAME_SAMPLES], &[])).unwrap();
        sender.skip(320);
        let third = RtpPacket::parse(&sender.packet(&[0; FRAME_SAMPLES], &[])).unwrap();
        assert_eq!([first.marker, second.marker, third.marker], [true, false, true]);
        assert_eq!(third.timestamp.wrapping_sub(second.timestamp), 480);
        let event = RtpPacket { payload_type: 101, ..first };
        receiver.receive(Instant::ZERO, &event.to_bytes()).unwrap();
        assert!(receiver.receive(Instant::ZERO, b"hello").is_err());
        assert_eq!((receiver.counters().strange, receiver.pop(160)), (2, None));
    }

    #[test]
    fn ntp_time() {
        assert_eq!(ntp(0), 2_208_988_800 << 32);
        assert_eq!(ntp(500) & 0xffff_ffff, 1 << 31);
    }
}
