//! TS 36.331: the messages of the MCCH (clauses 6.2.1, 6.2.2 and 6.3.7) in unaligned packed encoding rules.

#[expect(
    non_camel_case_types,
    dead_code,
    clippy::upper_case_acronyms,
    reason = "made by the ASN.1 compiler: names are those of the ASN.1 with '-' as '_'"
)]
mod generated {
    pub(crate) mod mcch;
}
mod mcch;

pub(crate) use mcch::EncodeMcchError;
pub use mcch::{
    CommonSfAlloc, MbsfnAreaConfiguration, McchError, PlmnId, PmchInfo, SessionInfo, SubframeAllocation, Tmgi,
};
