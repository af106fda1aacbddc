//! P-CSCF (TS 24.229 clause 5.2): the first box that a UE talks to, and the border of the trust domain.

mod charged;
mod config;
mod emergency;
mod originating;
mod reg_event;
mod register;
mod registration;
mod release;
mod responses;
mod routes;
mod screening;
mod sec_agree;
mod session;
mod terminating;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use protocol::sip::proxy::{Proxy, ProxyConfig, ProxyEvent, Refusal};
use protocol::sip::{
    ClientKey, Flow, Headers, NextHop, Request, Response, SendError, ServerKey, SipStack, StackConfig, StackInput,
    StackOutput, TransactionKey,
};
use protocol::{Entropy, Instant};

use crate::charging::ChargingClient;
use crate::node::{
    AccessEvent, Admin, Expiring, Node, NodeInput, NodeNote, NodeOutput, NodeStoreAnswer, NodeStoreOp,
    NodeStoreRequest, Table,
};
use crate::store::StoreToken;
pub use config::{GmSecurity, GmSecurityError, HomeNetwork, PcscfConfig};
use register::PendingRegister;
use registration::{Registration, Registrations};
use routes::Own;
pub(crate) use screening::{asserted_identity, from_ue as from_outside, to_ue as to_outside};
use sec_agree::Agreement;
use session::Sessions;

/// How long a challenge may stay unanswered (TS 24.229 clause 7.8, reg-await-auth).
const REG_AWAIT_AUTH: Duration = Duration::from_secs(240);
/// How long what belongs to a registration that is over still passes: a transaction's life (RFC 3261 clause 17.1.2.2, 64 T1).
const AFTERGLOW: Duration = Duration::from_secs(32);
/// Messages held while the registrations of the last run are read.
const MAX_HELD: usize = 10_000;

/// P-CSCF: a proxy between UEs and the core that keeps their registrations.
#[derive(Debug)]
pub struct Pcscf {
    config: PcscfConfig,
    own: Own,
    stack: SipStack,
    entropy: Entropy,
    registrations: Registrations,
    /// Agreements offered with a challenge: by private identity and address of the UE.
    offered: Expiring<(String, IpAddr), Agreement>,
    /// Registrations that were here a moment ago: the last requests inside dialogs still reach the UE (TS 24.229 clause
    /// 5.2.5.2), and the last NOTIFY of our own subscription is answered.
    forgotten: Expiring<String, Registration>,
    proxy: Proxy,
    /// Requests that were sent on.
    relayed: BTreeMap<ServerKey, Relayed>,
    /// Requests of our own.
    asked: BTreeMap<ClientKey, Asked>,
    sessions: Sessions,
    /// Offline charging.
    charging: ChargingClient,
    waiting: BTreeMap<StoreToken, AfterStore>,
    next_token: u64,
    held: Option<Vec<(Flow, Vec<u8>)>>,
    outputs: VecDeque<NodeOutput>,
}

/// A request that was sent on.
#[derive(Debug)]
struct Relayed {
    /// As it was sent, without our Via.
    request: Request,
    /// What is remembered of it.
    purpose: Purpose,
    /// Its sender has cancelled it.
    cancelled: bool,
}

/// What is remembered of a request that was sent on.
#[derive(Clone, Debug)]
enum Purpose {
    /// A REGISTER of a UE.
    Register(Box<PendingRegister>),
    /// Another request of a UE.
    FromUe {
        /// Its registration.
        token: String,
    },
    /// A request for a UE.
    ToUe {
        /// Its registration.
        token: String,
        /// P-Called-Party-ID: who the UE was called as.
        called: Option<String>,
        /// What the request said of charging.
        charging: Headers,
        /// The second way to the UE is being tried.
        retried: bool,
    },
}

/// A request of our own.
#[derive(Debug)]
enum Asked {
    /// SUBSCRIBE to the reg event of a registration.
    Subscribe(String),
    /// BYE on behalf of a UE.
    Bye,
}

/// What waits for the store.
#[derive(Debug)]
enum AfterStore {
    /// The first look at what is there.
    Load,
    /// A 200 to a REGISTER.
    Answer(ServerKey, Box<Response>, Option<String>),
    /// Nothing.
    Nothing,
}

impl Pcscf {
    /// A P-CSCF that draws tokens, tags and branches from `entropy`. It asks the store for what it knew before.
    #[must_use]
    pub fn new(config: PcscfConfig, mut entropy: Entropy) -> Self {
        let stack = SipStack::new(
            StackConfig {
                hosts: config.hosts.clone(),
                timers: config.timers,
                ..StackConfig::proxy(config.gm.iter().chain(&config.mw).copied().collect(), config.name.clone())
            },
            entropy.split(),
        );
        let mut node = Self {
            own: Own::new(&config),
            config,
            stack,
            entropy,
            registrations: Registrations::default(),
            offered: Expiring::default(),
            forgotten: Expiring::default(),
            proxy: Proxy::new(ProxyConfig { understands: vec!["path".to_owned()], ..ProxyConfig::default() }),
            relayed: BTreeMap::new(),
            asked: BTreeMap::new(),
            sessions: Sessions::default(),
            charging: ChargingClient::off(),
            waiting: BTreeMap::new(),
            next_token: 0,
            held: Some(Vec::new()),
            outputs: VecDeque::new(),
        };
        node.store(vec![NodeStoreOp::Scan { table: Table::PcscfRegistration }], AfterStore::Load);
        node
    }

    fn receive(&mut self, now: Instant, flow: Flow, bytes: &[u8]) {
        if let Some(held) = &mut self.held {
            if held.len() < MAX_HELD {
                held.push((flow, bytes.to_vec()));
            }
            return;
        }
        // RFC 4896 clause 4: every SigComp message starts with five ones, no SIP message does.
        if bytes.first().is_some_and(|first| first & 0xf8 == 0xf8) {
            return self.ignored("SIP", "a compressed message (SigComp is not supported)");
        }
        self.stack.handle_input(now, StackInput::Received { flow, bytes });
    }

    fn on_event(&mut self, now: Instant, event: ProxyEvent) {
        match event {
            ProxyEvent::Upstream { key, cause, response, .. } => self.on_upstream(now, key, cause, response),
            ProxyEvent::Cancelled { key, .. } => {
                if let Some(relayed) = self.relayed.get_mut(&key) {
                    relayed.cancelled = true;
                }
            }
            ProxyEvent::Trying { .. } => {}
            ProxyEvent::Other(output) => self.on_other(now, output),
        }
    }

    /// What the stack says of requests that were not sent on.
    fn on_other(&mut self, now: Instant, output: StackOutput) {
        match output {
            StackOutput::Request { key, request, flow } => self.on_request(now, key, request, flow),
            StackOutput::Cancel { key, .. } => self.reply(now, key, &Refusal::new(487)),
            StackOutput::Response { key, response } => {
                if !response.is_provisional() {
                    self.on_answer(now, key, Ok(&response));
                }
            }
            StackOutput::Timeout { key } => self.on_answer(now, key, Err("no answer in time")),
            StackOutput::TransportFailed { key, why } => self.on_answer(now, key, Err(&why)),
            StackOutput::AckMissing { status, .. } => self.ignored("INVITE", format!("no ACK came for {status}")),
            StackOutput::Terminated { key: TransactionKey::Server(key) } => {
                self.charging.over(key);
                self.relayed.remove(&key);
            }
            StackOutput::Ignored { what, why } => self.ignored(why, what),
            StackOutput::Terminated { .. } | StackOutput::Transmit { .. } => {}
        }
    }

    /// What came of a request of our own.
    fn on_answer(&mut self, now: Instant, key: ClientKey, answer: Result<&Response, &str>) {
        match self.asked.remove(&key) {
            Some(Asked::Subscribe(token)) => self.on_subscribed(now, &token, answer),
            Some(Asked::Bye) => {
                if let Err(why) = answer {
                    self.ignored("BYE on behalf of a UE", why);
                }
            }
            None => self.ignored("no request under way", "an answer"),
        }
    }

    fn on_request(&mut self, now: Instant, key: Option<ServerKey>, request: Request, flow: Flow) {
        if self.is_trusted(flow) {
            self.on_core_request(now, key, request);
        } else if self.own.is_core_side(flow.local) {
            self.turn_away(now, key, &Refusal::new(403).because("Not from a trusted domain"));
        } else if let Some(key) = key.filter(|_| request.method.as_str() == "REGISTER") {
            self.on_register(now, key, request, flow);
        } else {
            self.on_ue_request(now, key, request, flow);
        }
    }

    /// Sends a request on and remembers it.
    fn forward(
        &mut self,
        now: Instant,
        key: ServerKey,
        request: Request,
        next_hop: Option<NextHop>,
        purpose: Purpose,
    ) -> Result<(), SendError> {
        self.proxy.forward(now, &mut self.stack, key, request.clone(), next_hop)?;
        self.charge(now, key, &request, &purpose);
        self.relayed.insert(key, Relayed { request, purpose, cancelled: false });
        Ok(())
    }

    /// Sends an ACK on.
    fn forward_ack(&mut self, request: Request, next_hop: Option<NextHop>) {
        if let Err(error) = self.proxy.forward_ack(&mut self.stack, request, next_hop) {
            self.ignored(error.to_string(), "ACK");
        }
    }

    fn is_trusted(&self, flow: Flow) -> bool {
        let trusted = &self.config.trusted;
        (trusted.is_empty() && self.own.is_core_side(flow.local)) || trusted.iter().any(|peer| peer.is(flow.remote))
    }

    fn respond(&mut self, now: Instant, key: ServerKey, response: Response) {
        self.charging.answered(now, key, &response);
        if let Err(error) = self.proxy.respond(now, &mut self.stack, key, response) {
            self.ignored(error.to_string(), "a response");
        }
    }

    /// Answers with a status and headers, mostly a refusal.
    fn reply(&mut self, now: Instant, key: ServerKey, refusal: &Refusal) {
        if let Some(mut response) = self.stack.prepare(key, refusal.status, refusal.reason.as_deref()) {
            for (name, value) in &refusal.headers {
                response.headers.append(name, value);
            }
            self.respond(now, key, response);
        }
    }

    /// Refuses a request; an ACK is dropped.
    fn turn_away(&mut self, now: Instant, key: Option<ServerKey>, refusal: &Refusal) {
        match key {
            Some(key) => self.reply(now, key, refusal),
            None => self.ignored(refusal.reason.as_deref().unwrap_or("refused"), "ACK"),
        }
    }

    fn store(&mut self, ops: Vec<NodeStoreOp>, then: AfterStore) {
        self.next_token += 1;
        let token = StoreToken(self.next_token);
        self.waiting.insert(token, then);
        self.outputs.push_back(NodeOutput::Store(NodeStoreRequest { token, ops }));
    }

    /// The operation that makes a registration durable.
    fn put_op(registration: &Registration) -> Option<NodeStoreOp> {
        let value = serde_json::to_vec(registration).ok()?;
        Some(NodeStoreOp::Put { table: Table::PcscfRegistration, key: registration.token.clone(), value })
    }

    fn delete_op(token: &str) -> NodeStoreOp {
        NodeStoreOp::Delete { table: Table::PcscfRegistration, key: token.to_owned() }
    }

    fn on_store(&mut self, now: Instant, answer: NodeStoreAnswer) {
        let Some(then) = self.waiting.remove(&answer.token) else {
            return self.ignored("nothing asked", "an answer of the store");
        };
        match (then, answer.result) {
            (AfterStore::Load, Ok(tables)) => self.load(now, tables.into_iter().flatten()),
            (AfterStore::Load, Err(error)) => {
                self.said(format!("registrations of the last run are lost: {error}"));
                self.load(now, std::iter::empty());
            }
            (AfterStore::Answer(key, response, new), Ok(_)) => {
                self.respond(now, key, *response);
                if let Some(token) = new {
                    self.subscribe(now, &token);
                }
            }
            (AfterStore::Answer(key, _, new), Err(error)) => {
                self.said(format!("a registration could not be stored: {error}"));
                if let Some(token) = new {
                    self.sessions.remove_of(&token);
                    self.registrations.remove(&token);
                }
                self.reply(now, key, &Refusal::new(500).because("Registration could not be stored"));
            }
            (AfterStore::Nothing, Ok(_)) => {}
            (AfterStore::Nothing, Err(error)) => self.said(format!("a change could not be stored: {error}")),
        }
    }

    fn load(&mut self, now: Instant, rows: impl Iterator<Item = (String, Vec<u8>)>) {
        let mut stale = Vec::new();
        for (key, value) in rows {
            match serde_json::from_slice::<Registration>(&value) {
                Ok(registration) if registration.expires_utc_ms > self.utc_ms(now) => {
                    self.registrations.put(registration)
                }
                _ => stale.push(Self::delete_op(&key)),
            }
        }
        if !stale.is_empty() {
            self.store(stale, AfterStore::Nothing);
        }
        for (flow, bytes) in self.held.take().unwrap_or_default() {
            self.receive(now, flow, &bytes);
        }
    }

    /// Registrations, agreements and sessions whose time is over, and INVITEs that nobody answers.
    fn expire(&mut self, now: Instant) {
        let utc = self.utc_ms(now);
        for mut registration in self.registrations.due(utc) {
            if registration.expires_utc_ms <= utc {
                self.said(format!("registration of {} has expired", registration.aor));
                self.forget(now, &registration.token);
                continue;
            }
            let token = registration.token.clone();
            if let Some(subscription) = &mut registration.subscription {
                subscription.refresh_utc_ms = u64::MAX;
            }
            self.registrations.put(registration);
            self.subscribe(now, &token);
        }
        self.forgotten.expire(now);
        self.offered.expire(now);
        for key in self.sessions.take_ended(now) {
            self.said(format!("session {} was not refreshed in time", key.call_id));
        }
    }

    /// Removes a registration, in memory and in the store.
    fn forget(&mut self, now: Instant, token: &str) {
        if self.drop_registration(now, token) {
            self.store(vec![Self::delete_op(token)], AfterStore::Nothing);
        }
    }

    /// Removes a registration in memory; false if there is none.
    fn drop_registration(&mut self, now: Instant, token: &str) -> bool {
        self.sessions.remove_of(token);
        let Some(registration) = self.registrations.remove(token) else { return false };
        self.forgotten.insert(token.to_owned(), registration, now + AFTERGLOW);
        true
    }

    fn utc_ms(&self, now: Instant) -> u64 {
        self.config.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    /// The instant of a UTC time.
    fn instant(&self, utc_ms: u64) -> Instant {
        Instant::from_millis(utc_ms.saturating_sub(self.config.utc_ms_at_zero))
    }

    fn ignored(&mut self, state: impl Into<String>, event: impl Into<String>) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Ignored { state: state.into(), event: event.into() }));
    }

    fn said(&mut self, text: impl Into<String>) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    fn drain(&mut self, now: Instant) {
        loop {
            while let Some(output) = self.stack.poll_output() {
                match output {
                    StackOutput::Transmit { target, bytes } => self.transmit(target, bytes),
                    other => self.proxy.handle(now, &mut self.stack, other),
                }
            }
            match self.proxy.poll_event() {
                Some(event) => self.on_event(now, event),
                None => return self.pass_charging(),
            }
        }
    }
}

impl Node for Pcscf {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sip { flow, bytes } => self.receive(now, flow, bytes),
            NodeInput::SipFailed { target, why } => self.stack.handle_input(now, StackInput::Failed { target, why }),
            NodeInput::Store(answer) => {
                if let Some(answer) = self.charging.stored(now, answer) {
                    self.on_store(now, answer);
                }
            }
            NodeInput::Access(AccessEvent::BearerLost { ue }) => self.bearer_lost(now, ue),
            NodeInput::Diameter(input) => {
                if self.charging.diameter(now, input).is_some() {
                    self.ignored("P-CSCF", "Diameter: a P-CSCF has no Cx");
                }
            }
            NodeInput::Http { .. }
            | NodeInput::HttpResponse { .. }
            | NodeInput::Stream(_)
            | NodeInput::Datagram { .. }
            | NodeInput::Sccp { .. } => {
                self.ignored("P-CSCF", "HTTP or media: signalling only comes here");
            }
            NodeInput::Admin(Admin::Shutdown) => {}
            NodeInput::Admin(other) => self.ignored("P-CSCF", format!("{other:?}: ask the HSS or the S-CSCF")),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.stack.handle_timeout(now);
        self.proxy.handle_timeout(now, &mut self.stack);
        self.drain(now);
        self.expire(now);
        self.charging.handle_timeout(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        [
            self.stack.poll_timeout(),
            self.registrations.first_due().map(|due| self.instant(due)),
            self.offered.first_end(),
            self.forgotten.first_end(),
            self.sessions.first_end(),
            self.proxy.poll_timeout(),
            self.charging.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.outputs.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("registrations", self.registrations.len() as u64),
            ("sessions", self.sessions.len() as u64),
            ("requests_under_way", self.proxy.len() as u64),
        ]
    }
}
