//! The IP-Message-GW as `[ip_message_gw]` wants it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use protocol::Entropy;
use protocol::diameter::PeerConfig;
use protocol::diameter::charging::NodeFunctionality;
use protocol::sip::{SipTimers, Uri};

use super::sms::timers;
use super::{Nodes, any, sockets};
use crate::ims::TrustedPeer;
use crate::net::Sockets;
use crate::process::config::{GatewayMmsSection, GatewayRelaySection, Place, host_address};
use crate::sms::{GatewayMms, GatewayRelay, IpMessageGwConfig, SmsCharging, SmsChargingConfig, SmsCreditConfig};

impl Nodes<'_> {
    pub(super) fn ip_message_gw(&self) -> IpMessageGwConfig {
        let section = &self.config.ip_message_gw;
        let first = section.listen.first().map_or_else(any, |place| place.address);
        let (uri, domain) = (self.ip_message_gw_uri(), &self.config.domain);
        let mut config = IpMessageGwConfig::new(&uri, domain, first, &section.global_title, &section.hlr);
        config.local = sockets(&self.ip_message_gw_places());
        config.r2 = section.r2.iter().map(|place| place.address).collect();
        config.trusted.clone_from(&section.trusted);
        if section.trusted.is_empty() {
            // The configuration sees to it that nobody else comes there.
            let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            config.trusted = loopback.map(TrustedPeer::host).to_vec();
        }
        config.hosts = self.hosts.clone();
        config.timers = SipTimers::default();
        config.service_centre.clone_from(&section.service_centre);
        let identity = |uri: &String| Uri::parse(uri).map_or_else(|_| uri.clone(), |uri| uri.identity());
        let centres = section.service_centres.iter().map(|(uri, digits)| (identity(uri), digits.clone()));
        config.service_centres = centres.collect();
        config.mo_barred.clone_from(&section.mo_barred);
        config.uses_tel_uri = section.uses_tel_uri;
        config.map = timers(section.map);
        let times = &mut config.registration;
        times.default_s = section.expires.unwrap_or(times.default_s);
        times.min_s = section.min_expires.unwrap_or(times.min_s);
        times.max_s = section.max_expires.unwrap_or(times.max_s);
        let seconds = |value: Option<u32>, usual| value.map_or(usual, |s| Duration::from_secs(s.into()));
        times.guard = seconds(section.guard, times.guard);
        config.answer_time = seconds(section.answer_time, config.answer_time);
        config.remembered = seconds(section.remembered, config.remembered);
        config.limits.mt_per_user = section.messages_per_user.unwrap_or(config.limits.mt_per_user);
        config.limits.mo_per_user = section.messages_per_user.unwrap_or(config.limits.mo_per_user);
        config.mms = section.mms.as_ref().map(|mms| self.gateway_mms(mms));
        config.utc_ms_at_zero = self.clock.utc_ms_at_zero();
        config
    }

    /// Its multimedia messages.
    fn gateway_mms(&self, section: &GatewayMmsSection) -> GatewayMms {
        let relay = |own: &GatewayRelaySection| {
            let host = || own.url.parse::<http::Uri>().ok().and_then(|url| host_address(url.host()?));
            let from = if own.from.is_empty() {
                host().map(TrustedPeer::host).into_iter().collect()
            } else {
                own.from.clone()
            };
            let numbers = if own.numbers.is_empty() { vec![String::new()] } else { own.numbers.clone() };
            GatewayRelay { url: own.url.trim_end_matches('/').to_owned(), from, numbers }
        };
        let mut mms = GatewayMms::new(section.relays.iter().map(relay).collect());
        mms.largest = section.largest.unwrap_or(mms.largest);
        mms.patience = section.patience.map_or(mms.patience, |s| Duration::from_secs(s.into()));
        mms
    }

    /// Its charging: records where there is a CDF, and an OCS that is asked where it shall be.
    pub(super) fn sms_charging(&self, entropy: Entropy) -> SmsCharging {
        let section = &self.config.ip_message_gw.charging;
        let (host, domain) = (self.rf_name("ipsmgw"), &self.config.domain);
        let rf = section.offline.then(|| self.rf(&host, NodeFunctionality::As, &section.rf)).flatten();
        let ro = section.online.then(|| {
            let mut diameter = self.plain_diameter(&host, any().ip());
            diameter.peers = section.ro.iter().map(|peer| peer.to_peer(domain)).collect();
            if section.ro.is_empty() {
                let connect = self.config.charging.ocs.listen.first().copied();
                diameter.peers.push(PeerConfig { host: self.ocs_name(), realm: domain.clone(), connect });
            }
            let mut credit = SmsCreditConfig::new(diameter, &self.realm(&section.ro));
            credit.diameter.answer_timeout = Duration::from_secs(section.tx.into());
            (credit.rating_group, credit.service) = (section.rating_group, section.service);
            (credit.charging, credit.failure_handling) = (section.messages, section.failure_handling.to_handling());
            credit
        });
        if rf.is_none() && ro.is_none() {
            return SmsCharging::off();
        }
        let (gateway, utc_ms_at_zero) = (self.config.ip_message_gw.global_title.clone(), self.clock.utc_ms_at_zero());
        SmsCharging::new(SmsChargingConfig { rf, ro, gateway, utc_ms_at_zero }, entropy)
    }

    pub(super) fn ip_message_gw_sockets(&self) -> Sockets {
        Sockets {
            sip: sockets(&self.ip_message_gw_places()),
            global_titles: vec![self.config.ip_message_gw.global_title.clone()],
            ..Sockets::default()
        }
    }

    pub(super) fn ip_message_gw_places(&self) -> Vec<Place> {
        let section = &self.config.ip_message_gw;
        [section.listen.as_slice(), &section.r2].concat()
    }

    fn ip_message_gw_uri(&self) -> String {
        let section = &self.config.ip_message_gw;
        let port = section.listen.first().map_or(5060, |place| place.address.port());
        section.uri.clone().unwrap_or_else(|| format!("sip:{}:{port}", self.in_domain("ipsmgw")))
    }
}
