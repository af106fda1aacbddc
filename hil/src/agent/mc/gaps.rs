//! How long it was silent while somebody talked: the time between two packets of one talker that were taken, less the pauses
//! that the talker made (RFC 3550 clause 5.1: timestamps go on in pauses, sequence numbers do not).

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::Instant;
use protocol::rtp::{FRAME_SAMPLES, RtpPacket, SAMPLE_RATE};

/// A silence that is noticed.
const LONG: Duration = Duration::from_millis(300);
/// Talkers that are known; the oldest is forgotten.
const MOST_TALKERS: usize = 64;
/// Steps of sequence numbers that are believed.
const FAR: u16 = 3000;

/// What was measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Gaps {
    last: BTreeMap<u32, Last>,
    pub(super) longest: Duration,
    pub(super) longest_in_coverage: Duration,
    pub(super) long: u64,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    at: Instant,
    sequence: u16,
    timestamp: u32,
}

impl Gaps {
    /// A packet was taken. `changed`: when the coverage has changed last.
    pub(super) fn taken(&mut self, now: Instant, packet: &RtpPacket, changed: Option<Instant>) {
        let own = Last { at: now, sequence: packet.sequence, timestamp: packet.timestamp };
        let Some(last) = self.last.get_mut(&packet.ssrc) else {
            if self.last.len() >= MOST_TALKERS {
                let oldest = self.last.iter().min_by_key(|(_, last)| last.at).map(|(ssrc, _)| *ssrc);
                oldest.map(|ssrc| self.last.remove(&ssrc));
            }
            self.last.insert(packet.ssrc, own);
            return;
        };
        let step = packet.sequence.wrapping_sub(last.sequence);
        let before = std::mem::replace(last, own);
        if step == 0 || step >= 1 << 15 {
            // It comes late: it fills nothing any more.
            *last = before;
            return;
        }
        if step > FAR {
            return;
        }
        let ticks = packet.timestamp.wrapping_sub(before.timestamp);
        let spoken = u32::from(step) * FRAME_SAMPLES as u32;
        let pause = Duration::from_secs(1) * ticks.saturating_sub(spoken) / SAMPLE_RATE;
        let gap = now.saturating_duration_since(before.at).saturating_sub(pause);
        self.longest = self.longest.max(gap);
        self.long += u64::from(gap > LONG);
        if changed.is_none_or(|changed| changed < before.at) {
            self.longest_in_coverage = self.longest_in_coverage.max(gap);
        }
    }

    /// The call is over: what comes in the next one follows nothing.
    pub(super) fn end(&mut self) {
        self.last.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16, timestamp: u32) -> RtpPacket {
        RtpPacket { ssrc: 7, sequence, timestamp, ..RtpPacket::default() }
    }

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    #[test]
    fn silence_is_what_the_talker_has_not_made() {
        let mut gaps = Gaps::default();
        gaps.taken(at(0), &packet(65535, 0), None);
        gaps.taken(at(25), &packet(0, 160), None);
        assert_eq!(gaps.longest, Duration::from_millis(25));
        // A pause of two seconds before the next packet, which is 5 ms early.
        gaps.taken(at(2040), &packet(1, 320 + 16_000), None);
        assert_eq!((gaps.longest, gaps.long), (Duration::from_millis(25), 0));
        // Twenty packets lost, and those of a copy late.
        gaps.taken(at(2460), &packet(22, 320 + 16_000 + 21 * 160), Some(at(2100)));
        gaps.taken(at(2461), &packet(5, 320 + 16_000 + 4 * 160), None);
        assert_eq!((gaps.longest, gaps.long), (Duration::from_millis(420), 1));
        assert_eq!(gaps.longest_in_coverage, Duration::from_millis(25));
        // All comes, but later from here on.
        gaps.taken(at(2460 + 220), &packet(23, 320 + 16_000 + 22 * 160), None);
        assert_eq!(gaps.longest_in_coverage, Duration::from_millis(220));
        gaps.end();
        gaps.taken(at(9000), &packet(24, 320 + 16_000 + 23 * 160), None);
        assert_eq!(gaps.longest, Duration::from_millis(420));
    }

    #[test]
    fn talkers_are_bounded() {
        let mut gaps = Gaps::default();
        for ssrc in 0..1000 {
            gaps.taken(at(ssrc.into()), &RtpPacket { ssrc, ..RtpPacket::default() }, None);
        }
        assert_eq!(gaps.last.len(), MOST_TALKERS);
        assert!(gaps.last.contains_key(&999) && !gaps.last.contains_key(&0));
    }
}
