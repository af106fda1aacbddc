//! Non-INVITE server transaction (RFC 3261 clause 17.2.2).

use std::time::Duration;

use super::{SipTimers, Step, Steps};
use crate::Instant;

#[derive(Debug)]
pub(crate) struct ServerNonInvite {
    timers: SipTimers,
    reliable: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Trying and Proceeding. The client has long given up at the deadline, and 408 would be wrong (RFC 4320 clause 4.2).
    Waiting {
        proceeding: bool,
        unanswered: Instant,
    },
    Completed {
        j: Instant,
    },
    Terminated,
}

impl ServerNonInvite {
    pub(crate) fn new(now: Instant, timers: SipTimers, reliable: bool) -> Self {
        Self { timers, reliable, state: State::Waiting { proceeding: false, unanswered: now + timers.give_up() * 4 } }
    }

    /// The request came once more.
    pub(crate) fn handle_request(&self) -> Steps {
        match self.state {
            State::Waiting { proceeding: true, .. } | State::Completed { .. } => &[Step::Send],
            _ => &[],
        }
    }

    /// The user answers; `None` when it has answered already.
    pub(crate) fn handle_answer(&mut self, now: Instant, status: u16) -> Option<Steps> {
        let State::Waiting { proceeding, .. } = &mut self.state else { return None };
        if status < 200 {
            *proceeding = true;
        } else {
            let linger = if self.reliable { Duration::ZERO } else { self.timers.give_up() };
            self.state = State::Completed { j: now + linger };
        }
        Some(&[Step::Send])
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Steps {
        match self.state {
            State::Waiting { unanswered: due, .. } | State::Completed { j: due } if due <= now => {
                self.state = State::Terminated;
            }
            _ => {}
        }
        &[]
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { unanswered: due, .. } | State::Completed { j: due } => Some(due),
            State::Terminated => None,
        }
    }

    pub(crate) fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}
