//! `[ip_message_gw]`: the IP-Message-GW.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::sms::HLR_NUMBER;
use super::{CoreConfig, MapSection, NodeKind, Place, both};
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
        }
    }
}

impl CoreConfig {
    /// On R2 a UE is known by where its messages come from: beyond loopback by its connection in TLS.
    pub(super) fn check_ip_message_gw(&self) -> Result<(), String> {
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
