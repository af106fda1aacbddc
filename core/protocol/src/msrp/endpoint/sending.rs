//! Messages of this end: their chunks, and what the other end says of them (RFC 4975 clauses 7.1, 7.1.2, 8.5, 8.6).

use super::{MsrpEndpoint, Session};
use crate::Instant;
use crate::msrp::message::{MsrpHead, MsrpStart};
use crate::msrp::outgoing::{Outcome, Paths};
use crate::msrp::{MsrpEvent, MsrpFailure, MsrpMessage, MsrpSessionId};

impl MsrpEndpoint {
    pub(super) fn response(&mut self, now: Instant, conn: u64, head: &MsrpHead) {
        let MsrpStart::Response { status, comment } = &head.start else { return };
        let to = head.to_path.first().and_then(|uri| uri.session.as_ref());
        let id = to.and_then(|session| self.by_uri.get(session)).copied();
        let Some((id, session)) = id.and_then(|id| Some((id, self.sessions.get_mut(&id)?))) else { return };
        if session.conn() != Some(conn) {
            return;
        }
        let Some(paths) = session.paths() else { return };
        let mut out = Vec::new();
        session.outgoing.respond(&paths, &head.transaction, *status, comment, &mut self.entropy, &mut out);
        self.outcomes(id, out);
        // Clause 10.7 and 10.9: there is no such session any more.
        if matches!(status, 481 | 506) {
            return self.end(id, &format!("the other end says {status} {comment}"), true);
        }
        self.pump(now, id);
    }

    pub(super) fn reported(&mut self, conn: u64, head: &MsrpHead) {
        let to = head.to_path.first().and_then(|uri| uri.session.as_ref());
        let id = to.and_then(|session| self.by_uri.get(session)).copied();
        let Some((id, session)) = id.and_then(|id| Some((id, self.sessions.get_mut(&id)?))) else { return };
        let mut out = Vec::new();
        let known = match (head.message_id(), head.byte_range(), head.status()) {
            (Some(message), Ok(range), Some(status)) if session.conn() == Some(conn) => {
                session.outgoing.report(message, range, status.code, &mut out)
            }
            _ => false,
        };
        self.outcomes(id, out);
        if !known {
            self.ignored("a REPORT", "it is about nothing that waits for one");
        }
    }

    pub(super) fn pump(&mut self, now: Instant, id: MsrpSessionId) {
        let Some(session) = self.sessions.get_mut(&id).filter(|s| s.conn().is_some()) else { return };
        let Some(paths) = session.paths() else { return };
        let mut out = Vec::new();
        session.outgoing.pump(now, &paths, self.config.chunk, &mut self.entropy, &mut out);
        self.outcomes(id, out);
    }

    pub(super) fn fail(&mut self, id: MsrpSessionId, token: u64, failure: MsrpFailure) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let paths = session.paths();
        let local = session.local.clone();
        let paths = paths.unwrap_or_else(|| Paths { to: vec![local.clone()], from: local });
        let mut out = Vec::new();
        session.outgoing.fail(&paths, token, failure, &mut self.entropy, &mut out);
        self.outcomes(id, out);
    }

    pub(super) fn outcomes(&mut self, id: MsrpSessionId, out: Vec<Outcome>) {
        let conn = self.sessions.get(&id).and_then(Session::conn);
        for outcome in out {
            match outcome {
                Outcome::Send(bytes) => {
                    if let Some(conn) = conn {
                        self.transmit(conn, bytes);
                    }
                }
                Outcome::Wanted { token, offset, octets } => {
                    self.event(MsrpEvent::Wanted { session: id, token, offset, octets });
                }
                Outcome::Sent { token, result } => self.event(MsrpEvent::Sent { session: id, token, result }),
                Outcome::Reported { token, status } => {
                    self.event(MsrpEvent::Reported { session: id, token, status });
                }
            }
        }
    }
}

/// A message must be one that the other end takes (clauses 8.5, 8.6).
pub(super) fn fits(session: &Session, message: &MsrpMessage) -> Result<(), String> {
    let Some(remote) = session.remote() else { return Err("the other end is not known yet".into()) };
    let essence = message.content_type.split(';').next().unwrap_or_default().trim();
    if !crate::msrp::sdp::accepts(&remote.accept_types, essence) {
        return Err(format!("the other end does not take {essence}"));
    }
    match remote.max_size.filter(|max| message.total() > *max) {
        Some(max) => Err(format!("the other end takes no more than {max} octets")),
        None => Ok(()),
    }
}
