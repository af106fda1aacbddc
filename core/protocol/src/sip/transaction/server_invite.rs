//! INVITE server transaction (RFC 3261 clause 17.2.1, RFC 6026 clause 7.1).

use std::time::Duration;

use super::{SipTimers, Step, Steps, earliest};
use crate::Instant;

#[derive(Debug)]
pub(crate) struct ServerInvite {
    timers: SipTimers,
    reliable: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Until the user answers, 100 is due; until its final answer, a limit of our own.
    Proceeding {
        trying: Option<Instant>,
        unanswered: Instant,
    },
    /// 2xx: repeated INVITEs are swallowed, repeated 2xx of the user go through (timer L).
    Accepted {
        l: Instant,
    },
    /// Timer G with its interval, on UDP; timer H.
    Completed {
        g: Option<(Instant, Duration)>,
        h: Instant,
    },
    Confirmed {
        i: Instant,
    },
    Terminated,
}

impl ServerInvite {
    pub(crate) fn new(now: Instant, timers: SipTimers, reliable: bool) -> Self {
        let state = State::Proceeding { trying: Some(now + timers.trying), unanswered: now + timers.unanswered };
        Self { timers, reliable, state }
    }

    /// The INVITE came once more.
    pub(crate) fn handle_request(&mut self) -> Steps {
        match &mut self.state {
            State::Proceeding { trying: trying @ Some(_), .. } => {
                *trying = None;
                &[Step::Trying]
            }
            State::Proceeding { trying: None, .. } | State::Completed { .. } => &[Step::Send],
            _ => &[],
        }
    }

    /// The ACK of a final response that is no success ends here; that of a 2xx goes up.
    pub(crate) fn handle_ack(&mut self, now: Instant) -> Steps {
        match self.state {
            State::Completed { .. } => {
                let linger = if self.reliable { Duration::ZERO } else { self.timers.t4 };
                self.state = State::Confirmed { i: now + linger };
                &[]
            }
            State::Accepted { .. } => &[Step::Pass],
            _ => &[],
        }
    }

    /// The user answers; `None` when this answer cannot follow what it answered before.
    pub(crate) fn handle_answer(&mut self, now: Instant, status: u16) -> Option<Steps> {
        match (&mut self.state, status) {
            (State::Proceeding { trying, .. }, ..200) => *trying = None,
            (State::Proceeding { .. }, 200..=299) => {
                self.state = State::Accepted { l: now + self.timers.give_up() };
            }
            (State::Proceeding { .. }, _) => {
                let g = (!self.reliable).then_some((now + self.timers.t1, self.timers.t1));
                self.state = State::Completed { g, h: now + self.timers.give_up() };
            }
            (State::Accepted { .. }, 200..=299) => {}
            _ => return None,
        }
        Some(&[Step::Send])
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Steps {
        match &mut self.state {
            State::Proceeding { unanswered, .. } if *unanswered <= now => &[Step::Timeout],
            State::Proceeding { trying: trying @ Some(_), .. } if trying.is_some_and(|due| due <= now) => {
                *trying = None;
                &[Step::Trying]
            }
            State::Completed { h, .. } if *h <= now => {
                self.state = State::Terminated;
                &[Step::Timeout]
            }
            State::Completed { g: Some((due, interval)), .. } if *due <= now => {
                *interval = (*interval * 2).min(self.timers.t2);
                *due = now + *interval;
                &[Step::Send]
            }
            State::Accepted { l: due } | State::Confirmed { i: due } if *due <= now => {
                self.state = State::Terminated;
                &[]
            }
            _ => &[],
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Proceeding { trying, unanswered } => earliest([trying, Some(unanswered)]),
            State::Completed { g, h } => earliest([g.map(|g| g.0), Some(h)]),
            State::Accepted { l: due } | State::Confirmed { i: due } => Some(due),
            State::Terminated => None,
        }
    }

    pub(crate) fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}
