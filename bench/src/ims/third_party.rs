//! A third party outside: an HTTP client with a token (RFC 6749 clause 4.4, RFC 6750) and what it knows from answers.

use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use core_network::node::HttpExchange;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response};
use serde_json::Value;

/// The first port that requests come from; each has its own.
const FIRST_PORT: u16 = 50_000;

/// A third party.
#[derive(Debug)]
pub(crate) struct ApiClient {
    pub(crate) name: String,
    ip: IpAddr,
    secret: String,
    scopes: String,
    token: Option<String>,
    requests: u16,
    waiting: Option<HttpExchange>,
    asked: String,
    /// Names of its last text and its last call.
    last_message: String,
    last_call: String,
}

impl ApiClient {
    pub(crate) fn new(name: &str, ip: IpAddr, secret: String, scopes: &[String]) -> Self {
        Self {
            name: name.to_owned(),
            ip,
            secret,
            scopes: scopes.join(" "),
            token: None,
            requests: 0,
            waiting: None,
            asked: String::new(),
            last_message: String::new(),
            last_call: String::new(),
        }
    }

    /// Where the next request comes from.
    pub(crate) fn socket(&mut self) -> SocketAddr {
        self.requests = (self.requests + 1) % 10_000;
        SocketAddr::new(self.ip, FIRST_PORT + self.requests)
    }

    /// The request for a token.
    pub(crate) fn token_request(&self) -> http::Result<Request<Vec<u8>>> {
        let fields = [("grant_type", "client_credentials"), ("scope", &self.scopes)];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let credentials = STANDARD.encode(format!("{}:{}", self.name, self.secret));
        Request::post("/token")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(AUTHORIZATION, format!("Basic {credentials}"))
            .body(body.into_bytes())
    }

    /// A request to the exposure, with the token if there is one.
    pub(crate) fn request(&self, method: Method, path: &str, body: &Value) -> http::Result<Request<Vec<u8>>> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_null() {
            return request.body(Vec::new());
        }
        request.header(CONTENT_TYPE, "application/json").body(body.to_string().into_bytes())
    }

    pub(crate) fn message_path(&self) -> String {
        format!("/v1/messages/{}", self.last_message)
    }

    pub(crate) fn call_path(&self) -> String {
        format!("/v1/sessions/{}", self.last_call)
    }

    pub(crate) fn sent(&mut self, exchange: HttpExchange, asked: String) {
        (self.waiting, self.asked) = (Some(exchange), asked);
    }

    pub(crate) const fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// An answer came: what was asked, and the status. None: nobody waits for it.
    pub(crate) fn answered(&mut self, exchange: HttpExchange, response: &Response<Vec<u8>>) -> Option<String> {
        self.waiting.take_if(|own| *own == exchange)?;
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        match self.asked.as_str() {
            "POST /token" => self.token = text("access_token"),
            "POST /v1/messages" => self.last_message = text("id").unwrap_or_default(),
            "POST /v1/sessions" => self.last_call = text("id").unwrap_or_default(),
            _ => {}
        }
        Some(format!("{}: {}", self.asked, response.status()))
    }

    /// There will be no answer.
    pub(crate) fn failed(&mut self, exchange: HttpExchange, why: &str) -> Option<String> {
        self.waiting.take_if(|own| *own == exchange)?;
        Some(format!("{}: {why}", self.asked))
    }
}
