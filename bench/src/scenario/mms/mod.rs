//! Multimedia messages over IP of a scenario (TR 23.804 clause 8.11, TS 23.140): two relays, what of them can be set, and what
//! UEs have.

mod check;
mod step;
#[cfg(test)]
mod tests;

use core_network::ims::NetworkBox;
use serde::{Deserialize, Serialize};

use super::ims::yes_no;
use super::service::ServiceBox;
use crate::strict_toml::Table;

pub(super) use check::{check, check_files, step as check_step};
pub(super) use step::{MMS_WORDS, MmsWord};
pub use step::{MmsFiles, MmsStep};

/// Multimedia messages of a run: two MMS Relay/Servers with MM4 between them, and the IP-Message-GW.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mms {
    /// Octets of a message at most.
    pub largest: usize,
    /// Octets of a PDU that a MESSAGE carries at most; what is larger has HTTP.
    pub ims_largest: usize,
    /// How long a message is kept whose sender does not say, seconds.
    pub expiry_s: u64,
    /// Pauses before a notification or a report that was not delivered is pushed again, seconds; the last one is taken for all
    /// that follow.
    pub push_retry_s: Vec<u64>,
    /// Media types that the relays take, `image/*` for all that begin so; none: text, pictures, sound and video.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media_types: Vec<String>,
}

/// What a UE has for multimedia messages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UeMms {
    /// By what it speaks to its relay.
    pub by: MmsBy,
    /// Whose subscriber it is.
    pub relay: MmsRelayOf,
    /// How it is told of messages and reports.
    pub push: MmsPush,
    /// What it does about messages that wait.
    pub retrieval: MmsRetrieval,
    /// It tells senders who want to know when a message is read.
    #[serde(with = "yes_no")]
    pub read_reports: bool,
    /// Senders may know that it has a message.
    #[serde(with = "yes_no")]
    pub report_allowed: bool,
}

/// By what a UE speaks to its relay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MmsBy {
    /// MESSAGEs through the IMS (TR 23.804 clauses 8.11.1 and 8.11.2).
    Ims,
    /// HTTP (clause 8.11.3).
    Http,
}

/// Whose subscriber a UE is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MmsRelayOf {
    /// The relay of this network.
    Own,
    /// The other one.
    Far,
}

/// How a UE is told of messages and reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MmsPush {
    /// By the IP-Message-GW in a MESSAGE (clause 8.11.3); where that fails by a short message, if it has them.
    Sip,
    /// By a short message (clauses 8.11.1 and 8.11.2).
    Sms,
}

/// What a UE does about messages that wait (TS 23.140 clause 8.1.4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MmsRetrieval {
    /// It retrieves them at once.
    Immediate,
    /// It waits for its user.
    Deferred,
    /// It does not want them.
    Rejected,
    /// Nothing.
    Ignored,
}

impl MmsRelayOf {
    /// Name of the box.
    pub(crate) const fn server(self) -> &'static str {
        match self {
            Self::Own => MMS_RELAY,
            Self::Far => FAR_MMS_RELAY,
        }
    }

    /// The box.
    pub(crate) const fn place(self) -> NetworkBox {
        match self {
            Self::Own => NetworkBox::MmsRelay,
            Self::Far => NetworkBox::FarMmsRelay,
        }
    }

    /// The one at the other end of MM4.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Own => Self::Far,
            Self::Far => Self::Own,
        }
    }
}

/// Boxes of multimedia messages.
const MMS_RELAY: &str = "MMS Relay/Server";
const FAR_MMS_RELAY: &str = "far MMS Relay/Server";

/// All of them.
pub(crate) const MMS_BOXES: [ServiceBox; 2] = [
    ServiceBox { name: MMS_RELAY, place: NetworkBox::MmsRelay },
    ServiceBox { name: FAR_MMS_RELAY, place: NetworkBox::FarMmsRelay },
];

const WEEK_S: u64 = 7 * 86_400;
/// What relays and UEs take as long as nobody says otherwise.
const LARGEST: usize = 10 << 20;
const IMS_LARGEST: usize = 256 << 10;

/// Reads `[mms]`.
pub(super) fn mms(t: &mut Table<'_>) -> Mms {
    let push_retry_s = t.optional_integers("push_retry_s", 1..=WEEK_S);
    Mms {
        largest: t.optional_integer("largest", 1024..=LARGEST).unwrap_or(LARGEST),
        ims_largest: t.optional_integer("ims_largest", 8192..=1 << 20).unwrap_or(IMS_LARGEST),
        expiry_s: t.optional_integer("expiry_s", 1..=WEEK_S).unwrap_or(3 * 86_400),
        push_retry_s: if push_retry_s.is_empty() { vec![30, 60, 300, 900, 3600] } else { push_retry_s },
        media_types: t.optional_texts("media_types"),
    }
}

/// Reads `mms = { ... }` of a UE.
pub(super) fn ue_mms(t: &mut Table<'_>) -> UeMms {
    let retrievals = [
        ("immediate", MmsRetrieval::Immediate),
        ("deferred", MmsRetrieval::Deferred),
        ("rejected", MmsRetrieval::Rejected),
        ("ignored", MmsRetrieval::Ignored),
    ];
    UeMms {
        by: t.choice_or("by", &[("ims", MmsBy::Ims), ("http", MmsBy::Http)], MmsBy::Http),
        relay: t.choice_or("relay", &[("own", MmsRelayOf::Own), ("far", MmsRelayOf::Far)], MmsRelayOf::Own),
        push: t.choice_or("push", &[("sip", MmsPush::Sip), ("sms", MmsPush::Sms)], MmsPush::Sip),
        retrieval: t.choice_or("retrieval", &retrievals, MmsRetrieval::Immediate),
        read_reports: t.yes_no("read_reports", true),
        report_allowed: t.yes_no("report_allowed", true),
    }
}
