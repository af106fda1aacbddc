//! Content providers on xMB (TS 29.116), whose strings a test pulls.

use http::{Method, Request, Response, StatusCode};
use protocol::xmb::{Notification, Service, Session, SessionState};
use serde_json::json;

use super::*;
use crate::node::{HttpExchange, OutsideEvent};

mod announcement;
mod campaign;
mod files;
mod kills;
mod notifications;
mod reload;
mod resources;
mod sessions;

pub(super) const PROVIDERS: [(&str, u8); 2] = [("radio", 41), ("news", 42)];
const BASE: &str = "http://10.46.0.31:8080";
/// Where the first content provider takes notifications, and has files.
pub(super) const URL: &str = "http://10.46.0.41:9000";

/// What content providers see, and how they answer.
#[derive(Debug, Default)]
pub(super) struct Web {
    answers: BTreeMap<HttpExchange, Result<Response<Vec<u8>>, String>>,
    pub(super) notifications: Vec<Notification>,
    /// Statuses of the next answers to notifications; then 204.
    pub(super) statuses: VecDeque<u16>,
    /// Files to be fetched.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) fetched: Vec<String>,
}

pub(super) fn xmb_config() -> BmscNodeConfig {
    let mut config = config();
    let provider = |(name, own): (&str, u8)| ProviderConfig::at(name, ip(own));
    config.xmb = Some(XmbConfig::new(BASE, PROVIDERS.map(provider).to_vec()));
    config
}

impl Net {
    /// Something has come to a content provider.
    pub(super) fn at_provider(&mut self, event: OutsideEvent) {
        match event {
            OutsideEvent::Response { exchange, response } => drop(self.web.answers.insert(exchange, Ok(response))),
            OutsideEvent::RequestFailed { exchange, why } => drop(self.web.answers.insert(exchange, Err(why))),
            OutsideEvent::Request { exchange, request, .. } if request.method() == Method::GET => {
                let path = request.uri().path().to_owned();
                let mut response = Response::new(self.web.files.get(&path).cloned().unwrap_or_default());
                if response.body().is_empty() {
                    *response.status_mut() = StatusCode::NOT_FOUND;
                }
                response.headers_mut().insert("content-type", http::HeaderValue::from_static("text/plain"));
                self.web.fetched.push(path);
                self.fabric.respond(exchange, &response);
            }
            OutsideEvent::Request { exchange, request, .. } => {
                let status = self.web.statuses.pop_front().unwrap_or(204);
                if status < 300 {
                    self.web.notifications.push(serde_json::from_slice(request.body()).unwrap());
                }
                let mut response = Response::new(Vec::new());
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                self.fabric.respond(exchange, &response);
            }
            OutsideEvent::Stream(_) | OutsideEvent::Datagram { .. } | OutsideEvent::Sccp { .. } => {}
        }
    }

    /// A request of a content provider, and what becomes of it.
    pub(super) fn try_http(&mut self, provider: usize, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, String> {
        let from = (ip(PROVIDERS[provider].1), 40_000).into();
        let exchange = self.fabric.http(self.now, from, (ip(31), 8080).into(), request);
        for _ in 0..100 {
            self.run_ms(5);
            if let Some(answer) = self.web.answers.remove(&exchange) {
                return answer;
            }
        }
        panic!("no answer: {:#?}", self.notes)
    }

    pub(super) fn http(&mut self, method: &str, path: &str, body: &str) -> Response<Vec<u8>> {
        let request = Request::builder().method(method).uri(path).body(body.as_bytes().to_vec()).unwrap();
        self.try_http(0, request).unwrap()
    }

    /// A request that is to be answered with this status; its answer read.
    pub(super) fn rest<T: serde::de::DeserializeOwned>(
        &mut self,
        provider: usize,
        (method, path): (&str, &str),
        body: &serde_json::Value,
        status: u16,
    ) -> T {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request::builder().method(method).uri(path).body(body).unwrap();
        let response = self.try_http(provider, request).unwrap();
        let text = String::from_utf8_lossy(response.body()).into_owned();
        assert_eq!(response.status().as_u16(), status, "{method} {path}: {text}");
        serde_json::from_str(if text.is_empty() { "null" } else { &text }).unwrap_or_else(|why| panic!("{why}: {text}"))
    }

    /// A service that tells what happens.
    pub(super) fn new_service(&mut self, provider: usize) -> String {
        let body = json!({ "service-names": ["en:News"], "push-notification-url": format!("{URL}/told") });
        let service: Service = self.rest(provider, ("POST", "/xmb/v1.0/services"), &body, 201);
        format!("/xmb/v1.0/services/{}", service.id)
    }

    pub(super) fn new_session(
        &mut self,
        provider: usize,
        service: &str,
        body: &serde_json::Value,
    ) -> (String, Session) {
        let session: Session = self.rest(provider, ("POST", &format!("{service}/sessions")), body, 201);
        (format!("{service}/sessions/{}", session.id), session)
    }

    pub(super) fn session(&mut self, path: &str) -> Session {
        self.rest(0, ("GET", path), &json!(null), 200)
    }

    /// What was told, by name.
    pub(super) fn told(&self) -> Vec<(&str, Option<SessionState>)> {
        self.web.notifications.iter().map(|n| (n.event.as_str(), n.session_state)).collect()
    }
}

pub(super) fn streaming(areas: &[u16]) -> serde_json::Value {
    json!({ "session-type": "Streaming", "session-start": 0, "geographical-areas": areas, "max-bitrate": 64_000 })
}
