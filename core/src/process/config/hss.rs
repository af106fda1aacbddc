//! `[hss]`: the home subscriber server.

use std::net::SocketAddr;

use serde::Deserialize;

use super::sms::HLR_NUMBER;
use super::{PeerSection, loopback};
use crate::ims::hss::{HlrConfig, SmsWay};

/// Settings of the HSS.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HssSection {
    /// Its Origin-Host; none: `hss` in the domain.
    pub origin_host: Option<String>,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Diameter peers besides the CSCFs of this process.
    pub peers: Vec<PeerSection>,
    /// Whether peers may connect that are not known.
    pub accept_unknown: bool,
    /// Origin-Hosts of migration management servers that get vectors for users who register in another system; the one of
    /// this process is among them.
    pub migration_servers: Vec<String>,
    /// The HLR for short messages; none: there is none.
    pub map: Option<HssMapSection>,
}

impl Default for HssSection {
    fn default() -> Self {
        let (peers, migration_servers) = Default::default();
        let listen = vec![loopback(3868)];
        Self { origin_host: None, listen, peers, accept_unknown: false, migration_servers, map: None }
    }
}

/// Settings of the HLR, `[hss.map]`.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HssMapSection {
    /// Its global title: digits, international without `+`.
    pub global_title: String,
    /// The IP-Message-GW of all subscribers whose registration in the IMS is their IP connection, without a registration
    /// here; none: gateways register UEs themselves.
    pub gateway: Option<String>,
    /// Numbers of IP-Message-GWs; others that update a location are SGSNs, unless they say that they have IP access.
    pub gateways: Vec<String>,
    /// Order of accesses for messages to UEs whose subscription has none.
    pub mt_order: Vec<SmsWay>,
    /// Order of accesses for messages from such UEs.
    pub mo_order: Vec<SmsWay>,
    /// Origin-Host of a presence server that is told who is reached over IP; none: that of this process, if one runs.
    pub presence: Option<String>,
    /// Service centres that may wait for one subscriber.
    pub service_centres: usize,
    /// How often a service centre is alerted again that does not answer, and after how many seconds.
    pub repeats: u32,
    /// Seconds between two alerts.
    pub repeat_after: u64,
}

impl HssMapSection {
    /// What is wrong with it.
    pub(super) fn problem(&self) -> Option<String> {
        let gateways = self.gateway.iter().map(|number| ("gateway", number));
        let all = gateways.chain(self.gateways.iter().map(|number| ("gateways", number)));
        let mut all = all.chain([("global_title", &self.global_title)]);
        let wrong = all.find(|(_, number)| HlrConfig::new(number).is_err());
        wrong.map(|(key, number)| format!("hss.map.{key}: {number:?} is not 5 to 15 digits, international without +"))
    }
}

impl Default for HssMapSection {
    fn default() -> Self {
        Self {
            global_title: HLR_NUMBER.to_owned(),
            gateway: None,
            gateways: vec!["491700000002".to_owned()],
            mt_order: SmsWay::ALL.to_vec(),
            mo_order: SmsWay::ALL.to_vec(),
            presence: None,
            service_centres: 16,
            repeats: 5,
            repeat_after: 60,
        }
    }
}
