//! Services of the IMS for third parties (OMA-TR IMSinOMA clause 9.1 and appendix C): an HTTPS interface with OAuth 2.0.
//!
//! Nothing is reachable without an access token but the OpenAPI document, and that only if the configuration says so. What
//! a client is told holds no header of the network, and no identity when the policy for it has pseudonyms; what it sends
//! goes out under its own identity, whatever it writes. Every request is in the audit log before it is answered: who, what,
//! when, with which result, no bodies. MBMS broadcast is answered with 501: it is no client of xMB-C (TS 29.116) yet.

mod access;
mod audit;
mod messages;
mod openapi;
mod policy;
mod presence;
mod problem;
mod quota;
mod routes;
mod sessions;
mod sip;

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use protocol::sip::{HostTable, ServerKey, SipTimers, SubscriberId, Transport, UserAgent};
use protocol::{Entropy, Instant, Secret};
use serde_json::{Value, json};

use self::audit::Audit;
use self::messages::Messages;
use self::policy::Names;
use self::problem::{Problem, ok};
use self::quota::Bucket;
use self::routes::{Found, Operation, Route};
use self::sessions::Calls;
use crate::ims::TrustedPeer;
use crate::node::{
    Admin, HttpExchange, Node, NodeInput, NodeNote, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Table,
};
use crate::store::StoreToken;

pub use access::{TokenCheck, TokenProblem};
pub use audit::AuditEntry;
pub use policy::ExposureClient;
pub use quota::Quota;

/// Configuration of the interface.
#[derive(Debug)]
pub struct ExposureConfig {
    /// Its SIP host in URIs.
    pub name: String,
    /// Its SIP sockets.
    pub local: Vec<(Transport, SocketAddr)>,
    /// Who may speak to it on SIP; none: all.
    pub trusted: Vec<TrustedPeer>,
    /// Addresses of hosts.
    pub hosts: HostTable,
    /// Timers of SIP.
    pub timers: SipTimers,
    /// Where its requests go: the URI of the I-CSCF, with `lr` (TS 24.229 clause 5.7.3). None: by the Request-URI.
    pub route: Option<String>,
    /// Who checks tokens.
    pub tokens: Box<dyn TokenCheck>,
    /// Where clients get them, for the OpenAPI document.
    pub token_url: String,
    /// Third parties.
    pub clients: Vec<ExposureClient>,
    /// The OpenAPI document is for everybody.
    pub open_document: bool,
    /// Makes pseudonyms; whoever has it knows who they are.
    pub pseudonym_key: Secret<String>,
    /// UTC at the start of the run, in milliseconds since 1970.
    pub utc_ms_at_zero: u64,
}

/// The interface.
#[derive(Debug)]
pub struct ExposureApi {
    config: ExposureConfig,
    ua: UserAgent,
    entropy: Entropy,
    clients: BTreeMap<String, Client>,
    messages: Messages,
    calls: Calls,
    /// Who waits for the presence of whom.
    watching: BTreeMap<SubscriberId, presence::Watch>,
    audit: Audit,
    is_loaded: bool,
    early: VecDeque<(HttpExchange, SocketAddr, Request<Vec<u8>>)>,
    jobs: BTreeMap<StoreToken, Job>,
    next_token: u64,
    refused: u64,
    outputs: VecDeque<NodeOutput>,
}

#[derive(Debug)]
struct Client {
    settings: ExposureClient,
    names: Names,
    bucket: Bucket,
}

/// A request that is being served.
#[derive(Clone, Debug)]
struct Asked {
    exchange: HttpExchange,
    entry: AuditEntry,
}

/// What waits for the store.
#[derive(Debug)]
enum Job {
    Load,
    /// Answer, then go on.
    Answer {
        exchange: HttpExchange,
        response: Box<Response<Vec<u8>>>,
        then: Then,
    },
    /// Answer a SIP request that brought a message.
    Incoming {
        key: ServerKey,
        request: Box<protocol::sip::Request>,
        message: Box<messages::Incoming>,
    },
    /// Nothing hangs on it.
    Record,
}

/// What follows an answer.
#[derive(Debug)]
enum Then {
    Nothing,
    SendMessage { id: String, text: String },
    Call { id: String },
    HangUp { id: String },
    Remove { client: String, id: String },
}

/// What serving a request leads to.
enum Served {
    /// This answer, when these changes are durable.
    Now(Box<Response<Vec<u8>>>, Vec<NodeStoreOp>, Then),
    /// Later.
    Later,
}

impl Served {
    fn now(response: Response<Vec<u8>>, ops: Vec<NodeStoreOp>, then: Then) -> Self {
        Self::Now(Box::new(response), ops, then)
    }
}

impl ExposureApi {
    /// An interface that first reads what it has promised before.
    ///
    /// # Errors
    /// A name or a route that is none, clients that share a name or an identity.
    pub fn new(config: ExposureConfig, mut entropy: Entropy) -> Result<Self, String> {
        let ua = sip::user_agent(&config, entropy.split())?;
        let now = Instant::from_nanos(0);
        let mut clients = BTreeMap::new();
        for settings in &config.clients {
            let names = Names::new(settings, config.pseudonym_key.expose().as_bytes());
            let client = Client { settings: settings.clone(), names, bucket: Bucket::new(settings.quota, now) };
            if clients.insert(settings.id.clone(), client).is_some() {
                return Err(format!("exposure: two clients are named {:?}", settings.id));
            }
        }
        let mut api = Self {
            config,
            ua,
            entropy,
            clients,
            messages: Messages::default(),
            calls: Calls::default(),
            watching: BTreeMap::new(),
            audit: Audit::default(),
            is_loaded: false,
            early: VecDeque::new(),
            jobs: BTreeMap::new(),
            next_token: 0,
            refused: 0,
            outputs: VecDeque::new(),
        };
        let tables = [Table::ExposureMessage, Table::ExposureAudit];
        api.store(tables.map(|table| NodeStoreOp::Scan { table }).to_vec(), Job::Load);
        Ok(api)
    }

    fn store(&mut self, ops: Vec<NodeStoreOp>, job: Job) {
        self.next_token += 1;
        let token = StoreToken(self.next_token);
        self.jobs.insert(token, job);
        self.outputs.push_back(NodeOutput::Store(NodeStoreRequest { token, ops }));
    }

    fn ask(&mut self, now: Instant, exchange: HttpExchange, peer: SocketAddr, request: &Request<Vec<u8>>) {
        if !self.is_loaded {
            if self.early.len() < MAX_WAITING {
                self.early.push_back((exchange, peer, request.clone()));
            } else {
                let response = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not ready").to_response();
                self.outputs.push_back(NodeOutput::Http { exchange, response });
            }
            return;
        }
        let entry = AuditEntry {
            utc_ms: self.utc_ms(now),
            client: None,
            peer: peer.ip().to_string(),
            operation: None,
            resource: None,
            status: 0,
            why: String::new(),
        };
        let mut asked = Asked { exchange, entry };
        match self.serve(now, &mut asked, request) {
            Ok(Served::Now(response, ops, then)) => self.finish(asked, *response, ops, then),
            Ok(Served::Later) => {}
            Err(problem) => self.refuse(asked, &problem),
        }
    }

    /// Order of the checks: what there is, who asks, how much, then what is wanted.
    fn serve(&mut self, now: Instant, asked: &mut Asked, request: &Request<Vec<u8>>) -> Result<Served, Problem> {
        let found = routes::find(request.method(), request.uri().path());
        let is_open = self.config.open_document;
        if let (Found::Route(route, _), true) = (&found, is_open)
            && route.operation == Operation::Document
        {
            asked.entry.operation = Some(format!("{:?}", route.operation));
            return Ok(Served::now(self.document(), Vec::new(), Then::Nothing));
        }
        // Who is not let in is not told what there is.
        let needs = if let Found::Route(route, _) = &found { route.scope } else { "" };
        let id = self.client_of(now, request, needs)?;
        asked.entry.client = Some(id.clone());
        let Some(client) = self.clients.get_mut(&id) else {
            return Err(Problem::new(StatusCode::FORBIDDEN, "the client has no contract here"));
        };
        if let Err(wait) = client.bucket.take(now) {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "more requests than agreed upon");
            return Err(problem.header(RETRY_AFTER, seconds.to_string()));
        }
        if request.body().len() > MAX_BODY {
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "a body of more than 64 KiB"));
        }
        let (route, parameter) = match found {
            Found::Route(route, parameter) => (route, parameter),
            Found::Allow(methods) => {
                let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "not to be done with this resource");
                return Err(problem.header(ALLOW, methods.join(", ")));
            }
            Found::Nothing => return Err(Problem::new(StatusCode::NOT_FOUND, "no such resource")),
        };
        asked.entry.operation = Some(format!("{:?}", route.operation));
        asked.entry.resource.clone_from(&parameter);
        let body = self.body(route, request)?;
        self.perform(now, asked, &id, route.operation, parameter.unwrap_or_default(), &body)
    }

    fn perform(
        &mut self,
        now: Instant,
        asked: &Asked,
        client: &str,
        operation: Operation,
        parameter: String,
        body: &Value,
    ) -> Result<Served, Problem> {
        match operation {
            Operation::Document => Ok(Served::now(self.document(), Vec::new(), Then::Nothing)),
            Operation::SendMessage => self.send_message(client, body),
            Operation::ReadMessage => self.read_message(client, &parameter),
            Operation::ReadIncoming => Ok(self.read_incoming(client)),
            Operation::RemoveIncoming => self.remove_incoming(client, parameter),
            Operation::ReadPresence => self.watch(now, asked, client, &parameter),
            Operation::CreateSession => self.create_call(client, body),
            Operation::ReadSession => self.read_call(client, &parameter),
            Operation::EndSession => self.end_call(client, parameter),
            Operation::CreateBroadcast
            | Operation::ListBroadcasts
            | Operation::ReadBroadcast
            | Operation::DeleteBroadcast => {
                let detail = "MBMS group broadcast needs the provider's interface of the BM-SC, xMB-C (TS 29.116), \
                              which this network does not have yet";
                let problem = Problem::new(StatusCode::NOT_IMPLEMENTED, detail);
                Err(problem.with("missing", json!(["xMB-C (TS 29.116)"])))
            }
        }
    }

    fn client_of(&self, now: Instant, request: &Request<Vec<u8>>, needs: &str) -> Result<String, Problem> {
        let needs = if needs.is_empty() { SCOPE_ANY } else { needs };
        self.config.tokens.client(self.utc_ms(now) / 1000, request.headers(), needs).map_err(|refused| {
            let problem = match refused.is_scope {
                true => Problem::new(StatusCode::FORBIDDEN, "the token is not for this"),
                false => Problem::new(StatusCode::UNAUTHORIZED, "a good access token is needed"),
            };
            problem.because(refused.why).header(WWW_AUTHENTICATE, refused.challenge)
        })
    }

    /// The body as JSON, with the members that the resource asks for.
    fn body(&self, route: &Route, request: &Request<Vec<u8>>) -> Result<Value, Problem> {
        if route.body.is_empty() {
            return Ok(Value::Null);
        }
        let bad = |why: &str| Problem::new(StatusCode::BAD_REQUEST, why);
        let kind = request.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "application/json only"));
        }
        let body: Value = serde_json::from_slice(request.body()).map_err(|_| bad("the body is no JSON"))?;
        match route.body.iter().find(|name| !body[**name].is_string()) {
            Some(name) => Err(bad(&format!("the body has no text {name:?}"))),
            None => Ok(body),
        }
    }

    fn document(&self) -> Response<Vec<u8>> {
        ok(StatusCode::OK, &openapi::document(&self.config.token_url))
    }

    /// Into the audit log, with the changes; then the answer.
    fn finish(&mut self, mut asked: Asked, response: Response<Vec<u8>>, mut ops: Vec<NodeStoreOp>, then: Then) {
        asked.entry.status = response.status().as_u16();
        ops.push(self.audit.op(&asked.entry));
        self.store(ops, Job::Answer { exchange: asked.exchange, response: Box::new(response), then });
    }

    fn refuse(&mut self, mut asked: Asked, problem: &Problem) {
        self.refused += 1;
        asked.entry.why.clone_from(&problem.why);
        let (status, who) = (problem.status.as_u16(), asked.entry.client.as_deref().unwrap_or("nobody"));
        self.say(format!("refused with {status}: {who} from {}: {}", asked.entry.peer, problem.why));
        self.finish(asked, problem.to_response(), Vec::new(), Then::Nothing);
    }

    fn on_stored(&mut self, now: Instant, answer: NodeStoreAnswer) {
        match (self.jobs.remove(&answer.token), answer.result) {
            (Some(Job::Load), Ok(tables)) => {
                let mut tables = tables.into_iter();
                let messages = tables.next().unwrap_or_default();
                let ops = self.load_messages(messages);
                self.audit.load(&tables.next().unwrap_or_default());
                if !ops.is_empty() {
                    self.store(ops, Job::Record);
                }
                self.is_loaded = true;
                for (exchange, peer, request) in std::mem::take(&mut self.early) {
                    self.ask(now, exchange, peer, &request);
                }
            }
            (Some(Job::Load), Err(error)) => {
                self.say(format!("what was promised cannot be read, nothing is served: {error}"))
            }
            (Some(Job::Answer { exchange, response, then }), Ok(_)) => {
                self.outputs.push_back(NodeOutput::Http { exchange, response: *response });
                self.go_on(now, then);
            }
            (Some(Job::Answer { exchange, then, .. }), Err(error)) => {
                self.say(format!("not done, for it could not be logged: {error}"));
                self.undo(&then);
                let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "it could not be made durable");
                self.outputs.push_back(NodeOutput::Http { exchange, response: problem.to_response() });
            }
            (Some(Job::Incoming { key, request, message }), result) => {
                self.incoming_stored(now, key, &request, *message, result.is_ok());
            }
            (Some(Job::Record), Ok(_)) => {}
            (Some(Job::Record), Err(error)) => self.say(format!("a state is not durable: {error}")),
            (None, _) => self.say("the store has answered to nothing".to_owned()),
        }
    }

    fn go_on(&mut self, now: Instant, then: Then) {
        match then {
            Then::Nothing => {}
            Then::SendMessage { id, text } => self.transmit_message(now, &id, &text),
            Then::Call { id } => self.call(now, &id),
            Then::HangUp { id } => self.hang_up(now, &id),
            Then::Remove { client, id } => self.messages.remove(&client, &id),
        }
    }

    /// What was to follow does not.
    fn undo(&mut self, then: &Then) {
        match then {
            Then::SendMessage { id, .. } => self.messages.forget(id),
            Then::Call { id } => self.calls.forget(id),
            Then::Nothing | Then::HangUp { .. } | Then::Remove { .. } => {}
        }
    }

    const fn utc_ms(&self, now: Instant) -> u64 {
        self.config.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    fn say(&mut self, text: String) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said(text)));
    }
}

impl Node for ExposureApi {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Http { exchange, peer, request } => self.ask(now, exchange, peer, &request),
            NodeInput::Store(answer) => self.on_stored(now, answer),
            NodeInput::Sip { .. } | NodeInput::SipFailed { .. } => self.sip_input(now, input),
            NodeInput::Admin(Admin::Shutdown) => self.end_all_calls(now),
            other => self.say(format!("not for the exposure: {other:?}")),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.ua.handle_timeout(now);
        self.presence_timeout(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let watches = self.watching.values().map(|watch| watch.ends).min();
        self.ua.poll_timeout().into_iter().chain(watches).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.outputs.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("exposure_requests_refused", self.refused),
            ("exposure_messages", self.messages.len() as u64),
            ("exposure_calls", self.calls.len() as u64),
        ]
    }
}

/// A token of any of the scopes, for what has no scope of its own.
const SCOPE_ANY: &str = "exposure:messages";
/// Octets of a body.
const MAX_BODY: usize = 64 * 1024;
/// Requests that wait.
const MAX_WAITING: usize = 1024;
/// How long the presence of a user is waited for.
const PRESENCE_WAIT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
