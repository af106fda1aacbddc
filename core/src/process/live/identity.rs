//! The identity server as `[identity]` wants it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use protocol::Entropy;

use super::{LiveError, Nodes};
use crate::mc::{IdentityServer, IdmsConfig, TokenKeys, TokenSigner};

impl Nodes<'_> {
    pub(super) fn identity(&self, folder: &Path, mut entropy: Entropy) -> Result<IdentityServer, LiveError> {
        let config = self.identity_config(folder, &mut entropy)?;
        IdentityServer::new(config, entropy).map_err(|why| LiveError::Settings(format!("identity: {why}")))
    }

    /// `iss` of the tokens of the identity server.
    pub(super) fn issuer(&self) -> String {
        let section = &self.config.identity;
        let place = section.listen.first();
        let own = place.map(|at| format!("{}://{}", if at.is_secure { "https" } else { "http" }, at.address));
        section.issuer.clone().or(own).unwrap_or_default()
    }

    /// The keys that its tokens are signed with, once it has been made.
    pub(super) fn token_keys(&self, folder: &Path) -> Result<TokenKeys, LiveError> {
        let section = &self.config.identity;
        let mut keys = read_key(&folder.join(&section.key))?.public();
        for file in &section.previous_keys {
            keys = keys.and(read_key(&folder.join(file))?.public());
        }
        Ok(keys)
    }

    fn identity_config(&self, folder: &Path, entropy: &mut Entropy) -> Result<IdmsConfig, LiveError> {
        let section = &self.config.identity;
        let issuer = self.issuer();
        let audience = section.audience.as_ref().unwrap_or(&self.config.domain);
        let key = folder.join(&section.key);
        let signer = if key.exists() { read_key(&key)? } else { make_key(&key, entropy)? };
        let mut config = IdmsConfig::new(&issuer, audience, signer);
        for file in &section.previous_keys {
            config.previous = config.previous.and(read_key(&folder.join(file))?.public());
        }
        config.users.clone_from(&section.users);
        config.clients.clone_from(&section.clients);
        let seconds = |set: Option<u32>, default| set.map_or(default, |s| Duration::from_secs(s.into()));
        config.lifetimes.token = seconds(section.token_s, config.lifetimes.token);
        config.lifetimes.code = seconds(section.code_s, config.lifetimes.code);
        config.lifetimes.refresh = seconds(section.refresh_s, config.lifetimes.refresh);
        config.limits.failures = section.failures.unwrap_or(config.limits.failures);
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        Ok(config)
    }
}

fn read_key(path: &Path) -> Result<TokenSigner, LiveError> {
    let pem = fs::read_to_string(path).map_err(|why| of_file(path, &why))?;
    TokenSigner::from_pem(&pem).map_err(|why| of_file(path, &why))
}

/// A new key, that nobody else can read.
fn make_key(path: &Path, entropy: &mut Entropy) -> Result<TokenSigner, LiveError> {
    let signer = TokenSigner::generate(entropy);
    let pem = signer.to_pem().map_err(|why| of_file(path, &why))?;
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(pem.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|why| of_file(path, &why))?;
    Ok(signer)
}

fn of_file(path: &Path, why: &dyn std::fmt::Display) -> LiveError {
    LiveError::Settings(format!("identity: {}: {why}", path.display()))
}
