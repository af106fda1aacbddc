//! Steps of short messages over IP: what UEs are told to do (TR 23.804 clauses 8.1 to 8.10), and what becomes of messages at
//! the MSC and at the SGSN.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Served, SmsAccess};
use crate::scenario::{Selector, read};
use crate::strict_toml::Table;

/// A step of short messages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do")]
pub enum SmsStep {
    /// UEs register with the IP-Message-GW over R2.
    #[serde(rename = "sms_register")]
    Register {
        /// Which.
        ue: Selector,
    },
    /// They leave it.
    #[serde(rename = "sms_deregister")]
    Deregister {
        /// Which.
        ue: Selector,
    },
    /// A UE sends a message.
    #[serde(rename = "sms_send")]
    Send {
        /// Which.
        from: String,
        /// For which UE.
        to: String,
        /// The text, in the alphabet that it needs and as many parts as it takes; nothing: data.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// Octets, in hexadecimal digits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<String>,
        /// A status report is wanted.
        #[serde(default, with = "super::super::ims::yes_no")]
        status_report: bool,
        /// How long the SM-SC is to hold it, seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        validity_s: Option<u64>,
    },
    /// Users delete what is in the memories of their UEs.
    #[serde(rename = "sms_free")]
    Free {
        /// Of which UEs.
        ue: Selector,
    },
    /// From now on this becomes of messages for UEs at the MSC or the SGSN.
    #[serde(rename = "sms_serve")]
    Serve {
        /// For which UEs.
        ue: Selector,
        /// Where.
        at: SmsAccess,
        /// What.
        becomes: Served,
    },
}

/// What `do` says.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum SmsWord {
    Register,
    Deregister,
    Send,
    Free,
    Serve,
}

/// The words of these steps.
pub(in crate::scenario) const SMS_WORDS: [(&str, SmsWord); 5] = [
    ("sms_register", SmsWord::Register),
    ("sms_deregister", SmsWord::Deregister),
    ("sms_send", SmsWord::Send),
    ("sms_free", SmsWord::Free),
    ("sms_serve", SmsWord::Serve),
];

impl SmsStep {
    /// UEs that it names, each with its key.
    pub(crate) fn ues(&self) -> Vec<(&'static str, Selector)> {
        match self {
            Self::Register { ue } | Self::Deregister { ue } | Self::Free { ue } | Self::Serve { ue, .. } => {
                vec![("ue", ue.clone())]
            }
            Self::Send { from, to, .. } => {
                [("from", from), ("to", to)].map(|(key, ue)| (key, Selector::Name(ue.clone()))).to_vec()
            }
        }
    }

    pub(in crate::scenario) fn read(word: SmsWord, t: &mut Table<'_>) -> Self {
        let ue = |t: &mut Table<'_>| read::selector(t, "ue");
        match word {
            SmsWord::Register => Self::Register { ue: ue(t) },
            SmsWord::Deregister => Self::Deregister { ue: ue(t) },
            SmsWord::Free => Self::Free { ue: ue(t) },
            SmsWord::Serve => Self::Serve {
                ue: ue(t),
                at: t.choice("at", &[("msc", SmsAccess::Msc), ("sgsn", SmsAccess::Sgsn)]),
                becomes: t.choice("becomes", &Served::ALL),
            },
            SmsWord::Send => Self::Send {
                from: t.name("from"),
                to: t.name("to"),
                text: t.optional_text("text"),
                data: t.optional_text_that("data", "octets in hexadecimal digits", |digits| {
                    !digits.is_empty() && hex::decode(digits).is_ok()
                }),
                status_report: t.yes_no("status_report", false),
                validity_s: t.optional_integer("validity_s", 1..=63 * 7 * 86_400),
            },
        }
    }
}

impl fmt::Display for SmsStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register { ue } => write!(f, "{ue} registers with the IP-Message-GW"),
            Self::Deregister { ue } => write!(f, "{ue} leaves the IP-Message-GW"),
            Self::Send { from, to, .. } => write!(f, "{from} sends a short message to {to}"),
            Self::Free { ue } => write!(f, "the messages of {ue} are deleted"),
            Self::Serve { ue, at, becomes } => {
                let at = if *at == SmsAccess::Sgsn { "SGSN" } else { "MSC" };
                let becomes = match becomes {
                    Served::Delivers => "takes messages",
                    Served::Absent => "is absent",
                    Served::MemoryFull => "has no memory left",
                    Served::Silent => "says nothing about messages",
                };
                write!(f, "{ue} {becomes} at the {at}")
            }
        }
    }
}
