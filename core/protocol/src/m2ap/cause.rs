//! Cause of M2AP: TS 36.443 clause 9.3.5.

use crate::mbms_ap::cause;

cause! {
    /// Radio Network Layer.
    RadioNetwork = 0 CauseRadioNetwork (6) {
        /// Unknown or already allocated MCE MBMS M2AP ID.
        UnknownOrAlreadyAllocatedMceMbmsM2apId = 0,
        /// Unknown or already allocated eNB MBMS M2AP ID.
        UnknownOrAlreadyAllocatedEnbMbmsM2apId = 1,
        /// Unknown or inconsistent pair of MBMS M2AP IDs.
        UnknownOrInconsistentPairOfMbmsM2apIds = 2,
        /// Radio resources not available.
        RadioResourcesNotAvailable = 3,
        /// Interaction with other procedure.
        InteractionWithOtherProcedure = 4,
        /// Unspecified.
        Unspecified = 5,
        /// Invalid QoS combination.
        InvalidQosCombination = 6,
        /// Not supported QCI value.
        NotSupportedQciValue = 7,
    }
    /// Transport Layer.
    Transport = 1 CauseTransport (2) {
        /// Transport resource unavailable.
        TransportResourceUnavailable = 0,
        /// Unspecified.
        Unspecified = 1,
    }
    /// NAS.
    Nas = 2 CauseNas (1) {
        /// Unspecified.
        Unspecified = 0,
    }
    /// Protocol.
    Protocol = 3 CauseProtocol (7) {
        /// Transfer syntax error.
        TransferSyntaxError = 0,
        /// Abstract syntax error (reject).
        AbstractSyntaxErrorReject = 1,
        /// Abstract syntax error (ignore and notify).
        AbstractSyntaxErrorIgnoreAndNotify = 2,
        /// Message not compatible with receiver state.
        MessageNotCompatibleWithReceiverState = 3,
        /// Semantic error.
        SemanticError = 4,
        /// Abstract syntax error (falsely constructed message).
        AbstractSyntaxErrorFalselyConstructedMessage = 5,
        /// Unspecified.
        Unspecified = 6,
    }
    /// Miscellaneous.
    Misc = 4 CauseMisc (4) {
        /// Control processing overload.
        ControlProcessingOverload = 0,
        /// Hardware failure.
        HardwareFailure = 1,
        /// O&M intervention.
        OmIntervention = 2,
        /// Unspecified.
        Unspecified = 3,
    }
}
