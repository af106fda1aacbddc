//! The HTTP client of a UE (TS 24.623 clause 5.2.2): it answers challenges of HTTP digest (RFC 7616) and remembers them, and
//! logs its user in at an identity server.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use core_network::node::HttpExchange;
use http::header::{AUTHORIZATION, ETAG, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response, StatusCode};
use protocol::Entropy;
use protocol::sip::{Challenge, DigestClient, Method};

use super::mc_login::{McLogin, Next};

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
    /// Of servers that asked who it is, and how many requests were answered with it.
    challenges: BTreeMap<SocketAddr, (Challenge, u32)>,
    waiting: BTreeMap<HttpExchange, Asked>,
    /// Entity tags of documents, by their paths.
    pub(crate) etags: BTreeMap<String, String>,
    /// Logins that are under way, by the tokens of their requests.
    logins: BTreeMap<u64, McLogin>,
    /// Access token that its user has got by a login of the scenario, in the system that he is at home in.
    pub(crate) access_token: Option<String>,
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
        /// Whom it was for.
        to: SocketAddr,
        /// What was asked.
        what: String,
        /// What was answered.
        response: Response<Vec<u8>>,
    },
}

/// How a login goes on.
pub(crate) enum LogIn {
    /// This request goes out next.
    Ask(Box<Request<Vec<u8>>>),
    /// The access token.
    Done(String),
    /// Why there is none.
    Failed(String),
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
        let (challenges, waiting, etags, logins) = Default::default();
        let (username, access_token) = (username.to_owned(), None);
        Self { ip, username, password, entropy, requests: 0, challenges, waiting, etags, logins, access_token }
    }

    /// A request as it goes out.
    pub(crate) fn ask(&mut self, token: u64, to: SocketAddr, request: Request<Vec<u8>>) -> Ask {
        self.dress(token, to, request, false)
    }

    fn dress(&mut self, token: u64, to: SocketAddr, mut request: Request<Vec<u8>>, was_challenged: bool) -> Ask {
        let has_own = request.headers().contains_key(AUTHORIZATION) && !was_challenged;
        let credentials = if has_own { None } else { self.credentials(to, &request) };
        if let Some(value) = credentials.and_then(|text| HeaderValue::try_from(text).ok()) {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        self.requests = (self.requests + 1) % PORTS;
        let from = SocketAddr::new(self.ip, FIRST_PORT + self.requests);
        Ask { token, from, to, request, was_challenged }
    }

    fn credentials(&mut self, to: SocketAddr, request: &Request<Vec<u8>>) -> Option<String> {
        let (challenge, count) = self.challenges.get_mut(&to)?;
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
                self.challenges.insert(to, (challenge, 0));
                return Some(Outcome::Again(self.dress(token, to, request, true)));
            }
        }
        let path = request.uri().path().to_owned();
        if let Some(etag) = response.headers().get(ETAG).and_then(|value| value.to_str().ok()) {
            self.etags.insert(path.clone(), etag.to_owned());
        }
        let what = format!("{} {path}", request.method());
        Some(Outcome::Done { token, to, what, response })
    }

    /// The user begins to log in: the request that goes out first.
    pub(crate) fn log_in(
        &mut self,
        token: u64,
        who: (&str, &str),
        issuer: &str,
        scopes: &[String],
    ) -> http::Result<Request<Vec<u8>>> {
        let (login, request) = McLogin::begin(who, issuer, scopes, &mut self.entropy);
        let request = request?;
        self.logins.insert(token, login);
        Ok(request)
    }

    /// A response came that a login may wait for: how that goes on. None: it is none of a login.
    pub(crate) fn go_on(&mut self, token: u64, response: &Response<Vec<u8>>) -> Option<LogIn> {
        let mut login = self.logins.remove(&token)?;
        let next = match login.answered(response) {
            Ok(Next::Ask(request)) => match *request {
                Ok(request) => LogIn::Ask(request.into()),
                Err(why) => LogIn::Failed(why.to_string()),
            },
            Ok(Next::Done(access_token)) => LogIn::Done(access_token),
            Err(why) => LogIn::Failed(why),
        };
        if matches!(next, LogIn::Ask(_)) {
            self.logins.insert(token, login);
        }
        Some(next)
    }

    /// There will be no response.
    pub(crate) fn failed(&mut self, exchange: HttpExchange) -> Option<u64> {
        let token = self.waiting.remove(&exchange)?.token;
        self.logins.remove(&token);
        Some(token)
    }
}
