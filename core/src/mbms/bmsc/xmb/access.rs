//! Who a request of xMB-C comes from (TS 29.116 clause 7.2), as a lab has it: a content provider is known by the addresses
//! that it comes from, by a bearer token (RFC 6750), or by both; TLS is the listener's business.

use std::net::{IpAddr, SocketAddr};

use http::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use protocol::Secret;
use sha2::{Digest, Sha256};

use super::XmbConfig;
use super::answer::refusal;
use crate::mbms::bmsc::config::ServerRules;

/// A content provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderConfig {
    /// Its name, in logs and on the disk.
    pub name: String,
    /// The addresses that it comes from; none: any.
    pub addresses: Vec<IpAddr>,
    /// Its bearer token; none: it needs none.
    pub token: Option<Secret<String>>,
    /// What it may do.
    pub rules: ServerRules,
}

impl ProviderConfig {
    /// One that is known by its address alone.
    pub fn at(name: &str, address: IpAddr) -> Self {
        Self { name: name.to_owned(), addresses: vec![address], token: None, rules: ServerRules::default() }
    }
}

impl XmbConfig {
    /// The content provider that has sent a request.
    pub(super) fn provider(
        &self,
        peer: SocketAddr,
        headers: &HeaderMap,
    ) -> Result<&ProviderConfig, Box<Response<Vec<u8>>>> {
        let mut all = headers.get_all(AUTHORIZATION).iter();
        let given = all.next().filter(|_| all.next().is_none()).and_then(|value| value.to_str().ok()).and_then(token);
        let knows = |own: &Secret<String>| given.is_some_and(|given| is_same(given, own.expose()));
        let here = |provider: &&ProviderConfig| {
            provider.addresses.is_empty() || provider.addresses.contains(&peer.ip().to_canonical())
        };
        let mut here = self.providers.iter().filter(here).peekable();
        if here.peek().is_none() {
            return Err(Box::new(refusal(StatusCode::FORBIDDEN, "no content provider has this address")));
        }
        here.find(|provider| provider.token.as_ref().is_none_or(knows)).ok_or_else(|| {
            let mut response = refusal(StatusCode::UNAUTHORIZED, "send the bearer token of the content provider");
            let challenge = match given {
                Some(_) => "Bearer realm=\"xmb\", error=\"invalid_token\"",
                None => "Bearer realm=\"xmb\"",
            };
            response.headers_mut().insert(WWW_AUTHENTICATE, http::HeaderValue::from_static(challenge));
            Box::new(response)
        })
    }
}

fn token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

/// Digests are compared: how long it takes says nothing of the token.
fn is_same(given: &str, own: &str) -> bool {
    Sha256::digest(given) == Sha256::digest(own)
}
