//! What comes from the network: Q.774 clauses 3.2.2 and 3.3.3.

use super::dialogue::{Dialogue, Heard, State};
use super::io::{DialogueId, InvokeFailure, MapAbort, MapEvent, MapOutput};
use super::{MapEndpoint, user_information};
use crate::Instant;
use crate::map::ApplicationContext;
use crate::map::sccp::{SccpMessage, UnitData, UnitDataService};
use crate::map::tcap::{
    AbortReason, Component, Diagnostic, DialoguePdu, PAbortCause, TcapFault, TcapMessage, TcapProblem, TransactionId,
};

impl MapEndpoint {
    pub(super) fn received(&mut self, now: Instant, octets: &[u8]) {
        match SccpMessage::parse(octets) {
            Ok(SccpMessage::UnitData(unitdata)) => match TcapMessage::parse(&unitdata.data) {
                Ok(message) => self.on_message(now, &unitdata, message, None),
                Err(problem) => self.on_problem(now, &unitdata, *problem),
            },
            Ok(SccpMessage::UnitDataService(service)) => self.on_service(&service),
            Err(error) => self.ignored("-", error.to_string()),
        }
    }

    /// A message of ours has come back.
    fn on_service(&mut self, service: &UnitDataService) {
        let otid = match TcapMessage::parse(&service.data) {
            Ok(message) => message.otid().cloned(),
            Err(problem) => problem.otid,
        };
        let known = otid.as_ref().and_then(|otid| self.known(otid));
        if known.and_then(|id| self.finish(id, MapAbort::NotDelivered(service.cause))).is_none() {
            self.ignored("-", format!("UDTS, {}", service.cause));
        }
    }

    /// A message that is not what it should be.
    fn on_problem(&mut self, now: Instant, unitdata: &UnitData, problem: TcapProblem) {
        self.ignored("-", problem.to_string());
        let reject = problem.reject();
        let abort = problem.abort();
        if let Some(partial) = problem.partial {
            return self.on_message(now, unitdata, partial, reject);
        }
        if let Some(abort) = abort {
            self.send(unitdata.called.clone(), unitdata.calling.clone(), &abort);
        }
        let reason = match problem.fault {
            TcapFault::Transaction(cause) => MapAbort::Provider(cause),
            TcapFault::Dialogue | TcapFault::Component { .. } => MapAbort::AbnormalDialogue,
        };
        if let Some(id) = problem.dtid.as_ref().and_then(|dtid| self.known(dtid)) {
            self.finish(id, reason);
        }
    }

    /// A message, perhaps with what is to be said to a component of it that was not understood.
    fn on_message(&mut self, now: Instant, unitdata: &UnitData, message: TcapMessage, reject: Option<Component>) {
        match message {
            TcapMessage::Begin { otid, dialogue, components } => {
                self.on_begin(now, unitdata, otid, dialogue, components, reject);
            }
            TcapMessage::Continue { otid, dtid, dialogue, components } => {
                let Some(id) = self.known(&dtid) else {
                    let reason = AbortReason::Provider(PAbortCause::UNRECOGNIZED_TRANSACTION_ID);
                    self.ignored("-", format!("Continue of {dtid}, which is no transaction"));
                    return self.reply(unitdata, &TcapMessage::Abort { dtid: otid, reason });
                };
                if let Some(is_due) = self.established(unitdata, id, dialogue.as_ref(), Some(&otid)) {
                    self.on_continue(now, id, components, reject, is_due);
                }
            }
            TcapMessage::End { dtid, dialogue, components } => match self.known(&dtid) {
                Some(id) => {
                    if self.established(unitdata, id, dialogue.as_ref(), None).is_some() {
                        self.on_end(id, components);
                    }
                }
                None => self.ignored("-", format!("End of {dtid}, which is no transaction")),
            },
            TcapMessage::Abort { dtid, reason } => match self.known(&dtid) {
                Some(id) => self.on_abort(id, reason),
                None => self.ignored("-", format!("Abort of {dtid}, which is no transaction")),
            },
            TcapMessage::Unidirectional { .. } => self.ignored("-", "Unidirectional".to_owned()),
        }
    }

    fn on_begin(
        &mut self,
        now: Instant,
        unitdata: &UnitData,
        otid: TransactionId,
        dialogue: Option<DialoguePdu>,
        components: Vec<Component>,
        reject: Option<Component>,
    ) {
        let context = match self.judge(dialogue.as_ref()) {
            Ok(context) => context,
            Err((reason, why)) => {
                self.ignored("-", why);
                return self.reply(unitdata, &TcapMessage::Abort { dtid: otid, reason });
            }
        };
        let Some(id) = self.free_id() else {
            let reason = AbortReason::Provider(PAbortCause::RESOURCE_LIMITATION);
            self.ignored("-", format!("Begin of {context} beyond {} dialogues", self.config.max_dialogues));
            return self.reply(unitdata, &TcapMessage::Abort { dtid: otid, reason });
        };
        let (called, calling) = (unitdata.called.clone(), unitdata.calling.clone());
        let state = State::InitiationReceived { remote: otid };
        self.insert(now, id, Dialogue::new(context, called.clone(), calling.clone(), state));
        let dialogue = DialogueId(id);
        let is_empty = components.is_empty() && reject.is_none();
        let Some(heard) = self.hear(dialogue, components, reject) else { return };
        self.told(heard.ignored);
        if !heard.is_invoked && !is_empty {
            // The user has nothing to say to what is refused.
            self.go_on(now, id, true);
            self.remove(id);
            return;
        }
        self.event(MapEvent::Opened { dialogue, context, calling, called });
        if is_empty {
            // What is to be said comes later.
            return self.go_on(now, id, false);
        }
        self.out.extend(heard.events.into_iter().map(MapOutput::Event));
        self.event(MapEvent::Delimited { dialogue });
    }

    /// Whether a dialogue is taken: its context, or how it is refused and why.
    fn judge(&self, dialogue: Option<&DialoguePdu>) -> Result<ApplicationContext, (AbortReason, String)> {
        match dialogue {
            Some(DialoguePdu::Request { is_version1: true, context, .. }) => {
                let wanted = ApplicationContext::from_arcs(context);
                if let Some(context) = wanted.filter(|context| self.config.contexts.contains(context)) {
                    return Ok(context);
                }
                // The highest version that is there of what is wanted (TS 29.002 clause 15.1).
                let same = self.config.contexts.iter().filter(|c| wanted.is_some_and(|wanted| wanted.id == c.id));
                let named = same.max().map_or_else(|| context.clone(), |alternative| alternative.arcs());
                let refusal = DialoguePdu::refuse(named, Diagnostic::CONTEXT_NOT_SUPPORTED);
                let name = wanted.map_or_else(|| format!("context {context:?}"), |wanted| wanted.to_string());
                Err((AbortReason::User(Some(refusal)), format!("{name} is not supported")))
            }
            Some(DialoguePdu::Request { is_version1: false, context, .. }) => {
                let refusal = DialoguePdu::refuse(context.clone(), Diagnostic::NO_COMMON_DIALOGUE_PORTION);
                Err((AbortReason::User(Some(refusal)), "a dialogue portion of another version".to_owned()))
            }
            Some(_) => {
                let abort = DialoguePdu::abnormal_dialogue();
                Err((AbortReason::User(Some(abort)), "Begin without a dialogue request".to_owned()))
            }
            None => Err((AbortReason::User(None), "MAP version 1 is not supported".to_owned())),
        }
    }

    /// The first message of who is asked has to accept the dialogue, and later ones say nothing of it. `otid` of a Continue
    /// becomes known. What is abnormal ends the dialogue (Q.774 clause 3.2.2): nothing; otherwise whether something has
    /// waited for that answer.
    fn established(
        &mut self,
        unitdata: &UnitData,
        id: DialogueId,
        pdu: Option<&DialoguePdu>,
        otid: Option<&TransactionId>,
    ) -> Option<bool> {
        let dialogue = self.dialogues.get_mut(&id.0)?;
        let (is_normal, is_due) = match (&dialogue.state, pdu) {
            (State::InitiationSent { is_due }, Some(DialoguePdu::Response { context, is_accepted: true, .. })) => {
                (*context == dialogue.context.arcs(), *is_due)
            }
            (State::Active { remote }, None) => (otid.is_none_or(|otid| otid == remote), false),
            // Nobody can know it yet.
            (State::Idle | State::InitiationReceived { .. }, _) => {
                let state = dialogue.state.name();
                self.ignored(state, format!("a message for {id}"));
                return None;
            }
            _ => (false, false),
        };
        if let (State::InitiationSent { .. }, Some(otid)) = (&dialogue.state, otid) {
            // Who answers first says where it is: its address may be another one than the one that was asked.
            dialogue.remote = unitdata.calling.clone();
            dialogue.state = State::Active { remote: otid.clone() };
        }
        if is_normal {
            return Some(is_due);
        }
        let dialogue = self.finish(id, MapAbort::AbnormalDialogue)?;
        if otid.is_some() {
            self.send_abort_pdu(&dialogue, DialoguePdu::abnormal_dialogue());
        }
        None
    }

    fn on_continue(
        &mut self,
        now: Instant,
        id: DialogueId,
        components: Vec<Component>,
        reject: Option<Component>,
        is_due: bool,
    ) {
        let had_own = self.dialogues.get(&id.0).is_some_and(|dialogue| !dialogue.queue.is_empty());
        let Some(heard) = self.hear(id, components, reject) else { return };
        let Some(dialogue) = self.dialogues.get_mut(&id.0) else { return };
        dialogue.guard = now + self.config.guard;
        // What waited for the answer to an empty Begin, and what is said to something not understood, goes without the user;
        // not so what the user has not finished.
        let goes = !dialogue.queue.is_empty() && (is_due || !(had_own || heard.is_invoked));
        self.told(heard.ignored);
        let has_events = !heard.events.is_empty();
        self.out.extend(heard.events.into_iter().map(MapOutput::Event));
        self.schedule(id.0);
        if goes {
            self.go_on(now, id.0, false);
        }
        if (has_events || !goes) && self.dialogues.contains_key(&id.0) {
            self.event(MapEvent::Delimited { dialogue: id });
        }
    }

    fn on_end(&mut self, id: DialogueId, components: Vec<Component>) {
        let mut heard = Heard::default();
        let Some(mut dialogue) = self.remove(id.0) else { return };
        for component in components {
            dialogue.on_component(id, component, true, &mut heard);
        }
        heard.events.extend(dialogue.give_up(id, &InvokeFailure::Ended));
        self.told(heard.ignored);
        self.out.extend(heard.events.into_iter().map(MapOutput::Event));
        self.event(MapEvent::Closed { dialogue: id });
    }

    fn on_abort(&mut self, id: DialogueId, reason: AbortReason) {
        let asked = self.dialogues.get(&id.0).map(|dialogue| dialogue.context);
        let abort = match reason {
            AbortReason::Provider(cause) => MapAbort::Provider(cause),
            AbortReason::User(Some(DialoguePdu::Response { context, diagnostic, .. })) => {
                let named = ApplicationContext::from_arcs(&context);
                MapAbort::Refused { diagnostic, alternative: named.filter(|&named| Some(named) != asked) }
            }
            AbortReason::User(Some(DialoguePdu::Abort { by_provider: true, .. })) => MapAbort::AbnormalDialogue,
            AbortReason::User(Some(DialoguePdu::Abort { user_information, .. })) => {
                MapAbort::User(user_information::find_user_abort(&user_information))
            }
            AbortReason::User(_) => MapAbort::User(None),
        };
        self.finish(id, abort);
    }

    /// What the components of a message bring to a dialogue.
    fn hear(&mut self, id: DialogueId, components: Vec<Component>, reject: Option<Component>) -> Option<Heard> {
        let dialogue = self.dialogues.get_mut(&id.0)?;
        let mut heard = Heard::default();
        for component in components {
            dialogue.on_component(id, component, false, &mut heard);
        }
        dialogue.queue.extend(reject);
        Some(heard)
    }

    /// The dialogue of a transaction ID: ours have four octets.
    fn known(&self, id: &TransactionId) -> Option<DialogueId> {
        let id = u32::from_be_bytes(id.octets().try_into().ok()?);
        self.dialogues.contains_key(&id).then_some(DialogueId(id))
    }

    fn reply(&mut self, unitdata: &UnitData, message: &TcapMessage) {
        self.send(unitdata.called.clone(), unitdata.calling.clone(), message);
    }

    fn event(&mut self, event: MapEvent) {
        self.out.push_back(MapOutput::Event(event));
    }

    fn told(&mut self, ignored: Vec<String>) {
        ignored.into_iter().for_each(|event| self.ignored("Active", event));
    }
}
