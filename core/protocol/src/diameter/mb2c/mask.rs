//! The bit masks of MB2-C: results and events of single items (TS 29.468 tables 6.4.4-1, 6.4.8-1, 6.4.13-1, 6.4.16-1, 6.4.32-1,
//! 6.4.33-1).

use super::super::dictionary::mbms as m;
use super::super::mbms::mask;
use super::super::message::{Avp, DiameterProblem};

mask! {
    /// MBMS-Bearer-Result (TS 29.468 clause 6.4.8). Several errors may be set together, and SUCCESS with ACTIVATION_ONGOING.
    MbmsBearerResult of MBMS_BEARER_RESULT {
        /// Success.
        SUCCESS = 0,
        /// Authorization rejected.
        AUTHORIZATION_REJECTED = 1,
        /// Resources exceeded.
        RESOURCES_EXCEEDED = 2,
        /// Unknown TMGI: not allocated to this GCS AS.
        UNKNOWN_TMGI = 3,
        /// TMGI not in use: no bearer has it.
        TMGI_NOT_IN_USE = 4,
        /// Overlapping MBMS service area: another bearer of this TMGI has it.
        OVERLAPPING_SERVICE_AREA = 5,
        /// Unknown flow identifier.
        UNKNOWN_FLOW_IDENTIFIER = 6,
        /// QoS authorization rejected.
        QOS_REJECTED = 7,
        /// Unknown MBMS service area.
        UNKNOWN_SERVICE_AREA = 8,
        /// MBMS service area authorization rejected.
        SERVICE_AREA_REJECTED = 9,
        /// MBMS start time: it is too late, or not one that can be had.
        START_TIME_REJECTED = 10,
        /// Bad combination of AVPs.
        BAD_AVP_COMBINATION = 11,
        /// System error.
        SYSTEM_ERROR = 12,
        /// Activation ongoing: an event says later what became of it.
        ACTIVATION_ONGOING = 13,
    }
}

mask! {
    /// TMGI-Allocation-Result (TS 29.468 clause 6.4.13): SUCCESS and the reason when only some were allocated.
    TmgiAllocationResult of TMGI_ALLOCATION_RESULT {
        /// Success.
        SUCCESS = 0,
        /// Authorization rejected.
        AUTHORIZATION_REJECTED = 1,
        /// Resources exceeded.
        RESOURCES_EXCEEDED = 2,
        /// Unknown TMGI: one that is to be refreshed is not allocated to this GCS AS.
        UNKNOWN_TMGI = 3,
        /// Too many TMGIs requested.
        TOO_MANY_TMGIS = 4,
        /// System error.
        SYSTEM_ERROR = 5,
    }
}

mask! {
    /// TMGI-Deallocation-Result (TS 29.468 clause 6.4.16).
    TmgiDeallocationResult of TMGI_DEALLOCATION_RESULT {
        /// Success.
        SUCCESS = 0,
        /// Authorization rejected.
        AUTHORIZATION_REJECTED = 1,
        /// Unknown TMGI.
        UNKNOWN_TMGI = 2,
        /// System error.
        SYSTEM_ERROR = 3,
    }
}

mask! {
    /// MBMS-Bearer-Event (TS 29.468 clause 6.4.4).
    MbmsBearerEvent of MBMS_BEARER_EVENT {
        /// The bearer was terminated.
        TERMINATED = 0,
        /// The bearer was activated.
        ACTIVATED = 1,
        /// Something on the user plane: see Userplane-Protocol-Result.
        USERPLANE_EVENT = 2,
        /// The activation failed.
        ACTIVATION_FAILURE = 3,
    }
}

mask! {
    /// ROHC-Result (TS 29.468 clause 6.4.32).
    RohcResult of ROHC_RESULT {
        /// Success.
        SUCCESS = 0,
        /// Trying.
        TRYING = 1,
        /// Authorization rejected.
        AUTHORIZATION_REJECTED = 2,
        /// Resources exceeded.
        RESOURCES_EXCEEDED = 3,
        /// Unknown profile.
        UNKNOWN_PROFILE = 4,
        /// System error.
        SYSTEM_ERROR = 5,
        /// No traffic.
        NO_TRAFFIC = 6,
    }
}

mask! {
    /// FEC-Result (TS 29.468 clause 6.4.33).
    FecResult of FEC_RESULT {
        /// Success.
        SUCCESS = 0,
        /// Trying.
        TRYING = 1,
        /// Authorization rejected.
        AUTHORIZATION_REJECTED = 2,
        /// Resources exceeded.
        RESOURCES_EXCEEDED = 3,
        /// Unknown configuration.
        UNKNOWN_CONFIGURATION = 4,
        /// Invalid SDP.
        INVALID_SDP = 5,
        /// System error.
        SYSTEM_ERROR = 6,
        /// No traffic.
        NO_TRAFFIC = 7,
    }
}
