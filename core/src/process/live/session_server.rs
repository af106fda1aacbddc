//! SIP and media of servers that end sessions, as their sections want them.

use std::net::{IpAddr, SocketAddr};

use super::{Nodes, address_of, any, sockets};
use crate::ims::TrustedPeer;
use crate::ims::service::SessionServerConfig;
use crate::process::config::{ConferenceSection, ImsAsSection, McServerSection, NodeKind, Place};

/// What the sections of such servers have in common.
pub(super) struct SessionKeys<'a> {
    name: Option<&'a str>,
    listen: &'a [Place],
    trusted: &'a [TrustedPeer],
    entry: Option<&'a str>,
    domains: &'a [String],
    media: Option<IpAddr>,
    ports: (u16, u16),
}

impl<'a> From<&'a ConferenceSection> for SessionKeys<'a> {
    fn from(section: &'a ConferenceSection) -> Self {
        let ConferenceSection { name, listen, trusted, entry, domains, media, ports, .. } = section;
        let (name, entry) = (name.as_deref(), entry.as_deref());
        Self { name, listen, trusted, entry, domains, media: *media, ports: *ports }
    }
}

impl<'a> From<&'a ImsAsSection> for SessionKeys<'a> {
    fn from(section: &'a ImsAsSection) -> Self {
        let ImsAsSection { name, listen, trusted, entry, domains, media, ports, .. } = section;
        let (name, entry) = (name.as_deref(), entry.as_deref());
        Self { name, listen, trusted, entry, domains, media: *media, ports: *ports }
    }
}

impl<'a> From<&'a McServerSection> for SessionKeys<'a> {
    fn from(section: &'a McServerSection) -> Self {
        let McServerSection { name, listen, trusted, entry, domains, media, ports, .. } = section;
        let (name, entry) = (name.as_deref(), entry.as_deref());
        Self { name, listen, trusted, entry, domains, media: *media, ports: *ports }
    }
}

impl SessionKeys<'_> {
    /// Where it speaks RTP and RTCP.
    pub(super) fn places(&self) -> impl Iterator<Item = SocketAddr> {
        let (ip, (first, last)) = (self.media(), self.ports);
        let pairs = (first..last).filter(|port| port % 2 == 0);
        pairs.flat_map(|port| [port, port + 1]).map(move |port| SocketAddr::new(ip, port))
    }

    fn media(&self) -> IpAddr {
        self.media.unwrap_or_else(|| address_of(self.listen))
    }
}

impl Nodes<'_> {
    /// A server whose URIs have the host `own` of the domain, unless its section has a name for it. Invitations of home users
    /// go to the I-CSCF of this process, if there is one, unless the section has an entry.
    pub(super) fn session_server(&self, own: &str, keys: &SessionKeys<'_>) -> SessionServerConfig {
        let name = keys.name.map_or_else(|| self.in_domain(own), str::to_owned);
        let first = keys.listen.first().map_or_else(any, |place| place.address);
        let mut config = SessionServerConfig::new(&name, &self.config.domain, first);
        config.local = sockets(keys.listen);
        config.hosts = self.hosts.clone();
        config.trusted = keys.trusted.to_vec();
        config.reach.domains = keys.domains.to_vec();
        let icscf = self.config.runs(NodeKind::Icscf).then(|| {
            let port = self.config.icscf.listen.first().map_or(5060, |place| place.address.port());
            format!("sip:{}:{port}", self.icscf_name())
        });
        config.entry = keys.entry.map(str::to_owned).or(icscf);
        (config.media, config.ports) = (keys.media(), keys.ports);
        config
    }
}
