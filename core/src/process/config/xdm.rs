//! `[xdm]`: the XDM server.

use std::path::PathBuf;

use protocol::Secret;
use serde::Deserialize;

use super::{WebPlace, loopback};
use crate::ims::TrustedPeer;

/// Settings of the XDM server.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct XdmSection {
    /// The XCAP root URI as clients see it; none: its first place.
    pub root: Option<String>,
    /// Realm of the digest; none: the home domain.
    pub realm: Option<String>,
    /// Where it listens.
    pub listen: Vec<WebPlace>,
    /// Users of XCAP.
    pub users: Vec<XdmUserSection>,
    /// Authentication proxies whose X-3GPP-Asserted-Identity is believed.
    pub trusted_proxies: Vec<TrustedPeer>,
    /// Application servers that read every tree.
    pub trusted_servers: Vec<TrustedPeer>,
    /// MC administrators: they write the profiles of MCPTT users.
    pub administrators: Vec<TrustedPeer>,
    /// Files with profiles of MCPTT users that are there from the start, whatever was there before.
    pub profiles: Vec<PathBuf>,
    /// How long a nonce is good, seconds.
    pub nonce_s: Option<u32>,
    /// Octets of a document.
    pub max_document: Option<usize>,
    /// Documents of a user in one application usage.
    pub max_documents: Option<usize>,
}

impl Default for XdmSection {
    fn default() -> Self {
        Self {
            root: None,
            realm: None,
            listen: vec![WebPlace { is_secure: false, address: loopback(8082) }],
            users: Vec::new(),
            trusted_proxies: Vec::new(),
            trusted_servers: Vec::new(),
            administrators: Vec::new(),
            profiles: Vec::new(),
            nonce_s: None,
            max_document: None,
            max_documents: None,
        }
    }
}

/// A user of XCAP.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct XdmUserSection {
    /// User name of the digest: the private identity.
    pub username: String,
    /// Its password.
    pub password: Secret<String>,
    /// Public identities; each has a tree.
    pub identities: Vec<String>,
}
