//! TS 36.331: the broadcast messages of a carrier (clauses 6.2.1, 6.2.2 and 6.3) in unaligned packed encoding rules.
//!
//! [`MasterInformationBlock`] is on the PBCH, [`BcchDlSchMessage`] (SIB1, and SI messages with the other blocks) on the PDSCH,
//! [`MbsfnAreaConfiguration`] on the MCCH. Each is a plain struct with the fields that a broadcast carrier needs and `encode`
//! and `decode`; what is not in a struct has a stated value when sent and is ignored when received.

mod bcch;
mod codec;
#[expect(
    non_camel_case_types,
    dead_code,
    clippy::enum_variant_names,
    clippy::large_enum_variant,
    clippy::upper_case_acronyms,
    reason = "made by the ASN.1 compiler: names are those of the ASN.1 with '-' as '_'"
)]
mod generated {
    pub(crate) mod eutra_rrc;
}
mod mbsfn_area;
mod mbsfn_subframe_config;
mod mcch;
mod mib;
mod plmn;
mod si_window;
mod sib1;
mod sib13;
mod sib15;
mod sib2;
mod sib3;

pub use bcch::{BcchDlSchMessage, OtherSystemInformationBlock, SystemInformation, SystemInformationBlock};
pub use codec::{EncodeRrcError, RrcError};
pub use mbsfn_area::{AreaConfigError, MbsfnAreaInfo, McchConfig, NotificationConfig, SubframeSet};
pub(crate) use mbsfn_area::{MBSFN_SUBFRAMES, bit_of};
pub use mbsfn_subframe_config::{MbsfnSubframeConfig, SubframeAllocation};
pub use mcch::{MbsfnAreaConfiguration, PmchInfo, SessionInfo};
pub use mib::MasterInformationBlock;
pub use plmn::{PlmnId, Tmgi};
pub use si_window::SiWindow;
pub use sib1::{SchedulingInfo, SystemInformationBlockType1};
pub use sib2::SystemInformationBlockType2;
pub use sib3::SystemInformationBlockType3;
pub use sib13::SystemInformationBlockType13;
pub use sib15::{MbmsSaiInterFreq, SystemInformationBlockType15};
