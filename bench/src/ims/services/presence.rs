//! The presence server of a scenario, and what UEs publish.

use core_network::ims::NetworkBox;
use core_network::ims::presence::{PresenceConfig, PresenceServer};
use core_network::node::Node;
use core_network::sip_network::Side;
use protocol::xml::SubHandling;

use super::{Led, Site};
use crate::errors::CommandError;
use crate::ims::network::bench;

/// TS 24.141 clause 5.3: publications and watcher information on the originating side, watchers on the terminating.
pub(super) const TRIGGERS: &[&str] = &[
    "trigger = [{ group = [0], method = \"PUBLISH\" }, { group = [1], header = \"Event\", content = \"^presence\" }, \
     { group = [2], session_case = \"originating\" }]",
    "trigger = [{ group = [0], method = \"SUBSCRIBE\" }, \
     { group = [1], header = \"Event\", content = \"^presence[.]winfo\" }, \
     { group = [2], session_case = \"originating\" }]",
    "trigger = [{ group = [0], method = \"SUBSCRIBE\" }, { group = [1], header = \"Event\", content = \"^presence\" }, \
     { group = [2], session_case = \"terminating_registered\" }, \
     { group = [2], session_case = \"terminating_unregistered\" }]",
];

/// The same on a plain SIP network.
pub(super) const LED: &[Led] = &[
    Led { method: "PUBLISH", event: Some("presence"), side: Side::Originating, registered: None, is_told: false },
    Led {
        method: "SUBSCRIBE",
        event: Some("presence.winfo"),
        side: Side::Originating,
        registered: None,
        is_told: false,
    },
    Led { method: "SUBSCRIBE", event: Some("presence"), side: Side::Terminating, registered: None, is_told: false },
];

pub(super) fn node(site: &Site<'_>) -> Result<Box<dyn Node>, CommandError> {
    let mut config = PresenceConfig::new(&site.uri(), &site.plan.domain, site.sip());
    config.trusted = site.trusted();
    config.hosts = site.plan.hosts();
    config.utc_ms_at_zero = site.plan.utc_ms_at_zero;
    config.without_rules = SubHandling::Allow;
    if site.scenario.sms.is_some() {
        config.sh = Some(site.plan.diameter(site.own.place, NetworkBox::Hss));
    }
    Ok(Box::new(PresenceServer::new(config, site.entropy()).map_err(bench)?))
}

/// A presence document of one tuple (RFC 3863).
pub(crate) fn document(entity: &str, note: &str) -> String {
    let note = note.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"{entity}\">\
         <tuple id=\"ue\"><status><basic>open</basic></status><note>{note}</note></tuple></presence>\n"
    )
}
