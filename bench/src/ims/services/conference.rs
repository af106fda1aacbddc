//! The conference server of a scenario, and what UEs say to it.

use std::net::SocketAddr;

use core_network::ims::{ConferenceConfig, ConferenceServer, ImsNode, NetworkBox};

use super::Site;
use crate::errors::CommandError;
use crate::ims::network::bench;

pub(super) fn node(site: &Site<'_>) -> Result<Box<dyn ImsNode>, CommandError> {
    let mut config = ConferenceConfig::new(&site.host(), &site.plan.domain, site.sip());
    config.entry = Some(site.plan.entry());
    config.trusted = site.trusted();
    config.hosts = site.plan.hosts();
    config.utc_ms_at_zero = site.plan.utc_ms_at_zero;
    Ok(Box::new(ConferenceServer::new(config, site.entropy()).map_err(bench)?))
}

/// URI of the factory of conferences (TS 23.003 clause 13.10).
pub(crate) fn factory(domain: &str) -> String {
    format!("sip:conference-factory@{}.{domain}", NetworkBox::Conference.label())
}

/// SDP of a call with audio that every conference mixes (RFC 3551, ITU-T G.711).
pub(crate) fn description(contact: SocketAddr) -> Vec<u8> {
    let ip = contact.ip();
    let lines = [
        "v=0".to_owned(),
        format!("o=- 1 1 IN IP4 {ip}"),
        "s=-".to_owned(),
        format!("c=IN IP4 {ip}"),
        "t=0 0".to_owned(),
        "m=audio 49170 RTP/AVP 8 0".to_owned(),
        "a=rtpmap:8 PCMA/8000".to_owned(),
        "a=rtpmap:0 PCMU/8000".to_owned(),
        "a=sendrecv".to_owned(),
    ];
    lines.iter().flat_map(|line| format!("{line}\r\n").into_bytes()).collect()
}
