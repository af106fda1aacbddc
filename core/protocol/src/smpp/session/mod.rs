//! A session between an ESME and a message centre (SMPP 3.4 clause 2), from either side, as a machine without I/O: one
//! connection, whose octets come in and go out in any pieces. Who may bind is for the owner to decide, and so is when
//! requests are answered.

mod incoming;
mod rules;
mod types;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use self::types::{SmppConfig, SmppEnd, SmppEvent, SmppInput, SmppOutput, SmppRefusal, SmppRole};
use super::command::{CommandId, CommandStatus};
use super::framing::SmppFramer;
use super::message::AlertNotification;
use super::pdu::{Bind, BindKind, Body, INTERFACE_VERSION, Outbind, Pdu};
use super::tlv::{Tlv, TlvTag};
use crate::Instant;

/// A session. Drain [`Self::poll_output`] after every other call.
#[derive(Debug)]
pub struct SmppSession {
    config: SmppConfig,
    state: State,
    framer: SmppFramer,
    sequence_number: u32,
    /// Requests of its own, by sequence number.
    outstanding: BTreeMap<u32, Outstanding>,
    /// Until when each may be unanswered.
    deadlines: BTreeSet<(Instant, u32)>,
    /// Requests of the other side that the owner has to answer.
    unanswered: BTreeMap<u32, CommandId>,
    /// An enquire_link, and until when it is to be answered.
    enquiry: Option<(u32, Instant)>,
    /// When something came last, and when messages went last.
    heard: Instant,
    active: Instant,
    /// The other side knows no optional parameters: they are left out, and what makes no sense without them is refused.
    is_old: bool,
    outputs: VecDeque<SmppOutput>,
}

#[derive(Debug)]
struct Outstanding {
    token: u64,
    response: CommandId,
    until: Instant,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// A message centre waits for a bind until then; an ESME for its owner.
    Open {
        until: Option<Instant>,
    },
    /// An ESME waits for the response.
    Binding {
        kind: BindKind,
        sequence_number: u32,
        until: Instant,
    },
    /// A message centre waits for its owner.
    Deciding {
        kind: BindKind,
        sequence_number: u32,
        until: Instant,
    },
    /// Messages go.
    Bound {
        kind: BindKind,
    },
    /// It waits for unbind_resp.
    Unbinding {
        sequence_number: u32,
        until: Instant,
    },
    Closed,
}

impl State {
    /// SMPP 3.4 clause 2.2.
    const fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Binding { .. } | Self::Deciding { .. } => "binding",
            Self::Bound { kind: BindKind::Receiver } => "bound as receiver",
            Self::Bound { kind: BindKind::Transmitter } => "bound as transmitter",
            Self::Bound { kind: BindKind::Transceiver } => "bound as transceiver",
            Self::Unbinding { .. } => "unbinding",
            Self::Closed => "closed",
        }
    }
}

impl SmppSession {
    /// A session over a connection that has just come about.
    pub fn new(now: Instant, config: SmppConfig) -> Self {
        let until = match config.role {
            SmppRole::MessageCentre => Some(now + config.session_init_time),
            SmppRole::Esme => None,
        };
        Self {
            state: State::Open { until },
            framer: SmppFramer::new(config.max_pdu),
            sequence_number: 0,
            outstanding: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            unanswered: BTreeMap::new(),
            enquiry: None,
            heard: now,
            active: now,
            is_old: false,
            outputs: VecDeque::new(),
            config,
        }
    }

    /// An ESME binds.
    ///
    /// # Errors
    /// It does so already, or is no ESME.
    pub fn bind(&mut self, now: Instant, kind: BindKind, bind: Bind) -> Result<(), SmppRefusal> {
        match (&self.state, self.config.role) {
            (State::Open { .. }, SmppRole::Esme) => {
                let sequence_number = self.send_request(Body::Bind(kind, bind), Vec::new());
                let until = now + self.config.response_time;
                self.state = State::Binding { kind, sequence_number, until };
                Ok(())
            }
            (State::Open { .. }, SmppRole::MessageCentre) => Err(SmppRefusal::NotAllowed(kind.command_id())),
            (state, _) => Err(SmppRefusal::State(state.name())),
        }
    }

    /// A message centre asks an ESME to bind.
    ///
    /// # Errors
    /// It is bound already, or no message centre.
    pub fn outbind(&mut self, outbind: Outbind) -> Result<(), SmppRefusal> {
        match (&self.state, self.config.role) {
            (State::Open { .. }, SmppRole::MessageCentre) => {
                self.send_request(Body::Outbind(outbind), Vec::new());
                Ok(())
            }
            (State::Open { .. }, SmppRole::Esme) => Err(SmppRefusal::NotAllowed(CommandId::OUTBIND)),
            (state, _) => Err(SmppRefusal::State(state.name())),
        }
    }

    /// A message centre lets the ESME bind; false: nobody wants to.
    pub fn accept_bind(&mut self, now: Instant) -> bool {
        let State::Deciding { kind, sequence_number, .. } = self.state else { return false };
        // An ESME of an older version gets no optional parameters (clause 3.4).
        let version = Tlv::octet(TlvTag::SC_INTERFACE_VERSION, INTERFACE_VERSION);
        let system_id = self.config.system_id.clone();
        let body = Body::BindResp(kind, Some(system_id));
        self.send(Pdu::response(sequence_number, CommandStatus::OK, body).with([version]));
        self.state = State::Bound { kind };
        (self.heard, self.active) = (now, now);
        self.event(SmppEvent::Bound { kind, system_id: None, tlvs: Vec::new() });
        true
    }

    /// A message centre does not let the ESME bind, which may try again; false: nobody wants to.
    pub fn refuse_bind(&mut self, status: CommandStatus) -> bool {
        let State::Deciding { kind, sequence_number, until } = self.state else { return false };
        self.send(Pdu::response(sequence_number, status, Body::BindResp(kind, None)));
        self.state = State::Open { until: Some(until) };
        true
    }

    /// Lets so many requests of its own be unanswered: an owner who knows who has bound may know better.
    pub const fn set_window(&mut self, window: usize) {
        self.config.window = window;
    }

    /// Sends a request; [`SmppEvent::Response`] or [`SmppEvent::Unanswered`] tells what came of it. Its sequence number.
    ///
    /// # Errors
    /// It cannot be sent now, or not at all.
    pub fn request(&mut self, now: Instant, token: u64, body: Body, tlvs: Vec<Tlv>) -> Result<u32, SmppRefusal> {
        let State::Bound { kind } = self.state else { return Err(SmppRefusal::State(self.state.name())) };
        let id = body.command_id();
        let response = id.response().filter(|_| rules::may_send(self.config.role, kind, id));
        let response = response.ok_or(SmppRefusal::NotAllowed(id))?;
        if self.is_old && rules::speaks_in_parameters(id, &tlvs) {
            return Err(SmppRefusal::TooOld(id));
        }
        if self.outstanding.len() >= self.config.window {
            return Err(SmppRefusal::WindowFull);
        }
        let sequence_number = self.send_request(body, tlvs);
        let until = now + self.config.response_time;
        self.outstanding.insert(sequence_number, Outstanding { token, response, until });
        self.deadlines.insert((until, sequence_number));
        self.active = now;
        Ok(sequence_number)
    }

    /// A message centre tells an ESME that a subscriber can be reached.
    ///
    /// # Errors
    /// The ESME does not receive.
    pub fn alert(&mut self, now: Instant, alert: AlertNotification, tlvs: Vec<Tlv>) -> Result<(), SmppRefusal> {
        let State::Bound { kind } = self.state else { return Err(SmppRefusal::State(self.state.name())) };
        if !rules::may_send(self.config.role, kind, CommandId::ALERT_NOTIFICATION) {
            return Err(SmppRefusal::NotAllowed(CommandId::ALERT_NOTIFICATION));
        }
        self.send_request(Body::AlertNotification(alert), tlvs);
        self.active = now;
        Ok(())
    }

    /// Answers a request that [`SmppEvent::Request`] has brought; false: it has not, or the answer is one of another.
    pub fn respond(&mut self, pdu: Pdu) -> bool {
        let request = self.unanswered.get(&pdu.sequence_number);
        let fits = |request: &CommandId| {
            request.response() == Some(pdu.command_id()) || pdu.command_id() == CommandId::GENERIC_NACK
        };
        if !request.is_some_and(fits) {
            return false;
        }
        self.unanswered.remove(&pdu.sequence_number);
        self.send(pdu);
        true
    }

    /// Answers a request with a status alone; false: there is none.
    pub fn refuse(&mut self, sequence_number: u32, status: CommandStatus) -> bool {
        let Some(id) = self.unanswered.remove(&sequence_number) else { return false };
        self.send_failure(id, sequence_number, status);
        true
    }

    /// Ends the session in good order: nothing new goes, and it is closed when the other side agrees, or does not answer.
    pub fn unbind(&mut self, now: Instant) {
        match self.state {
            State::Bound { .. } => {
                let sequence_number = self.send_request(Body::Unbind, Vec::new());
                self.state = State::Unbinding { sequence_number, until: now + self.config.response_time };
            }
            State::Unbinding { .. } | State::Closed => {}
            State::Open { .. } | State::Binding { .. } | State::Deciding { .. } => self.end(SmppEnd::Closed),
        }
    }

    /// Closes the connection at once.
    pub fn close(&mut self) {
        self.end(SmppEnd::Closed);
    }

    /// Something has happened.
    pub fn handle_input(&mut self, now: Instant, input: SmppInput<'_>) {
        match input {
            SmppInput::Received(octets) => self.received(now, octets),
            SmppInput::Closed => self.end(SmppEnd::ConnectionLost),
        }
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Open { until: Some(until) } if until <= now => return self.end(SmppEnd::NotBound),
            State::Binding { until, .. } if until <= now => return self.end(SmppEnd::NotBound),
            State::Deciding { until, .. } if until <= now => {
                self.refuse_bind(CommandStatus::BIND_FAILED);
                return self.end(SmppEnd::NotBound);
            }
            State::Unbinding { until, .. } if until <= now => return self.end(SmppEnd::Unbound),
            _ => {}
        }
        while let Some((_, sequence_number)) = self.deadlines.first().filter(|(until, _)| *until <= now).copied() {
            self.deadlines.pop_first();
            if let Some(Outstanding { token, .. }) = self.outstanding.remove(&sequence_number) {
                self.event(SmppEvent::Unanswered { token });
            }
        }
        if !matches!(self.state, State::Bound { .. }) {
            return;
        }
        if self.enquiry.is_some_and(|(_, until)| until <= now) {
            return self.end(SmppEnd::NoAnswer);
        }
        if self.inactive_at().is_some_and(|at| at <= now) {
            return self.unbind(now);
        }
        if self.enquiry.is_none() && self.heard + self.config.enquire_link_time <= now {
            let sequence_number = self.send_request(Body::EnquireLink, Vec::new());
            self.enquiry = Some((sequence_number, now + self.config.response_time));
        }
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let request = self.deadlines.first().map(|(until, _)| *until);
        let own = match self.state {
            State::Open { until } => until,
            State::Binding { until, .. } | State::Deciding { until, .. } | State::Unbinding { until, .. } => {
                Some(until)
            }
            State::Bound { .. } => {
                let silence = self.enquiry.map_or(self.heard + self.config.enquire_link_time, |(_, until)| until);
                Some(self.inactive_at().map_or(silence, |at| at.min(silence)))
            }
            State::Closed => None,
        };
        own.into_iter().chain(request).min()
    }

    /// The next thing to be done.
    pub fn poll_output(&mut self) -> Option<SmppOutput> {
        self.outputs.pop_front()
    }

    /// How it is bound.
    pub const fn bound(&self) -> Option<BindKind> {
        match self.state {
            State::Bound { kind } => Some(kind),
            _ => None,
        }
    }

    /// Requests that can be sent before one is answered.
    pub fn room(&self) -> usize {
        self.bound().map_or(0, |_| self.config.window.saturating_sub(self.outstanding.len()))
    }

    /// Is it over?
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    fn inactive_at(&self) -> Option<Instant> {
        self.config.inactivity_time.map(|time| self.active + time)
    }

    fn send_request(&mut self, body: Body, tlvs: Vec<Tlv>) -> u32 {
        // Clause 3.2: from 1 to 0x7FFFFFFF.
        self.sequence_number = self.sequence_number % 0x7FFF_FFFF + 1;
        self.send(Pdu::request(self.sequence_number, body).with(tlvs));
        self.sequence_number
    }

    fn send(&mut self, mut pdu: Pdu) {
        if self.is_old {
            pdu.tlvs.clear();
        }
        self.outputs.push_back(SmppOutput::Send(pdu.emit()));
    }

    /// A response without a body to a request of this id, or generic_nack.
    fn send_failure(&mut self, request: CommandId, sequence_number: u32, status: CommandStatus) {
        let body = Body::failure(request).filter(|_| request.name().is_some()).unwrap_or(Body::GenericNack);
        self.send(Pdu::response(sequence_number, status, body));
    }

    fn event(&mut self, event: SmppEvent) {
        self.outputs.push_back(SmppOutput::Event(event));
    }

    fn ignored(&mut self, event: impl Into<String>) {
        self.event(SmppEvent::Ignored { state: self.state.name(), event: event.into() });
    }

    fn end(&mut self, why: SmppEnd) {
        if self.is_closed() {
            return;
        }
        self.state = State::Closed;
        (self.enquiry, self.deadlines) = (None, BTreeSet::new());
        self.unanswered.clear();
        for (_, Outstanding { token, .. }) in std::mem::take(&mut self.outstanding) {
            self.event(SmppEvent::Unanswered { token });
        }
        if why != SmppEnd::ConnectionLost {
            self.outputs.push_back(SmppOutput::Close);
        }
        self.event(SmppEvent::Ended(why));
    }
}

#[cfg(test)]
mod tests;
