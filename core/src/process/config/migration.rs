//! `[migration_server]` and `[diameter_relay]`: service migration between MC systems.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::{CoreConfig, NodeKind, PeerSection, loopback};
use crate::ims::relay::{Interconnect, RealmRoute};
use crate::mc::{McSystem, MigrationRule};

/// Settings of the migration management server.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MigrationServerSection {
    /// Its Origin-Host; none: `migration` in the domain.
    pub origin_host: Option<String>,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Diameter peers besides the CSCFs of this process; none: the relay of this process.
    pub peers: Vec<PeerSection>,
    /// Its Server-Name, a SIP URI; none: made of its Origin-Host.
    pub server_name: Option<String>,
    /// Origin-Host of the HSS of its own system; none: that of this process, if one runs.
    pub hss: Option<String>,
    /// Other MC systems.
    pub systems: Vec<McSystem>,
    /// File of bindings of their users; none: nobody may come.
    pub bindings: Option<PathBuf>,
    /// Own users who may go to other systems.
    pub rules: Vec<MigrationRule>,
    /// Seconds that another system may take.
    pub system_timeout: u64,
    /// Seconds that the HSS may take.
    pub hss_timeout: u64,
    /// Questions that may wait at a time.
    pub max_pending: usize,
}

impl Default for MigrationServerSection {
    fn default() -> Self {
        let (origin_host, peers, server_name, hss, systems, bindings, rules) = Default::default();
        Self {
            origin_host,
            listen: vec![loopback(3908)],
            peers,
            server_name,
            hss,
            systems,
            bindings,
            rules,
            system_timeout: 5,
            hss_timeout: 4,
            max_pending: 10_000,
        }
    }
}

/// Settings of the Diameter relay.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiameterRelaySection {
    /// Its Origin-Host; none: `dra` in the domain.
    pub origin_host: Option<String>,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Its peers besides the HSS and the migration management server of this process.
    pub peers: Vec<PeerSection>,
    /// Where requests to realms go; the home domain without a route: to the HSS of this process.
    pub routes: Vec<RealmRoute>,
    /// Peers of other networks, and what they may do.
    pub interconnects: Vec<Interconnect>,
    /// Seconds that an answer may take.
    pub answer_timeout: u64,
    /// Requests that may wait at a time.
    pub max_pending: usize,
}

impl Default for DiameterRelaySection {
    fn default() -> Self {
        let (origin_host, peers, routes, interconnects) = Default::default();
        let listen = vec![loopback(3918)];
        Self { origin_host, listen, peers, routes, interconnects, answer_timeout: 6, max_pending: 10_000 }
    }
}

impl CoreConfig {
    pub(super) fn check_migration(&self) -> Result<(), String> {
        let server = &self.migration_server;
        if self.runs(NodeKind::MigrationServer) {
            if server.peers.is_empty() && !self.runs(NodeKind::DiameterRelay) {
                return Err("MigrationServer runs here and DiameterRelay does not: say where it is with \
                            [[migration_server.peers]] with host and connect"
                    .into());
            }
            if server.hss_timeout == 0 || server.hss_timeout >= server.system_timeout {
                return Err(
                    "migration_server.hss_timeout is less than system_timeout, so that another system hears why \
                            there is nothing"
                        .into(),
                );
            }
        }
        let blind = [
            (NodeKind::Icscf, self.icscf.hss_routes.is_empty(), "[[icscf.hss_routes]]"),
            (NodeKind::Scscf, self.scscf.hss_routes.is_empty(), "[[scscf.hss_routes]]"),
        ];
        let has_bindings = self.runs(NodeKind::MigrationServer) && server.bindings.is_some();
        if let Some((node, _, key)) = blind.iter().find(|(node, empty, _)| has_bindings && self.runs(*node) && *empty) {
            return Err(format!(
                "{node:?} never asks the migration management server of this process: name the identities of \
                 migration_server.bindings in {key}"
            ));
        }
        match self.runs(NodeKind::DiameterRelay) {
            true => self.check_interconnects(),
            false => Ok(()),
        }
    }

    /// Whoever is in no interconnect is of the own network: no foreign peer may be taken for that, nor may a name be wrong. A peer
    /// that says another realm than the one it has here gets no connection.
    fn check_interconnects(&self) -> Result<(), String> {
        let relay = &self.diameter_relay;
        let is_peer = |own: &&Interconnect| relay.peers.iter().any(|peer| peer.host.eq_ignore_ascii_case(&own.peer));
        if let Some(own) = relay.interconnects.iter().find(|own| !is_peer(own)) {
            return Err(format!("diameter_relay.interconnects: {} is in no [[diameter_relay.peers]]", own.peer));
        }
        let is_own = |realm: &String| realm.eq_ignore_ascii_case(&self.domain);
        let is_bound = |host: &str| relay.interconnects.iter().any(|own| own.peer.eq_ignore_ascii_case(host));
        let is_loose = |peer: &&PeerSection| !peer.realm.as_ref().is_none_or(is_own) && !is_bound(&peer.host);
        match relay.peers.iter().find(is_loose) {
            Some(peer) => Err(format!(
                "diameter_relay.peers: {} is of another realm: say in [[diameter_relay.interconnects]] whom it may reach",
                peer.host
            )),
            None => Ok(()),
        }
    }
}
