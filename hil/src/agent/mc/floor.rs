//! A floor participant (TS 24.380 clause 6.2.4, basic operation): asks for the floor, has it, gives it back, and knows who
//! talks.

use std::collections::VecDeque;

use protocol::Instant;
use protocol::mc::floor::{DenyCause, FloorKind, FloorMessage, FloorSource, NOT_QUEUED, RevokeCause};

use super::config::FloorTimers;

/// What the user is told of the floor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FloorEvent {
    /// The user may talk.
    Granted {
        /// For how long, in seconds.
        duration_s: u16,
    },
    /// The user may not.
    Denied {
        /// Why; none: another one was faster.
        cause: Option<DenyCause>,
    },
    /// Nobody has answered.
    Unanswered,
    /// The user waits in this place.
    Queued {
        /// From 1 on.
        position: u8,
    },
    /// The user may not talk any more.
    Revoked {
        /// Why.
        cause: RevokeCause,
    },
    /// Another one talks.
    Taken {
        /// MCPTT identity; none when it is not told.
        by: Option<String>,
    },
    /// Nobody talks.
    Idle,
}

/// What a participant wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum FloorOutput {
    /// To the floor control server.
    Send(FloorMessage),
    /// For the user.
    Event(FloorEvent),
}

/// A floor participant.
#[derive(Debug)]
pub(super) struct FloorParticipant {
    ssrc: u32,
    mcptt_id: String,
    timers: FloorTimers,
    state: State,
    talker: Option<Talker>,
    /// Until then RTP is what was still on its way when the floor became idle.
    quiet_until: Instant,
    /// Number of the newest Floor Taken or Floor Idle.
    sequence: Option<u16>,
    outputs: VecDeque<FloorOutput>,
}

/// The states of figure 6.2.4.1-1 in which something can be said; the others are those without a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    HasNoPermission,
    /// T101 runs out; said so often.
    PendingRequest {
        due: Instant,
        said: u8,
    },
    Queued,
    HasPermission,
    /// T100 runs out; said so often.
    PendingRelease {
        due: Instant,
        said: u8,
    },
}

#[derive(Debug)]
struct Talker {
    mcptt_id: Option<String>,
    /// T103 runs out.
    due: Instant,
}

impl FloorParticipant {
    /// Of a call that stands, without permission.
    pub(super) fn new(ssrc: u32, mcptt_id: &str, timers: FloorTimers) -> Self {
        Self {
            ssrc,
            mcptt_id: mcptt_id.to_owned(),
            timers,
            state: State::HasNoPermission,
            talker: None,
            quiet_until: Instant::ZERO,
            sequence: None,
            outputs: VecDeque::new(),
        }
    }

    /// The button is pushed (clause 6.2.4.3.5).
    pub(super) fn request(&mut self, now: Instant) {
        if self.state == State::HasNoPermission {
            self.ask(now, 1);
        }
    }

    /// The button is let go (clauses 6.2.4.4.8, 6.2.4.5.2, 6.2.4.9.2).
    pub(super) fn release(&mut self, now: Instant) {
        if matches!(self.state, State::PendingRequest { .. } | State::Queued | State::HasPermission) {
            self.give_back(now, 1);
        }
    }

    /// A message has come. `is_unicast`: it can be answered.
    pub(super) fn receive(&mut self, now: Instant, message: &FloorMessage, is_unicast: bool) {
        if message.ack && is_unicast {
            let source = FloorSource::PARTICIPANT;
            self.send(FloorKind::Ack { source, message: message.kind.message_type() });
        }
        match &message.kind {
            FloorKind::Granted { duration, .. } => self.granted(*duration),
            FloorKind::Deny { cause } => self.denied(*cause),
            FloorKind::Taken { granted_party, sequence, .. } if self.is_new(*sequence) => {
                let party = granted_party.as_deref().or(message.user.as_deref());
                if party != Some(self.mcptt_id.as_str()) {
                    self.taken(now, party);
                }
            }
            FloorKind::Idle { sequence } if self.is_new(*sequence) => self.idle(now),
            FloorKind::Revoke { cause } => self.revoked(now, *cause),
            FloorKind::QueuePositionInfo { position, .. } => self.queued(*position),
            _ => {}
        }
    }

    /// RTP of another one has come (clauses 6.2.4.3.4, 6.2.4.6.4).
    pub(super) fn media(&mut self, now: Instant) {
        match self.state {
            State::HasPermission => return,
            State::PendingRelease { .. } => self.state = State::HasNoPermission,
            _ => {}
        }
        let due = now + self.timers.end_of_media;
        match &mut self.talker {
            Some(talker) => talker.due = due,
            None if now < self.quiet_until => {}
            None => {
                self.talker = Some(Talker { mcptt_id: None, due });
                self.event(FloorEvent::Taken { by: None });
            }
        }
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.talker.as_ref().is_some_and(|talker| talker.due <= now) {
            self.talker = None;
            self.event(FloorEvent::Idle);
        }
        match self.state {
            State::PendingRequest { due, said } if due <= now => {
                if said < self.timers.times {
                    return self.ask(now, said + 1);
                }
                self.state = State::HasNoPermission;
                self.event(FloorEvent::Unanswered);
            }
            State::PendingRelease { due, said } if due <= now => {
                if said < self.timers.times {
                    return self.give_back(now, said + 1);
                }
                self.state = State::HasNoPermission;
            }
            _ => {}
        }
    }

    /// When it wants to be called at the latest.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let own = match self.state {
            State::PendingRequest { due, .. } | State::PendingRelease { due, .. } => Some(due),
            _ => None,
        };
        own.into_iter().chain(self.talker.as_ref().map(|talker| talker.due)).min()
    }

    pub(super) fn poll_output(&mut self) -> Option<FloorOutput> {
        self.outputs.pop_front()
    }

    pub(super) fn has_permission(&self) -> bool {
        self.state == State::HasPermission
    }

    pub(super) const fn is_pending(&self) -> bool {
        matches!(self.state, State::PendingRequest { .. } | State::Queued)
    }

    /// Who talks, empty when it is not told.
    pub(super) fn talker(&self) -> Option<&str> {
        self.talker.as_ref().map(|talker| talker.mcptt_id.as_deref().unwrap_or_default())
    }

    fn granted(&mut self, duration_s: u16) {
        if self.is_pending() {
            self.state = State::HasPermission;
            self.talker = None;
            self.event(FloorEvent::Granted { duration_s });
        }
    }

    fn denied(&mut self, cause: DenyCause) {
        if self.is_pending() {
            self.state = State::HasNoPermission;
            self.event(FloorEvent::Denied { cause: Some(cause) });
        }
    }

    fn taken(&mut self, now: Instant, party: Option<&str>) {
        match self.state {
            // Without dual floor it is an old one.
            State::HasPermission => return,
            State::PendingRequest { .. } => {
                self.state = State::HasNoPermission;
                self.event(FloorEvent::Denied { cause: None });
            }
            State::PendingRelease { .. } => self.state = State::HasNoPermission,
            State::HasNoPermission | State::Queued => {}
        }
        let by = party.map(ToOwned::to_owned);
        let is_known = self.talker.as_ref().is_some_and(|talker| talker.mcptt_id == by);
        self.talker = Some(Talker { mcptt_id: by.clone(), due: now + self.timers.end_of_media });
        if !is_known {
            self.event(FloorEvent::Taken { by });
        }
    }

    fn idle(&mut self, now: Instant) {
        match self.state {
            State::HasPermission => return,
            State::PendingRelease { .. } => self.state = State::HasNoPermission,
            _ => {}
        }
        self.quiet_until = now + self.timers.end_of_media;
        if self.talker.take().is_some() {
            self.event(FloorEvent::Idle);
        }
    }

    fn revoked(&mut self, now: Instant, cause: RevokeCause) {
        match self.state {
            State::HasPermission => {
                self.event(FloorEvent::Revoked { cause });
                self.give_back(now, 1);
            }
            // The server does not know that it was given back.
            State::HasNoPermission => self.send(FloorKind::Release),
            _ => {}
        }
    }

    fn queued(&mut self, position: u8) {
        match self.state {
            State::PendingRequest { .. } | State::Queued if position != NOT_QUEUED => {
                self.state = State::Queued;
                self.event(FloorEvent::Queued { position });
            }
            _ => {}
        }
    }

    fn ask(&mut self, now: Instant, said: u8) {
        self.send(FloorKind::Request { priority: None });
        self.state = State::PendingRequest { due: now + self.timers.request, said };
    }

    fn give_back(&mut self, now: Instant, said: u8) {
        self.send(FloorKind::Release);
        self.state = State::PendingRelease { due: now + self.timers.release, said };
    }

    /// Copies of a message come by two ways, and an older one after a newer one (clause 8.2.3.10).
    fn is_new(&mut self, sequence: Option<u16>) -> bool {
        let Some(sequence) = sequence else { return true };
        let is_new = self.sequence.is_none_or(|newest| (1..1 << 15).contains(&sequence.wrapping_sub(newest)));
        if is_new {
            self.sequence = Some(sequence);
        }
        is_new
    }

    fn send(&mut self, kind: FloorKind) {
        let message = FloorMessage::new(self.ssrc, kind).with_user(&self.mcptt_id);
        self.outputs.push_back(FloorOutput::Send(message));
    }

    fn event(&mut self, event: FloorEvent) {
        self.outputs.push_back(FloorOutput::Event(event));
    }
}
