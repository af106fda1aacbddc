//! The nodes of charging in a live process, and the charging of the others.

use std::time::Duration;

use protocol::Entropy;
use protocol::diameter::charging::NodeFunctionality;
use protocol::diameter::ro::FailureHandling;
use protocol::diameter::{DiameterConfig, PeerConfig};

use super::{LiveError, Nodes, address_of, any, sockets};
use crate::charging::{Cdf, CdfConfig, ChargingClient, ChargingConfig, GwfConfig, ImsGwf, Ocs, OcsConfig, TariffTable};
use crate::process::{NodeKind, PeerSection};

impl Nodes<'_> {
    pub(super) fn cdf_name(&self) -> String {
        self.config.charging.cdf.origin_host.clone().unwrap_or_else(|| self.in_domain("cdf"))
    }

    pub(super) fn ocs_name(&self) -> String {
        self.config.charging.ocs.origin_host.clone().unwrap_or_else(|| self.in_domain("ocs"))
    }

    pub(super) fn gwf_name(&self) -> String {
        self.config.charging.gwf.origin_host.clone().unwrap_or_else(|| self.in_domain("ims-gwf"))
    }

    /// What a node says on Rf, under `host`; nothing when there is nobody to say it to.
    pub(super) fn charging(&self, host: &str, node: NodeFunctionality, entropy: Entropy) -> ChargingClient {
        let config = self.rf(host, node, &[]);
        config.map_or_else(ChargingClient::off, |config| ChargingClient::new(config, entropy))
    }

    /// Its settings; `own`: whom it tells instead of whom all tell.
    pub(super) fn rf(&self, host: &str, node: NodeFunctionality, own: &[PeerSection]) -> Option<ChargingConfig> {
        let section = &self.config.charging;
        let domain = &self.config.domain;
        let named = if own.is_empty() { section.peers.as_slice() } else { own };
        let mut peers: Vec<PeerConfig> = named.iter().map(|peer| peer.to_peer(domain)).collect();
        if peers.is_empty() && self.config.runs(NodeKind::Cdf) {
            let connect = section.cdf.listen.first().copied();
            peers.push(PeerConfig { host: self.cdf_name(), realm: domain.clone(), connect });
        }
        let realm = peers.first()?.realm.clone();
        let diameter = DiameterConfig { peers, ..self.plain_diameter(host, any().ip()) };
        let mut config = ChargingConfig::new(node, diameter, &realm);
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        Some(config)
    }

    /// The same for an application server, which charges when it shall.
    pub(super) fn service_charging(&self, node: &str, entropy: &mut Entropy) -> ChargingClient {
        match self.config.charging.application_servers {
            true => self.charging(&self.rf_name(node), NodeFunctionality::As, entropy.split()),
            false => ChargingClient::off(),
        }
    }

    pub(super) fn cdf(&self, entropy: Entropy) -> Cdf {
        let section = &self.config.charging.cdf;
        let address = section.listen.first().map_or_else(|| any().ip(), |place| place.ip());
        let mut diameter = self.plain_diameter(&self.cdf_name(), address);
        diameter.peers = section.peers.iter().map(|peer| peer.to_peer(&self.config.domain)).collect();
        diameter.accept_unknown = section.accept_unknown;
        for node in ["pcscf", "scscf", "ims-gwf", "presence", "conference", "messaging", "ipsmgw", "mmsc"] {
            let (host, realm) = (self.rf_name(node), self.config.domain.clone());
            diameter.peers.push(PeerConfig { host, realm, connect: None });
        }
        let seconds = |s: u32| Duration::from_secs(s.into());
        let mut config = CdfConfig::new(diameter);
        config.interim = (section.interim > 0).then(|| seconds(section.interim));
        config.lost_after = seconds(section.lost_after);
        config.partial_after = section.partial_after.map(seconds);
        config.file_records = section.file_records;
        config.file_age = seconds(section.file_age);
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        Cdf::new(config, entropy)
    }

    pub(super) fn ocs(&self, entropy: Entropy) -> Ocs {
        let section = &self.config.charging.ocs;
        let address = section.listen.first().map_or_else(|| any().ip(), |place| place.ip());
        let mut diameter = self.plain_diameter(&self.ocs_name(), address);
        diameter.peers = section.peers.iter().map(|peer| peer.to_peer(&self.config.domain)).collect();
        diameter.accept_unknown = section.accept_unknown;
        for host in [self.gwf_name(), self.in_domain("ipsmgw")] {
            diameter.peers.push(PeerConfig { host, realm: self.config.domain.clone(), connect: None });
        }
        let tariffs = TariffTable {
            currency: section.currency,
            low_balance: section.low_balance,
            tariffs: section.tariffs.clone(),
        };
        let mut config = OcsConfig::new(diameter, tariffs);
        config.accounts = section.accounts.iter().map(|account| account.to_account()).collect();
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        Ocs::new(config, entropy)
    }

    pub(super) fn gwf(&self, mut entropy: Entropy) -> Result<ImsGwf, LiveError> {
        let section = &self.config.charging.gwf;
        let domain = &self.config.domain;
        let mut diameter = self.plain_diameter(&self.gwf_name(), address_of(&section.listen));
        diameter.peers = section.peers.iter().map(|peer| peer.to_peer(domain)).collect();
        if section.peers.is_empty() && self.config.runs(NodeKind::Ocs) {
            let connect = self.config.charging.ocs.listen.first().copied();
            diameter.peers.push(PeerConfig { host: self.ocs_name(), realm: domain.clone(), connect });
        }
        let realm = self.realm(&section.peers);
        let first = section.listen.first().map_or_else(any, |place| place.address);
        let uri = section.uri.clone().unwrap_or_else(|| format!("sip:{}:{}", self.gwf_name(), first.port()));
        let mut config = GwfConfig::new(&uri, first, diameter, &realm);
        config.local = sockets(&section.listen);
        config.trusted.clone_from(&section.trusted);
        config.hosts = self.hosts.clone();
        config.call_rating_group = section.call_rating_group;
        config.message_rating_group = section.message_rating_group;
        config.messages = section.messages;
        if section.continues {
            config.failure_handling = FailureHandling::Continue;
        }
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        let charging = self.charging(&self.rf_name("ims-gwf"), NodeFunctionality::As, entropy.split());
        ImsGwf::new(config, charging, entropy).map_err(LiveError::Settings)
    }

    /// The name of a node on Rf.
    pub(super) fn rf_name(&self, node: &str) -> String {
        self.in_domain(node)
    }
}
