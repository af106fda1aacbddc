//! XDM server on Ut (RFC 4825, TS 24.623, OMA XDM core): documents of users, whole and in parts. It is the group management
//! server (TS 24.481) and the configuration management server (TS 24.484: MCPTT user profiles on CSC-4) of MC users too.
//!
//! A change is answered when it is durable. What is asked of a document while it is being changed waits for that. Refused:
//! who cannot say who he is, who asks for the tree of another, addresses that could be read in two ways, documents that
//! grow when they are read; each refusal is noted.

mod access;
mod answer;
mod change;
mod conditions;
mod digest;
mod documents;
mod shelf;
mod usage;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use protocol::xcap::{UriProblem, XcapUri};
use protocol::{Entropy, Instant, Secret};

use self::access::{Access, Client};
use self::answer::{Refused, plain};
use self::documents::Documents;
use super::trust::TrustedPeer;
use crate::mc::TokenVerifier;
use crate::node::{
    Admin, HttpExchange, Node, NodeInput, NodeNote, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Table,
};
use crate::store::StoreToken;

pub use digest::{DigestGate, DigestRefusal};
pub use shelf::{Changed, Shelf};
pub use usage::{
    AUID_CAPS, AUID_GROUPS, AUID_OMA_PRES_RULES, AUID_PRES_RULES, AUID_RESOURCE_LISTS, AUID_USER_PROFILE,
    GROUPS_NAMESPACE,
};

/// Configuration of an XDM server.
#[derive(Clone, Debug)]
pub struct XdmsConfig {
    /// The XCAP root URI (RFC 4825 clause 6.1); its path is where requests are served.
    pub root: String,
    /// Realm of the digest.
    pub realm: String,
    /// Who has documents.
    pub users: Vec<XdmUser>,
    /// Authentication proxies: their X-3GPP-Asserted-Identity is believed (TS 33.222 clause 6.5, TS 24.109).
    pub trusted_proxies: Vec<TrustedPeer>,
    /// Application servers: they read every tree.
    pub trusted_servers: Vec<TrustedPeer>,
    /// MC administrators: they write the configuration of users (TS 24.484 clause 6).
    pub administrators: Vec<TrustedPeer>,
    /// MCPTT user profile configuration documents that are there from the start, whatever was there before.
    pub profiles: Vec<String>,
    /// Access tokens of MC users that are taken in the place of a digest; none: no tokens are.
    pub tokens: Option<XdmTokens>,
    /// How long a nonce is good.
    pub nonce_life: Duration,
    /// Octets of a document.
    pub max_document: usize,
    /// Documents of a user.
    pub max_documents: usize,
    /// What other nodes of the process read.
    pub shelf: Shelf,
}

impl XdmsConfig {
    /// With what is usual.
    #[must_use]
    pub fn new(root: &str, realm: &str) -> Self {
        Self {
            root: root.to_owned(),
            realm: realm.to_owned(),
            users: Vec::new(),
            trusted_proxies: Vec::new(),
            trusted_servers: Vec::new(),
            administrators: Vec::new(),
            profiles: Vec::new(),
            tokens: None,
            nonce_life: Duration::from_secs(300),
            max_document: 256 * 1024,
            max_documents: 64,
            shelf: Shelf::new(),
        }
    }
}

/// Access tokens (TS 33.180 annex B.10): whoever has one with a scope of group management has the trees of his MC service IDs,
/// and may read his configuration with a scope of configuration management.
#[derive(Clone, Debug)]
pub struct XdmTokens {
    /// Checks them.
    pub verifier: TokenVerifier,
    /// UTC at the start of the run, in milliseconds.
    pub utc_ms_at_zero: u64,
}

/// A user of XCAP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XdmUser {
    /// User name of the digest: the private identity.
    pub username: String,
    /// Its password.
    pub password: Secret<String>,
    /// Public identities, each an XCAP User Identifier with a tree (TS 24.623 clause 5.2.1).
    pub identities: Vec<String>,
}

/// The XDM server.
#[derive(Debug)]
pub struct Xdms {
    config: XdmsConfig,
    access: Access,
    documents: Documents,
    /// Documents that are to be there from the start, by path.
    configured: Vec<(String, String)>,
    is_loaded: bool,
    /// Requests that came before the documents were there.
    early: VecDeque<Asked>,
    jobs: BTreeMap<StoreToken, Job>,
    /// Requests for a document that is being changed, by its path.
    busy: BTreeMap<String, VecDeque<Asked>>,
    waiting: usize,
    next_token: u64,
    counters: Counters,
    outputs: VecDeque<NodeOutput>,
}

/// A request that is not answered yet.
#[derive(Debug)]
struct Asked {
    exchange: HttpExchange,
    client: Client,
    uri: Result<XcapUri, UriProblem>,
    request: Request<Vec<u8>>,
}

/// What waits for the store.
#[derive(Debug)]
enum Job {
    Load,
    Configure(Vec<(String, String)>),
    Change { exchange: HttpExchange, path: String, content: Option<String>, response: Box<Response<Vec<u8>>> },
}

#[derive(Debug, Default)]
struct Counters {
    requests: u64,
    refused: u64,
    conflicts: u64,
    changes: u64,
}

impl Xdms {
    /// A server that first reads its documents.
    ///
    /// # Errors
    /// A root that is no HTTP URI, a profile that is none.
    pub fn new(config: XdmsConfig, entropy: Entropy) -> Result<Self, String> {
        let root: http::Uri = config.root.parse().map_err(|e| format!("XCAP root {:?}: {e}", config.root))?;
        if root.scheme().is_none() || root.query().is_some() {
            return Err(format!("XCAP root {:?}: give a URI like http://xcap.DOMAIN without a query", config.root));
        }
        let access = Access::new(&config, entropy);
        let documents = Documents::new(root.path().to_owned());
        let configured = config.profiles.iter().map(|profile| usage::configured(profile)).collect::<Result<_, _>>()?;
        let mut xdms = Self {
            access,
            documents,
            configured,
            is_loaded: false,
            early: VecDeque::new(),
            jobs: BTreeMap::new(),
            busy: BTreeMap::new(),
            waiting: 0,
            next_token: 0,
            counters: Counters::default(),
            outputs: VecDeque::new(),
            config,
        };
        xdms.store(vec![NodeStoreOp::Scan { table: Table::XcapDocument }], Job::Load);
        Ok(xdms)
    }

    fn store(&mut self, ops: Vec<NodeStoreOp>, job: Job) {
        self.next_token += 1;
        let token = StoreToken(self.next_token);
        self.jobs.insert(token, job);
        self.outputs.push_back(NodeOutput::Store(NodeStoreRequest { token, ops }));
    }

    fn ask(&mut self, now: Instant, exchange: HttpExchange, peer: SocketAddr, request: Request<Vec<u8>>) {
        self.counters.requests += 1;
        if request.body().len() > self.config.max_document {
            let refused = Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "more octets than a document may have");
            return self.refuse(exchange, &request, peer, refused);
        }
        let uri = self.documents.uri_of(&request);
        let usage = uri.as_ref().ok().and_then(|uri| usage::find(&uri.auid));
        match self.access.client(now, peer, usage, &request) {
            Ok(client) => self.serve(Asked { exchange, client, uri, request }),
            Err(refused) => self.refuse(exchange, &request, peer, refused),
        }
    }

    fn serve(&mut self, asked: Asked) {
        if !self.is_loaded {
            return match self.early.len() < MAX_WAITING {
                true => self.early.push_back(asked),
                false => self.overloaded(asked.exchange),
            };
        }
        let Asked { exchange, client, uri, request } = &asked;
        let at = match self.documents.locate(client, uri.clone(), request) {
            Ok(at) => at,
            Err(refused) => {
                let why = format!("{} {} of {client}: {}", request.method(), request.uri(), refused.why);
                return self.turn_down(*exchange, &why, *refused.response);
            }
        };
        if let Some(queue) = self.busy.get_mut(&at.path) {
            if self.waiting >= MAX_WAITING {
                return self.overloaded(*exchange);
            }
            self.waiting += 1;
            return queue.push_back(asked);
        }
        let (exchange, client) = (*exchange, client.clone());
        match self.documents.execute(&self.config, &at, request) {
            Ok(change::Done::Read(response)) => self.answer(exchange, *response, &client),
            Ok(change::Done::Change { content, response }) => {
                let (table, key) = (Table::XcapDocument, at.path.clone());
                let op = match &content {
                    Some(content) => NodeStoreOp::Put { table, key, value: content.clone().into_bytes() },
                    None => NodeStoreOp::Delete { table, key },
                };
                self.busy.insert(at.path.clone(), VecDeque::new());
                self.documents.reserve(&at.path, content.as_deref());
                let response = Box::new(self.access.finish(*response, &client));
                self.store(vec![op], Job::Change { exchange, path: at.path, content, response });
            }
            Err(refused) => {
                let why = format!("{} {} of {client}: {}", request.method(), request.uri(), refused.why);
                if refused.response.status() == StatusCode::CONFLICT {
                    self.counters.conflicts += 1;
                }
                let response = self.access.finish(*refused.response, &client);
                self.turn_down(exchange, &why, response);
            }
        }
    }

    fn on_stored(&mut self, answer: NodeStoreAnswer) {
        match (self.jobs.remove(&answer.token), answer.result) {
            (Some(Job::Load), Ok(tables)) => self.load(tables.into_iter().flatten()),
            (Some(Job::Configure(configured)), Ok(_)) => {
                for (path, content) in configured {
                    self.documents.set(&self.config.shelf, &path, Some(content));
                }
                self.begin();
            }
            (Some(Job::Configure(_)), Err(error)) => {
                self.say(format!(
                    "the profiles of the configuration are not kept, those before them are served: {error}"
                ));
                self.begin();
            }
            (Some(Job::Load), Err(error)) => {
                self.say(format!("the documents cannot be read, nothing is served: {error}"))
            }
            (Some(Job::Change { exchange, path, content, response }), result) => {
                self.documents.release(&path);
                let response = match result {
                    Ok(_) => {
                        self.counters.changes += 1;
                        self.documents.set(&self.config.shelf, &path, content);
                        *response
                    }
                    Err(error) => {
                        self.say(format!("{path} is not changed: {error}"));
                        plain(StatusCode::INTERNAL_SERVER_ERROR, "the change could not be made durable")
                    }
                };
                self.outputs.push_back(NodeOutput::Http { exchange, response });
                let queue = self.busy.remove(&path).unwrap_or_default();
                self.waiting -= queue.len();
                queue.into_iter().for_each(|asked| self.serve(asked));
            }
            (None, _) => self.ignored("an answer of the store to nothing"),
        }
    }

    fn load(&mut self, rows: impl Iterator<Item = (String, Vec<u8>)>) {
        for (path, octets) in rows {
            match String::from_utf8(octets) {
                Ok(content) => self.documents.set(&self.config.shelf, &path, Some(content)),
                Err(_) => self.say(format!("{path} is unreadable and left alone")),
            }
        }
        let is_new = |(path, content): &(String, String)| {
            self.documents.get(path).is_none_or(|stored| *stored.content != **content)
        };
        let configured: Vec<_> = std::mem::take(&mut self.configured).into_iter().filter(is_new).collect();
        if configured.is_empty() {
            return self.begin();
        }
        let put = |(path, content): &(String, String)| {
            let (table, value) = (Table::XcapDocument, content.clone().into_bytes());
            NodeStoreOp::Put { table, key: path.clone(), value }
        };
        self.store(configured.iter().map(put).collect(), Job::Configure(configured));
    }

    /// All is there.
    fn begin(&mut self) {
        self.is_loaded = true;
        let early = std::mem::take(&mut self.early);
        early.into_iter().for_each(|asked| self.serve(asked));
    }

    fn answer(&mut self, exchange: HttpExchange, response: Response<Vec<u8>>, client: &Client) {
        let response = self.access.finish(response, client);
        self.outputs.push_back(NodeOutput::Http { exchange, response });
    }

    fn refuse(&mut self, exchange: HttpExchange, request: &Request<Vec<u8>>, peer: SocketAddr, refused: Refused) {
        let why = format!("{} {} from {}: {}", request.method(), request.uri().path(), peer.ip(), refused.why);
        self.turn_down(exchange, &why, *refused.response);
    }

    fn turn_down(&mut self, exchange: HttpExchange, why: &str, response: Response<Vec<u8>>) {
        self.counters.refused += 1;
        self.say(format!("refused with {}: {why}", response.status().as_u16()));
        self.outputs.push_back(NodeOutput::Http { exchange, response });
    }

    fn overloaded(&mut self, exchange: HttpExchange) {
        self.counters.refused += 1;
        let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "too many requests are waiting");
        response.headers_mut().insert(http::header::RETRY_AFTER, http::HeaderValue::from_static("1"));
        self.outputs.push_back(NodeOutput::Http { exchange, response });
    }

    fn say(&mut self, text: String) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said(text)));
    }

    fn ignored(&mut self, event: &str) {
        let note = NodeNote::Ignored { state: "running".to_owned(), event: event.to_owned() };
        self.outputs.push_back(NodeOutput::Note(note));
    }
}

impl Node for Xdms {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Http { exchange, peer, request } => self.ask(now, exchange, peer, request),
            NodeInput::Store(answer) => self.on_stored(answer),
            NodeInput::Admin(Admin::Shutdown) => {}
            NodeInput::Admin(_) => self.ignored("an order that is for others"),
            NodeInput::Sip { .. } | NodeInput::SipFailed { .. } => self.ignored("SIP at an XDM server"),
            NodeInput::Diameter(_) => self.ignored("Diameter at an XDM server"),
            NodeInput::HttpResponse { .. } => self.ignored("an answer that an XDM server has not asked for"),
            NodeInput::Stream(_) | NodeInput::Datagram { .. } => self.ignored("media at an XDM server"),
            NodeInput::Sccp { .. } => self.ignored("SS7 at an XDM server"),
            NodeInput::Access(_) => self.ignored("an event of the access network"),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.access.handle_timeout(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.access.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.outputs.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("documents", self.documents.len() as u64),
            ("xcap_requests", self.counters.requests),
            ("xcap_requests_refused", self.counters.refused),
            ("xcap_conflicts", self.counters.conflicts),
            ("xcap_changes", self.counters.changes),
        ]
    }
}

/// Requests that wait for the store, all together.
const MAX_WAITING: usize = 1024;

#[cfg(test)]
mod tests;
