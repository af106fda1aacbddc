//! The IMS AS as `[ims_as]` wants it.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::Plmn;
use protocol::diameter::PeerConfig;

use super::session_server::SessionKeys;
use super::{LiveError, Nodes, address_of};
use crate::mbms::{CellAreas, ImsAsConfig, Mb2Allocation, Mb2Config};
use crate::process::config::NodeKind;

impl Nodes<'_> {
    pub(super) fn ims_as(&self) -> Result<ImsAsConfig, LiveError> {
        let section = &self.config.ims_as;
        let wrong = |what: String| LiveError::Settings(format!("ims_as: {what}"));
        let mut config = ImsAsConfig::new(self.session_server("ims-as", &section.into()));
        config.groups.clone_from(&section.groups);
        config.floor = (section.floor_ms > 0).then(|| Duration::from_millis(section.floor_ms.into()));
        config.replay = Duration::from_millis(section.replay_ms.into());
        config.rule = section.rule.clone();
        for known in &section.cells {
            let cell = known.cell.parse().map_err(|why| wrong(format!("{:?}: {why}", known.cell)))?;
            config.cells.push(CellAreas { cell, areas: known.areas.clone() });
        }
        config.mb2 = self.ims_as_mb2(&config.sip.name)?;
        Ok(config)
    }

    /// MB2 towards the BM-SC that is named, or runs here.
    fn ims_as_mb2(&self, name: &str) -> Result<Option<Mb2Config>, LiveError> {
        let (section, domain) = (&self.config.ims_as, &self.config.domain);
        let here = || {
            let connect = self.config.bmsc.listen.first().copied();
            let host = self.config.bmsc.origin_host.clone().unwrap_or_else(|| self.in_domain("bmsc"));
            self.config.runs(NodeKind::Bmsc).then(|| PeerConfig { host, realm: domain.clone(), connect })
        };
        let Some(peer) = section.bmsc.as_ref().map(|peer| peer.to_peer(domain)).or_else(here) else { return Ok(None) };
        let plain = name.split(':').next().unwrap_or(name).to_owned();
        let host = section.origin_host.clone().unwrap_or(plain);
        let mut diameter = self.plain_diameter(&host, address_of(&section.listen));
        let (bmsc, realm) = (peer.host.clone(), peer.realm.clone());
        diameter.peers.push(peer);
        let mut mb2 = Mb2Config::new(diameter, &bmsc, section.mb2u.ip());
        (mb2.realm, mb2.local) = (realm, section.mb2u);
        mb2.retry = Duration::from_secs(section.retry_s.max(1).into());
        mb2.heartbeat = (section.heartbeat_s > 0).then(|| Duration::from_secs(section.heartbeat_s.into()));
        if let Some(own) = &section.assigns {
            let (mcc, mnc) = &own.plmn;
            let plmn = Plmn::new(mcc, mnc).ok_or_else(|| {
                LiveError::Settings("ims_as: assigns.plmn is three digits and two or three".to_owned())
            })?;
            let service_ids = own.service_ids.0..=own.service_ids.1;
            let addresses = own.addresses.0..=own.addresses.1;
            mb2.allocation = Mb2Allocation::AsAssigns { plmn, service_ids, addresses, port: own.port };
        }
        Ok(Some(mb2))
    }

    /// Where it speaks RTP, and where MB2-U comes from.
    pub(super) fn ims_as_places(&self) -> Vec<SocketAddr> {
        let section = &self.config.ims_as;
        SessionKeys::from(section).places().chain([section.mb2u]).collect()
    }
}
