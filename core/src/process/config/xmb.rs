//! `[bmsc.xmb]`: content providers at the BM-SC (TS 29.116).

use std::net::IpAddr;

use protocol::Secret;
use serde::Deserialize;

use super::{WebPlace, loopback};

/// Settings of xMB. Without a content provider there is none.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct XmbSection {
    /// Where it takes HTTP. Requests that are signed by a token only are for TLS.
    pub listen: Vec<WebPlace>,
    /// What URLs of resources begin with, as content providers and UEs reach them; none: the first of `listen`.
    pub url: Option<String>,
    /// Content providers; the first that fits a request is its sender.
    pub providers: Vec<ProviderSection>,
    /// Files of a session.
    pub max_files: usize,
    /// Octets of all files of a content provider.
    pub max_octets: usize,
}

impl Default for XmbSection {
    fn default() -> Self {
        Self {
            listen: vec![WebPlace { is_secure: false, address: loopback(8090) }],
            url: None,
            providers: Vec::new(),
            max_files: 64,
            max_octets: 64 << 20,
        }
    }
}

/// A content provider.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSection {
    /// Its name, in logs and on the disk.
    pub name: String,
    /// The addresses that it comes from; none: any, which needs a token.
    #[serde(default)]
    pub addresses: Vec<IpAddr>,
    /// Its bearer token; none: it needs none.
    #[serde(default)]
    pub token: Option<Secret<String>>,
    /// TMGIs that it has at a time; none: as many as application servers.
    #[serde(default)]
    pub max_tmgis: Option<u32>,
    /// MBMS service ids that it may assign itself; none: all.
    #[serde(default)]
    pub service_ids: Option<(u32, u32)>,
    /// Service areas that it may use; none: all.
    #[serde(default)]
    pub areas: Option<Vec<u16>>,
    /// Most that a bearer is guaranteed, bit/s.
    #[serde(default)]
    pub max_gbr: Option<u32>,
}
