//! Properties of our own: what TS 29.116 has none for, and what TR 23.847 clause 2 has a content provider provision. The same
//! facts as the AVPs of [`crate::diameter::mbms::provisioning`], under the member `castbench` of a session.
//!
//! | member | who says it | what it says |
//! |---|---|---|
//! | `allocation-mode` | provider | `bmsc`: the BM-SC assigns address, port and TMGI (as without it); `provider`: the content provider has assigned them and informs the BM-SC |
//! | `tmgi` | whoever assigns | `00abcd@001-01` |
//! | `multicast-address`, `multicast-port` | whoever assigns | of the session |
//! | `qos` | provider | `qci`, `gbr`, `mbr` (bit/s), `arp`; without it QCI 8 with no guarantee, or QCI 4 guaranteed with `max-bitrate` when there is one |
//! | `delivery` | provider | of a session of files: [`FileDelivery`] |
//! | `time-to-data-ms` | provider | content begins so long after the start of a session that starts at once; without it as long as the BM-SC tells MBMS-GWs (MBMS-Time-To-Data-Transfer) |
//! | `sdp` | BM-SC | description of the session on the bearer (RFC 8866, TS 26.346 clause 7.3) |
//! | `user-service-description` | BM-SC | the USBD that has the session in it (TS 26.346 clause 11.2.1.2) |
//! | `trouble` | BM-SC | why the session is not active though it should be |

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Tmgi;
use crate::diameter::mbms::provisioning::ConflictReason;

/// Who assigns address, port and TMGI of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allocation {
    /// The BM-SC.
    Bmsc,
    /// The content provider.
    Provider,
}

/// Why what the content provider has assigned is refused: the reasons of MB2-C.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conflict {
    /// The TMGI is that of another service.
    TmgiInUse,
    /// Address and port are those of another service.
    AddressInUse,
    /// The TMGI is not one that this content provider may assign.
    TmgiNotOfProvider,
    /// The address is not one that this content provider may assign.
    AddressNotOfProvider,
    /// The PLMN of the TMGI is not that of the BM-SC.
    OtherPlmn,
    /// The address is not a multicast address, or the port is 0.
    NotMulticast,
    /// The TMGI is there with another address or port.
    OtherAddress,
    /// The session description names another address or port, or cannot be read.
    OtherDescription,
    /// Something that the content provider has to assign is missing.
    Incomplete,
    /// The end is not after the start.
    EndBeforeStart,
}

impl From<ConflictReason> for Conflict {
    fn from(reason: ConflictReason) -> Self {
        match reason {
            ConflictReason::TmgiInUse => Self::TmgiInUse,
            ConflictReason::AddressInUse => Self::AddressInUse,
            ConflictReason::TmgiNotOfAs => Self::TmgiNotOfProvider,
            ConflictReason::AddressNotOfAs => Self::AddressNotOfProvider,
            ConflictReason::OtherPlmn => Self::OtherPlmn,
            ConflictReason::NotMulticast => Self::NotMulticast,
            ConflictReason::OtherAddress => Self::OtherAddress,
            ConflictReason::OtherDescription => Self::OtherDescription,
            ConflictReason::Incomplete => Self::Incomplete,
            ConflictReason::EndBeforeStart => Self::EndBeforeStart,
        }
    }
}

/// QoS of the bearer of a session (TS 29.061 clause 20.4.1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Qos {
    /// QCI (TS 23.203 table 6.1.7).
    pub qci: u32,
    /// Guaranteed bit rate, bit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gbr: Option<u32>,
    /// Maximum bit rate, bit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mbr: Option<u32>,
    /// Allocation and retention priority.
    #[serde(default)]
    pub arp: Arp,
}

/// Allocation and retention priority (TS 29.212 clause 5.3.32).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Arp {
    /// 1, the highest, to 15.
    pub priority: u8,
    /// It may take the resources of others.
    pub may_preempt: bool,
    /// Others may take its resources.
    pub preemptable: bool,
}

impl Default for Arp {
    fn default() -> Self {
        Self { priority: 8, may_preempt: false, preemptable: true }
    }
}

/// Forward error correction of files (TS 26.346 clause 7.2.12).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryFec {
    /// Compact No-Code (RFC 5445).
    #[default]
    NoCode,
    /// Raptor (RFC 5053), with so many percent of repair symbols.
    Raptor(u16),
}

/// How the files of a session are delivered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct FileDelivery {
    /// Forward error correction: `"no-code"`, or `{"raptor": 25}`.
    pub fec: DeliveryFec,
    /// Octets of an encoding symbol.
    pub symbol_octets: u16,
    /// Largest source block, symbols.
    pub source_block_symbols: u32,
    /// Milliseconds until the FDT is sent again.
    pub fdt_period_ms: u32,
    /// Sending stops before this many octets of IP datagrams are exceeded; none: it goes on until the session stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_octet_limit: Option<u64>,
    /// Transport session identifier (RFC 3926).
    pub tsi: u32,
}

impl Default for FileDelivery {
    fn default() -> Self {
        let fec = DeliveryFec::NoCode;
        Self { fec, symbol_octets: 1024, source_block_symbols: 64, fdt_period_ms: 1000, ip_octet_limit: None, tsi: 1 }
    }
}

/// The member `castbench` of a session.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Extension {
    /// Who assigns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocation_mode: Option<Allocation>,
    /// TMGI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tmgi: Option<Tmgi>,
    /// Multicast address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multicast_address: Option<IpAddr>,
    /// UDP port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multicast_port: Option<u16>,
    /// QoS of the bearer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qos: Option<Qos>,
    /// Delivery of files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<FileDelivery>,
    /// Milliseconds from a start at once to content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_data_ms: Option<u32>,
    /// Description of the session on the bearer. Only the BM-SC says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdp: Option<String>,
    /// The USBD that has the session in it. Only the BM-SC says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_service_description: Option<String>,
    /// Why the session is not active though it should be. Only the BM-SC says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// What else is in it.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Extension {
    /// Nothing is in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
