//! M2AP (TS 36.443 V14.0.0): between an MCE and an eNB. One SCTP user message is one PDU.

mod cause;
mod ie;
mod messages;
mod scheduling;
mod setup;

pub use cause::{Cause, CauseMisc, CauseNas, CauseProtocol, CauseRadioNetwork, CauseTransport};
pub use ie::{Connection, EnbMbmsM2apId, MbsfnAreaId, MceMbmsM2apId, ResetType};
pub use messages::{
    EnbConfigurationUpdate, EnbConfigurationUpdateAcknowledge, EnbConfigurationUpdateFailure, ErrorIndication,
    M2SetupFailure, M2SetupRequest, M2SetupResponse, M2apPdu, MbmsSchedulingInformation,
    MbmsSchedulingInformationResponse, MceConfigurationUpdate, MceConfigurationUpdateAcknowledge,
    MceConfigurationUpdateFailure, Reset, ResetAcknowledge, SessionStartFailure, SessionStartRequest,
    SessionStartResponse, SessionStopRequest, SessionStopResponse, SessionUpdateFailure, SessionUpdateRequest,
    SessionUpdateResponse,
};
pub use scheduling::{
    CommonSubframeAllocationPeriod, MbsfnAreaConfiguration, MbsfnSubframeConfiguration, McchUpdateTime,
    PmchConfiguration, PmchItem, PmchSession, RadioframeAllocationPeriod, SubframeAllocation, SuspensionNotification,
};
pub use setup::{
    CellInformation, CellReservation, EnbConfigurationItem, EnbId, EnbMbmsConfiguration, GlobalEnbId, GlobalMceId,
    McchRelatedBcchConfig, MceId, ServiceAreaId, SynchronisationAreaId,
};

/// SCTP port of M2AP (IANA).
pub const M2AP_PORT: u16 = 36_443;
/// SCTP payload protocol identifier of M2AP (TS 36.442, IANA).
pub const M2AP_PPID: u32 = 43;

#[cfg(test)]
mod tests;
