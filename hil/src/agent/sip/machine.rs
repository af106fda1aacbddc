//! The machine: a SIP user agent, the registration that lets it speak, and what the user wants of both.

mod calls;
mod identity;
mod incoming;
mod listening;
mod services;
mod subscription;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use protocol::msrp::MSRP_PORT;
use protocol::sip::{
    Change, EndedWhy, Flow, Limits, Method, NameAddr, NextHop, Refusal, Request, Response, ServerKey, SessionId,
    SipTimers, StackConfig, StackInput, StreamFramer, StreamItem, SubscriberId, Uri, UserAgent, UserAgentConfig,
    UserAgentEvent, UserAgentOutput, UserAgentProfile,
};
use protocol::{Entropy, Instant};

use self::identity::{contact, local};
use super::config::AgentConfig;
use super::io::{AgentCommand, AgentEvent, AgentInput, AgentOutput, CallId, OutgoingMessage, WatchId};
use super::messaging::Messenger;
use super::registration::{Registration, RegistrationOutput};
pub(super) use incoming::received;

/// What the UE understands outside of dialogs.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, MESSAGE, NOTIFY";
/// Connections whose pieces are kept.
const MOST_STREAMS: usize = 8;

/// A request that is not part of a usage.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pending {
    Register(u64),
    Message(u64),
    /// A disposition notification: nobody is told what becomes of it.
    Notification,
    Publish(u64),
}

/// A UE agent.
#[derive(Debug)]
pub struct UeAgent {
    config: AgentConfig,
    pub(super) ua: UserAgent,
    registration: Registration,
    pending: BTreeMap<u64, Pending>,
    next_token: u64,
    calls: BTreeMap<CallId, SessionId>,
    next_incoming: CallId,
    /// The reg event subscription, and whether the user wants one.
    subscription: Option<SubscriberId>,
    subscribes: bool,
    resubscribe_at: Option<Instant>,
    pub(super) messenger: Messenger,
    /// Subscriptions that the user wants.
    watches: BTreeMap<WatchId, SubscriberId>,
    /// De-registration waits for the sessions to end.
    leaving: bool,
    /// When the subscription of a registration that is over is forgotten.
    forget_at: Option<Instant>,
    streams: BTreeMap<Flow, StreamFramer>,
    pub(super) outputs: VecDeque<AgentOutput>,
}

impl UeAgent {
    /// A UE that is not registered. What it draws comes from `entropy`.
    pub fn new(config: AgentConfig, mut entropy: Entropy) -> Self {
        let contact = contact(&config);
        let from = Uri::parse(&config.impu).map_or_else(|_| contact.clone(), NameAddr::new);
        let mut profile = UserAgentProfile::new(from, contact.clone());
        profile.next_hop = Some(NextHop::Target(config.pcscf));
        let mut stack = StackConfig::user_agent(local(&config), config.contact.ip().to_string());
        if config.contact.is_ipv6() {
            stack.sent_by = format!("[{}]", config.contact.ip());
        }
        stack.timers = if config.slow_timers { SipTimers::over_radio() } else { SipTimers::default() };
        let mut session = config.session.clone();
        session.takes_mbms = config.receives_mbms;
        let ua = UserAgent::new(UserAgentConfig { stack, profile, session }, entropy.split());
        let messenger = Messenger::new(SocketAddr::new(config.contact.ip(), MSRP_PORT), entropy.split());
        let registration = Registration::new(config.clone(), contact, entropy);
        let subscribes = config.subscribes;
        let mut agent = Self {
            config,
            ua,
            registration,
            pending: BTreeMap::new(),
            next_token: 0,
            calls: BTreeMap::new(),
            next_incoming: CallId::FIRST_INCOMING,
            subscription: None,
            subscribes,
            resubscribe_at: None,
            messenger,
            watches: BTreeMap::new(),
            leaving: false,
            forget_at: None,
            streams: BTreeMap::new(),
            outputs: VecDeque::new(),
        };
        agent.dress();
        agent
    }

    /// Something has come in.
    pub fn handle_input(&mut self, now: Instant, input: AgentInput<'_>) {
        match input {
            AgentInput::Sip { flow, bytes } => self.receive(now, flow, bytes),
            AgentInput::SipFailed { target, why } => {
                self.streams.retain(|flow, _| flow.remote != target.remote || flow.transport != target.transport);
                self.ua.handle_input(now, StackInput::Failed { target, why });
            }
            AgentInput::Authenticated(answer) => self.registration.authenticated(now, answer),
            AgentInput::Msrp(input) => self.messenger.msrp().handle_input(now, input),
            AgentInput::Command(command) => self.command(now, command),
        }
        self.settle(now);
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.ua.handle_timeout(now);
        self.registration.handle_timeout(now);
        self.messenger.msrp().handle_timeout(now);
        let due = |when: Option<Instant>| when.is_some_and(|when| when <= now);
        if due(self.resubscribe_at) {
            self.resubscribe_at = None;
            self.subscribe(now);
        }
        if due(self.forget_at) {
            self.forget_at = None;
            self.forget_subscription();
        }
        self.settle(now);
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let machines = [self.ua.poll_timeout(), self.registration.poll_timeout(), self.messenger.poll_timeout()];
        machines.into_iter().chain([self.resubscribe_at, self.forget_at]).flatten().min()
    }

    /// What is to be done.
    pub fn poll_output(&mut self) -> Option<AgentOutput> {
        self.outputs.pop_front()
    }

    /// Is it registered?
    pub const fn is_registered(&self) -> bool {
        self.registration.standing().is_some()
    }

    /// Sessions that are not over.
    pub fn calls(&self) -> Vec<CallId> {
        self.calls.keys().copied().collect()
    }

    fn receive(&mut self, now: Instant, flow: Flow, bytes: &[u8]) {
        if flow.remote.ip() != self.config.pcscf.remote.ip() {
            return self.ignore(format!("a message of {}", flow.remote), "it does not come from the P-CSCF");
        }
        if !flow.transport.is_reliable() {
            return self.ua.handle_input(now, StackInput::Received { flow, bytes });
        }
        if self.streams.len() >= MOST_STREAMS && !self.streams.contains_key(&flow) {
            self.streams.pop_first();
        }
        let framer = self.streams.entry(flow).or_insert_with(|| StreamFramer::new(Limits::default()));
        framer.push(bytes);
        let mut items = Vec::new();
        let broken = loop {
            match framer.poll() {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break None,
                Err(problem) => break Some(problem),
            }
        };
        for item in items {
            match item {
                StreamItem::Message(bytes) => {
                    self.ua.handle_input(now, StackInput::Received { flow, bytes: &bytes });
                }
                StreamItem::Ping => {
                    let bytes = StreamFramer::PONG.to_vec();
                    self.outputs.push_back(AgentOutput::Sip { target: flow.into(), bytes });
                }
                StreamItem::Pong => {}
            }
        }
        if let Some(problem) = broken {
            self.streams.remove(&flow);
            self.ignore(format!("a stream of {}", flow.remote), &problem.to_string());
        }
    }

    fn command(&mut self, now: Instant, command: AgentCommand) {
        match command {
            AgentCommand::Register => {
                self.leaving = false;
                self.registration.start();
            }
            AgentCommand::Deregister => self.leave(now),
            AgentCommand::SubscribeReg => {
                self.subscribes = true;
                self.subscribe(now);
            }
            AgentCommand::UnsubscribeReg => {
                (self.subscribes, self.resubscribe_at) = (false, None);
                if let Some(id) = self.subscription {
                    self.ua.unsubscribe(now, id);
                }
            }
            AgentCommand::Message(message) => self.message(now, message),
            command @ (AgentCommand::ListMessage { .. }
            | AgentCommand::TrackedMessage { .. }
            | AgentCommand::Chat { .. }
            | AgentCommand::AnswerChat { .. }
            | AgentCommand::ChatSend { .. }
            | AgentCommand::ChatSupply { .. }) => self.messaging(now, command),
            AgentCommand::Call { call, to, sdp, headers, parts } => {
                self.call(now, call, &to, &sdp, (&headers, &parts));
            }
            AgentCommand::Ring(call) => self.session(call, |ua, id| ua.progress(now, id, 180, None)),
            AgentCommand::Answer { call, sdp } => self.session(call, |ua, id| ua.accept(now, id, &sdp)),
            AgentCommand::Reject { call, status } => self.session(call, |ua, id| ua.reject(now, id, status)),
            AgentCommand::Hold(call) => self.session(call, |ua, id| ua.change(now, id, Change::Hold(true))),
            AgentCommand::Resume(call) => self.session(call, |ua, id| ua.change(now, id, Change::Hold(false))),
            AgentCommand::Modify { call, sdp } => {
                self.session(call, |ua, id| ua.change(now, id, Change::ReInvite(sdp)))
            }
            AgentCommand::Update { call, sdp } => self.session(call, |ua, id| ua.change(now, id, Change::Update(sdp))),
            AgentCommand::Listen { call, over_mbms } => self.listen(now, call, over_mbms),
            AgentCommand::Locate(access_network_info) => {
                self.registration.set_access(&access_network_info);
                self.config.access_network_info = access_network_info;
                self.dress();
            }
            AgentCommand::HangUp(call) => self.session(call, |ua, id| ua.hang_up(now, id)),
            AgentCommand::Publish(publication) => self.publish(now, publication),
            AgentCommand::Watch { watch, wanted } => self.watch(now, watch, &wanted),
            AgentCommand::Unwatch(watch) => self.unwatch(now, watch),
            AgentCommand::Refer { watch, wanted } => self.refer(now, watch, &wanted),
            AgentCommand::Vanish => self.vanish(now),
        }
    }

    /// TS 24.229 clause 5.1.1.6.1: dialogs end before the registration does, but that of the reg event package.
    fn leave(&mut self, now: Instant) {
        self.leaving = true;
        self.resubscribe_at = None;
        self.unwatch_all(now);
        for id in self.ua.sessions() {
            // It is there: it was just told of.
            let _ = self.ua.hang_up(now, id);
        }
    }

    fn vanish(&mut self, now: Instant) {
        self.ua.lose_all(now);
        self.settle_user_agent(now);
        self.subscription = None;
        (self.resubscribe_at, self.forget_at, self.leaving) = (None, None, false);
        for (_, pending) in std::mem::take(&mut self.pending) {
            let lost = Refusal::NotSent("the UE has lost its bearer".into());
            match pending {
                Pending::Register(_) | Pending::Notification => {}
                Pending::Message(token) => self.event(AgentEvent::MessageResult { token, result: Err(lost) }),
                Pending::Publish(token) => self.published(token, Err(lost)),
            }
        }
        self.lose_watches();
        self.streams.clear();
        self.registration.vanish();
    }

    pub(super) fn message(&mut self, now: Instant, message: OutgoingMessage) {
        let OutgoingMessage { token, to, content_type, body, headers } = message;
        let failed = |why: String| AgentEvent::MessageResult { token, result: Err(Refusal::NotSent(why)) };
        if !self.is_registered() {
            return self.event(failed("the UE is not registered".into()));
        }
        let to = match Uri::parse(&to) {
            Ok(to) => to,
            Err(problem) => return self.event(failed(problem.to_string())),
        };
        let mut request = self.ua.request(Method::MESSAGE, to);
        for (name, value) in &headers {
            // There is one of these.
            match name.as_str() {
                "Call-ID" => request.headers.set(name, value),
                _ => request.headers.append(name, value),
            }
        }
        request.set_body(&content_type, body);
        self.send(now, Pending::Message(token), request);
    }

    pub(super) fn send(&mut self, now: Instant, pending: Pending, request: Request) {
        self.next_token += 1;
        self.pending.insert(self.next_token, pending);
        self.ua.send(now, self.next_token, request);
    }

    fn settle(&mut self, now: Instant) {
        loop {
            let mut quiet = !self.settle_user_agent(now);
            self.settle_messenger();
            while let Some(output) = self.registration.poll_output() {
                quiet = false;
                self.of_registration(now, output);
            }
            if self.leaving && self.ua.sessions().is_empty() {
                self.leaving = false;
                self.registration.stop();
                quiet = false;
            }
            if quiet {
                return;
            }
        }
    }

    fn settle_user_agent(&mut self, now: Instant) -> bool {
        let mut any = false;
        while let Some(output) = self.ua.poll_output() {
            any = true;
            match output {
                UserAgentOutput::Transmit { target, bytes } => {
                    self.outputs.push_back(AgentOutput::Sip { target, bytes });
                }
                UserAgentOutput::Event(event) => self.of_user_agent(now, event),
            }
        }
        any
    }

    fn of_registration(&mut self, now: Instant, output: RegistrationOutput) {
        match output {
            RegistrationOutput::Send(number, request) => self.send(now, Pending::Register(number), request),
            RegistrationOutput::Authenticate(challenge) => {
                self.outputs.push_back(AgentOutput::Authenticate(challenge));
            }
            RegistrationOutput::Standing => {
                self.forget_at = None;
                self.dress();
                self.subscribe(now);
            }
            RegistrationOutput::Gone => {
                self.dress();
                self.resubscribe_at = None;
                // Its last NOTIFY may be on its way.
                self.forget_at = self.subscription.map(|_| now + self.ua.stack().config().timers.give_up());
                self.lose_watches();
                for call in self.calls() {
                    // What is not over yet is lost with the registration (clause 5.1.1.7).
                    self.calls.remove(&call);
                    self.messenger.ended(call);
                    self.event(AgentEvent::Ended { call, why: EndedWhy::Lost });
                }
            }
            RegistrationOutput::Event(event) => self.event(event),
        }
    }

    fn of_user_agent(&mut self, now: Instant, event: UserAgentEvent) {
        match event {
            UserAgentEvent::Response { token, result } => match self.pending.remove(&token) {
                Some(Pending::Register(number)) => self.registration.handle_result(now, number, result.as_ref()),
                Some(Pending::Message(token)) => {
                    let result = result.and_then(|response| {
                        if response.is_success() { Ok(response.status) } else { Err(Refusal::of(&response)) }
                    });
                    self.event(AgentEvent::MessageResult { token, result });
                }
                Some(Pending::Publish(token)) => self.published(token, result),
                Some(Pending::Notification) | None => {}
            },
            UserAgentEvent::Request { key, request, .. } => self.request(now, key, &request),
            UserAgentEvent::Incoming { session, invite, .. } => {
                let call = self.next_incoming;
                self.next_incoming = CallId(call.0 + 1);
                self.calls.insert(call, session);
                let event = incoming::offered(call, &invite);
                if let AgentEvent::Incoming { sdp, .. } = &event {
                    self.messenger.offered(call, sdp.as_deref());
                }
                self.event(event);
            }
            UserAgentEvent::Session(id, event) => {
                let call = self.calls.iter().find(|(_, session)| **session == id).map(|(call, _)| *call);
                if let Some(call) = call {
                    self.of_session(now, call, event);
                }
            }
            UserAgentEvent::Subscriber(id, event) if self.subscription == Some(id) => self.of_subscription(now, event),
            UserAgentEvent::Subscriber(id, event) => self.of_watch(id, event),
            UserAgentEvent::Notifier(..) => {}
            UserAgentEvent::Ignored { what, why } => self.event(AgentEvent::Ignored { what, why }),
        }
    }

    /// A request outside of dialogs.
    fn request(&mut self, now: Instant, key: ServerKey, request: &Request) {
        let status = match &request.method {
            m if *m == Method::MESSAGE && !self.is_registered() => 480,
            m if *m == Method::MESSAGE || *m == Method::OPTIONS => 200,
            m if *m == Method::SUBSCRIBE || *m == Method::PUBLISH => 489,
            _ => 405,
        };
        let mut response = Response::to(request, status, None);
        if request.method != Method::MESSAGE {
            response.headers.append("Allow", ALLOW);
        }
        self.ua.respond(now, key, response);
        if request.method == Method::MESSAGE && status == 200 {
            self.message_received(now, request);
        }
    }

    pub(super) fn ignore(&mut self, what: String, why: &str) {
        self.event(AgentEvent::Ignored { what, why: why.to_owned() });
    }

    pub(super) fn event(&mut self, event: AgentEvent) {
        self.outputs.push_back(AgentOutput::Event(event));
    }
}
