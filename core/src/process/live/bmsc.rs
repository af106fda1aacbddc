//! The BM-SC as `[bmsc]` wants it.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::diameter::PeerConfig;
use protocol::{Entropy, SyncPlan};

use super::mbms::plmn;
use super::{LiveError, Nodes, any};
use crate::mbms::{BmscNode, BmscNodeConfig, GatewayConfig, ProvisioningConfig, ServerRules};
use crate::process::config::{GatewaySection, NodeKind, ServerRulesSection};

impl Nodes<'_> {
    pub(super) fn bmsc(&self, entropy: Entropy) -> Result<BmscNode, LiveError> {
        let section = &self.config.bmsc;
        let domain = &self.config.domain;
        let wrong = |what: &str| LiveError::Settings(format!("bmsc: {what}"));
        let address = section.listen.first().map_or_else(|| any().ip(), SocketAddr::ip);
        let mut diameter = self.plain_diameter(&self.bmsc_name(), address);
        diameter.peers = section.peers.iter().map(|peer| peer.to_peer(domain)).collect();
        diameter.accept_unknown = section.accept_unknown;
        let realm_of = |realm: &Option<String>| realm.clone().unwrap_or_else(|| domain.clone());
        let gateways = self.gateways();
        diameter.peers.extend(gateways.iter().map(|gateway| PeerConfig {
            host: gateway.host.clone(),
            realm: realm_of(&gateway.realm),
            connect: gateway.connect,
        }));
        let plmn = plmn("bmsc", &section.plmn)?;
        let sync = |period| {
            SyncPlan::new(period).ok_or_else(|| wrong("mch_scheduling_period is 8, 16, ... 1024 radio frames"))
        };
        let by_area = section.mch_scheduling_period_by_area.iter().map(|(area, period)| {
            let area = area.parse().map_err(|_| wrong("mch_scheduling_period_by_area is for service area identities"));
            Ok((area?, sync(*period)?))
        });
        let by_area = by_area.collect::<Result<_, LiveError>>()?;
        let pool = ProvisioningConfig {
            plmn,
            service_ids: section.service_ids.0..=section.service_ids.1,
            addresses: section.addresses.0..=section.addresses.1,
            ports: section.ports.0..=section.ports.1,
            port_block: section.port_block,
        };
        let mut config = BmscNodeConfig::new(diameter, pool, section.mb2u, sync(section.mch_scheduling_period)?);
        config.sync_by_area = by_area;
        config.mb2u_ports = section.mb2u_ports.0..=section.mb2u_ports.1;
        config.sgi_mb = section.sgi_mb;
        config.strangers = Some(rules(&section.rules));
        config.servers = section.servers.iter().map(|(host, section)| (host.clone(), rules(section))).collect();
        config.queue_octets = section.queue_octets;
        config.max_transfer_delay = Duration::from_millis(section.max_transfer_delay_ms.into());
        config.packet_lengths = section.packet_lengths;
        config.gateways = gateways
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
        config.xmb = self.xmb()?;
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        Ok(BmscNode::new(config, entropy))
    }

    pub(super) fn bmsc_name(&self) -> String {
        self.config.bmsc.origin_host.clone().unwrap_or_else(|| self.in_domain("bmsc"))
    }

    /// MBMS-GWs; when none is given, that of this process.
    fn gateways(&self) -> Vec<GatewaySection> {
        let section = &self.config.bmsc;
        if !section.gateways.is_empty() || !self.config.runs(NodeKind::MbmsGw) {
            return section.gateways.clone();
        }
        vec![GatewaySection {
            host: self.mbms_gw_name(),
            realm: None,
            connect: self.config.mbms_gw.listen.first().copied(),
            areas: Vec::new(),
            control_plane_nodes: Vec::new(),
        }]
    }

    /// Ports of MB2-U, and where SGi-mb comes from.
    pub(super) fn bmsc_places(&self) -> Vec<SocketAddr> {
        let section = &self.config.bmsc;
        let ports = section.mb2u_ports.0..=section.mb2u_ports.1;
        ports.map(|port| SocketAddr::new(section.mb2u, port)).chain([section.sgi_mb]).collect()
    }
}

pub(super) fn rules(section: &ServerRulesSection) -> ServerRules {
    let all = ServerRules::default();
    ServerRules {
        max_tmgis: section.max_tmgis,
        service_ids: section
            .service_ids
            .map(|(first, last)| first..=last)
            .or(all.service_ids)
            .filter(|_| section.may_assign),
        addresses: section.addresses.map(|(first, last)| first..=last).or(all.addresses).filter(|_| section.may_assign),
        areas: section.areas.clone(),
        qcis: section.qcis.clone(),
        max_gbr: section.max_gbr,
        forget_on_restart: section.forget_on_restart,
    }
}
