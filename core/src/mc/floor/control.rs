//! The machine of floor control (TS 24.380 clause 6.3).

use std::collections::{BTreeMap, VecDeque};

use protocol::Instant;
use protocol::mc::floor::{DenyCause, FloorIndicator, FloorKind, FloorMessage, FloorSource, NOT_QUEUED, RevokeCause};

use super::queue::{FloorQueue, Waiting};
use super::settings::FloorSettings;

/// To whom a message goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::mc) enum FloorTo {
    One(u64),
    /// All but this one.
    Others(u64),
    All,
}

/// What floor control wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::mc) enum FloorOutput {
    Send {
        to: FloorTo,
        message: FloorMessage,
    },
    /// T4 has run out: the call ends.
    Inactive,
}

/// Who takes part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::mc) struct Participant {
    /// MCPTT identity.
    pub(in crate::mc) user: String,
    /// The highest priority that it may ask with (`mc_priority`).
    pub(in crate::mc) priority: u8,
    /// It may talk at all.
    pub(in crate::mc) may_talk: bool,
    /// Its requests may wait (`mc_queueing`).
    pub(in crate::mc) queues: bool,
}

/// Who has the floor (clause 6.3.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// 'G: Floor Idle'.
    Idle { since: Instant, next: Option<Instant>, left: u32 },
    /// 'G: Floor Taken'.
    Taken { holder: Waiting, heard: Instant, until: Instant },
    /// 'G: pending Floor Revoke'.
    Revoking { holder: Waiting, cause: RevokeCause, next: Instant, until: Instant },
}

/// Floor control of one call.
#[derive(Debug)]
pub(in crate::mc) struct FloorControl {
    settings: FloorSettings,
    /// Of the server.
    ssrc: u32,
    participants: BTreeMap<u64, Participant>,
    /// Those who talked without the floor, and when they are told again.
    told: BTreeMap<u64, Instant>,
    state: State,
    queue: FloorQueue,
    sequence: u16,
    out: VecDeque<FloorOutput>,
}

impl FloorControl {
    /// The floor is free.
    pub(in crate::mc) const fn new(now: Instant, settings: FloorSettings, ssrc: u32) -> Self {
        Self {
            settings,
            ssrc,
            participants: BTreeMap::new(),
            told: BTreeMap::new(),
            state: State::Idle { since: now, next: None, left: 0 },
            queue: FloorQueue::new(),
            sequence: 0,
            out: VecDeque::new(),
        }
    }

    /// Who has the floor.
    pub(in crate::mc) const fn holder(&self) -> Option<u64> {
        match self.state {
            State::Idle { .. } => None,
            State::Taken { holder, .. } | State::Revoking { holder, .. } => Some(holder.id),
        }
    }

    /// Someone takes part now, and is told how it is (clause 6.3.5.2.2).
    pub(in crate::mc) fn join(&mut self, id: u64, participant: Participant) {
        self.participants.insert(id, participant);
        let message = match self.state {
            State::Idle { .. } => self.message(FloorKind::Idle { sequence: Some(self.sequence) }),
            State::Taken { holder, .. } | State::Revoking { holder, .. } => self.taken(holder),
        };
        self.send(FloorTo::One(id), message);
    }

    /// Someone takes part no longer.
    pub(in crate::mc) fn leave(&mut self, now: Instant, id: u64) {
        self.participants.remove(&id);
        self.told.remove(&id);
        self.queue.remove(id);
        if self.holder() == Some(id) {
            self.next(now);
        }
    }

    /// A message of a participant.
    pub(in crate::mc) fn handle_message(&mut self, now: Instant, id: u64, message: &FloorMessage) {
        if !self.participants.contains_key(&id) {
            return;
        }
        if message.ack && !matches!(message.kind, FloorKind::Ack { .. }) {
            let source = FloorSource::CONTROLLING_FUNCTION;
            let ack = self.message(FloorKind::Ack { source, message: message.kind.message_type() });
            self.send(FloorTo::One(id), ack);
        }
        match &message.kind {
            FloorKind::Request { priority } => self.requested(now, id, *priority, message.ssrc),
            // Who waits does so no longer (clause 6.3.5.4.5); others have nothing to give back.
            FloorKind::Release if self.holder() == Some(id) => self.next(now),
            FloorKind::Release => drop(self.queue.remove(id)),
            FloorKind::QueuePositionRequest => self.tell_position(id),
            _ => {}
        }
    }

    /// RTP of a participant: whether others hear it (clause 6.3.5.6.2: who has not the floor is told so).
    pub(in crate::mc) fn hears(&mut self, now: Instant, id: u64) -> bool {
        match &mut self.state {
            State::Taken { holder, heard, .. } if holder.id == id => {
                *heard = now;
                return true;
            }
            State::Revoking { holder, .. } if holder.id == id => return true,
            _ => {}
        }
        let is_told = self.told.get(&id).is_some_and(|until| *until > now);
        if !is_told && self.participants.contains_key(&id) {
            self.told.insert(id, now + self.settings.revoke);
            let message = self.message(FloorKind::Revoke { cause: RevokeCause::NO_PERMISSION });
            self.send(FloorTo::One(id), message);
        }
        false
    }

    /// Time has come to [`Self::poll_timeout`].
    pub(in crate::mc) fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|due| due > now) {
            return;
        }
        let settings = self.settings.clone();
        match &mut self.state {
            State::Idle { since, .. } if *since + settings.inactivity <= now => {
                *since = now;
                self.out.push_back(FloorOutput::Inactive);
            }
            State::Idle { next, left, .. } => {
                *left = left.saturating_sub(1);
                *next = (*left > 0).then(|| now + settings.idle);
                let message = self.message(FloorKind::Idle { sequence: Some(self.sequence) });
                self.send(FloorTo::All, message);
            }
            State::Taken { heard, .. } if *heard + settings.end_of_media <= now => self.next(now),
            State::Taken { .. } => self.revoke(now, RevokeCause::TOO_LONG),
            State::Revoking { until, .. } if *until <= now => self.next(now),
            State::Revoking { holder, cause, next, .. } => {
                *next = now + settings.revoke;
                let (id, cause) = (holder.id, *cause);
                let message = self.message(FloorKind::Revoke { cause });
                self.send(FloorTo::One(id), message);
            }
        }
    }

    /// When it wants to be called at the latest.
    pub(in crate::mc) fn poll_timeout(&self) -> Option<Instant> {
        let settings = &self.settings;
        match self.state {
            State::Idle { since, next, .. } => {
                let ends = since + settings.inactivity;
                Some(next.map_or(ends, |next| next.min(ends)))
            }
            State::Taken { heard, until, .. } => Some(until.min(heard + settings.end_of_media)),
            State::Revoking { next, until, .. } => Some(next.min(until)),
        }
    }

    /// What is to be done.
    pub(in crate::mc) fn poll_output(&mut self) -> Option<FloorOutput> {
        self.out.pop_front()
    }

    fn requested(&mut self, now: Instant, id: u64, priority: Option<u8>, ssrc: u32) {
        let Some(participant) = self.participants.get(&id) else { return };
        let priority = priority.unwrap_or(0).min(participant.priority);
        let (may_talk, queues) = (participant.may_talk, participant.queues);
        let wanted = Waiting { id, priority, ssrc };
        let holder = match self.state {
            _ if !may_talk => return self.deny(id, DenyCause::RECEIVE_ONLY),
            _ if self.participants.len() < 2 => return self.deny(id, DenyCause::ONLY_ONE_PARTICIPANT),
            State::Idle { .. } => return self.grant(now, wanted),
            // The grant was lost, or comes late.
            State::Taken { holder, until, .. } if holder.id == id => {
                return self.tell_grant(holder, until.saturating_duration_since(now));
            }
            State::Taken { holder, .. } | State::Revoking { holder, .. } => holder,
        };
        let preempts = priority > holder.priority && priority >= self.settings.preempts_from;
        // Who preempts waits for the grace of the other one only.
        let most = if preempts { self.settings.queue.max(1) } else { self.settings.queue };
        if !queues && !preempts || most == 0 {
            return self.deny(id, DenyCause::ANOTHER_CLIENT);
        }
        if !self.queue.push(wanted, most) {
            return self.deny(id, DenyCause::QUEUE_FULL);
        }
        if preempts && matches!(self.state, State::Taken { .. }) {
            self.revoke(now, RevokeCause::PREEMPTED);
        }
        if queues {
            self.tell_position(id);
        }
    }

    fn grant(&mut self, now: Instant, holder: Waiting) {
        let span = self.settings.stop_talking;
        self.state = State::Taken { holder, heard: now, until: now + span };
        self.told.remove(&holder.id);
        self.sequence = self.sequence.wrapping_add(1);
        self.tell_grant(holder, span);
        let message = self.taken(holder);
        self.send(FloorTo::Others(holder.id), message);
    }

    fn tell_grant(&mut self, holder: Waiting, span: std::time::Duration) {
        let duration = u16::try_from(span.as_secs()).unwrap_or(u16::MAX);
        let mut message = self.message(FloorKind::Granted { duration, priority: Some(holder.priority) });
        message.participant = Some(holder.ssrc);
        self.send(FloorTo::One(holder.id), message);
    }

    /// The next one that waits has the floor, or it is free.
    fn next(&mut self, now: Instant) {
        if self.participants.len() > 1
            && let Some(waiting) = self.queue.pop()
        {
            return self.grant(now, waiting);
        }
        let left = self.settings.idle_count;
        self.state = State::Idle { since: now, next: (left > 0).then(|| now + self.settings.idle), left };
        self.sequence = self.sequence.wrapping_add(1);
        let message = self.message(FloorKind::Idle { sequence: Some(self.sequence) });
        self.send(FloorTo::All, message);
    }

    fn revoke(&mut self, now: Instant, cause: RevokeCause) {
        let State::Taken { holder, .. } = self.state else { return };
        let settings = &self.settings;
        self.state = State::Revoking { holder, cause, next: now + settings.revoke, until: now + settings.grace };
        let message = self.message(FloorKind::Revoke { cause });
        self.send(FloorTo::One(holder.id), message);
    }

    fn deny(&mut self, id: u64, cause: DenyCause) {
        let message = self.message(FloorKind::Deny { cause });
        self.send(FloorTo::One(id), message);
    }

    fn tell_position(&mut self, id: u64) {
        let (position, priority) = self.queue.position(id).unwrap_or((NOT_QUEUED, 0));
        let message = self.message(FloorKind::QueuePositionInfo { position, priority });
        self.send(FloorTo::One(id), message);
    }

    fn taken(&self, holder: Waiting) -> FloorMessage {
        let granted_party = self.participants.get(&holder.id).map(|participant| participant.user.clone());
        let kind = FloorKind::Taken { granted_party, permission: true, sequence: Some(self.sequence) };
        FloorMessage { participant: Some(holder.ssrc), ..self.message(kind) }
    }

    fn message(&self, kind: FloorKind) -> FloorMessage {
        FloorMessage { indicator: Some(FloorIndicator::NORMAL), ..FloorMessage::new(self.ssrc, kind) }
    }

    fn send(&mut self, to: FloorTo, message: FloorMessage) {
        self.out.push_back(FloorOutput::Send { to, message });
    }
}
