//! TS 36.331: the messages of the MCCH (clauses 6.2.1, 6.2.2 and 6.3.7) in unaligned packed encoding rules, and what
//! system information tells of MBSFN areas.

#[expect(
    non_camel_case_types,
    dead_code,
    clippy::upper_case_acronyms,
    reason = "made by the ASN.1 compiler: names are those of the ASN.1 with '-' as '_'"
)]
mod generated {
    pub(crate) mod mcch;
}
mod mbsfn_area;
mod mcch;

pub use mbsfn_area::{AreaConfigError, MbsfnAreaInfo, McchConfig, NotificationConfig, SubframeSet};
pub(crate) use mbsfn_area::{MBSFN_SUBFRAMES, bit_of};
pub(crate) use mcch::EncodeMcchError;
pub use mcch::{
    MbsfnAreaConfiguration, MbsfnSubframeConfig, McchError, PlmnId, PmchInfo, SessionInfo, SubframeAllocation, Tmgi,
};
