//! Short messages over IP of a scenario (TR 23.804, TS 24.341): boxes, what of them can be set, and what UEs have.

mod check;
mod step;
#[cfg(test)]
mod tests;

use core_network::ims::NetworkBox;
pub use protocol::sms::SmsAccess;
use serde::{Deserialize, Serialize};

use super::ims::yes_no;
use super::service::ServiceBox;
use crate::strict_toml::Table;

pub(super) use check::{check, step as check_step};
pub use step::SmsStep;
pub(super) use step::{SMS_WORDS, SmsWord};

/// Short messages of a run: IP-Message-GW, SMS-GMSC with SMS-IWMSC, SM-SC, an MSC and an SGSN.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// Expiry that UEs ask for at the IP-Message-GW, seconds.
    pub expires_s: u32,
    /// Guard timer: so long a registration stands there after its time (TR 23.804 clause 8.2.2), milliseconds.
    pub guard_ms: u64,
    /// How long a UE may be silent about a message, milliseconds.
    pub patience_ms: u64,
    /// The SMS-GMSC says that it can take the addresses of IP-Message-GW, SGSN and MSC (TR 23.804 clause 8.4 step 3).
    #[serde(with = "yes_no")]
    pub ip_messaging: bool,
    /// It says that it can deliver by SGSNs.
    #[serde(with = "yes_no")]
    pub gprs: bool,
    /// How long messages are held whose sender does not say, seconds.
    pub validity_s: u64,
    /// Pauses before a message is tried again, seconds; the last one is taken for all that follow.
    pub retry_s: Vec<u64>,
    /// What the SM-SC is (TR 23.804 clause 8.5 step 8).
    pub kind: SmScKind,
    /// The IP-Message-GW asks the OCS before a message from a UE goes (TR 23.804 clause 7): who sends by it has credit.
    #[serde(with = "yes_no", default)]
    pub online: bool,
}

/// What an SM-SC is (TR 23.804 clause 8.5 step 8).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmScKind {
    /// One for everybody.
    Normal,
    /// That of a voice mail server.
    VoiceMail,
    /// That of a video mail server.
    VideoMail,
}

/// What a UE has for short messages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UeSms {
    /// How it reaches the IP-Message-GW.
    pub by: SmsBy,
    /// Messages that its memory holds.
    pub places: usize,
    /// Its reports name the request that they are about.
    #[serde(with = "yes_no")]
    pub in_reply_to: bool,
    /// What becomes of messages for it at the MSC; none: no MSC serves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msc: Option<Served>,
    /// The same at the SGSN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sgsn: Option<Served>,
    /// The operator's order of accesses for messages to it (TR 23.804 clause 4); what is not in it is not used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<SmsAccess>,
    /// The user's order of accesses for messages from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefers: Vec<SmsAccess>,
}

/// How a UE reaches the IP-Message-GW.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsBy {
    /// Through the IMS (TR 23.804 clauses 8.7 to 8.10).
    Ims,
    /// Straight, over R2 (clauses 8.1 to 8.6).
    R2,
}

/// What becomes of messages for a UE at an MSC or an SGSN.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Served {
    /// It takes them.
    Delivers,
    /// It is not there.
    Absent,
    /// Its memory is full.
    MemoryFull,
    /// Nothing is heard of them.
    Silent,
}

impl Served {
    const ALL: [(&str, Self); 4] = [
        ("delivers", Self::Delivers),
        ("absent", Self::Absent),
        ("memory_full", Self::MemoryFull),
        ("silent", Self::Silent),
    ];
}

/// Boxes of short messages.
pub(crate) const IP_MESSAGE_GW: &str = "IP-Message-GW";
pub(crate) const SMS_GMSC: &str = "SMS-GMSC";
pub(crate) const SM_SC: &str = "SM-SC";
pub(crate) const MSC: &str = "MSC";
pub(crate) const SGSN: &str = "SGSN";

/// All of them.
pub(crate) const SMS_BOXES: [ServiceBox; 5] = [
    ServiceBox { name: IP_MESSAGE_GW, place: NetworkBox::IpMessageGw },
    ServiceBox { name: SMS_GMSC, place: NetworkBox::SmsGmsc },
    ServiceBox { name: SM_SC, place: NetworkBox::SmSc },
    ServiceBox { name: MSC, place: NetworkBox::Msc },
    ServiceBox { name: SGSN, place: NetworkBox::Sgsn },
];

const WEEK_S: u64 = 7 * 86_400;
const HOUR_MS: u64 = 3_600_000;

/// Reads `[sms]`.
pub(super) fn sms(t: &mut Table<'_>) -> Sms {
    let kinds =
        [("normal", SmScKind::Normal), ("voice_mail", SmScKind::VoiceMail), ("video_mail", SmScKind::VideoMail)];
    let retry_s = t.optional_integers("retry_s", 1..=WEEK_S);
    Sms {
        online: t.yes_no("online", false),
        expires_s: t.optional_integer("expires_s", 60..=7200).unwrap_or(3600),
        guard_ms: t.optional_integer("guard_ms", 0..=24 * HOUR_MS).unwrap_or(60_000),
        patience_ms: t.optional_integer("patience_ms", 100..=HOUR_MS).unwrap_or(40_000),
        ip_messaging: t.yes_no("ip_messaging", true),
        gprs: t.yes_no("gprs", true),
        validity_s: t.optional_integer("validity_s", 1..=WEEK_S).unwrap_or(3 * 86_400),
        retry_s: if retry_s.is_empty() { vec![900, 1800, 3600] } else { retry_s },
        kind: t.choice_or("kind", &kinds, SmScKind::Normal),
    }
}

/// Reads `sms = { ... }` of a UE.
pub(super) fn ue_sms(t: &mut Table<'_>) -> UeSms {
    let served = |t: &mut Table<'_>, key| if t.has(key) { Some(t.choice(key, &Served::ALL)) } else { t.absent(key) };
    let accesses = SmsAccess::ALL.map(|access| (access.as_str(), access));
    UeSms {
        by: t.choice_or("by", &[("ims", SmsBy::Ims), ("r2", SmsBy::R2)], SmsBy::Ims),
        places: t.optional_integer("places", 1..=1000).unwrap_or(50),
        in_reply_to: t.yes_no("in_reply_to", true),
        msc: served(t, "msc"),
        sgsn: served(t, "sgsn"),
        order: t.optional_choices("order", &accesses),
        prefers: t.optional_choices("prefers", &accesses),
    }
}
