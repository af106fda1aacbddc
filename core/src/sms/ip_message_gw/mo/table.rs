//! Messages from UEs that are on their way, and those that are remembered.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocol::sip::ServerKey;
use protocol::sms::{RpBody, RpMessage};
use serde::{Deserialize, Serialize};

use super::TP_RD;
use crate::sms::ip_message_gw::letter::LetterName;
use crate::sms::ip_message_gw::row::octets;

/// A message from a UE.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::sms::ip_message_gw) struct Mo {
    pub(super) imsi: String,
    pub(super) msisdn: String,
    /// Call-ID of the MESSAGE that brought it.
    pub(super) call_id: String,
    /// RP-Message-Reference.
    pub(super) reference: u8,
    pub(super) what: What,
    pub(super) stage: Stage,
    /// What names it in charging.
    #[serde(default)]
    pub(super) charge: String,
    /// It came by the IMS.
    #[serde(default)]
    pub(super) is_ims: bool,
    #[serde(skip)]
    pub(super) run: Run,
}

/// What it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum What {
    /// RP-DATA.
    Message {
        /// Digits of the service centre.
        service_centre: String,
        #[serde(with = "octets")]
        tpdu: Vec<u8>,
    },
    /// RP-SMMA.
    MemoryAvailable,
}

/// How far it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Stage {
    /// It is to be forwarded.
    Taken,
    /// The UE is to be told this.
    Answered {
        #[serde(with = "octets")]
        report: Vec<u8>,
        name: LetterName,
    },
    /// The UE was told this; it is remembered.
    Over {
        #[serde(with = "octets")]
        report: Vec<u8>,
        until_utc_ms: u64,
    },
}

/// What a restart forgets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Run {
    /// MESSAGEs that wait for their 202.
    pub(super) keys: Vec<ServerKey>,
    pub(super) is_durable: bool,
    /// It may have been forwarded before.
    pub(super) is_again: bool,
}

/// All messages from UEs.
#[derive(Debug, Default)]
pub(in crate::sms::ip_message_gw) struct Mos {
    pub(super) by_number: BTreeMap<u64, Mo>,
    /// What names a message, so that one that comes again is known.
    pub(super) known: BTreeMap<String, u64>,
    /// Of each user those that are to be forwarded; the first one is.
    pub(super) lanes: BTreeMap<String, VecDeque<u64>>,
    /// Those that a service centre is asked about, and those that wait until it is asked about fewer.
    pub(super) under_way: BTreeSet<u64>,
    pub(super) held: VecDeque<u64>,
    /// Those that are done, in the order in which they are forgotten.
    pub(super) over: BTreeSet<(u64, u64)>,
}

impl Mo {
    /// What names it: the UE, RP-Message-Reference and what it says. TP-RD is set when it comes again.
    pub(super) fn identity(&self) -> String {
        let what = match &self.what {
            What::Message { service_centre, tpdu } => {
                let first = tpdu.first().map(|first| first & !TP_RD);
                let rest = tpdu.get(1..).unwrap_or_default();
                format!("{service_centre} {:02x}{}", first.unwrap_or_default(), hex::encode(rest))
            }
            What::MemoryAvailable => String::new(),
        };
        format!("{} {} {what}", self.imsi, self.reference)
    }

    pub(super) fn is_success(report: &[u8]) -> bool {
        RpMessage::parse(report).is_ok_and(|report| matches!(report.body, RpBody::Ack(_)))
    }
}

impl Mos {
    /// Those that are not done.
    pub(in crate::sms::ip_message_gw) fn waiting(&self) -> usize {
        self.by_number.len() - self.over.len()
    }

    pub(super) fn insert(&mut self, number: u64, mo: Mo) {
        self.known.insert(mo.identity(), number);
        match &mo.stage {
            Stage::Taken => self.lanes.entry(mo.imsi.clone()).or_default().push_back(number),
            Stage::Answered { .. } => {}
            Stage::Over { until_utc_ms, .. } => drop(self.over.insert((*until_utc_ms, number))),
        }
        self.by_number.insert(number, mo);
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Mo> {
        let mo = self.by_number.remove(&number)?;
        if self.known.get(&mo.identity()) == Some(&number) {
            self.known.remove(&mo.identity());
        }
        if let Stage::Over { until_utc_ms, .. } = &mo.stage {
            self.over.remove(&(*until_utc_ms, number));
        }
        self.under_way.remove(&number);
        self.leave_lane(&mo.imsi, number);
        Some(mo)
    }

    pub(super) fn leave_lane(&mut self, imsi: &str, number: u64) {
        if let Some(lane) = self.lanes.get_mut(imsi) {
            lane.retain(|own| *own != number);
            if lane.is_empty() {
                self.lanes.remove(imsi);
            }
        }
    }

    /// The one that is next for a user, if it may go now.
    pub(super) fn first(&self, imsi: &str) -> Option<u64> {
        self.lanes.get(imsi).and_then(|lane| lane.front().copied())
    }

    /// When the first one is forgotten, UTC in milliseconds.
    pub(in crate::sms::ip_message_gw) fn next_end(&self) -> Option<u64> {
        self.over.first().map(|(utc_ms, _)| *utc_ms)
    }
}

impl Mos {
    pub(super) fn is_durable(&self, number: u64) -> bool {
        self.by_number.get(&number).is_some_and(|mo| mo.run.is_durable)
    }
}
