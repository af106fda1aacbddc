//! Messages of M3AP: TS 36.444 clauses 9.1 and 9.3.4.

use super::cause::Cause;
use super::ie::{
    AcknowledgedConnections, Connection, GlobalMceId, InM3ap, M3QosParameters, MceMbmsM3apId,
    MinimumTimeToDataTransfer, MmeMbmsM3apId, Reestablishment, ResetType, ServiceAreaId,
};
use crate::Tmgi;
use crate::diameter::mbms::{Ecgi, MbmsServiceArea, SessionDuration};
use crate::diameter::sgmb::NtpTime;
use crate::mbms_ap::{
    CriticalityDiagnostics, Name, SessionId, TimeToWait, TnlInformation, TriggeringMessage, messages, pdu,
};

messages! {
    /// MBMS SESSION START REQUEST, MME to MCE.
    MbmsSessionStartRequest {
        /// MME MBMS M3AP ID.
        mme_id: MmeMbmsM3apId = 0 Reject mandatory,
        /// TMGI.
        tmgi: Tmgi as InM3ap = 2 Reject mandatory,
        /// MBMS Session Identity.
        session: SessionId = 3 Ignore optional,
        /// MBMS E-RAB QoS Parameters.
        qos: M3QosParameters = 4 Reject mandatory,
        /// MBMS Session Duration.
        duration: SessionDuration = 5 Reject mandatory,
        /// MBMS Service Area.
        area: MbmsServiceArea = 6 Reject mandatory,
        /// Minimum Time to MBMS Data Transfer.
        minimum_time: MinimumTimeToDataTransfer = 16 Reject mandatory,
        /// TNL Information.
        tnl: TnlInformation as InM3ap = 7 Reject mandatory,
        /// Time of MBMS Data Transfer.
        data_start: NtpTime = 21 Ignore optional,
        /// MBMS Session Re-establishment Indication.
        reestablishment: Reestablishment = 23 Ignore optional,
        /// Alternative TNL Information.
        alternative_tnl: TnlInformation as InM3ap = 24 Ignore optional,
        /// MBMS Cell List.
        cells: Vec<Ecgi> = 25 Reject optional,
    }

    /// MBMS SESSION START RESPONSE.
    MbmsSessionStartResponse {
        /// MME MBMS M3AP ID.
        mme_id: MmeMbmsM3apId = 0 Ignore mandatory,
        /// MCE MBMS M3AP ID.
        mce_id: MceMbmsM3apId = 1 Ignore mandatory,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// MBMS SESSION START FAILURE.
    MbmsSessionStartFailure {
        /// MME MBMS M3AP ID.
        mme_id: MmeMbmsM3apId = 0 Ignore mandatory,
        /// Cause.
        cause: Cause = 9 Ignore mandatory,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// MBMS SESSION STOP REQUEST, MME to MCE.
    MbmsSessionStopRequest {
        /// MME MBMS M3AP ID.
        mme_id: MmeMbmsM3apId = 0 Reject mandatory,
        /// MCE MBMS M3AP ID.
        mce_id: MceMbmsM3apId = 1 Reject mandatory,
        /// Time of MBMS Data Stop.
        data_stop: NtpTime = 22 Ignore optional,
    }

    /// MBMS SESSION STOP RESPONSE.
    MbmsSessionStopResponse {
        /// MME MBMS M3AP ID.
        mme_id: MmeMbmsM3apId = 0 Ignore mandatory,
        /// MCE MBMS M3AP ID.
        mce_id: MceMbmsM3apId = 1 Ignore mandatory,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// MBMS SESSION UPDATE REQUEST, MME to MCE.
    MbmsSessionUpdateRequest {
        /// MME MBMS M3AP ID.
        mme_id: MmeMbmsM3apId = 0 Reject mandatory,
        /// MCE MBMS M3AP ID.
        mce_id: MceMbmsM3apId = 1 Reject mandatory,
        /// TMGI.
        tmgi: Tmgi as InM3ap = 2 Reject mandatory,
        /// MBMS Session Identity.
        session: SessionId = 3 Ignore optional,
        /// MBMS E-RAB QoS Parameters.
        qos: M3QosParameters = 4 Reject mandatory,
        /// MBMS Session Duration.
        duration: SessionDuration = 5 Reject mandatory,
        /// MBMS Service Area.
        area: MbmsServiceArea = 6 Ignore optional,
        /// Minimum Time to MBMS Data Transfer.
        minimum_time: MinimumTimeToDataTransfer = 16 Reject mandatory,
        /// TNL Information.
        tnl: TnlInformation as InM3ap = 7 Ignore optional,
        /// Time of MBMS Data Transfer.
        data_start: NtpTime = 21 Ignore optional,
        /// MBMS Cell List.
        cells: Vec<Ecgi> = 25 Reject optional,
    }

    /// MBMS SESSION UPDATE RESPONSE.
    MbmsSessionUpdateResponse {
        /// MME MBMS M3AP ID.
        mme_id: MmeMbmsM3apId = 0 Ignore mandatory,
        /// MCE MBMS M3AP ID.
        mce_id: MceMbmsM3apId = 1 Ignore mandatory,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// MBMS SESSION UPDATE FAILURE.
    MbmsSessionUpdateFailure {
        /// MME MBMS M3AP ID.
        mme_id: MmeMbmsM3apId = 0 Ignore mandatory,
        /// MCE MBMS M3AP ID.
        mce_id: MceMbmsM3apId = 1 Ignore mandatory,
        /// Cause.
        cause: Cause = 9 Ignore mandatory,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// ERROR INDICATION.
    ErrorIndication {
        /// MME MBMS M3AP ID.
        mme_id: MmeMbmsM3apId = 0 Ignore optional,
        /// MCE MBMS M3AP ID.
        mce_id: MceMbmsM3apId = 1 Ignore optional,
        /// Cause.
        cause: Cause = 9 Ignore optional,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// RESET.
    Reset {
        /// Cause.
        cause: Cause = 9 Ignore mandatory,
        /// Reset Type.
        kind: ResetType = 13 Reject mandatory,
    }

    /// RESET ACKNOWLEDGE.
    ResetAcknowledge {
        /// MBMS-Service-associated Logical M3-Connection List: those of the Reset, in its order.
        connections: Vec<Connection> as AcknowledgedConnections = 15 Ignore optional,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// M3 SETUP REQUEST, MCE to MME.
    M3SetupRequest {
        /// Global MCE ID.
        mce: GlobalMceId = 18 Reject mandatory,
        /// MCE Name.
        name: Name = 19 Ignore optional,
        /// MBMS Service Area List.
        areas: Vec<ServiceAreaId> = 20 Reject mandatory,
    }

    /// M3 SETUP RESPONSE.
    M3SetupResponse {
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// M3 SETUP FAILURE.
    M3SetupFailure {
        /// Cause.
        cause: Cause = 9 Ignore mandatory,
        /// Time To Wait.
        time_to_wait: TimeToWait = 12 Ignore optional,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// MCE CONFIGURATION UPDATE, MCE to MME.
    MceConfigurationUpdate {
        /// Global MCE ID.
        mce: GlobalMceId = 18 Reject optional,
        /// MCE Name.
        name: Name = 19 Ignore optional,
        /// MBMS Service Area List.
        areas: Vec<ServiceAreaId> = 20 Reject optional,
    }

    /// MCE CONFIGURATION UPDATE ACKNOWLEDGE.
    MceConfigurationUpdateAcknowledge {
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// MCE CONFIGURATION UPDATE FAILURE.
    MceConfigurationUpdateFailure {
        /// Cause.
        cause: Cause = 9 Ignore mandatory,
        /// Time To Wait.
        time_to_wait: TimeToWait = 12 Ignore optional,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }
}

pdu! {
    /// A PDU of M3AP (clauses 9.3.2 and 9.3.3).
    M3apPdu {
        MbmsSessionStartRequest = 0 Initiating Reject "MBMS SESSION START REQUEST",
        MbmsSessionStartResponse = 0 Successful Reject "MBMS SESSION START RESPONSE",
        MbmsSessionStartFailure = 0 Unsuccessful Reject "MBMS SESSION START FAILURE",
        MbmsSessionStopRequest = 1 Initiating Reject "MBMS SESSION STOP REQUEST",
        MbmsSessionStopResponse = 1 Successful Reject "MBMS SESSION STOP RESPONSE",
        ErrorIndication = 2 Initiating Ignore "ERROR INDICATION",
        Reset = 4 Initiating Reject "RESET",
        ResetAcknowledge = 4 Successful Reject "RESET ACKNOWLEDGE",
        MbmsSessionUpdateRequest = 5 Initiating Reject "MBMS SESSION UPDATE REQUEST",
        MbmsSessionUpdateResponse = 5 Successful Reject "MBMS SESSION UPDATE RESPONSE",
        MbmsSessionUpdateFailure = 5 Unsuccessful Reject "MBMS SESSION UPDATE FAILURE",
        MceConfigurationUpdate = 6 Initiating Reject "MCE CONFIGURATION UPDATE",
        MceConfigurationUpdateAcknowledge = 6 Successful Reject "MCE CONFIGURATION UPDATE ACKNOWLEDGE",
        MceConfigurationUpdateFailure = 6 Unsuccessful Reject "MCE CONFIGURATION UPDATE FAILURE",
        M3SetupRequest = 7 Initiating Reject "M3 SETUP REQUEST",
        M3SetupResponse = 7 Successful Reject "M3 SETUP RESPONSE",
        M3SetupFailure = 7 Unsuccessful Reject "M3 SETUP FAILURE",
    }
}

impl M3apPdu {
    const ERROR_INDICATION: (u8, TriggeringMessage) = (2, TriggeringMessage::Initiating);
}

impl ErrorIndication {
    /// Without anything.
    pub const fn new() -> Self {
        Self { mme_id: None, mce_id: None, cause: None, diagnostics: None }
    }
}

impl Default for ErrorIndication {
    fn default() -> Self {
        Self::new()
    }
}
