//! `[ip_message_gw]`: the IP-Message-GW.

use std::collections::{BTreeMap, BTreeSet};

use protocol::diameter::ro::FailureHandling;
use serde::Deserialize;

use super::sms::HLR_NUMBER;
use super::{CoreConfig, MapSection, NodeKind, PeerSection, Place, both};
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
