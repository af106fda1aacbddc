//! MM1 over HTTP (OMA-MMS-CTR): requests, and who the UE is when the relay asks (RFC 7616).

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, USER_AGENT, WWW_AUTHENTICATE};
use http::uri::Scheme;
use http::{HeaderValue, Method, Request, Response, Uri};
use protocol::Entropy;
use protocol::mms::MMS_MEDIA_TYPE;
use protocol::sip::{Challenge, DigestClient};

use super::config::MmsConfig;
use super::failure::MmsFailure;

/// The HTTP side of an agent.
#[derive(Debug)]
pub(super) struct Web {
    entropy: Entropy,
    /// Of the relay, and how many requests were answered with it.
    challenge: Option<(Challenge, u32)>,
}

impl Web {
    pub(super) const fn new(entropy: Entropy) -> Self {
        Self { entropy, challenge: None }
    }

    /// A PDU for the relay.
    pub(super) fn post(&mut self, config: &MmsConfig, pdu: Vec<u8>) -> Result<Request<Vec<u8>>, MmsFailure> {
        let mut request = Request::new(pdu);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url(&config.relay)?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MMS_MEDIA_TYPE));
        Ok(self.dress(config, request))
    }

    /// A message is retrieved.
    pub(super) fn get(&mut self, config: &MmsConfig, location: &str) -> Result<Request<Vec<u8>>, MmsFailure> {
        Ok(self.dress(config, retrieval(location)?))
    }

    fn dress(&mut self, config: &MmsConfig, mut request: Request<Vec<u8>>) -> Request<Vec<u8>> {
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
        if let Some(value) = self.credentials(config, &request) {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        request
    }

    fn credentials(&mut self, config: &MmsConfig, request: &Request<Vec<u8>>) -> Option<HeaderValue> {
        let own = config.credentials.as_ref().filter(|_| is_of_relay(config, request.uri()))?;
        let (challenge, count) = self.challenge.as_mut()?;
        *count = count.saturating_add(1);
        let client = DigestClient {
            username: &own.username,
            password: own.password.expose().as_bytes(),
            method: &protocol::sip::Method::parse(request.method().as_str()).ok()?,
            uri: request.uri().path_and_query().map_or("/", |path| path.as_str()),
            nonce_count: *count,
            cnonce: &self.entropy.token(16),
            body: request.body(),
        };
        HeaderValue::try_from(challenge.answer(&client).ok()?.to_string()).ok()
    }

    /// The relay asks who the UE is; true: it can be told.
    pub(super) fn challenged(&mut self, config: &MmsConfig, location: &str, response: &Response<Vec<u8>>) -> bool {
        if config.credentials.is_none() || !url(location).is_ok_and(|uri| is_of_relay(config, &uri)) {
            return false;
        }
        let values = response.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        // The first one that can be answered is the best one (RFC 7616 clause 3.7).
        let challenge = values.filter_map(|value| Challenge::parse(value).ok()).find(|c| c.nonce().is_some());
        let is_there = challenge.is_some();
        self.challenge = challenge.map(|challenge| (challenge, 0)).or_else(|| self.challenge.take());
        is_there
    }
}

/// GET of a message.
pub(super) fn retrieval(location: &str) -> Result<Request<Vec<u8>>, MmsFailure> {
    let mut request = Request::new(Vec::new());
    *request.uri_mut() = url(location)?;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static(MMS_MEDIA_TYPE));
    Ok(request)
}

/// Is it a PDU of MM1 that was answered?
pub(super) fn is_pdu(response: &Response<Vec<u8>>) -> bool {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(MMS_MEDIA_TYPE) && !response.body().is_empty()
}

/// What a response without a PDU says.
pub(super) fn failure_of(response: &Response<Vec<u8>>) -> MmsFailure {
    let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let is_text = header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/plain"));
    let octets = if is_text { response.body().as_slice() } else { &[] };
    let text = String::from_utf8_lossy(&octets[..octets.len().min(MAX_TEXT)]);
    let text = text.trim().chars().filter(|c| !c.is_control()).collect();
    let seconds = header(RETRY_AFTER).and_then(|value| value.trim().parse().ok());
    MmsFailure::Http { status: response.status().as_u16(), text, retry_after: seconds.map(Duration::from_secs) }
}

/// An absolute URL of HTTP.
fn url(text: &str) -> Result<Uri, MmsFailure> {
    let uri = text.parse::<Uri>().ok().filter(|uri| {
        let is_http = uri.scheme().is_some_and(|scheme| [Scheme::HTTP, Scheme::HTTPS].contains(scheme));
        is_http && uri.host().is_some_and(|host| !host.is_empty())
    });
    uri.ok_or_else(|| MmsFailure::Url(text.to_owned()))
}

/// Nobody but the relay gets a digest with the user's password.
fn is_of_relay(config: &MmsConfig, uri: &Uri) -> bool {
    let place = |uri: &Uri| {
        let usual = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
        (uri.scheme().cloned(), uri.host().map(str::to_ascii_lowercase), uri.port_u16().unwrap_or(usual))
    };
    url(&config.relay).is_ok_and(|relay| place(&relay) == place(uri))
}

/// Of the text that a refusal comes with.
const MAX_TEXT: usize = 256;
const AGENT: &str = "castbench";
