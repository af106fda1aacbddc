//! Connections that come before the answer that tells whose they are: SIP may be slower than TCP, or has to repeat a message.

use std::time::Duration;

use super::{MsrpEndpoint, MsrpHead, MsrpMethod, MsrpSessionId, MsrpStart, State};
use crate::Instant;

/// A first request that came too early: nothing behind it is read.
#[derive(Debug)]
pub(super) struct Held {
    head: MsrpHead,
    pub(super) session: MsrpSessionId,
    pub(super) until: Instant,
}

impl MsrpEndpoint {
    /// The session of the first SEND of a connection when it does not know its other end yet: who has offered a session must
    /// be ready before the answer is there (RFC 3264 clause 5.1).
    pub(super) fn too_early(&self, conn: u64, head: &MsrpHead) -> Option<MsrpSessionId> {
        let is_first = self.connections.get(&conn).is_some_and(|c| c.until.is_some() && !c.was_early);
        let is_send = head.start == MsrpStart::Request(MsrpMethod::Send);
        let (id, session) = self.named(head).ok().filter(|_| is_first && is_send)?;
        matches!(session.state, State::Prepared).then_some(id)
    }

    pub(super) fn hold(&mut self, now: Instant, conn: u64, session: MsrpSessionId, head: MsrpHead) {
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.held = Some(Held { head, session, until: now + EARLY });
            connection.was_early = true;
        }
        self.hold_more(now, conn);
    }

    /// More has come behind a request that is held.
    pub(super) fn hold_more(&mut self, now: Instant, conn: u64) {
        if self.connections.get(&conn).is_some_and(|connection| connection.framer.waiting() > MAX_HELD) {
            self.go_on(now, conn);
        }
    }

    /// Reads on where requests are held, of those that are meant.
    pub(super) fn release(&mut self, now: Instant, is_meant: impl Fn(&Held) -> bool) {
        let meant = self.connections.iter().filter(|(_, c)| c.held.as_ref().is_some_and(&is_meant));
        for conn in meant.map(|(conn, _)| *conn).collect::<Vec<_>>() {
            self.go_on(now, conn);
        }
    }

    fn go_on(&mut self, now: Instant, conn: u64) {
        if let Some(held) = self.connections.get_mut(&conn).and_then(|connection| connection.held.take()) {
            self.head(now, conn, held.head);
            self.read(now, conn);
        }
    }
}

/// How long an answer may come later than a connection: SIP repeats a lost 200 within that (RFC 3261 clause 13.3.1.4), and the
/// sender of the request gives up after 30 seconds (clause 7.1.1).
const EARLY: Duration = Duration::from_secs(10);
/// Octets that are kept behind a request that came too early.
const MAX_HELD: usize = 64 << 10;
