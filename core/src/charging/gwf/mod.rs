//! IMS gateway function (TS 32.260 clauses 4.3.2 and 5.3): the application server on ISC that asks the OCS before the S-CSCF
//! lets a prepaid user call or send.
//!
//! A call is granted seconds, and ends when there are none any more; a message is paid for before it goes. What was granted is
//! durable before it is used: after a kill, calls that were under way are ended and settled, and messages whose outcome is not
//! known are given back. The criteria of the users should name this server with default handling "terminated": where it does
//! not answer, nobody has asked the OCS.

mod again;
mod call;
mod config;
mod credit;
mod message;
mod row;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use protocol::diameter::dictionary::APP_RO;
use protocol::diameter::ro::FailureHandling;
use protocol::diameter::{DiameterEndpoint, DiameterInput, DiameterOutput, DisconnectCause};
use protocol::sip::b2bua::Bridge;
use protocol::sip::proxy::{Proxy, ProxyConfig, ProxyEvent, Refusal, pop_own_route};
use protocol::sip::{
    ClientKey, Method, Request, Response, ServerKey, SipStack, SipUri, StackConfig, StackInput, StackOutput, Target,
};
use protocol::{Entropy, Instant};

use super::ChargingClient;
use crate::node::{
    Admin, Expiring, Node, NodeInput, NodeNote, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Table,
};
use crate::store::StoreToken;
pub use config::{GwfConfig, MessageCharging};
use row::Row;

/// What waits for the store.
#[derive(Debug)]
enum Waiting {
    Load,
    /// The pending request of a row.
    Send(String),
    /// A call that may begin, a message that may go.
    Proceed(String),
    /// The outcome of a message that may be told.
    Tell(ServerKey, Box<Response>),
    Nothing,
}

/// What of a row is not durable.
#[derive(Debug, Default)]
struct Live {
    /// The request of the user, while it has no outcome.
    asking: Option<(ServerKey, Request)>,
    bridge: Option<Bridge>,
}

/// An IMS gateway function.
#[derive(Debug)]
pub struct ImsGwf {
    config: GwfConfig,
    own: SipUri,
    stack: SipStack,
    proxy: Proxy,
    endpoint: DiameterEndpoint,
    charging: ChargingClient,
    entropy: Entropy,
    rows: BTreeMap<String, Row>,
    live: BTreeMap<String, Live>,
    /// Calls by the Call-IDs of both sides, messages by our transaction.
    by_call_id: BTreeMap<String, String>,
    sent: BTreeMap<ClientKey, String>,
    /// Calls and messages by what names them; messages that have arrived a moment ago.
    under_way: BTreeMap<String, String>,
    arrived: Expiring<String, ()>,
    /// Calls that are over, whose last transactions may not be.
    fading: VecDeque<(Instant, String)>,
    /// When something has to happen to a row.
    due: BTreeSet<(u64, String)>,
    due_at: BTreeMap<String, u64>,
    /// Requests on Ro by token, and rows that wait for another try.
    asked: BTreeMap<u64, String>,
    retries: BTreeSet<String>,
    retry_at: Option<Instant>,
    failure_handling: FailureHandling,
    held: Option<Vec<(ServerKey, Request)>>,
    waiting: BTreeMap<StoreToken, Waiting>,
    next: u64,
    refused: u64,
    cut_off: u64,
    outputs: VecDeque<NodeOutput>,
}

/// Requests that are held while the store is read.
const MAX_HELD: usize = 10_000;

impl ImsGwf {
    /// A gateway function that first reads what it had; `charging` is its side of Rf. The URI must be a SIP URI.
    pub fn new(mut config: GwfConfig, charging: ChargingClient, mut entropy: Entropy) -> Result<Self, String> {
        let (own, stack) = StackConfig::proxy_at(&config.uri, &config.local, &config.hosts, config.timers)
            .map_err(|why| format!("IMS-GWF: {why}"))?;
        config.diameter.applications = vec![APP_RO];
        let mut gwf = Self {
            stack: SipStack::new(stack, entropy.split()),
            proxy: Proxy::new(ProxyConfig::default()),
            endpoint: DiameterEndpoint::new(config.diameter.clone(), entropy.split()),
            charging,
            entropy,
            own,
            rows: BTreeMap::new(),
            live: BTreeMap::new(),
            by_call_id: BTreeMap::new(),
            sent: BTreeMap::new(),
            under_way: BTreeMap::new(),
            arrived: Expiring::default(),
            fading: VecDeque::new(),
            due: BTreeSet::new(),
            due_at: BTreeMap::new(),
            asked: BTreeMap::new(),
            retries: BTreeSet::new(),
            retry_at: None,
            failure_handling: config.failure_handling,
            held: Some(Vec::new()),
            waiting: BTreeMap::new(),
            next: 0,
            refused: 0,
            cut_off: 0,
            outputs: VecDeque::new(),
            config,
        };
        gwf.pass_charging();
        gwf.store(vec![NodeStoreOp::Scan { table: Table::GwfCall }], Waiting::Load);
        Ok(gwf)
    }

    fn drain(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.stack.poll_output() {
                match output {
                    StackOutput::Transmit { target, bytes } => self.transmit(target, bytes),
                    output => {
                        if !self.offer(now, &output) {
                            self.proxy.handle(now, &mut self.stack, output);
                        }
                    }
                }
            } else if let Some(event) = self.proxy.poll_event() {
                match event {
                    ProxyEvent::Upstream { key, response, .. } => {
                        // A transaction that is over needs no answer.
                        let _over = self.proxy.respond(now, &mut self.stack, key, response);
                    }
                    ProxyEvent::Cancelled { .. } | ProxyEvent::Trying { .. } => {}
                    ProxyEvent::Other(output) => self.handle_stack(now, output),
                }
            } else if let Some(output) = self.endpoint.poll_output() {
                self.handle_ro(now, output);
            } else {
                return self.pass_charging();
            }
        }
    }

    /// A message leaves when the records that it follows from are durable.
    fn transmit(&mut self, target: Target, bytes: Vec<u8>) {
        self.outputs.extend(self.charging.pass(NodeOutput::Sip { target, bytes }));
    }

    fn pass_charging(&mut self) {
        while let Some(output) = self.charging.poll_output() {
            self.outputs.push_back(output);
        }
    }

    fn handle_ro(&mut self, now: Instant, output: DiameterOutput) {
        match output {
            DiameterOutput::Transport(transport) => self.outputs.push_back(NodeOutput::Diameter(transport)),
            DiameterOutput::Answer { token, result } => self.credit_answered(now, token, result),
            DiameterOutput::PeerUp { host } => {
                self.say(format!("Diameter peer {host} is up"));
                self.retry(now);
            }
            DiameterOutput::PeerDown { host } => self.say(format!("Diameter peer {host} is down")),
            DiameterOutput::Request { message, .. } => self.say(format!("{} at a gateway function", message.name())),
            DiameterOutput::Ignored { state, event } => {
                self.outputs.push_back(NodeOutput::Note(NodeNote::Ignored { state, event }));
            }
        }
    }

    fn handle_stack(&mut self, now: Instant, output: StackOutput) {
        match output {
            StackOutput::Request { key: Some(key), flow, .. } if !self.trusts(flow.remote) => {
                self.refuse(now, key, &Refusal::new(403).because("Not from a trusted domain"));
            }
            StackOutput::Request { key: Some(key), request, .. } => match &mut self.held {
                Some(held) if held.len() < MAX_HELD => held.push((key, request)),
                Some(_) => self.refuse(now, key, &Refusal::new(480)),
                None => self.handle_request(now, key, request),
            },
            StackOutput::Request { key: None, mut request, .. } => {
                pop_own_route(&mut request, |uri| is_same(uri, &self.own));
                if request.headers.contains("Route")
                    && let Err(error) = self.proxy.forward_ack(&mut self.stack, request, None)
                {
                    self.say(format!("ACK: {error}"));
                }
            }
            StackOutput::Cancel { key, .. } => self.cancelled(now, key),
            StackOutput::Response { key, response } => self.message_response(now, key, Ok(&response)),
            StackOutput::Timeout { key } => self.message_response(now, key, Err(408)),
            StackOutput::TransportFailed { key, .. } => self.message_response(now, key, Err(503)),
            StackOutput::Ignored { what, why } => self.say(format!("{what} ignored: {why}")),
            StackOutput::AckMissing { .. } | StackOutput::Terminated { .. } | StackOutput::Transmit { .. } => {}
        }
    }

    fn handle_request(&mut self, now: Instant, key: ServerKey, mut request: Request) {
        if request.method == Method::REGISTER {
            return self.refuse(now, key, &Refusal::new(200));
        }
        if let Err(refusal) = self.proxy.admit(&self.stack, Some(key), &mut request) {
            return self.refuse(now, key, &refusal);
        }
        pop_own_route(&mut request, |uri| is_same(uri, &self.own));
        let in_dialog = request.to().ok().flatten().is_some_and(|to| to.tag().is_some());
        if in_dialog && request.uri.as_sip().is_some_and(|uri| is_same(uri, &self.own)) {
            // Of a call that was here before a restart, or never.
            return self.refuse(now, key, &Refusal::new(481));
        }
        let is_paid = is_originating(&request) && [Method::INVITE, Method::MESSAGE].contains(&request.method);
        if in_dialog || !is_paid {
            if let Err(error) = self.proxy.forward(now, &mut self.stack, key, request, None) {
                self.say(format!("not passed on: {error}"));
                self.refuse(now, key, &Refusal::new(503));
            }
            return;
        }
        if !self.comes_again(now, key, &request) {
            self.authorize(now, key, request);
        }
    }

    fn handle_stored(&mut self, now: Instant, answer: NodeStoreAnswer) {
        let Some(answer) = self.charging.stored(now, answer) else { return };
        match (self.waiting.remove(&answer.token), answer.result) {
            (Some(Waiting::Load), Ok(tables)) => self.restore(now, tables.into_iter().flatten().collect()),
            (Some(Waiting::Load), Err(error)) => {
                // Without it nobody may call: what was granted before is not known.
                self.say(format!("what was granted before cannot be read: {error}"));
                for (key, _) in self.held.replace(Vec::new()).unwrap_or_default() {
                    self.refuse(now, key, &Refusal::new(480));
                }
            }
            (Some(Waiting::Send(id)), Ok(_)) => self.send_pending(now, &id, false),
            (Some(Waiting::Proceed(id)), Ok(_)) => self.proceed(now, &id),
            (Some(Waiting::Tell(key, response)), Ok(_)) => self.tell(now, key, *response),
            (Some(Waiting::Send(id) | Waiting::Proceed(id)), Err(error)) => {
                self.say(format!("{id} cannot be kept: {error}"));
                self.give_up(now, &id);
            }
            (Some(Waiting::Tell(key, response)), Err(error)) => {
                self.say(format!("an outcome is not durable: {error}"));
                self.tell(now, key, *response);
            }
            (Some(Waiting::Nothing), Err(error)) => self.say(format!("a change is not durable: {error}")),
            (Some(Waiting::Nothing), Ok(_)) | (None, _) => {}
        }
    }

    fn trusts(&self, remote: SocketAddr) -> bool {
        self.config.trusted.is_empty() || self.config.trusted.iter().any(|peer| peer.is(remote))
    }

    /// Answers with a status, on Rf too.
    fn refuse(&mut self, now: Instant, key: ServerKey, refusal: &Refusal) {
        let Some(mut response) = self.stack.prepare(key, refusal.status, refusal.reason.as_deref()) else { return };
        refusal.headers.iter().for_each(|(name, value)| response.headers.append(name, value));
        self.tell(now, key, response);
    }

    fn tell(&mut self, now: Instant, key: ServerKey, response: Response) {
        self.charging.answered(now, key, &response);
        if self.stack.respond(now, key, response).is_err() {
            self.say("the transaction is over".to_owned());
        }
    }

    fn store(&mut self, ops: Vec<NodeStoreOp>, waiting: Waiting) {
        self.next += 1;
        let token = StoreToken(self.next);
        self.waiting.insert(token, waiting);
        self.outputs.push_back(NodeOutput::Store(NodeStoreRequest { token, ops }));
    }

    fn utc_ms(&self, now: Instant) -> u64 {
        self.config.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    fn instant(&self, utc_ms: u64) -> Instant {
        Instant::from_nanos(utc_ms.saturating_sub(self.config.utc_ms_at_zero).saturating_mul(1_000_000))
    }

    fn say(&mut self, text: String) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said(text)));
    }

    fn handle_diameter(&mut self, now: Instant, input: DiameterInput<'_>) {
        if let Some(input) = self.charging.diameter(now, input) {
            self.endpoint.handle_input(now, input);
        }
    }
}

impl Node for ImsGwf {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sip { flow, bytes } => self.stack.handle_input(now, StackInput::Received { flow, bytes }),
            NodeInput::SipFailed { target, why } => self.stack.handle_input(now, StackInput::Failed { target, why }),
            NodeInput::Diameter(input) => self.handle_diameter(now, input),
            NodeInput::Store(answer) => self.handle_stored(now, answer),
            NodeInput::Admin(Admin::Shutdown) => self.endpoint.disconnect(now, DisconnectCause::Rebooting),
            _ => self.say("input that is not for a gateway function".to_owned()),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.stack.handle_timeout(now);
        self.proxy.handle_timeout(now, &mut self.stack);
        if self.endpoint.poll_timeout().is_some_and(|at| at <= now) {
            self.endpoint.handle_timeout(now);
        }
        self.charging.handle_timeout(now);
        self.drain(now);
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry(now);
        }
        self.expire(now);
        self.expire_arrived(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let due = self.due.first().filter(|_| self.held.is_none()).map(|(at, _)| self.instant(*at));
        let own = [
            self.stack.poll_timeout(),
            self.proxy.poll_timeout(),
            self.endpoint.poll_timeout(),
            self.charging.poll_timeout(),
            self.retry_at,
            self.fading.front().map(|(at, _)| *at),
            self.arrived.first_end(),
            due,
        ];
        own.into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.outputs.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let own = [
            ("charged_calls_and_messages", self.rows.len() as u64),
            ("refused_for_credit", self.refused),
            ("calls_cut_off", self.cut_off),
        ];
        own.into_iter().chain(self.charging.figures()).collect()
    }
}

/// Whether the S-CSCF has asked for the caller (RFC 5502).
fn is_originating(request: &Request) -> bool {
    let served = request.headers.get("P-Served-User").unwrap_or_default();
    !served.split(';').any(|part| part.trim().eq_ignore_ascii_case("sescase=term"))
}

fn is_same(uri: &SipUri, own: &SipUri) -> bool {
    uri.host_port().1 == own.host_port().1 && uri.host.eq_ignore_ascii_case(&own.host)
}
