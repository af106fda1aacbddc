//! The MMS Relay/Server as `[mms_relay]` wants it.

use std::time::Duration;

use protocol::Entropy;
use protocol::diameter::charging::NodeFunctionality;
use protocol::http::HTTP_MAX_MESSAGE;

use super::{LiveError, Nodes, web_sockets};
use crate::mms::{MmsRelay, MmsRelayConfig, MmsSubscriber, OtherRelay, PushGateway};
use crate::net::{Directory, HttpBodies, Party, Sockets};
use crate::node::Role;
use crate::process::config::{MmsSmScSection, MmsSubscriberSection, OtherRelaySection, WebPlace};
use crate::sms::SmppPeer;

impl Nodes<'_> {
    pub(super) fn mms_relay(&self, entropy: Entropy) -> Result<MmsRelay, LiveError> {
        let section = &self.config.mms_relay;
        let wrong = |what: &str| LiveError::Settings(format!("mms_relay: {what}"));
        let own = section.listen.0.first().map(|&WebPlace { is_secure, address }| {
            format!("{}://{address}", if is_secure { "https" } else { "http" })
        });
        let base = section.url.clone().or(own).ok_or_else(|| wrong("listen is empty: give an address"))?;
        let domain = section.domain.clone().unwrap_or_else(|| self.in_domain("mms"));
        let mut config = MmsRelayConfig::new(&domain, &base);
        config.subscribers = section.subscribers.iter().map(subscriber).collect();
        config.relays = section.relays.iter().map(relay).collect();
        config.trusted.clone_from(&section.trusted);
        config.realm = section.realm.clone().unwrap_or_default();
        config.sm_sc = section.sm_sc.as_ref().map(|own| self.mms_sm_sc(own)).transpose()?;
        config.gateway = section.gateway.as_ref().map(|own| PushGateway {
            url: own.url.clone(),
            domain: own.domain.clone().unwrap_or_else(|| self.config.domain.clone()),
            from: own.from.clone(),
        });
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        let charging = &section.charging;
        let rf = || self.rf(&self.rf_name("mmsc"), NodeFunctionality::As, &charging.rf);
        config.charging = charging.offline.then(rf).flatten();
        config.push_number = section.push_number.clone().unwrap_or(config.push_number);
        config.media_types = section.media_types.clone().unwrap_or(config.media_types);
        let limits = &mut config.limits;
        limits.octets = section.message_octets.unwrap_or(limits.octets);
        limits.recipients = section.recipients.unwrap_or(limits.recipients);
        limits.parts = section.parts.unwrap_or(limits.parts);
        limits.messages = section.messages.unwrap_or(limits.messages);
        limits.stored_octets = section.stored_octets.unwrap_or(limits.stored_octets);
        limits.memory = section.memory.unwrap_or(limits.memory);
        if limits.octets + limits.header_octets > HTTP_MAX_MESSAGE {
            return Err(wrong(&format!("message_octets may be {} at most", HTTP_MAX_MESSAGE - limits.header_octets)));
        }
        let times = &mut config.times;
        for (own, value) in [
            (&mut times.expiry, section.expiry),
            (&mut times.max_expiry, section.max_expiry),
            (&mut times.remembered, section.remember),
            (&mut times.push_result, section.push_result),
            (&mut times.mm4, section.mm4),
            (&mut times.mm4_response, section.mm4_response),
            (&mut times.nonce, section.nonce),
        ] {
            *own = value.map_or(*own, Duration::from_secs);
        }
        for (own, value) in [
            (&mut times.push_retry, &section.push_retry),
            (&mut times.remind, &section.remind),
            (&mut times.mm4_retry, &section.mm4_retry),
        ] {
            if let Some(value) = value {
                *own = value.iter().copied().map(Duration::from_secs).collect();
            }
        }
        MmsRelay::new(config, entropy).map_err(LiveError::Settings)
    }

    fn mms_sm_sc(&self, section: &MmsSmScSection) -> Result<SmppPeer, LiveError> {
        let connect = section.connect.or_else(|| self.config.sm_sc.listen.first().copied());
        let connect = connect.ok_or_else(|| LiveError::Settings("mms_relay.sm_sc: say where it is".to_owned()))?;
        let mut peer = SmppPeer::new("sm-sc", connect, &section.system_id, section.password.expose());
        peer.window = section.window.unwrap_or(peer.window);
        Ok(peer)
    }

    pub(super) fn mms_relay_sockets(&self) -> Sockets {
        let section = &self.config.mms_relay;
        let memory = section.memory.unwrap_or_else(|| crate::mms::MmsLimits::default().memory);
        Sockets {
            http: web_sockets(&section.listen.0),
            http_bodies: Some(HttpBodies { most: HTTP_MAX_MESSAGE, budget: memory }),
            streams: section.smtp.0.clone(),
            ..Sockets::default()
        }
    }

    /// Boxes that the relay talks to.
    pub(super) fn mms_directory(&self, directory: &Directory) {
        let section = &self.config.mms_relay;
        for relay in &section.relays {
            directory.insert(relay.next_hop, Party { role: Role::MmsRelay, name: relay.name.clone(), own: false });
        }
        if let Some(address) = section.sm_sc.as_ref().and_then(|own| own.connect) {
            directory.insert(address, Party { role: Role::SmSc, name: "sm-sc".to_owned(), own: false });
        }
        let url = section.gateway.as_ref().and_then(|own| own.url.parse::<http::Uri>().ok());
        let address = url.and_then(|url| url.authority()?.as_str().parse().ok());
        if let Some(address) = address {
            directory.insert(address, Party { role: Role::IpMessageGw, name: "ipsmgw".to_owned(), own: false });
        }
    }
}

fn subscriber(section: &MmsSubscriberSection) -> MmsSubscriber {
    let usual = MmsSubscriber::new(&section.msisdn);
    MmsSubscriber {
        identities: section.identities.clone(),
        login: section.username.clone().zip(section.password.clone()),
        from: section.from.clone(),
        push: section.push.clone(),
        messages: section.messages.unwrap_or(usual.messages),
        octets: section.octets.unwrap_or(usual.octets),
        ..usual
    }
}

fn relay(section: &OtherRelaySection) -> OtherRelay {
    let usual = OtherRelay::new(&section.name, &section.domain, section.next_hop);
    OtherRelay {
        from: section.from.clone(),
        numbers: section.numbers.clone(),
        domains: section.domains.clone(),
        connections: section.connections.unwrap_or(usual.connections),
        ..usual
    }
}
