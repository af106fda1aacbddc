//! The machine: requests and what they are for, usages and what they say.

use std::collections::VecDeque;

use super::config::{UserAgentConfig, UserAgentProfile};
use super::io::{NotifierId, Passed, SessionId, SubscriberId, UserAgentEvent, UserAgentOutput};
use super::under_way::{RequestOf, UnderWay};
use super::usages::Usages;
use crate::sip::session::{LocalParty, NoResponse, Session, SessionOutput};
use crate::sip::subscription::{Notifier, Subscriber, SubscriptionOutput, SubscriptionPurpose};
use crate::sip::{
    ClientKey, Flow, Method, Refusal, Request, Response, ServerKey, SessionSettings, SipStack, StackInput, StackOutput,
    TransactionKey,
};
use crate::{Entropy, Instant};

/// A user agent. Drain [`Self::poll_output`] after every other call.
#[derive(Debug)]
pub struct UserAgent {
    pub(super) stack: SipStack,
    pub(super) profile: UserAgentProfile,
    pub(super) settings: SessionSettings,
    pub(super) entropy: Entropy,
    pub(super) under_way: UnderWay,
    pub(super) sessions: Usages<SessionId, Session>,
    pub(super) subscribers: Usages<SubscriberId, Subscriber>,
    pub(super) notifiers: Usages<NotifierId, Notifier>,
    next_id: u64,
    outputs: VecDeque<UserAgentOutput>,
    /// What has passed, where somebody wants to know.
    passed: Option<VecDeque<Passed>>,
}

impl UserAgent {
    /// A user agent that draws its randomness from `entropy`.
    pub fn new(config: UserAgentConfig, mut entropy: Entropy) -> Self {
        let stack = SipStack::new(config.stack, entropy.split());
        Self {
            stack,
            profile: config.profile,
            settings: config.session,
            entropy,
            under_way: UnderWay::default(),
            sessions: Usages::default(),
            subscribers: Usages::default(),
            notifiers: Usages::default(),
            next_id: 0,
            outputs: VecDeque::new(),
            passed: None,
        }
    }

    /// Something has come in.
    pub fn handle_input(&mut self, now: Instant, input: StackInput<'_>) {
        self.stack.handle_input(now, input);
        self.settle(now);
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.stack.handle_timeout(now);
        self.settle(now);
        for id in self.sessions.due_at(now) {
            self.sessions.get_mut(id).into_iter().for_each(|session| session.handle_timeout(now));
        }
        for id in self.subscribers.due_at(now) {
            self.subscribers.get_mut(id).into_iter().for_each(|subscriber| subscriber.handle_timeout(now));
        }
        for id in self.notifiers.due_at(now) {
            self.notifiers.get_mut(id).into_iter().for_each(|notifier| notifier.handle_timeout(now));
        }
        self.settle(now);
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let usages = [self.sessions.poll_timeout(), self.subscribers.poll_timeout(), self.notifiers.poll_timeout()];
        usages.into_iter().flatten().chain(self.stack.poll_timeout()).min()
    }

    /// What is to be done.
    pub fn poll_output(&mut self) -> Option<UserAgentOutput> {
        self.outputs.pop_front()
    }

    /// From now on [`Self::poll_passed`] tells what passes.
    pub fn watch(&mut self) {
        self.passed.get_or_insert_default();
    }

    /// What has passed. Of one that is watched this is drained before each [`Self::poll_output`]: a message passes before it
    /// is sent.
    pub fn poll_passed(&mut self) -> Option<Passed> {
        self.passed.as_mut()?.pop_front()
    }

    /// What it writes into its requests.
    pub const fn profile(&self) -> &UserAgentProfile {
        &self.profile
    }

    /// The same, to change it. Usages that stand keep their Contact.
    pub const fn profile_mut(&mut self) -> &mut UserAgentProfile {
        &mut self.profile
    }

    /// Its stack.
    pub const fn stack(&self) -> &SipStack {
        &self.stack
    }

    pub(super) fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn local_party(&self) -> LocalParty {
        LocalParty { contact: self.profile.contact.clone(), headers: Vec::new(), settings: self.settings.clone() }
    }

    fn pass_request(&mut self, key: impl Into<TransactionKey>, request: &Request, flow: Option<Flow>) {
        if let Some(passed) = &mut self.passed {
            passed.push_back(Passed::Request { key: key.into(), request: Box::new(request.clone()), flow });
        }
    }

    pub(super) fn pass_response(&mut self, key: impl Into<TransactionKey>, response: &Response) {
        if let Some(passed) = &mut self.passed {
            passed.push_back(Passed::Response { key: key.into(), response: Box::new(response.clone()) });
        }
    }

    pub(super) fn event(&mut self, event: UserAgentEvent) {
        self.outputs.push_back(UserAgentOutput::Event(event));
    }

    /// Sends a request, or tells its usage that it cannot be sent.
    pub(super) fn transact(&mut self, now: Instant, usage: RequestOf, mut request: Request) {
        self.profile.complete(&mut request);
        let next_hop = self.profile.next_hop.clone();
        let copy = self.passed.is_some().then(|| request.clone());
        match self.stack.send_request(now, request, next_hop) {
            Ok(key) => {
                if let Some(request) = copy {
                    self.pass_request(key, &request, None);
                }
                self.under_way.sent(key, usage);
            }
            Err(why) => self.unanswered(now, usage, &NoResponse::NotSent(why.to_string())),
        }
    }

    /// Lets stack and usages talk until nobody has anything to say.
    pub(super) fn settle(&mut self, now: Instant) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.stack.poll_output() {
                quiet = false;
                self.of_stack(now, output);
            }
            quiet &= !self.drain_sessions(now);
            quiet &= !self.drain_subscriptions(now);
            if quiet {
                return self.sweep();
            }
        }
    }

    fn of_stack(&mut self, now: Instant, output: StackOutput) {
        match output {
            StackOutput::Transmit { target, bytes } => {
                self.outputs.push_back(UserAgentOutput::Transmit { target, bytes });
            }
            StackOutput::Request { key, request, flow } => {
                if let Some(key) = key {
                    self.pass_request(key, &request, Some(flow));
                }
                self.incoming(now, key, request, flow);
            }
            StackOutput::Cancel { key, request } => {
                let session = self.under_way.invite(key).and_then(|id| self.sessions.get_mut(id));
                if let Some(session) = session {
                    session.handle_cancel(&request);
                }
            }
            StackOutput::Response { key, response } => {
                self.pass_response(key, &response);
                if let Some(usage) = self.under_way.request(key) {
                    self.answered(now, usage, response);
                }
            }
            StackOutput::Timeout { key } => self.no_response(now, key, &NoResponse::Timeout),
            StackOutput::TransportFailed { key, why } => self.no_response(now, key, &NoResponse::NotSent(why)),
            StackOutput::AckMissing { key, status } => {
                let session = self.under_way.invite(key).and_then(|id| self.sessions.get_mut(id));
                if let Some(session) = session {
                    session.handle_missing(now, status);
                }
            }
            StackOutput::Terminated { key } => self.under_way.ended(key),
            StackOutput::Ignored { what, why } => self.event(UserAgentEvent::Ignored { what, why }),
        }
    }

    fn no_response(&mut self, now: Instant, key: ClientKey, why: &NoResponse) {
        if let Some(passed) = &mut self.passed {
            passed.push_back(Passed::Unanswered { key: key.into() });
        }
        if let Some(usage) = self.under_way.request(key) {
            self.unanswered(now, usage, why);
        }
    }

    fn answered(&mut self, now: Instant, usage: RequestOf, response: Response) {
        match usage {
            RequestOf::User(token) if !response.is_provisional() => {
                self.event(UserAgentEvent::Response { token, result: Ok(response) });
            }
            RequestOf::User(_) => {}
            RequestOf::Session(id, purpose) => {
                if let Some(session) = self.sessions.get_mut(id) {
                    session.handle_response(now, purpose, &response);
                }
            }
            RequestOf::Subscriber(id) => {
                if let Some(subscriber) = self.subscribers.get_mut(id) {
                    subscriber.handle_response(now, &response);
                }
            }
            RequestOf::Notifier(id) => {
                if let Some(notifier) = self.notifiers.get_mut(id) {
                    notifier.handle_notified(now, Some(&response));
                }
            }
        }
    }

    fn unanswered(&mut self, now: Instant, usage: RequestOf, why: &NoResponse) {
        match usage {
            RequestOf::User(token) => {
                let result = Err(match why {
                    NoResponse::Timeout => Refusal::Timeout,
                    NoResponse::NotSent(why) => Refusal::NotSent(why.clone()),
                });
                self.event(UserAgentEvent::Response { token, result });
            }
            RequestOf::Session(id, purpose) => {
                if let Some(session) = self.sessions.get_mut(id) {
                    session.handle_no_response(now, purpose, why);
                }
            }
            RequestOf::Subscriber(id) => {
                if let Some(subscriber) = self.subscribers.get_mut(id) {
                    subscriber.handle_no_response();
                }
            }
            RequestOf::Notifier(id) => {
                if let Some(notifier) = self.notifiers.get_mut(id) {
                    notifier.handle_notified(now, None);
                }
            }
        }
    }

    fn drain_sessions(&mut self, now: Instant) -> bool {
        let mut outputs = Vec::new();
        self.sessions.look_after(|id, session| {
            while let Some(output) = session.poll_output() {
                outputs.push((id, output));
            }
        });
        let any = !outputs.is_empty();
        for (id, output) in outputs {
            self.of_session(now, id, output);
        }
        any
    }

    fn of_session(&mut self, now: Instant, id: SessionId, output: SessionOutput) {
        match output {
            SessionOutput::Send(purpose, request) => self.transact(now, RequestOf::Session(id, purpose), request),
            SessionOutput::Ack(request) => {
                let next_hop = self.profile.next_hop.clone();
                if let Err(why) = self.stack.send_ack(request, next_hop) {
                    let (what, why) = ("the ACK of a session".into(), why.to_string());
                    self.event(UserAgentEvent::Ignored { what, why });
                }
            }
            SessionOutput::Respond(key, response) => self.respond_in_session(now, id, key, response),
            SessionOutput::Acknowledged(key) => self.stack.acknowledged(key),
            SessionOutput::Cancel(reason) => {
                for key in self.under_way.own_invites(id) {
                    self.stack.cancel(now, key, reason.as_deref());
                }
            }
            SessionOutput::Event(event) => self.event(UserAgentEvent::Session(id, event)),
        }
    }

    fn respond_in_session(&mut self, now: Instant, id: SessionId, key: ServerKey, mut response: Response) {
        self.profile.complete_reply(&mut response);
        let is_invite = response.cseq().ok().flatten().is_some_and(|cseq| cseq.method == Method::INVITE);
        if is_invite
            && response.status < 300
            && let Some(session) = self.sessions.get(id)
        {
            session.local.headers.iter().for_each(|(name, value)| response.headers.append(name, value));
        }
        self.pass_response(key, &response);
        let sent = if is_invite && response.is_success() {
            self.under_way.came(key, id);
            self.stack.accept(now, key, response)
        } else if is_invite && response.headers.contains("RSeq") {
            self.stack.respond_reliably(now, key, response)
        } else {
            self.stack.respond(now, key, response)
        };
        if let Err(why) = sent {
            self.event(UserAgentEvent::Ignored { what: "a response of a session".into(), why: why.to_string() });
        }
    }

    fn drain_subscriptions(&mut self, now: Instant) -> bool {
        let mut subscribers = Vec::new();
        self.subscribers.look_after(|id, subscriber| {
            while let Some(output) = subscriber.poll_output() {
                subscribers.push((id, output));
            }
        });
        let mut notifiers = Vec::new();
        self.notifiers.look_after(|id, notifier| {
            while let Some(output) = notifier.poll_output() {
                notifiers.push((id, output));
            }
        });
        let any = !subscribers.is_empty() || !notifiers.is_empty();
        for (id, output) in subscribers {
            let event = |event| UserAgentEvent::Subscriber(id, event);
            self.of_subscription(now, RequestOf::Subscriber(id), output, event);
        }
        for (id, output) in notifiers {
            let event = |event| UserAgentEvent::Notifier(id, event);
            self.of_subscription(now, RequestOf::Notifier(id), output, event);
        }
        any
    }

    fn of_subscription<E>(
        &mut self,
        now: Instant,
        usage: RequestOf,
        output: SubscriptionOutput<E>,
        event: impl FnOnce(E) -> UserAgentEvent,
    ) {
        match output {
            SubscriptionOutput::Send(SubscriptionPurpose::Subscribe | SubscriptionPurpose::Notify, request) => {
                self.transact(now, usage, request);
            }
            SubscriptionOutput::Respond(key, response) => {
                self.pass_response(key, &response);
                if let Err(why) = self.stack.respond(now, key, response) {
                    let what = "a response of a subscription".into();
                    self.event(UserAgentEvent::Ignored { what, why: why.to_string() });
                }
            }
            SubscriptionOutput::Event(told) => self.event(event(told)),
        }
    }

    /// Usages that are over and have nothing under way are forgotten.
    fn sweep(&mut self) {
        for id in self.sessions.take_over().into_iter().chain(self.under_way.take_left()) {
            if self.sessions.get(id).is_some_and(Session::is_over) && !self.under_way.has(id) {
                self.sessions.remove(id);
            }
        }
        for id in self.subscribers.take_over() {
            if self.subscribers.get(id).is_some_and(Subscriber::is_over) {
                self.subscribers.remove(id);
            }
        }
        for id in self.notifiers.take_over() {
            if self.notifiers.get(id).is_some_and(Notifier::is_over) {
                self.notifiers.remove(id);
            }
        }
    }
}
