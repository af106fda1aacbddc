//! Messages of M2AP: TS 36.443 clauses 9.1 and 9.3.4.

use super::cause::Cause;
use super::ie::{AcknowledgedConnections, Connection, EnbMbmsM2apId, InM2ap, MceMbmsM2apId, ResetType};
use super::scheduling::{MbsfnAreaConfiguration, McchUpdateTime};
use super::setup::{EnbConfigurationItem, EnbMbmsConfiguration, GlobalEnbId, GlobalMceId, McchRelatedBcchConfig};
use crate::Tmgi;
use crate::diameter::mbms::MbmsServiceArea;
use crate::mbms_ap::{
    CriticalityDiagnostics, Name, SessionId, TimeToWait, TnlInformation, TriggeringMessage, messages, pdu,
};

messages! {
    /// SESSION START REQUEST, MCE to eNB.
    SessionStartRequest {
        /// MCE MBMS M2AP ID.
        mce_id: MceMbmsM2apId = 0 Reject mandatory,
        /// TMGI.
        tmgi: Tmgi as InM2ap = 2 Reject mandatory,
        /// MBMS Session Identity.
        session: SessionId = 3 Ignore optional,
        /// MBMS Service Area.
        area: MbmsServiceArea = 6 Reject mandatory,
        /// TNL Information.
        tnl: TnlInformation as InM2ap = 7 Reject mandatory,
        /// Alternative TNL Information.
        alternative_tnl: TnlInformation as InM2ap = 38 Ignore optional,
    }

    /// SESSION START RESPONSE.
    SessionStartResponse {
        /// MCE MBMS M2AP ID.
        mce_id: MceMbmsM2apId = 0 Ignore mandatory,
        /// eNB MBMS M2AP ID.
        enb_id: EnbMbmsM2apId = 1 Ignore mandatory,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// SESSION START FAILURE.
    SessionStartFailure {
        /// MCE MBMS M2AP ID.
        mce_id: MceMbmsM2apId = 0 Ignore mandatory,
        /// Cause.
        cause: Cause = 9 Ignore mandatory,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// SESSION STOP REQUEST, MCE to eNB.
    SessionStopRequest {
        /// MCE MBMS M2AP ID.
        mce_id: MceMbmsM2apId = 0 Reject mandatory,
        /// eNB MBMS M2AP ID.
        enb_id: EnbMbmsM2apId = 1 Reject mandatory,
    }

    /// SESSION STOP RESPONSE.
    SessionStopResponse {
        /// MCE MBMS M2AP ID.
        mce_id: MceMbmsM2apId = 0 Ignore mandatory,
        /// eNB MBMS M2AP ID.
        enb_id: EnbMbmsM2apId = 1 Ignore mandatory,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// SESSION UPDATE REQUEST, MCE to eNB.
    SessionUpdateRequest {
        /// MCE MBMS M2AP ID.
        mce_id: MceMbmsM2apId = 0 Reject mandatory,
        /// eNB MBMS M2AP ID.
        enb_id: EnbMbmsM2apId = 1 Reject mandatory,
        /// TMGI.
        tmgi: Tmgi as InM2ap = 2 Reject mandatory,
        /// MBMS Session Identity.
        session: SessionId = 3 Ignore optional,
        /// MBMS Service Area.
        area: MbmsServiceArea = 6 Ignore optional,
        /// TNL Information.
        tnl: TnlInformation as InM2ap = 7 Reject optional,
    }

    /// SESSION UPDATE RESPONSE.
    SessionUpdateResponse {
        /// MCE MBMS M2AP ID.
        mce_id: MceMbmsM2apId = 0 Ignore mandatory,
        /// eNB MBMS M2AP ID.
        enb_id: EnbMbmsM2apId = 1 Ignore mandatory,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// SESSION UPDATE FAILURE.
    SessionUpdateFailure {
        /// MCE MBMS M2AP ID.
        mce_id: MceMbmsM2apId = 0 Ignore mandatory,
        /// eNB MBMS M2AP ID.
        enb_id: EnbMbmsM2apId = 1 Ignore mandatory,
        /// Cause.
        cause: Cause = 9 Ignore mandatory,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// MBMS SCHEDULING INFORMATION, MCE to eNB.
    MbmsSchedulingInformation {
        /// MCCH Update Time.
        update_time: McchUpdateTime = 25 Reject mandatory,
        /// MBSFN Area Configuration List, one at least.
        areas: Vec<MbsfnAreaConfiguration> = 10 Reject mandatory,
    }

    /// MBMS SCHEDULING INFORMATION RESPONSE.
    MbmsSchedulingInformationResponse {
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// M2 SETUP REQUEST, eNB to MCE.
    M2SetupRequest {
        /// Global eNB ID.
        enb: GlobalEnbId = 13 Reject mandatory,
        /// eNB Name.
        name: Name = 14 Ignore optional,
        /// eNB MBMS Configuration data List, one at least.
        cells: Vec<EnbMbmsConfiguration> = 15 Reject mandatory,
    }

    /// M2 SETUP RESPONSE.
    M2SetupResponse {
        /// Global MCE ID.
        mce: GlobalMceId = 17 Reject mandatory,
        /// MCE Name.
        name: Name = 18 Ignore optional,
        /// MCCH related BCCH Configuration per MBSFN Area, one at least.
        bcch: Vec<McchRelatedBcchConfig> = 19 Reject mandatory,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// M2 SETUP FAILURE.
    M2SetupFailure {
        /// Cause.
        cause: Cause = 9 Ignore mandatory,
        /// Time To Wait.
        time_to_wait: TimeToWait = 21 Ignore optional,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// ENB CONFIGURATION UPDATE, eNB to MCE.
    EnbConfigurationUpdate {
        /// Global eNB ID.
        enb: GlobalEnbId = 13 Reject optional,
        /// eNB Name.
        name: Name = 14 Ignore optional,
        /// eNB MBMS Configuration data List.
        cells: Vec<EnbConfigurationItem> = 26 Reject optional,
    }

    /// ENB CONFIGURATION UPDATE ACKNOWLEDGE.
    EnbConfigurationUpdateAcknowledge {
        /// MCCH related BCCH Configuration per MBSFN Area.
        bcch: Vec<McchRelatedBcchConfig> = 19 Reject optional,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// ENB CONFIGURATION UPDATE FAILURE.
    EnbConfigurationUpdateFailure {
        /// Cause.
        cause: Cause = 9 Ignore mandatory,
        /// Time To Wait.
        time_to_wait: TimeToWait = 21 Ignore optional,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// MCE CONFIGURATION UPDATE, MCE to eNB.
    MceConfigurationUpdate {
        /// Global MCE ID.
        mce: GlobalMceId = 17 Reject optional,
        /// MCE Name.
        name: Name = 18 Ignore optional,
        /// MCCH related BCCH Configuration per MBSFN Area, one at least.
        bcch: Vec<McchRelatedBcchConfig> = 19 Reject optional,
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
        time_to_wait: TimeToWait = 21 Ignore optional,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }

    /// ERROR INDICATION.
    ErrorIndication {
        /// MCE MBMS M2AP ID.
        mce_id: MceMbmsM2apId = 0 Ignore optional,
        /// eNB MBMS M2AP ID.
        enb_id: EnbMbmsM2apId = 1 Ignore optional,
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
        kind: ResetType = 30 Reject mandatory,
    }

    /// RESET ACKNOWLEDGE.
    ResetAcknowledge {
        /// MBMS-Service-associated Logical M2-Connection List: those of the Reset, in its order.
        connections: Vec<Connection> as AcknowledgedConnections = 31 Ignore optional,
        /// Criticality Diagnostics.
        diagnostics: CriticalityDiagnostics = 8 Ignore optional,
    }
}

pdu! {
    /// A PDU of M2AP (clauses 9.3.2 and 9.3.3).
    M2apPdu {
        SessionStartRequest = 0 Initiating Reject "SESSION START REQUEST",
        SessionStartResponse = 0 Successful Reject "SESSION START RESPONSE",
        SessionStartFailure = 0 Unsuccessful Reject "SESSION START FAILURE",
        SessionStopRequest = 1 Initiating Reject "SESSION STOP REQUEST",
        SessionStopResponse = 1 Successful Reject "SESSION STOP RESPONSE",
        MbmsSchedulingInformation = 2 Initiating Reject "MBMS SCHEDULING INFORMATION",
        MbmsSchedulingInformationResponse = 2 Successful Reject "MBMS SCHEDULING INFORMATION RESPONSE",
        ErrorIndication = 3 Initiating Ignore "ERROR INDICATION",
        Reset = 4 Initiating Reject "RESET",
        ResetAcknowledge = 4 Successful Reject "RESET ACKNOWLEDGE",
        M2SetupRequest = 5 Initiating Reject "M2 SETUP REQUEST",
        M2SetupResponse = 5 Successful Reject "M2 SETUP RESPONSE",
        M2SetupFailure = 5 Unsuccessful Reject "M2 SETUP FAILURE",
        EnbConfigurationUpdate = 6 Initiating Reject "ENB CONFIGURATION UPDATE",
        EnbConfigurationUpdateAcknowledge = 6 Successful Reject "ENB CONFIGURATION UPDATE ACKNOWLEDGE",
        EnbConfigurationUpdateFailure = 6 Unsuccessful Reject "ENB CONFIGURATION UPDATE FAILURE",
        MceConfigurationUpdate = 7 Initiating Reject "MCE CONFIGURATION UPDATE",
        MceConfigurationUpdateAcknowledge = 7 Successful Reject "MCE CONFIGURATION UPDATE ACKNOWLEDGE",
        MceConfigurationUpdateFailure = 7 Unsuccessful Reject "MCE CONFIGURATION UPDATE FAILURE",
        SessionUpdateRequest = 9 Initiating Reject "SESSION UPDATE REQUEST",
        SessionUpdateResponse = 9 Successful Reject "SESSION UPDATE RESPONSE",
        SessionUpdateFailure = 9 Unsuccessful Reject "SESSION UPDATE FAILURE",
    }
}

impl M2apPdu {
    const ERROR_INDICATION: (u8, TriggeringMessage) = (3, TriggeringMessage::Initiating);
}

impl ErrorIndication {
    /// Without anything.
    pub const fn new() -> Self {
        Self { mce_id: None, enb_id: None, cause: None, diagnostics: None }
    }
}

impl Default for ErrorIndication {
    fn default() -> Self {
        Self::new()
    }
}
