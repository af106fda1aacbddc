//! MC service servers as `[[mc_server]]` wants them.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use protocol::Entropy;

use super::mb2::{Mb2Keys, cells_of};
use super::session_server::SessionKeys;
use super::{LiveError, Nodes, address_of};
use crate::mc::{FloorSettings, McAuthentication, McMbmsConfig, McServer, McServerConfig, TokenVerifier};
use crate::process::config::{McMbmsSection, McServerSection, NodeKind};

impl Nodes<'_> {
    pub(super) fn mc_server(&self, number: usize, folder: &Path, entropy: Entropy) -> Result<McServer, LiveError> {
        McServer::new(self.mc_server_config(number, folder)?, entropy).map_err(LiveError::Settings)
    }

    /// The name of the server with this number.
    pub(super) fn mc_server_name(&self, number: usize) -> String {
        let section = self.config.mc_server.get(number).and_then(|section| section.name.clone());
        section.unwrap_or_else(|| self.in_domain(&format!("mc{}", number + 1)))
    }

    fn mc_server_config(&self, number: usize, folder: &Path) -> Result<McServerConfig, LiveError> {
        let default = McServerSection::default();
        let section = self.config.mc_server.get(number).unwrap_or(&default);
        let name = self.mc_server_name(number);
        let mut config = McServerConfig::of(self.session_server(&name, &section.into()));
        config.sip.name.clone_from(&name);
        config.servers = (0..self.config.mc_server.len()).map(|other| self.mc_server_name(other)).collect();
        config.servers.extend(section.servers.iter().cloned());
        config.users.clone_from(&section.users);
        config.groups.clone_from(&section.groups);
        let has_identity = self.config.runs(NodeKind::Identity);
        if section.tokens.unwrap_or(has_identity) {
            if !has_identity {
                let what = "mc_server: tokens = true needs the identity server in this process: add identity to nodes";
                return Err(LiveError::Settings(what.to_owned()));
            }
            let audience = self.config.identity.audience.as_ref().unwrap_or(&self.config.domain);
            let verifier = TokenVerifier::new(&self.issuer(), audience, self.token_keys(folder)?);
            config.authentication = McAuthentication::Tokens(verifier);
        }
        let floor = &section.floor;
        config.floor = FloorSettings {
            end_of_media: Duration::from_millis(floor.end_of_media_ms.into()),
            stop_talking: Duration::from_secs(floor.stop_talking_s.into()),
            inactivity: Duration::from_secs(floor.inactivity_s.into()),
            queue: floor.queue,
            preempts_from: floor.preempts_from,
            ..FloorSettings::default()
        };
        config.limits.affiliation_s = section.affiliation_s;
        config.limits.affiliations = section.affiliations;
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        if let Some(mbms) = &section.mbms {
            config.mbms = Some(self.mc_mbms(&name, section, mbms)?);
        }
        Ok(config)
    }

    fn mc_mbms(&self, name: &str, section: &McServerSection, mbms: &McMbmsSection) -> Result<McMbmsConfig, LiveError> {
        let mb2 = self.mb2(&Mb2Keys {
            section: "mc_server.mbms",
            name,
            origin_host: mbms.origin_host.as_deref(),
            address: address_of(&section.listen),
            bmsc: mbms.bmsc.as_ref(),
            mb2u: mbms.mb2u,
            assigns: mbms.assigns.as_ref(),
            retry_s: mbms.retry_s,
            heartbeat_s: mbms.heartbeat_s,
        })?;
        let psi = |name: &String| format!("sip:{name}");
        let ms = |ms: u32| Duration::from_millis(ms.into());
        let mut config = McMbmsConfig::new(&format!("sip:{name}"), mbms.mb2u.ip(), mb2);
        config.ports = mbms.ports;
        config.cells = cells_of("mc_server.mbms", &mbms.cells)?;
        config.rule = mbms.rule.clone();
        config.established.clone_from(&mbms.bearers);
        config.wanted = mbms.wanted.clone();
        config.codecs.clone_from(&mbms.codecs);
        config.discover = mbms.discover.iter().map(psi).collect();
        config.peers = mbms.peers.iter().map(psi).collect();
        (config.controls, config.is_central) = (mbms.controls, mbms.central);
        (config.insufficient, config.announcer) = (mbms.insufficient, mbms.announces);
        (config.patience, config.lease) = (ms(mbms.patience_ms), ms(mbms.lease_ms));
        (config.conversation, config.replay) = (ms(mbms.conversation_ms), ms(mbms.replay_ms));
        (config.map_repeat, config.unmap_repeat) = (ms(mbms.map_repeat_ms), ms(mbms.unmap_repeat_ms));
        config.retry = Duration::from_secs(mbms.retry_s.max(1).into());
        Ok(config)
    }

    /// Where it speaks RTP and floor control, where other servers send it media, and where MB2-U comes from.
    pub(super) fn mc_server_places(&self, number: usize) -> Vec<SocketAddr> {
        let Some(section) = self.config.mc_server.get(number) else { return Vec::new() };
        let keys = SessionKeys::from(section);
        let legs = keys.places().filter(|place| place.port() % 2 == 0);
        let mbms = section.mbms.as_ref().map(|mbms| self.mc_mbms(&self.mc_server_name(number), section, mbms));
        // What is wrong with it is said where the server is made.
        let shared = mbms.and_then(Result::ok).map(|mbms| mbms.places()).unwrap_or_default();
        legs.chain(shared).collect()
    }
}
