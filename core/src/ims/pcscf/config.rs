//! Configuration of a P-CSCF.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use protocol::sip::{HostTable, SipTimers, Transport};
use serde::{Deserialize, Serialize};

use crate::ims::TrustedPeer;

/// How Gm is protected (TS 33.203).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum GmSecurity {
    /// Not at all: a UE that requires a security agreement is refused with 420.
    #[default]
    Off,
    /// Security agreement (RFC 3329, TS 33.203 clause 7): negotiated and verified, but no ESP is applied to the packets.
    SecAgree,
    /// TLS (TS 33.203 annex O): requests that come otherwise are refused with 494.
    Tls,
}

/// A protection of Gm that there is not.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GmSecurityError {
    /// IPsec security associations.
    #[error(
        "security = \"ipsec_3gpp\" is not built: no ESP security associations are set up; use \"sec_agree\" (the same \
         negotiation without ESP), \"tls\" or \"off\""
    )]
    Ipsec,
    /// Something else.
    #[error("security = \"{0}\" is unknown: use \"off\", \"sec_agree\" or \"tls\"")]
    Unknown(String),
}

impl FromStr for GmSecurity {
    type Err = GmSecurityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            "sec_agree" => Ok(Self::SecAgree),
            "tls" => Ok(Self::Tls),
            "ipsec_3gpp" | "ipsec-3gpp" | "ipsec" => Err(GmSecurityError::Ipsec),
            other => Err(GmSecurityError::Unknown(other.to_owned())),
        }
    }
}

impl TryFrom<String> for GmSecurity {
    type Error = GmSecurityError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<GmSecurity> for String {
    fn from(security: GmSecurity) -> Self {
        security.to_string()
    }
}

impl fmt::Display for GmSecurity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::SecAgree => "sec_agree",
            Self::Tls => "tls",
        })
    }
}

/// A home network whose users this P-CSCF serves: its own, or one with a roaming agreement (TS 23.228 clause 4.2.3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomeNetwork {
    /// Its domain name, as in the Request-URI of a REGISTER.
    pub domain: String,
    /// Its entry point, an I-CSCF: a name of the table of hosts or an address, with a port if it is not the usual one.
    pub entry: String,
}

/// Configuration of a P-CSCF.
#[derive(Clone, Debug)]
pub struct PcscfConfig {
    /// Its host name or address, as it stands in Path, Record-Route and Via.
    pub name: String,
    /// Addresses that face UEs. The first of each transport is the one in URIs.
    pub gm: Vec<(Transport, SocketAddr)>,
    /// Addresses that face the core, if it has such of its own. With none, the addresses above serve both sides and `trusted`
    /// tells them apart.
    pub mw: Vec<(Transport, SocketAddr)>,
    /// The boxes of the core. With none, all are trusted that come over the addresses of `mw`.
    pub trusted: Vec<TrustedPeer>,
    /// What it calls its network in P-Visited-Network-ID and in the inter operator identifiers: its domain name.
    pub network: String,
    /// The home networks of its users.
    pub homes: Vec<HomeNetwork>,
    /// How Gm is protected.
    pub security: GmSecurity,
    /// Names and addresses.
    pub hosts: HostTable,
    /// Timers of SIP.
    pub timers: SipTimers,
    /// It subscribes to the registration state of its users (TS 24.229 clause 5.2.3).
    pub subscribe_reg: bool,
    /// Sessions whose parties ask for no refreshing are asked for it (RFC 4028 clause 8.1); none: they are not.
    pub session_expires: Option<Duration>,
    /// Numbers of emergency services, as users dial them.
    pub emergency_numbers: Vec<String>,
    /// UTC at the start of the run, in milliseconds.
    pub utc_ms_at_zero: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_modes() {
        for mode in [GmSecurity::Off, GmSecurity::SecAgree, GmSecurity::Tls] {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        let refusal = "ipsec_3gpp".parse::<GmSecurity>().unwrap_err();
        assert_eq!(refusal, GmSecurityError::Ipsec);
        assert!(refusal.to_string().contains("use \"sec_agree\""));
        assert!("wep".parse::<GmSecurity>().unwrap_err().to_string().contains("\"wep\" is unknown"));
    }
}
