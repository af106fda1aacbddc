//! Requests of the other end: whose they are, their chunks, and what they are answered with (RFC 4975 clauses 5.4, 7.1, 7.2, 7.3).

use std::collections::BTreeMap;

use super::{MsrpEndpoint, Session, State};
use crate::Instant;
use crate::msrp::incoming::{Chunk, Report};
use crate::msrp::message::{ByteRange, Continuation, FailureReport, MsrpHead, MsrpMethod, MsrpStart, transaction_for};
use crate::msrp::{MsrpEvent, MsrpSessionId};

/// The request that is coming on a connection.
#[derive(Debug)]
pub(super) struct Current {
    head: MsrpHead,
    session: Option<MsrpSessionId>,
    chunk: Option<Chunk>,
    status: u16,
}

/// A message that is answered when the user says so.
#[derive(Debug)]
pub(super) struct Unconfirmed {
    pub(super) conn: u64,
    pub(super) head: MsrpHead,
    pub(super) report: Report,
}

impl MsrpEndpoint {
    pub(super) fn head(&mut self, now: Instant, conn: u64, head: MsrpHead) {
        let current = match &head.start {
            MsrpStart::Response { .. } => {
                self.response(now, conn, &head);
                return;
            }
            MsrpStart::Request(MsrpMethod::Report) => {
                self.reported(conn, &head);
                return;
            }
            MsrpStart::Request(method) => {
                let is_send = *method == MsrpMethod::Send;
                let begun = self
                    .addressed(conn, &head)
                    .and_then(|id| if is_send { self.begin(now, id, &head) } else { Err(501) });
                match begun {
                    Ok((id, chunk)) => Current { head, session: Some(id), chunk: Some(chunk), status: 200 },
                    Err(status) => Current { head, session: None, chunk: None, status },
                }
            }
        };
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.current = Some(current);
        }
    }

    /// The session that a request names.
    pub(super) fn named(&self, head: &MsrpHead) -> Result<(MsrpSessionId, &Session), u16> {
        let [to] = head.to_path.as_slice() else { return Err(403) };
        let id = to.session.as_ref().and_then(|session| self.by_uri.get(session)).copied().ok_or(481_u16)?;
        let session = self.sessions.get(&id).filter(|session| session.local.is(to));
        Ok((id, session.ok_or(481_u16)?))
    }

    /// The session that a request is for, bound to its connection if it was waiting for it.
    fn addressed(&mut self, conn: u64, head: &MsrpHead) -> Result<MsrpSessionId, u16> {
        let (id, session) = self.named(head)?;
        match &session.state {
            State::Prepared => Err(481),
            // Clause 7.3: a session has one connection.
            State::Open { conn: own, .. } if *own != conn => Err(506),
            State::Open { .. } => Ok(id),
            State::Waiting { remote, .. } => {
                let is_from = remote.path.first().zip(head.from_path.first()).is_some_and(|(a, b)| a.is(b));
                if !is_from {
                    return Err(481);
                }
                self.bind(id, conn);
                Ok(id)
            }
        }
    }

    fn begin(&mut self, now: Instant, id: MsrpSessionId, head: &MsrpHead) -> Result<(MsrpSessionId, Chunk), u16> {
        let session = self.sessions.get_mut(&id).ok_or(481_u16)?;
        let (chunk, is_new) = session.incoming.begin(now, head, &session.options)?;
        let content_type = head.headers.get("Content-Type");
        if let Some(content_type) = content_type.filter(|_| is_new) {
            let total = head.byte_range().ok().and_then(|range| range.total);
            let (message, content_type) = (chunk.message.clone(), content_type.to_owned());
            self.event(MsrpEvent::Started { session: id, message, content_type, total });
        }
        Ok((id, chunk))
    }

    pub(super) fn body(&mut self, conn: u64, octets: Vec<u8>) {
        let Some(current) = self.connections.get_mut(&conn).and_then(|c| c.current.as_mut()) else { return };
        let (Some(id), Some(chunk)) = (current.session, current.chunk.as_mut()) else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match session.incoming.octets(chunk, octets.len() as u64, &session.options) {
            Ok(offset) => {
                let message = chunk.message.clone();
                self.event(MsrpEvent::Received { session: id, message, offset, bytes: octets });
            }
            Err(status) => {
                let message = chunk.message.clone();
                (current.chunk, current.status) = (None, status);
                let why = format!("answered with {status}");
                self.event(MsrpEvent::Aborted { session: id, message, why });
            }
        }
    }

    pub(super) fn message_end(&mut self, now: Instant, conn: u64, flag: Continuation) {
        let Some(current) = self.connections.get_mut(&conn).and_then(|c| c.current.take()) else { return };
        let Current { head, session: Some(id), chunk: Some(chunk), .. } = &current else {
            return self.respond(conn, &current.head, current.status);
        };
        let Some(session) = self.sessions.get_mut(id) else {
            return self.respond(conn, head, 481);
        };
        let complete = session.incoming.end(now, chunk, flag);
        let (id, message) = (*id, chunk.message.clone());
        if flag == Continuation::Abort {
            let why = "the sender gave it up".to_owned();
            self.event(MsrpEvent::Aborted { session: id, message: message.clone(), why });
        }
        let has_content = head.headers.contains("Content-Type");
        let Some(total) = complete.filter(|_| has_content) else {
            return self.respond(conn, head, 200);
        };
        let report =
            Report { to: head.from_path.clone(), message: message.clone(), total, wanted: head.wants_success() };
        if session_confirms(&self.sessions, id) {
            self.unconfirmed.insert((id, message.clone()), Unconfirmed { conn, head: current.head, report });
        } else {
            self.respond(conn, head, 200);
            self.report(id, conn, &report);
        }
        self.event(MsrpEvent::Complete { session: id, message, total });
    }

    pub(super) fn respond(&mut self, conn: u64, head: &MsrpHead, status: u16) {
        let is_wanted = match head.failure_report() {
            FailureReport::Yes => true,
            FailureReport::Partial => status >= 300,
            FailureReport::No => false,
        };
        if is_wanted {
            self.transmit(conn, head.response(status).to_bytes(None, Continuation::End));
        }
    }

    /// Clause 7.1.2: the report goes the whole way back.
    pub(super) fn report(&mut self, id: MsrpSessionId, conn: u64, report: &Report) {
        let Some(session) = self.sessions.get(&id).filter(|_| report.wanted) else { return };
        let (transaction, from) = (transaction_for(b"", &mut self.entropy), vec![session.local.clone()]);
        let mut head = MsrpHead::request(MsrpMethod::Report, transaction, report.to.clone(), from);
        let range = ByteRange { start: 1, end: Some(report.total), total: Some(report.total) };
        head.headers.append("Message-ID", &report.message);
        head.headers.append("Byte-Range", &range.to_string());
        head.headers.append("Status", "000 200 OK");
        self.transmit(conn, head.to_bytes(None, Continuation::End));
    }
}

fn session_confirms(sessions: &BTreeMap<MsrpSessionId, Session>, id: MsrpSessionId) -> bool {
    sessions.get(&id).is_some_and(|session| session.options.confirm)
}
