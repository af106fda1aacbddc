//! The presence server as `[presence]` wants it.

use std::path::Path;
use std::time::Duration;

use protocol::sip::SipTimers;

use super::{LiveError, Nodes, any, sockets};
use crate::ims::presence::PresenceConfig;
use crate::process::NodeKind;

impl Nodes<'_> {
    pub(super) fn presence(&self, folder: &Path) -> Result<PresenceConfig, LiveError> {
        let section = &self.config.presence;
        let first = section.listen.first().map_or_else(any, |place| place.address);
        let mut config = PresenceConfig::new(&self.presence_uri(), &self.config.domain, first);
        config.local = sockets(&section.listen);
        config.trusted.clone_from(&section.trusted);
        config.hosts = self.hosts.clone();
        config.timers = SipTimers::default();
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        if !section.domains.is_empty() {
            config.domains.clone_from(&section.domains);
        }
        config.publishers.clone_from(&section.publishers);
        for (identity, file) in &section.rules {
            let path = folder.join(file);
            let document = std::fs::read_to_string(&path)
                .map_err(|why| LiveError::Settings(format!("presence.rules: {}: {why}", path.display())))?;
            config.rules.insert(identity.clone(), document);
        }
        let has_hlr = self.config.runs(NodeKind::Hss) && self.config.hss.map.is_some();
        if has_hlr || !section.peers.is_empty() {
            config.sh = Some(self.diameter(&self.presence_host(), first.ip(), &section.peers));
        }
        config.documents = self.config.runs(NodeKind::Xdm).then(|| self.shelf.clone());
        config.without_rules = section.without_rules.into();
        if let Some(seconds) = section.pace_s {
            config.limits.pace = Duration::from_secs(seconds.into());
        }
        if let Some(seconds) = section.min_expires {
            config.limits.publish_s.0 = seconds;
            config.limits.subscribe_s.0 = seconds;
        }
        Ok(config)
    }

    /// Its host name, in Diameter as well.
    pub(super) fn presence_host(&self) -> String {
        self.in_domain("presence")
    }

    fn presence_uri(&self) -> String {
        let port = self.config.presence.listen.first().map_or(5060, |place| place.address.port());
        self.config.presence.uri.clone().unwrap_or_else(|| format!("sip:{}:{port}", self.presence_host()))
    }
}
