//! `[sms_gmsc]` and `[[serving_node]]`: short messages in the network (TS 23.040).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use protocol::Secret;
use serde::Deserialize;

use super::{CoreConfig, NodeKind, loopback};
use crate::ims::TrustedPeer;
use crate::sms::{Service, ServingNodeKind};

/// Numbers of the boxes on SS7 as long as nobody says others: E.164, digits alone.
pub(super) const HLR_NUMBER: &str = "491700000001";
const SMS_GMSC_NUMBER: &str = "491700000003";
pub(super) const SM_SC_NUMBER: &str = "491700000004";
const MSC_NUMBER: &str = "491700000005";
const SGSN_NUMBER: &str = "491700000006";

/// Settings of the SMS-GMSC/IWMSC.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmsGmscSection {
    /// Its number, digits alone.
    pub global_title: String,
    /// The number of the HLR.
    pub hlr: String,
    /// Where service centres bind by SMPP.
    pub listen: Vec<SocketAddr>,
    /// The service centres that it serves.
    pub service_centres: Vec<ServiceCentreSection>,
    /// Its name in SMPP.
    pub system_id: String,
    /// Whether it tells the HLR that it can take three addresses (TR 23.804 clause 8.4 step 3).
    pub ip_messaging: bool,
    /// Whether it tells the HLR that it can deliver by SGSNs.
    pub gprs: bool,
    /// Messages that it may be delivering at a time.
    pub max_deliveries: usize,
    /// Messages of one session that it may be delivering at a time.
    pub peer_window: usize,
    /// Messages that a session of a service centre may be storing at a time.
    pub window: usize,
    /// Seconds that a service centre may take to store a message.
    pub response_s: u32,
    /// Seconds that a dialogue is kept for the next message.
    pub hold_s: u32,
    /// Timers of MAP.
    pub map: MapSection,
    /// Its time zone: quarters of an hour east of Greenwich.
    pub time_zone: i8,
}

impl Default for SmsGmscSection {
    fn default() -> Self {
        Self {
            global_title: SMS_GMSC_NUMBER.to_owned(),
            hlr: HLR_NUMBER.to_owned(),
            listen: vec![loopback(2776)],
            service_centres: vec![ServiceCentreSection::default()],
            system_id: "sms-gmsc".to_owned(),
            ip_messaging: true,
            gprs: true,
            max_deliveries: 5_000,
            peer_window: 1_000,
            window: 100,
            response_s: 30,
            hold_s: 10,
            map: MapSection::default(),
            time_zone: 0,
        }
    }
}

/// A service centre.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceCentreSection {
    /// Its address, digits alone.
    pub address: String,
    /// Its name in SMPP.
    pub system_id: String,
    /// What only it knows.
    pub password: Secret<String>,
    /// Addresses that it may connect from; none: any.
    pub from: Vec<TrustedPeer>,
}

impl Default for ServiceCentreSection {
    fn default() -> Self {
        let (system_id, password) = ("smsc".to_owned(), "smsc".to_owned().into());
        Self { address: SM_SC_NUMBER.to_owned(), system_id, password, from: Vec::new() }
    }
}

/// Timers of MAP (TS 29.002 clause 17.1.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MapSection {
    /// s: 3 to 10 seconds.
    pub short_s: u16,
    /// m: 15 to 30 seconds.
    pub medium_s: u16,
    /// ml: 60 to 600 seconds.
    pub medium_long_s: u16,
}

impl Default for MapSection {
    fn default() -> Self {
        Self { short_s: 6, medium_s: 20, medium_long_s: 120 }
    }
}

/// Settings of a simulated MSC or SGSN.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServingNodeSection {
    /// Its name; none: `msc` or `sgsn`.
    pub name: Option<String>,
    /// What it is: `msc` or `sgsn`.
    pub kind: ServingNodeChoice,
    /// Its number; none: that of the lab's MSC or SGSN.
    pub global_title: Option<String>,
    /// The number of the HLR.
    pub hlr: String,
    /// sgsn-Address of an SGSN.
    pub address: IpAddr,
    /// Whom it serves.
    pub subscribers: Vec<ServedSection>,
    /// Milliseconds that a phone takes for a message.
    pub delivery_ms: u32,
    /// Timers of MAP.
    pub map: MapSection,
}

impl Default for ServingNodeSection {
    fn default() -> Self {
        Self {
            name: None,
            kind: ServingNodeChoice::Msc,
            global_title: None,
            hlr: HLR_NUMBER.to_owned(),
            address: Ipv4Addr::LOCALHOST.into(),
            subscribers: Vec::new(),
            delivery_ms: 500,
            map: MapSection::default(),
        }
    }
}

impl ServingNodeSection {
    /// Its name in logs and captures.
    #[must_use]
    pub fn name(&self) -> &str {
        let by_kind = match self.kind {
            ServingNodeChoice::Msc => "msc",
            ServingNodeChoice::Sgsn => "sgsn",
        };
        self.name.as_deref().unwrap_or(by_kind)
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> &str {
        let by_kind = match self.kind {
            ServingNodeChoice::Msc => MSC_NUMBER,
            ServingNodeChoice::Sgsn => SGSN_NUMBER,
        };
        self.global_title.as_deref().unwrap_or(by_kind)
    }
}

/// What a serving node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServingNodeChoice {
    /// MSC.
    Msc,
    /// SGSN.
    Sgsn,
}

impl From<ServingNodeChoice> for ServingNodeKind {
    fn from(choice: ServingNodeChoice) -> Self {
        match choice {
            ServingNodeChoice::Msc => Self::Msc,
            ServingNodeChoice::Sgsn => Self::Sgsn,
        }
    }
}

/// A subscriber of a serving node.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServedSection {
    /// Its IMSI.
    pub imsi: String,
    /// Its number, digits alone.
    pub msisdn: String,
    /// What becomes of messages for it: `delivers`, `absent`, `memory_full`, `silent` or `not_provisioned`.
    #[serde(default)]
    pub service: ServiceChoice,
    /// Why it is absent (TS 23.040 clause 3.3.2).
    pub diagnostic: Option<u8>,
}

/// What becomes of messages.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceChoice {
    /// They are taken.
    #[default]
    Delivers,
    /// The subscriber is absent.
    Absent,
    /// The memory of its phone is full.
    MemoryFull,
    /// Nothing is heard of them.
    Silent,
    /// It may not receive any.
    NotProvisioned,
}

impl ServedSection {
    /// For the node.
    #[must_use]
    pub const fn service(&self) -> Service {
        match self.service {
            ServiceChoice::Delivers => Service::Delivers,
            ServiceChoice::Absent => Service::Absent(self.diagnostic),
            ServiceChoice::MemoryFull => Service::MemoryFull,
            ServiceChoice::Silent => Service::Silent,
            ServiceChoice::NotProvisioned => Service::NotProvisioned,
        }
    }
}

impl CoreConfig {
    /// What of these nodes does not go together.
    pub(super) fn check_sms(&self) -> Result<(), String> {
        if self.runs(NodeKind::SmsGmsc) {
            let open = self.sms_gmsc.listen.iter().find(|place| !place.ip().is_loopback());
            let centres = &self.sms_gmsc.service_centres;
            let lab = ServiceCentreSection::default().password;
            if let Some(place) = open.filter(|_| centres.iter().any(|centre| centre.password == lab)) {
                return Err(format!(
                    "sms_gmsc listens on {place}, where anybody could bind: give every one of sms_gmsc.service_centres a password of its own"
                ));
            }
        }
        if self.runs(NodeKind::ServingNode) {
            let mut numbers: Vec<&str> = self.serving_node.iter().map(ServingNodeSection::number).collect();
            numbers.sort_unstable();
            if let Some(pair) = numbers.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(format!("two of [[serving_node]] have the number {}: give each a global_title", pair[0]));
            }
        }
        Ok(())
    }
}
