//! INVITE client transaction (RFC 3261 clause 17.1.1, RFC 6026 clause 7.2).

use std::time::Duration;

use super::{SipTimers, Step, Steps, earliest};
use crate::Instant;

#[derive(Debug)]
pub(crate) struct ClientInvite {
    timers: SipTimers,
    reliable: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Timer A with its interval, on UDP; timer B.
    Calling {
        a: Option<(Instant, Duration)>,
        b: Instant,
    },
    /// No timer, unless a CANCEL was sent: clause 9.1 waits 64 T1 for what it brings.
    Proceeding {
        cancelled: Option<Instant>,
    },
    Completed {
        d: Instant,
    },
    Accepted {
        m: Instant,
    },
    Terminated,
}

impl ClientInvite {
    /// The request has just been sent.
    pub(crate) fn new(now: Instant, timers: SipTimers, reliable: bool) -> Self {
        let mut machine = Self { timers, reliable, state: State::Terminated };
        machine.restart(now, reliable);
        machine
    }

    /// The request has just been sent over another transport.
    pub(crate) fn restart(&mut self, now: Instant, reliable: bool) {
        self.reliable = reliable;
        let a = (!reliable).then_some((now + self.timers.t1, self.timers.t1));
        self.state = State::Calling { a, b: now + self.timers.give_up() };
    }

    pub(crate) fn handle_response(&mut self, now: Instant, status: u16) -> Steps {
        match (&mut self.state, status) {
            (State::Calling { .. }, 100..=199) => {
                self.state = State::Proceeding { cancelled: None };
                &[Step::Pass]
            }
            (State::Proceeding { .. }, 100..=199) => &[Step::Pass],
            (State::Calling { .. } | State::Proceeding { .. }, 200..=299) => {
                self.state = State::Accepted { m: now + self.timers.give_up() };
                &[Step::Pass]
            }
            (State::Calling { .. } | State::Proceeding { .. }, 300..) => {
                let linger = if self.reliable { Duration::ZERO } else { self.timers.d };
                self.state = State::Completed { d: now + linger };
                &[Step::Ack, Step::Pass]
            }
            (State::Completed { .. }, 300..) => &[Step::Ack],
            (State::Accepted { .. }, 200..=299) => &[Step::Pass],
            _ => &[],
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Steps {
        match &mut self.state {
            State::Calling { b: due, .. } | State::Proceeding { cancelled: Some(due) } if *due <= now => {
                self.end();
                &[Step::Timeout]
            }
            State::Calling { a: Some((due, interval)), .. } if *due <= now => {
                *interval *= 2;
                *due = now + *interval;
                &[Step::Send]
            }
            State::Completed { d: due } | State::Accepted { m: due } if *due <= now => {
                self.end();
                &[]
            }
            _ => &[],
        }
    }

    /// A CANCEL has just been sent.
    pub(crate) fn handle_cancel(&mut self, now: Instant) {
        let due = now + self.timers.give_up();
        if let State::Proceeding { cancelled: cancelled @ None } = &mut self.state {
            *cancelled = Some(due);
        }
    }

    /// Nothing can be sent to the peer any more.
    pub(crate) fn end(&mut self) {
        self.state = State::Terminated;
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Calling { a, b } => earliest([a.map(|a| a.0), Some(b)]),
            State::Proceeding { cancelled } => cancelled,
            State::Completed { d: due } | State::Accepted { m: due } => Some(due),
            State::Terminated => None,
        }
    }

    /// No response has come yet.
    pub(crate) fn is_calling(&self) -> bool {
        matches!(self.state, State::Calling { .. })
    }

    pub(crate) fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }

    pub(crate) fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}
