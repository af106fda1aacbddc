//! The XDM server as `[xdm]` wants it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use protocol::Entropy;

use super::{LiveError, Nodes};
use crate::ims::xdm::{XdmTokens, XdmUser, Xdms, XdmsConfig};
use crate::mc::TokenVerifier;
use crate::process::NodeKind;

impl Nodes<'_> {
    pub(super) fn xdm(&self, folder: &Path, entropy: Entropy) -> Result<Xdms, LiveError> {
        Xdms::new(self.xdm_config(folder)?, entropy).map_err(|why| LiveError::Settings(format!("xdm: {why}")))
    }

    fn xdm_config(&self, folder: &Path) -> Result<XdmsConfig, LiveError> {
        let section = &self.config.xdm;
        let place = section.listen.first();
        let place = place.map(|p| format!("{}://{}", if p.is_secure { "https" } else { "http" }, p.address));
        let root = section.root.clone().or(place).unwrap_or_default();
        let mut config = XdmsConfig::new(&root, section.realm.as_ref().unwrap_or(&self.config.domain));
        let user = |user: &crate::process::XdmUserSection| XdmUser {
            username: user.username.clone(),
            password: user.password.clone(),
            identities: user.identities.clone(),
        };
        config.users = section.users.iter().map(user).collect();
        config.trusted_proxies.clone_from(&section.trusted_proxies);
        config.trusted_servers.clone_from(&section.trusted_servers);
        config.administrators.clone_from(&section.administrators);
        for file in &section.profiles {
            let path = folder.join(file);
            let profile = fs::read_to_string(&path);
            let wrong = |why| LiveError::Settings(format!("xdm: {}: {why}", path.display()));
            config.profiles.push(profile.map_err(wrong)?);
        }
        config.nonce_life = section.nonce_s.map_or(config.nonce_life, |s| Duration::from_secs(s.into()));
        config.max_document = section.max_document.unwrap_or(config.max_document);
        config.max_documents = section.max_documents.unwrap_or(config.max_documents);
        config.shelf = self.shelf.clone();
        if self.config.runs(NodeKind::Identity) {
            let audience = self.config.identity.audience.as_ref().unwrap_or(&self.config.domain);
            let verifier = TokenVerifier::new(&self.issuer(), audience, self.token_keys(folder)?);
            config.tokens = Some(XdmTokens { verifier, utc_ms_at_zero: self.clock.utc_ms_at_zero() });
        }
        Ok(config)
    }
}
