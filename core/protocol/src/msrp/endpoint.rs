//! An MSRP endpoint: its sessions and the connections that they share (RFC 4975 clauses 5.4, 7).

mod early;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use self::early::Held;
use super::incoming::{Chunk, Report};
use super::message::{ByteRange, Continuation, FailureReport, MsrpHead, MsrpMethod, MsrpStart, transaction_for};
use super::outgoing::Outcome;
use super::session::{CONNECTING, Remote, Session, State};
use super::{
    MsrpEvent, MsrpFailure, MsrpFramer, MsrpInput, MsrpItem, MsrpMedia, MsrpMessage, MsrpOutput, MsrpSessionId,
    MsrpUri, SessionOptions,
};
use crate::{Entropy, Instant};

/// An endpoint.
#[derive(Clone, Debug)]
pub struct MsrpConfig {
    /// Where it is reached: in its URIs.
    pub local: SocketAddr,
    /// Octets of a chunk that it sends.
    pub chunk: usize,
    /// Sessions at a time.
    pub max_sessions: usize,
    /// Connections at a time that others have opened and that no session has taken.
    pub max_strangers: usize,
}

impl MsrpConfig {
    /// The usual settings.
    pub const fn new(local: SocketAddr) -> Self {
        Self { local, chunk: 2048, max_sessions: 10_000, max_strangers: 256 }
    }
}

/// An endpoint. Drain [`Self::poll_output`] after every other call.
#[derive(Debug)]
pub struct MsrpEndpoint {
    config: MsrpConfig,
    entropy: Entropy,
    sessions: BTreeMap<MsrpSessionId, Session>,
    by_uri: BTreeMap<String, MsrpSessionId>,
    connections: BTreeMap<u64, Connection>,
    /// Complete messages that the user has not confirmed.
    unconfirmed: BTreeMap<(MsrpSessionId, String), Unconfirmed>,
    next: u64,
    outputs: VecDeque<MsrpOutput>,
}

#[derive(Debug)]
struct Connection {
    framer: MsrpFramer,
    /// The request that is coming.
    current: Option<Current>,
    /// Until when a session must take it.
    until: Option<Instant>,
    held: Option<Held>,
    /// It was or is held: that happens once.
    was_early: bool,
}

#[derive(Debug)]
struct Current {
    head: MsrpHead,
    session: Option<MsrpSessionId>,
    chunk: Option<Chunk>,
    status: u16,
}

#[derive(Debug)]
struct Unconfirmed {
    conn: u64,
    head: MsrpHead,
    report: Report,
}

impl MsrpEndpoint {
    /// An endpoint without sessions.
    pub fn new(config: MsrpConfig, entropy: Entropy) -> Self {
        let (sessions, by_uri, connections, unconfirmed, next, outputs) = Default::default();
        Self { config, entropy, sessions, by_uri, connections, unconfirmed, next, outputs }
    }

    /// A new session and its URI, to be told in SDP; `None` when there are too many.
    pub fn prepare(&mut self, options: SessionOptions) -> Option<(MsrpSessionId, MsrpUri)> {
        if self.sessions.len() >= self.config.max_sessions {
            return None;
        }
        self.next += 1;
        let id = MsrpSessionId(self.next);
        // Clause 14.1: 80 bits of randomness; who does not know the URI cannot take the session.
        let local = MsrpUri::tcp(self.config.local, &self.entropy.token(20));
        self.by_uri.insert(local.session.clone().unwrap_or_default(), id);
        self.sessions.insert(id, Session::new(local.clone(), options));
        Some((id, local))
    }

    /// The other end is known; `opens`: the connection is ours to open.
    ///
    /// # Errors
    /// There is no such session, or the address of its path cannot be told.
    pub fn start(&mut self, now: Instant, id: MsrpSessionId, media: &MsrpMedia, opens: bool) -> Result<(), String> {
        let session = self.sessions.get_mut(&id).ok_or("there is no such session")?;
        let first = media.path.first().ok_or("the path is empty")?;
        let remote =
            Remote { path: media.path.clone(), accept_types: media.accept_types.clone(), max_size: media.max_size };
        let mut opening = None;
        if opens {
            let address = first.address().ok_or_else(|| format!("{} is no address", first.host))?;
            self.next += 1;
            opening = Some(self.next);
            self.outputs.push_back(MsrpOutput::Connect { token: self.next, remote: address });
        }
        session.state = State::Waiting { remote, opening, until: now + CONNECTING };
        self.release(now, |held| held.session == id);
        Ok(())
    }

    /// Sends a message; [`MsrpEvent::Sent`] tells what came of it. It waits for the connection.
    pub fn send(&mut self, now: Instant, id: MsrpSessionId, message: MsrpMessage) {
        let token = message.token;
        let result = match self.sessions.get_mut(&id) {
            None => Err("there is no such session".to_owned()),
            Some(session) => fits(session, &message).and_then(|()| session.outgoing.push(message, &mut self.entropy)),
        };
        match result {
            Ok(()) => self.pump(now, id),
            Err(why) => {
                let result = Err(MsrpFailure::NotSent(why));
                self.event(MsrpEvent::Sent { session: id, token, result });
            }
        }
    }

    /// Octets that [`MsrpEvent::Wanted`] has asked for; false: it has not, or they are too many.
    pub fn supply(&mut self, now: Instant, id: MsrpSessionId, token: u64, octets: &[u8]) -> bool {
        let mut out = Vec::new();
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        let Some(paths) = session.paths() else { return false };
        let done = session.outgoing.supply(now, &paths, token, octets, &mut self.entropy, &mut out);
        self.outcomes(id, out);
        self.pump(now, id);
        done
    }

    /// Gives a message up that is under way.
    pub fn abort(&mut self, now: Instant, id: MsrpSessionId, token: u64) {
        self.fail(id, token, MsrpFailure::Aborted);
        self.pump(now, id);
    }

    /// Answers a complete message: 200, or what it is refused with.
    pub fn confirm(&mut self, id: MsrpSessionId, message: &str, status: u16) {
        let Some(waiting) = self.unconfirmed.remove(&(id, message.to_owned())) else { return };
        self.respond(waiting.conn, &waiting.head, status);
        if status < 300 {
            self.report(id, waiting.conn, &waiting.report);
        }
    }

    /// Ends a session; its connection is closed when no other session has it.
    pub fn close(&mut self, id: MsrpSessionId) {
        self.end(id, "ended here", false);
    }

    /// Something has come in.
    pub fn handle_input(&mut self, now: Instant, input: MsrpInput<'_>) {
        match input {
            MsrpInput::Connected { conn, token: Some(token) } => self.opened(now, conn, token),
            MsrpInput::Connected { conn, token: None } => {
                let strangers = self.connections.values().filter(|c| c.until.is_some()).count();
                if strangers >= self.config.max_strangers {
                    self.ignored("a connection", "too many wait for their first message");
                    return self.outputs.push_back(MsrpOutput::Close { conn });
                }
                self.connections.insert(conn, Connection::new(Some(now + FIRST_MESSAGE)));
            }
            MsrpInput::Received { conn, bytes } => self.received(now, conn, bytes),
            MsrpInput::Closed { conn } => self.lost(conn, "the connection is gone"),
            MsrpInput::ConnectFailed { token, why } => {
                if let Some(id) = self.opening(token) {
                    self.end(id, &why, true);
                }
            }
        }
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        let strangers = self.connections.iter().filter(|(_, c)| c.until.is_some_and(|until| until <= now));
        for conn in strangers.map(|(conn, _)| *conn).collect::<Vec<_>>() {
            self.drop_connection(conn, "no first message came");
        }
        self.release(now, |held| held.until <= now);
        let due = self.sessions.iter().filter(|(_, s)| s.poll_timeout().is_some_and(|at| at <= now));
        for id in due.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.session_timeout(now, id);
        }
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let held = |c: &Connection| c.held.as_ref().map(|held| held.until);
        let strangers = self.connections.values().filter_map(|c| [c.until, held(c)].into_iter().flatten().min());
        self.sessions.values().filter_map(Session::poll_timeout).chain(strangers).min()
    }

    /// What is to be done.
    pub fn poll_output(&mut self) -> Option<MsrpOutput> {
        self.outputs.pop_front()
    }

    /// Sessions that there are.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Messages of a session that have not been sent, or not been answered.
    pub fn is_idle(&self, id: MsrpSessionId) -> bool {
        self.sessions.get(&id).is_none_or(|session| session.outgoing.is_empty())
    }

    fn session_timeout(&mut self, now: Instant, id: MsrpSessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if matches!(session.state, State::Waiting { until, .. } if until <= now) {
            return self.end(id, "no connection came", true);
        }
        let (late, lost) = (session.outgoing.late(now), session.incoming.late(now));
        for message in lost {
            let why = "nothing more came of it".to_owned();
            self.event(MsrpEvent::Aborted { session: id, message, why });
        }
        for token in late {
            self.fail(id, token, MsrpFailure::Timeout);
        }
        self.pump(now, id);
    }

    fn opening(&self, token: u64) -> Option<MsrpSessionId> {
        let is_it =
            |session: &Session| matches!(&session.state, State::Waiting { opening, .. } if *opening == Some(token));
        self.sessions.iter().find(|(_, session)| is_it(session)).map(|(id, _)| *id)
    }

    fn opened(&mut self, now: Instant, conn: u64, token: u64) {
        let Some(id) = self.opening(token) else {
            return self.outputs.push_back(MsrpOutput::Close { conn });
        };
        self.connections.insert(conn, Connection::new(None));
        self.bind(id, conn);
        // Clause 5.4: who opens it sends at once, so that the other one knows whose connection it is.
        self.pump(now, id);
        let session = self.sessions.get(&id);
        if let Some(paths) = session.filter(|s| s.outgoing.is_empty()).and_then(Session::paths) {
            let transaction = transaction_for(b"", &mut self.entropy);
            let mut head = MsrpHead::request(MsrpMethod::Send, transaction, paths.to, vec![paths.from]);
            head.headers.append("Message-ID", &self.entropy.token(16));
            head.headers.append("Byte-Range", &ByteRange { start: 1, end: Some(0), total: Some(0) }.to_string());
            self.transmit(conn, head.to_bytes(None, Continuation::End));
        }
    }

    fn bind(&mut self, id: MsrpSessionId, conn: u64) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if let State::Waiting { remote, .. } = &session.state {
            session.state = State::Open { remote: remote.clone(), conn };
            if let Some(connection) = self.connections.get_mut(&conn) {
                connection.until = None;
            }
            self.event(MsrpEvent::Opened { session: id });
        }
    }

    fn received(&mut self, now: Instant, conn: u64, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.framer.push(bytes);
        match &connection.held {
            None => self.read(now, conn),
            Some(_) => self.hold_more(now, conn),
        }
    }

    fn read(&mut self, now: Instant, conn: u64) {
        while let Some(connection) = self.connections.get_mut(&conn) {
            match connection.framer.poll() {
                Ok(Some(MsrpItem::Head(head))) => match self.too_early(conn, &head) {
                    Some(session) => return self.hold(now, conn, session, head),
                    None => self.head(now, conn, head),
                },
                Ok(Some(MsrpItem::Body(octets))) => self.body(conn, octets),
                Ok(Some(MsrpItem::End(flag))) => self.message_end(now, conn, flag),
                Ok(None) => return,
                Err(problem) => return self.drop_connection(conn, &problem.to_string()),
            }
        }
    }

    fn head(&mut self, now: Instant, conn: u64, head: MsrpHead) {
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
    fn named(&self, head: &MsrpHead) -> Result<(MsrpSessionId, &Session), u16> {
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

    fn body(&mut self, conn: u64, octets: Vec<u8>) {
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

    fn message_end(&mut self, now: Instant, conn: u64, flag: Continuation) {
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

    fn response(&mut self, now: Instant, conn: u64, head: &MsrpHead) {
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

    fn reported(&mut self, conn: u64, head: &MsrpHead) {
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

    fn respond(&mut self, conn: u64, head: &MsrpHead, status: u16) {
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
    fn report(&mut self, id: MsrpSessionId, conn: u64, report: &Report) {
        let Some(session) = self.sessions.get(&id).filter(|_| report.wanted) else { return };
        let (transaction, from) = (transaction_for(b"", &mut self.entropy), vec![session.local.clone()]);
        let mut head = MsrpHead::request(MsrpMethod::Report, transaction, report.to.clone(), from);
        let range = ByteRange { start: 1, end: Some(report.total), total: Some(report.total) };
        head.headers.append("Message-ID", &report.message);
        head.headers.append("Byte-Range", &range.to_string());
        head.headers.append("Status", "000 200 OK");
        self.transmit(conn, head.to_bytes(None, Continuation::End));
    }

    fn pump(&mut self, now: Instant, id: MsrpSessionId) {
        let Some(session) = self.sessions.get_mut(&id).filter(|s| s.conn().is_some()) else { return };
        let Some(paths) = session.paths() else { return };
        let mut out = Vec::new();
        session.outgoing.pump(now, &paths, self.config.chunk, &mut self.entropy, &mut out);
        self.outcomes(id, out);
    }

    fn fail(&mut self, id: MsrpSessionId, token: u64, failure: MsrpFailure) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let paths = session.paths();
        let local = session.local.clone();
        let paths = paths.unwrap_or_else(|| super::outgoing::Paths { to: vec![local.clone()], from: local });
        let mut out = Vec::new();
        session.outgoing.fail(&paths, token, failure, &mut self.entropy, &mut out);
        self.outcomes(id, out);
    }

    fn outcomes(&mut self, id: MsrpSessionId, out: Vec<Outcome>) {
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

    /// The stream of a connection makes no sense any more.
    fn drop_connection(&mut self, conn: u64, why: &str) {
        self.ignored("a connection", why);
        self.outputs.push_back(MsrpOutput::Close { conn });
        self.lost(conn, why);
    }

    fn lost(&mut self, conn: u64, why: &str) {
        self.connections.remove(&conn);
        let its = self.sessions.iter().filter(|(_, session)| session.conn() == Some(conn));
        for id in its.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.end(id, why, true);
        }
    }

    fn end(&mut self, id: MsrpSessionId, why: &str, tells: bool) {
        let Some(mut session) = self.sessions.remove(&id) else { return };
        self.by_uri.remove(session.local.session.as_deref().unwrap_or_default());
        self.unconfirmed.retain(|(own, _), _| *own != id);
        for token in session.outgoing.give_up() {
            let result = Err(MsrpFailure::Closed(why.to_owned()));
            self.event(MsrpEvent::Sent { session: id, token, result });
        }
        for message in session.incoming.give_up() {
            self.event(MsrpEvent::Aborted { session: id, message, why: why.to_owned() });
        }
        if tells {
            self.event(MsrpEvent::Closed { session: id, why: why.to_owned() });
        }
        let conn = session.conn();
        let is_shared = |conn| self.sessions.values().any(|other| other.conn() == Some(conn));
        if let Some(conn) = conn.filter(|conn| self.connections.contains_key(conn) && !is_shared(*conn)) {
            self.connections.remove(&conn);
            self.outputs.push_back(MsrpOutput::Close { conn });
        }
    }

    fn transmit(&mut self, conn: u64, bytes: Vec<u8>) {
        self.outputs.push_back(MsrpOutput::Send { conn, bytes });
    }

    fn event(&mut self, event: MsrpEvent) {
        self.outputs.push_back(MsrpOutput::Event(event));
    }

    fn ignored(&mut self, what: &str, why: &str) {
        self.event(MsrpEvent::Ignored { what: what.to_owned(), why: why.to_owned() });
    }
}

impl Connection {
    fn new(until: Option<Instant>) -> Self {
        Self { framer: MsrpFramer::new(), current: None, until, held: None, was_early: false }
    }
}

fn session_confirms(sessions: &BTreeMap<MsrpSessionId, Session>, id: MsrpSessionId) -> bool {
    sessions.get(&id).is_some_and(|session| session.options.confirm)
}

/// A message must be one that the other end takes (clauses 8.5, 8.6).
fn fits(session: &Session, message: &MsrpMessage) -> Result<(), String> {
    let Some(remote) = session.remote() else { return Err("the other end is not known yet".into()) };
    let essence = message.content_type.split(';').next().unwrap_or_default().trim();
    if !super::sdp::accepts(&remote.accept_types, essence) {
        return Err(format!("the other end does not take {essence}"));
    }
    match remote.max_size.filter(|max| message.total() > *max) {
        Some(max) => Err(format!("the other end takes no more than {max} octets")),
        None => Ok(()),
    }
}

/// How long a connection that another one has opened may be silent.
const FIRST_MESSAGE: Duration = Duration::from_secs(30);
