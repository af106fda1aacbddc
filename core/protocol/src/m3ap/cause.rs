//! Cause of M3AP: TS 36.444 clause 9.3.5.

use crate::mbms_ap::cause;

cause! {
    /// Radio Network Layer.
    RadioNetwork = 0 CauseRadioNetwork (8) {
        /// Unknown or already allocated MME MBMS M3AP ID.
        UnknownOrAlreadyAllocatedMmeMbmsM3apId = 0,
        /// Unknown or already allocated MCE MBMS M3AP ID.
        UnknownOrAlreadyAllocatedMceMbmsM3apId = 1,
        /// Unknown or inconsistent pair of MBMS M3AP IDs.
        UnknownOrInconsistentPairOfMbmsM3apIds = 2,
        /// Radio resources not available.
        RadioResourcesNotAvailable = 3,
        /// Invalid QoS combination.
        InvalidQosCombination = 4,
        /// Interaction with other procedure.
        InteractionWithOtherProcedure = 5,
        /// Not supported QCI value.
        NotSupportedQciValue = 6,
        /// Unspecified.
        Unspecified = 7,
        /// Uninvolved MCE.
        UninvolvedMce = 8,
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
    Misc = 4 CauseMisc (5) {
        /// Control processing overload.
        ControlProcessingOverload = 0,
        /// Not enough user plane processing resources.
        NotEnoughUserPlaneProcessingResources = 1,
        /// Hardware failure.
        HardwareFailure = 2,
        /// O&M intervention.
        OmIntervention = 3,
        /// Unspecified.
        Unspecified = 4,
    }
}
