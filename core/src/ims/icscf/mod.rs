//! I-CSCF (TS 24.229 clause 5.3): the entry point of a home network, which asks the HSS whose S-CSCF serves a user. There is
//! no hiding of the topology (THIG).

mod config;
mod location;
mod query;
mod register;
mod selection;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use protocol::diameter::{
    DiameterEndpoint, DiameterOutput, DiameterProblem, Message, RequestFailure, problem_answer, result,
};
use protocol::sip::proxy::{Cause, Proxy, ProxyConfig, ProxyEvent, Refusal, pop_own_route};
use protocol::sip::{
    Flow, Method, Request, Response, ServerKey, SipStack, SipUri, StackConfig, StackInput, StackOutput, TransactionKey,
    Uri,
};
use protocol::{Entropy, Instant};

use crate::node::{Node, NodeInput, NodeNote, NodeOutput};
pub use config::{IcscfConfig, ScscfChoice};
use query::{Query, Search};

/// I-CSCF: a stateful proxy with a question to the HSS before it sends on.
#[derive(Debug)]
pub struct Icscf {
    config: IcscfConfig,
    stack: SipStack,
    cx: DiameterEndpoint,
    entropy: Entropy,
    /// Questions to the HSS, by token.
    queries: BTreeMap<u64, Query>,
    next_query: u64,
    proxy: Proxy,
    /// Requests that were sent on.
    relayed: BTreeMap<ServerKey, Relayed>,
    outputs: VecDeque<NodeOutput>,
}

/// A request that was sent on.
#[derive(Debug)]
struct Relayed {
    /// As it was sent, without our Via.
    request: Request,
    /// How far the search for its S-CSCF has come.
    search: Search,
    /// Its sender has cancelled it.
    cancelled: bool,
}

impl Icscf {
    /// An I-CSCF that draws branches, tags and identifiers from `entropy`.
    #[must_use]
    pub fn new(config: IcscfConfig, mut entropy: Entropy) -> Self {
        let stack = StackConfig {
            hosts: config.hosts.clone(),
            timers: config.timers,
            ..StackConfig::proxy(config.local.clone(), config.name.clone())
        };
        Self {
            stack: SipStack::new(stack, entropy.split()),
            cx: DiameterEndpoint::new(config.diameter.clone(), entropy.split()),
            entropy,
            config,
            queries: BTreeMap::new(),
            next_query: 0,
            proxy: Proxy::new(ProxyConfig { understands: vec!["path".to_owned()], ..ProxyConfig::default() }),
            relayed: BTreeMap::new(),
            outputs: VecDeque::new(),
        }
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

    fn on_other(&mut self, now: Instant, output: StackOutput) {
        match output {
            StackOutput::Request { key: Some(key), request, flow } => self.on_request(now, key, request, flow),
            StackOutput::Request { key: None, request, .. } => self.on_ack(request),
            StackOutput::Cancel { key, .. } => {
                // It waits for the HSS.
                self.queries.retain(|_, query| query.server != key);
                self.reply(now, key, &Refusal::new(487));
            }
            StackOutput::AckMissing { status, .. } => self.ignored("INVITE", format!("no ACK came for {status}")),
            StackOutput::Terminated { key: TransactionKey::Server(key) } => drop(self.relayed.remove(&key)),
            StackOutput::Ignored { what, why } => self.ignored(why, what),
            StackOutput::Terminated { .. } | StackOutput::Transmit { .. } => {}
            StackOutput::Response { .. } | StackOutput::Timeout { .. } | StackOutput::TransportFailed { .. } => {
                self.ignored("no request under way", "an answer");
            }
        }
    }

    fn on_request(&mut self, now: Instant, key: ServerKey, mut request: Request, flow: Flow) {
        // TS 24.229 clauses 5.3.1.2 and 5.3.2.1.
        if !self.config.trusted.is_empty() && !self.config.trusted.iter().any(|peer| peer.is(flow.remote)) {
            return self.reply(now, key, &Refusal::new(403).because("Not from a trusted domain"));
        }
        if let Err(refusal) = self.proxy.admit(&self.stack, Some(key), &mut request) {
            return self.reply(now, key, &refusal);
        }
        let originating = self.pop_own_routes(&mut request);
        if request.method == Method::REGISTER {
            self.register(now, key, request);
        } else if request.headers.contains("Route") {
            self.send(now, key, request, Search::Routed);
        } else if request.method == Method::OPTIONS && self.is_own(&request.uri) {
            self.reply(now, key, &Refusal::new(200));
        } else {
            self.locate(now, key, request, originating);
        }
    }

    /// The I-CSCF stays out of dialogs, so an ACK comes here by a Route only.
    fn on_ack(&mut self, mut request: Request) {
        self.pop_own_routes(&mut request);
        if !request.headers.contains("Route") {
            return self.ignored("no dialog", "ACK");
        }
        if let Err(error) = self.proxy.forward_ack(&mut self.stack, request, None) {
            self.ignored(error.to_string(), "ACK");
        }
    }

    /// The response to a request that was sent on.
    fn on_upstream(&mut self, now: Instant, key: ServerKey, cause: Cause, response: Response) {
        let Some(relayed) = self.relayed.get(&key).filter(|relayed| !relayed.cancelled) else {
            return self.respond(now, key, response);
        };
        // TS 24.229 clauses 5.3.1.3 and 5.3.2.2: another S-CSCF is to be tried.
        let lost = match cause {
            Cause::Answer => None,
            Cause::Timeout => Some("no answer in time".to_owned()),
            Cause::Unreachable(why) => Some(why),
        };
        if let Some(why) = lost {
            return self.try_next(now, key, &why, &Refusal::new(504));
        }
        let elsewhere = (300..400).contains(&response.status) || response.status == 480;
        if elsewhere && relayed.search.is_register() {
            let why = format!("{} {}", response.status, response.reason);
            return self.try_next(now, key, &why, &Refusal::new(600));
        }
        if !response.is_provisional() && relayed.request.method != Method::INVITE {
            self.relayed.remove(&key);
        }
        self.respond(now, key, response);
    }

    /// Sends a request on.
    fn send(&mut self, now: Instant, key: ServerKey, request: Request, search: Search) {
        match self.proxy.forward(now, &mut self.stack, key, request.clone(), None) {
            Ok(_) => {
                self.relayed.insert(key, Relayed { request, search, cancelled: false });
            }
            Err(error) => {
                self.said(format!("{} is not sent on: {error}", request.method));
                let refusal = Refusal::new(504).because("The next hop has no address");
                self.continue_search(now, key, request, search, &refusal);
            }
        }
    }

    /// Takes our entries from the top of Route; true if one of them says `orig` (TS 24.229 clause 7.2A.6).
    fn pop_own_routes(&self, request: &mut Request) -> bool {
        let mut originating = false;
        while let Some(route) = pop_own_route(request, |uri| self.is_own_sip(uri)) {
            originating |= matches!(&route.uri, Uri::Sip(sip) if sip.params.has("orig"));
        }
        originating
    }

    /// True if a URI is one of ours; one with a user is a user's.
    fn is_own(&self, uri: &Uri) -> bool {
        matches!(uri, Uri::Sip(sip) if self.is_own_sip(sip))
    }

    fn is_own_sip(&self, sip: &SipUri) -> bool {
        if sip.user.is_some() {
            return false;
        }
        let ports = || self.config.local.iter().map(|(_, address)| address.port());
        let named = sip.host.eq_ignore_ascii_case(&self.config.name);
        let addressed = || {
            let (_, port) = sip.host_port();
            let ip = sip.host_address();
            self.config.local.iter().any(|(_, own)| Some(own.ip()) == ip && own.port() == port)
        };
        (named && sip.port.is_none_or(|port| ports().any(|own| own == port))) || addressed()
    }

    fn respond(&mut self, now: Instant, key: ServerKey, response: Response) {
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

    fn on_cx(&mut self, now: Instant, output: DiameterOutput) {
        match output {
            DiameterOutput::Transport(transport) => self.outputs.push_back(NodeOutput::Diameter(transport)),
            DiameterOutput::Answer { token, result } => self.on_answer(now, token, result),
            DiameterOutput::Request { handle, message } => {
                // The HSS has nothing to ask of an I-CSCF (TS 29.228 clause 6).
                self.ignored("I-CSCF", format!("Diameter {}", message.name()));
                let what = "an I-CSCF takes no requests of Cx".to_owned();
                let problem = DiameterProblem { code: result::COMMAND_UNSUPPORTED, failed: None, what };
                let (host, realm) = self.cx.origin();
                let answer = problem_answer(&message, host, realm, &problem);
                self.cx.send_answer(now, handle, answer);
            }
            DiameterOutput::PeerUp { host } => self.said(format!("Cx: {host} is there")),
            DiameterOutput::PeerDown { host } => self.said(format!("Cx: {host} is gone")),
            DiameterOutput::Ignored { state, event } => self.ignored(state, event),
        }
    }

    fn on_answer(&mut self, now: Instant, token: u64, answer: Result<Message, RequestFailure>) {
        let Some(query) = self.queries.remove(&token) else {
            return self.ignored("no request waits for it", "an answer of the HSS");
        };
        if query.search.is_register() { self.on_uaa(now, query, answer) } else { self.on_lia(now, query, answer) }
    }

    /// The URI of an S-CSCF as the HSS or the configuration names it.
    fn server_uri(name: &str) -> Option<SipUri> {
        match Uri::parse(name) {
            Ok(Uri::Sip(uri)) => Some(uri),
            _ => None,
        }
    }

    fn ignored(&mut self, state: impl Into<String>, event: impl Into<String>) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Ignored { state: state.into(), event: event.into() }));
    }

    fn said(&mut self, text: impl Into<String>) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    fn drain(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.stack.poll_output() {
                match output {
                    StackOutput::Transmit { target, bytes } => {
                        self.outputs.push_back(NodeOutput::Sip { target, bytes })
                    }
                    other => self.proxy.handle(now, &mut self.stack, other),
                }
            } else if let Some(event) = self.proxy.poll_event() {
                self.on_event(now, event);
            } else if let Some(output) = self.cx.poll_output() {
                self.on_cx(now, output);
            } else {
                return;
            }
        }
    }
}

impl Node for Icscf {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sip { flow, bytes } => self.stack.handle_input(now, StackInput::Received { flow, bytes }),
            NodeInput::SipFailed { target, why } => self.stack.handle_input(now, StackInput::Failed { target, why }),
            NodeInput::Diameter(input) => self.cx.handle_input(now, input),
            NodeInput::Store(_) => self.ignored("I-CSCF", "an answer of the store: an I-CSCF keeps nothing"),
            NodeInput::Access(_) => self.ignored("I-CSCF", "an event of the access network"),
            NodeInput::Http { .. }
            | NodeInput::HttpResponse { .. }
            | NodeInput::Stream(_)
            | NodeInput::Datagram { .. }
            | NodeInput::Sccp { .. } => {
                self.ignored("I-CSCF", "HTTP or media: signalling only comes here");
            }
            NodeInput::Admin(crate::node::Admin::Shutdown) => {}
            NodeInput::Admin(other) => self.ignored("I-CSCF", format!("{other:?}: ask the HSS or the S-CSCF")),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.stack.handle_timeout(now);
        self.cx.handle_timeout(now);
        self.proxy.handle_timeout(now, &mut self.stack);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        [self.stack.poll_timeout(), self.cx.poll_timeout(), self.proxy.poll_timeout()].into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.outputs.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        vec![("requests_under_way", self.proxy.len() as u64), ("cx_queries_under_way", self.queries.len() as u64)]
    }
}
