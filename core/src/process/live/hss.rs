//! The HSS as `[hss]` wants it, and its HLR as `[hss.map]` does.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use protocol::diameter::{DiameterConfig, PeerConfig};

use super::{LiveError, Nodes};
use crate::ims::hss::{HlrConfig, HssConfig, PresencePeer};
use crate::process::NodeKind;
use crate::process::config::HssMapSection;

impl Nodes<'_> {
    pub(super) fn hss(&self) -> Result<HssConfig, LiveError> {
        let section = &self.config.hss;
        let address = section.listen.first().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), SocketAddr::ip);
        let mut diameter = self.diameter(&self.hss_name(), address, &section.peers);
        diameter.accept_unknown = section.accept_unknown;
        let scscf = self.config.scscf.origin_host.clone().unwrap_or_else(|| self.in_domain("scscf"));
        for (kind, host) in [(NodeKind::Icscf, self.icscf_name()), (NodeKind::Scscf, scscf)] {
            if self.config.runs(kind) {
                add_peer(&mut diameter, host, &self.config.domain);
            }
        }
        self.add_migration_peers(&mut diameter);
        let hlr = section.map.as_ref().map(|map| self.hlr(map, &mut diameter)).transpose()?;
        let mut config = HssConfig::new(diameter);
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        config.hlr = hlr;
        config.migration_servers = self.migration_servers();
        Ok(config)
    }

    fn hlr(&self, section: &HssMapSection, diameter: &mut DiameterConfig) -> Result<HlrConfig, LiveError> {
        let mut config = HlrConfig::new(&section.global_title).map_err(LiveError::Settings)?;
        config.gateway.clone_from(&section.gateway);
        config.gateways.clone_from(&section.gateways);
        config.mt_order.clone_from(&section.mt_order);
        config.mo_order.clone_from(&section.mo_order);
        config.max_service_centres = section.service_centres;
        config.repeats = section.repeats;
        config.repeat_after = Duration::from_secs(section.repeat_after);
        let own = self.config.runs(NodeKind::Presence).then(|| self.presence_host());
        if let Some(host) = section.presence.clone().or(own) {
            add_peer(diameter, host.clone(), &self.config.domain);
            let known = diameter.peers.iter().find(|peer| peer.host == host);
            let realm = known.map_or_else(|| self.config.domain.clone(), |peer| peer.realm.clone());
            config.presence = Some(PresencePeer { host, realm });
        }
        Ok(config)
    }

    /// What a node is called on SS7.
    pub(super) fn global_title(&self, kind: NodeKind) -> Option<String> {
        match kind {
            NodeKind::Hss => self.config.hss.map.as_ref().map(|map| map.global_title.clone()),
            _ => None,
        }
    }
}

/// A peer that connects, unless it is known already.
fn add_peer(diameter: &mut DiameterConfig, host: String, realm: &str) {
    if !diameter.peers.iter().any(|peer| peer.host == host) {
        diameter.peers.push(PeerConfig { host, realm: realm.to_owned(), connect: None });
    }
}
