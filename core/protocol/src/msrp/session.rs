//! One session of an endpoint: where it goes, its connection, what is on its way out and in.

use std::time::Duration;

use super::incoming::Incoming;
use super::outgoing::{Outgoing, Paths};
use super::{MsrpUri, SessionOptions};
use crate::Instant;

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) local: MsrpUri,
    pub(super) options: SessionOptions,
    pub(super) state: State,
    pub(super) outgoing: Outgoing,
    pub(super) incoming: Incoming,
}

/// How far a session is.
#[derive(Debug)]
pub(super) enum State {
    /// It has a URI; the other end is not known.
    Prepared,
    /// The connection is waited for, or being opened under this number.
    Waiting { remote: Remote, opening: Option<u64>, until: Instant },
    /// It has this connection.
    Open { remote: Remote, conn: u64 },
}

/// The other end, as its description says.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    pub(super) path: Vec<MsrpUri>,
    pub(super) accept_types: Vec<String>,
    pub(super) max_size: Option<u64>,
}

impl Session {
    pub(super) fn new(local: MsrpUri, options: SessionOptions) -> Self {
        let (outgoing, incoming) = Default::default();
        Self { local, options, state: State::Prepared, outgoing, incoming }
    }

    pub(super) const fn remote(&self) -> Option<&Remote> {
        match &self.state {
            State::Prepared => None,
            State::Waiting { remote, .. } | State::Open { remote, .. } => Some(remote),
        }
    }

    pub(super) const fn conn(&self) -> Option<u64> {
        match &self.state {
            State::Open { conn, .. } => Some(*conn),
            _ => None,
        }
    }

    /// Paths of what it sends.
    pub(super) fn paths(&self) -> Option<Paths> {
        Some(Paths { to: self.remote()?.path.clone(), from: self.local.clone() })
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let waiting = match &self.state {
            State::Waiting { until, .. } => Some(*until),
            _ => None,
        };
        [waiting, self.outgoing.poll_timeout(), self.incoming.poll_timeout()].into_iter().flatten().min()
    }
}

/// How long a connection is waited for; no time is told by the standard.
pub(super) const CONNECTING: Duration = Duration::from_secs(60);
