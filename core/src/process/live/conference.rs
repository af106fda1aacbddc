//! The conference server as `[conference]` wants it.

use std::net::{IpAddr, SocketAddr};

use super::{Nodes, address_of, any, sockets};
use crate::ims::ConferenceConfig;
use crate::process::config::NodeKind;

impl Nodes<'_> {
    pub(super) fn conference(&self) -> ConferenceConfig {
        let section = &self.config.conference;
        let name = section.name.clone().unwrap_or_else(|| self.in_domain("conference"));
        let first = section.listen.first().map_or_else(any, |place| place.address);
        let mut config = ConferenceConfig::new(&name, &self.config.domain, first);
        config.local = sockets(&section.listen);
        config.hosts = self.hosts.clone();
        config.trusted.clone_from(&section.trusted);
        config.guests.clone_from(&section.guests);
        config.reach.domains.clone_from(&section.domains);
        let own = self.config.runs(NodeKind::Icscf).then(|| {
            let port = self.config.icscf.listen.first().map_or(5060, |place| place.address.port());
            format!("sip:{}:{port}", self.icscf_name())
        });
        config.entry = section.entry.clone().or(own);
        config.factory = section.factory.clone().unwrap_or(config.factory);
        config.media = self.conference_media();
        config.ports = section.ports;
        config.policy = section.policy.clone();
        config.groups.clone_from(&section.groups);
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        config
    }

    /// Where it speaks RTP and RTCP.
    pub(super) fn conference_places(&self) -> Vec<SocketAddr> {
        let (ip, (first, last)) = (self.conference_media(), self.config.conference.ports);
        let pairs = (first..last).filter(|port| port % 2 == 0);
        pairs.flat_map(|port| [port, port + 1]).map(|port| SocketAddr::new(ip, port)).collect()
    }

    fn conference_media(&self) -> IpAddr {
        let section = &self.config.conference;
        section.media.unwrap_or_else(|| address_of(&section.listen))
    }
}
