//! What a UE measures where it decodes a PMCH: TS 36.214 clauses 5.1.17 to 5.1.19 with the report mappings of TS 36.133
//! clause 9.8, and quantities of our own definition.
//!
//! | quantity | definition |
//! |---|---|
//! | MBSFN RSRP, MBSFN RSRQ | [`MbsfnPower`] |
//! | what of both and of the MCH BLER a UE reports | [`rsrp_range`], [`mbsfn_rsrq_range`], [`bler_range`], [`BlocksReceived`] |
//! | MBSFN SINR, bit errors before decoding | [`DataQuality`] |
//! | impulse response, paths, margin of the cyclic prefix, timing | [`PowerDelayProfile`], [`Paths`] |

mod data;
mod delay;
mod meter;
mod power;
mod report_mapping;

pub use data::DataQuality;
pub use delay::{Paths, PowerDelayProfile};
pub(crate) use meter::Meter;
pub use meter::SubframeMeasurement;
pub use power::{MbsfnPower, resource_element_dbfs};
pub use report_mapping::{BlocksReceived, bler_range, mbsfn_rsrq_range, rsrp_range};
