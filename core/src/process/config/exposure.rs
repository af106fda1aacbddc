//! `[exposure]`: the interface for third parties.

use std::path::PathBuf;

use protocol::Secret;
use serde::Deserialize;

use super::{Place, WebPlace, both, loopback};
use crate::ims::TrustedPeer;

/// Settings of the exposure to third parties.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExposureSection {
    /// Where it takes HTTP.
    pub listen: Vec<WebPlace>,
    /// Where it takes SIP.
    pub sip: Vec<Place>,
    /// CSCFs whose asserted identities it believes; none: everybody's, which only loopback addresses may be told.
    pub trusted: Vec<TrustedPeer>,
    /// URI of the I-CSCF that its requests go to; none: the one of this process, else by the Request-URI.
    pub icscf: Option<String>,
    /// The keys of the identity server, a file with a JWK set; none: that of this process.
    pub jwks: Option<PathBuf>,
    /// `iss` of access tokens; none: the identity server of this process.
    pub issuer: Option<String>,
    /// `aud` of access tokens; none: that of the identity server, else the home domain.
    pub audience: Option<String>,
    /// Where clients get tokens, for the OpenAPI document; none: at the issuer.
    pub token_url: Option<String>,
    /// The OpenAPI document is for everybody.
    pub open_document: bool,
    /// Makes pseudonyms; needed if a client has them.
    pub pseudonym_key: Option<Secret<String>>,
    /// Third parties.
    pub clients: Vec<ExposureClientSection>,
}

impl Default for ExposureSection {
    fn default() -> Self {
        Self {
            listen: vec![WebPlace { is_secure: true, address: loopback(8443) }],
            sip: both(5120),
            trusted: Vec::new(),
            icscf: None,
            jwks: None,
            issuer: None,
            audience: None,
            token_url: None,
            open_document: false,
            pseudonym_key: None,
            clients: Vec::new(),
        }
    }
}

/// A third party.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExposureClientSection {
    /// Its `client_id`.
    pub id: String,
    /// The SIP URI as which it speaks and is spoken to.
    pub identity: String,
    /// It knows users by pseudonyms only.
    #[serde(default)]
    pub pseudonyms: bool,
    /// Identities that it may address by pseudonyms before they have written to it.
    #[serde(default)]
    pub users: Vec<String>,
    /// Domains that it may reach; none: the home domain.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Identities that it may not reach.
    #[serde(default)]
    pub barred: Vec<String>,
    /// Requests per second on the average.
    #[serde(default)]
    pub per_second: Option<u32>,
    /// Requests at once.
    #[serde(default)]
    pub burst: Option<u32>,
}
