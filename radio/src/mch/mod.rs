//! TS 36.321 clause 5.12 and TS 36.331 clause 5.8: everything between MBMS service data and transport blocks of an MCH.

mod plan;
mod rx;
mod schedule;
mod tx;

pub use rx::{MalformedMch, MchRx, MchRxEvent, Wanted};
pub use schedule::{AreaConfigError, MbsfnAreaConfig, McchConfig, MchSchedule, PmchPosition, SubframeSet, SubframeUse};
pub use tx::{BlockInfo, MchTx, MchTxError, MchTxEvent, PushError};

#[cfg(test)]
mod tests;
