//! M3AP (TS 36.444 V13.2.0): between an MME, which the MBMS-GW stands for here, and an MCE. One SCTP user message is one PDU.

mod cause;
mod ie;
mod messages;

pub use cause::{Cause, CauseMisc, CauseNas, CauseProtocol, CauseRadioNetwork, CauseTransport};
pub use ie::{Connection, GlobalMceId, M3QosParameters, MceMbmsM3apId, MmeMbmsM3apId, Reestablishment, ResetType};
pub use ie::{MinimumTimeToDataTransfer, ServiceAreaId};
pub use messages::{
    ErrorIndication, M3SetupFailure, M3SetupRequest, M3SetupResponse, M3apPdu, MbmsSessionStartFailure,
    MbmsSessionStartRequest, MbmsSessionStartResponse, MbmsSessionStopRequest, MbmsSessionStopResponse,
    MbmsSessionUpdateFailure, MbmsSessionUpdateRequest, MbmsSessionUpdateResponse, MceConfigurationUpdate,
    MceConfigurationUpdateAcknowledge, MceConfigurationUpdateFailure, Reset, ResetAcknowledge,
};

/// SCTP port of M3AP (IANA).
pub const M3AP_PORT: u16 = 36_444;
/// SCTP payload protocol identifier of M3AP (TS 36.442, IANA).
pub const M3AP_PPID: u32 = 44;

#[cfg(test)]
mod tests;
