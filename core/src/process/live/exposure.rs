//! The exposure to third parties as `[exposure]` wants it.

use std::path::Path;

use protocol::sip::SipTimers;
use protocol::{Entropy, Secret};

use super::{LiveError, Nodes, sockets};
use crate::exposure::{ExposureApi, ExposureClient, ExposureConfig, Quota};
use crate::ims::service::Reach;
use crate::mc::{TokenKeys, TokenVerifier};
use crate::process::{ExposureClientSection, NodeKind};

impl Nodes<'_> {
    pub(super) fn exposure(&self, folder: &Path, entropy: Entropy) -> Result<ExposureApi, LiveError> {
        ExposureApi::new(self.exposure_config(folder)?, entropy).map_err(LiveError::Settings)
    }

    fn exposure_config(&self, folder: &Path) -> Result<ExposureConfig, LiveError> {
        let section = &self.config.exposure;
        let wrong = |why: &str| LiveError::Settings(format!("exposure: {why}"));
        let has_pseudonyms = section.clients.iter().any(|client| client.pseudonyms);
        if has_pseudonyms && section.pseudonym_key.as_ref().is_none_or(|key| key.expose().len() < 16) {
            return Err(wrong("a client has pseudonyms: set pseudonym_key to 16 characters or more, for good"));
        }
        let issuer = section.issuer.clone().unwrap_or_else(|| self.issuer());
        let audience = section.audience.as_ref().or(self.config.identity.audience.as_ref());
        let keys = match &section.jwks {
            Some(file) => {
                let path = folder.join(file);
                let text =
                    std::fs::read_to_string(&path).map_err(|why| wrong(&format!("{}: {why}", path.display())))?;
                TokenKeys::from_jwks(&text).map_err(|why| wrong(&format!("{}: {why}", path.display())))?
            }
            None if self.config.runs(NodeKind::Identity) => self.token_keys(folder)?,
            None => return Err(wrong("no identity server runs here: name the file of its keys with jwks")),
        };
        let port = section.sip.first().map_or(5060, |place| place.address.port());
        let own = self.config.icscf.listen.first().filter(|_| self.config.runs(NodeKind::Icscf));
        let icscf = section.icscf.clone().or_else(|| own.map(|at| format!("sip:{}", at.address)));
        Ok(ExposureConfig {
            name: format!("{}:{port}", self.in_domain("exposure")),
            local: sockets(&section.sip),
            trusted: section.trusted.clone(),
            hosts: self.hosts.clone(),
            timers: SipTimers::default(),
            route: icscf.map(|uri| format!("{uri};lr")),
            tokens: Box::new(TokenVerifier::new(&issuer, audience.unwrap_or(&self.config.domain), keys)),
            token_url: section.token_url.clone().unwrap_or_else(|| format!("{issuer}/token")),
            clients: section.clients.iter().map(|client| self.third_party(client)).collect(),
            open_document: section.open_document,
            pseudonym_key: section.pseudonym_key.clone().unwrap_or_else(|| Secret::new(String::new())),
            utc_ms_at_zero: self.clock.utc_ms_at_zero(),
        })
    }

    fn third_party(&self, client: &ExposureClientSection) -> ExposureClient {
        let usual = Quota::default();
        let domains = if client.domains.is_empty() { vec![self.config.domain.clone()] } else { client.domains.clone() };
        ExposureClient {
            id: client.id.clone(),
            identity: client.identity.clone(),
            pseudonyms: client.pseudonyms,
            users: client.users.clone(),
            reach: Reach { domains, barred: client.barred.clone() },
            quota: Quota {
                per_second: client.per_second.unwrap_or(usual.per_second),
                burst: client.burst.unwrap_or(usual.burst),
            },
        }
    }
}
