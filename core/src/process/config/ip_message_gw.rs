//! `[ip_message_gw]`: the IP-Message-GW.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use protocol::diameter::ro::FailureHandling;
use serde::Deserialize;

use super::sms::HLR_NUMBER;
use super::{CoreConfig, MapSection, NodeKind, PeerSection, Place, WebPlace, both, loopback};
use crate::charging::MessageCharging;
use crate::ims::TrustedPeer;

/// Its number as long as nobody says another: E.164, digits alone.
const IP_MESSAGE_GW_NUMBER: &str = "491700000002";

/// Settings of the IP-Message-GW.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IpMessageGwSection {
    /// Its SIP URI, as filter criteria name it; none: `ipsmgw` in the domain, with its port.
    pub uri: Option<String>,
    /// Where it takes ISC.
    pub listen: Vec<Place>,
    /// Where it takes R2: UEs straight over IP.
    pub r2: Vec<Place>,
    /// CSCFs whose asserted identities it believes; none: everybody on ISC, which only loopback addresses may be told.
    pub trusted: Vec<TrustedPeer>,
    /// Its number on SS7, digits alone.
    pub global_title: String,
    /// The number of the HLR.
    pub hlr: String,
    /// The service centre of messages that name none.
    pub service_centre: Option<String>,
    /// Public service identities of service centres, and their numbers.
    pub service_centres: BTreeMap<String, String>,
    /// MSISDNs from which no messages are taken over IP.
    pub mo_barred: BTreeSet<String>,
    /// Messages go to UEs of the IMS by their tel URI.
    pub uses_tel_uri: bool,
    /// How long a registration holds when the UE does not say, seconds.
    pub expires: Option<u32>,
    /// How long at least, seconds.
    pub min_expires: Option<u32>,
    /// How long at most, seconds.
    pub max_expires: Option<u32>,
    /// How long it stands after that, before the gateway ends it, seconds.
    pub guard: Option<u32>,
    /// How long a UE may be silent about a message, seconds.
    pub answer_time: Option<u32>,
    /// How long messages that are done are remembered, seconds.
    pub remembered: Option<u32>,
    /// Messages for one UE that wait for their turn, at most.
    pub messages_per_user: Option<usize>,
    /// Timers of MAP.
    pub map: MapSection,
    /// Its charging.
    pub charging: SmsChargingSection,
    /// Multimedia messages (TR 23.804 clause 8.11); without it only short ones.
    pub mms: Option<GatewayMmsSection>,
}

/// `[ip_message_gw.mms]`: multimedia messages over the IMS.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayMmsSection {
    /// Where relays push to it (PAP over HTTP).
    pub listen: Vec<WebPlace>,
    /// Octets of a PDU that a MESSAGE carries, at most.
    pub largest: Option<usize>,
    /// How long a relay may take to answer, seconds: less than the 32 of timer F.
    pub patience: Option<u32>,
    /// The MMS Relays/Servers.
    pub relays: Vec<GatewayRelaySection>,
}

/// `[[ip_message_gw.mms.relays]]`: an MMS Relay/Server.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayRelaySection {
    /// Its URL, without a path.
    pub url: String,
    /// Where its pushes come from; none: the host of the URL, which is an address then.
    #[serde(default)]
    pub from: Vec<TrustedPeer>,
    /// What the MSISDNs of its subscribers begin with; none: all.
    #[serde(default)]
    pub numbers: Vec<String>,
}

impl Default for GatewayMmsSection {
    fn default() -> Self {
        let listen = vec![WebPlace { is_secure: false, address: loopback(8085) }];
        Self { listen, largest: None, patience: None, relays: Vec::new() }
    }
}

impl GatewayMmsSection {
    /// What is wrong with it.
    fn problem(&self) -> Option<String> {
        let bad_relay = |relay: &GatewayRelaySection| {
            let url = relay.url.parse::<http::Uri>().ok();
            let parts = url.as_ref().and_then(|url| Some((url.scheme_str()?, url.host()?, url.path())));
            let is_url = matches!(parts, Some(("http" | "https", _, "/" | "")));
            let is_placed = !relay.from.is_empty() || parts.is_some_and(|(_, host, _)| host_address(host).is_some());
            let why = match (is_url, is_placed) {
                (true, true) => return None,
                (false, _) => "no URL of scheme, host and port alone",
                (true, false) => "whose host is a name: say in `from` where its pushes come from",
            };
            Some(format!("ip_message_gw.mms.relays has {}, {why}", relay.url))
        };
        if self.listen.is_empty() {
            return Some("ip_message_gw.mms.listen is empty: give at least one address".to_owned());
        }
        if self.patience.is_some_and(|patience| !(1..32).contains(&patience)) {
            return Some("ip_message_gw.mms.patience is 1 to 31 seconds: a MESSAGE waits for no more".to_owned());
        }
        if self.largest == Some(0) {
            return Some("ip_message_gw.mms.largest is at least 1 octet".to_owned());
        }
        self.relays.iter().find_map(bad_relay)
    }
}

/// An address as hosts of URLs have it.
pub(in crate::process) fn host_address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// `[ip_message_gw.charging]`: the charging of short messages.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmsChargingSection {
    /// Records are sent (Rf), where there is a CDF.
    pub offline: bool,
    /// Where to; none: where the other nodes send theirs.
    pub rf: Vec<PeerSection>,
    /// An OCS is asked (Ro) before a message from a UE goes.
    pub online: bool,
    /// The OCS, or a relay; none: the OCS of this process.
    pub ro: Vec<PeerSection>,
    /// Rating-Group of short messages.
    pub rating_group: u32,
    /// Service-Identifier; none: none is told.
    pub service: Option<u32>,
    /// How they are charged: `immediate` (IEC) or `reserved` (ECUR).
    pub messages: MessageCharging,
    /// What happens when no OCS answers, until an OCS says otherwise.
    pub failure_handling: FailureHandlingName,
    /// Tx, seconds.
    pub tx: u32,
}

/// Credit-Control-Failure-Handling by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureHandlingName {
    /// The message does not go.
    #[default]
    Terminate,
    /// It goes.
    Continue,
    /// It does not go when a second try finds no OCS either.
    RetryAndTerminate,
}

impl FailureHandlingName {
    /// What it names.
    #[must_use]
    pub const fn to_handling(self) -> FailureHandling {
        match self {
            Self::Terminate => FailureHandling::Terminate,
            Self::Continue => FailureHandling::Continue,
            Self::RetryAndTerminate => FailureHandling::RetryAndTerminate,
        }
    }
}

impl Default for SmsChargingSection {
    fn default() -> Self {
        Self {
            offline: true,
            rf: Vec::new(),
            online: false,
            ro: Vec::new(),
            rating_group: 3,
            service: None,
            messages: MessageCharging::Immediate,
            failure_handling: FailureHandlingName::Terminate,
            tx: 10,
        }
    }
}

impl Default for IpMessageGwSection {
    fn default() -> Self {
        Self {
            uri: None,
            listen: both(5150),
            r2: both(5152),
            trusted: Vec::new(),
            global_title: IP_MESSAGE_GW_NUMBER.to_owned(),
            hlr: HLR_NUMBER.to_owned(),
            service_centre: None,
            service_centres: BTreeMap::new(),
            mo_barred: BTreeSet::new(),
            uses_tel_uri: false,
            expires: None,
            min_expires: None,
            max_expires: None,
            guard: None,
            answer_time: None,
            remembered: None,
            messages_per_user: None,
            map: MapSection::default(),
            charging: SmsChargingSection::default(),
            mms: None,
        }
    }
}

impl CoreConfig {
    /// On R2 a UE is known by where its messages come from: beyond loopback by its connection in TLS.
    pub(super) fn check_ip_message_gw(&self) -> Result<(), String> {
        let charging = &self.ip_message_gw.charging;
        let has_ocs = !charging.ro.is_empty() || self.runs(NodeKind::Ocs);
        if self.runs(NodeKind::IpMessageGw) && charging.online && !has_ocs {
            return Err(
                "ip_message_gw.charging.online wants an OCS: name it in [[ip_message_gw.charging.ro]], or run ocs"
                    .to_owned(),
            );
        }
        if charging.tx == 0 {
            return Err("ip_message_gw.charging.tx is at least 1 second".to_owned());
        }
        if let Some(problem) = self.ip_message_gw.mms.as_ref().and_then(GatewayMmsSection::problem) {
            return Err(problem);
        }
        let is_open =
            |place: &&Place| place.transport != protocol::sip::Transport::Tls && !place.address.ip().is_loopback();
        match self.ip_message_gw.r2.iter().find(is_open).filter(|_| self.runs(NodeKind::IpMessageGw)) {
            Some(place) => Err(format!(
                "ip_message_gw.r2 has {place}, where anybody could send in the name of its users: use tls:{}",
                place.address
            )),
            None => Ok(()),
        }
    }
}
