//! The accesses by which short messages go to a UE and come from it: TR 23.804 clause 4.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An access for short messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsAccess {
    /// IP, by an IP-Message-GW: through an IMS, or straight to it.
    Ip,
    /// GPRS, by an SGSN.
    Sgsn,
    /// Circuit switched, by an MSC.
    Msc,
}

impl SmsAccess {
    /// All of them, in the order that is usual.
    pub const ALL: [Self; 3] = [Self::Ip, Self::Sgsn, Self::Msc];

    /// As settings write it: `sgsn`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Sgsn => "sgsn",
            Self::Msc => "msc",
        }
    }
}

impl fmt::Display for SmsAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ip => "IP",
            Self::Sgsn => "SGSN",
            Self::Msc => "MSC",
        })
    }
}
