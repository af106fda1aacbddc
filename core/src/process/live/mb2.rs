//! MB2 of application servers towards the BM-SC that their sections name, or that runs here.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use protocol::Plmn;
use protocol::diameter::PeerConfig;

use super::{LiveError, Nodes};
use crate::mbms::{CellAreas, Mb2Allocation, Mb2Config};
use crate::process::config::{AssignsSection, CellAreasSection, NodeKind, PeerSection};

/// What sections say of it.
pub(super) struct Mb2Keys<'a> {
    /// Name of the section.
    pub(super) section: &'static str,
    /// Host, or host and port, of the server.
    pub(super) name: &'a str,
    pub(super) origin_host: Option<&'a str>,
    pub(super) address: IpAddr,
    pub(super) bmsc: Option<&'a PeerSection>,
    pub(super) mb2u: SocketAddr,
    pub(super) assigns: Option<&'a AssignsSection>,
    pub(super) retry_s: u32,
    pub(super) heartbeat_s: u32,
}

impl Nodes<'_> {
    /// None: there is no BM-SC.
    pub(super) fn mb2(&self, keys: &Mb2Keys<'_>) -> Result<Option<Mb2Config>, LiveError> {
        let domain = &self.config.domain;
        let here = || {
            let connect = self.config.bmsc.listen.first().copied();
            let host = self.config.bmsc.origin_host.clone().unwrap_or_else(|| self.in_domain("bmsc"));
            self.config.runs(NodeKind::Bmsc).then(|| PeerConfig { host, realm: domain.clone(), connect })
        };
        let Some(peer) = keys.bmsc.map(|peer| peer.to_peer(domain)).or_else(here) else { return Ok(None) };
        let plain = keys.name.split(':').next().unwrap_or(keys.name);
        let mut diameter = self.plain_diameter(keys.origin_host.unwrap_or(plain), keys.address);
        let (bmsc, realm) = (peer.host.clone(), peer.realm.clone());
        diameter.peers.push(peer);
        let mut mb2 = Mb2Config::new(diameter, &bmsc, keys.mb2u.ip());
        (mb2.realm, mb2.local) = (realm, keys.mb2u);
        mb2.retry = Duration::from_secs(keys.retry_s.max(1).into());
        mb2.heartbeat = (keys.heartbeat_s > 0).then(|| Duration::from_secs(keys.heartbeat_s.into()));
        if let Some(own) = keys.assigns {
            let (mcc, mnc) = &own.plmn;
            let plmn = Plmn::new(mcc, mnc).ok_or_else(|| {
                LiveError::Settings(format!("{}: assigns.plmn is three digits and two or three", keys.section))
            })?;
            let service_ids = own.service_ids.0..=own.service_ids.1;
            let addresses = own.addresses.0..=own.addresses.1;
            mb2.allocation = Mb2Allocation::AsAssigns { plmn, service_ids, addresses, port: own.port };
        }
        Ok(Some(mb2))
    }
}

/// Service areas of cells.
pub(super) fn cells_of(section: &str, cells: &[CellAreasSection]) -> Result<Vec<CellAreas>, LiveError> {
    let read = |known: &CellAreasSection| {
        let cell = known.cell.parse();
        let cell = cell.map_err(|why| LiveError::Settings(format!("{section}: {:?}: {why}", known.cell)))?;
        Ok(CellAreas { cell, areas: known.areas.clone() })
    };
    cells.iter().map(read).collect()
}
