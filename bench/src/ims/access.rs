//! The unicast access of a simulated UE: delay, loss by chance, capacity with a queue, coverage, in both directions.

use std::time::Duration;

use core_network::node::WireMessage;
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
    /// By chance.
    pub(crate) lost: u64,
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
    is_covered: bool,
    counts: AccessCounts,
}

impl Access {
    pub(crate) fn new(settings: Option<UnicastAccess>, entropy: Entropy) -> Self {
        let counts = AccessCounts::default();
        Self { settings, entropy, busy: [Instant::ZERO; 2], is_covered: true, counts }
    }

    pub(crate) const fn set_covered(&mut self, is_covered: bool) {
        self.is_covered = is_covered;
    }

    /// What it has done; none: it does nothing and never did.
    pub(crate) fn counts(&self) -> Option<AccessCounts> {
        (self.settings.is_some() || self.counts.uncovered > 0).then_some(self.counts)
    }

    /// A message wants to pass, `from_ue` or to it.
    pub(crate) fn pass(&mut self, now: Instant, message: &WireMessage, from_ue: bool) -> Passage {
        let octets = message.bytes.len() + HEADERS;
        if !self.is_covered {
            self.counts.uncovered += 1;
            return Passage::Lost;
        }
        let Some(settings) = &self.settings else { return Passage::After(Duration::ZERO) };
        let mut delay = Duration::from_millis(settings.delay_ms);
        // Parts of a million.
        if settings.loss_percent > 0.0 && f64::from(self.entropy.below(1_000_000)) < settings.loss_percent * 1e4 {
            self.counts.lost += 1;
            if !message.transport.is_reliable() {
                return Passage::Lost;
            }
            delay += AGAIN;
        }
        if let Some(kbps) = settings.kbps {
            let busy = &mut self.busy[usize::from(from_ue)];
            let begins = (*busy).max(now);
            let waits = begins.saturating_duration_since(now);
            if waits > Duration::from_millis(settings.queue_ms) {
                self.counts.dropped += 1;
                if !message.transport.is_reliable() {
                    return Passage::Lost;
                }
            }
            let takes = Duration::from_nanos(8 * octets as u64 * 1_000_000 / u64::from(kbps));
            *busy = begins + takes;
            delay += waits + takes;
            self.counts.waited = self.counts.waited.max(waits);
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
