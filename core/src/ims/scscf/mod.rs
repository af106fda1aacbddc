//! S-CSCF (TS 24.229 clause 5.4, TS 23.228): registrar, notifier of registrations, and the proxy that asks application
//! servers.

mod application_servers;
mod caller_preferences;
mod challenge;
mod charged;
mod config;
mod cx;
mod delivery;
mod isc;
mod reg_document;
mod reg_event;
mod register;
mod registrar;
mod registration;
mod session;
#[cfg(test)]
mod tests;
mod third_party;

use std::collections::{BTreeMap, VecDeque};

use protocol::diameter::{DiameterEndpoint, DiameterInput, DiameterOutput, DisconnectCause, RequestHandle};
use protocol::sip::proxy::{Proxy, ProxyConfig, ProxyEvent, Refusal};
use protocol::sip::{
    ClientKey, Flow, Request, Response, ServerKey, SipStack, SipUri, StackConfig, StackInput, StackOutput,
    TransactionKey,
};
use protocol::{Due, Entropy, Instant};

use crate::charging::ChargingClient;
use crate::ims::FilterEvaluator;
use crate::node::{
    Admin, Node, NodeInput, NodeNote, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Table,
};
use crate::store::StoreToken;
pub(crate) use caller_preferences::choose as choose_contacts;
use challenge::Challenges;
use charged::Leg;
pub use config::ScscfConfig;
use cx::CxJob;
use delivery::Call;
use isc::OriginalDialogs;
use reg_event::{Notify, RegSubscription, Subscribed, Subscriptions};
use registrar::{ImplicitSet, Registrar};
use registration::Registered;

/// An S-CSCF.
#[derive(Debug)]
pub struct Scscf {
    config: ScscfConfig,
    own: SipUri,
    stack: SipStack,
    proxy: Proxy,
    diameter: DiameterEndpoint,
    entropy: Entropy,
    registrar: Registrar,
    challenges: Challenges,
    evaluator: FilterEvaluator,
    subscriptions: Subscriptions,
    /// Offline charging.
    charging: ChargingClient,
    /// What initial requests under way said of charging.
    legs: BTreeMap<ServerKey, Leg>,
    dialogs: OriginalDialogs,
    calls: BTreeMap<ServerKey, Call>,
    /// When application servers have been silent for too long.
    silences: Due<Instant, ServerKey>,
    clients: BTreeMap<ClientKey, ClientUse>,
    cx_jobs: BTreeMap<u64, CxJob>,
    store_jobs: BTreeMap<StoreToken, StoreJob>,
    next_token: u64,
    /// Requests that came before the store had told what there was.
    held: Option<Vec<(ServerKey, Request)>>,
    closing: bool,
    outputs: VecDeque<NodeOutput>,
}

/// What an S-CSCF has, for metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ScscfCounters {
    /// Implicit registration sets with a contact.
    pub registered_sets: usize,
    /// Contacts.
    pub contacts: usize,
    /// Subscriptions to the reg event package.
    pub subscriptions: usize,
    /// Requests that are being passed on.
    pub calls: usize,
}

/// Requests of the S-CSCF's own.
#[derive(Debug)]
enum ClientUse {
    /// NOTIFY of a subscription.
    Notify { subscription: String },
    /// Third-party REGISTER; the set is de-registered when it fails and must not.
    ThirdParty { set: String, server: String, terminates: bool },
}

/// What waits until data are durable.
#[derive(Debug)]
enum StoreJob {
    /// Data at the start.
    Restore,
    /// The answer to a REGISTER, and what follows from it.
    Registered(Box<Registered>),
    /// The answer to a SUBSCRIBE, and its NOTIFY.
    Subscribed(Box<Subscribed>),
    /// NOTIFYs.
    Notify(Vec<Notify>),
    /// An answer to the HSS.
    Answer { handle: RequestHandle, message: protocol::diameter::Message },
    /// Nothing.
    Nothing,
}

impl Node for Scscf {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sip { flow, bytes } => self.stack.handle_input(now, StackInput::Received { flow, bytes }),
            NodeInput::SipFailed { target, why } => self.stack.handle_input(now, StackInput::Failed { target, why }),
            NodeInput::Diameter(input) => self.handle_diameter(now, input),
            NodeInput::Store(answer) => self.handle_stored(now, answer),
            NodeInput::Http { .. }
            | NodeInput::HttpResponse { .. }
            | NodeInput::Stream(_)
            | NodeInput::Datagram { .. }
            | NodeInput::Sccp { .. } => {
                self.ignore("S-CSCF", "HTTP or media: signalling only comes here");
            }
            NodeInput::Admin(admin) => self.handle_admin(now, admin),
            NodeInput::Access(event) => self.ignore("S-CSCF", &format!("{event:?}")),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.stack.handle_timeout(now);
        self.proxy.handle_timeout(now, &mut self.stack);
        if self.diameter.poll_timeout().is_some_and(|t| t <= now) {
            self.diameter.handle_timeout(now);
        }
        self.expire_challenges(now);
        self.expire_contacts(now);
        self.expire_subscriptions(now);
        self.expire_servers(now);
        self.dialogs.expire(now);
        self.charging.handle_timeout(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let utc = [self.registrar.next_expiry(), self.subscriptions.next_expiry()];
        let utc = utc.into_iter().flatten().map(|ms| self.instant_of(ms));
        let own = [
            self.stack.poll_timeout(),
            self.proxy.poll_timeout(),
            self.diameter.poll_timeout(),
            self.challenges.next_deadline(),
            self.silences.first(),
            self.dialogs.next_deadline(),
            self.charging.poll_timeout(),
        ];
        own.into_iter().flatten().chain(utc).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.outputs.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let ScscfCounters { registered_sets, contacts, subscriptions, calls } = self.counters();
        [("registrations", registered_sets), ("contacts", contacts), ("subscriptions", subscriptions), ("calls", calls)]
            .map(|(name, count)| (name, count as u64))
            .to_vec()
    }
}

impl Scscf {
    /// An S-CSCF that first asks the store what it had. The URI of the configuration must be a SIP URI.
    pub fn new(config: ScscfConfig, mut entropy: Entropy) -> Result<Self, String> {
        let (own, stack) = StackConfig::proxy_at(&config.uri, &config.local, &config.hosts, config.timers)
            .map_err(|why| format!("S-CSCF: {why}"))?;
        let mut scscf = Self {
            stack: SipStack::new(stack, entropy.split()),
            proxy: Proxy::new(ProxyConfig::default()),
            diameter: DiameterEndpoint::new(config.diameter.clone(), entropy.split()),
            config,
            own,
            entropy,
            registrar: Registrar::default(),
            challenges: Challenges::default(),
            evaluator: FilterEvaluator::default(),
            subscriptions: Subscriptions::default(),
            charging: ChargingClient::off(),
            legs: BTreeMap::new(),
            dialogs: OriginalDialogs::default(),
            calls: BTreeMap::new(),
            silences: Due::default(),
            clients: BTreeMap::new(),
            cx_jobs: BTreeMap::new(),
            store_jobs: BTreeMap::new(),
            next_token: 0,
            held: Some(Vec::new()),
            closing: false,
            outputs: VecDeque::new(),
        };
        let scans = [Table::ScscfRegistration, Table::Subscription].map(|table| NodeStoreOp::Scan { table });
        scscf.store(scans.to_vec(), StoreJob::Restore);
        Ok(scscf)
    }

    /// What it has.
    pub fn counters(&self) -> ScscfCounters {
        let (registered_sets, contacts) = self.registrar.counts();
        ScscfCounters { registered_sets, contacts, subscriptions: self.subscriptions.len(), calls: self.calls.len() }
    }

    fn drain(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.stack.poll_output() {
                match output {
                    StackOutput::Transmit { target, bytes } => self.transmit(target, bytes),
                    output => self.proxy.handle(now, &mut self.stack, output),
                }
            } else if let Some(event) = self.proxy.poll_event() {
                self.handle_proxy(now, event);
            } else if let Some(output) = self.diameter.poll_output() {
                self.handle_diameter_output(now, output);
            } else {
                return self.pass_charging();
            }
        }
    }

    fn handle_proxy(&mut self, now: Instant, event: ProxyEvent) {
        match event {
            ProxyEvent::Upstream { key, client, response, .. } => self.handle_upstream(now, key, client, response),
            ProxyEvent::Trying { key, client } => self.is_working(key, client),
            // The branches answer 487, which goes up.
            ProxyEvent::Cancelled { key, .. } => self.give_up(key),
            ProxyEvent::Other(output) => self.handle_stack(now, output),
        }
    }

    fn handle_stack(&mut self, now: Instant, output: StackOutput) {
        match output {
            StackOutput::Request { key: Some(key), flow, .. } if !self.trusts(flow) => {
                self.refuse(now, key, &Refusal::new(403).because("Not from a trusted domain"));
            }
            StackOutput::Request { key: Some(key), request, .. } => match &mut self.held {
                Some(held) => held.push((key, request)),
                None => self.handle_request(now, key, request),
            },
            StackOutput::Request { key: None, request, .. } => self.forward_ack(request),
            StackOutput::Cancel { key, .. } => {
                self.give_up(key);
                self.refuse(now, key, &Refusal::new(487));
            }
            StackOutput::Response { key, response } => self.handle_own_response(now, key, response.status),
            StackOutput::Timeout { key } => self.handle_own_response(now, key, 408),
            StackOutput::TransportFailed { key, why } => {
                if self.clients.contains_key(&key) {
                    self.say(format!("own request not sent: {why}"));
                }
                self.handle_own_response(now, key, 503);
            }
            StackOutput::Terminated { key: TransactionKey::Server(key) } => {
                self.calls.remove(&key);
                self.legs.remove(&key);
                self.charging.over(key);
            }
            StackOutput::Terminated { key: TransactionKey::Client(key) } => {
                self.clients.remove(&key);
            }
            StackOutput::AckMissing { .. } => {}
            StackOutput::Ignored { what, why } => self.ignore(&why, &what),
            StackOutput::Transmit { target, bytes } => self.transmit(target, bytes),
        }
    }

    /// The answer to a NOTIFY or a third-party REGISTER.
    fn handle_own_response(&mut self, now: Instant, key: ClientKey, status: u16) {
        if status < 200 {
            return;
        }
        match self.clients.remove(&key) {
            Some(ClientUse::Notify { subscription }) => self.notified(&subscription, status),
            Some(ClientUse::ThirdParty { set, server, terminates }) => {
                self.third_party_answered(now, &set, &server, terminates, status);
            }
            None => {}
        }
    }

    fn handle_diameter(&mut self, now: Instant, input: DiameterInput<'_>) {
        if let Some(input) = self.charging.diameter(now, input) {
            self.diameter.handle_input(now, input);
        }
    }

    fn handle_diameter_output(&mut self, now: Instant, output: DiameterOutput) {
        match output {
            DiameterOutput::Transport(transport) => self.outputs.push_back(NodeOutput::Diameter(transport)),
            DiameterOutput::Request { handle, message } => self.handle_cx_request(now, handle, &message),
            DiameterOutput::Answer { token, result } => self.handle_cx_answer(now, token, result),
            DiameterOutput::PeerUp { host } => self.say(format!("Diameter peer {host} is up")),
            DiameterOutput::PeerDown { host } => self.say(format!("Diameter peer {host} is down")),
            DiameterOutput::Ignored { state, event } => self.ignore(&state, &event),
        }
    }

    fn handle_stored(&mut self, now: Instant, answer: NodeStoreAnswer) {
        let Some(answer) = self.charging.stored(now, answer) else { return };
        let Some(job) = self.store_jobs.remove(&answer.token) else {
            return self.ignore("no such request", "answer of the store");
        };
        let rows = match answer.result {
            Ok(rows) => rows,
            Err(error) => {
                self.say(format!("S-CSCF: {error}"));
                return self.not_stored(now, job);
            }
        };
        match job {
            StoreJob::Restore => self.restore(now, rows),
            StoreJob::Registered(registered) => self.registered(now, *registered),
            StoreJob::Subscribed(subscribed) => self.subscribed(now, *subscribed),
            StoreJob::Notify(notifies) => notifies.into_iter().for_each(|n| self.send_notify(now, n)),
            StoreJob::Answer { handle, message } => self.diameter.send_answer(now, handle, message),
            StoreJob::Nothing => {}
        }
    }

    /// Nothing that could not be kept is acknowledged.
    fn not_stored(&mut self, now: Instant, job: StoreJob) {
        match job {
            StoreJob::Registered(registered) => {
                self.refuse(now, registered.key, &Refusal::new(500).because("The registration could not be stored"));
            }
            StoreJob::Subscribed(subscribed) => self.not_subscribed(now, *subscribed),
            StoreJob::Restore => {
                self.say(
                    "S-CSCF: what was registered before is not known: look at the store and start again".to_owned(),
                );
                for (key, _) in self.held.take().unwrap_or_default() {
                    self.refuse(now, key, &Refusal::new(500).because("The store cannot be read"));
                }
            }
            // Numbers that are not stored are not used.
            StoreJob::Notify(_) | StoreJob::Answer { .. } | StoreJob::Nothing => {}
        }
    }

    fn restore(&mut self, now: Instant, rows: Vec<crate::node::Rows>) {
        let mut rows = rows.into_iter();
        for (key, value) in rows.next().unwrap_or_default() {
            match ImplicitSet::from_json(&value) {
                Ok(set) => {
                    self.registrar.put(set);
                }
                Err(why) => self.say(format!("stored registration {key} is unreadable: {why}")),
            }
        }
        for (key, value) in rows.next().unwrap_or_default() {
            match RegSubscription::from_json(&value) {
                Ok(subscription) => self.subscriptions.insert(subscription),
                Err(why) => self.say(format!("stored subscription {key} is unreadable: {why}")),
            }
        }
        for (key, request) in self.held.take().unwrap_or_default() {
            self.handle_request(now, key, request);
        }
    }

    fn handle_admin(&mut self, now: Instant, admin: Admin) {
        match admin {
            Admin::Reauthenticate { impi, within } => self.shorten(now, &impi, within),
            Admin::Shutdown => {
                self.closing = true;
                self.diameter.disconnect(now, DisconnectCause::Rebooting);
            }
            Admin::Deregister { .. } => self.ignore("S-CSCF: the HSS takes registrations away", "Deregister"),
            Admin::PutSubscriber(_) | Admin::RemoveSubscriber { .. } => {
                self.ignore("S-CSCF: the HSS has the subscribers", "a change of subscribers");
            }
            Admin::ServingNode(_) => self.ignore("S-CSCF", "an order for an MSC or SGSN"),
        }
    }

    fn store(&mut self, ops: Vec<NodeStoreOp>, job: StoreJob) {
        self.next_token += 1;
        let token = StoreToken(self.next_token);
        self.store_jobs.insert(token, job);
        self.outputs.push_back(NodeOutput::Store(NodeStoreRequest { token, ops }));
    }

    /// Answers a request here; a failed answer means that its transaction is over.
    fn respond(&mut self, now: Instant, key: ServerKey, response: Response) {
        self.charging.answered(now, key, &response);
        if self.stack.respond(now, key, response).is_err() {
            self.ignore("the transaction is over", "own response");
        }
    }

    fn refuse(&mut self, now: Instant, key: ServerKey, refusal: &Refusal) {
        if let Some(response) = self.stack.prepare(key, refusal.status, refusal.reason.as_deref()) {
            self.charging.answered(now, key, &response);
        }
        if refusal.send(now, &mut self.stack, key).is_err() {
            self.ignore("the transaction is over", "own response");
        }
    }

    fn trusts(&self, flow: Flow) -> bool {
        self.config.trusted.is_empty() || self.config.trusted.iter().any(|peer| peer.is(flow.remote))
    }

    fn is_own(&self, uri: &SipUri) -> bool {
        let (host, port) = uri.host_port();
        let (own_host, own_port) = self.own.host_port();
        let named = host.eq_ignore_ascii_case(own_host);
        let address = uri.host_address();
        port == own_port && named
            || address.is_some_and(|ip| self.config.local.iter().any(|(_, a)| a.ip() == ip && a.port() == port))
    }

    fn utc_ms(&self, now: Instant) -> u64 {
        self.config.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    /// When UTC will be `ms`.
    fn instant_of(&self, ms: u64) -> Instant {
        Instant::from_nanos(ms.saturating_sub(self.config.utc_ms_at_zero).saturating_mul(1_000_000))
    }

    fn say(&mut self, text: String) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said(text)));
    }

    fn ignore(&mut self, state: &str, event: &str) {
        let note = NodeNote::Ignored { state: state.to_owned(), event: event.to_owned() };
        self.outputs.push_back(NodeOutput::Note(note));
    }
}
