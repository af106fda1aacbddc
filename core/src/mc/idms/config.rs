//! Whom the identity server knows, and how long what it gives lasts.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Uri;
use serde::Deserialize;

use super::jose::{TokenKeys, TokenSigner};
use super::password::HashedPassword;

/// Scopes of mission critical services (TS 33.180 table B.4.2.2-1).
pub const MC_SCOPES: [&str; 12] = [
    "3gpp:mc:ptt_service",
    "3gpp:mc:ptt_key_management_service",
    "3gpp:mc:ptt_config_management_service",
    "3gpp:mc:ptt_group_management_service",
    "3gpp:mc:video_service",
    "3gpp:mc:video_key_management_service",
    "3gpp:mc:video_config_management_service",
    "3gpp:mc:video_group_management_service",
    "3gpp:mc:data_service",
    "3gpp:mc:data_key_management_service",
    "3gpp:mc:data_config_management_service",
    "3gpp:mc:data_group_management_service",
];

/// Asks for an ID token (OpenID Connect Core clause 3.1.2.1).
pub(super) const OPENID: &str = "openid";

/// Settings of an identity server.
#[derive(Clone, Debug)]
pub struct IdmsConfig {
    /// Its own URL, without a slash at the end: `iss` of its tokens.
    pub issuer: String,
    /// Whom access tokens are for: the servers of the domain.
    pub audience: String,
    /// Signs tokens.
    pub signer: TokenSigner,
    /// Keys that have signed tokens which may still be in use.
    pub previous: TokenKeys,
    /// MC users.
    pub users: Vec<McUser>,
    /// Clients.
    pub clients: Vec<IdmsClient>,
    /// How long what it gives lasts.
    pub lifetimes: IdmsLifetimes,
    /// Bounds.
    pub limits: IdmsLimits,
    /// UTC in milliseconds at the start of the run.
    pub utc_ms_at_zero: u64,
}

/// A user of mission critical services (TS 23.280 clause 8.1.1: MC ID).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McUser {
    /// The MC ID: what he logs in with, and the subject of his tokens.
    pub mc_id: String,
    /// Hash of his password.
    pub password: HashedPassword,
    /// MCPTT ID; none: no MCPTT.
    pub mcptt_id: Option<String>,
    /// MCVideo ID; none: no MCVideo.
    pub mcvideo_id: Option<String>,
    /// MCData ID; none: no MCData.
    pub mcdata_id: Option<String>,
}

impl McUser {
    /// Whether a scope is of a service that he has; those of no service are for everybody.
    pub(super) fn has(&self, scope: &str) -> bool {
        let of = |service: &str| scope.strip_prefix("3gpp:mc:").is_some_and(|rest| rest.starts_with(service));
        match scope {
            _ if of("ptt_") => self.mcptt_id.is_some(),
            _ if of("video_") => self.mcvideo_id.is_some(),
            _ if of("data_") => self.mcdata_id.is_some(),
            _ => true,
        }
    }
}

/// A registered client (TS 33.180 clause B.3).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdmsClient {
    /// Its client_id.
    pub id: String,
    /// Hash of its secret; none: it can keep none (RFC 6749 clause 2.1, public).
    #[serde(default)]
    pub secret: Option<HashedPassword>,
    /// Where users may be sent back to, octet for octet; none: it has no users.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// What it may ask for besides `openid`.
    pub scopes: BTreeSet<String>,
    /// It may have tokens for itself (RFC 6749 clause 4.4): takes a secret.
    #[serde(default)]
    pub acts_for_itself: bool,
}

/// How long what the server gives lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IdmsLifetimes {
    /// Authorization codes: at most ten minutes (RFC 6749 clause 4.1.2).
    pub code: Duration,
    /// Access and ID tokens: nobody can take them back.
    pub token: Duration,
    /// Refresh tokens, each time one is given.
    pub refresh: Duration,
}

impl Default for IdmsLifetimes {
    fn default() -> Self {
        Self {
            code: Duration::from_secs(60),
            token: Duration::from_secs(10 * 60),
            refresh: Duration::from_secs(24 * 3600),
        }
    }
}

/// Bounds of an identity server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IdmsLimits {
    /// Codes that wait for their clients.
    pub codes: usize,
    /// Refresh tokens, used ones that have not expired included.
    pub refresh_tokens: usize,
    /// Logins of a user at a time; the oldest goes.
    pub logins: usize,
    /// Wrong passwords of one name from one address in `window`, and ten times as many of one address.
    pub failures: u32,
    /// For how long they count.
    pub window: Duration,
}

impl Default for IdmsLimits {
    fn default() -> Self {
        Self { codes: 4096, refresh_tokens: 65_536, logins: 16, failures: 5, window: Duration::from_secs(60) }
    }
}

impl IdmsConfig {
    /// A server with nobody to serve; tokens of `signer` for `audience`.
    #[must_use]
    pub fn new(issuer: &str, audience: &str, signer: TokenSigner) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            signer,
            previous: TokenKeys::default(),
            users: Vec::new(),
            clients: Vec::new(),
            lifetimes: IdmsLifetimes::default(),
            limits: IdmsLimits::default(),
            utc_ms_at_zero: 0,
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let is_url = |url: &str| url.parse::<Uri>().is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some());
        let issuer = &self.issuer;
        if !is_url(issuer) || issuer.ends_with('/') || issuer.contains(['?', '#']) {
            return Err(format!("issuer {issuer:?} is no URL of a server: https://HOST, without a slash at the end"));
        }
        let mut names = BTreeSet::new();
        for user in &self.users {
            if user.mc_id.is_empty() || user.mc_id.len() > MAX_SUBJECT || !names.insert(&user.mc_id) {
                return Err(format!("user {:?}: empty, longer than {MAX_SUBJECT} octets, or twice", user.mc_id));
            }
        }
        let mut ids = BTreeSet::new();
        for client in &self.clients {
            let id = &client.id;
            if id.is_empty() || !ids.insert(id) {
                return Err(format!("client {id:?}: empty, or twice"));
            }
            if client.acts_for_itself && client.secret.is_none() {
                return Err(format!("client {id:?} acts for itself: give it a secret"));
            }
            let is_good = |uri: &String| {
                let is_plain = uri.bytes().all(|b| b.is_ascii_graphic()) && !uri.contains('#');
                is_plain && uri.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
            };
            if let Some(uri) = client.redirect_uris.iter().find(|uri| !is_good(uri)) {
                return Err(format!("client {id:?}: redirect URI {uri:?} is no absolute URI without a fragment"));
            }
            let is_token = |scope: &String| {
                !scope.is_empty() && scope.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
            };
            if let Some(scope) = client.scopes.iter().find(|scope| !is_token(scope)) {
                return Err(format!("client {id:?}: {scope:?} is no scope (RFC 6749 clause 3.3)"));
            }
        }
        Ok(())
    }
}

/// A scheme that a browser opens as a place, not as a program (RFC 3986 clause 3.1).
fn is_scheme(scheme: &str) -> bool {
    let is_name = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let is_code = ["javascript", "data", "vbscript"].iter().any(|bad| scheme.eq_ignore_ascii_case(bad));
    is_name && !is_code && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Octets of a subject (TS 33.180 clause B.2.1.2).
const MAX_SUBJECT: usize = 255;
