//! Identity management server of mission critical services: OpenID Connect as TS 33.180 clause 5.1.2 and annex B use it.
//!
//! Authorization code with PKCE (S256 only) for users, client credentials for clients that act for themselves. Codes, refresh
//! tokens and passwords are kept as hashes; an answer that gives a code or a token leaves when what stands behind it is durable.

mod authorize;
mod config;
mod form;
mod grants;
mod jose;
mod password;
mod token;
mod verifier;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use http::header::{ALLOW, HeaderValue, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use protocol::{Entropy, Instant};
use serde_json::{Value, json};

use self::config::OPENID;
use self::form::{answer, json_answer, text_answer};
use self::grants::Grants;
use self::jose::encode;
pub(crate) use self::password::Throttle;
use crate::node::{
    HttpExchange, Node, NodeInput, NodeNote, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest,
};
use crate::store::StoreToken;

pub use config::{IdmsClient, IdmsConfig, IdmsLifetimes, IdmsLimits, MC_SCOPES, McUser};
pub use jose::{JwsError, TokenKeys, TokenSigner};
pub use password::HashedPassword;
pub use verifier::{Claims, TokenRefusal, TokenVerifier, bearer_of};

/// An answer and whom it is for.
type Waiting = (From, Response<Vec<u8>>);

/// An identity server.
#[derive(Debug)]
pub struct IdentityServer {
    config: IdmsConfig,
    users: BTreeMap<String, McUser>,
    clients: BTreeMap<String, IdmsClient>,
    /// Nobody's password: trying it costs what trying somebody's does.
    decoy: HashedPassword,
    entropy: Entropy,
    grants: Grants,
    is_loaded: bool,
    /// Wrong passwords by name and address, and by address.
    by_name: Throttle,
    by_address: Throttle,
    /// Answers that wait for the store; none: nobody waits.
    waiting: BTreeMap<StoreToken, Option<Waiting>>,
    next_token: u64,
    sweep: Option<Instant>,
    answered: u64,
    refused: u64,
    outputs: VecDeque<NodeOutput>,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
struct From {
    exchange: HttpExchange,
    peer: SocketAddr,
}

impl IdentityServer {
    /// A server with what an earlier one has left in its store.
    ///
    /// # Errors
    /// Settings that cannot be.
    pub fn new(config: IdmsConfig, mut entropy: Entropy) -> Result<Self, String> {
        config.check()?;
        let decoy = match config.users.first() {
            // What the hash of somebody else costs.
            Some(user) => user.password.clone(),
            None => HashedPassword::new(&entropy.token(20), &mut entropy)?,
        };
        let limits = config.limits;
        let mut server = Self {
            users: config.users.iter().map(|user| (user.mc_id.clone(), user.clone())).collect(),
            clients: config.clients.iter().map(|client| (client.id.clone(), client.clone())).collect(),
            config,
            decoy,
            entropy,
            grants: Grants::default(),
            is_loaded: false,
            by_name: Throttle::new(limits.failures, limits.window),
            by_address: Throttle::new(limits.failures.saturating_mul(10), limits.window),
            waiting: BTreeMap::new(),
            next_token: 0,
            sweep: None,
            answered: 0,
            refused: 0,
            outputs: VecDeque::new(),
        };
        server.store(Grants::scans(), None);
        Ok(server)
    }

    /// Checks the tokens of this server.
    #[must_use]
    pub fn verifier(&self) -> TokenVerifier {
        TokenVerifier::new(&self.config.issuer, &self.config.audience, self.keys())
    }

    fn keys(&self) -> TokenKeys {
        self.config.signer.public().and(self.config.previous.clone())
    }

    fn take(&mut self, now: Instant, from: From, request: &Request<Vec<u8>>) {
        if !self.is_loaded {
            let mut response = text_answer(StatusCode::SERVICE_UNAVAILABLE, "starting");
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            return self.answer(from, response);
        }
        if request.body().len() > MAX_BODY {
            return self.turn_down(from, text_answer(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"));
        }
        let path = request.uri().path();
        match (path, request.method().as_str()) {
            ("/authorize", "GET" | "POST") => self.authorize(now, from, request),
            ("/token", "POST") => self.token(now, from, request),
            ("/jwks", "GET") => {
                let keys = self.keys().to_jwks();
                self.answer(from, answer(StatusCode::OK, "application/jwk-set+json", keys.to_string()));
            }
            ("/.well-known/openid-configuration", "GET") => {
                let about = self.about();
                self.answer(from, json_answer(StatusCode::OK, &about));
            }
            _ => {
                let allowed = match path {
                    "/authorize" => "GET, POST",
                    "/token" => "POST",
                    "/jwks" | "/.well-known/openid-configuration" => "GET",
                    _ => return self.turn_down(from, text_answer(StatusCode::NOT_FOUND, "nothing is here")),
                };
                let mut response = text_answer(StatusCode::METHOD_NOT_ALLOWED, allowed);
                response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
                self.turn_down(from, response);
            }
        }
    }

    /// OpenID Connect Discovery clause 3, RFC 8414 clause 2.
    fn about(&self) -> Value {
        let issuer = &self.config.issuer;
        let mut scopes = vec![OPENID];
        scopes.extend(self.config.clients.iter().flat_map(|client| &client.scopes).map(String::as_str));
        scopes.sort_unstable();
        scopes.dedup();
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "scopes_supported": scopes,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "subject_types_supported": ["public"],
            "acr_values_supported": ["3gpp:acr:password"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "nonce", "mcptt_id", "mcvideo_id", "mcdata_id"],
            "authorization_response_iss_parameter_supported": true,
        })
    }

    /// Seconds that somebody has to wait who has guessed too often.
    fn must_wait(&mut self, now: Instant, from: From, name: &str) -> Option<u64> {
        let by_name = self.by_name.wait(now, &who(from, name));
        let wait = by_name.max(self.by_address.wait(now, &from.peer.ip().to_string()))?;
        Some(wait.as_secs() + 1)
    }

    fn has_failed(&mut self, now: Instant, from: From, name: &str) {
        self.by_name.failed(now, &who(from, name));
        self.by_address.failed(now, &from.peer.ip().to_string());
    }

    fn has_succeeded(&mut self, from: From, name: &str) {
        self.by_name.succeeded(&who(from, name));
    }

    /// A new secret of 256 bits.
    fn secret(&mut self) -> String {
        let mut octets = [0; 32];
        self.entropy.fill(&mut octets);
        encode(octets)
    }

    const fn utc_ms(&self, now: Instant) -> u64 {
        self.config.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    /// What is no request for tokens at all.
    fn turn_down(&mut self, from: From, response: Response<Vec<u8>>) {
        let why = String::from_utf8_lossy(response.body()).trim_end().to_owned();
        self.say(format!("refused with {} to {}: {why}", response.status().as_u16(), from.peer.ip()));
        self.answer(from, response);
    }

    fn answer(&mut self, from: From, response: Response<Vec<u8>>) {
        let is_refusal = response.status().is_client_error() || response.status().is_server_error();
        *(if is_refusal { &mut self.refused } else { &mut self.answered }) += 1;
        self.outputs.push_back(NodeOutput::Http { exchange: from.exchange, response });
    }

    fn answer_when_stored(&mut self, ops: Vec<NodeStoreOp>, from: From, response: Response<Vec<u8>>) {
        match ops.is_empty() {
            true => self.answer(from, response),
            false => self.store(ops, Some((from, response))),
        }
    }

    fn store(&mut self, ops: Vec<NodeStoreOp>, waits: Option<(From, Response<Vec<u8>>)>) {
        self.next_token += 1;
        let token = StoreToken(self.next_token);
        self.waiting.insert(token, waits);
        self.outputs.push_back(NodeOutput::Store(NodeStoreRequest { token, ops }));
    }

    fn stored(&mut self, answer: NodeStoreAnswer) {
        let Some(waits) = self.waiting.remove(&answer.token) else {
            return self.ignore("no such request", "an answer of the store");
        };
        let result = match answer.result {
            Ok(tables) if !self.is_loaded => self.grants.load(tables),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        match (result, waits) {
            (Ok(()), Some((from, response))) => self.answer(from, response),
            (Ok(()), None) => self.is_loaded = true,
            (Err(why), waits) => {
                // What was to be used up stays so in memory: who asked begins anew.
                self.say(format!("not kept: {why}"));
                if let Some((from, _)) = waits {
                    self.answer(
                        from,
                        text_answer(StatusCode::SERVICE_UNAVAILABLE, "nothing can be kept: begin anew later"),
                    );
                }
            }
        }
    }

    fn say(&mut self, text: impl Into<String>) {
        self.outputs.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    fn ignore(&mut self, state: &str, event: &str) {
        let note = NodeNote::Ignored { state: state.to_owned(), event: event.to_owned() };
        self.outputs.push_back(NodeOutput::Note(note));
    }
}

impl Node for IdentityServer {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Http { exchange, peer, request } => self.take(now, From { exchange, peer }, &request),
            NodeInput::Store(answer) => self.stored(answer),
            NodeInput::Admin(crate::node::Admin::Shutdown) => {}
            _ => self.ignore("identity server", "something else than HTTP"),
        }
        let is_empty = self.grants.codes.is_empty() && self.grants.refreshes.is_empty();
        if !is_empty && self.sweep.is_none() {
            self.sweep = Some(now + SWEEP);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.sweep.is_some_and(|due| due <= now) {
            let ops = self.grants.sweep(self.utc_ms(now));
            if !ops.is_empty() {
                self.store(ops, None);
            }
            let is_empty = self.grants.codes.is_empty() && self.grants.refreshes.is_empty();
            self.sweep = (!is_empty).then(|| now + SWEEP);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.sweep
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.outputs.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("answered", self.answered),
            ("refused", self.refused),
            ("codes", self.grants.codes.len() as u64),
            ("refresh_tokens", self.grants.refreshes.len() as u64),
        ]
    }
}

/// A name from an address; names that are too long are all one.
fn who(from: From, name: &str) -> String {
    let name = if name.len() <= MAX_NAME { name } else { "" };
    format!("{} {name}", from.peer.ip())
}

/// How often what has expired is forgotten.
const SWEEP: Duration = Duration::from_secs(60);
/// Octets of a body.
const MAX_BODY: usize = 16 * 1024;
const MAX_NAME: usize = 255;

#[cfg(test)]
mod tests;
