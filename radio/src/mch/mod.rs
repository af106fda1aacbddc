//! TS 36.321 clause 5.12 and TS 36.331 clause 5.8: everything between MBMS service data and transport blocks of an MCH.

mod area_plan;
mod pdcp;
mod plan;
mod rx;
mod schedule;
mod subframes;
mod tx;

pub use pdcp::PdcpPrefix;
pub(crate) use pdcp::{has_prefix, is_datagram};
pub use rx::{MalformedMch, MchRx, MchRxEvent, Wanted};
pub use schedule::{MchSchedule, PmchPosition, SubframeUse};
pub use subframes::MbsfnSubframes;
pub use tx::{BlockInfo, MchTx, MchTxError, MchTxEvent, PushError};

#[cfg(test)]
mod area_tests;
#[cfg(test)]
mod tests;
