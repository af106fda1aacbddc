//! Who asks (TS 24.623 clause 5.2.3, TS 33.222, TS 33.180 annex B.10): by digest, by an access token, by what a trusted
//! authentication proxy asserts, or as an application server of the network.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderName, Request, Response, StatusCode};
use protocol::sip::Uri;
use protocol::{Entropy, Instant};

use super::answer::Refused;
use super::digest::{DigestGate, DigestRefusal};
use super::usage::{Scope, Usage};
use super::{XdmTokens, XdmsConfig};
use crate::ims::trust::TrustedPeer;
use crate::mc::TokenRefusal;

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Client {
    /// A user, with the identities whose trees are his; Authentication-Info for the answer.
    User { identities: Vec<String>, info: Option<String> },
    /// An application server.
    Server,
    /// An MC administrator.
    Administrator,
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { identities, .. } => f.write_str(identities.first().map_or("nobody", String::as_str)),
            Self::Server => f.write_str("an application server"),
            Self::Administrator => f.write_str("an administrator"),
        }
    }
}

#[derive(Debug)]
pub(super) struct Access {
    gate: DigestGate,
    /// Identities by user name.
    users: BTreeMap<String, Vec<String>>,
    proxies: Vec<TrustedPeer>,
    servers: Vec<TrustedPeer>,
    administrators: Vec<TrustedPeer>,
    tokens: Option<XdmTokens>,
    realm: String,
}

impl Access {
    pub(super) fn new(config: &XdmsConfig, entropy: Entropy) -> Self {
        let mut gate = DigestGate::new(&config.realm, config.nonce_life, entropy);
        let mut users = BTreeMap::new();
        for user in &config.users {
            gate.add(&user.username, user.password.expose());
            users.insert(user.username.clone(), user.identities.iter().map(|i| canonical(i)).collect());
        }
        let (proxies, servers) = (config.trusted_proxies.clone(), config.trusted_servers.clone());
        let administrators = config.administrators.clone();
        let (tokens, realm) = (config.tokens.clone(), config.realm.clone());
        Self { gate, users, proxies, servers, administrators, tokens, realm }
    }

    /// Who sends a request; `usage`: what it is for, when that is known here.
    pub(super) fn client(
        &mut self,
        now: Instant,
        peer: SocketAddr,
        usage: Option<&Usage>,
        request: &Request<Vec<u8>>,
    ) -> Result<Client, Refused> {
        if let Some(scopes) = usage.and_then(|usage| usage.managed) {
            return self.client_of_managed(now, peer, scopes, request);
        }
        let asserted = request.headers().get_all(&ASSERTED);
        if asserted.iter().next().is_some() && self.proxies.iter().any(|proxy| proxy.is(peer)) {
            let identities: Vec<String> = asserted.iter().filter_map(|v| v.to_str().ok()).flat_map(quoted).collect();
            // TS 24.109 clause 6.5: the first is the one that the request is for.
            let known = identities.iter().all(|identity| self.users.values().any(|own| own.contains(identity)));
            return match known && !identities.is_empty() {
                true => Ok(Client::User { identities, info: None }),
                false => Err(Refused::new(StatusCode::FORBIDDEN, "the asserted identity has no documents here")),
            };
        }
        if self.servers.iter().any(|server| server.is(peer)) && !request.headers().contains_key(AUTHORIZATION) {
            return Ok(Client::Server);
        }
        if let Some(tokens) = self.tokens.as_ref().filter(|_| has_bearer(request)) {
            return tokens.client(now, request, &GROUP_MANAGEMENT).map_err(|why| self.no_token(&why));
        }
        let mut credentials = request.headers().get_all(AUTHORIZATION).iter();
        let checked = match (credentials.next().map(HeaderValue::to_str), credentials.next()) {
            (None, _) => Err(DigestRefusal::Missing),
            (Some(Ok(value)), None) => self.gate.check(now, request, value),
            _ => Err(DigestRefusal::Malformed("more than one set of credentials")),
        };
        match checked {
            Ok(passed) => {
                let identities = self.users.get(&passed.username).cloned().unwrap_or_default();
                Ok(Client::User { identities, info: passed.info })
            }
            Err(why) => Err(self.challenge(now, why)),
        }
    }

    /// Who asks for what administrators write and its user reads: a user by a token and nothing else (TS 24.484 clause 6).
    fn client_of_managed(
        &self,
        now: Instant,
        peer: SocketAddr,
        scopes: &[Scope],
        request: &Request<Vec<u8>>,
    ) -> Result<Client, Refused> {
        let has_credentials = request.headers().contains_key(AUTHORIZATION);
        let is_one_of = |peers: &[TrustedPeer]| !has_credentials && peers.iter().any(|own| own.is(peer));
        if is_one_of(&self.administrators) {
            return Ok(Client::Administrator);
        }
        if is_one_of(&self.servers) {
            return Ok(Client::Server);
        }
        match &self.tokens {
            Some(tokens) => tokens.client(now, request, scopes).map_err(|why| self.no_token(&why)),
            None => Err(Refused::new(StatusCode::FORBIDDEN, "there is no identity management server for it")),
        }
    }

    fn no_token(&self, why: &TokenRefusal) -> Refused {
        let refused = Refused::new(why.status(), format!("access token: {why}"));
        refused.with(WWW_AUTHENTICATE, why.challenge(&self.realm).to_str().unwrap_or("Bearer"))
    }

    fn challenge(&mut self, now: Instant, why: DigestRefusal) -> Refused {
        let is_stale = matches!(why, DigestRefusal::Stale | DigestRefusal::Replayed);
        let mut refused = Refused::new(StatusCode::UNAUTHORIZED, why.to_string());
        for challenge in self.gate.challenges(now, is_stale) {
            if let Ok(value) = HeaderValue::try_from(challenge) {
                refused.response.headers_mut().append(WWW_AUTHENTICATE, value);
            }
        }
        refused
    }

    /// An answer with what the client's way of asking wants in it.
    pub(super) fn finish(&self, mut response: Response<Vec<u8>>, client: &Client) -> Response<Vec<u8>> {
        if let Client::User { info: Some(info), .. } = client
            && let Ok(value) = HeaderValue::try_from(info)
        {
            response.headers_mut().insert("authentication-info", value);
        }
        response
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.gate.poll_timeout()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.gate.handle_timeout(now);
    }
}

/// Scopes of group management, and whose groups each is for (TS 33.180 table B.4.2.2-1).
const GROUP_MANAGEMENT: [Scope; 3] = [
    ("3gpp:mc:ptt_group_management_service", |claims| claims.mcptt_id),
    ("3gpp:mc:video_group_management_service", |claims| claims.mcvideo_id),
    ("3gpp:mc:data_group_management_service", |claims| claims.mcdata_id),
];

impl XdmTokens {
    /// The user that an access token was given for, with those of his MC service IDs that it has one of these scopes for.
    fn client(&self, now: Instant, request: &Request<Vec<u8>>, scopes: &[Scope]) -> Result<Client, TokenRefusal> {
        let now_s = self.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000) / 1000;
        let mut identities = Vec::new();
        let mut refusal = None;
        for (scope, id) in scopes {
            match self.verifier.check_request(now_s, request.headers(), scope) {
                Ok(claims) => identities.extend(id(claims).map(|id| canonical(&id))),
                Err(why) => {
                    refusal.get_or_insert(why);
                }
            }
        }
        match (identities.is_empty(), refusal) {
            (true, Some(why)) => Err(why),
            _ => Ok(Client::User { identities, info: None }),
        }
    }
}

/// The credentials are a token (RFC 6750 clause 2.1).
fn has_bearer(request: &Request<Vec<u8>>) -> bool {
    let is_bearer = |value: &HeaderValue| {
        let scheme = value.as_bytes().get(..7);
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
    };
    request.headers().get_all(AUTHORIZATION).iter().any(is_bearer)
}

/// The one form of an XCAP User Identifier.
pub(super) fn canonical(xui: &str) -> String {
    Uri::parse(xui).map_or_else(|_| xui.to_owned(), |uri| uri.identity())
}

/// Identities between quotes, with commas between them (TS 24.109 annex G).
fn quoted(value: &str) -> impl Iterator<Item = String> {
    value.split(',').map(|one| canonical(one.trim().trim_matches('"'))).filter(|one| !one.is_empty())
}

/// TS 33.222 clause 6.5.2.4, TS 24.109.
const ASSERTED: HeaderName = HeaderName::from_static("x-3gpp-asserted-identity");
