//! `[charging]` of `core.toml`: who is told of what (TS 32.260), what it costs, where the files of records go.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::{PeerSection, Place, both, loopback};
use crate::charging::{Account, MessageCharging, Tariff};
use crate::ims::TrustedPeer;

/// Settings of charging.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChargingSection {
    /// Where nodes send their records; none: to the CDF of this process, or nowhere.
    pub peers: Vec<PeerSection>,
    /// Whether the presence, conference and messaging servers charge as the CSCFs do.
    pub application_servers: bool,
    /// The CDF.
    pub cdf: CdfSection,
    /// The OCS.
    pub ocs: OcsSection,
    /// The IMS gateway function.
    pub gwf: GwfSection,
}

/// Settings of the CDF.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CdfSection {
    /// Its Origin-Host; none: `cdf` in the domain.
    pub origin_host: Option<String>,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Diameter peers besides the nodes of this process.
    pub peers: Vec<PeerSection>,
    /// Whether peers may connect that are not known.
    pub accept_unknown: bool,
    /// Folder of the files of records.
    pub folder: PathBuf,
    /// Acct-Interim-Interval in seconds; 0: none.
    pub interim: u32,
    /// Seconds without a word after which a session is lost.
    pub lost_after: u32,
    /// Seconds after which a record is closed as a partial one; none: it is not.
    pub partial_after: Option<u32>,
    /// Records of one file.
    pub file_records: u64,
    /// Seconds after which a file is written, however few records there are.
    pub file_age: u32,
}

impl Default for CdfSection {
    fn default() -> Self {
        Self {
            origin_host: None,
            listen: vec![loopback(3878)],
            peers: Vec::new(),
            accept_unknown: false,
            folder: "cdr".into(),
            interim: 300,
            lost_after: 900,
            partial_after: None,
            file_records: 1000,
            file_age: 300,
        }
    }
}

/// Settings of the OCS.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OcsSection {
    /// Its Origin-Host; none: `ocs` in the domain.
    pub origin_host: Option<String>,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Diameter peers besides the gateway function of this process.
    pub peers: Vec<PeerSection>,
    /// Whether peers may connect that are not known.
    pub accept_unknown: bool,
    /// Number of the currency (ISO 4217).
    pub currency: u32,
    /// Below this an account is low.
    pub low_balance: i64,
    /// What services cost.
    #[serde(rename = "tariff")]
    pub tariffs: Vec<Tariff>,
    /// Accounts that are made when they are not there.
    #[serde(rename = "account")]
    pub accounts: Vec<AccountSection>,
}

impl Default for OcsSection {
    fn default() -> Self {
        Self {
            origin_host: None,
            listen: vec![loopback(3888)],
            peers: Vec::new(),
            accept_unknown: false,
            currency: 978,
            low_balance: 0,
            tariffs: Vec::new(),
            accounts: Vec::new(),
        }
    }
}

/// A new account.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSection {
    /// A public identity of the user.
    pub id: String,
    /// Other identities that it pays for.
    #[serde(default)]
    pub identities: Vec<String>,
    /// What is on it, in the smallest unit of the currency.
    pub balance: u64,
}

impl AccountSection {
    /// The account.
    #[must_use]
    pub fn to_account(&self) -> Account {
        Account { identities: self.identities.clone(), ..Account::new(&self.id, self.balance) }
    }
}

/// Settings of the IMS gateway function.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GwfSection {
    /// Its SIP URI, as filter criteria name it; none: `sip:ims-gwf.DOMAIN:PORT`.
    pub uri: Option<String>,
    /// Where it listens.
    pub listen: Vec<Place>,
    /// Boxes of the core; none: all are trusted, which only loopback addresses may be told.
    pub trusted: Vec<TrustedPeer>,
    /// Its Origin-Host; none: `ims-gwf` in the domain.
    pub origin_host: Option<String>,
    /// The OCS, or a relay; none: the OCS of this process.
    pub peers: Vec<PeerSection>,
    /// Rating-Group of calls.
    pub call_rating_group: u32,
    /// Rating-Group of messages.
    pub message_rating_group: u32,
    /// How messages are charged: `immediate` or `reserved`.
    pub messages: MessageCharging,
    /// Calls go on when no OCS answers. The OCS may say otherwise.
    pub continues: bool,
}

impl Default for GwfSection {
    fn default() -> Self {
        Self {
            uri: None,
            listen: both(5096),
            trusted: Vec::new(),
            origin_host: None,
            peers: Vec::new(),
            call_rating_group: 1,
            message_rating_group: 2,
            messages: MessageCharging::Immediate,
            continues: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::process::{CoreConfig, NodeKind};

    #[test]
    fn charging_is_said_in_sections() {
        let text = "nodes = ['cdf', 'ocs', 'ims_gwf']\n[charging]\napplication_servers = true\n[charging.cdf]\ninterim = 0\n[[charging.ocs.tariff]]\nname = 'v'\n\
                    unit = 'seconds'\nprice = 2\n[[charging.ocs.account]]\nid = 'sip:a@b'\nbalance = 5\n\
                    [charging.gwf]\nmessages = 'reserved'\n";
        let config = CoreConfig::parse(text).unwrap();
        assert!(config.runs(NodeKind::ImsGwf) && config.charging.application_servers);
        assert_eq!(config.charging.ocs.accounts[0].to_account().available(), 5);
        assert_eq!(config.charging.ocs.tariffs[0].cost(61), 122);
        let alone = CoreConfig::parse("nodes = ['ims_gwf']").unwrap_err().to_string();
        assert!(alone.contains("[[charging.gwf.peers]]"), "{alone}");
        let open = CoreConfig::parse("nodes = ['ims_gwf', 'ocs']\n[charging.gwf]\nlisten = ['udp:192.0.2.1:5060']");
        assert!(open.unwrap_err().to_string().contains("charging.gwf.trusted"));
    }
}
