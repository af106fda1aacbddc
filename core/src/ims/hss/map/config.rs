//! Configuration of an HLR.

use std::time::Duration;

use protocol::map::sccp::{SccpAddress, ssn};
use protocol::map::{AddressString, ApplicationContext, MapConfig};

use super::subscription::{SmsWay, is_number};

/// Settings of the HLR in an HSS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HlrConfig {
    /// Its number: hlr-Number.
    pub number: AddressString,
    /// Its address on SS7.
    pub address: SccpAddress,
    /// The IP-Message-GW of all subscribers whose registration in the IMS is their IP connection (TR 23.804 clauses 5.1.2.2 and
    /// 8.7 step 5: "pre-configured in the HLR/HSS"); none: gateways register UEs themselves.
    pub gateway: Option<String>,
    /// Numbers whose updateGprsLocation is that of an IP-Message-GW; of others it is when it has the IP access flag.
    pub gateways: Vec<String>,
    /// Order of accesses for messages to UEs whose subscription has none. What is not in it is not used.
    pub mt_order: Vec<SmsWay>,
    /// Order of accesses for messages from such UEs.
    pub mo_order: Vec<SmsWay>,
    /// The presence server that is told by Sh who is IP connected, besides those that subscribe to it; none: nobody.
    pub presence: Option<PresencePeer>,
    /// Service centres that may wait for one subscriber (messageWaitingListFull beyond).
    pub max_service_centres: usize,
    /// How often a service centre is alerted, and the presence server told, when there is no answer.
    pub repeats: u32,
    /// Time between two of them.
    pub repeat_after: Duration,
    /// Timers and bounds of MAP.
    pub map: MapConfig,
}

/// A presence server as a Diameter peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PresencePeer {
    /// Its Origin-Host.
    pub host: String,
    /// Its realm.
    pub realm: String,
}

impl HlrConfig {
    /// With what is usual. The number has 5 to 15 digits, international without `+`.
    ///
    /// # Errors
    /// What is no number.
    pub fn new(number: &str) -> Result<Self, String> {
        let problem = || format!("{number:?} is no global title of an HLR: {}", super::NUMBER);
        if !is_number(number) {
            return Err(problem());
        }
        Ok(Self {
            number: AddressString::international(number).map_err(|_| problem())?,
            address: SccpAddress::e164(number, ssn::HLR).map_err(|_| problem())?,
            gateway: None,
            gateways: Vec::new(),
            mt_order: SmsWay::ALL.to_vec(),
            mo_order: SmsWay::ALL.to_vec(),
            presence: None,
            max_service_centres: 16,
            repeats: 5,
            repeat_after: Duration::from_secs(60),
            map: MapConfig::new([
                ApplicationContext::INFO_RETRIEVAL_V3,
                ApplicationContext::GPRS_LOCATION_UPDATE_V3,
                ApplicationContext::MS_PURGING_V3,
                ApplicationContext::SHORT_MSG_GATEWAY_V3,
                ApplicationContext::MWD_MNGT_V3,
            ]),
        })
    }
}
