//! `[mms_relay]`: the MMS Relay/Server.

use std::net::SocketAddr;

use protocol::Secret;
use serde::Deserialize;

use super::{CoreConfig, NodeKind, PeerSection, WebPlace, loopback};
use crate::ims::TrustedPeer;
use crate::mms::MmsPush;

/// Settings of the MMS Relay/Server.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MmsRelaySection {
    /// Its mail domain; none: `mms.` and the home domain.
    pub domain: Option<String>,
    /// Where it takes MM1, and results of pushes.
    pub listen: MmsPlaces,
    /// Where it takes MM4: SMTP.
    pub smtp: SmtpPlaces,
    /// What X-Mms-Content-Location begins with, as UEs reach it; none: the first of `listen`.
    pub url: Option<String>,
    /// Boxes whose X-3GPP-Asserted-Identity is believed on MM1: the IP-Message-GW.
    pub trusted: Vec<TrustedPeer>,
    /// Realm of the digest; none: its mail domain.
    pub realm: Option<String>,
    /// Media types of parts that are taken, `image/*` for all that begin so; none: text, pictures, sound and video.
    pub media_types: Option<Vec<String>>,
    /// Where pushes over SMS come from.
    pub push_number: Option<String>,
    /// The SM-SC that it binds to; none: nobody is pushed over SMS.
    pub sm_sc: Option<MmsSmScSection>,
    /// The push proxy gateway; none: nobody is pushed over SIP.
    pub gateway: Option<PushGatewaySection>,
    /// Its subscribers.
    pub subscribers: Vec<MmsSubscriberSection>,
    /// Other relays.
    pub relays: Vec<OtherRelaySection>,
    /// Octets of the content of a message.
    pub message_octets: Option<usize>,
    /// Recipients of a message.
    pub recipients: Option<usize>,
    /// Parts of a message.
    pub parts: Option<usize>,
    /// Messages that are kept.
    pub messages: Option<u64>,
    /// Octets of them.
    pub stored_octets: Option<u64>,
    /// Octets of messages that are in memory at a time, on MM1 and on MM4 each.
    pub memory: Option<usize>,
    /// How long a message is kept when its sender does not say, seconds.
    pub expiry: Option<u64>,
    /// How long at most, seconds.
    pub max_expiry: Option<u64>,
    /// How long it is known what has become of a message, seconds.
    pub remember: Option<u64>,
    /// Pauses before a push that was not delivered goes again, seconds; the last one is taken for all that follow.
    pub push_retry: Option<Vec<u64>>,
    /// Pauses before a notification that was not answered goes again, seconds.
    pub remind: Option<Vec<u64>>,
    /// How long the gateway may take for the result of a push, and the SM-SC for its response, seconds.
    pub push_result: Option<u64>,
    /// Pauses before MM4 is tried again, seconds.
    pub mm4_retry: Option<Vec<u64>>,
    /// How long MM4 is tried in all, seconds.
    pub mm4: Option<u64>,
    /// How long another relay may take to answer what it has taken, seconds.
    pub mm4_response: Option<u64>,
    /// How long a nonce of the digest is good, seconds.
    pub nonce: Option<u64>,
    /// Its charging.
    pub charging: MmsChargingSection,
}

/// `[mms_relay.charging]`: offline charging. There is no online charging of multimedia messages.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MmsChargingSection {
    /// Records are sent (Rf), where there is a CDF.
    pub offline: bool,
    /// Where to; none: where the other nodes send theirs.
    pub rf: Vec<PeerSection>,
}

impl Default for MmsChargingSection {
    fn default() -> Self {
        Self { offline: true, rf: Vec::new() }
    }
}

/// Where MM1 is taken.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(transparent)]
pub struct MmsPlaces(pub Vec<WebPlace>);

impl Default for MmsPlaces {
    fn default() -> Self {
        Self(vec![WebPlace { is_secure: false, address: loopback(8087) }])
    }
}

/// Where SMTP is taken.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(transparent)]
pub struct SmtpPlaces(pub Vec<SocketAddr>);

impl Default for SmtpPlaces {
    fn default() -> Self {
        Self(vec![loopback(2525)])
    }
}

/// The SM-SC, which knows the relay as an ESME.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MmsSmScSection {
    /// Where it is; none: the one of this process.
    #[serde(default)]
    pub connect: Option<SocketAddr>,
    /// As whom the relay binds.
    pub system_id: String,
    /// With which password.
    pub password: Secret<String>,
    /// Messages that may be unanswered there.
    #[serde(default)]
    pub window: Option<usize>,
}

/// The push proxy gateway.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushGatewaySection {
    /// Where pushes are POSTed to.
    pub url: String,
    /// Its domain in client addresses; none: the home domain.
    #[serde(default)]
    pub domain: Option<String>,
    /// Who may tell results; none: the host of the URL.
    #[serde(default)]
    pub from: Vec<TrustedPeer>,
}

/// A subscriber.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MmsSubscriberSection {
    /// Digits with country code.
    pub msisdn: String,
    /// Other identities: URIs that are asserted, mail addresses.
    #[serde(default)]
    pub identities: Vec<String>,
    /// User name of the digest.
    #[serde(default)]
    pub username: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<Secret<String>>,
    /// Addresses that only this subscriber can have.
    #[serde(default)]
    pub from: Vec<TrustedPeer>,
    /// How it is told: `sip`, `sms`, the first way first.
    #[serde(default)]
    pub push: Vec<MmsPush>,
    /// Messages that are kept for it.
    #[serde(default)]
    pub messages: Option<u64>,
    /// Octets of them.
    #[serde(default)]
    pub octets: Option<u64>,
}

/// Another relay.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherRelaySection {
    /// Its name here.
    pub name: String,
    /// Its mail domain.
    pub domain: String,
    /// Where mail for it goes: it, or a mail relay on the way.
    pub next_hop: SocketAddr,
    /// Who may send mail of it; none: the host of the next hop.
    #[serde(default)]
    pub from: Vec<TrustedPeer>,
    /// MSISDNs of its subscribers, `4917*` for all that begin so.
    #[serde(default)]
    pub numbers: Vec<String>,
    /// Other mail domains that it takes.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Connections to it at a time.
    #[serde(default)]
    pub connections: Option<usize>,
}

impl CoreConfig {
    /// Mail has no password: beyond loopback it is said who may send it.
    pub(super) fn check_mms_relay(&self) -> Result<(), String> {
        if !self.runs(NodeKind::MmsRelay) {
            return Ok(());
        }
        let section = &self.mms_relay;
        if section.sm_sc.as_ref().is_some_and(|own| own.connect.is_none()) && !self.runs(NodeKind::SmSc) {
            return Err("mms_relay.sm_sc: no SM-SC runs here: say where it is with connect".to_owned());
        }
        let half = section.subscribers.iter().find(|own| own.username.is_some() != own.password.is_some());
        if let Some(own) = half {
            return Err(format!("mms_relay: {} has a username or a password alone: give both or neither", own.msisdn));
        }
        let pushes = |way| section.subscribers.iter().any(|own| own.push.contains(&way));
        if pushes(MmsPush::Sip) && section.gateway.is_none() {
            return Err("mms_relay: push over sip needs [mms_relay.gateway]".to_owned());
        }
        if pushes(MmsPush::Sms) && section.sm_sc.is_none() {
            return Err("mms_relay: push over sms needs [mms_relay.sm_sc]".to_owned());
        }
        Ok(())
    }
}
