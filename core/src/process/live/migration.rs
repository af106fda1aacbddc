//! The migration management server as `[migration_server]` wants it, and the Diameter relay as `[diameter_relay]` does.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use protocol::Entropy;
use protocol::diameter::{DiameterConfig, PeerConfig};

use super::{LiveError, Nodes};
use crate::ims::relay::{RealmRoute, RelayConfig};
use crate::mc::{MigrationConfig, MigrationServer, parse_bindings};
use crate::net::{Directory, Party};
use crate::node::Role;
use crate::process::NodeKind;

impl Nodes<'_> {
    pub(super) fn migration_name(&self) -> String {
        self.config.migration_server.origin_host.clone().unwrap_or_else(|| self.in_domain("migration"))
    }

    fn relay_name(&self) -> String {
        self.config.diameter_relay.origin_host.clone().unwrap_or_else(|| self.in_domain("dra"))
    }

    pub(super) fn migration_server(&self, folder: &Path, entropy: Entropy) -> Result<MigrationServer, LiveError> {
        let section = &self.config.migration_server;
        let wrong = |what: String| LiveError::Settings(format!("migration_server: {what}"));
        let mut diameter = self.plain_diameter(&self.migration_name(), first(&section.listen));
        diameter.peers = section.peers.iter().map(|peer| peer.to_peer(&self.config.domain)).collect();
        if section.peers.is_empty() && self.config.runs(NodeKind::DiameterRelay) {
            self.add_peer(&mut diameter, self.relay_name(), self.config.diameter_relay.listen.first().copied());
        }
        for host in self.cscf_names() {
            self.add_peer(&mut diameter, host, None);
        }
        let mut config = MigrationConfig::new(diameter);
        config.server_name = section.server_name.clone().unwrap_or(config.server_name);
        config.hss_host = section.hss.clone().or_else(|| self.config.runs(NodeKind::Hss).then(|| self.hss_name()));
        config.systems.clone_from(&section.systems);
        config.rules.clone_from(&section.rules);
        config.system_timeout = Duration::from_secs(section.system_timeout);
        config.hss_timeout = Duration::from_secs(section.hss_timeout);
        config.max_pending = section.max_pending;
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        if let Some(file) = &section.bindings {
            let path = folder.join(file);
            let text = std::fs::read_to_string(&path).map_err(|e| wrong(format!("{}: {e}", path.display())))?;
            config.bindings =
                parse_bindings(&path.display().to_string(), &text).map_err(|problem| wrong(problem.to_string()))?;
        }
        MigrationServer::new(config, entropy).map_err(wrong)
    }

    pub(super) fn diameter_relay(&self) -> RelayConfig {
        let section = &self.config.diameter_relay;
        let mut diameter = self.plain_diameter(&self.relay_name(), first(&section.listen));
        diameter.peers = section.peers.iter().map(|peer| peer.to_peer(&self.config.domain)).collect();
        diameter.answer_timeout = Duration::from_secs(section.answer_timeout);
        let mut routes = section.routes.clone();
        if self.config.runs(NodeKind::Hss) {
            self.add_peer(&mut diameter, self.hss_name(), self.config.hss.listen.first().copied());
            if !routes.iter().any(|route| route.realm.eq_ignore_ascii_case(&self.config.domain)) {
                let (realm, next_hops) = (self.config.domain.clone(), vec![self.hss_name()]);
                routes.push(RealmRoute { realm, application: None, next_hops });
            }
        }
        if self.config.runs(NodeKind::MigrationServer) {
            self.add_peer(&mut diameter, self.migration_name(), None);
        }
        let mut config = RelayConfig::new(diameter);
        (config.routes, config.interconnects, config.max_pending) =
            (routes, section.interconnects.clone(), section.max_pending);
        config
    }

    /// Who gets vectors for users who register in another system.
    pub(super) fn migration_servers(&self) -> Vec<String> {
        let own = self.config.runs(NodeKind::MigrationServer).then(|| self.migration_name());
        self.config.hss.migration_servers.iter().cloned().chain(own).collect()
    }

    /// Peers that the HSS has for migration, which connect to it.
    pub(super) fn add_migration_peers(&self, diameter: &mut DiameterConfig) {
        if self.config.runs(NodeKind::DiameterRelay) {
            self.add_peer(diameter, self.relay_name(), None);
        }
    }

    /// Relays and servers that are not run here.
    pub(super) fn migration_directory(&self, directory: &Directory) {
        let config = self.config;
        let kind = |host: &str| match config.migration_server.systems.iter().any(|system| system.host == host) {
            true => Role::MigrationServer,
            false => Role::DiameterRelay,
        };
        let peers = config.migration_server.peers.iter().chain(&config.diameter_relay.peers);
        for (address, peer) in peers.filter_map(|peer| Some((peer.connect?, peer))) {
            directory.insert(address, Party { role: kind(&peer.host), name: peer.host.clone(), own: false });
        }
    }

    fn add_peer(&self, diameter: &mut DiameterConfig, host: String, connect: Option<SocketAddr>) {
        if !diameter.peers.iter().any(|peer| peer.host == host) {
            diameter.peers.push(PeerConfig { host, realm: self.config.domain.clone(), connect });
        }
    }

    /// Origin-Hosts of the CSCFs of this process that use Cx.
    fn cscf_names(&self) -> Vec<String> {
        let scscf = self.config.scscf.origin_host.clone().unwrap_or_else(|| self.in_domain("scscf"));
        let all = [(NodeKind::Icscf, self.icscf_name()), (NodeKind::Scscf, scscf)];
        all.into_iter().filter(|(kind, _)| self.config.runs(*kind)).map(|(_, host)| host).collect()
    }
}

fn first(listen: &[SocketAddr]) -> IpAddr {
    listen.first().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), SocketAddr::ip)
}
