//! Responses that a UAS repeats by itself until somebody acknowledges them: 2xx to INVITE (RFC 3261 clause 13.3.1.4) and
//! reliable provisional ones (RFC 3262 clause 3), over every transport.

use std::time::Duration;

use crate::Instant;
use crate::sip::SipTimers;

#[derive(Debug)]
pub(super) struct Repeat {
    pub(super) status: u16,
    pub(super) bytes: Vec<u8>,
    next: Instant,
    interval: Duration,
    longest: Duration,
    end: Instant,
}

/// What time brings.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Due {
    Nothing,
    Send,
    GiveUp,
}

impl Repeat {
    /// The response has just been sent. A 2xx slows down to T2, a provisional response doubles its interval for ever.
    pub(super) fn new(now: Instant, timers: &SipTimers, status: u16, bytes: Vec<u8>) -> Self {
        let longest = if status < 200 { timers.give_up() } else { timers.t2 };
        Self { status, bytes, next: now + timers.t1, interval: timers.t1, longest, end: now + timers.give_up() }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Due {
        if self.end <= now {
            return Due::GiveUp;
        }
        if self.next > now {
            return Due::Nothing;
        }
        self.interval = (self.interval * 2).min(self.longest);
        self.next = now + self.interval;
        Due::Send
    }

    pub(super) fn poll_timeout(&self) -> Instant {
        self.next.min(self.end)
    }
}
