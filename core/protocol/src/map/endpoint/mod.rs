//! Dialogues of a node: MAP's protocol machine of TS 29.002 clause 15 and what it needs of TCAP (Q.774).
//!
//! A user opens a dialogue, invokes, and says with [`MapEndpoint::delimit`] that this was all for now; [`MapEndpoint::request`]
//! does the three at once. Who is asked responds and either goes on with `delimit`, or ends with [`MapEndpoint::close`];
//! [`MapEndpoint::answer`] does the two at once. There is no version 1, and no other version than that of a context: an
//! opening of another version is refused, and the version that would be taken is named.
//!
//! What does not fit into a Begin beside the dialogue portion goes with the next message, after an empty Begin and its answer;
//! what does not fit into the first answer goes after an empty Continue (TS 29.002 annex C.2).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::sccp::{SccpAddress, UnitData};
use super::tcap::{AbortReason, Component, DialoguePdu, TcapMessage};
use super::{ApplicationContext, Operation, OperationResult, UserError};
use crate::{Entropy, Instant};

mod dialogue;
mod io;
mod receive;
mod user_information;

use dialogue::{Dialogue, State};

pub use io::{
    DialogueId, InvokeFailure, MapAbort, MapConfig, MapError, MapEvent, MapInput, MapOutput, MapTimers, UserAbortChoice,
};

/// The machine.
#[derive(Debug)]
pub struct MapEndpoint {
    config: MapConfig,
    dialogues: BTreeMap<u32, Dialogue>,
    deadlines: BTreeSet<(Instant, u32)>,
    /// Transaction ID of the newest dialogue.
    last_id: u32,
    out: VecDeque<MapOutput>,
}

impl MapEndpoint {
    /// An endpoint without dialogues. Its transaction IDs begin somewhere, so that after a restart they are not those before it.
    pub fn new(config: MapConfig, mut entropy: Entropy) -> Self {
        let last_id = entropy.next_u64() as u32;
        Self { config, dialogues: BTreeMap::new(), deadlines: BTreeSet::new(), last_id, out: VecDeque::new() }
    }

    /// Something has come.
    pub fn handle_input(&mut self, now: Instant, input: MapInput<'_>) {
        let MapInput::Sccp(octets) = input;
        self.received(now, octets);
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(&(at, id)) = self.deadlines.first().filter(|(at, _)| *at <= now) {
            let Some(dialogue) = self.dialogues.get_mut(&id) else {
                self.deadlines.remove(&(at, id));
                continue;
            };
            if dialogue.expire(now) {
                self.abort_all(DialogueId(id), REMOTE_OPERATIONS_FAILURE, MapAbort::NoResponse);
            } else if dialogue.guard <= now {
                self.abort_all(DialogueId(id), ASSOCIATED_PROCEDURE_FAILURE, MapAbort::Guard);
            } else {
                self.schedule(id);
            }
        }
    }

    /// When it wants [`Self::handle_timeout`] at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// What it has to say.
    pub fn poll_output(&mut self) -> Option<MapOutput> {
        self.out.pop_front()
    }

    /// How many dialogues there are.
    pub fn dialogues(&self) -> usize {
        self.dialogues.len()
    }

    /// MAP-OPEN: a dialogue between two addresses. Nothing is sent before [`Self::delimit`].
    ///
    /// # Errors
    /// There are too many already.
    pub fn open(
        &mut self,
        now: Instant,
        calling: SccpAddress,
        called: SccpAddress,
        context: ApplicationContext,
    ) -> Result<DialogueId, MapError> {
        let id = self.free_id().ok_or(MapError::TooMany)?;
        self.insert(now, id, Dialogue::new(context, calling, called, State::Idle));
        Ok(DialogueId(id))
    }

    /// Invokes an operation in a dialogue: its number there. It goes with the next [`Self::delimit`], or with
    /// [`Self::close`] where it is informServiceCentre, which wants no answer.
    ///
    /// # Errors
    /// There is no such dialogue, the operation is none of its context for this end, there are too many, or it is too long.
    pub fn invoke(&mut self, dialogue: DialogueId, operation: &Operation) -> Result<i8, MapError> {
        let it = self.dialogues.get_mut(&dialogue.0).ok_or(MapError::NoDialogue)?;
        let (invoke_id, component) = it.invoke(operation)?;
        check(it, &component)?;
        it.invoked(invoke_id, operation.code(), component);
        Ok(invoke_id)
    }

    /// Answers an invocation. The answer goes with the next [`Self::delimit`] or [`Self::close`].
    ///
    /// # Errors
    /// There is no such dialogue or invocation, the result is that of another operation, or it is too long.
    pub fn respond(
        &mut self,
        dialogue: DialogueId,
        invoke_id: i8,
        answer: &Result<OperationResult, UserError>,
    ) -> Result<(), MapError> {
        let it = self.dialogues.get_mut(&dialogue.0).ok_or(MapError::NoDialogue)?;
        let component = it.answer(invoke_id, answer)?;
        check(it, &component)?;
        it.answered(invoke_id, component);
        Ok(())
    }

    /// MAP-DELIMITER: that was all for now, and the dialogue goes on.
    ///
    /// # Errors
    /// There is no such dialogue.
    pub fn delimit(&mut self, now: Instant, dialogue: DialogueId) -> Result<(), MapError> {
        let it = self.dialogues.get_mut(&dialogue.0).ok_or(MapError::NoDialogue)?;
        match &mut it.state {
            State::Idle => self.begin(now, dialogue.0),
            State::InitiationSent { is_due } => *is_due = true,
            State::InitiationReceived { .. } | State::Active { .. } => self.go_on(now, dialogue.0, false),
        }
        Ok(())
    }

    /// MAP-CLOSE: the dialogue ends, with what is still to be said. Of what was invoked and not answered nothing is heard
    /// any more. One that the other end has not answered yet ends here alone.
    ///
    /// # Errors
    /// There is no such dialogue.
    pub fn close(&mut self, now: Instant, dialogue: DialogueId) -> Result<(), MapError> {
        let it = self.dialogues.get(&dialogue.0).ok_or(MapError::NoDialogue)?;
        match it.state {
            State::Idle | State::InitiationSent { .. } => {}
            State::InitiationReceived { .. } | State::Active { .. } => self.go_on(now, dialogue.0, true),
        }
        self.remove(dialogue.0);
        Ok(())
    }

    /// MAP-U-ABORT: the dialogue ends at once.
    ///
    /// # Errors
    /// There is no such dialogue.
    pub fn abort(&mut self, dialogue: DialogueId, choice: UserAbortChoice) -> Result<(), MapError> {
        let it = self.remove(dialogue.0).ok_or(MapError::NoDialogue)?;
        self.send_abort(&it, choice);
        Ok(())
    }

    /// Opens a dialogue for one operation, in the context that it has.
    ///
    /// # Errors
    /// There are too many dialogues, or the operation is too long; informServiceCentre has no dialogue of its own.
    pub fn request(
        &mut self,
        now: Instant,
        calling: SccpAddress,
        called: SccpAddress,
        operation: &Operation,
    ) -> Result<(DialogueId, i8), MapError> {
        let dialogue = self.open(now, calling, called, operation.context())?;
        let invoke_id = self.invoke(dialogue, operation).inspect_err(|_| {
            self.remove(dialogue.0);
        })?;
        self.delimit(now, dialogue)?;
        Ok((dialogue, invoke_id))
    }

    /// Answers an invocation and ends the dialogue.
    ///
    /// # Errors
    /// As [`Self::respond`]; then the dialogue goes on.
    pub fn answer(
        &mut self,
        now: Instant,
        dialogue: DialogueId,
        invoke_id: i8,
        answer: &Result<OperationResult, UserError>,
    ) -> Result<(), MapError> {
        self.respond(dialogue, invoke_id, answer)?;
        self.close(now, dialogue)
    }

    /// A transaction ID that is not in use; none when there are too many dialogues.
    fn free_id(&mut self) -> Option<u32> {
        if self.dialogues.len() >= self.config.max_dialogues {
            return None;
        }
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            if !self.dialogues.contains_key(&self.last_id) {
                return Some(self.last_id);
            }
        }
    }

    fn insert(&mut self, now: Instant, id: u32, mut dialogue: Dialogue) {
        dialogue.guard = now + self.config.guard;
        dialogue.deadline = dialogue.next_deadline();
        self.deadlines.insert((dialogue.deadline, id));
        self.dialogues.insert(id, dialogue);
    }

    fn remove(&mut self, id: u32) -> Option<Dialogue> {
        let dialogue = self.dialogues.remove(&id)?;
        self.deadlines.remove(&(dialogue.deadline, id));
        Some(dialogue)
    }

    /// Puts the entry of a dialogue among the deadlines where it belongs.
    fn schedule(&mut self, id: u32) {
        let Some(dialogue) = self.dialogues.get_mut(&id) else { return };
        self.deadlines.remove(&(dialogue.deadline, id));
        dialogue.deadline = dialogue.next_deadline();
        self.deadlines.insert((dialogue.deadline, id));
    }

    /// Begin, with the components if they fit.
    fn begin(&mut self, now: Instant, id: u32) {
        let Some(dialogue) = self.dialogues.get_mut(&id) else { return };
        let message = |components| TcapMessage::Begin {
            otid: id.into(),
            dialogue: Some(DialoguePdu::request(dialogue.context.arcs())),
            components,
        };
        let whole = message(dialogue.queue.iter().cloned().collect());
        let fits = fits(dialogue, &whole);
        let message = if fits { whole } else { message(Vec::new()) };
        if fits {
            dialogue.queue.clear();
        } else {
            // The timers of what has to wait for the other end begin now, and again when it goes: nobody may be there.
            let waits: Vec<_> = dialogue.queue.iter().cloned().collect();
            dialogue.sent(now, &self.config.timers, &waits);
        }
        dialogue.state = State::InitiationSent { is_due: !fits };
        self.send_in(now, id, &message);
    }

    /// Continue with as many components as fit, again and again, or at last End.
    fn go_on(&mut self, now: Instant, id: u32, ends: bool) {
        loop {
            let Some(dialogue) = self.dialogues.get_mut(&id) else { return };
            let (remote, is_first) = match &dialogue.state {
                State::InitiationReceived { remote } => (remote.clone(), true),
                State::Active { remote } => (remote.clone(), false),
                State::Idle | State::InitiationSent { .. } => return,
            };
            let message = |count: usize| {
                let (otid, dtid) = (id.into(), remote.clone());
                let pdu = is_first.then(|| DialoguePdu::accept(dialogue.context.arcs()));
                let components: Vec<_> = dialogue.queue.iter().take(count).cloned().collect();
                match ends && count == dialogue.queue.len() {
                    true => TcapMessage::End { dtid, dialogue: pdu, components },
                    false => TcapMessage::Continue { otid, dtid, dialogue: pdu, components },
                }
            };
            let all = dialogue.queue.len();
            let count = (1..=all).rev().find(|&count| fits(dialogue, &message(count))).unwrap_or(0);
            let message = message(count);
            dialogue.queue.drain(..count);
            dialogue.state = State::Active { remote };
            if count == 0 && all > 0 && !is_first {
                // It did fit when it came into the queue, and the other end has answered from a longer address.
                return self.give_up(DialogueId(id), ends);
            }
            self.send_in(now, id, &message);
            if count == all {
                return;
            }
        }
    }

    /// A message in a dialogue: timers begin.
    fn send_in(&mut self, now: Instant, id: u32, message: &TcapMessage) {
        let Some(dialogue) = self.dialogues.get_mut(&id) else { return };
        dialogue.sent(now, &self.config.timers, message.components());
        dialogue.guard = now + self.config.guard;
        let (local, remote) = (dialogue.local.clone(), dialogue.remote.clone());
        self.send(local, remote, message);
        self.schedule(id);
    }

    fn send(&mut self, calling: SccpAddress, called: SccpAddress, message: &TcapMessage) {
        let octets = message
            .emit()
            .map_err(|error| error.to_string())
            .and_then(|data| UnitData::new(called, calling, data).emit().map_err(|error| error.to_string()));
        match octets {
            Ok(octets) => self.out.push_back(MapOutput::Sccp(octets)),
            Err(error) => self.ignored("-", format!("{} cannot be sent: {error}", message.name())),
        }
    }

    /// Tells the other end, if it knows the dialogue.
    fn send_abort(&mut self, dialogue: &Dialogue, choice: UserAbortChoice) {
        let user_information = vec![user_information::user_abort(choice)];
        self.send_abort_pdu(dialogue, DialoguePdu::Abort { by_provider: false, user_information });
    }

    fn send_abort_pdu(&mut self, dialogue: &Dialogue, pdu: DialoguePdu) {
        if let State::InitiationReceived { remote } | State::Active { remote } = &dialogue.state {
            let message = TcapMessage::Abort { dtid: remote.clone(), reason: AbortReason::User(Some(pdu)) };
            self.send(dialogue.local.clone(), dialogue.remote.clone(), &message);
        }
    }

    /// Aborts a dialogue, here and there.
    fn abort_all(&mut self, id: DialogueId, reason: u8, abort: MapAbort) {
        if let Some(dialogue) = self.finish(id, abort) {
            self.send_abort(&dialogue, UserAbortChoice::ApplicationProcedureCancellation(reason));
        }
    }

    /// Aborts a dialogue that cannot say what it has to; a user who has closed it hears nothing more of it.
    fn give_up(&mut self, id: DialogueId, is_closed: bool) {
        if !is_closed {
            return self.abort_all(id, ASSOCIATED_PROCEDURE_FAILURE, MapAbort::TooLong);
        }
        if let Some(dialogue) = self.remove(id.0) {
            self.ignored(dialogue.state.name(), format!("{id}: {}", MapAbort::TooLong));
            self.send_abort(&dialogue, UserAbortChoice::ApplicationProcedureCancellation(ASSOCIATED_PROCEDURE_FAILURE));
        }
    }

    /// A dialogue is over, and the user is told.
    fn finish(&mut self, id: DialogueId, abort: MapAbort) -> Option<Dialogue> {
        let mut dialogue = self.remove(id.0)?;
        let events = dialogue.give_up(id, &InvokeFailure::Aborted(abort));
        self.out.extend(events.into_iter().map(MapOutput::Event));
        self.out.push_back(MapOutput::Event(MapEvent::Aborted { dialogue: id, reason: abort }));
        Some(dialogue)
    }

    fn ignored(&mut self, state: &'static str, event: String) {
        self.out.push_back(MapOutput::Ignored { state, event });
    }
}

/// Whether a component fits into a message of its own, and can be said at all.
fn check(dialogue: &Dialogue, component: &Component) -> Result<(), MapError> {
    let components = vec![component.clone()];
    let message = TcapMessage::Continue { otid: 0.into(), dtid: 0.into(), dialogue: None, components };
    if fits(dialogue, &message) { Ok(()) } else { Err(MapError::Unspeakable) }
}

fn fits(dialogue: &Dialogue, message: &TcapMessage) -> bool {
    let room = UnitData::max_data(&dialogue.remote, &dialogue.local);
    message.emit().is_ok_and(|octets| octets.len() <= room)
}

/// ProcedureCancellationReason: associatedProcedureFailure (TS 29.002 clause 17.4).
const ASSOCIATED_PROCEDURE_FAILURE: u8 = 4;
/// ProcedureCancellationReason: remoteOperationsFailure.
const REMOTE_OPERATIONS_FAILURE: u8 = 6;

#[cfg(test)]
mod tests;
