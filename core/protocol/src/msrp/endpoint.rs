//! An MSRP endpoint: its sessions and the connections that they share (RFC 4975 clauses 5.4, 7).

mod early;
mod sending;
mod taking;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use self::early::Held;
use self::sending::fits;
use self::taking::{Current, Unconfirmed};
use super::message::{ByteRange, Continuation, MsrpHead, MsrpMethod, MsrpStart, transaction_for};
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

/// How long a connection that another one has opened may be silent.
const FIRST_MESSAGE: Duration = Duration::from_secs(30);
