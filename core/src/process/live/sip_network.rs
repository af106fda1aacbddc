//! The plain SIP network as `[sip_network]` wants it.

use std::path::Path;

use protocol::sip::Algorithm;

use super::{LiveError, Nodes, any, sockets};
use crate::sip_network::{SipNetworkConfig, parse_sip_users};

impl Nodes<'_> {
    pub(super) fn sip_network(&self, folder: &Path) -> Result<SipNetworkConfig, LiveError> {
        let section = &self.config.sip_network;
        let wrong = |why: String| LiveError::Settings(format!("sip_network: {why}"));
        let first = section.listen.first().map_or_else(any, |place| place.address);
        let uri = section.uri.clone().unwrap_or_else(|| format!("sip:{first}"));
        let domain = section.domain.clone().unwrap_or_else(|| self.in_domain("sip"));
        let mut config = SipNetworkConfig::new(&uri, &domain, first);
        config.local = sockets(&section.listen);
        config.trusted.clone_from(&section.trusted);
        config.hosts = self.hosts.clone();
        let path = folder.join(&section.users);
        let text = std::fs::read_to_string(&path).map_err(|why| wrong(format!("users: {}: {why}", path.display())))?;
        config.users = parse_sip_users(&path.display().to_string(), &text).map_err(|e| wrong(format!("users: {e}")))?;
        config.services.clone_from(&section.services);
        config.algorithms = section.algorithms.iter().map(|name| Algorithm::of(Some(name))).collect();
        let known = |own: &Algorithm| matches!(own, Algorithm::Md5 | Algorithm::Sha256);
        if config.algorithms.is_empty() || !config.algorithms.iter().all(known) {
            return Err(wrong("algorithms: name SHA-256, MD5, or both".into()));
        }
        config.proof = section.proof;
        config.default_expires = section.default_expires.unwrap_or(config.default_expires);
        config.min_expires = section.min_expires.unwrap_or(config.min_expires);
        config.max_expires = section.max_expires.unwrap_or(config.max_expires);
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        Ok(config)
    }
}
