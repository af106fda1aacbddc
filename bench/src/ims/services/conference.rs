//! The conference server of a scenario, and what UEs say to it.

use std::net::SocketAddr;

use core_network::ims::{ConferenceConfig, ConferenceServer, ImsNode};

use super::{Site, host};
use crate::errors::CommandError;
use crate::ims::network::bench;
use crate::scenario::Service;
use crate::setup;

pub(super) fn node(site: &Site<'_>) -> Result<Box<dyn ImsNode>, CommandError> {
    let mut config = ConferenceConfig::new(&site.host(), &site.ims.domain, site.sip());
    config.entry = Some(format!("sip:icscf.{}", site.ims.domain));
    config.trusted = site.trusted();
    config.hosts = site.hosts.clone();
    config.utc_ms_at_zero = setup::utc_ms_at_zero();
    Ok(Box::new(ConferenceServer::new(config, site.entropy()).map_err(bench)?))
}

/// URI of the factory of conferences (TS 23.003 clause 13.10).
pub(crate) fn factory(domain: &str) -> String {
    format!("sip:conference-factory@{}", host(Service::Conference, domain))
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
