//! The messaging server as `[messaging]` wants it.

use std::time::Duration;

use protocol::sip::SipTimers;

use super::{Nodes, any, sockets};
use crate::ims::MessagingConfig;
use crate::process::config::NodeKind;

impl Nodes<'_> {
    pub(super) fn messaging(&self) -> MessagingConfig {
        let section = &self.config.messaging;
        let first = section.listen.first().map_or_else(any, |place| place.address);
        let mut config = MessagingConfig::new(&self.messaging_uri(), first);
        config.local = sockets(&section.listen);
        config.trusted.clone_from(&section.trusted);
        config.hosts = self.hosts.clone();
        config.timers = SipTimers::default();
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        let icscf = || self.config.icscf.listen.first().map(|place| format!("sip:{}", place.address));
        let icscf = icscf().filter(|_| self.config.runs(NodeKind::Icscf));
        config.next_hop = section.next_hop.clone().or(icscf);
        config.reach.domains.clone_from(&section.domains);
        if section.domains.is_empty() {
            config.reach.domains.push(self.config.domain.clone());
        }
        let limits = &mut config.limits;
        limits.expires_s = section.expires.unwrap_or(limits.expires_s);
        limits.max_expires_s = section.max_expires.unwrap_or(limits.max_expires_s);
        limits.messages_per_user = section.messages_per_user.unwrap_or(limits.messages_per_user);
        limits.recipients = section.recipients.unwrap_or(limits.recipients);
        if let Some(seconds) = section.retry {
            config.first_retry = Duration::from_secs(seconds.max(1).into());
        }
        config
    }

    fn messaging_uri(&self) -> String {
        let port = self.config.messaging.listen.first().map_or(5060, |place| place.address.port());
        self.config.messaging.uri.clone().unwrap_or_else(|| format!("sip:{}:{port}", self.in_domain("messaging")))
    }
}
