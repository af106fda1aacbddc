//! The messaging server of a scenario, and what UEs send by way of it.

use core_network::ims::{MessagingConfig, MessagingServer, NetworkBox};
use core_network::node::Node;
use core_network::sip_network::Side;
use protocol::mime::{CPIM_CONTENT_TYPE, Cpim, MediaType, Multipart};

use super::{Led, Site};
use crate::errors::CommandError;
use crate::ims::network::bench;

/// Who is there is told by third-party registrations (TS 24.229 clause 5.7.1.1); messages for those who are not come here.
pub(super) const TRIGGERS: &[&str] = &[
    "trigger = [{ group = [0], method = \"REGISTER\" }]",
    "trigger = [{ group = [0], method = \"MESSAGE\" }, { group = [1], session_case = \"terminating_unregistered\" }]",
];

/// The same on a plain SIP network.
pub(super) const LED: &[Led] =
    &[Led { method: "MESSAGE", event: None, side: Side::Terminating, registered: Some(false), is_told: true }];

pub(super) fn node(site: &Site<'_>) -> Result<Box<dyn Node>, CommandError> {
    let mut config = MessagingConfig::new(&site.uri(), site.sip());
    config.next_hop = Some(site.plan.entry());
    config.trusted = site.trusted();
    config.hosts = site.plan.hosts();
    config.utc_ms_at_zero = site.plan.utc_ms_at_zero;
    config.reach.domains = vec![site.plan.domain.clone()];
    Ok(Box::new(MessagingServer::new(config, site.entropy()).map_err(bench)?))
}

/// URI of the service that sends messages to lists.
pub(crate) fn list_service(domain: &str) -> String {
    format!("sip:list@{}.{domain}", NetworkBox::Messaging.label())
}

/// The words of a message: those of its first part where it has parts, those inside of a message/cpim.
pub(crate) fn words(content_type: &str, body: &[u8]) -> String {
    let plain = || String::from_utf8_lossy(body).into_owned();
    let Ok(media) = MediaType::parse(content_type) else { return plain() };
    if media.essence == CPIM_CONTENT_TYPE {
        return Cpim::parse(body).map_or_else(|_| plain(), |message| text(&message.content.body));
    }
    let parts = media.is_multipart().then(|| Multipart::parse(&media, body).ok()).flatten();
    let first = parts.and_then(|multipart| multipart.parts.into_iter().next());
    first.map_or_else(plain, |part| text(&part.body))
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// A message of so many octets of text.
pub(crate) fn long_text(octets: u32) -> Vec<u8> {
    let line = b"All words of this message are the same, and there are as many of them as it takes.\r\n";
    line.iter().copied().cycle().take(octets as usize).collect()
}
