//! The BM-SC as `[bmsc]` wants it.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::diameter::PeerConfig;
use protocol::{Entropy, Plmn, SyncPlan};

use super::{LiveError, Nodes, any};
use crate::mbms::{BmscNode, BmscNodeConfig, GatewayConfig, ProvisioningConfig, ServerRules};

impl Nodes<'_> {
    pub(super) fn bmsc(&self, entropy: Entropy) -> Result<BmscNode, LiveError> {
        let section = &self.config.bmsc;
        let domain = &self.config.domain;
        let wrong = |what: &str| LiveError::Settings(format!("bmsc: {what}"));
        let host = section.origin_host.clone().unwrap_or_else(|| self.in_domain("bmsc"));
        let address = section.listen.first().map_or_else(|| any().ip(), SocketAddr::ip);
        let mut diameter = self.plain_diameter(&host, address);
        diameter.peers = section.peers.iter().map(|peer| peer.to_peer(domain)).collect();
        diameter.accept_unknown = section.accept_unknown;
        let realm_of = |realm: &Option<String>| realm.clone().unwrap_or_else(|| domain.clone());
        diameter.peers.extend(section.gateways.iter().map(|gateway| PeerConfig {
            host: gateway.host.clone(),
            realm: realm_of(&gateway.realm),
            connect: gateway.connect,
        }));
        let (mcc, mnc) = &section.plmn;
        let plmn = Plmn::new(mcc, mnc).ok_or_else(|| wrong("plmn is three digits and two or three"))?;
        let period = section.mch_scheduling_period;
        let sync = SyncPlan::new(period).ok_or_else(|| wrong("mch_scheduling_period is 8, 16, ... 1024 frames"))?;
        let pool = ProvisioningConfig {
            plmn,
            service_ids: section.service_ids.0..=section.service_ids.1,
            addresses: section.addresses.0..=section.addresses.1,
            ports: section.ports.0..=section.ports.1,
        };
        let mut config = BmscNodeConfig::new(diameter, pool, section.mb2u, sync);
        config.mb2u_ports = section.mb2u_ports.0..=section.mb2u_ports.1;
        config.sgi_mb = section.sgi_mb;
        config.strangers = Some(ServerRules { max_tmgis: section.max_tmgis, ..ServerRules::default() });
        config.gateways = section
            .gateways
            .iter()
            .map(|gateway| GatewayConfig {
                host: gateway.host.clone(),
                realm: realm_of(&gateway.realm),
                areas: gateway.areas.clone(),
                control_plane_nodes: gateway.control_plane_nodes.clone(),
            })
            .collect();
        config.tmgi_lifetime = Duration::from_secs(section.tmgi_lifetime_s.into());
        config.heartbeat = (section.heartbeat_s > 0).then(|| Duration::from_secs(section.heartbeat_s.into()));
        config.activation_wait = Duration::from_millis(section.activation_wait_ms.into());
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        Ok(BmscNode::new(config, entropy))
    }

    /// Ports of MB2-U, and where SGi-mb comes from.
    pub(super) fn bmsc_places(&self) -> Vec<SocketAddr> {
        let section = &self.config.bmsc;
        let ports = section.mb2u_ports.0..=section.mb2u_ports.1;
        ports.map(|port| SocketAddr::new(section.mb2u, port)).chain([section.sgi_mb]).collect()
    }
}
