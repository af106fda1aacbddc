//! `[identity]`: the identity server of mission critical services.

use std::path::PathBuf;

use serde::Deserialize;

use super::{WebPlace, loopback};
use crate::mc::{IdmsClient, McUser};

/// Settings of the identity server.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdentitySection {
    /// Its URL, `iss` of its tokens; none: its first place.
    pub issuer: Option<String>,
    /// `aud` of access tokens; none: the home domain.
    pub audience: Option<String>,
    /// Where it listens.
    pub listen: Vec<WebPlace>,
    /// The file of its private key (PKCS #8, PEM, P-256); made when it is not there.
    pub key: PathBuf,
    /// Files of keys that have signed tokens which may still be in use.
    pub previous_keys: Vec<PathBuf>,
    /// MC users.
    pub users: Vec<McUser>,
    /// Clients.
    pub clients: Vec<IdmsClient>,
    /// How long access and ID tokens last, seconds.
    pub token_s: Option<u32>,
    /// How long authorization codes last, seconds.
    pub code_s: Option<u32>,
    /// How long refresh tokens last, seconds.
    pub refresh_s: Option<u32>,
    /// Wrong passwords of one name from one address in a minute.
    pub failures: Option<u32>,
}

impl Default for IdentitySection {
    fn default() -> Self {
        Self {
            issuer: None,
            audience: None,
            listen: vec![WebPlace { is_secure: false, address: loopback(8081) }],
            key: "identity.pem".into(),
            previous_keys: Vec::new(),
            users: Vec::new(),
            clients: Vec::new(),
            token_s: None,
            code_s: None,
            refresh_s: None,
            failures: None,
        }
    }
}
