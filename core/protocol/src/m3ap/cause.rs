//! Cause of M3AP: TS 36.444 clause 9.3.5.

use crate::mbms_ap::{cause, cause_group};

pub use crate::mbms_ap::{CauseNas, CauseProtocol, CauseTransport};

cause! {
    /// Radio Network Layer.
    RadioNetwork = 0 CauseRadioNetwork,
    /// Transport Layer.
    Transport = 1 CauseTransport,
    /// NAS.
    Nas = 2 CauseNas,
    /// Protocol.
    Protocol = 3 CauseProtocol,
    /// Miscellaneous.
    Misc = 4 CauseMisc,
}

cause_group! {
    /// Radio Network Layer.
    CauseRadioNetwork (8) {
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
    /// Miscellaneous.
    CauseMisc (5) {
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
