//! What the HLR keeps of a subscriber for short messages: who serves it, and message waiting data (TS 23.040 clauses 3.2.5 to
//! 3.2.7, TS 23.008 clause 2.5).

use std::collections::BTreeMap;
use std::net::IpAddr;

use protocol::map::{AddressString, MwStatus, ScType};
use serde::{Deserialize, Serialize};

use super::subscription::SmsWay;
use crate::node::{NodeStoreOp, Table};

/// All of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::ims::hss) struct SmsRecord {
    /// The IP-Message-GW that the UE is registered at: the UE is IP connected.
    pub(super) gateway: Option<Gateway>,
    /// The SGSN that has updated the location.
    pub(super) sgsn: Option<String>,
    /// The SGSN does not know the UE any more.
    pub(super) is_sgsn_purged: bool,
    /// The VLR does not know the UE any more.
    pub(super) is_msc_purged: bool,
    /// The user's order of accesses as the UE has brought it: for messages to it and from it.
    pub(super) user_order: Option<(Vec<SmsWay>, Vec<SmsWay>)>,
    /// Message waiting data.
    pub(super) waiting: MessageWaiting,
    /// Service centres that are to be alerted.
    pub(super) alerts: Vec<Alert>,
    /// Whether the presence server has taken that the UE is IP connected.
    pub(super) is_presence_told: bool,
    /// About which public identity, so that it can be taken back when there is no such subscriber any more.
    pub(super) presence_identity: Option<String>,
}

/// An IP-Message-GW.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Gateway {
    pub(super) number: String,
    pub(super) address: IpAddr,
}

/// Who waits for the UE, and why it is not reached.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct MessageWaiting {
    /// Message waiting data: service centres that have messages.
    centres: Vec<Centre>,
    /// MNRF (MSC), MNRG (SGSN) and UNRI (IP), each with its reason (TS 23.040 clause 3.3.2).
    not_reachable: BTreeMap<SmsWay, Option<u8>>,
    /// MCEF.
    is_memory_full: bool,
}

/// A service centre.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Centre {
    digits: String,
    nature: u8,
    plan: u8,
    /// Normal, voice mail or video mail (TR 23.804 clause 8.5 step 8), where it has said so.
    kind: Option<u8>,
}

impl Centre {
    fn new(number: &AddressString, kind: Option<ScType>) -> Self {
        let kind = kind.map(|kind| kind.0);
        Self { digits: number.digits().to_owned(), nature: number.nature(), plan: number.plan(), kind }
    }

    /// Its address; none where what is stored is none.
    pub(super) fn number(&self) -> Option<AddressString> {
        AddressString::new(self.nature, self.plan, &self.digits).ok()
    }

    pub(super) fn digits(&self) -> &str {
        &self.digits
    }
}

/// A service centre that is told that the UE can be reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Alert {
    pub(super) centre: Centre,
    /// How often it was told in vain.
    pub(super) tries: u32,
}

impl SmsRecord {
    /// Number of the IP-Message-GW that has registered the UE.
    pub(in crate::ims::hss) fn gateway_number(&self) -> Option<&str> {
        self.gateway.as_ref().map(|gateway| gateway.number.as_str())
    }

    /// Message waiting data for a human: number and kind of each service centre.
    pub(in crate::ims::hss) fn waiting_centres(&self) -> Vec<String> {
        let kind = |kind: Option<ScType>| match kind {
            Some(ScType::VOICE_MAIL) => " (voice mail)".to_owned(),
            Some(ScType::VIDEO_MAIL) => " (video mail)".to_owned(),
            None | Some(ScType::NORMAL) => String::new(),
            Some(ScType(other)) => format!(" (kind {other})"),
        };
        self.waiting.centres().map(|(digits, of)| format!("{digits}{}", kind(of))).collect()
    }

    /// What makes it durable.
    pub(super) fn store(&self, impi: &str) -> NodeStoreOp {
        let (table, key) = (Table::HlrSms, impi.to_owned());
        match serde_json::to_vec(self) {
            Ok(value) if *self != Self::default() => NodeStoreOp::Put { table, key, value },
            _ => NodeStoreOp::Delete { table, key },
        }
    }

    /// The UE can be reached in a way, or `has_memory` again: service centres are to be alerted, unless its memory is still
    /// full (TS 29.002 clause 23.6: readyForSM).
    pub(super) fn is_ready(&mut self, way: SmsWay, has_memory: bool) {
        self.waiting.not_reachable.remove(&way);
        if has_memory {
            self.waiting.is_memory_full = false;
        }
        if !self.waiting.is_memory_full {
            self.release(None);
        }
    }

    /// A message of `centre` was delivered: the others try, too.
    pub(super) fn delivered(&mut self, way: SmsWay, centre: &AddressString) {
        self.waiting.not_reachable.remove(&way);
        self.waiting.is_memory_full = false;
        self.release(Some(centre));
    }

    /// All that wait are to be alerted, but for one.
    fn release(&mut self, except: Option<&AddressString>) {
        for centre in std::mem::take(&mut self.waiting.centres) {
            if except.is_some_and(|except| except.digits() == centre.digits) {
                continue;
            }
            self.alerts.retain(|alert| alert.centre.digits != centre.digits);
            self.alerts.push(Alert { centre, tries: 0 });
        }
    }
}

impl MessageWaiting {
    /// A service centre waits; false when there is no room for one more.
    pub(super) fn add(&mut self, number: &AddressString, kind: Option<ScType>, max: usize) -> bool {
        let known = self.centres.iter_mut().find(|centre| centre.digits == number.digits());
        if let Some(centre) = known {
            centre.kind = kind.map_or(centre.kind, |kind| Some(kind.0));
            return true;
        }
        let has_room = self.centres.len() < max;
        if has_room {
            self.centres.push(Centre::new(number, kind));
        }
        has_room
    }

    /// The UE is not reached in a way.
    pub(super) fn not_reached(&mut self, way: SmsWay, reason: Option<u8>) {
        self.not_reachable.insert(way, reason);
    }

    /// The memory of the UE is full.
    pub(super) const fn memory_full(&mut self) {
        self.is_memory_full = true;
    }

    /// Whether a flag is set for a way, and with which reason.
    pub(super) fn reason(&self, way: SmsWay) -> Option<Option<u8>> {
        self.not_reachable.get(&way).copied()
    }

    pub(super) fn is_set(&self) -> bool {
        self.is_memory_full || !self.not_reachable.is_empty() || !self.centres.is_empty()
    }

    /// What a service centre is told; it has no flag for an access over IP.
    pub(super) fn status(&self, centre: &AddressString) -> MwStatus {
        MwStatus {
            sc_address_not_included: !self.centres.iter().any(|known| known.digits == centre.digits()),
            mnrf_set: self.not_reachable.contains_key(&SmsWay::Msc),
            mcef_set: self.is_memory_full,
            mnrg_set: self.not_reachable.contains_key(&SmsWay::Sgsn),
            ..MwStatus::default()
        }
    }

    /// Service centres that wait, and what they are.
    fn centres(&self) -> impl Iterator<Item = (&str, Option<ScType>)> {
        self.centres.iter().map(|centre| (centre.digits.as_str(), centre.kind.map(ScType)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: &str) -> AddressString {
        AddressString::international(digits).unwrap()
    }

    fn alerted(record: &SmsRecord) -> Vec<&str> {
        record.alerts.iter().map(|alert| alert.centre.digits()).collect()
    }

    #[test]
    fn a_full_memory_keeps_alerts_back() {
        let mut record = SmsRecord::default();
        assert!(record.waiting.add(&number("49170001"), Some(ScType::VOICE_MAIL), 2));
        assert!(record.waiting.add(&number("49170002"), None, 2) && !record.waiting.add(&number("49170003"), None, 2));
        assert!(record.waiting.add(&number("49170001"), None, 2), "it is there");
        assert_eq!(record.waiting_centres(), ["49170001 (voice mail)", "49170002"]);
        record.waiting.not_reached(SmsWay::Msc, Some(1));
        record.waiting.memory_full();
        record.is_ready(SmsWay::Msc, false);
        assert_eq!((record.waiting.reason(SmsWay::Msc), alerted(&record).len()), (None, 0));
        record.is_ready(SmsWay::Msc, true);
        assert_eq!((alerted(&record), record.waiting.is_set()), (vec!["49170001", "49170002"], false));
        assert_eq!(record.alerts[0].centre.number(), Some(number("49170001")));
    }

    #[test]
    fn who_has_delivered_is_not_alerted_and_nobody_twice() {
        let mut record = SmsRecord::default();
        for _ in 0..2 {
            for centre in ["49170001", "49170002"] {
                record.waiting.add(&number(centre), None, 9);
            }
            record.waiting.not_reached(SmsWay::Ip, None);
            record.delivered(SmsWay::Ip, &number("49170001"));
            assert_eq!((alerted(&record), record.waiting.is_set()), (vec!["49170002"], false));
        }
        let again: SmsRecord = serde_json::from_slice(&serde_json::to_vec(&record).unwrap()).unwrap();
        assert_eq!(again, record);
        assert!(matches!(record.store("1@ims.test"), NodeStoreOp::Put { .. }));
        assert!(matches!(SmsRecord::default().store("1@ims.test"), NodeStoreOp::Delete { .. }));
    }
}
