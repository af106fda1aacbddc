//! Watchdog of a connection (RFC 3539 clause 3.4).

use std::time::Duration;

use crate::{Entropy, Instant};

/// Most that Tw is moved to either side (RFC 3539 clause 3.4.1).
const JITTER: Duration = Duration::from_secs(2);
/// Answers that a connection has to give after it was lost before it is trusted again.
const REOPEN_ANSWERS: u8 = 3;

/// Whether a connection is trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Health {
    /// OKAY.
    Okay,
    /// SUSPECT: a watchdog was not answered, nothing new is sent.
    Suspect,
    /// REOPEN: there again after it was lost.
    Reopen {
        /// Answers since then.
        answers: u8,
        /// A watchdog was late.
        late: bool,
    },
}

/// What is to be done when the timer has run out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Due {
    /// Send DWR.
    Send,
    /// Send nothing new; what is unanswered goes elsewhere.
    Failover,
    /// Close the connection.
    Close,
    /// Wait on.
    Nothing,
}

/// The watchdog of one open connection.
#[derive(Clone, Debug)]
pub(super) struct Watchdog {
    pub(super) health: Health,
    tw: Duration,
    at: Instant,
    /// A DWR is unanswered.
    pending: bool,
}

impl Watchdog {
    /// OnConnectionUp: `lost_before` says whether the peer was DOWN; then a DWR has to be sent at once.
    pub(super) fn new(now: Instant, tw: Duration, lost_before: bool, entropy: &mut Entropy) -> Self {
        let health = if lost_before { Health::Reopen { answers: 0, late: false } } else { Health::Okay };
        let mut watchdog = Self { health, tw, at: now, pending: lost_before };
        watchdog.set(now, entropy);
        watchdog
    }

    /// When it wants to be called.
    pub(super) const fn at(&self) -> Instant {
        self.at
    }

    /// OnReceive of a DWA.
    pub(super) fn on_answer(&mut self, now: Instant, entropy: &mut Entropy) {
        self.pending = false;
        match &mut self.health {
            Health::Okay | Health::Suspect => {
                self.health = Health::Okay;
                self.set(now, entropy);
            }
            Health::Reopen { answers, late } => {
                *answers += 1;
                *late = false;
                if *answers >= REOPEN_ANSWERS {
                    self.health = Health::Okay;
                }
            }
        }
    }

    /// OnReceive of anything else.
    pub(super) fn on_message(&mut self, now: Instant, entropy: &mut Entropy) {
        if matches!(self.health, Health::Okay | Health::Suspect) {
            self.health = Health::Okay;
            self.set(now, entropy);
        }
    }

    /// OnTimerElapsed.
    pub(super) fn on_timeout(&mut self, now: Instant, entropy: &mut Entropy) -> Due {
        self.set(now, entropy);
        let pending = std::mem::replace(&mut self.pending, true);
        match &mut self.health {
            Health::Okay | Health::Reopen { .. } if !pending => Due::Send,
            Health::Okay => {
                self.health = Health::Suspect;
                Due::Failover
            }
            Health::Suspect => Due::Close,
            Health::Reopen { late: true, .. } => Due::Close,
            Health::Reopen { late, .. } => {
                *late = true;
                Due::Nothing
            }
        }
    }

    /// SetWatchdog: Tw with a jitter, which stays below a third of a short Tw.
    fn set(&mut self, now: Instant, entropy: &mut Entropy) {
        let jitter = JITTER.min(self.tw / 3);
        let span = u32::try_from(jitter.as_millis() * 2).unwrap_or(u32::MAX);
        self.at = now + (self.tw - jitter) + Duration::from_millis(u64::from(entropy.below(span.saturating_add(1))));
    }
}
