//! The IMS AS as `[ims_as]` wants it.

use std::net::SocketAddr;
use std::time::Duration;

use super::mb2::{Mb2Keys, cells_of};
use super::session_server::SessionKeys;
use super::{LiveError, Nodes, address_of};
use crate::mbms::ImsAsConfig;

impl Nodes<'_> {
    pub(super) fn ims_as(&self) -> Result<ImsAsConfig, LiveError> {
        let section = &self.config.ims_as;
        let mut config = ImsAsConfig::new(self.session_server("ims-as", &section.into()));
        config.groups.clone_from(&section.groups);
        config.floor = (section.floor_ms > 0).then(|| Duration::from_millis(section.floor_ms.into()));
        config.replay = Duration::from_millis(section.replay_ms.into());
        config.rule = section.rule.clone();
        config.cells = cells_of("ims_as", &section.cells)?;
        config.mb2 = self.mb2(&Mb2Keys {
            section: "ims_as",
            name: &config.sip.name,
            origin_host: section.origin_host.as_deref(),
            address: address_of(&section.listen),
            bmsc: section.bmsc.as_ref(),
            mb2u: section.mb2u,
            assigns: section.assigns.as_ref(),
            retry_s: section.retry_s,
            heartbeat_s: section.heartbeat_s,
        })?;
        Ok(config)
    }

    /// Where it speaks RTP, and where MB2-U comes from.
    pub(super) fn ims_as_places(&self) -> Vec<SocketAddr> {
        let section = &self.config.ims_as;
        SessionKeys::from(section).places().chain([section.mb2u]).collect()
    }
}
