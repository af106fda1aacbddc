//! The SM-SC as `[sm_sc]` wants it.

use std::time::Duration;

use protocol::Entropy;

use super::{LiveError, Nodes};
use crate::net::Sockets;
use crate::process::config::{EsmeSection, NodeKind, SmppPeerSection};
use crate::sms::sm_sc::{EsmeAccount, Numbering, OtherSmSc, SmSc, SmScConfig, SmppPeer};

impl Nodes<'_> {
    pub(super) fn sm_sc(&self, entropy: Entropy) -> Result<SmSc, LiveError> {
        let section = &self.config.sm_sc;
        let mut config = SmScConfig::new(&section.address);
        config.name.clone_from(&section.name);
        config.numbering = Numbering {
            country_code: section.country_code.clone(),
            national_prefix: section.national_prefix.clone(),
            international_prefix: section.international_prefix.clone(),
        };
        config.message_centres = section.message_centres.iter().map(peer).collect();
        if section.message_centres.is_empty() && self.config.runs(NodeKind::SmsGmsc) {
            config.message_centres.extend(self.own_gmsc());
        }
        let smsc = |own: &SmppPeerSection| OtherSmSc { peer: peer(own), numbers: own.numbers.clone() };
        config.smscs = section.smscs.iter().map(smsc).collect();
        config.accounts = section.accounts.iter().map(account).collect();
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        config.quarters = section.time_zone_quarters;
        let seconds = |value: Option<u64>, usual: Duration| value.map_or(usual, Duration::from_secs);
        config.validity.maximum = seconds(section.max_validity, config.validity.maximum);
        config.validity.default = seconds(section.validity, config.validity.default).min(config.validity.maximum);
        for (own, value) in [
            (&mut config.retry.absent, &section.retry_absent),
            (&mut config.retry.memory_full, &section.retry_memory_full),
            (&mut config.retry.network, &section.retry_network),
            (&mut config.retry.refused, &section.retry_refused),
        ] {
            if let Some(value) = value {
                *own = value.iter().copied().map(Duration::from_secs).collect();
            }
        }
        config.delivery_time = seconds(section.delivery_time, config.delivery_time);
        config.sc_type = section.sc_type;
        config.message_waiting = section.message_waiting;
        config.limits.messages = section.messages.unwrap_or(config.limits.messages);
        config.limits.remembered = seconds(section.remember, config.limits.remembered);
        SmSc::new(config, entropy).map_err(LiveError::Settings)
    }

    /// The SMS-GMSC of this process, as the service centre that it knows by this address.
    fn own_gmsc(&self) -> Option<SmppPeer> {
        let gmsc = &self.config.sms_gmsc;
        let known = gmsc.service_centres.iter().find(|centre| centre.address == self.config.sm_sc.address)?;
        let connect = gmsc.listen.first()?;
        Some(SmppPeer::new("sms-gmsc", *connect, &known.system_id, known.password.expose()))
    }

    /// Where ESMEs come; its own sessions begin there, too.
    pub(super) fn sm_sc_sockets(&self) -> Sockets {
        Sockets { streams: self.config.sm_sc.listen.clone(), ..Sockets::default() }
    }
}

fn peer(section: &SmppPeerSection) -> SmppPeer {
    let mut peer = SmppPeer::new(&section.name, section.connect, &section.system_id, section.password.expose());
    peer.window = section.window.unwrap_or(peer.window);
    peer
}

fn account(section: &EsmeSection) -> EsmeAccount {
    let usual = EsmeAccount::new(&section.system_id, section.password.clone());
    EsmeAccount {
        from: section.from.clone(),
        numbers: section.numbers.clone(),
        sources: section.sources.clone(),
        throughput: section.throughput,
        messages: section.messages.unwrap_or(usual.messages),
        window: section.window.unwrap_or(usual.window),
        sessions: section.sessions.unwrap_or(usual.sessions),
        ..usual
    }
}
