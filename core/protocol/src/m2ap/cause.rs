//! Cause of M2AP: TS 36.443 clause 9.3.5.

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
    CauseRadioNetwork (6) {
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
    /// Miscellaneous.
    CauseMisc (4) {
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
