//! An SCTP association that a node opens and keeps, with the setup procedure that has to come first on it: M3 of an MCE
//! (TS 36.442 clause 7, TS 36.444 clause 8.7), M2 of an eNB (TS 36.442 clause 6, TS 36.443 clause 8.6).

use std::net::SocketAddr;
use std::time::Duration;

use protocol::Instant;

use crate::node::{StreamId, StreamOutput};

/// How long the answer to a setup may take.
const SETUP: Duration = Duration::from_secs(5);

/// The machine.
#[derive(Debug)]
pub(super) struct Association {
    remote: SocketAddr,
    /// Time until it is tried again.
    retry: Duration,
    state: State,
    tokens: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// To be opened then.
    Closed {
        again: Instant,
    },
    Opening {
        token: u64,
        until: Instant,
    },
    /// The setup is on its way.
    Open {
        conn: StreamId,
        until: Instant,
    },
    Up {
        conn: StreamId,
    },
    /// For good.
    Ended,
}

impl Association {
    pub(super) const fn new(remote: SocketAddr, retry: Duration) -> Self {
        Self { remote, retry, state: State::Closed { again: Instant::ZERO }, tokens: 0 }
    }

    /// The association, once its setup is accepted.
    pub(super) const fn up(&self) -> Option<StreamId> {
        match self.state {
            State::Up { conn } => Some(conn),
            _ => None,
        }
    }

    /// The association, whether its setup is accepted or not.
    pub(super) const fn open(&self) -> Option<StreamId> {
        match self.state {
            State::Up { conn } | State::Open { conn, .. } => Some(conn),
            _ => None,
        }
    }

    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Closed { again: at } | State::Opening { until: at, .. } | State::Open { until: at, .. } => Some(at),
            State::Up { .. } | State::Ended => None,
        }
    }

    /// What there is to do when time has passed.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<StreamOutput> {
        if self.poll_timeout().is_none_or(|at| at > now) {
            return None;
        }
        match self.state {
            State::Open { conn, .. } => {
                self.state = State::Closed { again: now + self.retry };
                Some(StreamOutput::Close { conn })
            }
            _ => {
                self.tokens += 1;
                self.state = State::Opening { token: self.tokens, until: now + self.retry + SETUP };
                Some(StreamOutput::Connect { token: self.tokens, remote: self.remote })
            }
        }
    }

    /// The driver has opened one: true when it is this one, and the setup is to be sent.
    pub(super) fn on_connected(&mut self, now: Instant, token: u64, conn: StreamId) -> bool {
        let is_it = matches!(self.state, State::Opening { token: own, .. } if own == token);
        if is_it {
            self.state = State::Open { conn, until: now + SETUP };
        }
        is_it
    }

    pub(super) fn on_connect_failed(&mut self, now: Instant, token: u64) {
        if matches!(self.state, State::Opening { token: own, .. } if own == token) {
            self.state = State::Closed { again: now + self.retry };
        }
    }

    /// True when it was this one, and its setup had been accepted.
    pub(super) fn on_closed(&mut self, now: Instant, conn: StreamId) -> bool {
        if self.open() != Some(conn) {
            return false;
        }
        let was_up = self.up().is_some();
        self.state = State::Closed { again: now + self.retry };
        was_up
    }

    /// The setup is accepted.
    pub(super) const fn on_accepted(&mut self) {
        if let State::Open { conn, .. } = self.state {
            self.state = State::Up { conn };
        }
    }

    /// The setup is refused; the peer says how long to wait, or nothing.
    pub(super) fn on_refused(&mut self, now: Instant, wait: Option<Duration>) -> Option<StreamOutput> {
        let State::Open { conn, .. } = self.state else { return None };
        self.state = State::Closed { again: now + wait.unwrap_or_default().max(self.retry) };
        Some(StreamOutput::Close { conn })
    }

    /// Closes it for good.
    pub(super) fn end(&mut self) -> Option<StreamOutput> {
        let open = self.open();
        self.state = State::Ended;
        open.map(|conn| StreamOutput::Close { conn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_after_every_loss() {
        let (remote, at) = ("10.46.0.32:36444".parse().unwrap(), Instant::from_millis);
        let mut association = Association::new(remote, Duration::from_secs(1));
        let connect = |token| Some(StreamOutput::Connect { token, remote });
        assert_eq!(association.handle_timeout(at(0)), connect(1));
        association.on_connect_failed(at(2), 1);
        assert_eq!((association.handle_timeout(at(900)), association.handle_timeout(at(1002))), (None, connect(2)));
        assert!(!association.on_connected(at(1003), 1, StreamId(7)));
        assert!(association.on_connected(at(1003), 2, StreamId(7)));
        // No answer to the setup.
        assert_eq!(association.handle_timeout(at(6003)), Some(StreamOutput::Close { conn: StreamId(7) }));
        assert_eq!(association.handle_timeout(at(7003)), connect(3));
        assert!(association.on_connected(at(7004), 3, StreamId(8)));
        let wait = Some(Duration::from_secs(5));
        assert_eq!(association.on_refused(at(7005), wait), Some(StreamOutput::Close { conn: StreamId(8) }));
        assert_eq!(association.poll_timeout(), Some(at(12_005)));
        assert_eq!(association.handle_timeout(at(12_005)), connect(4));
        assert!(association.on_connected(at(12_006), 4, StreamId(9)));
        association.on_accepted();
        assert_eq!((association.up(), association.poll_timeout()), (Some(StreamId(9)), None));
        assert!(!association.on_closed(at(20_000), StreamId(8)) && association.on_closed(at(20_000), StreamId(9)));
        assert_eq!(association.handle_timeout(at(21_000)), connect(5));
        assert_eq!((association.end(), association.poll_timeout()), (None, None));
    }
}
