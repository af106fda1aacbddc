//! The conference server of a scenario, and what UEs say to it.

use core_network::ims::{ConferenceConfig, ConferenceServer, NetworkBox};
use core_network::node::Node;

use super::Site;
use crate::errors::CommandError;
use crate::ims::network::bench;

pub(super) fn node(site: &Site<'_>) -> Result<Box<dyn Node>, CommandError> {
    let mut config = ConferenceConfig::new(site.plan.session_server(site.own.place));
    config.sip.trusted = site.trusted();
    config.utc_ms_at_zero = site.plan.utc_ms_at_zero;
    Ok(Box::new(ConferenceServer::new(config, site.entropy()).map_err(bench)?))
}

/// URI of the factory of conferences (TS 23.003 clause 13.10).
pub(crate) fn factory(domain: &str) -> String {
    format!("sip:conference-factory@{}.{domain}", NetworkBox::Conference.label())
}
