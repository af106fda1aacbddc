//! Peer state machine (RFC 6733 clause 5.6), with the election of clause 5.6.4.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::base::{Capabilities, DisconnectCause, Identity};
use super::dictionary as d;
use super::endpoint::{DiameterOutput, PeerConfig};
use super::link::{ConnectionId, DiameterTransport};
use super::message::{DiameterProblem, Message};
use super::result;
use super::watchdog::{Due, Health, Watchdog};
use crate::{Entropy, Instant};

/// How long a peer has to answer CER and DPR, and a connection to come about.
pub(super) const EXCHANGE: Duration = Duration::from_secs(10);

/// What the machine needs of its surroundings.
pub(super) struct Io<'a> {
    pub(super) me: &'a Identity,
    pub(super) tw: Duration,
    pub(super) tc: Duration,
    pub(super) entropy: &'a mut Entropy,
    pub(super) out: &'a mut VecDeque<DiameterOutput>,
    /// Identifiers of our own requests.
    pub(super) next_id: &'a mut u32,
}

impl Io<'_> {
    pub(super) fn send(&mut self, conn: ConnectionId, message: &Message) {
        self.transport(DiameterTransport::Send { conn, bytes: message.emit() });
    }

    fn send_request(&mut self, conn: ConnectionId, mut message: Message) {
        *self.next_id = self.next_id.wrapping_add(1);
        (message.hop_by_hop, message.end_to_end) = (*self.next_id, *self.next_id);
        self.send(conn, &message);
    }

    pub(super) fn close(&mut self, conn: ConnectionId) {
        self.transport(DiameterTransport::Close { conn });
    }

    fn transport(&mut self, transport: DiameterTransport) {
        self.out.push_back(DiameterOutput::Transport(transport));
    }

    fn ignored(&mut self, peer: &Peer, event: impl Into<String>) {
        self.out.push_back(DiameterOutput::Ignored { state: peer.state.name().to_owned(), event: event.into() });
    }
}

/// State, with what belongs to it. `initiator` is the connection that we made, `responder` the one that the peer made.
#[derive(Debug)]
pub(super) enum State {
    Closed { retry: Option<Instant> },
    WaitConnAck { until: Instant },
    WaitConnAckElect { until: Instant, responder: ConnectionId, cer: Message },
    WaitCea { until: Instant, initiator: ConnectionId },
    WaitReturns { until: Instant, initiator: ConnectionId, responder: ConnectionId, cer: Message },
    Open { conn: ConnectionId, capabilities: Capabilities, watchdog: Watchdog },
    Closing { until: Instant, conn: ConnectionId, reconnect: bool },
}

impl State {
    const fn name(&self) -> &'static str {
        match self {
            Self::Closed { .. } => "Closed",
            Self::WaitConnAck { .. } => "Wait-Conn-Ack",
            Self::WaitConnAckElect { .. } => "Wait-Conn-Ack/Elect",
            Self::WaitCea { .. } => "Wait-I-CEA",
            Self::WaitReturns { .. } => "Wait-Returns",
            Self::Open { .. } => "Open",
            Self::Closing { .. } => "Closing",
        }
    }
}

/// A peer: configured, or known since it connected.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) host: String,
    /// None: it is not configured, and may be of any.
    pub(super) realm: Option<String>,
    pub(super) index: usize,
    pub(super) connect: Option<SocketAddr>,
    pub(super) state: State,
    /// It was DOWN in the sense of RFC 3539: the next connection has to prove itself.
    lost_before: bool,
}

impl Peer {
    pub(super) fn new(index: usize, config: &PeerConfig) -> Self {
        let mut peer = Self::unknown(index, config.host.clone());
        (peer.realm, peer.connect) = (Some(config.realm.clone()), config.connect);
        peer.state = State::Closed { retry: config.connect.map(|_| Instant::ZERO) };
        peer
    }

    /// One that nobody has told of before it connected.
    pub(super) const fn unknown(index: usize, host: String) -> Self {
        let state = State::Closed { retry: None };
        Self { host, realm: None, index, connect: None, state, lost_before: false }
    }

    /// Capabilities and health of an open connection.
    pub(super) const fn open(&self) -> Option<(ConnectionId, &Capabilities, Health)> {
        match &self.state {
            State::Open { conn, capabilities, watchdog } => Some((*conn, capabilities, watchdog.health)),
            _ => None,
        }
    }

    /// Whether a connection is under way.
    pub(super) const fn is_connecting(&self) -> bool {
        matches!(
            self.state,
            State::WaitConnAck { .. }
                | State::WaitConnAckElect { .. }
                | State::WaitCea { .. }
                | State::WaitReturns { .. }
        )
    }

    /// Next deadline.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Closed { retry } => *retry,
            State::WaitConnAck { until }
            | State::WaitConnAckElect { until, .. }
            | State::WaitCea { until, .. }
            | State::WaitReturns { until, .. }
            | State::Closing { until, .. } => Some(*until),
            State::Open { watchdog, .. } => Some(watchdog.at()),
        }
    }

    /// Start, Timeout and the watchdog's timer.
    pub(super) fn on_timeout(&mut self, now: Instant, io: &mut Io<'_>) {
        if self.poll_timeout().is_none_or(|at| now < at) {
            return;
        }
        match &mut self.state {
            State::Closed { .. } => {
                let Some(address) = self.connect else { return self.closed(None) };
                io.transport(DiameterTransport::Connect { peer: self.index, address });
                self.state = State::WaitConnAck { until: now + EXCHANGE };
            }
            State::WaitConnAck { .. } => self.retry(now, io),
            State::WaitConnAckElect { responder: conn, .. } | State::WaitCea { initiator: conn, .. } => {
                io.close(*conn);
                self.retry(now, io);
            }
            State::WaitReturns { initiator, responder, .. } => {
                io.close(*initiator);
                io.close(*responder);
                self.retry(now, io);
            }
            State::Closing { conn, reconnect, .. } => {
                let reconnect = *reconnect;
                io.close(*conn);
                self.leave(now, io, reconnect);
            }
            State::Open { conn, watchdog, .. } => {
                let conn = *conn;
                match watchdog.on_timeout(now, io.entropy) {
                    Due::Send => io.send_request(conn, io.me.dwr()),
                    Due::Failover | Due::Nothing => {}
                    Due::Close => {
                        io.close(conn);
                        self.lost_before = true;
                        self.retry(now, io);
                    }
                }
            }
        }
    }

    /// I-Rcv-Conn-Ack.
    pub(super) fn on_connected(&mut self, now: Instant, conn: ConnectionId, io: &mut Io<'_>) {
        match std::mem::replace(&mut self.state, State::Closed { retry: None }) {
            State::WaitConnAck { .. } => {
                io.send_request(conn, io.me.cer());
                self.state = State::WaitCea { until: now + EXCHANGE, initiator: conn };
            }
            State::WaitConnAckElect { responder, cer, .. } => {
                io.send_request(conn, io.me.cer());
                self.elect(now, conn, responder, cer, io);
            }
            other => {
                self.state = other;
                io.ignored(self, "a connection that was not wanted any more");
                io.close(conn);
            }
        }
    }

    /// I-Rcv-Conn-Nack.
    pub(super) fn on_connect_failed(&mut self, now: Instant, io: &mut Io<'_>) {
        match std::mem::replace(&mut self.state, State::Closed { retry: None }) {
            State::WaitConnAck { .. } => self.retry(now, io),
            State::WaitConnAckElect { responder, cer, .. } => self.accept(now, responder, &cer, io),
            other => self.state = other,
        }
    }

    /// R-Conn-CER: a connection that the peer made, with its CER.
    pub(super) fn on_cer(&mut self, now: Instant, conn: ConnectionId, cer: Message, io: &mut Io<'_>) {
        match std::mem::replace(&mut self.state, State::Closed { retry: None }) {
            State::Closed { .. } => self.accept(now, conn, &cer, io),
            State::WaitConnAck { until } => {
                self.state = State::WaitConnAckElect { until, responder: conn, cer };
            }
            State::WaitCea { initiator, .. } => self.elect(now, initiator, conn, cer, io),
            other => {
                // R-Reject.
                self.state = other;
                io.ignored(self, format!("another connection of {}", self.host));
                let problem = DiameterProblem::new(result::UNABLE_TO_COMPLY, "there is a connection already");
                io.send(conn, &io.me.refusal(&cer, &problem));
                io.close(conn);
            }
        }
    }

    /// A message on one of its connections. What is not of the base protocol comes back when the peer is open.
    pub(super) fn on_message(
        &mut self,
        now: Instant,
        conn: ConnectionId,
        message: Message,
        io: &mut Io<'_>,
    ) -> Option<Message> {
        match &mut self.state {
            State::Open { conn: open, watchdog, .. } if *open == conn => {
                if message.application == d::APP_BASE {
                    self.on_base(now, conn, &message, io);
                    return None;
                }
                watchdog.on_message(now, io.entropy);
                Some(message)
            }
            State::WaitCea { initiator, .. } | State::WaitReturns { initiator, .. } if *initiator == conn => {
                if message.command == d::CAPABILITIES_EXCHANGE && !message.is_request() {
                    // Wait-Returns: R-Disc.
                    if let State::WaitReturns { responder, .. } = &self.state {
                        io.close(*responder);
                    }
                    self.on_cea(now, conn, &message, io);
                } else {
                    // I-Rcv-Non-CEA.
                    io.ignored(self, message.name());
                    io.close(conn);
                    self.on_closed(now, conn, io);
                }
                None
            }
            State::Closing { conn: closing, reconnect, .. } if *closing == conn => {
                let reconnect = *reconnect;
                if message.command == d::DISCONNECT_PEER && !message.is_request() {
                    io.close(conn);
                    self.leave(now, io, reconnect);
                    return None;
                }
                // Answers that are under way may still come.
                (message.application != d::APP_BASE && !message.is_request()).then_some(message)
            }
            _ => {
                io.ignored(self, message.name());
                None
            }
        }
    }

    /// I-Peer-Disc, R-Peer-Disc.
    pub(super) fn on_closed(&mut self, now: Instant, conn: ConnectionId, io: &mut Io<'_>) {
        match &self.state {
            State::WaitReturns { until, initiator, responder, .. } if *responder == conn => {
                self.state = State::WaitCea { until: *until, initiator: *initiator };
            }
            State::WaitReturns { initiator, responder, cer, .. } if *initiator == conn => {
                let (responder, cer) = (*responder, cer.clone());
                self.accept(now, responder, &cer, io);
            }
            State::WaitConnAckElect { until, responder, .. } if *responder == conn => {
                self.state = State::WaitConnAck { until: *until };
            }
            State::WaitCea { initiator, .. } if *initiator == conn => self.retry(now, io),
            State::Open { conn: open, .. } if *open == conn => {
                self.lost_before = true;
                self.retry(now, io);
            }
            State::Closing { conn: closing, reconnect, .. } if *closing == conn => {
                let reconnect = *reconnect;
                self.leave(now, io, reconnect);
            }
            _ => {}
        }
    }

    /// Stop.
    pub(super) fn stop(&mut self, now: Instant, cause: DisconnectCause, io: &mut Io<'_>) {
        self.connect = None;
        match &self.state {
            State::Open { conn, .. } => {
                let conn = *conn;
                io.send_request(conn, io.me.dpr(cause));
                self.state = State::Closing { until: now + EXCHANGE, conn, reconnect: false };
            }
            State::WaitConnAckElect { responder: conn, .. } | State::WaitCea { initiator: conn, .. } => {
                io.close(*conn);
                self.closed(None);
            }
            State::WaitReturns { initiator, responder, .. } => {
                io.close(*initiator);
                io.close(*responder);
                self.closed(None);
            }
            State::WaitConnAck { .. } | State::Closed { .. } => self.closed(None),
            State::Closing { .. } => {}
        }
    }

    fn on_base(&mut self, now: Instant, conn: ConnectionId, message: &Message, io: &mut Io<'_>) {
        let State::Open { watchdog, .. } = &mut self.state else { return };
        match (message.command, message.is_request()) {
            (d::DEVICE_WATCHDOG, true) => {
                watchdog.on_message(now, io.entropy);
                io.send(conn, &io.me.answer(message));
            }
            (d::DEVICE_WATCHDOG, false) => watchdog.on_answer(now, io.entropy),
            (d::DISCONNECT_PEER, true) => {
                // The peer closes; a peer that only restarts is tried again (RFC 6733 clause 5.4).
                io.send(conn, &io.me.answer(message));
                let cause = message.number(&d::DISCONNECT_CAUSE).ok().flatten();
                let reconnect = cause == Some(DisconnectCause::Rebooting as u32);
                self.state = State::Closing { until: now + EXCHANGE, conn, reconnect };
            }
            (_, true) => {
                let unknown = d::command(message.command).is_none();
                let code = if unknown { result::COMMAND_UNSUPPORTED } else { result::UNABLE_TO_COMPLY };
                let problem = DiameterProblem::new(code, format!("{} is not for now", message.name()));
                let answer = super::session::problem_answer(message, &io.me.host, &io.me.realm, &problem);
                io.send(conn, &answer);
            }
            (_, false) => io.ignored(self, message.name()),
        }
    }

    fn on_cea(&mut self, now: Instant, conn: ConnectionId, cea: &Message, io: &mut Io<'_>) {
        let judged = super::grammar::check_answer(cea).and_then(|()| {
            let code = cea.need_number(&d::RESULT_CODE)?;
            if code != result::SUCCESS {
                return Err(DiameterProblem::new(code, format!("{} has refused us", self.host)));
            }
            let peer = Capabilities::from_message(cea)?;
            self.knows(&peer)?;
            io.me.common(&peer).map(|()| peer)
        });
        match judged {
            Ok(capabilities) => self.opened(now, conn, capabilities, io),
            Err(problem) => {
                io.ignored(self, problem.to_string());
                io.close(conn);
                self.retry(now, io);
            }
        }
    }

    /// Whether whoever says this of itself is the peer. Others may rely on the realm that it has by its configuration.
    fn knows(&self, said: &Capabilities) -> Result<(), DiameterProblem> {
        let problem = |what: String| Err(DiameterProblem::new(result::UNKNOWN_PEER, what));
        if !said.host.eq_ignore_ascii_case(&self.host) {
            return problem(format!("{} says that it is {}", self.host, said.host));
        }
        match &self.realm {
            Some(own) if !said.realm.eq_ignore_ascii_case(own) => {
                problem(format!("{} says that it is of the realm {}, and not of {own}", self.host, said.realm))
            }
            _ => Ok(()),
        }
    }

    /// R-Accept, Process-CER, R-Snd-CEA.
    fn accept(&mut self, now: Instant, conn: ConnectionId, cer: &Message, io: &mut Io<'_>) {
        let judged = io.me.judge(cer).and_then(|peer| self.knows(&peer).map(|()| peer));
        let answer = match &judged {
            Ok(_) => io.me.cea(cer),
            Err(problem) => io.me.refusal(cer, problem),
        };
        io.send(conn, &answer);
        match judged {
            Ok(capabilities) => self.opened(now, conn, capabilities, io),
            Err(problem) => {
                io.ignored(self, problem.to_string());
                io.close(conn);
                self.retry(now, io);
            }
        }
    }

    /// Elect (clause 5.6.4): who has the greater name wins, and keeps the connection that the other one made.
    fn elect(&mut self, now: Instant, initiator: ConnectionId, responder: ConnectionId, cer: Message, io: &mut Io<'_>) {
        if io.me.host.to_ascii_lowercase() > self.host.to_ascii_lowercase() {
            // Win-Election: I-Disc, R-Snd-CEA.
            io.close(initiator);
            self.accept(now, responder, &cer, io);
        } else {
            self.state = State::WaitReturns { until: now + EXCHANGE, initiator, responder, cer };
        }
    }

    fn opened(&mut self, now: Instant, conn: ConnectionId, capabilities: Capabilities, io: &mut Io<'_>) {
        let watchdog = Watchdog::new(now, io.tw, self.lost_before, io.entropy);
        if std::mem::take(&mut self.lost_before) {
            io.send_request(conn, io.me.dwr());
        }
        self.state = State::Open { conn, capabilities, watchdog };
    }

    fn leave(&mut self, now: Instant, io: &Io<'_>, reconnect: bool) {
        if reconnect {
            self.retry(now, io);
        } else {
            self.closed(None);
        }
    }

    /// Closed, and another try after Tc (RFC 6733 clause 2.1).
    fn retry(&mut self, now: Instant, io: &Io<'_>) {
        self.closed(self.connect.map(|_| now + io.tc));
    }

    fn closed(&mut self, retry: Option<Instant>) {
        self.state = State::Closed { retry };
    }
}
