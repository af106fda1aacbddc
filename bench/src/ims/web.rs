//! The HTTP client of a UE (TS 24.623 clause 5.2.2): it answers challenges of HTTP digest (RFC 7616) and remembers them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use core_network::ims::HttpExchange;
use http::header::{AUTHORIZATION, ETAG, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response, StatusCode};
use protocol::Entropy;
use protocol::sip::{Challenge, DigestClient, Method};

/// The first port that requests come from; each has its own.
const FIRST_PORT: u16 = 50_000;
/// And how many there are before they come again.
const PORTS: u16 = 10_000;

/// The client of a UE.
#[derive(Debug)]
pub(crate) struct WebClient {
    ip: IpAddr,
    username: String,
    password: String,
    entropy: Entropy,
    requests: u16,
    /// Of the last server that asked who it is, and how many requests were answered with it.
    challenge: Option<(Challenge, u32)>,
    waiting: BTreeMap<HttpExchange, Asked>,
    /// Entity tags of documents, by their paths.
    pub(crate) etags: BTreeMap<String, String>,
}

/// A request that is under way.
#[derive(Debug)]
struct Asked {
    token: u64,
    to: SocketAddr,
    request: Request<Vec<u8>>,
    was_challenged: bool,
}

/// What becomes of a response.
pub(crate) enum Outcome {
    /// The same request again, with credentials.
    Again(Ask),
    /// That was it.
    Done {
        /// Of the request.
        token: u64,
        /// What was asked.
        what: String,
        /// What was answered.
        response: Response<Vec<u8>>,
    },
}

/// A request to be sent.
pub(crate) struct Ask {
    pub(crate) token: u64,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) request: Request<Vec<u8>>,
    was_challenged: bool,
}

impl WebClient {
    pub(crate) fn new(ip: IpAddr, username: &str, password: String, entropy: Entropy) -> Self {
        let (waiting, etags) = Default::default();
        let username = username.to_owned();
        Self { ip, username, password, entropy, requests: 0, challenge: None, waiting, etags }
    }

    /// A request as it goes out.
    pub(crate) fn ask(&mut self, token: u64, to: SocketAddr, request: Request<Vec<u8>>) -> Ask {
        self.dress(token, to, request, false)
    }

    fn dress(&mut self, token: u64, to: SocketAddr, mut request: Request<Vec<u8>>, was_challenged: bool) -> Ask {
        let credentials = self.credentials(&request);
        if let Some(value) = credentials.and_then(|text| HeaderValue::try_from(text).ok()) {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        self.requests = (self.requests + 1) % PORTS;
        let from = SocketAddr::new(self.ip, FIRST_PORT + self.requests);
        Ask { token, from, to, request, was_challenged }
    }

    fn credentials(&mut self, request: &Request<Vec<u8>>) -> Option<String> {
        let (challenge, count) = self.challenge.as_mut()?;
        *count += 1;
        let cnonce = self.entropy.token(16);
        let uri = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let client = DigestClient {
            username: &self.username,
            password: self.password.as_bytes(),
            method: &Method::parse(request.method().as_str()).ok()?,
            uri,
            nonce_count: *count,
            cnonce: &cnonce,
            body: request.body(),
        };
        Some(challenge.answer(&client).ok()?.to_string())
    }

    /// A request has gone out under this name.
    pub(crate) fn sent(&mut self, exchange: HttpExchange, ask: Ask) {
        let Ask { token, to, request, was_challenged, .. } = ask;
        self.waiting.insert(exchange, Asked { token, to, request, was_challenged });
    }

    /// A response came.
    pub(crate) fn answered(&mut self, exchange: HttpExchange, response: Response<Vec<u8>>) -> Option<Outcome> {
        let Asked { token, to, request, was_challenged } = self.waiting.remove(&exchange)?;
        if response.status() == StatusCode::UNAUTHORIZED && !was_challenged {
            let values = response.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
            // The first one that can be answered is the best one (RFC 7616 clause 3.7).
            let challenge = values.filter_map(|value| Challenge::parse(value).ok()).find(|c| c.nonce().is_some());
            if let Some(challenge) = challenge {
                self.challenge = Some((challenge, 0));
                return Some(Outcome::Again(self.dress(token, to, request, true)));
            }
        }
        let path = request.uri().path().to_owned();
        if let Some(etag) = response.headers().get(ETAG).and_then(|value| value.to_str().ok()) {
            self.etags.insert(path.clone(), etag.to_owned());
        }
        let what = format!("{} {path}", request.method());
        Some(Outcome::Done { token, what, response })
    }

    /// There will be no response.
    pub(crate) fn failed(&mut self, exchange: HttpExchange) -> Option<u64> {
        self.waiting.remove(&exchange).map(|asked| asked.token)
    }
}
