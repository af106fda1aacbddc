//! Migration between networks whose boxes run in one process: what its servers and relays are called, and whom they know.

use super::{McSystem, MigrationConfig};
use crate::ims::relay::{Interconnect, RealmRoute, RelayConfig};
use crate::ims::{NetworkBox, NetworkPlan};

impl NetworkPlan {
    /// The migration management server, with agreements with other systems; bindings and rules are for the caller. The name of
    /// a system is that of its plan, `primary` for one without a name.
    #[must_use]
    pub fn migration_server(&self, others: &[&Self]) -> MigrationConfig {
        let mut diameter = self.diameter(NetworkBox::MigrationServer, NetworkBox::DiameterRelay);
        // CSCFs and MC service servers connect.
        diameter.accept_unknown = true;
        let mut config = MigrationConfig::new(diameter);
        config.hss_host = Some(self.host(NetworkBox::Hss));
        config.systems = others.iter().map(|other| other.as_system()).collect();
        config.utc_ms_at_zero = self.utc_ms_at_zero;
        config
    }

    /// What other systems call this one.
    fn as_system(&self) -> McSystem {
        let name = self.name.as_deref().unwrap_or(PRIMARY);
        McSystem::new(name, &self.host(NetworkBox::MigrationServer), &self.domain)
    }

    /// The Diameter relay, with those of other systems.
    #[must_use]
    pub fn diameter_relay(&self, others: &[&Self]) -> RelayConfig {
        let mut diameter = self.diameter(NetworkBox::DiameterRelay, NetworkBox::Hss);
        diameter.peers.push(self.diameter_peer(NetworkBox::MigrationServer, false));
        // One of two connects.
        let peer = |other: &&Self| other.diameter_peer(NetworkBox::DiameterRelay, self.system < other.system);
        diameter.peers.extend(others.iter().map(peer));
        let mut config = RelayConfig::new(diameter);
        let route =
            |realm: &str, hop: String| RealmRoute { realm: realm.to_owned(), application: None, next_hops: vec![hop] };
        config.routes = vec![route(&self.domain, self.host(NetworkBox::Hss))];
        config.routes.extend(others.iter().map(|other| route(&other.domain, other.host(NetworkBox::DiameterRelay))));
        let interconnect = |other: &&Self| Interconnect {
            peer: other.host(NetworkBox::DiameterRelay),
            realms: vec![other.domain.clone()],
            reaches: vec![self.host(NetworkBox::MigrationServer)],
        };
        config.interconnects = others.iter().map(interconnect).collect();
        config
    }
}

/// What the first system is called by others.
const PRIMARY: &str = "primary";
