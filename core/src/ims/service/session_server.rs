//! A server that ends sessions (TS 24.229 clause 5.7.5): what conference servers and group servers are told alike, and what they
//! begin with.

use std::net::{IpAddr, SocketAddr};

use protocol::Entropy;
use protocol::sip::{
    HostTable, NameAddr, SessionSettings, SipTimers, SipUri, StackConfig, Transport, Uri, UserAgent, UserAgentConfig,
    UserAgentProfile,
};

use super::{Ports, Reach, route_home};
use crate::ims::TrustedPeer;

/// SIP and media of a server that ends sessions.
#[derive(Clone, Debug)]
pub struct SessionServerConfig {
    /// Host, or host and port, of its URIs.
    pub name: String,
    /// Its sockets for SIP.
    pub local: Vec<(Transport, SocketAddr)>,
    /// Addresses of hosts.
    pub hosts: HostTable,
    /// SIP timers.
    pub timers: SipTimers,
    /// Boxes of the trust domain; none: all.
    pub trusted: Vec<TrustedPeer>,
    /// SIP URI of the I-CSCF, or of a proxy, that invitations for users of `domains` take.
    pub entry: Option<String>,
    /// The home domains.
    pub domains: Vec<String>,
    /// Who may be called.
    pub reach: Reach,
    /// Address of its media.
    pub media: IpAddr,
    /// First and last of its media ports. Even ones are for RTP, the next odd one for RTCP.
    pub ports: (u16, u16),
    /// How sessions are held.
    pub session: SessionSettings,
}

impl SessionServerConfig {
    /// A server at `local` for the users of `domain`, whose URIs have the host `name`.
    #[must_use]
    pub fn new(name: &str, domain: &str, local: SocketAddr) -> Self {
        Self {
            name: name.to_owned(),
            local: vec![(Transport::Udp, local), (Transport::Tcp, local)],
            hosts: HostTable::new(),
            timers: SipTimers::default(),
            trusted: Vec::new(),
            entry: None,
            domains: vec![domain.to_owned()],
            reach: Reach::default(),
            media: local.ip(),
            ports: PORTS,
            session: SessionSettings { reliable_provisional: false, ..SessionSettings::default() },
        }
    }

    /// What the server `who` begins with. Its user agent does `allow`.
    ///
    /// # Errors
    /// The name is no host, or there are no media ports.
    pub(crate) fn open(&self, who: &str, allow: &str, entropy: Entropy) -> Result<SessionServer, String> {
        let ports = Ports::new(self.ports);
        if ports.left() == 0 {
            let (first, last) = self.ports;
            return Err(format!("{who}: ports {first} to {last} have no pair: give an even one and the next"));
        }
        let (own, stack) = named_stack(who, &self.name, &self.local, &self.hosts, self.timers)?;
        let contact = NameAddr::new(Uri::Sip(own.clone()));
        let mut profile = UserAgentProfile::new(contact.clone(), contact);
        profile.allow = allow.to_owned();
        let session = self.session.clone();
        let ua = UserAgent::new(UserAgentConfig { stack, profile, session }, entropy);
        Ok(SessionServer { own, ua, ports })
    }

    /// The user part of `uri` if it is one of the server whose URI without a user is `own`.
    pub(crate) fn user_of(&self, own: &SipUri, uri: &Uri) -> Option<String> {
        let uri = uri.as_sip()?;
        let is_own = uri.host.eq_ignore_ascii_case(&own.host) || uri.host_address() == Some(self.media);
        uri.user_text().filter(|_| is_own)
    }

    /// The way of requests to `target` ([`route_home`]).
    pub(crate) fn route_to(&self, target: &Uri) -> Vec<String> {
        route_home(self.entry.as_deref(), &self.domains, target)
    }

    /// A media port at its address.
    pub(crate) const fn media_at(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.media, port)
    }
}

/// What a server begins with.
#[derive(Debug)]
pub(crate) struct SessionServer {
    /// Its URI without a user.
    pub(crate) own: SipUri,
    pub(crate) ua: UserAgent,
    pub(crate) ports: Ports,
}

/// The URI of the server `who` whose `name` is a host, or host and port, and its stack.
///
/// # Errors
/// The name is no host.
pub(crate) fn named_stack(
    who: &str,
    name: &str,
    local: &[(Transport, SocketAddr)],
    hosts: &HostTable,
    timers: SipTimers,
) -> Result<(SipUri, StackConfig), String> {
    StackConfig::user_agent_at(&format!("sip:{name}"), local, hosts, timers)
        .map_err(|_| format!("{who}: {name:?} is no host of URIs: set name to HOST or HOST:PORT"))
}

/// RFC 6335 clause 6: dynamic ports.
const PORTS: (u16, u16) = (49152, 53247);
