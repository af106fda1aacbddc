//! Non-INVITE client transaction (RFC 3261 clause 17.1.2).

use std::time::Duration;

use super::{SipTimers, Step, Steps, earliest};
use crate::Instant;

#[derive(Debug)]
pub(crate) struct ClientNonInvite {
    timers: SipTimers,
    reliable: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Trying and Proceeding: timer E with its interval, on UDP; timer F.
    Waiting {
        proceeding: bool,
        e: Option<(Instant, Duration)>,
        f: Instant,
    },
    Completed {
        k: Instant,
    },
    Terminated,
}

impl ClientNonInvite {
    /// The request has just been sent.
    pub(crate) fn new(now: Instant, timers: SipTimers, reliable: bool) -> Self {
        let mut machine = Self { timers, reliable, state: State::Terminated };
        machine.restart(now, reliable);
        machine
    }

    /// The request has just been sent over another transport.
    pub(crate) fn restart(&mut self, now: Instant, reliable: bool) {
        self.reliable = reliable;
        let e = (!reliable).then_some((now + self.timers.t1, self.timers.t1));
        self.state = State::Waiting { proceeding: false, e, f: now + self.timers.give_up() };
    }

    pub(crate) fn handle_response(&mut self, now: Instant, status: u16) -> Steps {
        match (&mut self.state, status) {
            (State::Waiting { proceeding, .. }, 100..=199) => {
                *proceeding = true;
                &[Step::Pass]
            }
            (State::Waiting { .. }, 200..) => {
                let linger = if self.reliable { Duration::ZERO } else { self.timers.t4 };
                self.state = State::Completed { k: now + linger };
                &[Step::Pass]
            }
            _ => &[],
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Steps {
        match &mut self.state {
            State::Waiting { f, .. } if *f <= now => {
                self.end();
                &[Step::Timeout]
            }
            State::Waiting { proceeding, e: Some((due, interval)), .. } if *due <= now => {
                *interval = if *proceeding { self.timers.t2 } else { (*interval * 2).min(self.timers.t2) };
                *due = now + *interval;
                &[Step::Send]
            }
            State::Completed { k } if *k <= now => {
                self.end();
                &[]
            }
            _ => &[],
        }
    }

    /// Nothing can be sent to the peer any more.
    pub(crate) fn end(&mut self) {
        self.state = State::Terminated;
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { e, f, .. } => earliest([e.map(|e| e.0), Some(f)]),
            State::Completed { k } => Some(k),
            State::Terminated => None,
        }
    }

    /// No final response has come yet.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// No response has come yet.
    pub(crate) fn is_trying(&self) -> bool {
        matches!(self.state, State::Waiting { proceeding: false, .. })
    }

    pub(crate) fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}
