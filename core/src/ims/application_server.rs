//! An application server for tests and scenarios (TS 24.229 clause 5.7): it takes third-party registrations, watches
//! registrations, and does with requests on ISC what it is told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use protocol::sip::b2bua::{Bridge, BridgeState};
use protocol::sip::proxy::{Proxy, ProxyConfig, ProxyEvent, Refusal, pop_own_route, record_route};
use protocol::sip::{
    ClientKey, Contacts, HostTable, Method, NameAddr, Request, Response, ServerKey, SipStack, SipTimers, SipUri,
    StackConfig, StackInput, StackOutput, Transport, Uri,
};
use protocol::xml::RegInfo;
use protocol::{Entropy, Instant};

use crate::node::{Node, NodeInput, NodeNote, NodeOutput};

/// Settings of a test application server.
#[derive(Clone, Debug)]
pub struct TestAsConfig {
    /// Its SIP URI, as filter criteria name it.
    pub uri: String,
    /// Its sockets.
    pub local: Vec<(Transport, SocketAddr)>,
    /// Addresses of hosts.
    pub hosts: HostTable,
    /// SIP timers.
    pub timers: SipTimers,
    /// What it does with requests.
    pub behaviour: AsBehaviour,
    /// What it does with requests of certain methods instead.
    pub by_method: Vec<(Method, AsBehaviour)>,
    /// Seconds for which it subscribes to the reg event package after a third-party registration; none: it does not.
    pub subscribes: Option<u32>,
    /// Status that third-party registrations are answered with.
    pub registration_status: u16,
}

/// What a test application server does with an initial request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AsBehaviour {
    /// Sends it on as its Route says, and stays out of the dialog.
    Proxy,
    /// Sends it on as its Route says, and stays in the dialog.
    RecordRoute,
    /// Makes a request of its own in its place (RFC 3261 B2BUA).
    B2bua,
    /// Answers it; 2xx to INVITE with this session description.
    Answer {
        /// Status.
        status: u16,
        /// Session description.
        sdp: Option<String>,
    },
    /// Says nothing.
    Silent,
}

/// A test application server.
#[derive(Debug)]
pub struct TestAs {
    config: TestAsConfig,
    own: SipUri,
    stack: SipStack,
    proxy: Proxy,
    bridges: Vec<Bridge>,
    /// Requests of its own in place of others: what their answers answer.
    replaced: BTreeMap<ClientKey, ServerKey>,
    /// SUBSCRIBEs that wait for an answer, and Call-IDs of subscriptions by public identity.
    subscribing: BTreeMap<ClientKey, String>,
    watched: BTreeMap<String, String>,
    /// Call-IDs of dialogs that it answered.
    answered: BTreeSet<String>,
    outputs: VecDeque<NodeOutput>,
}

impl TestAsConfig {
    /// A server at `local` that sends everything on.
    pub fn new(uri: &str, local: SocketAddr) -> Self {
        Self {
            uri: uri.to_owned(),
            local: vec![(Transport::Udp, local), (Transport::Tcp, local)],
            hosts: HostTable::new(),
            timers: SipTimers::default(),
            behaviour: AsBehaviour::Proxy,
            by_method: Vec::new(),
            subscribes: None,
            registration_status: 200,
        }
    }
}

impl Node for TestAs {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sip { flow, bytes } => self.stack.handle_input(now, StackInput::Received { flow, bytes }),
            NodeInput::SipFailed { target, why } => self.stack.handle_input(now, StackInput::Failed { target, why }),
            other => self.say(format!("not for an application server: {other:?}")),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.stack.handle_timeout(now);
        self.proxy.handle_timeout(now, &mut self.stack);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        [self.stack.poll_timeout(), self.proxy.poll_timeout()].into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.outputs.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        vec![("watched", self.watched.len() as u64), ("bridges", self.bridges.len() as u64)]
    }
}

impl TestAs {
    /// An application server; the URI of the configuration must be a SIP URI.
    pub fn new(config: TestAsConfig, entropy: Entropy) -> Result<Self, String> {
        let (own, stack) = StackConfig::proxy_at(&config.uri, &config.local, &config.hosts, config.timers)
            .map_err(|why| format!("application server: {why}"))?;
        Ok(Self {
            stack: SipStack::new(stack, entropy),
            proxy: Proxy::new(ProxyConfig::default()),
            config,
            own,
            bridges: Vec::new(),
            replaced: BTreeMap::new(),
            subscribing: BTreeMap::new(),
            watched: BTreeMap::new(),
            answered: BTreeSet::new(),
            outputs: VecDeque::new(),
        })
    }

    fn drain(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.stack.poll_output() {
                match output {
                    StackOutput::Transmit { target, bytes } => {
                        self.outputs.push_back(NodeOutput::Sip { target, bytes })
                    }
                    output => self.offer(now, output),
                }
            } else if let Some(event) = self.proxy.poll_event() {
                match event {
                    ProxyEvent::Upstream { key, response, .. } => {
                        // A transaction that is over needs no answer.
                        let _ = self.proxy.respond(now, &mut self.stack, key, response);
                    }
                    ProxyEvent::Cancelled { .. } | ProxyEvent::Trying { .. } => {}
                    ProxyEvent::Other(output) => self.handle_stack(now, output),
                }
            } else {
                return;
            }
        }
    }

    /// Calls of its own first, then what it sends on.
    fn offer(&mut self, now: Instant, output: StackOutput) {
        for bridge in &mut self.bridges {
            if bridge.handle(now, &mut self.stack, &output) {
                return;
            }
        }
        self.proxy.handle(now, &mut self.stack, output);
    }

    fn handle_stack(&mut self, now: Instant, output: StackOutput) {
        match output {
            StackOutput::Request { key: Some(key), request, .. } => self.handle_request(now, key, request),
            StackOutput::Request { key: None, mut request, .. } => {
                // The ACK of our own 2xx ends here, the others have a route.
                pop_own_route(&mut request, |uri| is_same_server(uri, &self.own));
                if request.headers.contains("Route")
                    && let Err(error) = self.proxy.forward_ack(&mut self.stack, request, None)
                {
                    self.say(format!("ACK: {error}"));
                }
            }
            StackOutput::Response { key, response } => self.handle_response(now, key, &response),
            StackOutput::Timeout { key } => self.handle_failure(now, key, 408),
            StackOutput::TransportFailed { key, .. } => self.handle_failure(now, key, 503),
            StackOutput::Cancel { key, .. } => self.reply(now, key, 487),
            StackOutput::Ignored { what, why } => self.say(format!("{what} ignored: {why}")),
            StackOutput::AckMissing { .. } | StackOutput::Terminated { .. } | StackOutput::Transmit { .. } => {}
        }
    }

    fn handle_request(&mut self, now: Instant, key: ServerKey, mut request: Request) {
        let call_id = request.call_id().unwrap_or_default().to_owned();
        if request.method == Method::REGISTER {
            return self.third_party_register(now, key, &request);
        }
        if request.method == Method::NOTIFY && self.watched.values().any(|id| *id == call_id) {
            return self.notified(now, key, &request, &call_id);
        }
        if let Err(refusal) = self.proxy.admit(&self.stack, Some(key), &mut request) {
            return self.refuse(now, key, &refusal);
        }
        pop_own_route(&mut request, |uri| is_same_server(uri, &self.own));
        let is_initial = request.to().is_ok_and(|to| to.is_some_and(|to| to.tag().is_none()));
        if !is_initial {
            return match self.answered.contains(&call_id) {
                true => self.reply(now, key, 200),
                false => self.pass_on(now, key, request),
            };
        }
        let special = self.config.by_method.iter().find(|(method, _)| *method == request.method);
        match special.map_or(&self.config.behaviour, |(_, behaviour)| behaviour).clone() {
            AsBehaviour::Proxy => self.pass_on(now, key, request),
            AsBehaviour::RecordRoute => {
                record_route(&mut request, &self.own);
                self.pass_on(now, key, request);
            }
            AsBehaviour::B2bua if request.method == Method::INVITE => self.bridge(now, key, request),
            AsBehaviour::B2bua => self.replace(now, key, &request),
            AsBehaviour::Answer { status, sdp } => self.answer(now, key, &request, status, sdp),
            AsBehaviour::Silent => {}
        }
    }

    fn third_party_register(&mut self, now: Instant, key: ServerKey, request: &Request) {
        let status = self.config.registration_status;
        let Some(mut response) = self.stack.prepare(key, status, None) else { return };
        let expires = request.expires().ok().flatten().unwrap_or(0);
        if response.is_success() {
            response.headers.copy_from(&request.headers, "Contact");
            response.headers.append("Expires", &expires.to_string());
        }
        let is_success = response.is_success();
        self.respond(now, key, response);
        let Ok(Some(to)) = request.to() else { return };
        let impu = to.uri.to_string();
        if is_success && expires == 0 {
            self.watched.remove(&impu);
        } else if is_success && !self.watched.contains_key(&impu) {
            self.subscribe(now, request, &impu);
        }
    }

    /// SUBSCRIBE to the registrations of a user, by the S-CSCF that registered him here (TS 24.229 clause 5.7.1.1).
    fn subscribe(&mut self, now: Instant, register: &Request, impu: &str) {
        let (Some(expires), Ok(uri)) = (self.config.subscribes, Uri::parse(impu)) else { return };
        let Ok(Contacts::List(contacts)) = register.contacts() else { return };
        let own = NameAddr::new(Uri::Sip(self.own.clone()));
        let call_id = self.stack.token(24);
        let mut request = Request::new(Method::SUBSCRIBE, uri);
        let headers = &mut request.headers;
        if let Some(Uri::Sip(mut scscf)) = contacts.into_iter().next().map(|c| c.uri) {
            scscf.params.set_flag("lr");
            headers.append("Route", &NameAddr::new(Uri::Sip(scscf)).to_string());
        }
        headers.append("From", &own.clone().with_param("tag", &self.stack.token(10)).to_string());
        headers.append("To", &format!("<{impu}>"));
        headers.append("Call-ID", &call_id);
        headers.append("CSeq", "1 SUBSCRIBE");
        headers.append("Max-Forwards", "70");
        headers.append("Contact", &own.to_string());
        headers.append("P-Asserted-Identity", &own.to_string());
        headers.append("Event", "reg");
        headers.append("Accept", protocol::xml::REGINFO_CONTENT_TYPE);
        headers.append("Expires", &expires.to_string());
        match self.stack.send_request(now, request, None) {
            Ok(client) => {
                self.subscribing.insert(client, impu.to_owned());
                self.watched.insert(impu.to_owned(), call_id);
            }
            Err(error) => self.say(format!("SUBSCRIBE: {error}")),
        }
    }

    fn notified(&mut self, now: Instant, key: ServerKey, request: &Request, call_id: &str) {
        let body = std::str::from_utf8(&request.body).map_err(|e| e.to_string());
        let info = body.and_then(|b| RegInfo::parse(b).map_err(|e| e.to_string()));
        self.reply(now, key, if info.is_ok() { 200 } else { 400 });
        match info {
            Ok(info) => {
                for registration in info.registrations {
                    let count = registration.contacts.len();
                    self.say(format!("{} is {:?} with {count} contacts told", registration.aor, registration.state));
                }
            }
            Err(why) => self.say(format!("NOTIFY: {why}")),
        }
        let state = request.headers.get("Subscription-State").unwrap_or_default();
        if state.starts_with("terminated") {
            self.watched.retain(|_, id| id != call_id);
        }
    }

    fn pass_on(&mut self, now: Instant, key: ServerKey, request: Request) {
        if let Err(error) = self.proxy.forward(now, &mut self.stack, key, request, None) {
            self.say(format!("not passed on: {error}"));
            self.reply(now, key, 503);
        }
    }

    /// A call of its own in the place of the caller's, on the way that the S-CSCF gave.
    fn bridge(&mut self, now: Instant, key: ServerKey, invite: Request) {
        if self.bridges.len() > MAX_BRIDGES {
            self.bridges.retain(|bridge| bridge.state() != BridgeState::Ended);
        }
        let routes = invite.routes().unwrap_or_default();
        let (uri, contact) = (invite.uri.clone(), Uri::Sip(self.own.clone()));
        match Bridge::open_by_route(now, &mut self.stack, key, invite, uri, &routes, contact) {
            Ok(bridge) => self.bridges.push(bridge),
            Err(error) => {
                self.say(format!("no call of its own: {error}"));
                self.reply(now, key, 503);
            }
        }
    }

    /// A request of its own in the place of another outside a dialog.
    fn replace(&mut self, now: Instant, key: ServerKey, request: &Request) {
        let mut own = request.clone();
        own.headers.remove("Via");
        own.headers.set("Call-ID", &self.stack.token(24));
        own.headers.set("CSeq", &format!("1 {}", own.method));
        if let Ok(Some(mut from)) = own.from() {
            from.set_tag(&self.stack.token(10));
            own.headers.set("From", &from.to_string());
        }
        match self.stack.send_request(now, own, None) {
            Ok(client) => {
                self.replaced.insert(client, key);
            }
            Err(error) => {
                self.say(format!("no request of its own: {error}"));
                self.reply(now, key, 503);
            }
        }
    }

    fn answer(&mut self, now: Instant, key: ServerKey, request: &Request, status: u16, sdp: Option<String>) {
        let Some(mut response) = self.stack.prepare(key, status, None) else { return };
        let is_call = request.method == Method::INVITE && response.is_success();
        if is_call {
            response.headers.append("Contact", &NameAddr::new(Uri::Sip(self.own.clone())).to_string());
            response.headers.copy_from(&request.headers, "Record-Route");
            self.answered.insert(request.call_id().unwrap_or_default().to_owned());
        }
        if let Some(sdp) = sdp.filter(|_| is_call) {
            response.set_body("application/sdp", sdp);
        }
        let sent = if is_call { self.stack.accept(now, key, response) } else { self.stack.respond(now, key, response) };
        if sent.is_err() {
            self.say("the transaction is over".to_owned());
        }
    }

    fn handle_response(&mut self, now: Instant, client: ClientKey, response: &Response) {
        if response.is_provisional() {
            return;
        }
        if let Some(key) = self.replaced.remove(&client) {
            let Some(mut back) = self.stack.prepare(key, response.status, Some(&response.reason)) else { return };
            protocol::sip::b2bua::carry_headers(&response.headers, &mut back.headers);
            back.body.clone_from(&response.body);
            return self.respond(now, key, back);
        }
        self.subscribed(client, response.status);
    }

    fn handle_failure(&mut self, now: Instant, client: ClientKey, status: u16) {
        match self.replaced.remove(&client) {
            Some(key) => self.reply(now, key, if status == 408 { 504 } else { status }),
            None => self.subscribed(client, status),
        }
    }

    fn subscribed(&mut self, client: ClientKey, status: u16) {
        if let Some(impu) = self.subscribing.remove(&client)
            && status >= 300
        {
            self.watched.remove(&impu);
            self.say(format!("SUBSCRIBE for {impu} is answered with {status}"));
        }
    }

    fn reply(&mut self, now: Instant, key: ServerKey, status: u16) {
        self.refuse(now, key, &Refusal::new(status));
    }

    fn refuse(&mut self, now: Instant, key: ServerKey, refusal: &Refusal) {
        if refusal.send(now, &mut self.stack, key).is_err() {
            self.say("the transaction is over".to_owned());
        }
    }

    fn respond(&mut self, now: Instant, key: ServerKey, response: Response) {
        if self.stack.respond(now, key, response).is_err() {
            self.say("the transaction is over".to_owned());
        }
    }

    fn say(&mut self, text: String) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said(text)));
    }
}

/// Calls that are kept, ended ones among them, whose last transactions may still be under way.
const MAX_BRIDGES: usize = 256;

fn is_same_server(uri: &SipUri, own: &SipUri) -> bool {
    uri.host_port().1 == own.host_port().1 && uri.host.eq_ignore_ascii_case(&own.host)
}
