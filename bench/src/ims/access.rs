//! The unicast access of a simulated UE: delay, loss by chance, capacity with a queue, coverage, in both directions.

use std::time::Duration;

use protocol::{Entropy, Instant};

use crate::scenario::UnicastAccess;

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Passage {
    /// It is gone.
    Lost,
    /// It goes on its way after this time.
    After(Duration),
}

/// What an access has done so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct AccessCounts {
    pub(crate) messages: u64,
    pub(crate) octets: u64,
    /// Datagrams, by chance.
    pub(crate) lost: u64,
    /// Segments of streams, by chance: they came later.
    pub(crate) repeated: u64,
    /// The queue was full.
    pub(crate) dropped: u64,
    /// There was no coverage.
    pub(crate) uncovered: u64,
    /// The longest that a message waited for its turn.
    pub(crate) waited: Duration,
}

/// The access of one UE.
#[derive(Debug)]
pub(crate) struct Access {
    settings: Option<UnicastAccess>,
    entropy: Entropy,
    /// Until then it is busy: towards the UE, and from it.
    busy: [Instant; 2],
    /// When the newest octets of streams are there.
    streamed: [Option<Instant>; 2],
    is_covered: bool,
    counts: AccessCounts,
}

impl Access {
    pub(crate) fn new(settings: Option<UnicastAccess>, entropy: Entropy) -> Self {
        let counts = AccessCounts::default();
        Self { settings, entropy, busy: [Instant::ZERO; 2], streamed: [None; 2], is_covered: true, counts }
    }

    pub(crate) const fn set_covered(&mut self, is_covered: bool) {
        self.is_covered = is_covered;
    }

    /// What it has done; none: it does nothing and never did.
    pub(crate) fn counts(&self) -> Option<AccessCounts> {
        (self.settings.is_some() || self.counts.uncovered > 0).then_some(self.counts)
    }

    /// A message of so many octets wants to pass, `from_ue` or to it; `is_stream`: its transport has it again until it is there,
    /// and in its order.
    pub(crate) fn pass(&mut self, now: Instant, octets: usize, is_stream: bool, from_ue: bool) -> Passage {
        let octets = octets + HEADERS;
        if !self.is_covered {
            self.counts.uncovered += 1;
            return Passage::Lost;
        }
        let Some(settings) = &self.settings else { return Passage::After(Duration::ZERO) };
        let mut delay = Duration::from_millis(settings.delay_ms);
        // Parts of a million.
        if settings.loss_percent > 0.0 && f64::from(self.entropy.below(1_000_000)) < settings.loss_percent * 1e4 {
            if !is_stream {
                self.counts.lost += 1;
                return Passage::Lost;
            }
            self.counts.repeated += 1;
            delay += AGAIN;
        }
        let direction = usize::from(from_ue);
        if let Some(kbps) = settings.kbps {
            let begins = self.busy[direction].max(now);
            let waits = begins.saturating_duration_since(now);
            // Who sends a stream waits himself.
            if !is_stream && waits > Duration::from_millis(settings.queue_ms) {
                self.counts.dropped += 1;
                return Passage::Lost;
            }
            let takes = Duration::from_nanos(8 * octets as u64 * 1_000_000 / u64::from(kbps));
            self.busy[direction] = begins + takes;
            delay += waits + takes;
            self.counts.waited = self.counts.waited.max(waits);
        }
        if is_stream {
            let after = self.streamed[direction].map_or(now, |before| before + Duration::from_nanos(1));
            delay = delay.max(after.saturating_duration_since(now));
            self.streamed[direction] = Some(now + delay);
        }
        self.counts.messages += 1;
        self.counts.octets += octets as u64;
        Passage::After(delay)
    }
}

/// IPv4 and UDP.
const HEADERS: usize = 28;
/// A segment of a stream that was lost comes again after this time: the least that a sender waits (RFC 6298 clause 2.4).
const AGAIN: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn access(delay_ms: u64, loss_percent: f64, kbps: Option<u32>, queue_ms: u64) -> Access {
        let settings = UnicastAccess { delay_ms, loss_percent, kbps, queue_ms };
        Access::new(Some(settings), Entropy::from_seed([1; 32]))
    }

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    const fn after(ms: u64) -> Passage {
        Passage::After(Duration::from_millis(ms))
    }

    #[test]
    fn datagrams_are_lost_and_streams_come_later() {
        let mut own = access(10, 100.0, None, 1);
        assert_eq!(own.pass(at(0), 72, false, true), Passage::Lost);
        assert_eq!(own.pass(at(0), 72, true, true), after(1010));
        let counts = own.counts().unwrap();
        assert_eq!((counts.messages, counts.octets, counts.lost, counts.repeated, counts.dropped), (1, 100, 1, 1, 0));
        own.set_covered(false);
        assert_eq!((own.pass(at(1), 72, true, true), own.counts().unwrap().uncovered), (Passage::Lost, 1));
    }

    #[test]
    fn octets_of_a_stream_keep_their_order() {
        let mut own = access(20, 30.0, None, 1);
        let mut last = [Instant::ZERO; 2];
        for n in 0..500_u64 {
            let from_ue = n % 3 == 0;
            let Passage::After(delay) = own.pass(at(n), 100, true, from_ue) else { panic!() };
            let arrives = at(n) + delay;
            assert!(arrives > last[usize::from(from_ue)], "{n}");
            last[usize::from(from_ue)] = arrives;
        }
        assert!(own.counts().unwrap().repeated > 100);
    }

    #[test]
    fn a_full_queue_drops_datagrams() {
        // 8 kbit/s carry an octet in a millisecond.
        let mut own = access(0, 0.0, Some(8), 150);
        assert_eq!(own.pass(at(0), 72, false, false), after(100));
        assert_eq!(own.pass(at(0), 72, false, false), after(200));
        assert_eq!(own.pass(at(0), 72, false, false), Passage::Lost);
        assert_eq!(own.pass(at(0), 72, false, true), after(100), "the other direction");
        assert_eq!(own.pass(at(60), 72, false, false), after(240));
        let counts = own.counts().unwrap();
        assert_eq!((counts.messages, counts.dropped, counts.waited), (4, 1, Duration::from_millis(140)));
    }
}
