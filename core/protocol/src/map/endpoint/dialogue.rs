//! One dialogue: what was invoked in it by either side (Q.774 clause 3.2.1).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::io::{DialogueId, InvokeFailure, MapError, MapEvent, MapTimers};
use crate::Instant;
use crate::map::sccp::SccpAddress;
use crate::map::tcap::{
    Code, Component, InvokeProblem, Problem, ReturnErrorProblem, ReturnResultProblem, TransactionId,
};
use crate::map::{ApplicationContext, Operation, OperationCode, OperationResult, ParameterError, UserError};

/// States of a transaction: Q.774 clause 3.3.3.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// Opened here; nothing was sent.
    Idle,
    /// A Begin was sent. `is_due`: what is in the queue goes as soon as there is an answer.
    InitiationSent { is_due: bool },
    /// A Begin was received, nothing was sent.
    InitiationReceived { remote: TransactionId },
    /// Both ends know it.
    Active { remote: TransactionId },
}

impl State {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Idle => "Idle",
            Self::InitiationSent { .. } => "Initiation Sent",
            Self::InitiationReceived { .. } => "Initiation Received",
            Self::Active { .. } => "Active",
        }
    }
}

/// An invocation of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Invocation {
    code: OperationCode,
    /// When its timer runs out; none before it was sent.
    until: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct Dialogue {
    pub(super) context: ApplicationContext,
    /// Our address in it.
    pub(super) local: SccpAddress,
    pub(super) remote: SccpAddress,
    /// We have opened it.
    is_initiator: bool,
    pub(super) state: State,
    /// What the next message has.
    pub(super) queue: VecDeque<Component>,
    invoked: BTreeMap<i8, Invocation>,
    /// Invocations of the other end that wait for our answer.
    asked: BTreeMap<i8, OperationCode>,
    /// Numbers of those that were answered: 256 at most.
    answered: BTreeSet<i8>,
    last_invoke_id: i8,
    /// When it has been silent for too long.
    pub(super) guard: Instant,
    /// Its entry among the deadlines.
    pub(super) deadline: Instant,
}

/// What the components of a message have brought.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) events: Vec<MapEvent>,
    pub(super) ignored: Vec<String>,
    /// Whether the user was asked or told something that it may want to answer.
    pub(super) is_invoked: bool,
}

impl Dialogue {
    pub(super) fn new(context: ApplicationContext, local: SccpAddress, remote: SccpAddress, state: State) -> Self {
        let is_initiator = state == State::Idle;
        Self {
            context,
            local,
            remote,
            is_initiator,
            state,
            queue: VecDeque::new(),
            invoked: BTreeMap::new(),
            asked: BTreeMap::new(),
            answered: BTreeSet::new(),
            last_invoke_id: 0,
            guard: Instant::ZERO,
            deadline: Instant::ZERO,
        }
    }

    /// The Invoke component for an operation.
    pub(super) fn invoke(&self, operation: &Operation) -> Result<(i8, Component), MapError> {
        let (of_initiator, of_responder) = self.context.operations();
        let ours = if self.is_initiator { of_initiator } else { of_responder };
        let code = operation.code();
        if !ours.contains(&code) {
            return Err(MapError::NotInContext);
        }
        if self.invoked.len() >= MAX_INVOCATIONS {
            return Err(MapError::TooMany);
        }
        // 1 to 127: one of them is free.
        let mut invoke_id = self.last_invoke_id;
        loop {
            invoke_id = if invoke_id == i8::MAX { 1 } else { invoke_id + 1 };
            if !self.invoked.contains_key(&invoke_id) {
                break;
            }
        }
        let parameter = Some(operation.emit());
        Ok((invoke_id, Component::Invoke { invoke_id, linked_id: None, code: Code::Local(code.0), parameter }))
    }

    /// Takes what [`Self::invoke`] has made.
    pub(super) fn invoked(&mut self, invoke_id: i8, code: OperationCode, component: Component) {
        self.last_invoke_id = invoke_id;
        self.invoked.insert(invoke_id, Invocation { code, until: None });
        self.queue.push_back(component);
    }

    /// The component that answers an invocation.
    pub(super) fn answer(
        &self,
        invoke_id: i8,
        answer: &Result<OperationResult, UserError>,
    ) -> Result<Component, MapError> {
        let code = *self.asked.get(&invoke_id).ok_or(MapError::NoInvocation)?;
        match answer {
            Ok(result) if result.code() != code => Err(MapError::NoInvocation),
            Ok(result) => {
                let result = result.emit().map(|parameter| (Code::Local(code.0), parameter));
                Ok(Component::ReturnResult { invoke_id, is_last: true, result })
            }
            Err(error) => {
                Ok(Component::ReturnError { invoke_id, code: Code::Local(error.code()), parameter: error.emit() })
            }
        }
    }

    /// Takes what [`Self::answer`] has made.
    pub(super) fn answered(&mut self, invoke_id: i8, component: Component) {
        self.asked.remove(&invoke_id);
        self.answered.insert(invoke_id);
        self.queue.push_back(component);
    }

    /// These components are on their way: their timers run.
    pub(super) fn sent(&mut self, now: Instant, timers: &MapTimers, components: &[Component]) {
        for component in components {
            let Component::Invoke { invoke_id, .. } = component else { continue };
            if let Some(invocation) = self.invoked.get_mut(invoke_id) {
                invocation.until = Some(now + timers.of(invocation.code.timer()));
            }
        }
    }

    /// When something is to be done at the latest.
    pub(super) fn next_deadline(&self) -> Instant {
        self.invoked.values().filter_map(|invocation| invocation.until).fold(self.guard, Instant::min)
    }

    /// Whether the timer of an invocation that is answered has run out. One of class 4 is over when its timer is: nobody has
    /// rejected it.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        let is_late = |invocation: &Invocation| invocation.until.is_some_and(|until| until <= now);
        self.invoked.retain(|_, invocation| invocation.code.is_answered() || !is_late(invocation));
        self.invoked.values().any(is_late)
    }

    /// What becomes of all that was not answered.
    pub(super) fn give_up(&mut self, dialogue: DialogueId, failure: &InvokeFailure) -> Vec<MapEvent> {
        let invoked = std::mem::take(&mut self.invoked);
        let invoked = invoked.into_iter().filter(|(_, invocation)| invocation.code.is_answered());
        invoked.map(|(invoke_id, _)| MapEvent::Returned { dialogue, invoke_id, result: Err(failure.clone()) }).collect()
    }

    /// One component of a message; `is_end` where nothing can be said to it any more.
    pub(super) fn on_component(&mut self, id: DialogueId, component: Component, is_end: bool, heard: &mut Heard) {
        let answer = match component {
            Component::Invoke { invoke_id, linked_id, code, parameter } => {
                self.on_invoke(id, invoke_id, linked_id, code, parameter, is_end, heard)
            }
            Component::ReturnResult { invoke_id, is_last, result } => {
                self.on_result(id, invoke_id, is_last, result, heard)
            }
            Component::ReturnError { invoke_id, code, parameter } => {
                self.on_error(id, invoke_id, &code, parameter.as_deref(), heard)
            }
            Component::Reject { invoke_id, problem } => {
                self.on_reject(id, invoke_id, problem, heard);
                None
            }
        };
        match answer {
            Some(answer) if is_end => heard.ignored.push(format!("{answer:?} is not said any more")),
            Some(answer) => self.queue.push_back(answer),
            None => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the members of an Invoke, and what is around it")]
    fn on_invoke(
        &mut self,
        dialogue: DialogueId,
        invoke_id: i8,
        linked_id: Option<i8>,
        code: Code,
        parameter: Option<Vec<u8>>,
        is_end: bool,
        heard: &mut Heard,
    ) -> Option<Component> {
        let (of_initiator, of_responder) = self.context.operations();
        let theirs = if self.is_initiator { of_responder } else { of_initiator };
        let reject =
            |problem| Some(Component::Reject { invoke_id: Some(invoke_id), problem: Problem::Invoke(problem) });
        let code = match code {
            Code::Local(code) if theirs.contains(&OperationCode(code)) => OperationCode(code),
            _ => return reject(InvokeProblem::UNRECOGNIZED_OPERATION),
        };
        if self.asked.contains_key(&invoke_id) {
            return reject(InvokeProblem::DUPLICATE_INVOKE_ID);
        }
        if let Some(linked_id) = linked_id {
            let known = self.invoked.contains_key(&linked_id);
            return reject(match known {
                true => InvokeProblem::LINKED_RESPONSE_UNEXPECTED,
                false => InvokeProblem::UNRECOGNIZED_LINKED_ID,
            });
        }
        if self.asked.len() >= MAX_INVOCATIONS {
            return reject(InvokeProblem::RESOURCE_LIMITATION);
        }
        match Operation::parse(code, parameter.as_deref()) {
            Ok(_) if is_end && code.is_answered() => heard.ignored.push(format!("{code} that cannot be answered")),
            Ok(operation) => {
                if code.is_answered() {
                    self.asked.insert(invoke_id, code);
                    self.answered.remove(&invoke_id);
                }
                heard.is_invoked = true;
                heard.events.push(MapEvent::Invoked { dialogue, invoke_id, operation });
            }
            Err(Some(ParameterError::Unexpected(what))) if code.is_answered() => {
                heard.ignored.push(format!("{code}: unexpected data value, {what}"));
                self.answered.insert(invoke_id);
                let (error, parameter) = (UserError::UnexpectedDataValue, None);
                return Some(Component::ReturnError { invoke_id, code: Code::Local(error.code()), parameter });
            }
            Err(Some(problem)) => {
                heard.ignored.push(format!("{code}: {problem}"));
                return reject(InvokeProblem::MISTYPED_PARAMETER);
            }
            Err(None) => return reject(InvokeProblem::UNRECOGNIZED_OPERATION),
        }
        None
    }

    fn on_result(
        &mut self,
        dialogue: DialogueId,
        invoke_id: i8,
        is_last: bool,
        result: Option<(Code, Vec<u8>)>,
        heard: &mut Heard,
    ) -> Option<Component> {
        let reject =
            |problem| Some(Component::Reject { invoke_id: Some(invoke_id), problem: Problem::ReturnResult(problem) });
        let Some(invocation) = self.invoked.get(&invoke_id).copied() else {
            return reject(ReturnResultProblem::UNRECOGNIZED_INVOKE_ID);
        };
        // No operation of these contexts has a result in parts.
        if !invocation.code.is_answered() || !is_last {
            return reject(ReturnResultProblem::RETURN_RESULT_UNEXPECTED);
        }
        let parsed = match &result {
            Some((code, _)) if *code != Code::Local(invocation.code.0) => {
                Err(ParameterError::Mistyped("the result of another operation"))
            }
            _ => {
                let parameter = result.as_ref().map(|(_, parameter)| parameter.as_slice());
                let none = ParameterError::Mistyped("an operation without results");
                OperationResult::parse(invocation.code, parameter).map_err(|problem| problem.unwrap_or(none))
            }
        };
        self.invoked.remove(&invoke_id);
        let refused = parsed.is_err();
        let result = parsed.map_err(InvokeFailure::Invalid);
        heard.events.push(MapEvent::Returned { dialogue, invoke_id, result });
        refused.then(|| reject(ReturnResultProblem::MISTYPED_PARAMETER)).flatten()
    }

    fn on_error(
        &mut self,
        dialogue: DialogueId,
        invoke_id: i8,
        code: &Code,
        parameter: Option<&[u8]>,
        heard: &mut Heard,
    ) -> Option<Component> {
        let reject = |problem| Component::Reject { invoke_id: Some(invoke_id), problem: Problem::ReturnError(problem) };
        let Some(invocation) = self.invoked.get(&invoke_id).copied() else {
            return Some(reject(ReturnErrorProblem::UNRECOGNIZED_INVOKE_ID));
        };
        if !invocation.code.is_answered() {
            return Some(reject(ReturnErrorProblem::RETURN_ERROR_UNEXPECTED));
        }
        self.invoked.remove(&invoke_id);
        let (failure, problem) = match code {
            Code::Local(code) => match UserError::parse(*code, parameter) {
                Ok(error) => (InvokeFailure::User(error), None),
                Err(problem) => (InvokeFailure::Invalid(problem), Some(ReturnErrorProblem::MISTYPED_PARAMETER)),
            },
            Code::Global(_) => {
                let problem = ParameterError::Mistyped("an error that is not of MAP");
                (InvokeFailure::Invalid(problem), Some(ReturnErrorProblem::UNRECOGNIZED_ERROR))
            }
        };
        heard.events.push(MapEvent::Returned { dialogue, invoke_id, result: Err(failure) });
        problem.map(reject)
    }

    fn on_reject(&mut self, dialogue: DialogueId, invoke_id: Option<i8>, problem: Problem, heard: &mut Heard) {
        let of_invoke = match problem {
            Problem::Invoke(_) => true,
            // It does not tell what is rejected: both ends count from 1, so it may be an answer of ours.
            Problem::General(_) => !invoke_id.is_some_and(|id| self.answered.contains(&id)),
            Problem::ReturnResult(_) | Problem::ReturnError(_) => false,
        };
        match invoke_id.filter(|_| of_invoke).and_then(|id| Some((id, self.invoked.remove(&id)?))) {
            Some((invoke_id, invocation)) if invocation.code.is_answered() => {
                let result = Err(InvokeFailure::Rejected(problem));
                heard.events.push(MapEvent::Returned { dialogue, invoke_id, result });
            }
            _ => heard.ignored.push(format!("rejected: {invoke_id:?}, {problem}")),
        }
    }
}

/// How many invocations of one side may wait for an answer.
const MAX_INVOCATIONS: usize = 16;
