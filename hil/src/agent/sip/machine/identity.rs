//! What the UE says of itself: its contact, its transports, and what each request carries (TS 24.229 clause 5.1.2A.1.1).

use std::net::SocketAddr;

use protocol::sip::{MBMS_FEATURE, NameAddr, SipUri, Target, Transport, Uri};

use super::super::config::{AgentConfig, SipDialect};
use super::UeAgent;

impl UeAgent {
    /// What requests say of the UE as it is now (TS 24.229 clause 5.1.2A.1.1).
    pub(super) fn dress(&mut self) {
        let config = &self.config;
        let profile = self.ua.profile_mut();
        let mut always = self.registration.protection();
        let place = (!config.access_network_info.is_empty())
            .then(|| ("P-Access-Network-Info".to_owned(), config.access_network_info.clone()));
        profile.replies = place.iter().cloned().collect();
        always.extend(place);
        profile.always = always;
        if let Some(standing) = self.registration.standing() {
            let default = standing.associated.first().filter(|_| config.dialect != SipDialect::Gateway);
            if let Some(default) = default {
                profile.from = NameAddr::new(default.uri.clone());
            }
            let pcscf = (config.dialect != SipDialect::Gateway).then(|| pcscf_route(config.pcscf));
            profile.route = pcscf.into_iter().chain(standing.service_route.clone()).collect();
        }
        let preferred = (config.dialect == SipDialect::Ims).then(|| format!("<{}>", profile.from.uri));
        profile.outside = preferred.into_iter().map(|value| ("P-Preferred-Identity".to_owned(), value)).collect();
    }
}

/// The address at which the UE is reached.
pub(super) fn contact(config: &AgentConfig) -> NameAddr {
    let user = Uri::parse(&config.impu).ok().and_then(|uri| uri.as_sip().and_then(|uri| uri.user.clone()));
    let mut uri = SipUri::new(user.as_deref(), &config.contact.to_string());
    if config.pcscf.transport != Transport::Udp {
        uri = uri.with_param("transport", &config.pcscf.transport.to_string());
    }
    let mut contact = NameAddr::new(uri.into());
    if config.receives_mbms {
        contact.params.set_flag(MBMS_FEATURE);
    }
    contact
}

pub(super) fn local(config: &AgentConfig) -> Vec<(Transport, SocketAddr)> {
    match config.pcscf.transport {
        // Long requests go by TCP (RFC 3261 clause 18.1.1).
        Transport::Udp | Transport::Tcp => {
            let other = if config.pcscf.transport == Transport::Udp { Transport::Tcp } else { Transport::Udp };
            vec![(config.pcscf.transport, config.contact), (other, config.contact)]
        }
        Transport::Tls => vec![(Transport::Tls, config.contact)],
    }
}

fn pcscf_route(pcscf: Target) -> String {
    let uri = SipUri::new(None, &pcscf.remote.to_string());
    let uri = match pcscf.transport {
        Transport::Udp => uri,
        other => uri.with_param("transport", &other.to_string()),
    };
    NameAddr::new(uri.with_flag("lr").into()).to_string()
}
