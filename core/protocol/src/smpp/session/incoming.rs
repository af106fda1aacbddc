//! What comes from the other side.

use super::super::command::{CommandId, CommandStatus};
use super::super::pdu::{BindKind, Body, INTERFACE_VERSION, Pdu, PduProblem};
use super::super::tlv::{TlvTag, Tlvs};
use super::{Outstanding, SmppEnd, SmppEvent, SmppRole, SmppSession, State, rules};
use crate::Instant;

impl SmppSession {
    pub(super) fn received(&mut self, now: Instant, octets: &[u8]) {
        self.framer.push(octets);
        while !self.is_closed() {
            let parsed = match self.framer.poll() {
                Ok(Some(octets)) => Pdu::parse(octets),
                Ok(None) => return,
                Err(problem) => {
                    let nack = Pdu::response(problem.sequence_number, problem.status, Body::GenericNack);
                    self.send(nack);
                    return self.end(SmppEnd::Framing);
                }
            };
            self.heard = now;
            match parsed {
                Ok(pdu) if pdu.command_id().is_response() => self.on_response(now, pdu),
                Ok(pdu) => self.on_request(now, pdu),
                Err(problem) => self.on_problem(problem),
            }
        }
    }

    /// Something that cannot be read: a request is refused, a response counts as none.
    fn on_problem(&mut self, problem: PduProblem) {
        self.ignored(problem.to_string());
        if !problem.command_id.is_response() {
            return self.send_failure(problem.command_id, problem.sequence_number, problem.status);
        }
        if let Some(Outstanding { token, .. }) = self.take_outstanding(problem.sequence_number) {
            self.event(SmppEvent::Unanswered { token });
        }
    }

    fn on_request(&mut self, now: Instant, pdu: Pdu) {
        let (id, sequence_number) = (pdu.command_id(), pdu.sequence_number);
        match pdu.body {
            Body::Bind(kind, _) => self.on_bind(now, kind, pdu),
            Body::Outbind(outbind) => match (self.state, self.config.role) {
                (State::Open { .. }, SmppRole::Esme) => self.event(SmppEvent::OutbindRequested(outbind)),
                _ => self.ignored("outbind"),
            },
            Body::EnquireLink => {
                self.send(Pdu::response(sequence_number, CommandStatus::OK, Body::EnquireLinkResp));
            }
            Body::Unbind => match self.state {
                State::Bound { .. } | State::Unbinding { .. } => {
                    self.send(Pdu::response(sequence_number, CommandStatus::OK, Body::UnbindResp));
                    self.end(SmppEnd::UnboundByPeer);
                }
                _ => self.send_failure(id, sequence_number, CommandStatus::INCORRECT_BIND_STATUS),
            },
            Body::Other(..) => {
                self.ignored(format!("command {id}"));
                self.send_failure(id, sequence_number, CommandStatus::INVALID_COMMAND_ID);
            }
            _ => self.on_message(now, pdu),
        }
    }

    fn on_bind(&mut self, now: Instant, kind: BindKind, pdu: Pdu) {
        let sequence_number = pdu.sequence_number;
        match (self.state, self.config.role, pdu.body) {
            (State::Open { until }, SmppRole::MessageCentre, Body::Bind(_, bind)) => {
                self.is_old = bind.interface_version < INTERFACE_VERSION;
                let until = until.unwrap_or(now + self.config.session_init_time);
                self.state = State::Deciding { kind, sequence_number, until };
                self.event(SmppEvent::BindRequested(kind, bind));
            }
            (_, SmppRole::MessageCentre, _) => {
                self.send_failure(kind.command_id(), sequence_number, CommandStatus::ALREADY_BOUND);
            }
            (_, SmppRole::Esme, _) => {
                self.send_failure(kind.command_id(), sequence_number, CommandStatus::INCORRECT_BIND_STATUS);
            }
        }
    }

    /// A message, or something about one.
    fn on_message(&mut self, now: Instant, pdu: Pdu) {
        let (id, sequence_number) = (pdu.command_id(), pdu.sequence_number);
        let (peer, overload) = match self.config.role {
            SmppRole::Esme => (SmppRole::MessageCentre, CommandStatus::TEMPORARY_APPLICATION_ERROR),
            SmppRole::MessageCentre => (SmppRole::Esme, CommandStatus::THROTTLED),
        };
        let may_come = matches!(self.state, State::Bound { kind } if rules::may_send(peer, kind, id));
        match pdu.body {
            _ if !may_come && id.response().is_some() => {
                self.ignored(id.to_string());
                self.send_failure(id, sequence_number, CommandStatus::INCORRECT_BIND_STATUS);
            }
            _ if !may_come => self.ignored(id.to_string()),
            Body::AlertNotification(alert) => {
                self.active = now;
                self.event(SmppEvent::Alert(alert, pdu.tlvs));
            }
            // A number that is used again would make two answers look the same.
            _ if self.unanswered.contains_key(&sequence_number) => {
                self.ignored(format!("{id}: {sequence_number} is used again"));
                self.send_failure(id, sequence_number, CommandStatus::SYSTEM_ERROR);
            }
            _ if self.unanswered.len() >= self.config.peer_window => {
                self.send_failure(id, sequence_number, overload);
            }
            _ => {
                self.active = now;
                self.unanswered.insert(sequence_number, id);
                self.event(SmppEvent::Request(Box::new(pdu)));
            }
        }
    }

    fn on_response(&mut self, now: Instant, pdu: Pdu) {
        let (id, number) = (pdu.command_id(), pdu.sequence_number);
        let is_nack = id == CommandId::GENERIC_NACK;
        match self.state {
            State::Binding { kind, sequence_number, .. }
                if number == sequence_number && (is_nack || kind.command_id().response() == Some(id)) =>
            {
                self.on_bind_response(now, kind, pdu);
            }
            State::Unbinding { sequence_number, .. }
                if number == sequence_number && (is_nack || id == CommandId::UNBIND_RESP) =>
            {
                self.end(SmppEnd::Unbound);
            }
            _ if self.enquiry.is_some_and(|(enquiry, _)| enquiry == number)
                && (is_nack || id == CommandId::ENQUIRE_LINK_RESP) =>
            {
                self.enquiry = None;
            }
            _ if self.outstanding.get(&number).is_some_and(|own| is_nack || own.response == id) => {
                if let Some(Outstanding { token, .. }) = self.take_outstanding(number) {
                    self.active = now;
                    self.event(SmppEvent::Response { token, pdu: Box::new(pdu) });
                }
            }
            _ => self.ignored(format!("{id} {number}")),
        }
    }

    fn on_bind_response(&mut self, now: Instant, kind: BindKind, pdu: Pdu) {
        match pdu.body {
            Body::BindResp(_, system_id) if pdu.status.is_ok() => {
                // Clause 3.4: a message centre that does not name its version knows no optional parameters.
                let version = pdu.tlvs.integer(TlvTag::SC_INTERFACE_VERSION);
                self.is_old = version.is_none_or(|version| version < INTERFACE_VERSION.into());
                self.state = State::Bound { kind };
                self.active = now;
                self.event(SmppEvent::Bound { kind, system_id, tlvs: pdu.tlvs });
            }
            _ => {
                self.state = State::Open { until: None };
                self.event(SmppEvent::BindRefused(pdu.status));
            }
        }
    }

    fn take_outstanding(&mut self, sequence_number: u32) -> Option<Outstanding> {
        let taken = self.outstanding.remove(&sequence_number)?;
        self.deadlines.remove(&(taken.until, sequence_number));
        Some(taken)
    }
}
