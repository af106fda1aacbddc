//! The conference server as `[conference]` wants it.

use std::net::SocketAddr;

use super::Nodes;
use super::session_server::SessionKeys;
use crate::ims::ConferenceConfig;

impl Nodes<'_> {
    pub(super) fn conference(&self) -> ConferenceConfig {
        let section = &self.config.conference;
        let mut config = ConferenceConfig::new(self.session_server("conference", &section.into()));
        config.guests.clone_from(&section.guests);
        config.factory = section.factory.clone().unwrap_or(config.factory);
        config.policy = section.policy.clone();
        config.groups.clone_from(&section.groups);
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        config
    }

    /// Where it speaks RTP and RTCP.
    pub(super) fn conference_places(&self) -> Vec<SocketAddr> {
        SessionKeys::from(&self.config.conference).places().collect()
    }
}
